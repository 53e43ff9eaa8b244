/* trainer/solve.h - linear equations b = A b + c, given as a function that applies A, for a batch of samples at once.
 *
 * A may couple the samples of a batch. Both solvers start at b = 0, whose residual is c, and count one iteration for
 * every application of A. They stop when ||A b + c - b|| <= tolerance ||c|| (norms over the batch) or after `cap`
 * iterations, and leave the iterate with the smallest residual. All memory is planned beforehand; sums are taken per
 * sample, then in the order of the samples, so that any number of threads gives the same bits. */
#ifndef SNN_TRAINER_SOLVE_H
#define SNN_TRAINER_SOLVE_H

#include "core/arena.h"
#include "core/context.h"
#include <stdbool.h>

/* out <- A b, both [batch][length] */
typedef void (*snn__apply_fn)(void *arg, const float *b, float *out);

struct snn__solver {
    snn_context *ctx;
    size_t batch_max, length; /* samples, numbers of a sample */
    size_t cap;               /* most iterations, at least 1 */
    size_t memory;            /* broyden: rank-one terms kept per sample; a new one replaces the oldest */
    double tolerance;

    float *image;             /* A b */
    float *best;              /* the iterate with the smallest residual */
    double *sums;             /* of single samples */
    float *residual, *step;   /* broyden: g and d */
    float *fresh_u, *fresh_v; /* broyden: a new term before it is stored */
    float *u, *v;             /* broyden: [memory][batch][length] */
};

struct snn__solution {
    size_t iterations;
    double residual; /* ||A b + c - b|| / ||c||, 0 if c is 0 */
    bool converged;
};

struct snn__solver_type {
    /* Reserves the memory; the fields ctx to tolerance are set. */
    snn_status (*plan)(struct snn__solver *solver, struct snn__arena *arena);
    struct snn__solution (*solve)(const struct snn__solver *solver, size_t batch, snn__apply_fn apply, void *arg,
                                  const float *c, float *b);
};

/* b <- A b + c until it converges. Converges if the spectral radius of A is below 1. */
extern const struct snn__solver_type snn__fixed_point;
/* Broyden's good method with limited memory. */
extern const struct snn__solver_type snn__broyden;

/* The loop of both: `move`, with `state`, changes b by the residual A b + c - b in solver->image. */
struct snn__solution snn__solve(const struct snn__solver *solver, size_t batch, snn__apply_fn apply, void *arg,
                                const float *c, float *b, void (*move)(void *state), void *state);
/* The norm of a batch of vectors. */
double snn__solve_norm(const struct snn__solver *solver, size_t batch, const float *x);

#endif
