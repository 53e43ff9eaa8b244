/* Neurons: every model, reset, scaling and surrogate against its equations in double, over 50 steps and two
 * sequences, as a host sees them; and the prototypes' parameters. */
#include "kernel/kernel.h"
#include "trainer/builder.h"

enum { STEPS = 50, BATCH = 3, LEN = 5 * 4 * 8 };

static const size_t shape[3] = { 5, 4, 8 };

struct model {
    const char *name, *more;
    double decay, current_decay, adapt_decay, adapt_strength;
    bool current, adapt;
    int refractory;
    double initial, initial_current;
};

static const struct model models[] = {
    { "if", "", 1, 0, 0, 0, false, false, 0, 0, 0 },
    { "lif", "decay=0.7", 0.7, 0, 0, 0, false, false, 0, 0, 0 },
    { "cuba", "decay=0.7 current_decay=0.6", 0.7, 0.6, 0, 0, true, false, 0, 0, 0 },
    { "alif", "decay=0.7 adapt_decay=0.9 adapt_strength=0.8", 0.7, 0, 0.9, 0.8, false, true, 0, 0, 0 },
    { "plif", "decay=0.7", 0.7, 0, 0, 0, false, false, 0, 0, 0 },
    { "lif", "decay=0.7 refractory=2", 0.7, 0, 0, 0, false, false, 2, 0, 0 },
    { "alif", "decay=0.7 adapt_decay=0.9 adapt_strength=0.8 refractory=1", 0.7, 0, 0.9, 0.8, false, true, 1, 0, 0 },
    { "plif", "decay=0.7 refractory=3", 0.7, 0, 0, 0, false, false, 3, 0, 0 },
    { "lif", "decay=0.7 initial=0.8", 0.7, 0, 0, 0, false, false, 0, 0.8, 0 },
    { "cuba", "decay=0.7 current_decay=0.6 initial=0.3 initial_current=1.2", 0.7, 0.6, 0, 0, true, false, 0, 0.3,
      1.2 },
};

enum { GRADED = 5, MODELS = sizeof models / sizeof *models }; /* GRADED: those that graded spikes are checked with */

static const char *const resets[] = { "subtract", "zero", "value", "none" };
static const char *const surrogates[] = { "sigmoid", "triangle", "rectangle", "arctan", "fast_sigmoid" };

struct setting {
    const struct model *model;
    int reset, surrogate;
    bool scaled, per_neuron, smooth;
};

/* One neuron of one sample. */
struct neuron {
    double u, s, i, b, trace, decay, threshold, initial, initial_current;
    int waits; /* steps in which it cannot fire */
};

struct check {
    struct setting set;
    const float *x; /* [STEPS][BATCH][LEN] */
    struct neuron neuron[BATCH * LEN];
    float u[BATCH * LEN], out[BATCH * LEN], trace[BATCH * LEN];
    bool traced;
    size_t steps, spikes, close_calls, unread;
    char what[160], wrong[300];
};

/* G(x), the primitive of the surrogate of slope a. */
static double primitive(const char *surrogate, double a, double x)
{
    double pi = acos(-1.0), edge = 1 / a;

    if (strcmp(surrogate, "sigmoid") == 0)
        return 1 / (1 + exp(-a * x));
    if (strcmp(surrogate, "arctan") == 0)
        return atan(pi / 2 * a * x) / pi + 0.5;
    if (strcmp(surrogate, "fast_sigmoid") == 0)
        return 0.5 + x / (1 + a * fabs(x));
    if (strcmp(surrogate, "rectangle") == 0)
        return fmin(1, fmax(0, x / a + 0.5));
    if (x <= -edge || x >= edge) /* triangle: a - a^2 |x| */
        return x > 0;
    return 0.5 + a * x - (x > 0 ? 1 : -1) * a * a * x * x / 2;
}

/* u[t] = decay r(u[t-1], s[t-1]) + k I; the first step has nothing before it */
static void advance(const struct setting *set, struct neuron *n, double input, bool first)
{
    double r = n->u;

    if (first) {
        n->u = n->s = n->b = n->trace = 0;
        n->i = n->initial_current;
        r = n->initial;
        n->waits = 0;
    } else if (set->reset == 0) {
        r = n->u - n->threshold * n->s;
    } else if (set->reset == 1 || set->reset == 2) {
        r = n->u * (1 - n->s) + (set->reset == 2 ? 0.2 : 0.0) * n->s;
    }
    if (!first && set->model->adapt)
        n->b = set->model->adapt_decay * n->b + (1 - set->model->adapt_decay) * (set->reset == 3 ? 0 : n->s);
    if (!first && set->reset != 3)
        n->waits = n->waits > 0 ? n->waits - 1 : n->s == 1 ? set->model->refractory : 0;
    n->i = set->model->current ? set->model->current_decay * n->i + input : input;
    n->u = n->decay * r + (set->scaled ? 1 - n->decay : 1) * n->i;
}

/* The spike, and whether it is so close that rounding decides. */
static bool fire(const struct setting *set, struct neuron *n, double library)
{
    double x = n->u - n->threshold - set->model->adapt_strength * n->b;
    bool close = !set->smooth && set->reset != 3 && n->waits == 0 && fabs(x) < 1e-4;

    n->s = set->reset == 3 ? n->u
           : set->smooth   ? primitive(surrogates[set->surrogate], 2.0, x)
                           : x >= 0 && n->waits == 0;
    if (close)
        n->s = library;
    n->trace = n->decay * n->trace + n->s;
    return close;
}

static void complain(struct check *c, const char *signal, size_t step, size_t i, double got, double want)
{
    if (c->wrong[0] == '\0' && !(fabs(got - want) <= 2e-4 * (1 + fabs(want))))
        snprintf(c->wrong, sizeof c->wrong, "%s: %s of neuron %zu at step %zu is %.7g, not %.7g", c->what, signal, i,
                 step, got, want);
}

static void look(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    struct check *c = user;
    const snn_layer *layer;

    if (phase != SNN_PHASE_FORWARD)
        return;
    layer = snn_network_layer(tr->net, 0);
    c->unread += snn_trainer_read_signal(tr, layer, SNN_SIGNAL_MEMBRANE, c->u, BATCH * LEN) != SNN_OK;
    c->unread += snn_trainer_read_signal(tr, layer, SNN_SIGNAL_OUTPUT, c->out, BATCH * LEN) != SNN_OK;
    if (c->traced)
        c->unread += snn_trainer_read_signal(tr, layer, SNN_SIGNAL_TRACE, c->trace, BATCH * LEN) != SNN_OK;
    for (size_t i = 0; i < BATCH * LEN; i++) {
        struct neuron *n = &c->neuron[i];

        advance(&c->set, n, c->x[step * BATCH * LEN + i], step == 0);
        complain(c, "membrane", step, i, c->u[i], n->u);
        c->close_calls += fire(&c->set, n, c->out[i]);
        complain(c, "output", step, i, c->out[i], n->s);
        if (c->traced)
            complain(c, "trace", step, i, c->trace[i], n->trace);
        c->spikes += c->out[i] == 1;
    }
    c->steps++;
}

/* Constants: the prototype's, or tensors of the layer, whose order is the published one. */
static void take_constants(struct check *c, snn_network *net)
{
    snn_tensor decay = SNN_TENSOR_INIT, threshold = SNN_TENSOR_INIT, initial = SNN_TENSOR_INIT,
               current = SNN_TENSOR_INIT;
    snn_layer *layer = snn_network_layer(net, 0);
    bool leak = strcmp(c->set.model->name, "plif") == 0, has_decay = strcmp(c->set.model->name, "if") != 0;

    shake(net);
    if (leak)
        OK(snn_layer_tensor_named(layer, "leak", &decay));
    else if (c->set.per_neuron && has_decay)
        OK(snn_layer_tensor_named(layer, "decay", &decay));
    if (c->set.per_neuron)
        OK(snn_layer_tensor_named(layer, "threshold", &threshold));
    if (c->set.per_neuron)
        OK(snn_layer_tensor_named(layer, "initial", &initial));
    if (c->set.per_neuron && c->set.model->current)
        OK(snn_layer_tensor_named(layer, "initial_current", &current));
    for (size_t i = 0; i < BATCH * LEN; i++) {
        double d = decay.data ? ((float *)decay.data)[decay.length == 1 ? 0 : i % LEN] : c->set.model->decay;

        c->neuron[i].decay = leak ? 1 / (1 + exp(-d)) : d;
        c->neuron[i].threshold = threshold.data ? ((float *)threshold.data)[i % LEN] : 0.9;
        c->neuron[i].initial = initial.data ? ((float *)initial.data)[i % LEN] : c->set.model->initial;
        c->neuron[i].initial_current =
            current.data ? ((float *)current.data)[i % LEN] : c->set.model->initial_current;
    }
}

static void run(const struct setting *set, const char *method, const char *isa)
{
    static struct check c;
    static float x[STEPS * BATCH * LEN];
    static const uint32_t label[BATCH] = { 0, 1, 0 };
    snn_context *ctx = test_context(1, 1, isa);
    snn_optimizer *sgd = sgd_of(ctx, 0);
    snn_network *net;
    snn_trainer *tr = NULL;
    char layers[400];

    memset(&c, 0, sizeof c);
    c.set = *set;
    c.x = x;
    c.traced = strcmp(method, "ottt") == 0;
    snprintf(c.what, sizeof c.what, "%s, reset %s%s%s%s%s, %s, %s", set->model->name, resets[set->reset],
             set->scaled ? ", scaled" : "", set->per_neuron ? ", per neuron" : "", set->smooth ? ", smooth " : "",
             set->smooth ? surrogates[set->surrogate] : "", method, isa);
    snprintf(layers, sizeof layers,
             "%s n threshold=0.9 reset=%s reset_value=0.2 surrogate=%s alpha=2 per_neuron=%d initial_per_neuron=%d "
             "smooth=%d %s%s; "
             "flatten f; "
             "linear o out=2",
             set->model->name, resets[set->reset], surrogates[set->surrogate], set->per_neuron, set->per_neuron,
             set->smooth, set->model->more, set->scaled ? " input_scaled=1" : "");
    random_fill(x, STEPS * BATCH * LEN, -0.5f, set->scaled ? 3.0f : 1.2f, 3);
    net = network_of(ctx, shape, layers);
    take_constants(&c, net);
    OK(snn_trainer_create(&tr, net, sgd, method));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, STEPS));
    OK(snn_trainer_observe(tr, SNN_OBSERVE_SIGNALS, look, &c));
    OK(snn_trainer_prepare(tr, BATCH));
    for (int sequence = 0; sequence < 2; sequence++) /* the second begins at rest, too */
        OK(snn_trainer_step(tr, BATCH_OF(x, STEPS, label, BATCH), NULL));
    ck_assert_msg(c.wrong[0] == '\0', "%s", c.wrong);
    ck_assert_uint_eq(c.unread, 0);
    ck_assert_uint_eq(c.steps, 2 * STEPS);
    ck_assert_uint_lt(c.close_calls, 100);
    if (!set->smooth && set->reset != 3)
        ck_assert_msg(c.spikes > 1000, "%s: only %zu spikes", c.what, c.spikes);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

START_TEST(test_dynamics)
{
    static const char *const methods[] = { "ottt", "bptt", "sltt" };
    const struct model *model = &models[_i % MODELS];
    int reset = _i / MODELS;

    for (int variant = 0; variant < 4; variant++) {
        struct setting set = { model, reset, 0, variant & 1, variant & 2, false };

        if (set.scaled && strcmp(model->name, "if") == 0)
            continue;
        for (size_t k = 0; snn__kernels_at(k) != NULL; k++)
            run(&set, methods[((size_t)variant + k + (size_t)_i) % 3], snn__isa_name(snn__kernels_at(k)->isa));
    }
}
END_TEST

START_TEST(test_graded_spikes)
{
    for (int m = 0; m < GRADED; m++)
        for (int reset = 0; reset < 3; reset++)
            for (size_t k = 0; snn__kernels_at(k) != NULL; k++) {
                struct setting set = { &models[m], reset, _i, false, m % 2, true };

                run(&set, "ottt", snn__isa_name(snn__kernels_at(k)->isa));
            }
}
END_TEST

/* ---- prototypes ---- */

START_TEST(test_prototype)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = NULL;
    snn_neuron *lif = NULL, *none = NULL;
    snn_layer *layer = NULL;
    snn_param_info info = SNN_PARAM_INFO_INIT;
    const char *text;
    double f;
    int64_t i;
    size_t rows = 0;

    OK(snn_neuron_create(&lif, ctx, "lif"));
    OK(snn_neuron_get_f64(lif, SNN_NEURON_TAU, &f));
    ck_assert_double_eq(f, 2);
    OK(snn_neuron_get_f64(lif, SNN_NEURON_DECAY, &f));
    ck_assert_double_eq(f, 0.5);
    OK(snn_neuron_get_f64(lif, SNN_NEURON_SURROGATE_ALPHA, &f));
    ck_assert_double_eq(f, 4);
    OK(snn_neuron_get_str(lif, SNN_NEURON_RESET, &text));
    ck_assert_str_eq(text, "subtract");
    OK(snn_neuron_set_f64(lif, SNN_NEURON_TAU, 4));
    OK(snn_neuron_get_f64(lif, SNN_NEURON_DECAY, &f));
    ck_assert_double_eq(f, 0.75);
    OK(snn_neuron_set_text(lif, "tau", "5"));
    OK(snn_neuron_get_f64(lif, SNN_NEURON_DECAY, &f));
    ck_assert_double_eq_tol(f, 0.8, 1e-15);
    OK(snn_neuron_set_f64(lif, SNN_NEURON_DECAY, 1));
    OK(snn_neuron_get_f64(lif, SNN_NEURON_TAU, &f));
    ck_assert(isinf(f));
    OK(snn_neuron_set_i64(lif, SNN_NEURON_SMOOTH, 1));
    OK(snn_neuron_set_str(lif, SNN_NEURON_SURROGATE, "arctan"));
    while (snn_neuron_param_info(lif, rows, &info) == SNN_OK) {
        ck_assert(info.name[0] != '\0' && info.help[0] != '\0' && info.key > 0);
        rows++;
    }
    ck_assert_uint_eq(rows, 15);
    /* layers copy: what happens to the prototype afterwards is no matter of theirs */
    OK(snn_network_create(&net, ctx, (size_t[]){ 3 }, 1));
    OK(snn_network_add_neuron(net, lif, "n", &layer));
    OK(snn_neuron_set_i64(lif, SNN_NEURON_SMOOTH, 0));
    snn_neuron_destroy(lif);
    OK(snn_layer_get_i64(layer, SNN_NEURON_SMOOTH, &i));
    OK(snn_layer_get_str(layer, SNN_NEURON_SURROGATE, &text));
    ck_assert(i == 1 && strcmp(text, "arctan") == 0);
    OK(snn_layer_set_f64(layer, SNN_NEURON_TAU, 10));
    OK(snn_layer_get_f64(layer, SNN_NEURON_DECAY, &f));
    ck_assert_double_eq_tol(f, 0.9, 1e-15);
    ck_assert_int_eq(snn_neuron_create(&none, ctx, "izhikevich"), SNN_ERR_ARGUMENT);
    ck_assert_ptr_null(none);
    FAILS(snn_neuron_set_f64(NULL, SNN_NEURON_TAU, 2), SNN_ERR_ARGUMENT, "NULL");
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Per-neuron tensors begin with the prototype's values. */
START_TEST(test_tensors_begin_with_the_parameters)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net =
        network_of(ctx, shape,
                   "lif n decay=0.7 threshold=0.4 per_neuron=1; plif m decay=0.9; plif q tau=4 per_neuron=1; "
                   "cuba c initial=0.2 initial_current=-0.7 initial_per_neuron=1");
    snn_tensor t = SNN_TENSOR_INIT;

    OK(snn_layer_tensor_named(snn_network_layer(net, 0), "decay", &t));
    ck_assert(t.rank == 3 && t.dim[0] == 5 && t.dim[1] == 4 && t.dim[2] == 8 && !t.trained);
    ck_assert_float_eq(((float *)t.data)[LEN - 1], 0.7f);
    OK(snn_layer_tensor_named(snn_network_layer(net, 0), "threshold", &t));
    ck_assert_float_eq(((float *)t.data)[LEN - 1], 0.4f);
    OK(snn_layer_tensor_named(snn_network_layer(net, 1), "leak", &t));
    ck_assert(t.length == 1 && t.trained);
    ck_assert_float_eq_tol(1 / (1 + expf(-((float *)t.data)[0])), 0.9f, 1e-6f);
    OK(snn_layer_tensor_named(snn_network_layer(net, 2), "leak", &t));
    ck_assert(t.length == LEN && t.trained);
    ck_assert_float_eq_tol(1 / (1 + expf(-((float *)t.data)[7])), 0.75f, 1e-6f);
    OK(snn_layer_tensor_named(snn_network_layer(net, 3), "initial", &t));
    ck_assert(t.rank == 3 && t.length == LEN && !t.trained && ((float *)t.data)[7] == 0.2f);
    OK(snn_layer_tensor_named(snn_network_layer(net, 3), "initial_current", &t));
    ck_assert(t.rank == 3 && t.length == LEN && !t.trained && ((float *)t.data)[7] == -0.7f);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neuron: dynamics");
    TCase *tc = tcase_create("neurons");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_dynamics, 0, 4 * MODELS);
    tcase_add_loop_test(tc, test_graded_spikes, 0, 5);
    tcase_add_test(tc, test_prototype);
    tcase_add_test(tc, test_tensors_begin_with_the_parameters);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
