/* The files of idx: a byte that says which are compressed, and whether they are series; the samples after their
 * length, the labels or targets. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    const struct fuzz_piece images = fuzz_cut(&data, &size);

    fuzz_set_file("a-test-x-idx3", images.data, images.size, how & 1);
    fuzz_set_file("a-test-y-idx1", data, size, how & 2);
    fuzz_set_open("idx", 1, how >> 6, how >> 2 & 1, FUZZ_SET_MEMORY(2, all));
    return 0;
}
