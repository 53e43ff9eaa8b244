/* trainer/batch.c - one batch: forward pass, loss, and the sweeps of the method. */
#include "core/context.h"
#include "kernel/layers.h"
#include "trainer/rule.h"
#include <math.h>
#include <string.h>

/* ---- output ---- */

#define TOP 5

/* A sample, or `share` of it: its label is the first of the largest outputs, or among the first five. */
static void count(const snn_trainer *tr, const float *out, uint32_t label, double share, struct snn__result *result)
{
    const size_t before = snn__layers(tr->ctx)->before(out, tr->classes, label);

    if (before == 0)
        result->correct += share;
    if (before < TOP)
        result->top += share;
}

static void count_correct(const snn_trainer *tr, size_t n, struct snn__result *result)
{
    for (size_t b = 0; b < n; b++)
        count(tr, tr->out_sum + b * tr->classes, tr->labels[b], 1.0, result);
}

/* The same at step t, as shares of the steps of each sample. */
static void count_correct_steps(snn_trainer *tr, size_t t, struct snn__result *result)
{
    const struct snn__signal out = snn__pass_output(&tr->pass, t);
    const size_t n = tr->classes, first = tr->steps - snn__outputs(tr);

    for (size_t b = 0; b < tr->pass.batch; b++) {
        const size_t steps = tr->length != NULL ? tr->length[b] : tr->steps;

        if (!snn__has_step(tr, t, b))
            continue;
        tr->ctx->kernels->scale(tr->step_out, out.scale, out.data + b * n, n);
        count(tr, tr->step_out, tr->labels[t * tr->label_pitch + b], 1.0 / (double)(steps - first), result);
    }
}

/* ---- one step, one batch ---- */

/* Outputs have labels or targets. */
static bool judged(const snn_trainer *tr, const struct snn__batch *batch)
{
    return batch->label != NULL || tr->target_frames > 0;
}

/* A step that counts for no sample has no error. */
static snn_status judge_step(snn_trainer *tr, size_t t, bool error, double *loss)
{
    if (snn__step_counts(tr, t)) {
        SNN__TRY(snn__judge_step(tr, t, error));
        *loss = tr->step_loss;
    } else if (error) {
        tr->ctx->kernels->fill(snn__pass_output_error(&tr->pass, t), 0.0f, tr->pass.batch * tr->classes);
    }
    return SNN_OK;
}

/* Gathers the output of step t, if there is one, judges it and shows it to an observer. */
static snn_status take_output(snn_trainer *tr, size_t t, bool error, bool judged, struct snn__result *result)
{
    if (snn__pass_output(&tr->pass, t).data != NULL) {
        snn__gather(tr, t);
        if (snn__splits(tr))
            snn__split_output(tr, t);
        if (judged && !snn__judges_at_end(tr))
            SNN__TRY(judge_step(tr, t, error, &result->loss));
        if (judged && tr->target_frames > 1)
            snn__fit_add(tr, t);
        if (judged && tr->label_frames > 1)
            count_correct_steps(tr, t, result);
    }
    snn__observe(tr, SNN_PHASE_FORWARD, t);
    return SNN_OK;
}

/* Outputs of all steps exist once the last one is done. */
static bool ends_at_once(const snn_trainer *tr, bool train)
{
    return train ? snn__pass_by_layers(&tr->pass) : tr->blocks.most > 0;
}

/* The outputs that step t brings. `trained`: their loss counts. */
static snn_status take_outputs(snn_trainer *tr, const struct snn__batch *batch, size_t t, bool train, bool trained,
                               struct snn__result *result)
{
    const bool at_once = ends_at_once(tr, train);

    if (at_once && t + 1 < tr->steps)
        return SNN_OK;
    for (size_t s = at_once ? 0 : t; s <= t; s++) {
        struct snn__result of_step = { 0 };

        SNN__TRY(take_output(tr, s, train && trained, judged(tr, batch), &of_step));
        result->loss += trained ? of_step.loss : 0.0;
        result->correct += of_step.correct;
        result->top += of_step.top;
    }
    if (!isfinite(result->loss))
        return snn__fail(SNN_ERR_DIVERGED, "the loss of step %zu is not finite; a smaller learning rate may help", t);
    return SNN_OK;
}

/* The method learns from step t as it ends: it must have an output that counts. */
static bool learns_from(snn_trainer *tr, size_t t)
{
    return tr->rule->step != NULL && !tr->pass.demand.keeps && snn__pass_output(&tr->pass, t).data != NULL &&
           tr->split.out == NULL && snn__step_counts(tr, t);
}

snn_status snn__run_step(snn_trainer *tr, const struct snn__batch *batch, size_t t, bool train,
                         struct snn__result *result)
{
    const struct snn__rule *rule = tr->rule;
    bool trained = rule->trains == NULL || !train || rule->trains(tr, t);

    SNN__TRY(snn__feed(tr, batch, t));
    if (t == 0)
        SNN__TRY(snn__check_judging(tr));
    if (train && rule->before)
        rule->before(tr, t);
    snn__pass_forward(&tr->pass, t);
    if (train && rule->after)
        rule->after(tr, t);
    SNN__TRY(take_outputs(tr, batch, t, train, trained, result));
    return train && trained && learns_from(tr, t) ? rule->step(tr, t) : SNN_OK;
}

/* Gives the method the input of all steps before the first one runs, if it differs from step to step. */
static snn_status look_ahead(snn_trainer *tr, const struct snn__batch *batch)
{
    if (!tr->looks_ahead || snn__is_static(tr, batch->frames))
        return SNN_OK;
    for (size_t t = 0; t < tr->steps; t++) {
        SNN__TRY(snn__feed(tr, batch, t));
        tr->rule->ahead(tr, t);
    }
    return SNN_OK;
}

/* Blocks take all steps; the outputs of all come with the last one. */
static snn_status run_blocks(snn_trainer *tr, const struct snn__batch *batch, struct snn__result *result)
{
    SNN__TRY(snn__feed_blocks(tr, batch));
    SNN__TRY(snn__check_judging(tr));
    return take_outputs(tr, batch, tr->steps - 1, false, true, result);
}

static snn_status run_steps(snn_trainer *tr, const struct snn__batch *batch, bool train, struct snn__result *result)
{
    while (snn__pass_run(&tr->pass))
        for (size_t t = 0; t < tr->steps; t++) {
            SNN__TRY(snn__feed(tr, batch, t));
            snn__pass_measure(&tr->pass, t);
        }
    for (size_t t = 0; t < tr->steps; t++)
        SNN__TRY(snn__run_step(tr, batch, t, train, result));
    return SNN_OK;
}

bool snn__is_static(const snn_trainer *tr, size_t frames)
{
    return frames == 1 && tr->encoder == SNN__ENCODER_DIRECT;
}

const snn_layer *snn__norm_of_one(const snn_trainer *tr, bool is_static)
{
    for (size_t l = 0; l < tr->net->n_layers && !snn__projection_binds(tr->projecting.projection); l++) {
        const snn_layer *layer = tr->net->layer[l];
        bool alike = is_static && !tr->pass.unit[l].dynamic; /* the same at every step */

        if (layer->type->flags & SNN__LAYER_STATISTICS && layer->in.dim[1] * layer->in.dim[2] == 1 &&
            (alike || tr->steps == 1 || !(snn__layer_flags(layer) & SNN__LAYER_WHOLE)))
            return layer;
    }
    return NULL;
}

/* The plan and the optimizer know which layers are frozen. */
static snn_status check_scales(const snn_trainer *tr)
{
    for (size_t l = 0; l < tr->pass.n; l++)
        if (snn__layer_lr_scale(tr->net->layer[l]) != tr->pass.unit[l].lr_scale)
            return snn__fail(SNN_ERR_STATE,
                             "%s: lr_scale of layer %s changed since snn_trainer_prepare(): call it again", tr->owner,
                             tr->net->layer[l]->name);
    return SNN_OK;
}

/* Batches of so many samples have a shard of one, and are refused where that has no statistics. */
static snn_status check_norms(const snn_trainer *tr, const struct snn__batch *batch)
{
    const size_t shards = tr->shards.n;
    const snn_layer *norm =
        snn__shards_have_one(tr, batch->n) ? snn__norm_of_one(tr, snn__is_static(tr, batch->frames)) : NULL;

    if (norm == NULL)
        return SNN_OK;
    if (shards == 1)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "%s: layer %s: one sample gives a batch norm over vectors one value, which has no variance; "
                         "train with 2 samples or more",
                         tr->owner, norm->name);
    return snn__fail(SNN_ERR_ARGUMENT,
                     "%s: layer %s: %zu samples in %zu shards leave a shard of one, which gives a batch norm over "
                     "vectors one value, and no variance; train with %zu samples or more",
                     tr->owner, norm->name, batch->n, shards, 2 * shards);
}

static snn_status check_training(const snn_trainer *tr, const struct snn__batch *batch)
{
    SNN__TRY(check_norms(tr, batch));
    SNN__TRY(check_scales(tr));
    return tr->pass.projecting != NULL ? snn__projection_check(&tr->projecting) : SNN_OK;
}

/* The labels or targets of all steps are there at once: the host gave them, or all outputs come at the end. */
static bool has_all_aims(const snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    return snn__aim_frames(batch) > 1 && (batch->dataset == NULL || ends_at_once(tr, train));
}

/* Labels and targets, as the host or the data set gives them. */
static void take_aims(snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    const bool own = batch->dataset == NULL; /* the host's arrays are those of the whole batch */
    const size_t pitch = has_all_aims(tr, batch, train) ? (own ? batch->whole : batch->n) : 0;

    tr->label_frames = batch->label != NULL ? batch->label_frames : 0;
    tr->label_pitch = pitch;
    tr->labels = own && tr->label_frames > 1 ? batch->label + batch->from : tr->label;
    if (tr->label_frames == 1 && batch->label != tr->label)
        memcpy(tr->label, batch->label + batch->from, batch->n * sizeof *tr->label);
    tr->target = batch->target != NULL && own ? batch->target + batch->from * tr->classes : batch->target;
    tr->target_frames = batch->target_frames;
    tr->target_pitch = pitch * tr->classes;
    tr->length = batch->length != NULL ? batch->length + batch->from : NULL;
}

/* A layer may compute once for all steps: not where weights or eligibilities change from step to step, or an observer
 * takes the gradient of each. */
static bool has_constants(const snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    const struct snn__demand *d = &tr->pass.demand;

    if (train && (d->learns == SNN__LEARNS_PER_STEP || d->factor == SNN__FACTOR_ELIGIBILITY ||
                  tr->observe & SNN_OBSERVE_GRADIENTS))
        return false;
    return snn__is_static(tr, batch->frames);
}

static void begin(snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    uint64_t stream = tr->run.batches;

    tr->stream.pass = NULL; /* it ends: the batch takes its arrays */
    if (train)
        tr->has_gradient = false;
    if (train && tr->pass.projecting != NULL)
        snn__projection_begin(&tr->projecting, stream);
    tr->pass.first = batch->from;
    snn__pass_begin(&tr->pass, batch->n, train, has_constants(tr, batch, train), stream);
    take_aims(tr, batch, train);
    tr->ctx->kernels->fill(tr->out_sum, 0.0f, batch->n * tr->classes);
    if (train && tr->rule->begin)
        tr->rule->begin(tr);
}

/* The parts of the host's last batch are over. */
static void take(snn_trainer *tr, const struct snn__batch *batch)
{
    tr->unread = false;
    tr->split.done = SNN__PART_NONE;
    tr->split.samples = batch->n;
    tr->split.frames = batch->frames;
}

/* What the outputs of all steps come to. */
snn_status snn__end_part(snn_trainer *tr, const struct snn__batch *batch, bool train, struct snn__result *result)
{
    if (judged(tr, batch) && snn__judges_at_end(tr))
        SNN__TRY(snn__judge_outcome(tr, train, &result->loss));
    if (tr->target_frames == 1)
        snn__fit_add(tr, tr->steps);
    else if (tr->label_frames == 1)
        count_correct(tr, batch->n, result);
    if (!isfinite(result->loss))
        return snn__fail(SNN_ERR_DIVERGED, "the loss is not finite; a smaller learning rate may help");
    return SNN_OK;
}

/* All steps, and the loss and the correct samples of their outputs. */
static snn_status run(snn_trainer *tr, const struct snn__batch *batch, bool train, struct snn__result *result)
{
    if (train)
        SNN__TRY(look_ahead(tr, batch));
    if (!train && tr->blocks.most > 0)
        SNN__TRY(run_blocks(tr, batch, result));
    else
        SNN__TRY(run_steps(tr, batch, train, result));
    return snn__end_part(tr, batch, train, result);
}

snn_status snn__run_part(snn_trainer *tr, const struct snn__batch *batch, struct snn__result *result)
{
    *result = (struct snn__result){ 0 };
    take(tr, batch);
    tr->loss.teacher = NULL;
    begin(tr, batch, false);
    return run(tr, batch, false, result);
}

snn_status snn__begin_part(snn_trainer *tr, const struct snn__batch *batch)
{
    tr->loss.teacher = NULL;
    if (tr->loss.share > 0) {
        SNN__TRY(snn__ask_teacher(tr, batch));
        tr->loss.teacher = tr->logits + batch->from * tr->classes;
    }
    begin(tr, batch, true);
    return SNN_OK;
}

snn_status snn__train_part(snn_trainer *tr, const struct snn__batch *batch, struct snn__result *result)
{
    snn_status rc;

    *result = (struct snn__result){ 0 };
    tr->unread = false;
    SNN__TRY(snn__begin_part(tr, batch));
    rc = run(tr, batch, true, result);
    if (rc != SNN_OK)
        snn__discard_gradient(tr);
    else if (tr->split.out == NULL)
        rc = snn__finish(tr);
    return rc;
}

snn_status snn__begin_training(snn_trainer *tr, const struct snn__batch *batch)
{
    take(tr, batch);
    SNN__TRY(check_training(tr, batch));
    snn__undo_keep(tr);
    return SNN_OK;
}

snn_status snn__end_training(snn_trainer *tr, snn_status rc)
{
    if (rc != SNN_OK) {
        snn__undo(tr);
        return rc;
    }
    tr->n_logits = 0;
    tr->run.batches++;
    return SNN_OK;
}

snn_status snn__run_batch(snn_trainer *tr, struct snn__batch *batch, bool train, struct snn__result *result)
{
    batch->from = 0;
    batch->whole = batch->n;
    if (tr->shards.on)
        return snn__run_shards(tr, batch, train, result);
    if (!train)
        return snn__run_part(tr, batch, result);
    SNN__TRY(snn__begin_training(tr, batch));
    return snn__end_training(tr, snn__train_part(tr, batch, result));
}
