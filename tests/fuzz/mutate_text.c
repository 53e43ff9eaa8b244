/* mutate_text.c - the mutator of targets whose input is one JSON text. */
#include "mutate.h"

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed)
{
    return fuzz_mutate_json(data, size, most, seed);
}
