/* layer/elements.c - work over whole arrays, cut among the threads in pieces that depend on the sizes alone. */
#include "core/size.h"
#include "layer/layer.h"

struct pair {
    const snn_context *ctx;
    float *y;
    float a;
    const float *x;
    bool add;
};

static void add_or_copy_range(void *arg, size_t from, size_t to)
{
    const struct pair *p = arg;

    snn__add_or_scale(p->ctx->kernels, p->y + from, p->a, p->x + from, to - from, p->add);
}

void snn__add_or_copy(const snn_context *ctx, float *y, float a, const float *x, size_t n, bool add)
{
    snn__ranges(ctx, n, add_or_copy_range, &(struct pair){ ctx, y, a, x, add });
}

void snn__copy(const snn_context *ctx, float *y, float a, const float *x, size_t n)
{
    snn__add_or_copy(ctx, y, a, x, n, false);
}

void snn__add_to(const snn_context *ctx, float *y, float a, const float *x, size_t n)
{
    snn__add_or_copy(ctx, y, a, x, n, true);
}

void snn__combine(const snn_context *ctx, float *y, struct snn__signal u, struct snn__signal v, size_t n)
{
    snn__copy(ctx, y, u.scale, u.data, n);
    snn__add_to(ctx, y, v.scale, v.data, n);
}

/* ---- sums in SNN__PIECES fixed pieces ---- */

struct dot {
    const snn_context *ctx;
    const float *x, *y;
    size_t n;
    double sum[SNN__PIECES];
};

static void dot_piece(void *arg, size_t piece)
{
    struct dot *d = arg;
    size_t from = snn__part(d->n, SNN__PIECES, piece), to = snn__part(d->n, SNN__PIECES, piece + 1);

    d->sum[piece] = d->ctx->kernels->dot(d->x + from, d->y + from, to - from);
}

double snn__dot(const snn_context *ctx, const float *x, const float *y, size_t n)
{
    struct dot d = { ctx, x, y, n, { 0 } };
    double sum = 0;

    if (n > 65536) {
        snn__each(ctx, dot_piece, &d, SNN__PIECES);
    } else {
        for (size_t i = 0; i < SNN__PIECES; i++)
            dot_piece(&d, i);
    }
    for (size_t i = 0; i < SNN__PIECES; i++)
        sum += d.sum[i];
    return sum;
}

struct columns {
    const snn_context *ctx;
    const float *x;
    size_t rows, c, pieces;
    float *partial;
};

static void column_piece(void *arg, size_t piece)
{
    struct columns *k = arg;
    size_t from = snn__part(k->rows, k->pieces, piece), to = snn__part(k->rows, k->pieces, piece + 1);
    float *sum = k->partial + piece * k->c;

    k->ctx->kernels->fill(sum, 0.0f, k->c);
    for (size_t row = from; row < to; row++)
        k->ctx->kernels->axpy(sum, 1.0f, k->x + row * k->c, k->c);
}

void snn__column_sums(const snn_context *ctx, const float *x, size_t rows, size_t c, float scale, float *sums,
                      float *partial, bool accumulate)
{
    struct columns k = { ctx, x, rows, c, rows >= 256 ? SNN__PIECES : 4, partial };

    if (rows * c > 16384) {
        snn__each(ctx, column_piece, &k, k.pieces);
    } else {
        for (size_t i = 0; i < k.pieces; i++)
            column_piece(&k, i);
    }
    for (size_t i = 1; i < k.pieces; i++)
        ctx->kernels->axpy(partial, 1.0f, partial + i * c, c);
    snn__add_or_scale(ctx->kernels, sums, scale, partial, c, accumulate);
}
