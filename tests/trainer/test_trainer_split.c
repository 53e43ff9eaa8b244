/* A step in three parts, forward, backward and update, is the step; the gradient of the input is that of the loss. */
#include "builder.h"
#include <snn/loss.h>

enum { BATCH = 4, STEPS = 5, CLASSES = 3 };

static const size_t vector[3] = { 8 }, map[3] = { 2, 6, 6 };
static snn_context *ctx;
static snn_network *net[2];
static snn_optimizer *sgd;
static snn_trainer *tr[2];
static float x[STEPS * BATCH * 72], target[BATCH * CLASSES], out[STEPS * BATCH * CLASSES];
static float error[STEPS * BATCH * CLASSES], slope[STEPS * BATCH * 72];

static void setup(void)
{
    ctx = test_context(2, 5, "best");
    sgd = sgd_of(ctx, 0.1);
    random_fill(x, sizeof x / sizeof *x, -0.5f, 1.5f, 1);
    random_fill(target, BATCH * CLASSES, -1.0f, 1.0f, 2);
    net[0] = net[1] = NULL;
    tr[0] = tr[1] = NULL;
}

static void drop(void)
{
    for (int i = 0; i < 2; i++) {
        snn_trainer_destroy(tr[i]);
        snn_network_destroy(net[i]);
        tr[i] = NULL;
        net[i] = NULL;
    }
}

static void teardown(void)
{
    drop();
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}

static snn_batch batch_of(size_t frames)
{
    snn_batch b = SNN_BATCH_INIT;

    b.samples = BATCH;
    b.frames = frames;
    b.x = x;
    b.targets = target;
    return b;
}

static void make(int i, const size_t shape[3], const char *layers, const char *method, const char *settings)
{
    char all[256];

    snprintf(all, sizeof all, "steps=%d loss=half_square %s", STEPS, settings);
    net[i] = network_of(ctx, shape, layers);
    shake(net[i]);
    tr[i] = trainer_of(net[i], sgd, method, all, BATCH);
}

/* The error of half_square at every step, as the library forms it. */
static void find_errors(void)
{
    for (size_t i = 0; i < STEPS * BATCH * CLASSES; i++)
        error[i] = (float)(1.0 / STEPS * 1.0 / BATCH * ((double)out[i] - (double)target[i % (BATCH * CLASSES)]));
}

static void step_in_parts(snn_trainer *trainer, const snn_batch *b)
{
    OK(snn_trainer_forward(trainer, b, out));
    find_errors();
    OK(snn_trainer_backward(trainer, b, error));
    OK(snn_trainer_update(trainer));
}

static void check_networks(const char *method, size_t frames)
{
    ck_assert_msg(memcmp(net[0]->parameters, net[1]->parameters, net[0]->n_parameters * sizeof(float)) == 0,
                  "%s, %zu frames: parameters", method, frames);
    ck_assert_msg(memcmp(net[0]->state, net[1]->state, net[0]->n_state * sizeof(float)) == 0, "%s, %zu frames: state",
                  method, frames);
}

#define VECTORS                                                                                                   \
    "linear a out=12; batch_norm n; lif s; dropout d rate=0.25; linear b out=10 norm=spectral; plif r; linear o " \
    "out=3"
#define PLAIN "linear a out=12; lif s; linear b out=10; lif r; linear o out=3"

static const struct {
    const char *method, *layers, *settings;
} ways[] = {
    { "bptt", VECTORS, "" },
    { "bptt", "linear a out=12; batch_norm n over=all; lif s; linear o out=3", "" },
    { "bptt", "linear a out=12; add d <a <b:1; lif s; linear b out=12 <s; linear o out=3 <s", "" },
    { "sltt", VECTORS, "sampled_steps=2" },
    { "ottt", PLAIN, "" },
    { "sei", VECTORS, "" },
    { "eprop", "linear a out=12; lif s; linear o out=3", "feedback=symmetric" },
    { "eprop", PLAIN, "feedback=random" },
    { "opzo", PLAIN, "feedback=opzo" },
    { "opzo", PLAIN, "feedback=kp" },
    { "opzo", PLAIN, "feedback=bp" },
};

START_TEST(test_parts_are_the_step)
{
    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        const snn_batch b = batch_of(frames);

        for (int i = 0; i < 2; i++)
            make(i, vector, ways[_i].layers, ways[_i].method, ways[_i].settings);
        for (int k = 0; k < 3; k++) {
            OK(snn_trainer_step(tr[0], &b, NULL));
            step_in_parts(tr[1], &b);
        }
        check_networks(ways[_i].method, frames);
        drop();
    }
}
END_TEST

/* Lateral weights learn while gradients are formed, once. */
START_TEST(test_projection)
{
    const char *const methods[] = { "bptt", "sltt" };
    snn_projection *projection[2];
    const snn_batch b = batch_of(1);

    for (int i = 0; i < 2; i++) {
        net[i] = network_of(ctx, vector, PLAIN);
        OK(snn_projection_create(&projection[i], net[i]));
        OK(snn_projection_grow(projection[i], snn_network_layer_named(net[i], "b"), 4));
        OK(snn_trainer_create(&tr[i], net[i], sgd, methods[_i]));
        OK(snn_trainer_set_projection(tr[i], projection[i]));
        OK(set_all(tr[i], "steps=5 loss=half_square"));
        OK(snn_trainer_prepare(tr[i], BATCH));
    }
    for (int k = 0; k < 3; k++) {
        OK(snn_trainer_step(tr[0], &b, NULL));
        step_in_parts(tr[1], &b);
    }
    check_networks(methods[_i], 1);
    ck_assert(memcmp(snn_projection_weights(projection[0], snn_network_layer_named(net[0], "b")),
                     snn_projection_weights(projection[1], snn_network_layer_named(net[1], "b")),
                     (size_t)4 * 12 * sizeof(float)) == 0);
    for (int i = 0; i < 2; i++) {
        snn_trainer_destroy(tr[i]);
        tr[i] = NULL;
        snn_projection_destroy(projection[i]);
    }
}
END_TEST

/* ---- the gradient of the input */

static double loss_of(const snn_batch *b)
{
    double sum = 0;

    OK(snn_trainer_forward(tr[0], b, out));
    for (size_t i = 0; i < STEPS * BATCH * CLASSES; i++)
        sum += 0.5 / STEPS / BATCH * pow((double)out[i] - (double)target[i % (BATCH * CLASSES)], 2);
    return sum;
}

static const struct {
    const size_t *shape;
    const char *layers;
} smooth[] = {
    { vector, "linear a out=12; lif s smooth=1; linear o out=3" },
    { vector, "lif s smooth=1; linear a out=8; add d <a <input; linear o out=3" },
    { vector, "linear a out=12; batch_norm n over=all; lif s smooth=1; linear o out=3" },
    { map, "conv2d a out=4 pad=1; batch_norm n; lif s smooth=1; avgpool p kernel=2; lif r smooth=1; flatten f; "
           "linear o out=3" },
    { map, "avgpool p kernel=2; flatten f; layer_norm l; linear a out=9; lif s smooth=1; linear o out=3" },
};

/* Derivatives are exact where spikes are graded. */
START_TEST(test_input_by_differences)
{
    const float h = 0.02f;

    for (size_t frames = 1; frames <= STEPS; frames += STEPS - 1) {
        const snn_batch b = batch_of(frames);
        const size_t len = length_of(smooth[_i].shape), n = frames * BATCH * len;
        double off = 0, all = 0;

        make(0, smooth[_i].shape, smooth[_i].layers, "bptt", "");
        OK(snn_trainer_observe(tr[0], SNN_OBSERVE_INPUT, NULL, NULL));
        OK(snn_trainer_step(tr[0], &b, NULL));
        OK(snn_trainer_read_input_gradient(tr[0], slope, n));
        drop();
        make(0, smooth[_i].shape, smooth[_i].layers, "bptt", "");
        for (size_t i = 0; i < n; i += 1 + n / 40) {
            const float before = x[i];
            double up, down;

            x[i] = before + h;
            up = loss_of(&b);
            x[i] = before - h;
            down = loss_of(&b);
            x[i] = before;
            off += pow((up - down) / (2.0 * (double)h) - (double)slope[i], 2);
            all += pow((double)slope[i], 2);
        }
        ck_assert_msg(all > 0 && sqrt(off / all) < 0.01, "network %d, %zu frames: %g of %g", _i, frames, sqrt(off),
                      sqrt(all));
        drop();
    }
}
END_TEST

/* Within a step all methods that send errors down send the same to the input; with one step bptt does, too. */
START_TEST(test_input_of_methods)
{
    static const char *const methods[] = { "ottt", "sltt", "sei" };
    const snn_batch b = batch_of(1);
    float of[2][BATCH * 8];

    for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
        for (int i = 0; i < 2; i++) {
            net[i] = network_of(ctx, vector, PLAIN);
            tr[i] = trainer_of(net[i], sgd, i ? methods[m] : "bptt", "steps=1 loss=half_square", BATCH);
            OK(snn_trainer_observe(tr[i], SNN_OBSERVE_INPUT, NULL, NULL));
            OK(snn_trainer_step(tr[i], &b, NULL));
            OK(snn_trainer_read_input_gradient(tr[i], of[i], BATCH * 8));
        }
        for (size_t i = 0; i < BATCH * 8; i++)
            ck_assert_float_eq_tol(of[0][i], of[1][i], 1e-6f);
        ck_assert(of[0][0] != 0.0f);
        drop();
    }
}
END_TEST

/* It changes nothing else. */
START_TEST(test_input_changes_nothing)
{
    const snn_batch b = batch_of(1);

    for (int i = 0; i < 2; i++) {
        make(i, vector, VECTORS, "bptt", "");
        if (i)
            OK(snn_trainer_observe(tr[i], SNN_OBSERVE_INPUT, NULL, NULL));
        for (int k = 0; k < 3; k++)
            OK(snn_trainer_step(tr[i], &b, NULL));
    }
    check_networks("bptt", 1);
}
END_TEST

/* ---- what is refused */

START_TEST(test_order)
{
    snn_batch b = batch_of(1);

    make(0, vector, PLAIN, "ottt", "");
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, error), SNN_ERR_STATE);
    ck_assert_int_eq(snn_trainer_update(tr[0]), SNN_ERR_STATE);
    ck_assert_int_eq(snn_trainer_read_input_gradient(tr[0], slope, BATCH * 8), SNN_ERR_STATE);
    OK(snn_trainer_forward(tr[0], &b, out));
    ck_assert_int_eq(snn_trainer_update(tr[0]), SNN_ERR_STATE);
    b.samples = 1;
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, error), SNN_ERR_ARGUMENT);
    b.samples = BATCH;
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, NULL), SNN_ERR_ARGUMENT);
    error[3] = NAN;
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, error), SNN_ERR_DIVERGED);
    error[3] = 0.0f;
    OK(snn_trainer_backward(tr[0], &b, error)); /* what was refused changed nothing */
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, error), SNN_ERR_STATE);
    OK(snn_trainer_update(tr[0]));
    ck_assert_int_eq(snn_trainer_update(tr[0]), SNN_ERR_STATE);
    OK(snn_trainer_forward(tr[0], &b, out));
    OK(snn_trainer_predict(tr[0], &b, out));
    ck_assert_int_eq(snn_trainer_backward(tr[0], &b, error), SNN_ERR_STATE);
    ck_assert_int_eq(snn_trainer_forward(tr[0], &b, NULL), SNN_ERR_ARGUMENT);
    ck_assert_int_eq(snn_trainer_forward(NULL, &b, out), SNN_ERR_ARGUMENT);
}
END_TEST

START_TEST(test_unsupported)
{
    static const struct {
        const char *method, *layers, *settings;
    } none[] = {
        { "ottt", PLAIN, "variant=O" },
        { "opzo", PLAIN, "feedback=zo" },
        { "opzo", PLAIN "; linear side out=3 <s", "" },
        { "dsr", "linear a out=12; dsr_if s; linear o out=3; dsr_if q", "" },
        { "ide", "linear a out=12; add d <a <b:1; if s; linear b out=12 <s; linear o out=3 <s", "" },
    };
    const snn_batch b = batch_of(1);

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        net[0] = network_of(ctx, vector, none[i].layers);
        tr[0] = NULL;
        OK(snn_trainer_create(&tr[0], net[0], sgd, none[i].method));
        OK(set_all(tr[0], none[i].settings));
        if (snn_trainer_prepare(tr[0], BATCH) == SNN_OK)
            ck_assert_msg(snn_trainer_forward(tr[0], &b, out) == SNN_ERR_UNSUPPORTED, "%s %s", none[i].method,
                          none[i].settings);
        drop();
    }
    make(0, vector, PLAIN, "eprop", "feedback=random");
    ck_assert_int_eq(snn_trainer_observe(tr[0], SNN_OBSERVE_INPUT, NULL, NULL), SNN_ERR_UNSUPPORTED);
    step_in_parts(tr[0], &b); /* and the plan is as it was */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: split");
    TCase *tc = tcase_create("split");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_parts_are_the_step, 0, (int)(sizeof ways / sizeof *ways));
    tcase_add_loop_test(tc, test_projection, 0, 2);
    tcase_add_loop_test(tc, test_input_by_differences, 0, (int)(sizeof smooth / sizeof *smooth));
    tcase_add_test(tc, test_input_of_methods);
    tcase_add_test(tc, test_input_changes_nothing);
    tcase_add_test(tc, test_order);
    tcase_add_test(tc, test_unsupported);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
