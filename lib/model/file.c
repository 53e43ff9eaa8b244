/* Files on the disk: whole replacement, exact reads, byte order. */
#include "model/file.h"
#include "core/file.h"
#include <errno.h>
#include <snn/sys/component.h>
#include <stdio.h>
#include <string.h>
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

/* Where the pieces go. */
struct writer {
    snn_component_file *file;
    uint64_t at;
    snn_status status;
};

static bool write_bytes(void *arg, const void *bytes, size_t size)
{
    struct writer *w = arg;

    w->status = snn_component_file_write(w->file, bytes, size, w->at);
    w->at += size;
    return w->status == SNN_OK;
}

snn_status snn__file_replace(snn_context *ctx, const char *path, const struct snn__piece *pieces, size_t n)
{
    struct writer w = { NULL, 0, SNN_OK };

    w.status = snn_component_file_create(&w.file, ctx, path);
    for (size_t i = 0; w.status == SNN_OK && i < n; i++)
        emit(&pieces[i], write_bytes, &w);
    if (w.status == SNN_OK)
        w.status = snn_component_file_commit(w.file, NULL);
    snn_component_file_destroy(w.file);
    return w.status;
}

/* ---- reading */

snn_status snn__input_open(struct snn__input *in, const char *path)
{
    FILE *stream;

    *in = (struct snn__input){ NULL, path, 0 };
    SNN__TRY(snn__file_open(&stream, &in->size, path));
    in->stream = stream;
    return SNN_OK;
}

snn_status snn__input_read(struct snn__input *in, void *out, size_t size)
{
    errno = 0;
    if (size == 0 || fread(out, 1, size, in->stream) == size)
        return SNN_OK;
    if (ferror((FILE *)in->stream))
        return snn__fail(SNN_ERR_IO, "cannot read \"%.300s\": %s", in->path,
                         snn__reason(errno != 0 ? errno : EIO).text);
    return snn__fail(SNN_ERR_FORMAT, "model file \"%.300s\" ends early", in->path);
}

void snn__input_close(struct snn__input *in)
{
    if (in->stream != NULL)
        fclose(in->stream);
    in->stream = NULL;
}
