/* trainer/epoch.c - data sets: an epoch, an evaluation. */
#include "core/clock.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "trainer/rule.h"
#include <math.h>
#include <stdio.h>

/* ---- data sets ---- */

static snn_status check_samples(const snn_trainer *tr, const snn_dataset_info *info)
{
    char got[48], want[48];
    snn_shape shape = { info->rank, { 1, 1, 1 } };

    for (size_t i = 0; i < info->rank; i++)
        shape.dim[i] = snn__side(info->shape[i]);
    /* images may feed a network of vectors: the order of the numbers is the same */
    if (!snn__shape_equal(&shape, &tr->net->in) &&
        !(tr->net->in.rank == 1 && snn__shape_length(&shape) == tr->net->in.dim[0]))
        return snn__fail(SNN_ERR_SHAPE, "%s: the network expects samples %s, the data set has %s", tr->owner,
                         snn__shape_text(&tr->net->in, want), snn__shape_text(&shape, got));
    if (info->frames != 1 && info->frames != tr->steps)
        return snn__fail(SNN_ERR_SHAPE, "%s: samples of %zu frames do not fit %zu steps", tr->owner, info->frames,
                         tr->steps);
    return SNN_OK;
}

static snn_status check_targets(const snn_trainer *tr, const snn_dataset_info *info)
{
    if (info->classes > tr->classes)
        return snn__fail(SNN_ERR_SHAPE, "%s: the data set has %zu classes, the network %zu outputs", tr->owner,
                         info->classes, tr->classes);
    if (info->targets > 0 && info->targets != tr->classes)
        return snn__fail(SNN_ERR_SHAPE, "%s: the data set has targets of %zu numbers, the network %zu outputs",
                         tr->owner, info->targets, tr->classes);
    if (info->target_frames != 1 && info->target_frames != tr->steps)
        return snn__fail(SNN_ERR_SHAPE, "%s: %s of %zu frames do not fit %zu steps", tr->owner,
                         info->targets > 0 ? "targets" : "labels", info->target_frames, tr->steps);
    return SNN_OK;
}

static snn_status check_dataset(const snn_trainer *tr, const snn_dataset *dataset, snn_dataset_info *info)
{
    if (dataset == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the data set is NULL", tr->owner);
    SNN__TRY(snn_dataset_get_info(dataset, info));
    SNN__TRY(check_samples(tr, info));
    SNN__TRY(check_targets(tr, info));
    if (info->count == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the data set is empty", tr->owner);
    return SNN_OK;
}

/* Batches of a data set, in its order and not augmented. */
static struct snn__batch batches_of(const snn_trainer *tr, const snn_dataset *dataset, const snn_dataset_info *info)
{
    struct snn__batch batch = { .dataset = dataset, .frames = info->frames, .count = info->count };

    if (info->targets > 0) {
        batch.target = tr->target_room;
        batch.target_frames = info->target_frames;
    } else {
        batch.label = tr->label;
        batch.label_frames = info->target_frames;
    }
    return batch;
}

/* Calls the host; false if the host stops the epoch. */
static bool ask(snn_trainer *tr, const struct snn__sums *s)
{
    snn_progress p = { sizeof p,
                       s->training,
                       tr->run.epoch,
                       s->done,
                       s->total,
                       0,
                       0,
                       snn__seconds() - s->began,
                       snn__fit_square(&tr->fit, tr->classes),
                       snn__fit_r2(&tr->fit, tr->classes) };
    bool goes_on;

    if (tr->progress == NULL)
        return true;
    if (s->seen > 0) {
        p.loss = s->loss / (double)s->seen;
        p.accuracy = tr->fit.n > 0 ? NAN : s->correct / (double)s->seen;
    }
    SNN__CALLS_HOST;
    if (!s->training)
        return tr->progress(tr->progress_user, &p) == 0;
    atomic_store(&tr->use, SNN__USE_PROGRESS);
    goes_on = tr->progress(tr->progress_user, &p) == 0;
    atomic_store(&tr->use, SNN__USE_BATCH);
    snn__take_counters(tr); /* the host may have evaluated */
    return goes_on;
}

/* The same for all ranks: where the host of one stops, its next batch tells the others, and all stop after that. */
static bool go_on(snn_trainer *tr, const struct snn__sums *s)
{
    const bool goes_on = ask(tr, s);

    if (tr->shards.ranks.size <= 1)
        return goes_on;
    tr->shards.stop |= !goes_on;
    return !tr->shards.stopped;
}

/* Tells a data set that looks ahead which samples the next batch has, of those that this rank reads. */
static void tell_ahead(const snn_trainer *tr, const struct snn__batch *batch, uint64_t total)
{
    const uint64_t next = batch->first + batch->n;
    const size_t n = total - next < tr->batch_max ? (size_t)(total - next) : tr->batch_max;
    const uint64_t begin = next + snn__own_begins(&tr->shards, n), end = next + snn__own_ends(&tr->shards, n);

    for (uint64_t at = begin; at < end && snn__dataset_looks_ahead(batch->dataset); at++)
        snn__dataset_ahead(batch->dataset, snn__batch_sample(tr, batch, at), batch->augment, batch->epoch);
}

static snn_status one_batch(snn_trainer *tr, struct snn__batch *batch, struct snn__sums *s)
{
    struct snn__result result;

    batch->first = s->done;
    batch->n = (size_t)snn__min(tr->batch_max, (size_t)(s->total - s->done));
    tell_ahead(tr, batch, s->total);
    SNN__TRY(snn__run_batch(tr, batch, s->training, &result));
    s->done += batch->n;
    s->seen += batch->n;
    s->loss += result.loss * (double)batch->n;
    s->correct += result.correct;
    s->top += result.top;
    return SNN_OK;
}

/* ---- epochs ---- */

/* The number of samples at which an epoch that continues after `done` ends. A last batch that is not full may be left
 * out; one of a single sample, or of shards of one, always is where a batch norm over vectors would have no
 * variance. */
static uint64_t end_of_epoch(const snn_trainer *tr, const snn_dataset_info *info, uint64_t done)
{
    uint64_t rest = (info->count - done) % tr->batch_max;
    bool drops = snn__param_i64(&tr->params, SNN_TRAINER_DROP_LAST) != 0 ||
                 (rest > 0 && snn__shards_have_one(tr, (size_t)rest) &&
                  snn__norm_of_one(tr, snn__is_static(tr, info->frames)) != NULL);

    return info->count - (drops && rest < info->count ? rest : 0);
}

/* Said once, when a run begins: training sees less samples than the data set has. */
static void say_what_is_left_out(const snn_trainer *tr, const snn_dataset_info *info, uint64_t end)
{
    const snn_layer *norm = snn__norm_of_one(tr, snn__is_static(tr, info->frames));
    const size_t rest = info->count - (size_t)end;

    if (rest == 0 || norm == NULL || !snn__shards_have_one(tr, rest))
        return;
    if (tr->shards.n == 1)
        snn__log(
            tr->ctx, SNN_LOG_WARNING,
            "%s: %zu samples in batches of %zu leave a last batch of one, of which layer %s has no statistics: it "
            "is left out; another batch size keeps it",
            tr->owner, info->count, tr->batch_max, norm->name);
    else
        snn__log(
            tr->ctx, SNN_LOG_WARNING,
            "%s: %zu samples in batches of %zu leave a last batch of %zu, with a shard of one, of which layer %s "
            "has no statistics: it is left out; another batch size keeps it",
            tr->owner, info->count, tr->batch_max, rest, norm->name);
}

/* 0: the data set has labels. */
static size_t frames_of_targets(const snn_dataset_info *info)
{
    return info->targets > 0 ? info->target_frames : 0;
}

/* An epoch that is under way goes on over its own data set only. */
static snn_status check_under_way(const snn_trainer *tr, const snn_dataset_info *info)
{
    const struct snn__run *run = &tr->run;

    if (run->position == 0 ||
        (run->samples == info->count && run->frames == info->frames && run->target_frames == frames_of_targets(info)))
        return SNN_OK;
    return snn__fail(
        SNN_ERR_STATE,
        "%s: an epoch over %llu samples (frames: %llu, of targets: %llu) is under way, %llu of them done; this data "
        "set has %zu (frames: %zu, of targets: %zu). Continue with the same data, or discard the rest with "
        "snn_trainer_restart_epoch()",
        tr->owner, (unsigned long long)run->samples, (unsigned long long)run->frames,
        (unsigned long long)run->target_frames, (unsigned long long)run->position, info->count, info->frames,
        frames_of_targets(info));
}

void snn__end_epoch(snn_trainer *tr)
{
    struct snn__run *run = &tr->run;

    run->position = run->seen = run->samples = run->frames = run->target_frames = 0;
    run->loss_sum = run->correct = run->top5 = 0;
    snn__forget_counters(tr);
}

snn_status snn_trainer_restart_epoch(snn_trainer *trainer)
{
    SNN__TRY(snn__trainer_enter(trainer, false));
    snn__end_epoch(trainer);
    return snn__trainer_leave(trainer, SNN_OK);
}

/* Trains on a batch; with skip_unreadable, goes past one of which a sample cannot be read. */
static snn_status next_batch(snn_trainer *tr, struct snn__batch *batch, struct snn__sums *s)
{
    snn_status rc = one_batch(tr, batch, s);
    char why[sizeof tr->failure->text];

    if (rc == SNN_OK || !tr->unread || rc == SNN_ERR_CANCELLED)
        return rc;
    if (!snn__param_i64(&tr->params, SNN_TRAINER_SKIP_UNREADABLE)) {
        snprintf(why, sizeof why, "%s", snn_last_error());
        return snn__fail(rc, "%s; the next call tries its batch again, skip_unreadable 1 leaves it out", why);
    }
    snn__log(tr->ctx, SNN_LOG_WARNING, "%s: left out a batch of %zu samples: %s", tr->owner, batch->n,
             snn_last_error());
    snn__take_counters(tr);
    s->done += batch->n;
    return SNN_OK;
}

/* The position, at which the next call continues if this one fails. */
static void remember_place(snn_trainer *tr, const struct snn__batch *batch, const struct snn__sums *s)
{
    struct snn__run *run = &tr->run;

    run->position = s->done;
    run->seen = s->seen;
    run->samples = batch->count;
    run->frames = batch->frames;
    run->target_frames = batch->target_frames;
    run->loss_sum = s->loss;
    run->correct = s->correct;
    run->top5 = s->top;
    snn__keep_counters(tr);
}

static snn_status train_rest(snn_trainer *tr, struct snn__batch *batch, struct snn__sums *s)
{
    snn__take_counters(tr);
    while (s->done < s->total) {
        SNN__TRY(next_batch(tr, batch, s));
        remember_place(tr, batch, s);
        if (!go_on(tr, s) && s->done < s->total)
            return snn__fail(SNN_ERR_CANCELLED, "%s: cancelled after %llu of %llu samples of epoch %llu", tr->owner,
                             (unsigned long long)s->done, (unsigned long long)s->total,
                             (unsigned long long)tr->run.epoch + 1);
    }
    snn__end_epoch(tr);
    if (s->seen == 0)
        return snn__fail(SNN_ERR_IO, "%s: not one batch of the %llu samples could be read", tr->owner,
                         (unsigned long long)s->total);
    tr->run.epoch++;
    return SNN_OK;
}

/* The epoch's batches, and what all ranks agree on. */
static snn_status begin_epoch(snn_trainer *tr, const snn_dataset *dataset, snn_dataset_info *info,
                              struct snn__batch *batch)
{
    SNN__TRY(check_dataset(tr, dataset, info));
    SNN__TRY(check_under_way(tr, info));
    *batch = batches_of(tr, dataset, info);
    batch->augment = true;
    batch->shuffled = snn__param_i64(&tr->params, SNN_TRAINER_SHUFFLE) != 0;
    batch->epoch = tr->run.epoch;
    return SNN_OK;
}

static snn_status train_epoch(snn_trainer *tr, const snn_dataset *dataset, snn_metrics *metrics)
{
    const struct snn__run *run = &tr->run;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    struct snn__sums s;
    struct snn__batch batch;
    snn_status rc = snn__check_ready(tr, true);

    if (rc == SNN_OK)
        rc = snn__check_metrics(metrics);
    if (rc == SNN_OK)
        rc = begin_epoch(tr, dataset, &info, &batch);
    SNN__TRY(snn__shards_agree(tr, rc, SNN__CALL_EPOCH, &batch));
    s = (struct snn__sums){ .training = true,
                            .done = run->position,
                            .total = end_of_epoch(tr, &info, run->position),
                            .seen = run->seen,
                            .before = run->seen,
                            .loss = run->loss_sum,
                            .correct = run->correct,
                            .top = run->top5,
                            .began = snn__seconds() };
    if (run->epoch == 0 && run->position == 0)
        say_what_is_left_out(tr, &info, s.total);
    tr->shards.stop = false;
    SNN__TRY(train_rest(tr, &batch, &s));
    snn__fill_metrics(tr, &s, metrics);
    return SNN_OK;
}

snn_status snn_trainer_epoch(snn_trainer *trainer, const snn_dataset *dataset, snn_metrics *metrics)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, false));
    return snn__trainer_leave(trainer, train_epoch(trainer, dataset, metrics));
}

/* ---- evaluation ---- */

static snn_status evaluate_all(snn_trainer *tr, struct snn__batch *batch, struct snn__sums *s)
{
    while (s->done < s->total) {
        SNN__TRY(one_batch(tr, batch, s));
        if (!go_on(tr, s))
            return snn__fail(SNN_ERR_CANCELLED, "%s: evaluation cancelled after %llu of %llu samples", tr->owner,
                             (unsigned long long)s->done, (unsigned long long)s->total);
    }
    return SNN_OK;
}

/* Also within an epoch, whose end a host may have asked for. */
static snn_status evaluate_counting(snn_trainer *tr, struct snn__batch *batch, struct snn__sums *s)
{
    const bool stop = tr->shards.stop, stopped = tr->shards.stopped;
    snn_status rc;

    tr->shards.stop = false;
    snn__clear_counters(tr);
    snn__pass_prepare_counting(&tr->pass);
    tr->pass.count = tr->pass.settled = true;
    rc = evaluate_all(tr, batch, s);
    tr->pass.count = tr->pass.settled = false;
    tr->shards.stop = stop;
    tr->shards.stopped = stopped;
    return rc;
}

static snn_status evaluate(snn_trainer *tr, const snn_dataset *dataset, snn_metrics *metrics)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    struct snn__sums s = { .began = snn__seconds() };
    struct snn__batch batch;
    snn_status rc = snn__check_ready(tr, false);

    if (rc == SNN_OK)
        rc = snn__check_metrics(metrics);
    if (rc == SNN_OK)
        rc = check_dataset(tr, dataset, &info);
    if (rc == SNN_OK)
        batch = batches_of(tr, dataset, &info);
    SNN__TRY(snn__shards_agree(tr, rc, SNN__CALL_EVALUATE, &batch));
    s.total = info.count;
    SNN__TRY(evaluate_counting(tr, &batch, &s));
    snn__fill_metrics(tr, &s, metrics);
    return SNN_OK;
}

snn_status snn_trainer_evaluate(snn_trainer *trainer, const snn_dataset *dataset, snn_metrics *metrics)
{
    SNN__COMPUTES;

    SNN__TRY(snn__trainer_enter(trainer, true));
    return snn__trainer_leave(trainer, evaluate(trainer, dataset, metrics));
}
