/* blas/trial.h - a product of random numbers, to time the ways to it. */
#ifndef SNN_BLAS_TRIAL_H
#define SNN_BLAS_TRIAL_H

#include "blas/bits.h"
#include "blas/product.h"

struct snn__trial {
    snn_context *ctx;
    enum snn__kind kind;
    size_t m, n, samples;
    struct snn__window window;
    float *x, *weights, *packed, *y, *scale;
    uint64_t *bits;
    void *limbs, *scratch;
    struct snn__product p; /* of spikes, reals and adjoints */
    struct snn__outer g;   /* of gradients */
    struct snn__bits_product b;
};

/* SNN_ERR_MEMORY; on success the caller ends the trial. */
snn_status snn__trial_begin(struct snn__trial *t, snn_context *ctx, enum snn__kind kind, size_t m, size_t n,
                            const struct snn__window *w);
void snn__trial_end(struct snn__trial *t);
/* Inputs are 1 at this share, otherwise 0. Before, they are 0. */
void snn__trial_draw(struct snn__trial *t, double density);
bool snn__trial_takes(const struct snn__trial *t, enum snn__way way);
/* The way that layers go. */
enum snn__way snn__trial_picks(const struct snn__trial *t);
/* Seconds of one product, of as many as take a millisecond. */
double snn__trial_run(struct snn__trial *t, enum snn__way way);

#endif
