/* blas/operand.c - products with a stored matrix of weights. */
#include "blas/operand.h"
#include "blas/bits.h"
#include "blas/table.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/kernel.h"

#define TURN_ROWS 256u /* of a product, from which on the cost of transposing the weights is negligible */

static size_t forward_rows(const struct snn__matrix_operand *w, size_t batch)
{
    return SNN__PRODUCT(batch, w->read.oh, w->read.ow);
}

static size_t back_rows(const struct snn__matrix_operand *w, size_t batch)
{
    return SNN__PRODUCT(batch, w->read.h, w->read.w);
}

/* ---- planning ---- */

/* The second product turns the copy of the first. */
static bool turns(const struct snn__matrix_operand *w, const struct snn__operand_want *want)
{
    return want->both && !want->counts && !want->apart && forward_rows(w, want->batch_max) >= TURN_ROWS;
}

static snn_status keep(struct snn__arena *arena, float **pointer, size_t n)
{
    return snn__arena_keep(arena, pointer, n, sizeof(float));
}

/* The forward product reads x as bits: spikes, or counts where the table sends them to the matrix unit. */
static bool reads_bits(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_want *want)
{
    const struct snn__product counts = { .window = w->read, .whole = want->whole };

    if (want->spikes || want->whole == 0 ||
        !snn__table_has(ctx, SNN__WAY_MATRIX, SNN__OF_SPIKES, forward_rows(w, want->batch_max), w->outputs, &w->read))
        return want->spikes;
    snn__product_ask(ctx);
    return snn__product_takes(ctx, &counts, SNN__WAY_MATRIX);
}

/* Where the table sends products of spikes to the matrix unit. */
static snn_status plan_limbs(struct snn__matrix_operand *w, snn_context *ctx, struct snn__arena *arena, size_t batch)
{
    if (!snn__table_has(ctx, SNN__WAY_MATRIX, SNN__OF_SPIKES, forward_rows(w, batch), w->outputs, &w->read))
        return SNN_OK;
    snn__product_ask(ctx);
    w->limbs_size = snn__limbs_size(ctx, w->outputs, &w->read);
    return w->limbs_size > 0 ? snn__arena_keep(arena, &w->limbs, SNN__PRODUCT(w->groups, w->limbs_size), 1) : SNN_OK;
}

/* A context that measures times the products that it has no row for. */
static snn_status measure(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_want *want)
{
    const size_t forward = forward_rows(w, want->batch_max), back = back_rows(w, want->batch_max);
    const struct snn__table_row *row;

    if (!want->counts && (!want->back_first || want->both))
        SNN__TRY(snn__table_measure(ctx, snn__product_kind(&w->read, reads_bits(w, ctx, want)), forward, w->outputs,
                                    &w->read, NULL, &row));
    if (want->back_first || want->both)
        SNN__TRY(snn__table_measure(ctx, snn__product_kind(&w->read_back, false), back, w->inputs, &w->read_back,
                                    NULL, &row));
    return want->outer ? snn__table_measure(ctx, SNN__OF_GRADIENTS, forward, w->outputs, &w->read, NULL, &row)
                       : SNN_OK;
}

static bool keeps_digits(const struct snn__matrix_operand *w, const snn_context *ctx,
                         const struct snn__operand_want *want)
{
    return want->both && want->copies && !want->back_first && !want->apart &&
           snn__product_wants_digits(ctx, back_rows(w, want->batch_max), w->inputs, &w->read_back);
}

static snn_status plan_digits(struct snn__matrix_operand *w, snn_context *ctx, struct snn__arena *arena)
{
    w->digits_back_size = snn__digits_size(ctx, w->inputs, &w->read_back);
    return snn__arena_keep(arena, &w->digits_back, SNN__PRODUCT(w->groups, w->digits_back_size), 1);
}

snn_status snn__operand_plan(struct snn__matrix_operand *w, snn_context *ctx, struct snn__arena *arena,
                             const struct snn__operand_want *want)
{
    const bool second = want->both && want->copies && !turns(w, want);

    SNN__TRY(measure(w, ctx, want));
    w->packed_size = snn__round_up(snn__packed_size(ctx, w->fan, w->outputs), 16);
    w->packed_back_size = snn__round_up(snn__packed_size(ctx, SNN__PRODUCT(w->taps, w->outputs), w->inputs), 16);
    if (want->counts)
        SNN__TRY(snn__arena_keep(arena, &w->bits, snn__bits_packed_size(&w->read, w->outputs), sizeof *w->bits));
    if (want->back_first ? second : !want->counts)
        SNN__TRY(keep(arena, &w->packed, SNN__PRODUCT(w->groups, w->packed_size)));
    if (want->back_first || second)
        SNN__TRY(keep(arena, &w->packed_back, SNN__PRODUCT(w->groups, w->packed_back_size)));
    if (reads_bits(w, ctx, want) && !want->counts)
        SNN__TRY(plan_limbs(w, ctx, arena, want->batch_max));
    return keeps_digits(w, ctx, want) ? plan_digits(w, ctx, arena) : SNN_OK;
}

size_t snn__operand_scratch(const struct snn__matrix_operand *w, snn_context *ctx,
                            const struct snn__operand_want *want)
{
    size_t bytes = 0, back = 0, *turning = want->back_first ? &bytes : &back;

    if (want->counts)
        bytes = snn__bits_scratch(ctx, want->batch_max, &w->read);
    else if (!want->back_first || want->both)
        bytes = snn__product_scratch(ctx, forward_rows(w, want->batch_max), w->outputs, &w->read,
                                     reads_bits(w, ctx, want));
    if (want->back_first || want->both)
        back = snn__product_scratch(ctx, back_rows(w, want->batch_max), w->inputs, &w->read_back, false);
    if (keeps_digits(w, ctx, want))
        back = snn__max(back, snn__digits_cut_scratch(ctx, &w->read_back));
    if (turns(w, want))
        *turning =
            SNN__SUM(*turning, SNN__PRODUCT(want->back_first ? w->packed_size : w->packed_back_size, sizeof(float)));
    bytes = snn__max(bytes, back);
    if (want->outer)
        bytes = snn__max(bytes, snn__outer_scratch(ctx, forward_rows(w, want->batch_max), w->outputs, &w->read));
    return bytes;
}

/* The packed weights of group g for a product. If they are not kept, the others are turned into the scratch memory;
 * *left: the rest of it. */
static const float *packed(const struct snn__matrix_operand *w, const snn_context *ctx, size_t g, bool back,
                           float *scratch, float **left)
{
    *left = scratch;
    if (back && w->packed_back != NULL)
        return w->packed_back + g * w->packed_back_size;
    if (!back && w->packed != NULL)
        return w->packed + g * w->packed_size;
    *left += back ? w->packed_back_size : w->packed_size;
    if (back)
        snn__pack_turned(ctx, scratch, w->packed + g * w->packed_size, w->taps, w->inputs, w->outputs);
    else
        snn__pack_turned(ctx, scratch, w->packed_back + g * w->packed_back_size, w->taps, w->outputs, w->inputs);
    return scratch;
}

static void load_digits(const struct snn__matrix_operand *w, const snn_context *ctx, float *scratch)
{
    for (size_t g = 0; g < w->groups; g++) {
        float *left;
        const float *back = packed(w, ctx, g, true, scratch, &left);

        snn__digits(ctx, w->digits_back + g * w->digits_back_size, back, w->inputs, &w->read_back, left);
    }
}

void snn__operand_load(const struct snn__matrix_operand *w, const snn_context *ctx, const float *weights,
                       void *scratch)
{
    for (size_t g = 0; g < w->groups && (w->packed || w->packed_back); g++) {
        const float *of_group = weights + g * w->outputs * w->fan;

        if (w->packed)
            snn__pack(ctx, w->packed + g * w->packed_size, of_group, w->taps, w->inputs, w->outputs, 1, w->taps,
                      w->fan);
        if (w->limbs)
            snn__limbs(ctx, w->limbs + g * w->limbs_size, w->packed + g * w->packed_size, w->outputs, &w->read);
        if (w->packed_back)
            snn__pack(ctx, w->packed_back + g * w->packed_back_size, of_group, w->taps, w->outputs, w->inputs, 1,
                      w->fan, w->taps);
    }
    if (w->digits_back)
        load_digits(w, ctx, scratch);
}

/* ---- running ---- */

/* y = scale sgn(W) x + bias, x spikes */
static void count(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_product *p,
                  void *scratch)
{
    const struct snn__bits_product product = { .m = forward_rows(w, p->batch),
                                               .n = w->outputs,
                                               .x = p->x,
                                               .map = p->map,
                                               .window = w->read,
                                               .packed = w->bits,
                                               .alpha = p->alpha,
                                               .scale = p->scale,
                                               .bias = p->bias,
                                               .y = p->y,
                                               .y_pitch = w->rows };

    snn__bits_product(ctx, &product, scratch);
}

/* Groups have no events: their channels do not lie side by side. */
static enum snn__way way_of(const struct snn__matrix_operand *w, const struct snn__operand_product *p)
{
    return p->events && w->groups == 1 ? SNN__WAY_EVENTS : SNN__WAY_ANY;
}

void snn__operand_forward(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_product *p,
                          void *scratch)
{
    if (w->bits != NULL) {
        count(w, ctx, p, scratch);
        return;
    }
    for (size_t g = 0; g < w->groups; g++) {
        float *left;
        const struct snn__product product = { .m = forward_rows(w, p->batch),
                                              .n = w->outputs,
                                              .x = p->x + g * w->inputs,
                                              .window = w->read,
                                              .packed = packed(w, ctx, g, false, scratch, &left),
                                              .limbs = w->limbs ? w->limbs + g * w->limbs_size : NULL,
                                              .alpha = p->alpha,
                                              .bias = p->bias ? p->bias + g * w->outputs : NULL,
                                              .y = p->y + g * w->outputs,
                                              .y_pitch = w->rows,
                                              .accumulate = p->accumulate,
                                              .spikes = p->spikes,
                                              .whole = p->whole,
                                              .map = p->map,
                                              .way = way_of(w, p) };

        snn__product(ctx, &product, left);
    }
}

void snn__operand_back(const struct snn__matrix_operand *w, snn_context *ctx, const struct snn__operand_product *p,
                       void *scratch)
{
    for (size_t g = 0; g < w->groups; g++) {
        float *left = scratch;
        struct snn__product product = { .m = back_rows(w, p->batch),
                                        .n = w->inputs,
                                        .x = p->x + g * w->outputs,
                                        .window = w->read_back,
                                        .digits = w->digits_back ? w->digits_back + g * w->digits_back_size : NULL,
                                        .alpha = p->alpha,
                                        .bias = p->bias ? p->bias + g * w->inputs : NULL,
                                        .y = p->y + g * w->inputs,
                                        .y_pitch = w->read.pitch,
                                        .accumulate = p->accumulate,
                                        .way = way_of(w, p) };

        if (snn__product_by_digits(ctx, &product, scratch))
            continue;
        product.digits = NULL;
        product.packed = packed(w, ctx, g, true, scratch, &left);
        snn__product(ctx, &product, left);
    }
}

struct row {
    const struct snn__matrix_operand *w;
    const struct snn__kernels *kernels;
    const float *weights;
    const struct snn__operand_product *p;
};

/* Some columns of y (+)= W^T x: rows of W, as they are stored. */
static void back_columns(void *arg, size_t from, size_t to)
{
    const struct row *k = arg;
    const struct snn__operand_product *p = k->p;

    if (!p->accumulate)
        k->kernels->fill(p->y + from, 0.0f, to - from);
    for (size_t i = 0; i < k->w->rows; i++)
        if (p->x[i] != 0.0f)
            k->kernels->axpy(p->y + from, p->alpha * p->x[i], k->weights + i * k->w->fan + from, to - from);
}

void snn__operand_back_row(const struct snn__matrix_operand *w, snn_context *ctx, const float *weights,
                           const struct snn__operand_product *p)
{
    struct row k = { w, ctx->kernels, weights, p };

    snn__ranges(ctx, w->fan, back_columns, &k);
}

void snn__operand_outer(const struct snn__matrix_operand *w, snn_context *ctx, size_t batch, const float *d,
                        const float *x, float alpha, float *g, bool accumulate, void *scratch)
{
    for (size_t i = 0; i < w->groups; i++) {
        const struct snn__outer o = { .m = forward_rows(w, batch),
                                      .n = w->outputs,
                                      .d = d + i * w->outputs,
                                      .d_pitch = w->rows,
                                      .x = x + i * w->inputs,
                                      .window = w->read,
                                      .alpha = alpha,
                                      .g = g + i * w->outputs * w->fan,
                                      .g_pitch = w->fan,
                                      .accumulate = accumulate };

        snn__outer(ctx, &o, scratch);
    }
}
