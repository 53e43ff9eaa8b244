/* layer/dsr.c - neurons of which the rate is trained (dsr_if, dsr_lif), docs/methods/dsr.md.
 *
 *   theta <- max(theta, bound)          in place when a training sequence begins
 *   u[t] = beta v[t-1] + k x[t],        s[t] = u[t] >= alpha theta,        v[t] = u[t] - theta s[t]
 *   o[t] = size s[t]
 *
 *   IF: beta = k = 1, size = theta          LIF: beta = exp(-dt/tau), k = 1 - beta, size = theta/dt
 *
 *   X = sum_t w_t x[t],  w_t = beta^(T-t) / sum          the representation that the input carries
 *   Gamma  = T sum_t w_t go[t]                           the error at the representation of the output
 *   gx[t]  = M Gamma / (tau T),  M = 0 <= X <= theta     (LIF: 0 < X < tau theta/dt); the same at every step
 *   gtheta = gain sum of Gamma over X > theta            (LIF: times dt, over X > tau theta/dt)
 *
 * Spikes stay 0 or 1 in memory, their size is the factor of the signal. In a pass over all steps one call works on
 * all of them; else a call works on one step, and the backward call, once, takes and gives errors that are summed
 * over the steps. */
#include "layer/dsr.h"
#include "blas/spikes.h"
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include <math.h>
#include <stdatomic.h>

enum { THRESHOLD };

struct rate {
    double beta, dt, tau;
    float gain, fire_at, bound, threshold_gain;
    bool leaks;
    float threshold; /* theta of the current sequence */
    float *u;        /* [slots][batch][n] where steps are kept */
    float *mean;     /* X; after the backward pass sum_t gx[t] */
    float *gamma;    /* Gamma */
    double *partial; /* [batch]: gtheta of each sample */
    double dthreshold;
};

/* ---- building ---- */

static snn_status rate_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static snn_status rate_tensors(snn_layer *layer)
{
    SNN__TRY(snn__layer_declare(layer, "threshold", true, 1, 0, 0, 0));
    layer->tensor[THRESHOLD].raised = true;
    return SNN_OK;
}

static void rate_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    layer->tensor[THRESHOLD].data[0] = (float)snn__param_f64(&layer->params, SNN_NEURON_THRESHOLD);
}

/* beta = exp(-dt/tau), 1 without a leak */
static double decay_of(const snn_layer *layer)
{
    if (!layer->model->leaks)
        return 1.0;
    return exp(-snn__param_f64(&layer->params, SNN_NEURON_DELTA_T) /
               snn__param_f64(&layer->params, SNN_NEURON_TIME_CONSTANT));
}

static double rate_share(const snn_layer *layer, size_t t, size_t steps)
{
    return snn__step_weight(decay_of(layer), t, steps);
}

static snn_status rate_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct rate *s = node->state;
    const struct snn__params *p = &node->layer->params;
    size_t all = SNN__PRODUCT(node->batch_max, node->in_len);

    s->leaks = node->layer->model->leaks;
    s->dt = s->leaks ? snn__param_f64(p, SNN_NEURON_DELTA_T) : 1.0;
    s->tau = s->leaks ? snn__param_f64(p, SNN_NEURON_TIME_CONSTANT) : 1.0;
    s->beta = decay_of(node->layer);
    s->gain = (float)(s->leaks ? -expm1(-s->dt / s->tau) : 1.0);
    s->fire_at = (float)snn__param_f64(p, SNN_NEURON_FIRE_AT);
    s->bound = (float)snn__param_f64(p, SNN_NEURON_THRESHOLD_BOUND);
    s->threshold_gain = (float)snn__param_f64(p, SNN_NEURON_THRESHOLD_GAIN);
    SNN__TRY(snn__arena_add_state(arena, &s->u, SNN__PRODUCT(node->keeps ? node->slots : 1, all), sizeof(float),
                                  SNN__STATE_RUNNING));
    if (!node->learns)
        return SNN_OK;
    SNN__TRY(snn__arena_keep(arena, &s->mean, all, sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &s->gamma, all, sizeof(float)));
    return snn__arena_keep(arena, &s->partial, node->batch_max, sizeof(double));
}

/* An evaluation uses the raised threshold as well, without storing it. */
static void rate_refresh(struct snn__node *node)
{
    struct rate *s = node->state;

    snn__layers(node->ctx)->transfer(&s->threshold, node->layer->tensor[THRESHOLD].data, 1);
    s->threshold = fmaxf(s->threshold, s->bound);
}

static void rate_begin(struct snn__node *node, size_t first, size_t batch, uint64_t stream)
{
    const struct rate *s = node->state;

    (void)first;
    (void)batch;
    (void)stream;
    if (snn__layer_lr_scale(node->layer) > 0)
        snn__layers(node->ctx)->transfer(node->layer->tensor[THRESHOLD].data, &s->threshold, 1);
}

static float output_scale(const struct rate *s)
{
    return (float)(s->threshold / s->dt);
}

/* ---- forward ---- */

struct stepping {
    const struct snn__kernels *kernels;
    struct snn__rate_step step;
    _Atomic uint64_t spikes;
};

static void step_range(void *arg, size_t from, size_t to)
{
    struct stepping *k = arg;

    atomic_fetch_add_explicit(&k->spikes, k->kernels->rate_step(&k->step, from, to), memory_order_relaxed);
}

/* X = sum_t w_t x[t]: an input that is the same at every step is its own mean. */
static void forward_step(struct snn__node *node, struct snn__io *io, size_t t, const float *x, const float *u_prev,
                         float *u, float *out, uint64_t *map)
{
    struct rate *s = node->state;
    const float scale = io->x[0].scale;
    const bool gathers = io->training && (t == 0 || !io->x_constant);
    struct stepping k = { node->ctx->kernels,
                          { .decay = (float)s->beta,
                            .gain = s->gain * scale,
                            .fire = s->fire_at * s->threshold,
                            .drop = s->threshold,
                            .weight = io->x_constant ? scale : (float)snn__step_weight(s->beta, t, io->steps) * scale,
                            .first = t == 0,
                            .current = x,
                            .u_prev = u_prev,
                            .u = u,
                            .out = out,
                            .mean = gathers ? s->mean : NULL },
                          0 };

    snn__spikes_ranges(node->ctx, io->batch * node->in_len, step_range, &k, out, node->layer->out.dim[0], map);
    io->spikes += atomic_load(&k.spikes);
}

static void rate_forward(struct snn__node *node, struct snn__io *io)
{
    struct rate *s = node->state;
    size_t n = io->batch * node->in_len;

    io->y.scale = output_scale(s);
    if (!io->training || node->slots == 1) {
        forward_step(node, io, io->t, io->x[0].data, s->u, s->u, io->y.data, io->y_map);
        return;
    }
    for (size_t t = 0; t < io->steps; t++) {
        float *u = s->u + (node->keeps ? t * n : 0);
        uint64_t *map = io->y_map ? io->y_map + t * snn__spikes_length(n, node->layer->out.dim[0]) : NULL;

        forward_step(node, io, t, io->x[0].data + (io->x_constant ? 0 : t * n), node->keeps && t ? u - n : u, u,
                     io->y.data + t * n, map);
    }
}

/* ---- backward ---- */

static void rate_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                         bool accumulate)
{
    struct rate *s = node->state;
    const bool whole = !io->summed;
    struct snn__clamp k = { .n = node->in_len,
                            .batch = io->batch,
                            .steps = whole ? io->steps : 1,
                            .e = e.data,
                            .scale = e.scale,
                            .beta = s->beta,
                            .weighs = whole,
                            .upper = (float)(s->tau * s->threshold / s->dt),
                            .slope = (float)(1.0 / s->tau),
                            .open = s->leaks,
                            .gamma = s->gamma,
                            .mean = s->mean,
                            .above = s->partial,
                            .dx = dx,
                            .share = whole ? 1.0f / (float)io->steps : 1.0f,
                            .accumulate = accumulate };

    (void)input;
    snn__each(node->ctx, snn__layers(node->ctx)->clamp, &k, io->batch);
    snn__layers(node->ctx)->add_up(&s->dthreshold, s->partial, io->batch);
}

static void rate_settle(struct snn__node *node)
{
    struct rate *s = node->state;

    snn__layers(node->ctx)->narrow(node->gradient[THRESHOLD], 1.0,
                                   &(double){ s->threshold_gain * s->dt * s->dthreshold }, 1);
    s->dthreshold = 0;
}

static const float *rate_membrane(const struct snn__node *node, size_t slot, size_t batch)
{
    const struct rate *s = node->state;

    return s->u + slot * batch * node->in_len;
}

struct snn__rate_view snn__rate_view(const struct snn__node *node)
{
    const struct rate *s = node->state;

    return (struct snn__rate_view){ s->mean, s->gamma, output_scale(s) };
}

#define TYPE(type_name)                                                                                     \
    {                                                                                                       \
        .name = type_name, .flags = SNN__LAYER_POPULATION | SNN__LAYER_STEPWISE | SNN__LAYER_RATES,         \
        .state_size = sizeof(struct rate), .shape = rate_shape, .tensors = rate_tensors, .init = rate_init, \
        .plan = rate_plan, .refresh = rate_refresh, .begin = rate_begin, .forward = rate_forward,           \
        .adjoint = rate_adjoint, .settle = rate_settle, .membrane = rate_membrane, .share = rate_share      \
    }

const struct snn__layer_type snn__layer_dsr_if = TYPE("dsr_if"), snn__layer_dsr_lif = TYPE("dsr_lif");
