/* disk.h - what components with data on disk share: folders, bytes at a place of a file, sums of what a file holds.
 */
#ifndef SNN_DISK_H
#define SNN_DISK_H

#include "component.h"
#include <stdbool.h>
#include <stdint.h>

#define SNN__SUM_BEGIN 0x9e3779b97f4a7c15ull

/* A sum over words; it depends on their order. */
uint64_t snn__sum_word(uint64_t sum, uint64_t word);
/* Of whole words. */
uint64_t snn__sum_words(uint64_t sum, const void *from, size_t words);
/* Of a file's path, size and time, not of its bytes. */
uint64_t snn__sum_file(uint64_t sum, const char *path);

/* Makes a folder that is not there yet. */
snn_status snn__disk_folder(const char *folder);
/* Reads `size` bytes from byte `at` of a file; false: there are fewer, or they cannot be read. */
bool snn__disk_read(int file, void *to, size_t size, uint64_t at);

#endif
