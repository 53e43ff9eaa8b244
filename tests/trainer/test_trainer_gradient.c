/* Gradients of bptt against central differences of its loss, through graded spikes. */
#include "trainer/gradient.h"

/* ---- finite differences ---- */

/* (L(w + h d) - L(w - h d)) / 2h over the tensor's numbers */
static double central(struct rig *r, const struct snn__tensor *t, const float *start, const float *d, double h)
{
    double loss[2];

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < t->length; i++)
            t->data[i] = (float)(start[i] + (side ? -h : h) * d[i]);
        loss[side] = loss_now(r);
    }
    memcpy(t->data, start, t->length * sizeof *start);
    return (loss[0] - loss[1]) / (2 * h);
}

static double slope_along(const struct rig *r, const struct snn__tensor *t, const float *d)
{
    double sum = 0;

    for (size_t i = 0; i < t->length; i++)
        sum += (double)r->g[t->offset + i] * d[i];
    return sum;
}

/* Along d, the step's error of second order taken out. Loss is computed from floats, so that about 1e-5 is noise. A
 * maximum and the fast sigmoid have kinks: where one lies within the step, a shorter and noisier step decides. */
static void check_direction(struct rig *r, const struct net_case *c, const snn_layer *layer,
                            const struct snn__tensor *t, const float *start, const float *d)
{
    double want = slope_along(r, t, d), size = norm_of(r->g + t->offset, t->length), h = 0.01, slope = 0;

    for (int attempt = 0; attempt < 2; attempt++, h /= 5) {
        slope = (4 * central(r, t, start, d, h) - central(r, t, start, d, 2 * h)) / 3;
        if (fabs(slope - want) <= 4e-3 * size + 4e-7 / h)
            return;
    }
    ck_abort_msg("%s: %s.%s: difference %.7g, gradient %.7g (norm %.4g)", c->name, layer->name, t->name, slope, want,
                 size);
}

static void check_tensor(struct rig *r, const struct net_case *c, const snn_layer *layer, const struct snn__tensor *t)
{
    float *start = malloc(t->length * sizeof *start), *d = malloc(t->length * sizeof *d);
    double size = norm_of(r->g + t->offset, t->length), random_size;

    memcpy(start, t->data, t->length * sizeof *start);
    if (size > 0) { /* uphill, where the loss changes most, */
        for (size_t i = 0; i < t->length; i++)
            d[i] = (float)(r->g[t->offset + i] / size);
        check_direction(r, c, layer, t, start, d);
    }
    for (unsigned k = 0; k < 2; k++) { /* and wherever */
        random_fill(d, t->length, -1.0f, 1.0f, 40 + k);
        random_size = norm_of(d, t->length);
        for (size_t i = 0; i < t->length; i++)
            d[i] = (float)(d[i] / random_size);
        check_direction(r, c, layer, t, start, d);
    }
    free(start);
    free(d);
}

static void check_differences_of(const char *isa, const struct net_case *c, const char *more, const struct aims *aims)
{
    struct rig r;

    open_rig(&r, isa, "bptt", c, more);
    r.aims = aims;
    for (size_t i = 0; aims != NULL && aims->far && i < r.steps * BATCH * r.classes; i++)
        r.target[i] += i % 2 ? 4 : -4;
    gradient_now(&r);
    ck_assert_msg(norm_of(r.g, r.n) > 1e-3, "%s: the gradient is next to nothing", c->name);
    for (size_t l = 0; l < r.net->n_layers; l++)
        for (size_t i = 0; i < r.net->layer[l]->n_tensors; i++)
            if (r.net->layer[l]->tensor[i].trained)
                check_tensor(&r, c, r.net->layer[l], &r.net->layer[l]->tensor[i]);
    close_rig(&r);
}

static void check_differences(const char *isa, const struct net_case *c, const char *more)
{
    check_differences_of(isa, c, more, NULL);
}

/* ---- every neuron ---- */

static const char *const models[] = { "if", "lif", "cuba", "alif", "plif" };
static const char *const resets[] = { "subtract", "zero", "value", "none" };
static const char *const surrogates[] = { "sigmoid alpha=3", "arctan alpha=2", "fast_sigmoid alpha=2" };

START_TEST(test_neurons)
{
    const char *model = models[_i % 5], *reset = resets[_i / 5 % 4], *surrogate = surrogates[_i / 20 % 3];

    for (int variant = 0; variant < 4; variant++) {
        bool scaled = variant & 1 && strcmp(model, "if") != 0;
        char name[160], layers[1024], neuron[256];
        struct net_case c = { name, { 4 }, layers, "steps=6", variant == 2 };

        snprintf(neuron, sizeof neuron,
                 "smooth=1 threshold=0.8 reset=%s reset_value=0.2 surrogate=%s per_neuron=%d%s%s%s", reset, surrogate,
                 variant / 2, scaled ? " input_scaled=1" : "", strcmp(model, "cuba") == 0 ? " current_decay=0.6" : "",
                 strcmp(model, "alif") == 0 ? " adapt_decay=0.7 adapt_strength=0.5" : "");
        snprintf(name, sizeof name, "%s %s %s variant %d", model, reset, surrogate, variant);
        snprintf(layers, sizeof layers, "linear a out=6; %s n %s; linear b out=5; %s m %s; linear o out=3", model,
                 neuron, model, neuron);
        check_differences("best", &c, "");
    }
}
END_TEST

/* The input goes straight into neurons with trained leaks: nobody below wants their error. */
START_TEST(test_leak_at_input)
{
    struct net_case c = {
        "plif at the input", { 4 }, "plif n smooth=1 reset=zero per_neuron=1; linear o out=3", "steps=5", false
    };

    check_differences("best", &c, "");
    c.layers = "plif n smooth=1 floor=0 initial=0.4 reset=value reset_value=-0.5; linear o out=3";
    check_differences("best", &c, "");
    c.layers = "plif n smooth=1 input_scaled=1; linear o out=3";
    check_differences("best", &c, "");
}
END_TEST

/* The gradient of a leak at decays that are 1 as floats: it falls with exp(-w), and is not zero. */
START_TEST(test_leak_near_one)
{
    struct net_case c = { "plif",
                          { 4 },
                          _i ? "plif n smooth=1 per_neuron=1; linear o out=3" : "plif n smooth=1; linear o out=3",
                          "steps=5",
                          false };
    struct rig r;
    struct snn__tensor *leak;
    float near[4];

    open_rig(&r, "best", "bptt", &c, "");
    leak = snn__layer_find_tensor(r.net->layer[0], "leak");
    for (int w = 20; w <= 21; w++) {
        for (size_t i = 0; i < leak->length; i++)
            leak->data[i] = (float)w;
        gradient_now(&r);
        for (size_t i = 0; i < leak->length; i++) {
            const float g = r.g[leak->offset + i];

            if (w == 20)
                near[i] = g;
            else
                ck_assert_msg(g != 0 && fabs(g / near[i] * exp(1) - 1) < 1e-5, "leak %zu: %g at 20, %g at 21", i,
                              near[i], g);
        }
    }
    close_rig(&r);
}
END_TEST

/* ---- every connection, norm and loss ---- */

static const char *const losses[] = {
    "loss=ce", "loss=mse loss_on=mean", "loss=ce_mse loss_mix=0.3 label_smoothing=0.1",
    "loss=ce_mse loss_mix=0.3 mse_target=constant mse_constant=0.5 loss_on=mean label_smoothing=0.1"
};

START_TEST(test_nets)
{
    check_differences("best", &nets[_i % NETS], losses[_i / NETS]);
}
END_TEST

START_TEST(test_nets_ref)
{
    check_differences("ref", &nets[_i], losses[2]);
}
END_TEST

static const char *const readouts[] = { "step", "mean", "last", "max", "sum" };

#define READOUTS (int)(sizeof readouts / sizeof *readouts)

/* Every readout, of neurons that integrate, of neurons that spike, and of outputs that begin later. */
START_TEST(test_readouts)
{
    static const char *const ends[] = { "; lif o reset=none decay=0.8", ("; lif o " LIF),
                                        "; scale o value=-1.3 <b:2" };

    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        char layers[256], more[64];
        struct net_case c = { readouts[_i], { 5 }, layers, "steps=5", i == 1 };

        snprintf(layers, sizeof layers, "linear a out=7; lif n " LIF "; linear b out=3%s", ends[i]);
        snprintf(more, sizeof more, "loss=ce loss_on=%s", readouts[_i]);
        check_differences("best", &c, more);
    }
}
END_TEST

/* Every loss, once more on the plainest network. */
START_TEST(test_losses)
{
    static const char *const all[] = { "loss=ce",
                                       "loss=mse",
                                       "loss=ce_mse loss_mix=0.5",
                                       "loss=ce label_smoothing=0.2",
                                       "loss=mse label_smoothing=0.2",
                                       "loss=half_square",
                                       "loss=mae",
                                       "loss=huber huber_delta=0.2",
                                       "loss=mse mse_target=constant mse_constant=0.3",
                                       "loss=ce_mse loss_mix=0.2 mse_target=constant label_smoothing=0.1" };

    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int on = 0; on < READOUTS; on++) {
            char more[128];

            snprintf(more, sizeof more, "%s loss_on=%s", all[i], readouts[on]);
            check_differences("best", &nets[0], more);
        }
}
END_TEST

/* Every loss of targets: each step's own, the sample's, and of samples that end early. */
START_TEST(test_targets)
{
    static const char *const all[] = { "loss=mse", "loss=half_square", "loss=huber huber_delta=0.4", "loss=mae" };
    static const struct aims aims[] = { { true, true, false, false },
                                        { true, false, false, false },
                                        { true, true, true, false },
                                        { true, false, true, false },
                                        { false, false, true, false } };
    struct net_case c = nets[0];

    c.is_static = false;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (int on = 0; on < READOUTS; on++) {
            struct aims these = aims[_i];
            char more[128];

            if (on > 0 && these.of_steps)
                continue;
            these.far = strcmp(all[i], "loss=mae") == 0;
            snprintf(more, sizeof more, "%s loss_on=%s", all[i], readouts[on]);
            check_differences_of("best", &c, more, &these);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: gradients");
    TCase *differences = tcase_create("finite differences");

    tcase_set_timeout(differences, 120);
    tcase_add_loop_test(differences, test_neurons, 0, 60);
    tcase_add_test(differences, test_leak_at_input);
    tcase_add_loop_test(differences, test_leak_near_one, 0, 2);
    tcase_add_loop_test(differences, test_nets, 0, 4 * NETS);
    tcase_add_loop_test(differences, test_readouts, 0, READOUTS);
    tcase_add_loop_test(differences, test_nets_ref, 0, NETS);
    tcase_add_test(differences, test_losses);
    tcase_add_loop_test(differences, test_targets, 0, 5);
    suite_add_tcase(suite, differences);
    return run_suite(suite);
}
