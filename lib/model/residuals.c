/* model/residuals.c - what compressed gradients have lost so far, in a checkpoint: "trainer.residual.SHARD" of every
 * shard, and "trainer.residual.sum". Ranks have those of their shards, and bring them together when one of them
 * saves, so that a run goes on with any number of ranks. */
#include "core/alloc.h"
#include "core/size.h"
#include "model/checkpoint.h"
#include "network/network.h"
#include <stdio.h>
#include <string.h>

#define PREFIX SNN__MEMORY_PREFIX "residual."

size_t snn__residuals(const snn_trainer *trainer)
{
    return trainer->prepared ? snn__ranks_residuals(&trainer->shards.ranks) : 0;
}

static void name_of(char out[SNN__ENTRY_NAME_MAX], size_t index, size_t n)
{
    if (index + 1 < n)
        snprintf(out, SNN__ENTRY_NAME_MAX, PREFIX "%zu", index);
    else
        snprintf(out, SNN__ENTRY_NAME_MAX, PREFIX "sum");
}

snn_status snn__residuals_gather(snn_trainer *trainer, bool keep, float **out)
{
    const size_t n = snn__residuals(trainer), length = trainer->run.length;
    snn_status rc = SNN_OK;

    *out = NULL;
    if (n == 0)
        return SNN_OK;
    if (keep) {
        *out = snn__alloc(trainer->ctx, SNN__PRODUCT(n, length), sizeof **out);
        rc = *out != NULL ? SNN_OK : SNN_ERR_MEMORY;
    }
    for (size_t i = 0; i < n; i++) { /* also without memory: the other ranks wait */
        const snn_status got = snn__ranks_residual(&trainer->shards.ranks, i, trainer->shards.residual);

        if (got == SNN_OK && *out != NULL)
            memcpy(*out + i * length, trainer->shards.residual, length * sizeof **out);
        rc = rc == SNN_OK ? got : rc;
    }
    return rc;
}

void snn__residuals_enter(const snn_trainer *trainer, const float *all, struct snn__entry *entries)
{
    const size_t n = snn__residuals(trainer), length = trainer->run.length;

    for (size_t i = 0; i < n; i++) {
        name_of(entries[i].name, i, n);
        entries[i].rank = 1;
        entries[i].dim[0] = (uint32_t)length;
        entries[i].length = length;
        entries[i].data = all + i * length;
    }
}

/* The file has residuals: they are taken, or belong to other shards. */
static bool finds(struct snn__safetensors *file)
{
    bool found = false;

    for (size_t i = 0; i < file->n; i++)
        if (strncmp(file->entry[i].name, PREFIX, strlen(PREFIX)) == 0)
            found = file->entry[i].used = true;
    return found;
}

snn_status snn__residuals_take(struct snn__safetensors *file, snn_trainer *trainer, bool same, bool copy)
{
    const uint32_t dim[4] = { (uint32_t)trainer->run.length };
    const size_t n = snn__residuals(trainer);
    const bool found = finds(file);
    char name[SNN__ENTRY_NAME_MAX];
    const float *data;

    if (found && same && !trainer->prepared)
        return snn__fail(SNN_ERR_STATE,
                         "checkpoint \"%.200s\": it holds what compressed gradients have lost: call "
                         "snn_trainer_prepare() before it is loaded",
                         file->path);
    if (n > 0 && copy)
        snn__shards_forget(trainer);
    for (size_t i = 0; i < n && found && same; i++) {
        name_of(name, i, n);
        SNN__TRY(snn__safetensors_take(file, name, 1, dim, &data));
        if (copy)
            snn__ranks_set_residual(&trainer->shards.ranks, i, data);
    }
    return SNN_OK;
}
