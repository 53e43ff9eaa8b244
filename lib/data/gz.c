/* gz.c - a plain file, or one or more gzip members after one another, as a stream of bytes. zlib takes its memory
 * from the context, and checks each member's CRC. The bytes of the file may come from a caller. */
#include "data/gz.h"
#include "core/alloc.h"
#include "core/file.h"
#include "core/size.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#define BUFFER 65536u
#define DEFLATE_RATIO 1032u /* the most that a byte of deflate's can stand for */
#define RATIO_MAX 100u      /* the most that is believed of a file that expands to more than FREE_BYTES */
#define FREE_BYTES ((uint64_t)1 << 20)
#define PIECE ((size_t)1 << 30) /* bytes that zlib is asked for at once: its counters are unsigned int */

struct snn__gz {
    snn_context *ctx;
    FILE *file; /* NULL: `fill` is a caller's */
    snn__gz_fill *fill;
    void *user;
    char *path;
    uint64_t size, position; /* of the file; of the stream */
    bool compressed, ended;  /* by gzip or by an archive that holds the file */
    z_stream z;              /* next_in, avail_in: what of the buffer is not used yet; plain files use them as well */
    bool inflating;
    unsigned char buffer[BUFFER];
};

static void *zlib_allocate(void *ctx, uInt count, uInt size)
{
    return snn__alloc(ctx, count, size);
}

static void zlib_free(void *ctx, void *pointer)
{
    snn__free(ctx, pointer);
}

static snn_status fail_io(const char *verb, const char *path, int error)
{
    return snn__fail(SNN_ERR_IO, "cannot %s %.300s: %s", verb, path, snn__reason(error).text);
}

static snn_status fail_damaged(const struct snn__gz *gz, const char *why)
{
    return snn__fail(SNN_ERR_FORMAT, "%.300s: damaged gz file after %llu bytes: %s", gz->path,
                     (unsigned long long)gz->position, why);
}

/* ---- opening ---- */

static snn_status fill_from_file(void *user, void *to, size_t size, size_t *got)
{
    const struct snn__gz *gz = user;

    errno = 0;
    *got = fread(to, 1, size, gz->file);
    return *got < size && ferror(gz->file) ? fail_io("read", gz->path, errno) : SNN_OK;
}

/* Fills the buffer again if it is used up; leaves avail_in at 0 at the end of the file. */
static snn_status refill(struct snn__gz *gz)
{
    size_t got;

    if (gz->z.avail_in > 0)
        return SNN_OK;
    SNN__TRY(gz->fill(gz->user, gz->buffer, BUFFER, &got));
    gz->z.next_in = gz->buffer;
    gz->z.avail_in = (uInt)got;
    return SNN_OK;
}

static snn_status begin_inflate(struct snn__gz *gz)
{
    int rc;

    gz->z.zalloc = zlib_allocate;
    gz->z.zfree = zlib_free;
    gz->z.opaque = gz->ctx;
    rc = inflateInit2(&gz->z, 15 + 16); /* largest window, gzip wrapper */
    if (rc == Z_MEM_ERROR)
        return SNN_ERR_MEMORY;
    if (rc != Z_OK)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%.300s: zlib %s does not start", gz->path, zlibVersion());
    gz->inflating = true;
    return SNN_OK;
}

static snn_status begin(struct snn__gz *gz)
{
    bool gzip;

    SNN__TRY(refill(gz));
    gzip = gz->z.avail_in >= 2 && gz->buffer[0] == 0x1f && gz->buffer[1] == 0x8b;
    gz->compressed = gzip || gz->file == NULL;
    return gzip ? begin_inflate(gz) : SNN_OK;
}

/* A stream before its first byte; takes over `path`, also on failure. */
static snn_status create(struct snn__gz **out, snn_context *ctx, char *path)
{
    *out = snn__alloc(ctx, 1, sizeof **out);
    if (*out == NULL) {
        snn__free(ctx, path);
        return SNN_ERR_MEMORY;
    }
    (*out)->ctx = ctx;
    (*out)->path = path;
    return SNN_OK;
}

/* Opens `path`, which it takes over; *out NULL, with SNN_OK, if there is no such file. */
static snn_status open_path(struct snn__gz **out, snn_context *ctx, char *path)
{
    struct snn__gz *gz;
    snn_status rc;

    *out = NULL;
    SNN__TRY(create(&gz, ctx, path));
    gz->fill = fill_from_file;
    gz->user = gz;
    rc = snn__file_absent(path) ? SNN_OK : snn__file_open(&gz->file, &gz->size, path);
    if (gz->file != NULL) {
        setvbuf(gz->file, NULL, _IONBF, 0); /* the buffer is ours */
        rc = begin(gz);
    }
    if (gz->file == NULL || rc != SNN_OK) {
        snn__gz_close(gz);
        return rc;
    }
    *out = gz;
    return SNN_OK;
}

snn_status snn__gz_find(struct snn__gz **out, snn_context *ctx, const char *directory, const char *name)
{
    static const char *const ending[] = { "", ".gz" };
    const size_t size = strlen(directory) + strlen(name) + sizeof "/.gz";

    *out = NULL;
    for (size_t i = 0; i < 2 && *out == NULL; i++) {
        char *path = snn__alloc(ctx, size, 1);

        if (path == NULL)
            return SNN_ERR_MEMORY;
        snprintf(path, size, "%s/%s%s", directory, name, ending[i]);
        SNN__TRY(open_path(out, ctx, path));
    }
    return SNN_OK;
}

snn_status snn__gz_open(struct snn__gz **out, snn_context *ctx, const char *path)
{
    char *copy = snn__strdup(ctx, path);

    if (copy == NULL)
        return SNN_ERR_MEMORY;
    SNN__TRY(open_path(out, ctx, copy));
    return *out != NULL ? SNN_OK : snn__fail(SNN_ERR_IO, "there is no %.300s", path);
}

snn_status snn__gz_stream(struct snn__gz **out, snn_context *ctx, char *path, uint64_t size, snn__gz_fill *fill,
                          void *user)
{
    snn_status rc;

    SNN__TRY(create(out, ctx, path));
    (*out)->size = size;
    (*out)->fill = fill;
    (*out)->user = user;
    rc = begin(*out);
    if (rc == SNN_OK)
        return SNN_OK;
    snn__gz_close(*out);
    *out = NULL;
    return rc;
}

void snn__gz_close(struct snn__gz *gz)
{
    if (gz == NULL)
        return;
    if (gz->inflating)
        inflateEnd(&gz->z);
    if (gz->file != NULL)
        fclose(gz->file);
    snn__free(gz->ctx, gz->path);
    snn__free(gz->ctx, gz);
}

const char *snn__gz_path(const struct snn__gz *gz)
{
    return gz->path;
}

bool snn__gz_plain(const struct snn__gz *gz)
{
    return !gz->compressed;
}

uint64_t snn__gz_position(const struct snn__gz *gz)
{
    return gz->position;
}

snn_status snn__gz_share(const struct snn__gz *gz, int *file)
{
    *file = fcntl(fileno(gz->file), F_DUPFD_CLOEXEC, 0);
    return *file >= 0 ? SNN_OK : fail_io("keep open", gz->path, errno);
}

static uint64_t times(uint64_t size, uint64_t ratio)
{
    return size > UINT64_MAX / ratio ? UINT64_MAX : size * ratio;
}

uint64_t snn__gz_bound(const struct snn__gz *gz)
{
    const uint64_t most = times(gz->size, DEFLATE_RATIO), believed = times(gz->size, RATIO_MAX);

    if (!gz->compressed)
        return gz->size;
    if (most <= FREE_BYTES)
        return most;
    return believed < FREE_BYTES ? FREE_BYTES : believed;
}

/* ---- reading ---- */

/* After the last byte of a member: another member, or the end of the file. */
static snn_status next_member(struct snn__gz *gz)
{
    SNN__TRY(refill(gz));
    if (gz->z.avail_in == 0)
        gz->ended = true;
    else if (inflateReset(&gz->z) != Z_OK)
        return fail_damaged(gz, "the decoder cannot go on");
    return SNN_OK;
}

static snn_status inflate_some(struct snn__gz *gz, unsigned char *out, size_t size, size_t *got)
{
    gz->z.next_out = out;
    gz->z.avail_out = (uInt)size;
    while (gz->z.avail_out > 0 && !gz->ended) {
        int rc;

        SNN__TRY(refill(gz));
        if (gz->z.avail_in == 0)
            return fail_damaged(gz, "the file is cut off");
        rc = inflate(&gz->z, Z_NO_FLUSH);
        if (rc == Z_STREAM_END)
            SNN__TRY(next_member(gz));
        else if (rc == Z_MEM_ERROR)
            return SNN_ERR_MEMORY;
        else if (rc != Z_OK && rc != Z_BUF_ERROR)
            return fail_damaged(gz, gz->z.msg != NULL ? gz->z.msg : "not a deflate stream");
    }
    *got = size - gz->z.avail_out;
    return SNN_OK;
}

static snn_status copy_some(struct snn__gz *gz, unsigned char *out, size_t size, size_t *got)
{
    SNN__TRY(refill(gz));
    *got = snn__min(size, gz->z.avail_in);
    memcpy(out, gz->z.next_in, *got);
    gz->z.next_in += *got;
    gz->z.avail_in -= (uInt)*got;
    gz->ended = *got == 0;
    return SNN_OK;
}

snn_status snn__gz_read(struct snn__gz *gz, void *out, size_t size, size_t *got)
{
    unsigned char *to = out;

    *got = 0;
    while (*got < size && !gz->ended) {
        size_t piece = snn__min(size - *got, PIECE), n = 0;

        SNN__TRY(gz->inflating ? inflate_some(gz, to + *got, piece, &n) : copy_some(gz, to + *got, piece, &n));
        gz->position += n;
        *got += n;
        if (gz->compressed && gz->position > snn__gz_bound(gz))
            return snn__fail(
                SNN_ERR_FORMAT,
                "%.300s: it expands to more than %u times its size; if that is intended, unpack it (%s) and open the "
                "plain file",
                gz->path, RATIO_MAX, gz->inflating ? "gunzip" : "unzip");
    }
    return SNN_OK;
}

snn_status snn__gz_read_all(struct snn__gz *gz, void *out, size_t size, const char *what)
{
    size_t got;

    SNN__TRY(snn__gz_read(gz, out, size, &got));
    if (got < size)
        return snn__fail(SNN_ERR_FORMAT, "%.300s is truncated: %s needs %zu bytes, %zu are there", gz->path, what,
                         size, got);
    return SNN_OK;
}

snn_status snn__gz_expect_end(struct snn__gz *gz)
{
    unsigned char byte;
    size_t got;

    SNN__TRY(snn__gz_read(gz, &byte, 1, &got));
    if (got > 0)
        return snn__fail(SNN_ERR_FORMAT, "%.300s continues after the %llu bytes that its header declares", gz->path,
                         (unsigned long long)(gz->position - 1));
    return SNN_OK;
}
