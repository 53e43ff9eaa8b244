/* mutate.h - mutators that know what a file is made of; only with libFuzzer. */
#ifndef SNN_TESTS_FUZZ_MUTATE_H
#define SNN_TESTS_FUZZ_MUTATE_H

#include <stddef.h>
#include <stdint.h>

/* libFuzzer's own, and the one that it calls in place of that if a target has one. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t most, unsigned seed);

/* Changes one value of a JSON text (texts that hold JSON are entered, too), or the text as bytes where it is none. */
size_t fuzz_mutate_json(uint8_t *data, size_t size, size_t most, unsigned seed);

/* A small generator of its own, so that a mutation is a function of its seed. */
uint32_t fuzz_random(uint32_t *state);

#endif
