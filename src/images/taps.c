/* taps.c - weights of a resampling, in whole numbers.
 *
 * Pixel i of the sample has its centre at first + (i + skip + 1/2) used / whole of the image, and pixel j of the
 * image decoded at e / 8 of its size at 8 / e (j + 1/2). Times 2 e whole, both are whole numbers, and so are their
 * differences and the half width of the triangle, the larger of a pixel of the sample and one of the decoded image:
 *
 *   centre[i] = e (2 whole first + (2 (i + skip) + 1) used)     centre[j] = 8 whole (2 j + 1)
 *   reach = max(2 e used, 16 whole)                             weight[j] = reach - |centre[j] - centre[i]|  */
#include "taps.h"

/* One side, in these numbers. */
struct scale {
    int64_t centre, step; /* of pixel 0, and from one to the next */
    int64_t pixel;        /* of the decoded image */
    int64_t reach;
};

static struct scale scale_of(const struct snn__side *side, unsigned eighths)
{
    const int64_t e = eighths, first = (int64_t)side->first, used = (int64_t)side->used, whole = (int64_t)side->whole;
    const int64_t skip = (int64_t)side->skip;
    struct scale s = { .step = 2 * e * used, .pixel = 16 * whole };

    s.centre = e * (2 * whole * first + (2 * skip + 1) * used);
    s.reach = s.step > s.pixel ? s.step : s.pixel;
    return s;
}

static int64_t weight_at(const struct scale *s, int64_t centre, size_t j)
{
    const int64_t away = (int64_t)(2 * j + 1) * (s->pixel / 2) - centre;

    return s->reach - (away < 0 ? -away : away);
}

/* Makes the weights add up to 1 << SNN__TAPS_BITS; what rounding takes goes to the largest of them. */
static void fix_weights(uint32_t *weight, const struct scale *s, int64_t centre, size_t first, size_t count)
{
    int64_t sum = 0;
    uint32_t left = 1u << SNN__TAPS_BITS;
    size_t largest = 0;

    for (size_t k = 0; k < count; k++)
        sum += weight_at(s, centre, first + k);
    for (size_t k = 0; k < count; k++) {
        weight[k] = (uint32_t)(weight_at(s, centre, first + k) * (1 << SNN__TAPS_BITS) / sum);
        left -= weight[k];
        if (weight[k] > weight[largest])
            largest = k;
    }
    weight[largest] += left;
}

static void make_pixel(struct snn__taps *t, const struct scale *s, size_t i)
{
    const int64_t centre = s->centre + (int64_t)i * s->step, low = (centre - s->reach) / s->pixel;
    size_t first = low > (int64_t)t->begin ? (size_t)low : t->begin, count = 0;

    while (weight_at(s, centre, first) <= 0)
        first++;
    while (first + count < t->end && weight_at(s, centre, first + count) > 0)
        count++;
    t->first[i] = (uint32_t)first;
    t->count[i] = (uint32_t)count;
    fix_weights(t->weight + i * t->most, s, centre, first, count);
}

snn_status snn__taps_make(struct snn__taps *taps, const struct snn__side *side, size_t size, unsigned eighths)
{
    const struct scale s = scale_of(side, eighths);
    const size_t decoded = (side->image * eighths + 7) / 8, end = ((side->first + side->used) * eighths + 7) / 8;

    taps->begin = side->first * eighths / 8;
    taps->end = end < decoded ? end : decoded;
    taps->most = (size_t)(2 * s.reach / s.pixel) + 2;
    taps->first = snn_component_alloc(taps->ctx, size, sizeof *taps->first);
    taps->count = snn_component_alloc(taps->ctx, size, sizeof *taps->count);
    taps->weight = snn_component_alloc(taps->ctx, size * taps->most, sizeof *taps->weight);
    if (taps->first == NULL || taps->count == NULL || taps->weight == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < size; i++)
        make_pixel(taps, &s, i);
    return SNN_OK;
}

void snn__taps_free(struct snn__taps *taps)
{
    snn_component_free(taps->ctx, taps->first);
    snn_component_free(taps->ctx, taps->count);
    snn_component_free(taps->ctx, taps->weight);
}
