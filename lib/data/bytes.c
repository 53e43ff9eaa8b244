/* bytes.c - samples of one byte a pixel in memory. */
#include "data/bytes.h"
#include "core/alloc.h"
#include "core/size.h"
#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 22)

snn_status snn__bytes_shape(struct snn__bytes *b, const char *path, size_t c, size_t h, size_t w)
{
    size_t area, sample;

    if (!snn__mul(h, w, &area) || !snn__mul(c, area, &sample) || sample == 0 || sample > SNN__BYTES_SAMPLE_MAX)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: samples of %zu x %zu x %zu bytes; from 1 to %zu bytes are allowed",
                         path, c, h, w, SNN__BYTES_SAMPLE_MAX);
    b->sample = sample;
    b->shape[0] = c;
    b->shape[1] = h;
    b->shape[2] = w;
    b->per_block = snn__max(1, BLOCK_BYTES / b->sample);
    return SNN_OK;
}

static snn_status widen_table(struct snn__bytes *b)
{
    const size_t room = snn__max(16, 2 * b->room);
    uint8_t **table = snn__alloc(b->ctx, room, sizeof *table);

    if (table == NULL)
        return SNN_ERR_MEMORY;
    if (b->blocks > 0)
        memcpy(table, b->block, b->blocks * sizeof *table);
    snn__free(b->ctx, b->block);
    b->block = table;
    b->room = room;
    return SNN_OK;
}

snn_status snn__bytes_grow(struct snn__bytes *b, uint8_t **pixels, size_t *n)
{
    const size_t used = b->count % b->per_block;

    if (b->count == b->blocks * b->per_block) {
        if (b->blocks == b->room)
            SNN__TRY(widen_table(b));
        b->block[b->blocks] = snn__alloc(b->ctx, b->per_block, b->sample + 1);
        if (b->block[b->blocks] == NULL)
            return SNN_ERR_MEMORY;
        b->blocks++;
    }
    *pixels = b->block[b->count / b->per_block] + used * b->sample;
    *n = b->per_block - used;
    return SNN_OK;
}

const uint8_t *snn__bytes_pixels(const struct snn__bytes *b, size_t index)
{
    return b->block[index / b->per_block] + index % b->per_block * b->sample;
}

uint8_t *snn__bytes_label(const struct snn__bytes *b, size_t index)
{
    return b->block[index / b->per_block] + b->per_block * b->sample + index % b->per_block;
}

void snn__bytes_free(struct snn__bytes *b)
{
    for (size_t i = 0; i < b->blocks; i++)
        snn__free(b->ctx, b->block[i]);
    snn__free(b->ctx, b->block);
    b->block = NULL;
    b->blocks = b->room = b->count = 0;
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct snn__bytes *b = user;
    const uint8_t *pixels = snn__bytes_pixels(b, index);

    (void)frame;
    for (size_t i = 0; i < b->sample; i++)
        sample->x[i] = (float)pixels[i] / 255.0f;
    sample->label = *snn__bytes_label(b, index);
    return SNN_OK;
}

static void close_bytes(void *user)
{
    struct snn__bytes *b = user;

    snn__bytes_free(b);
    snn__free(b->ctx, b);
}

void snn__bytes_source(struct snn__bytes *b, snn_dataset_source *source)
{
    source->rank = 3;
    memcpy(source->shape, b->shape, sizeof b->shape);
    source->count = b->count;
    source->classes = b->classes;
    source->frames = 1;
    source->read = read_sample;
    source->close = close_bytes;
    source->user = b;
}
