/* Arrays of golden cases. */
#include "fuzz.h"
#include "npy.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct npy array;
    float sum = 0;

    fuzz_write("a.npy", data, size);
    if (npy_read(&array, fuzz_path("a.npy"))) {
        FUZZ_HOLDS(array.length * sizeof(float) <= size);
        for (size_t i = 0; i < array.length; i++)
            sum += array.data[i];
    }
    (void)sum;
    free(array.data);
    return 0;
}
