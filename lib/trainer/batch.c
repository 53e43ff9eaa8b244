/* trainer/batch.c - one batch: input, forward, loss, and the method's part. */
#include "core/context.h"
#include "core/rng.h"
#include "core/size.h"
#include "trainer/rule.h"
#include <math.h>
#include <stdatomic.h>

/* ---- input ---- */

struct feeding {
    snn_trainer *trainer;
    const struct snn__batch *batch;
    size_t t;
    float *to; /* [n][len], channels last */
    _Atomic bool broken;
};

/* Position of sample b of the batch in its data set. */
static size_t sample_index(const struct feeding *k, size_t b)
{
    uint64_t at = k->batch->first + b;

    if (!k->batch->shuffled)
        return (size_t)at;
    return (size_t)snn__random_order(k->trainer->ctx->options.seed, SNN__RNG_SHUFFLE, k->batch->epoch, at, k->batch->count);
}

/* Sample b as delivered, read if this step needs a new frame. */
static const float *raw_sample(struct feeding *k, size_t b, size_t index)
{
    snn_trainer *tr = k->trainer;
    const struct snn__batch *batch = k->batch;
    size_t n = tr->pass.input_len, frame = batch->frames > 1 ? k->t : 0;
    float *sample = tr->sample + b * n;

    if (batch->dataset == NULL)
        return batch->x + (frame * batch->n + b) * n;
    if (k->t == 0 || batch->frames > 1)
        tr->read_rc[b] = snn__dataset_frame(batch->dataset, index, frame, batch->augment, batch->epoch, sample,
                                            tr->scratch + b * n, &tr->label[b]);
    return sample;
}

static void feed_sample(void *arg, size_t b, size_t worker)
{
    struct feeding *k = arg;
    snn_trainer *tr = k->trainer;
    size_t n = tr->pass.input_len, index = k->batch->dataset ? sample_index(k, b) : b;
    const float *x = raw_sample(k, b, index);
    float *to = k->to + b * n;

    (void)worker;
    if (k->batch->dataset != NULL && tr->read_rc[b] != SNN_OK) {
        atomic_store(&k->broken, true);
        return;
    }
    if (tr->encoder != SNN__ENCODER_DIRECT && k->batch->frames == 1) {
        uint64_t stream = k->batch->augment ? k->batch->epoch + 1 : 0;

        snn__encode(tr->encoder, tr->ctx->options.seed, stream, index, k->t, tr->steps, x, tr->scratch + b * n, n);
        x = tr->scratch + b * n;
    }
    snn__to_channels_last(&tr->net->in, 1, x, to);
    if (!tr->ctx->kernels->finite(to, n)) {
        tr->read_rc[b] = SNN_ERR_DIVERGED;
        atomic_store(&k->broken, true);
    }
}

/* Says what was wrong with the first sample that could not be fed. Reading it again, here, leaves its message in this thread. */
static snn_status explain(struct feeding *k)
{
    for (size_t b = 0; b < k->batch->n; b++) {
        size_t index = k->batch->dataset ? sample_index(k, b) : b;

        if (k->trainer->read_rc[b] == SNN_OK)
            continue;
        if (k->batch->dataset != NULL) {
            size_t n = k->trainer->pass.input_len;
            snn_status rc = snn__dataset_frame(k->batch->dataset, index, k->batch->frames > 1 ? k->t : 0, k->batch->augment,
                                               k->batch->epoch, k->trainer->sample + b * n, k->trainer->scratch + b * n,
                                               &k->trainer->label[b]);
            if (rc != SNN_OK)
                return rc;
        }
        return snn__fail(SNN_ERR_DIVERGED, "input: sample %zu holds a value that is not finite (step %zu)", index, k->t);
    }
    return snn__fail(SNN_ERR_INTERNAL, "input: no sample to blame");
}

/* Brings the input of step t into the pass, unless it is there already. */
static snn_status feed(snn_trainer *tr, const struct snn__batch *batch, size_t t)
{
    struct feeding k = { tr, batch, t, snn__pass_input(&tr->pass, t), false };

    if (t > 0 && tr->pass.is_static)
        return SNN_OK;
    for (size_t b = 0; b < batch->n; b++)
        tr->read_rc[b] = SNN_OK;
    snn__parallel(tr->ctx, feed_sample, &k, batch->n);
    if (atomic_load(&k.broken))
        return explain(&k);
    return SNN_OK;
}

/* ---- output ---- */

static snn_status check_labels(const snn_trainer *tr, const struct snn__batch *batch)
{
    for (size_t b = 0; b < batch->n; b++)
        if (tr->label[b] >= tr->classes)
            return snn__fail(SNN_ERR_ARGUMENT, "label of sample %llu is %u; the network has %zu outputs",
                             (unsigned long long)(batch->first + b), tr->label[b], tr->classes);
    return SNN_OK;
}

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

size_t snn__outputs(const snn_trainer *tr)
{
    return tr->steps - tr->pass.unit[tr->pass.n - 1].absent;
}

/* The loss of step t and the error at the output. */
static double loss_of_step(snn_trainer *tr, size_t t, size_t n, bool error)
{
    struct snn__signal out = snn__pass_output(&tr->pass, t);

    return snn__loss(tr->ctx, &tr->loss, out.data, out.scale, tr->label, n, tr->classes, 1.0 / (double)snn__outputs(tr),
                     error ? snn__pass_output_error(&tr->pass, t) : NULL, tr->sums);
}

static double share_of(const snn_trainer *tr, size_t t)
{
    return tr->rule->share ? tr->rule->share(tr, t) : 1.0 / (double)snn__outputs(tr);
}

/* Errors e at the mean output become those at the output of every step: share e. Where one error stands for all steps, it is
 * T times their mean by the shares. */
static void spread_error(snn_trainer *tr, float *e, size_t n)
{
    double sum = 0;

    for (size_t t = tr->steps; t-- > 0;) {
        double share = share_of(tr, t);

        sum += share * share;
        if (!tr->pass.means)
            snn__copy(tr->ctx, snn__pass_output_error(&tr->pass, t), (float)share, e, n); /* e itself is the last */
    }
    if (tr->pass.means)
        tr->ctx->kernels->scale(e, (float)((double)tr->steps * sum), e, n);
}

/* The loss of the mean output. */
static double loss_of_mean(snn_trainer *tr, size_t n, bool error)
{
    float *e = snn__pass_output_error(&tr->pass, 0);
    float mean = 1.0f / (float)snn__outputs(tr);
    double loss = snn__loss(tr->ctx, &tr->loss, tr->out_sum, mean, tr->label, n, tr->classes, 1.0, error ? e : NULL, tr->sums);

    if (error)
        spread_error(tr, e, n * tr->classes);
    return loss;
}

/* ---- one step, one batch ---- */

static snn_status run_step(snn_trainer *tr, const struct snn__batch *batch, size_t t, bool train, double *loss)
{
    bool whole = tr->pass.whole && train; /* outputs exist once the last step is done */
    bool trained = tr->rule->trains == NULL || !train || tr->rule->trains(tr->self, t);
    size_t n = batch->n * tr->classes;

    SNN__TRY(feed(tr, batch, t));
    if (t == 0 && batch->label != NULL)
        SNN__TRY(check_labels(tr, batch));
    if (train && tr->rule->before)
        tr->rule->before(tr->self, tr, t);
    snn__pass_forward(&tr->pass, t);
    if (whole && t + 1 < tr->steps)
        return SNN_OK;
    for (size_t s = whole ? 0 : t; s <= t; s++) {
        struct snn__signal out = snn__pass_output(&tr->pass, s);

        float weight = tr->rule->share ? (float)((double)tr->steps * share_of(tr, s)) : 1.0f;

        if (out.data != NULL)
            snn__add_to(tr->ctx, tr->out_sum, weight * out.scale, out.data, n);
        if (out.data != NULL && batch->label != NULL && !tr->loss_on_mean) {
            tr->step_loss = loss_of_step(tr, s, batch->n, train && trained);
            *loss += trained ? tr->step_loss : 0.0;
        }
        snn__observe(tr, SNN_PHASE_FORWARD, s);
    }
    if (!isfinite(*loss))
        return snn__fail(SNN_ERR_DIVERGED, "the loss of step %zu is not finite; a smaller learning rate may help", t);
    return train && trained && tr->rule->step ? tr->rule->step(tr->self, tr, t) : SNN_OK;
}

/* Shows the method an input that differs from step to step, before the steps. */
static snn_status look_ahead(snn_trainer *tr, const struct snn__batch *batch)
{
    if (tr->rule->looks_ahead == NULL || !tr->rule->looks_ahead(tr->self) ||
        (batch->frames == 1 && tr->encoder == SNN__ENCODER_DIRECT))
        return SNN_OK;
    for (size_t t = 0; t < tr->steps; t++) {
        SNN__TRY(feed(tr, batch, t));
        tr->rule->ahead(tr->self, tr, t);
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

/* What the steps before a failure gathered must not reach the next batch. */
static void discard_gradient(snn_trainer *tr)
{
    snn__pass_settle(&tr->pass, true);
    snn__projection_discard(&tr->projecting);
    if (tr->observe & SNN_OBSERVE_GRADIENTS)
        tr->ctx->kernels->fill(tr->gradient_sum, 0.0f, tr->run.length);
}

snn_status snn__run_batch(snn_trainer *tr, struct snn__batch *batch, bool train, struct snn__result *result)
{
    bool constancy = (!train || tr->rule->uses_constancy == NULL || tr->rule->uses_constancy(tr)) &&
                     !(train && tr->observe & SNN_OBSERVE_GRADIENTS);
    uint64_t stream = tr->run.batches;
    snn_status rc;

    result->loss = 0;
    result->correct = 0;
    tr->loss.teacher = train && tr->loss.share > 0 ? tr->logits : NULL;
    if (tr->loss.teacher != NULL)
        SNN__TRY(snn__ask_teacher(tr, batch));
    if (train && tr->pass.projecting != NULL) {
        SNN__TRY(snn__projection_check(&tr->projecting));
        snn__projection_begin(&tr->projecting, stream);
    }
    snn__pass_begin(&tr->pass, batch->n, train, constancy && batch->frames == 1 && tr->encoder == SNN__ENCODER_DIRECT, stream);
    if (batch->label != NULL && batch->label != tr->label)
        for (size_t b = 0; b < batch->n; b++)
            tr->label[b] = batch->label[b];
    tr->ctx->kernels->fill(tr->out_sum, 0.0f, batch->n * tr->classes);
    if (train && tr->rule->begin)
        tr->rule->begin(tr->self, tr, stream);
    rc = train ? look_ahead(tr, batch) : SNN_OK;
    if (rc == SNN_OK)
        rc = run_steps(tr, batch, train, &result->loss);
    if (rc != SNN_OK) {
        if (train)
            discard_gradient(tr);
        return rc;
    }
    if (batch->label != NULL) {
        if (tr->loss_on_mean)
            result->loss = loss_of_mean(tr, batch->n, train);
        result->correct = count_correct(tr, batch->n);
    }
    if (!isfinite(result->loss)) {
        if (train)
            discard_gradient(tr);
        return snn__fail(SNN_ERR_DIVERGED, "the loss is not finite; a smaller learning rate may help");
    }
    if (!train)
        return SNN_OK;
    tr->run.batches++;
    return tr->rule->finish(tr->self, tr);
}
