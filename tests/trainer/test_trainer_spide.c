/* spide beyond its golden cases: what networks it takes, how near it comes to the gradient that ide solves for, what
 * is reported, memory that grows with neither number of steps, the same bits for any number of threads. */
#include "builder.h"
#include "layer/layer.h"
#include <snn/model.h>
#include <unistd.h>

enum { BATCH = 4, MANY = 10, CLASSES = 3 }; /* MANY: more than are swept at a time */

#define IF "if n threshold=2 fire_at=0.5"
#define DENSE                                                                                                        \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=2 fire_at=0.5; " \
    "rate r; linear o out=3"
#define LEAKY                                                                                                        \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; lif n threshold=2 fire_at=0.5 " \
    "decay=0.95; rate r decay=0.95; linear o out=3"
#define DEEP                                                                                                        \
    "conv2d a out=3 stride=2 pad=1; conv_transpose2d w out=3 stride=2 pad=1 out_pad=1 bias=0 norm=frobenius <m:1; " \
    "add s <a <w; if n threshold=2 fire_at=0.5; conv2d b out=4 pad=1; dropout d rate=0.2; if k threshold=2 "        \
    "fire_at=0.5; avgpool p; if m threshold=2 fire_at=0.5; rate r; flatten f; linear o out=3"
/* averages go through what lies between neurons and weights, and through a sum */
#define CHAIN                                                                                                       \
    "avgpool z; conv2d a out=4 pad=1; if n threshold=2 fire_at=0.5; conv2d b out=4 pad=1; if k threshold=2 "        \
    "fire_at=0.5; add s <n <k; avgpool p; dropout d rate=0.1; conv2d c out=4 pad=1; if m threshold=2 fire_at=0.5; " \
    "rate r; flatten f; linear o out=3"

static const size_t vector[3] = { 6 }, map[3] = { 2, 8, 8 };

static const struct {
    const size_t *shape;
    const char *layers;
    bool exact; /* without a leak: many small errors are as good as few large ones, and the limit is the gradient of
                   ide */
} nets[] = { { vector, DENSE, true }, { vector, LEAKY, false }, { map, DEEP, true }, { map, CHAIN, true } };

enum { NETS = sizeof nets / sizeof *nets };

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    size_t batch, frames;
    float *x;
    uint32_t label[MANY];
};

static void open_rig_of(struct rig *r, size_t batch, int net, const char *method, const char *settings,
                        uint32_t threads, bool is_static)
{
    size_t one = batch * length_of(nets[net].shape);

    memset(r, 0, sizeof *r);
    r->batch = batch;
    r->ctx = test_context(threads, 3, "best");
    r->net = network_of(r->ctx, nets[net].shape, nets[net].layers);
    r->sgd = sgd_of(r->ctx, 0.05 / 20);
    r->tr = trainer_of(r->net, r->sgd, method, settings, batch);
    r->frames = is_static ? 1 : r->tr->steps;
    r->x = malloc(r->frames * one * sizeof *r->x);
    random_fill(r->x, r->frames * one, -1.5f, 2.5f, 5);
    for (uint32_t b = 0; b < batch; b++)
        r->label[b] = b % CLASSES;
}

static void open_rig(struct rig *r, int net, const char *method, const char *settings, uint32_t threads,
                     bool is_static)
{
    open_rig_of(r, BATCH, net, method, settings, threads, is_static);
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
}

static snn_metrics step(struct rig *r)
{
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_trainer_step(r->tr, BATCH_OF(r->x, r->frames, r->label, r->batch), &m));
    return m;
}

/* ---- networks ---- */

static const struct {
    const char *layers, *message;
} refused[] = {
    { "linear a out=3", "spide: the network has 0 rate layers" },
    { "linear a out=8; " IF "; rate r; batch_norm b", "" },
    { "linear a out=8; batch_norm b; " IF "; rate r; linear o out=3", "layer b is a batch_norm" },
    { "linear a out=8; alif n; rate r; linear o out=3", "if and lif" },
    { "linear a out=8; if n refractory=1; rate r decay=1; linear o out=3", "refractory" },
    { "linear a out=8; lif n decay=0.9; rate r; linear o out=3", "differs from that of the rate layer" },
    { "linear a out=8; add s <a <n:1; if n; linear b out=8; if m; rate r; linear o out=3",
      "feedback must come from m" },
};

START_TEST(test_refused)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, vector, refused[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr;

    OK(snn_trainer_create(&tr, net, sgd, "spide"));
    if (refused[_i].message[0])
        FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, refused[_i].message);
    else /* behind the read-out anything goes */
        OK(snn_trainer_prepare(tr, BATCH));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_maxpool_is_refused)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net =
        network_of(ctx, map, "conv2d a out=2; if n; maxpool p; if m; rate r; flatten f; linear o out=3");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr;

    OK(snn_trainer_create(&tr, net, sgd, "spide"));
    FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, "layer p is a maxpool");
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- the gradient ---- */

/* Of one step, divided by `scale`. */
static void gradient(int net, const char *method, const char *settings, double scale, float *g, size_t *n)
{
    struct rig r;

    open_rig(&r, net, method, settings, 1, true);
    step(&r);
    *n = r.net->n_parameters;
    ck_assert_uint_lt(*n, 4096);
    read_all_gradients(r.tr, g);
    for (size_t i = 0; i < *n; i++)
        g[i] /= (float)scale;
    close_rig(&r);
}

/* With many steps in both stages, the spikes' averages are the solution of the equations that ide solves. */
START_TEST(test_comes_near_ide)
{
    static float exact[4096], near[4096], far[4096];
    double d[2];
    size_t n;

    if (!nets[_i].exact)
        return;
    gradient(_i, "ide", "steps=4000 iterations=200", 1, exact, &n);
    gradient(_i, "spide", "steps=4000 backward_steps=4000 scale=1", 1, near, &n);
    gradient(_i, "spide", "steps=4000 backward_steps=40 scale=1", 1, far, &n);
    d[0] = distance(near, exact, n);
    d[1] = distance(far, exact, n);
    ck_assert_msg(norm_of(exact, n) > 1e-2 && d[0] < 0.03 && d[1] > 2 * d[0], "net %d: %g, with few steps %g", _i,
                  d[0], d[1]);
}
END_TEST

/* S is a factor of the gradient; what it changes beyond that is how finely errors are told. */
START_TEST(test_scale)
{
    static float one[4096], many[4096];
    size_t n;

    if (!nets[_i].exact)
        return;
    gradient(_i, "spide", "steps=50 backward_steps=2000 scale=0.5", 0.5, one, &n);
    gradient(_i, "spide", "steps=50 backward_steps=2000 scale=2", 2, many, &n);
    ck_assert(norm_of(one, n) > 1e-2);
    ck_assert_double_le(distance(many, one, n), 0.05);
}
END_TEST

/* ---- what is reported ---- */

static struct {
    double spikes, elements;
    size_t steps;
} seen;

static void count(void *user, snn_trainer *trainer, snn_phase phase, size_t t)
{
    static float s[4096];
    const struct rig *r = user;

    if (phase != SNN_PHASE_BACKWARD)
        return;
    ck_assert_uint_eq(t, seen.steps++);
    for (size_t l = 0; l < r->net->n_layers; l++) {
        const snn_layer *layer = r->net->layer[l];
        size_t n = BATCH * snn__shape_length(&layer->out);

        if (layer->model == NULL) {
            FAILS(snn_trainer_read_signal(trainer, layer, SNN_SIGNAL_OUTPUT, s, n), SNN_ERR_UNSUPPORTED, "no signal");
            continue;
        }
        OK(snn_trainer_read_signal(trainer, layer, SNN_SIGNAL_OUTPUT, s, n));
        for (size_t i = 0; i < n; i++) {
            ck_assert(s[i] == 0 || s[i] == 1 || s[i] == -1);
            seen.spikes += s[i] != 0;
        }
        seen.elements += (double)n;
        OK(snn_trainer_read_signal(trainer, layer, SNN_SIGNAL_MEMBRANE, s, n));
    }
}

START_TEST(test_backward_rate)
{
    struct rig r;
    snn_metrics m, none = SNN_METRICS_INIT;
    double sum = 0, neurons = 0;

    memset(&seen, 0, sizeof seen);
    open_rig(&r, _i, "spide", "steps=10", 1, true);
    snn_trainer_destroy(r.tr);
    OK(snn_trainer_create(&r.tr, r.net, r.sgd, "spide"));
    OK(snn_trainer_set_text(r.tr, "steps", "10"));
    OK(snn_trainer_set_i64(r.tr, SNN_SPIDE_BACKWARD_STEPS, 30));
    OK(snn_trainer_set_f64(r.tr, SNN_SPIDE_SCALE, 4));
    OK(snn_trainer_observe(r.tr, SNN_OBSERVE_SIGNALS, count, &r));
    OK(snn_trainer_prepare(r.tr, BATCH));
    m = step(&r);
    ck_assert_uint_eq(seen.steps, 30);
    ck_assert(m.backward_rate > 0 && m.firing_rate > 0);
    ck_assert_double_eq_tol(m.backward_rate, seen.spikes / seen.elements, 1e-12);
    for (size_t l = 0; l < r.net->n_layers; l++) {
        snn_layer_metrics one = SNN_LAYER_METRICS_INIT;
        double n = (double)snn__shape_length(&r.net->layer[l]->out);

        OK(snn_trainer_layer_metrics(r.tr, r.net->layer[l], &one));
        ck_assert(r.net->layer[l]->model != NULL || one.backward_rate == 0);
        sum += n * one.backward_rate;
        neurons += r.net->layer[l]->model != NULL ? n : 0;
    }
    ck_assert_double_eq_tol(m.backward_rate, sum / neurons, 1e-12);
    snn__fill_metrics(r.tr, &(struct snn__sums){ .seen = 1 }, &none);
    snn__clear_counters(r.tr);
    snn__fill_metrics(r.tr, &(struct snn__sums){ .seen = 1 }, &none);
    ck_assert(none.backward_rate == 0);
    close_rig(&r);
}
END_TEST

/* The loss that is reported has no factor S. */
START_TEST(test_loss_is_unscaled)
{
    double loss[2];

    for (int i = 0; i < 2; i++) {
        struct rig r;

        open_rig(&r, _i, "spide", i ? "steps=8 scale=1" : "steps=8 scale=50", 1, true);
        loss[i] = step(&r).loss;
        close_rig(&r);
    }
    ck_assert(loss[0] == loss[1] && loss[0] > 0);
}
END_TEST

/* ---- memory, threads ---- */

START_TEST(test_memory_is_flat)
{
    static const char *const settings[] = { "steps=5 backward_steps=5 scale=20", "steps=50 backward_steps=7 scale=20",
                                            "steps=5 backward_steps=500 scale=20" };
    uint64_t bytes[3];

    for (int i = 0; i < 3; i++) {
        struct rig r;
        snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

        open_rig(&r, _i, "spide", settings[i], 1, false);
        bytes[i] = about(r.tr).bytes;
        OK(snn_context_get_info(r.ctx, &before));
        step(&r);
        OK(snn_context_get_info(r.ctx, &after));
        ck_assert_uint_eq(before.allocations, after.allocations);
        close_rig(&r);
    }
    ck_assert(bytes[0] == bytes[1] && bytes[1] == bytes[2]);
}
END_TEST

START_TEST(test_threads_do_not_matter)
{
    static float first[4096], other[4096];
    int net = _i % NETS;
    bool is_static = _i / NETS;
    size_t n = 0;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct rig r;

        open_rig_of(&r, MANY, net, "spide", "steps=9 backward_steps=25 scale=20", threads, is_static);
        for (int i = 0; i < 3; i++)
            step(&r);
        n = r.net->n_parameters;
        memcpy(threads == 1 ? first : other, r.net->parameters, n * sizeof *first);
        ck_assert(threads == 1 || memcmp(first, other, n * sizeof *first) == 0);
        close_rig(&r);
    }
}
END_TEST

/* Builds, prepares and trains a net whose memory is counted; the first failure. */
static snn_status count_memory(struct counting *c, const char *layers)
{
    static float x[BATCH * 128];
    const uint32_t label[BATCH] = { 0, 1, 2, 0 };
    snn_context_options o;
    snn_context *ctx = NULL;
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;
    snn_status rc;

    random_fill(x, BATCH * 128, -1.5f, 2.5f, 5);
    counting_options(c, &o);
    rc = snn_context_create(&ctx, &o);
    if (rc == SNN_OK)
        rc = snn_network_create(&net, ctx, map, 3);
    if (rc == SNN_OK)
        rc = add_layers(net, layers);
    if (rc == SNN_OK)
        rc = snn_optimizer_create(&sgd, ctx, "sgd");
    if (rc == SNN_OK)
        rc = snn_trainer_create(&tr, net, sgd, "spide");
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(tr, BATCH);
    if (rc == SNN_OK)
        rc = snn_trainer_step(tr, BATCH_OF(x, 1, label, BATCH), NULL);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return rc;
}

START_TEST(test_every_allocation_fails_once)
{
    struct counting c = { 0 };
    size_t total;

    OK(count_memory(&c, DEEP));
    ck_assert_uint_eq(c.live, 0);
    total = c.calls;
    for (size_t n = 1; n <= total; n++) {
        memset(&c, 0, sizeof c);
        c.fail_at = n;
        ck_assert_int_eq(count_memory(&c, DEEP), SNN_ERR_MEMORY);
        ck_assert_msg(c.live == 0 && c.live_bytes == 0, "allocation %zu of %zu: %zu blocks are left", n, total,
                      c.live);
    }
}
END_TEST

START_TEST(test_wrong_use)
{
    struct rig r;
    uint32_t label[BATCH] = { 0, 1, 7, 0 };
    float *x;

    open_rig(&r, 0, "spide", "steps=5", 1, true);
    FAILS(snn_trainer_set_i64(r.tr, SNN_SPIDE_BACKWARD_STEPS, 10), SNN_ERR_STATE, "backward_steps is fixed");
    snn_trainer_destroy(r.tr);
    OK(snn_trainer_create(&r.tr, r.net, r.sgd, "spide"));
    FAILS(snn_trainer_set_i64(r.tr, SNN_SPIDE_BACKWARD_STEPS, 0), SNN_ERR_ARGUMENT,
          "backward_steps = 0 is outside 1");
    FAILS(snn_trainer_set_f64(r.tr, SNN_SPIDE_SCALE, 0), SNN_ERR_ARGUMENT, "scale = 0 is outside");
    FAILS(snn_trainer_set_f64(r.tr, SNN_SPIDE_BACKWARD_THRESHOLD, -1), SNN_ERR_ARGUMENT, "backward_threshold = -1");
    FAILS(snn_trainer_set_text(r.tr, "spike_size", "NaN"), SNN_ERR_ARGUMENT, "spike_size");
    OK(snn_trainer_set_str(r.tr, SNN_TRAINER_LOSS_ON, "mean"));
    FAILS(snn_trainer_prepare(r.tr, BATCH), SNN_ERR_UNSUPPORTED, "loss_on mean");
    OK(snn_trainer_set_str(r.tr, SNN_TRAINER_LOSS_ON, "step"));
    OK(snn_trainer_prepare(r.tr, BATCH));
    FAILS(snn_trainer_step(r.tr, BATCH_OF(r.x, 1, label, BATCH), NULL), SNN_ERR_ARGUMENT, "label 2 is 7");
    x = malloc(BATCH * 6 * sizeof *x);
    memcpy(x, r.x, BATCH * 6 * sizeof *x);
    x[3] = NAN;
    FAILS(snn_trainer_step(r.tr, BATCH_OF(x, 1, r.label, BATCH), NULL), SNN_ERR_DIVERGED, "sample 0");
    step(&r); /* goes on */
    free(x);
    close_rig(&r);
}
END_TEST

static void look(void *arg, snn_trainer *trainer, snn_phase phase, size_t t)
{
    (void)trainer;
    (void)t;
    *(size_t *)arg += phase == SNN_PHASE_BACKWARD;
}

/* Who looks sees all samples step by step, else all steps of some samples are taken before the next ones. */
START_TEST(test_a_look_changes_nothing)
{
    const char *settings = "steps=8 backward_steps=20 scale=20";
    size_t looks = 0, n;
    struct rig r, watched;

    open_rig_of(&r, MANY, _i % NETS, "spide", settings, 3, _i < NETS);
    open_rig_of(&watched, MANY, _i % NETS, "spide", settings, 1, _i < NETS);
    snn_trainer_destroy(watched.tr);
    OK(snn_trainer_create(&watched.tr, watched.net, watched.sgd, "spide"));
    OK(set_all(watched.tr, settings));
    OK(snn_trainer_observe(watched.tr, 0, look, &looks));
    OK(snn_trainer_prepare(watched.tr, MANY));
    for (int i = 0; i < 2; i++) {
        const snn_metrics a = step(&r), b = step(&watched);

        ck_assert(a.loss == b.loss && a.backward_rate == b.backward_rate && a.backward_rate > 0);
    }
    n = r.net->n_parameters;
    ck_assert_uint_eq(looks, 2 * 20);
    ck_assert(memcmp(r.net->parameters, watched.net->parameters, n * sizeof *r.net->parameters) == 0);
    close_rig(&r);
    close_rig(&watched);
}
END_TEST

/* Saved, loaded into another trainer, and on: the bits of a run that was not interrupted. */
START_TEST(test_resumed)
{
    static float whole[4096];
    char path[64];
    struct rig r;
    size_t n;

    snprintf(path, sizeof path, "trainer_spide_%ld.snn", (long)getpid());
    open_rig(&r, _i, "spide", "steps=8 backward_steps=20 scale=20", 1, true);
    step(&r);
    step(&r);
    OK(snn_trainer_save(r.tr, path));
    step(&r);
    n = r.net->n_parameters;
    memcpy(whole, r.net->parameters, n * sizeof *whole);
    close_rig(&r);
    open_rig(&r, _i, "spide", "steps=8 backward_steps=20 scale=20", 2, true);
    OK(snn_trainer_load(r.tr, path));
    step(&r);
    ck_assert(memcmp(whole, r.net->parameters, n * sizeof *whole) == 0);
    close_rig(&r);
    remove(path);
}
END_TEST

START_TEST(test_learns)
{
    struct rig r;
    snn_metrics m;
    double first;

    open_rig(&r, _i, "spide", "steps=20 backward_steps=50 scale=20", 1, true);
    OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_LR, 0.5 / 20));
    first = step(&r).loss;
    for (int i = 0; i < 300; i++)
        m = step(&r);
    ck_assert_msg(m.loss < 0.3 * first, "%g from %g", m.loss, first);
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: spide");
    TCase *tc = tcase_create("spide");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_refused, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tc, test_maxpool_is_refused);
    tcase_add_loop_test(tc, test_comes_near_ide, 0, NETS);
    tcase_add_loop_test(tc, test_scale, 0, NETS);
    tcase_add_loop_test(tc, test_backward_rate, 0, NETS);
    tcase_add_loop_test(tc, test_loss_is_unscaled, 0, NETS);
    tcase_add_loop_test(tc, test_memory_is_flat, 0, NETS);
    tcase_add_loop_test(tc, test_threads_do_not_matter, 0, 2 * NETS);
    tcase_add_loop_test(tc, test_a_look_changes_nothing, 0, 2 * NETS);
    tcase_add_test(tc, test_every_allocation_fails_once);
    tcase_add_test(tc, test_wrong_use);
    tcase_add_loop_test(tc, test_resumed, 0, NETS);
    tcase_add_loop_test(tc, test_learns, 0, NETS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
