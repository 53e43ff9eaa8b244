/* The files of idx: a byte that says which are compressed, and whether they are series; the samples after their
 * length, the labels or targets. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece images = fuzz_cut(&data, &size);
    snn_dataset_files files;

    FUZZ_HOLDS(snn_dataset_files_init(&files, sizeof files) == SNN_OK);
    fuzz_set_file("a-test-x-idx3", images.data, images.size, how & 1);
    fuzz_set_file("a-test-y-idx1", data, size, how & 2);
    files.format = "idx";
    files.split = SNN_SPLIT_TEST;
    files.limit = how >> 6;
    files.series = how >> 2 & 1;
    fuzz_set_open(&files, FUZZ_SET_MEMORY(2, all));
    return 0;
}
