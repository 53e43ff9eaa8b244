/* trainer/shards_plan.c - the plan of batches in shards: their sizes, the memory of their sums, the ranks. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/size.h"
#include "core/structure.h"
#include "trainer/rule.h"
#include <string.h>

snn_status snn_trainer_set_communicator(snn_trainer *trainer, const snn_communicator *communicator)
{
    snn_communicator own = { 0 };

    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    if (trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: a communicator must come before snn_trainer_prepare()", trainer->owner);
    if (communicator != NULL)
        SNN__TRY(snn__communicator_read(&own, communicator));
    trainer->shards.given = own;
    return SNN_OK;
}

/* ---- sizes ---- */

size_t snn__shard_begins(const struct snn__shards *shards, size_t n, size_t s)
{
    return (size_t)((uint64_t)s * n / shards->n);
}

size_t snn__own_begins(const struct snn__shards *shards, size_t n)
{
    return shards->on ? snn__shard_begins(shards, n, shards->ranks.first) : 0;
}

size_t snn__own_ends(const struct snn__shards *shards, size_t n)
{
    return shards->on ? snn__shard_begins(shards, n, shards->ranks.first + shards->ranks.own) : n;
}

bool snn__shards_have_one(const snn_trainer *trainer, size_t n)
{
    return n < 2 * trainer->shards.n;
}

snn_status snn_trainer_share(const snn_trainer *trainer, size_t n, size_t *first, size_t *count)
{
    if (trainer == NULL)
        return snn__no_trainer();
    if (first == NULL || count == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: first or count is NULL", trainer->owner);
    if (!trainer->prepared)
        return snn__fail(SNN_ERR_STATE, "%s: call snn_trainer_prepare() first", trainer->owner);
    if (n == 0 || n > trainer->batch_max)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %zu samples; 1 to %zu were prepared for", trainer->owner, n,
                         trainer->batch_max);
    *first = snn__own_begins(&trainer->shards, n);
    *count = snn__own_ends(&trainer->shards, n) - *first;
    return SNN_OK;
}

/* ---- the plan ---- */

void snn__shards_read(snn_trainer *tr, size_t batch)
{
    struct snn__shards *s = &tr->shards;

    s->n = (size_t)snn__param_i64(&tr->params, SNN_TRAINER_SHARDS);
    s->most = snn__ceil_div(batch, s->n);
    s->on = s->n > 1 || s->given.size > 1;
    s->by_steps = false;
    s->agreed = s->lost = s->stop = s->stopped = false;
}

snn_status snn__shards_no_observer(const snn_trainer *tr)
{
    return snn__fail(
        SNN_ERR_UNSUPPORTED,
        "%s: an observer sees a whole batch, which shards or several ranks cut; observe with shards 1 and "
        "without a communicator",
        tr->owner);
}

snn_status snn__shards_check(const snn_trainer *tr)
{
    if (!tr->shards.on)
        return SNN_OK;
    if (tr->observe != 0 || tr->observer != NULL)
        return snn__shards_no_observer(tr);
    if (tr->noise != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "%s: the host's noise is of a whole batch, which shards or several ranks cut; take the "
                         "library's own, or shards 1 without a communicator",
                         tr->owner);
    return SNN_OK;
}

static enum snn__send send_of(const snn_trainer *tr)
{
    return snn__param_is(&tr->params, SNN_TRAINER_SEND, "bf16")   ? SNN__SEND_BF16
           : snn__param_is(&tr->params, SNN_TRAINER_SEND, "sign") ? SNN__SEND_SIGN
                                                                  : SNN__SEND_FLOAT32;
}

/* Evaluators sum nothing. */
static struct snn__ranks_wish wish_of(const snn_trainer *tr)
{
    struct snn__ranks_wish wish = { .shards = tr->shards.n };

    if (tr->optimizer == NULL)
        return wish;
    wish.any_order = snn__param_is(&tr->params, SNN_TRAINER_REDUCE, "any");
    wish.send = send_of(tr);
    wish.gradient = tr->run.length;
    wish.home = tr->pass.gradient;
    wish.length = tr->run.length + tr->shards.floats;
    return wish;
}

/* Ranks, and what does not depend on the method. */
static snn_status plan_ranks(snn_trainer *tr)
{
    struct snn__shards *s = &tr->shards;
    const struct snn__ranks_wish wish = wish_of(tr);

    SNN__TRY(snn__ranks_plan(&s->ranks, tr->ctx, s->given.size > 0 ? &s->given : NULL, &wish));
    s->bytes = snn__report_bytes(tr);
    return SNN_OK;
}

snn_status snn__shards_plan(snn_trainer *tr, struct snn__arena *arena)
{
    struct snn__shards *s = &tr->shards;
    const size_t room = snn__max(sizeof s->text, snn__report_bytes(tr));
    const bool trains = tr->optimizer != NULL;

    if (!s->on)
        return SNN_OK;
    s->floats = tr->undo.varied;
    s->by_steps = trains && tr->pass.demand.learns == SNN__LEARNS_PER_STEP;
    SNN__TRY(plan_ranks(tr));
    {
        const struct snn__want want[] = {
            { &s->change, s->floats, sizeof(float) },
            { &s->residual, snn__ranks_residuals(&s->ranks) > 0 ? tr->run.length : 0, sizeof(float) },
            { &s->start, s->by_steps ? tr->undo.floats : 0, sizeof(float) },
            { &s->part, s->by_steps ? s->ranks.own : 0, sizeof(struct snn__batch) },
            { &s->result, s->by_steps ? s->ranks.own : 0, sizeof(struct snn__result) },
            { &s->left, tr->net->n_layers, sizeof *s->left },
            { &s->held, 1, sizeof *s->held },
            { &s->counts, tr->net->n_layers, sizeof(struct snn__counts) },
            { &s->fit, tr->classes, sizeof(struct snn__fit_of) },
            { &s->report, SNN__PRODUCT(s->ranks.own, room), 1 },
            { &s->reports, SNN__PRODUCT(s->n, room), 1 },
        };

        return snn__arena_keep_all(arena, want, sizeof want / sizeof *want);
    }
}

snn_status snn__shards_planned(snn_trainer *tr, snn_status rc)
{
    struct snn__shards *s = &tr->shards;
    const struct snn__ranks_wish nothing = { .shards = snn__max(s->n, s->given.size) };
    struct snn__ranks for_message; /* of a failure that came before the plan of ranks */

    if (s->given.size <= 1)
        return rc;
    if (s->ranks.room != NULL)
        return snn__ranks_agree(&s->ranks, rc);
    if (snn__ranks_plan(&for_message, tr->ctx, &s->given, &nothing) != SNN_OK)
        return rc;
    rc = snn__ranks_agree(&for_message, rc);
    snn__ranks_free(&for_message);
    return rc;
}

void snn__shards_release(struct snn__shards *s)
{
    snn__ranks_free(&s->ranks);
}

void snn__shards_forget(snn_trainer *tr)
{
    struct snn__shards *s = &tr->shards;
    const size_t n = tr->prepared ? snn__ranks_residuals(&s->ranks) : 0;

    if (n > 0)
        tr->ctx->kernels->fill(s->residual, 0.0f, tr->run.length);
    for (size_t i = 0; i < n; i++)
        snn__ranks_set_residual(&s->ranks, i, s->residual);
}

/* All ranks have what was lost under the plan before. A communicator may have failed at one of them, where the others
 * were done. */
static snn_status all_have(snn_trainer *tr, const struct snn__shards *old, bool *have)
{
    struct snn__shards *s = &tr->shards;
    const bool own = !old->lost && old->ranks.link.rc == SNN_OK && s->ranks.wish.send == old->ranks.wish.send &&
                     snn__ranks_residuals(&s->ranks) == snn__ranks_residuals(&old->ranks);

    memset(s->report, own, s->ranks.own);
    SNN__TRY(snn__shards_gather(s, 1));
    *have = true;
    for (size_t i = 0; i < s->n; i++)
        *have &= s->reports[i] != 0;
    return SNN_OK;
}

snn_status snn__shards_go_on(snn_trainer *tr, snn_trainer *before)
{
    struct snn__shards *s = &tr->shards;
    const size_t n = snn__ranks_residuals(&s->ranks);
    bool have = false;

    if (n > 0)
        SNN__TRY(all_have(tr, &before->shards, &have));
    for (size_t i = 0; i < n && have; i++) {
        SNN__TRY(snn__ranks_residual(&before->shards.ranks, i, s->residual));
        snn__ranks_set_residual(&s->ranks, i, s->residual);
    }
    return SNN_OK;
}
