/* Every function that the headers call real-time safe: no allocation, no lock, no log, no system call, neither where
 * it succeeds nor where it fails. A script (promises.sh) holds that none is missing here.
 *
 * --wrap puts the functions below in the place of those of the same name; the system counts its calls by refusing all
 * but write() and exit() to a child that makes them. */
#define _DEFAULT_SOURCE /* syscall() */
#include "support.h"
#include <pthread.h>
#include <sched.h>
#include <snn/events.h>
#include <snn/sys/product.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

static _Thread_local const char *watched; /* the call that this thread makes; NULL: none */
static char met[128];                     /* what the first one met */

static void meet(const char *what)
{
    if (watched != NULL && met[0] == '\0')
        snprintf(met, sizeof met, "%s: %s", watched, what);
}

#define WRAP(type, name, parameters, arguments) \
    type __real_##name parameters;              \
    type __wrap_##name parameters;              \
    type __wrap_##name parameters               \
    {                                           \
        meet(#name);                            \
        return __real_##name arguments;         \
    }

WRAP(void *, malloc, (size_t size), (size))
WRAP(void *, calloc, (size_t count, size_t size), (count, size))
WRAP(void *, realloc, (void *old, size_t size), (old, size))
WRAP(void *, aligned_alloc, (size_t alignment, size_t size), (alignment, size))
WRAP(int, posix_memalign, (void **out, size_t alignment, size_t size), (out, alignment, size))
WRAP(int, pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
WRAP(int, pthread_cond_wait, (pthread_cond_t * condition, pthread_mutex_t *mutex), (condition, mutex))
WRAP(int, pthread_cond_signal, (pthread_cond_t * condition), (condition))
WRAP(int, pthread_cond_broadcast, (pthread_cond_t * condition), (condition))
WRAP(int, sched_yield, (void), ())

void __real_free(void *pointer);
void __wrap_free(void *pointer);
void __wrap_free(void *pointer)
{
    meet("free");
    __real_free(pointer);
}

static void log_line(void *user, snn_log_level level, const char *line)
{
    (void)user, (void)level, (void)line;
    meet("log");
}

/* ---- what the calls are made on ---- */

#define TRIALS 200

enum { IN = 6, OUT = 3, STEPS = 3, BATCH = 2 };

static struct {
    snn_context *ctx;
    snn_neuron *lif;
    snn_network *net;
    snn_layer *layer, *hidden;
    snn_optimizer *sgd;
    snn_projection *projection;
    snn_trainer *trainer, *online;
    snn_continual *sequence;
    snn_dataset *data;
    snn_model *file;
    snn_stream *runs, *learns;
#ifdef SNN_TEST_EVENTS
    snn_event_frames *frames;
    snn_event_windows *windows, *kept;
#endif
    void *memory;
    const void *state;
    size_t bytes;
    float x[STEPS * BATCH * IN], out[64];
} w;

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user, (void)frame;
    memset(sample->x, 0, IN * sizeof *sample->x);
    sample->label = (uint32_t)(index % OUT);
    return SNN_OK;
}

static snn_context *make_context(uint32_t threads)
{
    snn_context_options options;
    snn_context *ctx;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.log = log_line;
    OK(snn_context_create(&ctx, &options));
    return ctx;
}

static void make_dataset(void)
{
    snn_dataset_source source;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = IN;
    source.count = 4;
    source.classes = OUT;
    source.read = read_sample;
    OK(snn_dataset_create(&w.data, w.ctx, &source));
}

static void make_streams(void)
{
    OK(snn_trainer_create(&w.online, w.net, w.sgd, "ottt"));
    OK(snn_trainer_set_i64(w.online, SNN_TRAINER_STEPS, 1));
    OK(snn_trainer_prepare(w.online, 1));
    OK(snn_trainer_stream(w.online, &w.learns));
    OK(snn_stream_size(w.net, &w.bytes));
    w.memory = aligned_alloc(64, (w.bytes + 63) / 64 * 64);
    OK(snn_stream_init(w.memory, w.bytes, w.net, &w.runs));
}

static void make_file(void)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/snn-realtime-%ld", (long)getpid());
    OK(snn_network_save(w.net, path));
    OK(snn_model_open(&w.file, w.ctx, path));
    remove(path);
}

static void read_inside(void *user, snn_trainer *trainer, snn_phase phase, size_t step);

#ifdef SNN_TEST_EVENTS
static void make_windows(snn_event_windows **out, uint32_t keep)
{
    snn_event_windows_options options = SNN_EVENT_WINDOWS_OPTIONS_INIT;

    options.frames = w.frames;
    options.keep = keep;
    options.capacity = 1;
    OK(snn_event_windows_create(out, w.ctx, &options));
}
#endif

static void open_world(uint32_t threads)
{
    const size_t shape[1] = { IN };

    memset(&w, 0, sizeof w);
    for (size_t i = 0; i < sizeof w.x / sizeof *w.x; i++)
        w.x[i] = (float)(i % 3);
    w.ctx = make_context(threads);
    OK(snn_neuron_create(&w.lif, w.ctx, "lif"));
    OK(snn_network_create(&w.net, w.ctx, shape, 1));
    OK(snn_network_add_dense(w.net, 5, w.lif));
    OK(snn_network_add_dense(w.net, OUT, NULL));
    OK(snn_network_set_note(w.net, "key", "text"));
    OK(snn_network_prepare(w.net));
    w.hidden = w.layer = snn_network_layer(w.net, 0);
    OK(snn_optimizer_create(&w.sgd, w.ctx, "sgd"));
    OK(snn_projection_create(&w.projection, w.net));
    OK(snn_projection_grow(w.projection, w.layer, 2));
    OK(snn_trainer_create(&w.trainer, w.net, w.sgd, "ottt"));
    OK(snn_trainer_set_i64(w.trainer, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_observe(w.trainer, SNN_OBSERVE_SIGNALS, read_inside, NULL));
    OK(snn_continual_create(&w.sequence, w.trainer, w.projection, 2));
    OK(snn_trainer_prepare(w.trainer, BATCH));
    make_dataset();
    make_file();
    make_streams();
#ifdef SNN_TEST_EVENTS
    OK(snn_event_frames_create(&w.frames, w.ctx));
    OK(snn_event_frames_prepare(w.frames, 3, 2));
    make_windows(&w.windows, 0);
    make_windows(&w.kept, 1);
#endif
}

static void close_world(void)
{
    free(w.memory);
#ifdef SNN_TEST_EVENTS
    snn_event_windows_destroy(w.windows);
    snn_event_windows_destroy(w.kept);
    snn_event_frames_destroy(w.frames);
#endif
    snn_trainer_destroy(w.online);
    snn_continual_destroy(w.sequence);
    snn_trainer_destroy(w.trainer);
    snn_projection_destroy(w.projection);
    snn_optimizer_destroy(w.sgd);
    snn_dataset_destroy(w.data);
    snn_model_destroy(w.file);
    snn_network_destroy(w.net);
    snn_neuron_destroy(w.lif);
    snn_context_destroy(w.ctx);
}

/* ---- the calls ---- */

static size_t wrong; /* calls that gave another status than they should */

/* A call, watched. */
#define SAFE(call)            \
    do {                      \
        watched = #call;      \
        wrong += (call) != 0; \
        watched = NULL;       \
    } while (0)
/* One that fails, or gives NULL. */
#define FAILS_SAFELY(call)    \
    do {                      \
        watched = #call;      \
        wrong += (call) == 0; \
        watched = NULL;       \
    } while (0)
/* One that gives something, whatever it is. */
#define GIVES(call)       \
    do {                  \
        watched = #call;  \
        wrong += !(call); \
        watched = NULL;   \
    } while (0)

static void read_inside(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    (void)user, (void)step;
    if (phase == SNN_PHASE_FORWARD)
        SAFE(snn_trainer_read_signal(trainer, w.layer, SNN_SIGNAL_OUTPUT, w.out, 64));
}

/* The parameter calls of a kind of objects. */
#define SAFE_PARAMS(noun, object, whole, real, word)                 \
    do {                                                             \
        snn_param_info info_ = SNN_PARAM_INFO_INIT;                  \
        const char *text_;                                           \
        int64_t i_;                                                  \
        double f_;                                                   \
                                                                     \
        if (whole)                                                   \
            SAFE(snn_##noun##_get_i64(object, whole, &i_));          \
        if (real)                                                    \
            SAFE(snn_##noun##_get_f64(object, real, &f_));           \
        if (word)                                                    \
            SAFE(snn_##noun##_get_str(object, word, &text_));        \
        SAFE(snn_##noun##_param_info(object, 0, &info_));            \
        FAILS_SAFELY(snn_##noun##_get_i64(object, -1, &i_));         \
        FAILS_SAFELY(snn_##noun##_get_f64(object, -1, &f_));         \
        FAILS_SAFELY(snn_##noun##_get_str(object, -1, &text_));      \
        FAILS_SAFELY(snn_##noun##_param_info(object, 1000, &info_)); \
    } while (0)

static void call_parameters(void)
{
    SAFE_PARAMS(neuron, w.lif, SNN_NEURON_SMOOTH, SNN_NEURON_TAU, SNN_NEURON_RESET);
    SAFE_PARAMS(layer, w.layer, SNN_LAYER_OUT, 0, SNN_LAYER_INIT);
    SAFE_PARAMS(optimizer, w.sgd, SNN_OPTIMIZER_NESTEROV, SNN_OPTIMIZER_LR, SNN_OPTIMIZER_SCHEDULE);
    SAFE_PARAMS(dataset, w.data, SNN_DATASET_LIMIT, 0, 0);
    SAFE_PARAMS(projection, w.projection, SNN_PROJECTION_EVERY, SNN_PROJECTION_LR, SNN_PROJECTION_SOURCE);
    SAFE_PARAMS(trainer, w.trainer, SNN_TRAINER_STEPS, SNN_TRAINER_LOSS_MIX, SNN_TRAINER_LOSS);
}

static void call_infos(void)
{
    snn_context_options options;
    snn_context_info context = SNN_CONTEXT_INFO_INIT;
    snn_dataset_source source;
    snn_dataset_files files;
    snn_view_options view;
    snn_communicator communicator;
    snn_dataset_info data = SNN_DATASET_INFO_INIT;
    snn_neuron_info neuron = SNN_NEURON_INFO_INIT;
    snn_optimizer_info optimizer = SNN_OPTIMIZER_INFO_INIT;
    snn_layer_info layer = SNN_LAYER_INFO_INIT;
    snn_network_info network = SNN_NETWORK_INFO_INIT;
    snn_projection_info projection = SNN_PROJECTION_INFO_INIT;
    snn_trainer_info trainer = SNN_TRAINER_INFO_INIT;
    snn_layer_metrics metrics = SNN_LAYER_METRICS_INIT;
    snn_continual_info sequence = SNN_CONTINUAL_INFO_INIT;
    snn_model_info file = SNN_MODEL_INFO_INIT;
    size_t first, count;

    SAFE(snn_context_options_init(&options, sizeof options));
    FAILS_SAFELY(snn_context_options_init(NULL, 0));
    SAFE(snn_dataset_source_init(&source, sizeof source));
    SAFE(snn_dataset_files_init(&files, sizeof files));
    SAFE(snn_view_options_init(&view, sizeof view));
    SAFE(snn_communicator_init(&communicator, sizeof communicator));
    SAFE(snn_context_get_info(w.ctx, &context));
    SAFE(snn_dataset_get_info(w.data, &data));
    SAFE(snn_neuron_get_info(w.lif, &neuron));
    SAFE(snn_optimizer_get_info(w.sgd, &optimizer));
    SAFE(snn_layer_get_info(w.layer, &layer));
    SAFE(snn_network_get_info(w.net, &network));
    SAFE(snn_projection_get_info(w.projection, w.layer, &projection));
    SAFE(snn_trainer_get_info(w.trainer, &trainer));
    SAFE(snn_continual_get_info(w.sequence, &sequence));
    SAFE(snn_model_get_info(w.file, &file));
    SAFE(snn_trainer_layer_metrics(w.trainer, w.layer, &metrics));
    SAFE(snn_trainer_share(w.trainer, BATCH, &first, &count));
    FAILS_SAFELY(snn_trainer_get_info(NULL, &trainer));
}

static void call_pieces(void)
{
    snn_tensor tensor = SNN_TENSOR_INIT;
    const char *from;
    int delay;

    GIVES(snn_network_layer(w.net, 1));
    GIVES(snn_network_layer(w.net, 100) == NULL);
    GIVES(snn_network_layer_named(w.net, "input") == NULL);
    GIVES(snn_network_note(w.net, "key"));
    SAFE(snn_layer_input(w.layer, 0, &from, &delay));
    FAILS_SAFELY(snn_layer_input(w.layer, 7, &from, &delay));
    SAFE(snn_layer_tensor(w.layer, 0, &tensor));
    SAFE(snn_layer_tensor_named(w.layer, "weight", &tensor));
    FAILS_SAFELY(snn_layer_tensor_named(w.layer, "none", &tensor));
    GIVES(snn_projection_weights(w.projection, w.layer));
    GIVES(snn_optimizer_rate(w.sgd, 0, 0) > 0);
    GIVES(!(snn_continual_accuracy(w.sequence, 0, 0) >= 0)); /* NaN */
    FAILS_SAFELY(snn_trainer_read_signal(w.trainer, w.layer, SNN_SIGNAL_OUTPUT, w.out, 64));
    SAFE(snn_trainer_read_gradient(w.trainer, w.layer, "weight", w.out, 64));
    FAILS_SAFELY(snn_trainer_read_gradient(w.trainer, w.layer, "none", w.out, 64));
}

static void call_words(void)
{
    static char table[SNN_PRODUCT_TABLE];
    snn_param_info option = SNN_PARAM_INFO_INIT;

    SAFE(snn_network_option("resnet34", 0, &option));
    FAILS_SAFELY(snn_network_option("none", 0, &option));
    GIVES(snn_status_name(SNN_OK));
    GIVES(snn_status_text(SNN_ERR_IO));
    GIVES(snn_last_error());
    GIVES(snn_version() > 0);
    GIVES(snn_version_string());
    GIVES(snn_version_products());
    GIVES(snn_name(SNN_NAME_METHOD, 0));
    GIVES(snn_name_text(SNN_NAME_METHOD, 0));
    GIVES(snn_product_way(0));
    GIVES(snn_product_kind(0));
    SAFE(snn_product_table(w.ctx, table, sizeof table));
}

static void call_stream(snn_stream *stream)
{
    const uint32_t at[3] = { 0, 2, 2 }, far[1] = { IN };

    for (int i = 0; i < STEPS; i++)
        SAFE(snn_stream_step(stream, w.x, w.out));
    SAFE(snn_stream_step_events(stream, at, 3, w.out));
    FAILS_SAFELY(snn_stream_step_events(stream, far, 1, w.out));
    FAILS_SAFELY(snn_stream_step(stream, NULL, w.out));
    GIVES((w.state = snn_stream_state(stream, &w.bytes)) != NULL);
    SAFE(snn_stream_set_state(stream, w.state, w.bytes));
    FAILS_SAFELY(snn_stream_set_state(stream, w.state, w.bytes - 1));
    SAFE(snn_stream_refresh(stream));
    SAFE(snn_stream_reset(stream));
}

static void call_learning(void)
{
    const float error[OUT] = { 0.1f, -0.1f, 0.2f };
    double loss;

    SAFE(snn_stream_step(w.learns, w.x, w.out));
    SAFE(snn_stream_learn(w.learns, error));
    FAILS_SAFELY(snn_stream_learn(w.learns, error)); /* there is no step */
    SAFE(snn_stream_step(w.learns, w.x, w.out));
    SAFE(snn_stream_learn_label(w.learns, 1, &loss));
    SAFE(snn_stream_step(w.learns, w.x, w.out));
    FAILS_SAFELY(snn_stream_learn_target(w.learns, error, &loss)); /* cross-entropy is of labels */
}

#ifdef SNN_TEST_EVENTS
static void call_windows(void)
{
    static const snn_event event[] = { { .x = 1, .p = 1 }, { .t = 25000 }, { .t = 12000 } };
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    uint32_t found;
    size_t taken;

    SAFE(snn_event_windows_push(w.windows, event, 3, 1, &taken));
    SAFE(snn_event_windows_advance(w.windows, 100000, 2));
    SAFE(snn_event_windows_set_tag(w.windows, 3));
    GIVES(snn_event_windows_end(w.windows));
    SAFE(snn_event_windows_take(w.windows, &window, &found));
    SAFE(snn_event_windows_get_info(w.windows, &info));
    SAFE(snn_event_windows_finish(w.windows, 4));
    SAFE(snn_event_windows_push(w.kept, event, 2, 1, &taken)); /* there is no room for the last */
    FAILS_SAFELY(snn_event_windows_advance(w.kept, 100000, 2));
    FAILS_SAFELY(snn_event_windows_finish(w.kept, 2));
}
#endif

/* libsnn-events. */
static void call_events(void)
{
#ifdef SNN_TEST_EVENTS
    static const snn_event event[] = { { .x = 1, .p = 1 }, { .x = 9, .y = 1 } };
    size_t shape[3];
    uint32_t rank;

    SAFE(snn_event_frames_shape(w.frames, shape, &rank));
    SAFE(snn_event_frames_add(w.frames, event, 2, w.out));
    SAFE(snn_event_frames_finish(w.frames, w.out));
    call_windows();
#endif
}

static void call_all(bool learning)
{
    call_words();
    call_infos();
    call_parameters();
    call_pieces();
    call_events();
    call_stream(w.runs);
    if (learning) {
        call_stream(w.learns);
        call_learning();
    }
}

static void train_a_step(void)
{
    const uint32_t label[BATCH] = { 0, 1 };

    OK(snn_trainer_step(w.trainer, BATCH_OF(w.x, 1, label, BATCH), NULL));
}

/* What is not real-time safe is seen: memory, and the lock of the threads. */
START_TEST(test_calls_are_seen)
{
    snn_neuron *neuron;

    wrong = 0;
    open_world(2);
    met[0] = '\0';
    SAFE(snn_neuron_create(&neuron, w.ctx, "lif"));
    ck_assert_ptr_nonnull(strstr(met, "alloc"));
    for (int i = 0; i < TRIALS && strstr(met, "mutex") == NULL; i++) {
        met[0] = '\0';
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL); /* the other thread goes to sleep */
        SAFE(snn_trainer_predict(w.trainer, BATCH_OF(w.x, 1, NULL, BATCH), w.out));
    }
    ck_assert_ptr_nonnull(strstr(met, "mutex"));
    snn_neuron_destroy(neuron);
    close_world();
}
END_TEST

/* With one thread, and with two but for learning, which hands work to the other. */
START_TEST(test_no_allocation_no_lock_no_log)
{
    wrong = 0;
    met[0] = '\0';
    open_world(1 + (uint32_t)_i);
    train_a_step();
    if (_i == 0) /* the batch ended the stream */
        OK(snn_trainer_stream(w.online, &w.learns));
    call_all(_i == 0);
    ck_assert_msg(met[0] == '\0', "%s", met);
    ck_assert_uint_eq(wrong, 0);
    close_world();
}
END_TEST

/* A target is learned from with a loss of targets. */
START_TEST(test_learning_from_a_target)
{
    const float target[OUT] = { 1, 0, 0 };
    double loss;

    wrong = 0;
    met[0] = '\0';
    open_world(1);
    snn_trainer_destroy(w.online);
    OK(snn_trainer_create(&w.online, w.net, w.sgd, "sltt"));
    OK(snn_trainer_set_i64(w.online, SNN_TRAINER_STEPS, 1));
    OK(snn_trainer_set_str(w.online, SNN_TRAINER_LOSS, "mse"));
    OK(snn_trainer_prepare(w.online, 1));
    OK(snn_trainer_stream(w.online, &w.learns));
    SAFE(snn_stream_step(w.learns, w.x, w.out));
    SAFE(snn_stream_learn_target(w.learns, target, &loss));
    ck_assert_msg(met[0] == '\0', "%s", met);
    ck_assert_uint_eq(wrong, 0);
    close_world();
}
END_TEST

#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
enum { NO_MODE = 77 }; /* the system cannot refuse its calls */

/* 'y' if a child that may write and end, and nothing else, comes to the end of its calls; '?' if it was killed. */
static char without_the_system(void (*calls)(void))
{
    char verdict = '?';
    int fd[2], status = 0;
    pid_t child;

    wrong = 0;
    ck_assert_int_eq(pipe(fd), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) != 0)
            _exit(NO_MODE);
        calls();
        verdict = wrong == 0 ? 'y' : 'n';
        if (write(fd[1], &verdict, 1) == 1)
            syscall(SYS_exit, 0);
    }
    close(fd[1]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_MODE)
        verdict = 's';
    else if (read(fd[0], &verdict, 1) != 1)
        verdict = '?';
    close(fd[0]);
    return verdict;
}

static void all_calls(void)
{
    call_all(true);
}

static void one_that_asks_the_system(void)
{
    snn_metrics metrics = SNN_METRICS_INIT;

    wrong += snn_trainer_save(w.trainer, "/nowhere/x") == SNN_OK;
    wrong += snn_trainer_evaluate(w.trainer, w.data, &metrics) != SNN_OK;
}

START_TEST(test_no_system_call)
{
    char verdict;

    open_world(1);
    train_a_step();
    OK(snn_trainer_stream(w.online, &w.learns));
    verdict = without_the_system(all_calls);
    if (verdict == 's')
        fprintf(stderr, "calls of the system are not looked at: it has no seccomp\n");
    else
        ck_assert_msg(verdict == 'y', verdict == 'n' ? "a call failed" : "a call asked the system");
    ck_assert(verdict == 's' || without_the_system(one_that_asks_the_system) == '?'); /* it is seen */
    close_world();
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("contract: real time");
    TCase *tc = tcase_create("calls");

    tcase_add_test(tc, test_calls_are_seen);
    tcase_add_loop_test(tc, test_no_allocation_no_lock_no_log, 0, 2);
    tcase_add_test(tc, test_learning_from_a_target);
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tcase_add_test(tc, test_no_system_call);
#endif
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
