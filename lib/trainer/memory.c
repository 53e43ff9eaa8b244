/* trainer/memory.c - arrays that a method carries from batch to batch. */
#include "core/alloc.h"
#include "core/context.h"
#include "kernel/layers.h"
#include "trainer/rule.h"
#include <string.h>

void snn__memory_free(snn_context *ctx, struct snn__memory *memory, size_t n)
{
    for (size_t i = 0; memory != NULL && i < n; i++)
        snn__free(ctx, memory[i].data);
    snn__free(ctx, memory);
}

/* True if the present memory is that of the parameters; `n` receives the number of arrays that they require. */
static bool remembers(const snn_trainer *tr, size_t *n)
{
    struct snn__memory m;
    bool same = true;

    for (*n = 0; tr->rule->memory(tr, *n, &m); ++*n) {
        const struct snn__memory *have = *n < tr->n_memory ? &tr->memory[*n] : NULL;

        same &= have != NULL && strcmp(have->name, m.name) == 0 && have->rows == m.rows && have->columns == m.columns;
    }
    return same && *n == tr->n_memory;
}

static void begin_memory(const snn_trainer *tr, const struct snn__memory *m)
{
    enum snn__first array = m->side ? SNN__FIRST_SIDE_FEEDBACK : SNN__FIRST_FEEDBACK;

    if (m->bound > 0.0f)
        snn__layers(tr->ctx)->random_uniform(tr->ctx->options.seed, SNN__RNG_INIT, snn__first_stream(m->layer, array),
                                             m->data, (size_t)m->rows * m->columns, -m->bound, m->bound);
}

snn_status snn__memory_renew(snn_trainer *tr)
{
    struct snn__memory *memory;
    size_t n;

    if (tr->rule->memory == NULL || remembers(tr, &n))
        return SNN_OK;
    memory = snn__alloc(tr->ctx, n, sizeof *memory);
    if (memory == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        tr->rule->memory(tr, i, &memory[i]);
        memory[i].data = snn__alloc(tr->ctx, SNN__PRODUCT(memory[i].rows, memory[i].columns), sizeof(float));
        if (memory[i].data == NULL) {
            snn__memory_free(tr->ctx, memory, n);
            return SNN_ERR_MEMORY;
        }
        begin_memory(tr, &memory[i]);
    }
    tr->memory = memory;
    tr->n_memory = n;
    return SNN_OK;
}

void snn__memory_free_old(const snn_trainer *tr, struct snn__memory *old, size_t n)
{
    if (old != tr->memory)
        snn__memory_free(tr->ctx, old, n);
}

snn_status snn__trainer_remember(snn_trainer *tr)
{
    struct snn__memory *old = tr->memory;
    const size_t n = tr->n_memory;

    SNN__TRY(snn__memory_renew(tr));
    snn__memory_free_old(tr, old, n);
    return SNN_OK;
}
