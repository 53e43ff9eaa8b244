/* Methods among each other: the online ones against bptt and against each other where theory says that they agree;
 * static inputs against the same input repeated; a batch against what was before it. */
#include "trainer/gradient.h"

/* Relative distance of the gradients that two methods give the same network. */
static double gradients_apart(const struct net_case *c, const char *method, const char *more, const char *other,
                              const char *other_more)
{
    struct rig a, b;
    double apart;

    open_rig(&a, "best", method, c, more);
    open_rig(&b, "best", other, c, other_more);
    gradient_now(&a);
    gradient_now(&b);
    ck_assert_msg(norm_of(b.g, b.n) > 1e-6, "%s: no gradient", c->name);
    apart = distance(a.g, b.g, a.n);
    close_rig(&a);
    close_rig(&b);
    return apart;
}

static bool needs_history(const struct net_case *c)
{
    return strstr(c->layers, "over=all") != NULL;
}

static bool pools_maximum(const struct net_case *c)
{
    return strstr(c->layers, "maxpool") != NULL || strstr(c->layers, "attention") != NULL;
}

START_TEST(test_sltt_is_bptt_at_one_step)
{
    const struct net_case *c = &nets[_i];

    if (needs_history(c) || strncmp(c->name, "an output after", 15) == 0) /* all steps */
        return;
    ck_assert_double_le(gradients_apart(c, "sltt", "steps=1", "bptt", "steps=1"), 1e-6);
    ck_assert_double_le(
        gradients_apart(c, "sltt", "steps=1 loss=ce_mse", "bptt", "steps=1 loss=ce_mse detach_reset=1"), 1e-6);
}
END_TEST

static void count_line(void *user, snn_log_level level, const char *text)
{
    (void)level;
    *(int *)user += strstr(text, "through delays alone") != NULL;
}

/* The error of online methods goes through no delay, and the log names the layers that it does not reach. */
START_TEST(test_untrained_layers_are_named)
{
    static const char *const method[] = { "sltt", "ottt", "bptt" };
    static const int want[] = { 1, 1, 0 };

    for (int i = 0; i < 3; i++) {
        snn_context *ctx = test_context(1, 7, "best");
        snn_network *net = network_of(ctx, (size_t[3]){ 5 }, "linear a out=6; lif n; linear o out=3 <n:2");
        snn_optimizer *sgd = sgd_of(ctx, 0.1);
        int lines = 0;

        ctx->options.log = count_line;
        ctx->options.log_user = &lines;
        snn_trainer_destroy(trainer_of(net, sgd, method[i], "steps=4", BATCH));
        ck_assert_int_eq(lines, want[i]);
        snn_optimizer_destroy(sgd);
        snn_network_destroy(net);
        snn_context_destroy(ctx);
    }
}
END_TEST

/* A trace that forgets at once is the spike. */
START_TEST(test_ottt_is_sltt_without_memory)
{
    struct net_case c = nets[_i];
    char layers[1024];

    if (needs_history(&c) || pools_maximum(&c))
        return;
    snprintf(layers, sizeof layers, "%s", c.layers);
    for (char *p = layers; (p = strstr(p, "decay=0.6")) != NULL; p++)
        memcpy(p, "decay=0.0", 9);
    c.layers = layers;
    ck_assert_double_le(gradients_apart(&c, "ottt", "", "sltt", ""), 1e-6);
}
END_TEST

START_TEST(test_all_steps_sampled)
{
    const struct net_case *c = &nets[_i];
    char more[64];

    if (needs_history(c))
        return;
    snprintf(more, sizeof more, "sampled_steps=%c", c->settings[6]);
    ck_assert_double_eq(gradients_apart(c, "sltt", more, "sltt", ""), 0.0);
}
END_TEST

/* T times the gradient over T steps, less that over T - 1 steps, is the gradient of the last step's loss. */
START_TEST(test_last_step_online)
{
    static const char *const method[] = { "sltt", "ottt", "eprop", "opzo" };
    const struct net_case c = nets[0], shorter = { c.name, { 5 }, c.layers, "steps=3", false },
                          longer = { c.name, { 5 }, c.layers, "steps=4", false };
    struct rig last, all, before;
    double sum = 0, size = 0;

    open_rig(&last, "best", method[_i], &longer, _i == 3 ? "loss_on=last feedback=dfa" : "loss_on=last");
    open_rig(&all, "best", method[_i], &longer, _i == 3 ? "feedback=dfa" : "");
    open_rig(&before, "best", method[_i], &shorter, _i == 3 ? "feedback=dfa" : "");
    memcpy(before.x, all.x, 3 * BATCH * 5 * sizeof *all.x);
    gradient_now(&last);
    gradient_now(&all);
    gradient_now(&before);
    for (size_t i = 0; i < last.n; i++) {
        const double want = 4.0 * all.g[i] - 3.0 * before.g[i];

        sum += (last.g[i] - want) * (last.g[i] - want);
        size += want * want;
    }
    ck_assert_double_gt(size, 0);
    ck_assert_double_le(sqrt(sum / size), 1e-5);
    close_rig(&last);
    close_rig(&all);
    close_rig(&before);
}
END_TEST

/* With learning rate 0, updating at every step is no different: the same loss, and the last step's share of the
 * gradient. */
START_TEST(test_variants_of_ottt)
{
    const struct net_case *c = &nets[_i];
    struct rig a, o;

    if (needs_history(c) || pools_maximum(c))
        return;
    open_rig(&a, "best", "ottt", c, "variant=A");
    open_rig(&o, "best", "ottt", c, "variant=O");
    for (int i = 0; i < 2; i++) {
        double want = loss_now(&a), got = loss_now(&o);

        ck_assert_msg(fabs(want - got) <= 1e-6 * fabs(want), "%s: %.9g, %.9g", c->name, want, got);
    }
    close_rig(&a);
    close_rig(&o);
}
END_TEST

/* ---- exact shortcuts ---- */

static const char *const methods[] = { "bptt", "sltt", "ottt" };

START_TEST(test_static_is_repeated)
{
    struct net_case c = nets[_i % NETS];
    const char *method = methods[_i / NETS];
    struct rig a, b;
    double want, got;

    if (_i / NETS > 0 && (needs_history(&c) || (_i / NETS == 2 && pools_maximum(&c))))
        return;
    c.is_static = true;
    open_rig(&a, "best", method, &c, "");
    open_rig(&b, "best", method, &c, "");
    b.frames = b.steps;
    want = loss_now(&b);
    got = loss_now(&a);
    ck_assert_msg(fabs(want - got) <= 1e-6 * fabs(want), "%s: %s: %.9g, %.9g", c.name, method, want, got);
    gradient_now(&a);
    gradient_now(&b);
    ck_assert_msg(distance(a.g, b.g, a.n) <= 1e-5, "%s: %s: gradients differ by %g", c.name, method,
                  distance(a.g, b.g, a.n));
    close_rig(&a);
    close_rig(&b);
}
END_TEST

/* Watching single steps must not change what is learned: neither with signals kept nor with gradients formed step by
 * step. */
START_TEST(test_observed_is_the_same)
{
    const struct net_case *c = &nets[_i % NETS];
    const char *method = methods[_i / NETS];

    if (_i / NETS > 0 && (needs_history(c) || (_i / NETS == 2 && pools_maximum(c))))
        return;
    for (unsigned flags = SNN_OBSERVE_SIGNALS; flags <= (SNN_OBSERVE_SIGNALS | SNN_OBSERVE_GRADIENTS); flags++) {
        struct rig a, b;
        double want, got, apart;

        open_rig(&a, "best", method, c, "");
        open_rig(&b, "best", method, c, "");
        snn_trainer_destroy(b.tr);
        OK(snn_trainer_create(&b.tr, b.net, b.sgd, method));
        OK(set_all(b.tr, c->settings));
        OK(snn_trainer_observe(b.tr, flags, do_nothing, NULL));
        OK(snn_trainer_prepare(b.tr, BATCH + 1));
        want = loss_now(&a);
        got = loss_now(&b);
        gradient_now(&a);
        gradient_now(&b);
        apart = distance(b.g, a.g, a.n);
        if (flags == SNN_OBSERVE_SIGNALS) {
            ck_assert_msg(want == got, "%s: %s: loss %.9g, observed %.9g", c->name, method, want, got);
            ck_assert_msg(apart == 0, "%s: %s: gradients differ by %g", c->name, method, apart);
        } else {
            ck_assert_msg(fabs(want - got) <= 1e-6 * fabs(want), "%s: %s: loss %.9g, %.9g", c->name, method, want,
                          got);
            ck_assert_msg(apart <= 1e-5, "%s: %s, flags %u: gradients differ by %g", c->name, method, flags, apart);
        }
        close_rig(&a);
        close_rig(&b);
    }
}
END_TEST

/* ---- one batch leaves nothing behind for the next ---- */

START_TEST(test_a_batch_forgets_the_one_before)
{
    const struct net_case *c = &nets[_i % NETS];
    const char *method = methods[_i / NETS];
    struct rig a, b;
    size_t all;

    if (_i / NETS > 0 && (needs_history(c) || (_i / NETS == 2 && pools_maximum(c))))
        return;
    open_rig(&a, "best", method, c, "");
    open_rig(&b, "best", method, c, "");
    all = a.frames * BATCH * length_of(c->shape);
    random_fill(a.x, all, 0.5f, 3.0f, 77);
    loss_now(&a);
    memcpy(a.x, b.x, all * sizeof *a.x);
    ck_assert_double_eq(loss_now(&a), loss_now(&b));
    gradient_now(&a);
    gradient_now(&b);
    ck_assert_msg(distance(a.g, b.g, a.n) == 0, "%s: %s: gradients differ by %g", c->name, method,
                  distance(a.g, b.g, a.n));
    close_rig(&a);
    close_rig(&b);
}
END_TEST

START_TEST(test_nothing_is_left_of_a_failed_step)
{
    struct net_case c = nets[_i % NETS];
    const char *method = methods[_i / NETS];
    struct rig a, b;
    size_t one = BATCH * length_of(c.shape);
    float old;

    if (_i / NETS > 0 && (needs_history(&c) || (_i / NETS == 2 && pools_maximum(&c))))
        return;
    c.is_static = false;
    open_rig(&a, "best", method, &c, "");
    open_rig(&b, "best", method, &c, "");
    old = a.x[(a.steps - 1) * one];
    a.x[(a.steps - 1) * one] = NAN; /* at the last step, so that earlier ones have left their gradients */
    FAILS(snn_trainer_step(a.tr, BATCH_OF(a.x, a.frames, a.label, BATCH), NULL), SNN_ERR_DIVERGED, "not finite");
    a.x[(a.steps - 1) * one] = old;
    gradient_now(&a);
    gradient_now(&b);
    ck_assert_msg(distance(a.g, b.g, a.n) == 0, "%s: %s: gradients differ by %g", c.name, method,
                  distance(a.g, b.g, a.n));
    close_rig(&a);
    close_rig(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: methods");
    TCase *among = tcase_create("among each other");

    tcase_set_timeout(among, 120);
    tcase_add_loop_test(among, test_sltt_is_bptt_at_one_step, 0, NETS);
    tcase_add_loop_test(among, test_last_step_online, 0, 4);
    tcase_add_test(among, test_untrained_layers_are_named);
    tcase_add_loop_test(among, test_ottt_is_sltt_without_memory, 0, NETS);
    tcase_add_loop_test(among, test_all_steps_sampled, 0, NETS);
    tcase_add_loop_test(among, test_variants_of_ottt, 0, NETS);
    tcase_add_loop_test(among, test_static_is_repeated, 0, 3 * NETS);
    tcase_add_loop_test(among, test_observed_is_the_same, 0, 3 * NETS);
    tcase_add_loop_test(among, test_a_batch_forgets_the_one_before, 0, 3 * NETS);
    tcase_add_loop_test(among, test_nothing_is_left_of_a_failed_step, 0, 3 * NETS);
    suite_add_tcase(suite, among);
    return run_suite(suite);
}
