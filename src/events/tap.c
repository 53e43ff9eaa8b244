/* tap.c - where bytes come from: a file, memory, a function of the host. */
#include "tap.h"
#include "reader.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

snn_status snn__tap_open(struct snn__tap *tap, const snn_events_source *source)
{
    struct stat st;

    *tap = (struct snn__tap){ .source = source, .file = -1 };
    if (source->path == NULL)
        return SNN_OK;
    tap->file = open(source->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe would wait for its writer */
    if (tap->file < 0 || fstat(tap->file, &st) != 0)
        return snn__fail_path(source->path, errno);
    if (!S_ISREG(st.st_mode))
        return snn_component_fail(SNN_ERR_IO, "%.300s is no regular file", source->path);
    return SNN_OK;
}

void snn__tap_close(struct snn__tap *tap)
{
    if (tap->source != NULL && tap->file >= 0)
        close(tap->file);
    tap->source = NULL;
}

snn_status snn__tap_size(const struct snn__tap *tap, uint64_t *size)
{
    struct stat st;

    *size = tap->source->size;
    if (tap->file < 0)
        return SNN_OK;
    if (fstat(tap->file, &st) != 0)
        return snn__fail_path(tap->source->path, errno);
    *size = (uint64_t)st.st_size;
    return SNN_OK;
}

snn_status snn__tap_seek(struct snn__tap *tap, uint64_t at)
{
    if (tap->source->read != NULL)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "events: the host's function read() cannot go back");
    if (tap->file >= 0)
        return at <= INT64_MAX && lseek(tap->file, (off_t)at, SEEK_SET) >= 0
                   ? SNN_OK
                   : snn__fail_path(tap->source->path, errno);
    tap->at = at < tap->source->size ? (size_t)at : tap->source->size;
    return SNN_OK;
}

static snn_status fill_from_file(const struct snn__tap *tap, void *to, size_t size, size_t *got)
{
    ssize_t n;

    do
        n = read(tap->file, to, size);
    while (n < 0 && errno == EINTR);
    *got = n < 0 ? 0 : (size_t)n;
    return n < 0 ? snn__fail_path(tap->source->path, errno) : SNN_OK;
}

static snn_status fill_from_host(const struct snn__tap *tap, void *to, size_t size, size_t *got)
{
    const snn_status rc = tap->source->read(tap->source->user, to, size, got);

    return rc == SNN_OK ? SNN_OK : snn_component_fail(rc, "the function of the host that reads events has failed");
}

snn_status snn__tap_fill(void *user, void *to, size_t size, size_t *got)
{
    struct snn__tap *tap = user;

    *got = 0;
    if (tap->file >= 0)
        return fill_from_file(tap, to, size, got);
    if (tap->source->read != NULL)
        return fill_from_host(tap, to, size, got);
    *got = tap->source->size - tap->at < size ? tap->source->size - tap->at : size;
    if (*got > 0)
        memcpy(to, (const uint8_t *)tap->source->data + tap->at, *got);
    tap->at += *got;
    return SNN_OK;
}
