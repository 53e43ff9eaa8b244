/* Epochs: the same as the host's own steps, in the order that the seed says, cancelled and taken up again; encoders;
 * progress. */
#include "trainer/builder.h"
#include <stdatomic.h>

enum { COUNT = 10, BATCH = 4, STEPS = 3, LEN = 18, CLASSES = 3 };

static const size_t map[3] = { 2, 3, 3 }, vector[3] = { LEN };
static const char *const methods[] = { "bptt", "sltt", "ottt", "opzo" };

enum { METHODS = sizeof methods / sizeof *methods };

#define NET "conv2d a out=6 pad=1; batch_norm bn; lif n threshold=0.5; dropout d rate=0.2; flatten f; linear o out=3"

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    snn_dataset *set;
    struct array_set arrays;
    float x[COUNT * STEPS * LEN];
    uint32_t label[COUNT];
};

static void open_world(struct world *w, const char *method, size_t frames, uint32_t threads, const char *settings)
{
    char text[128];

    memset(w, 0, sizeof *w);
    w->ctx = test_context(threads, 21, "best");
    w->net = network_of(w->ctx, map, NET);
    OK(snn_optimizer_create(&w->opt, w->ctx, "sgd"));
    OK(snn_optimizer_set_f64(w->opt, SNN_OPTIMIZER_MOMENTUM, 0.9));
    OK(snn_optimizer_set_str(w->opt, SNN_OPTIMIZER_SCHEDULE, "cosine"));
    snprintf(text, sizeof text, "steps=%d %s", STEPS, settings);
    w->tr = trainer_of(w->net, w->opt, method, text, BATCH);
    random_fill(w->x, COUNT * STEPS * LEN, 0, 1, 2);
    for (size_t i = 0; i < COUNT; i++)
        w->label[i] = (uint32_t)(i * i % CLASSES);
    w->arrays = (struct array_set){ w->x, w->label, LEN, frames };
    w->set = dataset_of(w->ctx, &w->arrays, map, COUNT, CLASSES);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_dataset_destroy(w->set);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static bool same_parameters(const struct world *a, const struct world *b)
{
    return memcmp(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float)) == 0 &&
           memcmp(a->net->state, b->net->state, a->net->n_state * sizeof(float)) == 0;
}

/* ---- epochs and steps ---- */

/* Samples first .. first + n - 1 as a step takes them: [frames][n][len]. */
static void gather(const struct world *w, size_t first, size_t n, float *x)
{
    for (size_t frame = 0; frame < w->arrays.frames; frame++)
        for (size_t b = 0; b < n; b++)
            memcpy(x + (frame * n + b) * LEN, w->x + ((first + b) * w->arrays.frames + frame) * LEN, LEN * sizeof *x);
}

START_TEST(test_epoch_is_steps)
{
    const char *method = methods[_i % METHODS];
    bool cut = _i / METHODS / 2;
    size_t frames = _i / METHODS % 2 ? STEPS : 1, count = cut ? 8 : COUNT;
    struct world a, b;
    float x[STEPS * BATCH * LEN];
    snn_metrics epoch = SNN_METRICS_INIT, m = SNN_METRICS_INIT;
    double loss = 0, correct = 0;

    open_world(&a, method, frames, 2, cut ? "shuffle=0 drop_last=1" : "shuffle=0");
    open_world(&b, method, frames, 1, "");
    OK(snn_trainer_epoch(a.tr, a.set, &epoch));
    for (size_t first = 0; first < count; first += BATCH) {
        size_t n = count - first < BATCH ? count - first : BATCH;

        gather(&b, first, n, x);
        OK(snn_trainer_step(b.tr, BATCH_OF(x, frames, b.label + first, n), &m));
        loss += m.loss * (double)n;
        correct += m.accuracy * (double)n;
    }
    ck_assert(same_parameters(&a, &b));
    ck_assert_uint_eq(epoch.samples, count);
    ck_assert_double_eq_tol(epoch.loss, loss / (double)count, 1e-12);
    ck_assert_double_eq_tol(epoch.accuracy, correct / (double)count, 1e-12);
    ck_assert(epoch.learning_rate > 0 && epoch.seconds >= 0 && epoch.firing_rate > 0 && epoch.firing_rate < 1);
    ck_assert_uint_eq(about(a.tr).epochs, 1);
    close_world(&a);
    close_world(&b);
}
END_TEST

/* An image is a vector to a network of vectors. */
START_TEST(test_maps_into_vectors)
{
    struct world w;
    snn_network *net;
    snn_trainer *tr;
    snn_metrics m = SNN_METRICS_INIT;
    float x[BATCH * LEN], out[BATCH * CLASSES];
    size_t right = 0;

    open_world(&w, "sltt", 1, 1, "");
    net = network_of(w.ctx, vector, "linear a out=12; lif n threshold=0.3; linear o out=3");
    tr = evaluator_of(net, "steps=3", COUNT);
    OK(snn_trainer_evaluate(tr, w.set, &m));
    for (size_t first = 0; first < COUNT; first += 2) { /* accuracy is that of predict */
        memcpy(x, w.x + first * LEN, 2 * LEN * sizeof *x);
        OK(snn_trainer_predict(tr, BATCH_OF(x, 1, NULL, 2), out));
        for (size_t b = 0; b < 2; b++) {
            const float *o = out + b * CLASSES;
            size_t best = o[1] > o[0] ? 1 : 0;

            best = o[2] > o[best] ? 2 : best;
            right += best == w.label[first + b];
        }
    }
    ck_assert_double_eq(m.accuracy, (double)right / COUNT);
    ck_assert_double_eq(m.learning_rate, 0);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    close_world(&w);
}
END_TEST

/* Evaluating between epochs changes nothing. */
START_TEST(test_evaluation_is_pure)
{
    struct world a, b;
    snn_metrics first = SNN_METRICS_INIT, again = SNN_METRICS_INIT;

    open_world(&a, methods[_i], 1, 2, "");
    open_world(&b, methods[_i], 1, 2, "");
    for (int epoch = 0; epoch < 3; epoch++) {
        OK(snn_trainer_epoch(a.tr, a.set, NULL));
        OK(snn_trainer_epoch(b.tr, b.set, NULL));
        OK(snn_trainer_evaluate(b.tr, b.set, &first));
        OK(snn_trainer_evaluate(b.tr, b.set, &again));
        ck_assert_double_eq(first.loss, again.loss);
        ck_assert_double_eq(first.firing_rate, again.firing_rate);
        ck_assert_double_eq(first.synops_ac, again.synops_ac);
    }
    ck_assert(same_parameters(&a, &b));
    close_world(&a);
    close_world(&b);
}
END_TEST

static snn_dataset *callback_set(snn_context *ctx, snn_status (*read)(void *, size_t, size_t, snn_sample *),
                                 void *user, size_t count)
{
    snn_dataset_source source;
    snn_dataset *set = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    memcpy(source.shape, map, sizeof map);
    source.count = count;
    source.classes = CLASSES;
    source.frames = 1;
    source.read = read;
    source.user = user;
    OK(snn_dataset_create(&set, ctx, &source));
    return set;
}

/* ---- the order ---- */

struct witness {
    _Atomic unsigned seen[COUNT];
    unsigned order[3][COUNT]; /* with one thread */
    unsigned epoch, at;
};

static snn_status witness_read(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct witness *w = user;

    (void)frame;
    atomic_fetch_add(&w->seen[index], 1);
    if (w->at < COUNT)
        w->order[w->epoch][w->at++] = (unsigned)index;
    for (size_t i = 0; i < LEN; i++)
        sample->x[i] = 0.1f * (float)index;
    sample->label = 0;
    return SNN_OK;
}

START_TEST(test_order)
{
    static struct witness witness;
    struct world w;
    snn_dataset *set;

    open_world(&w, "sltt", 1, 1, "");
    set = callback_set(w.ctx, witness_read, &witness, COUNT);
    for (unsigned epoch = 0; epoch < 3; epoch++) {
        witness.epoch = epoch;
        witness.at = 0;
        OK(snn_trainer_epoch(w.tr, set, NULL));
        for (size_t i = 0; i < COUNT; i++)
            ck_assert_uint_eq(atomic_load(&witness.seen[i]), epoch + 1);
    }
    ck_assert_mem_ne(witness.order[0], witness.order[1], sizeof witness.order[0]);
    ck_assert_mem_ne(witness.order[1], witness.order[2], sizeof witness.order[0]);
    OK(snn_trainer_set_i64(w.tr, SNN_TRAINER_SHUFFLE, 0)); /* may be changed at any time */
    witness.at = 0;
    OK(snn_trainer_epoch(w.tr, set, NULL));
    for (unsigned i = 0; i < COUNT; i++)
        ck_assert_uint_eq(witness.order[2][i], i);
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

/* ---- samples that cannot be read ---- */

struct broken {
    _Atomic unsigned reads;
};

/* Samples 5, 6 and 7 fail, each in another way. */
static snn_status read_broken(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct broken *k = user;

    (void)frame;
    atomic_fetch_add(&k->reads, 1);
    for (size_t i = 0; i < LEN; i++)
        sample->x[i] = index == 6 ? NAN : 0.1f * (float)(index + 1);
    sample->label = index == 7 ? CLASSES : 0;
    return index == 5 ? SNN_ERR_IO : SNN_OK;
}

/* The error is that of the first sample of the batch that failed, on any number of threads; nothing is read twice for
 * it. */
START_TEST(test_first_failure)
{
    for (uint32_t threads = 1; threads <= 4; threads++) {
        struct broken k = { 0 };
        struct world w;
        snn_dataset *set;

        open_world(&w, "sltt", 1, threads, "shuffle=0");
        set = callback_set(w.ctx, read_broken, &k, COUNT);
        FAILS(snn_trainer_epoch(w.tr, set, NULL), SNN_ERR_IO, "SNN_ERR_IO for sample 5");
        ck_assert_uint_eq(atomic_load(&k.reads), 2 * BATCH);
        snn_dataset_destroy(set);
        close_world(&w);
    }
}
END_TEST

/* ---- batch norms and a last batch of one sample ---- */

#define VECTORS "flatten f; linear a out=6; batch_norm bn; lif n threshold=0.5; linear o out=3"

/* An epoch leaves such a sample out: the order is that of all ten samples, of which the tenth is not trained. */
START_TEST(test_last_batch_of_one)
{
    struct world w;
    snn_network *net, *other;
    snn_trainer *tr, *drops;
    snn_metrics m = SNN_METRICS_INIT;

    open_world(&w, "sltt", 1, 2, "");
    net = network_of(w.ctx, map, VECTORS);
    other = network_of(w.ctx, map, VECTORS);
    tr = trainer_of(net, w.opt, "sltt", "steps=6", 3);
    drops = trainer_of(other, w.opt, "sltt", "steps=6 drop_last=1", 3);
    for (int i = 0; i < 4; i++) {
        OK(snn_trainer_epoch(tr, w.set, &m));
        OK(snn_trainer_epoch(drops, w.set, NULL));
        ck_assert_uint_eq(m.samples, COUNT - 1);
    }
    ck_assert_mem_eq(net->parameters, other->parameters, net->n_parameters * sizeof(float));
    ck_assert_mem_eq(net->state, other->state, net->n_state * sizeof(float));
    OK(snn_trainer_step(tr, BATCH_OF(w.x, 1, w.label, 2), NULL));
    FAILS(snn_trainer_step(tr, BATCH_OF(w.x, 1, w.label, 1), NULL), SNN_ERR_ARGUMENT, "layer bn");
    OK(snn_trainer_predict(tr, BATCH_OF(w.x, 1, NULL, 1), (float[CLASSES]){ 0 }));
    OK(snn_dataset_set_i64(w.set, SNN_DATASET_LIMIT, 1));
    FAILS(snn_trainer_epoch(drops, w.set, NULL), SNN_ERR_ARGUMENT, "2 samples or more");
    snn_trainer_destroy(tr);
    snn_trainer_destroy(drops);
    snn_network_destroy(net);
    snn_network_destroy(other);
    close_world(&w);
}
END_TEST

/* What makes more than one value of one sample: positions, or steps that differ. */
START_TEST(test_batches_of_one)
{
    static const struct {
        const char *method, *layers, *settings;
        size_t frames;
        snn_status prepare, step;
    } rows[] = {
        { "sltt", VECTORS, "steps=3", 1, SNN_ERR_UNSUPPORTED, SNN_OK },
        { "sltt", "conv2d a out=6 pad=1; batch_norm bn; lif n; flatten f; linear o out=3", "steps=3", 1, SNN_OK,
          SNN_OK },
        { "bptt", "flatten f; linear a out=6; batch_norm bn over=all; lif n; linear o out=3", "steps=3", 1, SNN_OK,
          SNN_ERR_ARGUMENT },
        { "bptt", "flatten f; linear a out=6; batch_norm bn over=all; lif n; linear o out=3", "steps=3", STEPS,
          SNN_OK, SNN_OK },
        { "bptt", "flatten f; linear a out=6; batch_norm bn over=all; lif n; linear o out=3", "steps=1", 1,
          SNN_ERR_UNSUPPORTED, SNN_OK },
        { "bptt", "flatten f; linear a out=6; lif n; linear b out=5; batch_norm bn over=all; lif m; linear o out=3",
          "steps=3", 1, SNN_OK, SNN_OK },
    };
    struct world w;
    snn_network *net;
    snn_trainer *tr = NULL, *looks;

    open_world(&w, "sltt", 1, 1, "");
    net = network_of(w.ctx, map, rows[_i].layers);
    OK(snn_trainer_create(&tr, net, w.opt, rows[_i].method));
    OK(set_all(tr, rows[_i].settings));
    ck_assert_int_eq(snn_trainer_prepare(tr, 1), rows[_i].prepare);
    if (rows[_i].prepare == SNN_OK)
        ck_assert_int_eq(snn_trainer_step(tr, BATCH_OF(w.x, rows[_i].frames, w.label, 1), NULL), rows[_i].step);
    looks = evaluator_of(net, "", 1); /* which does not train */
    OK(snn_trainer_predict(looks, BATCH_OF(w.x, 1, NULL, 1), (float[CLASSES]){ 0 }));
    snn_trainer_destroy(looks);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    close_world(&w);
}
END_TEST

/* ---- cancelling ---- */

struct watch {
    int calls, stop_at, training;
    uint64_t done, epoch;
    bool wrong;
};

static int watch(void *user, const snn_progress *p)
{
    struct watch *k = user;

    k->calls++;
    k->wrong |= p->struct_size != sizeof *p || p->total != COUNT || p->done == 0 || p->done > p->total ||
                !isfinite(p->loss) || p->accuracy < 0 || p->accuracy > 1 || p->seconds < 0;
    k->done = p->done;
    k->epoch = p->epoch;
    k->training += p->training != 0;
    return k->calls == k->stop_at;
}

START_TEST(test_cancel_and_go_on)
{
    struct world a, b;
    struct watch k = { 0 };
    snn_metrics want = SNN_METRICS_INIT, got = SNN_METRICS_INIT;
    uint64_t done;

    open_world(&a, methods[_i % METHODS], 1, 2, "");
    open_world(&b, methods[_i % METHODS], 1, 2, "");
    OK(snn_trainer_epoch(a.tr, a.set, NULL));
    OK(snn_trainer_epoch(b.tr, b.set, NULL));
    OK(snn_trainer_on_progress(b.tr, watch, &k));
    OK(snn_trainer_epoch(a.tr, a.set, &want));
    k.stop_at = 1 + _i / METHODS;
    FAILS(snn_trainer_epoch(b.tr, b.set, &got), SNN_ERR_CANCELLED, "epoch 2");
    ck_assert_uint_eq(about(b.tr).epochs, 1);
    done = k.done;
    OK(snn_trainer_on_progress(b.tr, NULL, NULL));
    OK(snn_trainer_evaluate(b.tr, b.set, NULL)); /* in between: no part of the epoch */
    OK(snn_trainer_on_progress(b.tr, watch, &k));
    k.stop_at = 0;
    OK(snn_trainer_epoch(b.tr, b.set, &got));
    ck_assert(!k.wrong && k.calls == 3 && k.training == 3 && k.done == COUNT && k.epoch == 1);
    ck_assert(same_parameters(&a, &b));
    ck_assert_double_eq(want.loss, got.loss);
    ck_assert_double_eq(want.accuracy, got.accuracy);
    ck_assert_double_eq(want.firing_rate, got.firing_rate);
    ck_assert_uint_eq(got.samples, COUNT);
    ck_assert_double_eq_tol(got.samples_per_second * got.seconds, (double)(COUNT - done), 1e-6);
    ck_assert_double_eq_tol(want.samples_per_second * want.seconds, COUNT, 1e-6);
    k = (struct watch){ .stop_at = 2 };
    FAILS(snn_trainer_evaluate(b.tr, b.set, NULL), SNN_ERR_CANCELLED, "8 of 10");
    ck_assert(!k.wrong && k.training == 0);
    OK(snn_trainer_on_progress(b.tr, NULL, NULL));
    OK(snn_trainer_evaluate(b.tr, b.set, NULL));
    close_world(&a);
    close_world(&b);
}
END_TEST

/* ---- encoders ---- */

struct input {
    double sum[COUNT * LEN];
    size_t steps, not_binary;
};

static void look_at_input(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct input *in = user;
    float x[BATCH * LEN];

    (void)step;
    if (phase != SNN_PHASE_FORWARD ||
        snn_trainer_read_signal(tr, tr->net->layer[0], SNN_SIGNAL_OUTPUT, x, BATCH * LEN) != SNN_OK)
        return;
    for (size_t i = 0; i < BATCH * LEN; i++) {
        in->sum[i] += x[i];
        in->not_binary += x[i] != 0 && x[i] != 1;
    }
    in->steps++;
}

/* Poisson: spikes whose rate is the pixel; latency: each pixel once, or never; the same for any number of threads. */
START_TEST(test_encoders)
{
    static struct input in[2];
    bool poisson = _i == 0;
    int64_t steps = poisson ? 2000 : 10;
    size_t off = 0;

    memset(in, 0, sizeof in); /* the other run of this test may have been in the same process */
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct world w;
        snn_network *net;
        snn_trainer *tr = NULL;
        float out[BATCH * CLASSES];

        open_world(&w, "sltt", 1, threads, "");
        net = network_of(w.ctx, map, "scale s; flatten f; linear o out=3");
        OK(snn_evaluator_create(&tr, net));
        OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, steps));
        OK(snn_trainer_set_str(tr, SNN_TRAINER_ENCODER, poisson ? "poisson" : "latency"));
        OK(snn_trainer_observe(tr, SNN_OBSERVE_SIGNALS, look_at_input, &in[threads - 1]));
        OK(snn_trainer_prepare(tr, BATCH));
        OK(snn_trainer_predict(tr, BATCH_OF(w.x, 1, NULL, BATCH), out));
        for (size_t i = 0; i < BATCH * LEN; i++) {
            double sum = in[threads - 1].sum[i];

            off += poisson ? fabs(sum / (double)steps - w.x[i]) > 0.06 : sum > 1;
        }
        snn_trainer_destroy(tr);
        snn_network_destroy(net);
        close_world(&w);
    }
    ck_assert_uint_eq(off, 0);
    ck_assert_uint_eq(in[0].not_binary, 0);
    ck_assert_uint_eq(in[0].steps, (size_t)steps);
    ck_assert_mem_eq(in[0].sum, in[1].sum, sizeof in[0].sum);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: epochs");
    TCase *tc = tcase_create("epochs");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_epoch_is_steps, 0, 4 * METHODS);
    tcase_add_test(tc, test_maps_into_vectors);
    tcase_add_loop_test(tc, test_evaluation_is_pure, 0, METHODS);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_first_failure);
    tcase_add_test(tc, test_last_batch_of_one);
    tcase_add_loop_test(tc, test_batches_of_one, 0, 6);
    tcase_add_loop_test(tc, test_cancel_and_go_on, 0, 2 * METHODS);
    tcase_add_loop_test(tc, test_encoders, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
