/* A host's whole program, from the context to a sequence of tasks, in which one request fails: for memory from the
 * context, by zlib or by Jansson, for a lock, a thread, an open file's buffer. The call says so, the files are
 * what they were, and the same call again goes on to the same end, to the bit.
 *
 * --wrap puts the functions below in the place of those of the same name. */
#include "data/files.h"
#include "support.h"
#include <errno.h>
#include <jansson.h>
#include <pthread.h>

enum source { CONTEXT, ZLIB, JANSSON, LOCK, THREAD, OPENED, SOURCES };

static const char *const source_name[] = { "context",        "zlib",  "Jansson", "mutexes and conditions",
                                           "pthread_create", "fdopen" };

/* One request of one source fails, or all from there until the call has said so. */
static struct {
    enum source source;
    size_t fail_at; /* number of the request, from 1; 0: none */
    bool for_good, fired, in_call, in_zlib;
    size_t requests[SOURCES], failed_calls, live;
} shortage;

static bool is_short(enum source source)
{
    size_t n;
    bool fails;

    if (!shortage.in_call) /* the test's own */
        return false;
    n = ++shortage.requests[source];
    fails = source == shortage.source && shortage.fail_at != 0 &&
            (shortage.for_good ? n >= shortage.fail_at : n == shortage.fail_at);
    shortage.fired |= fails;
    return fails;
}

static void *context_allocate(void *user, size_t size, size_t alignment)
{
    (void)user;
    if (is_short(shortage.in_zlib ? ZLIB : CONTEXT))
        return NULL;
    shortage.live++;
    return aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

static void context_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    shortage.live--;
    free(pointer);
}

static void *jansson_allocate(size_t size)
{
    return is_short(JANSSON) ? NULL : malloc(size);
}

int __real_inflateInit2_(z_stream *z, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_stream *z, int bits, const char *version, int size);
int __wrap_inflateInit2_(z_stream *z, int bits, const char *version, int size)
{
    int rc;

    shortage.in_zlib = true;
    rc = __real_inflateInit2_(z, bits, version, size);
    shortage.in_zlib = false;
    return rc;
}

int __real_inflate(z_stream *z, int flush);
int __wrap_inflate(z_stream *z, int flush);
int __wrap_inflate(z_stream *z, int flush)
{
    int rc;

    shortage.in_zlib = true;
    rc = __real_inflate(z, flush);
    shortage.in_zlib = false;
    return rc;
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*start)(void *), void *arg)
{
    return is_short(THREAD) ? EAGAIN : __real_pthread_create(thread, attributes, start, arg);
}

int __real_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_init(pthread_mutex_t *mutex, const pthread_mutexattr_t *attributes)
{
    return is_short(LOCK) ? ENOMEM : __real_pthread_mutex_init(mutex, attributes);
}

int __real_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_init(pthread_cond_t *condition, const pthread_condattr_t *attributes)
{
    return is_short(LOCK) ? ENOMEM : __real_pthread_cond_init(condition, attributes);
}

FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode)
{
    if (!is_short(OPENED))
        return __real_fdopen(fd, mode);
    errno = ENOMEM;
    return NULL;
}

/* ---- files */

enum { FILES = 4 };

static const char *const file_name[FILES] = { "run.snn", "model.snn", "packed.snn", "tasks.snn" };

static uint32_t crc_of_file(const char *name)
{
    static unsigned char bytes[1 << 16];
    FILE *f = fopen(path_of(name), "rb");
    size_t n = f != NULL ? fread(bytes, 1, sizeof bytes, f) : 0;

    if (f != NULL)
        fclose(f);
    ck_assert_uint_lt(n, sizeof bytes);
    return (uint32_t)crc32(0, bytes, (uInt)n);
}

static void read_files(uint32_t crc[FILES])
{
    for (size_t i = 0; i < FILES; i++)
        crc[i] = crc_of_file(file_name[i]);
}

static size_t files_loaded; /* after failed calls */

/* What is there loads, and there is nothing else. */
static void check_files(void)
{
    snn_context *ctx = test_context(1, 1, "ref");
    DIR *d = opendir(directory);

    for (struct dirent *e; (e = readdir(d)) != NULL;)
        ck_assert_msg(strstr(e->d_name, ".tmp") == NULL, "%s is left", e->d_name);
    closedir(d);
    for (size_t i = 0; i < FILES; i++) {
        snn_network *net = NULL;

        if (access(path_of(file_name[i]), F_OK) != 0)
            continue;
        OK(snn_network_load(&net, ctx, path_of(file_name[i])));
        snn_network_destroy(net);
        files_loaded++;
    }
    snn_context_destroy(ctx);
}

/* ---- the program */

static snn_status expected(enum source source)
{
    return source == THREAD ? SNN_ERR_UNSUPPORTED : source == OPENED ? SNN_ERR_IO : SNN_ERR_MEMORY;
}

/* A call that failed did so for the shortage and has changed no file. */
static void check_failure(const char *call, snn_status rc, const uint32_t before[FILES])
{
    uint32_t after[FILES];

    ck_assert_msg(shortage.fired && shortage.failed_calls == 0 && rc == expected(shortage.source),
                  "%s: request %zu of %s: %s: %s", call, shortage.fail_at, source_name[shortage.source],
                  snn_status_name(rc), snn_last_error());
    shortage.fail_at = 0;
    shortage.failed_calls++;
    read_files(after);
    ck_assert_msg(memcmp(after, before, sizeof after) == 0, "%s: request of %s: a file has changed", call,
                  source_name[shortage.source]);
    check_files();
}

/* Makes a call, and once more if it fails. */
#define CALL(call)                                  \
    do {                                            \
        uint32_t before_[FILES];                    \
        snn_status status_;                         \
                                                    \
        read_files(before_);                        \
        shortage.in_call = true;                    \
        status_ = (call);                           \
        shortage.in_call = false;                   \
        if (status_ != SNN_OK) {                    \
            check_failure(#call, status_, before_); \
            OK(call);                               \
        }                                           \
    } while (0)

enum { IMAGES = 12, SIDE = 6, CLASSES = 10, ROWS = 2 };

static void make_data(void)
{
    uint8_t images[16 + IMAGES * SIDE * SIDE] = { 0, 0, 8, 3 }, labels[8 + IMAGES] = { 0, 0, 8, 1 };

    put_u32(images + 4, IMAGES);
    put_u32(images + 8, SIDE);
    put_u32(images + 12, SIDE);
    put_u32(labels + 4, IMAGES);
    for (size_t i = 0; i < IMAGES; i++) {
        labels[8 + i] = (uint8_t)(i % CLASSES);
        for (size_t k = 0; k < SIDE * SIDE; k++)
            images[16 + i * SIDE * SIDE + k] = (uint8_t)(k / 4 == i % CLASSES ? 200 + i : 7 * k % 50);
    }
    put_gz("train-images-idx3-ubyte.gz", images, sizeof images);
    put_gz("train-labels-idx1-ubyte.gz", labels, sizeof labels);
}

struct program {
    snn_context *ctx;
    snn_dataset *set;
    snn_network *net, *again;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    uint32_t crc; /* of every figure */
};

static void add(struct program *p, const void *figures, size_t bytes)
{
    p->crc = (uint32_t)crc32(p->crc, figures, (uInt)bytes);
}

static void create(struct program *p, const char *notation, bool binary, const char *method)
{
    const size_t shape[3] = { 1, SIDE, SIDE };

    CALL(snn_network_build(&p->net, p->ctx, notation, shape, 3, CLASSES, NULL));
    if (binary)
        CALL(snn_layer_set_text(snn_network_layer(p->net, 0), "binary", "scaled"));
    CALL(snn_network_set_note(p->net, "host", "a note that is longer than a few bytes: \xe2\x82\xac"));
    CALL(snn_optimizer_create(&p->optimizer, p->ctx, binary ? "adam" : "sgd"));
    CALL(snn_trainer_create(&p->trainer, p->net, p->optimizer, method));
}

static void destroy(struct program *p)
{
    snn_trainer_destroy(p->trainer);
    snn_optimizer_destroy(p->optimizer);
    snn_network_destroy(p->net);
    p->trainer = NULL;
    p->optimizer = NULL;
    p->net = NULL;
}

static void train(struct program *p)
{
    snn_metrics m = SNN_METRICS_INIT;

    CALL(snn_trainer_epoch(p->trainer, p->set, &m));
    add(p, &m.loss, sizeof m.loss);
    CALL(snn_trainer_evaluate(p->trainer, p->set, &m));
    add(p, &m.loss, sizeof m.loss);
}

/* Create, train, save over older files, load, resume. */
static void learn_and_save(struct program *p)
{
    create(p, "1C3-BN-4-FC", true, "sltt");
    CALL(snn_trainer_prepare(p->trainer, 4));
    CALL(snn_trainer_save(p->trainer, path_of("run.snn")));
    train(p);
    CALL(snn_trainer_save(p->trainer, path_of("run.snn")));
    CALL(snn_network_save(p->net, path_of("model.snn")));
    CALL(snn_network_save_packed(p->net, path_of("packed.snn")));
    CALL(snn_network_load(&p->again, p->ctx, path_of("packed.snn")));
    snn_network_destroy(p->again);
    destroy(p);
    create(p, "1C3-BN-4-FC", true, "sltt");
    CALL(snn_trainer_prepare(p->trainer, 4));
    CALL(snn_trainer_load(p->trainer, path_of("run.snn")));
    train(p);
    CALL(snn_trainer_save(p->trainer, path_of("run.snn")));
    destroy(p);
}

/* A stream of the network, and one that learns. */
static void stream(struct program *p)
{
    float x[SIDE * SIDE], out[CLASSES];
    snn_stream *s = NULL;
    void *memory = NULL;
    size_t size = 0;

    random_fill(x, SIDE * SIDE, 0, 1, 3);
    create(p, "8-FC", false, "ottt");
    CALL(snn_trainer_set_i64(p->trainer, SNN_TRAINER_STEPS, 1));
    CALL(snn_trainer_prepare(p->trainer, 1));
    CALL(snn_trainer_stream(p->trainer, &s));
    for (int i = 0; i < 3; i++) {
        OK(snn_stream_step(s, x, out));
        add(p, out, sizeof out);
        OK(snn_stream_learn_label(s, 1, NULL));
    }
    CALL(snn_stream_size(p->net, &size));
    memory = aligned_alloc(64, (size + 63) / 64 * 64);
    CALL(snn_stream_init(memory, size, p->net, &s));
    OK(snn_stream_step(s, x, out));
    add(p, out, sizeof out);
    free(memory);
    destroy(p);
}

/* The next task; rows that were added before a failure stay. */
static snn_status begin_task(const struct program *p, snn_continual *c, snn_projection *projection, size_t want)
{
    snn_projection_info info = SNN_PROJECTION_INFO_INIT;
    snn_status rc = SNN_OK;

    for (size_t l = 1; l < 4 && rc == SNN_OK; l += 2) { /* the linear layers */
        const snn_layer *layer = snn_network_layer(p->net, l);

        OK(snn_projection_get_info(projection, layer, &info));
        rc = snn_projection_grow(projection, layer, want - info.rows);
    }
    return rc == SNN_OK ? snn_continual_begin(c, 4) : rc;
}

/* Two tasks behind a projection, saved and resumed. */
static void learn_tasks(struct program *p)
{
    snn_projection *projection = NULL;
    snn_continual *c = NULL;
    snn_metrics m = SNN_METRICS_INIT;

    create(p, "8-FC", false, "ottt");
    CALL(snn_network_prepare(p->net));
    CALL(snn_projection_create(&projection, p->net));
    CALL(snn_continual_create(&c, p->trainer, projection, 2));
    for (size_t task = 0; task < 2; task++) {
        CALL(begin_task(p, c, projection, (task + 1) * ROWS));
        train(p);
        CALL(snn_trainer_save(p->trainer, path_of("tasks.snn")));
        CALL(snn_trainer_load(p->trainer, path_of("tasks.snn")));
        OK(snn_continual_end(c));
        CALL(snn_continual_evaluate(c, task, p->set, &m));
        add(p, &m.loss, sizeof m.loss);
    }
    snn_continual_destroy(c);
    snn_trainer_destroy(p->trainer);
    p->trainer = NULL;
    snn_projection_destroy(projection);
    destroy(p);
}

/* Returns the CRC over all figures and files. */
static uint32_t run(enum source source, size_t fail_at, bool for_good)
{
    snn_context_options options;
    struct program p = { 0 };
    uint32_t crc[FILES];

    memset(&shortage, 0, sizeof shortage);
    shortage.source = source;
    shortage.fail_at = fail_at;
    shortage.for_good = for_good;
    OK(snn_context_options_init(&options, sizeof options));
    options.allocate = context_allocate;
    options.release = context_release;
    options.threads = 3;
    CALL(snn_context_create(&p.ctx, &options));
    CALL(snn_dataset_open(&p.set, p.ctx, "idx", directory, SNN_SPLIT_TRAIN));
    learn_and_save(&p);
    stream(&p);
    learn_tasks(&p);
    snn_dataset_destroy(p.set);
    snn_context_destroy(p.ctx);
    ck_assert_uint_eq(shortage.live, 0);
    read_files(crc);
    add(&p, crc, sizeof crc);
    return p.crc;
}

/* Every request fails, once and with all after it; with REQUESTS set, about that many of them. */
START_TEST(test_one_request_fails)
{
    const enum source source = (enum source)_i;
    const char *some = getenv("REQUESTS");
    size_t total, step = 1, tried = 0;
    uint32_t reference;

    json_set_alloc_funcs(jansson_allocate, free);
    make_directory();
    make_data();
    reference = run(source, 0, false);
    check_files();
    total = shortage.requests[source];
    ck_assert_uint_gt(total, 0);
    if (some != NULL && atol(some) > 0)
        step += total / (size_t)atol(some);
    files_loaded = 0;
    for (int for_good = 0; for_good < 2; for_good++)
        for (size_t n = 1; n <= total; n += step, tried++) {
            ck_assert_msg(run(source, n, for_good) == reference, "request %zu of %s: another end", n,
                          source_name[source]);
            ck_assert_msg(shortage.failed_calls == 1, "request %zu of %s: no call says so", n, source_name[source]);
        }
    printf("%s: %zu requests, %zu failures tried, %zu files loaded after them\n", source_name[source], total, tried,
           files_loaded);
    remove_directory();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer_shortage");
    TCase *tcase = tcase_create("shortage");

    if (access("/dev/shm", W_OK) == 0)
        setenv("TMPDIR", "/dev/shm", 0); /* flushing takes no time there */
    tcase_set_timeout(tcase, 1800);
    tcase_add_loop_test(tcase, test_one_request_fails, 0, SOURCES);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
