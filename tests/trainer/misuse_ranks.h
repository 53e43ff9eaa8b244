/* Mistakes with shards and ranks: one function for each row of test_trainer_misuse.c. */
#ifndef SNN_TESTS_TRAINER_MISUSE_RANKS_H
#define SNN_TESTS_TRAINER_MISUSE_RANKS_H

#include "trainer/misuse.h"

/* A trainer in shards, with something that they do not go with. */
static inline snn_status in_shards(struct world *w, const char *layers, size_t batch, void (*worsen)(snn_trainer *tr))
{
    snn_trainer *tr = NULL;
    snn_status rc;

    OK(build(w, layers));
    OK(snn_trainer_create(&tr, w->open, w->sgd, "opzo"));
    OK(set_all(tr, "steps=3 shards=3"));
    if (worsen != NULL)
        worsen(tr);
    rc = snn_trainer_prepare(tr, batch);
    snn_trainer_destroy(tr);
    return rc;
}

static inline void watch(snn_trainer *tr)
{
    OK(snn_trainer_observe(tr, SNN_OBSERVE_SIGNALS, do_nothing, NULL));
}

static inline void no_noise(void *user, const snn_layer *layer, size_t step, float *noise, size_t n)
{
    (void)user;
    (void)layer;
    (void)step;
    memset(noise, 0, n * sizeof *noise);
}

static inline void supply_noise(snn_trainer *tr)
{
    OK(snn_trainer_on_noise(tr, no_noise, NULL));
}

#define IN_SHARDS "flatten f; linear a out=5; lif n; linear o out=3"

static inline snn_status shards_observed(struct world *w)
{
    return in_shards(w, IN_SHARDS, BATCH, watch);
}

static inline snn_status shards_with_noise(struct world *w)
{
    return in_shards(w, IN_SHARDS, BATCH, supply_noise);
}

static inline snn_status shards_of_one(struct world *w)
{
    return in_shards(w, "flatten f; linear a out=5; batch_norm bn; lif n; linear o out=3", 5, NULL);
}

static inline snn_status shards_in_parts(struct world *w)
{
    snn_trainer *tr;
    snn_status rc;

    tr = trainer_of(w->net, w->sgd, "bptt", "steps=3 shards=2", BATCH);
    rc = snn_trainer_forward(tr, BATCH_OF(w->x, 3, w->label, BATCH), w->out);
    snn_trainer_destroy(tr);
    return rc;
}

static inline snn_status shards_in_stream(struct world *w)
{
    snn_stream *stream;
    snn_trainer *tr;
    snn_status rc;

    tr = trainer_of(w->net, w->sgd, "ottt", "steps=1 shards=2", 1);
    rc = snn_trainer_stream(tr, &stream);
    snn_trainer_destroy(tr);
    return rc;
}

static inline snn_status share_of_too_many(struct world *w)
{
    size_t first, count;

    return snn_trainer_share(w->tr, BATCH + 1, &first, &count);
}

/* ---- ranks ---- */

static inline snn_status no_sum(void *user, float *data, size_t n)
{
    (void)user;
    (void)data;
    (void)n;
    return SNN_OK;
}

static inline snn_status no_copy(void *user, void *data, size_t bytes, uint32_t root)
{
    (void)user;
    (void)data;
    (void)bytes;
    (void)root;
    return SNN_OK;
}

static inline snn_status no_barrier(void *user)
{
    (void)user;
    return SNN_OK;
}

static inline snn_communicator two_ranks(void)
{
    snn_communicator c;

    OK(snn_communicator_init(&c, sizeof c));
    c.size = 2;
    c.all_reduce = no_sum;
    c.broadcast = no_copy;
    c.barrier = no_barrier;
    return c;
}

static inline snn_status with_communicator(struct world *w, const snn_communicator *c)
{
    snn_trainer *tr = NULL;
    snn_status rc;

    OK(snn_trainer_create(&tr, w->net, w->sgd, "sltt"));
    rc = snn_trainer_set_communicator(tr, c);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(tr, BATCH);
    snn_trainer_destroy(tr);
    return rc;
}

static inline snn_status communicator_without_sum(struct world *w)
{
    snn_communicator c = two_ranks();

    c.all_reduce = NULL;
    return with_communicator(w, &c);
}

static inline snn_status no_start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                                  size_t n_receive, void **exchange)
{
    (void)user;
    (void)send;
    (void)n_send;
    (void)receive;
    (void)n_receive;
    *exchange = NULL;
    return SNN_OK;
}

static inline snn_status communicator_without_finish(struct world *w)
{
    snn_communicator c = two_ranks();

    c.start = no_start;
    return with_communicator(w, &c);
}

static inline snn_status signs_in_any_order(struct world *w)
{
    snn_trainer *tr = NULL;
    snn_status rc;

    OK(snn_trainer_create(&tr, w->net, w->sgd, "sltt"));
    OK(set_all(tr, "shards=2 reduce=any send=sign"));
    rc = snn_trainer_prepare(tr, BATCH);
    snn_trainer_destroy(tr);
    return rc;
}

static inline snn_status signs_of_a_projection(struct world *w)
{
    snn_projection *projection;
    snn_trainer *tr;
    snn_status rc;

    OK(snn_projection_create(&projection, w->net));
    OK(snn_projection_grow(projection, w->net->layer[w->net->n_layers - 1], 1));
    OK(snn_projection_freeze(projection));
    OK(snn_trainer_create(&tr, w->net, w->sgd, "sltt"));
    OK(set_all(tr, "shards=2 send=sign"));
    OK(snn_trainer_set_projection(tr, projection));
    rc = snn_trainer_prepare(tr, BATCH);
    snn_trainer_destroy(tr);
    snn_projection_destroy(projection);
    return rc;
}

static inline snn_status communicator_without_size(struct world *w)
{
    snn_communicator c = two_ranks();

    c.struct_size = 0;
    return with_communicator(w, &c);
}

static inline snn_status rank_beyond_size(struct world *w)
{
    snn_communicator c = two_ranks();

    c.rank = 2;
    return with_communicator(w, &c);
}

static inline snn_status more_ranks_than_shards(struct world *w)
{
    const snn_communicator c = two_ranks();

    return with_communicator(w, &c);
}

static inline snn_status communicator_too_late(struct world *w)
{
    const snn_communicator c = two_ranks();

    return snn_trainer_set_communicator(w->tr, &c);
}

#endif
