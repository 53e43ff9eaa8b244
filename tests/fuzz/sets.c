#include "sets.h"
#include "fuzz.h"
#include <stdlib.h>

void fuzz_set_file(const char *name, const uint8_t *data, size_t size, int gz)
{
    (gz ? fuzz_write_gz : fuzz_write)(name, data, size);
}

static void read_some(const snn_dataset *set, const snn_dataset_info *info)
{
    size_t length = info->shape[0] * info->shape[1] * info->shape[2];
    snn_sample sample = SNN_SAMPLE_INIT;

    sample.x = malloc(length * sizeof *sample.x);
    FUZZ_HOLDS(sample.x != NULL);
    for (size_t i = 0; i < info->count && i < 4; i++)
        for (size_t frame = 0; frame < info->frames && frame < 4; frame++) {
            FUZZ_HOLDS(snn_dataset_read(set, info->count - 1 - i, frame, &sample) == SNN_OK);
            FUZZ_HOLDS(sample.label < info->classes);
        }
    FUZZ_HOLDS(snn_dataset_read(set, info->count, 0, &sample) != SNN_OK);
    free(sample.x);
}

void fuzz_set_open(const char *format, int test, size_t limit, size_t memory)
{
    snn_context *ctx = fuzz_context(memory, false);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    double mean, deviation;
    snn_dataset *set = NULL;

    if (snn_dataset_open_first(&set, ctx, format, fuzz_folder(), test ? SNN_SPLIT_TEST : SNN_SPLIT_TRAIN, limit) ==
        SNN_OK) {
        FUZZ_HOLDS(snn_dataset_get_info(set, &info) == SNN_OK && info.count > 0 && info.classes > 0);
        FUZZ_HOLDS(limit == 0 || info.count <= limit);
        read_some(set, &info);
        FUZZ_HOLDS(snn_dataset_set_i64(set, SNN_DATASET_LIMIT, 3) == SNN_OK);
        FUZZ_ANSWERS(snn_dataset_set_i64(set, SNN_DATASET_FRAMES, 7));
        FUZZ_HOLDS(snn_dataset_statistics(set, &mean, &deviation, 1) == SNN_OK);
        FUZZ_ANSWERS(snn_dataset_normalise(set, &mean, &deviation, 1));
    } else {
        FUZZ_HOLDS(set == NULL && snn_last_error()[0] != '\0');
    }
    snn_dataset_destroy(set);
    fuzz_done();
}
