/* report_data.c - samples of a data set in the report: every k-th of them, and one as a picture. */
#include "report.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

size_t report_place(const struct report_spread *s, size_t index)
{
    return index * s->of / s->count;
}

static snn_status read_spread(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct report_spread *s = user;

    return snn_dataset_read(s->whole, report_place(s, index), frame, sample);
}

snn_status report_spread_open(snn_dataset **out, struct report_spread *spread, const struct run *run)
{
    const snn_dataset_info *shape = &run->shape;
    snn_dataset_source source;
    snn_status rc = snn_dataset_source_init(&source, sizeof source);

    source.rank = shape->rank;
    memcpy(source.shape, shape->shape, sizeof source.shape);
    source.count = spread->count;
    source.classes = shape->classes;
    source.frames = shape->frames;
    source.targets = shape->targets;
    source.target_frames = shape->target_frames;
    source.read = read_spread;
    source.user = spread;
    return rc == SNN_OK ? snn_dataset_create(out, run->context, &source) : rc;
}

/* ---- pictures ---- */

/* Of a large image every k-th pixel is taken. */
static json_t *picture(const snn_dataset_info *s, const float *x)
{
    const bool map = s->rank == 3;
    const size_t all = map ? s->shape[0] : 1, rows = s->rank == 1 ? 1 : s->shape[map],
                 cols = s->shape[0] * s->shape[1] * s->shape[2] / all / rows;
    const size_t channels = all == 2   ? 2
                            : all >= 3 ? 3
                                       : 1,
                 side = rows > cols && rows > 1 ? rows : cols,
                 every = s->rank > 1 ? (side + REPORT_SIDE - 1) / REPORT_SIDE : 1, down = (rows + every - 1) / every,
                 across = (cols + every - 1) / every;
    float *pixel = floats(channels, down * across), low = FLT_MAX, high = -FLT_MAX;
    json_t *out;

    if (!pixel)
        return json_null();
    for (size_t i = 0; i < channels * down * across; i++) {
        const size_t c = i / (down * across), y = i / across % down * every;

        pixel[i] = x[(c * rows + y) * cols + i % across * every];
        low = pixel[i] < low ? pixel[i] : low;
        high = pixel[i] > high ? pixel[i] : high;
    }
    out = json_pack("{s:I, s:I, s:I, s:o}", "channels", (json_int_t)channels, "rows", (json_int_t)down, "cols",
                    (json_int_t)across, "levels", report_levels(pixel, channels * down * across, low, high));
    free(pixel);
    return out;
}

/* The sum of all frames of a sample. */
json_t *report_picture(const snn_dataset *set, const snn_dataset_info *s, size_t index)
{
    const size_t size = s->shape[0] * s->shape[1] * s->shape[2];
    float *x = floats(2, size), *target = floats(1, s->targets + 1);
    snn_sample sample = SNN_SAMPLE_INIT;
    json_t *out = json_null();

    sample.x = x + size;
    sample.target = s->targets ? target : NULL;
    sample.length = s->frames;
    for (size_t f = 0; x && target && f < sample.length; f++) {
        if (snn_dataset_read(set, index, f, &sample) != SNN_OK)
            break;
        for (size_t i = 0; i < size; i++)
            x[i] += x[size + i];
    }
    if (x && target)
        out = picture(s, x);
    free(x);
    free(target);
    return out;
}
