/* trainer/batch.c - one batch: input, forward pass, loss, and the sweeps of the method. */
#include "core/context.h"
#include "core/rng.h"
#include "core/size.h"
#include "trainer/rule.h"
#include <math.h>
#include <stdio.h>

/* ---- input ---- */

struct feeding {
    snn_trainer *trainer;
    const struct snn__batch *batch;
    size_t t;
    float *to; /* [n][len], channels last */
};

/* Position of sample b of the batch in its data set. */
static size_t sample_index(const struct feeding *k, size_t b)
{
    uint64_t at = k->batch->first + b;

    if (k->batch->dataset == NULL)
        return b;
    if (!k->batch->shuffled)
        return (size_t)at;
    return (size_t)snn__random_order(k->trainer->ctx->options.seed, SNN__RNG_SHUFFLE, k->batch->epoch, at,
                                     k->batch->count);
}

/* Step t has a frame of its own. */
static bool has_frame(const struct snn__batch *batch, size_t t)
{
    return t == 0 || batch->frames > 1;
}

static bool is_read(const struct snn__batch *batch, size_t t)
{
    return batch->dataset != NULL && (has_frame(batch, t) || batch->target_frames > 1);
}

/* Sample b has ended before step t. */
static bool has_ended(const struct feeding *k, size_t b)
{
    return k->trainer->length != NULL && k->t >= k->trainer->length[b];
}

/* Room for the target of sample b at this step. */
static float *target_room(const struct feeding *k, size_t b)
{
    const snn_trainer *tr = k->trainer;

    return tr->target_room + k->t * tr->target_pitch + b * tr->classes;
}

/* Reads sample b of a data set: a frame and its target, or a target alone. */
static snn_status read_sample(const struct feeding *k, size_t b, size_t index)
{
    snn_trainer *tr = k->trainer;
    const struct snn__batch *batch = k->batch;
    size_t n = tr->pass.input_len;
    snn_sample sample = { .struct_size = sizeof sample,
                          .x = (has_frame(batch, k->t) ? tr->sample : tr->scratch) + b * n,
                          .target = target_room(k, b) };

    SNN__TRY(snn__dataset_frame(batch->dataset, index, k->t, batch->augment, batch->epoch, tr->scratch + b * n,
                                &sample));
    if (k->t == 0)
        tr->length_room[b] = (uint32_t)sample.length;
    tr->label[b] = sample.label;
    if (batch->label != NULL && tr->label[b] >= tr->classes)
        return snn__fail(SNN_ERR_ARGUMENT, "label of sample %zu is %u; the network has %zu outputs", index,
                         tr->label[b], tr->classes);
    return SNN_OK;
}

static snn_status feed_one(const struct feeding *k, size_t b)
{
    snn_trainer *tr = k->trainer;
    const struct snn__batch *batch = k->batch;
    size_t n = tr->pass.input_len, index = sample_index(k, b), frame = batch->frames > 1 ? k->t : 0;
    const float *x = batch->dataset != NULL ? tr->sample + b * n : batch->x + (frame * batch->n + b) * n;
    float *to = k->to + b * n;

    if (has_ended(k, b)) {
        tr->ctx->kernels->fill(to, 0.0f, n);
        return SNN_OK;
    }
    if (is_read(batch, k->t))
        SNN__TRY(read_sample(k, b, index));
    if (k->t > 0 && tr->pass.is_static) /* the input is there */
        return SNN_OK;
    if (tr->encoder != SNN__ENCODER_DIRECT && batch->frames == 1) {
        uint64_t stream = batch->augment ? batch->epoch + 1 : 0;

        snn__encode(tr->encoder, tr->ctx->options.seed, stream, index, k->t, tr->steps, x, tr->scratch + b * n, n);
        x = tr->scratch + b * n;
    }
    snn__to_channels_last(&tr->net->in, 1, x, to);
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

/* Brings the input of step t into the pass, unless it is there, and the target of a data set. */
static snn_status feed(snn_trainer *tr, const struct snn__batch *batch, size_t t)
{
    struct feeding k = { tr, batch, t, snn__pass_input(&tr->pass, t) };
    const struct snn__failure *first = NULL;

    if (t > 0 && tr->pass.is_static && !is_read(batch, t))
        return SNN_OK;
    for (size_t i = 0; i < snn__threads(tr->ctx); i++)
        tr->failure[i].rc = SNN_OK;
    snn__parallel(tr->ctx, feed_sample, &k, batch->n);
    for (size_t i = 0; i < snn__threads(tr->ctx); i++)
        if (tr->failure[i].rc != SNN_OK && (first == NULL || tr->failure[i].sample < first->sample))
            first = &tr->failure[i];
    tr->unread = first != NULL;
    if (first != NULL)
        return snn__fail(first->rc, "%s", first->text);
    if (t == 0 && batch->dataset != NULL)
        take_lengths(tr, batch);
    return SNN_OK;
}

/* ---- output ---- */

static size_t count_correct(const snn_trainer *tr, size_t n)
{
    size_t correct = 0;

    for (size_t b = 0; b < n; b++) {
        const float *out = tr->out_sum + b * tr->classes;
        size_t best = 0;

        for (size_t c = 1; c < tr->classes; c++)
            if (out[c] > out[best])
                best = c;
        correct += best == tr->label[b];
    }
    return correct;
}

/* ---- one step, one batch ---- */

/* Outputs have labels or targets. */
static bool judged(const snn_trainer *tr, const struct snn__batch *batch)
{
    return batch->label != NULL || tr->target_frames > 0;
}

/* Gathers the output of step t, if there is one, judges it and shows it to an observer. */
static snn_status take_output(snn_trainer *tr, size_t t, bool error, bool judged, double *loss)
{
    if (snn__pass_output(&tr->pass, t).data != NULL) {
        snn__gather(tr, t);
        if (judged && !tr->loss_on_mean) {
            SNN__TRY(snn__judge_step(tr, t, error));
            *loss = tr->step_loss;
        }
        if (judged && tr->target_frames > 1)
            snn__fit_add(tr, t);
    }
    snn__observe(tr, SNN_PHASE_FORWARD, t);
    return SNN_OK;
}

static snn_status run_step(snn_trainer *tr, const struct snn__batch *batch, size_t t, bool train, double *loss)
{
    bool whole = snn__pass_by_layers(&tr->pass) && train; /* outputs exist once the last step is done */
    bool trained = tr->rule->trains == NULL || !train || tr->rule->trains(tr, t);

    SNN__TRY(feed(tr, batch, t));
    if (t == 0)
        SNN__TRY(snn__check_judging(tr));
    if (train && tr->rule->before)
        tr->rule->before(tr, t);
    snn__pass_forward(&tr->pass, t);
    if (train && tr->rule->after)
        tr->rule->after(tr, t);
    if (whole && t + 1 < tr->steps)
        return SNN_OK;
    for (size_t s = whole ? 0 : t; s <= t; s++) {
        double of_step = 0;

        SNN__TRY(take_output(tr, s, train && trained, judged(tr, batch), &of_step));
        *loss += trained ? of_step : 0.0;
    }
    if (!isfinite(*loss))
        return snn__fail(SNN_ERR_DIVERGED, "the loss of step %zu is not finite; a smaller learning rate may help", t);
    if (!train || !trained || tr->rule->step == NULL || tr->pass.demand.keeps)
        return SNN_OK;
    return tr->rule->step(tr, t);
}

/* Shows the method the input of all steps before the first one runs, if it differs from step to step. */
static snn_status look_ahead(snn_trainer *tr, const struct snn__batch *batch)
{
    if (!tr->looks_ahead || snn__is_static(tr, batch->frames))
        return SNN_OK;
    for (size_t t = 0; t < tr->steps; t++) {
        SNN__TRY(feed(tr, batch, t));
        tr->rule->ahead(tr, t);
    }
    return SNN_OK;
}

static snn_status run_steps(snn_trainer *tr, const struct snn__batch *batch, bool train, double *loss)
{
    while (snn__pass_run(&tr->pass))
        for (size_t t = 0; t < tr->steps; t++) {
            SNN__TRY(feed(tr, batch, t));
            snn__pass_measure(&tr->pass, t);
        }
    for (size_t t = 0; t < tr->steps; t++)
        SNN__TRY(run_step(tr, batch, t, train, loss));
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

static snn_status check_training(const snn_trainer *tr, const struct snn__batch *batch)
{
    const snn_layer *norm = batch->n == 1 ? snn__norm_of_one(tr, snn__is_static(tr, batch->frames)) : NULL;

    if (norm != NULL)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "%s: layer %s: one sample gives a batch norm over vectors one value, which has no variance; "
                         "train with 2 samples or more",
                         tr->owner, norm->name);
    return tr->pass.projecting != NULL ? snn__projection_check(&tr->projecting) : SNN_OK;
}

/* The targets of all steps are there at once: the host gave them, or all outputs come at the end. */
static bool has_all_targets(const snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    return batch->target_frames > 1 && (batch->dataset == NULL || (snn__pass_by_layers(&tr->pass) && train));
}

static void begin_batch(snn_trainer *tr, const struct snn__batch *batch, bool train)
{
    /* nothing is constant where weights or eligibilities change from step to step, or an observer takes the gradient
     * of each */
    bool constancy = !train || (tr->pass.demand.learns == SNN__LEARNS_PER_BATCH &&
                                tr->pass.demand.factor != SNN__FACTOR_ELIGIBILITY &&
                                !(tr->observe & SNN_OBSERVE_GRADIENTS));
    uint64_t stream = tr->run.batches;

    if (train) {
        snn__undo_keep(tr);
        tr->has_gradient = false;
    }
    if (train && tr->pass.projecting != NULL)
        snn__projection_begin(&tr->projecting, stream);
    snn__pass_begin(&tr->pass, batch->n, train, constancy && snn__is_static(tr, batch->frames), stream);
    if (batch->label != NULL && batch->label != tr->label)
        for (size_t b = 0; b < batch->n; b++)
            tr->label[b] = batch->label[b];
    tr->target = batch->target;
    tr->target_frames = batch->target_frames;
    tr->target_pitch = has_all_targets(tr, batch, train) ? batch->n * tr->classes : 0;
    tr->length = batch->length;
    tr->ctx->kernels->fill(tr->out_sum, 0.0f, batch->n * tr->classes);
    if (train && tr->rule->begin)
        tr->rule->begin(tr);
}

/* All steps, and the loss and the correct samples of their outputs. */
static snn_status run(snn_trainer *tr, const struct snn__batch *batch, bool train, struct snn__result *result)
{
    if (train)
        SNN__TRY(look_ahead(tr, batch));
    SNN__TRY(run_steps(tr, batch, train, &result->loss));
    if (judged(tr, batch) && tr->loss_on_mean)
        SNN__TRY(snn__judge_mean(tr, train, &result->loss));
    if (tr->target_frames == 1)
        snn__fit_add(tr, tr->steps);
    else if (tr->target_frames == 0 && batch->label != NULL)
        result->correct = count_correct(tr, batch->n);
    if (!isfinite(result->loss))
        return snn__fail(SNN_ERR_DIVERGED, "the loss is not finite; a smaller learning rate may help");
    return SNN_OK;
}

snn_status snn__run_batch(snn_trainer *tr, struct snn__batch *batch, bool train, struct snn__result *result)
{
    snn_status rc;

    result->loss = 0;
    result->correct = 0;
    tr->unread = false;
    tr->loss.teacher = train && tr->loss.share > 0 ? tr->logits : NULL;
    if (train)
        SNN__TRY(check_training(tr, batch));
    if (tr->loss.teacher != NULL)
        SNN__TRY(snn__ask_teacher(tr, batch));
    tr->stream.pass = NULL; /* it ends: the batch takes its arrays */
    begin_batch(tr, batch, train);
    rc = run(tr, batch, train, result);
    if (!train)
        return rc;
    if (rc != SNN_OK)
        snn__discard_gradient(tr);
    else
        rc = snn__finish(tr);
    if (rc != SNN_OK) {
        snn__undo(tr);
        return rc;
    }
    tr->n_logits = 0;
    tr->run.batches++;
    return SNN_OK;
}
