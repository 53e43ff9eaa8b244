/* network/loop.c - checks that the firing rates of a network have the equilibrium of docs/methods/ide.md. */
#include "network/loop.h"

static snn_status find_rate(const snn_network *net, const char *method, size_t *rate)
{
    size_t found = 0;

    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layer[l]->type->flags & SNN__LAYER_GATHERS) {
            *rate = l;
            found++;
        }
    if (found != 1)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: the network has %zu rate layers; one must follow the last population", method, found);
    return SNN_OK;
}

/* V > 0, reset by subtraction, u[t] = decay (u[t-1] - V s[t-1]) + I[t] with the decay of the rate layer. */
static snn_status check_population(const snn_layer *layer, const char *method, double decay)
{
    bool lif = layer->model == snn__neuron_model_named("lif");

    if (!lif && layer->model != snn__neuron_model_named("if"))
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s is a %s; if and lif have the equilibrium", method,
                         layer->name, layer->model->name);
    if (!snn__param_is(&layer->params, SNN_NEURON_RESET, "subtract"))
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s must reset by subtraction", method, layer->name);
    if (snn__param_i64(&layer->params, SNN_NEURON_PER_NEURON) || snn__param_i64(&layer->params, SNN_NEURON_SMOOTH) ||
        snn__param_i64(&layer->params, SNN_NEURON_REFRACTORY) || snn__neuron_has_floor(&layer->params) ||
        snn__param_f64(&layer->params, SNN_NEURON_INITIAL) != 0 ||
        snn__param_i64(&layer->params, SNN_NEURON_INITIAL_PER_NEURON) ||
        (lif && snn__param_i64(&layer->params, SNN_NEURON_INPUT_SCALED)))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: layer %s: per_neuron, smooth, refractory, initial, initial_per_neuron and input_scaled "
                         "must be 0, and "
                         "there is no floor",
                         method, layer->name);
    if ((lif ? snn__param_f64(&layer->params, SNN_NEURON_DECAY) : 1.0) != decay)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s: its decay differs from that of the rate layer, %g",
                         method, layer->name, decay);
    return SNN_OK;
}

/* All delayed connections must read the population that the rate layer reads. */
static snn_status check_layer(const snn_layer *layer, const char *method, const snn_network *net,
                              const struct snn__loop *loop)
{
    for (size_t i = 0; i < layer->n_sources; i++)
        if (layer->source[i].delay && layer->source[i].node != (ptrdiff_t)loop->top)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "%s: layer %s reads %s with a delay; feedback must come from %s, the last population",
                             method, layer->name, layer->source[i].name, net->layer[loop->top]->name);
    if (layer->model == NULL)
        return SNN_OK;
    if (layer->index > loop->top)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: population %s comes after %s, which the rate layer reads", method,
                         layer->name, net->layer[loop->top]->name);
    return check_population(layer, method, loop->decay);
}

snn_status snn__network_loop(const snn_network *net, const char *method, struct snn__loop *loop)
{
    const snn_layer *layer, *top;

    SNN__TRY(find_rate(net, method, &loop->rate));
    layer = net->layer[loop->rate];
    top = snn__layer_producer(net, layer, 0);
    if (top == NULL || layer->source[0].delay || top->model == NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: layer %s must read a population", method, layer->name);
    if (layer == snn__network_last(net))
        return snn__fail(SNN_ERR_UNSUPPORTED, "%s: a layer that reads %s must come last", method, layer->name);
    loop->top = top->index;
    loop->decay = snn__param_f64(&layer->params, SNN_LAYER_DECAY);
    for (size_t l = 0; l < net->n_layers; l++)
        SNN__TRY(check_layer(net->layer[l], method, net, loop));
    return SNN_OK;
}
