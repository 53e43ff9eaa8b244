/* trainer/eligibility.c - eligibilities of single synapses, computed by products and kernels, sample by sample. */
#include "trainer/eligibility.h"
#include "blas/product.h"
#include "core/context.h"
#include "core/size.h"

snn_status snn__eligibility_plan(struct snn__eligibility *s, const snn_context *ctx, struct snn__arena *arena,
                                 size_t batch)
{
    const struct snn__window row = snn__window_of_rows(s->columns, s->columns);
    const struct {
        void *pointer;
        size_t count, size;
    } want[] = {
        { &s->hk, SNN__PRODUCT(batch, s->rows), sizeof(float) },
        { &s->bias, s->rows, sizeof(float) },
        { &s->e, s->synapses, sizeof(float) },
        { &s->wide, s->synapses, sizeof(float) },
        { &s->ones, s->columns, sizeof(float) },
        { &s->scratch, snn__outer_scratch(ctx, 1, s->rows, &row), 1 },
    };

    s->ctx = ctx;
    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(
            snn__arena_add(arena, want[i].pointer, want[i].count, want[i].size, SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST));
    return SNN_OK;
}

void snn__eligibility_begin(struct snn__eligibility *s, size_t batch)
{
    s->batch = batch;
    s->ctx->kernels->fill(s->ones, 1.0f, s->columns);
}

/* ---- of one sample ---- */

/* y[rows][columns] (+)= d x^T */
static void outer(const struct snn__eligibility *s, const struct snn__synapses *w, const float *d,
                  struct snn__signal x, float *y, bool accumulate)
{
    struct snn__outer p = { .m = 1,
                            .n = w->rows,
                            .d = d,
                            .d_pitch = w->rows,
                            .x = x.data,
                            .window = snn__window_of_rows(w->columns, w->columns),
                            .alpha = x.scale,
                            .g = y,
                            .g_pitch = w->columns,
                            .accumulate = accumulate };

    snn__outer(s->ctx, &p, s->scratch);
}

struct multiplying {
    const struct snn__kernels *kernels;
    float *y, a;
    const float *x, *m;
};

static void multiply_range(void *arg, size_t from, size_t to)
{
    const struct multiplying *k = arg;

    k->kernels->multiply(k->y + from, k->a, k->x + from, k->m + from, to - from, true);
}

/* y[i][j] += a d[i] x[i][j] */
static void add_rows(const struct snn__eligibility *s, const struct snn__synapses *w, float *y, float a,
                     const float *d, const float *x)
{
    struct multiplying k = { s->ctx->kernels, y, a, x, s->wide };

    outer(s, w, d, (struct snn__signal){ s->ones, 1.0f }, s->wide, false);
    snn__ranges(s->ctx, w->rows * w->columns, multiply_range, &k);
}

/* y = a y + b e */
static void blend(const struct snn__eligibility *s, float *y, float a, float b, size_t n)
{
    snn__combine(s->ctx, y, (struct snn__signal){ y, a }, (struct snn__signal){ s->e, b }, n);
}

/* e = hk eps - hk beta / k eps_b;  eps_b = rho eps_b + (1 - rho) e;  ebar = kappa ebar + e */
static void advance_adapted(const struct snn__eligibility *s, const struct snn__synapses *w,
                            const struct snn__population *p, size_t b, const float *hk, struct snn__signal eps)
{
    const size_t n = w->rows * w->columns;
    const float k = p->scaled ? 1.0f - p->decay : 1.0f, beta = p->adapt_strength;
    float *eps_b = w->adapted + b * n, *ebar = w->filtered + b * n;

    outer(s, w, hk, eps, s->e, false);
    add_rows(s, w, s->e, k > 0.0f ? -beta / k : 0.0f, hk, eps_b); /* k = 0: h k is 0, too */
    blend(s, eps_b, p->adapt_decay, 1.0f - p->adapt_decay, n);
    blend(s, ebar, s->kappa, 1.0f, n);
}

/* ebar = kappa ebar + hk eps */
static void advance(const struct snn__eligibility *s, const struct snn__synapses *w, size_t b, const float *hk,
                    struct snn__signal eps)
{
    const size_t n = w->rows * w->columns;
    float *ebar = w->filtered + b * n;

    snn__copy(s->ctx, ebar, s->kappa, ebar, n);
    outer(s, w, hk, eps, ebar, true);
}

/* ---- of all samples ---- */

static void clear(const struct snn__eligibility *s, float *all, const struct snn__synapses *w)
{
    if (all != NULL)
        s->ctx->kernels->fill(all, 0.0f, s->batch * w->rows * w->columns);
}

void snn__synapses_advance(const struct snn__eligibility *s, const struct snn__synapses *w,
                           const struct snn__population *p, bool first, struct snn__signal eps)
{
    if (first) {
        clear(s, w->filtered, w);
        clear(s, w->adapted, w);
    }
    for (size_t b = 0; b < s->batch; b++, eps.data += w->pitch)
        if (w->adapted != NULL)
            advance_adapted(s, w, p, b, s->hk + b * w->rows, eps);
        else
            advance(s, w, b, s->hk + b * w->rows, eps);
}

void snn__synapses_credit(const struct snn__eligibility *s, const struct snn__synapses *w, struct snn__signal L,
                          float *y)
{
    for (size_t b = 0; b < s->batch; b++)
        add_rows(s, w, y, L.scale, L.data + b * w->rows, w->filtered + b * w->rows * w->columns);
}
