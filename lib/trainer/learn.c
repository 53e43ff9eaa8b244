/* trainer/learn.c - from errors to gradients, and from the gradient to the optimizer.
 *
 *   dW += error at the postsynaptic side (x) presynaptic factor
 *
 * Every gradient is formed here, so that a projection, which maps the factor or the gradient, acts for all
 * methods. */
#include "core/context.h"
#include "trainer/rule.h"

/* ---- gradients ---- */

void snn__credit(const struct snn__sweep *sweep, struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io,
                 struct snn__signal e, struct snn__signal factor)
{
    struct snn__projecting *p = pass->projecting;

    (void)sweep;
    unit->layer->type->credit(&unit->node, io, e, p ? snn__projection_factor(p, unit, io, factor) : factor);
    if (p != NULL)
        snn__projection_credit(p, pass, unit, io, e, factor);
}

/* Writes the credited gradients to pass->gradient, projected; outer products as well if `whole`. */
static void settle(struct snn__pass *pass, bool whole)
{
    snn__pass_settle(pass, whole || pass->projecting != NULL);
    if (pass->projecting != NULL)
        snn__projection_take(pass->projecting, pass);
}

/* The gradient of all parameters as the nodes have it. */
static struct snn__gradient gradient(snn_trainer *trainer)
{
    struct snn__gradient all = { trainer->pass.gradient, trainer->rank_one, 0 };

    for (size_t l = 0; l < trainer->pass.n; l++)
        if (trainer->pass.unit[l].node.rank_one.rows > 0)
            trainer->rank_one[all.n_rank_one++] = trainer->pass.unit[l].node.rank_one;
    return all;
}

void snn__step_credited(snn_trainer *trainer, size_t t)
{
    struct snn__pass *pass = &trainer->pass;

    if (!(trainer->observe & SNN_OBSERVE_GRADIENTS))
        return;
    settle(pass, true);
    snn__observe(trainer, SNN_PHASE_GRADIENT, t);
    snn__add_to(trainer->ctx, trainer->gradient_sum, 1.0f, pass->gradient, trainer->run.length);
}

/* Tensors with bounds come back into them. */
static void confine(snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layer[l]->type->confine != NULL && snn__layer_lr_scale(net->layer[l]) > 0)
            net->layer[l]->type->confine(net->layer[l]);
}

snn_status snn__update(snn_trainer *trainer)
{
    const struct snn__gradient g = gradient(trainer);

    trainer->learning_rate = snn_optimizer_rate(trainer->optimizer, trainer->run.epoch, trainer->run.updates);
    SNN__TRY(snn__optimizer_update(trainer->optimizer, &trainer->run, trainer->net->parameters, &g,
                                   &trainer->gradient_norm));
    confine(trainer->net);
    return SNN_OK;
}

snn_status snn__learn(snn_trainer *trainer)
{
    struct snn__pass *pass = &trainer->pass;
    size_t n = trainer->run.length;

    if (trainer->shard != NULL) { /* all shards are updated together */
        settle(pass, true);
        return snn__shard_learned(trainer);
    }
    /* by layers or means there are no single steps */
    if (trainer->observe & SNN_OBSERVE_GRADIENTS && !snn__pass_by_layers(pass) && !snn__pass_means(pass)) {
        snn__copy(trainer->ctx, pass->gradient, 1.0f, trainer->gradient_sum, n);
        trainer->ctx->kernels->fill(trainer->gradient_sum, 0.0f, n);
    } else {
        settle(pass, false);
    }
    trainer->has_gradient = true;
    snn__observe(trainer, SNN_PHASE_UPDATE, 0);
    SNN__TRY(snn__undo_check(trainer));
    if (snn__splits(trainer))
        return SNN_OK;
    SNN__TRY(snn__update(trainer));
    if (pass->demand.learns == SNN__LEARNS_PER_STEP) { /* the next step runs with the new parameters */
        snn__undo_keep(trainer);
        snn__pass_refresh(pass);
    }
    return SNN_OK;
}

void snn__discard_gradient(snn_trainer *trainer)
{
    snn__pass_settle(&trainer->pass, true);
    snn__projection_discard(&trainer->projecting);
    if (trainer->observe & SNN_OBSERVE_GRADIENTS)
        trainer->ctx->kernels->fill(trainer->gradient_sum, 0.0f, trainer->run.length);
}

/* ---- sweeps ---- */

const struct snn__sweep snn__sweep_errors = { .credit = NULL };

struct snn__sweep snn__sweep(enum snn__factor factor)
{
    return (struct snn__sweep){ .credit = snn__credit, .factor = factor };
}

/* No step after t can learn in this batch, or before the next update. */
static bool is_last(const snn_trainer *trainer, size_t t)
{
    if (trainer->pass.demand.learns == SNN__LEARNS_PER_STEP)
        return true;
    for (size_t s = t + 1; s < trainer->steps; s++)
        if (trainer->rule->trains == NULL || trainer->rule->trains(trainer, s))
            return false;
    return true;
}

/* The gradient of a layer leaves for the sum over all shards as soon as it is there, unless a projection changes it
 * later. */
static struct snn__sweep closing(snn_trainer *trainer, const struct snn__sweep *sweep)
{
    struct snn__sweep out = *sweep;

    if (trainer->shard != NULL && trainer->pass.projecting == NULL) {
        out.done = snn__shard_layer_done;
        out.done_arg = trainer;
    }
    return out;
}

snn_status snn__back_sweep(snn_trainer *trainer, size_t t, const struct snn__sweep *given)
{
    const struct snn__sweep last = closing(trainer, given), *sweep = is_last(trainer, t) ? &last : given;

    SNN__TRY(snn__pass_back_step(&trainer->pass, t, sweep));
    if (sweep->direct != NULL)
        snn__observe(trainer, SNN_PHASE_BACKWARD, t);
    snn__step_credited(trainer, t);
    return trainer->pass.demand.learns == SNN__LEARNS_PER_STEP ? snn__learn(trainer) : SNN_OK;
}

snn_status snn__back_step(snn_trainer *trainer, size_t t, enum snn__factor factor)
{
    const struct snn__sweep sweep = snn__sweep(factor);

    return snn__back_sweep(trainer, t, &sweep);
}

snn_status snn__back_direct(snn_trainer *trainer, size_t t, enum snn__factor factor, snn__direct_fn direct)
{
    struct snn__sweep sweep = snn__sweep(factor);

    sweep.direct = direct;
    sweep.arg = trainer;
    return snn__back_sweep(trainer, t, &sweep);
}

snn_status snn__finish(snn_trainer *trainer)
{
    return trainer->rule->finish != NULL ? trainer->rule->finish(trainer) : snn__finish_steps(trainer);
}

snn_status snn__finish_steps(snn_trainer *trainer)
{
    const struct snn__sweep any = snn__sweep(trainer->pass.demand.factor), sweep = closing(trainer, &any);

    if (trainer->pass.demand.learns == SNN__LEARNS_PER_STEP)
        return SNN_OK;
    snn__pass_back_constant(&trainer->pass, &sweep);
    return snn__learn(trainer);
}

static void credited(void *trainer, size_t t)
{
    snn__step_credited(trainer, t);
}

snn_status snn__back_time(snn_trainer *trainer, enum snn__factor factor, bool detached)
{
    struct snn__sweep sweep = snn__sweep(factor);

    sweep.detached = detached;
    sweep = closing(trainer, &sweep);
    snn__pass_back_time(&trainer->pass, &sweep, credited, trainer);
    return snn__learn(trainer);
}

snn_status snn__back_means(snn_trainer *trainer, enum snn__factor factor)
{
    const struct snn__sweep any = snn__sweep(factor), sweep = closing(trainer, &any);

    snn__pass_back_means(&trainer->pass, &sweep);
    return snn__learn(trainer);
}
