/* Recordings of events: a byte that says which are compressed, three files of two labels. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const name[] = { "Train/3/00001.bin", "Train/0/00002.bin" };
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);

    for (int i = 0; i < 2; i++) {
        const struct fuzz_piece piece = fuzz_cut(&data, &size);

        fuzz_set_file(name[i], piece.data, piece.size, how >> i & 1);
    }
    fuzz_set_file("Train/3/00003.bin", data, size, how & 4);
    fuzz_set_open("nmnist", 0, how >> 6, 0, FUZZ_SET_MEMORY(3, all));
    return 0;
}
