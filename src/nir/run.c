/* run.c - a graph step by step in double precision, node by node as the specification has them. */
#include "graph.h"

#include <math.h>
#include <string.h>

/* State of a node. `in` is the sum of what it reads. */
struct state {
    size_t n_in, n_out;
    double *in, *out;
    double *held;      /* output of the step before, for readers behind a cut */
    double *i, *u, *r; /* synaptic current, potential before and after the reset */
    double *carried;   /* what the next step begins with */
    double *queue;     /* [delay][n] of a Delay, and what late neurons wait for */
    size_t delay, at;
    struct nir_neuron *k; /* constants of each neuron */
};

struct nir_run {
    snn_nir *nir;
    struct nir_steps steps;
    struct state *state;
};

/* ---- nodes without a state ---- */

static void run_matrix(const struct nir_node *node, const struct state *s)
{
    const double *w = snn__nir_field(node, "weight")->value;

    for (size_t o = 0; o < s->n_out; o++) {
        double sum = snn__nir_number(node, "bias", o, 0);

        for (size_t i = 0; i < s->n_in; i++)
            sum += w[o * s->n_in + i] * s->in[i];
        s->out[o] = sum;
    }
}

/* Sum over a window of one channel, with weights or without. */
static double over_window(const struct nir_window *w, const double *x, const double *weight, size_t row,
                          size_t column)
{
    double sum = 0;

    for (size_t a = 0; a < w->kernel[0]; a++)
        for (size_t b = 0; b < w->kernel[1]; b++) {
            const size_t i = row * w->stride[0] + a * w->dilation[0], j = column * w->stride[1] + b * w->dilation[1];

            if (i >= w->pad[0] && j >= w->pad[1] && i - w->pad[0] < w->in[0] && j - w->pad[1] < w->in[1])
                sum += (weight ? weight[a * w->kernel[1] + b] : 1) * x[(i - w->pad[0]) * w->in[1] + j - w->pad[1]];
        }
    return sum;
}

static void run_convolution(const struct nir_node *node, const struct state *s)
{
    const struct nir_field *weight = snn__nir_field(node, "weight");
    const size_t outputs = weight->dim[0], each = weight->dim[1];
    struct nir_window w;
    size_t area, taps;

    if (snn__nir_window(node, &w) != SNN_OK)
        return;
    area = w.out[0] * w.out[1];
    taps = w.kernel[0] * w.kernel[1];
    for (size_t o = 0; o < outputs; o++)
        for (size_t at = 0; at < area; at++) {
            double sum = snn__nir_number(node, "bias", o, 0);

            for (size_t c = 0; c < each; c++) {
                const size_t channel = o / (outputs / w.groups) * each + c;

                sum += over_window(&w, s->in + channel * w.in[0] * w.in[1], weight->value + (o * each + c) * taps,
                                   at / w.out[1], at % w.out[1]);
            }
            s->out[o * area + at] = sum;
        }
}

static void run_pool(const struct nir_node *node, const struct state *s)
{
    struct nir_window w;
    size_t area;

    if (snn__nir_window(node, &w) != SNN_OK)
        return;
    area = w.out[0] * w.out[1];
    for (size_t e = 0; e < s->n_out; e++) {
        const double sum =
            over_window(&w, s->in + e / area * w.in[0] * w.in[1], NULL, e % area / w.out[1], e % area % w.out[1]);

        s->out[e] = node->type == NIR_AVGPOOL ? sum / (double)(w.kernel[0] * w.kernel[1]) : sum;
    }
}

/* ---- nodes with a state ---- */

/* in <- what came `delay` steps ago, zero before there was anything */
static void wait_for(struct state *s)
{
    for (size_t i = 0; s->delay > 0 && i < s->n_in; i++) {
        double *slot = &s->queue[s->at * s->n_in + i];
        const double now = *slot;

        *slot = s->in[i];
        s->in[i] = now;
    }
    s->at = s->delay > 0 ? (s->at + 1) % s->delay : 0;
}

static double reset(const struct nir_steps *steps, const struct nir_neuron *k, double u)
{
    return steps->reset == NIR_RESET_SUBTRACT ? u - k->threshold : k->reset;
}

static void run_neurons(struct nir_run *run, const struct nir_node *node, struct state *s)
{
    const bool late = s->delay > 0, spikes = snn__nir_spikes(node->type);
    const bool subtracts = run->steps.reset == NIR_RESET_SUBTRACT;

    wait_for(s);
    for (size_t e = 0; e < s->n_out; e++) {
        const struct nir_neuron *k = &s->k[e];
        const double before = s->i[e], now = k->alpha * before + s->in[e];
        const double u = s->carried[e] +
                         k->gain * (snn__nir_has_synapse(node->type) && run->steps.previous ? before : now) +
                         k->shift;
        const bool fires = spikes && (run->steps.at ? u >= k->threshold : u > k->threshold);

        s->i[e] = now;
        s->u[e] = u;
        s->r[e] = fires ? reset(&run->steps, k, u) : s->u[e];
        s->carried[e] = fires && late && subtracts ? k->beta * u - k->threshold : k->beta * s->r[e];
        s->out[e] = spikes ? fires : u;
    }
}

static void run_node(struct nir_run *run, const struct nir_node *node, struct state *s)
{
    switch (node->type) {
    case NIR_AFFINE:
    case NIR_LINEAR:
        run_matrix(node, s);
        break;
    case NIR_CONV1D:
    case NIR_CONV2D:
        run_convolution(node, s);
        break;
    case NIR_SUMPOOL:
    case NIR_AVGPOOL:
        run_pool(node, s);
        break;
    case NIR_SCALE:
        for (size_t i = 0; i < s->n_out; i++)
            s->out[i] = snn__nir_number(node, "scale", i, 1) * s->in[i];
        break;
    case NIR_INPUT:
    case NIR_OUTPUT:
    case NIR_FLATTEN:
    case NIR_DELAY:
        wait_for(s);
        memcpy(s->out, s->in, s->n_out * sizeof *s->out);
        break;
    default:
        run_neurons(run, node, s);
    }
}

/* ---- runs ---- */

static snn_status make(const struct nir_run *run, double **array, size_t n)
{
    *array = snn_component_alloc(run->nir->context, n ? n : 1, sizeof **array);
    return *array ? SNN_OK : SNN_ERR_MEMORY;
}

static snn_status make_neurons(const struct nir_run *run, const struct nir_node *node, struct state *s)
{
    const size_t n = s->n_out;

    TRY(make(run, &s->i, n));
    TRY(make(run, &s->u, n));
    TRY(make(run, &s->r, n));
    TRY(make(run, &s->carried, n));
    s->delay = run->steps.late && snn__nir_spikes(node->type);
    TRY(make(run, &s->queue, n));
    s->k = snn_component_alloc(run->nir->context, n, sizeof *s->k);
    if (s->k == NULL)
        return SNN_ERR_MEMORY;
    for (size_t e = 0; e < n; e++)
        s->k[e] = snn__nir_neuron(node, e, &run->steps);
    return SNN_OK;
}

static snn_status make_state(const struct nir_run *run, size_t index)
{
    const struct nir_node *node = &run->nir->node[index];
    struct state *s = &run->state[index];
    double off;

    s->n_in = snn__nir_length(node->type == NIR_INPUT ? &node->out : &node->in);
    s->n_out = snn__nir_length(&node->out);
    TRY(make(run, &s->in, s->n_in));
    TRY(make(run, &s->out, s->n_out));
    for (size_t i = 0; i < run->nir->edges; i++)
        if (run->nir->edge[i].delayed && run->nir->edge[i].from == index && s->held == NULL)
            TRY(make(run, &s->held, s->n_out));
    if (node->type == NIR_DELAY) {
        TRY(snn__nir_delay(node, &run->steps, &s->delay, &off));
        s->delay -= s->held != NULL && s->delay > 0; /* the loop that is cut here has one step of its own */
        return make(run, &s->queue, s->delay * s->n_in);
    }
    return snn__nir_is_neuron(node->type) ? make_neurons(run, node, s) : SNN_OK;
}

snn_status snn__nir_run_create(struct nir_run **out, snn_nir *nir, const struct nir_steps *steps)
{
    struct nir_run *run;
    snn_status rc = SNN_OK;

    *out = NULL;
    TRY(snn__nir_check_neurons(nir, steps));
    *out = run = snn_component_alloc(nir->context, 1, sizeof *run);
    if (run == NULL)
        return SNN_ERR_MEMORY;
    run->nir = nir;
    run->steps = *steps;
    run->state = snn_component_alloc(nir->context, nir->nodes, sizeof *run->state);
    if (run->state == NULL)
        rc = SNN_ERR_MEMORY;
    for (size_t n = 0; n < nir->nodes && rc == SNN_OK; n++)
        rc = make_state(run, n);
    if (rc != SNN_OK) {
        snn__nir_run_destroy(run);
        *out = NULL;
    }
    return rc;
}

void snn__nir_run_destroy(struct nir_run *run)
{
    snn_context *context = run != NULL ? run->nir->context : NULL;

    for (size_t n = 0; run != NULL && run->state != NULL && n < run->nir->nodes; n++) {
        const struct state *s = &run->state[n];
        void *arrays[] = { s->in, s->out, s->held, s->i, s->u, s->r, s->carried, s->queue, s->k };

        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
            snn_component_free(context, arrays[i]);
    }
    if (run != NULL) {
        snn_component_free(context, run->state);
        snn_component_free(context, run);
    }
}

static void gather(struct nir_run *run, size_t index)
{
    struct state *s = &run->state[index];

    memset(s->in, 0, s->n_in * sizeof *s->in);
    for (size_t i = 0; i < run->nir->edges; i++) {
        const struct nir_edge *e = &run->nir->edge[i];
        const double *from = e->delayed ? run->state[e->from].held : run->state[e->from].out;

        for (size_t k = 0; e->to == index && k < s->n_in; k++)
            s->in[k] += from[k];
    }
}

void snn__nir_run_step(struct nir_run *run, const float *x)
{
    for (size_t n = 0; n < run->nir->nodes; n++) {
        struct state *s = &run->state[n];

        if (s->held != NULL)
            memcpy(s->held, s->out, s->n_out * sizeof *s->held);
    }
    for (size_t n = 0; n < run->nir->nodes; n++) {
        struct state *s = &run->state[n];

        gather(run, n);
        for (size_t i = 0; run->nir->node[n].type == NIR_INPUT && i < s->n_in; i++)
            s->in[i] = (double)x[i];
        run_node(run, &run->nir->node[n], s);
    }
}

const double *snn__nir_run_output(const struct nir_run *run, size_t node)
{
    return run->state[node].out;
}

const double *snn__nir_run_before(const struct nir_run *run, size_t node)
{
    return run->state[node].u;
}

const double *snn__nir_run_after(const struct nir_run *run, size_t node)
{
    return run->state[node].r;
}

static size_t end_of(const snn_nir *nir, enum nir_type type)
{
    size_t n = 0;

    while (nir->node[n].type != type)
        n++;
    return n;
}

static snn_status check_finite(const float *x, size_t steps, size_t n)
{
    for (size_t i = 0; i < steps * n; i++)
        if (!isfinite(x[i]))
            return snn_component_fail(SNN_ERR_DIVERGED, "snn_nir_run: step %zu: value %zu of the input is not finite",
                                      i / n, i % n);
    return SNN_OK;
}

snn_status snn_nir_run(snn_nir *nir, const snn_nir_options *options, const float *x, size_t steps, double *out,
                       const char *membrane, double *u)
{
    struct nir_steps s;
    struct nir_run *run;
    size_t watched = 0, input, output;
    snn_status rc;

    if (nir == NULL || x == NULL || out == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_run: an argument is NULL");
    while (membrane != NULL && watched < nir->nodes &&
           (strcmp(nir->node[watched].name, membrane) != 0 || !snn__nir_is_neuron(nir->node[watched].type)))
        watched++;
    if (watched == nir->nodes)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_run: no neurons \"%s\"", membrane);
    TRY(snn__nir_steps(nir, options, &s));
    TRY(snn__nir_run_create(&run, nir, &s));
    input = end_of(nir, NIR_INPUT);
    output = end_of(nir, NIR_OUTPUT);
    rc = check_finite(x, steps, run->state[input].n_in);
    for (size_t t = 0; t < steps && rc == SNN_OK; t++) {
        snn__nir_run_step(run, x + t * run->state[input].n_in);
        memcpy(out + t * run->state[output].n_out, run->state[output].out, run->state[output].n_out * sizeof *out);
        if (membrane != NULL && u != NULL)
            memcpy(u + t * run->state[watched].n_out, run->state[watched].r, run->state[watched].n_out * sizeof *u);
    }
    snn__nir_run_destroy(run);
    return rc;
}
