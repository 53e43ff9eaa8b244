/* blas/window.c - from (row, column) of a window to the source. */
#include "blas/window.h"
#include "core/size.h"
#include <string.h>

size_t snn__window_depth(const struct snn__window *w)
{
    return SNN__PRODUCT(w->kh, w->kw, w->c);
}

/* The taps of one kernel row touch each other in the source. */
static bool taps_touch(const struct snn__window *w)
{
    return !w->transposed && w->dilation[SNN__X] == 1 && w->pitch == w->c;
}

size_t snn__window_run(const struct snn__window *w)
{
    return taps_touch(w) ? w->kw * w->c : w->c;
}

/* The coordinate of tap 0. */
static ptrdiff_t origin(const struct snn__window *w, int axis, ptrdiff_t out)
{
    const ptrdiff_t stride = (ptrdiff_t)w->stride[axis], pad = (ptrdiff_t)w->pad[axis];

    return w->transposed ? out + pad : out * stride - pad;
}

struct snn__position snn__window_locate(const struct snn__window *w, const float *x, size_t m)
{
    const size_t b = m / (w->oh * w->ow), rest = m - b * (w->oh * w->ow);
    const ptrdiff_t oy = (ptrdiff_t)(rest / w->ow), ox = (ptrdiff_t)(rest % w->ow);

    return (struct snn__position){ x + b * (w->h * w->w * w->pitch), origin(w, SNN__Y, oy), origin(w, SNN__X, ox) };
}

struct snn__column snn__window_column(const struct snn__window *w, size_t k)
{
    const size_t tap = k / w->c, run = snn__window_run(w);

    if (run != w->c) /* the run begins at the kernel row's first tap */
        return (struct snn__column){ (ptrdiff_t)(k / run * w->dilation[SNN__Y]), 0, k % run };
    return (struct snn__column){ (ptrdiff_t)(tap / w->kw * w->dilation[SNN__Y]) * (w->transposed ? -1 : 1),
                                 (ptrdiff_t)(tap % w->kw * w->dilation[SNN__X]) * (w->transposed ? -1 : 1),
                                 k - tap * w->c };
}

/* Source coordinate, or -1 outside. */
static ptrdiff_t source(const struct snn__window *w, int axis, ptrdiff_t at, size_t size)
{
    const ptrdiff_t stride = (ptrdiff_t)w->stride[axis];

    if (at < 0)
        return -1;
    if (w->transposed && stride > 1) {
        if (at % stride != 0)
            return -1;
        at /= stride;
    }
    return at < (ptrdiff_t)size ? at : -1;
}

static const float *zeros(float *own, size_t length)
{
    memset(own, 0, length * sizeof *own);
    return own;
}

/* The floats from `at` on of a source line, of which those outside 0 .. end - 1 are zero. */
static const float *clipped(const float *line, ptrdiff_t at, ptrdiff_t end, size_t length, float *own)
{
    const ptrdiff_t stop = at + (ptrdiff_t)length;
    const ptrdiff_t from = at < 0 ? 0 : at, to = stop > end ? end : stop;

    if (from == at && to == stop)
        return line + at;
    zeros(own, length);
    if (from < to)
        memcpy(own + (from - at), line + from, (size_t)(to - from) * sizeof *own);
    return own;
}

const float *snn__window_piece(const struct snn__window *w, const struct snn__position *at,
                               const struct snn__column *k, size_t length, float *own)
{
    const ptrdiff_t y = source(w, SNN__Y, at->y + k->y, w->h);

    if (y < 0)
        return zeros(own, length);
    if (taps_touch(w)) {
        return clipped(at->sample + (size_t)y * w->w * w->c, at->x * (ptrdiff_t)w->c + (ptrdiff_t)k->offset,
                       (ptrdiff_t)(w->w * w->c), length, own);
    } else {
        const ptrdiff_t x = source(w, SNN__X, at->x + k->x, w->w);

        if (x < 0)
            return zeros(own, length);
        return at->sample + ((size_t)y * w->w + (size_t)x) * w->pitch + k->offset;
    }
}

void snn__window_row(const struct snn__window *w, const struct snn__position *at, size_t k, size_t length, float *out)
{
    const size_t run = snn__window_run(w), end = k + length;

    while (k < end) {
        const size_t part = snn__min(end, k / run * run + run) - k;
        const struct snn__column column = snn__window_column(w, k);
        const float *piece = snn__window_piece(w, at, &column, part, out);

        if (piece != out)
            memcpy(out, piece, part * sizeof *out);
        out += part;
        k += part;
    }
}
