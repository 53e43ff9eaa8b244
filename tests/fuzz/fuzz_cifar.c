/* The files of CIFAR: a byte that says which set and which files are compressed, two files. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece first = fuzz_cut(&data, &size);
    snn_dataset_files files;

    FUZZ_HOLDS(snn_dataset_files_init(&files, sizeof files) == SNN_OK);
    fuzz_set_file("data_batch_2.bin", first.data, first.size, how & 1);
    fuzz_set_file("data_batch_4.bin", data, size, how & 2);
    fuzz_set_file("train.bin.gz", first.data, first.size, how & 1);
    files.format = how & 4 ? "cifar100" : "cifar10";
    files.split = SNN_SPLIT_TRAIN;
    files.limit = how >> 6;
    fuzz_set_open(&files, FUZZ_SET_MEMORY(2, all));
    return 0;
}
