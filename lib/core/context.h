/* core/context.h - inside of a context. */
#ifndef SNN_CORE_CONTEXT_H
#define SNN_CORE_CONTEXT_H

#include "core/compiler.h"
#include "core/pool.h"
#include <snn/context.h>
#include <stdatomic.h>

struct snn__kernels;
struct snn__table;

/* True if the process may use a matrix unit. The system is asked once, when the first plan has a product for it. */
enum snn__unit_use { SNN__UNIT_UNASKED, SNN__UNIT_GRANTED, SNN__UNIT_REFUSED };

struct snn_context {
    snn_context_options options; /* complete, with defaults filled in */
    struct snn__pool *pool;
    const struct snn__kernels *kernels; /* chosen once, kernel/dispatch.c */
    _Atomic int *unit, own_unit;        /* enum snn__unit_use of their matrix unit; a stream's is that of its
                                           network's context */
    struct snn__table *products;        /* of options.product_table, blas/table.h; NULL without one */
    _Atomic uint64_t bytes, peak_bytes, allocations;
};

/* ctx <- one like `of`, with one thread and no memory of its own: for work inside of a task. */
void snn__context_alone(snn_context *ctx, const snn_context *of);

/* Threads that compute, the caller's included. */
static inline size_t snn__threads(const snn_context *ctx)
{
    return ctx->options.threads;
}

static inline void snn__parallel(const snn_context *ctx, snn__task_fn fn, void *arg, size_t tasks)
{
    snn__pool_run(ctx->pool, fn, arg, tasks);
}

/* The same for tasks that need no scratch memory of a worker. */
void snn__each(const snn_context *ctx, void (*fn)(void *arg, size_t task), void *arg, size_t tasks);

/* A log line through the host's callback, if there is one. */
void snn__log(const snn_context *ctx, snn_log_level level, const char *format, ...) SNN__PRINTF(3, 4);

#endif
