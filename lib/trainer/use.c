/* trainer/use.c - one call at a time: a call from a callback, or from another thread, is refused while a trainer is
 * at work. */
#include "trainer/trainer.h"

static bool change(snn_trainer *tr, int from, int to)
{
    return atomic_compare_exchange_strong(&tr->use, &from, to);
}

static snn_status refuse(const snn_trainer *tr)
{
    return snn__fail(SNN_ERR_STATE,
                     "%s: it is at work, and this call came from one of its callbacks or another "
                     "thread; in the progress callback of an epoch it may evaluate, predict and be saved, else wait "
                     "until the call has returned",
                     tr->owner);
}

snn_status snn__no_trainer(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "trainer is NULL");
}

snn_status snn__trainer_check_use(const snn_trainer *tr, enum snn__use most)
{
    if (tr == NULL)
        return snn__no_trainer();
    return atomic_load(&tr->use) <= (int)most ? SNN_OK : refuse(tr);
}

snn_status snn__trainer_enter(snn_trainer *tr, bool looks)
{
    if (tr == NULL)
        return snn__no_trainer();
    if (!change(tr, SNN__USE_NONE, SNN__USE_BATCH) && !(looks && change(tr, SNN__USE_PROGRESS, SNN__USE_LOOK)))
        return refuse(tr);
    atomic_fetch_add(&tr->net->users, 1);
    if (tr->projecting.projection != NULL)
        atomic_fetch_add(&tr->projecting.projection->users, 1);
    return SNN_OK;
}

snn_status snn__trainer_leave(snn_trainer *tr, snn_status rc)
{
    if (tr->projecting.projection != NULL)
        atomic_fetch_sub(&tr->projecting.projection->users, 1);
    atomic_fetch_sub(&tr->net->users, 1);
    atomic_store(&tr->use, atomic_load(&tr->use) == SNN__USE_LOOK ? SNN__USE_PROGRESS : SNN__USE_NONE);
    return rc;
}
