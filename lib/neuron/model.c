/* neuron/model.c - the neuron models. Each is a row: which states it has and which parameters it shows. */
#include "neuron/neuron.h"
#include <math.h>
#include <string.h>

#define HUGE_POSITIVE 1e30

static double decay_of(double tau)
{
    return 1.0 - 1.0 / tau;
}

static double tau_of(double decay)
{
    return decay < 1.0 ? 1.0 / (1.0 - decay) : INFINITY;
}

static const struct snn__param_view time_constant = { SNN_NEURON_DECAY, decay_of, tau_of };

#define COMMON                                                                                        \
    SNN__PARAM_F64(SNN_NEURON_THRESHOLD, "threshold", 1e-6, HUGE_POSITIVE, 1.0,                       \
                   "membrane potential at which the neuron fires"),                                   \
        SNN__PARAM_F64(SNN_NEURON_FIRE_AT, "fire_at", 1e-6, 1e6, 1.0,                                 \
                       "fires at this multiple of the threshold; the reset subtracts the threshold"), \
        SNN__PARAM_STR(SNN_NEURON_RESET, "reset", "subtract|zero|value|none", "subtract",             \
                       "potential after a spike; none: no spikes, the output is the potential"),      \
        SNN__PARAM_F64(SNN_NEURON_RESET_VALUE, "reset_value", -HUGE_POSITIVE, HUGE_POSITIVE, 0.0,     \
                       "potential after a spike if reset is value"),                                  \
        SNN__PARAM_F64(SNN_NEURON_FLOOR, "floor", -HUGE_POSITIVE, 0.0, -HUGE_POSITIVE,                \
                       "lowest potential; -1e30: none"),                                              \
        SNN__PARAM_F64(SNN_NEURON_INITIAL, "initial", -HUGE_POSITIVE, HUGE_POSITIVE, 0.0,             \
                       "potential before the first step"),                                            \
        SNN__PARAM_I64(SNN_NEURON_INITIAL_PER_NEURON, "initial_per_neuron", 0, 1, 0,                  \
                       "the state before the first step is in tensors of the layer"),                 \
        SNN__PARAM_I64(SNN_NEURON_REFRACTORY, "refractory", 0, 1 << 20, 0,                            \
                       "steps after a spike in which none follows"),                                  \
        SNN__PARAM_STR(SNN_NEURON_SURROGATE, "surrogate", SNN__CHOICES(SNN__SURROGATES), "sigmoid",   \
                       "shape of the surrogate derivative"),                                          \
        SNN__PARAM_F64(SNN_NEURON_SURROGATE_ALPHA, "alpha", 1e-6, 1e6, 4.0,                           \
                       "slope of the surrogate, or width of the rectangle"),                          \
        SNN__PARAM_I64(SNN_NEURON_PER_NEURON, "per_neuron", 0, 1, 0,                                  \
                       "decay and threshold are tensors of the layer"),                               \
        SNN__PARAM_I64(SNN_NEURON_SMOOTH, "smooth", 0, 1, 0, "graded spikes: the antiderivative of the surrogate")

#define LEAK                                                                                                        \
    SNN__PARAM_F64(SNN_NEURON_DECAY, "decay", 0.0, 1.0, 0.5, "factor of the membrane potential from step to step"), \
        SNN__PARAM_VIEW_F64(SNN_NEURON_TAU, "tau", 1.0, HUGE_POSITIVE, 2.0,                                         \
                            "time constant in steps: decay = 1 - 1/tau", &time_constant),                           \
        SNN__PARAM_I64(SNN_NEURON_INPUT_SCALED, "input_scaled", 0, 1, 0, "the current is multiplied by 1 - decay")

static const struct snn__param if_params[] = { COMMON };
static const struct snn__param lif_params[] = { LEAK, COMMON };
static const struct snn__param cuba_params[] = {
    LEAK, SNN__PARAM_F64(SNN_NEURON_CURRENT_DECAY, "current_decay", 0.0, 1.0, 0.5, "factor of the synaptic current"),
    SNN__PARAM_F64(SNN_NEURON_INITIAL_CURRENT, "initial_current", -HUGE_POSITIVE, HUGE_POSITIVE, 0.0,
                   "synaptic current before the first step"),
    COMMON
};
static const struct snn__param alif_params[] = {
    LEAK, SNN__PARAM_F64(SNN_NEURON_ADAPT_DECAY, "adapt_decay", 0.0, 1.0, 0.95, "factor of the adaptation"),
    SNN__PARAM_F64(SNN_NEURON_ADAPT_STRENGTH, "adapt_strength", 0.0, HUGE_POSITIVE, 1.0,
                   "rise of the threshold per unit of adaptation"),
    COMMON
};

#define RATE(threshold, fire_at, bound)                                                            \
    SNN__PARAM_F64(SNN_NEURON_THRESHOLD, "threshold", 1e-6, HUGE_POSITIVE, threshold,              \
                   "initial value of the trained threshold"),                                      \
        SNN__PARAM_F64(SNN_NEURON_FIRE_AT, "fire_at", 1e-6, 1e6, fire_at,                          \
                       "fires at this multiple of the threshold"),                                 \
        SNN__PARAM_F64(SNN_NEURON_THRESHOLD_BOUND, "threshold_bound", 1e-12, HUGE_POSITIVE, bound, \
                       "lower bound of the threshold"),                                            \
        SNN__PARAM_F64(SNN_NEURON_THRESHOLD_GAIN, "threshold_gain", -1e12, 1e12, 1.0,              \
                       "factor of the threshold's gradient")

static const struct snn__param dsr_if_params[] = { RATE(6.0, 0.5, 0.01) };
static const struct snn__param dsr_lif_params[] = {
    RATE(0.3, 0.3, 0.0005),
    SNN__PARAM_F64(SNN_NEURON_DELTA_T, "delta_t", 1e-9, HUGE_POSITIVE, 0.05, "duration of a step"),
    SNN__PARAM_F64(SNN_NEURON_TIME_CONSTANT, "time_constant", 1e-9, HUGE_POSITIVE, 1.0,
                   "of the membrane, in the unit of delta_t"),
};

#define ROW(word, line, table) .name = word, .text = line, .owner = "neuron " word, SNN__WITH_PARAMS(table)

static const struct snn__neuron_model models[] = {
    { ROW("if", "integrate and fire, without a leak", if_params) },
    { ROW("lif", "leaky integrate and fire", lif_params), .leaks = true },
    { ROW("cuba", "lif whose input drives a synaptic current that decays", cuba_params), .leaks = true,
      .current = true },
    { ROW("alif", "lif whose threshold rises with its own spikes", alif_params), .leaks = true, .adapt = true },
    { ROW("plif", "lif whose decay is trained", lif_params), .leaks = true, .learns_decay = true },
    { ROW("dsr_if", "if for the method dsr, with a trained threshold", dsr_if_params), .rates = true },
    { ROW("dsr_lif", "lif for the method dsr, with a trained threshold", dsr_lif_params), .leaks = true,
      .rates = true },
};

#define MODELS (sizeof models / sizeof *models)

struct snn__name snn__neuron_names(size_t index)
{
    return SNN__NAME_OF(index < MODELS ? &models[index] : NULL);
}

struct snn__name snn__surrogate_names(size_t index)
{
    static const struct snn__name surrogates[] = { SNN__SURROGATES(SNN__NAME_ROW) };

    return snn__name_in(surrogates, sizeof surrogates / sizeof *surrogates, index);
}

const struct snn__neuron_model *snn__neuron_model_named(const char *name)
{
    size_t index = snn__name_index(snn__neuron_names, name);

    return index < MODELS ? &models[index] : NULL;
}

double snn__rate_weight(double decay, size_t steps)
{
    return decay == 1.0 ? (double)steps : (1.0 - pow(decay, (double)steps)) / (1.0 - decay);
}

bool snn__neuron_spikes(const struct snn__params *params)
{
    return snn__params_find(params, SNN_NEURON_RESET) < 0 || !snn__param_is(params, SNN_NEURON_RESET, "none");
}

bool snn__neuron_has_floor(const struct snn__params *params)
{
    return snn__param_f64(params, SNN_NEURON_FLOOR) > -HUGE_POSITIVE;
}

/* Position of `word` among "a|b|c". */
static int choice(const struct snn__params *params, int32_t key)
{
    const char *word = snn__param_str(params, key);
    const char *choices = snn__params_row(params, (size_t)snn__params_find(params, key))->choices;
    size_t n = strlen(word);

    for (int i = 0;; i++) {
        size_t m = strcspn(choices, "|");

        if ((m == n && strncmp(choices, word, n) == 0) || choices[m] == '\0')
            return i;
        choices += m + 1;
    }
}

void snn__neuron_population(const struct snn__neuron_model *model, const struct snn__params *params, size_t n,
                            struct snn__population *population)
{
    memset(population, 0, sizeof *population);
    population->n = n;
    population->decay = 1.0f;
    if (model->leaks) {
        population->decay = (float)snn__param_f64(params, SNN_NEURON_DECAY);
        population->scaled = snn__param_i64(params, SNN_NEURON_INPUT_SCALED) != 0;
    }
    if (model->current) {
        population->current_decay = (float)snn__param_f64(params, SNN_NEURON_CURRENT_DECAY);
        population->initial_current = (float)snn__param_f64(params, SNN_NEURON_INITIAL_CURRENT);
    }
    if (model->adapt) {
        population->adapt_decay = (float)snn__param_f64(params, SNN_NEURON_ADAPT_DECAY);
        population->adapt_strength = (float)snn__param_f64(params, SNN_NEURON_ADAPT_STRENGTH);
    }
    population->threshold = (float)snn__param_f64(params, SNN_NEURON_THRESHOLD);
    population->fire_at = (float)snn__param_f64(params, SNN_NEURON_FIRE_AT);
    population->reset_value = (float)snn__param_f64(params, SNN_NEURON_RESET_VALUE);
    population->floored = snn__neuron_has_floor(params);
    population->floor = (float)snn__param_f64(params, SNN_NEURON_FLOOR);
    population->initial = (float)snn__param_f64(params, SNN_NEURON_INITIAL);
    if (snn__neuron_spikes(params))
        population->refractory = (float)snn__param_i64(params, SNN_NEURON_REFRACTORY);
    population->alpha = (float)snn__param_f64(params, SNN_NEURON_SURROGATE_ALPHA);
    population->reset = (enum snn__reset)choice(params, SNN_NEURON_RESET);
    population->surrogate = (enum snn__surrogate)choice(params, SNN_NEURON_SURROGATE);
    population->smooth = snn__param_i64(params, SNN_NEURON_SMOOTH) != 0;
    population->current = model->current;
    population->adapt = model->adapt;
}
