/* layer/spectral.h - weights whose spectral norm is restricted.
 *
 *   What = gc w / sigma,  gc = clip(g, -R, R),  sigma = u.(w v)        (w as a matrix [rows, columns])
 *   v = w^T u / |w^T u|,  u = w v / |w v|                              (one power iteration)
 *   G = dL/dWhat:  dw = gc / sigma (G - <G, w/sigma> u v^T),  dg = <G, w>/sigma where |g| <= R, else 0
 *
 * u and v are constants for the gradient. */
#ifndef SNN_LAYER_SPECTRAL_H
#define SNN_LAYER_SPECTRAL_H

#include "core/context.h"
#include <stddef.h>

/* One power iteration from u; returns sigma. next_u may be u. */
double snn__spectral_iterate(const snn_context *ctx, const float *w, size_t rows, size_t columns, const float *u,
                             float *next_u, float *next_v);
/* gradient: G on entry, dL/dw on return; returns dL/dg. */
double snn__spectral_gradient(const snn_context *ctx, const float *w, size_t rows, size_t columns, const float *u,
                              const float *v, double sigma, double g, double range, float *gradient);

#endif
