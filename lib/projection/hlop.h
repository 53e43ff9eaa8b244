/* projection/hlop.h - the lateral neurons of one layer: a subspace of its presynaptic activity, learned by Hebbian
 * and anti-Hebbian plasticity, and the removal of that subspace from a weight gradient. Equations:
 * docs/methods/hlop.md. */
#ifndef SNN_PROJECTION_HLOP_H
#define SNN_PROJECTION_HLOP_H

#include "blas/product.h"
#include "core/arena.h"

/* Learning of lateral weights. */
struct snn__hebb {
    float rate, momentum, clamp; /* lr; of D; largest absolute entry of dH */
    size_t iterations;           /* updates on the same rows */
    float scale;                 /* spiking: S, the activity that all spikes together represent */
    size_t steps;                /* spiking: T_l, most spikes of one sign; 0: real-valued activity */
};

/* The lateral neurons of one layer. */
struct snn__lateral {
    size_t n, taps, inputs; /* N = taps * inputs, presynaptic size in the order of published weights [inputs,taps] */
    size_t frozen, rows;    /* M_old, M */
    float *h, *d;           /* lateral weights and their momentum, [M,N] */
};

/* Rows of activity: positions of `window` in x, times scale. */
struct snn__rows {
    const float *x;
    struct snn__window window;
    size_t m;
    float scale;
};

/* Memory for work, planned for the largest layer and shared by all. */
struct snn__workspace {
    snn_context *ctx;
    float *y;                    /* [rows,M] */
    float *gram, *shared;        /* Y'Y [new,M]; (Y'Y) H [new,N] */
    float *outer;                /* Y'X [new,N] */
    float *packed, *packed_back; /* H' and H for the products */
    float *packed_new;           /* H of the rows that learn */
    float *other, *rest;         /* X - Y_old H_old, X - Y H, [rows,N]: of few plain rows */
    float *orth;                 /* orth(X) [rows,N], where few rows are projected instead of the gradient */
    float *share;                /* G H_old' [outputs,M_old] */
    void *scratch;
    size_t room_y, room_gram, room_rows, room_packed, room_packed_back, room_packed_new, room_share, room_rest,
        room_orth;       /* floats */
    size_t room_scratch; /* bytes */
};

/* The rows of a matrix [m,n], `pitch` floats apart. */
struct snn__rows snn__rows_of_matrix(const float *x, size_t m, size_t n, size_t pitch);

/* Makes room in a workspace for a lateral with up to `m` rows of activity seen through `window`, of a layer with
 * `outputs` outputs; by_rows: for the projection of rows, too. */
void snn__workspace_fit(struct snn__workspace *w, const struct snn__lateral *lateral,
                        const struct snn__window *window, size_t m, size_t outputs, bool by_rows);
snn_status snn__workspace_plan(struct snn__workspace *w, struct snn__arena *arena);

/* hebb->iterations updates of the rows that are not frozen, from one or two sets of rows that count as one.
 * orth: orth(x) of the only set, if it was formed, else NULL. */
void snn__lateral_learn(struct snn__lateral *lateral, const struct snn__hebb *hebb, const struct snn__rows *sets,
                        size_t n_sets, const float *orth, struct snn__workspace *w);
/* y = activity of the first `count` lateral neurons, [m,count]. */
void snn__lateral_respond(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                          const struct snn__rows *rows, size_t count, float *y, struct snn__workspace *w);
/* out = orth(x) = x - H_old' y for plain rows, [m,N]; out may be x. */
void snn__lateral_project(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                          const struct snn__rows *rows, float *out, struct snn__workspace *w);
/* share (+)= sum over rows of delta y_old': the part of a gradient's rows in the subspace, [outputs,M_old]. */
void snn__lateral_share(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                        const struct snn__rows *rows, const float *delta, float scale, size_t outputs, float *share,
                        bool accumulate, struct snn__workspace *w);
/* gradient [outputs,N] -= share H_old; share NULL: gradient H_old'. */
void snn__lateral_take(const struct snn__lateral *lateral, const float *share, float *gradient, size_t outputs,
                       struct snn__workspace *w);

/* Random rows from .. to - 1, orthonormal among each other as far as N allows; `stream` names the random numbers. */
void snn__lateral_draw(const snn_context *ctx, struct snn__lateral *lateral, size_t from, uint64_t stream);

#endif
