/* blas/lookup.c - y = read(x) w where x is spikes, as bits: sums of weights are made once and looked up by every row.
 *
 *   sum_k x_k w_k = sum_g T_g[x_5g .. x_5g+4],   T_g[b] = sum of w_(5g+i) over the bits i that are set in b
 *
 * This is the method of four Russians (Arlazarov et al. 1970): five additions become one, however many neurons fire.
 * Tables of one word of channels and 16 columns stay in the first-level cache while a block of rows passes them. Sums
 * of 8 words are added up apart, which keeps rounding errors below those of one long sum. Each output is summed by
 * one task, in one order. */
#include "blas/blocks.h"
#include "blas/spikes.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define ROWS 1024u        /* that pass a table, at most, */
#define FEW_ROWS 128u     /* and at least where other threads would idle */
#define PITCH (ROWS + 8u) /* not a power of two, so that words of a row do not compete for one place in the cache */
#define PART 8u           /* words that are added up apart */
#define TABLE (SNN__LOOKUP_GROUPS * SNN__LOOKUP_SUMS * SNN__LOOKUP_NR)

struct lookup {
    const struct snn__kernels *k;
    const struct snn__product *p;
    size_t words, depth; /* of a position, of a row */
    size_t columns;      /* panels of weights for tables */
    size_t row_tasks, column_tasks;
    const uint64_t *map;
    char *scratch;
    size_t per_worker;
};

/* The memory of one worker. */
struct own {
    float *table, *sum, *part; /* sum, part: [ROWS][LOOKUP_NR] */
    uint64_t *rows, *row;      /* [depth][PITCH]; one on its way into it */
};

static size_t own_size(const struct snn__window *w)
{
    return SNN__SUM((TABLE + 2 * ROWS * SNN__LOOKUP_NR) * sizeof(float),
                    SNN__PRODUCT(snn__round_up(SNN__PRODUCT(PITCH + 1, snn__spikes_depth(w)), 8), sizeof(uint64_t)));
}

static struct own own_of(const struct lookup *a, size_t worker)
{
    float *table = (float *)(void *)(a->scratch + worker * a->per_worker), *sum = table + TABLE,
          *part_sum = sum + ROWS * SNN__LOOKUP_NR;
    uint64_t *rows = (uint64_t *)(void *)(part_sum + ROWS * SNN__LOOKUP_NR);

    return (struct own){ table, sum, part_sum, rows, rows + a->depth * PITCH };
}

size_t snn__lookup_scratch(const snn_context *ctx, size_t m, const struct snn__window *w)
{
    return SNN__SUM(snn__spikes_size(m / (w->oh * w->ow), w), SNN__PRODUCT(snn__threads(ctx), own_size(w)));
}

/* own->sum[rows][LOOKUP_NR] = the rows times columns `column` LOOKUP_NR and on. */
static void sum_columns(const struct lookup *a, const struct own *own, size_t rows, size_t column)
{
    const size_t nr = a->k->nr, panel = snn__window_depth(&a->p->window) * nr, first = column * SNN__LOOKUP_NR;
    const size_t c = a->p->window.c, cols = snn__min(SNN__LOOKUP_NR, a->p->n - first);

    for (size_t word = 0; word < a->depth; word++) {
        const size_t channel = word % a->words * 64, some = snn__min(64, c - channel);
        const float *w = a->p->packed + first / nr * panel + first % nr + (word / a->words * c + channel) * nr;
        float *to = word < PART ? own->sum : own->part;

        a->k->lookup_sums(own->table, w, panel, some, cols);
        a->k->lookup(to, rows, own->table, snn__ceil_div(some, SNN__LOOKUP_BITS), own->rows + word * PITCH,
                     word % PART != 0);
        if (to == own->part && (word % PART == PART - 1 || word == a->depth - 1))
            a->k->axpy(own->sum, 1, own->part, rows * SNN__LOOKUP_NR);
    }
}

/* y (+)= alpha sum + bias */
static void finish(const struct lookup *a, const struct own *own, struct span rows, size_t column)
{
    const struct snn__product *p = a->p;
    const size_t n = column * SNN__LOOKUP_NR, cols = snn__min(SNN__LOOKUP_NR, p->n - n);

    for (size_t m = rows.from; m < rows.to; m++) {
        const float *sum = own->sum + (m - rows.from) * SNN__LOOKUP_NR;
        float *y = p->y + m * p->y_pitch + n;

        for (size_t j = 0; j < cols; j++)
            y[j] = p->alpha * sum[j] + (p->bias ? p->bias[n + j] : 0.0f) + (p->accumulate ? y[j] : 0.0f);
    }
}

static void lookup_task(void *arg, size_t task, size_t worker)
{
    const struct lookup *a = arg;
    const struct span all = part(a->p->m, a->row_tasks, task / a->column_tasks);
    const struct span columns = part(a->columns, a->column_tasks, task % a->column_tasks);
    const size_t high = block_length(all.to - all.from, ROWS);
    const struct own own = own_of(a, worker);

    for (size_t from = all.from; from < all.to; from += high) {
        const struct span rows = { from, snn__min(all.to, from + high) };

        for (size_t m = rows.from; m < rows.to; m++) {
            snn__spikes_row(&a->p->window, a->map, m, own.row);
            for (size_t word = 0; word < a->depth; word++)
                own.rows[word * PITCH + m - rows.from] = own.row[word];
        }
        for (size_t column = columns.from; column < columns.to; column++) {
            sum_columns(a, &own, rows.to - rows.from, column);
            finish(a, &own, rows, column);
        }
    }
}

/* Blocks of rows are long, so that a table is used often enough to pay for its construction. */
static void cut_work(struct lookup *a)
{
    const size_t m = a->p->m, wanted = tasks_wanted(m, a->p->n, snn__window_depth(&a->p->window));
    const size_t threads = snn__min(wanted, THREADS);

    a->row_tasks = snn__min(wanted, snn__ceil_div(m, ROWS));
    a->column_tasks = snn__min(a->columns, snn__ceil_div(threads, a->row_tasks));
    if (a->row_tasks * a->column_tasks < threads)
        a->row_tasks = snn__min(threads / a->column_tasks, snn__ceil_div(m, FEW_ROWS));
}

void snn__lookup_product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const struct snn__window *w = &p->window;
    struct lookup a = { .k = ctx->kernels, .p = p, .words = snn__spikes_words(w), .depth = snn__spikes_depth(w) };
    const size_t samples = p->m / (w->oh * w->ow);

    a.columns = snn__ceil_div(p->n, SNN__LOOKUP_NR);
    cut_work(&a);
    a.scratch = (char *)scratch + snn__spikes_size(samples, w);
    a.per_worker = own_size(w);
    a.map = snn__spikes_map(ctx, w, p->x, samples, p->map, scratch);
    snn__parallel(ctx, lookup_task, &a, a.row_tasks * a.column_tasks);
}
