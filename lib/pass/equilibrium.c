/* pass/equilibrium.c - the network at rates instead of spikes: the map whose fixed point the firing rates of a
 * feedback network approach.
 *
 *   a_l = clip((F(x) + W a_(l-1)) / threshold, 0, 1),  readers with delay take the rates that are given
 *
 * The arrays of the steps are used again. */
#include "core/context.h"
#include "layer/layer.h"
#include "pass/pass.h"

/* The values of a static input exist since step 0; a batch norm is called again only to update its running values. */
static bool computed_before(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return snn__unit_constant(pass, unit) &&
           !(pass->statistics == SNN__STATISTICS_UPDATE && unit->flags & SNN__LAYER_STEPWISE);
}

static void compute(struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__io io;

    if (unit->flags & SNN__LAYER_IN_PLACE)
        return;
    io = snn__unit_io(pass, unit, pass->steps);
    io.y.data = unit->value;
    unit->layer->type->forward(&unit->node, &io);
    unit->scale = io.y.scale;
}

/* Readers with delay get x. */
static void give(const struct snn__pass *pass, struct snn__unit *unit, struct snn__signal x)
{
    snn__copy(pass->ctx, unit->past.data, x.scale, x.data, pass->batch * unit->value_len);
    unit->past.scale = 1.0f;
}

void snn__pass_rates(struct snn__pass *pass, size_t top, struct snn__signal a, enum snn__statistics statistics)
{
    struct snn__unit *given = &pass->unit[top];

    pass->at_rates = true;
    pass->statistics = statistics;
    if (given->delay > 0)
        give(pass, given, a);
    for (size_t l = 0; l <= top; l++)
        if (!pass->unit[l].deferred && !computed_before(pass, &pass->unit[l]))
            compute(pass, &pass->unit[l]);
    pass->at_rates = false;
}

/* The array becomes that of the average. */
static void average_population(struct snn__pass *pass, struct snn__unit *unit)
{
    double weight = snn__rate_weight(unit->layer->type->constants(&unit->node)->decay, pass->steps);
    size_t n = pass->batch * unit->value_len;

    snn__copy(pass->ctx, unit->value, (float)(1.0 / weight), unit->trace, n);
    unit->scale = 1.0f;
    if (unit->delay > 0)
        give(pass, unit, (struct snn__signal){ unit->value, 1.0f });
}

void snn__pass_average(struct snn__pass *pass, size_t top)
{
    if (!pass->is_static)
        snn__copy(pass->ctx, pass->input, 1.0f, pass->input_mean, pass->batch * pass->input_len);
    for (size_t l = 0; l <= top; l++) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->flags & SNN__LAYER_POPULATION)
            average_population(pass, unit);
        else if (unit->averaged && !snn__unit_constant(pass, unit))
            compute(pass, unit);
    }
}

void snn__pass_fix_statistics(struct snn__pass *pass)
{
    pass->at_rates = true;
    pass->statistics = SNN__STATISTICS_BATCH;
    for (size_t l = 0; l < pass->n; l++)
        if (!pass->unit[l].deferred && !pass->unit[l].dynamic && !(pass->unit[l].flags & SNN__LAYER_POPULATION))
            compute(pass, &pass->unit[l]);
    pass->at_rates = false;
    pass->fixed = true;
}
