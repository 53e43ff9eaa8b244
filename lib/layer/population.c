/* layer/population.c - neuron models as layers: state, spikes, trace; the error at the current, within a step or
 * through time.
 *
 *   online           D[t] = e[t] g(u[t] - threshold) k
 *   through time     kernel/population.h, struct snn__population_back
 *
 * The equations are in kernel/population.h; this file holds the state of a population and cuts the work. */
#include "blas/spikes.h"
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/clip.h"
#include "layer/couple.h"
#include "layer/layer.h"
#include <math.h>
#include <stdatomic.h>
#include <string.h>

struct population {
    struct snn__population constants;
    /* Per neuron, channels last, or NULL. */
    float *decays, *thresholds, *initials, *initial_currents;
    float *u, *b;        /* [slots][batch][n] */
    float *q;            /* steps until a refractory neuron may fire again, [slots][batch][n] */
    float *i;            /* cuba */
    float *r;            /* plif without errors through time: potential after reset, [slots][batch][n] */
    float *du, *db, *di; /* carried through time */
    float *leak;         /* plif: gathers the derivative by decay, [batch][n] */
    bool leak_touched;
    struct snn__couple couple;
};

/* ---- building ---- */

static snn_status population_shape(snn_layer *layer)
{
    layer->out = layer->in;
    return SNN_OK;
}

static bool per_neuron(const snn_layer *layer)
{
    return snn__param_i64(&layer->params, SNN_NEURON_PER_NEURON) != 0;
}

static bool begins_per_neuron(const snn_layer *layer)
{
    return snn__param_i64(&layer->params, SNN_NEURON_INITIAL_PER_NEURON) != 0;
}

/* Per-neuron values are tensors in the layer's published shape; plif always has its trained "leak" w, decay =
 * logistic(w). */
static snn_status population_tensors(snn_layer *layer)
{
    const uint32_t *d = layer->in.dim;
    size_t d1 = layer->in.rank > 1 ? d[1] : 0, d2 = layer->in.rank == 3 ? d[2] : 0;

    if (layer->model->learns_decay) {
        if (per_neuron(layer))
            SNN__TRY(snn__layer_declare(layer, "leak", true, d[0], d1, d2, 0));
        else
            SNN__TRY(snn__layer_declare(layer, "leak", true, 1, 0, 0, 0));
    } else if (per_neuron(layer) && layer->model->leaks) {
        SNN__TRY(snn__layer_declare(layer, "decay", false, d[0], d1, d2, 0));
    }
    if (per_neuron(layer))
        SNN__TRY(snn__layer_declare(layer, "threshold", false, d[0], d1, d2, 0));
    if (begins_per_neuron(layer))
        SNN__TRY(snn__layer_declare(layer, "initial", false, d[0], d1, d2, 0));
    if (begins_per_neuron(layer) && layer->model->current)
        SNN__TRY(snn__layer_declare(layer, "initial_current", false, d[0], d1, d2, 0));
    return SNN_OK;
}

static void fill(struct snn__tensor *t, double value)
{
    if (t != NULL)
        for (size_t i = 0; i < t->length; i++)
            t->data[i] = (float)value;
}

static void population_init(snn_layer *layer, uint64_t seed)
{
    (void)seed;
    if (layer->model->leaks) {
        double decay = snn__param_f64(&layer->params, SNN_NEURON_DECAY);
        double inside = fmin(fmax(decay, 1e-6), 1.0 - 1e-6);

        fill(snn__layer_find_tensor(layer, "decay"), decay);
        fill(snn__layer_find_tensor(layer, "leak"), log(inside / (1.0 - inside)));
    }
    fill(snn__layer_find_tensor(layer, "threshold"), snn__param_f64(&layer->params, SNN_NEURON_THRESHOLD));
    fill(snn__layer_find_tensor(layer, "initial"), snn__param_f64(&layer->params, SNN_NEURON_INITIAL));
    if (layer->model->current)
        fill(snn__layer_find_tensor(layer, "initial_current"),
             snn__param_f64(&layer->params, SNN_NEURON_INITIAL_CURRENT));
}

/* ---- planning ---- */

static snn_status plan_arrays(struct snn__node *node, struct snn__arena *arena)
{
    struct population *s = node->state;
    const struct snn__neuron_model *model = node->layer->model;
    size_t n = node->in_len, all = SNN__PRODUCT(node->batch_max, n), kept = SNN__PRODUCT(node->slots, all);
    bool learns_decay = model->learns_decay && node->learns;
    struct {
        float **pointer;
        size_t count;
        bool wanted, state; /* state: the next step needs it */
    } want[] = {
        { &s->u, kept, true, true },
        { &s->b, kept, model->adapt, true },
        { &s->q, kept, s->constants.refractory > 0, true },
        { &s->i, all, model->current, true },
        { &s->r, kept, learns_decay && !node->through_time, false },
        { &s->du, all, node->through_time, false },
        { &s->db, all, node->through_time && model->adapt, false },
        { &s->di, all, node->through_time && model->current, false },
        { &s->leak, all, learns_decay, false },
        { &s->decays, n, per_neuron(node->layer) && model->leaks, false },
        { &s->thresholds, n, per_neuron(node->layer), false },
        { &s->initials, n, begins_per_neuron(node->layer), false },
        { &s->initial_currents, n, begins_per_neuron(node->layer) && model->current, false },
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        if (want[i].wanted)
            SNN__TRY(want[i].state ? snn__arena_add_state(arena, want[i].pointer, want[i].count, sizeof(float),
                                                          SNN__STATE_RUNNING)
                                   : snn__arena_keep(arena, want[i].pointer, want[i].count, sizeof(float)));
    return SNN_OK;
}

static snn_status population_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct population *s = node->state;

    snn__neuron_population(node->layer->model, &node->layer->params, node->in_len, &s->constants);
    SNN__TRY(plan_arrays(node, arena));
    return snn__couple_plan(&s->couple, node, arena);
}

/* A tensor in the order of the pass, where the layer has one. */
static void take(const struct snn__node *node, const char *name, float *to)
{
    if (to != NULL)
        snn__to_channels_last(node->ctx, &node->layer->in, 1, snn__layer_find_tensor(node->layer, name)->data, to);
}

static void population_refresh(struct snn__node *node)
{
    struct population *s = node->state;
    const struct snn__tensor *leak = snn__layer_find_tensor(node->layer, "leak");

    if (leak != NULL && s->decays == NULL)
        snn__layers(node->ctx)->logistic(&s->constants.decay, leak->data, 1);
    take(node, leak != NULL ? "leak" : "decay", s->decays);
    if (leak != NULL && s->decays != NULL)
        snn__layers(node->ctx)->logistic(s->decays, s->decays, node->in_len);
    take(node, "threshold", s->thresholds);
    take(node, "initial", s->initials);
    take(node, "initial_current", s->initial_currents);
    s->constants.decays = s->decays;
    s->constants.thresholds = s->thresholds;
    s->constants.initials = s->initials;
    s->constants.initial_currents = s->initial_currents;
}

/* ---- running ---- */

struct stepping {
    const struct snn__kernels *kernels;
    struct snn__population_step step;
    _Atomic uint64_t spikes;
};

static void step_range(void *arg, size_t from, size_t to)
{
    struct stepping *k = arg;

    atomic_fetch_add_explicit(&k->spikes, k->kernels->population_step(&k->step, from, to), memory_order_relaxed);
}

/* State of this step or the one before, in the slots that the node keeps. */
static float *at(const struct snn__node *node, float *base, const struct snn__io *io, bool before)
{
    return base == NULL ? NULL : base + (before ? io->before : io->slot) * io->batch * node->in_len;
}

static void forward_step(struct snn__node *node, struct snn__io *io)
{
    struct population *s = node->state;
    struct stepping k = { node->ctx->kernels,
                          { .p = &s->constants,
                            .first = io->first,
                            .current = io->x[0].data,
                            .current_scale = io->x[0].scale,
                            .u_prev = at(node, s->u, io, true),
                            .u = at(node, s->u, io, false),
                            .b_prev = at(node, s->b, io, true),
                            .b = at(node, s->b, io, false),
                            .q_prev = at(node, s->q, io, true),
                            .q = at(node, s->q, io, false),
                            .i = s->i,
                            .r = at(node, s->r, io, false),
                            .out = io->y.data,
                            .trace = io->trace },
                          0 };

    io->y.scale = 1.0f;
    snn__spikes_ranges(node->ctx, io->batch * node->in_len, step_range, &k, io->y.data, node->layer->out.dim[0],
                       io->y_map);
    io->spikes = atomic_load(&k.spikes);
    if (io->training && node->couples)
        snn__couple_count(&s->couple, node, io, s->constants.decay);
}

static void population_forward(struct snn__node *node, struct snn__io *io)
{
    struct population *s = node->state;

    if (io->rates)
        snn__clip(node, io, s->constants.threshold, s->u); /* the mask takes the place of the potential */
    else
        forward_step(node, io);
}

struct correcting {
    const struct snn__kernels *kernels;
    struct snn__population_delta delta;
};

static void delta_range(void *arg, size_t from, size_t to)
{
    const struct correcting *k = arg;

    k->kernels->population_delta(&k->delta, from, to);
}

/* The error at the current of a step, by its own output alone. */
static void adjoint_in_step(const struct snn__node *node, const struct snn__io *io, struct snn__signal e, float *d,
                            bool accumulate)
{
    const struct population *s = node->state;
    struct correcting k = { node->ctx->kernels,
                            { .p = &s->constants,
                              .e = e.data,
                              .scale = e.scale,
                              .u = at(node, s->u, io, false),
                              .b = at(node, s->b, io, false),
                              .q = at(node, s->q, io, false),
                              .accumulate = accumulate,
                              .d = d,
                              .leak = s->leak,
                              .r = at(node, s->r, io, false),
                              .current = io->x[0].data,
                              .current_scale = io->x[0].scale } };

    snn__ranges(node->ctx, io->batch * node->in_len, delta_range, &k);
}

struct returning {
    const struct snn__kernels *kernels;
    struct snn__population_back back;
};

static void back_range(void *arg, size_t from, size_t to)
{
    const struct returning *k = arg;

    k->kernels->population_back(&k->back, from, to);
}

static void adjoint_through_time(const struct snn__node *node, const struct snn__io *io, struct snn__signal e,
                                 float *d, bool accumulate)
{
    const struct population *s = node->state;
    struct returning k = { node->ctx->kernels,
                           { .p = &s->constants,
                             .first = io->first,
                             .last = io->last,
                             .detach = io->detach,
                             .e = e.data,
                             .scale = e.scale,
                             .u = at(node, s->u, io, false),
                             .b = at(node, s->b, io, false),
                             .q = at(node, s->q, io, false),
                             .u_prev = at(node, s->u, io, true),
                             .b_prev = at(node, s->b, io, true),
                             .q_prev = at(node, s->q, io, true),
                             .du = s->du,
                             .db = s->db,
                             .di = s->di,
                             .accumulate = accumulate,
                             .d = d,
                             .leak = s->leak,
                             .current = io->x[0].data,
                             .current_scale = io->x[0].scale } };

    snn__ranges(node->ctx, io->batch * node->in_len, back_range, &k);
}

/* dx NULL: only the leak's gradient is wanted. */
static void adjoint_of_spikes(struct snn__node *node, const struct snn__io *io, struct snn__signal e, float *dx,
                              bool accumulate)
{
    struct population *s = node->state;

    if (s->leak != NULL && !s->leak_touched) {
        node->ctx->kernels->fill(s->leak, 0.0f, node->batch_max * node->in_len);
        s->leak_touched = true;
    }
    (node->through_time ? adjoint_through_time : adjoint_in_step)(node, io, e, dx, accumulate);
}

static void population_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input,
                               float *dx, bool accumulate)
{
    struct population *s = node->state;

    (void)input;
    if (io->couples)
        snn__couple_adjoint(&s->couple, node, io, s->constants.decay, s->constants.threshold, s->u, e, dx,
                            accumulate);
    else if (io->rates)
        snn__clip_adjoint(node, io, s->constants.threshold, s->u, e, dx, accumulate);
    else
        adjoint_of_spikes(node, io, e, dx, accumulate);
}

/* d logistic / dw from w itself: of a decay that is nearly 1, 1 - decay has lost its digits. */
/* dL/dw = dL/ddecay d decay / dw, summed over the batch and, if the leak is shared, over the neurons. */
static void population_settle(struct snn__node *node)
{
    struct population *s = node->state;
    ptrdiff_t tensor = snn__layer_tensor_index(node->layer, "leak");
    const struct snn__layer_kernels *k = snn__layers(node->ctx);
    size_t n = node->in_len;
    double total;

    if (tensor < 0)
        return;
    total = k->sum_samples(s->leak, s->leak_touched ? node->batch_max : 0, n);
    if (s->decays == NULL) {
        k->logistic_back_sum(node->gradient[tensor], total, node->layer->tensor[tensor].data);
    } else {
        snn__to_channels_first(node->ctx, &node->layer->in, 1, s->leak, node->gradient[tensor]);
        k->logistic_back(node->gradient[tensor], node->layer->tensor[tensor].data, n);
    }
    s->leak_touched = false;
}

static const struct snn__population *population_constants(const struct snn__node *node)
{
    return &((const struct population *)node->state)->constants;
}

static const float *population_membrane(const struct snn__node *node, size_t slot, size_t batch)
{
    const struct population *s = node->state;

    return s->u + slot * batch * node->in_len;
}

static const float *population_answer(const struct snn__node *node)
{
    return ((const struct population *)node->state)->couple.answer;
}

/* The leak's gradient needs the current. */
static unsigned population_flags(const snn_layer *layer)
{
    return layer->model->learns_decay ? SNN__LAYER_KEEPS_X : 0;
}

#define TYPE(type_name)                                                                                    \
    {                                                                                                      \
        .name = type_name, .flags = SNN__LAYER_POPULATION | SNN__LAYER_STEPWISE,                           \
        .state_size = sizeof(struct population), .shape = population_shape, .tensors = population_tensors, \
        .init = population_init, .run_flags = population_flags, .plan = population_plan,                   \
        .refresh = population_refresh, .forward = population_forward, .adjoint = population_adjoint,       \
        .settle = population_settle, .membrane = population_membrane, .answer = population_answer,         \
        .constants = population_constants                                                                  \
    }

const struct snn__layer_type snn__layer_if = TYPE("if"), snn__layer_lif = TYPE("lif"), snn__layer_cuba = TYPE("cuba"),
                             snn__layer_alif = TYPE("alif"), snn__layer_plif = TYPE("plif");
