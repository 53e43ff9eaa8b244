/* trainer/shards_state.c - the state that training changes besides the gradient (undo.c lists it), in shards: each of
 * them begins with the same, and all go on with
 *
 *   state + sum_s n_s / B (state_s - state)
 *
 * so that what no shard changes keeps its bits. What follows from parameters alone is computed anew. */
#include "core/context.h"
#include "kernel/layers.h"
#include "trainer/trainer.h"

/* An array at the beginning. */
static float *start_of(const snn_trainer *tr, const struct snn__carried *c)
{
    return tr->shards.by_steps ? tr->shards.start + (c->copy - tr->undo.copy) : c->copy;
}

void snn__state_load(snn_trainer *tr)
{
    for (size_t i = 0; i < tr->undo.n; i++) {
        const struct snn__carried *c = &tr->undo.list[i];

        snn__layers(tr->ctx)->transfer(c->data, start_of(tr, c), c->length);
    }
}

void snn__state_keep(snn_trainer *tr)
{
    for (size_t i = 0; i < tr->undo.n; i++) {
        const struct snn__carried *c = &tr->undo.list[i];

        snn__layers(tr->ctx)->transfer(start_of(tr, c), c->data, c->length);
    }
}

void snn__state_change(snn_trainer *tr)
{
    float *change = tr->shards.change;

    for (size_t i = 0; i < tr->undo.n; i++) {
        const struct snn__carried *c = &tr->undo.list[i];

        if (c->alike)
            continue;
        snn__combine(tr->ctx, change, (struct snn__signal){ c->data, 1.0f },
                     (struct snn__signal){ start_of(tr, c), -1.0f }, c->length);
        change += c->length;
    }
}

/* Thresholds that a sequence raises. */
static void raise_thresholds(snn_trainer *tr)
{
    for (size_t l = 0; l < tr->pass.n; l++) {
        struct snn__unit *unit = &tr->pass.unit[l];
        bool raised = false;

        for (size_t i = 0; i < unit->layer->n_tensors; i++)
            raised |= unit->layer->tensor[i].raised;
        if (!raised)
            continue;
        unit->layer->type->refresh(&unit->node);
        unit->layer->type->begin(&unit->node, 0, 0, tr->run.batches);
    }
}

void snn__state_take(snn_trainer *tr, const float *change)
{
    snn__state_load(tr);
    for (size_t i = 0; i < tr->undo.n; i++) {
        const struct snn__carried *c = &tr->undo.list[i];

        if (c->alike)
            continue;
        snn__add_to(tr->ctx, c->data, 1.0f, change, c->length);
        change += c->length;
    }
    raise_thresholds(tr);
}
