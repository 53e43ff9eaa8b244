/* pass/count.c - counters of spikes and synaptic operations. */
#include "core/context.h"
#include "pass/pass.h"
#include <math.h>

#define LANES 8

void snn__pass_clear_counters(struct snn__pass *pass)
{
    pass->neuron_steps = pass->couple_steps = 0;
    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].counts = (struct snn__counts){ 0 };
}

void snn__pass_prepare_counting(struct snn__pass *pass)
{
    snn__pass_refresh(pass);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->fanout == NULL)
            continue;
        unit->layer->type->fanout(&unit->node, unit->fanout, false);
        unit->fanout_all = 0;
        for (size_t i = 0; i < unit->node.in_len; i++)
            unit->fanout_all += unit->fanout[i];
        unit->layer->type->fanout(&unit->node, unit->fanout, true);
    }
}

struct counting {
    struct snn__unit *unit;
    struct snn__signal x;
    bool binary; /* the data of x are spikes */
};

/* Synapses that leave the numbers of x that are not 0: whole numbers, which add up exactly in any order, so that no
 * sum waits for the one before. */
static double fanout_of_numbers(const float *x, const float *fanout, size_t n)
{
    double sum[LANES] = { 0 }, all = 0;
    size_t i = 0;

    for (; i + LANES <= n; i += LANES)
        for (size_t j = 0; j < LANES; j++)
            sum[j] += x[i + j] != 0.0f ? (double)fanout[i + j] : 0.0;
    for (; i < n; i++)
        sum[0] += x[i] != 0.0f ? (double)fanout[i] : 0.0;
    for (size_t j = 0; j < LANES; j++)
        all += sum[j];
    return all;
}

/* All numbers are -1, 0 or 1: no weight is multiplied. */
static bool only_adds(const float *x, float scale, size_t n)
{
    size_t others = 0;

    for (size_t i = 0; i < n; i++)
        others += x[i] != 0.0f && x[i] * scale != 1.0f && x[i] * scale != -1.0f;
    return others == 0;
}

/* NeuroBench's rule, for a sample and a step: accumulates if all inputs are -1, 0 or 1, else multiply-accumulates. */
static void count_sample(void *arg, size_t b)
{
    struct counting *k = arg;
    size_t n = k->unit->node.in_len;
    const float *x = k->x.data + b * n;
    double ops =
        k->binary ? k->unit->node.ctx->kernels->dot(x, k->unit->fanout, n) : fanout_of_numbers(x, k->unit->fanout, n);
    bool adds = k->binary ? fabsf(k->x.scale) == 1.0f : only_adds(x, k->x.scale, n);

    k->unit->sample_ops[b] = (struct snn__operations){ .macs = adds ? 0 : ops, .acs = adds ? ops : 0 };
}

/* `times`: steps that this call stands for. */
void snn__count_operations(struct snn__pass *pass, struct snn__unit *unit, const struct snn__io *io, double times)
{
    struct counting k = { unit, io->x[0], snn__unit_binary(pass, snn__unit_producer(pass, unit, 0)) };

    unit->counts.dense += times * (double)pass->batch * unit->fanout_all;
    if (k.x.scale == 0.0f)
        return;
    snn__each(pass->ctx, count_sample, &k, pass->batch);
    for (size_t b = 0; b < pass->batch; b++) {
        unit->counts.macs += times * unit->sample_ops[b].macs;
        unit->counts.acs += times * unit->sample_ops[b].acs;
    }
}
