/* frame.c - reads a sample as training and evaluation need it: source, checks, augmentation, normalisation. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/structure.h"
#include "data/augment.h"
#include "data/data.h"
#include "data/set.h"
#include <math.h>
#include <stdio.h>
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

static snn_status check_finite(const float *x, size_t n, size_t index, size_t frame, const char *what)
{
    size_t i = 0;

    if (all_finite(x, n))
        return SNN_OK;
    while (i + 1 < n && isfinite(x[i]))
        i++;
    return snn__fail(SNN_ERR_DIVERGED, "data set: sample %zu, frame %zu: %s %zu is %g, not finite", index, frame,
                     what, i, (double)x[i]);
}

static snn_status check_label(const snn_dataset *d, size_t index, uint32_t *label)
{
    const uint32_t first = (uint32_t)snn__param_i64(&d->params, SNN_DATASET_LABEL_FIRST);

    if (*label < first || *label >= d->source.classes)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: sample %zu has label %u; there are %zu classes%s", index,
                         *label, snn__dataset_classes(d), first > 0 ? ", without those below label_first" : "");
    *label -= first;
    return SNN_OK;
}

/* Frames that can be asked for: those of x, or of the targets of a static sample. */
static size_t frames_of(const snn_dataset *d)
{
    return snn__max(d->source.frames, d->source.target_frames);
}

static snn_status check_place(const snn_dataset *d, size_t index, size_t frame)
{
    if (index < snn__dataset_count(d) && frame < frames_of(d))
        return SNN_OK;
    return snn__fail(SNN_ERR_ARGUMENT,
                     "data set: sample %zu, frame %zu requested; there are %zu samples of %zu frame%s", index, frame,
                     snn__dataset_count(d), frames_of(d), frames_of(d) == 1 ? "" : "s");
}

/* Checks the source's result for `asked`. */
static snn_status check_sample(const snn_dataset *d, size_t index, size_t frame, const snn_sample *asked,
                               snn_sample *got)
{
    if (got->x != asked->x || got->target != asked->target)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "data set: the host's callback set x or target of sample %zu; it is to "
                         "write to where they point",
                         index);
    if (got->length == 0 || got->length > d->source.frames)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: sample %zu has a length of %llu; 1 to %zu frames are allowed",
                         index, (unsigned long long)got->length, d->source.frames);
    if (d->source.targets > 0)
        SNN__TRY(check_finite(got->target, d->source.targets, index, frame, "target"));
    else
        SNN__TRY(check_label(d, index, &got->label));
    return frame < d->source.frames ? check_finite(got->x, d->length, index, frame, "value") : SNN_OK;
}

/* The source failed with `rc`, after `before` failures of this thread: what it said, or that it said nothing. */
static snn_status fail_source(snn_status rc, size_t index, size_t frame, unsigned before)
{
    char why[900];

    if (snn__failures() == before)
        return snn__fail(rc, "data set: the host's callback returned %s for sample %zu, frame %zu",
                         snn_status_name(rc), index, frame);
    snprintf(why, sizeof why, "%s", snn_last_error());
    return snn__fail(rc, "data set: sample %zu, frame %zu: %s", index, frame, why);
}

snn_status snn__dataset_raw(const snn_dataset *d, size_t index, size_t frame, snn_sample *sample)
{
    const snn_sample asked = { sizeof asked,     0,
                               sample->x,        d->source.targets > 0 ? sample->target : NULL,
                               d->source.frames, sample->seed };
    const unsigned before = snn__failures();
    snn_sample got = asked;
    snn_status rc;

    SNN__TRY(check_place(d, index, frame));
    {
        SNN__CALLS_HOST;
        rc = d->source.read(d->source.user, index, frame, &got);
    }
    if (rc != SNN_OK && d->explains)
        return rc;
    if (rc != SNN_OK)
        return fail_source(rc, index, frame, before);
    SNN__TRY(check_sample(d, index, frame, &asked, &got));
    sample->label = got.label;
    sample->length = got.length;
    return SNN_OK;
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

/* 0: as it is. */
static uint64_t seed_of(const snn_dataset *d, size_t index, bool augmented, uint64_t epoch)
{
    return augmented ? snn__augment_seed(d->ctx->options.seed, epoch, index) : 0;
}

bool snn__dataset_looks_ahead(const snn_dataset *d)
{
    return d->source.ahead != NULL;
}

void snn__dataset_ahead(const snn_dataset *d, size_t index, bool augmented, uint64_t epoch)
{
    const uint64_t seed = seed_of(d, index, augmented, epoch);
    SNN__CALLS_HOST;

    d->source.ahead(d->source.user, index, seed);
}

snn_status snn__dataset_frame(const snn_dataset *dataset, size_t index, size_t frame, bool augmented, uint64_t epoch,
                              float *scratch, snn_sample *sample)
{
    sample->seed = seed_of(dataset, index, augmented, epoch);
    SNN__TRY(snn__dataset_raw(dataset, index, frame, sample));
    if (frame >= dataset->source.frames) /* of the target alone */
        return SNN_OK;
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
    if (own.x == NULL || (own.target == NULL && dataset->source.targets > 0))
        return snn__fail(SNN_ERR_ARGUMENT, "data set: the sample's %s is NULL", own.x == NULL ? "x" : "target");
    SNN__TRY(snn__dataset_frame(dataset, index, frame, false, 0, NULL, &own));
    snn__fill(sample, &own, sizeof own);
    return SNN_OK;
}

/* Of a source that tells labels with samples alone. */
static snn_status read_label(const snn_dataset *d, size_t index, uint32_t *label)
{
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_status rc;

    sample.x = snn__alloc(d->ctx, d->length, sizeof *sample.x);
    if (sample.x == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__dataset_raw(d, index, 0, &sample);
    *label = sample.label;
    snn__free(d->ctx, sample.x);
    return rc;
}

static snn_status ask_label(const snn_dataset *d, size_t index, uint32_t *label)
{
    SNN__CALLS_HOST;
    const snn_status rc = d->source.label(d->source.user, index, label);

    return rc == SNN_OK ? SNN_OK
                        : snn__fail(rc, "data set: the host's callback returned %s for the label of sample %zu",
                                    snn_status_name(rc), index);
}

snn_status snn_dataset_label(const snn_dataset *dataset, size_t index, uint32_t *label)
{
    SNN__COMPUTES;
    uint32_t own = 0;

    if (dataset == NULL || label == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: %s is NULL", dataset == NULL ? "the handle" : "label");
    if (snn__dataset_sample_classes(dataset) == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: the samples have %s",
                         dataset->source.classes > 0 ? "a label for each step, none of their own"
                                                     : "targets, not labels");
    SNN__TRY(check_place(dataset, index, 0));
    if (dataset->source.label == NULL)
        return read_label(dataset, index, label);
    SNN__TRY(ask_label(dataset, index, &own));
    SNN__TRY(check_label(dataset, index, &own));
    *label = own;
    return SNN_OK;
}
