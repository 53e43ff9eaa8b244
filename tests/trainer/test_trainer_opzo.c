/* opzo beyond its golden cases: matrices that estimate Jacobians, the noise, side readouts, memory, threads,
 * checkpoints, and what it refuses. */
#include "builder.h"
#include <snn/model.h>
#include <unistd.h>

enum { BATCH = 6, CLASSES = 3, STEPS = 5 };

static const size_t vector[3] = { 8 }, map[3] = { 2, 6, 6 };

#define LIF "decay=0.5 threshold=0.6"
#define DENSE "linear a out=9; lif n " LIF "; linear b out=7; lif m " LIF "; linear o out=3"
/* side readouts on both populations, one of them over a pooled map */
#define SIDES                                                                                         \
    "conv2d a out=4 pad=1; lif n " LIF "; avgpool p; conv2d b out=5 pad=1; batch_norm bn; lif m " LIF \
    "; adaptive_avgpool q "                                                                           \
    "size=2 <n; flatten g; linear ln out=3; flatten f <m; linear lm out=3 <f; linear o out=3 <f"

static const char *const kinds[] = {
    "",
    "noise_pos=pre noise=rademacher online=1 inverse_alpha=0",
    "noise=sphere antithetic=0 warm_up=0 momentum=0.9",
    "global_readout=lm",
    "feedback=dfa global_readout=lm",
    "feedback=kp",
    "feedback=zo alpha=0.5",
    "feedback=bp",
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    uint32_t label[BATCH];
    float x[STEPS * BATCH * 72];
};

static void fill(struct rig *r)
{
    random_fill(r->x, sizeof r->x / sizeof *r->x, -1.0f, 2.5f, 3);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void open_rig(struct rig *r, const size_t shape[3], const char *layers, const char *method,
                     const char *settings, uint32_t threads)
{
    char text[256];

    r->ctx = test_context(threads, 4, "best");
    r->net = network_of(r->ctx, shape, layers);
    r->sgd = sgd_of(r->ctx, 0.05);
    snprintf(text, sizeof text, "steps=%d %s", STEPS, settings);
    r->tr = trainer_of(r->net, r->sgd, method, text, BATCH);
    fill(r);
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void steps(struct rig *r, size_t n, bool is_static)
{
    for (size_t i = 0; i < n; i++)
        OK(snn_trainer_step(r->tr, BATCH_OF(r->x, is_static ? 1 : STEPS, r->label, BATCH), NULL));
}

static void check_same(const struct rig *a, const struct rig *b)
{
    ck_assert_mem_eq(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float));
    ck_assert_uint_eq(a->tr->n_memory, b->tr->n_memory);
    for (size_t i = 0; i < a->tr->n_memory; i++)
        ck_assert_mem_eq(a->tr->memory[i].data, b->tr->memory[i].data,
                         (size_t)a->tr->memory[i].rows * a->tr->memory[i].columns * sizeof(float));
}

/* ---- what the matrices estimate ---- */

/* Behind the last population, do/ds is the readout's weights, whatever the network does before. */
static void check_jacobian(const char *settings, double size)
{
    struct rig r;
    const struct snn__tensor *w;
    char text[128];
    float want[CLASSES * 7];

    snprintf(text, sizeof text, "alpha=0.5 %s", settings);
    open_rig(&r, vector, DENSE, "opzo", text, 1);
    OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_LR, 0.0));
    steps(&r, 3000, true);
    w = &r.net->layer[4]->tensor[0];
    for (size_t i = 0; i < CLASSES * 7; i++)
        want[i] = (float)size * w->data[i];
    ck_assert_str_eq(r.tr->memory[1].name, "m.feedback");
    ck_assert_msg(distance(r.tr->memory[1].data, want, CLASSES * 7) < 0.05, "%s: off by %g", settings,
                  distance(r.tr->memory[1].data, want, CLASSES * 7));
    close_rig(&r);
}

START_TEST(test_jacobian)
{
    check_jacobian("momentum=0.99999", 1.0);
    check_jacobian("momentum=0.99999 noise=rademacher", 1.0);
    check_jacobian("momentum=0.99999 noise=sphere", 1.0);
    check_jacobian("momentum=0.99999 inverse_alpha=0", 0.5);
    check_jacobian("momentum=0.9998 warm_up=0", 1.0 - pow(0.9998, 3000.0 * STEPS));
}
END_TEST

/* What a step adds is 1 - lam of it, however near lam is to 1. */
START_TEST(test_share_of_a_step)
{
    struct rig a, b;

    open_rig(&a, vector, DENSE, "opzo", "warm_up=0 momentum=0.99999", 1);
    open_rig(&b, vector, DENSE, "opzo", "warm_up=0 momentum=0.99999999", 1);
    steps(&a, 1, true);
    steps(&b, 1, true);
    for (size_t i = 0; i < CLASSES * 7; i++) {
        double x = (double)a.tr->memory[1].data[i], y = 1e3 * (double)b.tr->memory[1].data[i];

        ck_assert_msg(x != 0 && fabs(x - y) < 5e-3 * fabs(x), "%zu: %g, and %g for a 1000th of the share", i, x, y);
    }
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* With the weights as feedback it is ottt. */
START_TEST(test_bp_is_ottt)
{
    struct rig a, b;

    open_rig(&a, vector, DENSE, "opzo", _i ? "feedback=bp online=1" : "feedback=bp", 1);
    open_rig(&b, vector, DENSE, "ottt", _i ? "variant=O" : "variant=A", 1);
    steps(&a, 4, false);
    steps(&b, 4, false);
    check_same(&a, &b);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* Fixed matrices stay, learned ones and the weights do not. */
START_TEST(test_what_changes)
{
    static const char *const feedback[] = { "dfa", "kp", "opzo" };
    struct rig r, fresh;
    char text[64];
    bool same;

    snprintf(text, sizeof text, "feedback=%s", feedback[_i]);
    open_rig(&r, vector, DENSE, "opzo", text, 1);
    open_rig(&fresh, vector, DENSE, "opzo", text, 1);
    steps(&r, 2, true);
    same = memcmp(r.tr->memory[0].data, fresh.tr->memory[0].data, CLASSES * 9 * sizeof(float)) == 0;
    ck_assert_int_eq(same, _i == 0);
    for (size_t l = 0; l < 5; l += 2)
        ck_assert_msg(memcmp(r.net->layer[l]->tensor[0].data, fresh.net->layer[l]->tensor[0].data,
                             r.net->layer[l]->tensor[0].length * sizeof(float)) != 0,
                      "%s: layer %zu stays", text, l);
    close_rig(&r);
    close_rig(&fresh);
}
END_TEST

/* ---- noise ---- */

struct watch {
    struct rig r;
    float z[STEPS][BATCH * 4 * 36]; /* of layer n, in C order */
};

static void keep_noise(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct watch *w = user;
    const struct snn__unit *n = &tr->pass.unit[1];

    if (phase == SNN_PHASE_FORWARD)
        snn__to_channels_first(tr->ctx, &n->layer->out, BATCH, n->noise, w->z[step]);
}

static void supply_noise(void *user, const snn_layer *layer, size_t step, float *z, size_t length)
{
    const struct watch *w = user;

    ck_assert_str_eq(layer->name, "n");
    ck_assert_uint_eq(length, BATCH * 4 * 36);
    memcpy(z, w->z[step], length * sizeof *z);
}

static void open_watch(struct watch *w, const char *settings, const struct watch *from)
{
    char text[128];

    w->r.ctx = test_context(1, 4, "best");
    w->r.net = network_of(w->r.ctx, map, "conv2d a out=4 pad=1; lif n " LIF "; flatten f; linear o out=3");
    w->r.sgd = sgd_of(w->r.ctx, 0.05);
    OK(snn_trainer_create(&w->r.tr, w->r.net, w->r.sgd, "opzo"));
    snprintf(text, sizeof text, "steps=%d %s", STEPS, settings);
    OK(set_all(w->r.tr, text));
    if (from == NULL)
        OK(snn_trainer_observe(w->r.tr, SNN_OBSERVE_SIGNALS, keep_noise, w));
    else
        OK(snn_trainer_on_noise(w->r.tr, supply_noise, (void *)from));
    OK(snn_trainer_prepare(w->r.tr, BATCH));
    fill(&w->r);
}

/* Mean 0, variance 1, pairs, a fresh last step; fresh in the next batch. */
START_TEST(test_distributions)
{
    static const char *const name[] = { "gaussian", "rademacher", "sphere" };
    static struct watch w, before;
    const size_t n = BATCH * 4 * 36;
    char text[64];

    snprintf(text, sizeof text, "noise=%s", name[_i % 3]);
    open_watch(&w, text, NULL);
    steps(&w.r, 1, true);
    for (size_t t = 0; t < STEPS; t++) {
        double sum = 0, square = 0;

        for (size_t i = 0; i < n; i++) {
            sum += w.z[t][i];
            square += (double)w.z[t][i] * w.z[t][i];
            ck_assert(_i != 1 || fabsf(w.z[t][i]) == 1.0f);
            ck_assert(t % 2 == 0 || w.z[t][i] == -w.z[t - 1][i]);
        }
        ck_assert_double_lt(fabs(sum / (double)n), 0.15); /* 4.4 deviations */
        ck_assert_double_lt(fabs(square / (double)n - 1), _i == 0 ? 0.2 : 1e-5);
    }
    ck_assert(memcmp(w.z[2], w.z[0], sizeof w.z[0]) != 0 && memcmp(w.z[4], w.z[3], sizeof w.z[0]) != 0);
    memcpy(before.z, w.z, sizeof w.z);
    steps(&w.r, 1, true);
    ck_assert(memcmp(before.z[0], w.z[0], sizeof w.z[0]) != 0);
    close_rig(&w.r);
    open_watch(&w, "antithetic=0", NULL);
    steps(&w.r, 1, true);
    ck_assert(w.z[1][0] != -w.z[0][0]);
    close_rig(&w.r);
}
END_TEST

/* The noise that was drawn, from the host: the same run. */
START_TEST(test_noise_of_the_host)
{
    static struct watch drawn, supplied;

    open_watch(&drawn, _i ? "noise_pos=pre" : "", NULL);
    open_watch(&supplied, _i ? "noise_pos=pre" : "", &drawn);
    steps(&drawn.r, 1, false);
    steps(&supplied.r, 1, false);
    check_same(&drawn.r, &supplied.r);
    FAILS(snn_trainer_on_noise(supplied.r.tr, NULL, NULL), SNN_ERR_STATE, "before snn_trainer_prepare");
    FAILS(snn_trainer_on_noise(NULL, NULL, NULL), SNN_ERR_ARGUMENT, "trainer is NULL");
    close_rig(&drawn.r);
    close_rig(&supplied.r);
}
END_TEST

/* ---- evaluation ---- */

/* No noise, no side readouts: as another method sees the same network, and as the network without them. */
START_TEST(test_evaluation)
{
    static const char plain[] =
        "conv2d a out=4 pad=1; lif n " LIF "; avgpool p; conv2d b out=5 pad=1; batch_norm bn; lif m " LIF
        "; flatten f; linear o out=3";
    struct rig r, bare;
    float out[BATCH * CLASSES], want[BATCH * CLASSES];
    snn_trainer *other = NULL;
    snn_layer_metrics m = SNN_LAYER_METRICS_INIT;

    open_rig(&r, map, SIDES, "opzo", "", 1);
    open_rig(&bare, map, plain, "opzo", "", 1);
    steps(&r, 3, true);
    for (size_t l = 0; l < bare.net->n_layers; l++) {
        snn_layer *from = snn_network_layer_named(r.net, bare.net->layer[l]->name);

        for (size_t i = 0; i < from->n_tensors; i++)
            memcpy(bare.net->layer[l]->tensor[i].data, from->tensor[i].data, from->tensor[i].length * sizeof(float));
    }
    OK(snn_trainer_predict(r.tr, BATCH_OF(r.x, 1, NULL, BATCH), out));
    OK(snn_trainer_predict(bare.tr, BATCH_OF(r.x, 1, NULL, BATCH), want));
    ck_assert_mem_eq(out, want, sizeof out);
    OK(snn_trainer_layer_metrics(r.tr, snn_network_layer_named(r.net, "ln"), &m));
    ck_assert(m.synops_dense == 0);
    OK(snn_evaluator_create(&other, r.net));
    OK(snn_trainer_set_i64(other, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_prepare(other, BATCH));
    OK(snn_trainer_predict(other, BATCH_OF(r.x, 1, NULL, BATCH), want));
    ck_assert_mem_eq(out, want, sizeof out);
    snn_trainer_destroy(other);
    close_rig(&r);
    close_rig(&bare);
}
END_TEST

/* Side readouts learn their own weights in every mode, and local_scale 0 keeps their errors from the rest. */
START_TEST(test_side_readouts)
{
    struct rig r, off, bare;
    size_t ln;

    open_rig(&r, map, SIDES, "opzo", "feedback=dfa", 1);
    open_rig(&off, map, SIDES, "opzo", "feedback=dfa local_scale=0", 1);
    open_rig(&bare, map, SIDES, "opzo", "feedback=dfa", 1);
    ln = snn_network_layer_named(r.net, "ln")->index;
    steps(&r, 1, true);
    steps(&off, 1, true);
    ck_assert_mem_eq(r.net->layer[ln]->tensor[0].data, off.net->layer[ln]->tensor[0].data,
                     r.net->layer[ln]->tensor[0].length * sizeof(float));
    ck_assert_mem_ne(r.net->layer[ln]->tensor[0].data, bare.net->layer[ln]->tensor[0].data,
                     r.net->layer[ln]->tensor[0].length * sizeof(float));
    ck_assert_mem_ne(r.net->layer[0]->tensor[0].data, off.net->layer[0]->tensor[0].data,
                     r.net->layer[0]->tensor[0].length * sizeof(float));
    close_rig(&r);
    close_rig(&off);
    close_rig(&bare);
}
END_TEST

/* "side:" in front of a notation: a readout on every population, which the main way does not pass. */
START_TEST(test_notation)
{
    static const char *const names[] = { "side:5C3-BN-AP2-7C3s2-9-FC", "side:ws:6C3-AP2-FC", "ws:side:6C3-AP2-FC",
                                         "side:8-6-FC" };
    static const size_t big[3] = { 2, 12, 12 }, flat[1] = { 8 };
    static const size_t sides[] = { 3, 1, 1, 1 };
    const char *bare = strrchr(names[_i], ':') + 1;
    snn_context *ctx = test_context(1, 4, "best");
    snn_network *net = NULL, *plain = NULL;
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    snn_trainer *tr;
    size_t found = 0;
    static float x[BATCH * 288];
    uint32_t label[BATCH] = { 0, 1, 2, 0, 1, 2 };
    char text[64];

    snprintf(text, sizeof text, "%s%s", _i == 1 || _i == 2 ? "ws:" : "", bare);
    OK(snn_network_build(&net, ctx, names[_i], _i == 3 ? flat : big, _i == 3 ? 1 : 3, CLASSES, NULL));
    OK(snn_network_build(&plain, ctx, text, _i == 3 ? flat : big, _i == 3 ? 1 : 3, CLASSES, NULL));
    OK(snn_network_prepare(net));
    OK(snn_network_prepare(plain));
    for (size_t l = 0; l < plain->n_layers; l++) {
        snn_layer *same = snn_network_layer_named(net, plain->layer[l]->name);

        ck_assert_ptr_nonnull(same);
        ck_assert_str_eq(same->source[0].name, plain->layer[l]->source[0].name);
        ck_assert(snn__shape_equal(&same->out, &plain->layer[l]->out));
    }
    while (snprintf(text, sizeof text, "side%zu", found + 1), snn_network_layer_named(net, text) != NULL) {
        ck_assert_uint_le(snn_network_layer_named(net, text)->in.dim[0], 7 * 4 * 4);
        found++;
    }
    ck_assert_uint_eq(found, sides[_i]);
    random_fill(x, sizeof x / sizeof *x, -1.0f, 2.5f, 3);
    tr = trainer_of(net, sgd, "opzo", "steps=2 global_readout=side1", BATCH);
    OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, BATCH), NULL));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_network_destroy(plain);
    FAILS(snn_network_build(&net, ctx, "side:8-6-3", flat, 1, 0, NULL), SNN_ERR_ARGUMENT, "number of classes");
    snn_context_destroy(ctx);
}
END_TEST

/* ---- what every method promises ---- */

START_TEST(test_learns)
{
    struct rig r;
    snn_metrics first = SNN_METRICS_INIT, last = SNN_METRICS_INIT;

    open_rig(&r, map, SIDES, "opzo", kinds[_i], 1);
    OK(snn_trainer_step(r.tr, BATCH_OF(r.x, 1, r.label, BATCH), &first));
    steps(&r, 150, true);
    OK(snn_trainer_step(r.tr, BATCH_OF(r.x, 1, r.label, BATCH), &last));
    ck_assert_msg(last.loss < 0.8 * first.loss, "%s: loss %g, later %g", kinds[_i], first.loss, last.loss);
    close_rig(&r);
}
END_TEST

START_TEST(test_threads)
{
    struct rig one, more;

    for (uint32_t threads = 2; threads <= 3; threads++) {
        open_rig(&one, map, SIDES, "opzo", kinds[_i], 1);
        open_rig(&more, map, SIDES, "opzo", kinds[_i], threads);
        steps(&one, 3, _i % 2);
        steps(&more, 3, _i % 2);
        check_same(&one, &more);
        close_rig(&one);
        close_rig(&more);
    }
}
END_TEST

static uint64_t held(int64_t n, const char *settings)
{
    struct counting c = { 0 };
    snn_context_options o;
    struct rig r;
    uint64_t bytes;
    size_t before;

    counting_options(&c, &o);
    o.threads = 2;
    r.ctx = NULL;
    OK(snn_context_create(&r.ctx, &o));
    r.net = network_of(r.ctx, map, SIDES);
    r.sgd = sgd_of(r.ctx, 0.05);
    OK(snn_trainer_create(&r.tr, r.net, r.sgd, "opzo"));
    OK(set_all(r.tr, settings));
    OK(snn_trainer_set_i64(r.tr, SNN_TRAINER_STEPS, n));
    OK(snn_trainer_prepare(r.tr, BATCH));
    bytes = about(r.tr).bytes;
    fill(&r);
    before = c.calls;
    for (int i = 0; i < 2; i++)
        OK(snn_trainer_step(r.tr, BATCH_OF(r.x, 1, r.label, BATCH), NULL));
    ck_assert_uint_eq(c.calls, before);
    ck_assert_uint_le(bytes, c.live_bytes);
    close_rig(&r);
    ck_assert_uint_eq(c.live, 0);
    return bytes;
}

/* Nothing is taken in steps, and T costs nothing. */
START_TEST(test_memory)
{
    uint64_t few = held(2, kinds[_i]);

    ck_assert_uint_eq(few, held(20, kinds[_i]));
    ck_assert_uint_eq(few, held(50, kinds[_i]));
}
END_TEST

/* Saved, loaded into a trainer that was never prepared, and on with the same bits. */
START_TEST(test_checkpoint)
{
    struct rig whole, part;
    char path[64], text[256];
    unsigned before;

    snprintf(path, sizeof path, "trainer_opzo_%ld.snn", (long)getpid());
    open_rig(&whole, map, SIDES, "opzo", kinds[_i], 1);
    steps(&whole, 3, true);
    OK(snn_trainer_save(whole.tr, path));
    steps(&whole, 3, true);
    part.ctx = test_context(1, 99, "best"); /* other first values */
    part.net = network_of(part.ctx, map, SIDES);
    part.sgd = sgd_of(part.ctx, 0.05);
    part.ctx->options.seed = whole.ctx->options.seed; /* the same noise */
    OK(snn_trainer_create(&part.tr, part.net, part.sgd, "opzo"));
    snprintf(text, sizeof text, "steps=%d %s", STEPS, kinds[_i]);
    OK(set_all(part.tr, text));
    OK(snn_trainer_load(part.tr, path));
    before = (unsigned)part.tr->n_memory;
    OK(snn_trainer_prepare(part.tr, BATCH));
    ck_assert_uint_eq(part.tr->n_memory, before);
    fill(&part);
    steps(&part, 3, true);
    check_same(&whole, &part);
    close_rig(&whole);
    close_rig(&part);
    remove(path);
}
END_TEST

/* A run without matrices does not load into one with them, nor the other way round, and nothing changes. */
START_TEST(test_other_checkpoint)
{
    struct rig a, b, same;
    char path[64];

    snprintf(path, sizeof path, "trainer_opzo_%ld.snn", (long)getpid());
    open_rig(&a, vector, DENSE, "opzo", _i ? "" : "feedback=bp", 1);
    open_rig(&b, vector, DENSE, "opzo", _i ? "feedback=bp" : "", 1);
    open_rig(&same, vector, DENSE, "opzo", _i ? "feedback=bp" : "", 1);
    steps(&a, 1, true);
    OK(snn_trainer_save(a.tr, path));
    FAILS(snn_trainer_load(b.tr, path), SNN_ERR_FORMAT,
          _i ? "\"trainer.m.feedback\" belongs to no layer" : "n.feedback");
    check_same(&b, &same);
    close_rig(&a);
    close_rig(&b);
    close_rig(&same);
    remove(path);
}
END_TEST

/* ---- what it refuses ---- */

static const struct {
    const size_t *shape;
    const char *layers, *settings;
    snn_status code;
    const char *message;
} refused[] = {
    { vector, "linear a out=9; lif n; add s <a <n:1; lif m; linear o out=3", "", SNN_ERR_UNSUPPORTED,
      "layer s reads an earlier step" },
    { map, "conv2d a out=3; lif n; maxpool p; flatten f; linear o out=3", "", SNN_ERR_UNSUPPORTED,
      "layer p pools by maximum" },
    { vector, "linear a out=9; lif n; linear o out=3; lif m", "", SNN_ERR_UNSUPPORTED,
      "the last layer, m, must be a readout" },
    { vector, "linear a out=9; lif n; lif x; linear o out=3 <n", "", SNN_ERR_UNSUPPORTED, "nobody reads layer x" },
    { vector, "linear a out=9; lif n; linear r out=4; linear o out=3 <n", "", SNN_ERR_SHAPE,
      "side readout r gives [4]" },
    { vector, "linear a out=9; lif n; linear r out=3 <a; linear o out=3 <n", "", SNN_ERR_UNSUPPORTED,
      "nobody reads layer r" },
    { vector, "linear a out=9; lif n; gain g; linear o out=3", "", SNN_ERR_UNSUPPORTED, "no error reaches layer g" },
    { vector, "linear a out=9; linear b out=9; lif n; linear o out=3", "", SNN_ERR_UNSUPPORTED,
      "no error reaches layer a" },
    { vector, DENSE, "global_readout=b", SNN_ERR_ARGUMENT, "\"b\" is not a side readout" },
    { vector, DENSE, "global_readout=none", SNN_ERR_ARGUMENT, "\"none\" is not a side readout" },
    { vector, "linear a out=9; lif n; linear r out=3; linear o out=3 <n", "feedback=zo global_readout=r",
      SNN_ERR_ARGUMENT, "not with zo" },
    { vector, DENSE, "feedback=dkp", SNN_ERR_ARGUMENT, "feedback" },
    { vector, DENSE, "alpha=0", SNN_ERR_ARGUMENT, "alpha" },
    { vector, DENSE, "momentum=1", SNN_ERR_ARGUMENT, "momentum" },
    { vector, DENSE, "loss_on=mean", SNN_ERR_UNSUPPORTED, "loss_on mean" },
};

START_TEST(test_refused)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, refused[_i].shape, refused[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;
    snn_status rc = snn_trainer_create(&tr, net, sgd, "opzo");

    if (rc == SNN_OK)
        rc = set_all(tr, refused[_i].settings);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(tr, BATCH);
    ck_assert_msg(rc == refused[_i].code && strstr(snn_last_error(), refused[_i].message), "%s, %s: %s: %s",
                  refused[_i].layers, refused[_i].settings, snn_status_name(rc), snn_last_error());
    /* another network is of use where the network is at fault, not the settings */
    ck_assert(rc == SNN_ERR_UNSUPPORTED || strstr(snn_last_error(), "Networks for") == NULL);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: opzo");
    TCase *tc = tcase_create("method"), *all = tcase_create("promises");

    tcase_set_timeout(tc, 120);
    tcase_set_timeout(all, 120);
    tcase_add_test(tc, test_jacobian);
    tcase_add_test(tc, test_share_of_a_step);
    tcase_add_loop_test(tc, test_bp_is_ottt, 0, 2);
    tcase_add_loop_test(tc, test_what_changes, 0, 3);
    tcase_add_loop_test(tc, test_distributions, 0, 3);
    tcase_add_loop_test(tc, test_noise_of_the_host, 0, 2);
    tcase_add_test(tc, test_evaluation);
    tcase_add_test(tc, test_side_readouts);
    tcase_add_loop_test(tc, test_notation, 0, 4);
    tcase_add_loop_test(all, test_learns, 0, KINDS);
    tcase_add_loop_test(all, test_threads, 0, KINDS);
    tcase_add_loop_test(all, test_memory, 0, KINDS);
    tcase_add_loop_test(all, test_checkpoint, 0, KINDS);
    tcase_add_loop_test(all, test_other_checkpoint, 0, 2);
    tcase_add_loop_test(all, test_refused, 0, (int)(sizeof refused / sizeof *refused));
    suite_add_tcase(suite, tc);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
