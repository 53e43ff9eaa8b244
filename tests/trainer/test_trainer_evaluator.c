/* An evaluator says of a trained network what the trainer that trained it says: the same bits, whatever the
 * method. */
#include "trainer/builder.h"
#include <pthread.h>

enum { BATCH = 4, STEPS = 6, COUNT = 11, CLASSES = 3, UPDATES = 4 };

#define LIF "decay=0.6 threshold=0.5"

static const size_t vector[3] = { 6 }, map[3] = { 2, 6, 6 };

/* `of_evaluation`: settings of both; `of_training`: of the trainer alone */
static const struct {
    const char *method, *of_training;
    const size_t *shape;
    const char *layers, *of_evaluation;
} runs[] = {
    { "bptt", "", vector, "linear a out=7; add s <a <r:1; lif n " LIF "; linear r out=7 <n; linear o out=3 <n", "" },
    { "bptt", "", map, "conv2d a out=4 pad=1; batch_norm b over=all; lif n " LIF "; flatten f; linear o out=3",
      "loss_on=mean loss=ce_mse loss_mix=0.3" },
    { "bptt", "", vector, "linear a out=7; lif n " LIF "; linear b out=3; lif o " LIF, "loss_on=sum" },
    { "bptt", "", vector, "linear a out=7; lif n " LIF "; linear b out=3; lif o reset=none", "loss_on=max" },
    { "ottt", "", vector, "linear a out=7; lif n " LIF "; linear o out=3", "loss_on=last" },
    { "sltt", "sampled_steps=2", vector, "linear a out=7; cuba n threshold=0.5; dropout d; linear o out=3", "" },
    { "sltt", "", map, "conv2d a out=4; lif n " LIF "; maxpool p; flatten f; linear o out=3", "encoder=poisson" },
    { "ottt", "", vector, "linear a out=7; lif n " LIF "; linear o out=3", "label_smoothing=0.1" },
    { "ottt", "variant=O", map, "conv2d a out=4 standardise=1; lif n " LIF "; flatten f; linear o out=3",
      "encoder=latency" },
    { "opzo", "", vector, "linear a out=9; lif n " LIF "; linear b out=7; lif m " LIF "; linear o out=3",
      "loss=half_square" },
    { "opzo", "global_readout=r", map,
      "conv2d a out=4 pad=1; lif n " LIF "; flatten f; linear r out=3; linear b out=9 <f; lif m " LIF
      "; linear o out=3",
      "" },
    { "eprop", "feedback=random", vector,
      "linear a out=9; lif n " LIF "; linear b out=7; alif m " LIF "; linear o out=3; lif r decay=0.8 reset=none",
      "" },
    { "ide", "", vector,
      "linear a out=8; linear w out=8 bias=0 norm=spectral <n:1; add s <a <w; lif n decay=0.9 threshold=2; "
      "rate r decay=0.9; linear o out=3",
      "" },
    { "spide", "", vector,
      "linear a out=8; linear w out=8 bias=0 norm=frobenius <n:1; add s <a <w; if n threshold=2 fire_at=0.5; rate r; "
      "linear o out=3",
      "" },
    { "dsr", "", vector, "linear a out=9; dsr_if s threshold=0.8; linear b out=3; dsr_if o threshold=0.8", "" },
    { "dsr", "", vector, "linear a out=9; dsr_lif s; linear b out=3; dsr_lif o", "loss=mse" },
    { "dsr", "", vector, "linear a out=9; dsr_lif s; linear b out=7; dsr_lif q; linear c out=3", "" },
    { "dsr", "recompute=off", map,
      "conv2d a out=3 pad=1; batch_norm n over=all; dsr_if s threshold=0.8; avgpool p; flatten f; linear b out=3; "
      "batch_norm m over=all; dsr_if o threshold=0.8",
      "" },
    { "sei", "", vector,
      "linear a out=9; batch_norm c; plif n; linear b out=9 bias=0 binary=scaled; lif m " LIF "; linear o out=3",
      "" },
    { "sei", "temporal=1", map,
      "conv2d a out=4 pad=1; lif n " LIF "; conv2d b out=4 pad=1 bias=0 binary=sign; lif m " LIF
      "; flatten f; linear o out=3",
      "loss_on=mean" },
};

#define RUNS (int)(sizeof runs / sizeof *runs)

static bool same(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0;
}

static void compare(const snn_metrics *a, const snn_metrics *b)
{
    ck_assert_uint_eq(a->samples, b->samples);
    ck_assert(same(a->loss, b->loss) && same(a->accuracy, b->accuracy));
    ck_assert(same(a->firing_rate, b->firing_rate) && same(a->synops_dense, b->synops_dense));
    ck_assert(same(a->synops_mac, b->synops_mac) && same(a->synops_ac, b->synops_ac));
    ck_assert(isfinite(a->loss) && a->loss > 0 && a->firing_rate > 0);
}

START_TEST(test_same_bits)
{
    const size_t len = length_of(runs[_i].shape);
    snn_context *ctx = test_context(2, 5, "best");
    snn_network *net = network_of(ctx, runs[_i].shape, runs[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.05);
    float *x = malloc(COUNT * STEPS * len * sizeof *x), got[BATCH * CLASSES], want[BATCH * CLASSES];
    snn_trainer *learns, *looks;
    uint32_t label[COUNT];
    char settings[256];

    random_fill(x, COUNT * STEPS * len, 0, 2, 3);
    for (uint32_t i = 0; i < COUNT; i++)
        label[i] = i % CLASSES;
    snprintf(settings, sizeof settings, "steps=%d %s", STEPS, runs[_i].of_evaluation);
    looks = evaluator_of(net, settings, BATCH);
    snprintf(settings, sizeof settings, "steps=%d %s %s", STEPS, runs[_i].of_evaluation, runs[_i].of_training);
    learns = trainer_of(net, sgd, runs[_i].method, settings, BATCH);
    for (int i = 0; i < UPDATES; i++)
        OK(snn_trainer_step(learns, BATCH_OF(x, 1, label, BATCH), NULL));
    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        struct array_set arrays = { x, label, len, frames };
        snn_dataset *set = dataset_of(ctx, &arrays, runs[_i].shape, COUNT, CLASSES);
        snn_metrics of_trainer = SNN_METRICS_INIT, of_evaluator = SNN_METRICS_INIT;

        OK(snn_trainer_predict(learns, BATCH_OF(x, frames, NULL, BATCH), want));
        OK(snn_trainer_predict(looks, BATCH_OF(x, frames, NULL, BATCH), got));
        ck_assert_mem_eq(got, want, sizeof got);
        ck_assert_double_gt(norm_of(want, BATCH * CLASSES), 0);
        OK(snn_trainer_evaluate(learns, set, &of_trainer));
        OK(snn_trainer_evaluate(looks, set, &of_evaluator));
        compare(&of_evaluator, &of_trainer);
        snn_dataset_destroy(set);
    }
    snn_trainer_destroy(looks);
    snn_trainer_destroy(learns);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    free(x);
}
END_TEST

/* ---- threads ---- */

struct looking {
    snn_trainer *looks;
    const float *x;
    float out[BATCH * CLASSES];
};

static void *look(void *arg)
{
    struct looking *l = arg;

    for (int i = 0; i < 20; i++)
        OK(snn_trainer_predict(l->looks, BATCH_OF(l->x, 1, NULL, BATCH), l->out));
    return NULL;
}

/* A network that nobody trains is run by two threads at once. */
START_TEST(test_threads)
{
    snn_context *ctx = test_context(2, 5, "best");
    snn_network *net = network_of(ctx, runs[_i].shape, runs[_i].layers);
    float x[BATCH * 72];
    struct looking l[3];
    pthread_t thread[2];

    random_fill(x, sizeof x / sizeof *x, 0, 2, 3);
    for (int i = 0; i < 3; i++)
        l[i] = (struct looking){ .looks = evaluator_of(net, "steps=6", BATCH), .x = x };
    look(&l[2]);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, look, &l[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    for (int i = 0; i < 3; i++) {
        ck_assert_mem_eq(l[i].out, l[2].out, sizeof l[2].out);
        snn_trainer_destroy(l[i].looks);
    }
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_info)
{
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, vector, "linear a out=3");
    snn_trainer *looks = evaluator_of(net, "steps=5", BATCH);
    snn_trainer_info info = SNN_TRAINER_INFO_INIT;

    OK(snn_trainer_get_info(looks, &info));
    ck_assert(info.method == NULL && info.optimizer == NULL && info.network == net && info.steps == 5);
    ck_assert(info.batch == BATCH && info.bytes > 0 && info.updates == 0);
    snn_trainer_destroy(looks);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Every method is among them. */
START_TEST(test_every_method)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_METHOD, i)) != NULL; i++) {
        int r = 0;

        while (r < RUNS && strcmp(runs[r].method, name) != 0)
            r++;
        ck_assert_msg(r < RUNS, "no network trained by %s is evaluated", name);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: evaluator");
    TCase *bits = tcase_create("bits");

    tcase_add_loop_test(bits, test_same_bits, 0, RUNS);
    tcase_add_test(bits, test_every_method);
    tcase_add_loop_test(bits, test_threads, 0, RUNS);
    tcase_add_test(bits, test_info);
    suite_add_tcase(suite, bits);
    return run_suite(suite);
}
