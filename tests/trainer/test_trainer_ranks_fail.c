/* Failures of ranks: what fails on one fails on all, and changes nothing. */
#include "trainer/ranks_data.h"

/* The sample that cannot be read ends the epoch for all, in the same words; the batch changed nothing, and trains
 * once the sample can be read. */
static void fail_and_go_on(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    struct counted c = { plan.x, plan.reads, run->task->is_static ? 1 : STEPS, 13, SNN_ERR_IO };
    snn_dataset *set = counted_set(m->ctx, &c);
    snn_metrics trained = SNN_METRICS_INIT;
    struct outcome before, after;
    uint64_t batches;

    (void)rank;
    OK(snn_trainer_prepare(m->trainer, BATCH));
    FAILS(snn_trainer_epoch(m->trainer, set, &trained), SNN_ERR_IO, "sample 13");
    ck_assert(m->trainer->shards.ranks.size == 1 || strstr(snn_last_error(), "rank ") != NULL);
    before = outcome_of(m->trainer);
    batches = m->trainer->run.batches;
    FAILS(snn_trainer_epoch(m->trainer, set, &trained), SNN_ERR_IO, "skip_unreadable 1");
    after = outcome_of(m->trainer);
    if (!m->trainer->shards.by_steps)
        ck_assert(memcmp(before.numbers, after.numbers, before.n * sizeof *before.numbers) == 0);
    ck_assert(batches == m->trainer->run.batches);
    free(before.numbers);
    free(after.numbers);
    c.rc = SNN_OK;
    OK(snn_trainer_epoch(m->trainer, set, &trained));
    *out = outcome_of(m->trainer);
    out->trained = trained;
    snn_dataset_destroy(set);
}

START_TEST(test_unreadable)
{
    struct running one = of(&tasks[_i], 1, fail_and_go_on);

    begin_plan();
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 2; ranks <= 4; ranks++)
        compare_ranks(&tasks[_i], &one, ranks, 1);
    free_outcomes(&one);
}
END_TEST

/* A mistake of one host is one of all. */
static void mistakes(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[BATCH * LEN];
    uint32_t label[BATCH];
    struct outcome before, after;
    struct counted c = { plan.x, plan.reads, 1, COUNT, SNN_OK };
    snn_dataset *set = counted_set(m->ctx, &c);

    (void)run;
    (void)out;
    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b % CLASSES);
    random_fill(x, BATCH * LEN, 0, 1, 1);
    OK(snn_trainer_prepare(m->trainer, BATCH));
    before = outcome_of(m->trainer);
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(rank == 1 ? NULL : x, 1, label, BATCH), NULL), SNN_ERR_ARGUMENT,
          "rank 1: ");
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, rank == 1 ? BATCH - 1 : BATCH), NULL), SNN_ERR_STATE,
          "ranks 0 and 1 differ in the number of samples");
    if (rank == 1)
        FAILS(snn_trainer_evaluate(m->trainer, set, NULL), SNN_ERR_STATE, "differ in the call");
    else
        FAILS(snn_trainer_epoch(m->trainer, set, NULL), SNN_ERR_STATE, "differ in the call");
    x[(BATCH - 1) * LEN] = NAN;
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL), SNN_ERR_DIVERGED, "rank 1: ");
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL), SNN_ERR_DIVERGED, "sample 8");
    after = outcome_of(m->trainer);
    ck_assert(memcmp(before.numbers, after.numbers, before.n * sizeof *before.numbers) == 0);
    x[(BATCH - 1) * LEN] = 0;
    OK(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL));
    free(before.numbers);
    free(after.numbers);
    snn_dataset_destroy(set);
}

START_TEST(test_mistakes)
{
    struct running run = of(&tasks[_i], 1, mistakes);

    if (strstr(tasks[_i].settings, "poisson") != NULL) /* makes 0 of NaN */
        return;
    begin_plan();
    run_ranks(&run, 2, true);
}
END_TEST

/* Ranks that begin with different weights are told. */
static void other_weights(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[BATCH * LEN] = { 0 };
    const uint32_t label[BATCH] = { 0 };
    const float before = m->net->parameters[3];

    (void)run;
    (void)out;
    if (rank == 1)
        m->net->parameters[3] = before + 1;
    OK(snn_trainer_prepare(m->trainer, BATCH));
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL), SNN_ERR_STATE, "differ in the weights");
    if (rank == 1)
        m->net->parameters[3] = before;
    OK(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL));
}

START_TEST(test_other_weights)
{
    struct running run = of(&tasks[0], 1, other_weights);

    run_ranks(&run, 2, true);
}
END_TEST

/* Preparing is a matter of all ranks, too. */
static void unequal(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    (void)run;
    (void)out;
    if (rank == 1)
        OK(snn_trainer_set_i64(m->trainer, SNN_TRAINER_SHARDS, 1));
    ck_assert(snn_trainer_prepare(m->trainer, BATCH) != SNN_OK);
    ck_assert_msg(strlen(snn_last_error()) > 10, "%s", snn_last_error());
    OK(snn_trainer_set_i64(m->trainer, SNN_TRAINER_SHARDS, SHARDS));
    OK(snn_trainer_prepare(m->trainer, BATCH));
}

START_TEST(test_unequal)
{
    struct running run = of(&tasks[0], 1, unequal);

    run_ranks(&run, 2, true);
}
END_TEST

/* Wherever the wire is cut, all ranks end with a failure, and then know that they may differ. */
static void cut(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[BATCH * LEN];
    uint32_t label[BATCH];
    snn_status rc = snn_trainer_prepare(m->trainer, BATCH);

    (void)run;
    (void)rank;
    (void)out;
    if (rc != SNN_OK)
        return;
    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b % CLASSES);
    random_fill(x, BATCH * LEN, 0, 1, 1);
    for (unsigned i = 0; i < 3 && rc == SNN_OK; i++)
        rc = snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL);
    if (rc == SNN_OK)
        return;
    ck_assert_msg(rc == SNN_ERR_IO, "%s: %s", snn_status_name(rc), snn_last_error());
    FAILS(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL), SNN_ERR_STATE, "lost each other");
    for (size_t i = 0; i < m->net->n_parameters; i++)
        ck_assert(isfinite(m->net->parameters[i]));
}

START_TEST(test_cut)
{
    for (size_t call = 1; call < 60; call += 1 + call / 8)
        for (int messages = 0; messages < 2; messages++) {
            struct running run = of(&tasks[_i], 1, cut);
            struct threads *t = threads_create(3, messages);

            threads_fail(t, 1, call);
            threads_run(t, run_rank, &run);
            threads_destroy(t);
        }
}
END_TEST

/* A failure that one rank alone has seen does not keep them from preparing again. */
static void prepared_again(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[BATCH * LEN];
    const uint32_t label[BATCH] = { 0 };
    struct snn__shards *s = &m->trainer->shards;

    (void)run;
    random_fill(x, BATCH * LEN, 0, 1, 1);
    OK(snn_trainer_prepare(m->trainer, BATCH));
    for (unsigned time = 0; time < 2; time++) {
        OK(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL));
        s->lost |= rank == 1 && time == 0;
        if (rank == 2 && time == 1)
            s->ranks.link.rc = SNN_ERR_IO;
        OK(snn_trainer_prepare(m->trainer, BATCH));
    }
    OK(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), NULL));
    *out = outcome_of(m->trainer);
    out->trained = out->evaluated = (snn_metrics)SNN_METRICS_INIT;
}

START_TEST(test_prepared_again)
{
    struct running run = of(&tasks[_i], 1, prepared_again);

    run_ranks(&run, 3, true);
    for (uint32_t r = 1; r < 3; r++)
        compare_outcomes(&run.out[0], &run.out[r], tasks[_i].name);
    free_outcomes(&run);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: failures of ranks");
    TCase *tc = tcase_create("ranks");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_unreadable, 0, TASKS);
    tcase_add_loop_test(tc, test_mistakes, 0, 5);
    tcase_add_test(tc, test_other_weights);
    tcase_add_test(tc, test_unequal);
    tcase_add_loop_test(tc, test_cut, 0, 2);
    tcase_add_loop_test(tc, test_prepared_again, 2, 5);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
