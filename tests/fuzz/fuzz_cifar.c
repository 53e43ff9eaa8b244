/* The files of CIFAR: a byte that says which set and which files are compressed, two files. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece first = fuzz_cut(&data, &size);

    fuzz_set_file("data_batch_2.bin", first.data, first.size, how & 1);
    fuzz_set_file("data_batch_4.bin", data, size, how & 2);
    fuzz_set_file("train.bin.gz", first.data, first.size, how & 1);
    fuzz_set_open(how & 4 ? "cifar100" : "cifar10", 0, how >> 6, 0, FUZZ_SET_MEMORY(2, all));
    return 0;
}
