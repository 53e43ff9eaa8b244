/* trainer/trainer.c - creating, setting and preparing a trainer: the public face. */
#include "trainer/trainer.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/rng.h"
#include "core/structure.h"
#include "trainer/rule.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MAX (1 << 20)

/* Those of evaluation come first; an evaluator has no others. */
static const struct snn__param common[] = {
    SNN__PARAM_I64(SNN_TRAINER_STEPS, "steps", 1, STEPS_MAX, 6, "T, time steps per sample"),
    SNN__PARAM_STR(SNN_TRAINER_LOSS, "loss", SNN__CHOICES(SNN__LOSSES), "ce",
                   "cross-entropy; mean squared, or half the squared, distance; mixture of the first two; mean absolute, "
                   "or Huber's, distance"),
    SNN__PARAM_F64(SNN_TRAINER_LOSS_MIX, "loss_mix", 0.0, 1.0, 0.05, "share of the squared error in ce_mse"),
    SNN__PARAM_F64(SNN_TRAINER_HUBER_DELTA, "huber_delta", 1e-6, 1e6, 1.0,
                   "distance from which on huber is linear"),
    SNN__PARAM_STR(SNN_TRAINER_MSE_TARGET, "mse_target", "onehot|constant", "onehot", "what distances are from"),
    SNN__PARAM_F64(SNN_TRAINER_MSE_CONSTANT, "mse_constant", -1e6, 1e6, 1.0,
                   "target of every class if mse_target is constant"),
    SNN__PARAM_F64(SNN_TRAINER_LABEL_SMOOTHING, "label_smoothing", 0.0, 0.999, 0.0,
                   "e of (1 - e) onehot + e / classes"),
    SNN__PARAM_STR(SNN_TRAINER_LOSS_ON, "loss_on", "step|mean", "step",
                   "loss of every step's output, or of the mean output"),
    SNN__PARAM_STR(SNN_TRAINER_ENCODER, "encoder", SNN__CHOICES(SNN__ENCODERS), "direct",
                   "how a static sample becomes T inputs"),
    /* of training */
    SNN__PARAM_F64(SNN_TRAINER_DISTIL, "distil", 0.0, 1.0, 0.0,
                   "mu: share of the distance from a teacher in the loss"),
    SNN__PARAM_F64(SNN_TRAINER_DISTIL_TAU, "distil_tau", 1e-3, 1e3, 1.0,
                   "tau: both outputs are divided by it before that distance"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_SHUFFLE, "shuffle", 0, 1, 1, "epochs draw their order from seed and epoch"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_DROP_LAST, "drop_last", 0, 1, 0,
                        "epochs leave out a last batch that is not full"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_SKIP_UNREADABLE, "skip_unreadable", 0, 1, 0,
                        "epochs leave out batches of which a sample cannot be read"),
};

static const struct snn__param_kind kind = { .noun = "trainer", .since = "snn_trainer_prepare()" };

SNN__PARAM_CALLS(trainer, &kind)

#define N_COMMON (sizeof common / sizeof *common)

static size_t count_of_evaluation(void)
{
    size_t n = 0;

    while (n < N_COMMON && common[n].key != SNN_TRAINER_DISTIL)
        n++;
    return n;
}

/* An evaluator's: it trains in no way. */
static const struct snn__rule no_method = { .name = NULL };

/* ---- life ---- */

/* Where weight decay leaves the parameters alone. */
static snn_status find_undecayed(snn_trainer *tr)
{
    const snn_network *net = tr->net;
    size_t n = 0;

    tr->undecayed = snn__alloc(tr->ctx, net->n_layers, sizeof *tr->undecayed);
    if (tr->undecayed == NULL)
        return SNN_ERR_MEMORY;
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t t = 0; t < net->layer[l]->n_tensors; t++) {
            const struct snn__tensor *tensor = &net->layer[l]->tensor[t];

            if (tensor->latent)
                tr->undecayed[n++] = (struct snn__span){ tensor->offset, tensor->offset + tensor->length };
        }
    tr->run.undecayed = tr->undecayed;
    tr->run.n_undecayed = n;
    return SNN_OK;
}

/* Whether the populations were trained by their rates, as by dsr: what the output of such a network means. */
static bool has_rates(const snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layer[l]->type->flags & SNN__LAYER_RATES)
            return true;
    return false;
}

static snn_status set_up(snn_trainer *tr)
{
    const size_t n_common = tr->optimizer != NULL ? N_COMMON : count_of_evaluation();

    if (tr->rule->state_size) {
        tr->self = snn__alloc(tr->ctx, 1, tr->rule->state_size);
        if (tr->self == NULL)
            return SNN_ERR_MEMORY;
    }
    tr->params = (struct snn__params){ .kind = &kind,
                                       .owner = tr->owner,
                                       .fixed = &tr->prepared,
                                       .table = { common, tr->rule->params },
                                       .count = { n_common, tr->rule->n_params } };
    SNN__TRY(snn__params_init(&tr->params, tr->ctx));
    tr->rates = tr->optimizer != NULL ? tr->rule->route == SNN__ROUTE_RATES : has_rates(tr->net);
    tr->run.method = tr->rule->name;
    tr->run.length = tr->net->n_parameters;
    if (tr->optimizer == NULL)
        return SNN_OK;
    SNN__TRY(find_undecayed(tr));
    snn__optimizer_moments(tr->optimizer, &tr->run);
    for (size_t i = 0; i < tr->run.n_moments; i++) {
        tr->run.moment[i] = snn__alloc(tr->ctx, tr->run.length, sizeof(float));
        if (tr->run.moment[i] == NULL)
            return SNN_ERR_MEMORY;
    }
    return SNN_OK;
}

/* A trainer by `rule`, or with `optimizer` NULL an evaluator. */
static snn_status create(snn_trainer **out, snn_network *network, snn_optimizer *optimizer,
                         const struct snn__rule *rule)
{
    snn_trainer *tr;
    snn_status rc;

    SNN__TRY(snn_network_prepare(network));
    tr = snn__alloc(network->ctx, 1, sizeof *tr);
    if (tr == NULL)
        return SNN_ERR_MEMORY;
    tr->ctx = network->ctx;
    tr->net = network;
    tr->optimizer = optimizer;
    tr->rule = rule;
    if (optimizer != NULL)
        snprintf(tr->owner, sizeof tr->owner, "trainer %s", rule->name);
    else
        snprintf(tr->owner, sizeof tr->owner, "evaluator");
    rc = set_up(tr);
    if (rc == SNN_OK)
        *out = tr;
    else
        snn_trainer_destroy(tr);
    return rc;
}

snn_status snn_trainer_create(snn_trainer **out, snn_network *network, snn_optimizer *optimizer, const char *method)
{
    SNN__COMPUTES;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer: out is NULL");
    *out = NULL;
    if (network == NULL || method == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer: network or method is NULL");
    if (optimizer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "trainer: optimizer is NULL; what evaluates without training comes from "
                                           "snn_evaluator_create()");
    if (snn__rule_named(method) == NULL)
        return snn__unknown("training method", method, snn__rule_names);
    return create(out, network, optimizer, snn__rule_named(method));
}

snn_status snn_evaluator_create(snn_trainer **out, snn_network *network)
{
    SNN__COMPUTES;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "evaluator: out is NULL");
    *out = NULL;
    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "evaluator: network is NULL");
    return create(out, network, NULL, &no_method);
}

snn_status snn__trainer_check_learns(const snn_trainer *tr)
{
    if (tr->optimizer == NULL)
        return snn__fail(SNN_ERR_STATE, "%s: it evaluates, and does not train; snn_trainer_create() makes a trainer "
                                        "that does", tr->owner);
    return SNN_OK;
}

static void release_plan(snn_trainer *tr)
{
    snn__pass_free(&tr->pass);
    snn__arena_free(&tr->arena);
    snn__projection_release(&tr->projecting);
    tr->stream.pass = NULL;
    tr->prepared = false;
    tr->n_logits = 0;
}

/* ---- what a method carries from batch to batch ---- */

static void forget(snn_context *ctx, struct snn__memory *memory, size_t n)
{
    for (size_t i = 0; memory != NULL && i < n; i++)
        snn__free(ctx, memory[i].data);
    snn__free(ctx, memory);
}

/* Whether the memory that is there is what the parameters ask for; `n` receives how many arrays they ask for. */
static bool remembers(const snn_trainer *tr, size_t *n)
{
    struct snn__memory m;
    bool same = true;

    for (*n = 0; tr->rule->memory(tr, *n, &m); ++*n) {
        const struct snn__memory *have = *n < tr->n_memory ? &tr->memory[*n] : NULL;

        same &= have != NULL && strcmp(have->name, m.name) == 0 && have->rows == m.rows && have->columns == m.columns;
    }
    return same && *n == tr->n_memory;
}

static void begin_memory(const snn_trainer *tr, const struct snn__memory *m)
{
    /* the tensors of a layer take streams 8 l to 8 l + 4 */
    if (m->bound > 0.0f)
        snn__random_fill_uniform(tr->ctx->options.seed, SNN__RNG_INIT, m->layer * 8u + 5u + m->side, m->data,
                                 (size_t)m->rows * m->columns, -m->bound, m->bound);
}

/* Makes the memory that the parameters ask for, unless it is there. What was there before is the caller's then. */
static snn_status renew_memory(snn_trainer *tr)
{
    struct snn__memory *memory;
    size_t n;

    if (tr->rule->memory == NULL || remembers(tr, &n))
        return SNN_OK;
    memory = snn__alloc(tr->ctx, n, sizeof *memory);
    if (memory == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        tr->rule->memory(tr, i, &memory[i]);
        memory[i].data = snn__alloc(tr->ctx, SNN__PRODUCT(memory[i].rows, memory[i].columns), sizeof(float));
        if (memory[i].data == NULL) {
            forget(tr->ctx, memory, n);
            return SNN_ERR_MEMORY;
        }
        begin_memory(tr, &memory[i]);
    }
    tr->memory = memory;
    tr->n_memory = n;
    return SNN_OK;
}

/* Frees the memory that `old` has and `tr` has not. */
static void forget_old(const snn_trainer *tr, struct snn__memory *old, size_t n)
{
    if (old != tr->memory)
        forget(tr->ctx, old, n);
}

snn_status snn__trainer_remember(snn_trainer *tr)
{
    struct snn__memory *old = tr->memory;
    const size_t n = tr->n_memory;

    SNN__TRY(renew_memory(tr));
    forget_old(tr, old, n);
    return SNN_OK;
}

void snn_trainer_destroy(snn_trainer *trainer)
{
    if (trainer == NULL)
        return;
    /* not in a callback; a child of fork() may, of a trainer that another thread was using */
    assert(atomic_load(&trainer->use) == SNN__USE_NONE || !snn__pool_has_workers(trainer->ctx->pool));
    release_plan(trainer);
    for (size_t i = 0; i < SNN__MOMENTS_MAX; i++)
        snn__free(trainer->ctx, trainer->run.moment[i]);
    forget(trainer->ctx, trainer->memory, trainer->n_memory);
    snn__free(trainer->ctx, trainer->undecayed);
    snn__params_free(&trainer->params, trainer->ctx);
    snn__free(trainer->ctx, trainer->self);
    snn__free(trainer->ctx, trainer);
}

/* ---- settings ---- */

snn_status snn_trainer_on_progress(snn_trainer *trainer, snn_progress_fn fn, void *user)
{
    if (trainer == NULL)
        return snn__no_trainer();
    trainer->progress = fn;
    trainer->progress_user = user;
    return SNN_OK;
}

snn_status snn_trainer_on_noise(snn_trainer *trainer, snn_noise_fn fn, void *user)
{
    if (trainer == NULL)
        return snn__no_trainer();
    SNN__TRY(snn__trainer_check_learns(trainer));
    if (trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: a source of noise must come before snn_trainer_prepare()",
                         trainer->owner);
    trainer->noise = fn;
    trainer->noise_user = user;
    return SNN_OK;
}

snn_status snn_trainer_observe(snn_trainer *trainer, unsigned flags, snn_observe_fn fn, void *user)
{
    if (trainer == NULL)
        return snn__no_trainer();
    if (trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: an observer must come before snn_trainer_prepare()", trainer->owner);
    if (flags & ~(SNN_OBSERVE_SIGNALS | SNN_OBSERVE_GRADIENTS))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: unknown observer flags 0x%x", trainer->owner, flags);
    if (flags & SNN_OBSERVE_GRADIENTS)
        SNN__TRY(snn__trainer_check_learns(trainer));
    trainer->observe = fn ? flags : 0;
    trainer->observer = fn;
    trainer->observer_user = user;
    return SNN_OK;
}

snn_status snn_trainer_set_projection(snn_trainer *trainer, snn_projection *projection)
{
    if (trainer == NULL)
        return snn__no_trainer();
    SNN__TRY(snn__trainer_check_learns(trainer));
    if (trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: a projection must come before snn_trainer_prepare()", trainer->owner);
    if (projection != NULL && projection->net != trainer->net)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the projection belongs to another network", trainer->owner);
    trainer->projecting.projection = projection;
    return SNN_OK;
}

/* ---- preparing ---- */

/* Decay and moments of single weights lead out of the complement of what earlier tasks use. */
static snn_status check_projection(const snn_trainer *tr)
{
    double decay = 0;

    if (!snn__projection_binds(tr->projecting.projection))
        return SNN_OK;
    if (strcmp(tr->run.optimizer, "sgd") != 0)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: a projection with frozen rows needs the optimizer sgd; %s does not keep to its "
                         "directions",
                         tr->owner, tr->run.optimizer);
    SNN__TRY(snn_optimizer_get_f64(tr->optimizer, SNN_OPTIMIZER_WEIGHT_DECAY, &decay));
    if (decay != 0)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: a projection with frozen rows needs weight_decay 0, not %g",
                         tr->owner, decay);
    return SNN_OK;
}

/* From the first frozen row on, batch norms are what they are; a method that computes rates has statistics of its
 * own. */
static snn_status hold_norms(const snn_trainer *tr, struct snn__demand *demand)
{
    demand->held = snn__projection_binds(tr->projecting.projection);
    for (size_t l = 0; demand->held && snn__demand_equilibrium(demand) && l < tr->net->n_layers; l++)
        if (tr->net->layer[l]->type == snn__layer_type_named("batch_norm"))
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "%s: layer %s: with this method a projection with frozen rows does not train networks "
                             "with batch norm",
                             tr->owner, tr->net->layer[l]->name);
    return SNN_OK;
}

/* One sample a batch is too little where a batch norm sees one value of it, whatever the data. */
static snn_status check_norms(const snn_trainer *tr)
{
    const snn_layer *norm = snn__norm_of_one(tr, false);

    if (norm != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: layer %s: in batches of 1 sample a batch norm over vectors has one value, and no "
                         "variance; prepare for batches of 2 or more",
                         tr->owner, norm->name);
    return SNN_OK;
}

static void read_settings(snn_trainer *tr)
{
    const struct snn__params *p = &tr->params;

    tr->steps = (size_t)snn__param_i64(p, SNN_TRAINER_STEPS);
    tr->loss.kind = snn__loss_named(snn__param_str(p, SNN_TRAINER_LOSS));
    tr->loss.mix = (float)snn__param_f64(p, SNN_TRAINER_LOSS_MIX);
    tr->loss.delta = (float)snn__param_f64(p, SNN_TRAINER_HUBER_DELTA);
    tr->loss.constant = snn__param_is(p, SNN_TRAINER_MSE_TARGET, "constant");
    tr->loss.target = (float)snn__param_f64(p, SNN_TRAINER_MSE_CONSTANT);
    tr->loss.smoothing = (float)snn__param_f64(p, SNN_TRAINER_LABEL_SMOOTHING);
    if (tr->optimizer != NULL) {
        tr->loss.share = (float)snn__param_f64(p, SNN_TRAINER_DISTIL);
        tr->loss.tau = (float)snn__param_f64(p, SNN_TRAINER_DISTIL_TAU);
    }
    tr->loss_on_mean = snn__param_is(p, SNN_TRAINER_LOSS_ON, "mean") || tr->rates;
    tr->encoder = snn__param_is(p, SNN_TRAINER_ENCODER, "direct")    ? SNN__ENCODER_DIRECT
                  : snn__param_is(p, SNN_TRAINER_ENCODER, "poisson") ? SNN__ENCODER_POISSON
                                                                     : SNN__ENCODER_LATENCY;
}

/* The trainer's own arrays, once the pass is planned. */
static snn_status plan_arrays(snn_trainer *tr, size_t batch)
{
    struct snn__arena *a = &tr->arena;
    const size_t inputs = SNN__PRODUCT(batch, snn__shape_length(&tr->net->in));
    const size_t outputs = SNN__PRODUCT(batch, tr->classes);
    struct {
        void *pointer;
        size_t count, size;
    } want[] = {
        { &tr->out_sum, outputs, sizeof(float) },     { &tr->sample, inputs, sizeof(float) },
        { &tr->scratch, inputs, sizeof(float) },      { &tr->label, batch, sizeof *tr->label },
        { &tr->length_room, batch, sizeof *tr->length_room },
        { &tr->target_room, tr->pass.whole ? SNN__PRODUCT(tr->steps, outputs) : outputs, sizeof(float) },
        { &tr->failure, snn__threads(tr->ctx), sizeof *tr->failure }, { &tr->sums, batch, sizeof *tr->sums },
        { &tr->gradient_sum, tr->observe & SNN_OBSERVE_GRADIENTS ? tr->run.length : 0, sizeof(float) },
        { &tr->kept.counts, tr->net->n_layers, sizeof *tr->kept.counts },
        { &tr->rank_one, tr->optimizer != NULL ? tr->net->n_layers : 0, sizeof *tr->rank_one },
        { &tr->fit.of, tr->classes, sizeof *tr->fit.of },
        { &tr->kept.fit.of, tr->classes, sizeof *tr->kept.fit.of },
        { &tr->room, SNN__PRODUCT(2, outputs), sizeof *tr->room },
        { &tr->logits, tr->loss.share > 0 ? outputs : 0, sizeof(float) },
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(
            snn__arena_add(a, want[i].pointer, want[i].count, want[i].size, SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST));
    return SNN_OK;
}

static snn_status plan(snn_trainer *tr, size_t batch, const struct snn__demand *demand)
{
    struct snn__arena *a = &tr->arena;
    bool projects = tr->optimizer != NULL && tr->projecting.projection != NULL;

    SNN__TRY(snn__pass_plan(&tr->pass, tr->ctx, tr->net, batch, tr->steps, demand));
    tr->pass.projecting = projects ? &tr->projecting : NULL;
    snn__arena_init(a, tr->ctx);
    SNN__TRY(plan_arrays(tr, batch));
    if (tr->rule->plan != NULL)
        SNN__TRY(tr->rule->plan(tr, a));
    SNN__TRY(snn__pass_commit(&tr->pass));
    if (projects)
        SNN__TRY(snn__projection_plan(&tr->projecting, &tr->pass, a));
    if (tr->optimizer != NULL)
        SNN__TRY(snn__undo_plan(tr, a));
    SNN__TRY(snn__arena_commit(a));
    if (tr->optimizer != NULL)
        snn__undo_planned(tr);
    return SNN_OK;
}

static snn_status check_method(const snn_trainer *tr)
{
    snn_status rc = tr->rule->check != NULL ? tr->rule->check(tr) : SNN_OK;

    if (rc == SNN_ERR_UNSUPPORTED && tr->rule->networks != NULL)
        return snn__fail_more(rc, ". Networks for %s: %s", tr->rule->name, tr->rule->networks);
    return rc;
}

/* Whether the method trains this network with these settings, and what it asks of the plan then. */
static snn_status check_learning(snn_trainer *tr, size_t batch, struct snn__demand *demand)
{
    if (batch == 1)
        SNN__TRY(check_norms(tr));
    SNN__TRY(snn__network_check_latent(tr->net));
    SNN__TRY(check_method(tr));
    SNN__TRY(check_projection(tr));
    *demand = (struct snn__demand){ .factor = tr->rule->factor, .route = tr->rule->route, .learns = tr->rule->learns };
    if (tr->rule->choose != NULL)
        tr->rule->choose(tr, demand);
    demand->inputs = tr->projecting.projection != NULL;
    SNN__TRY(hold_norms(tr, demand));
    if (tr->loss_on_mean && !snn__demand_keeps(demand) && demand->route != SNN__ROUTE_RATES)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: loss_on mean needs a method that keeps all steps, as bptt",
                         tr->owner);
    return SNN_OK;
}

/* Plans for batches of so many samples, in a trainer without a plan. */
static snn_status prepare(snn_trainer *tr, size_t batch)
{
    const snn_layer *last = tr->net->layer[tr->net->n_layers - 1];
    struct snn__demand demand = { .route = SNN__ROUTE_NONE };
    char text[48];

    read_settings(tr);
    if (last->out.rank != 1)
        return snn__fail(SNN_ERR_SHAPE, "%s: the last layer, %s, must give a vector [classes], not %s", tr->owner,
                         last->name, snn__shape_text(&last->out, text));
    tr->classes = snn__shape_length(&last->out);
    if (tr->optimizer != NULL)
        SNN__TRY(check_learning(tr, batch, &demand));
    demand.streams = batch == 1 && tr->steps == 1;
    demand.observed = (tr->observe & SNN_OBSERVE_SIGNALS) != 0;
    SNN__TRY(renew_memory(tr));
    SNN__TRY(plan(tr, batch, &demand));
    tr->batch_max = batch;
    tr->prepared = true;
    snn__forget_counters(tr);
    return SNN_OK;
}

/* A trainer as it is, but without a plan: with a state of its rule of its own, so that planning changes nothing of
 * `tr`. */
static snn_status begin_anew(snn_trainer *to, const snn_trainer *tr)
{
    *to = *tr;
    to->pass = (struct snn__pass){ .ctx = NULL };
    to->arena = (struct snn__arena){ .ctx = NULL };
    to->projecting.task = NULL;
    to->stream.pass = NULL;
    to->prepared = false;
    to->has_gradient = false;
    to->n_logits = 0;
    if (tr->rule->state_size == 0)
        return SNN_OK;
    to->self = snn__alloc(tr->ctx, 1, tr->rule->state_size);
    if (to->self == NULL)
        return SNN_ERR_MEMORY;
    memcpy(to->self, tr->self, tr->rule->state_size);
    return SNN_OK;
}

/* Frees what `tr` has, and `kept` has not. */
static void drop(snn_trainer *tr, const snn_trainer *kept)
{
    release_plan(tr);
    forget_old(kept, tr->memory, tr->n_memory);
    snn__free(tr->ctx, tr->self);
}

snn_status snn_trainer_prepare(snn_trainer *trainer, size_t batch)
{
    SNN__COMPUTES;
    snn_trainer before;
    snn_status rc;

    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    if (batch == 0 || batch > (1u << 24))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: a batch of %zu samples; 1 to %u are possible", trainer->owner, batch,
                         1u << 24);
    before = *trainer;
    rc = begin_anew(trainer, &before);
    if (rc == SNN_OK)
        rc = prepare(trainer, batch);
    if (rc == SNN_OK) {
        drop(&before, trainer);
        return SNN_OK;
    }
    drop(trainer, &before);
    *trainer = before;
    return rc;
}

/* What it holds, once prepared. */
static uint64_t bytes_of(const snn_trainer *tr)
{
    uint64_t memory = 0;

    for (size_t i = 0; i < tr->n_memory; i++)
        memory += sizeof *tr->memory + (uint64_t)tr->memory[i].rows * tr->memory[i].columns * sizeof(float);
    return snn__pass_bytes(&tr->pass) + tr->arena.bytes + memory +
           tr->run.n_moments * tr->run.length * sizeof(float) + sizeof *tr;
}

snn_status snn_trainer_get_info(const snn_trainer *trainer, snn_trainer_info *info)
{
    snn_trainer_info i = SNN_TRAINER_INFO_INIT;

    if (trainer == NULL)
        return snn__no_trainer();
    SNN__TRY(snn__check_struct(info, "trainer info", "SNN_TRAINER_INFO_INIT"));
    i.prepared = trainer->prepared;
    i.method = trainer->rule->name;
    i.context = trainer->ctx;
    i.network = trainer->net;
    i.optimizer = trainer->optimizer;
    i.projection = trainer->projecting.projection;
    i.teacher = trainer->teacher;
    i.batch = trainer->prepared ? trainer->batch_max : 0;
    i.steps = (uint64_t)snn__param_i64(&trainer->params, SNN_TRAINER_STEPS);
    i.epochs = trainer->run.epoch;
    i.updates = trainer->run.updates;
    i.bytes = trainer->prepared ? bytes_of(trainer) : 0;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

struct snn__run *snn__trainer_run(snn_trainer *trainer)
{
    return &trainer->run;
}

snn_network *snn__trainer_network(const snn_trainer *trainer)
{
    return trainer->net;
}
