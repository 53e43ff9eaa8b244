/* NumPy's arrays as a data set: a byte that says which are compressed, whether they are series, and their rank; the
 * samples after their length, the labels or targets. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece samples = fuzz_cut(&data, &size);
    snn_dataset_files files;

    FUZZ_HOLDS(snn_dataset_files_init(&files, sizeof files) == SNN_OK);
    fuzz_set_file("x_train.npy", samples.data, samples.size, how & 1);
    fuzz_set_file("y_train.npy", data, size, how & 2);
    files.format = "npy";
    files.limit = how >> 6;
    files.series = how >> 2 & 1;
    files.rank = how >> 3 & 3;
    fuzz_set_open(&files, FUZZ_SET_MEMORY(2, all));
    return 0;
}
