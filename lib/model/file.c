/* Files on the disk: whole replacement, exact reads, byte order. */
#include "model/file.h"
#include "core/alloc.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 1024u /* floats turned at a time on big-endian hosts */

/* ---- byte order */

static bool little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;

    memcpy(&first, &one, 1);
    return first == 1;
}

static void swap_bytes(unsigned char *x, size_t n)
{
    for (size_t i = 0; i < n; i++, x += 4) {
        unsigned char a = x[0], b = x[1];

        x[0] = x[3];
        x[1] = x[2];
        x[2] = b;
        x[3] = a;
    }
}

void snn__floats_from_file(float *x, size_t n)
{
    if (!little_endian())
        swap_bytes((unsigned char *)x, n);
}

/* Takes bytes as they are to be written; false ends it. */
typedef bool (*sink_fn)(void *arg, const void *bytes, size_t size);

static bool emit(const struct snn__piece *piece, sink_fn sink, void *arg)
{
    unsigned char chunk[4 * CHUNK];

    if (!piece->floats || little_endian())
        return sink(arg, piece->data, piece->size);
    for (size_t done = 0; done < piece->size;) {
        size_t n = piece->size - done < sizeof chunk ? piece->size - done : sizeof chunk;

        memcpy(chunk, (const char *)piece->data + done, n);
        swap_bytes(chunk, n / 4);
        if (!sink(arg, chunk, n))
            return false;
        done += n;
    }
    return true;
}

static bool add_crc(void *arg, const void *bytes, size_t size)
{
    uint32_t *crc = arg;

    *crc = (uint32_t)crc32_z(*crc, bytes, size);
    return true;
}

uint32_t snn__pieces_crc(uint32_t crc, const struct snn__piece *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++)
        emit(&pieces[i], add_crc, &crc);
    return crc;
}

/* ---- writing */

static snn_status fail_io(const char *what, const char *path, int error)
{
    return snn__fail(SNN_ERR_IO, "%s \"%.300s\": %s", what, path, strerror(error));
}

/* Renaming onto a device or a directory would replace or fail late: only regular files are replaced. */
static snn_status check_target(const char *path)
{
    struct stat st;

    if (path[0] == '\0')
        return snn__fail(SNN_ERR_IO, "cannot write: the file name is empty");
    if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
        return snn__fail(SNN_ERR_IO, "cannot write \"%.300s\": it is a %s, not a regular file", path,
                         S_ISDIR(st.st_mode) ? "directory" : "device or pipe");
    return SNN_OK;
}

/* Creates "PATH.N.tmp" with the first number that is free; a crash may have left others behind. */
static snn_status open_temporary(const char *path, char *temporary, size_t size, FILE **out)
{
    int fd = -1;

    for (unsigned i = 0; fd < 0 && i < 1000; i++) {
        snprintf(temporary, size, "%s.%u.tmp", path, i);
        fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    if (fd < 0)
        return fail_io("cannot write", path, errno);
    *out = fdopen(fd, "wb");
    if (*out == NULL) {
        int error = errno;

        close(fd);
        unlink(temporary);
        return fail_io("cannot write", path, error);
    }
    return SNN_OK;
}

static bool write_bytes(void *arg, const void *bytes, size_t size)
{
    return size == 0 || fwrite(bytes, 1, size, arg) == size;
}

/* 0, or what errno said. The file is closed either way. */
static int write_pieces(FILE *f, const struct snn__piece *pieces, size_t n)
{
    bool ok = true;
    int error = 0;

    errno = 0;
    for (size_t i = 0; ok && i < n; i++)
        ok = emit(&pieces[i], write_bytes, f);
    if (!ok || fflush(f) != 0 || fsync(fileno(f)) != 0)
        error = errno != 0 ? errno : EIO;
    if (fclose(f) != 0 && error == 0)
        error = errno;
    return error;
}

/* Makes the new name survive a power failure. The rename has happened and either file is whole, so that a file system
 * which cannot do this is no reason to fail. */
static void sync_directory(char *path)
{
    char *slash = strrchr(path, '/');
    int fd;

    if (slash != NULL)
        slash[slash == path] = '\0';
    fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

snn_status snn__file_replace(snn_context *ctx, const char *path, const struct snn__piece *pieces, size_t n)
{
    size_t size = strlen(path) + 16;
    char *temporary;
    snn_status rc;
    FILE *f;
    int error;

    SNN__TRY(check_target(path));
    temporary = snn__alloc(ctx, size, 1);
    if (temporary == NULL)
        return SNN_ERR_MEMORY;
    rc = open_temporary(path, temporary, size, &f);
    if (rc == SNN_OK) {
        error = write_pieces(f, pieces, n);
        if (error == 0 && rename(temporary, path) != 0)
            error = errno;
        if (error != 0) {
            unlink(temporary);
            rc = fail_io("cannot write", path, error);
        } else {
            sync_directory(temporary);
        }
    }
    snn__free(ctx, temporary);
    return rc;
}

/* ---- reading */

snn_status snn__input_open(struct snn__input *in, const char *path)
{
    struct stat st;

    *in = (struct snn__input){ NULL, path, 0 };
    if (stat(path, &st) != 0)
        return fail_io("cannot read", path, errno);
    if (!S_ISREG(st.st_mode))
        return snn__fail(SNN_ERR_IO, "cannot read \"%.300s\": it is a %s, not a regular file", path,
                         S_ISDIR(st.st_mode) ? "directory" : "device or pipe");
    in->stream = fopen(path, "rb");
    if (in->stream == NULL)
        return fail_io("cannot read", path, errno);
    if (fstat(fileno(in->stream), &st) != 0) {
        snn_status rc = fail_io("cannot read", path, errno);

        snn__input_close(in);
        return rc;
    }
    in->size = (uint64_t)st.st_size;
    return SNN_OK;
}

snn_status snn__input_read(struct snn__input *in, void *out, size_t size)
{
    errno = 0;
    if (size == 0 || fread(out, 1, size, in->stream) == size)
        return SNN_OK;
    if (ferror((FILE *)in->stream))
        return fail_io("cannot read", in->path, errno != 0 ? errno : EIO);
    return snn__fail(SNN_ERR_FORMAT, "model file \"%.300s\" ends early", in->path);
}

void snn__input_close(struct snn__input *in)
{
    if (in->stream != NULL)
        fclose(in->stream);
    in->stream = NULL;
}
