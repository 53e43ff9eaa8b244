/* steps.c - from continuous time to steps: what the options say, and the constants of a neuron. */
#include "graph.h"

#include <math.h>
#include <string.h>

#define DT 1e-4 /* s, where neither the options nor the file say */

/* Position of `word` in "a|b|c"; NULL takes the first. */
static snn_status choose(const char *what, const char *word, const char *choices, int *out)
{
    const size_t n = word != NULL ? strlen(word) : 0;
    const char *at = choices;

    for (*out = 0; word != NULL; (*out)++) {
        const size_t m = strcspn(at, "|");

        if (m == n && strncmp(at, word, n) == 0)
            return SNN_OK;
        if (at[m] == '\0')
            return snn_component_fail(SNN_ERR_ARGUMENT, "%s \"%s\"; it is one of %s", what, word, choices);
        at += m + 1;
    }
    return SNN_OK;
}

/* The reset that a file names in its metadata; NIR's own if it names none. */
static enum nir_reset reset_of_file(const snn_nir *nir)
{
    int reset;

    return nir->reset[0] && choose("reset", nir->reset, "value|zero|subtract", &reset) == SNN_OK
               ? (enum nir_reset)reset
               : NIR_RESET_VALUE;
}

snn_status snn__nir_steps(const snn_nir *nir, const snn_nir_options *options, struct nir_steps *steps)
{
    snn_nir_options own = SNN_NIR_OPTIONS_INIT;
    int reset, decay, current, timing, integrate, fire;

    if (options != NULL)
        TRY(snn_component_read_struct(&own, sizeof own, options, "snn_nir_options", "SNN_NIR_OPTIONS_INIT"));
    TRY(choose("reset", own.reset, "file|value|zero|subtract", &reset));
    TRY(choose("decay", own.decay, "euler|exponential|exact", &decay));
    TRY(choose("current", own.current, "new|previous", &current));
    TRY(choose("timing", own.timing, "same|late", &timing));
    TRY(choose("integrate", own.integrate, "step|time", &integrate));
    TRY(choose("fire", own.fire, "file|above|at", &fire));
    if (!(own.dt >= 0 && own.dt <= 1e6))
        return snn_component_fail(SNN_ERR_ARGUMENT, "dt %g; it is a number of seconds", own.dt);
    *steps = (struct nir_steps){ .dt = own.dt > 0    ? own.dt
                                       : nir->dt > 0 ? nir->dt
                                                     : DT,
                                 .reset = reset > 0 ? (enum nir_reset)(reset - 1) : reset_of_file(nir),
                                 .decay = (enum nir_decay)decay,
                                 .previous = current == 1,
                                 .late = timing == 1,
                                 .time = integrate == 1,
                                 .at = fire == 2 || (fire == 0 && strcmp(nir->fire, "at") == 0) };
    return SNN_OK;
}

static double decay_of(double tau, const struct nir_steps *steps)
{
    return steps->decay == NIR_DECAY_EULER ? 1 - steps->dt / tau : exp(-steps->dt / tau);
}

/* Factor of what comes in: dt / tau, which is 1 - decay by Euler. */
static double gain_of(double tau, const struct nir_steps *steps)
{
    return steps->decay == NIR_DECAY_EXACT ? -expm1(-steps->dt / tau) : steps->dt / tau;
}

struct nir_neuron snn__nir_neuron(const struct nir_node *node, size_t i, const struct nir_steps *steps)
{
    const bool synapse = snn__nir_has_synapse(node->type);
    const double r = snn__nir_number(node, "r", i, 1), tau = snn__nir_number(node, synapse ? "tau_mem" : "tau", i, 0);
    struct nir_neuron k = { 0,
                            1,
                            steps->time ? steps->dt * r : r,
                            0,
                            snn__nir_number(node, "v_threshold", i, 1),
                            snn__nir_number(node, "v_reset", i, 0) };

    if (node->type == NIR_THRESHOLD)
        return (struct nir_neuron){ 0, 0, 1, 0, snn__nir_number(node, "threshold", i, 1), 0 };
    if (node->type != NIR_IF && node->type != NIR_I) {
        k.beta = decay_of(tau, steps);
        k.gain = gain_of(tau, steps) * r;
        k.shift = gain_of(tau, steps) * snn__nir_number(node, "v_leak", i, 0);
    }
    if (synapse) {
        const double tau_syn = snn__nir_number(node, "tau_syn", i, 0);

        k.alpha = decay_of(tau_syn, steps);
        k.gain *= gain_of(tau_syn, steps) * snn__nir_number(node, "w_in", i, 1);
        /* i is kept without its factor: i = alpha i + x, and the gain has it */
    }
    if (steps->reset == NIR_RESET_ZERO)
        k.reset = 0;
    return k;
}

static snn_status check_neuron(const struct nir_node *node, const struct nir_neuron *k)
{
    if (!(k->beta >= 0 && k->beta <= 1 && k->alpha >= 0 && k->alpha <= 1))
        return snn_component_fail(
            SNN_ERR_UNSUPPORTED,
            "node %s: decays of %g and %g in a step; dt is larger than a time constant, or one is "
            "not positive",
            node->name, k->beta, k->alpha);
    if (snn__nir_spikes(node->type) && !(k->threshold > 0))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: a threshold of %g; layers have positive ones",
                                  node->name, k->threshold);
    if (!isfinite(k->gain) || !isfinite(k->shift))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: its gain in a step is not finite", node->name);
    return SNN_OK;
}

snn_status snn__nir_check_neurons(const snn_nir *nir, const struct nir_steps *steps)
{
    for (size_t n = 0; n < nir->nodes; n++) {
        const struct nir_node *node = &nir->node[n];
        const size_t length = snn__nir_is_neuron(node->type) ? snn__nir_length(&node->out) : 0;

        for (size_t i = 0; i < length; i++) {
            const struct nir_neuron k = snn__nir_neuron(node, i, steps);

            TRY(check_neuron(node, &k));
        }
    }
    return SNN_OK;
}

snn_status snn__nir_delay(const struct nir_node *node, const struct nir_steps *steps, size_t *d, double *off)
{
    const double exact = snn__nir_number(node, "delay", 0, 0) / steps->dt;

    if (!snn__nir_uniform(node, "delay"))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: connections of one layer with delays of their own",
                                  node->name);
    if (!(exact >= 0 && exact <= 1000))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: a delay of %g steps; 0 to 1000 are possible",
                                  node->name, exact);
    *d = (size_t)floor(exact + 0.5);
    *off = fabs(exact - floor(exact + 0.5));
    return SNN_OK;
}
