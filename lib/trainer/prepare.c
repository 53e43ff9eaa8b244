/* trainer/prepare.c - preparing a trainer: settings, checks of network and method, the plan. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "trainer/rule.h"
#include <string.h>

/* What updates at every step has a plan for each shard. */
static void drop_replicas(snn_trainer *tr)
{
    for (size_t k = 0; tr->shards.replica != NULL && k + 1 < tr->shards.ranks.own; k++) {
        snn__trainer_release_plan(&tr->shards.replica[k]);
        snn__free(tr->ctx, tr->shards.replica[k].self);
    }
    snn__free(tr->ctx, tr->shards.replica);
    tr->shards.replica = NULL;
}

void snn__trainer_release_plan(snn_trainer *tr)
{
    drop_replicas(tr);
    snn__shards_release(&tr->shards);
    snn__blocks_free(&tr->blocks, &tr->pass);
    snn__pass_free(&tr->pass);
    snn__arena_free(&tr->arena);
    snn__projection_release(&tr->projecting);
    tr->stream.pass = NULL;
    tr->prepared = false;
    tr->n_logits = 0;
}

/* Decay, moments of single weights and signs lead out of the complement of the earlier tasks' subspace. */
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
    if (tr->shards.on && snn__param_is(&tr->params, SNN_TRAINER_SEND, "sign"))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: a projection with frozen rows needs send float32 or bf16; signs alone do not keep to "
                         "its directions",
                         tr->owner);
    return SNN_OK;
}

/* From the first frozen row on, batch norms keep their running values; a method that computes at rates has statistics
 * of its own. */
static snn_status hold_norms(const snn_trainer *tr, struct snn__demand *demand)
{
    demand->held = snn__projection_binds(tr->projecting.projection);
    for (size_t l = 0; demand->held && demand->factor == SNN__FACTOR_RATE && l < tr->net->n_layers; l++)
        if (tr->net->layer[l]->type->flags & SNN__LAYER_STATISTICS)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "%s: layer %s: with this method a projection with frozen rows does not train networks "
                             "with batch norm",
                             tr->owner, tr->net->layer[l]->name);
    return SNN_OK;
}

/* Batches, or shards, of one sample are refused where a batch norm sees one value per channel, whatever the data. */
static snn_status check_norms(const snn_trainer *tr)
{
    const snn_layer *norm = snn__shards_have_one(tr, tr->batch_max) ? snn__norm_of_one(tr, false) : NULL;

    if (norm != NULL && tr->shards.n > 1)
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "%s: layer %s: batches of %zu samples in %zu shards have shards of 1 sample, of which a batch "
            "norm over vectors has one value, and no variance; prepare for batches of %zu or more, or "
            "take fewer shards",
            tr->owner, norm->name, tr->batch_max, tr->shards.n, 2 * tr->shards.n);
    if (norm != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: layer %s: in batches of 1 sample a batch norm over vectors has one value, and no "
                         "variance; prepare for batches of 2 or more",
                         tr->owner, norm->name);
    return SNN_OK;
}

/* Errors reach the input by a chain of layers within a step or through time, and it is that of the samples. */
static snn_status check_input_error(const snn_trainer *tr, const struct snn__demand *demand)
{
    const bool reaches = demand->route == SNN__ROUTE_SPACE || demand->route == SNN__ROUTE_TIME;

    if (!demand->input_error ||
        (reaches && demand->factor != SNN__FACTOR_ELIGIBILITY && tr->encoder == SNN__ENCODER_DIRECT))
        return SNN_OK;
    return snn__fail(SNN_ERR_UNSUPPORTED,
                     "%s: there is no gradient of the input; bptt, ottt, sltt and sei send errors down to it, with "
                     "the encoder direct",
                     tr->owner);
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
        tr->mixing.alpha = snn__param_f64(p, SNN_TRAINER_MIXUP);
    }
    tr->readout = (enum snn__readout)snn__name_index(snn__readout_names, snn__param_str(p, SNN_TRAINER_LOSS_ON));
    if (tr->rates && tr->readout == SNN__READOUT_step)
        tr->readout = SNN__READOUT_mean;
    tr->encoder = snn__param_is(p, SNN_TRAINER_ENCODER, "direct")    ? SNN__ENCODER_DIRECT
                  : snn__param_is(p, SNN_TRAINER_ENCODER, "poisson") ? SNN__ENCODER_POISSON
                                                                     : SNN__ENCODER_LATENCY;
}

/* The trainer's own arrays, once the pass is planned. */
static snn_status plan_arrays(snn_trainer *tr, size_t batch, size_t blocks)
{
    struct snn__arena *a = &tr->arena;
    const size_t inputs = SNN__PRODUCT(batch, snn__shape_length(&tr->net->in));
    const size_t outputs = SNN__PRODUCT(batch, tr->classes);
    const bool at_once = snn__pass_by_layers(&tr->pass) || blocks > 0; /* the outputs of all steps come in the end */
    const struct snn__want want[] = {
        { &tr->out_sum, outputs, sizeof(float) },
        { &tr->peak, tr->readout == SNN__READOUT_max ? outputs : 0, sizeof *tr->peak },
        { &tr->sample, inputs, sizeof(float) },
        { &tr->scratch, inputs, sizeof(float) },
        { &tr->label, at_once ? SNN__PRODUCT(tr->steps, batch) : batch, sizeof *tr->label },
        { &tr->step_out, tr->classes, sizeof(float) },
        { &tr->length_room, batch, sizeof *tr->length_room },
        { &tr->target_room, at_once ? SNN__PRODUCT(tr->steps, outputs) : outputs, sizeof(float) },
        { &tr->failure, snn__threads(tr->ctx), sizeof *tr->failure },
        { &tr->sums, batch, sizeof *tr->sums },
        { &tr->gradient_sum, tr->observe & SNN_OBSERVE_GRADIENTS ? tr->run.length : 0, sizeof(float) },
        { &tr->kept.counts, tr->net->n_layers, sizeof *tr->kept.counts },
        { &tr->rank_one, tr->optimizer != NULL ? tr->net->n_layers : 0, sizeof *tr->rank_one },
        { &tr->fit.of, tr->classes, sizeof *tr->fit.of },
        { &tr->kept.fit.of, tr->classes, sizeof *tr->kept.fit.of },
        { &tr->room, SNN__PRODUCT(2, outputs), sizeof *tr->room },
        { &tr->mixing.partner, tr->mixing.alpha > 0 ? batch : 0, sizeof *tr->mixing.partner },
        { &tr->mixing.share, tr->mixing.alpha > 0 ? batch : 0, sizeof *tr->mixing.share },
        { &tr->logits, tr->loss.share > 0 ? SNN__PRODUCT(tr->batch_max, tr->classes) : 0, sizeof(float) },
    };

    return snn__arena_keep_all(a, want, sizeof want / sizeof *want);
}

/* replica: a plan beside the trainer's own, which does not evaluate. */
static snn_status plan(snn_trainer *tr, size_t batch, const struct snn__demand *demand, bool replica)
{
    struct snn__arena *a = &tr->arena;
    bool projects = tr->optimizer != NULL && tr->projecting.projection != NULL;
    /* observers see signals of the pass */
    const size_t block = demand->observed || replica ? 0 : snn__blocks_most(tr->net, batch);

    SNN__TRY(snn__pass_plan(&tr->pass, tr->ctx, tr->net, tr->optimizer == NULL && block > 0 ? block : batch,
                            tr->steps, demand));
    tr->pass.projecting = projects ? &tr->projecting : NULL;
    snn__arena_init(a, tr->ctx);
    SNN__TRY(plan_arrays(tr, batch, block));
    if (tr->rule->plan != NULL)
        SNN__TRY(tr->rule->plan(tr, a));
    SNN__TRY(snn__pass_commit(&tr->pass));
    if (block > 0)
        SNN__TRY(snn__blocks_plan(&tr->blocks, &tr->pass, block, batch));
    if (projects)
        SNN__TRY(snn__projection_plan(&tr->projecting, &tr->pass, a));
    if (tr->optimizer != NULL && !replica)
        SNN__TRY(snn__undo_plan(tr, a));
    if (!replica)
        SNN__TRY(snn__shards_plan(tr, a));
    SNN__TRY(snn__arena_commit(a));
    if (tr->optimizer != NULL && !replica)
        snn__undo_planned(tr);
    return SNN_OK;
}

/* A copy of the trainer without a plan. The rule's state is copied, too, so that planning changes nothing of `tr`. */
static snn_status begin_anew(snn_trainer *to, const snn_trainer *tr)
{
    *to = *tr;
    to->pass = (struct snn__pass){ .ctx = NULL };
    to->blocks = (struct snn__blocks){ .pass = NULL };
    to->arena = (struct snn__arena){ .ctx = NULL };
    to->projecting.task = NULL;
    to->stream.pass = NULL;
    to->split = (struct snn__split){ .done = SNN__PART_NONE };
    to->prepared = false;
    to->has_gradient = false;
    to->n_logits = 0;
    to->shards.ranks = (struct snn__ranks){ .room = NULL };
    to->shards.replica = NULL;
    if (tr->rule->state_size == 0)
        return SNN_OK;
    to->self = snn__alloc(tr->ctx, 1, tr->rule->state_size);
    if (to->self == NULL)
        return SNN_ERR_MEMORY;
    memcpy(to->self, tr->self, tr->rule->state_size);
    return SNN_OK;
}

/* The arrays of undo are the trainer's. */
static snn_status plan_replicas(snn_trainer *tr, const struct snn__demand *demand)
{
    struct snn__shards *s = &tr->shards;
    const size_t n = s->on && s->by_steps ? s->ranks.own - 1 : 0;

    if (n == 0)
        return SNN_OK;
    s->replica = snn__alloc(tr->ctx, n, sizeof *s->replica);
    if (s->replica == NULL)
        return SNN_ERR_MEMORY;
    for (size_t k = 0; k < n; k++) {
        SNN__TRY(begin_anew(&s->replica[k], tr));
        s->replica[k].shards = (struct snn__shards){ .n = 1 };
        SNN__TRY(plan(&s->replica[k], s->most, demand, true));
    }
    return SNN_OK;
}

static snn_status check_method(const snn_trainer *tr)
{
    snn_status rc = tr->rule->check != NULL ? tr->rule->check(tr) : SNN_OK;

    if (rc == SNN_ERR_UNSUPPORTED && tr->rule->networks != NULL)
        return snn__fail_more(rc, ". Networks for %s: %s", tr->rule->name, tr->rule->networks);
    return rc;
}

/* Checks that the method trains this network with these settings; `demand` receives the method's demand. */
static snn_status check_learning(snn_trainer *tr, struct snn__demand *demand)
{
    SNN__TRY(check_norms(tr));
    SNN__TRY(snn__network_check_latent(tr->net));
    SNN__TRY(check_method(tr));
    SNN__TRY(check_projection(tr));
    SNN__TRY(snn__mixup_check(tr));
    *demand =
        (struct snn__demand){ .factor = tr->rule->factor, .route = tr->rule->route, .learns = tr->rule->learns };
    if (tr->rule->choose != NULL)
        tr->rule->choose(tr, demand);
    demand->keeps |= demand->route == SNN__ROUTE_TIME;
    demand->input_error = (tr->observe & SNN_OBSERVE_INPUT) != 0;
    demand->inputs = tr->projecting.projection != NULL;
    SNN__TRY(hold_norms(tr, demand));
    SNN__TRY(check_input_error(tr, demand));
    if (tr->rates && tr->readout != SNN__READOUT_mean)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: loss_on %s: the loss is of the mean output, weighted as its rates",
                         tr->owner, snn__param_str(&tr->params, SNN_TRAINER_LOSS_ON));
    if (snn__judges_at_end(tr) && !demand->keeps && demand->route != SNN__ROUTE_RATES)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: loss_on %s needs a method that keeps all steps, as bptt",
                         tr->owner, snn__param_str(&tr->params, SNN_TRAINER_LOSS_ON));
    return SNN_OK;
}

/* Plans for batches of `batch` samples, in a trainer without a plan. */
static snn_status prepare(snn_trainer *tr, size_t batch)
{
    const snn_layer *last = snn__network_last(tr->net);
    struct snn__demand demand = { .route = SNN__ROUTE_NONE };
    char text[48];

    read_settings(tr);
    tr->batch_max = batch;
    snn__shards_read(tr, batch);
    if (last->out.rank != 1)
        return snn__fail(SNN_ERR_SHAPE, "%s: the last layer, %s, must give a vector [classes], not %s", tr->owner,
                         last->name, snn__shape_text(&last->out, text));
    tr->classes = snn__shape_length(&last->out);
    SNN__TRY(snn__shards_check(tr));
    if (tr->optimizer != NULL)
        SNN__TRY(check_learning(tr, &demand));
    demand.streams = batch == 1 && tr->steps == 1 && !tr->shards.on;
    demand.observed |= (tr->observe & SNN_OBSERVE_SIGNALS) != 0;
    SNN__TRY(snn__memory_renew(tr));
    SNN__TRY(plan(tr, tr->shards.most, &demand, false));
    SNN__TRY(plan_replicas(tr, &demand));
    if (tr->optimizer != NULL)
        snn__trainer_find_apart(tr);
    tr->prepared = true;
    snn__forget_counters(tr);
    return SNN_OK;
}

/* Frees what `tr` has, and `kept` has not. */
static void drop(snn_trainer *tr, const snn_trainer *kept)
{
    snn__trainer_release_plan(tr);
    snn__memory_free_old(kept, tr->memory, tr->n_memory);
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
    rc = snn__shards_planned(trainer, rc);
    if (rc == SNN_OK)
        rc = snn__shards_go_on(trainer, &before);
    if (rc == SNN_OK) {
        drop(&before, trainer);
        return SNN_OK;
    }
    drop(trainer, &before);
    *trainer = before;
    return rc;
}
