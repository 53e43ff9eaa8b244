/* core/context.c - creating and describing a context. */
#include "core/context.h"
#include "blas/table.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "core/number.h"
#include "core/processors.h"
#include "core/size.h"
#include "core/structure.h"
#include "kernel/kernel.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 1024u

static const snn_context_options defaults = { .struct_size = sizeof defaults, .seed = 1, .isa = "best" };

snn_status snn_context_options_init(snn_context_options *options, size_t size)
{
    return snn__init_struct(options, size, &defaults, sizeof defaults, "context options");
}

static snn_status read_options(snn_context_options *to, const snn_context_options *from)
{
    *to = defaults;
    if (from == NULL)
        return SNN_OK;
    SNN__TRY(snn__read_struct(to, sizeof *to, from, "context options", "snn_context_options_init()"));
    if ((to->allocate == NULL) != (to->release == NULL))
        return snn__fail(SNN_ERR_ARGUMENT, "context options: set both allocate and release, or neither");
    if (to->threads > THREADS_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "context options: %u threads, at most %u", to->threads, THREADS_MAX);
    if (to->isa == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "context options: isa is NULL");
    return SNN_OK;
}

snn_status snn_context_create(snn_context **out, const snn_context_options *options)
{
    const struct snn__kernels *kernels;
    snn_context seedling, *ctx;
    uint32_t least;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "context: out is NULL");
    *out = NULL;
    memset(&seedling, 0, sizeof seedling);
    SNN__TRY(read_options(&seedling.options, options));
    SNN__TRY(snn__kernels_choose(&kernels, seedling.options.isa));
    seedling.options.isa = snn__isa_name(kernels->isa); /* the caller's may go */
    least = seedling.options.threads;
    if (least == 0)
        seedling.options.threads = (uint32_t)snn__min(snn__processors(), THREADS_MAX);
    ctx = snn__alloc(&seedling, 1, sizeof *ctx); /* the allocator hook serves the context itself, too */
    if (ctx == NULL)
        return SNN_ERR_MEMORY;
    ctx->options = seedling.options;
    atomic_store(&ctx->bytes, atomic_load(&seedling.bytes));
    atomic_store(&ctx->peak_bytes, atomic_load(&seedling.bytes));
    atomic_store(&ctx->allocations, 1);
    ctx->kernels = kernels;
    ctx->unit = &ctx->own_unit;
    ctx->options.product_table = NULL; /* the caller's may go */
    rc = snn__pool_create(&ctx->pool, ctx, ctx->options.threads, least);
    if (rc == SNN_OK && seedling.options.product_table != NULL)
        rc = snn__table_open(ctx, seedling.options.product_table);
    if (rc != SNN_OK) {
        snn_context_destroy(ctx);
        return rc;
    }
    if (snn__pool_threads(ctx->pool) < ctx->options.threads)
        snn__log(ctx, SNN_LOG_WARNING, "%zu of %u threads could be started", snn__pool_threads(ctx->pool),
                 ctx->options.threads);
    ctx->options.threads = (uint32_t)snn__pool_threads(ctx->pool);
    *out = ctx;
    return SNN_OK;
}

void snn__context_alone(snn_context *ctx, const snn_context *of)
{
    memset(ctx, 0, sizeof *ctx);
    ctx->options = of->options;
    ctx->options.threads = 1;
    ctx->kernels = of->kernels;
    ctx->unit = of->unit;
    ctx->products = of->products;
}

void snn_context_destroy(snn_context *context)
{
    snn_context last;

    if (context == NULL)
        return;
    snn__pool_destroy(context->pool, context);
    snn__table_drop(context);
    memset(&last, 0, sizeof last);
    last.options = context->options;
    snn__free(&last, context);
}

snn_status snn_context_get_info(const snn_context *context, snn_context_info *info)
{
    snn_context_info i = SNN_CONTEXT_INFO_INIT;
    const struct snn__kernels *kernels;

    if (context == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "context info: the context is NULL");
    SNN__TRY(snn__check_struct(info, "context info", "SNN_CONTEXT_INFO_INIT"));
    i.threads = context->options.threads;
    i.seed = context->options.seed;
    kernels = atomic_load(context->unit) == SNN__UNIT_REFUSED ? context->kernels->without_unit : context->kernels;
    i.isa = snn__isa_name(kernels->isa);
    i.bytes = atomic_load(&context->bytes);
    i.peak_bytes = atomic_load(&context->peak_bytes);
    i.allocations = atomic_load(&context->allocations);
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

struct each {
    void (*fn)(void *arg, size_t task);
    void *arg;
};

static void run_one(void *arg, size_t task, size_t worker)
{
    const struct each *e = arg;

    (void)worker;
    e->fn(e->arg, task);
}

void snn__each(const snn_context *ctx, void (*fn)(void *arg, size_t task), void *arg, size_t tasks)
{
    struct each e = { fn, arg };

    snn__parallel(ctx, run_one, &e, tasks);
}

void snn__log(const snn_context *ctx, snn_log_level level, const char *format, ...)
{
    char line[256];
    va_list args;

    if (ctx->options.log == NULL)
        return;
    va_start(args, format);
    snn__format(line, sizeof line, format, args);
    va_end(args);
    SNN__CALLS_HOST;
    ctx->options.log(ctx->options.log_user, level, line);
}
