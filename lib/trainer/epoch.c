/* trainer/epoch.c - a step of the host's batch, an epoch, an evaluation, a prediction. */
#include "core/clock.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "trainer/rule.h"
#include <string.h>

static snn_status check_ready(const snn_trainer *tr, bool train)
{
    if (tr == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer is NULL");
    if (!tr->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", tr->owner);
    if (train && tr->optimizer == NULL)
        return snn__fail(SNN_ERR_STATE, "%s: has no optimizer, it can only evaluate", tr->owner);
    return train ? snn__network_check_latent(tr->net) : SNN_OK;
}

static snn_status check_metrics(const snn_metrics *metrics)
{
    if (metrics != NULL && metrics->struct_size < 16)
        return snn__fail(SNN_ERR_ARGUMENT, "metrics: struct_size is not set; begin with SNN_METRICS_INIT");
    return SNN_OK;
}

static snn_status check_batch(const snn_trainer *tr, const float *x, size_t frames, size_t n)
{
    if (x == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: x is NULL", tr->owner);
    if (n == 0 || n > tr->batch_max)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu samples; 1 to %zu were prepared for", tr->owner, n, tr->batch_max);
    if (frames != 1 && frames != tr->steps)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu frames; 1 (static) or %zu (one a step) are possible", tr->owner, frames,
                         tr->steps);
    return SNN_OK;
}

/* ---- the host's own batches ---- */

snn_status snn_trainer_step(snn_trainer *trainer, const float *x, size_t frames, const uint32_t *labels, size_t n,
                            snn_metrics *metrics)
{
    SNN__COMPUTES;
    struct snn__batch batch = { .x = x, .frames = frames, .label = labels, .n = n };
    struct snn__result result;
    double begin = snn__seconds();

    SNN__TRY(check_ready(trainer, true));
    SNN__TRY(check_metrics(metrics));
    SNN__TRY(check_batch(trainer, x, frames, n));
    if (labels == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: labels is NULL", trainer->owner);
    for (size_t b = 0; b < n; b++)
        if (labels[b] >= trainer->classes)
            return snn__fail(SNN_ERR_ARGUMENT, "%s: label %zu is %u; the network has %zu outputs", trainer->owner, b, labels[b],
                             trainer->classes);
    snn__clear_counters(trainer);
    SNN__TRY(snn__run_batch(trainer, &batch, true, &result));
    snn__fill_metrics(trainer, n, result.loss * (double)n, (double)result.correct, snn__seconds() - begin, metrics);
    return SNN_OK;
}

snn_status snn_trainer_predict(snn_trainer *trainer, const float *x, size_t frames, size_t n, float *out)
{
    SNN__COMPUTES;
    struct snn__batch batch = { .x = x, .frames = frames, .n = n };
    struct snn__result result;

    SNN__TRY(check_ready(trainer, false));
    SNN__TRY(check_batch(trainer, x, frames, n));
    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: out is NULL", trainer->owner);
    SNN__TRY(snn__run_batch(trainer, &batch, false, &result));
    memcpy(out, trainer->out_sum, n * trainer->classes * sizeof *out);
    return SNN_OK;
}

/* ---- data sets ---- */

static snn_status check_dataset(const snn_trainer *tr, const snn_dataset *dataset, snn_dataset_info *info)
{
    char got[48], want[48];
    snn_shape shape = { 0, { 1, 1, 1 } };

    if (dataset == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the data set is NULL", tr->owner);
    SNN__TRY(snn_dataset_get_info(dataset, info));
    shape.rank = info->rank;
    for (size_t i = 0; i < info->rank; i++)
        shape.dim[i] = snn__side(info->shape[i]);
    /* images may feed a network of vectors: the order of the numbers is the same */
    if (!snn__shape_equal(&shape, &tr->net->in) &&
        !(tr->net->in.rank == 1 && snn__shape_length(&shape) == tr->net->in.dim[0]))
        return snn__fail(SNN_ERR_SHAPE, "%s: the network expects samples %s, the data set has %s", tr->owner,
                         snn__shape_text(&tr->net->in, want), snn__shape_text(&shape, got));
    if (info->frames != 1 && info->frames != tr->steps)
        return snn__fail(SNN_ERR_SHAPE, "%s: samples of %zu frames do not fit %zu steps", tr->owner, info->frames, tr->steps);
    if (info->classes > tr->classes)
        return snn__fail(SNN_ERR_SHAPE, "%s: the data set has %zu classes, the network %zu outputs", tr->owner, info->classes,
                         tr->classes);
    if (info->count == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the data set is empty", tr->owner);
    return SNN_OK;
}

struct sums {
    uint64_t done, total;
    double loss, correct, begin;
};

/* Calls the host; false if it wants to stop. */
static bool go_on(const snn_trainer *tr, const struct sums *s, bool training)
{
    snn_progress p = { sizeof p, training, tr->run.epoch, s->done, s->total, 0, 0, snn__seconds() - s->begin };

    if (tr->progress == NULL)
        return true;
    if (s->done > 0) {
        p.loss = s->loss / (double)s->done;
        p.accuracy = s->correct / (double)s->done;
    }
    SNN__CALLS_HOST;
    return tr->progress(tr->progress_user, &p) == 0;
}

static snn_status one_batch(snn_trainer *tr, struct snn__batch *batch, struct sums *s, bool train)
{
    struct snn__result result;

    batch->first = s->done;
    batch->n = (size_t)snn__min(tr->batch_max, (size_t)(s->total - s->done));
    SNN__TRY(snn__run_batch(tr, batch, train, &result));
    s->done += batch->n;
    s->loss += result.loss * (double)batch->n;
    s->correct += (double)result.correct;
    return SNN_OK;
}

/* Samples behind which an epoch ends that goes on behind `done`. A last batch that is not full may be left out, and is where it would
 * be one sample, of which a batch norm over vectors has no variance. */
static uint64_t end_of_epoch(const snn_trainer *tr, const snn_dataset_info *info, uint64_t done)
{
    uint64_t rest = (info->count - done) % tr->batch_max;
    bool drops = snn__param_i64(&tr->params, SNN_TRAINER_DROP_LAST) != 0 ||
                 (rest == 1 && snn__norm_of_one(tr, snn__is_static(tr, info->frames)) != NULL);

    return info->count - (drops && rest < info->count ? rest : 0);
}

snn_status snn_trainer_epoch(snn_trainer *trainer, const snn_dataset *dataset, snn_metrics *metrics)
{
    SNN__COMPUTES;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    struct sums s = { 0 };
    struct snn__batch batch = { .augment = true };
    struct snn__run *run;

    SNN__TRY(check_ready(trainer, true));
    SNN__TRY(check_metrics(metrics));
    SNN__TRY(check_dataset(trainer, dataset, &info));
    run = &trainer->run;
    batch.dataset = dataset;
    batch.label = trainer->label;
    batch.frames = info.frames;
    batch.count = info.count;
    batch.shuffled = snn__param_i64(&trainer->params, SNN_TRAINER_SHUFFLE) != 0;
    batch.epoch = run->epoch;
    s.done = run->position;
    s.total = end_of_epoch(trainer, &info, s.done);
    s.loss = run->loss_sum;
    s.correct = run->correct;
    s.begin = snn__seconds();
    snn__clear_counters(trainer);
    while (s.done < s.total) {
        SNN__TRY(one_batch(trainer, &batch, &s, true));
        run->position = s.done;
        run->loss_sum = s.loss;
        run->correct = s.correct;
        if (!go_on(trainer, &s, true) && s.done < s.total)
            return snn__fail(SNN_ERR_CANCELLED, "%s: cancelled after %llu of %llu samples of epoch %llu", trainer->owner,
                             (unsigned long long)s.done, (unsigned long long)s.total, (unsigned long long)run->epoch + 1);
    }
    run->epoch++;
    run->position = 0;
    run->loss_sum = run->correct = 0;
    snn__fill_metrics(trainer, s.done, s.loss, s.correct, snn__seconds() - s.begin, metrics);
    return SNN_OK;
}

snn_status snn_trainer_evaluate(snn_trainer *trainer, const snn_dataset *dataset, snn_metrics *metrics)
{
    SNN__COMPUTES;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    struct sums s = { 0 };
    struct snn__batch batch = { .augment = false };
    snn_status rc = SNN_OK;

    SNN__TRY(check_ready(trainer, false));
    SNN__TRY(check_metrics(metrics));
    SNN__TRY(check_dataset(trainer, dataset, &info));
    batch.dataset = dataset;
    batch.label = trainer->label;
    batch.frames = info.frames;
    batch.count = s.total = info.count;
    s.begin = snn__seconds();
    snn__clear_counters(trainer);
    snn__pass_prepare_counting(&trainer->pass);
    trainer->pass.count = true;
    while (rc == SNN_OK && s.done < s.total) {
        rc = one_batch(trainer, &batch, &s, false);
        if (rc == SNN_OK && !go_on(trainer, &s, false))
            rc = snn__fail(SNN_ERR_CANCELLED, "%s: evaluation cancelled after %llu of %llu samples", trainer->owner,
                           (unsigned long long)s.done, (unsigned long long)s.total);
    }
    trainer->pass.count = false;
    if (rc != SNN_OK)
        return rc;
    snn__fill_metrics(trainer, s.done, s.loss, s.correct, snn__seconds() - s.begin, metrics);
    if (metrics != NULL && metrics->struct_size >= sizeof *metrics)
        metrics->learning_rate = metrics->gradient_norm = 0;
    return SNN_OK;
}
