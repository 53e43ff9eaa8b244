#include "sets.h"
#include "fuzz.h"
#include <stdlib.h>

void fuzz_set_file(const char *name, const uint8_t *data, size_t size, int gz)
{
    (gz ? fuzz_write_gz : fuzz_write)(name, data, size);
}

/* Floats of a file may be no numbers: reading says so. */
static void read_some(const snn_dataset *set, const snn_dataset_info *info)
{
    size_t length = info->shape[0] * info->shape[1] * info->shape[2];
    snn_sample sample = SNN_SAMPLE_INIT;

    sample.x = malloc((length + info->targets) * sizeof *sample.x);
    FUZZ_HOLDS(sample.x != NULL);
    sample.target = sample.x + length;
    for (size_t i = 0; i < info->count && i < 4; i++)
        for (size_t frame = 0; frame < info->frames && frame < 4; frame++) {
            const snn_status rc = snn_dataset_read(set, info->count - 1 - i, frame, &sample);

            FUZZ_HOLDS(rc == SNN_OK || rc == SNN_ERR_DIVERGED);
            FUZZ_HOLDS(info->targets > 0 || sample.label < info->classes);
        }
    FUZZ_HOLDS(snn_dataset_read(set, info->count, 0, &sample) != SNN_OK);
    free(sample.x);
}

void fuzz_set_open(snn_dataset_files *files, size_t memory)
{
    snn_context *ctx = fuzz_context(memory, false);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    double mean, deviation;
    snn_dataset *set = NULL;

    files->path = fuzz_folder();
    if (snn_dataset_open_files(&set, ctx, files) == SNN_OK) {
        FUZZ_HOLDS(snn_dataset_get_info(set, &info) == SNN_OK && info.count > 0 && info.classes + info.targets > 0);
        FUZZ_HOLDS(files->limit == 0 || info.count <= files->limit);
        read_some(set, &info);
        FUZZ_HOLDS(snn_dataset_set_i64(set, SNN_DATASET_LIMIT, 3) == SNN_OK);
        if (snn_dataset_statistics(set, &mean, &deviation, 1) == SNN_OK)
            FUZZ_ANSWERS(snn_dataset_normalise(set, &mean, &deviation, 1));
    } else {
        FUZZ_HOLDS(set == NULL && snn_last_error()[0] != '\0');
    }
    snn_dataset_destroy(set);
    fuzz_done();
}
