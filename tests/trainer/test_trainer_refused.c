/* A refused step changes nothing: parameters, running statistics, moments, and all else that a checkpoint holds stay
 * byte for byte, for every method and wherever the number arises that is not finite. A run goes on as if the step had
 * never been asked for. */
#include "trainer/builder.h"
#include <snn/model.h>
#include <unistd.h>

enum { BATCH = 4, CLASSES = 3, STEPS = 4, LEN = 32, FRAMES = STEPS * BATCH * LEN };

static const size_t map[3] = { 2, 4, 4 };

#define CONV "conv2d a out=4 pad=1; batch_norm an; lif n threshold=0.5; dropout d rate=0.2; "
#define NORM CONV "conv2d b out=4 pad=1; batch_norm bn; lif m; flatten f; linear o out=3"
#define LOOP                                                                                                  \
    "batch_norm an; conv2d w out=3 pad=1 bias=0 norm=spectral <n:1; add s <an <w; if n threshold=2; rate r; " \
    "flatten f; linear o out=3"
#define DSR(neuron)                                                                \
    "conv2d a out=4 pad=1; batch_norm an over=all; " neuron                        \
    " n threshold=0.3; flatten f; linear h out=5; batch_norm hn over=all; " neuron \
    " m threshold=0.3; linear o out=3"

static const struct subject {
    const char *method, *layers, *settings, *optimizer;
    bool online;  /* updates within the sequence */
    bool lateral; /* has a projection */
} subjects[] = {
    { "bptt", NORM, "", "sgd", false, false },
    { "bptt", "conv2d a out=4 pad=1; batch_norm an over=all; lif n threshold=0.5; flatten f; linear o out=3", "",
      "adam", false, false },
    { "sltt", NORM, "", "adam", false, false },
    { "ottt", "conv2d a out=4 pad=1; layer_norm an; lif n threshold=0.5; flatten f; linear o out=3; layer_norm on",
      "variant=O", "sgd", true, false },
    { "sltt", "conv2d a out=4 pad=1 norm=spectral; batch_norm an; lif n threshold=0.5; flatten f; linear o out=3",
      "sampled_steps=2", "sgd", false, false },
    { "sltt", NORM, "", "sgd", false, true },
    { "ottt", NORM, "variant=A", "sgd", false, false },
    { "ottt", NORM, "variant=O", "adamw", true, false },
    { "opzo", NORM, "", "sgd", false, false },
    { "opzo", NORM, "feedback=kp", "adam", false, false },
    { "opzo", NORM, "online=1", "sgd", true, false },
    { "sei", NORM, "temporal=1", "adam", false, false },
    { "sei",
      "conv2d a out=4 pad=1 binary=scaled; batch_norm an over=all; lif n threshold=0.5; flatten f; linear o out=3",
      "", "sgd", false, false },
    { "ide", "conv2d a out=3 pad=1; " LOOP, "", "sgd", false, false },
    { "spide",
      "conv2d a out=3 pad=1; conv2d w out=3 pad=1 bias=0 norm=spectral <n:1; add s <a <w; if n threshold=2; rate r; "
      "flatten f; "
      "linear o out=3",
      "backward_steps=5", "adam", false, false },
    { "dsr", DSR("dsr_if"), "recompute=off", "sgd", false, false },
    { "dsr", DSR("dsr_lif"), "recompute=on", "adam", false, false },
};

enum { SUBJECTS = sizeof subjects / sizeof *subjects };

enum cause { IN_LATE_FRAME, IN_INPUT, TOO_LARGE, IN_LOSS, IN_GRADIENT, CAUSES };

struct rig {
    const struct subject *subject;
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_projection *projection;
    snn_trainer *tr;
    bool spoil; /* the gradient that is about to be used */
    float x[FRAMES];
    uint32_t label[BATCH];
};

static void spoil_gradient(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    const struct rig *r = user;

    (void)step;
    for (size_t i = 0; r->spoil && phase == SNN_PHASE_UPDATE && i < tr->run.length; i++)
        tr->pass.gradient[i] = NAN;
    for (size_t l = 0; r->spoil && phase == SNN_PHASE_UPDATE && l < tr->pass.n; l++)
        tr->pass.unit[l].node.rank_one.rows = 0;
}

static void open_rig(struct rig *r, const struct subject *subject)
{
    char settings[64];

    memset(r, 0, sizeof *r);
    r->subject = subject;
    r->ctx = test_context(2, 5, "best");
    r->net = network_of(r->ctx, map, subject->layers);
    OK(snn_optimizer_create(&r->optimizer, r->ctx, subject->optimizer));
    OK(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_LR, 0.01));
    OK(snn_trainer_create(&r->tr, r->net, r->optimizer, subject->method));
    snprintf(settings, sizeof settings, "steps=%d %s", STEPS, subject->settings);
    OK(set_all(r->tr, settings));
    if (subject->lateral) {
        OK(snn_projection_create(&r->projection, r->net));
        OK(snn_projection_grow(r->projection, r->net->layer[0], 6));
        OK(snn_trainer_set_projection(r->tr, r->projection));
    }
    OK(snn_trainer_observe(r->tr, 0, spoil_gradient, r));
    OK(snn_trainer_prepare(r->tr, BATCH));
    random_fill(r->x, FRAMES, 0, 1, 7);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_projection_destroy(r->projection);
    snn_optimizer_destroy(r->optimizer);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void train(struct rig *r, int batches)
{
    for (int i = 0; i < batches; i++)
        OK(snn_trainer_step(r->tr, BATCH_OF(r->x, STEPS, r->label, BATCH), NULL));
}

/* ---- everything that training carries on, as bytes ---- */

struct bytes {
    char *data;
    size_t n;
};

static void put(struct bytes *b, const void *from, size_t n)
{
    b->data = realloc(b->data, b->n + n + 1);
    ck_assert_ptr_nonnull(b->data);
    memcpy(b->data + b->n, from, n);
    b->n += n;
}

static struct bytes all_of(const struct rig *r)
{
    const struct snn__run *run = &r->tr->run;
    struct bytes b = { NULL, 0 };

    put(&b, r->net->parameters, r->net->n_parameters * sizeof(float));
    put(&b, r->net->state, r->net->n_state * sizeof(float));
    put(&b, run, sizeof *run); /* counts; its pointers stay, too */
    for (size_t i = 0; i < run->n_moments; i++)
        put(&b, run->moment[i], run->length * sizeof(float));
    for (size_t i = 0; i < r->tr->n_memory; i++)
        put(&b, r->tr->memory[i].data, (size_t)r->tr->memory[i].rows * r->tr->memory[i].columns * sizeof(float));
    for (size_t l = 0; r->projection != NULL && l < r->net->n_layers; l++) {
        const struct snn__lateral *lateral = &r->projection->beside[l].lateral;

        put(&b, lateral->rows ? lateral->h : (float *)"", lateral->rows * lateral->n * sizeof(float));
        put(&b, lateral->rows ? lateral->d : (float *)"", lateral->rows * lateral->n * sizeof(float));
    }
    return b;
}

static bool equal(const struct bytes *a, const struct bytes *b)
{
    return a->n == b->n && memcmp(a->data, b->data, a->n) == 0;
}

/* ---- refusals ---- */

static snn_status bad_step(struct rig *r, enum cause cause, float value)
{
    struct snn__tensor *bias = snn__layer_find_tensor(r->net->layer[r->net->n_layers - 1], "bias");
    float x = r->x[0], late = r->x[FRAMES - 1], *at = cause == IN_LATE_FRAME ? &r->x[FRAMES - 1] : &r->x[0];
    snn_status rc;

    if (cause == IN_LOSS)
        bias->data[1] = value;
    else if (cause != IN_GRADIENT)
        *at = value;
    r->spoil = cause == IN_GRADIENT;
    rc = snn_trainer_step(r->tr, BATCH_OF(r->x, STEPS, r->label, BATCH), NULL);
    r->spoil = false;
    r->x[0] = x;
    r->x[FRAMES - 1] = late;
    return rc;
}

/* A bad step whose refusal must leave everything; one that is taken must leave nothing that is not finite. */
static void check_bad_step(struct rig *r, enum cause cause, float value)
{
    float *bias = snn__layer_find_tensor(r->net->layer[r->net->n_layers - 1], "bias")->data, good = bias[1];
    struct bytes before, after;
    snn_status rc;

    if (cause == IN_LOSS)
        bias[1] = value;
    before = all_of(r);
    rc = bad_step(r, cause, value);
    after = all_of(r);
    if (rc == SNN_OK) {
        ck_assert_msg(cause == TOO_LARGE, "%s took a step", r->subject->method);
        ck_assert(r->ctx->kernels->finite(r->net->state, r->net->n_state));
        ck_assert(r->ctx->kernels->finite(r->net->parameters, r->net->n_parameters));
    } else {
        ck_assert_int_eq(rc, SNN_ERR_DIVERGED);
        ck_assert_msg(equal(&before, &after), "%s (%s), cause %d: a refused step changed something: %s",
                      r->subject->method, r->subject->settings, (int)cause, snn_last_error());
    }
    if (cause == IN_LOSS)
        bias[1] = good;
    free(before.data);
    free(after.data);
}

/* Before any training, and in its midst; a twin that never saw a bad step ends with the same bytes. */
START_TEST(test_nothing_changes)
{
    const struct subject *subject = &subjects[_i];
    struct rig a, b;
    struct bytes x, y;

    open_rig(&a, subject);
    open_rig(&b, subject);
    for (int round = 0; round < 2; round++) {
        for (enum cause cause = IN_LATE_FRAME; cause < CAUSES; cause++)
            /* which has learned from the frames before */
            if (cause != TOO_LARGE && !(cause == IN_LATE_FRAME && subject->online))
                check_bad_step(&a, cause, NAN);
        train(&a, 3);
        train(&b, 3);
    }
    x = all_of(&a);
    y = all_of(&b);
    /* pointers differ */
    memset(x.data + (a.net->n_parameters + a.net->n_state) * sizeof(float), 0, sizeof a.tr->run);
    memset(y.data + (a.net->n_parameters + a.net->n_state) * sizeof(float), 0, sizeof a.tr->run);
    ck_assert_uint_eq(a.tr->run.batches, b.tr->run.batches);
    ck_assert_uint_eq(a.tr->run.updates, b.tr->run.updates);
    ck_assert_msg(equal(&x, &y), "%s (%s) went another way", subject->method, subject->settings);
    free(x.data);
    free(y.data);
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* Finite readings that no number can hold the square of. */
START_TEST(test_large_readings)
{
    static const float large[] = { 1e21f, -3e38f };
    const struct subject *subject = &subjects[_i];
    bool norm = strstr(subject->layers, "batch_norm") != NULL;
    struct rig r;

    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        open_rig(&r, subject);
        train(&r, 2);
        if (subject->online && norm) /* whose first step is refused, as no other */
            ck_assert_int_eq(bad_step(&r, TOO_LARGE, large[i]), SNN_ERR_DIVERGED);
        else
            check_bad_step(&r, TOO_LARGE, large[i]);
        train(&r, 2);
        ck_assert(r.ctx->kernels->finite(r.net->state, r.net->n_state));
        close_rig(&r);
    }
}
END_TEST

static bool same_file(const char *a, const char *b)
{
    char x[4096], y[4096];
    FILE *f = fopen(a, "rb"), *g = fopen(b, "rb");
    size_t n, m;
    bool same = f != NULL && g != NULL;

    do {
        n = same ? fread(x, 1, sizeof x, f) : 0;
        m = same ? fread(y, 1, sizeof y, g) : 0;
        same = same && n == m && memcmp(x, y, n) == 0;
    } while (same && n > 0);
    if (f != NULL)
        fclose(f);
    if (g != NULL)
        fclose(g);
    return same;
}

START_TEST(test_checkpoints_stay)
{
    char before[64], after[64];
    struct rig r;

    snprintf(before, sizeof before, "/tmp/snn-refused-%ld-a.snn", (long)getpid());
    snprintf(after, sizeof after, "/tmp/snn-refused-%ld-b.snn", (long)getpid());
    open_rig(&r, &subjects[_i]);
    train(&r, 2);
    OK(snn_trainer_save(r.tr, before));
    ck_assert_int_eq(bad_step(&r, IN_INPUT, NAN), SNN_ERR_DIVERGED);
    ck_assert_int_eq(bad_step(&r, IN_GRADIENT, NAN), SNN_ERR_DIVERGED);
    OK(snn_trainer_save(r.tr, after));
    ck_assert_msg(same_file(before, after), "%s: the checkpoints differ", r.subject->method);
    remove(before);
    remove(after);
    close_rig(&r);
}
END_TEST

/* A learning stream: feedback matrices turn before the update that is refused. */
START_TEST(test_streams)
{
    static const struct subject online = { "opzo", "flatten f; linear a out=6; lif n threshold=0.5; linear o out=3",
                                           "",     "sgd",
                                           true,   false };
    struct rig r;
    snn_stream *s = NULL;
    struct bytes before, after;

    memset(&r, 0, sizeof r);
    r.subject = &online;
    r.ctx = test_context(1, 5, "best");
    r.net = network_of(r.ctx, map, online.layers);
    r.optimizer = sgd_of(r.ctx, 0.01);
    OK(snn_trainer_create(&r.tr, r.net, r.optimizer, online.method));
    OK(set_all(r.tr, "steps=1"));
    OK(snn_trainer_observe(r.tr, 0, spoil_gradient, &r));
    OK(snn_trainer_prepare(r.tr, 1));
    random_fill(r.x, FRAMES, 0, 1, 7);
    OK(snn_trainer_stream(r.tr, &s));
    for (int i = 0; i < 4; i++) {
        OK(snn_stream_step(s, r.x, NULL));
        before = all_of(&r);
        r.spoil = i == 2;
        ck_assert_int_eq(snn_stream_learn_label(s, 1, NULL), r.spoil ? SNN_ERR_DIVERGED : SNN_OK);
        after = all_of(&r);
        ck_assert_int_eq(equal(&before, &after), r.spoil);
        free(before.data);
        free(after.data);
    }
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: refused steps");
    TCase *tc = tcase_create("refused");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_nothing_changes, 0, SUBJECTS);
    tcase_add_loop_test(tc, test_large_readings, 0, SUBJECTS);
    tcase_add_loop_test(tc, test_checkpoints_stay, 0, SUBJECTS);
    tcase_add_test(tc, test_streams);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
