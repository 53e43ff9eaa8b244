/* layer/weights.c - linear, conv2d and conv_transpose2d: y = W v + b, where a linear layer is a convolution of one
 * pixel by one tap, and a transposed convolution is the adjoint of a convolution (its mirror): forward and adjoint
 * change places.
 *
 *   forward    y = W (*) v + b
 *   adjoint    dv = transposed convolution of d with W
 *   credit     dW = corr(q, d), db = sum d                 (q: the presynaptic factor that the method chose)
 *
 * With scaled weight standardisation (N = fan-in, per output row i; docs/methods/ottt.md):
 *   r_i = 1 / sqrt(N v_i + eps), v_i = unbiased variance of row i;   What_ij = gain_i r_i (W_ij - mu_i)
 *   G = dL/dWhat, c_ij = W_ij - mu_i:   dgain_i = r_i sum_j G_ij c_ij
 *   D_ij = gain_i r_i G_ij - gain_i N/(N-1) r_i^3 c_ij sum_k G_ik c_ik;   dW_ij = D_ij - mean_j D_ij
 *
 * With a restricted spectral norm: layer/spectral.h, W as a matrix whose rows are its first axis.
 * Binary: What = a sgn(W), layer/binary.h; the forward product with spikes counts bits, blas/bits.h.
 * With a restricted Frobenius norm: What = f W, f = min(1, range / ||W||), a constant for the gradient: dW = f
 * dL/dWhat. */
#include "blas/bits.h"
#include "core/context.h"
#include "core/size.h"
#include "layer/binary.h"
#include "layer/spectral.h"
#include "layer/types.h"
#include "layer/weights.h"
#include <math.h>
#include <string.h>

#define TURN_ROWS 256u /* of an adjoint: so many make turning the weights for it a trifle beside the product */

struct weights {
    bool turned;                               /* transposed: all of this describes the mirror */
    size_t groups, taps, inputs, outputs, fan; /* inputs, outputs: channels of one group; fan = taps * inputs */
    size_t rows;                               /* of the weights: all outputs */
    struct snn__window read, read_back;        /* of the convolution and of its adjoint */
    ptrdiff_t bias, gain;                      /* tensor numbers, -1: none */
    float eps;
    bool derived;                              /* What is not W */
    float *inverse, *mean;                     /* r_i, mu_i */
    ptrdiff_t g;                               /* restricted norm: tensor number of g, followed by u and v, or -1 */
    float *u, *v;                              /* after the power iteration of this sequence */
    bool frobenius;
    double sigma, range, factor;               /* frobenius: f */
    bool is_binary;
    struct snn__binary binary;
    uint64_t *bits;                            /* sgn(W), instead of `packed`, where the input is spikes; or NULL */
    bool one_row;                              /* the adjoint has one row of a matrix: W' e reads W as it is stored */
    float *packed, *packed_back;               /* per group; NULL: not needed, or the other one turned, in scratch
                                                  memory */
    size_t packed_size, packed_back_size;      /* of a group, a multiple of 16 */
    float *bias_sum, *partial;
    float *left, *right;                       /* one_row: the gradient's outer product, while it is no more than
                                                  one */
    bool touched;                              /* the gradient holds something, in the order [O][tap][input] of the
                                                  product */
};

#define NORM                                                                                                     \
    SNN__PARAM_STR(SNN_LAYER_NORM, "norm", "none|spectral|frobenius", "none",                                    \
                   "spectral: weights clip(g, -range, range) w / sigma(w); frobenius: w min(1, range / ||w||)"), \
        SNN__PARAM_F64(SNN_LAYER_RANGE, "range", 1e-6, 1e6, 1.0, "largest norm, if norm is not none")

#define BINARY                                                                                                \
    SNN__PARAM_STR(                                                                                           \
        SNN_LAYER_BINARY, "binary", "none|scaled|sign", "none",                                               \
        "weights of one bit: scaled: mean |w| of the output channel times the sign of w; sign: the sign"),    \
        SNN__PARAM_STR(SNN_LAYER_BACK, "back", "ste|scale|full", "ste",                                       \
                       "gradient through the sign: straight, times the scale, or through the scale as well"), \
        SNN__PARAM_I64(SNN_LAYER_CLIP_LATENT, "clip_latent", 0, 1, 1, "w of binary weights stays in [-1, 1]")

static const struct snn__param linear_params[] = {
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "outputs"),
    SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"),
    SNN__PARAM_I64(SNN_LAYER_STANDARDISE, "standardise", 0, 1, 0,
                   "scaled weight standardisation with a trained gain"),
    SNN__PARAM_F64(SNN_LAYER_EPS, "eps", 0.0, 1.0, 1e-4, "inside the root of the standardisation"),
    NORM,
    BINARY,
    SNN__PARAM_STR(SNN_LAYER_INIT, "init", "default|kaiming|normal|zero|unit", "default",
                   "distribution of the first weights"),
    SNN__PARAM_F64(SNN_LAYER_INIT_STD, "init_std", 0.0, 1e6, 0.01, "deviation for init normal"),
};

static const struct snn__param conv2d_params[] = {
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "output channels"),
    SNN__PARAM_I64(SNN_LAYER_KERNEL, "kernel", 1, 4096, 3, "rows and columns of the window"),
    SNN__PARAM_I64(SNN_LAYER_STRIDE, "stride", 1, 4096, 1, "rows and columns from window to window"),
    SNN__PARAM_I64(SNN_LAYER_PAD, "pad", 0, 4096, 0, "zeros at every border"),
    SNN__PARAM_I64(SNN_LAYER_DILATION, "dilation", 1, 4096, 1, "rows and columns from tap to tap"),
    SNN__PARAM_I64(SNN_LAYER_GROUPS, "groups", 1, 1 << 24, 1, "groups of channels that do not mix"),
    SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"),
    SNN__PARAM_I64(SNN_LAYER_STANDARDISE, "standardise", 0, 1, 0,
                   "scaled weight standardisation with a trained gain"),
    SNN__PARAM_F64(SNN_LAYER_EPS, "eps", 0.0, 1.0, 1e-4, "inside the root of the standardisation"),
    NORM,
    BINARY,
    SNN__PARAM_STR(SNN_LAYER_INIT, "init", "default|kaiming|normal|zero|unit", "default",
                   "distribution of the first weights"),
    SNN__PARAM_F64(SNN_LAYER_INIT_STD, "init_std", 0.0, 1e6, 0.01, "deviation for init normal"),
};

static const struct snn__param transposed_params[] = {
    SNN__PARAM_I64(SNN_LAYER_OUT, "out", 1, 1 << 24, 1, "output channels"),
    SNN__PARAM_I64(SNN_LAYER_KERNEL, "kernel", 1, 4096, 3, "rows and columns of the window"),
    SNN__PARAM_I64(SNN_LAYER_STRIDE, "stride", 1, 4096, 1, "rows and columns from window to window, in the output"),
    SNN__PARAM_I64(SNN_LAYER_PAD, "pad", 0, 4096, 0, "rows and columns that are cut off at every border"),
    SNN__PARAM_I64(SNN_LAYER_OUT_PAD, "out_pad", 0, 4095, 0, "rows and columns that are added at the end"),
    SNN__PARAM_I64(SNN_LAYER_BIAS, "bias", 0, 1, 1, "has a bias"),
    NORM,
    SNN__PARAM_STR(SNN_LAYER_INIT, "init", "default|kaiming|normal|zero|unit", "default",
                   "distribution of the first weights"),
    SNN__PARAM_F64(SNN_LAYER_INIT_STD, "init_std", 0.0, 1e6, 0.01, "deviation for init normal"),
};

/* ---- planning ---- */

static void describe_windows(const snn_layer *layer, struct weights *s)
{
    struct snn__window *r = &s->read, *b = &s->read_back;
    const snn_shape *in = s->turned ? &layer->out : &layer->in, *out = s->turned ? &layer->in : &layer->out;

    *r = (struct snn__window){ in->dim[1], in->dim[2], s->inputs, in->dim[0], out->dim[1], out->dim[2],
                               1,          1,          1,         0,          1,           false };
    if (snn__weights_conv(layer)) {
        r->kh = r->kw = snn__weights_number(layer, SNN_LAYER_KERNEL);
        r->stride = snn__weights_number(layer, SNN_LAYER_STRIDE);
        r->pad = snn__weights_number(layer, SNN_LAYER_PAD);
        r->dilation = snn__weights_number_or(layer, SNN_LAYER_DILATION, 1);
    }
    *b = *r;
    b->h = r->oh;
    b->w = r->ow;
    b->c = s->outputs;
    b->pitch = out->dim[0];
    b->oh = r->h;
    b->ow = r->w;
    b->transposed = snn__weights_conv(layer);
}

static snn_status keep(struct snn__arena *arena, float **pointer, size_t n)
{
    return snn__arena_keep(arena, pointer, n, sizeof(float));
}

/* Whether the forward product counts bits. */
static bool counts(const struct snn__node *node)
{
    const struct weights *s = node->state;

    return s->is_binary && node->spikes && s->groups == 1;
}

/* Whether the forward product may want spikes as bits: groups of channels have no map of their own. */
static bool reads_map(const struct snn__node *node)
{
    const struct weights *s = node->state;

    return counts(node) || (node->spikes && s->groups == 1 && !s->turned && snn__product_reads_map(&s->read));
}

/* Whether binary weights are ever multiplied as floats: not where bits are counted and nothing is learned. */
static bool multiplies_signs(const struct snn__node *node)
{
    const struct weights *s = node->state;

    return s->is_binary && (!counts(node) || node->learns);
}

/* Whether the weights of the adjoint are those of the forward product, turned at need, instead of a copy. */
static bool turns_weights(const struct snn__node *node)
{
    const struct weights *s = node->state;

    return node->wants_adjoint && !counts(node) && SNN__PRODUCT(node->batch_max, s->read.oh, s->read.ow) >= TURN_ROWS;
}

static snn_status plan_packed(struct snn__node *node, struct snn__arena *arena)
{
    struct weights *s = node->state;
    const bool adjoint = node->wants_adjoint && !s->one_row && !turns_weights(node);

    s->packed_size = snn__round_up(snn__packed_size(node->ctx, s->fan, s->outputs), 16);
    s->packed_back_size =
        snn__round_up(snn__packed_size(node->ctx, SNN__PRODUCT(s->taps, s->outputs), s->inputs), 16);
    if (counts(node))
        SNN__TRY(snn__arena_keep(arena, &s->bits, snn__bits_packed_size(&s->read, s->outputs), sizeof *s->bits));
    if (s->turned ? adjoint : !counts(node))
        SNN__TRY(keep(arena, &s->packed, SNN__PRODUCT(s->groups, s->packed_size)));
    if (s->turned || adjoint)
        SNN__TRY(keep(arena, &s->packed_back, SNN__PRODUCT(s->groups, s->packed_back_size)));
    return SNN_OK;
}

static snn_status plan_binary(const snn_layer *layer, struct weights *s, struct snn__arena *arena)
{
    const struct snn__params *p = &layer->params;

    s->binary.rows = s->rows;
    s->binary.n = s->fan;
    s->binary.scaled = snn__param_is(p, SNN_LAYER_BINARY, "scaled");
    s->binary.back = snn__param_is(p, SNN_LAYER_BACK, "ste")     ? SNN__BINARY_STE
                     : snn__param_is(p, SNN_LAYER_BACK, "scale") ? SNN__BINARY_SCALE
                                                                 : SNN__BINARY_FULL;
    return keep(arena, &s->binary.scale, s->rows);
}

static snn_status weights_plan(struct snn__node *node, struct snn__arena *arena)
{
    snn_layer *layer = node->layer;
    struct weights *s = node->state;
    size_t out = layer->out.dim[0];

    s->turned = snn__weights_turned(layer);
    s->rows = layer->tensor[SNN__WEIGHT].dim[0];
    s->groups = snn__weights_number_or(layer, SNN_LAYER_GROUPS, 1);
    s->taps = (size_t)layer->tensor[SNN__WEIGHT].dim[2] * layer->tensor[SNN__WEIGHT].dim[3];
    s->inputs = layer->tensor[SNN__WEIGHT].dim[1];
    s->outputs = s->rows / s->groups;
    s->fan = s->inputs * s->taps;
    s->bias = snn__layer_tensor_index(layer, "bias");
    s->gain = snn__layer_tensor_index(layer, "gain");
    s->g = snn__layer_tensor_index(layer, "g");
    s->frobenius = snn__weights_frobenius(layer);
    s->is_binary = snn__weights_binary(layer);
    s->range = snn__param_f64(&layer->params, SNN_LAYER_RANGE);
    s->eps = s->gain < 0 ? 0.0f : (float)snn__param_f64(&layer->params, SNN_LAYER_EPS);
    describe_windows(layer, s);
    s->derived = s->gain >= 0 || s->g >= 0 || s->frobenius || multiplies_signs(node);
    s->one_row = node->batch_max == 1 && s->groups == 1 && snn__is_matrix(&s->read) && !s->turned && !s->derived;
    SNN__TRY(plan_packed(node, arena));
    node->reads_map = reads_map(node);
    if (s->is_binary)
        SNN__TRY(plan_binary(layer, s, arena));
    if (s->gain >= 0) {
        SNN__TRY(keep(arena, &s->inverse, s->rows));
        SNN__TRY(keep(arena, &s->mean, s->rows));
    }
    if (s->g >= 0) {
        SNN__TRY(keep(arena, &s->u, s->rows));
        SNN__TRY(keep(arena, &s->v, s->fan));
    }
    if (node->learns) {
        SNN__TRY(keep(arena, &s->partial, SNN__PRODUCT(SNN__PIECES, out)));
        SNN__TRY(keep(arena, &s->bias_sum, out));
    }
    if (node->learns && s->one_row) {
        SNN__TRY(keep(arena, &s->left, s->rows));
        SNN__TRY(keep(arena, &s->right, s->fan));
    }
    return SNN_OK;
}

static size_t weights_scratch(const struct snn__node *node)
{
    const struct weights *s = node->state;
    size_t m = SNN__PRODUCT(node->batch_max, s->read.oh, s->read.ow);
    size_t bytes = 0, back = 0, *turning = s->turned ? &bytes : &back;

    if (counts(node))
        bytes = snn__bits_scratch(node->ctx, node->batch_max, &s->read);
    else if (!s->turned || node->wants_adjoint)
        bytes = snn__product_scratch(node->ctx, m, s->outputs, &s->read, node->spikes && !s->turned);
    if (s->turned || node->wants_adjoint)
        back = snn__product_scratch(node->ctx, SNN__PRODUCT(node->batch_max, s->read.h, s->read.w), s->inputs,
                                    &s->read_back, false);
    if (turns_weights(node))
        *turning = SNN__SUM(*turning, SNN__PRODUCT(s->turned ? s->packed_size : s->packed_back_size, sizeof(float)));
    bytes = snn__max(bytes, back);
    if (node->learns)
        bytes = snn__max(bytes, snn__outer_scratch(node->ctx, m, s->outputs, &s->read));
    if (s->derived)
        bytes = snn__max(bytes, SNN__PRODUCT(s->rows, s->fan, sizeof(float)));
    if (node->learns && s->taps > 1)
        bytes = snn__max(bytes, SNN__PRODUCT(snn__threads(node->ctx), s->fan, sizeof(float)));
    return bytes;
}

/* ---- what is computed from the parameters ---- */

/* Rows of weights are shared out in blocks of so many. */
#define ROWS 16

/* into scratch memory, as all that is derived */
static void standardise_rows(void *arg, size_t block, size_t worker)
{
    struct snn__node *node = arg;
    struct weights *s = node->state;
    const float *gain = node->layer->tensor[s->gain].data;
    size_t from = block * ROWS, to = snn__min(from + ROWS, s->rows);

    (void)worker;
    for (size_t i = from; i < to; i++) {
        const float *w = node->layer->tensor[SNN__WEIGHT].data + i * s->fan;
        float *what = (float *)node->scratch + i * s->fan;
        double sum = 0, square = 0, n = (double)s->fan, mu, factor;

        for (size_t j = 0; j < s->fan; j++)
            sum += w[j];
        mu = sum / n;
        for (size_t j = 0; j < s->fan; j++)
            square += (w[j] - mu) * (w[j] - mu);
        s->mean[i] = (float)mu;
        s->inverse[i] = (float)(1.0 / sqrt(n * square / (n - 1) + s->eps));
        factor = gain[i] * s->inverse[i];
        for (size_t j = 0; j < s->fan; j++)
            what[j] = (float)(factor * (w[j] - mu));
    }
}

/* One power iteration from the stored u, which weights_begin() stores: an evaluation changes nothing. */
static void restrict_norm(struct snn__node *node)
{
    struct weights *s = node->state;
    const float *w = node->layer->tensor[SNN__WEIGHT].data;
    double g = node->layer->tensor[s->g].data[0];

    s->sigma = snn__spectral_iterate(node->ctx, w, s->rows, s->fan, node->layer->tensor[s->g + 1].data, s->u, s->v);
    snn__copy(node->ctx, node->scratch, (float)(fmin(fmax(g, -s->range), s->range) / s->sigma), w, s->rows * s->fan);
}

static void restrict_frobenius(struct snn__node *node)
{
    struct weights *s = node->state;
    const struct snn__tensor *w = &node->layer->tensor[SNN__WEIGHT];
    double norm = sqrt(snn__dot(node->ctx, w->data, w->data, w->length));

    s->factor = norm > s->range ? s->range / norm : 1.0;
    snn__copy(node->ctx, node->scratch, (float)s->factor, w->data, w->length);
}

static void weights_begin(struct snn__node *node, size_t batch, uint64_t stream)
{
    struct weights *s = node->state;

    (void)batch;
    (void)stream;
    if (s->g < 0)
        return;
    snn__copy(node->ctx, node->layer->tensor[s->g + 1].data, 1.0f, s->u, s->rows);
    snn__copy(node->ctx, node->layer->tensor[s->g + 2].data, 1.0f, s->v, s->fan);
}

/* Signs and scales, of latent weights or of what a packed network has in their place. */
static void binarise(struct snn__node *node)
{
    struct weights *s = node->state;
    const struct snn__tensor *w = &node->layer->tensor[SNN__WEIGHT];
    float *what = s->derived ? node->scratch : NULL;

    if (w->packed == NULL) {
        snn__binarise(node->ctx, &s->binary, w->data, what);
        if (s->bits)
            snn__bits_pack(&s->read, s->bits, w->data, s->outputs);
        return;
    }
    memcpy(s->binary.scale, w->packed, s->rows * sizeof *w->packed);
    if (what != NULL)
        snn__binary_unpack(&s->binary, snn__packed_bits(w), what);
    if (s->bits)
        snn__bits_pack_signs(&s->read, s->bits, snn__packed_bits(w), s->outputs);
}

/* The weights that compute, in the stored order: the stored ones, or, until scratch memory is used again, what is
 * derived from them. */
static const float *derive(struct snn__node *node)
{
    const struct weights *s = node->state;

    if (s->gain >= 0)
        snn__parallel(node->ctx, standardise_rows, node, snn__ceil_div(s->rows, ROWS));
    if (s->g >= 0)
        restrict_norm(node);
    if (s->frobenius)
        restrict_frobenius(node);
    if (s->is_binary)
        binarise(node);
    return s->derived ? node->scratch : node->layer->tensor[SNN__WEIGHT].data;
}

const float *snn__weights_effective(struct snn__node *node)
{
    return derive(node);
}

static void weights_refresh(struct snn__node *node)
{
    struct weights *s = node->state;
    const float *what = derive(node);

    for (size_t g = 0; g < s->groups && (s->packed || s->packed_back); g++) {
        const float *w = what + g * s->outputs * s->fan;

        if (s->packed)
            snn__pack(node->ctx, s->packed + g * s->packed_size, w, s->taps, s->inputs, s->outputs, 1, s->taps,
                      s->fan);
        if (s->packed_back)
            snn__pack(node->ctx, s->packed_back + g * s->packed_back_size, w, s->taps, s->outputs, s->inputs, 1,
                      s->fan, s->taps);
    }
}

/* ---- running ---- */

/* The packed weights of group g, forth or back. If these are not kept, the others are turned into the scratch memory;
 * *left: the rest. */
static const float *packed_weights(const struct snn__node *node, size_t g, bool back, float **left)
{
    const struct weights *s = node->state;

    *left = node->scratch;
    if (back && s->packed_back != NULL)
        return s->packed_back + g * s->packed_back_size;
    if (!back && s->packed != NULL)
        return s->packed + g * s->packed_size;
    *left += back ? s->packed_back_size : s->packed_size;
    if (back)
        snn__pack_turned(node->ctx, node->scratch, s->packed + g * s->packed_size, s->taps, s->inputs, s->outputs);
    else
        snn__pack_turned(node->ctx, node->scratch, s->packed_back + g * s->packed_back_size, s->taps, s->outputs,
                         s->inputs);
    return node->scratch;
}

/* y (+)= W x + bias */
static void convolve(struct snn__node *node, size_t batch, struct snn__signal x, bool spikes, const uint64_t *map,
                     const float *bias, float *y, bool accumulate)
{
    struct weights *s = node->state;

    for (size_t g = 0; g < s->groups; g++) {
        float *left;
        struct snn__product p = { .m = batch * s->read.oh * s->read.ow,
                                  .n = s->outputs,
                                  .x = x.data + g * s->inputs,
                                  .window = s->read,
                                  .packed = packed_weights(node, g, false, &left),
                                  .alpha = x.scale,
                                  .bias = bias ? bias + g * s->outputs : NULL,
                                  .y = y + g * s->outputs,
                                  .y_pitch = s->rows,
                                  .accumulate = accumulate,
                                  .spikes = spikes,
                                  .map = map };

        snn__product(node->ctx, &p, left);
    }
}

/* y (+)= W^T x + bias */
static void convolve_back(struct snn__node *node, size_t batch, struct snn__signal x, const float *bias, float *y,
                          bool accumulate)
{
    struct weights *s = node->state;

    for (size_t g = 0; g < s->groups; g++) {
        float *left;
        struct snn__product p = { .m = batch * s->read.h * s->read.w,
                                  .n = s->inputs,
                                  .x = x.data + g * s->outputs,
                                  .window = s->read_back,
                                  .packed = packed_weights(node, g, true, &left),
                                  .alpha = x.scale,
                                  .bias = bias ? bias + g * s->inputs : NULL,
                                  .y = y + g * s->inputs,
                                  .y_pitch = s->read.pitch,
                                  .accumulate = accumulate };

        snn__product(node->ctx, &p, left);
    }
}

struct one_row {
    const struct snn__node *node;
    struct snn__signal e;
    float *dx;
    bool accumulate;
};

/* Some columns of dx (+)= W' e: rows of W, as they are stored. */
static void row_back(void *arg, size_t from, size_t to)
{
    const struct one_row *a = arg;
    const struct weights *s = a->node->state;
    const struct snn__kernels *k = a->node->ctx->kernels;
    const float *w = a->node->layer->tensor[SNN__WEIGHT].data + from;

    if (!a->accumulate)
        k->fill(a->dx + from, 0.0f, to - from);
    for (size_t i = 0; i < s->rows; i++)
        if (a->e.data[i] != 0.0f)
            k->axpy(a->dx + from, a->e.scale * a->e.data[i], w + i * s->fan, to - from);
}

/* y = a sgn(W) x + bias, x spikes */
static void count(struct snn__node *node, struct snn__io *io, const float *bias)
{
    struct weights *s = node->state;
    struct snn__bits_product p = { .m = io->batch * s->read.oh * s->read.ow,
                                   .n = s->outputs,
                                   .x = io->x[0].data,
                                   .map = io->map,
                                   .window = s->read,
                                   .packed = s->bits,
                                   .alpha = io->x[0].scale,
                                   .scale = s->binary.scale,
                                   .bias = bias,
                                   .y = io->y.data,
                                   .y_pitch = s->rows };

    snn__bits_product(node->ctx, &p, node->scratch);
}

static void weights_forward(struct snn__node *node, struct snn__io *io)
{
    struct weights *s = node->state;
    const float *bias = s->bias < 0 ? NULL : node->layer->tensor[s->bias].data;

    io->y.scale = 1.0f;
    if (s->bits)
        count(node, io, bias);
    else if (s->turned)
        convolve_back(node, io->batch, io->x[0], bias, io->y.data, false);
    else
        convolve(node, io->batch, io->x[0], node->spikes, io->map, bias, io->y.data, false);
}

static void weights_adjoint(struct snn__node *node, struct snn__io *io, struct snn__signal e, size_t input, float *dx,
                            bool accumulate)
{
    struct weights *s = node->state;
    struct one_row one = { node, e, dx, accumulate };

    (void)input;
    if (s->one_row)
        snn__ranges(node->ctx, s->fan, row_back, &one);
    else if (s->turned)
        convolve(node, io->batch, e, false, NULL, NULL, dx, accumulate);
    else
        convolve_back(node, io->batch, e, NULL, dx, accumulate);
}

/* The gradient of one sample at one step is an outer product, and stays one as long as nothing is added. */
static void credit_row(struct snn__node *node, struct snn__signal e, struct snn__signal factor)
{
    struct weights *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;

    k->scale(s->left, e.scale * factor.scale, e.data, s->rows);
    memcpy(s->right, factor.data, s->fan * sizeof *s->right);
    node->rank_one =
        (struct snn__rank_one){ node->layer->tensor[SNN__WEIGHT].offset, s->rows, s->fan, s->left, s->right };
}

static void credit_weights(struct snn__node *node, struct snn__io *io, struct snn__signal e,
                           struct snn__signal factor)
{
    struct weights *s = node->state;
    struct snn__signal d = s->turned ? factor : e, x = s->turned ? e : factor;
    float *g = node->gradient[SNN__WEIGHT];

    if (s->one_row && !s->touched) {
        credit_row(node, e, factor);
        return;
    }
    snn__node_unfold(node);
    for (size_t i = 0; i < s->groups; i++) {
        struct snn__outer o = { .m = io->batch * s->read.oh * s->read.ow,
                                .n = s->outputs,
                                .d = d.data + i * s->outputs,
                                .d_pitch = s->rows,
                                .x = x.data + i * s->inputs,
                                .window = s->read,
                                .alpha = e.scale * factor.scale,
                                .g = g + i * s->outputs * s->fan,
                                .g_pitch = s->fan,
                                .accumulate = s->touched };

        snn__outer(node->ctx, &o, node->scratch);
    }
}

static void weights_credit(struct snn__node *node, struct snn__io *io, struct snn__signal e,
                           struct snn__signal factor)
{
    struct weights *s = node->state;

    credit_weights(node, io, e, factor);
    if (s->bias >= 0) {
        size_t out = node->layer->out.dim[0];

        snn__column_sums(node->ctx, e.data, io->batch * (node->out_len / out), out, e.scale, s->bias_sum, s->partial,
                         s->touched);
    }
    s->touched = true;
}

/* g[input][tap] <- g[tap][input]: from the order of the product to that of the tensor */
static void reorder_row(const struct weights *s, float *g, float *own)
{
    memcpy(own, g, s->fan * sizeof *g);
    for (size_t tap = 0; tap < s->taps; tap++)
        for (size_t c = 0; c < s->inputs; c++)
            g[c * s->taps + tap] = own[tap * s->inputs + c];
}

/* Rows of the gradient: into the order of the tensor, and through the standardisation if there is one. */
static void settle_rows(void *arg, size_t block, size_t worker)
{
    struct snn__node *node = arg;
    struct weights *s = node->state;
    size_t from = block * ROWS, to = snn__min(from + ROWS, s->rows);
    float *own = (float *)node->scratch + worker * s->fan;

    for (size_t i = from; i < to; i++) {
        const float *w = node->layer->tensor[SNN__WEIGHT].data + i * s->fan;
        float *g = node->gradient[SNN__WEIGHT] + i * s->fan;
        double n = (double)s->fan, gc = 0, mean = 0, gain, r, mu, slope;

        if (s->taps > 1)
            reorder_row(s, g, own);
        if (s->gain < 0)
            continue;
        gain = node->layer->tensor[s->gain].data[i];
        r = s->inverse[i];
        mu = s->mean[i];
        for (size_t j = 0; j < s->fan; j++)
            gc += g[j] * (w[j] - mu);
        node->gradient[s->gain][i] = (float)(r * gc);
        slope = gain * n / (n - 1) * r * r * r * gc;
        for (size_t j = 0; j < s->fan; j++)
            mean += gain * r * g[j] - slope * (w[j] - mu);
        mean /= n;
        for (size_t j = 0; j < s->fan; j++)
            g[j] = (float)(gain * r * g[j] - slope * (w[j] - mu) - mean);
    }
}

/* The outputs of a transposed convolution are the columns of W: next to each other in the order of the product. */
static void weights_rescale(struct snn__node *node, const float *factor)
{
    struct weights *s = node->state;
    float *g = node->gradient[SNN__WEIGHT];

    if (!s->touched)
        return;
    snn__node_unfold(node);
    for (size_t i = 0; !s->turned && i < s->rows; i++)
        node->ctx->kernels->scale(g + i * s->fan, factor[i], g + i * s->fan, s->fan);
    for (size_t i = 0; s->turned && i < s->rows * s->fan; i++)
        g[i] *= factor[i % s->inputs];
    for (size_t i = 0; s->bias >= 0 && i < node->layer->out.dim[0]; i++)
        s->bias_sum[i] *= factor[i];
}

static void weights_settle(struct snn__node *node)
{
    struct weights *s = node->state;
    const struct snn__kernels *k = node->ctx->kernels;
    const struct snn__tensor *tensor = node->layer->tensor;

    if (!s->touched) {
        node->rank_one.rows = 0;
        for (size_t t = 0; t < node->layer->n_tensors; t++)
            if (tensor[t].trained)
                k->fill(node->gradient[t], 0.0f, tensor[t].length);
        return;
    }
    if (s->taps > 1 || s->gain >= 0)
        snn__parallel(node->ctx, settle_rows, node, snn__ceil_div(s->rows, ROWS));
    if (s->g >= 0)
        node->gradient[s->g][0] =
            (float)snn__spectral_gradient(node->ctx, tensor[SNN__WEIGHT].data, s->rows, s->fan, s->u, s->v, s->sigma,
                                          tensor[s->g].data[0], s->range, node->gradient[SNN__WEIGHT]);
    if (s->frobenius)
        k->scale(node->gradient[SNN__WEIGHT], (float)s->factor, node->gradient[SNN__WEIGHT],
                 tensor[SNN__WEIGHT].length);
    if (s->is_binary)
        snn__binary_gradient(node->ctx, &s->binary, tensor[SNN__WEIGHT].data, node->gradient[SNN__WEIGHT]);
    if (s->bias >= 0)
        k->scale(node->gradient[s->bias], 1.0f, s->bias_sum, tensor[s->bias].length);
    s->touched = false;
}

static void weights_confine(snn_layer *layer)
{
    if (snn__weights_binary(layer) && snn__weights_number(layer, SNN_LAYER_CLIP_LATENT))
        snn__binary_clip(layer->ctx, layer->tensor[SNN__WEIGHT].data, layer->tensor[SNN__WEIGHT].length);
}

/* Synapses of a tap: (non-zero) weights, as all binary ones are, from input channel `channel` to all outputs, of the
 * mirror the other way round. */
static size_t tap_synapses(const struct weights *s, const float *w, size_t channel, size_t tap, bool nonzero)
{
    size_t synapses = 0, first = s->turned ? 0 : channel / s->inputs * s->outputs,
           n = s->turned ? s->inputs : s->outputs;

    for (size_t i = 0; i < n; i++) {
        size_t row = s->turned ? channel : first + i, column = s->turned ? i : channel % s->inputs;

        synapses += !nonzero || s->is_binary || w[row * s->fan + column * s->taps + tap] != 0.0f;
    }
    return synapses;
}

/* How many synapses leave each input element: taps that reach an output position, times the (non-zero) weights of the
 * tap. */
static void weights_fanout(struct snn__node *node, float *out, bool nonzero)
{
    const struct weights *s = node->state;
    const float *w = derive(node);
    const struct snn__window *r = &s->read;
    size_t channels = s->turned ? s->rows : r->pitch;

    for (size_t i = 0; i < node->in_len; i++)
        out[i] = 0.0f;
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t tap = 0; tap < s->taps; tap++) {
            size_t synapses = tap_synapses(s, w, channel, tap, nonzero);

            for (size_t y = 0; y < r->oh; y++)
                for (size_t x = 0; x < r->ow; x++) {
                    size_t row = y * r->stride + tap / r->kw * r->dilation,
                           column = x * r->stride + tap % r->kw * r->dilation;
                    size_t from = s->turned ? y * r->ow + x : (row - r->pad) * r->w + column - r->pad;

                    if (row >= r->pad && row - r->pad < r->h && column >= r->pad && column - r->pad < r->w)
                        out[from * channels + channel] += (float)synapses;
                }
        }
}

#define TYPE(type_name, type_text, type_params, type_shape)                                                         \
    {                                                                                                               \
        .name = type_name, .text = type_text, .params = type_params,                                                \
        .n_params = sizeof type_params / sizeof *type_params,                                                       \
        .flags = SNN__LAYER_WEIGHTS, .state_size = sizeof(struct weights), .shape = type_shape,                     \
        .tensors = snn__weights_tensors, .init = snn__weights_init, .plan = weights_plan,                           \
        .scratch = weights_scratch, .refresh = weights_refresh, .begin = weights_begin, .forward = weights_forward, \
        .adjoint = weights_adjoint, .credit = weights_credit, .rescale = weights_rescale, .settle = weights_settle, \
        .confine = weights_confine, .presynaptic = snn__weights_presynaptic, .fanout = weights_fanout               \
    }

const struct snn__layer_type snn__layer_linear =
    TYPE("linear", "weights from every input to every output", linear_params, snn__linear_shape);
const struct snn__layer_type snn__layer_conv2d =
    TYPE("conv2d", "two-dimensional cross-correlation", conv2d_params, snn__conv2d_shape);
const struct snn__layer_type snn__layer_conv_transpose2d =
    TYPE("conv_transpose2d", "the adjoint of a convolution", transposed_params, snn__transposed_shape);
