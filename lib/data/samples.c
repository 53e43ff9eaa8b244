/* samples.c - samples of arrays as the source of a data set. */
#include "data/samples.h"
#include "core/alloc.h"
#include "core/size.h"
#include <string.h>

snn_status snn__samples_shape(struct snn__samples *s, const char *path, const struct snn__numbers *type,
                              size_t frames, uint32_t rank, const size_t *shape)
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
    snn__extents_begin(&s->x, s->ctx, type, numbers, s->most);
    return SNN_OK;
}

static size_t label_frames(const struct snn__samples *s)
{
    return s->target_frames > 1 ? s->target_frames : 1;
}

snn_status snn__samples_label(struct snn__samples *s, const uint32_t *label)
{
    uint8_t *to;
    size_t n;

    if (s->label.bytes == 0)
        snn__rows_begin(&s->label, s->ctx, label_frames(s) * sizeof *label, snn__min(s->most, s->x.rows.per_block));
    SNN__TRY(snn__rows_grow(&s->label, &to, &n));
    memcpy(to, label, s->label.bytes);
    s->label.count++;
    return SNN_OK;
}

static void read_label_at(const struct snn__samples *s, size_t index, size_t frame, uint32_t *label)
{
    memcpy(label, snn__rows_at(&s->label, index) + (label_frames(s) > 1 ? frame * sizeof *label : 0), sizeof *label);
}

static snn_status read_label(void *user, size_t index, uint32_t *label)
{
    read_label_at(user, index, 0, label);
    return SNN_OK;
}

/* A static sample has frames of labels or targets alone. */
static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct snn__samples *s = user;

    if (frame < s->frames)
        SNN__TRY(snn__extents_read(&s->x, index, frame * s->length, s->length, sample->x));
    if (s->targets == 0) {
        read_label_at(s, index, frame, &sample->label);
        return SNN_OK;
    }
    return snn__extents_read(&s->target, index, s->target_frames > 1 ? frame * s->targets : 0, s->targets,
                             sample->target);
}

static void close_samples(void *user)
{
    struct snn__samples *s = user;

    snn__extents_free(&s->x);
    snn__rows_free(&s->label);
    snn__extents_free(&s->target);
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
    source->target_frames = label_frames(s);
    source->read = read_sample;
    source->label = s->classes > 0 && label_frames(s) == 1 ? read_label : NULL;
    source->close = close_samples;
    source->user = s;
}
