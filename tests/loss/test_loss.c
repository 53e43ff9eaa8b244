/* Every loss by itself: its value against its equation in plain words, its derivative against differences of the
 * value, for labels and targets; samples that end before the last step; and the host's own loss. */
#include "core/context.h"
#include "loss/loss.h"
#include "support.h"
#include <math.h>
#include <string.h>

enum { B = 5, C = 4 };

static const char *const kinds[] = { "ce", "mse", "ce_mse", "half_square", "mae", "huber" };

enum { KINDS = sizeof kinds / sizeof *kinds };

struct world {
    snn_context *ctx;
    struct snn__loss loss;
    struct snn__judged of;
    float out[B * C], target[B * C], teacher[B * C], error[B * C];
    uint32_t label[B], length[B];
    double sums[B], room[2 * B * C];
};

static void open_world(struct world *w, const char *kind)
{
    memset(w, 0, sizeof *w);
    w->ctx = test_context(2, 3, "best");
    w->loss = (struct snn__loss){ .kind = snn__loss_named(kind), .mix = 0.3f, .delta = 0.7f, .smoothing = 0.1f };
    random_fill(w->out, B * C, -2, 2, 1);
    random_fill(w->target, B * C, -1.5f, 1.5f, 2);
    random_fill(w->teacher, B * C, -2, 2, 3);
    for (size_t b = 0; b < B; b++) {
        w->label[b] = (uint32_t)(b * 3 % C);
        w->length[b] = (uint32_t)b + 1;
    }
    w->of = (struct snn__judged){ .out = w->out,
                                  .factor = 0.5f,
                                  .label = w->label,
                                  .batch = B,
                                  .classes = C,
                                  .training = true,
                                  .layer = (const snn_layer *)w->out,
                                  .step = 1,
                                  .steps = B,
                                  .weight = 0.25,
                                  .error = w->error,
                                  .sums = w->sums,
                                  .room = w->room };
}

static double value(struct world *w)
{
    double mean = NAN;

    OK(snn__loss(w->ctx, &w->loss, &w->of, &mean));
    return mean;
}

/* Whether there is such a loss: 2, of targets. */
static bool exists(const char *kind, int aim)
{
    return aim != 2 || strncmp(kind, "ce", 2) != 0;
}

/* ---- values ---- */

/* The loss of one sample as its definition reads. */
static double defined(const struct world *w, const char *kind, const float *out, const float *target, uint32_t label)
{
    double ce = 0, square = 0, absolute = 0, huber = 0, sum = 0;

    for (size_t c = 0; c < C; c++)
        sum += exp(0.5 * out[c]);
    for (size_t c = 0; c < C; c++) {
        double q = (c == label ? 0.9 : 0.0) + 0.1 / C, aim = target != NULL ? target[c] : w->loss.constant ? 0.4 : q;
        double r = fabs(0.5 * out[c] - aim);

        ce -= q * log(exp(0.5 * out[c]) / sum);
        square += r * r;
        absolute += r;
        huber += r <= 0.7 ? r * r / 2 : 0.7 * (r - 0.35);
    }
    if (strcmp(kind, "ce") == 0)
        return ce;
    if (strcmp(kind, "ce_mse") == 0)
        return 0.7 * ce + 0.3 * square / C;
    if (strcmp(kind, "half_square") == 0)
        return square / 2;
    return (strcmp(kind, "mse") == 0 ? square : strcmp(kind, "mae") == 0 ? absolute : huber) / C;
}

static void set_aim(struct world *w, int aim)
{
    w->loss.constant = aim == 1;
    w->loss.target = 0.4f;
    if (aim == 2) {
        w->of.label = NULL;
        w->of.target = w->target;
    }
}

START_TEST(values_are_those_of_the_definitions)
{
    const char *kind = kinds[_i / 3];
    struct world w;
    double want = 0;

    if (!exists(kind, _i % 3))
        return;
    open_world(&w, kind);
    set_aim(&w, _i % 3);
    for (size_t b = 0; b < B; b++) {
        double one = defined(&w, kind, w.out + b * C, w.of.target != NULL ? w.target + b * C : NULL, w.label[b]);

        value(&w);
        ck_assert_double_eq_tol(w.sums[b], one, 1e-6);
        want += one;
    }
    ck_assert_double_eq_tol(value(&w), 0.25 * want / B, 1e-6);
    snn_context_destroy(w.ctx);
}
END_TEST

/* ---- derivatives ---- */

/* error = dL/d(factor out), so that d(mean)/d(out) = factor error. */
static void check_derivative(struct world *w)
{
    static float error[B * C];
    const float step = 1.0f / 1024;

    value(w);
    memcpy(error, w->error, sizeof error);
    for (size_t i = 0; i < B * C; i++) {
        float kept = w->out[i];
        double up, down;

        w->out[i] = kept + step;
        up = value(w);
        w->out[i] = kept - step;
        down = value(w);
        w->out[i] = kept;
        ck_assert_double_eq_tol((up - down) / (2.0 * step), 0.5 * error[i], 2e-6);
    }
}

START_TEST(errors_are_derivatives)
{
    struct world w;

    if (!exists(kinds[_i / 3], _i % 3))
        return;
    open_world(&w, kinds[_i / 3]);
    set_aim(&w, _i % 3);
    check_derivative(&w);
    ck_assert_double_gt(fabs(w.error[0]), 0);
    snn_context_destroy(w.ctx);
}
END_TEST

START_TEST(errors_with_a_teacher_are_derivatives)
{
    struct world w;

    if (!exists(kinds[_i / 3], _i % 3))
        return;
    open_world(&w, kinds[_i / 3]);
    set_aim(&w, _i % 3);
    w.loss.teacher = w.teacher;
    w.loss.share = 0.4f;
    w.loss.tau = 2.0f;
    check_derivative(&w);
    snn_context_destroy(w.ctx);
}
END_TEST

/* At its kinks a loss has the derivative that lies between those of both sides. */
START_TEST(at_the_target_there_is_no_error)
{
    struct world w;

    if (!exists(kinds[_i], 2))
        return;
    open_world(&w, kinds[_i]);
    set_aim(&w, 2);
    for (size_t i = 0; i < B * C; i++)
        w.target[i] = 0.5f * w.out[i];
    ck_assert_double_eq(value(&w), 0);
    for (size_t i = 0; i < B * C; i++)
        ck_assert_float_eq(w.error[i], 0);
    snn_context_destroy(w.ctx);
}
END_TEST

/* ---- samples that end early ---- */

/* Step by step, a sample's loss and errors are those of its own steps, divided by their number. */
START_TEST(a_loss_is_the_mean_over_a_samples_own_steps)
{
    struct world w;
    float full[B * C];

    open_world(&w, kinds[_i]);
    value(&w);
    memcpy(full, w.error, sizeof full);
    for (size_t t = 0; t < B; t++) {
        struct world e = w;

        e.of.out = e.out, e.of.error = e.error, e.of.sums = e.sums, e.of.room = e.room, e.of.label = e.label;
        e.of.length = e.length;
        e.of.step = t;
        value(&e);
        for (size_t b = 0; b < B; b++) {
            double share = t < e.length[b] ? (double)B / e.length[b] : 0.0;

            ck_assert_double_eq_tol(e.sums[b], share * w.sums[b], 1e-12);
            for (size_t c = 0; c < C; c++)
                ck_assert_double_eq_tol(e.error[b * C + c], share * full[b * C + c], 1e-7);
        }
    }
    snn_context_destroy(w.ctx);
}
END_TEST

/* The mean output is the sum over a sample's own steps, divided by their number. */
START_TEST(a_mean_is_over_a_samples_own_steps)
{
    struct world w, e;

    open_world(&w, "half_square");
    w.of.step = w.of.steps;
    w.of.factor = 1.0f / B;
    e = w;
    e.of.out = e.out, e.of.error = e.error, e.of.sums = e.sums, e.of.room = e.room, e.of.label = e.label;
    e.of.length = e.length;
    for (size_t b = 0; b < B; b++)
        for (size_t c = 0; c < C; c++)
            e.out[b * C + c] *= (float)e.length[b] / B;
    ck_assert_double_eq_tol(value(&e), value(&w), 1e-6);
    for (size_t i = 0; i < B * C; i++)
        ck_assert_float_eq_tol(e.error[i], w.error[i], 1e-6f);
    snn_context_destroy(w.ctx);
}
END_TEST

/* What a sample holds past its end reaches nothing, whatever it is. */
START_TEST(past_its_end_a_sample_has_neither_loss_nor_error)
{
    struct world w;

    if (!exists(kinds[_i], 2))
        return;
    open_world(&w, kinds[_i]);
    set_aim(&w, 2);
    w.of.length = w.length;
    w.of.step = B - 1; /* the last sample alone has it */
    for (size_t i = 0; i < (B - 1) * C; i++)
        w.target[i] = NAN;
    ck_assert_double_gt(value(&w), 0);
    for (size_t i = 0; i < (B - 1) * C; i++)
        ck_assert_float_eq(w.error[i], 0);
    for (size_t b = 0; b + 1 < B; b++)
        ck_assert_double_eq(w.sums[b], 0);
    snn_context_destroy(w.ctx);
}
END_TEST

/* ---- the host's own ---- */

/* Cross-entropy as a host would write it. */
static snn_status host_cross_entropy(void *user, const snn_loss_call *call)
{
    const double e = *(const double *)user;

    for (size_t b = 0; b < call->samples; b++) {
        const double *y = call->output + b * call->outputs;
        double largest = y[0], sum = 0, loss = 0;

        for (size_t c = 1; c < call->outputs; c++)
            largest = y[c] > largest ? y[c] : largest;
        for (size_t c = 0; c < call->outputs; c++)
            sum += exp(y[c] - largest);
        for (size_t c = 0; c < call->outputs; c++) {
            double q = (c == call->labels[b] ? 1.0 - e : 0.0) + e / (double)call->outputs;

            loss -= q * (y[c] - largest - log(sum));
            if (call->error != NULL)
                call->error[b * call->outputs + c] = exp(y[c] - largest) / sum - q;
        }
        call->loss[b] = loss;
    }
    return SNN_OK;
}

START_TEST(a_host_can_be_the_library_to_the_last_bit)
{
    struct world w;
    float error[B * C];
    double mean, sums[B], smoothing = 0.1f;

    open_world(&w, "ce");
    if (_i & 1)
        w.of.length = w.length;
    if (_i & 2)
        w.of.step = w.of.steps;
    if (_i & 4) {
        w.loss.teacher = w.teacher;
        w.loss.share = 0.4f;
        w.loss.tau = 2.0f;
    }
    mean = value(&w);
    memcpy(error, w.error, sizeof error);
    memcpy(sums, w.sums, sizeof sums);
    memset(w.error, 0, sizeof w.error);
    w.loss.host = host_cross_entropy;
    w.loss.user = &smoothing;
    ck_assert_double_eq(value(&w), mean);
    ck_assert_mem_eq(w.error, error, sizeof error);
    ck_assert_mem_eq(w.sums, sums, sizeof sums);
    snn_context_destroy(w.ctx);
}
END_TEST

struct host {
    snn_loss_call seen;
    snn_status says;
    double loss, error;
    size_t at; /* the sample that gets these */
};

static snn_status host_of_any_kind(void *user, const snn_loss_call *call)
{
    struct host *h = user;

    h->seen = *call;
    for (size_t b = 0; b < call->samples; b++) {
        call->loss[b] = b == h->at ? h->loss : 1.0;
        for (size_t c = 0; call->error != NULL && c < call->outputs; c++)
            call->error[b * call->outputs + c] = b == h->at ? h->error : 1.0;
    }
    return h->says;
}

START_TEST(a_host_is_told_what_it_needs)
{
    struct world w;
    struct host h = { .loss = 1.0, .error = 1.0 };

    open_world(&w, "ce");
    w.loss.host = host_of_any_kind;
    w.loss.user = &h;
    w.of.length = w.length;
    ck_assert_double_eq_tol(value(&w), 0.25 * (5.0 / 2 + 5.0 / 3 + 5.0 / 4 + 1) / B, 1e-12);
    ck_assert_uint_eq(h.seen.struct_size, sizeof h.seen);
    ck_assert_uint_eq(h.seen.training, 1);
    ck_assert_ptr_eq(h.seen.layer, w.of.layer);
    ck_assert_uint_eq(h.seen.step, 1);
    ck_assert_uint_eq(h.seen.steps, B);
    ck_assert_uint_eq(h.seen.samples, B);
    ck_assert_uint_eq(h.seen.outputs, C);
    ck_assert_ptr_eq(h.seen.labels, w.label);
    ck_assert_ptr_null(h.seen.targets);
    ck_assert_ptr_eq(h.seen.lengths, w.length);
    ck_assert_double_eq(h.seen.output[C + 1], 0.5 * w.out[C + 1]);
    ck_assert_float_eq(w.error[C], 0.25f / B * B / 2);
    ck_assert_float_eq(w.error[0], 0);
    w.of.error = NULL;
    w.of.training = false;
    set_aim(&w, 2);
    value(&w);
    ck_assert_uint_eq(h.seen.training, 0);
    ck_assert_ptr_null(h.seen.error);
    ck_assert_ptr_null(h.seen.labels);
    ck_assert_ptr_eq(h.seen.targets, w.target);
    snn_context_destroy(w.ctx);
}
END_TEST

/* What the host did not fill in is no loss and no error, not what was there before. */
static snn_status host_that_forgets(void *user, const snn_loss_call *call)
{
    (void)user;
    (void)call;
    return SNN_OK;
}

START_TEST(what_a_host_leaves_out_is_zero)
{
    struct world w;

    open_world(&w, "ce");
    value(&w);
    w.loss.host = host_that_forgets;
    ck_assert_double_eq(value(&w), 0);
    for (size_t i = 0; i < B * C; i++)
        ck_assert_float_eq(w.error[i], 0);
    snn_context_destroy(w.ctx);
}
END_TEST

START_TEST(a_host_may_refuse)
{
    struct world w;
    struct host h = { .loss = 1.0, .error = 1.0, .says = SNN_ERR_CANCELLED };
    double mean;

    open_world(&w, "ce");
    w.loss.host = host_of_any_kind;
    w.loss.user = &h;
    ck_assert_int_eq(snn__loss(w.ctx, &w.loss, &w.of, &mean), SNN_ERR_CANCELLED);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "the host's loss returned SNN_ERR_CANCELLED"));
    snn_context_destroy(w.ctx);
}
END_TEST

START_TEST(a_hosts_numbers_must_be_finite)
{
    struct world w;
    struct host h = { .loss = _i & 1 ? NAN : 1.0, .error = _i & 1 ? 1.0 : INFINITY, .at = 1 };
    double mean;

    open_world(&w, "ce");
    w.loss.host = host_of_any_kind;
    w.loss.user = &h;
    ck_assert_int_eq(snn__loss(w.ctx, &w.loss, &w.of, &mean), SNN_ERR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "sample 1"));
    w.of.length = w.length;
    w.of.step = 3; /* where sample 1 has ended */
    OK(snn__loss(w.ctx, &w.loss, &w.of, &mean));
    snn_context_destroy(w.ctx);
}
END_TEST

START_TEST(a_host_meets_finite_outputs_alone)
{
    struct world w;
    struct host h = { .loss = 1.0, .error = 1.0 };
    double mean;

    open_world(&w, "ce");
    w.loss.host = host_of_any_kind;
    w.loss.user = &h;
    w.out[C + 2] = _i ? NAN : -INFINITY;
    ck_assert_int_eq(snn__loss(w.ctx, &w.loss, &w.of, &mean), SNN_ERR_DIVERGED);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "output 2 of sample 1 is not finite"));
    ck_assert_uint_eq(h.seen.struct_size, 0);
    snn_context_destroy(w.ctx);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("loss");
    TCase *t = tcase_create("all");

    tcase_add_loop_test(t, values_are_those_of_the_definitions, 0, 3 * KINDS);
    tcase_add_loop_test(t, errors_are_derivatives, 0, 3 * KINDS);
    tcase_add_loop_test(t, errors_with_a_teacher_are_derivatives, 0, 3 * KINDS);
    tcase_add_loop_test(t, at_the_target_there_is_no_error, 0, KINDS);
    tcase_add_loop_test(t, a_loss_is_the_mean_over_a_samples_own_steps, 0, KINDS);
    tcase_add_test(t, a_mean_is_over_a_samples_own_steps);
    tcase_add_loop_test(t, past_its_end_a_sample_has_neither_loss_nor_error, 0, KINDS);
    tcase_add_loop_test(t, a_host_can_be_the_library_to_the_last_bit, 0, 8);
    tcase_add_test(t, a_host_is_told_what_it_needs);
    tcase_add_test(t, what_a_host_leaves_out_is_zero);
    tcase_add_test(t, a_host_may_refuse);
    tcase_add_loop_test(t, a_hosts_numbers_must_be_finite, 0, 2);
    tcase_add_loop_test(t, a_host_meets_finite_outputs_alone, 0, 2);
    suite_add_tcase(s, t);
    return run_suite(s);
}
