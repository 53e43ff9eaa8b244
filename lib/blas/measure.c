/* blas/measure.c - how long each way to a product takes here. */
#include "blas/bits.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/status.h"
#include "core/structure.h"
#include "kernel/layers.h"
#include <snn/sys/product.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 7
#define LEAST_SECONDS 1e-3
#define MOST_NUMBERS 1e10 /* of one array */

static const char *const names[] = { "dense", "winograd", "events", "lookup", "matrix", "bits" };
static const enum snn__way ways[] = { SNN__WAY_DENSE, SNN__WAY_WINOGRAD, SNN__WAY_EVENTS, SNN__WAY_LOOKUP,
                                      SNN__WAY_MATRIX };

#define WAYS (sizeof names / sizeof *names)
#define BITS (WAYS - 1)

struct trial {
    snn_context *ctx;
    size_t m, n, depth;
    struct snn__window window;
    float *x, *weights, *packed, *y, *scale;
    uint64_t *bits;
    void *scratch;
    struct snn__product p;
    struct snn__bits_product b;
};

const char *snn_product_way(size_t index)
{
    return index < WAYS ? names[index] : NULL;
}

/* Products that are too large for memory are not tried. */
static snn_status check(const snn_context *ctx, const snn_product_shape *s)
{
    double out, depth, m, input;

    if (ctx == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "a product: the context is NULL");
    if (!s->samples || !s->channels || !s->side || !s->outputs || !s->kernel || !s->stride)
        return snn__fail(SNN_ERR_ARGUMENT, "a product: sizes must be at least 1");
    if (!(s->density >= 0 && s->density <= 1))
        return snn__fail(SNN_ERR_ARGUMENT, "a product: density %g is not in 0 .. 1", s->density);
    if ((uint64_t)s->side + 2 * (uint64_t)s->pad < s->kernel)
        return snn__fail(SNN_ERR_SHAPE, "a product: a window of %u does not fit into %u with padding %u", s->kernel,
                         s->side, s->pad);
    out = ((double)s->side + 2.0 * s->pad - s->kernel) / s->stride + 1;
    depth = (double)s->kernel * s->kernel * s->channels;
    m = s->samples * out * out;
    input = (double)s->samples * s->channels * s->side * s->side;

    if (input > MOST_NUMBERS || m * s->outputs > MOST_NUMBERS || depth * s->outputs > MOST_NUMBERS ||
        m * depth > MOST_NUMBERS)
        return snn__fail(SNN_ERR_MEMORY, "a product of %.3g rows, %.3g columns and %u outputs is too large", m, depth,
                         s->outputs);
    return SNN_OK;
}

/* Takes over the caller's shape. */
static snn_status read_shape(snn_product_shape *to, const snn_context *ctx, const snn_product_shape *from)
{
    *to = (snn_product_shape)SNN_PRODUCT_SHAPE_INIT;
    SNN__TRY(snn__read_struct(to, sizeof *to, from, "a product", "SNN_PRODUCT_SHAPE_INIT"));
    return check(ctx, to);
}

static void end(struct trial *t)
{
    void *all[] = { t->x, t->weights, t->packed, t->y, t->scale, t->bits, t->scratch };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        snn__free(t->ctx, all[i]);
}

static bool allocate(struct trial *t, size_t samples)
{
    const struct snn__window *w = &t->window;
    const size_t scratch =
        snn__max(snn__product_scratch(t->ctx, t->m, t->n, w, true), snn__bits_scratch(t->ctx, samples, w));

    return (t->x = snn__alloc(t->ctx, samples * w->h * w->w * w->c, sizeof *t->x)) != NULL &&
           (t->weights = snn__alloc(t->ctx, t->n * t->depth, sizeof *t->weights)) != NULL &&
           (t->packed = snn__alloc(t->ctx, snn__packed_size(t->ctx, t->depth, t->n), sizeof *t->packed)) != NULL &&
           (t->y = snn__alloc(t->ctx, t->m * t->n, sizeof *t->y)) != NULL &&
           (t->scale = snn__alloc(t->ctx, t->n, sizeof *t->scale)) != NULL &&
           (t->bits = snn__alloc(t->ctx, snn__bits_packed_size(w, t->n), sizeof *t->bits)) != NULL &&
           (t->scratch = snn__alloc(t->ctx, scratch, 1)) != NULL;
}

/* On success the caller ends the trial. */
static snn_status begin(struct trial *t, snn_context *ctx, const snn_product_shape *s)
{
    const size_t out = ((size_t)s->side + 2 * (size_t)s->pad - s->kernel) / s->stride + 1,
                 taps = (size_t)s->kernel * s->kernel;
    const size_t inputs = (size_t)s->samples * s->side * s->side * s->channels;
    struct snn__window *w = &t->window;

    *t = (struct trial){ .ctx = ctx, .m = s->samples * out * out, .n = s->outputs, .depth = taps * s->channels };
    *w = (struct snn__window){ s->side,   s->side,   s->channels, s->channels, out, out,
                               s->kernel, s->kernel, s->stride,   s->pad,      1,   false };
    if (!allocate(t, s->samples)) {
        end(t);
        return SNN_ERR_MEMORY;
    }
    snn__layers(ctx)->random_uniform(1, SNN__RNG_ENCODE, 0, t->x, inputs, 0, 1);
    for (size_t i = 0; i < inputs; i++)
        t->x[i] = t->x[i] < s->density;
    snn__layers(ctx)->random_uniform(1, SNN__RNG_INIT, 0, t->weights, t->n * t->depth, -1, 1);
    snn__pack(ctx, t->packed, t->weights, taps, w->c, t->n, 1, taps, t->depth);
    snn__bits_pack(w, t->bits, t->weights, t->n);
    t->p = (struct snn__product){ .m = t->m,
                                  .n = t->n,
                                  .x = t->x,
                                  .window = *w,
                                  .packed = t->packed,
                                  .alpha = 1,
                                  .y = t->y,
                                  .y_pitch = t->n,
                                  .spikes = true };
    t->b = (struct snn__bits_product){ .m = t->m,
                                       .n = t->n,
                                       .x = t->x,
                                       .window = *w,
                                       .packed = t->bits,
                                       .alpha = 1,
                                       .scale = t->scale,
                                       .y = t->y,
                                       .y_pitch = t->n };
    return SNN_OK;
}

static void multiply(const struct trial *t, size_t way)
{
    if (way == BITS)
        snn__bits_product(t->ctx, &t->b, t->scratch);
    else
        snn__product(t->ctx, &t->p, t->scratch);
}

static double run(const struct trial *t, size_t way)
{
    const double start = snn__seconds();
    size_t rounds = 0;
    double passed;

    do {
        multiply(t, way);
        rounds++;
        passed = snn__seconds() - start;
    } while (passed < LEAST_SECONDS);
    return passed / (double)rounds;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

snn_status snn_product_measure(snn_context *ctx, const snn_product_shape *shape, const char *way, double *seconds)
{
    SNN__COMPUTES;
    snn_product_shape s;
    double all[REPEATS];
    struct trial t;
    size_t which = 0;

    if (seconds == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_measure: seconds is NULL");
    *seconds = 0;
    SNN__TRY(read_shape(&s, ctx, shape));
    while (which < WAYS && (way == NULL || strcmp(way, names[which]) != 0))
        which++;
    if (which == WAYS)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "snn_product_measure: no way is called \"%s\"; snn_product_way() lists them",
                         way ? way : "NULL");
    if (which < BITS && ways[which] == SNN__WAY_MATRIX)
        snn__product_ask(ctx);
    SNN__TRY(begin(&t, ctx, &s));
    if (which < BITS && !snn__product_takes(ctx, &t.p, ways[which])) {
        end(&t);
        return snn__fail(SNN_ERR_UNSUPPORTED, "snn_product_measure: \"%s\" does not take this shape here", way);
    }
    t.p.way = which < BITS ? ways[which] : SNN__WAY_ANY;
    multiply(&t, which);
    for (size_t i = 0; i < REPEATS; i++)
        all[i] = run(&t, which);
    qsort(all, REPEATS, sizeof *all, ascending);
    *seconds = all[REPEATS / 2];
    end(&t);
    return SNN_OK;
}

snn_status snn_product_pick(snn_context *ctx, const snn_product_shape *shape, const char **way)
{
    SNN__COMPUTES;
    snn_product_shape s;
    enum snn__way picked;
    struct trial t;

    if (way == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_pick: way is NULL");
    *way = NULL;
    SNN__TRY(read_shape(&s, ctx, shape));
    SNN__TRY(begin(&t, ctx, &s));
    picked = snn__product_way(ctx, &t.p, t.scratch);
    for (size_t i = 0; i < BITS; i++)
        if (ways[i] == picked)
            *way = names[i];
    end(&t);
    return SNN_OK;
}
