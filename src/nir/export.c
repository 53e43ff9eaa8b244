/* export.c - a network becomes a graph: a node for each layer, edges where layers read one another.
 *
 * Sums, dropout and factors of 1 are edges. A connection with delay 1 that closes a loop is an edge, which takes a
 * step wherever a loop is cut; any other delay is a Delay, at which the loop is cut if it closes one. */
#include "export.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

snn_status snn__nir_no_node(const struct written *w, const char *why)
{
    return snn_component_fail(SNN_ERR_UNSUPPORTED, "layer %s: NIR has no node for %s%s%s", w->info.name, w->info.type,
                              why[0] ? " " : "", why);
}

bool snn__nir_is(const struct written *w, const char *type)
{
    return w != NULL && strcmp(w->info.type, type) == 0;
}

struct written *snn__nir_source(const struct exporting *x, const struct written *w, size_t i, int *delay)
{
    const char *from;

    if (snn_layer_input(w->layer, i, &from, delay) != SNN_OK)
        return NULL;
    for (size_t l = 0; l < x->layers; l++)
        if (strcmp(x->layer[l].info.name, from) == 0)
            return &x->layer[l];
    return NULL;
}

/* ---- edges ---- */

static snn_status add_delay(struct exporting *x, const struct nir_shape *shape, size_t steps, size_t *node)
{
    struct nir_field *delay;
    char name[NIR_NAME];

    snprintf(name, sizeof name, "delay%zu", x->nir->nodes);
    TRY(snn__nir_add_node(x->nir, name, NIR_DELAY, node));
    TRY(snn__nir_add_field(x->nir, &x->nir->node[*node], "delay", shape->dim, shape->rank, &delay));
    delay->wide = true;
    for (size_t i = 0; i < delay->length; i++)
        delay->value[i] = (double)steps * x->dt;
    return SNN_OK;
}

static struct nir_shape shape_of(const snn_shape *shape)
{
    return (struct nir_shape){ shape->rank, { shape->dim[0], shape->dim[1], shape->dim[2] } };
}

static snn_status connect(struct exporting *x, size_t from, const snn_shape *shape, size_t to, size_t steps)
{
    const struct nir_shape of = shape_of(shape);
    size_t delay;

    for (size_t i = 0; i < x->nir->edges; i++)
        if (steps == 0 && x->nir->edge[i].from == from && x->nir->edge[i].to == to)
            return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: it reads %s twice, which NIR has no edges for",
                                      x->nir->node[to].name, x->nir->node[from].name);
    if (steps == 0)
        return snn__nir_add_edge(x->nir, from, to);
    TRY(add_delay(x, &of, steps, &delay));
    TRY(snn__nir_add_edge(x->nir, from, delay));
    return snn__nir_add_edge(x->nir, delay, to);
}

static bool is_nothing(const struct written *w)
{
    double factor = 1;

    return snn__nir_is(w, "scale") && snn_layer_get_f64(w->layer, SNN_LAYER_VALUE, &factor) == SNN_OK && factor == 0;
}

/* Edges to a node from what a layer reads; a layer without a node stands for what it reads itself. */
static snn_status connect_sources(struct exporting *x, const struct written *w, size_t to, size_t steps, size_t depth)
{
    for (size_t i = 0; i < w->info.inputs; i++) {
        int delay = 0;
        const struct written *from = snn__nir_source(x, w, i, &delay);
        snn_network_info info = SNN_NETWORK_INFO_INIT;
        const bool closes = delay > 0 && from != NULL && from->info.index >= w->info.index;
        /* a connection that closes a loop has one step by that */
        const size_t waits = closes && steps + (size_t)delay == 1 ? 0 : steps + (size_t)delay;

        if (depth > x->layers)
            return snn__nir_no_node(w, "in a loop without neurons");
        if (from == NULL) {
            TRY(snn_network_get_info(x->net, &info));
            TRY(connect(x, 0, &info.in, to, waits));
        } else if (from->node != NO_NODE) {
            TRY(connect(x, from->node, &from->info.out, to, waits));
        } else if (!is_nothing(from)) {
            TRY(connect_sources(x, from, to, waits, depth + 1));
        }
    }
    return SNN_OK;
}

/* ---- graphs ---- */

static snn_status add_end(struct exporting *x, enum nir_type type, const snn_shape *shape, size_t *node)
{
    const char *const name = type == NIR_INPUT ? "input" : "output";
    struct nir_field *field;
    char other[NIR_NAME];
    size_t rank = shape->rank;

    snprintf(other, sizeof other, "%s%s", name, snn_network_layer_named(x->net, name) ? "_end" : "");
    TRY(snn__nir_add_node(x->nir, other, type, node));
    TRY(snn__nir_add_field(x->nir, &x->nir->node[*node], "shape", &rank, 1, &field));
    field->whole = true;
    for (uint32_t i = 0; i < shape->rank; i++)
        field->value[i] = shape->dim[i];
    return SNN_OK;
}

static snn_status look(struct exporting *x, const snn_network_info *info)
{
    x->layers = info->layers;
    x->layer = snn_component_alloc(x->nir->context, x->layers, sizeof *x->layer);
    if (x->layer == NULL)
        return SNN_ERR_MEMORY;
    for (size_t l = 0; l < x->layers; l++) {
        struct written *w = &x->layer[l];

        w->layer = snn_network_layer(x->net, l);
        w->info = (snn_layer_info)SNN_LAYER_INFO_INIT;
        w->node = NO_NODE;
        w->readers = l + 1 == x->layers;
        TRY(snn_layer_get_info(w->layer, &w->info));
    }
    for (size_t l = 0; l < x->layers; l++)
        for (size_t i = 0; i < x->layer[l].info.inputs; i++) {
            int delay;
            struct written *from = snn__nir_source(x, &x->layer[l], i, &delay);

            if (from != NULL)
                from->readers++;
        }
    return SNN_OK;
}

static snn_status write_network(struct exporting *x)
{
    static const char *const resets[] = { "value", "zero", "subtract" };
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    size_t input, output;

    TRY(snn_network_get_info(x->net, &info));
    if (!info.prepared)
        return snn_component_fail(SNN_ERR_STATE, "snn_nir_export: the network is not prepared");
    TRY(look(x, &info));
    TRY(add_end(x, NIR_INPUT, &info.in, &input));
    for (size_t l = 0; l < x->layers; l++)
        TRY(snn__nir_write_layer(x, &x->layer[l]));
    TRY(add_end(x, NIR_OUTPUT, &info.out, &output));
    for (size_t l = 0; l < x->layers; l++)
        if (x->layer[l].node != NO_NODE)
            TRY(connect_sources(x, &x->layer[l], x->layer[l].node, 0, 0));
    if (x->layer[x->layers - 1].node != NO_NODE)
        TRY(snn__nir_add_edge(x->nir, x->layer[x->layers - 1].node, output));
    else
        TRY(connect_sources(x, &x->layer[x->layers - 1], output, 0, 0));
    if (x->reset >= 0)
        strcpy(x->nir->reset, resets[x->reset]);
    if (x->at && !x->above)
        strcpy(x->nir->fire, "at");
    x->nir->dt = x->dt;
    strcpy(x->nir->version, "1.0.6");
    TRY(snn__nir_settle(x->nir));
    return snn__nir_infer(x->nir);
}

snn_status snn_nir_export(snn_nir **out, snn_network *network, double dt)
{
    struct exporting x = { .net = network, .dt = dt, .reset = -1 };
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_status rc;

    if (out != NULL)
        *out = NULL;
    if (out == NULL || network == NULL || !(dt > 0 && dt <= 1e6))
        return snn_component_fail(SNN_ERR_ARGUMENT,
                                  "snn_nir_export: an argument is NULL, or dt is no number of seconds");
    TRY(snn_network_get_info(network, &info));
    x.nir = snn__nir_create(info.context);
    if (x.nir == NULL)
        return SNN_ERR_MEMORY;
    rc = write_network(&x);
    snn_component_free(info.context, x.layer);
    if (rc != SNN_OK) {
        snn_nir_destroy(x.nir);
        return rc;
    }
    *out = x.nir;
    return SNN_OK;
}
