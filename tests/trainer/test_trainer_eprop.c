/* eprop beyond its golden cases: the gradients of bptt where nothing else goes through time, ottt where that is the
 * same, threads, streams and their state, memory, and what it refuses. */
#include "builder.h"

enum { BATCH = 5, CLASSES = 3, STEPS = 6, IN = 8 };

static const size_t vector[3] = { IN }, map[3] = { 2, 6, 6 };

#define LIF "decay=0.6 threshold=0.6"
#define ALIF "decay=0.7 threshold=0.5 adapt_decay=0.8 adapt_strength=0.9"
#define LEAKY "; lif r decay=0.8 reset=none"

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    size_t in;
    uint32_t label[BATCH];
    float x[STEPS * BATCH * 72];
};

static void open_with(struct rig *r, const size_t shape[3], const char *layers, const char *method,
                      const char *settings, uint32_t threads, double lr, size_t batch)
{
    r->ctx = test_context(threads, 4, "best");
    r->net = network_of(r->ctx, shape, layers);
    r->in = length_of(shape);
    for (size_t l = 0; l < r->net->n_layers; l++) /* biases are 0 at first */
        if (r->net->layer[l]->n_tensors > 1)
            random_fill(r->net->layer[l]->tensor[1].data, r->net->layer[l]->tensor[1].length, -0.2f, 0.4f,
                        (unsigned)l);
    r->sgd = sgd_of(r->ctx, lr);
    r->tr = trainer_of(r->net, r->sgd, method, settings, batch);
    random_fill(r->x, STEPS * BATCH * r->in, 0.0f, 1.5f, 3);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void open_rig(struct rig *r, const size_t shape[3], const char *layers, const char *method,
                     const char *settings, uint32_t threads)
{
    char text[128];

    snprintf(text, sizeof text, "steps=%d %s", STEPS, settings);
    open_with(r, shape, layers, method, text, threads, 0.1, BATCH);
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

static void same_parameters(const struct rig *a, const struct rig *b)
{
    ck_assert_mem_eq(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float));
}

/* ---- gradients ---- */

/* |a - b| / |b| of the gradients of a batch. */
static double gradient_distance(const struct rig *a, const struct rig *b)
{
    double square = 0, of = 0;

    for (size_t i = 0; i < a->net->n_parameters; i++) {
        const double x = (double)a->tr->pass.gradient[i], y = (double)b->tr->pass.gradient[i];

        square += (x - y) * (x - y);
        of += y * y;
    }
    ck_assert(of > 0);
    return sqrt(square / of);
}

/* One population: what is left of time is its own state, and the readout's. */
static const struct {
    const size_t *shape;
    const char *layers;
} single[] = {
    { vector, "linear a out=9; lif n " LIF "; linear o out=3" },
    { vector, "linear a out=9; if n threshold=2; linear o out=3" },
    { vector, "linear a out=9; lif n refractory=2 " LIF "; linear o out=3" LEAKY },
    { vector, "linear a out=9; lif n surrogate=triangle alpha=1 " LIF "; linear o out=3; if r reset=none" },
    { vector, "linear a out=9 bias=0; lif n input_scaled=1 threshold=0.2 decay=0.4; linear o out=3; "
              "lif r input_scaled=1 decay=0.7 reset=none" },
    { vector, "linear a out=9; alif n " ALIF "; linear o out=3" },
    { vector, "linear a out=9; alif n refractory=1 input_scaled=1 " ALIF " threshold=0.1; linear o out=3" LEAKY },
    { vector, "linear a out=9 standardise=1; lif n " LIF "; scale k value=1.5; linear o out=3" LEAKY },
    { vector,
      "linear a out=4; lif n " LIF "; linear b out=5 <input; alif m " ALIF "; linear o out=3 <n; linear p out=3 <m; "
      "add s <o <p" LEAKY },
    { map, "conv2d a out=4 pad=1 standardise=1; avgpool p; lif n " LIF "; flatten f; linear o out=3" },
};

START_TEST(test_is_bptt_through_one_population)
{
    struct rig a, b;
    double d;

    open_rig(&a, single[_i].shape, single[_i].layers, "eprop", "", 1);
    open_rig(&b, single[_i].shape, single[_i].layers, "bptt", "detach_reset=1", 1);
    for (int is_static = 0; is_static < 2; is_static++) {
        steps(&a, 1, is_static);
        steps(&b, 1, is_static);
        d = gradient_distance(&a, &b);
        ck_assert_msg(d < 1e-5, "%s: off by %g", single[_i].layers, d);
        memcpy(b.net->parameters, a.net->parameters, a.net->n_parameters * sizeof(float));
    }
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* Neurons that forget at once leave both methods the spikes of the step. */
START_TEST(test_is_ottt_without_memory)
{
    static const char layers[] = "linear a out=9; lif n decay=0 threshold=0.4; linear o out=3";
    struct rig a, b;

    open_rig(&a, vector, layers, "eprop", "", 1);
    open_rig(&b, vector, layers, "ottt", "", 1);
    steps(&a, 3, false);
    steps(&b, 3, false);
    same_parameters(&a, &b);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* An adaptation of strength 0 takes the way of single synapses to the same gradient. */
START_TEST(test_both_ways_agree)
{
    struct rig a, b;

    open_rig(&a, vector, "linear a out=9; lif n " LIF "; linear b out=7; lif m " LIF "; linear o out=3", "eprop",
             "feedback=random", 1);
    open_rig(&b, vector,
             "linear a out=9; alif n adapt_strength=0 " LIF "; linear b out=7; alif m adapt_strength=0 " LIF
             "; linear o out=3",
             "eprop", "feedback=random", 1);
    steps(&a, 1, false);
    steps(&b, 1, false);
    ck_assert(gradient_distance(&a, &b) < 1e-6);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* ---- threads ---- */

static const struct {
    const size_t *shape;
    const char *layers, *settings;
} nets[] = {
    { vector, "linear a out=40; lif n " LIF "; linear o out=3", "" },
    { vector, "linear a out=40; linear fb out=40 <n:1; add s <a <fb; alif n " ALIF "; linear o out=3" LEAKY, "" },
    { vector, "linear a out=40; lif n " LIF "; linear b out=30; alif m " ALIF "; linear o out=3" LEAKY,
      "feedback=random" },
    { map, "conv2d a out=4 pad=1; lif n " LIF "; avgpool p; conv2d b out=5; lif m " LIF "; flatten f; linear o out=3",
      "feedback=random" },
};

START_TEST(test_threads)
{
    struct rig a, b;

    open_rig(&a, nets[_i].shape, nets[_i].layers, "eprop", nets[_i].settings, 1);
    open_rig(&b, nets[_i].shape, nets[_i].layers, "eprop", nets[_i].settings, 3);
    steps(&a, 3, false);
    steps(&b, 3, false);
    same_parameters(&a, &b);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* ---- streams ---- */

static void open_stream(struct rig *r, int which, snn_stream **s)
{
    char text[64];

    snprintf(text, sizeof text, "steps=1 %s", nets[which].settings);
    open_with(r, nets[which].shape, nets[which].layers, "eprop", text, 1, 0.1, 1);
    OK(snn_trainer_stream(r->tr, s));
}

static void stream_steps(struct rig *r, snn_stream *s, size_t from, size_t to)
{
    for (size_t t = from; t < to; t++)
        OK(snn_stream_step(s, r->x + t * r->in, NULL));
}

/* The gradient of the last step, of a sample. */
static void take_last(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    if (phase == SNN_PHASE_GRADIENT && step + 1 == STEPS)
        memcpy(user, tr->pass.gradient, tr->net->n_parameters * sizeof(float));
}

/* Steps without learning count: what the last one teaches is what it teaches in a batch. */
START_TEST(test_learns_from_steps_before)
{
    struct rig a, b;
    snn_stream *s = NULL;
    char text[64];
    float *want, worst = 0, most = 0;

    open_stream(&a, _i, &s);
    snprintf(text, sizeof text, "steps=%d %s", STEPS, nets[_i].settings);
    open_with(&b, nets[_i].shape, nets[_i].layers, "eprop", text, 1, 0.0, 1);
    want = calloc(b.net->n_parameters, sizeof *want);
    snn_trainer_destroy(b.tr);
    OK(snn_trainer_create(&b.tr, b.net, b.sgd, "eprop"));
    OK(set_all(b.tr, text));
    OK(snn_trainer_observe(b.tr, SNN_OBSERVE_GRADIENTS, take_last, want));
    OK(snn_trainer_prepare(b.tr, 1));
    OK(snn_trainer_step(b.tr, BATCH_OF(b.x, STEPS, b.label, 1), NULL));
    stream_steps(&a, s, 0, STEPS);
    OK(snn_stream_learn_label(s, b.label[0], NULL));
    for (size_t i = 0; i < a.net->n_parameters; i++) {
        const float got = (b.net->parameters[i] - a.net->parameters[i]) / 0.1f / (float)STEPS;

        worst = fmaxf(worst, fabsf(got - want[i]));
        most = fmaxf(most, fabsf(want[i]));
    }
    ck_assert_msg(most > 0 && worst < 2e-5f * fmaxf(most, 0.1f), "off by %g of %g", (double)worst, (double)most);
    free(want);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* A copied state goes on with its eligibilities; a refused step leaves them. */
START_TEST(test_state)
{
    struct rig a, b;
    snn_stream *s = NULL, *t = NULL;
    size_t bytes = 0;
    const void *state;
    float huge[IN];

    open_stream(&a, _i, &s);
    open_stream(&b, _i, &t);
    stream_steps(&a, s, 0, 3);
    state = snn_stream_state(s, &bytes);
    stream_steps(&b, t, 3, 5);
    OK(snn_stream_set_state(t, state, bytes));
    for (size_t i = 0; i < IN; i++)
        huge[i] = 3e38f;
    if (nets[_i].shape == vector) /* few numbers overflow in a convolution of this size */
        FAILS(snn_stream_step(t, huge, NULL), SNN_ERR_DIVERGED, "the step was not made");
    stream_steps(&a, s, 3, STEPS);
    stream_steps(&b, t, 3, STEPS);
    OK(snn_stream_learn_label(s, 1, NULL));
    OK(snn_stream_learn_label(t, 1, NULL));
    same_parameters(&a, &b);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* A state without eligibilities begins with none: as a stream that learns by another method, or by none, has it. */
START_TEST(test_state_of_others)
{
    struct rig a, b;
    snn_stream *s = NULL, *t = NULL;
    size_t bytes = 0;
    const void *state;

    open_stream(&a, 0, &s);
    open_with(&b, nets[0].shape, nets[0].layers, "ottt", "steps=1", 1, 0.1, 1);
    OK(snn_trainer_stream(b.tr, &t));
    stream_steps(&b, t, 0, 3);
    state = snn_stream_state(t, &bytes);
    OK(snn_stream_set_state(s, state, bytes));
    state = snn_stream_state(s, &bytes);
    OK(snn_stream_set_state(t, state, bytes));
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* ---- memory ---- */

static uint64_t bytes_of(const char *layers, const char *settings)
{
    struct rig r;
    uint64_t bytes;

    open_rig(&r, vector, layers, "eprop", settings, 1);
    bytes = about(r.tr).bytes;
    close_rig(&r);
    return bytes;
}

/* Single synapses have memory where they need it, and there once for ebar and once for eps_b. */
START_TEST(test_memory)
{
    const uint64_t synapses = BATCH * (IN + 1) * 200 * sizeof(float);
    const uint64_t plain = bytes_of("linear a out=200; lif n " LIF "; linear o out=3", ""),
                   leaky = bytes_of("linear a out=200; lif n " LIF "; linear o out=3" LEAKY, ""),
                   adapts = bytes_of("linear a out=200; alif n " ALIF "; linear o out=3" LEAKY, "");

    ck_assert_uint_ge(leaky, plain + synapses);
    ck_assert_uint_ge(adapts, leaky + synapses);
    ck_assert_uint_lt(adapts, leaky + 2 * synapses);
}
END_TEST

START_TEST(test_matrices)
{
    struct rig r;

    open_rig(&r, nets[2].shape, nets[2].layers, "eprop", nets[2].settings, 1);
    ck_assert_uint_eq(r.tr->n_memory, 2);
    ck_assert_str_eq(r.tr->memory[0].name, "n.feedback");
    ck_assert_str_eq(r.tr->memory[1].name, "m.feedback");
    ck_assert_uint_eq(r.tr->memory[1].rows, CLASSES);
    ck_assert_uint_eq(r.tr->memory[1].columns, 30);
    ck_assert(r.tr->memory[0].data[0] != 0 && r.tr->memory[0].data[0] != r.tr->memory[1].data[0]);
    close_rig(&r);
    open_rig(&r, vector, nets[0].layers, "eprop", "", 1);
    ck_assert_uint_eq(r.tr->n_memory, 0);
    close_rig(&r);
}
END_TEST

/* ---- refusals ---- */

static const struct {
    const size_t *shape;
    const char *layers, *settings, *message;
} refused[] = {
    { vector, "linear a out=9; lif n; linear b out=7; lif m; linear o out=3", "",
      "population n: symmetric feedback" },
    { vector, "linear a out=9; lif n; linear b out=7 <n:1; lif m; linear o out=3", "",
      "population n: symmetric feedback" },
    { vector, "linear a out=9; lif n; linear o out=3; lif r", "", "population r must have reset none" },
    { vector, "linear a out=9; lif n; linear o out=3; alif r reset=none", "",
      "if or lif, as the readout, not of alif" },
    { vector, "linear a out=9; lif n; linear o out=3; scale k value=2", "", "the last layer, k, must be a readout" },
    { vector, "linear a out=9; lif n reset=zero; linear o out=3", "", "population n must have reset subtract" },
    { vector, "linear a out=9; cuba n; linear o out=3", "", "if, lif or alif, not of cuba" },
    { vector, "linear a out=9; plif n; linear o out=3", "", "not of plif" },
    { vector, "linear a out=9; dsr_lif n; linear o out=3; dsr_lif r", "", "not of dsr_lif" },
    { vector, "linear a out=9; lif n per_neuron=1; linear o out=3", "", "decays of their own share no trace" },
    { vector, "linear a out=9; batch_norm bn; lif n; linear o out=3", "",
      "batch_norm is neither linear nor neurons" },
    { vector, "linear a out=9; gain g; lif n; linear o out=3", "", "gain is neither linear nor neurons" },
    { map, "conv2d a out=4; maxpool p; lif n; flatten f; linear o out=3", "",
      "maxpool is neither linear nor neurons" },
    { vector, "linear a out=9; linear b out=7; lif n; linear o out=3", "", "layer a must drive one population" },
    { vector, "linear a out=9; lif n; lif m <a; add s <n <m; linear o out=3", "",
      "layer a must drive one population" },
    { vector, "linear a out=9; lif n; linear side out=3; linear o out=3 <n", "",
      "layer side must drive one population" },
    { map, "conv2d a out=4; lif n; flatten f; linear o out=3" LEAKY, "",
      "layer a: neurons that adapt, or that a leaky" },
    { vector, "linear a out=9; scale k value=2; alif n; linear o out=3", "", "layer a: neurons that adapt" },
};

START_TEST(test_refuses)
{
    snn_context *ctx = test_context(1, 4, "best");
    snn_network *net = network_of(ctx, refused[_i].shape, refused[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = NULL;

    OK(snn_trainer_create(&tr, net, sgd, "eprop"));
    OK(set_all(tr, refused[_i].settings));
    FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, refused[_i].message);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: eprop");
    TCase *c = tcase_create("eprop");

    tcase_set_timeout(c, 60);
    tcase_add_loop_test(c, test_is_bptt_through_one_population, 0, sizeof single / sizeof *single);
    tcase_add_test(c, test_is_ottt_without_memory);
    tcase_add_test(c, test_both_ways_agree);
    tcase_add_loop_test(c, test_threads, 0, sizeof nets / sizeof *nets);
    tcase_add_loop_test(c, test_learns_from_steps_before, 0, sizeof nets / sizeof *nets);
    tcase_add_loop_test(c, test_state, 0, sizeof nets / sizeof *nets);
    tcase_add_test(c, test_state_of_others);
    tcase_add_test(c, test_memory);
    tcase_add_test(c, test_matrices);
    tcase_add_loop_test(c, test_refuses, 0, sizeof refused / sizeof *refused);
    suite_add_tcase(suite, c);
    return run_suite(suite);
}
