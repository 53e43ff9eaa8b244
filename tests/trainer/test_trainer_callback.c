/* Epochs that do not run through: over another data set, samples that cannot be read, and hosts that call the library
 * from within a callback. */
#include "trainer/builder.h"
#include <signal.h>
#include <snn/model.h>
#include <stdatomic.h>
#include <unistd.h>

enum { COUNT = 20, BATCH = 4, LEN = 18, CLASSES = 3 };

static const size_t map[3] = { 2, 3, 3 };
static const char *const methods[] = { "bptt", "sltt", "ottt", "opzo" };

enum { METHODS = sizeof methods / sizeof *methods };

#define NET "conv2d a out=6 pad=1; batch_norm bn; lif n threshold=0.5; dropout d rate=0.2; flatten f; linear o out=3"

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    snn_dataset *set;
    snn_projection *projection;
    char path[64];
    float x[COUNT * LEN];
    _Atomic int bad, hiccups; /* the sample that cannot be read, -1: none; how often, -1: always */
    uint64_t stop_at;
    _Atomic int calls;
    bool nan, looks;
    const snn_layer *other; /* of another network */
};

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct world *w = user;
    float *x = sample->x;

    (void)frame;
    memcpy(x, w->x + index * LEN, LEN * sizeof *x);
    sample->label = (uint32_t)(index * index % CLASSES);
    if ((int)index != atomic_load(&w->bad) || atomic_load(&w->hiccups) == 0)
        return SNN_OK;
    if (atomic_load(&w->hiccups) > 0)
        atomic_fetch_sub(&w->hiccups, 1);
    x[3] = w->nan ? NAN : x[3];
    return w->nan ? SNN_OK : SNN_ERR_IO;
}

static snn_dataset *set_of(struct world *w, size_t count, snn_status (*read)(void *, size_t, size_t, snn_sample *))
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
    source.user = w;
    OK(snn_dataset_create(&set, w->ctx, &source));
    return set;
}

static void open_world(struct world *w, const char *method, const char *settings)
{
    char text[128];

    memset(w, 0, sizeof *w);
    w->bad = -1;
    w->ctx = test_context(2, 21, "best");
    w->net = network_of(w->ctx, map, NET);
    w->opt = sgd_of(w->ctx, 0.05);
    snprintf(text, sizeof text, "steps=3 %s", settings);
    w->tr = trainer_of(w->net, w->opt, method, text, BATCH);
    random_fill(w->x, COUNT * LEN, 0, 1, 2);
    snprintf(w->path, sizeof w->path, "/tmp/snn-callback-%ld.snn", (long)getpid());
    w->set = set_of(w, COUNT, read_sample);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_projection_destroy(w->projection);
    snn_dataset_destroy(w->set);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
    remove(w->path);
}

static bool same_parameters(const struct world *a, const struct world *b)
{
    return memcmp(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float)) == 0 &&
           memcmp(a->net->state, b->net->state, a->net->n_state * sizeof(float)) == 0;
}

static int progress(void *user, const snn_progress *p)
{
    struct world *w = user;

    w->calls++;
    return w->stop_at > 0 && p->done >= w->stop_at;
}

static void cancel(struct world *w)
{
    OK(snn_trainer_on_progress(w->tr, progress, w));
    w->stop_at = 12;
    FAILS(snn_trainer_epoch(w->tr, w->set, NULL), SNN_ERR_CANCELLED, "12 of 20");
    w->stop_at = 0;
}

/* ---- another data set ---- */

START_TEST(test_another_set)
{
    struct world w;
    snn_dataset *other;
    snn_metrics m = SNN_METRICS_INIT;

    open_world(&w, "sltt", "");
    other = set_of(&w, 6, read_sample);
    cancel(&w);
    for (int i = 0; i < 2; i++)
        FAILS(snn_trainer_epoch(w.tr, other, &m), SNN_ERR_STATE, "12 of them done; this data set has 6");
    OK(snn_trainer_evaluate(w.tr, other, &m)); /* which has no place to keep */
    if (_i == 0) {
        OK(snn_trainer_epoch(w.tr, w.set, &m));
        ck_assert_uint_eq(m.samples, COUNT);
    } else {
        OK(snn_trainer_restart_epoch(w.tr));
    }
    OK(snn_trainer_epoch(w.tr, other, &m));
    ck_assert_uint_eq(m.samples, 6);
    ck_assert_uint_eq(about(w.tr).epochs, _i == 0 ? 2 : 1);
    FAILS(snn_trainer_restart_epoch(NULL), SNN_ERR_ARGUMENT, "NULL");
    snn_dataset_destroy(other);
    close_world(&w);
}
END_TEST

START_TEST(test_checkpoint_knows_the_set)
{
    struct world a, b;
    snn_metrics m = SNN_METRICS_INIT;

    open_world(&a, "sltt", "");
    open_world(&b, "sltt", "");
    cancel(&a);
    OK(snn_trainer_save(a.tr, a.path));
    OK(snn_trainer_load(b.tr, a.path));
    OK(snn_dataset_set_i64(b.set, SNN_DATASET_LIMIT, 8));
    FAILS(snn_trainer_epoch(b.tr, b.set, NULL), SNN_ERR_STATE, "an epoch over 20 samples");
    OK(snn_dataset_set_i64(b.set, SNN_DATASET_LIMIT, 0));
    OK(snn_trainer_epoch(a.tr, a.set, NULL));
    OK(snn_trainer_epoch(b.tr, b.set, &m));
    ck_assert_uint_eq(m.samples, COUNT);
    ck_assert(same_parameters(&a, &b));
    close_world(&a);
    close_world(&b);
}
END_TEST

/* ---- samples that cannot be read ---- */

/* A failure that does not come again: the batch is tried again, and the run is what it would have been. */
START_TEST(test_hiccup)
{
    struct world a, b;

    open_world(&a, methods[_i], "");
    open_world(&b, methods[_i], "");
    OK(snn_trainer_epoch(a.tr, a.set, NULL));
    b.bad = 7;
    b.hiccups = 2;
    FAILS(snn_trainer_epoch(b.tr, b.set, NULL), SNN_ERR_IO, "sample 7");
    FAILS(snn_trainer_epoch(b.tr, b.set, NULL), SNN_ERR_IO, "sample 7");
    OK(snn_trainer_epoch(b.tr, b.set, NULL));
    ck_assert(same_parameters(&a, &b));
    ck_assert_uint_eq(about(b.tr).epochs, 1);
    close_world(&a);
    close_world(&b);
}
END_TEST

/* One that does come again stands in the way until its batch is left out. */
START_TEST(test_unreadable)
{
    struct world w;
    snn_metrics m = SNN_METRICS_INIT;

    open_world(&w, "sltt", "");
    w.nan = _i;
    w.bad = 7;
    w.hiccups = -1;
    for (int i = 0; i < 3; i++)
        FAILS(snn_trainer_epoch(w.tr, w.set, &m), w.nan ? SNN_ERR_DIVERGED : SNN_ERR_IO, "sample 7");
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "skip_unreadable"));
    OK(snn_trainer_set_i64(w.tr, SNN_TRAINER_SKIP_UNREADABLE, 1));
    for (unsigned epoch = 1; epoch <= 3; epoch++) {
        OK(snn_trainer_epoch(w.tr, w.set, &m));
        ck_assert_uint_eq(m.samples, COUNT - BATCH);
        ck_assert(isfinite(m.loss) && m.firing_rate > 0);
        ck_assert_uint_eq(about(w.tr).epochs, epoch);
    }
    OK(snn_dataset_set_i64(w.set, SNN_DATASET_LIMIT, 8));
    for (int i = 0; i < 8; i++) /* both batches hold one */
        w.x[i * LEN] = NAN;
    FAILS(snn_trainer_epoch(w.tr, w.set, &m), SNN_ERR_IO, "not one batch");
    ck_assert_uint_eq(about(w.tr).epochs, 3);
    close_world(&w);
}
END_TEST

/* ---- evaluation in the progress callback ---- */

static int look(void *user, const snn_progress *p)
{
    struct world *w = user;
    float out[CLASSES];

    if (!p->training || !w->looks)
        return 0;
    OK(snn_trainer_evaluate(w->tr, w->set, NULL));
    OK(snn_trainer_predict(w->tr, BATCH_OF(w->x, 1, NULL, 1), out));
    OK(snn_trainer_save(w->tr, w->path));
    return 0;
}

START_TEST(test_looking_changes_nothing)
{
    struct world w[2];
    snn_metrics m[2] = { SNN_METRICS_INIT, SNN_METRICS_INIT };
    snn_layer_metrics layer[2] = { SNN_LAYER_METRICS_INIT, SNN_LAYER_METRICS_INIT };

    for (int i = 0; i < 2; i++) {
        open_world(&w[i], methods[_i], "");
        w[i].looks = i;
        OK(snn_trainer_on_progress(w[i].tr, look, &w[i]));
        OK(snn_trainer_epoch(w[i].tr, w[i].set, &m[i]));
        OK(snn_trainer_layer_metrics(w[i].tr, w[i].net->layer[2], &layer[i]));
    }
    ck_assert(same_parameters(&w[0], &w[1]));
    ck_assert(m[0].loss == m[1].loss && m[0].accuracy == m[1].accuracy && m[0].samples == m[1].samples);
    ck_assert_double_eq(m[0].firing_rate, m[1].firing_rate);
    ck_assert_double_eq(layer[0].firing_rate, layer[1].firing_rate);
    ck_assert(m[0].firing_rate > 0 && m[1].synops_dense == 0 && layer[1].synops_dense == 0);
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

/* ---- what it is ---- */

START_TEST(test_info)
{
    snn_trainer_info info = SNN_TRAINER_INFO_INIT;
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    snn_dataset_info set = SNN_DATASET_INFO_INIT;
    snn_trainer *teacher;
    struct world w;

    open_world(&w, "ottt", "variant=O");
    OK(snn_network_get_info(w.net, &net));
    OK(snn_dataset_get_info(w.set, &set));
    ck_assert(net.context == w.ctx && set.context == w.ctx);
    teacher = evaluator_of(w.net, "steps=7", BATCH);
    OK(snn_trainer_set_teacher(w.tr, teacher));
    OK(snn_trainer_epoch(w.tr, w.set, NULL));
    info = about(w.tr);
    ck_assert(info.prepared == 1 && info.batch == BATCH && info.steps == 3 && info.bytes > 0);
    ck_assert(info.epochs == 1 && info.updates == 3 * COUNT / BATCH); /* one for every step */
    ck_assert(info.context == w.ctx && info.network == w.net && info.optimizer == w.opt && info.teacher == teacher);
    ck_assert(strcmp(info.method, "ottt") == 0 && info.projection == NULL);
    OK(snn_trainer_set_teacher(w.tr, NULL));
    ck_assert_ptr_null(about(w.tr).teacher);
    snn_trainer_destroy(teacher);
    OK(snn_evaluator_create(&teacher, w.net));
    info = about(teacher);
    ck_assert(info.prepared == 0 && info.batch == 0 && info.bytes == 0);
    ck_assert(info.optimizer == NULL && info.updates == 0);
    snn_trainer_destroy(teacher);
    FAILS(snn_trainer_get_info(NULL, &info), SNN_ERR_ARGUMENT, "trainer is NULL");
    close_world(&w);
}
END_TEST

/* ---- what may be read, and when ---- */

static void read_at_moments(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct world *w = user;
    const snn_layer *layer = w->net->layer[0];
    static float x[4096];

    (void)step;
    w->calls++;
    if (phase == SNN_PHASE_FORWARD) {
        OK(snn_trainer_read_signal(tr, layer, SNN_SIGNAL_OUTPUT, x, 4096));
        FAILS(snn_trainer_read_signal(tr, w->other, SNN_SIGNAL_OUTPUT, x, 4096), SNN_ERR_ARGUMENT, "another network");
        FAILS(snn_trainer_read_signal(tr, NULL, SNN_SIGNAL_OUTPUT, x, 4096), SNN_ERR_ARGUMENT, "layer is NULL");
        FAILS(snn_trainer_read_signal(tr, layer, SNN_SIGNAL_OUTPUT, x, 3), SNN_ERR_ARGUMENT, "there is room for 3");
        FAILS(snn_trainer_read_gradient(tr, layer, "weight", x, 4096), SNN_ERR_STATE, "or after the step");
    } else {
        OK(snn_trainer_read_gradient(tr, layer, "weight", x, 4096));
        FAILS(snn_trainer_read_signal(tr, layer, SNN_SIGNAL_OUTPUT, x, 4096), SNN_ERR_STATE, "in SNN_PHASE_FORWARD");
    }
}

/* Signals are those of a step, gradients whole at two moments and after the update; until one that fails. */
START_TEST(test_moments_of_reading)
{
    uint32_t label[BATCH] = { 0 };
    static float x[4096];
    const snn_layer *layer;
    struct world w;
    snn_network *other;

    open_world(&w, "ottt", "");
    other = network_of(w.ctx, map, NET);
    layer = w.net->layer[0];
    w.other = other->layer[0];
    snn_trainer_destroy(w.tr);
    OK(snn_trainer_create(&w.tr, w.net, w.opt, "ottt"));
    OK(snn_trainer_observe(w.tr, SNN_OBSERVE_SIGNALS | SNN_OBSERVE_GRADIENTS, read_at_moments, &w));
    OK(snn_trainer_prepare(w.tr, BATCH));
    FAILS(snn_trainer_read_gradient(w.tr, layer, "weight", x, 4096), SNN_ERR_STATE, "no step");
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, label, BATCH), NULL));
    ck_assert_int_eq(w.calls, 6 + 6 + 1);
    OK(snn_trainer_read_gradient(w.tr, layer, "weight", x, 4096));
    OK(snn_trainer_predict(w.tr, BATCH_OF(w.x, 1, NULL, BATCH), x));
    OK(snn_trainer_read_gradient(w.tr, layer, "weight", x, 4096));
    w.x[0] = NAN;
    FAILS(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, label, BATCH), NULL), SNN_ERR_DIVERGED, "not finite");
    FAILS(snn_trainer_read_gradient(w.tr, layer, "weight", x, 4096), SNN_ERR_STATE, "the last one failed");
    snn_network_destroy(other);
    close_world(&w);
}
END_TEST

/* ---- what callbacks may not do ---- */

static void refuse_all(struct world *w, bool between)
{
    uint32_t label[BATCH] = { 0 };
    float out[BATCH * CLASSES];
    snn_stream *stream;

    w->calls++;
    FAILS(snn_trainer_prepare(w->tr, 2 * BATCH), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_step(w->tr, BATCH_OF(w->x, 1, label, BATCH), NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_epoch(w->tr, w->set, NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_restart_epoch(w->tr), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_load(w->tr, w->path), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_stream(w->tr, &stream), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_set_i64(w->tr, SNN_TRAINER_STEPS, 9), SNN_ERR_STATE, "fixed");
    FAILS(snn_trainer_observe(w->tr, 0, NULL, NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_network_pack(w->net), SNN_ERR_STATE, "callback");
    if (w->projection != NULL) {
        FAILS(snn_projection_grow(w->projection, w->net->layer[0], 1), SNN_ERR_STATE, "callback");
        FAILS(snn_projection_freeze(w->projection), SNN_ERR_STATE, "callback");
    }
    if (between)
        return;
    FAILS(snn_trainer_evaluate(w->tr, w->set, NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_predict(w->tr, BATCH_OF(w->x, 1, NULL, BATCH), out), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_save(w->tr, w->path), SNN_ERR_STATE, "callback");
}

static int refuse_in_progress(void *user, const snn_progress *p)
{
    refuse_all(user, p->training != 0);
    return 0;
}

static void refuse_in_observer(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    (void)tr;
    (void)phase;
    (void)step;
    refuse_all(user, false);
}

static snn_status refuse_in_read(void *user, size_t index, size_t frame, snn_sample *sample)
{
    refuse_all(user, false);
    return read_sample(user, index, frame, sample);
}

START_TEST(test_refused_in_callbacks)
{
    struct world w, quiet;

    open_world(&w, "sltt", "");
    open_world(&quiet, "sltt", "");
    OK(snn_trainer_save(w.tr, w.path));
    snn_trainer_destroy(w.tr);
    snn_dataset_destroy(w.set);
    OK(snn_projection_create(&w.projection, w.net));
    OK(snn_trainer_create(&w.tr, w.net, w.opt, "sltt"));
    OK(snn_trainer_set_projection(w.tr, w.projection));
    OK(snn_trainer_set_i64(w.tr, SNN_TRAINER_STEPS, 3));
    if (_i == 0)
        OK(snn_trainer_on_progress(w.tr, refuse_in_progress, &w));
    if (_i == 1)
        OK(snn_trainer_observe(w.tr, SNN_OBSERVE_SIGNALS, refuse_in_observer, &w));
    OK(snn_trainer_prepare(w.tr, BATCH));
    w.set = set_of(&w, COUNT, _i == 2 ? refuse_in_read : read_sample);
    OK(snn_trainer_epoch(w.tr, w.set, NULL));
    OK(snn_trainer_epoch(quiet.tr, quiet.set, NULL));
    ck_assert(w.calls > 0 && same_parameters(&w, &quiet));
    OK(snn_trainer_evaluate(w.tr, w.set, NULL));
    OK(snn_trainer_prepare(w.tr, 2 * BATCH));
    OK(snn_trainer_epoch(w.tr, w.set, NULL));
    close_world(&w);
    close_world(&quiet);
}
END_TEST

#ifndef NDEBUG
static int destroy_in_progress(void *user, const snn_progress *p)
{
    (void)p;
    snn_trainer_destroy(((struct world *)user)->tr);
    return 0;
}

START_TEST(test_destroyed_in_callback)
{
    struct world w;

    open_world(&w, "sltt", "");
    OK(snn_trainer_on_progress(w.tr, destroy_in_progress, &w));
    (void)snn_trainer_epoch(w.tr, w.set, NULL);
}
END_TEST
#endif

/* ---- streams ---- */

struct loop {
    snn_trainer *tr;
    snn_stream *stream;
    int calls;
    float x[4];
};

/* Calls that would change the stream: other input than that of the step would be learned from. */
static void refuse_stream(struct loop *k)
{
    const float other[4] = { 3, 3, 3, 3 };
    const uint32_t event = 1;

    if (k->stream == NULL)
        return;
    k->calls++;
    FAILS(snn_stream_step(k->stream, other, NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_stream_step_events(k->stream, &event, 1, NULL), SNN_ERR_STATE, "callback");
    FAILS(snn_stream_reset(k->stream), SNN_ERR_STATE, "callback");
    FAILS(snn_stream_refresh(k->stream), SNN_ERR_STATE, "callback");
    FAILS(snn_stream_set_state(k->stream, other, sizeof other), SNN_ERR_STATE, "callback");
    FAILS(snn_trainer_prepare(k->tr, 1), SNN_ERR_STATE, "callback");
}

static void stream_observer(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct loop *k = user;

    (void)tr;
    (void)phase;
    (void)step;
    refuse_stream(k);
    if (k->stream != NULL)
        FAILS(snn_stream_learn_label(k->stream, 0, NULL), SNN_ERR_STATE, "");
}

static void stream_noise(void *user, const snn_layer *layer, size_t step, float *z, size_t length)
{
    refuse_stream(user);
    random_fill(z, length, -1, 1, (unsigned)(layer->index + step));
}

START_TEST(test_streams_in_callbacks)
{
    static const size_t vector[3] = { 4 };
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, vector, "linear a out=5; lif n threshold=0.3; linear o out=3");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    struct loop k = { .x = { 1, 1, 0, 1 } };

    OK(snn_trainer_create(&k.tr, net, sgd, "opzo"));
    OK(snn_trainer_set_i64(k.tr, SNN_TRAINER_STEPS, 1));
    OK(snn_trainer_observe(k.tr, 0, stream_observer, &k));
    OK(snn_trainer_on_noise(k.tr, stream_noise, &k));
    OK(snn_trainer_prepare(k.tr, 1));
    OK(snn_trainer_stream(k.tr, &k.stream));
    for (int i = 0; i < 3; i++) {
        OK(snn_stream_step(k.stream, k.x, NULL));
        OK(snn_stream_learn_label(k.stream, 1, NULL));
    }
    ck_assert_int_ge(k.calls, 6);
    snn_trainer_destroy(k.tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: callbacks");
    TCase *tc = tcase_create("callbacks");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_another_set, 0, 2);
    tcase_add_test(tc, test_checkpoint_knows_the_set);
    tcase_add_loop_test(tc, test_hiccup, 0, METHODS);
    tcase_add_loop_test(tc, test_unreadable, 0, 2);
    tcase_add_loop_test(tc, test_looking_changes_nothing, 0, METHODS);
    tcase_add_loop_test(tc, test_refused_in_callbacks, 0, 3);
    tcase_add_test(tc, test_info);
    tcase_add_test(tc, test_moments_of_reading);
    tcase_add_test(tc, test_streams_in_callbacks);
#ifndef NDEBUG
    if (getenv("CK_FORK") == NULL)
        tcase_add_test_raise_signal(tc, test_destroyed_in_callback, SIGABRT);
#endif
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
