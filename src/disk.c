/* disk.c - new files, bytes at a place of a file, sums of what a file holds. */
#include "disk.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- sums ---- */

uint64_t snn__sum_word(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0xff51afd7ed558ccdull;
    return sum ^ sum >> 32;
}

uint64_t snn__sum_words(uint64_t sum, const void *from, size_t words)
{
    const uint8_t *b = from;

    for (size_t i = 0; i < words; i++) {
        uint64_t word;

        memcpy(&word, b + i * sizeof word, sizeof word);
        sum = snn__sum_word(sum, word);
    }
    return sum;
}

uint64_t snn__sum_file(uint64_t sum, const char *path)
{
    struct stat status;

    for (const char *c = path; *c != '\0'; c++)
        sum = snn__sum_word(sum, (uint8_t)*c);
    if (stat(path, &status) != 0)
        return snn__sum_word(sum, 0);
    sum = snn__sum_word(snn__sum_word(sum, (uint64_t)status.st_size), (uint64_t)status.st_mtim.tv_sec);
    return snn__sum_word(sum, (uint64_t)status.st_mtim.tv_nsec);
}

/* ---- new files ---- */

int snn__disk_create(char *path)
{
    const size_t digits = 6, stem = strlen(path) - digits;

    for (unsigned i = 0; i < 1000; i++) {
        int file;

        snprintf(path + stem, digits + 1, "%06lu", ((unsigned long)getpid() + i * 1009ul) % 1000000ul);
        file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (file >= 0 || errno != EEXIST)
            return file;
    }
    return -1;
}

/* ---- bytes at a place ---- */

bool snn__disk_read(int file, void *to, size_t size, uint64_t at)
{
    uint8_t *b = to;

    while (size > 0) {
        const ssize_t n = pread(file, b, size, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        b += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return true;
}

snn_status snn__disk_write(int file, const void *from, size_t size, uint64_t at, const char *path)
{
    const uint8_t *b = from;

    while (size > 0) {
        const ssize_t n = pwrite(file, b, size, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return snn_component_fail(SNN_ERR_IO, "the cache %.300s cannot be written: is the disk full?", path);
        b += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return SNN_OK;
}
