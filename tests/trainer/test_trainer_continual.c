/* Sequences of tasks: less is forgotten with a projection; accuracies and what is refused. */
#include "trainer/builder.h"

enum { CLASSES = 3, INPUTS = 40, SAMPLES = 60 };

#define LIF "decay=0.5 threshold=0.6"

/* Task k: three noisy patterns of its own. */
static void make_task(float *x, uint32_t *label, unsigned task)
{
    float pattern[CLASSES * INPUTS];

    random_fill(pattern, CLASSES * INPUTS, 0, 1, 50 + task);
    random_fill(x, SAMPLES * INPUTS, -0.2f, 0.2f, 60 + task);
    for (uint32_t i = 0; i < SAMPLES; i++) {
        label[i] = i % CLASSES;
        for (size_t k = 0; k < INPUTS; k++)
            x[i * INPUTS + k] += pattern[label[i] * INPUTS + k];
    }
}

/* Three tasks with a shared head; ACC and BWT. With `replay`, the first task's samples are seen again at the end. */
static void run_tasks(bool projected, bool replay, double *acc, double *bwt)
{
    static const size_t shape[3] = { INPUTS }, first[3] = { 8, 0, 8 }, more[3] = { 6, 0, 6 };
    static float x[3][SAMPLES * INPUTS];
    static uint32_t label[3][SAMPLES];
    struct array_set set[3];
    snn_dataset *data[3];
    snn_context *ctx = test_context(1, 7, "best");
    snn_network *net = network_of(ctx, shape, "linear a out=30 bias=0; lif n " LIF "; linear b out=3 bias=0");
    snn_optimizer *sgd = sgd_of(ctx, 1.0);
    snn_projection *p = NULL;
    snn_continual *c = NULL;
    snn_trainer *tr = NULL;
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_projection_create(&p, net));
    OK(snn_trainer_create(&tr, net, sgd, "ottt"));
    OK(snn_continual_create(&c, tr, projected ? p : NULL, 3));
    for (unsigned k = 0; k < 3; k++) {
        make_task(x[k], label[k], k);
        set[k] = (struct array_set){ x[k], label[k], INPUTS, 1 };
        data[k] = dataset_of(ctx, &set[k], shape, SAMPLES, CLASSES);
        for (size_t l = 0; l < 3; l += 2)
            OK(snn_projection_grow(p, net->layer[l], (k ? more : first)[l]));
        OK(snn_continual_begin(c, 10));
        for (int epoch = 0; epoch < 15; epoch++)
            OK(snn_trainer_epoch(tr, data[k], &m));
        OK(snn_continual_end(c));
        ck_assert_uint_eq(about(tr).epochs, 0); /* a replay has a schedule of its own */
        if (replay && k == 2)
            for (int epoch = 0; epoch < 3; epoch++)
                OK(snn_continual_replay(c, data[0], &m));
        for (unsigned j = 0; j <= k; j++)
            OK(snn_continual_evaluate(c, j, data[j], &m));
        ck_assert_double_eq(snn_continual_accuracy(c, k, k), m.accuracy);
    }
    OK(snn_continual_get_info(c, &info));
    ck_assert_uint_eq(info.ended, 3);
    *acc = info.acc;
    *bwt = info.bwt;
    for (unsigned k = 0; k < 3; k++)
        snn_dataset_destroy(data[k]);
    snn_continual_destroy(c);
    snn_trainer_destroy(tr);
    snn_projection_destroy(p);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

START_TEST(test_projection_prevents_forgetting)
{
    double acc[3], bwt[3];

    run_tasks(false, false, &acc[0], &bwt[0]);
    run_tasks(true, false, &acc[1], &bwt[1]);
    run_tasks(true, true, &acc[2], &bwt[2]);
    ck_assert_msg(bwt[0] < -0.1, "without: ACC %g BWT %g; with: ACC %g BWT %g", acc[0], bwt[0], acc[1], bwt[1]);
    ck_assert_msg(bwt[1] > -0.03 && acc[1] > 0.95, "without: ACC %g BWT %g; with: ACC %g BWT %g", acc[0], bwt[0],
                  acc[1], bwt[1]);
    ck_assert(acc[2] != acc[1] || bwt[2] == bwt[1]);
}
END_TEST

START_TEST(test_sequence_misuse_and_figures)
{
    static const size_t shape[3] = { INPUTS };
    snn_context *ctx = test_context(1, 7, "best");
    snn_network *net = network_of(ctx, shape, "linear a out=30; lif n " LIF "; linear b out=3"), *other;
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    snn_trainer *tr = NULL;
    snn_continual *c = NULL;
    snn_continual_info info = SNN_CONTINUAL_INFO_INIT;

    FAILS(snn_continual_create(&c, NULL, NULL, 2), SNN_ERR_ARGUMENT, "trainer is NULL");
    OK(snn_trainer_create(&tr, net, sgd, "sltt"));
    FAILS(snn_continual_create(&c, tr, NULL, 0), SNN_ERR_ARGUMENT, "0 tasks");
    OK(snn_continual_create(&c, tr, NULL, 2));
    FAILS(snn_continual_set_heads(c, snn_network_layer(net, 0)), SNN_ERR_ARGUMENT, "not a select layer");
    other = network_of(ctx, shape, "linear a out=3");
    FAILS(snn_continual_set_heads(c, other->layer[0]), SNN_ERR_ARGUMENT, "of another network");
    snn_network_destroy(other);
    FAILS(snn_continual_end(c), SNN_ERR_STATE, "no task is under way");
    OK(snn_continual_begin(c, 10));
    FAILS(snn_continual_begin(c, 10), SNN_ERR_STATE, "task 0 has begun");
    FAILS(snn_continual_evaluate(c, 0, NULL, NULL), SNN_ERR_STATE, "under way");
    OK(snn_continual_end(c));
    OK(snn_continual_begin(c, 10));
    OK(snn_continual_end(c));
    FAILS(snn_continual_begin(c, 10), SNN_ERR_STATE, "all 2 tasks");
    OK(snn_continual_get_info(c, &info));
    ck_assert(isnan(info.acc) && isnan(info.bwt));
    FAILS(snn_continual_record(c, 2, 0, 0.5), SNN_ERR_ARGUMENT, "after task 2 of 2");
    OK(snn_continual_record(c, 0, 0, 0.9));
    OK(snn_continual_record(c, 1, 0, 0.7));
    OK(snn_continual_record(c, 1, 1, 0.8));
    OK(snn_continual_get_info(c, &info));
    ck_assert_double_eq_tol(info.acc, 0.75, 1e-12);
    ck_assert_double_eq_tol(info.bwt, -0.2, 1e-12);
    ck_assert(isnan(snn_continual_accuracy(c, 0, 1)));
    snn_continual_destroy(c);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("continual");
    TCase *tc = tcase_create("tasks");

    tcase_add_test(tc, test_projection_prevents_forgetting);
    tcase_add_test(tc, test_sequence_misuse_and_figures);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
