/* Targets and lengths: from the host and from data sets the same bits, batches and sets that are refused, and what
 * the steps past a sample's length do. */
#include "trainer/builder.h"
#include <snn/model.h>
#include <unistd.h>

enum { IN = 12, OUT = 3, STEPS = 5, BATCH = 3, COUNT = 8, EPOCHS = 2 };

#define LIF "lif n decay=0.6 threshold=0.7"
#define CHAIN "linear a out=20; " LIF "; linear b out=16; lif m decay=0.8 threshold=0.5; linear o out=3"
#define NORM "linear a out=20; batch_norm bn over=all; " LIF "; linear o out=3"
#define FEEDBACK "linear a out=12; linear w out=12 <n:1; add s <a <w; " LIF "; linear o out=3"
#define RATES "linear a out=16; dsr_if n; linear o out=3"
#define LOOP                                                                                                         \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=2 fire_at=0.5; " \
    "rate r; linear o out=3"

/* Loss of each step's output: targets for each step, and lengths. */
static const struct {
    const char *name, *method, *settings, *layers;
} ways[] = {
    { "bptt", "bptt", "loss=mse", CHAIN },
    { "bptt, norm over all steps", "bptt", "loss=huber", NORM },
    { "bptt, feedback", "bptt", "loss=mse", FEEDBACK },
    { "sltt", "sltt", "loss=mae", CHAIN },
    { "sltt, three steps", "sltt", "loss=mse sampled_steps=3", CHAIN },
    { "ottt", "ottt", "loss=half_square", CHAIN },
    { "ottt, online", "ottt", "loss=mse variant=O", CHAIN },
    { "opzo", "opzo", "loss=mse", CHAIN },
    { "opzo, the loss", "opzo", "loss=mse feedback=zo", CHAIN },
    { "sei", "sei", "loss=mse", CHAIN },
    { "sei, through time", "sei", "loss=mse temporal=1", CHAIN },
    { "sei, norm over all steps", "sei", "loss=mse", NORM },
};

/* One loss of all steps. */
static const struct {
    const char *method, *settings, *layers;
} wholes[] = {
    { "bptt", "loss=mse loss_on=mean", CHAIN },
    { "dsr", "loss=mse", RATES },
    { "ide", "loss=mse", LOOP },
};

enum { WAYS = sizeof ways / sizeof *ways, WHOLES = sizeof wholes / sizeof *wholes };

/* ---- samples ---- */

struct set {
    float x[COUNT][STEPS][IN], target[COUNT][STEPS][OUT];
    uint32_t length[COUNT], label[COUNT];
    size_t frames, target_frames; /* 0: labels */
    bool has_lengths;
    /* what the callback does wrong, where `bad` is the sample */
    size_t bad, bad_frame;
    enum wrong { FINE, FAILS_TO_READ, TARGET_NAN, NO_FRAMES, TOO_MANY_FRAMES, REPLACES_X } wrong;
    _Atomic unsigned past; /* frames asked for behind a sample's length */
};

static void fill(struct set *s, size_t frames, size_t target_frames, bool has_lengths)
{
    memset(s, 0, sizeof *s);
    random_fill(s->x[0][0], COUNT * STEPS * IN, -0.5f, 1.5f, 3);
    random_fill(s->target[0][0], COUNT * STEPS * OUT, -1.0f, 1.0f, 4);
    for (size_t i = 0; i < COUNT; i++) {
        s->length[i] = has_lengths ? (uint32_t)(1 + i * 3 % STEPS) : STEPS;
        s->label[i] = (uint32_t)(i * 5 % OUT);
    }
    s->frames = frames;
    s->target_frames = target_frames;
    s->has_lengths = has_lengths;
    s->bad = SIZE_MAX;
}

static snn_status do_wrong(const struct set *s, snn_sample *sample)
{
    static float elsewhere[IN];

    switch (s->wrong) {
    case FAILS_TO_READ:
        return SNN_ERR_IO;
    case TARGET_NAN:
        sample->target[1] = NAN;
        break;
    case NO_FRAMES:
        sample->length = 0;
        break;
    case TOO_MANY_FRAMES:
        sample->length = STEPS + 1;
        break;
    case REPLACES_X:
        sample->x = elsewhere;
        break;
    default:
        break;
    }
    return SNN_OK;
}

static snn_status read_one(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct set *s = user;

    if (frame < s->frames)
        memcpy(sample->x, s->x[index][frame], sizeof s->x[index][frame]);
    else /* a target alone */
        for (size_t i = 0; i < IN; i++)
            sample->x[i] = NAN;
    if (s->target_frames > 0)
        memcpy(sample->target, s->target[index][s->target_frames > 1 ? frame : 0], sizeof s->target[index][0]);
    else
        sample->label = s->label[index];
    if (frame == 0 && s->has_lengths)
        sample->length = s->length[index];
    s->past += frame >= s->length[index];
    return index == s->bad && frame == s->bad_frame ? do_wrong(s, sample) : SNN_OK;
}

static snn_dataset *dataset(snn_context *ctx, struct set *s)
{
    snn_dataset_source source;
    snn_dataset *out = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = IN;
    source.count = COUNT;
    source.frames = s->frames;
    if (s->target_frames > 0) {
        source.targets = OUT;
        source.target_frames = s->target_frames;
    } else {
        source.classes = OUT;
    }
    source.read = read_one;
    source.user = s;
    OK(snn_dataset_create(&out, ctx, &source));
    return out;
}

/* Samples from `first` on as the host's arrays. */
struct arrays {
    float x[STEPS][BATCH][IN], target[STEPS][BATCH][OUT];
    uint32_t length[BATCH];
};

static snn_batch batch_of(struct arrays *a, const struct set *s, size_t first, size_t n)
{
    snn_batch batch = SNN_BATCH_INIT;

    for (size_t t = 0; t < STEPS; t++)
        for (size_t b = 0; b < n; b++) {
            memcpy(a->x[0][0] + (t * n + b) * IN, s->x[first + b][t], sizeof s->x[0][0]);
            memcpy(a->target[0][0] + (t * n + b) * OUT, s->target[first + b][t], sizeof s->target[0][0]);
            a->length[b] = s->length[first + b];
        }
    batch.samples = n;
    batch.frames = s->frames;
    batch.x = a->x[0][0];
    batch.targets = s->target_frames > 0 ? a->target[0][0] : NULL;
    batch.target_frames = s->target_frames;
    batch.labels = s->target_frames > 0 ? NULL : s->label + first;
    batch.lengths = s->has_lengths ? a->length : NULL;
    return batch;
}

/* ---- a trainer ---- */

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
};

static void open_world(struct world *w, const char *method, const char *settings, const char *layers,
                       uint32_t threads)
{
    static const size_t shape[3] = { IN };
    char text[128];

    snprintf(text, sizeof text, "steps=%d shuffle=0 %s", STEPS, settings);
    w->ctx = test_context(threads, 5, "best");
    w->net = network_of(w->ctx, shape, layers);
    w->opt = sgd_of(w->ctx, 0.05);
    w->tr = trainer_of(w->net, w->opt, method, text, BATCH);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static void check_same(const struct world *a, const struct world *b, const char *name)
{
    ck_assert_uint_eq(a->net->n_parameters, b->net->n_parameters);
    ck_assert_msg(memcmp(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float)) == 0,
                  "%s: parameters differ", name);
}

static void check_near(const struct world *a, const struct world *b)
{
    ck_assert_double_lt(distance(a->net->parameters, b->net->parameters, a->net->n_parameters), 1e-6);
}

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

START_TEST(test_roads_of_one_loss)
{
    struct set s;

    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        fill(&s, frames, 1, false);
        check_roads(wholes[_i].method, wholes[_i].method, wholes[_i].settings, wholes[_i].layers, &s);
    }
}
END_TEST

/* ---- what the steps past a sample's length do ---- */

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

/* What lies behind the length, in x and in targets, is not looked at; samples do not see each other's lengths. */
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

/* The mean output is that over a sample's own steps. */
START_TEST(test_mean_over_the_length)
{
    struct world longer, shorter;
    struct arrays a;
    struct set s;
    snn_batch batch;
    snn_metrics m = SNN_METRICS_INIT, k = SNN_METRICS_INIT;

    fill(&s, STEPS, 1, true);
    s.length[0] = 2;
    open_world(&longer, "bptt", "loss=mse loss_on=mean", CHAIN, 1);
    open_world(&shorter, "bptt", "loss=mse loss_on=mean steps=2", CHAIN, 1);
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
    tcase_add_loop_test(tc, test_roads_of_one_loss, 0, WHOLES);
    tcase_add_loop_test(tc, test_length_is_a_shorter_run, 0, WAYS);
    tcase_add_loop_test(tc, test_nothing_behind_the_length, 0, WAYS);
    tcase_add_loop_test(tc, test_whole_lengths, 0, WAYS);
    tcase_add_test(tc, test_mean_over_the_length);
    tcase_add_loop_test(tc, test_refused, 0, sizeof refused / sizeof *refused);
    tcase_add_loop_test(tc, test_refused_of_one_loss, 0, WHOLES);
    tcase_add_test(tc, test_loss_of_labels);
    tcase_add_loop_test(tc, test_set_goes_wrong, 0, sizeof failing / sizeof *failing);
    tcase_add_test(tc, test_sets_that_do_not_fit);
    tcase_add_test(tc, test_lengths_of_a_set_are_refused);
    tcase_add_test(tc, test_evaluator);
    tcase_add_test(tc, test_encoded);
    tcase_add_loop_test(tc, test_nothing_is_allocated, 0, WAYS);
    tcase_add_test(tc, test_checkpoint);
    tcase_add_test(tc, test_teacher);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
