/* trainer/check.c - checks of a network that several methods share, with messages in the name of the method. */
#include "trainer/rule.h"

snn_status snn__check_forward(const snn_trainer *trainer)
{
    const snn_layer *layer = snn__network_feedback(trainer->net);

    if (layer != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: layer %s reads an earlier step; the method is for networks without delays",
                         trainer->rule->name, layer->name);
    return SNN_OK;
}

bool snn__needs_loss(const snn_trainer *trainer)
{
    const struct snn__pass *pass = &trainer->pass;

    for (size_t l = 0; l < pass->n; l++)
        if (snn__unit_side_readout(pass, &pass->unit[l]))
            return true;
    return pass->demand.losses;
}

/* A maximum does not commute with the trace, nor does a product. */
snn_status snn__check_traces(const snn_trainer *trainer)
{
    for (size_t l = 0; l < trainer->net->n_layers; l++) {
        const snn_layer *layer = trainer->net->layer[l];

        if (layer->type->flags & SNN__LAYER_MAXIMUM)
            return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s pools by maximum, which has no trace; use avgpool",
                             trainer->rule->name, layer->name);
        if (layer->type->flags & SNN__LAYER_NONLINEAR && snn__network_reads_trace(trainer->net, layer))
            return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s: %s has no trace", trainer->rule->name, layer->name,
                             layer->type->name);
    }
    return SNN_OK;
}
