/* blas/digits_weights.c - the digits of weights, class by class; digits.c says what classes are. */
#include "blas/blocks.h"
#include "blas/digits.h"
#include "core/context.h"
#include <string.h>

/* ---- taps ---- */

bool snn__digits_meet(const struct axis *a, size_t rest, size_t tap, ptrdiff_t *distance)
{
    const ptrdiff_t source = (ptrdiff_t)(rest + a->pad) - (ptrdiff_t)(tap * a->dilation);

    *distance = source / (ptrdiff_t)a->stride;
    return source % (ptrdiff_t)a->stride == 0;
}

static size_t taps_of(const struct axis *a, size_t rest)
{
    size_t taps = 0;
    ptrdiff_t distance;

    for (size_t tap = 0; tap < a->taps; tap++)
        taps += snn__digits_meet(a, rest, tap, &distance);
    return taps;
}

static size_t outputs_of(const struct axis *a, size_t rest)
{
    return rest < a->outputs ? snn__ceil_div(a->outputs - rest, a->stride) : 0;
}

static struct axis axis_of(const struct snn__window *w, int axis, size_t source, size_t outputs, size_t taps)
{
    struct axis a = { w->stride[axis], w->pad[axis], w->dilation[axis], taps, outputs, source, 0 };
    ptrdiff_t distance;
    size_t after = 0;

    for (size_t rest = 0; rest < a.stride; rest++)
        for (size_t tap = 0; tap < taps; tap++)
            if (snn__digits_meet(&a, rest, tap, &distance)) {
                a.before = snn__max(a.before, (size_t)(distance < 0 ? -distance : 0));
                after = snn__max(after, (size_t)(distance > 0 ? distance : 0));
            }
    a.length = snn__max(SNN__SUM(source, a.before), SNN__SUM(snn__ceil_div(outputs, a.stride), after));
    return a;
}

size_t snn__digits_words(const struct snn__window *w)
{
    return snn__ceil_div(w->c, 64);
}

struct class snn__digits_class(const struct grid *a, const struct snn__window *w, size_t index)
{
    struct class c = { .rest_y = index / w->stride[SNN__X], .rest_x = index % w->stride[SNN__X] };

    c.high = outputs_of(&a->y, c.rest_y);
    c.wide = outputs_of(&a->x, c.rest_x);
    c.words = taps_of(&a->y, c.rest_y) * taps_of(&a->x, c.rest_x) * snn__digits_words(w);
    return c;
}

size_t snn__digits_before(const struct grid *g)
{
    return g->y.before * g->x.length + g->x.before;
}

struct grid snn__digits_grid(size_t m, size_t n, const struct snn__window *w)
{
    struct grid g = { .y = axis_of(w, SNN__Y, w->h, w->oh, w->kh),
                      .x = axis_of(w, SNN__X, w->w, w->ow, w->kw),
                      .samples = m / (w->oh * w->ow),
                      .panels = snn__ceil_div(n, SIDE) };
    const size_t places = SNN__SUM(snn__digits_before(&g), SNN__PRODUCT(g.y.length, g.x.length));

    /* the same place of several planes lies in different sets of the first-level cache */
    g.plane = SNN__SUM(snn__round_up(SNN__PRODUCT(SNN__SUM(SNN__PRODUCT(places, g.samples), SIDE), 64), 4096), 1088);
    return g;
}

/* ---- the digits of weights ---- */

static size_t peaks_at(const struct grid *g)
{
    return g->panels * SIDE;
}

size_t snn__digits_units(const struct grid *g)
{
    return snn__round_up((peaks_at(g) + g->panels) * sizeof(float), 64);
}

size_t snn__digits_class_size(const struct grid *a, const struct class *c)
{
    return SNN__SUM(snn__digits_units(a), SNN__PRODUCT(a->panels, SNN__SLICE_PANEL(c->words)));
}

size_t snn__digits_size(const snn_context *ctx, size_t n, const struct snn__window *w)
{
    const struct grid g = snn__digits_grid(0, n, w);
    size_t bytes = SNN__DIGITS_HEAD;

    if (!snn__digits_fit(ctx, w))
        return 0;
    for (size_t i = 0; i < w->stride[SNN__Y] * w->stride[SNN__X]; i++) {
        const struct class c = snn__digits_class(&g, w, i);

        bytes = SNN__SUM(bytes, snn__digits_class_size(&g, &c));
    }
    return bytes;
}

size_t snn__digits_cut_scratch(const snn_context *ctx, const struct snn__window *w)
{
    return SNN__PRODUCT(snn__threads(ctx), w->kh * w->kw, snn__digits_words(w), 64 * sizeof(float *));
}

struct cut {
    const struct snn__kernels *k;
    const struct snn__window *w;
    const struct grid *grid;
    struct class class;
    const float *packed;
    float *unit;
    uint8_t *digits;
    const float **rows;
    size_t n;
};

/* The packed weights of each k of a class, of one panel. */
static void find_rows(const struct cut *a, size_t panel, const float **row)
{
    static const float zeros[SIDE];
    const struct snn__window *w = a->w;
    const float *of_panel = a->packed + panel * snn__window_depth(w) * SIDE;
    ptrdiff_t distance;

    for (size_t tap = 0; tap < w->kh * w->kw; tap++)
        if (snn__digits_meet(&a->grid->y, a->class.rest_y, tap / w->kw, &distance) &&
            snn__digits_meet(&a->grid->x, a->class.rest_x, tap % w->kw, &distance))
            for (size_t k = 0; k < 64 * snn__digits_words(w); k++)
                *row++ = k < w->c ? of_panel + (tap * w->c + k) * SIDE : zeros;
}

/* The largest peak of the columns. */
static float peak_of(const struct cut *a, const float *unit, const float *const *row, size_t columns)
{
    float squares[SIDE] = { 0 }, peak = 0;

    for (size_t k = 0; k < 64 * a->class.words; k++)
        for (size_t j = 0; j < SIDE; j++)
            squares[j] += row[k][j] * row[k][j];
    for (size_t j = 0; j < columns; j++)
        peak = fmaxf(peak, snn__digits_peak(unit[j] * SNN__SLICE_WHOLE, squares[j],
                                            a->class.words / snn__digits_words(a->w) * a->w->c));
    return peak;
}

static void cut_panel(void *arg, size_t panel, size_t worker)
{
    const struct cut *a = arg;
    const float **row = a->rows + worker * a->w->kh * a->w->kw * snn__digits_words(a->w) * 64;
    const size_t columns = snn__min(SIDE, a->n - panel * SIDE);
    float *unit = a->unit + panel * SIDE;

    find_rows(a, panel, row);
    a->k->slice_columns(a->digits + panel * SNN__SLICE_PANEL(a->class.words), unit, row, a->class.words, 0, columns);
    a->unit[peaks_at(a->grid) + panel] = peak_of(a, unit, row, columns);
}

void snn__digits(const snn_context *ctx, void *digits, const float *packed, size_t n, const struct snn__window *w,
                 void *scratch)
{
    const struct grid g = snn__digits_grid(0, n, w);
    struct cut a = { .k = ctx->kernels, .w = w, .grid = &g, .packed = packed, .rows = scratch, .n = n };
    float *peak = digits;

    *peak = 0;
    digits = (char *)digits + SNN__DIGITS_HEAD;
    for (size_t i = 0; i < w->stride[SNN__Y] * w->stride[SNN__X]; i++) {
        a.class = snn__digits_class(&g, w, i);
        a.unit = digits;
        a.digits = (uint8_t *)digits + snn__digits_units(&g);
        snn__parallel(ctx, cut_panel, &a, g.panels);
        for (size_t j = 0; j < g.panels; j++)
            *peak = fmaxf(*peak, a.unit[peaks_at(&g) + j]);
        digits = (char *)digits + snn__digits_class_size(&g, &a.class);
    }
}
