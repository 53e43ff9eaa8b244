/* export_layers.c - layers that are no populations become nodes, fields of their parameters and tensors. */
#include "export.h"

#include <math.h>
#include <string.h>

snn_status snn__nir_new_node(struct exporting *x, struct written *w, enum nir_type type)
{
    return snn__nir_add_node(x->nir, w->info.name, type, &w->node);
}

static void dims_of(const snn_shape *shape, size_t dim[3])
{
    for (uint32_t i = 0; i < 3; i++)
        dim[i] = shape->dim[i];
}

snn_status snn__nir_each(struct exporting *x, const struct written *w, const char *name, bool wide,
                         struct nir_field **field)
{
    size_t dim[3];

    dims_of(&w->info.out, dim);
    TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], name, dim, w->info.out.rank, field));
    (*field)->wide = wide;
    return SNN_OK;
}

snn_status snn__nir_tensor(struct exporting *x, const struct written *w, const char *name)
{
    snn_tensor t = SNN_TENSOR_INIT;
    struct nir_field *field;
    size_t dim[4];

    TRY(snn_layer_tensor_named(w->layer, name, &t));
    if (t.element != SNN_ELEMENT_F32)
        return snn__nir_no_node(w, "with packed weights");
    for (uint32_t i = 0; i < 4; i++)
        dim[i] = t.dim[i];
    TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], name, dim, t.rank, &field));
    for (size_t i = 0; i < field->length; i++)
        field->value[i] = (double)((const float *)t.data)[i];
    return SNN_OK;
}

/* Whole numbers: one, or n for the axes. */
static snn_status whole(struct exporting *x, const struct written *w, const char *name, const int64_t *value,
                        uint32_t rank, size_t n)
{
    struct nir_field *field;

    TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], name, &n, rank, &field));
    field->whole = true;
    for (size_t i = 0; i < n; i++)
        field->value[i] = (double)value[i];
    return SNN_OK;
}

/* A whole number of a layer for both axes, rows before columns; `same`: the value of `rows` that stands for the
 * columns'. A sequence has one axis. */
static snn_status axes(const struct written *w, int32_t columns, int32_t rows, int64_t same, int64_t value[2])
{
    TRY(snn_layer_get_i64(w->layer, columns, &value[1]));
    value[0] = value[1];
    if (w->info.in.rank == 2)
        return SNN_OK;
    TRY(snn_layer_get_i64(w->layer, rows, &value[0]));
    value[0] = value[0] == same ? value[1] : value[0];
    return SNN_OK;
}

static snn_status pair(struct exporting *x, const struct written *w, const char *name, int32_t columns, int32_t rows,
                       int64_t same)
{
    int64_t value[2];

    TRY(axes(w, columns, rows, same, value));
    return whole(x, w, name, value, 1, w->info.in.rank == 2 ? 1 : 2);
}

/* Weights that compute are the tensor's own. */
static snn_status check_plain(const struct written *w)
{
    const char *norm = "none", *binary = "none";
    int64_t standardise = 0;

    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_STANDARDISE, &standardise));
    TRY(snn_layer_get_str(w->layer, SNN_LAYER_NORM, &norm));
    TRY(snn_layer_get_str(w->layer, SNN_LAYER_BINARY, &binary));
    if (standardise || strcmp(norm, "none") != 0 || strcmp(binary, "none") != 0)
        return snn__nir_no_node(w, "whose weights are derived: standardised, bounded by a norm, or binary");
    return SNN_OK;
}

/* ---- batch norm: a line for each channel, as evaluation has it ---- */

/* The layer of weights whose outputs a batch norm alone reads; its node has the line in its weights. */
static bool has_norm(const struct exporting *x, const struct written *w, const struct written **norm)
{
    int delay = 0;

    *norm = NULL;
    for (size_t l = 0; w->readers == 1 && l < x->layers; l++)
        if (snn__nir_is(&x->layer[l], "batch_norm") && snn__nir_source(x, &x->layer[l], 0, &delay) == w && !delay)
            *norm = &x->layer[l];
    return *norm != NULL;
}

static snn_status write_norm(struct exporting *x, struct written *w)
{
    const struct written *norm = NULL;
    int delay = 0;
    const struct written *from = snn__nir_source(x, w, 0, &delay);

    const bool weights = snn__nir_is(from, "linear") || snn__nir_is(from, "conv1d") || snn__nir_is(from, "conv2d");

    if (!weights || !has_norm(x, from, &norm))
        return snn__nir_no_node(w, "unless it is all that reads a linear layer or convolution");
    return SNN_OK;
}

/* w <- w s, b <- b s + c with s = gamma / sqrt(var + eps), c = beta - mean s, of each output; the node has weight and
 * bias as its first fields. */
static snn_status take_norm(struct exporting *x, const struct written *w, const struct written *norm)
{
    struct nir_field *weight = x->nir->node[w->node].field, *bias = weight->next;
    static const char *const names[] = { "weight", "bias", "mean", "var" };
    const float *value[4];
    double eps;

    TRY(snn_layer_get_f64(norm->layer, SNN_LAYER_EPS, &eps));
    for (size_t i = 0; i < 4; i++) {
        snn_tensor t = SNN_TENSOR_INIT;

        TRY(snn_layer_tensor_named(norm->layer, names[i], &t));
        value[i] = t.data;
    }
    for (size_t i = 0; i < weight->length; i++) {
        const size_t o = i / (weight->length / bias->length);

        weight->value[i] *= (double)value[0][o] / sqrt((double)value[3][o] + eps);
    }
    for (size_t o = 0; o < bias->length; o++)
        bias->value[o] =
            (bias->value[o] - (double)value[2][o]) * (double)value[0][o] / sqrt((double)value[3][o] + eps) +
            (double)value[1][o];
    return SNN_OK;
}

/* The tensors weight and bias; a bias of zeros where the layer has none and `always`. */
static snn_status write_weights(struct exporting *x, struct written *w, bool always)
{
    const struct written *norm;
    struct nir_field *none;
    int64_t bias;
    size_t n = w->info.out.dim[0];

    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_BIAS, &bias));
    TRY(snn__nir_tensor(x, w, "weight"));
    if (bias)
        TRY(snn__nir_tensor(x, w, "bias"));
    else if (always)
        TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], "bias", &n, 1, &none));
    return has_norm(x, w, &norm) ? take_norm(x, w, norm) : SNN_OK;
}

static snn_status write_linear(struct exporting *x, struct written *w)
{
    const struct written *norm;
    int64_t bias;
    bool affine;

    TRY(check_plain(w));
    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_BIAS, &bias));
    affine = has_norm(x, w, &norm) || bias;
    TRY(snn__nir_new_node(x, w, affine ? NIR_AFFINE : NIR_LINEAR));
    return write_weights(x, w, affine);
}

static snn_status write_convolution(struct exporting *x, struct written *w)
{
    const int64_t side[2] = { w->info.in.dim[1], w->info.in.dim[2] };
    const bool line = snn__nir_is(w, "conv1d");
    int64_t groups;

    TRY(check_plain(w));
    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_GROUPS, &groups));
    TRY(snn__nir_new_node(x, w, line ? NIR_CONV1D : NIR_CONV2D));
    TRY(write_weights(x, w, true));
    TRY(pair(x, w, "stride", SNN_LAYER_STRIDE, SNN_LAYER_STRIDE_ROWS, 0));
    TRY(pair(x, w, "padding", SNN_LAYER_PAD, SNN_LAYER_PAD_ROWS, -1));
    TRY(pair(x, w, "dilation", SNN_LAYER_DILATION, SNN_LAYER_DILATION_ROWS, 0));
    TRY(whole(x, w, "groups", &groups, 0, 1));
    return whole(x, w, "input_shape", side, line ? 0 : 1, line ? 1 : 2);
}

/* NIR pools maps alone. Over a sequence a pool is a convolution of each channel by itself, with one weight. */
static snn_status write_line_pool(struct exporting *x, struct written *w)
{
    const size_t channels = w->info.in.dim[0];
    const int64_t groups = w->info.in.dim[0], length = w->info.in.dim[1], dilation = 1;
    struct nir_field *weight, *bias;
    int64_t kernel, stride, pad;
    bool all;

    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_KERNEL, &kernel));
    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_STRIDE, &stride));
    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_PAD, &pad));
    all = kernel == 0;
    kernel = all ? length : kernel;
    stride = all || stride == 0 ? kernel : stride;
    pad = all ? 0 : pad;
    TRY(snn__nir_new_node(x, w, NIR_CONV1D));
    TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], "weight", (size_t[]){ channels, 1, (size_t)kernel }, 3,
                           &weight));
    for (size_t i = 0; i < weight->length; i++)
        weight->value[i] = snn__nir_is(w, "sumpool") ? 1 : 1 / (double)kernel;
    TRY(snn__nir_add_field(x->nir, &x->nir->node[w->node], "bias", &channels, 1, &bias));
    TRY(whole(x, w, "stride", &stride, 1, 1));
    TRY(whole(x, w, "padding", &pad, 1, 1));
    TRY(whole(x, w, "dilation", &dilation, 1, 1));
    TRY(whole(x, w, "groups", &groups, 0, 1));
    snn__nir_say(x->nir,
                 "%s: NIR has no pool over sequences: a Conv1d of each channel by itself, with weights of %.6g",
                 w->info.name, weight->value[0]);
    return whole(x, w, "input_shape", &length, 0, 1);
}

static snn_status write_pool(struct exporting *x, struct written *w)
{
    int64_t kernel[2], stride[2], pad[2];

    if (w->info.in.rank == 2)
        return write_line_pool(x, w);
    TRY(axes(w, SNN_LAYER_KERNEL, SNN_LAYER_KERNEL_ROWS, 0, kernel));
    TRY(axes(w, SNN_LAYER_STRIDE, SNN_LAYER_STRIDE_ROWS, 0, stride));
    TRY(axes(w, SNN_LAYER_PAD, SNN_LAYER_PAD_ROWS, -1, pad));
    for (int k = 0; k < 2; k++) {
        const bool all = kernel[k] == 0;

        kernel[k] = all ? w->info.in.dim[1 + k] : kernel[k];
        stride[k] = all || stride[k] == 0 ? kernel[k] : stride[k];
        pad[k] = all ? 0 : pad[k];
    }
    TRY(snn__nir_new_node(x, w, snn__nir_is(w, "sumpool") ? NIR_SUMPOOL : NIR_AVGPOOL));
    TRY(whole(x, w, "kernel_size", kernel, 1, 2));
    TRY(whole(x, w, "stride", stride, 1, 2));
    return whole(x, w, "padding", pad, 1, 2);
}

static snn_status write_flatten(struct exporting *x, struct written *w)
{
    const int64_t start = 0, end = -1;
    const int64_t shape[3] = { w->info.in.dim[0], w->info.in.dim[1], w->info.in.dim[2] };

    TRY(snn__nir_new_node(x, w, NIR_FLATTEN));
    TRY(whole(x, w, "start_dim", &start, 0, 1));
    TRY(whole(x, w, "end_dim", &end, 0, 1));
    return whole(x, w, "input_type", shape, 1, w->info.in.rank);
}

/* A constant factor of all numbers. */
static snn_status write_factor(struct exporting *x, struct written *w, double factor)
{
    struct nir_field *scale;

    TRY(snn__nir_new_node(x, w, NIR_SCALE));
    TRY(snn__nir_each(x, w, "scale", false, &scale));
    for (size_t i = 0; i < scale->length; i++)
        scale->value[i] = factor;
    return SNN_OK;
}

static snn_status write_scale(struct exporting *x, struct written *w)
{
    double factor;

    TRY(snn_layer_get_f64(w->layer, SNN_LAYER_VALUE, &factor));
    return factor == 1 || factor == 0 ? SNN_OK : write_factor(x, w, factor);
}

static snn_status write_gain(struct exporting *x, struct written *w)
{
    snn_tensor t = SNN_TENSOR_INIT;

    TRY(snn_layer_tensor_named(w->layer, "weight", &t));
    return write_factor(x, w, (double)((const float *)t.data)[0]);
}

static snn_status write_elementwise(struct exporting *x, struct written *w)
{
    int64_t bias;

    TRY(snn_layer_get_i64(w->layer, SNN_LAYER_BIAS, &bias));
    if (bias)
        return snn__nir_no_node(w, "with a bias, unless a leaky population alone reads it");
    TRY(snn__nir_new_node(x, w, NIR_SCALE));
    TRY(snn__nir_tensor(x, w, "weight"));
    strcpy(x->nir->node[w->node].field->name, "scale");
    return SNN_OK;
}

static snn_status nothing(struct exporting *x, struct written *w)
{
    (void)x;
    (void)w;
    return SNN_OK;
}

snn_status snn__nir_write_layer(struct exporting *x, struct written *w)
{
    static const struct {
        const char *type;
        snn_status (*write)(struct exporting *x, struct written *w);
    } types[] = {
        { "linear", write_linear },
        { "conv1d", write_convolution },
        { "conv2d", write_convolution },
        { "sumpool", write_pool },
        { "avgpool", write_pool },
        { "flatten", write_flatten },
        { "scale", write_scale },
        { "gain", write_gain },
        { "elementwise", write_elementwise },
        { "add", nothing },
        { "dropout", nothing },
        { "batch_norm", write_norm },
        { "if", snn__nir_write_neurons },
        { "lif", snn__nir_write_neurons },
        { "plif", snn__nir_write_neurons },
        { "cuba", snn__nir_write_neurons },
    };

    if (snn__nir_taken_over(x, w))
        return SNN_OK;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].type, w->info.type) == 0)
            return types[i].write(x, w);
    return snn__nir_no_node(w, "");
}
