/* augment.c - crop, flip, cutout, in this order, on raw values: what comes in from the border is 0 as a pixel.
 *
 * Every random number is a function of (seed, epoch, sample, number of the draw). */
#include "data/augment.h"
#include "core/rng.h"
#include "core/size.h"
#include <math.h>
#include <string.h>

#define DRAWS 16 /* random numbers reserved for a sample */

enum draw {
    DRAW_TOP,
    DRAW_LEFT,
    DRAW_FLIP,
    DRAW_CUTOUT,
    DRAW_AREA,
    DRAW_ASPECT,
    DRAW_HOLE_TOP,
    DRAW_HOLE_LEFT,
    DRAW_GREY,
    DRAW_SEED /* two words */
};

#define AREA_MIN 0.02
#define AREA_MAX 0.4
#define ASPECT_MIN 0.4
#define ASPECT_MAX 2.5

struct dice {
    uint64_t seed, epoch, sample;
};

static double uniform(const struct dice *dice, enum draw draw)
{
    return (double)snn__random_uniform(dice->seed, SNN__RNG_AUGMENT, dice->epoch, dice->sample * DRAWS + draw);
}

/* Uniform in 0 .. n - 1 */
static size_t below(const struct dice *dice, enum draw draw, size_t n)
{
    return (size_t)snn__random_below(dice->seed, SNN__RNG_AUGMENT, dice->epoch, dice->sample * DRAWS + draw, n);
}

uint64_t snn__augment_seed(uint64_t seed, uint64_t epoch, uint64_t sample)
{
    const uint64_t at = sample * DRAWS + DRAW_SEED;
    const uint64_t low = snn__random_u32(seed, SNN__RNG_AUGMENT, epoch, at);

    return (uint64_t)snn__random_u32(seed, SNN__RNG_AUGMENT, epoch, at + 1) << 32 | low | 1;
}

static size_t side(double length, size_t limit)
{
    return snn__max(1, snn__min(limit, (size_t)length));
}

/* A rectangle of area s H W and aspect r = h / w: h = sqrt(s r H W), w = sqrt(s H W / r), cut to the image. */
static void draw_hole(const struct dice *dice, size_t h, size_t w, struct snn__augment_draw *d)
{
    const double area = (AREA_MIN + (AREA_MAX - AREA_MIN) * uniform(dice, DRAW_AREA)) * (double)h * (double)w;
    const double aspect = ASPECT_MIN + (ASPECT_MAX - ASPECT_MIN) * uniform(dice, DRAW_ASPECT);

    d->hole_h = side(sqrt(area * aspect), h);
    d->hole_w = side(sqrt(area / aspect), w);
    d->hole_top = below(dice, DRAW_HOLE_TOP, h - d->hole_h + 1);
    d->hole_left = below(dice, DRAW_HOLE_LEFT, w - d->hole_w + 1);
    d->grey = (float)uniform(dice, DRAW_GREY);
}

void snn__augment_draw(const struct snn__augment *a, uint64_t seed, uint64_t epoch, uint64_t sample, size_t h,
                       size_t w, struct snn__augment_draw *draw)
{
    const struct dice dice = { seed, epoch, sample };

    memset(draw, 0, sizeof *draw);
    if (a->pad > 0) {
        draw->top = below(&dice, DRAW_TOP, 2 * a->pad + 1);
        draw->left = below(&dice, DRAW_LEFT, 2 * a->pad + 1);
    }
    draw->flip = a->flip && uniform(&dice, DRAW_FLIP) < 0.5;
    if (uniform(&dice, DRAW_CUTOUT) < a->cutout)
        draw_hole(&dice, h, w, draw);
}

/* Row `i` of the window is row i + top - pad of the image, or zeros. */
static void crop_row(float *to, const float *image, size_t i, const struct snn__augment_draw *d, size_t pad, size_t h,
                     size_t w)
{
    const size_t row = i + d->top;                                          /* in the padded image */
    const size_t first = d->left < pad ? snn__min(pad - d->left, w) : 0;    /* column of the window: image begins */
    const size_t last = d->left > pad ? w - snn__min(d->left - pad, w) : w; /* image has ended */

    memset(to, 0, w * sizeof *to);
    if (row >= pad && row < pad + h && first < last)
        memcpy(to + first, image + (row - pad) * w + first + d->left - pad, (last - first) * sizeof *to);
}

static void flip_row(float *row, size_t w)
{
    for (size_t i = 0, j = w; i + 1 < j; i++) {
        const float swap = row[i];

        row[i] = row[--j];
        row[j] = swap;
    }
}

static void fill_hole(float *image, const struct snn__augment_draw *d, size_t w)
{
    for (size_t i = d->hole_top; i < d->hole_top + d->hole_h; i++)
        for (size_t j = d->hole_left; j < d->hole_left + d->hole_w; j++)
            image[i * w + j] = d->grey;
}

void snn__augment_apply(const struct snn__augment *a, const struct snn__augment_draw *draw, float *x, float *scratch,
                        size_t c, size_t h, size_t w)
{
    if (a->pad > 0) {
        memcpy(scratch, x, c * h * w * sizeof *x);
        for (size_t i = 0; i < c * h; i++)
            crop_row(x + i * w, scratch + i / h * h * w, i % h, draw, a->pad, h, w);
    }
    for (size_t i = 0; i < c * h && draw->flip; i++)
        flip_row(x + i * w, w);
    for (size_t i = 0; i < c && draw->hole_h > 0; i++)
        fill_hole(x + i * h * w, draw, w);
}
