/* Epochs, evaluations and checkpoints of ranks: every sample is read once, all ranks stop and go on together. */
#include "trainer/ranks_data.h"

static void two_epochs(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    struct counted c = { plan.x, plan.reads, run->task->is_static ? 1 : STEPS, plan.bad, plan.rc };
    struct stopper stopper = { .rank = rank };
    snn_dataset *set = counted_set(m->ctx, &c);
    snn_metrics trained = SNN_METRICS_INIT, evaluated = SNN_METRICS_INIT;

    OK(snn_trainer_set_i64(m->trainer, SNN_TRAINER_SKIP_UNREADABLE, plan.skips));
    OK(snn_trainer_prepare(m->trainer, BATCH));
    OK(snn_trainer_on_progress(m->trainer, maybe_stop, &stopper));
    for (unsigned e = 0; e < 2; e++) {
        snn_status rc = snn_trainer_epoch(m->trainer, set, &trained);

        if (rc == SNN_ERR_CANCELLED) {
            ck_assert(plan.stops != 99);
            rc = snn_trainer_epoch(m->trainer, set, &trained);
        }
        OK(rc);
    }
    c.reads = plan.evaluated;
    c.rc = SNN_OK;
    OK(snn_trainer_evaluate(m->trainer, set, &evaluated));
    *out = outcome_of(m->trainer);
    out->trained = trained;
    out->evaluated = evaluated;
    snn_dataset_destroy(set);
}

START_TEST(test_epochs)
{
    struct running one = of(&tasks[_i], 1, two_epochs);
    const bool drops = strstr(tasks[_i].settings, "drop_last=1") != NULL;
    int all = 0;

    begin_plan();
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 1; ranks <= 4; ranks++) {
        for (size_t i = 0; i < COUNT; i++)
            plan.reads[i] = plan.evaluated[i] = 0;
        compare_ranks(&tasks[_i], &one, ranks, 1 + ranks % 2);
        all = 0;
        for (size_t i = 0; i < COUNT; i++) {
            ck_assert_int_eq(plan.evaluated[i], 1);
            ck_assert(plan.reads[i] == 2 || drops);
            all += plan.reads[i];
        }
        ck_assert_int_eq(all, drops ? 2 * (COUNT / BATCH * BATCH) : 2 * COUNT);
    }
    free_outcomes(&one);
}
END_TEST

/* The host of any rank stops all of them, and the rest of the epoch brings the same bits. */
START_TEST(test_stopped)
{
    struct running one = of(&tasks[_i], 1, two_epochs);

    begin_plan();
    run_ranks(&one, 0, false);
    for (plan.stops = 0; plan.stops < 3; plan.stops++)
        for (plan.stop_at = 1; plan.stop_at <= 3; plan.stop_at++)
            compare_ranks(&tasks[_i], &one, 3, 1);
    free_outcomes(&one);
}
END_TEST

/* The hosts of all ranks evaluate after every batch, and that of one then stops all after the next one. */
struct looker {
    snn_trainer *trainer;
    snn_dataset *set;
    struct stopper stopper;
};

static int look_and_stop(void *user, const snn_progress *progress)
{
    struct looker *l = user;

    if (progress->training)
        OK(snn_trainer_evaluate(l->trainer, l->set, NULL));
    return maybe_stop(&l->stopper, progress);
}

static void look_and_be_stopped(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    struct counted c = { plan.x, plan.reads, run->task->is_static ? 1 : STEPS, COUNT, SNN_OK };
    struct looker looker = { m->trainer, counted_set(m->ctx, &c), { .rank = rank } };

    (void)out;
    OK(snn_trainer_prepare(m->trainer, BATCH));
    OK(snn_trainer_on_progress(m->trainer, look_and_stop, &looker));
    FAILS(snn_trainer_epoch(m->trainer, looker.set, NULL), SNN_ERR_CANCELLED, "after 18 of 29 samples");
    OK(snn_trainer_epoch(m->trainer, looker.set, NULL));
    snn_dataset_destroy(looker.set);
}

START_TEST(test_stopped_while_looking)
{
    struct running run = of(&tasks[_i], 1, look_and_be_stopped);

    begin_plan();
    plan.stops = 1;
    plan.stop_at = 1;
    run_ranks(&run, 3, true);
}
END_TEST

/* A batch with a sample that cannot be read is left out by all. */
START_TEST(test_skipped)
{
    struct running one = of(&tasks[_i], 1, two_epochs);

    begin_plan();
    plan.bad = 13;
    plan.rc = SNN_ERR_IO;
    plan.skips = 1;
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 1; ranks <= 4; ranks++)
        compare_ranks(&tasks[_i], &one, ranks, 1);
    free_outcomes(&one);
}
END_TEST

/* An evaluator of ranks has the figures of one. */
static void evaluate(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    struct counted c = { plan.x, plan.evaluated, 1, COUNT, SNN_OK };
    snn_dataset *set = counted_set(m->ctx, &c);
    snn_trainer *evaluator;

    (void)rank;
    OK(snn_evaluator_create(&evaluator, m->net));
    OK(set_all(evaluator, "steps=3"));
    OK(snn_trainer_set_i64(evaluator, SNN_TRAINER_SHARDS, (int64_t)run->shards));
    if (m->trainer->shards.given.size > 0)
        OK(snn_trainer_set_communicator(evaluator, &m->trainer->shards.given));
    OK(snn_trainer_prepare(evaluator, BATCH));
    *out = (struct outcome){ .numbers = NULL };
    out->trained = out->evaluated = (snn_metrics)SNN_METRICS_INIT;
    OK(snn_trainer_evaluate(evaluator, set, &out->evaluated));
    snn_trainer_destroy(evaluator);
    snn_dataset_destroy(set);
}

START_TEST(test_evaluator)
{
    struct running one = of(&tasks[0], 1, evaluate);

    begin_plan();
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 1; ranks <= 4; ranks++)
        compare_ranks(&tasks[0], &one, ranks, 1);
}
END_TEST

/* ---- checkpoints ---- */

/* Rank 0 writes; those of compressed gradients take part. */
static void save(const struct running *run, struct member *m, uint32_t rank)
{
    if (rank == 0)
        OK(snn_trainer_save(m->trainer, plan.path));
    else if (strstr(run->task->settings, "send=") != NULL)
        OK(snn_trainer_save(m->trainer, NULL));
}

static void half_an_epoch(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    struct counted c = { plan.x, plan.reads, run->task->is_static ? 1 : STEPS, COUNT, SNN_OK };
    struct stopper stopper = { .rank = rank };
    snn_dataset *set = counted_set(m->ctx, &c);

    OK(snn_trainer_prepare(m->trainer, BATCH));
    OK(snn_trainer_on_progress(m->trainer, maybe_stop, &stopper));
    ck_assert_int_eq(snn_trainer_epoch(m->trainer, set, NULL), SNN_ERR_CANCELLED);
    save(run, m, rank);
    *out = outcome_of(m->trainer);
    snn_dataset_destroy(set);
}

static void the_rest(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    OK(snn_trainer_prepare(m->trainer, BATCH));
    OK(snn_trainer_load(m->trainer, plan.path));
    OK(snn_trainer_prepare(m->trainer, BATCH)); /* and what was loaded stays */
    two_epochs(run, m, rank, out);
}

/* A run that stopped on some ranks goes on, on any others, to the same bits. */
START_TEST(test_resumed)
{
    struct running one = of(&tasks[_i], 1, two_epochs);
    char path[64];

    snprintf(path, sizeof path, "test_trainer_ranks_%d.snn", _i);
    begin_plan();
    plan.path = path;
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 1; ranks <= 4; ranks += 3) {
        struct running half = of(&tasks[_i], 1, half_an_epoch);

        plan.stops = ranks - 1;
        plan.stop_at = 1;
        run_ranks(&half, ranks, true);
        plan.stops = 99; /* none of them, from here on */
        one.body = the_rest;
        for (uint32_t others = 1; others <= 4; others++)
            compare_ranks(&tasks[_i], &one, others, 1);
        free_outcomes(&half);
    }
    ck_assert_int_eq(remove(path), 0);
    free_outcomes(&one);
}
END_TEST

/* An epoch under way keeps its shards; the next one may have others. */
START_TEST(test_other_shards)
{
    struct member m = member_of(&tasks[_i], SHARDS, 1, NULL), other = member_of(&tasks[_i], 2, 1, NULL);
    struct counted c = { plan.x, plan.reads, 1, COUNT, SNN_OK };
    struct stopper stopper = { .rank = 0 };
    const char *path = "test_trainer_ranks_other.snn";
    snn_dataset *set;

    begin_plan();
    plan.stops = 0;
    plan.stop_at = 1;
    set = counted_set(m.ctx, &c);
    OK(snn_trainer_prepare(m.trainer, BATCH));
    OK(snn_trainer_prepare(other.trainer, BATCH));
    OK(snn_trainer_on_progress(m.trainer, maybe_stop, &stopper));
    ck_assert_int_eq(snn_trainer_epoch(m.trainer, set, NULL), SNN_ERR_CANCELLED);
    OK(snn_trainer_save(m.trainer, path));
    FAILS(snn_trainer_load(other.trainer, path), SNN_ERR_STATE, "with shards 4, reduce fixed and send ");
    OK(snn_trainer_epoch(m.trainer, set, NULL));
    OK(snn_trainer_save(m.trainer, path));
    OK(snn_trainer_load(other.trainer, path));
    OK(snn_trainer_epoch(other.trainer, set, NULL));
    ck_assert_int_eq(remove(path), 0);
    snn_dataset_destroy(set);
    close_member(&other);
    close_member(&m);
}
END_TEST

/* ---- a teacher, and targets ---- */

static void with_teacher(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    snn_network *net = network_of(m->ctx, run->task->shape, NET);
    snn_trainer *teacher = evaluator_of(net, "steps=3", BATCH);
    struct counted c = { plan.x, plan.reads, 1, COUNT, SNN_OK };
    snn_dataset *set = counted_set(m->ctx, &c);
    snn_metrics trained = SNN_METRICS_INIT;
    float x[BATCH * LEN], logits[BATCH * CLASSES];
    uint32_t label[BATCH] = { 0 };

    (void)rank;
    OK(snn_trainer_set_f64(m->trainer, SNN_TRAINER_DISTIL, 0.5));
    OK(snn_trainer_set_teacher(m->trainer, teacher));
    OK(snn_trainer_prepare(m->trainer, BATCH));
    OK(snn_trainer_epoch(m->trainer, set, &trained));
    random_fill(x, BATCH * LEN, 0, 1, 4);
    random_fill(logits, BATCH * CLASSES, -1, 1, 5);
    OK(snn_trainer_set_logits(m->trainer, logits, BATCH));
    OK(snn_trainer_step(m->trainer, BATCH_OF(x, 1, label, BATCH), &trained));
    *out = outcome_of(m->trainer);
    out->trained = trained;
    snn_trainer_destroy(teacher);
    snn_network_destroy(net);
    snn_dataset_destroy(set);
}

START_TEST(test_teacher)
{
    struct running one = of(&tasks[_i], 1, with_teacher);

    begin_plan();
    run_ranks(&one, 0, false);
    for (uint32_t ranks = 2; ranks <= 4; ranks++)
        compare_ranks(&tasks[_i], &one, ranks, 2);
    free_outcomes(&one);
}
END_TEST

/* Targets for each step, and lengths. */
static void with_targets(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[STEPS * BATCH * LEN], target[STEPS * BATCH * CLASSES];
    uint32_t length[BATCH];
    snn_batch batch = SNN_BATCH_INIT;

    (void)run;
    (void)rank;
    OK(snn_trainer_set_str(m->trainer, SNN_TRAINER_LOSS, "mse"));
    OK(snn_trainer_prepare(m->trainer, BATCH));
    random_fill(x, STEPS * BATCH * LEN, 0, 1, 4);
    random_fill(target, STEPS * BATCH * CLASSES, -1, 1, 5);
    for (size_t b = 0; b < BATCH; b++)
        length[b] = (uint32_t)(1 + b % STEPS);
    batch.samples = BATCH;
    batch.frames = STEPS;
    batch.x = x;
    batch.targets = target;
    batch.target_frames = STEPS;
    batch.lengths = length;
    out->trained = (snn_metrics)SNN_METRICS_INIT;
    for (unsigned i = 0; i < 3; i++)
        OK(snn_trainer_step(m->trainer, &batch, &out->trained));
    {
        const snn_metrics trained = out->trained;

        *out = outcome_of(m->trainer);
        out->trained = trained;
    }
    ck_assert(isfinite(out->trained.r2) && isfinite(out->trained.squared_error));
}

/* Labels for each step, and lengths. */
static void with_labels(struct running *run, struct member *m, uint32_t rank, struct outcome *out)
{
    float x[STEPS * BATCH * LEN];
    uint32_t length[BATCH], label[STEPS * BATCH];
    snn_batch batch = SNN_BATCH_INIT;
    snn_metrics trained = SNN_METRICS_INIT;

    (void)run;
    (void)rank;
    OK(snn_trainer_prepare(m->trainer, BATCH));
    random_fill(x, STEPS * BATCH * LEN, 0, 1, 4);
    for (size_t b = 0; b < BATCH; b++)
        length[b] = (uint32_t)(1 + b % STEPS);
    for (size_t i = 0; i < STEPS * BATCH; i++)
        label[i] = (uint32_t)(i * i % CLASSES);
    batch.samples = BATCH;
    batch.frames = STEPS;
    batch.x = x;
    batch.labels = label;
    batch.target_frames = STEPS;
    batch.lengths = length;
    for (unsigned i = 0; i < 3; i++)
        OK(snn_trainer_step(m->trainer, &batch, &trained));
    *out = outcome_of(m->trainer);
    out->trained = trained;
    ck_assert(trained.accuracy > 0 && trained.accuracy <= 1);
}

START_TEST(test_labels)
{
    struct running one = of(&tasks[_i], 1, with_labels);

    run_ranks(&one, 0, false);
    for (uint32_t ranks = 2; ranks <= 4; ranks++)
        compare_ranks(&tasks[_i], &one, ranks, 2);
    free_outcomes(&one);
}
END_TEST

START_TEST(test_targets)
{
    struct running one = of(&tasks[_i], 1, with_targets);

    run_ranks(&one, 0, false);
    for (uint32_t ranks = 2; ranks <= 4; ranks++)
        compare_ranks(&tasks[_i], &one, ranks, 2);
    free_outcomes(&one);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: epochs of ranks");
    TCase *tc = tcase_create("ranks");

    tcase_set_timeout(tc, 300);
    tcase_add_loop_test(tc, test_epochs, 0, TASKS);
    tcase_add_loop_test(tc, test_stopped, 0, TASKS);
    tcase_add_loop_test(tc, test_stopped_while_looking, 0, 2);
    tcase_add_loop_test(tc, test_skipped, 0, TASKS);
    tcase_add_test(tc, test_evaluator);
    tcase_add_loop_test(tc, test_resumed, 0, TASKS);
    tcase_add_loop_test(tc, test_other_shards, 0, 5);
    tcase_add_loop_test(tc, test_teacher, 0, 5);
    tcase_add_loop_test(tc, test_targets, 0, 2);
    tcase_add_loop_test(tc, test_labels, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
