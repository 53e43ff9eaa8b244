/* blas/digits.c - y = read(x) w of real numbers on a matrix unit that multiplies bytes: both are cut into four
 * digits, see kernel/slices.h. Adjoints go this way.
 *
 *   y[s a + r] = sum_i x[a + (r + pad - dilation i) / s] w[i]      over the taps i for which s divides that
 *
 * Rows and columns of y with the same rest r form a class, which meets taps of its own. x lies on a grid of positions
 * on which a tap is a distance, so that no matrix of patches is made: it is wider and higher than the map by what the
 * window reaches beyond it, once for both sides: what lies beyond the end of a line is what lies before the next.
 * Samples lie side by side at each place of the map, so that a tile's rows do, however small the map is.
 *
 * Digits of w are made once for each change of it: digits_weights.c. Those of x are in units of the largest number of
 * a sample.
 *
 * What ten products leave out is 1.3e-10 of a result's root mean square, times the peak of its sample, times that of
 * its column: how far the largest number lies above the root mean square of all. Where these go beyond PEAKS, no
 * product is made: float32 is more exact. */
#include "blas/digits.h"
#include "blas/blocks.h"
#include <string.h>

#define PEAKS 1000.0f     /* times 1.3e-10: as exact as float32 products, whose errors are 1.3e-7 to 4e-7 */
#define ROWS 256u         /* that meet a task's panels of weights, if these are too many for the cache */
#define CACHED (1u << 20) /* bytes of digits of weights that stay in the second-level cache while rows pass */
#define WIDE 8u           /* most panels of a call */

struct product {
    const struct snn__kernels *k;
    const struct snn__product *p;
    struct grid grid;
    uint8_t *digits;    /* of x */
    float *unit, *peak; /* of each sample */
    struct class class;
    size_t *at; /* its taps' words */
    const float *class_unit;
    const uint8_t *class_digits;
    size_t wide; /* panels of a call */
    size_t row_tasks, column_tasks;
    char *scratch;
    size_t per_worker;
};

/* ---- the digits of x ---- */

static size_t planes(const struct snn__window *w)
{
    return snn__digits_words(w) * SNN__SLICE_DIGITS;
}

/* Zeros at places from .. to - 1 of a sample. */
static void clear_places(const struct product *a, size_t sample, size_t from, size_t to)
{
    for (size_t l = 0; l < planes(&a->p->window); l++)
        for (size_t i = from; i < to; i++)
            memset(a->digits + l * a->grid.plane + (i * a->grid.samples + sample) * 64, 0, 64);
}

static void cut_sample(void *arg, size_t sample)
{
    const struct product *a = arg;
    const struct snn__window *w = &a->p->window;
    const float *x = a->p->x + sample * w->h * w->w * w->pitch;
    size_t place = snn__digits_before(&a->grid);
    float most = 0x1p-94f;
    double squares = 0;

    for (size_t i = 0; i < w->h * w->w; i++) {
        most = a->k->largest(x + i * w->pitch, w->c, most);
        squares += a->k->dot(x + i * w->pitch, x + i * w->pitch, w->c);
    }
    a->unit[sample] = most / SNN__SLICE_WHOLE;
    a->peak[sample] = snn__digits_peak(most, squares, w->h * w->w * w->c);
    clear_places(a, sample, 0, place);
    for (size_t line = 0; line < a->grid.y.length; line++, place += a->grid.x.length) {
        const size_t inside = line < w->h ? w->w : 0;

        a->k->digit_rows(a->digits + (place * a->grid.samples + sample) * 64, a->grid.plane, 64 * a->grid.samples,
                         x + line * w->w * w->pitch, w->pitch, inside, w->c, most);
        clear_places(a, sample, place + inside, place + a->grid.x.length);
    }
}

/* Digits hold what float32 products would. */
static bool even_enough(const struct product *a)
{
    const float *of_weights = a->p->digits;
    float peak = 0;

    for (size_t b = 0; b < a->grid.samples; b++)
        peak = fmaxf(peak, a->peak[b]);
    return peak * *of_weights <= PEAKS;
}

/* ---- products ---- */

/* Word k of a row of the class: bytes from the output's place, `before` places earlier. */
static void find_words(struct product *a)
{
    const struct snn__window *w = &a->p->window;
    size_t *at = a->at;
    ptrdiff_t y, x;

    for (size_t tap = 0; tap < w->kh * w->kw; tap++)
        if (snn__digits_meet(&a->grid.y, a->class.rest_y, tap / w->kw, &y) &&
            snn__digits_meet(&a->grid.x, a->class.rest_x, tap % w->kw, &x))
            for (size_t k = 0; k < snn__digits_words(w); k++)
                *at++ = (size_t)((ptrdiff_t)snn__digits_before(&a->grid) + y * (ptrdiff_t)a->grid.x.length + x) *
                            a->grid.samples * 64 +
                        k * SNN__SLICE_DIGITS * a->grid.plane;
}

/* Rows of a class go by lines of it: blocks of SIDE rows, the last of a line with fewer. */
static size_t blocks_of_line(const struct product *a)
{
    return snn__ceil_div(a->class.wide * a->grid.samples, SIDE);
}

/* Units, and outputs from column n on, of the rows from `from` on of a line. */
static void locate(const struct product *a, size_t line, size_t from, size_t rows, size_t n, float *unit, float **y)
{
    const struct snn__product *p = a->p;
    const struct snn__window *w = &p->window;
    const size_t out = a->class.rest_y + line * w->stride[SNN__Y];

    for (size_t i = 0; i < rows; i++) {
        const size_t column = (from + i) / a->grid.samples, sample = (from + i) % a->grid.samples;

        unit[i] = a->unit[sample];
        y[i] =
            p->y + ((sample * w->oh + out) * w->ow + a->class.rest_x + column * w->stride[SNN__X]) * p->y_pitch + n;
    }
}

/* A block of rows times some panels. */
static void multiply(const struct product *a, size_t block, struct span panels, void *room)
{
    const struct snn__product *p = a->p;
    const size_t n = panels.from * SIDE, line = block / blocks_of_line(a), from = block % blocks_of_line(a) * SIDE;
    const size_t rows = snn__min(SIDE, a->class.wide * a->grid.samples - from);
    float unit[SIDE], *y[SIDE];

    locate(a, line, from, rows, n, unit, y);
    a->k->digits(&(struct snn__digits){ .rows = rows,
                                        .cols = snn__min(p->n, panels.to * SIDE) - n,
                                        .words = a->class.words,
                                        .a = a->digits + (line * a->grid.x.length * a->grid.samples + from) * 64,
                                        .at = a->at,
                                        .a_digit = a->grid.plane,
                                        .b = a->class_digits + panels.from * SNN__SLICE_PANEL(a->class.words),
                                        .a_unit = unit,
                                        .b_unit = a->class_unit + n,
                                        .alpha = p->alpha,
                                        .bias = p->bias ? p->bias + n : NULL,
                                        .y = y,
                                        .accumulate = p->accumulate,
                                        .room = room });
}

static void product_task(void *arg, size_t task, size_t worker)
{
    const struct product *a = arg;
    const struct span rows = part(a->class.high * blocks_of_line(a), a->row_tasks, task / a->column_tasks);
    const struct span columns = part(a->grid.panels, a->column_tasks, task % a->column_tasks);

    for (size_t j = columns.from; j < columns.to; j += a->wide)
        for (size_t i = rows.from; i < rows.to; i++)
            multiply(a, i, (struct span){ j, snn__min(columns.to, j + a->wide) },
                     a->scratch + worker * a->per_worker);
}

/* What no tap reaches. */
static void place_none(const struct product *a)
{
    const struct snn__product *p = a->p;
    float unit, *y;

    for (size_t line = 0; line < a->class.high; line++)
        for (size_t m = 0; m < a->class.wide * a->grid.samples; m++) {
            locate(a, line, m, 1, 0, &unit, &y);
            if (p->bias)
                snn__add_or_scale(a->k, y, 1, p->bias, p->n, p->accumulate);
            else if (!p->accumulate)
                a->k->fill(y, 0, p->n);
        }
}

/* Weights that leave the second-level cache have to serve many rows of a task. */
static void multiply_class(const snn_context *ctx, struct product *a)
{
    const size_t panel = SNN__SLICE_PANEL(a->class.words), blocks = a->class.high * blocks_of_line(a);
    const size_t wanted = tasks_wanted(blocks * SIDE, a->p->n, 64 * a->class.words);
    const size_t least = a->grid.panels * panel > CACHED ? ROWS / SIDE : 1;

    if (a->class.words == 0) {
        place_none(a);
        return;
    }
    find_words(a);
    a->wide = snn__max(1, snn__min(WIDE, CACHED / panel));
    a->row_tasks = snn__min(wanted, snn__ceil_div(blocks, least));
    a->column_tasks = snn__min(a->grid.panels, snn__ceil_div(snn__min(wanted, THREADS), a->row_tasks));
    snn__parallel(ctx, product_task, a, a->row_tasks * a->column_tasks);
}

bool snn__digits_fit(const snn_context *ctx, const struct snn__window *w)
{
    return ctx->kernels->digits && ctx->kernels->nr == SIDE && snn__matrix_is_open(ctx) &&
           (w->transposed || snn__is_matrix(w)) && w->kh * w->kw * snn__digits_words(w) <= SNN__DIGIT_WORDS;
}

static size_t at_size(const struct snn__window *w)
{
    return snn__round_up(w->kh * w->kw * snn__digits_words(w) * sizeof(size_t), 64);
}

static size_t samples_size(const struct grid *g)
{
    return snn__round_up(SNN__PRODUCT(2, g->samples, sizeof(float)), 64);
}

size_t snn__digits_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    const struct grid g = snn__digits_grid(m, n, w);

    return SNN__SUM(samples_size(&g), at_size(w), SNN__PRODUCT(planes(w), g.plane),
                    SNN__PRODUCT(snn__threads(ctx), SNN__DIGIT_ROOM));
}

static void multiply_classes(const snn_context *ctx, struct product *a)
{
    const struct snn__window *w = &a->p->window;
    const char *weights = (const char *)a->p->digits + SNN__DIGITS_HEAD;

    for (size_t i = 0; i < w->stride[SNN__Y] * w->stride[SNN__X]; i++) {
        a->class = snn__digits_class(&a->grid, w, i);
        a->class_unit = (const float *)(const void *)weights;
        a->class_digits = (const uint8_t *)weights + snn__digits_units(&a->grid);
        multiply_class(ctx, a);
        weights += snn__digits_class_size(&a->grid, &a->class);
    }
}

bool snn__digits_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct product a = { .k = ctx->kernels, .p = p, .grid = snn__digits_grid(p->m, p->n, w), .unit = scratch };

    a.peak = a.unit + a.grid.samples;
    a.at = (size_t *)(void *)((char *)scratch + samples_size(&a.grid));
    a.digits = (uint8_t *)a.at + at_size(w);
    a.scratch = (char *)a.digits + planes(w) * a.grid.plane;
    a.per_worker = SNN__DIGIT_ROOM;
    snn__each(ctx, cut_sample, &a, a.grid.samples);
    if (!even_enough(&a))
        return false;
    multiply_classes(ctx, &a);
    return true;
}
