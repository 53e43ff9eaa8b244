/* trainer/trainer.c - a trainer: its parameters, its life, its settings. */
#include "trainer/trainer.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/structure.h"
#include "trainer/rule.h"
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define STEPS_MAX (1 << 20)
#define SHARDS_MAX 65536

/* The parameters of evaluation come first; an evaluator has no others. */
static const struct snn__param common[] = {
    SNN__PARAM_I64(SNN_TRAINER_STEPS, "steps", 1, STEPS_MAX, 6, "T, time steps per sample"),
    SNN__PARAM_STR(
        SNN_TRAINER_LOSS, "loss", SNN__CHOICES(SNN__LOSSES), "ce",
        "cross-entropy; mean squared, or half the squared, distance; mixture of the first two; mean absolute, "
        "or Huber's, distance"),
    SNN__PARAM_F64(SNN_TRAINER_LOSS_MIX, "loss_mix", 0.0, 1.0, 0.05, "share of the squared error in ce_mse"),
    SNN__PARAM_F64(SNN_TRAINER_HUBER_DELTA, "huber_delta", 1e-6, 1e6, 1.0, "distance beyond which huber is linear"),
    SNN__PARAM_STR(SNN_TRAINER_MSE_TARGET, "mse_target", "onehot|constant", "onehot",
                   "target that distances are measured from"),
    SNN__PARAM_F64(SNN_TRAINER_MSE_CONSTANT, "mse_constant", -1e6, 1e6, 1.0,
                   "target of every class if mse_target is constant"),
    SNN__PARAM_F64(SNN_TRAINER_LABEL_SMOOTHING, "label_smoothing", 0.0, 0.999, 0.0,
                   "e of (1 - e) onehot + e / classes"),
    SNN__PARAM_STR(SNN_TRAINER_LOSS_ON, "loss_on", SNN__CHOICES(SNN__READOUTS), "step",
                   "outputs that loss and class are of: each step's and their mean, the mean, the last step's, their "
                   "maxima over the steps, their sum"),
    SNN__PARAM_STR(SNN_TRAINER_ENCODER, "encoder", SNN__CHOICES(SNN__ENCODERS), "direct",
                   "conversion of a static sample into T inputs"),
    SNN__PARAM_I64(SNN_TRAINER_SHARDS, "shards", 1, SHARDS_MAX, 1,
                   "S: parts that a batch is cut into, each run as a batch of its own; ranks share them"),
    /* of training */
    SNN__PARAM_F64(SNN_TRAINER_DISTIL, "distil", 0.0, 1.0, 0.0, "mu: share of the teacher in the training loss"),
    SNN__PARAM_F64(SNN_TRAINER_DISTIL_TAU, "distil_tau", 1e-3, 1e3, 1.0,
                   "tau: temperature, divides the outputs of teacher and network"),
    SNN__PARAM_F64(SNN_TRAINER_MIXUP, "mixup", 0.0, 1e3, 0.0,
                   "alpha: samples and labels are mixed in pairs, by shares of Beta(alpha, alpha); 0: they are not"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_SHUFFLE, "shuffle", 0, 1, 1,
                        "the order of an epoch is drawn from seed and epoch"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_DROP_LAST, "drop_last", 0, 1, 0,
                        "an epoch leaves out a last batch that is not full"),
    SNN__PARAM_LIVE_I64(SNN_TRAINER_SKIP_UNREADABLE, "skip_unreadable", 0, 1, 0,
                        "an epoch leaves out batches with a sample that cannot be read"),
    SNN__PARAM_STR(
        SNN_TRAINER_REDUCE, "reduce", "fixed|any", "fixed",
        "order of sums over shards: fixed, the same bits for any number of ranks; any, the communicator's"),
    SNN__PARAM_STR(SNN_TRAINER_SEND, "send", "float32|bf16|sign", "float32",
                   "how gradients travel; bf16 and sign carry what is lost over to the next update"),
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

/* The rule of an evaluator, which does not train. */
static const struct snn__rule no_method = { .name = NULL };

/* ---- life ---- */

/* Room for the tensors that are updated apart: any may be. */
static snn_status make_apart(snn_trainer *tr)
{
    size_t n = 0;

    for (size_t l = 0; l < tr->net->n_layers; l++)
        n += tr->net->layer[l]->n_tensors;
    tr->run.apart = tr->apart = snn__alloc(tr->ctx, n, sizeof *tr->apart);
    return tr->apart != NULL ? SNN_OK : SNN_ERR_MEMORY;
}

void snn__trainer_find_apart(snn_trainer *tr)
{
    size_t n = 0;

    for (size_t l = 0; l < tr->net->n_layers; l++)
        for (size_t t = 0; t < tr->net->layer[l]->n_tensors; t++) {
            const struct snn__tensor *tensor = &tr->net->layer[l]->tensor[t];
            const float lr_scale = (float)snn__layer_lr_scale(tr->net->layer[l]);

            if (tensor->trained && (tensor->latent || lr_scale != 1.0f))
                tr->apart[n++] = (struct snn__apart){ { tensor->offset, tensor->offset + tensor->length },
                                                      !tensor->latent,
                                                      lr_scale };
        }
    tr->run.n_apart = n;
}

/* The populations were trained by their rates, as by dsr: the output is read as the training read it. */
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
    SNN__TRY(make_apart(tr));
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
        return snn__fail(SNN_ERR_ARGUMENT, "trainer: optimizer is NULL; to evaluate without training, call "
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
        return snn__fail(SNN_ERR_STATE,
                         "%s: it evaluates, and does not train; snn_trainer_create() makes a trainer "
                         "that does",
                         tr->owner);
    return SNN_OK;
}

void snn_trainer_destroy(snn_trainer *trainer)
{
    if (trainer == NULL)
        return;
    /* not in a callback; a child of fork() may, of a trainer that another thread was using */
    assert(atomic_load(&trainer->use) == SNN__USE_NONE || !snn__pool_has_workers(trainer->ctx->pool));
    snn__trainer_release_plan(trainer);
    for (size_t i = 0; i < SNN__MOMENTS_MAX; i++)
        snn__free(trainer->ctx, trainer->run.moment[i]);
    snn__memory_free(trainer->ctx, trainer->memory, trainer->n_memory);
    snn__free(trainer->ctx, trainer->apart);
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
    snn_status rc = SNN_OK;
    unsigned observed;

    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    if (flags & ~(SNN_OBSERVE_SIGNALS | SNN_OBSERVE_GRADIENTS | SNN_OBSERVE_INPUT))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: unknown observer flags 0x%x", trainer->owner, flags);
    if (flags & (SNN_OBSERVE_GRADIENTS | SNN_OBSERVE_INPUT))
        SNN__TRY(snn__trainer_check_learns(trainer));
    if (fn != NULL && trainer->prepared && trainer->shards.on)
        return snn__shards_no_observer(trainer);
    observed = trainer->observe;
    trainer->observe = fn ? flags : flags & SNN_OBSERVE_INPUT;
    if (trainer->prepared && trainer->observe != observed)
        rc = snn_trainer_prepare(trainer, trainer->batch_max);
    if (rc != SNN_OK) {
        trainer->observe = observed;
        return rc;
    }
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

/* Plans of the other shards of this rank. */
static uint64_t bytes_of_replicas(const snn_trainer *tr)
{
    uint64_t bytes = 0;

    for (size_t k = 0; tr->shards.replica != NULL && k + 1 < tr->shards.ranks.own; k++)
        bytes += sizeof *tr + snn__pass_bytes(&tr->shards.replica[k].pass) + tr->shards.replica[k].arena.bytes;
    return bytes;
}

/* Bytes that it holds, once prepared. */
static uint64_t bytes_of(const snn_trainer *tr)
{
    uint64_t memory = 0;

    for (size_t i = 0; i < tr->n_memory; i++)
        memory += sizeof *tr->memory + (uint64_t)tr->memory[i].rows * tr->memory[i].columns * sizeof(float);
    return snn__pass_bytes(&tr->pass) + snn__blocks_bytes(&tr->blocks, &tr->pass) + tr->arena.bytes + memory +
           tr->run.n_moments * tr->run.length * sizeof(float) + sizeof *tr + bytes_of_replicas(tr);
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
    i.samples = trainer->shards.on ? trainer->split.samples : trainer->pass.batch;
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
