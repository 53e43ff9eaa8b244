/* Targets: from the host and from data sets the same bits; batches and sets that are refused. */
#include "targets.h"
#include <snn/model.h>
#include <unistd.h>

/* ---- the two roads ---- */

static double steps_of_an_epoch(struct world *w, const struct set *s, double *accuracy)
{
    double loss = 0;

    *accuracy = 0;

    for (size_t first = 0; first < COUNT; first += BATCH) {
        size_t n = COUNT - first < BATCH ? COUNT - first : BATCH;
        struct arrays a;
        const snn_batch batch = batch_of(&a, s, first, n);
        snn_metrics m = SNN_METRICS_INIT;

        OK(snn_trainer_step(w->tr, &batch, &m));
        loss += m.loss * (double)n;
        *accuracy += m.accuracy * (double)n / COUNT;
    }
    return loss / COUNT;
}

static void check_roads(const char *name, const char *method, const char *settings, const char *layers, struct set *s)
{
    struct world host, data;
    snn_dataset *set;

    open_world(&host, method, settings, layers, 1);
    open_world(&data, method, settings, layers, 3);
    set = dataset(data.ctx, s);
    for (int i = 0; i < EPOCHS; i++) {
        snn_metrics m = SNN_METRICS_INIT;
        double accuracy, loss = steps_of_an_epoch(&host, s, &accuracy);

        OK(snn_trainer_epoch(data.tr, set, &m));
        ck_assert_msg(m.loss == loss, "%s: loss %.17g and %.17g", name, m.loss, loss);
        if (s->target_frames > 0)
            ck_assert(m.squared_error > 0 && m.r2 < 1 && isnan(m.accuracy) && isnan(accuracy));
        else
            ck_assert(isnan(m.squared_error) && isnan(m.r2) && fabs(m.accuracy - accuracy) < 1e-12);
    }
    check_same(&host, &data, name);
    ck_assert_uint_eq(s->past, 0);
    snn_dataset_destroy(set);
    close_world(&host);
    close_world(&data);
}

/* Batches of the host with one thread, and a data set with three, give the same bits. */
START_TEST(test_roads)
{
    static const struct {
        size_t frames, target_frames;
        bool lengths;
    } rows[] = { { 1, 1, false },     { STEPS, 1, false }, { STEPS, STEPS, false },
                 { 1, STEPS, false }, { STEPS, 1, true },  { STEPS, STEPS, true } };
    struct set s;

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fill(&s, rows[i].frames, rows[i].target_frames, rows[i].lengths);
        check_roads(ways[_i].name, ways[_i].method, ways[_i].settings, ways[_i].layers, &s);
    }
}
END_TEST

/* The same with labels, of samples that end before others. */
START_TEST(test_roads_of_labels)
{
    char settings[64];
    struct set s;

    snprintf(settings, sizeof settings, "%s loss=ce", ways[_i].settings);
    fill(&s, STEPS, 0, true);
    check_roads(ways[_i].name, ways[_i].method, settings, ways[_i].layers, &s);
}
END_TEST

/* A label for each step, of all frames or of a static sample. */
START_TEST(test_roads_of_step_labels)
{
    static const struct {
        size_t frames;
        bool lengths;
    } rows[] = { { STEPS, false }, { 1, false }, { STEPS, true } };
    char settings[64];
    struct set s;

    snprintf(settings, sizeof settings, "%s loss=ce", ways[_i].settings);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fill(&s, rows[i].frames, 0, rows[i].lengths);
        s.label_steps = true;
        check_roads(ways[_i].name, ways[_i].method, settings, ways[_i].layers, &s);
    }
    if (strcmp(ways[_i].method, "bptt") == 0 || strcmp(ways[_i].method, "ottt") == 0) { /* the last in two parts */
        strcat(settings, " shards=2");
        check_roads(ways[_i].name, ways[_i].method, settings, ways[_i].layers, &s);
    }
}
END_TEST

/* Distances from the labels of steps are those from targets that are 1 for the class of the step. */
START_TEST(test_step_labels_are_targets)
{
    struct world labels, targets;
    struct set s;

    fill(&s, STEPS, STEPS, true);
    for (size_t i = 0; i < COUNT; i++)
        for (size_t t = 0; t < STEPS; t++)
            for (size_t c = 0; c < OUT; c++)
                s.target[i][t][c] = c == s.step_label[i][t];
    open_world(&targets, ways[_i].method, ways[_i].settings, ways[_i].layers, 1);
    open_world(&labels, ways[_i].method, ways[_i].settings, ways[_i].layers, 1);
    for (size_t first = 0; first + BATCH <= COUNT; first += BATCH) {
        snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;
        struct arrays a;
        snn_batch batch;

        s.target_frames = STEPS;
        s.label_steps = false;
        batch = batch_of(&a, &s, first, BATCH);
        OK(snn_trainer_step(targets.tr, &batch, &m));
        s.target_frames = 0;
        s.label_steps = true;
        batch = batch_of(&a, &s, first, BATCH);
        OK(snn_trainer_step(labels.tr, &batch, &k));
        ck_assert_double_eq(m.loss, k.loss);
        ck_assert(isnan(m.accuracy) && k.accuracy >= 0 && k.accuracy <= 1 && isnan(k.r2));
    }
    check_same(&labels, &targets, ways[_i].name);
    close_world(&labels);
    close_world(&targets);
}
END_TEST

/* ---- how many steps are right ---- */

struct score {
    const struct set *s;
    double right;
};

/* Of the first batch: the observer sees its samples in their order. */
static void score_step(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct score *score = user;
    snn_trainer_info info = SNN_TRAINER_INFO_INIT;
    const snn_layer *last = snn_network_layer_named(tr->net, "o");
    float out[BATCH * OUT];

    if (phase != SNN_PHASE_FORWARD)
        return;
    OK(snn_trainer_get_info(tr, &info));
    OK(snn_trainer_read_signal(tr, last, SNN_SIGNAL_OUTPUT, out, info.samples * OUT));
    for (size_t b = 0; b < info.samples; b++) {
        const uint32_t length = score->s->length[b];
        size_t best = 0;

        for (size_t c = 1; c < OUT; c++)
            best = out[b * OUT + c] > out[b * OUT + best] ? c : best;
        if (step < length && best == score->s->step_label[b][step])
            score->right += 1.0 / length;
    }
}

START_TEST(test_steps_are_counted)
{
    snn_metrics seen = SNN_METRICS_INIT, plain = SNN_METRICS_INIT;
    struct score score = { 0 };
    struct world w, blind;
    struct set s;
    snn_dataset *set, *other;

    fill(&s, STEPS, 0, true);
    s.label_steps = true;
    score.s = &s;
    open_world(&w, "bptt", "loss=ce", CHAIN, 1);
    open_world(&blind, "bptt", "loss=ce", CHAIN, 2);
    OK(snn_trainer_observe(w.tr, SNN_OBSERVE_SIGNALS, score_step, &score));
    OK(snn_trainer_prepare(w.tr, BATCH));
    set = dataset(w.ctx, &s);
    other = dataset(blind.ctx, &s);
    OK(snn_dataset_set_i64(set, SNN_DATASET_LIMIT, BATCH));
    OK(snn_dataset_set_i64(other, SNN_DATASET_LIMIT, BATCH));
    OK(snn_trainer_evaluate(w.tr, set, &seen));
    OK(snn_trainer_evaluate(blind.tr, other, &plain));
    ck_assert_double_eq_tol(seen.accuracy, score.right / BATCH, 1e-12);
    ck_assert(seen.accuracy == plain.accuracy && seen.loss == plain.loss && seen.accuracy > 0 && seen.accuracy < 1);
    snn_dataset_destroy(set);
    snn_dataset_destroy(other);
    close_world(&w);
    close_world(&blind);
}
END_TEST

START_TEST(test_roads_of_one_loss)
{
    struct set s;

    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        fill(&s, frames, 1, false);
        check_roads(wholes[_i].method, wholes[_i].method, wholes[_i].settings, wholes[_i].layers, &s);
    }
}
END_TEST

/* ---- batches that are refused ---- */

static void both(snn_batch *batch, struct arrays *a)
{
    static const uint32_t labels[BATCH] = { 0, 1, 2 };

    (void)a;
    batch->labels = labels;
}

static void none(snn_batch *batch, struct arrays *a)
{
    (void)a;
    batch->targets = NULL;
}

static void two_target_frames(snn_batch *batch, struct arrays *a)
{
    (void)a;
    batch->target_frames = 2;
}

static void no_target_frames(snn_batch *batch, struct arrays *a)
{
    (void)a;
    batch->target_frames = 0;
}

/* Labels of all steps, of which one is none; one that a length leaves out would pass. */
static void label_too_large(snn_batch *batch, struct arrays *a)
{
    a->label[2 * BATCH + 1] = OUT;
    batch->labels = a->label;
    batch->targets = NULL;
}

static void two_label_frames(snn_batch *batch, struct arrays *a)
{
    batch->labels = a->label;
    batch->targets = NULL;
    batch->target_frames = 2;
}

static void target_nan(snn_batch *batch, struct arrays *a)
{
    a->target[4][2][1] = NAN;
    (void)batch;
}

static void target_infinite(snn_batch *batch, struct arrays *a)
{
    a->target[0][1][2] = INFINITY;
    batch->target_frames = 1;
}

static void length_zero(snn_batch *batch, struct arrays *a)
{
    a->length[1] = 0;
    batch->lengths = a->length;
}

static void length_too_large(snn_batch *batch, struct arrays *a)
{
    a->length[2] = STEPS + 1;
    batch->lengths = a->length;
}

static void length_of_static(snn_batch *batch, struct arrays *a)
{
    a->length[0] = 2;
    batch->lengths = a->length;
    batch->frames = 1;
}

static void reserved_set(snn_batch *batch, struct arrays *a)
{
    (void)a;
    batch->reserved = 1;
}

static const struct {
    void (*spoil)(snn_batch *batch, struct arrays *a);
    snn_status rc, predicts;
    const char *part;
} refused[] = {
    { both, SNN_ERR_ARGUMENT, SNN_OK, "labels and targets" },
    { none, SNN_ERR_ARGUMENT, SNN_OK, "labels is NULL, and so is targets" },
    { two_target_frames, SNN_ERR_ARGUMENT, SNN_OK, "2 target_frames; 1 (a target for each sample) or 5" },
    { no_target_frames, SNN_ERR_ARGUMENT, SNN_OK, "0 target_frames" },
    { label_too_large, SNN_ERR_ARGUMENT, SNN_OK, "label 7 is 3; the network has 3 outputs" },
    { two_label_frames, SNN_ERR_ARGUMENT, SNN_OK, "2 target_frames; 1 (a label for each sample) or 5" },
    { target_nan, SNN_ERR_DIVERGED, SNN_OK, "the target of sample 2 holds a value that is not finite (step 4)" },
    { target_infinite, SNN_ERR_DIVERGED, SNN_OK, "the target of sample 1" },
    { length_zero, SNN_ERR_ARGUMENT, SNN_ERR_ARGUMENT, "length 1 is 0; a sample has 1 to 5 frames" },
    { length_too_large, SNN_ERR_ARGUMENT, SNN_ERR_ARGUMENT, "length 2 is 6" },
    { length_of_static, SNN_ERR_ARGUMENT, SNN_ERR_ARGUMENT, "length 0 is 2; a sample has 1 to 1 frames" },
    { reserved_set, SNN_ERR_VERSION, SNN_ERR_VERSION, "batch" },
};

/* A refused batch changes nothing; a prediction looks at neither labels nor targets. */
START_TEST(test_refused)
{
    struct world w, clean;
    struct arrays a;
    struct set s;
    snn_batch batch;
    float out[BATCH * OUT];

    fill(&s, STEPS, STEPS, false);
    open_world(&w, "bptt", "loss=mse", CHAIN, 1);
    open_world(&clean, "bptt", "loss=mse", CHAIN, 1);
    batch = batch_of(&a, &s, 0, BATCH);
    refused[_i].spoil(&batch, &a);
    FAILS(snn_trainer_step(w.tr, &batch, NULL), refused[_i].rc, refused[_i].part);
    ck_assert_int_eq(snn_trainer_predict(w.tr, &batch, out), refused[_i].predicts);
    check_same(&w, &clean, refused[_i].part);
    close_world(&w);
    close_world(&clean);
}
END_TEST

/* A loss of all steps has no step of its own for a target, and methods of rates none for a length. */
START_TEST(test_refused_of_one_loss)
{
    bool keeps_steps = strcmp(wholes[_i].method, "bptt") == 0;
    struct world w;
    struct arrays a;
    struct set s;
    snn_batch batch;
    float out[BATCH * OUT];

    fill(&s, STEPS, STEPS, true);
    open_world(&w, wholes[_i].method, wholes[_i].settings, wholes[_i].layers, 1);
    batch = batch_of(&a, &s, 0, BATCH);
    FAILS(snn_trainer_step(w.tr, &batch, NULL), SNN_ERR_UNSUPPORTED, "a target for each step");
    s.target_frames = 0;
    s.label_steps = true;
    batch = batch_of(&a, &s, 0, BATCH);
    FAILS(snn_trainer_step(w.tr, &batch, NULL), SNN_ERR_UNSUPPORTED, "a label for each step");
    s.target_frames = STEPS;
    s.label_steps = false;
    batch = batch_of(&a, &s, 0, BATCH);
    batch.target_frames = 1;
    if (keeps_steps) {
        OK(snn_trainer_step(w.tr, &batch, NULL));
    } else {
        FAILS(snn_trainer_step(w.tr, &batch, NULL), SNN_ERR_UNSUPPORTED, "sample 0 of the batch ends after 1 of 5");
        FAILS(snn_trainer_predict(w.tr, &batch, out), SNN_ERR_UNSUPPORTED, "ends after");
    }
    close_world(&w);
}
END_TEST

/* The default loss is of labels: targets are refused, and what to do is said. */
START_TEST(test_loss_of_labels)
{
    struct world w;
    struct arrays a;
    struct set s;
    snn_batch batch;
    snn_dataset *set;

    fill(&s, 1, 1, false);
    open_world(&w, "sltt", "", CHAIN, 1);
    batch = batch_of(&a, &s, 0, BATCH);
    FAILS(snn_trainer_step(w.tr, &batch, NULL), SNN_ERR_ARGUMENT, "set loss to mse");
    set = dataset(w.ctx, &s);
    FAILS(snn_trainer_epoch(w.tr, set, NULL), SNN_ERR_ARGUMENT, "set loss to mse");
    FAILS(snn_trainer_evaluate(w.tr, set, NULL), SNN_ERR_ARGUMENT, "set loss to mse");
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

/* ---- data sets that go wrong ---- */

static const struct {
    enum wrong wrong;
    size_t frame;
    snn_status rc;
    const char *part;
} failing[] = {
    { FAILS_TO_READ, 0, SNN_ERR_IO, "SNN_ERR_IO for sample 4, frame 0" },
    { FAILS_TO_READ, 3, SNN_ERR_IO, "SNN_ERR_IO for sample 4, frame 3" },
    { TARGET_NAN, 2, SNN_ERR_DIVERGED, "sample 4, frame 2: target 1 is nan" },
    { NO_FRAMES, 0, SNN_ERR_ARGUMENT, "sample 4 has a length of 0; 1 to " },
    { TOO_MANY_FRAMES, 0, SNN_ERR_ARGUMENT, "sample 4 has a length of 6; 1 to " },
    { REPLACES_X, 1, SNN_ERR_ARGUMENT, "set x or target of sample 4" },
};

/* Whether the input is static or not: the epoch ends, tells of the sample, and goes on once that can be read. */
START_TEST(test_set_goes_wrong)
{
    struct world w, clean;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;

    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        struct set s;
        snn_dataset *set, *good;

        fill(&s, frames, STEPS, false);
        open_world(&w, "bptt", "loss=mse", CHAIN, 3);
        open_world(&clean, "bptt", "loss=mse", CHAIN, 1);
        set = dataset(w.ctx, &s);
        good = dataset(clean.ctx, &s);
        OK(snn_trainer_epoch(clean.tr, good, &k));
        s.bad = 4;
        s.bad_frame = failing[_i].frame;
        s.wrong = failing[_i].wrong;
        FAILS(snn_trainer_epoch(w.tr, set, NULL), failing[_i].rc, failing[_i].part);
        s.wrong = FINE;
        OK(snn_trainer_epoch(w.tr, set, &m));
        ck_assert(m.loss == k.loss && m.squared_error == k.squared_error && m.r2 == k.r2);
        check_same(&w, &clean, failing[_i].part);
        s.wrong = failing[_i].wrong;
        OK(snn_trainer_set_i64(w.tr, SNN_TRAINER_SKIP_UNREADABLE, 1));
        OK(snn_trainer_epoch(w.tr, set, &m));
        ck_assert_uint_eq(m.samples, COUNT - BATCH);
        snn_dataset_destroy(set);
        snn_dataset_destroy(good);
        close_world(&w);
        close_world(&clean);
    }
}
END_TEST

/* What does not fit is said before the first sample is read. */
START_TEST(test_sets_that_do_not_fit)
{
    static const size_t shape[3] = { IN };
    struct world w;
    struct set s;
    snn_dataset *set;
    snn_network *net;
    snn_trainer *tr;

    open_world(&w, "bptt", "loss=mse", CHAIN, 1);
    fill(&s, 1, 4, false);
    set = dataset(w.ctx, &s);
    FAILS(snn_trainer_epoch(w.tr, set, NULL), SNN_ERR_SHAPE, "targets of 4 frames do not fit 5 steps");
    FAILS(snn_trainer_evaluate(w.tr, set, NULL), SNN_ERR_SHAPE, "targets of 4 frames do not fit 5 steps");
    snn_dataset_destroy(set);
    fill(&s, 1, 1, false);
    set = dataset(w.ctx, &s);
    net = network_of(w.ctx, shape, "linear o out=4");
    tr = trainer_of(net, w.opt, "bptt", "loss=mse", BATCH);
    FAILS(snn_trainer_epoch(tr, set, NULL), SNN_ERR_SHAPE, "targets of 3 numbers, the network 4 outputs");
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

/* An evaluator takes targets and lengths as the trainer does. */
START_TEST(test_evaluator)
{
    struct world w;
    struct set s;
    struct arrays a;
    snn_trainer *looks;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;
    float out[BATCH * OUT], want[BATCH * OUT];
    snn_dataset *set;
    snn_batch batch;

    fill(&s, STEPS, STEPS, true);
    open_world(&w, "sltt", "loss=mse", CHAIN, 3);
    looks = evaluator_of(w.net, "steps=5 loss=mse", BATCH);
    set = dataset(w.ctx, &s);
    batch = batch_of(&a, &s, 0, BATCH);
    OK(snn_trainer_epoch(w.tr, set, NULL));
    OK(snn_trainer_evaluate(w.tr, set, &m));
    OK(snn_trainer_evaluate(looks, set, &k));
    ck_assert(m.loss == k.loss && m.squared_error == k.squared_error && m.r2 == k.r2);
    OK(snn_trainer_predict(w.tr, &batch, want));
    OK(snn_trainer_predict(looks, &batch, out));
    ck_assert_mem_eq(out, want, sizeof out);
    snn_dataset_destroy(set);
    snn_trainer_destroy(looks);
    close_world(&w);
}
END_TEST

/* ---- encoders, memory, runs that stop ---- */

/* A static sample is drawn as spikes anew at every step, while its targets are read. */
START_TEST(test_encoded)
{
    struct world w[2];
    struct set s[2];

    for (int i = 0; i < 2; i++) {
        snn_dataset *set;

        fill(&s[i], 1, i ? STEPS : 1, false);
        for (size_t b = 0; b < COUNT; b++)
            for (size_t t = 1; t < STEPS; t++)
                memcpy(s[i].target[b][t], s[i].target[b][0], sizeof s[i].target[b][0]);
        open_world(&w[i], "sltt", "loss=mse encoder=poisson", CHAIN, 2);
        set = dataset(w[i].ctx, &s[i]);
        OK(snn_trainer_epoch(w[i].tr, set, NULL));
        snn_dataset_destroy(set);
    }
    check_same(&w[0], &w[1], "one target for all steps, and the same one for each");
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

START_TEST(test_nothing_is_allocated)
{
    struct world w;
    struct set s;
    struct arrays a;
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;
    snn_dataset *set;
    float out[BATCH * OUT];
    snn_batch batch;

    fill(&s, STEPS, STEPS, true);
    open_world(&w, ways[_i].method, ways[_i].settings, ways[_i].layers, 2);
    set = dataset(w.ctx, &s);
    batch = batch_of(&a, &s, 0, BATCH);
    OK(snn_context_get_info(w.ctx, &before));
    OK(snn_trainer_epoch(w.tr, set, NULL));
    OK(snn_trainer_evaluate(w.tr, set, NULL));
    OK(snn_trainer_step(w.tr, &batch, NULL));
    OK(snn_trainer_predict(w.tr, &batch, out));
    OK(snn_context_get_info(w.ctx, &after));
    ck_assert_uint_eq(after.allocations, before.allocations);
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

static int stop(void *user, const snn_progress *progress)
{
    return progress->done == *(const uint64_t *)user;
}

/* An epoch over targets that was stopped goes on from a checkpoint with the same bits, over such a data set alone. */
START_TEST(test_checkpoint)
{
    const char *path = "targets.snn";
    uint64_t at = 2 * BATCH;
    struct world whole, half, rest;
    struct set s, other;
    snn_dataset *set[3], *unlike;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;

    fill(&s, STEPS, STEPS, true);
    fill(&other, STEPS, 1, true);
    open_world(&whole, "bptt", "loss=mse", CHAIN, 1);
    open_world(&half, "bptt", "loss=mse", CHAIN, 2);
    open_world(&rest, "bptt", "loss=mse", CHAIN, 3);
    set[0] = dataset(whole.ctx, &s);
    set[1] = dataset(half.ctx, &s);
    set[2] = dataset(rest.ctx, &s);
    unlike = dataset(rest.ctx, &other);
    OK(snn_trainer_epoch(whole.tr, set[0], &m));
    OK(snn_trainer_on_progress(half.tr, stop, &at));
    FAILS(snn_trainer_epoch(half.tr, set[1], NULL), SNN_ERR_CANCELLED, "after 6 of 8");
    OK(snn_trainer_save(half.tr, path));
    OK(snn_trainer_load(rest.tr, path));
    FAILS(snn_trainer_epoch(rest.tr, unlike, NULL), SNN_ERR_STATE,
          "over 8 samples (frames: 5, of targets: 5) is under way, 6 of them done; this data set has 8 (frames: 5, "
          "of targets: 1)");
    OK(snn_trainer_epoch(rest.tr, set[2], &k));
    ck_assert(m.loss == k.loss && m.squared_error == k.squared_error && m.r2 == k.r2 && m.samples == k.samples);
    check_same(&whole, &rest, "resumed");
    unlink(path);
    snn_dataset_destroy(unlike);
    for (int i = 0; i < 3; i++)
        snn_dataset_destroy(set[i]);
    close_world(&whole);
    close_world(&half);
    close_world(&rest);
}
END_TEST

/* A teacher reads the same samples, of which it needs no targets. */
START_TEST(test_teacher)
{
    static const size_t shape[3] = { IN };
    struct world w[2];
    struct set s;

    fill(&s, STEPS, STEPS, true);
    for (int i = 0; i < 2; i++) {
        snn_network *net;
        snn_trainer *teacher;
        snn_dataset *set;

        open_world(&w[i], "bptt", "loss=mse distil=0.3", CHAIN, i ? 3 : 1);
        net = network_of(w[i].ctx, shape, "linear o out=3");
        teacher = evaluator_of(net, "steps=5", BATCH);
        OK(snn_trainer_set_teacher(w[i].tr, teacher));
        set = dataset(w[i].ctx, &s);
        OK(snn_trainer_epoch(w[i].tr, set, NULL));
        OK(snn_trainer_set_teacher(w[i].tr, NULL));
        snn_trainer_destroy(teacher);
        snn_network_destroy(net);
        snn_dataset_destroy(set);
    }
    check_same(&w[0], &w[1], "taught");
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: targets");
    TCase *tc = tcase_create("targets");

    tcase_add_loop_test(tc, test_roads, 0, WAYS);
    tcase_add_loop_test(tc, test_roads_of_labels, 0, WAYS);
    tcase_add_loop_test(tc, test_roads_of_step_labels, 0, WAYS);
    tcase_add_loop_test(tc, test_step_labels_are_targets, 0, WAYS);
    tcase_add_test(tc, test_steps_are_counted);
    tcase_add_loop_test(tc, test_roads_of_one_loss, 0, WHOLES);
    tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(tc, test_refused_of_one_loss, 0, WHOLES);
    tcase_add_test(tc, test_loss_of_labels);
    tcase_add_loop_test(tc, test_set_goes_wrong, 0, sizeof failing / sizeof *failing);
    tcase_add_test(tc, test_sets_that_do_not_fit);
    tcase_add_test(tc, test_evaluator);
    tcase_add_test(tc, test_encoded);
    tcase_add_loop_test(tc, test_nothing_is_allocated, 0, WAYS);
    tcase_add_test(tc, test_checkpoint);
    tcase_add_test(tc, test_teacher);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
