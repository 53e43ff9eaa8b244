/* disk.c - folders, bytes at a place of a file, sums of what a file holds. */
#include "disk.h"
#include <errno.h>
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

/* ---- folders ---- */

snn_status snn__disk_folder(const char *folder)
{
    const int error = mkdir(folder, 0777) == 0 ? 0 : errno;
    struct stat status;

    if (error == 0 || error == EEXIST ||
        stat(folder, &status) == 0) /* other reasons may come before that it is there */
        return SNN_OK;
    return snn_component_fail(SNN_ERR_IO, "cannot make the folder %.300s: %s", folder, snn__errno_text(error).text);
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
