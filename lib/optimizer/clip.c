/* clip.c - looks at a whole gradient once: is it within its bounds, and how long is it?
 *
 * The gradient is cut into pieces whose number depends on its length alone; every piece writes its own entry of a
 * small array, which is summed in order: any number of threads gives the same bits. */
#include "core/size.h"
#include "kernel/layers.h"
#include "optimizer/type.h"
#include <float.h>
#include <math.h>

#define PIECES 64
#define PIECE_MIN 8192 /* numbers; less is not worth waking a thread */

struct scan {
    const struct snn__kernels *kernels;
    const float *g;
    size_t n, piece;
    float limit;
    bool want_norm;
    bool within[PIECES];
    double square[PIECES];
};

/* Sums and extremes of the entries so far. */
struct look {
    const snn_context *ctx;
    float limit; /* of an entry */
    bool want_norm, within;
    double square;
};

static void scan_piece(void *arg, size_t task)
{
    struct scan *scan = arg;
    const size_t from = task * scan->piece;
    const size_t length = snn__min(scan->piece, scan->n - from);

    scan->square[task] = scan->want_norm ? scan->kernels->dot(scan->g + from, scan->g + from, length) : 0.0;
    if (scan->want_norm && scan->limit == FLT_MAX) /* squares of floats do not overflow a double: finite just if all
                                                      are */
        scan->within[task] = isfinite(scan->square[task]);
    else
        scan->within[task] = scan->kernels->within(scan->g + from, length, scan->limit);
}

static void look_at_array(struct look *look, const float *g, size_t n)
{
    struct scan scan = {
        .kernels = look->ctx->kernels, .g = g, .n = n, .limit = look->limit, .want_norm = look->want_norm
    };
    size_t pieces;

    scan.piece = snn__max(PIECE_MIN, snn__round_up(snn__ceil_div(n, PIECES), 64));
    pieces = snn__ceil_div(n, scan.piece);
    snn__each(look->ctx, scan_piece, &scan, pieces);
    for (size_t i = 0; i < pieces; i++) {
        look->within = look->within && scan.within[i];
        look->square += scan.square[i];
    }
}

static void look_at_product(struct look *look, const struct snn__rank_one *r)
{
    look->within = look->within && snn__layers(look->ctx)->rank_one_within(look->ctx->kernels, r, look->limit);
    if (look->want_norm)
        look->square += snn__layers(look->ctx)->rank_one_square(look->ctx->kernels, r);
}

static float entry(const snn_optimizer *optimizer, const struct snn__gradient *g, size_t i)
{
    float value = g->array[i];

    for (size_t k = 0; k < g->n_rank_one; k++) {
        const struct snn__rank_one *r = &g->rank_one[k];

        if (i >= r->from && i < r->from + r->rows * r->columns)
            snn__layers(optimizer->ctx)->rank_one_read(optimizer->ctx->kernels, r, i, i + 1, &value);
    }
    return value;
}

static snn_status fail_at_first(const snn_optimizer *optimizer, const struct snn__gradient *g, size_t n, float limit)
{
    float value = 0.0f;
    size_t i = 0;

    while (i < n && fabsf(value = entry(optimizer, g, i)) <= limit)
        i++;
    if (!isfinite(value))
        return snn__fail(SNN_ERR_DIVERGED,
                         "the gradient is not finite (%g at entry %zu of %zu): no parameter changed", (double)value,
                         i, n);
    return snn__fail(SNN_ERR_DIVERGED,
                     "the gradient is %g at entry %zu of %zu, and %s accepts at most %g with these "
                     "settings: no parameter changed; set clip_norm or clip_value to bound it",
                     (double)value, i, n, optimizer->type->owner, (double)limit);
}

/* The bound of an entry before clipping, if it may be `bound` afterwards. */
static float before_clipping(const snn_optimizer *optimizer, float bound)
{
    const double norm = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_CLIP_NORM);
    const double value = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_CLIP_VALUE);

    return (norm > 0.0 && norm <= (double)bound) || (value > 0.0 && value <= (double)bound) ? FLT_MAX : bound;
}

snn_status snn__clip_scale(const snn_optimizer *optimizer, const struct snn__gradient *g, size_t n, float bound,
                           float *scale, double *norm)
{
    const double limit = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_CLIP_NORM);
    struct look look = { optimizer->ctx, before_clipping(optimizer, bound), limit > 0.0, true, 0.0 };
    size_t done = 0;

    for (size_t i = 0; i < g->n_rank_one; i++) {
        const struct snn__rank_one *r = &g->rank_one[i];

        look_at_array(&look, g->array + done, r->from - done);
        look_at_product(&look, r);
        done = r->from + r->rows * r->columns;
    }
    look_at_array(&look, g->array + done, n - done);
    *scale = 1.0f;
    *norm = 0.0;
    if (!look.within)
        return fail_at_first(optimizer, g, n, look.limit);
    if (limit > 0.0) {
        *norm = sqrt(look.square);
        if (*norm > limit)
            *scale = (float)(limit / *norm);
    }
    return SNN_OK;
}

snn_status snn__clip_weights(const snn_optimizer *optimizer, const float *w, size_t n, float bound)
{
    struct look look = { optimizer->ctx, bound, false, true, 0.0 };

    if (bound == FLT_MAX)
        return SNN_OK;
    look_at_array(&look, w, n);
    if (!look.within)
        return snn__fail(SNN_ERR_DIVERGED,
                         "a weight is larger than %g: %s would overflow with this weight_decay: no "
                         "parameter changed",
                         (double)bound, optimizer->type->owner);
    return SNN_OK;
}
