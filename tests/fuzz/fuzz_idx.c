/* The files of MNIST: a byte that says which are compressed, the images behind their length, the labels. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece images = fuzz_cut(&data, &size);

    fuzz_set_file("t10k-images-idx3-ubyte", images.data, images.size, how & 1);
    fuzz_set_file("t10k-labels-idx1-ubyte", data, size, how & 2);
    fuzz_set_open("idx", 1, how >> 6, FUZZ_SET_MEMORY(2, all));
    return 0;
}
