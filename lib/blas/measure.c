/* blas/measure.c - how long each way to a product takes here. */
#include "blas/bits.h"
#include "blas/table.h"
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

struct trial {
    snn_context *ctx;
    size_t m, n, depth;
    struct snn__window window;
    float *x, *weights, *packed, *y, *scale;
    uint64_t *bits;
    void *limbs, *scratch;
    struct snn__product p; /* of spikes or reals */
    struct snn__outer g;   /* of gradients */
    struct snn__bits_product b;
};

/* What is timed: `bits` multiplies spikes alone. */
struct task {
    enum snn__kind kind;
    enum snn__way way;
    bool bits;
};

const char *snn_product_way(size_t index)
{
    const char *name = snn__way_names(index).name;

    return index == snn__name_index(snn__way_names, "bits") ? "bits" : name;
}

const char *snn_product_kind(size_t index)
{
    return snn__kind_names(index).name;
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
    void *all[] = { t->x, t->weights, t->packed, t->y, t->scale, t->bits, t->limbs, t->scratch };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        snn__free(t->ctx, all[i]);
}

static bool allocate(struct trial *t, size_t samples)
{
    const struct snn__window *w = &t->window;
    const size_t scratch = snn__max(snn__max(snn__product_scratch(t->ctx, t->m, t->n, w, true),
                                             snn__bits_scratch(t->ctx, samples, w)),
                                    snn__outer_scratch(t->ctx, t->m, t->n, w)),
                 limbs = snn__limbs_size(t->ctx, t->n, w);

    return (t->x = snn__alloc(t->ctx, samples * w->h * w->w * w->c, sizeof *t->x)) != NULL &&
           (t->weights = snn__alloc(t->ctx, t->n * t->depth, sizeof *t->weights)) != NULL &&
           (t->packed = snn__alloc(t->ctx, snn__packed_size(t->ctx, t->depth, t->n), sizeof *t->packed)) != NULL &&
           (t->y = snn__alloc(t->ctx, t->m * t->n, sizeof *t->y)) != NULL &&
           (t->scale = snn__alloc(t->ctx, t->n, sizeof *t->scale)) != NULL &&
           (t->bits = snn__alloc(t->ctx, snn__bits_packed_size(w, t->n), sizeof *t->bits)) != NULL &&
           (t->limbs = snn__alloc(t->ctx, snn__max(limbs, 1), 1)) != NULL &&
           (t->scratch = snn__alloc(t->ctx, scratch, 1)) != NULL;
}

/* On success the caller ends the trial. */
/* Spikes at the density, and weights in the forms that products read. */
static void draw(struct trial *t, const snn_product_shape *s)
{
    const struct snn__window *w = &t->window;
    const size_t inputs = (size_t)s->samples * w->h * w->w * w->c, taps = w->kh * w->kw;

    snn__layers(t->ctx)->random_uniform(1, SNN__RNG_ENCODE, 0, t->x, inputs, 0, 1);
    for (size_t i = 0; i < inputs; i++)
        t->x[i] = t->x[i] < s->density;
    snn__layers(t->ctx)->random_uniform(1, SNN__RNG_INIT, 0, t->weights, t->n * t->depth, -1, 1);
    snn__pack(t->ctx, t->packed, t->weights, taps, w->c, t->n, 1, taps, t->depth);
    snn__bits_pack(w, t->bits, t->weights, t->n);
    if (snn__limbs_size(t->ctx, t->n, w) > 0)
        snn__limbs(t->ctx, t->limbs, t->packed, t->n, w);
}

static snn_status begin(struct trial *t, snn_context *ctx, const snn_product_shape *s, enum snn__kind kind)
{
    const size_t out = ((size_t)s->side + 2 * (size_t)s->pad - s->kernel) / s->stride + 1,
                 taps = (size_t)s->kernel * s->kernel;
    struct snn__window *w = &t->window;

    *t = (struct trial){ .ctx = ctx, .m = s->samples * out * out, .n = s->outputs, .depth = taps * s->channels };
    *w = (struct snn__window){ s->side,   s->side,   s->channels, s->channels, out, out,
                               s->kernel, s->kernel, s->stride,   s->pad,      1,   false };
    if (!allocate(t, s->samples)) {
        end(t);
        return SNN_ERR_MEMORY;
    }
    draw(t, s);
    t->p = (struct snn__product){ .m = t->m,
                                  .n = t->n,
                                  .x = t->x,
                                  .window = *w,
                                  .packed = t->packed,
                                  .limbs = snn__limbs_size(ctx, t->n, w) > 0 ? t->limbs : NULL,
                                  .alpha = 1,
                                  .y = t->y,
                                  .y_pitch = t->n,
                                  .spikes = kind == SNN__OF_SPIKES };
    t->g = (struct snn__outer){ .m = t->m,
                                .n = t->n,
                                .d = t->y,
                                .d_pitch = t->n,
                                .x = t->x,
                                .window = *w,
                                .alpha = 1,
                                .g = t->weights,
                                .g_pitch = t->depth };
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

static void multiply(const struct trial *t, const struct task *task)
{
    if (task->bits)
        snn__bits_product(t->ctx, &t->b, t->scratch);
    else if (task->kind == SNN__OF_GRADIENTS)
        snn__outer(t->ctx, &t->g, t->scratch);
    else
        snn__product(t->ctx, &t->p, t->scratch);
}

static bool takes(const struct trial *t, const struct task *task)
{
    if (task->bits)
        return task->kind == SNN__OF_SPIKES;
    return task->kind == SNN__OF_GRADIENTS ? snn__outer_takes(t->ctx, &t->g, task->way)
                                           : snn__product_takes(t->ctx, &t->p, task->way);
}

static double run(const struct trial *t, const struct task *task)
{
    const double start = snn__seconds();
    size_t rounds = 0;
    double passed;

    do {
        multiply(t, task);
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

static double median(const struct trial *t, const struct task *task)
{
    double all[REPEATS];

    multiply(t, task);
    for (size_t i = 0; i < REPEATS; i++)
        all[i] = run(t, task);
    qsort(all, REPEATS, sizeof *all, ascending);
    return all[REPEATS / 2];
}

static snn_status read_kind(enum snn__kind *out, const char *kind)
{
    if (kind == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "a product: kind is NULL");
    return snn__kind_of(kind, out) ? SNN_OK : snn__unknown("kind of product", kind, snn__kind_names);
}

static snn_status read_task(struct task *out, const char *kind, const char *way)
{
    *out = (struct task){ .bits = way != NULL && strcmp(way, "bits") == 0 };
    SNN__TRY(read_kind(&out->kind, kind));
    if (way == NULL || (!out->bits && !snn__way_of(way, &out->way)))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "snn_product_measure: no way is called \"%s\"; snn_product_way() lists them",
                         way ? way : "NULL");
    return SNN_OK;
}

snn_status snn_product_measure(snn_context *ctx, const char *kind, const snn_product_shape *shape, const char *way,
                               double *seconds)
{
    SNN__COMPUTES;
    snn_product_shape s;
    struct task task;
    struct trial t;
    snn_status rc = SNN_OK;

    if (seconds == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_measure: seconds is NULL");
    *seconds = 0;
    SNN__TRY(read_shape(&s, ctx, shape));
    SNN__TRY(read_task(&task, kind, way));
    if (task.way == SNN__WAY_MATRIX || task.way == SNN__WAY_SLICES)
        snn__product_ask(ctx);
    SNN__TRY(begin(&t, ctx, &s, task.kind));
    t.p.way = t.g.way = task.way;
    if (takes(&t, &task))
        *seconds = median(&t, &task);
    else
        rc = snn__fail(SNN_ERR_UNSUPPORTED, "snn_product_measure: \"%s\" does not take this shape here", way);
    end(&t);
    return rc;
}

snn_status snn_product_pick(snn_context *ctx, const char *kind, const snn_product_shape *shape, const char **way)
{
    SNN__COMPUTES;
    snn_product_shape s;
    enum snn__kind of;
    enum snn__way picked, named;
    struct trial t;

    if (way == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_pick: way is NULL");
    *way = NULL;
    SNN__TRY(read_shape(&s, ctx, shape));
    SNN__TRY(read_kind(&of, kind));
    SNN__TRY(begin(&t, ctx, &s, of));
    picked = of == SNN__OF_GRADIENTS ? snn__outer_way(ctx, &t.g) : snn__product_way(ctx, &t.p, t.scratch);
    for (size_t i = 0; snn__way_names(i).name != NULL; i++)
        if (snn__way_of(snn__way_names(i).name, &named) && named == picked)
            *way = snn__way_names(i).name;
    end(&t);
    return SNN_OK;
}
