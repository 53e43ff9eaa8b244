/* statistics.c - mean and deviation of the raw values, in double and in the order of the samples.
 *
 * Each frame gives its own mean and sum of squares about it, which are then merged (Chan, Golub, LeVeque, 1983): no
 * cancellation, however far the mean is from 0. */
#include "core/alloc.h"
#include "core/fpu.h"
#include "data/set.h"
#include <math.h>

struct moments {
    double n, mean, square; /* square: sum of (x - mean)^2 */
};

/* n = n1 + n2, d = mean2 - mean1, mean = mean1 + d n2 / n, square = square1 + square2 + d^2 n1 n2 / n */
static void merge(struct moments *a, const struct moments *b)
{
    const double n = a->n + b->n, d = b->mean - a->mean;

    a->mean += d * b->n / n;
    a->square += b->square + d * d * a->n * b->n / n;
    a->n = n;
}

static struct moments measure(const float *x, size_t n)
{
    struct moments m = { .n = (double)n };

    for (size_t i = 0; i < n; i++)
        m.mean += (double)x[i];
    m.mean /= (double)n;
    for (size_t i = 0; i < n; i++)
        m.square += ((double)x[i] - m.mean) * ((double)x[i] - m.mean);
    return m;
}

/* Adds the frames of a sample to moment[0 .. n), each about its part of the channels; x holds one frame, followed by
 * a target. */
static snn_status add_sample(const snn_dataset *d, size_t index, struct moments *moment, size_t n, float *x)
{
    const size_t part = d->length / n;
    snn_sample sample = { .struct_size = sizeof sample, .x = x, .target = x + d->length };
    size_t frames = 1;

    for (size_t frame = 0; frame < frames; frame++) {
        SNN__TRY(snn__dataset_raw(d, index, frame, &sample));
        if (frame == 0)
            frames = (size_t)sample.length;
        for (size_t i = 0; i < n; i++) {
            const struct moments m = measure(x + i * part, part);

            merge(&moment[i], &m);
        }
    }
    return SNN_OK;
}

snn_status snn_dataset_statistics(const snn_dataset *dataset, double *mean, double *deviation, size_t n)
{
    SNN__COMPUTES;
    struct moments *moment;
    float *x;
    snn_status rc = SNN_ERR_MEMORY;

    if (dataset == NULL || mean == NULL || deviation == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "data set statistics: %s is NULL",
                         dataset == NULL ? "the handle"
                         : mean == NULL  ? "mean"
                                         : "deviation");
    if (n != 1 && n != dataset->channels)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "data set statistics: %zu means for %zu channels; request 1, or one for each", n,
                         dataset->channels);
    moment = snn__alloc(dataset->ctx, n, sizeof *moment);
    x = snn__alloc(dataset->ctx, dataset->length + dataset->source.targets, sizeof *x);
    if (moment != NULL && x != NULL)
        rc = SNN_OK;
    for (size_t index = 0; index < snn__dataset_count(dataset) && rc == SNN_OK; index++)
        rc = add_sample(dataset, index, moment, n, x);
    for (size_t i = 0; i < n && rc == SNN_OK; i++) {
        mean[i] = moment[i].mean;
        deviation[i] = sqrt(moment[i].square / moment[i].n);
    }
    snn__free(dataset->ctx, x);
    snn__free(dataset->ctx, moment);
    return rc;
}
