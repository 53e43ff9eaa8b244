/* blas/trial.c - a product of random numbers, to time the ways to it. */
#include "blas/trial.h"
#include "core/alloc.h"
#include "core/clock.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"

#define LEAST_SECONDS 1e-3

static size_t depth_of(const struct snn__window *w)
{
    return SNN__PRODUCT(w->kh, w->kw, w->c);
}

static size_t inputs_of(const struct snn__trial *t)
{
    return SNN__PRODUCT(t->samples, t->window.h, t->window.w, t->window.pitch);
}

void snn__trial_end(struct snn__trial *t)
{
    void *all[] = { t->x, t->weights, t->packed, t->y, t->scale, t->bits, t->limbs, t->scratch };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        snn__free(t->ctx, all[i]);
}

static size_t scratch_of(const struct snn__trial *t)
{
    const struct snn__window *w = &t->window;
    const bool spikes = t->kind == SNN__OF_SPIKES;

    if (t->kind == SNN__OF_GRADIENTS)
        return snn__outer_scratch(t->ctx, t->m, t->n, w);
    return snn__max(snn__product_scratch(t->ctx, t->m, t->n, w, spikes),
                    spikes ? snn__bits_scratch(t->ctx, t->samples, w) : 0);
}

/* The request for a matrix unit, which comes with the scratch memory, decides about limbs. */
static bool allocate(struct snn__trial *t)
{
    const struct snn__window *w = &t->window;
    const size_t depth = depth_of(w), scratch = scratch_of(t);

    return (t->x = snn__alloc(t->ctx, inputs_of(t), sizeof *t->x)) != NULL &&
           (t->weights = snn__alloc(t->ctx, SNN__PRODUCT(t->n, depth), sizeof *t->weights)) != NULL &&
           (t->packed = snn__alloc(t->ctx, snn__packed_size(t->ctx, depth, t->n), sizeof *t->packed)) != NULL &&
           (t->y = snn__alloc(t->ctx, SNN__PRODUCT(t->m, t->n), sizeof *t->y)) != NULL &&
           (t->scale = snn__alloc(t->ctx, t->n, sizeof *t->scale)) != NULL &&
           (t->bits = snn__alloc(t->ctx, snn__bits_packed_size(w, t->n), sizeof *t->bits)) != NULL &&
           (t->limbs = snn__alloc(t->ctx, snn__limbs_size(t->ctx, t->n, w), 1)) != NULL &&
           (t->scratch = snn__alloc(t->ctx, scratch, 1)) != NULL;
}

/* Weights in the forms that products read, and errors. */
static void draw_weights(struct snn__trial *t)
{
    const struct snn__window *w = &t->window;
    const size_t depth = depth_of(w), taps = w->kh * w->kw;

    snn__layers(t->ctx)->random_uniform(1, SNN__RNG_INIT, 0, t->weights, t->n * depth, -1, 1);
    snn__layers(t->ctx)->random_uniform(2, SNN__RNG_INIT, 0, t->y, t->m * t->n, -1, 1);
    snn__pack(t->ctx, t->packed, t->weights, taps, w->c, t->n, 1, taps, depth);
    snn__bits_pack(w, t->bits, t->weights, t->n);
    if (snn__limbs_size(t->ctx, t->n, w) > 0)
        snn__limbs(t->ctx, t->limbs, t->packed, t->n, w);
}

static void describe(struct snn__trial *t)
{
    const struct snn__window *w = &t->window;

    t->p = (struct snn__product){ .m = t->m,
                                  .n = t->n,
                                  .x = t->x,
                                  .window = *w,
                                  .packed = t->packed,
                                  .limbs = snn__limbs_size(t->ctx, t->n, w) > 0 ? t->limbs : NULL,
                                  .alpha = 1,
                                  .y = t->y,
                                  .y_pitch = t->n,
                                  .spikes = t->kind == SNN__OF_SPIKES };
    t->g = (struct snn__outer){ .m = t->m,
                                .n = t->n,
                                .d = t->y,
                                .d_pitch = t->n,
                                .x = t->x,
                                .window = *w,
                                .alpha = 1,
                                .g = t->weights,
                                .g_pitch = depth_of(w) };
    t->b = (struct snn__bits_product){ .m = t->m,
                                       .n = t->n,
                                       .x = t->x,
                                       .window = *w,
                                       .packed = t->bits,
                                       .alpha = 1,
                                       .scale = t->scale,
                                       .y = t->y,
                                       .y_pitch = t->n };
}

snn_status snn__trial_begin(struct snn__trial *t, snn_context *ctx, enum snn__kind kind, size_t m, size_t n,
                            const struct snn__window *w)
{
    *t =
        (struct snn__trial){ .ctx = ctx, .kind = kind, .m = m, .n = n, .samples = m / (w->oh * w->ow), .window = *w };
    if (!allocate(t)) {
        snn__trial_end(t);
        return SNN_ERR_MEMORY;
    }
    draw_weights(t);
    describe(t);
    return SNN_OK;
}

void snn__trial_draw(struct snn__trial *t, double density)
{
    const size_t inputs = inputs_of(t);

    snn__layers(t->ctx)->random_uniform(1, SNN__RNG_ENCODE, 0, t->x, inputs, 0, 1);
    for (size_t i = 0; i < inputs; i++)
        t->x[i] = t->x[i] < density;
}

bool snn__trial_takes(const struct snn__trial *t, enum snn__way way)
{
    if (way == SNN__WAY_BITS)
        return t->kind == SNN__OF_SPIKES;
    return t->kind == SNN__OF_GRADIENTS ? snn__outer_takes(t->ctx, &t->g, way)
                                        : snn__product_takes(t->ctx, &t->p, way);
}

enum snn__way snn__trial_picks(const struct snn__trial *t)
{
    return t->kind == SNN__OF_GRADIENTS ? snn__outer_way(t->ctx, &t->g, t->scratch)
                                        : snn__product_way(t->ctx, &t->p, t->scratch);
}

static void multiply(struct snn__trial *t, enum snn__way way)
{
    t->p.way = t->g.way = way;
    if (way == SNN__WAY_BITS)
        snn__bits_product(t->ctx, &t->b, t->scratch);
    else if (t->kind == SNN__OF_GRADIENTS)
        snn__outer(t->ctx, &t->g, t->scratch);
    else
        snn__product(t->ctx, &t->p, t->scratch);
}

double snn__trial_run(struct snn__trial *t, enum snn__way way)
{
    const double start = snn__seconds();
    size_t rounds = 0;
    double passed;

    do {
        multiply(t, way);
        rounds++;
        passed = snn__seconds() - start;
    } while (passed < LEAST_SECONDS);
    return passed / (double)rounds;
}
