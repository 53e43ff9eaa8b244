/* blas/measure.c - how long each way to a product takes here. */
#include "blas/table.h"
#include "blas/trial.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/status.h"
#include "core/structure.h"
#include <snn/sys/product.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPEATS 7
#define MOST_NUMBERS 1e10 /* of one array */

const char *snn_product_way(size_t index)
{
    return snn__way_names(index).name;
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

static snn_status read_kind(enum snn__kind *out, const char *kind)
{
    if (kind == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "a product: kind is NULL");
    return snn__kind_of(kind, out) ? SNN_OK : snn__unknown("kind of product", kind, snn__kind_names);
}

/* The product of a kind that a layer of a shape has. */
struct layer_product {
    snn_product_shape shape;
    enum snn__kind kind;
    size_t m, n;
    struct snn__window window;
};

static snn_status read_product(struct layer_product *p, const snn_context *ctx, const char *kind,
                               const snn_product_shape *shape)
{
    const snn_product_shape *s = &p->shape;
    size_t out;

    SNN__TRY(read_shape(&p->shape, ctx, shape));
    SNN__TRY(read_kind(&p->kind, kind));
    out = ((size_t)s->side + 2 * (size_t)s->pad - s->kernel) / s->stride + 1;
    if (p->kind == SNN__OF_ADJOINTS) {
        p->m = (size_t)s->samples * s->side * s->side;
        p->n = s->channels;
        p->window = (struct snn__window){ out,
                                          out,
                                          s->outputs,
                                          s->outputs,
                                          s->side,
                                          s->side,
                                          s->kernel,
                                          s->kernel,
                                          { s->stride, s->stride },
                                          { s->pad, s->pad },
                                          { 1, 1 },
                                          true };
    } else {
        p->m = s->samples * out * out;
        p->n = s->outputs;
        p->window = (struct snn__window){ s->side,
                                          s->side,
                                          s->channels,
                                          s->channels,
                                          out,
                                          out,
                                          s->kernel,
                                          s->kernel,
                                          { s->stride, s->stride },
                                          { s->pad, s->pad },
                                          { 1, 1 },
                                          false };
    }
    return SNN_OK;
}

static snn_status begin(struct snn__trial *t, snn_context *ctx, const struct layer_product *p)
{
    SNN__TRY(snn__trial_begin(t, ctx, p->kind, p->m, p->n, &p->window));
    snn__trial_draw(t, p->shape.density);
    return SNN_OK;
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* After one to warm up. */
static double median(struct snn__trial *t, enum snn__way way)
{
    double all[REPEATS];

    snn__trial_run(t, way);
    for (size_t i = 0; i < REPEATS; i++)
        all[i] = snn__trial_run(t, way);
    qsort(all, REPEATS, sizeof *all, ascending);
    return all[REPEATS / 2];
}

snn_status snn_product_measure(snn_context *ctx, const char *kind, const snn_product_shape *shape, const char *way,
                               double *seconds)
{
    SNN__COMPUTES;
    struct layer_product p;
    struct snn__trial t;
    enum snn__way of;
    snn_status rc = SNN_OK;

    if (seconds == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_measure: seconds is NULL");
    *seconds = 0;
    SNN__TRY(read_product(&p, ctx, kind, shape));
    if (way == NULL || !snn__way_of(way, &of))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "snn_product_measure: no way is called \"%s\"; snn_product_way() lists them",
                         way ? way : "NULL");
    if (of == SNN__WAY_MATRIX || of == SNN__WAY_SLICES)
        snn__product_ask(ctx);
    SNN__TRY(begin(&t, ctx, &p));
    if (snn__trial_takes(&t, of))
        *seconds = median(&t, of);
    else
        rc = snn__fail(SNN_ERR_UNSUPPORTED, "snn_product_measure: \"%s\" does not take this shape here", way);
    snn__trial_end(&t);
    return rc;
}

snn_status snn_product_pick(snn_context *ctx, const char *kind, const snn_product_shape *shape, const char **way)
{
    SNN__COMPUTES;
    struct layer_product p;
    struct snn__trial t;

    if (way == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_pick: way is NULL");
    *way = NULL;
    SNN__TRY(read_product(&p, ctx, kind, shape));
    SNN__TRY(begin(&t, ctx, &p));
    *way = snn__way_name(snn__trial_picks(&t));
    snn__trial_end(&t);
    return SNN_OK;
}

/* "# ms: dense 7.21 lookup 3.62 events 1.2 at 2% 7.9 at 20%", a line. */
static size_t write_times(char *text, size_t size, const struct snn__times *times)
{
    size_t used = (size_t)snprintf(text, size, "# ms:");

    for (size_t way = 0; way < SNN__WAYS; way++)
        if (times->way[way] > 0)
            used += (size_t)snprintf(text + used, size - used, " %s %.4g", snn__way_name((enum snn__way)way),
                                     1e3 * times->way[way]);
    if (times->few > 0)
        used += (size_t)snprintf(text + used, size - used, " events %.4g at 2%% %.4g at 20%%", 1e3 * times->few,
                                 1e3 * times->many);
    return used + (size_t)snprintf(text + used, size - used, "\n");
}

snn_status snn_product_tune(snn_context *ctx, const char *kind, const snn_product_shape *shape, char *text,
                            size_t size)
{
    SNN__COMPUTES;
    const struct snn__table_row *row;
    struct layer_product p;
    struct snn__times times;
    size_t used;

    if (text == NULL || size < SNN_PRODUCT_ROW)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_product_tune: text is NULL, or size below %d", SNN_PRODUCT_ROW);
    *text = '\0';
    SNN__TRY(read_product(&p, ctx, kind, shape));
    if (ctx->products == NULL || !ctx->products->grows)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "snn_product_tune: the context has another product_table than \"measure\"");
    SNN__TRY(snn__table_measure(ctx, p.kind, p.m, p.n, &p.window, &times, &row));
    if (row == NULL)
        return SNN_OK;
    used = write_times(text, size, &times);
    snn__table_write_row(text + used, size - used, row);
    return SNN_OK;
}
