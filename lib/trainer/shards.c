/* trainer/shards.c - a batch in shards.
 *
 *   gradient    sum_s n_s / B gradient_s,  s in the order of a fixed tree (lib/ranks), in pass->gradient
 *   state       shards_state.c
 *
 * Methods that update once a batch take one plan, in which the shards of this rank run one after the other. Where
 * every step has an update, all shards take step t, each in a plan of its own, before the first takes the next one.
 *
 * A rank whose shard failed takes part in all that the others do, and gives nothing more. */
#include "core/context.h"
#include "kernel/layers.h"
#include "trainer/rule.h"

/* ---- a shard ---- */

/* Own shard number k of a batch. */
static struct snn__batch cut(const snn_trainer *tr, const struct snn__batch *batch, size_t k)
{
    const struct snn__shards *s = &tr->shards;
    const size_t shard = s->ranks.first + k;
    struct snn__batch part = *batch;

    part.from = snn__shard_begins(s, batch->n, shard);
    part.n = snn__shard_begins(s, batch->n, shard + 1) - part.from;
    part.first += part.from;
    return part;
}

static struct snn__shard shard_of(snn_trainer *tr, const struct snn__batch *part, size_t k)
{
    const float weight = (float)((double)part->n / (double)part->whole);
    bool *left = tr->shards.left;

    for (size_t l = 0; l < tr->net->n_layers; l++)
        left[l] = false;
    return (struct snn__shard){ .of = &tr->shards, .number = k, .weight = weight, .factor = weight, .left = left };
}

float snn__shard_take_weight(snn_trainer *tr)
{
    if (tr->shard == NULL)
        return 1.0f;
    tr->shard->factor = 1.0f;
    return tr->shard->weight;
}

static void give_layer(const snn_trainer *tr, const snn_layer *layer)
{
    const struct snn__shard *shard = tr->shard;

    for (size_t i = 0; i < layer->n_tensors; i++) {
        const struct snn__tensor *t = &layer->tensor[i];

        if (t->trained)
            snn__ranks_give(&shard->of->ranks, shard->number, tr->pass.gradient + t->offset, shard->factor, t->offset,
                            t->offset + t->length);
    }
}

void snn__shard_layer_done(void *trainer, struct snn__pass *pass, struct snn__unit *unit)
{
    const snn_trainer *tr = trainer;
    struct snn__shard *shard = tr->shard;

    (void)pass;
    snn__unit_settle(unit);
    give_layer(tr, unit->layer);
    shard->left[unit->layer->index] = true;
    snn__ranks_poll(&shard->of->ranks);
}

snn_status snn__shard_learned(snn_trainer *tr)
{
    struct snn__shard *shard = tr->shard;

    SNN__TRY(snn__undo_check(tr));
    for (size_t l = tr->net->n_layers; l-- > 0;)
        if (!shard->left[l])
            give_layer(tr, tr->net->layer[l]);
    shard->learned = true;
    return SNN_OK;
}

/* How the shard changed the state goes into the sum. */
static void give_state(snn_trainer *tr, const struct snn__shard *shard)
{
    const size_t from = tr->run.length, floats = tr->shards.floats;

    snn__state_change(tr);
    snn__ranks_give(&tr->shards.ranks, shard->number, tr->shards.change, shard->weight, from, from + floats);
}

/* ---- all shards ---- */

/* The trainer goes on from the sum over all shards. */
static snn_status update(snn_trainer *tr)
{
    SNN__TRY(snn__undo_check(tr));
    tr->has_gradient = true;
    return snn__update(tr);
}

/* Frozen layers have no gradient, of which compression makes one: signs have no zero. */
static void clear_frozen(snn_trainer *tr)
{
    for (size_t l = 0; snn__ranks_residuals(&tr->shards.ranks) > 0 && l < tr->pass.n; l++) {
        const struct snn__unit *unit = &tr->pass.unit[l];
        const struct snn__tensor *tensor = unit->layer->tensor;

        for (size_t i = 0; !unit->trainable && i < unit->layer->n_tensors; i++)
            if (tensor[i].trained)
                tr->ctx->kernels->fill(tr->pass.gradient + tensor[i].offset, 0.0f, tensor[i].length);
    }
}

/* The sum and the reports of all shards. */
static snn_status exchange(snn_trainer *tr, bool *learned)
{
    struct snn__shards *s = &tr->shards;
    snn_status rc = snn__ranks_end(&s->ranks, tr->pass.gradient, s->change);

    s->lost |= rc != SNN_OK;
    clear_frozen(tr);
    return rc == SNN_OK ? snn__reports_exchange(tr, learned) : rc;
}

static void clear_reports(snn_trainer *tr)
{
    for (size_t k = 0; k < tr->shards.ranks.own; k++)
        snn__report_nothing(&tr->shards, k);
}

/* ---- one update for a batch ---- */

static void train_one(snn_trainer *tr, const struct snn__batch *batch, size_t k)
{
    const struct snn__batch part = cut(tr, batch, k);
    struct snn__shard shard = shard_of(tr, &part, k);
    struct snn__result result;
    snn_status rc;

    if (part.n == 0)
        return;
    snn__state_load(tr);
    snn__clear_counters(tr);
    tr->shard = &shard;
    rc = snn__train_part(tr, &part, &result);
    tr->shard = NULL;
    if (rc != SNN_OK) {
        snn__report_failure(tr, k, rc, tr->unread);
        return;
    }
    give_state(tr, &shard);
    snn__report_result(&tr->shards, k, tr, &result);
}

static snn_status train_batch(snn_trainer *tr, const struct snn__batch *batch)
{
    struct snn__shards *s = &tr->shards;
    bool learned;

    snn__ranks_begin(&s->ranks);
    for (size_t k = 0; k < s->ranks.own && !snn__report_failed(s); k++)
        train_one(tr, batch, k);
    SNN__TRY(exchange(tr, &learned));
    snn__state_take(tr, s->change);
    return update(tr);
}

/* ---- an update at every step ---- */

static snn_trainer *plan_of(snn_trainer *tr, size_t k)
{
    return k == 0 ? tr : &tr->shards.replica[k - 1];
}

/* The run's numbers, and the host's settings. Shards have parts of their own of the teacher's logits. */
static void follow(snn_trainer *replica, const snn_trainer *tr)
{
    replica->run = tr->run;
    replica->loss = tr->loss;
    replica->teacher = tr->teacher;
    replica->logits = tr->logits;
    replica->n_logits = tr->n_logits;
    replica->pass.projecting = tr->pass.projecting != NULL ? &replica->projecting : NULL;
}

/* What beginning changes is the same for all shards: a rank without samples takes it from one that begins in vain. */
static void begin_one(snn_trainer *tr, const struct snn__batch *batch, size_t k)
{
    struct snn__shards *s = &tr->shards;
    snn_trainer *of = plan_of(tr, k);
    struct snn__batch *part = &s->part[k];
    snn_status rc;

    *part = cut(tr, batch, k);
    s->result[k] = (struct snn__result){ 0 };
    if (k > 0)
        follow(of, tr);
    snn__clear_counters(of);
    snn__state_load(tr);
    of->unread = false;
    if (part->n == 0) {
        snn__pass_begin(&of->pass, 0, true, false, tr->run.batches);
        return;
    }
    rc = snn__begin_part(of, part);
    if (rc != SNN_OK)
        snn__report_failure(tr, k, rc, of->unread);
}

static void step_one(snn_trainer *tr, size_t t, size_t k)
{
    struct snn__shards *s = &tr->shards;
    snn_trainer *of = plan_of(tr, k);
    const struct snn__batch *part = &s->part[k];
    struct snn__shard shard = shard_of(tr, part, k);
    snn_status rc;

    if (part->n == 0)
        return;
    if (k > 0)
        of->run = tr->run;
    snn__state_load(tr);
    of->shard = &shard;
    rc = snn__run_step(of, part, t, true, &s->result[k]);
    of->shard = NULL;
    if (rc != SNN_OK) {
        snn__report_failure(tr, k, rc, of->unread);
        snn__discard_gradient(of);
        return;
    }
    give_state(tr, &shard);
    if (shard.learned)
        snn__report_learned(s, k);
}

/* The parameters changed: all plans derive from them anew. */
static void refresh(snn_trainer *tr)
{
    for (size_t k = 0; k < tr->shards.ranks.own; k++)
        snn__pass_refresh(&plan_of(tr, k)->pass);
}

static snn_status train_step(snn_trainer *tr, size_t t)
{
    struct snn__shards *s = &tr->shards;
    bool learned;

    snn__ranks_begin(&s->ranks);
    for (size_t k = 0; k < s->ranks.own && !snn__report_failed(s); k++)
        step_one(tr, t, k);
    SNN__TRY(exchange(tr, &learned));
    snn__state_take(tr, s->change);
    if (learned) {
        SNN__TRY(update(tr));
        snn__undo_keep(tr);
        snn__ranks_keep(&s->ranks);
        refresh(tr);
    } else {
        snn__ranks_undo(&s->ranks); /* the sum of nothing is not used: nothing is lost with it */
        tr->has_gradient = false;   /* that sum lies where the last one was */
    }
    snn__state_keep(tr);
    clear_reports(tr);
    return SNN_OK;
}

static void end_one(snn_trainer *tr, size_t k)
{
    struct snn__shards *s = &tr->shards;
    snn_trainer *of = plan_of(tr, k);
    snn_status rc;

    if (s->part[k].n == 0)
        return;
    rc = snn__end_part(of, &s->part[k], true, &s->result[k]);
    if (rc == SNN_OK)
        snn__report_result(s, k, of, &s->result[k]);
    else
        snn__report_failure(tr, k, rc, of->unread);
}

static snn_status train_steps(snn_trainer *tr, const struct snn__batch *batch)
{
    struct snn__shards *s = &tr->shards;
    bool learned;

    snn__state_keep(tr);
    for (size_t k = 0; k < s->ranks.own && !snn__report_failed(s); k++)
        begin_one(tr, batch, k);
    snn__state_keep(tr);
    for (size_t t = 0; t < tr->steps; t++)
        SNN__TRY(train_step(tr, t));
    for (size_t k = 0; k < s->ranks.own && !snn__report_failed(s); k++)
        end_one(tr, k);
    return snn__reports_exchange(tr, &learned);
}

/* ---- a batch ---- */

static snn_status evaluate(snn_trainer *tr, const struct snn__batch *batch)
{
    struct snn__shards *s = &tr->shards;
    bool learned;

    for (size_t k = 0; k < s->ranks.own && !snn__report_failed(s); k++) {
        const struct snn__batch part = cut(tr, batch, k);
        struct snn__result result;
        snn_status rc;

        if (part.n == 0)
            continue;
        snn__clear_counters(tr);
        rc = snn__run_part(tr, &part, &result);
        if (rc == SNN_OK)
            snn__report_result(s, k, tr, &result);
        else
            snn__report_failure(tr, k, rc, tr->unread);
    }
    return snn__reports_exchange(tr, &learned);
}

/* A rank that cannot begin tells the others. */
static snn_status train(snn_trainer *tr, const struct snn__batch *batch)
{
    snn_status rc = snn__begin_training(tr, batch);
    const bool begun = rc == SNN_OK;

    snn__ranks_keep(&tr->shards.ranks);
    tr->has_gradient = false;
    if (!begun)
        snn__report_failure(tr, 0, rc, false);
    rc = tr->shards.by_steps ? train_steps(tr, batch) : train_batch(tr, batch);
    if (rc != SNN_OK)
        snn__ranks_undo(&tr->shards.ranks);
    return begun ? snn__end_training(tr, rc) : rc;
}

snn_status snn__run_shards(snn_trainer *tr, const struct snn__batch *batch, bool trains, struct snn__result *result)
{
    struct snn__shards *s = &tr->shards;
    snn_status rc;

    *result = (struct snn__result){ 0 };
    s->held->counts = s->counts;
    s->held->fit.of = s->fit;
    snn__save_counters(tr, s->held);
    clear_reports(tr);
    rc = trains ? train(tr, batch) : evaluate(tr, batch);
    snn__restore_counters(tr, s->held);
    tr->split.samples = batch->n;
    tr->unread &= !s->lost; /* no sample is to blame */
    if (rc == SNN_OK)
        snn__reports_add(tr, batch->n, result);
    return rc;
}
