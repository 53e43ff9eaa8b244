/* core/alloc.c - memory through the context's allocator hook. A block carries its size in the 64 bytes before it. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* madvise() */
#endif
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/status.h"
#include <stdlib.h>
#include <string.h>
#ifdef __linux__
#include <sys/mman.h>
#endif

#define ALIGNMENT 64u
#define HUGE_PAGE ((size_t)1 << 21)

/* Large blocks lie on huge pages where the system has them for those who ask: fewer addresses to translate. */
static void *standard_allocate(size_t size)
{
    void *block;

    if (size < 2 * HUGE_PAGE)
        return aligned_alloc(ALIGNMENT, size);
    block = aligned_alloc(HUGE_PAGE, snn__round_up(size, HUGE_PAGE));
#ifdef MADV_HUGEPAGE
    if (block != NULL)
        (void)madvise(block, size, MADV_HUGEPAGE);
#endif
    return block;
}

static void raise_peak(snn_context *ctx, uint64_t bytes)
{
    uint64_t peak = atomic_load(&ctx->peak_bytes);

    while (bytes > peak && !atomic_compare_exchange_weak(&ctx->peak_bytes, &peak, bytes))
        ;
}

static void *allocate(const snn_context_options *o, size_t bytes)
{
    if (o->allocate == NULL)
        return standard_allocate(bytes);
    SNN__CALLS_HOST;
    return o->allocate(o->allocator_user, bytes, ALIGNMENT);
}

static void release(const snn_context_options *o, void *block, size_t bytes)
{
    if (o->release == NULL) {
        free(block);
        return;
    }
    SNN__CALLS_HOST;
    o->release(o->allocator_user, block, bytes);
}

void *snn__alloc_untouched(snn_context *ctx, size_t count, size_t size)
{
    size_t bytes;
    char *block;

    if (!snn__mul(count, size, &bytes) || bytes > SIZE_MAX / 2) {
        snn__fail(SNN_ERR_MEMORY, "one array needs more than half of the address space");
        return NULL;
    }
    bytes = snn__round_up(snn__max(bytes, 1), ALIGNMENT) + ALIGNMENT;
    block = allocate(&ctx->options, bytes);
    if (block == NULL) {
        snn__fail(SNN_ERR_MEMORY, "out of memory: %zu bytes requested, %llu in use", bytes,
                  (unsigned long long)atomic_load(&ctx->bytes));
        return NULL;
    }
    memcpy(block, &bytes, sizeof bytes);
    atomic_fetch_add(&ctx->allocations, 1);
    raise_peak(ctx, atomic_fetch_add(&ctx->bytes, bytes) + bytes);
    return block + ALIGNMENT;
}

void *snn__alloc(snn_context *ctx, size_t count, size_t size)
{
    void *block = snn__alloc_untouched(ctx, count, size);

    if (block != NULL)
        memset(block, 0, snn__round_up(snn__max(count * size, 1), ALIGNMENT));
    return block;
}

char *snn__strdup(snn_context *ctx, const char *text)
{
    size_t n = strlen(text) + 1;
    char *copy = snn__alloc(ctx, n, 1);

    if (copy != NULL)
        memcpy(copy, text, n);
    return copy;
}

void snn__free(snn_context *ctx, void *pointer)
{
    char *block;
    size_t bytes;

    if (pointer == NULL)
        return;
    block = (char *)pointer - ALIGNMENT;
    memcpy(&bytes, block, sizeof bytes);
    atomic_fetch_sub(&ctx->bytes, bytes);
    release(&ctx->options, block, bytes);
}
