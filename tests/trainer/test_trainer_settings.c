/* The floating-point settings of the thread that calls: no result depends on them, every call leaves them as they
 * were, callbacks find those of C, and no denormal number stays in what training and streams keep. */
#include "core/fpu.h"
#include "kernel/naive.h"
#include "pass/stream.h"
#include "trainer/builder.h"
#include <fenv.h>
#include <stdatomic.h>
#include <unistd.h>

/* ---- settings ---- */

#if defined(SNN__FLUSHES_ITSELF)
static const int settings[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD };

static void set_up(int i)
{
    fesetround(settings[i]);
}

static bool same(const struct snn__fpu *a, const struct snn__fpu *b)
{
    (void)a;
    (void)b;
    return true; /* fegetround() says it */
}

static bool is_of_c(const struct snn__fpu *a)
{
    (void)a;
    return fegetround() == FE_TONEAREST;
}
#else
/* As C has them; rounding up; rounding up and flushing; trapping everything; all together; with flags that the host
 * has raised. */
#if defined(__x86_64__)
static const struct snn__fpu settings[] = { { 0x1f80, 0x037f }, { 0x5f80, 0x0b7f }, { 0xdfc0, 0x0b7f },
                                            { 0x0000, 0x0340 }, { 0xc040, 0x0b40 }, { 0x5fbf, 0x0b7f } };
#else
static const struct snn__fpu settings[] = { { 0, 0 },      { 0x400000, 0 },  { 0x1400000, 0 },
                                            { 0x9f00, 0 }, { 0x1409f00, 0 }, { 0x400000, 0x9f } };
#endif

static void set_up(int i)
{
    snn__fpu_restore(&settings[i]);
}

static bool same(const struct snn__fpu *a, const struct snn__fpu *b)
{
#if defined(__x86_64__)
    return a->sse == b->sse && a->x87 == b->x87;
#else
    return a->control == b->control && a->flags == b->flags;
#endif
}

/* Whatever flags there are. */
static bool is_of_c(const struct snn__fpu *a)
{
#if defined(__x86_64__)
    return (a->sse & ~0x3fu) == 0x1f80 && a->x87 == 0x037f;
#else
    return a->control == 0;
#endif
}
#endif

enum { SETTINGS = sizeof settings / sizeof *settings };

static int setting; /* of the calls that follow */

/* What a thread reads that has made these settings: not every machine can trap. */
static struct snn__fpu now(void)
{
    const struct snn__fpu before = snn__fpu_set(SNN__FPU_OF_C);

    snn__fpu_restore(&before);
    return before;
}

/* The call alone runs with the host's settings; nothing else here could bear them. */
#define CALL(call)                                                                            \
    do {                                                                                      \
        struct snn__fpu clean_ = now(), before_, after_;                                      \
        snn_status rc_;                                                                       \
                                                                                              \
        set_up(setting);                                                                      \
        before_ = now();                                                                      \
        rc_ = (call);                                                                         \
        after_ = now();                                                                       \
        snn__fpu_restore(&clean_);                                                            \
        ck_assert_msg(rc_ == SNN_OK, "setting %d: %s: %s", setting, #call, snn_last_error()); \
        ck_assert_msg(same(&before_, &after_), "setting %d: %s changed it", setting, #call);  \
    } while (0)

/* ---- a session ---- */

enum { IN = 12, CLASSES = 4, BATCH = 6, COUNT = 20, LOOP = 30 };

static float sample[(COUNT + 1) * IN]; /* the last one is silence */
static uint32_t label[COUNT];
static _Atomic size_t calls, wrong;

static void note_settings(void)
{
    const struct snn__fpu found = now();

    atomic_fetch_add(&calls, 1);
    atomic_fetch_add(&wrong, !is_of_c(&found));
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *out)
{
    (void)user;
    (void)frame;
    note_settings();
    memcpy(out->x, sample + index * IN, IN * sizeof *out->x);
    out->label = label[index];
    return SNN_OK;
}

static int look_on(void *user, const snn_progress *progress)
{
    (void)user;
    (void)progress;
    note_settings();
    return 0;
}

static void observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    (void)user;
    (void)trainer;
    (void)phase;
    (void)step;
    note_settings();
}

static void note_log(void *user, snn_log_level level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
    note_settings();
}

static void *take(void *user, size_t size, size_t alignment)
{
    void *block = NULL;

    (void)user;
    note_settings();
    return posix_memalign(&block, alignment, size) == 0 ? block : NULL;
}

static void give_back(void *user, void *block, size_t size)
{
    (void)user;
    (void)size;
    note_settings();
    free(block);
}

struct result {
    double loss[3], spikes[3], rate, mean, deviation;
    float out[BATCH * CLASSES], loop[LOOP * CLASSES], trained[4096], learned[4096], projected[IN];
    char text[4096];
};

static snn_dataset *samples_of(snn_context *ctx)
{
    snn_dataset_source source;
    snn_dataset *set;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = IN;
    source.count = COUNT;
    source.classes = CLASSES;
    source.frames = 1;
    source.read = read_sample;
    OK(snn_dataset_create(&set, ctx, &source));
    return set;
}

static void train(snn_context *ctx, struct result *r, const char *path)
{
    const size_t shape[3] = { IN, 0, 0 };
    snn_network *net, *again;
    snn_optimizer *adam;
    snn_trainer *tr;
    snn_dataset *set = samples_of(ctx);
    snn_metrics m[3] = { SNN_METRICS_INIT, SNN_METRICS_INIT, SNN_METRICS_INIT };

    OK(snn_network_create(&net, ctx, shape, 1));
    OK(add_layers(net, "linear a out=48; batch_norm n; plif s; linear b out=4"));
    CALL(snn_layer_set_text(snn_network_layer_named(net, "s"), "tau", "3.3"));
    CALL(snn_network_prepare(net));
    OK(snn_optimizer_create(&adam, ctx, "adam"));
    CALL(snn_optimizer_set_text(adam, "lr", "0.0123456789"));
    CALL(snn_optimizer_set_text(adam, "schedule", "cosine"));
    CALL(snn_trainer_create(&tr, net, adam, "bptt"));
    CALL(snn_trainer_set_text(tr, "steps", "3"));
    CALL(snn_trainer_set_text(tr, "label_smoothing", "0.1"));
    CALL(snn_dataset_statistics(set, &r->mean, &r->deviation, 1));
    CALL(snn_dataset_normalise(set, &r->mean, &r->deviation, 1));
    OK(snn_trainer_on_progress(tr, look_on, NULL));
    OK(snn_trainer_observe(tr, 0, observe, NULL));
    CALL(snn_trainer_prepare(tr, BATCH));
    CALL(snn_trainer_step(tr, BATCH_OF(sample, 1, label, BATCH), &m[0]));
    CALL(snn_trainer_epoch(tr, set, &m[1]));
    CALL(snn_trainer_save(tr, path));
    CALL(snn_trainer_epoch(tr, set, &m[1]));
    CALL(snn_trainer_load(tr, path));
    CALL(snn_trainer_epoch(tr, set, &m[1]));
    CALL(snn_trainer_evaluate(tr, set, &m[2]));
    CALL(snn_trainer_predict(tr, BATCH_OF(sample, 1, NULL, BATCH), r->out));
    CALL(snn_network_describe(net, r->text, sizeof r->text, NULL));
    CALL((r->rate = snn_optimizer_rate(adam, 3, 5), SNN_OK));
    CALL(snn_network_save(net, path));
    CALL(snn_network_load(&again, ctx, path));
    for (size_t i = 0; i < 3; i++) {
        r->loss[i] = m[i].loss;
        r->spikes[i] = m[i].firing_rate;
    }
    ck_assert_uint_le(net->n_parameters, 4096);
    memcpy(r->trained, again->parameters, net->n_parameters * sizeof(float));
    ck_assert_mem_eq(again->parameters, net->parameters, net->n_parameters * sizeof(float));
    snn_trainer_destroy(tr);
    snn_network_destroy(again);
    snn_network_destroy(net);
    snn_optimizer_destroy(adam);
    snn_dataset_destroy(set);
}

static void learn_in_a_loop(snn_context *ctx, struct result *r)
{
    const size_t shape[3] = { IN, 0, 0 };
    snn_network *net = network_of(ctx, shape, "linear a out=48; alif s; linear b out=4");
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    snn_trainer *tr;
    snn_stream *loop;

    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_MOMENTUM, 0.9));
    tr = trainer_of(net, sgd, "ottt", "steps=1", 1);
    CALL(snn_trainer_stream(tr, &loop));
    for (size_t t = 0; t < LOOP; t++) {
        CALL(snn_stream_step(loop, sample + t % COUNT * IN, r->loop + t * CLASSES));
        CALL(snn_stream_learn_label(loop, label[t % COUNT], NULL));
    }
    memcpy(r->learned, net->parameters, net->n_parameters * sizeof(float));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
}

static void project(snn_context *ctx, struct result *r)
{
    const size_t shape[3] = { IN, 0, 0 };
    snn_network *net = network_of(ctx, shape, "linear a out=8; lif s; linear b out=4");
    snn_projection *projection;

    OK(snn_projection_create(&projection, net));
    CALL(snn_projection_grow(projection, snn_network_layer(net, 0), 3));
    OK(snn_projection_freeze(projection));
    CALL(snn_projection_apply(projection, snn_network_layer(net, 0), sample, 1, r->projected));
    snn_projection_destroy(projection);
    snn_network_destroy(net);
}

static void run_session(struct result *r, int with, uint32_t threads)
{
    snn_context_options options;
    snn_status status;
    snn_context *ctx;
    char path[64];

    snprintf(path, sizeof path, "/tmp/snn-settings-%ld-%d-%u", (long)getpid(), with, threads);
    memset(r, 0, sizeof *r);
    random_fill(sample, COUNT * IN, 0.0f, 2.0f, 3);
    for (uint32_t i = 0; i < COUNT; i++)
        label[i] = i % CLASSES;
    setting = with;
    OK(snn_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.log = note_log;
    options.allocate = take;
    options.release = give_back;
    set_up(with); /* workers begin with the settings of the thread that starts them */
    status = snn_context_create(&ctx, &options);
    snn__fpu_set(SNN__FPU_OF_C);
    ck_assert_int_eq(status, SNN_OK);
    train(ctx, r, path);
    learn_in_a_loop(ctx, r);
    project(ctx, r);
    snn_context_destroy(ctx);
    remove(path);
}

START_TEST(test_settings)
{
    static const uint32_t threads[] = { 1, 2, 5 };
    static struct result clean, r;

    atomic_store(&calls, 0);
    atomic_store(&wrong, 0);
    run_session(&clean, 0, 1);
    for (size_t k = 0; k < sizeof threads / sizeof *threads; k++) {
        run_session(&r, _i, threads[k]);
        ck_assert_mem_eq(&r, &clean, sizeof r);
    }
    ck_assert_uint_gt(atomic_load(&calls), 4 * 3 * COUNT);
    ck_assert_uint_eq(atomic_load(&wrong), 0);
}
END_TEST

/* ---- silence ---- */

/* A burst, and then nothing, until all that decays by 0.97 has passed the smallest normal number; looks in on the
 * way. */
static size_t denormals_of_a_stream(snn_stream *loop, bool learns)
{
    static const float nothing[CLASSES];
    enum { HEAD = 64 }; /* numbers begin behind it */
    size_t bytes, found = 0;
    const char *state;

    for (size_t t = 0; t < 4000; t++) {
        OK(snn_stream_step(loop, t < 20 ? sample + t * IN : sample + COUNT * IN, NULL));
        if (learns)
            OK(snn_stream_learn(loop, nothing));
        if (t % 50 != 0)
            continue;
        state = snn_stream_state(loop, &bytes);
        found += count_denormals((const float *)(const void *)(state + HEAD), (bytes - HEAD) / sizeof(float));
    }
    return found;
}

START_TEST(test_silent_stream)
{
    static const char *const neurons[] = { "lif s decay=0.97 threshold=100",
                                           "cuba s decay=0.97 current_decay=0.9 threshold=100",
                                           "alif s decay=0.97 adapt_decay=0.96 threshold=0.5" };
    const size_t shape[3] = { IN, 0, 0 };
    snn_context *ctx = test_context(1, 1, isa_of(_i / 3));
    char text[256];
    snn_network *net;
    snn_optimizer *sgd = sgd_of(ctx, 0.0);
    snn_trainer *tr;
    snn_stream *loop;
    size_t size;
    void *memory;

    snprintf(text, sizeof text, "linear a out=40 bias=0; %s; linear b out=4", neurons[_i % 3]);
    net = network_of(ctx, shape, text);
    random_fill(sample, COUNT * IN, 0.0f, 2.0f, 3);
    OK(snn_stream_size(net, &size));
    memory = aligned_alloc(64, size);
    OK(snn_stream_init(memory, size, net, &loop));
    ck_assert_uint_eq(denormals_of_a_stream(loop, false), 0);
    tr = trainer_of(net, sgd, "ottt", "steps=1", 1); /* has traces, too */
    OK(snn_trainer_stream(tr, &loop));
    ck_assert_uint_eq(denormals_of_a_stream(loop, true), 0);
    free(memory);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Moments of weights whose gradient has become nothing. */
START_TEST(test_silent_training)
{
    static const char *const kinds[] = { "sgd", "adam" };
    const size_t shape[3] = { IN, 0, 0 };
    snn_context *ctx = test_context(2, 1, isa_of(_i / 2));
    snn_network *net = network_of(ctx, shape, "linear a out=40 bias=0; lif s; linear b out=4");
    snn_optimizer *o;
    snn_trainer *tr;
    size_t found = 0;

    OK(snn_optimizer_create(&o, ctx, kinds[_i % 2]));
    if (_i % 2 == 0)
        OK(snn_optimizer_set_text(o, "momentum", "0.9"));
    else
        OK(snn_optimizer_set_text(o, "beta2", "0.9"));
    tr = trainer_of(net, o, "sltt", "steps=2", BATCH);
    random_fill(sample, BATCH * IN, 0.0f, 2.0f, 3);
    for (size_t i = 0; i < 1200; i++) {
        OK(snn_trainer_step(tr, BATCH_OF(sample, 1, label, BATCH), NULL));
        if (i == 10)
            memset(sample, 0, sizeof sample);
        for (size_t m = 0; i % 20 == 0 && m < tr->run.n_moments; m++)
            found += count_denormals(tr->run.moment[m], tr->run.length);
    }
    ck_assert_uint_eq(found, 0);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(o);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: floating-point settings");
    TCase *all = tcase_create("settings"), *silence = tcase_create("silence");

    tcase_set_timeout(all, 120);
    tcase_set_timeout(silence, 120);
    tcase_add_loop_test(all, test_settings, 0, SETTINGS);
    tcase_add_loop_test(silence, test_silent_stream, 0, 3 * tables());
    tcase_add_loop_test(silence, test_silent_training, 0, 2 * tables());
    suite_add_tcase(suite, all);
    suite_add_tcase(suite, silence);
    return run_suite(suite);
}
