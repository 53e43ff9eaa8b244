/* colour.c - changes of brightness, contrast, saturation and hue, in whole numbers, in a random order. */
#include "picture.h"

#define ONE 65536

/* ---- random numbers ---- */

/* A factor of 1 - strength to 1 + strength, at least 0, or a turn of that much in either direction; 1 is ONE. */
static int32_t draw(const struct snn__recipe *r, uint64_t seed, int which)
{
    const uint64_t range = 2 * (uint64_t)r->strength[which] + 1;
    const uint32_t word = snn_component_random(seed, SNN__DRAW_FACTOR + (unsigned)which);

    return (int32_t)(range * word >> 32) - (int32_t)r->strength[which];
}

/* All orders are equally likely. */
static void draw_order(uint64_t seed, int order[SNN__COLOURS])
{
    for (int i = 0; i < SNN__COLOURS; i++)
        order[i] = i;
    for (int i = SNN__COLOURS - 1; i > 0; i--) {
        const uint32_t word = snn_component_random(seed, SNN__DRAW_ORDER + (unsigned)i);
        const int other = (int)((uint64_t)word * (unsigned)(i + 1) >> 32), moved = order[i];

        order[i] = order[other];
        order[other] = moved;
    }
}

/* ---- factors ---- */

/* from + factor (value - from), rounded, 0 .. 255. */
static uint8_t stretch(uint8_t value, int32_t from, int32_t factor)
{
    const int32_t out = from * ONE + factor * ((int32_t)value - from) + ONE / 2;

    return (uint8_t)(out < 0 ? 0 : out / ONE > 255 ? 255 : out / ONE);
}

static void stretch_all(uint8_t *rgb, size_t n, int32_t from, int32_t factor)
{
    for (size_t i = 0; i < 3 * n; i++)
        rgb[i] = stretch(rgb[i], from, factor);
}

static int32_t mean_grey(const uint8_t *rgb, size_t n)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += snn__grey(rgb[i], rgb[n + i], rgb[2 * n + i]);
    return (int32_t)((sum + n / 2) / n);
}

static void saturate(uint8_t *rgb, size_t n, int32_t factor)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t grey = (int32_t)snn__grey(rgb[i], rgb[n + i], rgb[2 * n + i]);

        for (size_t channel = 0; channel < 3; channel++)
            rgb[channel * n + i] = stretch(rgb[channel * n + i], grey, factor);
    }
}

/* ---- hue ---- */

/* Of a colour whose largest value is `most` and whose values span `range`: 0 red, 2 ONE green, 4 ONE blue, up to
 * 6 ONE. */
static int32_t hue_of(int32_t red, int32_t green, int32_t blue, int32_t most, int32_t range)
{
    if (most == red)
        return (green - blue) * ONE / range + (green < blue ? 6 * ONE : 0);
    if (most == green)
        return (blue - red) * ONE / range + 2 * ONE;
    return (red - green) * ONE / range + 4 * ONE;
}

/* How much of the range a channel has whose own hue is `away` from that of the colour. */
static uint8_t channel_of(int32_t hue, int32_t own, int32_t least, int32_t range)
{
    int32_t away = hue > own ? hue - own : own - hue;

    if (away > 3 * ONE)
        away = 6 * ONE - away;
    if (away <= ONE)
        return (uint8_t)(least + range);
    if (away >= 2 * ONE)
        return (uint8_t)least;
    return (uint8_t)(least + (range * (2 * ONE - away) + ONE / 2) / ONE);
}

/* Turns hues by `turn`, -ONE / 2 .. ONE / 2 of the circle; the largest and the least value of a pixel stay. */
static void turn_hues(uint8_t *rgb, size_t n, int32_t turn)
{
    for (size_t i = 0; i < n; i++) {
        const int32_t red = rgb[i], green = rgb[n + i], blue = rgb[2 * n + i];
        const int32_t most = red > green ? (red > blue ? red : blue) : (green > blue ? green : blue);
        const int32_t least = red < green ? (red < blue ? red : blue) : (green < blue ? green : blue);
        int32_t hue;

        if (most == least)
            continue;
        hue = (hue_of(red, green, blue, most, most - least) + 6 * turn + 6 * ONE) % (6 * ONE);
        rgb[i] = channel_of(hue, 0, least, most - least);
        rgb[n + i] = channel_of(hue, 2 * ONE, least, most - least);
        rgb[2 * n + i] = channel_of(hue, 4 * ONE, least, most - least);
    }
}

/* ---- all of them ---- */

static void change(uint8_t *rgb, size_t n, int which, int32_t amount)
{
    switch (which) {
    case SNN__BRIGHTNESS:
        stretch_all(rgb, n, 0, ONE + amount);
        break;
    case SNN__CONTRAST:
        stretch_all(rgb, n, mean_grey(rgb, n), ONE + amount);
        break;
    case SNN__SATURATION:
        saturate(rgb, n, ONE + amount);
        break;
    default:
        turn_hues(rgb, n, amount);
    }
}

void snn__colour(const struct snn__recipe *recipe, uint64_t seed, uint8_t *rgb, size_t n)
{
    int order[SNN__COLOURS];

    draw_order(seed, order);
    for (int i = 0; i < SNN__COLOURS; i++)
        if (recipe->strength[order[i]] > 0)
            change(rgb, n, order[i], draw(recipe, seed, order[i]));
}
