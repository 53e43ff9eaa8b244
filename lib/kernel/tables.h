/* kernel/tables.h - the tables that dispatch.c chooses from. A table that this build cannot make is NULL. */
#ifndef SNN_KERNEL_TABLES_H
#define SNN_KERNEL_TABLES_H

#include "kernel/layers.h"

extern const struct snn__kernels *const snn__kernels_ref;
extern const struct snn__kernels *const snn__kernels_avx2;
extern const struct snn__kernels *const snn__kernels_avx512;
extern const struct snn__kernels *const snn__kernels_amx;
extern const struct snn__kernels *const snn__kernels_neon;

/* layers.c, layers_avx2.c, layers_avx512.c: kernels of layers, compiled for an instruction set each where they gain
 * by it (layers.inc); the others are these. */
extern const struct snn__layer_kernels snn__layers_plain, snn__layers_avx2, snn__layers_avx512;

/* rows.c */
snn__item snn__standardise, snn__standardise_back, snn__signs, snn__signs_back, snn__matrix_vector;
snn__item snn__outer_rows, snn__scale_rows;
snn__body snn__reorder, snn__clip_to_one;
/* rates.c */
void snn__logistic(float *y, const float *x, size_t n);
void snn__logistic_back(float *g, const float *x, size_t n);
void snn__logistic_back_sum(float *g, double sum, const float *x);
double snn__sum_samples(float *x, size_t batch, size_t n);
void snn__add_up(double *sum, const double *x, size_t n);
/* attention.c */
snn__body snn__attention;
/* values.c */
float *snn__transfer(float *to, const float *from, size_t n);
void snn__widen(double *y, double factor, const float *x, size_t n);
void snn__narrow(float *y, double factor, const double *x, size_t n);
double snn__distil(const struct snn__distil *k);
size_t snn__before(const float *x, size_t n, size_t i);
void snn__rise(float *y, uint32_t *at, float factor, const float *x, uint32_t t, bool begins, size_t n);
void snn__of_peak(float *y, const float *e, const uint32_t *at, uint32_t t, size_t n);
/* lateral.c */
snn__body snn__signed_spikes;
snn__item snn__hebbian;
void snn__orthonormal_rows(float *h, size_t rows, size_t n);
/* random.c */
void snn__random_fill_uniform(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                              float lo, float hi);
void snn__random_fill_normal(uint64_t seed, enum snn__purpose purpose, uint64_t stream, float *out, size_t n,
                             float std);
/* rank_one.c */
void snn__rank_one_read(const struct snn__kernels *k, const struct snn__rank_one *r, size_t from, size_t to,
                        float *out);
bool snn__rank_one_within(const struct snn__kernels *k, const struct snn__rank_one *r, float limit);
double snn__rank_one_square(const struct snn__kernels *k, const struct snn__rank_one *r);

/* dispatch.c: whether this process may use tiles from now on. */
bool snn__ask_for_tiles(void);

#endif
