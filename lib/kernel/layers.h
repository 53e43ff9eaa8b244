/* kernel/layers.h - kernels of single layers, losses and updates, in plain C for all tables.
 *
 * Each is the body of a loop that snn__parallel() shares out: (arguments, item, worker). Layers fill in the arguments,
 * and touch no element themselves. Arrays are [B,H,W,C]; rows of weights are shared out in blocks of SNN__ROWS. */
#ifndef SNN_KERNEL_LAYERS_H
#define SNN_KERNEL_LAYERS_H

#include "core/context.h"
#include "kernel/kernel.h"

/* Rows of weights are shared out in blocks of so many. */
#define SNN__ROWS 16

/* What_ij = gain_i r_i (w_ij - mean_i),  r_i = 1 / sqrt(n v_i + eps), v_i the unbiased variance of row i. */
struct snn__standardise {
    size_t rows, n;
    const float *w, *gain;
    double eps;
    float *inverse, *mean; /* [rows], r_i and the mean: written by standardise, read by standardise_back */
    float *out;            /* [rows][n]: receives What; dL/dWhat, which becomes dL/dw */
    float *gain_back;      /* [rows], receives dL/dgain */
};

typedef void snn__body(void *arguments, size_t item, size_t worker);

struct snn__layer_kernels {
    snn__body *standardise, *standardise_back; /* struct snn__standardise, a block of rows */
};

/* layers.c: the table. */
extern const struct snn__layer_kernels snn__layer_kernels;

static inline const struct snn__layer_kernels *snn__layers(const snn_context *ctx)
{
    return ctx->kernels->layers;
}

/* rows.c */
snn__body snn__standardise, snn__standardise_back;

#endif
