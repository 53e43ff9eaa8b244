/* Streams of trainers: learning as the methods do it, with nothing allocated; what is refused. */
#include "streams.h"

/* ---- learning ---- */

static const char *const methods[] = { "ottt", "sltt", "opzo", "sei" };

static const char *learning_net(const char *method)
{
    return strcmp(method, "sei") == 0
               ? "linear a out=7; lif n " LIF "; linear b out=6 binary=scaled; lif m " LIF "; linear o out=3"
               : "linear a out=7; lif n " LIF "; linear b out=6; lif m " LIF "; linear o out=3";
}

/* Two trainers of the same network, for single samples of one step. */
struct twins {
    snn_context *ctx;
    snn_optimizer *sgd;
    snn_network *net[2];
    snn_trainer *tr[2];
};

/* `observed`: the first has somebody who asked for gradients. */
static void open_twins(struct twins *w, const char *method, bool observed)
{
    static const size_t shape[3] = { 5 };

    w->ctx = test_context(1, 5, "best");
    w->sgd = sgd_of(w->ctx, 0.1);
    for (int i = 0; i < 2; i++) {
        w->net[i] = network_of(w->ctx, shape, learning_net(method));
        OK(snn_trainer_create(&w->tr[i], w->net[i], w->sgd, method));
        OK(set_all(w->tr[i], "steps=1"));
        if (observed && i == 0)
            OK(snn_trainer_observe(w->tr[i], SNN_OBSERVE_GRADIENTS, do_nothing, NULL));
        OK(snn_trainer_prepare(w->tr[i], 1));
    }
}

static void close_twins(struct twins *w)
{
    for (int i = 0; i < 2; i++) {
        snn_trainer_destroy(w->tr[i]);
        snn_network_destroy(w->net[i]);
    }
    snn_optimizer_destroy(w->sgd);
    snn_context_destroy(w->ctx);
}

static void same_parameters(const struct twins *w)
{
    ck_assert_mem_eq(w->net[0]->parameters, w->net[1]->parameters, w->net[0]->n_parameters * sizeof(float));
}

/* One step with a label is a batch of one sample with one step, for every method. */
START_TEST(test_learns_as_a_batch)
{
    struct twins w;
    snn_stream *s = NULL;
    snn_metrics m = SNN_METRICS_INIT;
    const uint32_t label = 2;
    float x[5], before;
    double loss;

    random_fill(x, 5, 0, 3, 4);
    open_twins(&w, methods[_i], false);
    before = w.net[0]->parameters[3];
    OK(snn_trainer_step(w.tr[0], BATCH_OF(x, 1, &label, 1), &m));
    OK(snn_trainer_stream(w.tr[1], &s));
    OK(snn_stream_step(s, x, NULL));
    OK(snn_stream_learn_label(s, label, &loss));
    ck_assert(loss == m.loss);
    ck_assert(w.net[0]->parameters[3] != before);
    same_parameters(&w);
    close_twins(&w);
}
END_TEST

static void same_gradients(const struct twins *w)
{
    const snn_network *net = w->net[0];
    float g[2][64];

    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++) {
            const struct snn__tensor *t = &net->layer[l]->tensor[i];

            for (int k = 0; k < 2 && t->trained; k++)
                OK(snn_trainer_read_gradient(w->tr[k], w->net[k]->layer[l], t->name, g[k], 64));
            for (size_t j = 0; j < t->length && t->trained; j++)
                ck_assert(g[0][j] == g[1][j]);
        }
}

/* The gradient of a step is an outer product, of which nobody makes an array unless it is observed. */
START_TEST(test_outer_product_is_the_gradient)
{
    struct twins w;
    float x[5];

    open_twins(&w, methods[_i], true);
    for (uint32_t step = 0; step < STEPS; step++) {
        const uint32_t label = step % OUT;

        random_fill(x, 5, 0, 3, 4 + step);
        for (int i = 0; i < 2; i++)
            OK(snn_trainer_step(w.tr[i], BATCH_OF(x, 1, &label, 1), NULL));
        same_gradients(&w);
        same_parameters(&w);
    }
    close_twins(&w);
}
END_TEST

/* Steps that go on are variant O of ottt over a sample of as many steps: its loss has 1/T, which is a power of 2
 * here. */
START_TEST(test_learns_online)
{
    enum { T = 4 };
    snn_context *ctx = test_context(1, 5, "best");
    static const size_t shape[3] = { 5 };
    snn_network *net[2];
    snn_optimizer *sgd[2] = { sgd_of(ctx, 0.5), sgd_of(ctx, 0.5 / T) };
    snn_trainer *tr[2];
    snn_stream *s = NULL;
    const uint32_t label = 1;
    float x[T * 5];

    random_fill(x, T * 5, 0, 3, 4);
    for (int i = 0; i < 2; i++)
        net[i] = network_of(ctx, shape, learning_net("ottt"));
    tr[0] = trainer_of(net[0], sgd[0], "ottt", "steps=4 variant=O", 1);
    tr[1] = trainer_of(net[1], sgd[1], "ottt", "steps=1", 1);
    OK(snn_trainer_step(tr[0], BATCH_OF(x, T, &label, 1), NULL));
    OK(snn_trainer_stream(tr[1], &s));
    for (int t = 0; t < T; t++) {
        OK(snn_stream_step(s, x + 5 * t, NULL));
        OK(snn_stream_learn_label(s, label, NULL));
    }
    for (size_t i = 0; i < net[0]->n_parameters; i++)
        ck_assert_float_eq_tol(net[0]->parameters[i], net[1]->parameters[i], 1e-6f);
    for (int i = 0; i < 2; i++) {
        snn_trainer_destroy(tr[i]);
        snn_network_destroy(net[i]);
        snn_optimizer_destroy(sgd[i]);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* The host's own error: that of the squared distance gives what its label gives; and steps take no memory. */
START_TEST(test_learns_from_an_error)
{
    const char *method = methods[_i];
    struct rig r;
    snn_network *twin;
    snn_optimizer *sgd;
    snn_trainer *tr[2];
    snn_stream *s[2];
    float out[64], e[OUT];
    size_t calls;

    set_up(&r, 0);
    snn_network_destroy(r.net);
    r.net = network_of(r.ctx, nets[0].shape, learning_net(method));
    twin = network_of(r.ctx, nets[0].shape, learning_net(method));
    sgd = sgd_of(r.ctx, 0.05);
    tr[0] = trainer_of(r.net, sgd, method, "steps=1 loss=half_square", 1);
    tr[1] = trainer_of(twin, sgd, method, "steps=1 loss=half_square", 1);
    for (int i = 0; i < 2; i++)
        OK(snn_trainer_stream(tr[i], &s[i]));
    calls = r.c.calls;
    for (size_t t = 0; t < STEPS; t++) {
        OK(snn_stream_step(s[0], r.x + 5 * t, out));
        for (size_t c = 0; c < OUT; c++)
            e[c] = out[c] - (c == t % OUT);
        OK(snn_stream_learn(s[0], e));
        OK(snn_stream_step(s[1], r.x + 5 * t, NULL));
        OK(snn_stream_learn_label(s[1], (uint32_t)(t % OUT), NULL));
    }
    ck_assert_uint_eq(r.c.calls, calls);
    for (size_t i = 0; i < r.net->n_parameters; i++)
        ck_assert_float_eq_tol(r.net->parameters[i], twin->parameters[i], 1e-5f);
    snn_trainer_destroy(tr[0]);
    snn_trainer_destroy(tr[1]);
    snn_network_destroy(twin);
    snn_optimizer_destroy(sgd);
    tear_down(&r);
}
END_TEST

/* A target that says what a label says teaches the same, to the last bit; and steps take no memory. */
START_TEST(test_learns_from_a_target)
{
    static const struct {
        const char *method, *settings;
    } cases[] = { { "ottt", "" }, { "ottt", "variant=O" },   { "sltt", "" },
                  { "opzo", "" }, { "opzo", "feedback=zo" }, { "opzo", "feedback=dfa online=1" },
                  { "sei", "" } };
    struct rig r;
    snn_network *twin;
    snn_optimizer *sgd;
    snn_trainer *tr[2];
    snn_stream *s[2];
    char settings[96];
    size_t calls;
    double loss[2];

    set_up(&r, 0);
    snn_network_destroy(r.net);
    r.net = network_of(r.ctx, nets[0].shape, learning_net(cases[_i].method));
    twin = network_of(r.ctx, nets[0].shape, learning_net(cases[_i].method));
    sgd = sgd_of(r.ctx, 0.05);
    snprintf(settings, sizeof settings, "steps=1 loss=mse %s", cases[_i].settings);
    tr[0] = trainer_of(r.net, sgd, cases[_i].method, settings, 1);
    tr[1] = trainer_of(twin, sgd, cases[_i].method, settings, 1);
    for (int i = 0; i < 2; i++)
        OK(snn_trainer_stream(tr[i], &s[i]));
    calls = r.c.calls;
    for (size_t t = 0; t < STEPS; t++) {
        float target[OUT] = { 0 };

        target[t % OUT] = 1;
        OK(snn_stream_step(s[0], r.x + 5 * t, NULL));
        OK(snn_stream_learn_target(s[0], target, &loss[0]));
        OK(snn_stream_step(s[1], r.x + 5 * t, NULL));
        OK(snn_stream_learn_label(s[1], (uint32_t)(t % OUT), &loss[1]));
        ck_assert_double_eq(loss[0], loss[1]);
    }
    ck_assert_uint_eq(r.c.calls, calls);
    ck_assert_mem_eq(r.net->parameters, twin->parameters, twin->n_parameters * sizeof *twin->parameters);
    snn_trainer_destroy(tr[0]);
    snn_trainer_destroy(tr[1]);
    snn_network_destroy(twin);
    snn_optimizer_destroy(sgd);
    tear_down(&r);
}
END_TEST

/* What a stream learned and its potentials go to one that only runs, which then does the same steps; and back, where
 * traces begin at zero. */
START_TEST(test_from_learning_to_running)
{
    struct twins w;
    snn_stream *s = NULL, *run = NULL;
    char state[4096], back[4096];
    void *memory;
    float x[5], want[OUT], out[OUT];
    size_t n, size;

    open_twins(&w, methods[_i], false);
    OK(snn_stream_size(w.net[0], &size));
    memory = aligned_alloc(64, size);
    OK(snn_stream_init(memory, size, w.net[0], &run));
    OK(snn_trainer_stream(w.tr[0], &s));
    for (uint32_t t = 0; t < STEPS; t++) {
        random_fill(x, 5, 0, 3, t);
        OK(snn_stream_step(s, x, NULL));
        OK(snn_stream_learn_label(s, t % OUT, NULL));
    }
    n = save_state(s, state, sizeof state);
    OK(snn_stream_refresh(run));
    OK(snn_stream_set_state(run, state, n));
    ck_assert_uint_le(save_state(run, back, sizeof back), n);
    for (uint32_t t = 0; t < STEPS && strcmp(methods[_i], "opzo") != 0; t++) { /* which adds noise while it learns */
        random_fill(x, 5, 0, 3, 50 + t);
        OK(snn_stream_step(s, x, want));
        OK(snn_stream_step(run, x, out));
        ck_assert_mem_eq(out, want, sizeof out);
    }
    n = save_state(run, back, sizeof back);
    OK(snn_trainer_stream(w.tr[0], &s));
    OK(snn_stream_set_state(s, back, n));
    OK(snn_stream_step(run, x, out));
    OK(snn_stream_step(s, x, want));
    if (strcmp(methods[_i], "opzo") != 0)
        ck_assert_mem_eq(out, want, sizeof out);
    OK(snn_stream_learn_label(s, 0, NULL));
    free(memory);
    close_twins(&w);
}
END_TEST

/* One of two learning streams meets readings and errors that are wrong, and learns the same. */
START_TEST(test_learning_goes_on)
{
    struct twins w;
    snn_stream *s[2] = { NULL, NULL };
    float x[5], huge[5], e[OUT] = { 0.1f, -0.2f, 0.1f }, wrong[OUT] = { 0, NAN, 0 };

    open_twins(&w, methods[_i], false);
    fill_with(huge, 5, FLT_MAX);
    for (int i = 0; i < 2; i++) {
        for (size_t j = 0; j < w.net[i]->n_parameters; j++)
            w.net[i]->parameters[j] *= 4;
        OK(snn_trainer_stream(w.tr[i], &s[i]));
    }
    for (uint32_t t = 0; t < STEPS; t++) {
        random_fill(x, 5, 0, 3, t);
        ck_assert(refused_whole(s[0], huge));
        FAILS(snn_stream_learn(s[0], e), SNN_ERR_STATE, "no step");
        OK(snn_stream_step(s[0], x, NULL));
        FAILS(snn_stream_learn(s[0], wrong), SNN_ERR_DIVERGED, "finite");
        FAILS(snn_stream_learn_label(s[0], 3, NULL), SNN_ERR_ARGUMENT, "label 3");
        FAILS(snn_stream_learn_target(s[0], wrong, NULL), SNN_ERR_DIVERGED,
              "target holds a value that is not finite");
        FAILS(snn_stream_learn_target(s[0], e, NULL), SNN_ERR_ARGUMENT, "for targets set loss to");
        FAILS(snn_stream_learn_target(s[0], NULL, NULL), SNN_ERR_ARGUMENT, "target is NULL");
        OK(snn_stream_learn(s[0], e)); /* the step was not used up */
        OK(snn_stream_step(s[1], x, NULL));
        OK(snn_stream_learn(s[1], e));
    }
    same_parameters(&w);
    close_twins(&w);
}
END_TEST

static snn_optimizer *optimizer_of(snn_context *ctx, const char *name, double clip)
{
    snn_optimizer *o = NULL;

    OK(snn_optimizer_create(&o, ctx, name));
    if (strcmp(name, "sgd") == 0)
        OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_MOMENTUM, 0.9));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_CLIP_NORM, clip));
    return o;
}

static void ck_finite(const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            ck_abort_msg("number %zu of %zu is %g", i, n, (double)x[i]);
}

/* One error of 1e30, finite, and far from what moments can take: refused, without a change; or clipped. */
static void learn_from_a_huge_error(const char *method, const char *optimizer, double clip)
{
    static const size_t shape[3] = { 5 };
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, shape, learning_net(method));
    snn_optimizer *o = optimizer_of(ctx, optimizer, clip);
    snn_trainer *tr = trainer_of(net, o, method, "steps=1", 1);
    snn_stream *s = NULL;
    float x[5], before[256];
    const float error[OUT] = { 1e30f, -1e30f, 1e30f }, good[OUT] = { 0.1f, 0.1f, -0.1f };

    OK(snn_trainer_stream(tr, &s));
    for (unsigned t = 0; t < 12; t++) {
        random_fill(x, 5, 0, 3, t);
        OK(snn_stream_step(s, x, NULL));
        ck_assert_uint_le(net->n_parameters, 256);
        memcpy(before, net->parameters, net->n_parameters * sizeof(float));
        if (t % 3 != 1 || clip > 0) {
            OK(snn_stream_learn(s, t % 3 == 1 ? error : good));
        } else {
            FAILS(snn_stream_learn(s, error), SNN_ERR_DIVERGED, "clip_norm");
            ck_assert_mem_eq(before, net->parameters, net->n_parameters * sizeof(float));
        }
        ck_finite(net->parameters, net->n_parameters);
        for (size_t i = 0; i < tr->run.n_moments; i++)
            ck_finite(tr->run.moment[i], tr->run.length);
    }
    ck_assert(memcmp(before, net->parameters, net->n_parameters * sizeof(float)) != 0); /* not dead */
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(o);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

START_TEST(test_huge_errors)
{
    const char *optimizer;

    for (size_t i = 0; (optimizer = snn_name(SNN_NAME_OPTIMIZER, i)) != NULL; i++)
        for (int clip = 0; clip < 2; clip++)
            learn_from_a_huge_error(methods[_i], optimizer, clip);
}
END_TEST

static void has_ended(snn_stream *s)
{
    const float x[5] = { 1 };
    const uint32_t at = 0;
    size_t n;

    FAILS(snn_stream_step(s, x, NULL), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_step_events(s, &at, 1, NULL), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_learn(s, x), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_learn_label(s, 0, NULL), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_reset(s), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_refresh(s), SNN_ERR_STATE, "ended");
    FAILS(snn_stream_set_state(s, x, sizeof x), SNN_ERR_STATE, "ended");
    ck_assert_ptr_null(snn_stream_state(s, &n));
}

/* Whatever takes the arrays of a trainer ends its stream; the handle stays good, and the same. */
START_TEST(test_trainer_ends_its_stream)
{
    struct twins w;
    snn_stream *s = NULL, *again = NULL;
    const uint32_t label = 1;
    float x[5], out[OUT];

    random_fill(x, 5, 0, 3, 4);
    open_twins(&w, "ottt", false);
    for (int by = 0; by < 3; by++) {
        OK(snn_trainer_stream(w.tr[0], &s));
        OK(snn_stream_step(s, x, out));
        if (by == 0)
            OK(snn_trainer_step(w.tr[0], BATCH_OF(x, 1, &label, 1), NULL));
        else if (by == 1)
            OK(snn_trainer_predict(w.tr[0], BATCH_OF(x, 1, NULL, 1), out));
        else
            OK(snn_trainer_prepare(w.tr[0], 4));
        has_ended(s);
    }
    FAILS(snn_trainer_stream(w.tr[0], &again), SNN_ERR_STATE, "batches of 1");
    has_ended(s);
    OK(snn_trainer_prepare(w.tr[0], 1));
    has_ended(s);
    OK(snn_trainer_stream(w.tr[0], &again));
    ck_assert_ptr_eq(s, again);
    OK(snn_stream_step(s, x, out));
    close_twins(&w);
}
END_TEST

static void refuses(const char *layers, const char *method, const char *settings, size_t batch, snn_status code,
                    const char *part)
{
    static const size_t vector[3] = { 5 }, map[3] = { 1, 3, 3 };
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, strncmp(layers, "conv", 4) == 0 ? map : vector, layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = trainer_of(net, sgd, method, settings, batch);
    snn_stream *s = NULL;

    FAILS(snn_trainer_stream(tr, &s), code, part);
    ck_assert_ptr_null(s);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

START_TEST(test_trainers_that_do_not_stream)
{
    snn_stream *s;
    static const size_t shape[3] = { 5 };
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, shape, "linear a out=4; lif n; linear o out=3");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = trainer_of(net, sgd, "opzo", "steps=1 feedback=zo", 1);
    float e[3] = { 0, NAN, 0 }, x[5] = { 1, 1, 1, 1, 1 };

    refuses("linear a out=4; lif n; linear o out=3", "ottt", "steps=2", 1, SNN_ERR_STATE, "1 step");
    refuses("linear a out=4; lif n; linear o out=3", "ottt", "steps=1", 2, SNN_ERR_STATE, "batches of 1");
    refuses("linear a out=4; lif n; linear o out=3", "bptt", "steps=1", 1, SNN_ERR_UNSUPPORTED, "within a step");
    refuses("conv2d a out=4 pad=1; batch_norm b; lif n; flatten f; linear o out=3", "sltt", "steps=1", 1,
            SNN_ERR_UNSUPPORTED, "layer b");
    refuses("linear a out=4; lif n; linear o out=3", "sltt", "steps=1 distil=0.5", 1, SNN_ERR_UNSUPPORTED, "teacher");
    FAILS(snn_trainer_stream(NULL, &s), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_trainer_stream(tr, NULL), SNN_ERR_ARGUMENT, "out");
    OK(snn_trainer_stream(tr, &s));
    FAILS(snn_stream_learn_label(s, 0, NULL), SNN_ERR_STATE, "no step");
    OK(snn_stream_step(s, x, NULL));
    FAILS(snn_stream_learn(s, e), SNN_ERR_DIVERGED, "finite");
    OK(snn_stream_step(s, x, NULL));
    e[1] = 0;
    FAILS(snn_stream_learn(s, e), SNN_ERR_UNSUPPORTED, "label");
    OK(snn_stream_step(s, x, NULL));
    FAILS(snn_stream_learn_label(s, 3, NULL), SNN_ERR_ARGUMENT, "label 3");
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stream: learning");
    TCase *t = tcase_create("stream");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_learns_as_a_batch, 0, 4);
    tcase_add_loop_test(t, test_outer_product_is_the_gradient, 0, 4);
    tcase_add_test(t, test_learns_online);
    tcase_add_loop_test(t, test_learns_from_an_error, 0, 4);
    tcase_add_loop_test(t, test_learns_from_a_target, 0, 7);
    tcase_add_loop_test(t, test_from_learning_to_running, 0, 4);
    tcase_add_loop_test(t, test_learning_goes_on, 0, 4);
    tcase_add_loop_test(t, test_huge_errors, 0, 4);
    tcase_add_test(t, test_trainer_ends_its_stream);
    tcase_add_test(t, test_trainers_that_do_not_stream);
    suite_add_tcase(s, t);
    return run_suite(s);
}
