/* picture.c - the rows of an image become a sample: first the columns of each row, rounded to bytes, then the rows.
 */
#include "picture.h"

#define HALF (1u << (SNN__TAPS_BITS - 1))

static snn_status check(const struct snn__picture *p, size_t width, size_t height)
{
    if (width == 0 || height == 0 || width > SNN__SIDE_MOST || height > SNN__SIDE_MOST)
        return snn_component_fail(SNN_ERR_SHAPE, "%zu x %zu pixels; sides of 1 to %u are read", width, height,
                                  SNN__SIDE_MOST);
    if ((uint64_t)width * height > p->pixels)
        return snn_component_fail(SNN_ERR_SHAPE, "%zu x %zu pixels, more than the %llu that are allowed", width,
                                  height, (unsigned long long)p->pixels);
    return SNN_OK;
}

/* The least size of the decoded image at which a pixel of the sample is made of one or more of it. */
static unsigned reduce(const struct snn__side *side)
{
    unsigned e = 1;

    while (e < 8 && (side[0].used * e < 8 * side[0].whole || side[1].used * e < 8 * side[1].whole))
        e *= 2;
    return e;
}

snn_status snn__picture_begin(struct snn__picture *p, size_t width, size_t height, bool reduces, unsigned *eighths)
{
    const size_t size = p->recipe->size;

    TRY(check(p, width, height));
    p->side[0].image = width;
    p->side[1].image = height;
    snn__crop(p->recipe, p->seed, p->side);
    *eighths = reduces && p->recipe->reduce ? reduce(p->side) : 8;
    TRY(snn__taps_make(&p->columns, &p->side[0], size, *eighths));
    TRY(snn__taps_make(&p->rows, &p->side[1], size, *eighths));
    p->sum = snn_component_alloc(p->ctx, size * size * 3, sizeof *p->sum);
    p->row = snn_component_alloc(p->ctx, size * 3, sizeof *p->row);
    p->rgb = p->recipe->channels == 3 ? p->sample : snn_component_alloc(p->ctx, size * size * 3, 1);
    return p->sum != NULL && p->row != NULL && p->rgb != NULL ? SNN_OK : SNN_ERR_MEMORY;
}

static void take_columns(const struct snn__taps *t, size_t size, const uint8_t *rgb, uint8_t *out)
{
    for (size_t i = 0; i < size; i++) {
        const uint8_t *from = rgb + 3 * (size_t)t->first[i];
        const uint32_t *weight = t->weight + i * t->most;
        uint32_t red = HALF, green = HALF, blue = HALF;

        for (uint32_t k = 0; k < t->count[i]; k++) {
            red += weight[k] * from[3 * k];
            green += weight[k] * from[3 * k + 1];
            blue += weight[k] * from[3 * k + 2];
        }
        out[3 * i] = (uint8_t)(red >> SNN__TAPS_BITS);
        out[3 * i + 1] = (uint8_t)(green >> SNN__TAPS_BITS);
        out[3 * i + 2] = (uint8_t)(blue >> SNN__TAPS_BITS);
    }
}

void snn__picture_row(struct snn__picture *p, size_t y, const uint8_t *rgb)
{
    const struct snn__taps *t = &p->rows;
    const size_t size = p->recipe->size;

    if (y < t->begin || y >= t->end)
        return;
    while (p->settled < size && t->first[p->settled] + t->count[p->settled] <= y)
        p->settled++;
    take_columns(&p->columns, size, rgb, p->row);
    for (size_t i = p->settled; i < size && t->first[i] <= y; i++) {
        const uint32_t weight = t->weight[i * t->most + y - t->first[i]];
        uint32_t *sum = p->sum + i * size * 3;

        for (size_t k = 0; k < 3 * size; k++)
            sum[k] += weight * p->row[k];
    }
}

void snn__picture_end(struct snn__picture *p)
{
    const size_t n = p->recipe->size * p->recipe->size;

    for (size_t channel = 0; channel < 3; channel++)
        for (size_t i = 0; i < n; i++)
            p->rgb[channel * n + i] = (uint8_t)((p->sum[3 * i + channel] + HALF) >> SNN__TAPS_BITS);
    if (p->seed != 0)
        snn__colour(p->recipe, p->seed, p->rgb, n);
    for (size_t i = 0; i < n && p->recipe->channels == 1; i++)
        p->sample[i] = (uint8_t)snn__grey(p->rgb[i], p->rgb[n + i], p->rgb[2 * n + i]);
}

void snn__picture_free(struct snn__picture *p)
{
    snn__taps_free(&p->columns);
    snn__taps_free(&p->rows);
    snn_component_free(p->ctx, p->sum);
    snn_component_free(p->ctx, p->row);
    if (p->rgb != p->sample)
        snn_component_free(p->ctx, p->rgb);
}
