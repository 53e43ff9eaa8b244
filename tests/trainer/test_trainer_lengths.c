/* Lengths: what the steps past the length of a sample do. */
#include "targets.h"

/* One sample of three frames among STEPS is trained as by a trainer of three steps: the steps behind add zeros. The
 * loss is divided in another order. */
START_TEST(test_length_is_a_shorter_run)
{
    enum { LENGTH = 3 };
    struct world longer, shorter;
    struct arrays a;
    struct set s;
    snn_batch batch;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;
    float out[OUT], want[OUT];
    char text[64];

    if (strstr(ways[_i].settings, "sampled") != NULL || strstr(ways[_i].layers, "over=all") != NULL)
        return; /* other steps are drawn; zeros count in statistics */
    fill(&s, STEPS, STEPS, true);
    s.length[0] = LENGTH;
    open_world(&longer, ways[_i].method, ways[_i].settings, ways[_i].layers, 1);
    snprintf(text, sizeof text, "%s steps=%d", ways[_i].settings, LENGTH);
    open_world(&shorter, ways[_i].method, text, ways[_i].layers, 1);
    batch = batch_of(&a, &s, 0, 1);
    OK(snn_trainer_predict(longer.tr, &batch, out));
    OK(snn_trainer_step(longer.tr, &batch, &m));
    batch.frames = batch.target_frames = LENGTH;
    batch.lengths = NULL;
    OK(snn_trainer_predict(shorter.tr, &batch, want));
    OK(snn_trainer_step(shorter.tr, &batch, &k));
    ck_assert_mem_eq(out, want, sizeof out);
    ck_assert_double_eq_tol(m.loss, k.loss, 1e-12);
    ck_assert_double_eq(m.squared_error, k.squared_error);
    check_near(&longer, &shorter);
    close_world(&longer);
    close_world(&shorter);
}
END_TEST

/* Values after the length, in x and in targets, are not read; samples do not see each other's lengths. */
START_TEST(test_nothing_behind_the_length)
{
    struct world w[2];
    struct set s;

    fill(&s, STEPS, STEPS, true);
    for (int i = 0; i < 2; i++) {
        struct arrays a;
        snn_batch batch = batch_of(&a, &s, 0, BATCH);

        open_world(&w[i], ways[_i].method, ways[_i].settings, ways[_i].layers, 1);
        for (size_t t = 0; i == 1 && t < STEPS; t++)
            for (size_t b = 0; b < BATCH; b++)
                if (t >= a.length[b])
                    a.x[t][b][3] = a.target[t][b][1] = NAN;
        OK(snn_trainer_step(w[i].tr, &batch, NULL));
    }
    check_same(&w[0], &w[1], ways[_i].name);
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

/* Lengths that are all of it change nothing. */
START_TEST(test_whole_lengths)
{
    struct world w[2];
    struct set s;

    fill(&s, STEPS, STEPS, true);
    for (size_t b = 0; b < BATCH; b++)
        s.length[b] = STEPS;
    for (int i = 0; i < 2; i++) {
        struct arrays a;
        snn_batch batch = batch_of(&a, &s, 0, BATCH);

        open_world(&w[i], ways[_i].method, ways[_i].settings, ways[_i].layers, 1);
        batch.lengths = i ? a.length : NULL;
        OK(snn_trainer_step(w[i].tr, &batch, NULL));
    }
    check_same(&w[0], &w[1], ways[_i].name);
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

/* What outputs come to is that of a sample's own steps. */
START_TEST(test_outcome_of_the_length)
{
    static const char *const on[] = { "mean", "last", "max", "sum" };
    char settings[64];
    struct world longer, shorter;
    struct arrays a;
    struct set s;
    snn_batch batch;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;

    fill(&s, STEPS, 1, true);
    s.length[0] = 2;
    snprintf(settings, sizeof settings, "loss=mse loss_on=%s", on[_i]);
    open_world(&longer, "bptt", settings, CHAIN, 1);
    strcat(settings, " steps=2");
    open_world(&shorter, "bptt", settings, CHAIN, 1);
    batch = batch_of(&a, &s, 0, 1);
    OK(snn_trainer_step(longer.tr, &batch, &m));
    batch.frames = 2;
    batch.lengths = NULL;
    OK(snn_trainer_step(shorter.tr, &batch, &k));
    ck_assert_double_eq_tol(m.loss, k.loss, 1e-7);
    check_near(&longer, &shorter);
    close_world(&longer);
    close_world(&shorter);
}
END_TEST

/* A data set's lengths are refused as the host's are, and no batch is left out for it. */
START_TEST(test_lengths_of_a_set_are_refused)
{
    struct world w;
    struct set s;
    snn_dataset *set;

    fill(&s, STEPS, 1, true);
    open_world(&w, "dsr", "loss=mse", RATES, 1);
    OK(snn_trainer_set_i64(w.tr, SNN_TRAINER_SKIP_UNREADABLE, 1));
    set = dataset(w.ctx, &s);
    FAILS(snn_trainer_epoch(w.tr, set, NULL), SNN_ERR_UNSUPPORTED, "ends after");
    FAILS(snn_trainer_evaluate(w.tr, set, NULL), SNN_ERR_UNSUPPORTED, "ends after");
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: lengths");
    TCase *tc = tcase_create("lengths");

    tcase_add_loop_test(tc, test_length_is_a_shorter_run, 0, WAYS);
    tcase_add_loop_test(tc, test_nothing_behind_the_length, 0, WAYS);
    tcase_add_loop_test(tc, test_whole_lengths, 0, WAYS);
    tcase_add_loop_test(tc, test_outcome_of_the_length, 0, 4);
    tcase_add_test(tc, test_lengths_of_a_set_are_refused);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
