/* Evaluation: the same whatever the method plans for training, the same when watched, and counts that a hand can
 * check. */
#include "trainer/builder.h"

enum { BATCH = 3, STEPS = 5 };

#define LIF "decay=0.6 threshold=0.5 surrogate=arctan"

static const struct {
    size_t shape[3];
    const char *layers;
    bool same_in_training; /* neither batch norm nor dropout */
} nets[] = {
    { { 5 }, "linear a out=7; lif n " LIF "; linear o out=3", true },
    { { 5 }, "linear a out=6; add s <a <rec:1; lif n " LIF "; linear rec out=6 <n; linear o out=3 <n", true },
    { { 5 }, "linear a out=6; linear rec out=6 <n:1; add s <a <rec; lif n " LIF "; linear o out=3", true },
    { { 5 },
      "linear a out=6; linear fb out=6 <m:1; add s <a <fb; cuba n threshold=0.5; linear b out=4; alif m "
      "threshold=0.3; "
      "linear o out=3",
      true },
    { { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <a:1; add s <n <b; plif m threshold=0.3; linear o out=3",
      true },
    { { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <n:1; lif m " LIF
      "; linear p out=3 <m; linear q out=3 <n; add o <p <q",
      true },
    { { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <n:1; scale h value=0.7 <b:1; add s <a <h; if m; linear o out=3",
      true },
    { { 5 },
      "linear a out=6; lif n " LIF "; scale k value=2; linear b out=6 <k:1; add s <a <b; lif m " LIF
      " reset=zero; dropout d; linear o out=3; lif r reset=none",
      false },
    { { 2, 6, 6 },
      "conv2d a out=4 pad=1 standardise=1; lif n " LIF "; conv2d b out=4 pad=1; gain g value=0.5; add s <g <n; "
      "lif m " LIF "; scale k value=2.7; avgpool p; upsample u; adaptive_avgpool q size=2; flatten f; linear o out=3",
      true },
    { { 2, 6, 6 },
      "conv2d a out=4 pad=1; batch_norm bn; lif n " LIF
      "; sumpool p; conv2d b out=4 kernel=1; batch_norm bm; lif m " LIF "; flatten f; linear o out=3",
      false },
};

#define NETS (int)(sizeof nets / sizeof *nets)

/* Every layer's output and every population's membrane of a run, one step behind the other. */
struct film {
    float *frame;
    size_t room, used;
};

static void shoot(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct film *film = user;

    for (size_t l = 0; phase == SNN_PHASE_FORWARD && l < tr->net->n_layers; l++)
        for (int signal = SNN_SIGNAL_OUTPUT; signal <= SNN_SIGNAL_MEMBRANE; signal++) {
            size_t n = BATCH * snn__shape_length(&tr->net->layer[l]->out);

            if (step < tr->pass.unit[l].absent || (signal == SNN_SIGNAL_MEMBRANE && tr->net->layer[l]->model == NULL))
                continue;
            ck_assert_uint_le(film->used + n, film->room);
            OK(snn_trainer_read_signal(tr, tr->net->layer[l], (snn_signal)signal, film->frame + film->used, n));
            film->used += n;
        }
}

struct run {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    float *x, out[BATCH * 3];
    struct film film;
};

/* With a method, or NULL: an evaluator. */
static void open_run(struct run *r, int i, const char *method, bool watched)
{
    size_t n = STEPS * BATCH * length_of(nets[i].shape);

    memset(r, 0, sizeof *r);
    r->ctx = test_context(2, 3, "best");
    r->net = network_of(r->ctx, nets[i].shape, nets[i].layers);
    shake(r->net);
    r->sgd = sgd_of(r->ctx, 0);
    if (method != NULL)
        OK(snn_trainer_create(&r->tr, r->net, r->sgd, method));
    else
        OK(snn_evaluator_create(&r->tr, r->net));
    OK(snn_trainer_set_i64(r->tr, SNN_TRAINER_STEPS, STEPS));
    r->film.room = 1 << 18;
    r->film.frame = calloc(r->film.room, sizeof(float));
    if (watched)
        OK(snn_trainer_observe(r->tr, SNN_OBSERVE_SIGNALS, shoot, &r->film));
    OK(snn_trainer_prepare(r->tr, BATCH));
    r->x = malloc(n * sizeof *r->x);
    random_fill(r->x, n, 0, 2, 9);
}

static void close_run(struct run *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
    free(r->film.frame);
}

/* Same bits for every method and for an evaluator, frames or static, before and after training. */
START_TEST(test_every_method_evaluates_alike)
{
    static const char *const methods[] = { "sltt", "ottt", "bptt", NULL };
    static const uint32_t label[BATCH] = { 0, 1, 2 };
    size_t frames = _i / NETS ? STEPS : 1;
    struct run first, r;

    open_run(&first, _i % NETS, NULL, false);
    OK(snn_trainer_predict(first.tr, BATCH_OF(first.x, frames, NULL, BATCH), first.out));
    ck_assert_double_gt(norm_of(first.out, BATCH * 3), 0);
    for (int m = 0; m < 4; m++)
        for (int watched = 0; watched < 2; watched++) {
            open_run(&r, _i % NETS, methods[m], watched);
            for (int again = 0; again < 2; again++) {
                r.film.used = 0;
                OK(snn_trainer_predict(r.tr, BATCH_OF(r.x, frames, NULL, BATCH), r.out));
                ck_assert_msg(memcmp(first.out, r.out, sizeof r.out) == 0, "%s, watched %d, again %d",
                              methods[m] ? methods[m] : "evaluator", watched, again);
                r.film.used = 0;
                if (methods[m] && nets[_i % NETS].same_in_training) /* batch norm's running values would move */
                    OK(snn_trainer_step(r.tr, BATCH_OF(r.x, frames, label, BATCH), NULL));
            }
            close_run(&r);
        }
    close_run(&first);
}
END_TEST

/* The signals of every layer in training are those of evaluation. */
START_TEST(test_training_computes_what_evaluation_does)
{
    static const char *const methods[] = { "sltt", "ottt", "bptt" };
    static const uint32_t label[BATCH] = { 0, 1, 2 };
    struct run a, b;

    if (!nets[_i].same_in_training)
        return;
    for (int m = 0; m < 3; m++) {
        open_run(&a, _i, methods[m], true);
        open_run(&b, _i, NULL, true);
        OK(snn_trainer_step(a.tr, BATCH_OF(a.x, STEPS, label, BATCH), NULL));
        OK(snn_trainer_predict(b.tr, BATCH_OF(b.x, STEPS, NULL, BATCH), b.out));
        ck_assert_uint_eq(a.film.used, b.film.used);
        ck_assert_msg(distance(a.film.frame, b.film.frame, a.film.used) <= 1e-6, "%s: %g", methods[m],
                      distance(a.film.frame, b.film.frame, a.film.used));
        close_run(&a);
        close_run(&b);
    }
}
END_TEST

/* A network must say something at some step. */
START_TEST(test_an_output_that_comes_late)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, (size_t[3]){ 4 }, "linear a out=5; lif n; linear late out=3 <n:9");
    snn_trainer *tr = NULL;

    OK(snn_evaluator_create(&tr, net));
    FAILS(snn_trainer_prepare(tr, 2), SNN_ERR_UNSUPPORTED, "late");
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- counts ---- */

static void write_tensor(snn_network *net, const char *layer, const char *name, const float *value, size_t n)
{
    snn_tensor t = SNN_TENSOR_INIT;

    OK(snn_layer_tensor_named(snn_network_layer_named(net, layer), name, &t));
    ck_assert_uint_eq(t.length, n);
    memcpy(t.data, value, n * sizeof *value);
}

static snn_layer_metrics metrics_of(const snn_trainer *tr, size_t layer)
{
    snn_layer_metrics m = SNN_LAYER_METRICS_INIT;

    OK(snn_trainer_layer_metrics(tr, tr->net->layer[layer], &m));
    return m;
}

#define NEAR(a, b) ck_assert_double_eq_tol(a, b, 1e-9)

/* Sample 0 is (1, 0, 2): both hidden neurons fire at both steps. Sample 1 is nothing, and nobody fires. */
START_TEST(test_counts)
{
    static const float x[] = { 1, 0, 2, 0, 0, 0 }, a[] = { 1, 0, 0, 0, 1, 1 }, o[] = { 1, 1, 0, 1 };
    static const uint32_t label[] = { 0, 1 };
    struct array_set arrays = { x, label, 3, 1 };
    snn_context *ctx = test_context(2, 1, "best");
    snn_network *net =
        network_of(ctx, (size_t[3]){ 3 }, "linear a out=2 bias=0; lif n decay=0; linear o out=2 bias=0");
    snn_dataset *set = dataset_of(ctx, &arrays, (size_t[3]){ 3 }, 2, 2);
    snn_trainer *tr = NULL;
    snn_metrics m = SNN_METRICS_INIT;

    write_tensor(net, "a", "weight", a, 6);
    write_tensor(net, "o", "weight", o, 4);
    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 2));
    OK(snn_trainer_prepare(tr, 1 + (size_t)_i)); /* two batches, or one */
    for (int again = 0; again < 2; again++) {
        OK(snn_trainer_evaluate(tr, set, &m));
        ck_assert_uint_eq(m.samples, 2);
        NEAR(m.firing_rate, 0.5);
        NEAR(metrics_of(tr, 1).firing_rate, 0.5);
        NEAR(metrics_of(tr, 0).synops_dense, 12);
        NEAR(metrics_of(tr, 0).synops_mac, 2); /* inputs 1 and 2 reach one weight each: (2 + 2) of 2 samples */
        NEAR(metrics_of(tr, 0).synops_ac, 0);
        NEAR(metrics_of(tr, 2).synops_dense, 8);
        NEAR(metrics_of(tr, 2).synops_mac, 0);
        NEAR(metrics_of(tr, 2).synops_ac, 3); /* spikes reach one and two weights: (3 + 3) of 2 samples */
        NEAR(m.synops_dense, 20);
        NEAR(m.synops_mac, 2);
        NEAR(m.synops_ac, 3);
        NEAR(m.accuracy, 0.5); /* (2, 1) is class 0; of (0, 0) the first wins, the label is 1 */
        /* outputs are (2, 1) and (0, 0) at both steps */
        ck_assert_double_eq_tol(m.loss, (log(1 + exp(-1)) + log(2)) / 2, 1e-6);
    }
    snn_trainer_destroy(tr);
    snn_dataset_destroy(set);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* A 3x3 map under a padded 3x3 window: 2 + 3 + 2 taps meet the map along each axis, 49 pairs; two channels out. */
START_TEST(test_counts_of_a_convolution)
{
    static const float x[9] = { 1, 1, 1, 1, 1, 1, 1, 1, 1 }, centre[9] = { 0, 0, 0, 0, 1, 0, 0, 0, 0 };
    static const uint32_t label[] = { 0, 0 };
    float both[18];
    struct array_set arrays = { both, label, 9, 1 };
    size_t shape[3] = { 1, 3, 3 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net =
        network_of(ctx, shape, "conv2d c out=2 pad=1; lif n; avgpool p kernel=0; flatten f; linear o out=2");
    snn_dataset *set = dataset_of(ctx, &arrays, shape, 2, 2);
    snn_trainer *tr = NULL;
    snn_metrics m = SNN_METRICS_INIT;

    memcpy(both, x, sizeof x);
    memcpy(both + 9, centre, sizeof centre);
    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 4));
    OK(snn_trainer_prepare(tr, 2));
    OK(snn_trainer_evaluate(tr, set, &m));
    NEAR(metrics_of(tr, 0).synops_dense, 4 * 98);
    NEAR(metrics_of(tr, 0).synops_ac, 4 * (98 + 18) / 2.0); /* an input of ones */
    NEAR(metrics_of(tr, 0).synops_mac, 0);
    NEAR(metrics_of(tr, 4).synops_ac, 0); /* an average of spikes is a real number */
    snn_trainer_destroy(tr);
    snn_dataset_destroy(set);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* The worked example of NeuroBench: W = [[1.3, 0, -3.2], [0, 1.2, -5.1], [-1.1, 2.7, 0]] has effective 4, dense 9
 * for x = [0, 1.3, -1]: multiply-accumulates, as 1.3 is neither -1, 0 nor 1. */
START_TEST(test_operations_of_the_worked_example)
{
    static const float w[] = { 1.3f, 0, -3.2f, 0, 1.2f, -5.1f, -1.1f, 2.7f, 0 };
    static const struct {
        float x[3];
        double macs, acs;
    } of[] = { { { 0, 1.3f, -1 }, 4, 0 }, { { 0, 1, -1 }, 0, 4 }, { { 0, 0, 0 }, 0, 0 }, { { 1, 0.5f, 0 }, 4, 0 } };
    static const uint32_t label[] = { 0 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, (size_t[3]){ 3 }, "linear a out=3 bias=0");
    snn_trainer *tr = NULL;
    snn_metrics m = SNN_METRICS_INIT;

    write_tensor(net, "a", "weight", w, 9);
    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 1));
    OK(snn_trainer_prepare(tr, 1));
    for (size_t i = 0; i < sizeof of / sizeof of[0]; i++) {
        struct array_set arrays = { of[i].x, label, 3, 1 };
        snn_dataset *set = dataset_of(ctx, &arrays, (size_t[3]){ 3 }, 1, 3);

        OK(snn_trainer_evaluate(tr, set, &m));
        NEAR(m.synops_dense, 9);
        NEAR(m.synops_mac, of[i].macs);
        NEAR(m.synops_ac, of[i].acs);
        snn_dataset_destroy(set);
    }
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* The network of NeuroBench's keyword baseline, 20-256-256-256-35 over 200 steps: dense 29,030,400. */
START_TEST(test_operations_of_the_keyword_baseline)
{
    static const float x[20] = { 1, 0, 1 };
    static const uint32_t label[] = { 0 };
    struct array_set arrays = { x, label, 20, 1 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, (size_t[3]){ 20 },
                                  "linear a out=256; lif l; linear b out=256; lif m; linear c out=256; lif n; "
                                  "linear d out=35; lif o");
    snn_dataset *set = dataset_of(ctx, &arrays, (size_t[3]){ 20 }, 1, 35);
    snn_trainer *tr = NULL;
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 200));
    OK(snn_trainer_prepare(tr, 1));
    OK(snn_trainer_evaluate(tr, set, &m));
    NEAR(m.synops_dense, 29030400);
    NEAR(m.synops_mac, 0);
    NEAR(metrics_of(tr, 0).synops_ac, 200 * 2 * 256);
    snn_trainer_destroy(tr);
    snn_dataset_destroy(set);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("network: evaluation");
    TCase *same = tcase_create("the same"), *counts = tcase_create("counts");

    tcase_set_timeout(same, 60);
    tcase_add_loop_test(same, test_every_method_evaluates_alike, 0, 2 * NETS);
    tcase_add_loop_test(same, test_training_computes_what_evaluation_does, 0, NETS);
    tcase_add_test(same, test_an_output_that_comes_late);
    tcase_add_loop_test(counts, test_counts, 0, 2);
    tcase_add_test(counts, test_counts_of_a_convolution);
    tcase_add_test(counts, test_operations_of_the_worked_example);
    tcase_add_test(counts, test_operations_of_the_keyword_baseline);
    suite_add_tcase(suite, same);
    suite_add_tcase(suite, counts);
    return run_suite(suite);
}
