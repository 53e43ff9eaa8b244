/* layer/weights.c - linear layers and convolutions: y = W v + b, where a linear layer is a convolution of one pixel
 * by one tap, a sequence [C,L] is a map of one row, and a transposed convolution is the adjoint of a convolution (its
 * mirror): forward and adjoint change places.
 *
 *   forward    y = W (*) v + b
 *   adjoint    dv = transposed convolution of d with W
 *   credit     dW = corr(q, d), db = sum d                 (q: the presynaptic factor that the method chose)
 *
 * Products are those of blas/operand.h. Weights that are derived from others, by standardisation, a restricted norm
 * or the sign, are those of layer/reparam.h. */
#include "layer/weights.h"
#include "blas/bits.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/binary.h"
#include "layer/layer.h"

#define NORM                                                                                                     \
    SNN__PARAM_STR(SNN_LAYER_NORM, "norm", "none|spectral|frobenius", "none",                                    \
                   "spectral: weights clip(g, -range, range) w / sigma(w); frobenius: w min(1, range / ||w||)"), \
        SNN__PARAM_F64(SNN_LAYER_RANGE, "range", 1e-6, 1e6, 1.0, "largest norm, if norm is not none")

#define BACK_WEIGHTS                                                                   \
    SNN__PARAM_STR(SNN_LAYER_BACK_WEIGHTS, "back_weights", "same|sign|random", "same", \
                   "weights of errors on their way down: these, their signs, or random ones")

#define BINARY                                                                                                \
    SNN__PARAM_STR(                                                                                           \
        SNN_LAYER_BINARY, "binary", "none|scaled|sign", "none",                                               \
        "weights of one bit: scaled: mean |w| of the output channel times the sign of w; sign: the sign"),    \
        SNN__PARAM_STR(SNN_LAYER_BACK, "back", "ste|scale|full", "ste",                                       \
                       "gradient through the sign: straight, times the scale, or through the scale as well"), \
        SNN__PARAM_I64(SNN_LAYER_CLIP_LATENT, "clip_latent", 0, 1, 1, "w of binary weights stays in [-1, 1]")

#define STANDARDISE                                                      \
    SNN__PARAM_I64(SNN_LAYER_STANDARDISE, "standardise", 0, 1, 0,        \
                   "scaled weight standardisation with a trained gain"), \
        SNN__PARAM_F64(SNN_LAYER_EPS, "eps", 0.0, 1.0, 1e-4, "added to the variance of the standardisation")

#define INITIAL                                                                           \
    SNN__PARAM_STR(SNN_LAYER_INIT, "init", "default|kaiming|normal|zero|unit", "default", \
                   "distribution of the initial weights"),                                \
        SNN__PARAM_F64(SNN_LAYER_INIT_STD, "init_std", 0.0, 1e6, 0.01, "deviation for init normal")

#define CONV                                                                                                    \
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "output channels"),                                     \
        SNN__PARAM_I64(SNN_LAYER_KERNEL, "kernel", 1, 4096, 3, "length of the window along an axis"),           \
        SNN__PARAM_I64(SNN_LAYER_STRIDE, "stride", 1, 4096, 1, "distance from window to window"),               \
        SNN__PARAM_I64(SNN_LAYER_PAD, "pad", 0, 4096, 0, "zeros at every border"),                              \
        SNN__PARAM_I64(SNN_LAYER_DILATION, "dilation", 1, 4096, 1, "distance from tap to tap"),                 \
        SNN__PARAM_I64(SNN_LAYER_GROUPS, "groups", 1, 1 << 24, 1, "groups of channels that do not mix"),        \
        SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"), STANDARDISE, NORM, BINARY, BACK_WEIGHTS, \
        INITIAL

static const struct snn__param linear_params[] = {
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "outputs"),
    SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"),
    STANDARDISE,
    NORM,
    BINARY,
    BACK_WEIGHTS,
    INITIAL,
};

static const struct snn__param conv1d_params[] = { CONV };

static const struct snn__param conv2d_params[] = {
    CONV, SNN__KERNEL_ROWS(4096), SNN__STRIDE_ROWS(4096), SNN__PAD_ROWS(4096), SNN__DILATION_ROWS(4096),
};

static const struct snn__param transposed_params[] = {
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "output channels"),
    SNN__PARAM_I64(SNN_LAYER_KERNEL, "kernel", 1, 4096, 3, "length of the window along an axis"),
    SNN__PARAM_I64(SNN_LAYER_STRIDE, "stride", 1, 4096, 1, "distance from window to window, in the output"),
    SNN__PARAM_I64(SNN_LAYER_PAD, "pad", 0, 4096, 0, "rows and columns that are cut off at every border"),
    SNN__PARAM_I64(SNN_LAYER_OUT_PAD, "out_pad", 0, 4095, 0, "rows and columns that are added at the end"),
    SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"),
    NORM,
    INITIAL,
};

/* ---- planning ---- */

/* The forward product counts bits. */
static bool counts(const struct snn__node *node)
{
    const struct snn__weights *s = node->state;

    return s->is_binary && node->spikes && s->w.groups == 1;
}

static struct snn__operand_want want_of(const struct snn__node *node)
{
    const struct snn__weights *s = node->state;

    return (struct snn__operand_want){ .batch_max = node->batch_max,
                                       .back_first = s->turned,
                                       .both = node->wants_adjoint && !s->alignment.used,
                                       .copies = !s->one_row,
                                       .counts = counts(node),
                                       .spikes = node->spikes && !s->turned,
                                       .whole = s->turned ? 0 : node->whole,
                                       .outer = node->learns,
                                       .apart = node->couples };
}

/* The forward product may read spikes as bits, except in groups of channels, which have no map. */
static bool reads_map(const struct snn__node *node)
{
    const struct snn__weights *s = node->state;

    return counts(node) || (node->spikes && s->w.groups == 1 && !s->turned && snn__product_reads_map(&s->w.read));
}

static snn_status keep(struct snn__arena *arena, float **pointer, size_t n)
{
    return snn__arena_keep(arena, pointer, n, sizeof(float));
}

/* Room for gradients. */
static snn_status plan_learning(struct snn__node *node, struct snn__arena *arena)
{
    struct snn__weights *s = node->state;
    size_t out = node->layer->out.dim[0];

    if (!node->learns)
        return SNN_OK;
    SNN__TRY(keep(arena, &s->partial, SNN__PRODUCT(SNN__PIECES, out)));
    SNN__TRY(keep(arena, &s->bias_sum, out));
    if (!s->one_row)
        return SNN_OK;
    SNN__TRY(keep(arena, &s->left, s->w.rows));
    return keep(arena, &s->right, s->w.fan);
}

static snn_status weights_plan(struct snn__node *node, struct snn__arena *arena)
{
    struct snn__weights *s = node->state;
    struct snn__operand_want want;

    s->turned = snn__weights_turned(node->layer);
    s->bias = snn__layer_tensor_index(node->layer, "bias");
    s->is_binary = snn__weights_binary(node->layer);
    SNN__TRY(snn__alignment_plan(&s->alignment, node, arena));
    snn__weights_describe(node->layer, &s->w);
    SNN__TRY(snn__derived_plan(&s->derived, node, arena));
    /* signs are only multiplied as numbers where bits are not counted, or something is learned */
    s->multiplies_derived = s->derived.by != NULL && (!counts(node) || node->learns);
    s->one_row = node->batch_max == 1 && s->w.groups == 1 && snn__is_matrix(&s->w.read) && !s->turned &&
                 !s->multiplies_derived;
    want = want_of(node);
    SNN__TRY(snn__operand_plan(&s->w, node->ctx, arena, &want));
    node->reads_map = reads_map(node);
    return plan_learning(node, arena);
}

static size_t weights_scratch(const struct snn__node *node)
{
    const struct snn__weights *s = node->state;
    const struct snn__operand_want want = want_of(node);
    size_t bytes = snn__operand_scratch(&s->w, node->ctx, &want);

    bytes = snn__max(bytes, snn__alignment_scratch(&s->alignment, node));
    if (s->multiplies_derived && !node->shared)
        bytes = snn__max(bytes, SNN__PRODUCT(s->w.rows, s->w.fan, sizeof(float)));
    if (node->learns && s->w.taps > 1)
        bytes = snn__max(bytes, SNN__PRODUCT(snn__threads(node->ctx), s->w.fan, sizeof(float)));
    return bytes;
}

/* ---- what is computed from the parameters ---- */

static void weights_begin(struct snn__node *node, size_t first, size_t batch, uint64_t stream)
{
    struct snn__weights *s = node->state;

    (void)first;
    (void)batch;
    (void)stream;
    if (s->derived.by != NULL && s->derived.by->begin != NULL)
        s->derived.by->begin(&s->derived);
}

const float *snn__weights_effective(struct snn__node *node)
{
    struct snn__weights *s = node->state;

    if (s->derived.by != NULL)
        s->derived.by->derive(&s->derived, s->multiplies_derived ? node->scratch : NULL);
    return s->multiplies_derived ? node->scratch : node->layer->tensor[SNN__WEIGHT].data;
}

/* The signs as bits. */
static void load_bits(const struct snn__node *node)
{
    const struct snn__weights *s = node->state;
    const struct snn__tensor *w = &node->layer->tensor[SNN__WEIGHT];

    if (w->packed == NULL)
        snn__bits_pack(&s->w.read, s->w.bits, w->data, s->w.outputs);
    else
        snn__bits_pack_signs(&s->w.read, s->w.bits, snn__packed_bits(w), s->w.outputs);
}

static void weights_refresh(struct snn__node *node)
{
    struct snn__weights *s = node->state;

    snn__operand_load(&s->w, node->ctx, snn__weights_effective(node), node->scratch);
    if (s->w.bits != NULL)
        load_bits(node);
    snn__alignment_refresh(&s->alignment, node);
}

/* ---- running ---- */

static void weights_forward(struct snn__node *node, struct snn__io *io)
{
    const struct snn__weights *s = node->state;
    const struct snn__operand_product p = { .batch = io->batch,
                                            .x = io->x[0].data,
                                            .alpha = io->x[0].scale,
                                            .spikes = node->spikes,
                                            .whole = s->turned ? 0 : node->whole,
                                            .map = io->map,
                                            .scale = s->derived.row[0],
                                            .bias = s->bias < 0 ? NULL : node->layer->tensor[s->bias].data,
                                            .y = io->y.data };

    io->y.scale = 1.0f;
    (s->turned ? snn__operand_back : snn__operand_forward)(&s->w, node->ctx, &p, node->scratch);
}

static void weights_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                            bool accumulate)
{
    const struct snn__weights *s = node->state;
    const struct snn__operand_product p = {
        .batch = io->batch,
        .x = e.data,
        .alpha = e.scale,
        .y = dx,
        .accumulate = accumulate,
        .events = io->couples != NULL && !io->couples->mean,
    };

    (void)input;
    if (s->alignment.used)
        snn__alignment_back(&s->alignment, node, &p);
    else if (s->one_row)
        snn__operand_back_row(&s->w, node->ctx, node->layer->tensor[SNN__WEIGHT].data, &p);
    else
        (s->turned ? snn__operand_forward : snn__operand_back)(&s->w, node->ctx, &p, node->scratch);
}

/* ---- the gradient ---- */

/* That of one sample at one step is an outer product, and stays one as long as nothing is added. */
static void credit_row(struct snn__node *node, struct snn__signal e, struct snn__signal factor)
{
    struct snn__weights *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;

    k->scale(s->left, e.scale * factor.scale, e.data, s->w.rows);
    k->layers->transfer(s->right, factor.data, s->w.fan);
    node->rank_one =
        (struct snn__rank_one){ node->layer->tensor[SNN__WEIGHT].offset, s->w.rows, s->w.fan, s->left, s->right };
}

static void credit_weights(struct snn__node *node, struct snn__io *io, struct snn__signal e,
                           struct snn__signal factor)
{
    const struct snn__weights *s = node->state;
    struct snn__signal d = s->turned ? factor : e, x = s->turned ? e : factor;

    if (s->one_row && !s->touched) {
        credit_row(node, e, factor);
        return;
    }
    snn__node_unfold(node);
    snn__operand_outer(&s->w, node->ctx, io->batch, d.data, x.data, e.scale * factor.scale,
                       node->gradient[SNN__WEIGHT], s->touched, node->scratch);
}

static void weights_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e,
                           struct snn__signal factor)
{
    struct snn__weights *s = node->state;

    credit_weights(node, io, e, factor);
    if (s->bias >= 0) {
        size_t out = node->layer->out.dim[0];

        snn__column_sums(node->ctx, e.data, io->batch * (node->out_len / out), out, e.scale, s->bias_sum, s->partial,
                         s->touched);
    }
    s->touched = true;
}

/* The outputs of a transposed convolution are the columns of W: next to each other in the order of the product. */
static void weights_rescale(struct snn__node *node, const float *factor)
{
    struct snn__weights *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;
    size_t fan = s->w.fan, inputs = s->w.inputs;
    struct snn__scale_rows rows = { s->w.rows, fan, factor, node->gradient[SNN__WEIGHT] };

    if (!s->touched)
        return;
    snn__node_unfold(node);
    for (float *g = node->gradient[SNN__WEIGHT], *end = g + s->w.rows * fan; s->turned && g < end; g += inputs)
        k->multiply(g, 1.0f, g, factor, inputs, false);
    if (!s->turned)
        snn__each(node->ctx, k->layers->scale_rows, &rows, snn__ceil_div(rows.rows, SNN__ROWS));
    if (s->bias >= 0)
        k->multiply(s->bias_sum, 1.0f, s->bias_sum, factor, node->layer->out.dim[0], false);
}

/* Nothing was credited. */
static void settle_nothing(struct snn__node *node)
{
    const struct snn__tensor *tensor = node->layer->tensor;

    node->rank_one.rows = 0;
    for (size_t t = 0; t < node->layer->n_tensors; t++)
        if (tensor[t].trained)
            node->ctx->kernels->fill(node->gradient[t], 0.0f, tensor[t].length);
}

static void weights_settle(struct snn__node *node)
{
    struct snn__weights *s = node->state;
    struct snn__reorder order = { s->w.rows, s->w.taps, s->w.inputs, node->gradient[SNN__WEIGHT], node->scratch };

    if (!s->touched) {
        settle_nothing(node);
        return;
    }
    if (s->w.taps > 1)
        snn__parallel(node->ctx, snn__layers(node->ctx)->reorder, &order, snn__ceil_div(s->w.rows, SNN__ROWS));
    if (s->derived.by != NULL)
        s->derived.by->gradient(&s->derived, node->gradient[SNN__WEIGHT]);
    if (s->bias >= 0)
        node->ctx->kernels->scale(node->gradient[s->bias], 1.0f, s->bias_sum, node->layer->tensor[s->bias].length);
    s->touched = false;
}

static void weights_confine(snn_layer *layer)
{
    if (snn__weights_binary(layer) && snn__weights_number(layer, SNN_LAYER_CLIP_LATENT))
        snn__binary_clip(layer->ctx, layer->tensor[SNN__WEIGHT].data, layer->tensor[SNN__WEIGHT].length);
}

#define TYPE(type_name, type_text, type_params, type_shape)                                                       \
    {                                                                                                             \
        .name = type_name, .text = type_text, SNN__WITH_PARAMS(type_params), .flags = SNN__LAYER_WEIGHTS,         \
        .state_size = sizeof(struct snn__weights), .shape = type_shape, .tensors = snn__weights_tensors,          \
        .init = snn__weights_init, .plan = weights_plan, .scratch = weights_scratch, .refresh = weights_refresh,  \
        .begin = weights_begin, .forward = weights_forward, .adjoint = weights_adjoint, .credit = weights_credit, \
        .rescale = weights_rescale, .settle = weights_settle, .confine = weights_confine,                         \
        .presynaptic = snn__weights_presynaptic, .fanout = snn__weights_fanout                                    \
    }

const struct snn__layer_type snn__layer_linear =
    TYPE("linear", "weights from every input to every output", linear_params, snn__linear_shape);
const struct snn__layer_type snn__layer_conv2d =
    TYPE("conv2d", "cross-correlation over maps", conv2d_params, snn__conv2d_shape);
const struct snn__layer_type snn__layer_conv1d =
    TYPE("conv1d", "cross-correlation over sequences", conv1d_params, snn__conv1d_shape);
const struct snn__layer_type snn__layer_conv_transpose2d =
    TYPE("conv_transpose2d", "the adjoint of a conv2d", transposed_params, snn__transposed2d_shape);
const struct snn__layer_type snn__layer_conv_transpose1d =
    TYPE("conv_transpose1d", "the adjoint of a conv1d", transposed_params, snn__transposed1d_shape);
