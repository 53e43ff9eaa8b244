/* The share of samples whose label is among the five largest outputs. */
#include "trainer/builder.h"
#include <unistd.h>

#define COUNT 10
#define BATCH 4
#define INPUTS 6

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    snn_dataset *set;
    struct array_set arrays;
    float x[COUNT * INPUTS];
    uint32_t label[COUNT];
};

static const size_t vector[3] = { INPUTS };

static void open_world(struct world *w, size_t classes)
{
    char text[64];

    memset(w, 0, sizeof *w);
    snprintf(text, sizeof text, "linear out out=%zu", classes);
    w->ctx = test_context(2, 3, "best");
    w->net = network_of(w->ctx, vector, text);
    w->opt = sgd_of(w->ctx, 0.5);
    w->tr = trainer_of(w->net, w->opt, "bptt", "steps=2", BATCH);
    random_fill(w->x, COUNT * INPUTS, -1, 1, 2);
    for (size_t i = 0; i < COUNT; i++)
        w->label[i] = (uint32_t)(i * 7 % classes);
    w->arrays = (struct array_set){ w->x, w->label, INPUTS, 1 };
    w->set = dataset_of(w->ctx, &w->arrays, vector, COUNT, classes);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_dataset_destroy(w->set);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

/* Shards give the figure of the whole batch. */
START_TEST(test_shards_add_up)
{
    struct world w;
    snn_trainer *cut;
    snn_metrics want = SNN_METRICS_INIT, got = SNN_METRICS_INIT;

    open_world(&w, 9);
    cut = evaluator_of(w.net, "steps=2 shards=3", BATCH);
    OK(snn_trainer_evaluate(w.tr, w.set, &want));
    OK(snn_trainer_evaluate(cut, w.set, &got));
    ck_assert(want.top5 > 0 && want.top5 < 1);
    ck_assert_double_eq(got.top5, want.top5);
    snn_trainer_destroy(cut);
    close_world(&w);
}
END_TEST

static void zero(struct world *w)
{
    memset(w->net->parameters, 0, w->net->n_parameters * sizeof(float));
}

/* Counted from what the network predicts, by sorting it out the slow way: the label is among the five if fewer than
 * five outputs beat it. */
START_TEST(test_as_predicted)
{
    enum { CLASSES = 9 };
    struct world w;
    float out[BATCH * CLASSES];
    snn_metrics m = SNN_METRICS_INIT;
    size_t within = 0;

    open_world(&w, CLASSES);
    OK(snn_trainer_evaluate(w.tr, w.set, &m));
    for (size_t i = 0; i < COUNT; i++) {
        bool taken[CLASSES] = { false };

        OK(snn_trainer_predict(w.tr, BATCH_OF(w.x + i * INPUTS, 1, NULL, 1), out));
        for (int place = 0; place < 5; place++) {
            size_t best = CLASSES;

            for (size_t c = 0; c < CLASSES; c++)
                if (!taken[c] && (best == CLASSES || out[c] > out[best]))
                    best = c;
            taken[best] = true;
        }
        within += taken[w.label[i]];
    }
    ck_assert(within > 0 && within < COUNT);
    ck_assert_double_eq(m.top5, (double)within / COUNT);
    ck_assert(m.top5 >= m.accuracy);
    close_world(&w);
}
END_TEST

/* Outputs that are all the same: the first five count. */
START_TEST(test_of_equals_the_first)
{
    struct world w;
    snn_metrics m = SNN_METRICS_INIT;
    size_t below = 0;

    open_world(&w, 8);
    zero(&w);
    for (size_t i = 0; i < COUNT; i++)
        below += w.label[i] < 5;
    OK(snn_trainer_evaluate(w.tr, w.set, &m));
    ck_assert_double_eq(m.top5, (double)below / COUNT);
    close_world(&w);
}
END_TEST

START_TEST(test_few_outputs_have_none)
{
    struct world w;
    snn_metrics m = SNN_METRICS_INIT;

    open_world(&w, 5);
    OK(snn_trainer_evaluate(w.tr, w.set, &m));
    ck_assert(isnan(m.top5) && !isnan(m.accuracy));
    close_world(&w);
    open_world(&w, 6);
    OK(snn_trainer_evaluate(w.tr, w.set, &m));
    ck_assert(m.top5 >= m.accuracy && m.top5 <= 1);
    close_world(&w);
}
END_TEST

static int stop(void *user, const snn_progress *p)
{
    (void)user;
    return p->done >= BATCH;
}

/* An epoch that was saved half-way has the figure of the whole one. */
START_TEST(test_epoch_goes_on)
{
    struct world a, b;
    snn_metrics want = SNN_METRICS_INIT, got = SNN_METRICS_INIT;
    char path[] = "/tmp/snn-top5-XXXXXX";
    int file = mkstemp(path);

    ck_assert_int_ge(file, 0);
    open_world(&a, 9);
    open_world(&b, 9);
    OK(snn_trainer_epoch(a.tr, a.set, &want));
    OK(snn_trainer_on_progress(b.tr, stop, NULL));
    FAILS(snn_trainer_epoch(b.tr, b.set, NULL), SNN_ERR_CANCELLED, "cancelled");
    OK(snn_trainer_save(b.tr, path));
    close_world(&b);
    open_world(&b, 9);
    OK(snn_trainer_load(b.tr, path));
    OK(snn_trainer_epoch(b.tr, b.set, &got));
    ck_assert(want.top5 > 0 && want.top5 < 1);
    ck_assert_double_eq(got.top5, want.top5);
    close(file);
    unlink(path);
    close_world(&a);
    close_world(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer_top5");
    TCase *tc = tcase_create("top5");

    tcase_add_test(tc, test_as_predicted);
    tcase_add_test(tc, test_of_equals_the_first);
    tcase_add_test(tc, test_few_outputs_have_none);
    tcase_add_test(tc, test_shards_add_up);
    tcase_add_test(tc, test_epoch_goes_on);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
