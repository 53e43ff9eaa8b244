/* trainer/credit.c - the one door to a weight gradient, and from the gradient to the optimizer.
 *
 *   dW += error at the postsynaptic side (x) presynaptic factor
 *
 * Every method passes here, so whatever maps the presynaptic factor or the gradient acts here, once, for all of them. */
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

/* Brings what was credited into pass->gradient, without what a projection holds back. */
static void settle(struct snn__pass *pass)
{
    snn__pass_settle(pass);
    if (pass->projecting != NULL)
        snn__projection_take(pass->projecting, pass);
}

void snn__step_credited(snn_trainer *trainer, size_t t)
{
    struct snn__pass *pass = &trainer->pass;

    if (!(trainer->observe & SNN_OBSERVE_GRADIENTS))
        return;
    settle(pass);
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

    if (trainer->observe & SNN_OBSERVE_GRADIENTS && !pass->whole && !pass->means) { /* else there are no single steps */
        snn__copy(trainer->ctx, pass->gradient, 1.0f, trainer->gradient_sum, n);
        trainer->ctx->kernels->fill(trainer->gradient_sum, 0.0f, n);
    } else {
        settle(pass);
    }
    snn__observe(trainer, SNN_PHASE_UPDATE, 0);
    trainer->learning_rate = snn_optimizer_rate(trainer->optimizer, trainer->run.epoch, trainer->run.updates);
    SNN__TRY(snn__optimizer_update(trainer->optimizer, &trainer->run, trainer->net->parameters, pass->gradient,
                                   &trainer->gradient_norm));
    confine(trainer->net);
    return SNN_OK;
}
