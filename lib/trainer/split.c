/* trainer/split.c - a batch in three parts, for a host that has a loss of its own: forward gives the outputs of all
 * steps, backward takes the errors at them and forms the gradients of the method, update lets the optimizer learn.
 *
 * Methods that keep all steps go back through them. The others learn from a step while it is there: backward runs the
 * batch again, from the same state and with the same random numbers. */
#include "core/context.h"
#include "core/fpu.h"
#include "kernel/layers.h"
#include "trainer/rule.h"

void snn__split_output(snn_trainer *tr, size_t t)
{
    const struct snn__signal y = snn__pass_output(&tr->pass, t);
    const size_t classes = tr->classes, n = tr->pass.batch * classes;
    float *error = snn__pass_output_error(&tr->pass, t);

    if (tr->split.out != NULL) {
        tr->ctx->kernels->scale(tr->split.out + t * n, y.scale, y.data, n);
        return;
    }
    snn__layers(tr->ctx)->transfer(error, tr->split.error + t * n, n);
    for (size_t b = 0; tr->length != NULL && b < tr->pass.batch; b++)
        if (t >= tr->length[b])
            tr->ctx->kernels->fill(error + b * classes, 0.0f, classes);
}

/* ---- checks ---- */

static snn_status check_parts(const snn_trainer *tr)
{
    const struct snn__demand *d = &tr->pass.demand;
    const char *why = tr->shards.on                       ? "a batch is cut into shards"
                      : d->learns == SNN__LEARNS_PER_STEP ? "it updates at every step"
                      : d->route != SNN__ROUTE_TIME && !snn__learns_in_steps(d->route)
                          ? "its error is of the mean output"
                      : snn__needs_loss(tr)  ? "it reads the loss of every sample"
                      : tr->mixing.alpha > 0 ? "mixup mixes the labels, too"
                                             : NULL;

    if (why != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: forward and backward are no calls of their own here: %s",
                         tr->owner, why);
    return SNN_OK;
}

static snn_status check_done(const snn_trainer *tr, enum snn__part done, const char *before)
{
    if (tr->split.done != done)
        return snn__fail(SNN_ERR_STATE, "%s: %s() comes right before this call, for the same batch", tr->owner,
                         before);
    return SNN_OK;
}

static snn_status check_same(const snn_trainer *tr, const struct snn__batch *batch)
{
    if (batch->n != tr->split.samples || batch->frames != tr->split.frames)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu samples of %zu frames; snn_trainer_forward() had %zu of %zu",
                         tr->owner, batch->n, batch->frames, tr->split.samples, tr->split.frames);
    return SNN_OK;
}

/* ---- the parts ---- */

static snn_status forward(snn_trainer *tr, const snn_batch *given, float *out)
{
    struct snn__batch batch;
    struct snn__result result;

    SNN__TRY(snn__check_ready(tr, true));
    SNN__TRY(check_parts(tr));
    SNN__TRY(snn__take_batch(tr, &batch, given));
    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: out is NULL", tr->owner);
    tr->ctx->kernels->fill(out, 0.0f, tr->steps * batch.n * tr->classes);
    snn__clear_counters(tr);
    tr->split.out = out;
    SNN__TRY(snn__run_batch(tr, &batch, true, &result));
    tr->split.done = SNN__PART_FORWARD;
    return SNN_OK;
}

/* From the kept steps; what persists is as the forward pass left it. */
static snn_status back_kept(snn_trainer *tr, const struct snn__batch *batch)
{
    snn_status rc;

    tr->length = batch->length;
    for (size_t t = 0; t < tr->steps; t++)
        if (snn__pass_output(&tr->pass, t).data != NULL)
            snn__split_output(tr, t);
    rc = snn__finish(tr);
    if (rc != SNN_OK)
        snn__undo(tr);
    return rc;
}

/* From the same state as the forward pass, as the same batch. */
static snn_status back_again(snn_trainer *tr, struct snn__batch *batch)
{
    struct snn__result result;
    snn_status rc;

    snn__undo(tr);
    snn__clear_counters(tr);
    tr->run.batches--;
    rc = snn__run_batch(tr, batch, true, &result);
    if (rc != SNN_OK)
        tr->run.batches++;
    return rc;
}

static snn_status backward(snn_trainer *tr, const snn_batch *given, const float *error)
{
    struct snn__batch batch;

    SNN__TRY(snn__check_ready(tr, true));
    SNN__TRY(check_done(tr, SNN__PART_FORWARD, "snn_trainer_forward"));
    SNN__TRY(snn__take_batch(tr, &batch, given));
    SNN__TRY(check_same(tr, &batch));
    if (error == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: error is NULL", tr->owner);
    if (!tr->ctx->kernels->finite(error, tr->steps * batch.n * tr->classes))
        return snn__fail(SNN_ERR_DIVERGED, "%s: an error is not finite", tr->owner);
    tr->split.done = SNN__PART_NONE;
    tr->split.error = error;
    SNN__TRY(tr->pass.demand.keeps ? back_kept(tr, &batch) : back_again(tr, &batch));
    tr->split.done = SNN__PART_BACKWARD;
    return SNN_OK;
}

static snn_status update(snn_trainer *tr)
{
    snn_status rc;

    SNN__TRY(snn__check_ready(tr, true));
    SNN__TRY(check_done(tr, SNN__PART_BACKWARD, "snn_trainer_backward"));
    tr->split.done = SNN__PART_NONE;
    rc = snn__update(tr);
    if (rc != SNN_OK)
        snn__undo(tr);
    return rc;
}

/* ---- the public face ---- */

/* The part is over: the host's arrays are its own again. */
static snn_status leave(snn_trainer *tr, snn_status rc)
{
    tr->split.out = NULL;
    tr->split.error = NULL;
    return snn__trainer_leave(tr, rc);
}

snn_status snn_trainer_forward(snn_trainer *trainer, const snn_batch *batch, float *out)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, false));
    return leave(trainer, forward(trainer, batch, out));
}

snn_status snn_trainer_backward(snn_trainer *trainer, const snn_batch *batch, const float *error)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, false));
    return leave(trainer, backward(trainer, batch, error));
}

snn_status snn_trainer_update(snn_trainer *trainer)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, false));
    return snn__trainer_leave(trainer, update(trainer));
}
