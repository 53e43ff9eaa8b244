/* neurons.c - nodes of neurons become populations.
 *
 *     scale or elementwise   gain x + shift, where these are not 1 and 0
 *     if, lif, cuba          u = decay r + x;  with a synapse i = current_decay i + x in place of x
 *
 * Where the shift of a rest potential comes after the synapse, or synapses have decays of their own, the synapse is a
 * population of its own, which integrates and does not spike. */
#include "import.h"

#include <math.h>
#include <string.h>

/* The constants of all neurons of a node, in double precision, and in what they differ. */
struct population {
    const struct nir_node *node;
    const struct nir_steps *steps;
    size_t n;
    struct nir_neuron first;
    bool alphas, betas, gains, shifts, thresholds, resets; /* differ from neuron to neuron */
    bool shifted;                                          /* a shift that is not 0 */
    bool to_value;                                         /* a reset that is not to 0 */
};

static struct population look(const struct building *b, size_t node)
{
    struct population p = { .node = &b->nir->node[node], .steps = &b->steps };

    p.n = snn__nir_length(&p.node->out);
    p.first = snn__nir_neuron(p.node, 0, p.steps);
    for (size_t i = 0; i < p.n; i++) {
        const struct nir_neuron k = snn__nir_neuron(p.node, i, p.steps);

        p.alphas |= k.alpha != p.first.alpha;
        p.betas |= k.beta != p.first.beta;
        p.gains |= k.gain != p.first.gain;
        p.shifts |= k.shift != p.first.shift;
        p.thresholds |= k.threshold != p.first.threshold;
        p.resets |= k.reset != p.first.reset;
        p.shifted |= k.shift != 0;
        p.to_value |= k.reset != 0;
    }
    return p;
}

static bool has_synapse_of_its_own(const struct population *p)
{
    return snn__nir_has_synapse(p->node->type) && (p->alphas || p->shifted);
}

static bool has_late_subtraction(const struct population *p)
{
    return p->steps->late && p->steps->reset == NIR_RESET_SUBTRACT && snn__nir_spikes(p->node->type);
}

static bool is_small(const struct population *p)
{
    return p->first.threshold < 1e-6;
}

/* Decay or threshold are tensors. */
static bool is_per_neuron(const struct population *p)
{
    return p->betas || (snn__nir_spikes(p->node->type) && (p->thresholds || is_small(p)));
}

/* ---- layers before the population ---- */

static snn_status build_synapse(struct building *b, size_t node, const struct population *p, struct source *source)
{
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, "lif", "_synapse", source, &layer));
    TRY(snn_layer_set_str(layer, SNN_NEURON_RESET, "none"));
    TRY(snn_layer_set_i64(layer, SNN_NEURON_PER_NEURON, p->alphas));
    TRY(snn_layer_set_f64(layer, SNN_NEURON_DECAY, p->first.alpha));
    snn__nir_layer_name(layer, b->made[node].synapse);
    *source = (struct source){ .delay = 0 };
    strcpy(source->name, b->made[node].synapse);
    return SNN_OK;
}

static snn_status build_gain(struct building *b, size_t node, const struct population *p, struct source *source)
{
    snn_layer *layer;

    if (!p->gains && !p->shifted && fabs(p->first.gain - 1) <= 3e-8)
        return SNN_OK;
    TRY(snn__nir_layer(b, node, p->gains || p->shifted ? "elementwise" : "scale", "_gain", source, &layer));
    if (!p->gains && !p->shifted) {
        TRY(snn_layer_set_f64(layer, SNN_LAYER_VALUE, p->first.gain));
    } else {
        TRY(snn_layer_set_i64(layer, SNN_LAYER_BIAS, p->shifted));
        snn__nir_layer_name(layer, b->made[node].gain);
    }
    snn__nir_layer_name(layer, source->name);
    source->delay = 0;
    return SNN_OK;
}

/* ---- the population ---- */

/* Late subtraction takes the threshold from the potential that has decayed: of u that is threshold / decay. */
static double threshold_of(const struct population *p, const struct nir_neuron *k)
{
    return has_late_subtraction(p) ? k->threshold / k->beta : k->threshold;
}

static snn_status set_reset(snn_layer *layer, const struct population *p)
{
    const bool subtracts = p->steps->reset == NIR_RESET_SUBTRACT;

    if (!snn__nir_spikes(p->node->type))
        return snn_layer_set_str(layer, SNN_NEURON_RESET, "none");
    if (!subtracts && p->resets)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: a v_reset for each neuron; a layer has one",
                                  p->node->name);
    TRY(snn_layer_set_str(layer, SNN_NEURON_RESET, subtracts ? "subtract" : p->to_value ? "value" : "zero"));
    return snn_layer_set_f64(layer, SNN_NEURON_RESET_VALUE, p->first.reset);
}

/* NIR fires above the threshold, a layer at it. */
static snn_status set_threshold(snn_layer *layer, const struct population *p)
{
    double fire_at = p->steps->at ? 1.0 : (double)nextafterf(1.0f, 2.0f);

    if (!snn__nir_spikes(p->node->type))
        return SNN_OK;
    if (has_late_subtraction(p)) {
        if (p->betas || p->first.beta < 1e-6)
            return snn_component_fail(
                SNN_ERR_UNSUPPORTED, "node %s: late reset by subtraction needs one decay above 0 for all its neurons",
                p->node->name);
        fire_at *= p->first.beta;
    }
    TRY(snn_layer_set_f64(layer, SNN_NEURON_FIRE_AT, fire_at));
    return is_small(p) ? SNN_OK : snn_layer_set_f64(layer, SNN_NEURON_THRESHOLD, threshold_of(p, &p->first));
}

static const char *model_of(const struct population *p)
{
    if (snn__nir_has_synapse(p->node->type) && !has_synapse_of_its_own(p))
        return "cuba";
    return p->node->type == NIR_IF || p->node->type == NIR_I ? "if" : "lif";
}

snn_status snn__nir_build_neurons(struct building *b, size_t node, struct source source)
{
    const struct population p = look(b, node);
    const char *model = model_of(&p);
    snn_layer *layer;

    if (b->steps.late && snn__nir_spikes(p.node->type))
        TRY(snn__nir_hold(b, node, 1, &source));
    if (b->steps.previous && snn__nir_has_synapse(p.node->type))
        TRY(snn__nir_hold(b, node, 1, &source));
    if (has_synapse_of_its_own(&p))
        TRY(build_synapse(b, node, &p, &source));
    TRY(build_gain(b, node, &p, &source));
    TRY(snn__nir_layer(b, node, model, "", &source, &layer));
    TRY(set_reset(layer, &p));
    TRY(set_threshold(layer, &p));
    TRY(snn_layer_set_i64(layer, SNN_NEURON_PER_NEURON, is_per_neuron(&p)));
    if (strcmp(model, "if") != 0)
        TRY(snn_layer_set_f64(layer, SNN_NEURON_DECAY, p.first.beta));
    if (strcmp(model, "cuba") == 0)
        TRY(snn_layer_set_f64(layer, SNN_NEURON_CURRENT_DECAY, p.first.alpha));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

/* ---- tensors ---- */

static struct nir_neuron neuron_at(const void *from, size_t i)
{
    const struct population *p = from;

    return snn__nir_neuron(p->node, i, p->steps);
}

static double alpha_at(const void *from, size_t i)
{
    return neuron_at(from, i).alpha;
}

static double beta_at(const void *from, size_t i)
{
    return neuron_at(from, i).beta;
}

static double gain_at(const void *from, size_t i)
{
    return neuron_at(from, i).gain;
}

static double shift_at(const void *from, size_t i)
{
    return neuron_at(from, i).shift;
}

static double threshold_at(const void *from, size_t i)
{
    const struct nir_neuron k = neuron_at(from, i);

    return threshold_of(from, &k);
}

snn_status snn__nir_fill_neurons(struct building *b, size_t node)
{
    const struct population p = look(b, node);
    const struct made *made = &b->made[node];

    if (made->synapse[0] && p.alphas)
        TRY(snn__nir_fill(b->net, made->synapse, "decay", alpha_at, &p));
    if (made->gain[0])
        TRY(snn__nir_fill(b->net, made->gain, "weight", gain_at, &p));
    if (made->gain[0] && p.shifted)
        TRY(snn__nir_fill(b->net, made->gain, "bias", shift_at, &p));
    if (!is_per_neuron(&p))
        return SNN_OK;
    if (strcmp(model_of(&p), "if") != 0)
        TRY(snn__nir_fill(b->net, made->out, "decay", beta_at, &p));
    return snn__nir_spikes(p.node->type) ? snn__nir_fill(b->net, made->out, "threshold", threshold_at, &p) : SNN_OK;
}
