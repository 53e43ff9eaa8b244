/* trainer/credit.c - the one door to a weight gradient, and from the gradient to the optimizer.
 *
 *   dW += error at the postsynaptic side (x) presynaptic factor
 *
 * Every method passes here, so whatever maps the presynaptic factor or the gradient acts here, once, for all of
 * them. */
#include "core/context.h"
#include "trainer/rule.h"

void snn__credit(struct snn__pass *pass, struct snn__unit *unit, struct snn__io *io, struct snn__signal e)
{
    struct snn__signal factor = snn__unit_input_trace(pass, unit, 0, io->t), projected;

    if (factor.data == NULL)
        factor = io->x[0];
    projected = pass->projecting ? snn__projection_factor(pass->projecting, unit, io, factor) : factor;
    unit->layer->type->credit(&unit->node, io, e, projected);
    if (pass->projecting != NULL)
        snn__projection_credit(pass->projecting, pass, unit, io, e, factor);
}

/* Brings what was credited into pass->gradient, without what a projection holds back; outer products if `whole`. */
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
        if (net->layer[l]->type->confine != NULL)
            net->layer[l]->type->confine(net->layer[l]);
}

snn_status snn__learn(snn_trainer *trainer)
{
    struct snn__pass *pass = &trainer->pass;
    size_t n = trainer->run.length;
    struct snn__gradient g;

    /* else there are no single steps */
    if (trainer->observe & SNN_OBSERVE_GRADIENTS && !pass->whole && !pass->means) {
        snn__copy(trainer->ctx, pass->gradient, 1.0f, trainer->gradient_sum, n);
        trainer->ctx->kernels->fill(trainer->gradient_sum, 0.0f, n);
    } else {
        settle(pass, false);
    }
    trainer->has_gradient = true;
    snn__observe(trainer, SNN_PHASE_UPDATE, 0);
    SNN__TRY(snn__undo_check(trainer));
    trainer->learning_rate = snn_optimizer_rate(trainer->optimizer, trainer->run.epoch, trainer->run.updates);
    g = gradient(trainer);
    SNN__TRY(snn__optimizer_update(trainer->optimizer, &trainer->run, trainer->net->parameters, &g,
                                   &trainer->gradient_norm));
    confine(trainer->net);
    return SNN_OK;
}

snn_status snn__learn_within(snn_trainer *trainer)
{
    snn_status rc = snn__learn(trainer);

    if (rc == SNN_OK)
        snn__undo_keep(trainer);
    snn__pass_refresh(&trainer->pass);
    return rc;
}
