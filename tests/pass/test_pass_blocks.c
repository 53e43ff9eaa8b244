/* Evaluations in blocks of samples: what a trainer that is prepared for such a block gives, block after block. */
#include "trainer/builder.h"

enum { BATCH = 37, STEPS = 4, CLASSES = 3 };

#define LIF "decay=0.6 threshold=0.5"

static const struct {
    size_t shape[3];
    const char *layers;
} nets[] = {
    { { 2, 6, 6 },
      "conv2d a out=8 pad=1; batch_norm an; lif n " LIF "; conv2d b out=8 pad=1 binary=scaled; batch_norm bn; "
      "add s <bn <an; lif m " LIF "; avgpool p; flatten f; linear o out=3" },
    { { 2, 6, 6 },
      "conv2d a out=8 pad=1 standardise=1; add s <a <fb:1; lif n " LIF
      "; conv2d b out=8 pad=1 <n; plif m threshold=0.3; "
      "conv2d fb out=8 pad=1 <m; avgpool p kernel=0 <m; flatten f; linear o out=3; scale k value=0.3" },
    { { 2, 6, 6 },
      "conv2d a out=8 pad=1; lif n " LIF "; conv2d b out=8 pad=1 <n:2; conv2d c out=8 pad=1 <n:1; add s <b <c; "
      "lif m threshold=0.3; flatten f; linear o out=3 <f:1" },
    { { 2, 5, 5 },
      "conv2d a out=4 pad=1; cuba n threshold=0.5; conv_transpose2d b out=4; alif m threshold=0.3; flatten f; "
      "linear o out=3; lif r reset=none" },
};

#define NETS (int)(sizeof nets / sizeof *nets)

struct run {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
};

/* With a method, or NULL: an evaluator. */
static struct run open_run(int i, const char *method, uint32_t threads, size_t batch)
{
    struct run r = { .ctx = test_context(threads, 3, "best") };

    r.net = network_of(r.ctx, nets[i].shape, nets[i].layers);
    shake(r.net);
    r.sgd = sgd_of(r.ctx, 0.1);
    if (method != NULL)
        OK(snn_trainer_create(&r.tr, r.net, r.sgd, method));
    else
        OK(snn_evaluator_create(&r.tr, r.net));
    OK(snn_trainer_set_i64(r.tr, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_prepare(r.tr, batch));
    return r;
}

static void close_run(struct run *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

/* x[frames][BATCH][n] */
static float *inputs(int i, size_t frames)
{
    const size_t n = frames * BATCH * length_of(nets[i].shape);
    float *x = malloc(n * sizeof *x);

    random_fill(x, n, 0, 2, 9);
    return x;
}

/* The outputs of a trainer that is prepared for no more than a block. */
static void predict_in_parts(int i, size_t most, const float *x, size_t frames, float *out)
{
    const size_t n = length_of(nets[i].shape);
    struct run r = open_run(i, NULL, 1, most);
    float *part = malloc(frames * most * n * sizeof *part);

    ck_assert_uint_eq(r.tr->blocks.most, 0);
    for (size_t first = 0; first < BATCH; first += most) {
        const size_t count = most < BATCH - first ? most : BATCH - first;

        for (size_t t = 0; t < frames; t++)
            memcpy(part + t * count * n, x + (t * BATCH + first) * n, count * n * sizeof *part);
        OK(snn_trainer_predict(r.tr, BATCH_OF(part, frames, NULL, count), out + first * CLASSES));
    }
    free(part);
    close_run(&r);
}

/* Static samples and frames, trainers and evaluators, any number of threads. */
START_TEST(blocks_are_batches)
{
    static const char *const methods[] = { NULL, "sltt", "bptt" };
    const size_t frames = _i / NETS ? STEPS : 1;
    float expected[BATCH * CLASSES], out[BATCH * CLASSES], *x = inputs(_i % NETS, frames);

    for (size_t k = 0; k < 6; k++) {
        struct run r = open_run(_i % NETS, methods[k % 3], 1 + 2 * (k / 3), BATCH);

        ck_assert_uint_gt(r.tr->blocks.most, 0);
        if (k == 0)
            predict_in_parts(_i % NETS, r.tr->blocks.most, x, frames, expected);
        memset(out, 0, sizeof out);
        OK(snn_trainer_predict(r.tr, BATCH_OF(x, frames, NULL, BATCH), out));
        ck_assert_double_gt(norm_of(out, BATCH * CLASSES), 0);
        ck_assert_msg(memcmp(out, expected, sizeof out) == 0, "%s, %d threads", k % 3 ? methods[k % 3] : "evaluator",
                      (int)(1 + 2 * (k / 3)));
        close_run(&r);
    }
    free(x);
}
END_TEST

/* Blocks read the weights that training left. */
START_TEST(blocks_follow_training)
{
    uint32_t label[BATCH];
    float *x = inputs(1, 1), before[BATCH * CLASSES], after[BATCH * CLASSES], expected[BATCH * CLASSES];
    struct run r = open_run(1, "sltt", 2, BATCH), fresh = { .tr = NULL };

    for (size_t b = 0; b < BATCH; b++)
        label[b] = b % CLASSES;
    OK(snn_trainer_predict(r.tr, BATCH_OF(x, 1, NULL, BATCH), before));
    OK(snn_trainer_step(r.tr, BATCH_OF(x, 1, label, BATCH), NULL));
    OK(snn_trainer_predict(r.tr, BATCH_OF(x, 1, NULL, BATCH), after));
    ck_assert_double_gt(distance(before, after, BATCH * CLASSES), 1e-6);
    OK(snn_evaluator_create(&fresh.tr, r.net));
    OK(snn_trainer_set_i64(fresh.tr, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_prepare(fresh.tr, BATCH));
    OK(snn_trainer_predict(fresh.tr, BATCH_OF(x, 1, NULL, BATCH), expected));
    ck_assert(memcmp(after, expected, sizeof after) == 0);
    snn_trainer_destroy(fresh.tr);
    close_run(&r);
    free(x);
}
END_TEST

/* Loss, accuracy and all counts are those of one block after the other. */
START_TEST(metrics_are_those_of_blocks)
{
    uint32_t label[BATCH];
    float *x = inputs(_i, 1);
    struct array_set arrays = { x, label, length_of(nets[_i].shape), 1 };
    struct run many = open_run(_i, NULL, 3, BATCH), few = open_run(_i, NULL, 1, many.tr->blocks.most);
    snn_metrics m = SNN_METRICS_INIT, n = SNN_METRICS_INIT;
    snn_dataset *set;

    for (size_t b = 0; b < BATCH; b++)
        label[b] = b % CLASSES;
    set = dataset_of(many.ctx, &arrays, nets[_i].shape, BATCH, CLASSES);
    OK(snn_trainer_evaluate(many.tr, set, &m));
    snn_dataset_destroy(set);
    set = dataset_of(few.ctx, &arrays, nets[_i].shape, BATCH, CLASSES);
    OK(snn_trainer_evaluate(few.tr, set, &n));
    snn_dataset_destroy(set);
    ck_assert_double_gt(m.synops_ac, 0);
    ck_assert_double_eq(m.synops_dense, n.synops_dense);
    ck_assert_double_eq(m.synops_mac, n.synops_mac);
    ck_assert_double_eq(m.synops_ac, n.synops_ac);
    ck_assert_double_eq(m.firing_rate, n.firing_rate);
    ck_assert_double_eq(m.accuracy, n.accuracy);
    ck_assert_double_eq_tol(m.loss, n.loss, 1e-12); /* summed in another order */
    close_run(&many);
    close_run(&few);
    free(x);
}
END_TEST

/* The lowest sample that cannot be taken is named, whichever block met it first. */
START_TEST(a_sample_fails)
{
    const size_t n = length_of(nets[0].shape);
    float *x = inputs(0, 1), out[BATCH * CLASSES];
    struct run r = open_run(0, NULL, 3, BATCH);

    x[30 * n] = x[21 * n + 1] = NAN;
    FAILS(snn_trainer_predict(r.tr, BATCH_OF(x, 1, NULL, BATCH), out), SNN_ERR_DIVERGED, "sample 21");
    x[30 * n] = x[21 * n + 1] = 0;
    OK(snn_trainer_predict(r.tr, BATCH_OF(x, 1, NULL, BATCH), out));
    close_run(&r);
    free(x);
}
END_TEST

/* An evaluator of many samples takes memory for a few of them. */
START_TEST(evaluators_hold_blocks)
{
    snn_trainer_info few = SNN_TRAINER_INFO_INIT, many = SNN_TRAINER_INFO_INIT;
    struct run r = open_run(0, NULL, 1, BATCH);

    OK(snn_trainer_get_info(r.tr, &few));
    OK(snn_trainer_prepare(r.tr, 16 * BATCH));
    OK(snn_trainer_get_info(r.tr, &many));
    /* labels, inputs and outputs */
    ck_assert_uint_lt(many.bytes - few.bytes, 15 * BATCH * (2 * 72 + 8 * CLASSES * STEPS) * sizeof(float));
    close_run(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pass: blocks");
    TCase *all = tcase_create("all");

    tcase_set_timeout(all, 60);
    tcase_add_loop_test(all, blocks_are_batches, 0, 2 * NETS);
    tcase_add_test(all, blocks_follow_training);
    tcase_add_loop_test(all, metrics_are_those_of_blocks, 0, NETS);
    tcase_add_test(all, a_sample_fails);
    tcase_add_test(all, evaluators_hold_blocks);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
