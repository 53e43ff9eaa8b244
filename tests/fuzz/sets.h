/* sets.h - files of a data set out of one input. */
#ifndef SNN_TESTS_FUZZ_SETS_H
#define SNN_TESTS_FUZZ_SETS_H

#include <snn/dataset.h>
#include <stddef.h>
#include <stdint.h>

/* A data set of `size` bytes of input may take this much: a gz file stands for 100 times its size and for a MiB in
 * any case, an event of five bytes becomes one of eight in an array that doubles. */
#define FUZZ_SET_MEMORY(files, size) (((size_t)4 << 20) + (files) * ((size_t)4 << 20) + 400 * (size))

/* Writes a file, plain or compressed to gz. */
void fuzz_set_file(const char *name, const uint8_t *data, size_t size, int gz);
/* Opens the set of the fuzz folder, and reads, counts and normalises what is there. */
void fuzz_set_open(snn_dataset_files *files, size_t memory);

#endif
