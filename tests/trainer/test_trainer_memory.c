/* Memory: nothing is taken after prepare, online methods do not grow with T, and every allocation may fail without
 * harm. */
#include "trainer/builder.h"
#include <pthread.h>
#include <snn/model.h>
#include <unistd.h>

enum { BATCH = 4, COUNT = 10, CLASSES = 3 };

static const size_t map[3] = { 2, 6, 6 };
static const char *const methods[] = { "bptt", "sltt", "ottt", "sei", "opzo" }; /* the last one for the net of
                                                                                   program() */

/* A net with something of everything that takes memory. */
#define HEAD                                                                                                       \
    "conv2d a out=4 pad=1 standardise=1; lif n decay=0.5; dropout d rate=0.2; conv2d b out=4 pad=1%s; batch_norm " \
    "bn; "
#define TAIL "avgpool p <m; flatten f; linear h out=9; alif q; linear o out=3"
#define NET HEAD "gain g value=0.5; add s <g <n <fb:1; plif m per_neuron=1; conv2d fb out=4 pad=1; " TAIL
#define FORWARD HEAD "gain g value=0.5; attention t heads=2 <n <g <n; add s <t <g; plif m per_neuron=1; " TAIL

/* Without feedback, and with binary weights and attention, for sei. */
static const char *net_for(const char *method, char text[512])
{
    bool sei = strcmp(method, "sei") == 0;

    snprintf(text, 512, sei ? FORWARD : NET, sei ? " binary=scaled" : "");
    return text;
}

struct data {
    float x[COUNT * 72];
    uint32_t label[COUNT];
    struct array_set arrays;
};

static void fill_data(struct data *d)
{
    random_fill(d->x, sizeof d->x / sizeof *d->x, 0, 2, 1);
    for (size_t i = 0; i < COUNT; i++)
        d->label[i] = (uint32_t)(i % CLASSES);
    d->arrays = (struct array_set){ d->x, d->label, 72, 1 };
}

static snn_context *counted_context(struct counting *c, uint32_t threads)
{
    snn_context_options o;
    snn_context *ctx = NULL;

    counting_options(c, &o);
    o.threads = threads;
    OK(snn_context_create(&ctx, &o));
    return ctx;
}

/* ---- nothing after prepare ---- */

START_TEST(test_no_allocation)
{
    const char *method = methods[_i % 4];
    static struct data d;
    struct counting c = { 0 };
    snn_context *ctx = counted_context(&c, 1 + (uint32_t)_i / 4);
    char text[512];
    snn_network *net = network_of(ctx, map, net_for(method, text));
    snn_optimizer *opt = NULL;
    snn_dataset *set;
    snn_trainer *tr;
    snn_metrics m = SNN_METRICS_INIT;
    float out[BATCH * CLASSES], gradient[4 * 2 * 9];
    size_t before;

    fill_data(&d);
    set = dataset_of(ctx, &d.arrays, map, COUNT, CLASSES);
    OK(snn_dataset_set_i64(set, SNN_DATASET_CROP_PAD, 1));
    OK(snn_dataset_set_i64(set, SNN_DATASET_FLIP, 1));
    OK(snn_optimizer_create(&opt, ctx, _i % 2 ? "adam" : "sgd"));
    OK(snn_optimizer_set_f64(opt, SNN_OPTIMIZER_CLIP_NORM, 1.0));
    tr = trainer_of(net, opt, method, "steps=3 loss=ce_mse", BATCH);
    before = c.calls;
    for (int i = 0; i < 3; i++) {
        OK(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), &m));
        OK(snn_trainer_epoch(tr, set, &m));
        OK(snn_trainer_evaluate(tr, set, &m));
        OK(snn_trainer_predict(tr, BATCH_OF(d.x, 3, NULL, 3), out));
        OK(snn_trainer_read_gradient(tr, net->layer[0], net->layer[0]->tensor[0].name, gradient, 72));
        /* nor do failures */
        ck_assert_int_eq(snn_trainer_step(tr, BATCH_OF(d.x, 2, d.label, BATCH), &m), SNN_ERR_ARGUMENT);
    }
    ck_assert_uint_eq(c.calls, before);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_dataset_destroy(set);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
    ck_assert_uint_eq(c.live_bytes, 0);
}
END_TEST

/* ---- memory over T ---- */

/* By a context whose network is planned. */
struct held {
    size_t bytes;
    bool unit; /* spikes are multiplied on a matrix unit */
};

static uint64_t bytes_at(const char *method, int64_t steps, const char *layers, const size_t shape[3], size_t batch,
                         struct held *held)
{
    struct counting c = { 0 };
    snn_context *ctx = counted_context(&c, 1);
    snn_network *net = network_of(ctx, shape, layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    uint64_t bytes;

    OK(snn_trainer_create(&tr, net, sgd, method));
    ck_assert_uint_eq(about(tr).bytes, 0);
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, steps));
    OK(snn_trainer_prepare(tr, batch));
    bytes = about(tr).bytes;
    OK(snn_context_get_info(ctx, &info));
    *held =
        (struct held){ c.live_bytes, strcmp(info.isa, "amx") == 0 && strcmp(snn_version_products(), "builtin") == 0 };
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
    return bytes;
}

START_TEST(test_bytes_over_steps)
{
    static const size_t vector[3] = { 784 };
    char text[512];
    static const char mlp[] = "linear a out=800; lif n; linear o out=10";
    const size_t *shape = _i % 2 ? map : vector;
    const char *method = methods[_i / 2], *layers = _i % 2 ? net_for(method, text) : mlp;
    size_t batch = _i % 2 ? 4 : 16;
    struct held held[3];
    uint64_t six = bytes_at(method, 6, layers, shape, batch, &held[0]),
             sixty = bytes_at(method, 60, layers, shape, batch, &held[1]),
             more = bytes_at(method, 600, layers, shape, batch, &held[2]);

    if (strcmp(method, "bptt") == 0) {
        ck_assert_uint_gt(sixty, six);
        ck_assert_uint_gt(more - sixty, 9 * (sixty - six)); /* 540 steps against 54 */
        ck_assert_uint_gt(held[2].bytes, held[1].bytes);
    } else {
        ck_assert_uint_eq(six, sixty);
        ck_assert_uint_eq(six, more);
        ck_assert_uint_eq(held[0].bytes, held[1].bytes);
        ck_assert_uint_eq(held[0].bytes, held[2].bytes);
    }
    ck_assert_uint_le(six, held[0].bytes);
}
END_TEST

/* ---- memory over layers ---- */

enum { CHANNELS = 64, SIDE = 8 };

/* Bytes with `n` alike layers of standardised weights between the first and the last. */
static uint64_t bytes_of_layers(size_t n, struct held *held)
{
    static const size_t shape[3] = { 3, SIDE, SIDE };
    char text[1024] = "conv2d a out=64 pad=1; lif s; ";

    for (size_t i = 0; i < n; i++)
        snprintf(text + strlen(text), sizeof text - strlen(text),
                 "conv2d c%zu out=64 pad=1 standardise=1; lif n%zu; ", i, i);
    snprintf(text + strlen(text), sizeof text - strlen(text), "avgpool p; flatten f; linear o out=10");
    return bytes_at("ottt", 6, text, shape, BATCH, held);
}

/* A layer more holds its gradient and one form of its weights, on a matrix unit their bytes and digits as well,
 * potentials and traces; all else is memory that layers share. */
START_TEST(test_bytes_over_layers)
{
    const uint64_t weights = CHANNELS * CHANNELS * 9 * sizeof(float),
                   activity = BATCH * CHANNELS * SIDE * SIDE * sizeof(float);
    struct held held;
    const uint64_t more = bytes_of_layers(5, &held) - bytes_of_layers(4, &held);
    const uint64_t least = 2 * weights + 2 * activity + (held.unit ? 3 * weights / 4 + weights : 0);

    ck_assert_uint_ge(more, least);
    ck_assert_uint_le(more, least + weights / 4); /* vectors of one layer */
}
END_TEST

/* Traces lie behind the pooling, where they are smaller. */
START_TEST(test_bytes_of_pooled_traces)
{
    static const size_t shape[3] = { 64, SIDE, SIDE };
    static const char pooled[] = "conv2d a out=64 pad=1; lif n; avgpool p kernel=2; flatten f; linear o out=10";
    struct held held;
    const uint64_t activity = BATCH * CHANNELS * SIDE * SIDE * sizeof(float);

    ck_assert_uint_lt(bytes_at("ottt", 6, pooled, shape, BATCH, &held),
                      bytes_at("sltt", 6, pooled, shape, BATCH, &held) + activity / 2);
}
END_TEST

/* ---- every allocation fails once ---- */

#define TRY(call)         \
    do {                  \
        rc = (call);      \
        if (rc != SNN_OK) \
            goto done;    \
    } while (0)

/* A whole program of a host: returns what the first call that failed said. */
static snn_status program(struct counting *c, const char *method, const char *path)
{
    static struct data d;
    snn_context_options o;
    snn_context *ctx = NULL;
    snn_neuron *neuron = NULL;
    snn_network *net = NULL, *copy = NULL;
    snn_optimizer *opt = NULL;
    snn_trainer *tr = NULL;
    snn_dataset *set = NULL;
    snn_dataset_source source;
    snn_metrics m = SNN_METRICS_INIT;
    char json[8192];
    snn_status rc;

    fill_data(&d);
    counting_options(c, &o);
    o.threads = 2;
    TRY(snn_context_create(&ctx, &o));
    TRY(snn_neuron_create(&neuron, ctx, "lif"));
    TRY(snn_network_build(&net, ctx, "4C3-BN-AP2-FC", map, 3, CLASSES, neuron));
    TRY(snn_network_set_note(net, "host", "a note"));
    TRY(snn_network_describe(net, json, sizeof json, NULL));
    TRY(snn_network_parse(&copy, ctx, json));
    snn_network_destroy(copy);
    copy = NULL;
    TRY(snn_network_prepare(net));
    TRY(snn_optimizer_create(&opt, ctx, "adam"));
    TRY(snn_trainer_create(&tr, net, opt, method));
    TRY(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 3));
    TRY(snn_trainer_prepare(tr, 2));
    TRY(snn_trainer_prepare(tr, BATCH)); /* again, larger */
    TRY(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    memcpy(source.shape, map, sizeof map);
    source.count = COUNT;
    source.classes = CLASSES;
    source.frames = 1;
    source.read = read_array;
    source.user = &d.arrays;
    TRY(snn_dataset_create(&set, ctx, &source));
    TRY(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), &m));
    TRY(snn_trainer_epoch(tr, set, &m));
    TRY(snn_trainer_evaluate(tr, set, &m));
    TRY(snn_trainer_save(tr, path));
    TRY(snn_trainer_load(tr, path));
    TRY(snn_network_save(net, path));
    TRY(snn_network_load(&copy, ctx, path));
done:
    snn_dataset_destroy(set);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_network_destroy(copy);
    snn_network_destroy(net);
    snn_neuron_destroy(neuron);
    snn_context_destroy(ctx);
    return rc;
}

START_TEST(test_every_allocation_fails_once)
{
    struct counting c = { 0 };
    char path[64];
    size_t total;

    snprintf(path, sizeof path, "trainer_memory_%ld.snn", (long)getpid());
    OK(program(&c, methods[_i], path));
    ck_assert_uint_eq(c.live, 0);
    total = c.calls;
    ck_assert_uint_gt(total, 50);
    for (size_t n = 1; n <= total; n++) {
        snn_status rc;

        memset(&c, 0, sizeof c);
        c.fail_at = n;
        rc = program(&c, methods[_i], path);
        ck_assert_msg(rc == SNN_ERR_MEMORY, "allocation %zu of %zu fails: %s (%s)", n, total, snn_status_name(rc),
                      snn_last_error());
        ck_assert_msg(c.live == 0, "allocation %zu of %zu fails: %zu blocks are left", n, total, c.live);
        ck_assert_uint_eq(c.live_bytes, 0);
    }
    remove(path);
}
END_TEST

/* A call that ran out of memory can be tried again. */
START_TEST(test_try_again)
{
    static struct data d;
    struct counting c = { 0 };
    snn_context *ctx = counted_context(&c, 1);
    snn_network *net = NULL;
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;
    size_t failures = 0;
    char text[512];

    fill_data(&d);
    OK(snn_network_create(&net, ctx, map, 3));
    OK(add_layers(net, net_for("sltt", text)));
    for (size_t n = 1; tr == NULL; n++) {
        snn_status rc;

        c.fail_at = c.calls + n;
        rc = snn_trainer_create(&tr, net, sgd, "sltt");
        failures += rc != SNN_OK;
        ck_assert(rc == SNN_OK || (rc == SNN_ERR_MEMORY && tr == NULL));
    }
    for (size_t n = 1;; n++) {
        snn_status rc;

        c.fail_at = c.calls + n;
        rc = snn_trainer_prepare(tr, BATCH);
        if (rc == SNN_OK)
            break;
        failures++;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        ck_assert_uint_eq(about(tr).bytes, 0);
        FAILS(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), NULL), SNN_ERR_STATE, "prepare");
    }
    ck_assert_uint_gt(failures, 10);
    c.fail_at = 0;
    OK(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), NULL));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

/* ---- reuse ---- */

/* Planning anew goes on where the run was: the same parameters as without. */
START_TEST(test_prepare_twice)
{
    static struct data d;
    float *parameters[2];
    size_t n = 0;

    fill_data(&d);
    for (int twice = 0; twice < 2; twice++) {
        snn_context *ctx = test_context(2, 1, "best");
        char text[512];
        snn_network *net = network_of(ctx, map, net_for(methods[_i], text));
        snn_optimizer *opt = NULL;
        snn_trainer *tr;

        OK(snn_optimizer_create(&opt, ctx, "adam"));
        tr = trainer_of(net, opt, methods[_i], "steps=3", BATCH);
        OK(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), NULL));
        if (twice) {
            OK(snn_trainer_prepare(tr, 2 * BATCH));
            OK(snn_trainer_prepare(tr, BATCH));
        }
        OK(snn_trainer_step(tr, BATCH_OF(d.x, 1, d.label, BATCH), NULL));
        n = net->n_parameters;
        parameters[twice] = malloc(n * sizeof(float));
        memcpy(parameters[twice], net->parameters, n * sizeof(float));
        snn_trainer_destroy(tr);
        snn_optimizer_destroy(opt);
        snn_network_destroy(net);
        snn_context_destroy(ctx);
    }
    ck_assert_mem_eq(parameters[0], parameters[1], n * sizeof(float));
    free(parameters[0]);
    free(parameters[1]);
}
END_TEST

struct host {
    snn_context *ctx;
    const struct data *data;
    const char *method;
    snn_network *net;
    snn_status rc;
};

static void *train_in_thread(void *arg)
{
    struct host *h = arg;
    snn_optimizer *opt = NULL;
    snn_trainer *tr = NULL;

    h->rc = snn_optimizer_create(&opt, h->ctx, "adam");
    if (h->rc == SNN_OK)
        h->rc = snn_trainer_create(&tr, h->net, opt, h->method);
    if (h->rc == SNN_OK)
        h->rc = snn_trainer_prepare(tr, BATCH);
    for (int i = 0; i < 20 && h->rc == SNN_OK; i++)
        h->rc = snn_trainer_step(tr, BATCH_OF(h->data->x, 1, h->data->label, BATCH), NULL);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    return NULL;
}

/* Two host threads train two networks of one context; each learns what it learns alone. */
START_TEST(test_two_hosts)
{
    static struct data d;
    snn_context *ctx = test_context(3, 1, "best");
    struct host together[2], alone;
    pthread_t thread[2];
    char text[512];

    fill_data(&d);
    for (int i = 0; i < 2; i++) {
        together[i] = (struct host){ ctx, &d, methods[_i], network_of(ctx, map, net_for(methods[_i], text)), SNN_OK };
        ck_assert_int_eq(pthread_create(&thread[i], NULL, train_in_thread, &together[i]), 0);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    alone = (struct host){ ctx, &d, methods[_i], network_of(ctx, map, net_for(methods[_i], text)), SNN_OK };
    train_in_thread(&alone);
    OK(alone.rc);
    for (int i = 0; i < 2; i++) {
        OK(together[i].rc);
        ck_assert_mem_eq(together[i].net->parameters, alone.net->parameters, alone.net->n_parameters * sizeof(float));
        snn_network_destroy(together[i].net);
    }
    snn_network_destroy(alone.net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- a second prepare that fails ---- */

/* A trainer that is prepared for batches of 4, with a projection or without. */
struct prepared {
    struct counting c;
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_projection *projection;
    snn_trainer *tr;
};

static void open_prepared(struct prepared *p, const char *method, bool projects)
{
    static const size_t shape[3] = { 72 };

    memset(p, 0, sizeof *p);
    p->ctx = counted_context(&p->c, 1);
    p->net = network_of(p->ctx, shape, "linear a out=7; lif n; linear b out=6; lif m; linear o out=3");
    OK(snn_optimizer_create(&p->opt, p->ctx, projects ? "sgd" : "adam"));
    OK(snn_trainer_create(&p->tr, p->net, p->opt, method));
    OK(set_all(p->tr, "steps=2"));
    if (projects) {
        OK(snn_projection_create(&p->projection, p->net));
        OK(snn_projection_grow(p->projection, p->net->layer[0], 4));
        OK(snn_projection_freeze(p->projection));
        OK(snn_projection_grow(p->projection, p->net->layer[2], 2));
        OK(snn_projection_set_i64(p->projection, SNN_PROJECTION_SPIKES, 20));
        OK(snn_trainer_set_projection(p->tr, p->projection));
    }
    OK(snn_trainer_prepare(p->tr, 4));
}

static void close_prepared(struct prepared *p)
{
    snn_trainer_destroy(p->tr);
    snn_projection_destroy(p->projection);
    snn_optimizer_destroy(p->opt);
    snn_network_destroy(p->net);
    snn_context_destroy(p->ctx);
    ck_assert_uint_eq(p->c.live, 0);
}

/* One batch in both, which then have the same parameters. */
static void step_both(struct prepared *a, struct prepared *b, const struct data *d)
{
    OK(snn_trainer_step(a->tr, BATCH_OF(d->x, 1, d->label, BATCH), NULL));
    OK(snn_trainer_step(b->tr, BATCH_OF(d->x, 1, d->label, BATCH), NULL));
    ck_assert_mem_eq(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float));
}

/* Whatever allocation of a second prepare fails, the trainer goes on with the plan that it has, to the same bits. */
START_TEST(test_failed_prepare_keeps_the_plan)
{
    const char *method = methods[_i % 5];
    static struct data d;
    struct prepared a, b;
    snn_status rc;
    size_t live;

    fill_data(&d);
    open_prepared(&a, method, _i >= 5);
    open_prepared(&b, method, _i >= 5);
    live = a.c.live_bytes;
    FAILS(snn_trainer_prepare(a.tr, 0), SNN_ERR_ARGUMENT, "batch of 0");
    step_both(&a, &b, &d);
    for (size_t n = 1;; n++) {
        a.c.fail_at = a.c.calls + n;
        rc = snn_trainer_prepare(a.tr, 9);
        a.c.fail_at = 0;
        if (rc == SNN_OK)
            break;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        ck_assert_uint_eq(a.c.live_bytes, live);
        FAILS(snn_trainer_step(a.tr, BATCH_OF(d.x, 1, d.label, 9), NULL), SNN_ERR_ARGUMENT, "9");
        step_both(&a, &b, &d);
        ck_assert_uint_lt(n, 100);
    }
    step_both(&a, &b, &d);
    OK(snn_trainer_step(a.tr, BATCH_OF(d.x, 1, d.label, 9), NULL));
    close_prepared(&a);
    close_prepared(&b);
}
END_TEST

/* A combination that is refused, likewise; and a stream goes on. */
START_TEST(test_refused_prepare_keeps_the_plan)
{
    static struct data d;
    struct prepared a, b;
    snn_stream *s = NULL;
    float out[CLASSES];

    fill_data(&d);
    open_prepared(&a, "sltt", true);
    open_prepared(&b, "sltt", true);
    OK(snn_optimizer_set_f64(a.opt, SNN_OPTIMIZER_WEIGHT_DECAY, 0.1));
    FAILS(snn_trainer_prepare(a.tr, 9), SNN_ERR_UNSUPPORTED, "weight_decay 0");
    OK(snn_optimizer_set_f64(a.opt, SNN_OPTIMIZER_WEIGHT_DECAY, 0));
    step_both(&a, &b, &d);
    close_prepared(&a);
    close_prepared(&b);
    open_prepared(&a, "ottt", false);
    snn_trainer_destroy(a.tr);
    a.tr = trainer_of(a.net, a.opt, "ottt", "steps=1", 1);
    OK(snn_trainer_stream(a.tr, &s));
    OK(snn_stream_step(s, d.x, out));
    a.c.fail_at = a.c.calls + 2;
    FAILS(snn_trainer_prepare(a.tr, 4), SNN_ERR_MEMORY, "memory");
    OK(snn_stream_learn_label(s, 0, NULL)); /* of the step before */
    OK(snn_stream_step(s, d.x, out));
    close_prepared(&a);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: memory");
    TCase *none = tcase_create("no allocation"), *fails = tcase_create("failing"), *reuse = tcase_create("reuse");

    tcase_set_timeout(none, 60);
    tcase_set_timeout(fails, 120);
    tcase_set_timeout(reuse, 60);
    tcase_add_loop_test(none, test_no_allocation, 0, 8);
    tcase_add_loop_test(none, test_bytes_over_steps, 0, 8);
    tcase_add_test(none, test_bytes_over_layers);
    tcase_add_test(none, test_bytes_of_pooled_traces);
    tcase_add_loop_test(fails, test_every_allocation_fails_once, 0, 5);
    tcase_add_test(fails, test_try_again);
    tcase_add_loop_test(fails, test_failed_prepare_keeps_the_plan, 0, 9);
    tcase_add_test(fails, test_refused_prepare_keeps_the_plan);
    tcase_add_loop_test(reuse, test_prepare_twice, 0, 4);
    tcase_add_loop_test(reuse, test_two_hosts, 0, 4);
    suite_add_tcase(suite, none);
    suite_add_tcase(suite, fails);
    suite_add_tcase(suite, reuse);
    return run_suite(suite);
}
