/* crop.c - which part of an image becomes a sample: the centre, or a rectangle drawn at random.
 *
 * Draws are of whole numbers, of products and of square roots, which every machine rounds alike; a logarithm or a
 * power of the C library's is not. No product is added to something in the same expression, which a compiler might
 * round once. */
#include "crop.h"
#include <math.h>

#define TRIES 10u

/* ---- numbers ---- */

static uint32_t draw(uint64_t seed, unsigned try, unsigned which)
{
    return snn_component_random(seed, SNN__DRAW_CROP + 4 * try + which);
}

/* base^(word / 2^32). */
static double power(double base, uint32_t word)
{
    double root = base, out = 1.0;

    for (uint32_t bit = 1u << 31; bit != 0; bit >>= 1) {
        root = sqrt(root);
        if (word & bit)
            out *= root;
    }
    return out;
}

/* From least to greatest, evenly. */
static double between(const double least_greatest[2], uint32_t word)
{
    const double share = (least_greatest[1] - least_greatest[0]) * ((double)word / 4294967296.0);

    return least_greatest[0] + share;
}

static size_t nearest(double x)
{
    return (size_t)floor(x + 0.5);
}

/* 0 .. n - 1, evenly. */
static size_t below(size_t n, uint32_t word)
{
    return (size_t)((uint64_t)n * word >> 32);
}

/* ---- the random rectangle ---- */

/* Columns and rows of a rectangle of random area and aspect; false: it does not fit. */
static bool draw_sides(const struct snn__recipe *r, uint64_t seed, unsigned try, struct snn__side *side)
{
    const double area = (double)side[0].image * (double)side[1].image * between(r->scale, draw(seed, try, 0));
    const double ratio = r->ratio[0] * power(r->ratio[1] / r->ratio[0], draw(seed, try, 1));

    side[0].used = nearest(sqrt(area * ratio));
    side[1].used = nearest(sqrt(area / ratio));
    return side[0].used >= 1 && side[0].used <= side[0].image && side[1].used >= 1 && side[1].used <= side[1].image;
}

static size_t at_least_one(size_t n, size_t most)
{
    return n < 1 ? 1 : n > most ? most : n;
}

/* The largest rectangle in the middle whose aspect is allowed. */
static void take_middle(const struct snn__recipe *r, struct snn__side *side)
{
    const double ratio = (double)side[0].image / (double)side[1].image;

    side[0].used = side[0].image;
    side[1].used = side[1].image;
    if (ratio < r->ratio[0])
        side[1].used = at_least_one(nearest((double)side[0].image / r->ratio[0]), side[1].image);
    else if (ratio > r->ratio[1])
        side[0].used = at_least_one(nearest((double)side[1].image * r->ratio[1]), side[0].image);
    for (int i = 0; i < 2; i++)
        side[i].first = (side[i].image - side[i].used) / 2;
}

static void crop_random(const struct snn__recipe *r, uint64_t seed, struct snn__side *side)
{
    unsigned try = 0;

    while (try < TRIES && !draw_sides(r, seed, try, side))
        try++;
    for (unsigned i = 0; i < 2; i++)
        if (try < TRIES)
            side[i].first = below(side[i].image - side[i].used + 1, draw(seed, try, 2 + i));
    if (try == TRIES)
        take_middle(r, side);
    for (int i = 0; i < 2; i++) {
        side[i].whole = r->size;
        side[i].skip = 0;
    }
}

/* ---- the centre ---- */

static void crop_centre(const struct snn__recipe *r, struct snn__side *side)
{
    const size_t shorter = side[0].image < side[1].image ? side[0].image : side[1].image;

    for (int i = 0; i < 2; i++) {
        side[i].first = 0;
        side[i].used = side[i].image;
        side[i].whole = side[i].image * r->resize / shorter;
        side[i].skip = (side[i].whole - r->size) / 2;
    }
}

void snn__crop(const struct snn__recipe *recipe, uint64_t seed, struct snn__side *side)
{
    if (seed != 0 && recipe->random)
        crop_random(recipe, seed, side);
    else
        crop_centre(recipe, side);
}
