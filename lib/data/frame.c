/* frame.c - reads a sample as training and evaluation need it: source, checks, augmentation, normalisation. */
#include "core/context.h"
#include "core/fpu.h"
#include "core/structure.h"
#include "data/augment.h"
#include "data/data.h"
#include "data/set.h"
#include <math.h>
#include <string.h>

/* NaN and infinity have all bits of the exponent set. Comparing bits, not values, lets the compiler use vectors. */
static bool all_finite(const float *x, size_t n)
{
    uint32_t largest = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        bits &= 0x7fffffffu;
        largest = bits > largest ? bits : largest;
    }
    return largest < 0x7f800000u;
}

static snn_status fail_not_finite(const snn_dataset *d, const float *x, size_t index, size_t frame)
{
    size_t i = 0;

    while (i + 1 < d->length && isfinite(x[i]))
        i++;
    return snn__fail(SNN_ERR_DIVERGED, "data set: sample %zu, frame %zu: value %zu is %g, not finite", index, frame,
                     i, (double)x[i]);
}

static snn_status check_label(const snn_dataset *d, size_t index, snn_sample *sample)
{
    const uint32_t first = (uint32_t)snn__param_i64(&d->params, SNN_DATASET_LABEL_FIRST);

    if (sample->label < first || sample->label >= d->source.classes)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: sample %zu has label %u; there are %zu classes%s", index,
                         sample->label, snn__dataset_classes(d),
                         first > 0 ? ", without those below label_first" : "");
    sample->label -= first;
    return SNN_OK;
}

snn_status snn__dataset_raw(const snn_dataset *d, size_t index, size_t frame, snn_sample *sample)
{
    snn_status rc;

    if (index >= snn__dataset_count(d) || frame >= d->source.frames)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: sample %zu, frame %zu asked for; there are %zu samples of %zu "
                         "frame%s", index, frame, snn__dataset_count(d), d->source.frames,
                         d->source.frames == 1 ? "" : "s");
    sample->label = 0;
    sample->length = d->source.frames;
    {
        SNN__CALLS_HOST;
        rc = d->source.read(d->source.user, index, frame, sample);
    }
    if (rc != SNN_OK)
        return snn__fail(rc, "data set: the host's callback returned %s for sample %zu, frame %zu",
                         snn_status_name(rc), index, frame);
    SNN__TRY(check_label(d, index, sample));
    return all_finite(sample->x, d->length) ? SNN_OK : fail_not_finite(d, sample->x, index, frame);
}

/* x <- (x - mean) / deviation, for all values together or channel by channel */
static void normalise(const snn_dataset *d, float *x)
{
    const size_t n = d->n_norm > 0 ? d->length / d->n_norm : 0;

    for (size_t i = 0; i < d->n_norm; i++) {
        const float mean = d->norm[i], deviation = d->norm[d->channels + i];

        for (size_t j = i * n; j < (i + 1) * n; j++)
            x[j] = (x[j] - mean) / deviation;
    }
}

static void augment(const snn_dataset *d, uint64_t epoch, size_t index, float *x, float *scratch)
{
    const size_t *shape = d->source.shape;
    const struct snn__augment a = {
        .pad = (size_t)snn__param_i64(&d->params, SNN_DATASET_CROP_PAD),
        .flip = snn__param_i64(&d->params, SNN_DATASET_FLIP) != 0,
        .cutout = snn__param_f64(&d->params, SNN_DATASET_CUTOUT),
    };
    struct snn__augment_draw draw;

    if (!snn__augment_any(&a))
        return;
    snn__augment_draw(&a, d->ctx->options.seed, epoch, index, shape[1], shape[2], &draw);
    snn__augment_apply(&a, &draw, x, scratch, shape[0], shape[1], shape[2]);
}

snn_status snn__dataset_frame(const snn_dataset *dataset, size_t index, size_t frame, bool augmented, uint64_t epoch,
                              float *scratch, snn_sample *sample)
{
    SNN__TRY(snn__dataset_raw(dataset, index, frame, sample));
    if (augmented)
        augment(dataset, epoch, index, sample->x, scratch);
    normalise(dataset, sample->x);
    return SNN_OK;
}

snn_status snn_dataset_read(const snn_dataset *dataset, size_t index, size_t frame, snn_sample *sample)
{
    SNN__COMPUTES;
    snn_sample own = SNN_SAMPLE_INIT;

    if (dataset == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: the handle is NULL");
    SNN__TRY(snn__read_struct(&own, sizeof own, sample, "sample", "SNN_SAMPLE_INIT"));
    if (own.x == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: the sample's x is NULL");
    SNN__TRY(snn__dataset_frame(dataset, index, frame, false, 0, NULL, &own));
    snn__fill(sample, &own, sizeof own);
    return SNN_OK;
}
