/* model/arrays.c - the arrays of a training run in a checkpoint, beside the network's tensors: the optimizer's
 * moments, the method's memory, lateral weights of a projection, residuals of shards. */
#include "core/alloc.h"
#include "model/checkpoint.h"
#include "network/network.h"
#include "optimizer/optimizer.h"
#include "trainer/trainer.h"
#include <stdio.h>
#include <string.h>

/* Walks over the tensors of a moment: it is flat over the trained tensors in their order. */
struct moment_walk {
    const char *moment;
    float *data;                   /* moment of the next trained tensor */
    struct snn__entry *next;       /* saving */
    struct snn__safetensors *file; /* loading */
    bool copy;
};

static void moment_name(char out[SNN__ENTRY_NAME_MAX], const char *moment, const char *tensor)
{
    snprintf(out, SNN__ENTRY_NAME_MAX, SNN__MOMENT_PREFIX "%s.%s", moment, tensor);
}

static void memory_name(char out[SNN__ENTRY_NAME_MAX], const struct snn__memory *memory)
{
    snprintf(out, SNN__ENTRY_NAME_MAX, SNN__MEMORY_PREFIX "%s", memory->name);
}

/* Arrays of a projection: H and D of every layer. */
static size_t laterals(const snn_projection *p)
{
    return p ? 2 * p->net->n_layers : 0;
}

/* Number i of them; false if the layer has no lateral neurons. */
static bool lateral_memory(const snn_projection *p, size_t i, struct snn__memory *memory)
{
    const struct snn__lateral *s = &p->beside[i / 2].lateral;

    snprintf(memory->name, sizeof memory->name, "%s.lateral_%s", p->net->layer[i / 2]->name, i % 2 ? "d" : "h");
    memory->rows = (uint32_t)s->rows;
    memory->columns = (uint32_t)s->n;
    memory->data = i % 2 ? s->d : s->h;
    return s->rows > 0;
}

/* ---- writing */

static snn_status gather_moment(void *arg, const char *name, const snn_tensor *tensor)
{
    struct moment_walk *w = arg;
    struct snn__entry *e;

    if (!tensor->trained)
        return SNN_OK;
    e = w->next++;
    moment_name(e->name, w->moment, name);
    e->rank = tensor->rank;
    memcpy(e->dim, tensor->dim, sizeof e->dim);
    e->length = (size_t)tensor->length;
    e->data = w->data;
    w->data += tensor->length;
    return SNN_OK;
}

static void gather_memory(const struct snn__memory *memory, struct snn__entry *e)
{
    memory_name(e->name, memory);
    e->rank = 2;
    e->dim[0] = memory->rows;
    e->dim[1] = memory->columns;
    e->length = (size_t)memory->rows * memory->columns;
    e->data = memory->data;
}

snn_status snn__checkpoint_write(const snn_trainer *trainer, const snn_network *network, const struct snn__run *run,
                                 const json_t *metadata, const float *residuals, const char *path)
{
    const snn_projection *projection = trainer->projecting.projection;
    size_t room = snn__model_tensors(network) * (1 + run->n_moments) + trainer->n_memory + laterals(projection) +
                  snn__residuals(trainer);
    struct snn__entry *entries = snn__alloc(network->ctx, room, sizeof *entries);
    struct moment_walk w = { .next = entries };
    struct snn__memory lateral;
    snn_status rc;

    if (entries == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__model_gather(network, entries);
    w.next += snn__model_tensors(network);
    for (size_t i = 0; rc == SNN_OK && i < run->n_moments; i++) {
        w.moment = run->moment_name[i];
        w.data = run->moment[i];
        rc = snn__model_each(network, gather_moment, &w);
    }
    for (size_t i = 0; rc == SNN_OK && i < trainer->n_memory; i++)
        gather_memory(&trainer->memory[i], w.next++);
    for (size_t i = 0; rc == SNN_OK && i < laterals(projection); i++)
        if (lateral_memory(projection, i, &lateral))
            gather_memory(&lateral, w.next++);
    if (residuals != NULL) {
        snn__residuals_enter(trainer, residuals, w.next);
        w.next += snn__residuals(trainer);
    }
    if (rc == SNN_OK)
        rc = snn__safetensors_write(network->ctx, path, metadata, entries, (size_t)(w.next - entries));
    snn__free(network->ctx, entries);
    return rc;
}

/* ---- reading */

static snn_status take_moment(void *arg, const char *name, const snn_tensor *tensor)
{
    struct moment_walk *w = arg;
    char full[SNN__ENTRY_NAME_MAX];
    const float *data;

    if (!tensor->trained)
        return SNN_OK;
    moment_name(full, w->moment, name);
    SNN__TRY(snn__safetensors_take(w->file, full, tensor->rank, tensor->dim, &data));
    if (w->copy)
        memcpy(w->data, data, (size_t)tensor->length * sizeof *data);
    w->data += tensor->length;
    return SNN_OK;
}

static snn_status take_memory(struct snn__safetensors *file, const struct snn__memory *memory, bool copy)
{
    const uint32_t dim[4] = { memory->rows, memory->columns, 0, 0 };
    char name[SNN__ENTRY_NAME_MAX];
    const float *data;

    memory_name(name, memory);
    SNN__TRY(snn__safetensors_take(file, name, 2, dim, &data));
    if (copy)
        memcpy(memory->data, data, (size_t)memory->rows * memory->columns * sizeof *data);
    return SNN_OK;
}

snn_status snn__checkpoint_take(struct snn__safetensors *file, snn_trainer *trainer, const snn_network *network,
                                const struct snn__saved_run *saved, bool copy)
{
    const struct snn__run *run = &trainer->run;
    struct snn__memory lateral;

    SNN__TRY(snn__model_take(file, network, copy));
    for (size_t i = 0; i < run->n_moments; i++) {
        struct moment_walk w = { .moment = run->moment_name[i], .data = run->moment[i], .file = file, .copy = copy };

        SNN__TRY(snn__model_each(network, take_moment, &w));
    }
    for (size_t i = 0; i < trainer->n_memory; i++)
        SNN__TRY(take_memory(file, &trainer->memory[i], copy));
    for (size_t i = 0; i < laterals(trainer->projecting.projection); i++)
        if (lateral_memory(trainer->projecting.projection, i, &lateral))
            SNN__TRY(take_memory(file, &lateral, copy));
    SNN__TRY(snn__residuals_take(file, trainer, saved->same_shards, copy));
    return snn__model_all_taken(file, false);
}
