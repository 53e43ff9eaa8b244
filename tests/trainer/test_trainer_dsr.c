/* dsr against its obvious formulas: all steps of everything, in double; and its shortcuts against the run without
 * them. */
#include "builder.h"

/* ---- the obvious formulas for linear, batch norm, neurons, twice ---- */

enum { T = 9, B = 4, IN = 7, MID = 6, OUT = 3 };

struct leak {
    double beta, gain, dt, tau;
    bool leaks;
};

/* One stage: x = W v + b, y = norm(x), o = neurons(y); arrays [T][B][n]. */
struct stage {
    size_t in, out;
    const float *w, *b, *gamma, *shift;
    double theta, alpha;
    double v[T * B * MID + T * B * IN], xh[T * B * MID], inverse[MID], y[T * B * MID], o[T * B * MID];
    double gx[T * B * MID], gv[T * B * IN], dw[MID * IN], db[MID], dgamma[MID], dshift[MID], dtheta;
};

static double share_of(const struct leak *k, size_t t)
{
    double sum = 0;

    for (size_t i = 0; i < T; i++)
        sum += pow(k->beta, (double)i);
    return pow(k->beta, (double)(T - 1 - t)) / sum;
}

static void stage_forward(struct stage *s, const struct leak *k)
{
    size_t n = s->out;
    double u[B * MID] = { 0 };

    for (size_t r = 0; r < T * B; r++)
        for (size_t j = 0; j < n; j++) {
            s->y[r * n + j] = s->b[j];
            for (size_t i = 0; i < s->in; i++)
                s->y[r * n + j] += (double)s->w[j * s->in + i] * s->v[r * s->in + i];
        }
    for (size_t j = 0; j < n; j++) {
        double mean = 0, var = 0;

        for (size_t r = 0; r < T * B; r++)
            mean += s->y[r * n + j] / (T * B);
        for (size_t r = 0; r < T * B; r++)
            var += (s->y[r * n + j] - mean) * (s->y[r * n + j] - mean) / (T * B);
        s->inverse[j] = 1 / sqrt(var + 1e-5);
        for (size_t r = 0; r < T * B; r++) {
            s->xh[r * n + j] = (s->y[r * n + j] - mean) * s->inverse[j];
            s->y[r * n + j] = s->gamma[j] * s->xh[r * n + j] + s->shift[j];
        }
    }
    for (size_t t = 0; t < T; t++)
        for (size_t i = 0; i < B * n; i++) {
            bool fires;

            u[i] = k->beta * u[i] + k->gain * s->y[t * B * n + i];
            fires = u[i] >= s->alpha * s->theta;
            u[i] -= fires ? s->theta : 0;
            s->o[t * B * n + i] = fires ? s->theta / k->dt : 0;
        }
}

/* From go [T][B][out] to the gradients and gv [T][B][in]. */
static void stage_backward(struct stage *s, const struct leak *k, const double *go)
{
    size_t n = s->out;
    double upper = k->tau * s->theta / k->dt;

    s->dtheta = 0;
    for (size_t i = 0; i < B * n; i++) {
        double x = 0, sum = 0;

        for (size_t t = 0; t < T; t++) {
            x += share_of(k, t) * s->y[t * B * n + i];
            sum += T * share_of(k, t) * go[t * B * n + i];
        }
        s->dtheta += x > upper ? k->dt * sum : 0;
        for (size_t t = 0; t < T; t++)
            s->gx[t * B * n + i] = x > 0 && x < upper ? sum / (k->tau * T) : 0;
    }
    for (size_t j = 0; j < n; j++) {
        s->dgamma[j] = s->dshift[j] = s->db[j] = 0;
        for (size_t r = 0; r < T * B; r++) {
            s->dgamma[j] += s->gx[r * n + j] * s->xh[r * n + j];
            s->dshift[j] += s->gx[r * n + j];
        }
        for (size_t r = 0; r < T * B; r++)
            s->gx[r * n + j] =
                s->gamma[j] * s->inverse[j] *
                (s->gx[r * n + j] - s->dshift[j] / (T * B) - s->xh[r * n + j] * s->dgamma[j] / (T * B));
    }
    memset(s->dw, 0, sizeof s->dw);
    memset(s->gv, 0, sizeof s->gv);
    for (size_t r = 0; r < T * B; r++)
        for (size_t j = 0; j < n; j++) {
            s->db[j] += s->gx[r * n + j];
            for (size_t i = 0; i < s->in; i++) {
                s->dw[j * s->in + i] += s->gx[r * n + j] * s->v[r * s->in + i];
                s->gv[r * s->in + i] += s->gx[r * n + j] * (double)s->w[j * s->in + i];
            }
        }
}

static const float *data_of(snn_network *net, size_t layer, size_t tensor)
{
    return net->layer[layer]->tensor[tensor].data;
}

static void check_tensor(const snn_trainer *tr, size_t layer, size_t tensor, const double *want, size_t n)
{
    const snn_layer *of = tr->net->layer[layer];
    float got[MID * IN];
    double largest = 1e-3;

    OK(snn_trainer_read_gradient(tr, of, of->tensor[tensor].name, got, n));
    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs(want[i]));
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(got[i] - want[i]) < 1e-4 * largest, "layer %zu, tensor %zu, element %zu: %g, not %g",
                      layer, tensor, i, got[i], want[i]);
}

static void begin_stage(struct stage *s, snn_network *net, size_t first, size_t in, size_t out, double alpha)
{
    memset(s, 0, sizeof *s);
    s->in = in;
    s->out = out;
    s->w = data_of(net, first, 0);
    s->b = data_of(net, first, 1);
    s->gamma = data_of(net, first + 1, 0);
    s->shift = data_of(net, first + 1, 1);
    s->theta = data_of(net, first + 2, 0)[0];
    s->alpha = alpha;
}

/* 2 i: dsr_if, 2 i + 1: dsr_lif; seed i */
START_TEST(test_obvious_formulas)
{
    static struct stage one, two;
    static double go[T * B * OUT];
    bool leaks = _i & 1;
    struct leak k = { leaks ? exp(-0.05) : 1, leaks ? 1 - exp(-0.05) : 1, leaks ? 0.05 : 1, 1, leaks };
    snn_context *ctx = test_context(1, (uint64_t)_i + 1, "best");
    const char *text = leaks ? "linear a out=6; batch_norm na over=all; dsr_lif sa threshold=0.06; linear b out=3; "
                               "batch_norm nb over=all; dsr_lif sb threshold=0.06"
                             : "linear a out=6; batch_norm na over=all; dsr_if sa threshold=1.2; linear b out=3; "
                               "batch_norm nb over=all; dsr_if sb threshold=1.2";
    snn_network *net = network_of(ctx, (size_t[3]){ IN, 0, 0 }, text);
    snn_optimizer *sgd = sgd_of(ctx, 0);
    snn_trainer *tr;
    float x[T * B * IN];
    uint32_t label[B] = { 0, 2, 1, 2 };

    for (size_t l = 1; l < 5; l += 3) /* of the norms alone: thresholds stay what the text says */
        for (size_t i = 0; i < 2; i++)
            random_fill(net->layer[l]->tensor[i].data, net->layer[l]->tensor[i].length, 0.2f, 0.9f,
                        (unsigned)(l + i));
    tr = trainer_of(net, sgd, "dsr", "steps=9", B);
    random_fill(x, T * B * IN, -1, 1, (unsigned)_i);
    begin_stage(&one, net, 0, IN, MID, leaks ? 0.3 : 0.5);
    begin_stage(&two, net, 3, MID, OUT, leaks ? 0.3 : 0.5);
    for (size_t i = 0; i < T * B * IN; i++)
        one.v[i] = x[i];
    stage_forward(&one, &k);
    memcpy(two.v, one.o, T * B * MID * sizeof *two.v);
    stage_forward(&two, &k);
    for (size_t b = 0; b < B; b++) {
        double logit[OUT] = { 0 }, sum = 0;

        for (size_t t = 0; t < T; t++)
            for (size_t c = 0; c < OUT; c++)
                logit[c] += share_of(&k, t) * two.o[(t * B + b) * OUT + c];
        for (size_t c = 0; c < OUT; c++)
            sum += exp(logit[c]);
        for (size_t t = 0; t < T; t++)
            for (size_t c = 0; c < OUT; c++)
                go[(t * B + b) * OUT + c] = share_of(&k, t) * (exp(logit[c]) / sum - (c == label[b])) / B;
    }
    stage_backward(&two, &k, go);
    stage_backward(&one, &k, two.gv);
    OK(snn_trainer_step(tr, BATCH_OF(x, T, label, B), NULL));
    for (size_t i = 0; i < 2; i++) {
        const struct stage *s = i ? &two : &one;

        check_tensor(tr, 3 * i, 0, s->dw, s->in * s->out);
        check_tensor(tr, 3 * i, 1, s->db, s->out);
        check_tensor(tr, 3 * i + 1, 0, s->dgamma, s->out);
        check_tensor(tr, 3 * i + 1, 1, s->dshift, s->out);
        check_tensor(tr, 3 * i + 2, 0, &s->dtheta, 1);
    }
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- the shortcuts ---- */

struct net_case {
    const char *name, *text;
    size_t shape[3];
};

static const struct net_case nets[] = {
    { "plain", "linear a out=9; dsr_if s threshold=1.5; linear b out=4; dsr_if o", { 5, 0, 0 } },
    { "leaky", "linear a out=9; dsr_lif s; gain g value=0.7; linear b out=4; dsr_lif o", { 5, 0, 0 } },
    { "pooled",
      "conv2d a out=3 kernel=3 pad=1; dsr_if s threshold=0.8; avgpool p kernel=2; dropout d rate=0.2; flatten f; "
      "linear b out=4; dsr_if o",
      { 2, 4, 4 } },
    { "norms",
      "conv2d a out=3 kernel=3 pad=1; batch_norm na over=all; dsr_lif s; avgpool p kernel=2; flatten f; linear b "
      "out=4; "
      "batch_norm nb over=all; dsr_lif o",
      { 2, 4, 4 } },
    { "residual",
      "conv2d a out=3 kernel=3 pad=1; batch_norm na over=all; dsr_if s; conv2d b out=3 kernel=3 pad=1; batch_norm nb "
      "over=all; dsr_if q; conv2d c out=3 kernel=3 pad=1; add r <c <s; batch_norm nc over=all; dsr_if w; avgpool p "
      "kernel=0; dsr_if z; flatten f; linear d out=4; batch_norm nd over=all; dsr_if o",
      { 2, 4, 4 } },
    { "readout", "linear a out=9; dsr_lif s; linear b out=7; dsr_lif q; linear c out=4", { 5, 0, 0 } },
    { "two shortcuts",
      "conv2d a out=3 kernel=3 pad=1; batch_norm na over=all; dsr_if s; conv2d b out=4 kernel=3 stride=2 pad=1; "
      "conv2d "
      "c out=4 kernel=1 stride=2 <s; add r <b <c; batch_norm nb over=all; dsr_if q; flatten f; linear d out=4; "
      "dsr_if o",
      { 2, 4, 4 } },
    { "transposed",
      "conv_transpose2d a out=3 kernel=2 stride=2; batch_norm na over=all; dsr_if s; conv_transpose2d b out=4 "
      "kernel=1; "
      "batch_norm nb over=all; dsr_lif q; avgpool p kernel=0; flatten f; linear d out=4; dsr_if o",
      { 2, 4, 4 } },
    { "two leaks",
      "linear a out=9; batch_norm na over=all; dsr_if s; linear b out=7; batch_norm nb over=all; dsr_lif q; linear c "
      "out=4",
      { 5, 0, 0 } },
    { "kept",
      "conv2d a out=3 kernel=3 pad=1; avgpool p kernel=2; batch_norm na over=all; dsr_if s; maxpool m kernel=2; "
      "flatten f; "
      "linear b out=4; dsr_if o",
      { 2, 4, 4 } },
};
enum { NETS = sizeof nets / sizeof *nets, STEPS = 7, BATCH = 5 };

static void watch(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    (void)user;
    (void)trainer;
    (void)phase;
    (void)step;
}

/* Parameters and running values after three updates; `apart` keeps all steps of everything. */
static size_t train(const struct net_case *c, size_t frames, bool apart, const char *recompute, uint32_t threads,
                    float *out)
{
    snn_context *ctx = test_context(threads, 5, "best");
    snn_network *net = network_of(ctx, c->shape, c->text);
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    snn_trainer *tr = NULL;
    float x[STEPS * BATCH * 32];
    uint32_t label[BATCH] = { 0, 1, 2, 3, 1 };
    size_t n = 0;

    OK(snn_trainer_create(&tr, net, sgd, "dsr"));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_set_str(tr, SNN_DSR_RECOMPUTE, recompute));
    if (apart)
        OK(snn_trainer_observe(tr, SNN_OBSERVE_GRADIENTS, watch, NULL));
    OK(snn_trainer_prepare(tr, BATCH));
    random_fill(x, frames * BATCH * length_of(c->shape), -2, 2, 3);
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, frames, label, BATCH), NULL));
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++) {
            memcpy(out + n, net->layer[l]->tensor[i].data, net->layer[l]->tensor[i].length * sizeof *out);
            n += net->layer[l]->tensor[i].length;
        }
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return n;
}

START_TEST(test_sums_are_steps)
{
    const struct net_case *c = &nets[_i / 4];
    size_t frames = _i % 2 ? STEPS : 1;
    const char *recompute = _i / 2 % 2 ? "on" : "off";
    float summed[4096], apart[4096], threaded[4096];
    size_t n = train(c, frames, false, recompute, 1, summed);

    ck_assert_uint_le(n, 4096);
    train(c, frames, true, recompute, 1, apart);
    train(c, frames, false, recompute, 2, threaded);
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(fabs((double)summed[i] - apart[i]) < 2e-5 * fmax(1, fabs((double)apart[i])),
                      "%s: number %zu: %g, not %g", c->name, i, (double)summed[i], (double)apart[i]);
        ck_assert_float_eq(summed[i], threaded[i]);
    }
}
END_TEST

/* ---- what it promises ---- */

/* A trainer that learns shares memory between layers; what it says of test samples must not depend on that. */
START_TEST(test_evaluates_as_one_that_cannot_learn)
{
    const struct net_case *c = &nets[_i];
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, c->shape, c->text);
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    snn_trainer *learns = trainer_of(net, sgd, "dsr", "steps=7", BATCH), *looks = evaluator_of(net, "steps=7", BATCH);
    float x[STEPS * BATCH * 32], got[BATCH * 4], want[BATCH * 4];
    uint32_t label[BATCH] = { 0, 1, 2, 3, 1 };

    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layer[l]->model != NULL)
            net->layer[l]->tensor[0].data[0] *= 0.2f; /* so that all fire */
    random_fill(x, sizeof x / sizeof *x, -2, 2, 3);
    for (int i = 0; i < 5; i++)
        OK(snn_trainer_step(learns, BATCH_OF(x, 1, label, BATCH), NULL));
    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        OK(snn_trainer_predict(learns, BATCH_OF(x, frames, NULL, BATCH), got));
        OK(snn_trainer_predict(looks, BATCH_OF(x, frames, NULL, BATCH), want));
        ck_assert_mem_eq(got, want, sizeof got);
        ck_assert_float_ne(norm_of(want, BATCH * 4), 0);
    }
    snn_trainer_destroy(learns);
    snn_trainer_destroy(looks);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

static uint64_t bytes_at(const char *text, const size_t shape[3], size_t steps, const char *recompute)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, shape, text);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;
    uint64_t bytes;

    OK(snn_trainer_create(&tr, net, sgd, "dsr"));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, (int64_t)steps));
    OK(snn_trainer_set_str(tr, SNN_DSR_RECOMPUTE, recompute));
    OK(snn_trainer_prepare(tr, 8));
    bytes = about(tr).bytes;
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return bytes;
}

/* All but the last three of the networks: those have to keep everything. */
START_TEST(test_memory_is_flat)
{
    const struct net_case *c = &nets[_i];

    ck_assert_uint_eq(bytes_at(c->text, c->shape, 5, "on"), bytes_at(c->text, c->shape, 50, "on"));
    ck_assert_uint_eq(bytes_at(c->text, c->shape, 5, "on"), bytes_at(c->text, c->shape, 500, "on"));
    if (_i < 3) /* no batch norm */
        ck_assert_uint_eq(bytes_at(c->text, c->shape, 5, "off"), bytes_at(c->text, c->shape, 500, "off"));
}
END_TEST

/* The paper's network, 4 samples. */
static uint64_t resnet_bytes(size_t steps, const char *recompute)
{
    const size_t shape[3] = { 3, 32, 32 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = NULL;
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;
    uint64_t bytes;

    OK(snn_network_build(&net, ctx, "preact-resnet18", shape, 3, 10, NULL));
    OK(snn_trainer_create(&tr, net, sgd, "dsr"));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, (int64_t)steps));
    OK(snn_trainer_set_str(tr, SNN_DSR_RECOMPUTE, recompute));
    OK(snn_trainer_prepare(tr, 4));
    bytes = about(tr).bytes;
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return bytes;
}

START_TEST(test_memory_of_a_resnet_is_flat)
{
    uint64_t at_5 = resnet_bytes(5, "on");

    ck_assert_uint_eq(at_5, resnet_bytes(50, "on"));
    ck_assert_uint_eq(at_5, resnet_bytes(500, "on"));
    ck_assert_uint_lt(at_5, resnet_bytes(50, "off"));
}
END_TEST

START_TEST(test_recomputes_where_it_is_cheap)
{
    const char *one =
        "linear a out=9; batch_norm na over=all; dsr_if s; linear b out=4; batch_norm nb over=all; dsr_if o";
    size_t shape[3] = { 5, 0, 0 };

    ck_assert_uint_eq(bytes_at(one, shape, 50, "auto"), bytes_at(one, shape, 50, "on"));
    ck_assert_uint_eq(bytes_at(nets[4].text, nets[4].shape, 50, "auto"),
                      bytes_at(nets[4].text, nets[4].shape, 50, "off"));
    ck_assert_uint_lt(bytes_at(nets[4].text, nets[4].shape, 50, "on"),
                      bytes_at(nets[4].text, nets[4].shape, 50, "off"));
}
END_TEST

/* With steps kept for batch norms, a step more costs what the widest neighbours hold, not the sum over all layers. */
START_TEST(test_depth_costs_nothing_per_step)
{
#define BLOCK(n) "linear l" n " out=64; batch_norm n" n " over=all; dsr_if s" n ";"
    const char *two = BLOCK("1") BLOCK("2") "linear o out=3; dsr_if p";
    const char *six = BLOCK("1") BLOCK("2") BLOCK("3") BLOCK("4") BLOCK("5") BLOCK("6") "linear o out=3; dsr_if p";
    size_t shape[3] = { 64, 0, 0 };
    uint64_t slope_two = bytes_at(two, shape, 50, "off") - bytes_at(two, shape, 40, "off");
    uint64_t slope_six = bytes_at(six, shape, 50, "off") - bytes_at(six, shape, 40, "off");

    ck_assert_msg(slope_six <= slope_two + slope_two / 4, "10 steps cost %llu bytes at depth 6, %llu at depth 2",
                  (unsigned long long)slope_six, (unsigned long long)slope_two);
}
END_TEST

START_TEST(test_threshold_is_raised)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, (size_t[3]){ 5, 0, 0 }, "linear a out=4; dsr_if s threshold_bound=0.5");
    snn_optimizer *sgd = sgd_of(ctx, 0);
    snn_trainer *tr = trainer_of(net, sgd, "dsr", "steps=4", 2);
    float *theta = net->layer[1]->tensor[0].data, x[10], out[8], low[8];
    uint32_t label[2] = { 0, 3 };

    random_fill(x, 10, -1, 1, 1);
    ck_assert_float_eq(theta[0], 6);
    theta[0] = 0.5f;
    OK(snn_trainer_predict(tr, BATCH_OF(x, 1, NULL, 2), out));
    theta[0] = 0.1f;
    OK(snn_trainer_predict(tr, BATCH_OF(x, 1, NULL, 2), low));
    ck_assert_float_eq(theta[0], 0.1f); /* an evaluation changes nothing, but uses the bound */
    ck_assert_mem_eq(out, low, sizeof out);
    OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 2), NULL));
    ck_assert_float_eq(theta[0], 0.5f);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_refusals)
{
    static const struct {
        const char *method, *text, *message;
    } wrong[] = {
        { "dsr", "linear a out=4; lif s; linear b out=4; dsr_if o", "neurons of type lif" },
        { "dsr", "linear a out=4; batch_norm n; dsr_if s", "over all steps" },
        { "dsr", "linear a out=4; add s <a <r:1; dsr_if n; linear r out=4", "feedback" },
        { "dsr", "linear a out=4; layer_norm t; dsr_if n; linear o out=3; dsr_if s",
          "rates do not go through layer_norm" },
        { "dsr", "linear a out=4; dsr_if n; attention t <n <n <n; linear o out=3; dsr_if s",
          "rates do not go through attention" },
        { "sltt", "linear a out=4; dsr_if s", "method dsr" },
        { "bptt", "linear a out=4; dsr_lif s", "method dsr" },
    };
    snn_context *ctx = test_context(1, 1, "best");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        snn_network *net = network_of(ctx, (size_t[3]){ 5, 0, 0 }, wrong[i].text);
        snn_trainer *tr = NULL;
        snn_status rc = snn_trainer_create(&tr, net, sgd, wrong[i].method);

        if (rc == SNN_OK)
            rc = snn_trainer_prepare(tr, 2);
        ck_assert_msg(rc == SNN_ERR_UNSUPPORTED && strstr(snn_last_error(), wrong[i].message), "%s: %s",
                      wrong[i].text, snn_last_error());
        snn_trainer_destroy(tr);
        snn_network_destroy(net);
    }
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: dsr");
    TCase *formulas = tcase_create("formulas"), *promises = tcase_create("promises");

    tcase_set_timeout(promises, 120);
    tcase_add_loop_test(formulas, test_obvious_formulas, 0, 8);
    tcase_add_loop_test(formulas, test_sums_are_steps, 0, 4 * NETS);
    tcase_add_loop_test(promises, test_evaluates_as_one_that_cannot_learn, 0, NETS);
    tcase_add_loop_test(promises, test_memory_is_flat, 0, NETS - 3);
    tcase_add_test(promises, test_memory_of_a_resnet_is_flat);
    tcase_add_test(promises, test_recomputes_where_it_is_cheap);
    tcase_add_test(promises, test_depth_costs_nothing_per_step);
    tcase_add_test(promises, test_threshold_is_raised);
    tcase_add_test(promises, test_refusals);
    suite_add_tcase(suite, formulas);
    suite_add_tcase(suite, promises);
    return run_suite(suite);
}
