/* trainer/undo.c - what a training sequence changes before its update is accepted: state of layers (running
 * statistics, power iterations), thresholds that it raises to their bound, what a method carries from batch to batch,
 * lateral weights.
 *
 * A copy is made when the sequence begins, and after every update within it. A refused update takes the copy back, so
 * that it changes nothing; one whose state would not be finite is refused. */
#include "kernel/layers.h"
#include "trainer/trainer.h"
#include <string.h>

/* Counts an array, and enters it once there is a list. */
static void carry(struct snn__undo *u, float *data, size_t length, const char *of, const char *what, bool alike)
{
    if (u->list != NULL)
        u->list[u->n] = (struct snn__carried){ data, length, u->copy + u->floats, of, what, alike };
    u->n++;
    u->floats += length;
    u->varied += alike ? 0 : length;
}

static void carry_layer(struct snn__undo *u, const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_tensors; i++)
        if (!layer->tensor[i].trained || layer->tensor[i].raised)
            carry(u, layer->tensor[i].data, layer->tensor[i].length, layer->name, layer->tensor[i].name,
                  layer->tensor[i].raised);
}

static void carry_lateral(struct snn__undo *u, const struct snn__lateral *l, const char *name)
{
    size_t before = l->frozen * l->n, length = l->rows * l->n - before;

    if (length == 0)
        return;
    carry(u, l->h + before, length, name, "lateral weights", false);
    carry(u, l->d + before, length, name, "momentum of lateral weights", false);
}

static void carry_all(const snn_trainer *tr, struct snn__undo *u)
{
    const snn_projection *projection = tr->projecting.projection;

    u->n = u->floats = u->varied = 0;
    for (size_t l = 0; l < tr->net->n_layers; l++)
        carry_layer(u, tr->net->layer[l]);
    for (size_t i = 0; i < tr->n_memory; i++)
        carry(u, tr->memory[i].data, (size_t)tr->memory[i].rows * tr->memory[i].columns,
              tr->net->layer[tr->memory[i].layer]->name, "feedback matrix", false);
    for (size_t l = 0; projection != NULL && l < tr->net->n_layers; l++)
        carry_lateral(u, &projection->beside[l].lateral, tr->net->layer[l]->name);
}

snn_status snn__undo_plan(snn_trainer *tr, struct snn__arena *arena)
{
    struct snn__undo *u = &tr->undo;

    memset(u, 0, sizeof *u);
    carry_all(tr, u);
    SNN__TRY(snn__arena_keep(arena, &u->list, u->n, sizeof *u->list));
    return snn__arena_keep(arena, &u->copy, u->floats, sizeof *u->copy);
}

void snn__undo_planned(snn_trainer *tr)
{
    carry_all(tr, &tr->undo);
}

void snn__undo_keep(snn_trainer *tr)
{
    for (size_t i = 0; i < tr->undo.n; i++)
        snn__layers(tr->ctx)->transfer(tr->undo.list[i].copy, tr->undo.list[i].data, tr->undo.list[i].length);
}

void snn__undo(snn_trainer *tr)
{
    for (size_t i = 0; i < tr->undo.n; i++)
        snn__layers(tr->ctx)->transfer(tr->undo.list[i].data, tr->undo.list[i].copy, tr->undo.list[i].length);
}

snn_status snn__undo_check(const snn_trainer *tr)
{
    for (size_t i = 0; i < tr->undo.n; i++) {
        const struct snn__carried *c = &tr->undo.list[i];

        if (!tr->ctx->kernels->finite(c->data, c->length))
            return snn__fail(SNN_ERR_DIVERGED,
                             "layer %s: %s would not be finite: no parameter changed; the inputs may be too large",
                             c->of, c->what);
    }
    return SNN_OK;
}
