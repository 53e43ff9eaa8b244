/* import.c - a graph becomes a network: a layer for each node, an add where edges meet.
 *
 * Layers of a network follow the nodes in their order. An edge that closes a loop is a connection with delay 1. A
 * layer that only reads such connections has no output at the first step, its bias included: where the graph has that
 * bias from the first step on, the layer beside it takes it over. */
#include "import.h"

#include <snn/model.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- layers ---- */

void snn__nir_layer_name(const snn_layer *layer, char name[LAYER_NAME])
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;

    name[0] = '\0';
    if (snn_layer_get_info(layer, &info) == SNN_OK)
        snprintf(name, LAYER_NAME, "%s", info.name);
}

static bool is_taken(const struct building *b, const char *name)
{
    for (size_t n = 0; n < b->nir->nodes; n++)
        if (strcmp(b->made[n].name, name) == 0)
            return true;
    return strcmp(name, "input") == 0 || name[0] == '\0' || snn_network_layer_named(b->net, name) != NULL;
}

/* A name that is free: that of the node, without '.', which separates layer and tensor in files. */
static void free_name(const struct building *b, const char *node, const char *suffix, char name[LAYER_NAME])
{
    char base[LAYER_NAME];

    snprintf(base, sizeof base, "%.*s", (int)(sizeof base - 7 - strlen(suffix)), node);
    for (char *c = base; *c; c++)
        if (*c == '.' || (unsigned char)*c < ' ' || (unsigned char)*c > '~')
            *c = '_';
    snprintf(name, LAYER_NAME, "%.30s%.16s", base, suffix);
    for (unsigned i = 2; is_taken(b, name); i++)
        snprintf(name, LAYER_NAME, "%.30s%.10s_%u", base, suffix, i % 10000);
}

snn_status snn__nir_layer(struct building *b, size_t node, const char *type, const char *suffix,
                          const struct source *source, snn_layer **layer)
{
    char name[LAYER_NAME];

    if (suffix[0] == '\0')
        strcpy(name, b->made[node].name);
    else
        free_name(b, b->nir->node[node].name, suffix, name);
    TRY(snn_network_add(b->net, type, name, layer));
    return source != NULL ? snn_layer_connect(*layer, source->name, source->delay) : SNN_OK;
}

static void read_from(struct source *source, const snn_layer *layer)
{
    snn__nir_layer_name(layer, source->name);
    source->delay = 0;
}

/* A constant factor of what `source` gives; it becomes what is read. */
static snn_status scaled(struct building *b, size_t node, const char *suffix, double factor, struct source *source)
{
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, "scale", suffix, source, &layer));
    TRY(snn_layer_set_f64(layer, SNN_LAYER_VALUE, factor));
    read_from(source, layer);
    return SNN_OK;
}

/* x[t-steps] + 0 x[t]: there from the first step on. */
snn_status snn__nir_hold(struct building *b, size_t node, size_t steps, struct source *source)
{
    struct source before, nothing;
    snn_layer *sum;

    if (source->delay || strcmp(source->name, "input") == 0) { /* a copy, which later steps find again */
        TRY(snn__nir_layer(b, node, "add", "_copy", source, &sum));
        read_from(source, sum);
    }
    before = nothing = *source;
    before.delay = (int)steps;
    TRY(scaled(b, node, "_nothing", 0, &nothing));
    TRY(snn__nir_layer(b, node, "add", "_before", &before, &sum));
    TRY(snn_layer_connect(sum, nothing.name, 0));
    read_from(source, sum);
    return SNN_OK;
}

/* ---- edges ---- */

/* What a node reads: one layer, or the sum of several. */
static snn_status read_edges(struct building *b, size_t node, struct source *source)
{
    const struct nir_edge *edge = b->nir->edge;
    snn_layer *sum = NULL;
    size_t found = 0;

    for (size_t i = 0; i < b->nir->edges; i++)
        found += edge[i].to == node;
    for (size_t i = 0; i < b->nir->edges; i++) {
        if (edge[i].to != node)
            continue;
        strcpy(source->name, edge[i].delayed ? b->made[edge[i].from].name : b->made[edge[i].from].out);
        source->delay = edge[i].delayed;
        if (found == 1)
            return SNN_OK;
        if (sum == NULL)
            TRY(snn__nir_layer(b, node, "add", "_sum", source, &sum));
        else
            TRY(snn_layer_connect(sum, source->name, source->delay));
    }
    read_from(source, sum);
    return SNN_OK;
}

/* ---- nodes ---- */

static snn_status build_matrix(struct building *b, size_t node, const struct source *source)
{
    const struct made *made = &b->made[node];
    const bool bias =
        (snn__nir_field(&b->nir->node[node], "bias") != NULL && !made->silent) || made->folded < b->nir->nodes;
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, "linear", "", source, &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_OUT, (int64_t)b->nir->node[node].out.dim[0]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_BIAS, bias));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

static snn_status build_scale(struct building *b, size_t node, struct source source)
{
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, "elementwise", "", &source, &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_BIAS, 0));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

static snn_status build_delay(struct building *b, size_t node, struct source source)
{
    size_t d, cut = 0;
    double off;

    for (size_t i = 0; i < b->nir->edges; i++)
        cut |= b->nir->edge[i].from == node && b->nir->edge[i].delayed;
    TRY(snn__nir_delay(&b->nir->node[node], &b->steps, &d, &off));
    if (off > 1e-6)
        snn__nir_say(b->nir, "%s: a delay of %zu steps, rounded by %.3g of a step", b->nir->node[node].name, d, off);
    if (cut && d == 0)
        snn__nir_say(b->nir, "%s: a delay of 1 step in place of 0, since it closes a loop", b->nir->node[node].name);
    if (d > cut)
        TRY(snn__nir_hold(b, node, d - cut, &source));
    TRY(scaled(b, node, "", 1, &source)); /* the name that readers in a loop know */
    strcpy(b->made[node].out, source.name);
    return SNN_OK;
}

static snn_status build_flatten(struct building *b, size_t node, struct source source)
{
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, "flatten", "", &source, &layer));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

/* An Output reads nothing late, and is a layer where it reads another than the last. */
static snn_status build_end(struct building *b, size_t node, struct source source)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    char last[LAYER_NAME] = "";

    TRY(snn_network_get_info(b->net, &info));
    if (info.layers > 0)
        snn__nir_layer_name(snn_network_layer(b->net, info.layers - 1), last);
    if (source.delay || strcmp(last, source.name) != 0)
        TRY(scaled(b, node, "", 1, &source));
    strcpy(b->made[node].out, source.name);
    return SNN_OK;
}

static snn_status build_node(struct building *b, size_t node)
{
    struct source source;

    if (b->nir->node[node].type == NIR_INPUT) {
        strcpy(b->made[node].out, "input");
        return SNN_OK;
    }
    TRY(read_edges(b, node, &source));
    switch (b->nir->node[node].type) {
    case NIR_AFFINE:
    case NIR_LINEAR:
        return build_matrix(b, node, &source);
    case NIR_CONV1D:
    case NIR_CONV2D:
    case NIR_SUMPOOL:
    case NIR_AVGPOOL:
        return snn__nir_build_window(b, node, &source);
    case NIR_SCALE:
        return build_scale(b, node, source);
    case NIR_FLATTEN:
        return build_flatten(b, node, source);
    case NIR_DELAY:
        return build_delay(b, node, source);
    case NIR_OUTPUT:
        return SNN_OK; /* last of all: build_end() */
    default:
        return snn__nir_build_neurons(b, node, source);
    }
}

/* ---- tensors ---- */

struct filling {
    const struct building *b;
    size_t node;
};

snn_status snn__nir_fill(snn_network *net, const char *layer, const char *tensor,
                         double (*value)(const void *from, size_t i), const void *from)
{
    snn_tensor t = SNN_TENSOR_INIT;
    float *data;

    TRY(snn_layer_tensor_named(snn_network_layer_named(net, layer), tensor, &t));
    data = t.data;
    for (size_t i = 0; i < t.length; i++)
        data[i] = (float)value(from, i);
    return SNN_OK;
}

static double weight_at(const void *from, size_t i)
{
    const struct filling *f = from;

    return snn__nir_field(&f->b->nir->node[f->node], "weight")->value[i];
}

static double scale_at(const void *from, size_t i)
{
    const struct filling *f = from;

    return snn__nir_number(&f->b->nir->node[f->node], "scale", i, 1);
}

/* Its own bias, and one that it took over. */
static double bias_at(const void *from, size_t i)
{
    const struct filling *f = from;
    const size_t folded = f->b->made[f->node].folded;

    return snn__nir_number(&f->b->nir->node[f->node], "bias", i, 0) +
           (folded < f->b->nir->nodes ? snn__nir_number(&f->b->nir->node[folded], "bias", i, 0) : 0);
}

static snn_status fill_node(struct building *b, size_t node)
{
    const struct filling from = { b, node };
    const char *layer = b->made[node].out;

    switch (b->nir->node[node].type) {
    case NIR_AFFINE:
    case NIR_LINEAR:
        TRY(snn__nir_fill(b->net, layer, "weight", weight_at, &from));
        if (b->made[node].folded < b->nir->nodes ||
            (snn__nir_field(&b->nir->node[node], "bias") != NULL && !b->made[node].silent))
            TRY(snn__nir_fill(b->net, layer, "bias", bias_at, &from));
        return SNN_OK;
    case NIR_CONV1D:
    case NIR_CONV2D:
        return snn__nir_fill_window(b, node);
    case NIR_SCALE:
        return snn__nir_fill(b->net, layer, "weight", scale_at, &from);
    default:
        return snn__nir_is_neuron(b->nir->node[node].type) ? snn__nir_fill_neurons(b, node) : SNN_OK;
    }
}

/* ---- networks ---- */

static snn_status create(struct building *b)
{
    const struct nir_shape *shape = &b->nir->node[0].out;

    for (size_t n = 0; n < b->nir->nodes; n++)
        if (b->nir->node[n].type == NIR_INPUT)
            shape = &b->nir->node[n].out;
    return snn_network_create(&b->net, b->nir->context, shape->dim, shape->rank);
}

static snn_status build(struct building *b)
{
    struct source source;
    char note[160];

    TRY(create(b));
    for (size_t n = 0; n < b->nir->nodes; n++) {
        char name[LAYER_NAME];

        free_name(b, b->nir->node[n].name, "", name);
        strcpy(b->made[n].name, name);
    }
    snn__nir_fold_biases(b);
    for (size_t n = 0; n < b->nir->nodes; n++)
        TRY(build_node(b, n));
    for (size_t n = 0; n < b->nir->nodes; n++)
        if (b->nir->node[n].type == NIR_OUTPUT) {
            TRY(read_edges(b, n, &source));
            TRY(build_end(b, n, source));
        }
    TRY(snn_network_prepare(b->net));
    for (size_t n = 0; n < b->nir->nodes; n++) {
        TRY(fill_node(b, n));
        snprintf(b->nir->node[n].layer, sizeof b->nir->node[n].layer, "%s", b->made[n].out);
    }
    snprintf(note, sizeof note, "{\"dt\":%.17g}", b->steps.dt);
    return snn_network_set_note(b->net, "nir", note);
}

static void say_decay(struct building *b, size_t node)
{
    struct nir_steps euler = b->steps;
    struct nir_neuron k = snn__nir_neuron(&b->nir->node[node], 0, &b->steps), other;

    euler.decay = NIR_DECAY_EULER;
    other = snn__nir_neuron(&b->nir->node[node], 0, &euler);
    snn__nir_say(b->nir, "%s: decay %.6g and gain %.6g of a step, by Euler's formula %.6g and %.6g",
                 b->nir->node[node].name, k.beta, k.gain, other.beta, other.gain);
}

/* What the options change against NIR's own meaning, and other losses of all nodes. */
static void say_losses(struct building *b)
{
    static const char *const resets[] = { "to v_reset", "to zero", "by subtraction" };

    for (size_t n = 0; n < b->nir->nodes; n++) {
        const struct nir_node *node = &b->nir->node[n];

        if (snn__nir_spikes(node->type) && b->steps.reset == NIR_RESET_SUBTRACT)
            snn__nir_say(b->nir, "%s: reset %s; NIR's own reset is %s", node->name, resets[b->steps.reset],
                         resets[0]);
        if (b->steps.decay != NIR_DECAY_EULER &&
            (snn__nir_field(node, "tau") != NULL || snn__nir_field(node, "tau_mem") != NULL))
            say_decay(b, n);
        if (snn__nir_has_synapse(node->type) && b->steps.previous)
            snn__nir_say(b->nir, "%s: its synaptic current acts one step late", node->name);
        if (snn__nir_spikes(node->type) && b->steps.late)
            snn__nir_say(b->nir, "%s: spikes one step late", node->name);
        if ((node->type == NIR_IF || node->type == NIR_I) && !b->steps.time && b->steps.dt > 0 &&
            snn__nir_number(node, "r", 0, 1) * b->steps.dt > 0.999 &&
            snn__nir_number(node, "r", 0, 1) * b->steps.dt < 1.001)
            snn__nir_say(b->nir, "%s: r is 1/dt, as of a file whose current acts over dt: see \"integrate\"",
                         node->name);
    }
}

snn_status snn_nir_import(snn_network **out, snn_nir *nir, const snn_nir_options *options)
{
    struct building b = { .nir = nir };
    snn_status rc;

    if (out != NULL)
        *out = NULL;
    if (out == NULL || nir == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_import: an argument is NULL");
    TRY(snn__nir_steps(nir, options, &b.steps));
    TRY(snn__nir_check_neurons(nir, &b.steps));
    b.made = snn_component_alloc(nir->context, nir->nodes, sizeof *b.made);
    if (b.made == NULL)
        return SNN_ERR_MEMORY;
    nir->remarks = nir->lasting;
    say_losses(&b);
    rc = build(&b);
    snn_component_free(nir->context, b.made);
    if (rc != SNN_OK) {
        snn_network_destroy(b.net);
        return rc;
    }
    nir->imported = true;
    *out = b.net;
    return SNN_OK;
}
