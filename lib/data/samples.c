/* samples.c - samples in memory. */
#include "data/samples.h"
#include "core/alloc.h"
#include "core/size.h"
#include <string.h>

#define BLOCK_BYTES ((size_t)1 << 22)

/* ---- rows ---- */

void snn__rows_begin(struct snn__rows *rows, snn_context *ctx, size_t bytes, size_t most)
{
    *rows = (struct snn__rows){ .ctx = ctx, .bytes = bytes };
    rows->per_block = snn__max(1, snn__min(BLOCK_BYTES / bytes, most));
}

static snn_status widen_table(struct snn__rows *rows)
{
    const size_t room = snn__max(16, 2 * rows->room);
    uint8_t **table = snn__alloc(rows->ctx, room, sizeof *table);

    if (table == NULL)
        return SNN_ERR_MEMORY;
    if (rows->blocks > 0)
        memcpy(table, rows->block, rows->blocks * sizeof *table);
    snn__free(rows->ctx, rows->block);
    rows->block = table;
    rows->room = room;
    return SNN_OK;
}

snn_status snn__rows_grow(struct snn__rows *rows, uint8_t **to, size_t *n)
{
    const size_t used = rows->count % rows->per_block;

    if (rows->count == rows->blocks * rows->per_block) {
        if (rows->blocks == rows->room)
            SNN__TRY(widen_table(rows));
        rows->block[rows->blocks] = snn__alloc(rows->ctx, rows->per_block, rows->bytes);
        if (rows->block[rows->blocks] == NULL)
            return SNN_ERR_MEMORY;
        rows->blocks++;
    }
    *to = rows->block[rows->count / rows->per_block] + used * rows->bytes;
    *n = rows->per_block - used;
    return SNN_OK;
}

uint8_t *snn__rows_at(const struct snn__rows *rows, size_t index)
{
    return rows->block[index / rows->per_block] + index % rows->per_block * rows->bytes;
}

void snn__rows_free(struct snn__rows *rows)
{
    for (size_t i = 0; i < rows->blocks; i++)
        snn__free(rows->ctx, rows->block[i]);
    if (rows->ctx != NULL)
        snn__free(rows->ctx, rows->block);
    *rows = (struct snn__rows){ 0 };
}

/* ---- samples ---- */

snn_status snn__samples_shape(struct snn__samples *s, const char *path, size_t frames, uint32_t rank,
                              const size_t *shape)
{
    const size_t side[3] = { shape[0], rank > 1 ? shape[1] : 1, rank == 3 ? shape[2] : 1 };
    const size_t numbers = SNN__PRODUCT(frames, side[0], side[1], side[2]);

    if (numbers == 0 || numbers > SNN__NUMBERS_MAX)
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s: samples of %zu frames of %zu x %zu x %zu numbers; from 1 to %zu numbers are "
                         "allowed",
                         path, frames, side[0], side[1], side[2], SNN__NUMBERS_MAX);
    s->rank = rank;
    s->frames = frames;
    memcpy(s->shape, side, sizeof side);
    s->length = numbers / frames;
    snn__rows_begin(&s->x, s->ctx, numbers * (s->pixels ? 1 : sizeof(float)), s->most);
    snn__rows_begin(&s->label, s->ctx, sizeof(uint32_t), snn__min(s->most, s->x.per_block));
    return SNN_OK;
}

snn_status snn__samples_label(struct snn__samples *s, uint32_t label)
{
    uint8_t *to;
    size_t n;

    SNN__TRY(snn__rows_grow(&s->label, &to, &n));
    memcpy(to, &label, sizeof label);
    s->label.count++;
    return SNN_OK;
}

static snn_status read_label(void *user, size_t index, uint32_t *label)
{
    const struct snn__samples *s = user;

    memcpy(label, snn__rows_at(&s->label, index), sizeof *label);
    return SNN_OK;
}

static void read_x(const struct snn__samples *s, size_t index, size_t frame, float *x)
{
    const uint8_t *row = snn__rows_at(&s->x, index);

    if (!s->pixels)
        memcpy(x, row + frame * s->length * sizeof *x, s->length * sizeof *x);
    else
        for (size_t i = 0; i < s->length; i++)
            x[i] = (float)row[frame * s->length + i] / 255.0f;
}

/* A static sample has frames of targets alone. */
static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct snn__samples *s = user;
    const size_t size = s->targets * sizeof(float);

    if (frame < s->frames)
        read_x(s, index, frame, sample->x);
    if (s->targets == 0)
        return read_label(user, index, &sample->label);
    memcpy(sample->target, snn__rows_at(&s->target, index) + (s->target_frames > 1 ? frame * size : 0), size);
    return SNN_OK;
}

static void close_samples(void *user)
{
    struct snn__samples *s = user;

    snn__rows_free(&s->x);
    snn__rows_free(&s->label);
    snn__rows_free(&s->target);
    snn__free(s->ctx, s);
}

void snn__samples_source(struct snn__samples *s, snn_dataset_source *source)
{
    source->rank = s->rank;
    memcpy(source->shape, s->shape, sizeof s->shape);
    source->count = s->x.count;
    source->classes = s->classes;
    source->frames = s->frames;
    source->targets = s->targets;
    source->target_frames = s->targets > 0 ? s->target_frames : 1;
    source->read = read_sample;
    source->label = s->classes > 0 ? read_label : NULL;
    source->close = close_samples;
    source->user = s;
}
