/* pass/delay.c - what connections with a delay carry: values and traces of the last steps, and errors to them. */
#include "core/alloc.h"
#include "core/size.h"
#include "layer/layer.h"
#include "pass/plan.h"

/* Steps that readers of a unit look back: no more than the pass has. */
static size_t span_of(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return pass->demand.streams ? unit->delay : snn__min(unit->delay, pass->steps);
}

/* ---- planning ---- */

/* Each step copies the one before. What is older is a state of streams. */
static snn_status plan_past(struct snn__pass *pass, struct snn__past *past, size_t span, size_t all,
                            enum snn__state state)
{
    const size_t count = SNN__PRODUCT(span, all);

    if (pass->demand.streams && span > 1)
        return snn__arena_add_state(&pass->arena, &past->data, count, sizeof(float), state);
    return snn__arena_add(&pass->arena, &past->data, count, sizeof(float), SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST);
}

static snn_status plan_pending(struct snn__pass *pass, struct snn__unit *unit, size_t span, size_t all)
{
    unit->pending = snn__alloc(pass->arena.ctx, span + 1, sizeof *unit->pending);
    for (size_t i = 0; i <= span; i++) {
        if (unit->pending == NULL)
            return SNN_ERR_MEMORY;
        SNN__TRY(snn__arena_add(&pass->arena, &unit->pending[i].data, all, sizeof(float), SNN__ALWAYS_FIRST,
                                SNN__ALWAYS_LAST));
    }
    return SNN_OK;
}

/* Training with all steps kept finds values there; evaluation does not keep them. */
snn_status snn__delay_plan(struct snn__pass *pass, struct snn__unit *unit)
{
    const size_t span = span_of(pass, unit), all = SNN__PRODUCT(pass->batch_max, unit->value_len);

    if (unit->delay == 0)
        return SNN_OK;
    SNN__TRY(plan_past(pass, &unit->past, span, all, SNN__STATE_RUNNING));
    if (unit->traced && !snn__pass_couples(pass))
        SNN__TRY(plan_past(pass, &unit->past_trace, span, all, SNN__STATE_LEARNING));
    return unit->wants_error && pass->demand.keeps ? plan_pending(pass, unit, span, all) : SNN_OK;
}

/* ---- forward ---- */

static void keep(struct snn__pass *pass, struct snn__past *past, size_t slot, struct snn__signal from, size_t n)
{
    if (from.data == NULL)
        return;
    snn__copy(pass->ctx, past->data + slot * n, 1.0f, from.data, n);
    past->scale = from.scale;
}

/* Layers in place of a kept array go first. */
void snn__delay_keep(struct snn__pass *pass, size_t t)
{
    for (size_t i = 0; i < 2 * pass->n; i++) {
        struct snn__unit *unit = &pass->unit[i % pass->n];
        size_t n = pass->batch * unit->value_len, slot;

        if (unit->delay == 0 || ((unit->flags & SNN__LAYER_IN_PLACE) != 0) != (i < pass->n))
            continue;
        slot = (t - 1) % span_of(pass, unit);
        keep(pass, &unit->past, slot, snn__unit_value(pass, unit, t - 1), n);
        keep(pass, &unit->past_trace, slot, snn__unit_trace(pass, unit), n);
    }
}

struct snn__signal snn__delay_read(const struct snn__pass *pass, const struct snn__unit *from,
                                   const struct snn__past *past, size_t delay, size_t t)
{
    const bool given = snn__pass_equilibrium(pass) && t == pass->steps;
    size_t slot;

    if (past->data == NULL || (!given && (t < delay || t - delay < from->absent)))
        return (struct snn__signal){ NULL, 0.0f };
    slot = given ? 0 : (t - delay) % span_of(pass, from);
    return (struct snn__signal){ past->data + slot * pass->batch * from->value_len, past->scale };
}

/* ---- backward ---- */

void snn__delay_begin(const struct snn__pass *pass, struct snn__unit *unit)
{
    for (size_t i = 0; unit->pending != NULL && i <= span_of(pass, unit); i++)
        unit->pending[i].begun = false;
}

struct snn__sum *snn__unit_pending(const struct snn__pass *pass, const struct snn__unit *unit, size_t t)
{
    return unit->pending != NULL ? &unit->pending[t % (span_of(pass, unit) + 1)] : NULL;
}
