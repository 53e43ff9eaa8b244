/* A CSV file: a byte that says whether it is compressed, and how its lines become samples. */
#include "fuzz.h"
#include "sets.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const size_t all = size;
    const uint8_t how = fuzz_byte(&data, &size);
    snn_dataset_files files;

    FUZZ_HOLDS(snn_dataset_files_init(&files, sizeof files) == SNN_OK);
    fuzz_set_file("train.csv", data, size, how & 1);
    files.format = "csv";
    files.inputs = how & 2 ? "a,b" : NULL;
    files.targets = "y";
    files.sequence = how & 4 ? "n" : NULL;
    files.last = how >> 3 & 1;
    files.window = how >> 4 & 3;
    files.stride = how >> 6;
    fuzz_set_open(&files, FUZZ_SET_MEMORY(1, all));
    return 0;
}
