/* clip.c - looks at a whole gradient once: is it finite, and how long is it?
 *
 * The gradient is cut into pieces whose number depends on its length alone; every piece writes its own entry of a
 * small array, which is summed in order: any number of threads gives the same bits. */
#include "core/size.h"
#include "kernel/kernel.h"
#include "optimizer/type.h"
#include <math.h>

#define PIECES 64
#define PIECE_MIN 8192 /* numbers; less is not worth waking a thread */

struct scan {
    const struct snn__kernels *kernels;
    const float *g;
    size_t n, piece;
    bool want_norm;
    bool finite[PIECES];
    double square[PIECES];
};

static void scan_piece(void *arg, size_t task, size_t worker)
{
    struct scan *scan = arg;
    const size_t from = task * scan->piece;
    const size_t length = snn__min(scan->piece, scan->n - from);

    (void)worker;
    if (scan->want_norm) { /* squares of floats do not overflow a double: the sum is finite just if all are */
        scan->square[task] = scan->kernels->dot(scan->g + from, scan->g + from, length);
        scan->finite[task] = isfinite(scan->square[task]);
    } else {
        scan->square[task] = 0.0;
        scan->finite[task] = scan->kernels->finite(scan->g + from, length);
    }
}

static snn_status fail_at_first(const float *g, size_t n)
{
    size_t i = 0;

    while (i < n && isfinite(g[i]))
        i++;
    return snn__fail(SNN_ERR_DIVERGED, "the gradient is not finite (%g at entry %zu of %zu): no parameter changed",
                     i < n ? (double)g[i] : 0.0, i, n);
}

snn_status snn__clip_scale(const snn_optimizer *optimizer, const float *g, size_t n, float *scale, double *norm)
{
    const double limit = snn__param_f64(&optimizer->params, SNN_OPTIMIZER_CLIP_NORM);
    struct scan scan = { .kernels = optimizer->ctx->kernels, .g = g, .n = n, .want_norm = limit > 0.0 };
    size_t pieces;
    bool finite = true;
    double square = 0.0;

    scan.piece = snn__max(PIECE_MIN, snn__round_up(snn__ceil_div(n, PIECES), 64));
    pieces = snn__ceil_div(n, scan.piece);
    snn__parallel(optimizer->ctx, scan_piece, &scan, pieces);
    for (size_t i = 0; i < pieces; i++) {
        finite = finite && scan.finite[i];
        square += scan.square[i];
    }
    *scale = 1.0f;
    *norm = 0.0;
    if (!finite)
        return fail_at_first(g, n);
    if (limit > 0.0) {
        *norm = sqrt(square);
        if (*norm > limit)
            *scale = (float)(limit / *norm);
    }
    return SNN_OK;
}
