/* windows.c - convolutions and pools become layers. */
#include "import.h"

/* Parameters of the two axes: that of columns, and that of rows where the layer has one. */
static snn_status set_pair(snn_layer *layer, const size_t value[2], int32_t columns, int32_t rows)
{
    TRY(snn_layer_set_i64(layer, columns, (int64_t)value[1]));
    return value[0] != value[1] ? snn_layer_set_i64(layer, rows, (int64_t)value[0]) : SNN_OK;
}

/* Of a sequence there are no rows. */
static snn_status set_window(snn_layer *layer, const struct nir_window *w, bool line)
{
    const int rows = line ? 1 : 0;
    const size_t kernel[2] = { w->kernel[rows], w->kernel[1] }, stride[2] = { w->stride[rows], w->stride[1] };
    const size_t pad[2] = { w->pad[rows], w->pad[1] };

    TRY(set_pair(layer, kernel, SNN_LAYER_KERNEL, SNN_LAYER_KERNEL_ROWS));
    TRY(set_pair(layer, stride, SNN_LAYER_STRIDE, SNN_LAYER_STRIDE_ROWS));
    return set_pair(layer, pad, SNN_LAYER_PAD, SNN_LAYER_PAD_ROWS);
}

static snn_status build_convolution(struct building *b, size_t node, const struct nir_window *w,
                                    const struct source *source)
{
    const struct nir_node *n = &b->nir->node[node];
    const bool line = n->type == NIR_CONV1D;
    const size_t dilation[2] = { w->dilation[line ? 1 : 0], w->dilation[1] };
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, line ? "conv1d" : "conv2d", "", source, &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_OUT, (int64_t)n->out.dim[0]));
    TRY(set_window(layer, w, line));
    TRY(set_pair(layer, dilation, SNN_LAYER_DILATION, SNN_LAYER_DILATION_ROWS));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_GROUPS, (int64_t)w->groups));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_BIAS, snn__nir_field(n, "bias") != NULL));
    snn__nir_layer_name(layer, b->made[node].out);
    return SNN_OK;
}

static snn_status build_pool(struct building *b, size_t node, const struct nir_window *w, const struct source *source)
{
    const struct nir_node *n = &b->nir->node[node];
    snn_layer *layer;

    TRY(snn__nir_layer(b, node, n->type == NIR_SUMPOOL ? "sumpool" : "avgpool", "", source, &layer));
    TRY(set_window(layer, w, false));
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

static double weight_at(const void *from, size_t i)
{
    return snn__nir_number(from, "weight", i, 0);
}

static double bias_at(const void *from, size_t i)
{
    return snn__nir_number(from, "bias", i, 0);
}

snn_status snn__nir_fill_window(struct building *b, size_t node)
{
    const struct nir_node *n = &b->nir->node[node];
    const char *layer = b->made[node].out;

    TRY(snn__nir_fill(b->net, layer, "weight", weight_at, n));
    return snn__nir_field(n, "bias") != NULL ? snn__nir_fill(b->net, layer, "bias", bias_at, n) : SNN_OK;
}
