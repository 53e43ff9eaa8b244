/* Mistakes with mixup: one function for each row of test_trainer_misuse.c. */
#ifndef SNN_TESTS_TRAINER_MISUSE_MIXUP_H
#define SNN_TESTS_TRAINER_MISUSE_MIXUP_H

#include "trainer/misuse.h"

/* The world's trainer mixes. */
static inline void mix(struct world *w, const char *settings, size_t batch)
{
    snn_trainer_destroy(w->tr);
    w->tr = trainer_of(w->net, w->sgd, "sltt", settings, batch);
}

static inline snn_status mixed(struct world *w, const snn_batch *batch)
{
    mix(w, "steps=3 mixup=0.2 loss=mse", BATCH);
    return snn_trainer_step(w->tr, batch, NULL);
}

ROW(mixup_small, prepare(w, DENSE, "sltt", "mixup=0.0001", BATCH))
ROW(mixup_of_spikes, prepare(w, DENSE, "sltt", "mixup=0.2 encoder=poisson", BATCH))
ROW(mixup_with_teacher, prepare(w, DENSE, "sltt", "mixup=0.2 distil=0.5", BATCH))

static inline snn_status mixup_of_targets(struct world *w)
{
    snn_batch batch = *BATCH_OF(w->x, 1, NULL, 2);

    batch.targets = w->x;
    batch.target_frames = 1;
    return mixed(w, &batch);
}

static inline snn_status mixup_of_label_steps(struct world *w)
{
    static const uint32_t labels[3 * 2];
    snn_batch batch = *BATCH_OF(w->x, 3, labels, 2);

    batch.target_frames = 3;
    return mixed(w, &batch);
}

static inline snn_status mixup_of_lengths(struct world *w)
{
    static const uint32_t lengths[] = { 3, 2 };
    snn_batch batch = *BATCH_OF(w->x, 3, w->label, 2);

    batch.lengths = lengths;
    return mixed(w, &batch);
}

static inline snn_status no_loss(void *user, const snn_loss_call *call)
{
    (void)user;
    (void)call;
    return SNN_OK;
}

static inline snn_status mixup_with_loss(struct world *w)
{
    mix(w, "steps=3 mixup=0.2", BATCH);
    OK(snn_trainer_on_loss(w->tr, no_loss, NULL));
    return step(w, 1, 2);
}

static inline snn_status mixup_in_parts(struct world *w)
{
    mix(w, "steps=3 mixup=0.2", BATCH);
    return snn_trainer_forward(w->tr, BATCH_OF(w->x, 1, NULL, 2), w->out);
}

static inline snn_status mixup_in_stream(struct world *w)
{
    mix(w, "steps=1 mixup=0.2", 1);
    return snn_trainer_stream(w->tr, &(snn_stream *){ NULL });
}

#endif
