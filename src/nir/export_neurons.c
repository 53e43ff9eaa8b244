/* export_neurons.c - populations become nodes of neurons. By Euler's formula with step dt, and g the factor of the
 * current, c what is added to it:
 *
 *     tau = dt / (1 - decay),  r = g / (1 - decay),  v_leak = c / (1 - decay);   w_in = tau_syn / dt */
#include "export.h"

#include <math.h>
#include <string.h>

/* What of a population stands in its node. */
struct population {
    struct written *w;
    const struct written *before;                   /* factor and summand, or NULL */
    snn_tensor factor, summand, decays, thresholds; /* data NULL where there is one number for all */
    double gain, decay, threshold, fire_at, reset_value, current_decay;
    int64_t scaled;
    bool leaks, current, spikes, trained;
    const char *reset;
};

static bool has(const snn_tensor *t)
{
    return t->data != NULL;
}

static double at(const snn_tensor *t, size_t i, double all)
{
    return has(t) ? (double)((const float *)t->data)[t->length == 1 ? 0 : i] : all;
}

bool snn__nir_taken_over(const struct exporting *x, const struct written *w)
{
    const struct written *reader = NULL;
    int64_t bias = 0;
    double factor = 1;
    int delay = 0;

    if (w->readers != 1 || (!snn__nir_is(w, "scale") && !snn__nir_is(w, "elementwise")))
        return false;
    for (size_t l = 0; l < x->layers; l++)
        if (x->layer[l].info.inputs == 1 && snn__nir_source(x, &x->layer[l], 0, &delay) == w && !delay)
            reader = &x->layer[l];
    if (snn__nir_is(w, "scale"))
        return (snn__nir_is(reader, "if") || snn__nir_is(reader, "lif") || snn__nir_is(reader, "plif") ||
                snn__nir_is(reader, "cuba")) &&
               snn_layer_get_f64(w->layer, SNN_LAYER_VALUE, &factor) == SNN_OK && factor != 0;
    return snn_layer_get_i64(w->layer, SNN_LAYER_BIAS, &bias) == SNN_OK &&
           (snn__nir_is(reader, "lif") || snn__nir_is(reader, "plif") || (snn__nir_is(reader, "cuba") && !bias));
}

/* ---- reading ---- */

static void look_before(const struct exporting *x, struct population *p)
{
    int delay = 0;
    const struct written *before = p->w->info.inputs == 1 ? snn__nir_source(x, p->w, 0, &delay) : NULL;

    p->gain = 1;
    if (before == NULL || delay || !snn__nir_taken_over(x, before))
        return;
    p->before = before;
    if (snn__nir_is(before, "scale")) {
        if (snn_layer_get_f64(before->layer, SNN_LAYER_VALUE, &p->gain) != SNN_OK)
            p->gain = 1;
        return;
    }
    if (snn_layer_tensor_named(before->layer, "weight", &p->factor) != SNN_OK ||
        snn_layer_tensor_named(before->layer, "bias", &p->summand) != SNN_OK)
        p->summand.data = NULL;
}

static snn_status look(const struct exporting *x, struct written *w, struct population *p)
{
    const snn_tensor none = SNN_TENSOR_INIT;
    snn_layer *layer = w->layer;

    *p = (struct population){
        .w = w, .factor = none, .summand = none, .decays = none, .thresholds = none, .decay = 1
    };
    p->current = snn__nir_is(w, "cuba");
    p->leaks = !snn__nir_is(w, "if");
    p->trained = snn__nir_is(w, "plif");
    TRY(snn_layer_get_str(layer, SNN_NEURON_RESET, &p->reset));
    TRY(snn_layer_get_f64(layer, SNN_NEURON_THRESHOLD, &p->threshold));
    TRY(snn_layer_get_f64(layer, SNN_NEURON_FIRE_AT, &p->fire_at));
    TRY(snn_layer_get_f64(layer, SNN_NEURON_RESET_VALUE, &p->reset_value));
    p->spikes = strcmp(p->reset, "none") != 0;
    if (p->leaks) {
        TRY(snn_layer_get_f64(layer, SNN_NEURON_DECAY, &p->decay));
        TRY(snn_layer_get_i64(layer, SNN_NEURON_INPUT_SCALED, &p->scaled));
    }
    if (p->current)
        TRY(snn_layer_get_f64(layer, SNN_NEURON_CURRENT_DECAY, &p->current_decay));
    look_before(x, p);
    for (uint32_t i = 0; i < w->info.tensors; i++) {
        snn_tensor t = SNN_TENSOR_INIT;

        TRY(snn_layer_tensor(layer, i, &t));
        if (strcmp(t.name, "threshold") == 0)
            p->thresholds = t;
        else
            p->decays = t;
    }
    return SNN_OK;
}

static double decay_at(const struct population *p, size_t i)
{
    const double d = at(&p->decays, i, p->decay);

    return p->trained ? 1 / (1 + exp(-d)) : d;
}

/* ---- writing ---- */

/* One reset for all populations: NIR's own is to a value, and metadata name another. */
static snn_status note_reset(struct exporting *x, const struct population *p)
{
    const int reset = strcmp(p->reset, "subtract") == 0 ? NIR_RESET_SUBTRACT
                      : strcmp(p->reset, "zero") == 0   ? NIR_RESET_ZERO
                                                        : NIR_RESET_VALUE;

    if (x->reset >= 0 && x->reset != reset && (x->reset == NIR_RESET_SUBTRACT || reset == NIR_RESET_SUBTRACT))
        return snn__nir_no_node(p->w, "whose reset is another than that of populations before it");
    x->reset = x->reset >= 0 && x->reset != reset ? NIR_RESET_VALUE : reset;
    x->at |= p->fire_at == 1;
    x->above |= p->fire_at != 1;
    if (reset == NIR_RESET_SUBTRACT && fabs(p->fire_at - 1) > 1e-6)
        snn__nir_say(x->nir, "%s: it fires at %g and subtracts %g; the file has the first for both", p->w->info.name,
                     p->fire_at * p->threshold, p->threshold);
    return SNN_OK;
}

static snn_status check(const struct population *p)
{
    int64_t refractory = 0, differ = 0;
    double lowest = 0, initial = 0, current = 0;

    TRY(snn_layer_get_i64(p->w->layer, SNN_NEURON_REFRACTORY, &refractory));
    if (refractory > 0)
        return snn__nir_no_node(p->w, "with refractory steps");
    TRY(snn_layer_get_f64(p->w->layer, SNN_NEURON_FLOOR, &lowest));
    if (lowest > -1e30)
        return snn__nir_no_node(p->w, "with a floor");
    TRY(snn_layer_get_f64(p->w->layer, SNN_NEURON_INITIAL, &initial));
    TRY(snn_layer_get_i64(p->w->layer, SNN_NEURON_INITIAL_PER_NEURON, &differ));
    if (p->current)
        TRY(snn_layer_get_f64(p->w->layer, SNN_NEURON_INITIAL_CURRENT, &current));
    if (initial != 0 || current != 0 || differ != 0)
        return snn__nir_no_node(p->w, "with an initial state");
    for (size_t i = 0; i < (has(&p->decays) ? p->decays.length : 1); i++)
        if (p->leaks && decay_at(p, i) >= 1)
            return snn__nir_no_node(p->w, "with a decay of 1: use a population of type if");
    if (p->current && p->current_decay >= 1)
        return snn__nir_no_node(p->w, "with a synaptic current that does not decay");
    return SNN_OK;
}

static double threshold_at(const struct population *p, size_t i)
{
    return at(&p->thresholds, i, p->threshold) * (fabs(p->fire_at - 1) < 1e-6 ? 1 : p->fire_at);
}

static snn_status write_leak(struct exporting *x, const struct population *p)
{
    struct nir_field *tau, *r, *rest;

    TRY(snn__nir_each(x, p->w, p->current ? "tau_mem" : "tau", true, &tau));
    TRY(snn__nir_each(x, p->w, "r", true, &r));
    TRY(snn__nir_each(x, p->w, "v_leak", true, &rest));
    for (size_t i = 0; i < rest->length; i++) {
        const double lost = 1 - decay_at(p, i), k = p->scaled ? 1 : 1 / lost;

        tau->value[i] = x->dt / lost;
        r->value[i] = k * at(&p->factor, i, p->gain);
        rest->value[i] = k * at(&p->summand, i, 0);
    }
    return SNN_OK;
}

static snn_status fill(struct exporting *x, const struct population *p, const char *name, double value)
{
    struct nir_field *field;

    TRY(snn__nir_each(x, p->w, name, true, &field));
    for (size_t i = 0; i < field->length; i++)
        field->value[i] = value;
    return SNN_OK;
}

static snn_status write_threshold(struct exporting *x, const struct population *p)
{
    struct nir_field *field;

    TRY(snn__nir_each(x, p->w, "v_threshold", true, &field));
    for (size_t i = 0; i < field->length; i++)
        field->value[i] = threshold_at(p, i);
    return fill(x, p, "v_reset", strcmp(p->reset, "value") == 0 ? p->reset_value : 0);
}

snn_status snn__nir_write_neurons(struct exporting *x, struct written *w)
{
    struct population p;

    TRY(look(x, w, &p));
    TRY(check(&p));
    if (p.spikes)
        TRY(note_reset(x, &p));
    if (!p.leaks) {
        TRY(snn__nir_new_node(x, w, p.spikes ? NIR_IF : NIR_I));
        TRY(fill(x, &p, "r", p.gain));
    } else {
        TRY(snn__nir_new_node(x, w, p.current ? (p.spikes ? NIR_CUBALIF : NIR_CUBALI) : p.spikes ? NIR_LIF : NIR_LI));
        TRY(write_leak(x, &p));
    }
    if (p.current) {
        TRY(fill(x, &p, "tau_syn", x->dt / (1 - p.current_decay)));
        TRY(fill(x, &p, "w_in", 1 / (1 - p.current_decay)));
    }
    return p.spikes ? write_threshold(x, &p) : SNN_OK;
}
