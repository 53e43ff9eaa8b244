/* shape.c - shapes of all nodes, without batch and time, and the windows of convolutions and pools. */
#include "graph.h"

#include <math.h>
#include <string.h>

static snn_status misfit(const struct nir_node *node, const char *what)
{
    return snn_component_fail(SNN_ERR_SHAPE, "node %s: %s; it gets %s", node->name, what,
                              snn__nir_shape_text(&node->in).s);
}

/* ---- windows ---- */

/* Entry k of a field with one number or one for each axis. */
static bool whole_number(const struct nir_node *node, const char *name, size_t k, double least, double absent,
                         size_t *out)
{
    const double x = snn__nir_number(node, name, k, absent);

    *out = x >= least && x <= 65536 && x == floor(x) ? (size_t)x : SIZE_MAX;
    return *out != SIZE_MAX;
}

static snn_status padding(const struct nir_node *node, struct nir_window *w, size_t k, size_t axis)
{
    const struct nir_field *field = snn__nir_field(node, "padding");
    const size_t span = w->dilation[k] * (w->kernel[k] - 1);

    if (field == NULL || field->value != NULL)
        return whole_number(node, "padding", axis, 0, 0, &w->pad[k]) ? SNN_OK
                                                                     : misfit(node, "its padding is no size");
    if (strcmp(field->word, "valid") == 0)
        return SNN_OK;
    if (strcmp(field->word, "same") != 0)
        return snn_component_fail(SNN_ERR_FORMAT, "node %s: padding \"%s\"; it is a size, same or valid", node->name,
                                  field->word);
    if (w->stride[k] != 1 || span % 2 != 0)
        return snn_component_fail(
            SNN_ERR_UNSUPPORTED,
            "node %s: padding \"same\" with a stride, or more zeros at one end than at the other", node->name);
    w->pad[k] = span / 2;
    return SNN_OK;
}

static snn_status window_axis(const struct nir_node *node, struct nir_window *w, size_t k, size_t axis, bool pool)
{
    const struct nir_field *weight = snn__nir_field(node, "weight");
    size_t span;

    if (pool && !whole_number(node, "kernel_size", axis, 1, 0, &w->kernel[k]))
        return misfit(node, "its kernel_size is no size");
    if (!pool)
        w->kernel[k] = weight->dim[2 + axis];
    if (!whole_number(node, "stride", axis, 1, pool ? (double)w->kernel[k] : 1, &w->stride[k]) ||
        !whole_number(node, "dilation", axis, 1, 1, &w->dilation[k]))
        return misfit(node, "its stride or dilation is no size");
    TRY(padding(node, w, k, axis));
    span = w->dilation[k] * (w->kernel[k] - 1) + 1;
    if (w->in[k] + 2 * w->pad[k] < span)
        return misfit(node, "its window is larger than the map");
    w->out[k] = (w->in[k] + 2 * w->pad[k] - span) / w->stride[k] + 1;
    return SNN_OK;
}

snn_status snn__nir_window(const struct nir_node *node, struct nir_window *w)
{
    const bool pool = node->type == NIR_SUMPOOL || node->type == NIR_AVGPOOL, line = node->type == NIR_CONV1D;
    const struct nir_field *weight = snn__nir_field(node, "weight");
    const uint32_t rank = line ? 2 : 3;

    *w = (struct nir_window){ { 1, 1 }, { 1, 1 }, { 1, 1 }, { 1, 1 }, { 0, 0 }, { 1, 1 }, 1 };
    if (node->in.rank != rank)
        return misfit(node, line ? "Conv1d takes [C,L]" : "windows take [C,H,W]");
    if (!pool && (weight == NULL || weight->value == NULL || weight->rank != rank + 1 || weight->length == 0))
        return misfit(node, "its weight has another rank");
    w->in[0] = line ? 1 : node->in.dim[1];
    w->in[1] = node->in.dim[rank - 1];
    if (!line)
        TRY(window_axis(node, w, 0, 0, pool));
    TRY(window_axis(node, w, 1, line ? 0 : 1, pool));
    if (!whole_number(node, "groups", 0, 1, 1, &w->groups))
        return misfit(node, "its groups are no number");
    if (!pool && (weight->dim[1] * w->groups != node->in.dim[0] || weight->dim[0] % w->groups != 0))
        return misfit(node, "its weight is for other channels");
    return SNN_OK;
}

/* ---- shapes ---- */

static snn_status shape_of_end(struct nir_node *node)
{
    const struct nir_field *shape = snn__nir_field(node, "shape");

    if (shape == NULL || shape->value == NULL || shape->length == 0)
        return SNN_OK;
    if (shape->length > 3)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: %zu dimensions; networks have 1 to 3", node->name,
                                  shape->length);
    node->out.rank = (uint32_t)shape->length;
    for (size_t i = 0; i < shape->length; i++) {
        if (!(shape->value[i] >= 1 && shape->value[i] <= 1e9 && shape->value[i] == floor(shape->value[i])))
            return snn_component_fail(SNN_ERR_SHAPE, "node %s: its shape has %g", node->name, shape->value[i]);
        node->out.dim[i] = (size_t)shape->value[i];
    }
    return SNN_OK;
}

/* Matrices may have leading dimensions of 1. */
static snn_status shape_of_matrix(struct nir_node *node)
{
    const struct nir_field *weight = snn__nir_field(node, "weight"), *bias = snn__nir_field(node, "bias");
    size_t rows, columns;

    if (weight == NULL || weight->value == NULL || weight->rank < 2 || weight->length == 0)
        return snn_component_fail(SNN_ERR_FORMAT, "node %s: no weight [out,in]", node->name);
    rows = weight->dim[weight->rank - 2];
    columns = weight->dim[weight->rank - 1];
    if (weight->length != rows * columns)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: a batch of matrices", node->name);
    if (node->in.rank == 0)
        node->in = (struct nir_shape){ 1, { columns, 1, 1 } };
    if (node->in.rank != 1 || node->in.dim[0] != columns)
        return misfit(node, "its weight is for another number of inputs");
    if (bias != NULL && bias->length != rows)
        return misfit(node, "its bias has another length");
    node->out = (struct nir_shape){ 1, { rows, 1, 1 } };
    return SNN_OK;
}

static snn_status shape_of_window(struct nir_node *node)
{
    const struct nir_field *weight = snn__nir_field(node, "weight"), *bias = snn__nir_field(node, "bias");
    struct nir_window w;

    TRY(snn__nir_window(node, &w));
    node->out = node->in;
    if (weight != NULL)
        node->out.dim[0] = weight->dim[0];
    if (bias != NULL && weight != NULL && bias->length != weight->dim[0])
        return misfit(node, "its bias has another length");
    if (node->type != NIR_CONV1D)
        node->out.dim[1] = w.out[0];
    node->out.dim[node->in.rank - 1] = w.out[1];
    return SNN_OK;
}

/* Dimensions from `start` to `end` become one. Some writers count the batch: start 1 to the end then means all. */
static snn_status shape_of_flatten(snn_nir *nir, struct nir_node *node)
{
    double rank = (double)node->in.rank, start = snn__nir_number(node, "start_dim", 0, 1);
    double end = snn__nir_number(node, "end_dim", 0, -1);

    start += start < 0 ? rank : 0;
    end += end < 0 ? rank : 0;
    if (start == 1 && end >= rank - 1 && rank > 1) {
        snn__nir_say(nir, "%s: start_dim 1 was taken to count the batch: all dimensions become one", node->name);
        start = 0;
    }
    if (rank > 1 && (start != 0 || end < rank - 1))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: only flattening of all dimensions has a layer",
                                  node->name);
    node->out = (struct nir_shape){ 1, { snn__nir_length(&node->in), 1, 1 } };
    return SNN_OK;
}

/* Nodes that work on single numbers: one number of a field for all, or one for each. */
static snn_status shape_of_elements(struct nir_node *node)
{
    const struct nir_field *largest = NULL;

    for (const struct nir_field *field = node->field; field != NULL; field = field->next)
        if (field->value != NULL && (largest == NULL || field->length > largest->length))
            largest = field;
    if (largest == NULL || largest->length == 0)
        return snn_component_fail(SNN_ERR_FORMAT, "node %s: no parameters", node->name);
    if (node->in.rank == 0 && largest->rank >= 1 && largest->rank <= 3) {
        node->in.rank = largest->rank;
        memcpy(node->in.dim, largest->dim, sizeof node->in.dim);
    }
    for (const struct nir_field *field = node->field; field != NULL; field = field->next)
        if (field->value != NULL && field->length != 1 && field->length != snn__nir_length(&node->in))
            return misfit(node, "its parameters have another shape");
    node->out = node->in;
    return SNN_OK;
}

static snn_status shape_of(snn_nir *nir, struct nir_node *node)
{
    switch (node->type) {
    case NIR_INPUT:
        return shape_of_end(node);
    case NIR_OUTPUT:
        node->out = node->in;
        return SNN_OK;
    case NIR_AFFINE:
    case NIR_LINEAR:
        return shape_of_matrix(node);
    case NIR_CONV1D:
    case NIR_CONV2D:
    case NIR_SUMPOOL:
    case NIR_AVGPOOL:
        return node->in.rank ? shape_of_window(node) : SNN_OK;
    case NIR_FLATTEN:
        return node->in.rank ? shape_of_flatten(nir, node) : SNN_OK;
    default:
        return shape_of_elements(node);
    }
}

static bool same_shape(const struct nir_shape *a, const struct nir_shape *b)
{
    return a->rank == b->rank && memcmp(a->dim, b->dim, a->rank * sizeof *a->dim) == 0;
}

/* The input of a node, by a source whose shape is known; for an Input, by a reader. */
static void take_shape(snn_nir *nir, size_t n)
{
    struct nir_node *node = &nir->node[n];

    for (size_t i = 0; i < nir->edges && node->in.rank == 0; i++)
        if (nir->edge[i].to == n)
            node->in = nir->node[nir->edge[i].from].out;
        else if (node->type == NIR_INPUT && nir->edge[i].from == n)
            node->out = node->in = nir->node[nir->edge[i].to].in;
}

static snn_status check_edges(const snn_nir *nir)
{
    for (size_t i = 0; i < nir->edges; i++) {
        const struct nir_node *from = &nir->node[nir->edge[i].from], *to = &nir->node[nir->edge[i].to];

        if (!same_shape(&from->out, &to->in))
            return snn_component_fail(SNN_ERR_SHAPE, "node %s: it gets %s from %s, not %s", to->name,
                                      snn__nir_shape_text(&from->out).s, from->name, snn__nir_shape_text(&to->in).s);
    }
    return SNN_OK;
}

#define ELEMENTS_MAX ((size_t)1 << 31)

static snn_status check_size(const struct nir_node *node)
{
    double n = 1;

    for (uint32_t i = 0; i < node->out.rank; i++)
        n *= (double)node->out.dim[i];
    if (node->out.rank == 0)
        return snn_component_fail(SNN_ERR_SHAPE, "node %s: its shape cannot be found", node->name);
    return n < (double)ELEMENTS_MAX
               ? SNN_OK
               : snn_component_fail(SNN_ERR_SHAPE, "node %s: an output of %.3g numbers", node->name, n);
}

snn_status snn__nir_infer(snn_nir *nir)
{
    bool news = true;

    while (news) {
        news = false;
        for (size_t n = 0; n < nir->nodes; n++) {
            struct nir_node *node = &nir->node[n];

            if (node->out.rank != 0)
                continue;
            take_shape(nir, n);
            TRY(shape_of(nir, node));
            if (node->out.rank == 0)
                continue;
            TRY(check_size(node));
            news = true;
        }
    }
    for (size_t n = 0; n < nir->nodes; n++)
        TRY(check_size(&nir->node[n]));
    return check_edges(nir);
}
