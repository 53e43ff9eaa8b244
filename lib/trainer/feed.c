/* trainer/feed.c - the input of a step: samples of the host or of a data set, in order, encoded, channels last. */
#include "core/context.h"
#include "core/rng.h"
#include "trainer/rule.h"
#include <stdio.h>

struct feeding {
    snn_trainer *trainer;
    const struct snn__batch *batch;
    size_t t;
    float *to; /* [n][len], channels last, of the samples from number `first` on */
    size_t first;
    bool is_static;
};

size_t snn__batch_sample(const snn_trainer *tr, const struct snn__batch *batch, uint64_t at)
{
    if (!batch->shuffled)
        return (size_t)at;
    return (size_t)snn__random_order(tr->ctx->options.seed, SNN__RNG_SHUFFLE, batch->epoch, at, batch->count);
}

/* Position of sample b of the batch in its data set. */
static size_t sample_index(const struct feeding *k, size_t b)
{
    return k->batch->dataset == NULL ? k->batch->from + b
                                     : snn__batch_sample(k->trainer, k->batch, k->batch->first + b);
}

/* Step t has a frame of its own. */
static bool has_frame(const struct snn__batch *batch, size_t t)
{
    return t == 0 || batch->frames > 1;
}

static bool is_read(const struct snn__batch *batch, size_t t)
{
    return batch->dataset != NULL && (has_frame(batch, t) || snn__aim_frames(batch) > 1);
}

/* Sample b has ended before step t. */
static bool has_ended(const struct feeding *k, size_t b)
{
    if (k->batch->dataset != NULL)
        return k->batch->frames > 1 && k->t > 0 && k->t >= k->trainer->length_room[b];
    return k->trainer->length != NULL && k->t >= k->trainer->length[b];
}

/* Room for the target of sample b at this step. */
static float *target_room(const struct feeding *k, size_t b)
{
    const snn_trainer *tr = k->trainer;

    return tr->target_room + k->t * tr->target_pitch + b * tr->classes;
}

/* Reads sample b of a data set: a frame and its label or target, or those alone. */
static snn_status read_sample(const struct feeding *k, size_t b, size_t index)
{
    snn_trainer *tr = k->trainer;
    const struct snn__batch *batch = k->batch;
    size_t n = tr->pass.input_len;
    snn_sample sample = { .struct_size = sizeof sample,
                          .x = (has_frame(batch, k->t) ? tr->sample : tr->scratch) + b * n,
                          .target = target_room(k, b) };

    SNN__TRY(
        snn__dataset_frame(batch->dataset, index, k->t, batch->augment, batch->epoch, tr->scratch + b * n, &sample));
    if (k->t == 0)
        tr->length_room[b] = (uint32_t)sample.length;
    tr->label[k->t * tr->label_pitch + b] = sample.label;
    if (batch->label != NULL && sample.label >= tr->classes)
        return snn__fail(SNN_ERR_ARGUMENT, "label of sample %zu is %u; the network has %zu outputs", index,
                         sample.label, tr->classes);
    return SNN_OK;
}

/* The frame of sample b for this step, encoded, channels first. */
static const float *frame_of(const struct feeding *k, size_t b, size_t index)
{
    snn_trainer *tr = k->trainer;
    const struct snn__batch *batch = k->batch;
    size_t n = tr->pass.input_len, frame = batch->frames > 1 ? k->t : 0;
    const float *x =
        batch->dataset != NULL ? tr->sample + b * n : batch->x + (frame * batch->whole + batch->from + b) * n;
    float *encoded = tr->scratch + b * n;
    uint64_t stream = batch->augment ? batch->epoch + 1 : 0;

    if (tr->encoder == SNN__ENCODER_DIRECT || batch->frames > 1)
        return x;
    snn__encode(tr->encoder, tr->ctx->options.seed, stream, index, k->t, tr->steps, x, encoded, n);
    return encoded;
}

static snn_status feed_one(const struct feeding *k, size_t b)
{
    snn_trainer *tr = k->trainer;
    size_t n = tr->pass.input_len, index = sample_index(k, b);
    float *to = k->to + (b - k->first) * n;

    if (has_ended(k, b)) {
        tr->ctx->kernels->fill(to, 0.0f, n);
        return SNN_OK;
    }
    if (is_read(k->batch, k->t))
        SNN__TRY(read_sample(k, b, index));
    if (k->t > 0 && k->is_static) /* the input is there */
        return SNN_OK;
    snn__to_channels_last(tr->ctx, &tr->net->in, 1, frame_of(k, b, index), to);
    if (!tr->ctx->kernels->finite(to, n))
        return snn__fail(SNN_ERR_DIVERGED, "input: sample %zu holds a value that is not finite (step %zu)", index,
                         k->t);
    return SNN_OK;
}

/* Keeps status and message of the lowest sample that the worker could not feed. */
static void feed_sample(void *arg, size_t b, size_t worker)
{
    const struct feeding *k = arg;
    struct snn__failure *f = &k->trainer->failure[worker];
    snn_status rc = feed_one(k, b);

    if (rc == SNN_OK || (f->rc != SNN_OK && f->sample < b))
        return;
    f->rc = rc;
    f->sample = b;
    snprintf(f->text, sizeof f->text, "%s", snn_last_error());
}

/* The lengths of a data set's samples, once their first frames are read. */
static void take_lengths(snn_trainer *tr, const struct snn__batch *batch)
{
    tr->length = NULL;
    for (size_t b = 0; b < batch->n; b++)
        if (tr->length_room[b] < batch->frames)
            tr->length = tr->length_room;
}

/* The failure of the lowest sample, if there is one. */
static snn_status failure(snn_trainer *tr)
{
    const struct snn__failure *first = NULL;

    for (size_t i = 0; i < snn__threads(tr->ctx); i++)
        if (tr->failure[i].rc != SNN_OK && (first == NULL || tr->failure[i].sample < first->sample))
            first = &tr->failure[i];
    tr->unread = first != NULL;
    return first != NULL ? snn__fail(first->rc, "%s", first->text) : SNN_OK;
}

static void forget_failures(snn_trainer *tr)
{
    for (size_t i = 0; i < snn__threads(tr->ctx); i++)
        tr->failure[i].rc = SNN_OK;
}

snn_status snn__feed(snn_trainer *tr, const struct snn__batch *batch, size_t t)
{
    struct feeding k = { tr, batch, t, snn__pass_input(&tr->pass, t), 0, tr->pass.is_static };

    if (t > 0 && tr->pass.is_static && !is_read(batch, t))
        return SNN_OK;
    forget_failures(tr);
    snn__parallel(tr->ctx, feed_sample, &k, batch->n);
    SNN__TRY(failure(tr));
    if (t == 0 && batch->dataset != NULL)
        take_lengths(tr, batch);
    return snn__mix(tr, batch, t);
}

/* ---- blocks ---- */

static bool feed_block(void *arg, struct snn__pass *part, size_t first, size_t t, size_t worker)
{
    const struct snn__batch *batch = ((const struct feeding *)arg)->batch;
    snn_trainer *tr = ((const struct feeding *)arg)->trainer;
    struct feeding k = { tr, batch, t, snn__pass_input(part, t), first, part->is_static };

    for (size_t b = first; b < first + part->batch && (t == 0 || !part->is_static || is_read(batch, t)); b++)
        feed_sample(&k, b, worker);
    return tr->failure[worker].rc == SNN_OK;
}

snn_status snn__feed_blocks(snn_trainer *tr, const struct snn__batch *batch)
{
    struct feeding k = { .trainer = tr, .batch = batch };

    forget_failures(tr);
    snn__blocks_run(&tr->blocks, &tr->pass, snn__is_static(tr, batch->frames), feed_block, &k);
    SNN__TRY(failure(tr));
    if (batch->dataset != NULL)
        take_lengths(tr, batch);
    return SNN_OK;
}
