/* trainer/step.c - batches that the host supplies: a step of training, a prediction. */
#include "core/clock.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/structure.h"
#include "kernel/layers.h"
#include "trainer/rule.h"

snn_status snn__check_ready(const snn_trainer *tr, bool train)
{
    if (train)
        SNN__TRY(snn__trainer_check_learns(tr));
    if (!tr->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", tr->owner);
    return train ? snn__network_check_latent(tr->net) : SNN_OK;
}

/* ---- what the host supplies ---- */

static snn_status read_batch(snn_batch *own, const snn_batch *given)
{
    *own = (snn_batch)SNN_BATCH_INIT;
    SNN__TRY(snn__read_struct(own, sizeof *own, given, "batch", "SNN_BATCH_INIT"));
    return snn__check_reserved(own->reserved, "batch");
}

static snn_status check_input(const snn_trainer *tr, const snn_batch *batch)
{
    if (batch->x == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: x is NULL", tr->owner);
    if (batch->samples == 0 || batch->samples > tr->batch_max)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu samples; 1 to %zu were prepared for", tr->owner, batch->samples,
                         tr->batch_max);
    if (batch->frames != 1 && batch->frames != tr->steps)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu frames; 1 (static) or %zu (one a step) are possible", tr->owner,
                         batch->frames, tr->steps);
    return SNN_OK;
}

static snn_status check_lengths(const snn_trainer *tr, const snn_batch *batch)
{
    for (size_t b = 0; b < batch->samples && batch->lengths != NULL; b++)
        if (batch->lengths[b] == 0 || batch->lengths[b] > batch->frames)
            return snn__fail(SNN_ERR_ARGUMENT, "%s: length %zu is %u; a sample has 1 to %zu frames", tr->owner, b,
                             batch->lengths[b], batch->frames);
    return SNN_OK;
}

static snn_status check_frames(const snn_trainer *tr, const snn_batch *batch)
{
    if (batch->target_frames != 1 && batch->target_frames != tr->steps)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "%s: %zu target_frames; 1 (a %s for each sample) or %zu (one a step) are possible",
                         tr->owner, batch->target_frames, batch->labels != NULL ? "label" : "target", tr->steps);
    return SNN_OK;
}

/* Step t of sample b counts. */
static bool counts(const snn_batch *batch, size_t t, size_t b)
{
    return batch->lengths == NULL || t < batch->lengths[b];
}

static snn_status check_labels(const snn_trainer *tr, const snn_batch *batch)
{
    for (size_t t = 0; t < batch->target_frames; t++)
        for (size_t b = 0; b < batch->samples; b++)
            if (counts(batch, t, b) && batch->labels[t * batch->samples + b] >= tr->classes)
                return snn__fail(SNN_ERR_ARGUMENT, "%s: label %zu is %u; the network has %zu outputs", tr->owner,
                                 t * batch->samples + b, batch->labels[t * batch->samples + b], tr->classes);
    return SNN_OK;
}

/* The target of sample b at step t counts, and is not finite. */
static bool is_bad_target(const snn_trainer *tr, const snn_batch *batch, size_t t, size_t b)
{
    if (!counts(batch, t, b))
        return false;
    return !tr->ctx->kernels->finite(batch->targets + (t * batch->samples + b) * tr->classes, tr->classes);
}

static snn_status check_targets(const snn_trainer *tr, const snn_batch *batch)
{
    for (size_t t = 0; t < batch->target_frames; t++)
        for (size_t b = 0; b < batch->samples; b++)
            if (is_bad_target(tr, batch, t, b))
                return snn__fail(SNN_ERR_DIVERGED,
                                 "%s: the target of sample %zu holds a value that is not finite (step %zu)",
                                 tr->owner, b, t);
    return SNN_OK;
}

/* Labels or targets. */
static snn_status check_aims(const snn_trainer *tr, const snn_batch *batch)
{
    if (batch->labels != NULL && batch->targets != NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: labels and targets; a batch has one or the other", tr->owner);
    if (batch->labels == NULL && batch->targets == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: labels is NULL, and so is targets", tr->owner);
    SNN__TRY(check_frames(tr, batch));
    return (batch->labels != NULL ? check_labels : check_targets)(tr, batch);
}

snn_status snn__take_batch(const snn_trainer *tr, struct snn__batch *to, const snn_batch *given)
{
    snn_batch own;

    SNN__TRY(read_batch(&own, given));
    SNN__TRY(check_input(tr, &own));
    SNN__TRY(check_lengths(tr, &own));
    *to = (struct snn__batch){ .x = own.x, .frames = own.frames, .n = own.samples };
    for (size_t b = 0; b < own.samples && own.lengths != NULL; b++)
        if (own.lengths[b] < own.frames)
            to->length = own.lengths;
    return SNN_OK;
}

/* The same with labels or targets. */
static snn_status take_judged(const snn_trainer *tr, struct snn__batch *to, const snn_batch *given)
{
    snn_batch own;

    SNN__TRY(snn__take_batch(tr, to, given));
    SNN__TRY(read_batch(&own, given));
    if (own.labels != NULL && own.target_frames == 0) /* which counted with targets alone, once */
        own.target_frames = 1;
    SNN__TRY(check_aims(tr, &own));
    to->label = own.labels;
    to->label_frames = own.labels != NULL ? own.target_frames : 0;
    to->target = own.targets;
    to->target_frames = own.targets != NULL ? own.target_frames : 0;
    return SNN_OK;
}

/* ---- a step ---- */

static snn_status step(snn_trainer *tr, const snn_batch *given, snn_metrics *metrics)
{
    struct snn__sums s = { .training = true, .began = snn__seconds() };
    struct snn__batch batch;
    struct snn__result result;

    snn_status rc = snn__check_ready(tr, true);

    if (rc == SNN_OK)
        rc = snn__check_metrics(metrics);
    if (rc == SNN_OK)
        rc = take_judged(tr, &batch, given);
    SNN__TRY(snn__shards_agree(tr, rc, SNN__CALL_STEP, &batch));
    snn__clear_counters(tr);
    SNN__TRY(snn__run_batch(tr, &batch, true, &result));
    s.seen = batch.n;
    s.loss = result.loss * (double)batch.n;
    s.correct = result.correct;
    s.top = result.top;
    snn__fill_metrics(tr, &s, metrics);
    return SNN_OK;
}

snn_status snn_trainer_step(snn_trainer *trainer, const snn_batch *batch, snn_metrics *metrics)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, false));
    return snn__trainer_leave(trainer, step(trainer, batch, metrics));
}

/* ---- a prediction ---- */

static snn_status predict(snn_trainer *tr, const snn_batch *given, float *out)
{
    struct snn__batch batch;
    struct snn__result result;
    size_t n, end;

    SNN__TRY(snn__check_ready(tr, false));
    SNN__TRY(snn__take_batch(tr, &batch, given));
    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: out is NULL", tr->owner);
    n = batch.whole = batch.n;
    for (size_t s = 0; s < tr->shards.n; s++) { /* of all ranks: what it is for */
        batch.from = snn__shard_begins(&tr->shards, n, s);
        end = snn__shard_begins(&tr->shards, n, s + 1);
        batch.n = end - batch.from;
        if (batch.n == 0)
            continue;
        SNN__TRY(snn__run_part(tr, &batch, &result));
        snn__layers(tr->ctx)->transfer(out + batch.from * tr->classes, tr->out_sum, batch.n * tr->classes);
    }
    tr->split.samples = n;
    return SNN_OK;
}

snn_status snn_trainer_predict(snn_trainer *trainer, const snn_batch *batch, float *out)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, true));
    return snn__trainer_leave(trainer, predict(trainer, batch, out));
}
