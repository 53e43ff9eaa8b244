/* trainer/shards_agree.c - ranks compare where they are when a call begins, so that one that is elsewhere, or that
 * finds a mistake of its host, fails all of them, and none waits. */
#include "core/context.h"
#include "trainer/rule.h"
#include <stdio.h>
#include <string.h>

/* What has to be the same on all ranks. */
enum {
    CALL,
    SAMPLES,
    FRAMES,
    TARGETS,
    LENGTHS,
    EPOCHS,
    POSITION,
    BATCHES,
    UPDATES,
    SEED,
    SETTINGS,
    OPTIMIZER,
    NETWORK,
    PARAMETERS,
    FACTS
};

static const char *const names[FACTS] = {
    [CALL] = "the call",
    [SAMPLES] = "the number of samples",
    [FRAMES] = "the frames of a sample",
    [TARGETS] = "the frames of a target",
    [LENGTHS] = "lengths of samples",
    [EPOCHS] = "the number of epochs so far",
    [POSITION] = "the place in the epoch",
    [BATCHES] = "the number of batches so far",
    [UPDATES] = "the number of updates so far",
    [SEED] = "the seed of the context",
    [SETTINGS] = "the parameters of the trainer",
    [OPTIMIZER] = "the parameters of the optimizer",
    [NETWORK] = "the layers of the network",
    [PARAMETERS] = "the weights, or another state of the training",
};

struct facts {
    int64_t status;
    uint64_t fact[FACTS];
};

/* ---- sums of what is compared ---- */

static uint64_t mix(uint64_t sum, uint64_t word)
{
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ull;
    return sum ^ sum >> 32;
}

static uint64_t mix_bytes(uint64_t sum, const void *data, size_t bytes)
{
    const char *at = data;
    uint64_t word;

    for (; bytes >= sizeof word; at += sizeof word, bytes -= sizeof word) {
        memcpy(&word, at, sizeof word);
        sum = mix(sum, word);
    }
    word = bytes;
    memcpy(&word, at, bytes);
    return mix(sum, word);
}

static uint64_t sum_of_parameters(const struct snn__params *p)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < snn__params_count(p); i++) {
        const struct snn__param *row = snn__params_row(p, i);

        if (row->type == SNN_PARAM_STR)
            sum = mix_bytes(sum, p->value[i].s, strlen(p->value[i].s));
        else
            sum = mix(sum, row->type == SNN_PARAM_I64 ? (uint64_t)p->value[i].i : 0);
        if (row->type == SNN_PARAM_F64)
            sum = mix_bytes(sum, &p->value[i].f, sizeof p->value[i].f);
    }
    return sum;
}

static uint64_t sum_of_state(const snn_trainer *tr)
{
    uint64_t sum = mix_bytes(0, tr->net->parameters, tr->net->n_parameters * sizeof(float));

    for (size_t i = 0; i < tr->undo.n; i++)
        sum = mix_bytes(sum, tr->undo.list[i].data, tr->undo.list[i].length * sizeof(float));
    for (size_t i = 0; i < tr->run.n_moments; i++)
        sum = mix_bytes(sum, tr->run.moment[i], tr->run.length * sizeof(float));
    return sum;
}

/* ---- the exchange ---- */

static struct facts facts_of(const snn_trainer *tr, snn_status rc, enum snn__call call,
                             const struct snn__batch *batch)
{
    struct facts f = { .status = rc };

    if (rc != SNN_OK)
        return f;
    f.fact[CALL] = call;
    f.fact[SAMPLES] = batch->dataset != NULL ? batch->count : batch->n;
    f.fact[FRAMES] = batch->frames;
    f.fact[TARGETS] = snn__aim_frames(batch) > 1 ? snn__aim_frames(batch) : batch->target_frames;
    f.fact[LENGTHS] = batch->length != NULL;
    f.fact[EPOCHS] = tr->run.epoch;
    f.fact[POSITION] = tr->run.position;
    f.fact[BATCHES] = tr->run.batches;
    f.fact[UPDATES] = tr->run.updates;
    f.fact[SEED] = tr->ctx->options.seed;
    f.fact[SETTINGS] = mix(sum_of_parameters(&tr->params), tr->batch_max);
    f.fact[NETWORK] = snn__network_identity(tr->net);
    if (tr->optimizer != NULL)
        f.fact[OPTIMIZER] = sum_of_parameters(&tr->optimizer->params);
    if (!tr->shards.agreed)
        f.fact[PARAMETERS] = sum_of_state(tr);
    return f;
}

static const struct facts *facts_at(const struct snn__shards *s, size_t shard)
{
    return (const struct facts *)(const void *)(s->reports + shard * sizeof(struct facts));
}

static snn_status compare(const snn_trainer *tr, size_t shard)
{
    const struct facts *f = facts_at(&tr->shards, shard), *first = facts_at(&tr->shards, 0);

    for (size_t i = 0; i < FACTS; i++)
        if (f->fact[i] != first->fact[i])
            return snn__fail(SNN_ERR_STATE,
                             "%s: ranks 0 and %u differ in %s; all make the same calls, with the same settings, data "
                             "and weights",
                             tr->owner, snn__shard_rank(&tr->shards, shard), names[i]);
    return SNN_OK;
}

static snn_status exchange(snn_trainer *tr, const struct facts *own)
{
    struct snn__shards *s = &tr->shards;

    for (size_t k = 0; k < s->ranks.own; k++)
        memcpy(s->report + k * sizeof *own, own, sizeof *own);
    SNN__TRY(snn__shards_gather(s, sizeof *own));
    for (size_t i = 0; i < s->n; i++)
        if (facts_at(s, i)->status != SNN_OK)
            return snn__shards_pass_on(tr, i, (snn_status)facts_at(s, i)->status);
    for (size_t i = 0; i < s->n; i++)
        SNN__TRY(compare(tr, i));
    s->agreed = true;
    return SNN_OK;
}

snn_status snn__shards_agree(snn_trainer *tr, snn_status rc, enum snn__call call, const struct snn__batch *batch)
{
    struct snn__shards *s = &tr->shards;
    struct facts own;

    if (s->ranks.size <= 1 || !tr->prepared)
        return rc;
    if (s->lost)
        return snn__fail(SNN_ERR_STATE,
                         "%s: the ranks lost each other in an earlier call, and may differ; prepare all of them "
                         "again, and load a checkpoint",
                         tr->owner);
    if (rc != SNN_OK)
        snprintf(s->text, sizeof s->text, "%s", snn_last_error());
    own = facts_of(tr, rc, call, batch);
    return exchange(tr, &own);
}
