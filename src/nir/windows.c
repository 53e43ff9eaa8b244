/* windows.c - convolutions and pools become layers, whose windows, strides and paddings are the same in rows and
 * columns. Another window is laid into a square one, with zeros around it, where padding makes up for them. */
#include "import.h"

#include <string.h>

/* A square window that holds the given one; `shift` is where that begins. */
struct square {
    size_t kernel, pad, shift[2];
};

static snn_status no_square(const struct nir_node *node)
{
    return snn_component_fail(
        SNN_ERR_UNSUPPORTED,
        "node %s: a window of other sides, strides or paddings in rows than in columns, which no "
        "square one stands for%s",
        node->name, node->type == NIR_CONV1D ? " (there is no conv1d; padding has to keep the length)" : "");
}

/* K with K - k even on both axes, and one padding for both: P = p + d (K - k) / 2. */
static snn_status find_square(const struct nir_node *node, const struct nir_window *w, struct square *s)
{
    const size_t kernel = w->kernel[0] > w->kernel[1] ? w->kernel[0] : w->kernel[1];
    size_t pad[2];

    s->kernel = kernel;
    for (size_t k = 0; k < 2; k++) {
        if ((kernel - w->kernel[k]) % 2 != 0)
            return no_square(node);
        s->shift[k] = (kernel - w->kernel[k]) / 2;
        pad[k] = w->pad[k] + w->dilation[1] * s->shift[k];
    }
    s->pad = pad[1];
    if (pad[0] != pad[1] ||
        (node->type != NIR_CONV1D && (w->stride[0] != w->stride[1] || w->dilation[0] != w->dilation[1])))
        return no_square(node);
    return SNN_OK;
}

static snn_status build_convolution(struct building *b, size_t node, const struct nir_window *w,
                                    const struct source *source)
{
    const struct nir_node *n = &b->nir->node[node];
    struct square s = { 0, 0, { 0, 0 } };
    snn_layer *layer;

    TRY(find_square(n, w, &s));
    if (s.shift[0] || s.shift[1])
        snn__nir_say(b->nir,
                     "%s: a window of %zu x %zu in one of %zu x %zu with zeros around it, which training may change",
                     n->name, w->kernel[0], w->kernel[1], s.kernel, s.kernel);
    TRY(snn__nir_layer(b, node, "conv2d", "", source, &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_OUT, (int64_t)n->out.dim[0]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_KERNEL, (int64_t)s.kernel));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_STRIDE, (int64_t)w->stride[1]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_PAD, (int64_t)s.pad));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_DILATION, (int64_t)w->dilation[1]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_GROUPS, (int64_t)w->groups));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_BIAS, snn__nir_field(n, "bias") != NULL));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

static snn_status build_pool(struct building *b, size_t node, const struct nir_window *w, const struct source *source)
{
    const struct nir_node *n = &b->nir->node[node];
    snn_layer *layer;

    if (w->kernel[0] != w->kernel[1] || w->stride[0] != w->stride[1] || w->pad[0] != w->pad[1])
        return no_square(n);
    TRY(snn__nir_layer(b, node, n->type == NIR_SUMPOOL ? "sumpool" : "avgpool", "", source, &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_KERNEL, (int64_t)w->kernel[0]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_STRIDE, (int64_t)w->stride[0]));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_PAD, (int64_t)w->pad[0]));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

snn_status snn__nir_build_window(struct building *b, size_t node, const struct source *source)
{
    const enum nir_type type = b->nir->node[node].type;
    struct nir_window w;

    TRY(snn__nir_window(&b->nir->node[node], &w));
    return type == NIR_SUMPOOL || type == NIR_AVGPOOL ? build_pool(b, node, &w, source)
                                                      : build_convolution(b, node, &w, source);
}

/* ---- tensors ---- */

struct filling {
    const struct nir_node *node;
    struct nir_window w;
    struct square s;
};

/* Element of a square weight [O,C,K,K]: of the node's, or 0 around it. */
static double weight_at(const void *from, size_t i)
{
    const struct filling *f = from;
    const size_t k = f->s.kernel, row = i / k % k - f->s.shift[0], column = i % k - f->s.shift[1];

    if (row >= f->w.kernel[0] || column >= f->w.kernel[1])
        return 0;
    return snn__nir_field(f->node, "weight")->value[(i / (k * k) * f->w.kernel[0] + row) * f->w.kernel[1] + column];
}

static double bias_at(const void *from, size_t i)
{
    return snn__nir_number(((const struct filling *)from)->node, "bias", i, 0);
}

snn_status snn__nir_fill_window(struct building *b, size_t node)
{
    struct filling f = { .node = &b->nir->node[node] };
    const char *layer = b->made[node].out;

    TRY(snn__nir_window(f.node, &f.w));
    TRY(find_square(f.node, &f.w, &f.s));
    TRY(snn__nir_fill(b->net, layer, "weight", weight_at, &f));
    return snn__nir_field(f.node, "bias") != NULL ? snn__nir_fill(b->net, layer, "bias", bias_at, &f) : SNN_OK;
}
