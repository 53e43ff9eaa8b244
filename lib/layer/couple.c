/* layer/couple.c - errors as spikes, docs/methods/spide.md: u[t] = decay (u[t-1] - G s[t-1]) + e[t], s[t] = +1 if
 * u[t] >= threshold, -1 if u[t] <= -threshold, else 0 d[t] = m G s[t] / V, m = 1 if the neuron fired at some but not
 * all steps of the first stage, else 0 mean = G sum_t decay^(T-t) s[t] / sum_t decay^(T-t) V is the threshold of the
 * population. The potentials of the first stage are no longer needed; those of the couples take their place. */
#include "layer/couple.h"
#include "core/context.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include <stdatomic.h>

snn_status snn__couple_plan(struct snn__couple *c, const struct snn__node *node, struct snn__arena *arena)
{
    size_t all = SNN__PRODUCT(node->batch_max, node->in_len);

    if (!node->couples)
        return SNN_OK;
    SNN__TRY(snn__arena_keep(arena, &c->sum, all, sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &c->gate, all, sizeof(float)));
    if (!node->keeps)
        return SNN_OK;
    return snn__arena_keep(arena, &c->answer, all, sizeof(float));
}

/* Without a leak the trace is the count. */
void snn__couple_count(struct snn__couple *c, const struct snn__node *node, const struct snn__io *io, float decay)
{
    if (decay != 1.0f)
        snn__add_or_copy(node->ctx, c->gate, 1.0f, io->y.data, io->batch * node->in_len, !io->first);
}

static void open_gates(const struct snn__couple *c, const struct snn__node *node, const struct snn__io *io,
                       float decay, float threshold)
{
    struct snn__open_between k = { decay != 1.0f ? c->gate : io->trace, c->gate, (float)io->couples->forward_steps,
                                   1.0f / threshold };

    snn__ranges(node->ctx, io->batch * node->in_len, snn__layers(node->ctx)->open_between, &k);
}

struct answering {
    const struct snn__kernels *kernels;
    struct snn__couple_step step;
    _Atomic uint64_t spikes;
};

static void step_range(void *arg, size_t from, size_t to)
{
    struct answering *k = arg;

    atomic_fetch_add_explicit(&k->spikes, k->kernels->couple_step(&k->step, from, to), memory_order_relaxed);
}

struct sending {
    const struct snn__kernels *kernels;
    float *d, factor;
    const float *sum, *gate;
    bool accumulate;
};

static void send_range(void *arg, size_t from, size_t to)
{
    const struct sending *k = arg;

    k->kernels->multiply(k->d + from, k->factor, k->sum + from, k->gate + from, to - from, k->accumulate);
}

void snn__couple_adjoint(const struct snn__couple *all, const struct snn__node *node, struct snn__io *io, float decay,
                         float threshold, float *potentials, struct snn__signal e, float *dx, bool accumulate)
{
    const struct snn__couples *s = io->couples;
    const size_t n = io->batch * node->in_len, from = io->sample * node->in_len;
    const struct snn__couple c = { all->sum + from, all->gate + from, all->answer ? all->answer + from : NULL };
    float *const u = potentials + from;
    struct answering k = { node->ctx->kernels,
                           { .decay = decay,
                             .threshold = s->threshold,
                             .gap = s->gap,
                             .scale = e.scale,
                             .size = s->gap,
                             .first = s->first,
                             .accumulate = accumulate,
                             .e = e.data,
                             .u = u,
                             .sum = c.sum,
                             .gate = c.gate,
                             .d = dx },
                           0 };

    if (s->mean) {
        struct sending send = {
            node->ctx->kernels, dx, (float)(s->gap / snn__rate_weight(decay, s->steps)), c.sum, c.gate, accumulate
        };

        snn__ranges(node->ctx, n, send_range, &send);
        return;
    }
    if (s->first)
        open_gates(&c, node, io, decay, threshold);
    snn__ranges(node->ctx, n, step_range, &k);
    io->spikes = atomic_load(&k.spikes);
    for (size_t i = 0; c.answer != NULL && i < n; i++)
        c.answer[i] = (float)(u[i] >= s->threshold) - (float)(u[i] <= -s->threshold);
}
