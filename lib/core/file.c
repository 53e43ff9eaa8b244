/* core/file.c - the one way in which readers open what a path names. */
#include "core/file.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool snn__file_absent(const char *path)
{
    return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static snn_status fail_open(const char *path, int error)
{
    return snn__fail(SNN_ERR_IO, "cannot read \"%.300s\": %s", path, snn__reason(error).text);
}

static const char *kind_of(const struct stat *st)
{
    if (S_ISDIR(st->st_mode))
        return "directory";
    return S_ISFIFO(st->st_mode) ? "pipe" : S_ISSOCK(st->st_mode) ? "socket" : "device";
}

/* O_NONBLOCK: opening a pipe returns at once; to a regular file it means nothing. */
snn_status snn__file_open(FILE **out, uint64_t *size, const char *path)
{
    const int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat st;
    snn_status rc = SNN_OK;

    *out = NULL;
    if (fd < 0)
        return fail_open(path, errno);
    if (fstat(fd, &st) != 0)
        rc = fail_open(path, errno);
    else if (!S_ISREG(st.st_mode))
        rc = snn__fail(SNN_ERR_IO, "cannot read \"%.300s\": it is a %s, not a regular file", path, kind_of(&st));
    else if ((*out = fdopen(fd, "rb")) == NULL)
        rc = fail_open(path, errno);
    if (rc == SNN_OK)
        *size = (uint64_t)st.st_size;
    else
        close(fd);
    return rc;
}

snn_status snn__file_read_at(int file, const char *path, uint64_t at, void *to, size_t size)
{
    unsigned char *out = to;

    for (size_t done = 0; done < size;) {
        const ssize_t got = pread(file, out + done, size - done, (off_t)(at + done));

        if (got == 0)
            return snn__fail(SNN_ERR_IO, "%.300s has become shorter while it was open: byte %llu is not there", path,
                             (unsigned long long)(at + done));
        if (got < 0 && errno != EINTR)
            return snn__fail(SNN_ERR_IO, "cannot read %.300s: %s", path, snn__reason(errno).text);
        done += got > 0 ? (size_t)got : 0;
    }
    return SNN_OK;
}
