/* Gradients. bptt against central differences of its loss, through graded spikes; the online methods against bptt and
 * against each other where theory says that they agree; static inputs against the same input repeated. */
#include "trainer/builder.h"

enum { BATCH = 3 };

struct net_case {
    const char *name;
    size_t shape[3];
    const char *layers, *settings;
    bool is_static; /* one frame, so that constant layers are computed once */
};

/* What a test holds while it runs one network. */
struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    size_t steps, frames, classes, n;
    float *x, *g;
    uint32_t label[BATCH];
    float *target; /* [steps][BATCH][classes] */
    uint32_t length[BATCH];
    const struct aims *aims;
};

/* What outputs are compared with, besides labels: targets, each step's own or the sample's, of samples that end. */
struct aims {
    bool targets, of_steps, lengths;
    bool far; /* targets that no output comes near: mae has a kink at them */
};

static void open_rig(struct rig *r, const char *isa, const char *method, const struct net_case *c, const char *more)
{
    int64_t steps = 0;
    size_t one = BATCH * length_of(c->shape);

    memset(r, 0, sizeof *r);
    r->ctx = test_context(1, 7, isa);
    r->net = network_of(r->ctx, c->shape, c->layers);
    shake(r->net);
    r->sgd = sgd_of(r->ctx, 0.0);
    OK(snn_trainer_create(&r->tr, r->net, r->sgd, method));
    OK(set_all(r->tr, c->settings));
    OK(set_all(r->tr, more));
    OK(snn_trainer_prepare(r->tr, BATCH + 1)); /* one more than is used: strides must follow the batch */
    OK(snn_trainer_get_i64(r->tr, SNN_TRAINER_STEPS, &steps));
    r->steps = (size_t)steps;
    r->frames = c->is_static ? 1 : r->steps;
    r->classes = r->tr->classes;
    r->n = r->net->n_parameters;
    r->x = malloc(r->steps * one * sizeof *r->x);
    r->g = malloc(r->n * sizeof *r->g);
    random_fill(r->x, r->frames * one, 0.0f, 1.6f, 5);
    for (size_t t = 1; c->is_static && t < r->steps; t++)
        memcpy(r->x + t * one, r->x, one * sizeof *r->x);
    for (size_t b = 0; b < BATCH; b++)
        r->label[b] = (uint32_t)(b % r->classes);
    r->target = malloc(r->steps * BATCH * r->classes * sizeof *r->target);
    random_fill(r->target, r->steps * BATCH * r->classes, -1.0f, 1.0f, 6);
    for (size_t b = 0; b < BATCH; b++)
        r->length[b] = (uint32_t)(b == 0 ? r->steps : 1 + b % r->steps);
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
    free(r->g);
    free(r->target);
}

/* Loss of one step at learning rate 0; the same random numbers every time. */
static double loss_now(struct rig *r)
{
    snn_metrics m = SNN_METRICS_INIT;

    snn_batch batch = *BATCH_OF(r->x, r->frames, r->label, BATCH);

    if (r->aims != NULL && r->aims->targets) {
        batch.labels = NULL;
        batch.targets = r->target;
        batch.target_frames = r->aims->of_steps ? r->steps : 1;
    }
    if (r->aims != NULL && r->aims->lengths)
        batch.lengths = r->length;
    snn__trainer_run(r->tr)->batches = 0;
    OK(snn_trainer_step(r->tr, &batch, &m));
    return m.loss;
}

static void gradient_now(struct rig *r)
{
    loss_now(r);
    read_all_gradients(r->tr, r->g);
}

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

#define LIF "smooth=1 decay=0.6 threshold=0.8 surrogate=arctan alpha=2"

static const struct net_case nets[] = {
    { "mlp", { 5 }, "linear a out=7; lif n " LIF "; linear o out=3", "steps=4", false },
    { "mlp, static", { 5 }, "linear a out=7; lif n " LIF "; linear o out=3", "steps=4", true },
    { "refractory",
      { 5 },
      "linear a out=7; lif n refractory=1 " LIF "; linear b out=4; alif m refractory=2 " LIF "; linear o out=3",
      "steps=5",
      false },
    { "potentials with a floor, from an initial one",
      { 5 },
      "linear a out=7; lif n floor=-0.3 initial=0.4 " LIF "; linear b out=5; alif m floor=-0.2 reset=zero " LIF
      "; linear c out=4; lif p floor=-0.1 initial=-0.05 " LIF ";  linear d out=3; cuba o reset=none floor=-0.2 "
      "initial=0.7",
      "steps=5",
      false },
    { "a state before the first step",
      { 5 },
      "linear a out=7; lif n initial=0.4 initial_per_neuron=1 " LIF "; linear c out=4; cuba m initial=0.2 "
      "initial_current=0.6 initial_per_neuron=1 " LIF "; linear d out=3; cuba o reset=none initial_current=0.7",
      "steps=5",
      false },
    { "readout that integrates",
      { 5 },
      "linear a out=7; lif n " LIF "; linear b out=3; lif o reset=none decay=0.8",
      "steps=4",
      true },
    { "recurrent, read behind",
      { 5 },
      "linear a out=6; add s <a <rec:1; lif n " LIF "; linear rec out=6 <n; linear o out=3 <n",
      "steps=5",
      false },
    { "recurrent, read ahead",
      { 5 },
      "linear a out=6; linear rec out=6 <n:1; add s <a <rec; lif n " LIF "; linear o out=3",
      "steps=5",
      true },
    { "feedback over two layers",
      { 5 },
      "linear a out=6; linear fb out=6 <m:1; add s <a <fb; lif n " LIF "; linear b out=4; lif m " LIF
      "; linear o out=3",
      "steps=5",
      true },
    { "a constant layer read later",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <a:1; add s <n <b; lif m " LIF "; linear o out=3",
      "steps=4",
      true },
    { "neurons that begin late",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <n:1; lif m " LIF
      "; linear p out=3 <m; linear q out=3 <n; add o <p <q",
      "steps=5",
      false },
    { "two delays in a row",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <n:1; scale h value=0.7 <b:1; add s <a <h; lif m " LIF
      "; linear o out=3",
      "steps=5",
      false },
    { "a loop of three steps",
      { 5 },
      "linear a out=6; linear rec out=6 <n:3; add s <a <rec; lif n " LIF "; linear o out=3",
      "steps=7",
      true },
    { "delays of 0 to 3 of one population",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6; linear c out=6 <n:3; linear d out=6 <n:1; linear e out=6 <n:2; "
      "add s <b <c <d <e; lif m " LIF "; linear o out=3",
      "steps=6",
      false },
    { "an output after three steps",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <n:2; scale h value=0.7; lif m " LIF " <h:1; linear o out=3",
      "steps=6",
      true },
    { "a constant layer read three steps later, and one after all steps",
      { 5 },
      "linear a out=6; lif n " LIF "; linear b out=6 <a:3; linear c out=6 <n:9; add s <n <b <c; lif m " LIF
      "; linear o out=3",
      "steps=5",
      true },
    { "layer norm",
      { 2, 4, 4 },
      "conv2d a out=4 pad=1; layer_norm an; lif n " LIF
      "; flatten f; linear b out=6; layer_norm bn eps=0.01; lif m " LIF "; linear o out=3",
      "steps=3",
      true },
    { "elementwise",
      { 2, 4, 4 },
      "conv2d a out=4 pad=1; elementwise an; lif n " LIF
      "; flatten f; linear b out=6; add s <b <g2:1; elementwise bn bias=0; lif m " LIF
      "; scale g2 value=0.7; linear o out=3",
      "steps=3",
      true },
    { "layer norm read twice, feedback",
      { 5 },
      "linear a out=6; layer_norm an; linear rec out=6 <n:1; add s <an <rec; lif n " LIF
      "; add z <n <an; linear o out=3",
      "steps=4",
      false },
    { "batch norm per step",
      { 5 },
      "linear a out=7 bias=0; batch_norm bn; lif n " LIF "; linear o out=3",
      "steps=4",
      true },
    { "batch norm per step, maps",
      { 2, 5, 5 },
      "conv2d a out=4 pad=1; batch_norm bn; lif n " LIF "; avgpool p; flatten f; linear o out=3",
      "steps=3",
      false },
    { "batch norm over all",
      { 5 },
      "linear a out=7 bias=0; batch_norm bn over=all; lif n " LIF "; linear o out=3",
      "steps=4",
      false },
    { "batch norm over all, static, two",
      { 2, 4, 4 },
      "conv2d a out=4 pad=1; batch_norm bn over=all; plif n smooth=1; conv2d b out=3 kernel=1; batch_norm bm "
      "over=all; "
      "lif m " LIF "; flatten f; linear o out=3",
      "steps=3",
      true },
    { "batch norm of both kinds",
      { 2, 4, 4 },
      "conv2d a out=4 pad=1; batch_norm bn; lif n " LIF
      "; conv2d b out=4 pad=1; batch_norm bm over=all; gain g value=0.4; "
      "add s <g <n; lif m " LIF "; flatten f; linear o out=3",
      "steps=3",
      true },
    { "residual with gain",
      { 2, 5, 5 },
      "conv2d a out=4 pad=1 standardise=1; lif n " LIF
      "; conv2d b out=4 pad=1 standardise=1; gain g value=0.5; add s <g <n; "
      "lif m " LIF "; avgpool p; flatten f; linear o out=3 standardise=1",
      "steps=3",
      true },
    { "projection, stride, dilation, groups",
      { 4, 7, 7 },
      "conv2d a out=4 pad=1 stride=2 groups=2; lif n " LIF
      "; conv2d b out=6 pad=2 dilation=2 groups=2; conv2d c out=6 kernel=1 <n; "
      "add s <b <c; scale k value=1.5; lif m " LIF "; avgpool p kernel=3 stride=2 pad=1; flatten f; linear o out=3",
      "steps=3",
      false },
    { "pools and upsampling",
      { 2, 5, 5 },
      "conv2d a out=3 pad=1; lif n " LIF
      "; upsample u factor=2; sumpool s kernel=3 stride=3; conv2d b out=3; lif m " LIF
      "; adaptive_avgpool g size=2; flatten f; linear o out=3",
      "steps=3",
      false },
    { "maximum, global average",
      { 2, 6, 6 },
      "conv2d a out=4 pad=1; lif n " LIF "; maxpool x kernel=2; conv2d b out=4 pad=1; lif m " LIF
      "; avgpool g kernel=0; flatten f; "
      "linear o out=3",
      "steps=3",
      false },
    { "dropout", { 5 }, "linear a out=9; lif n " LIF "; dropout d rate=0.4; linear o out=3", "steps=4", true },
    { "pooled spikes read later",
      { 2, 6, 6 },
      "conv2d a out=4 pad=1; conv2d fb out=4 pad=1 <u:1; add s <a <fb; lif n " LIF
      "; avgpool p; upsample u; conv2d b out=5 pad=1; lif m " LIF "; flatten f; linear o out=3",
      "steps=4",
      false },
    { "attention",
      { 3, 3, 3 },
      "conv2d q out=4 kernel=1; lif qs " LIF "; conv2d k out=4 kernel=1 <input; lif ks " LIF
      "; conv2d v out=4 kernel=1 <input; lif vs " LIF "; attention t heads=2 value=0.7 <qs <ks <vs; lif m " LIF
      "; flatten f; linear o out=3",
      "steps=3",
      false },
    { "attention to itself, static, norm over all",
      { 3, 3, 3 },
      "conv2d a out=4 kernel=1 bias=0; batch_norm bn over=all; lif n " LIF "; conv2d k out=4 kernel=1; lif ks " LIF
      "; attention t value=0.5 <n <ks <n; batch_norm bm over=all; add s <bm <bn; lif m " LIF
      "; flatten f; linear o out=3",
      "steps=3",
      true },
    { "scaled spikes read twice",
      { 5 },
      "linear a out=6; lif n " LIF "; scale k value=2.7; linear b out=6; lif m " LIF
      "; linear c out=6 <k; add s <m <c; lif q " LIF "; linear o out=3",
      "steps=3",
      true },
};

#define NETS (int)(sizeof nets / sizeof *nets)

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

/* ---- the methods among each other ---- */

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
    Suite *suite = suite_create("trainer: gradients");
    TCase *differences = tcase_create("finite differences"), *among = tcase_create("among each other");

    tcase_set_timeout(differences, 120);
    tcase_set_timeout(among, 120);
    tcase_add_loop_test(differences, test_neurons, 0, 60);
    tcase_add_test(differences, test_leak_at_input);
    tcase_add_loop_test(differences, test_leak_near_one, 0, 2);
    tcase_add_loop_test(differences, test_nets, 0, 4 * NETS);
    tcase_add_loop_test(differences, test_readouts, 0, READOUTS);
    tcase_add_loop_test(differences, test_nets_ref, 0, NETS);
    tcase_add_test(differences, test_losses);
    tcase_add_loop_test(differences, test_targets, 0, 5);
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
    suite_add_tcase(suite, differences);
    suite_add_tcase(suite, among);
    return run_suite(suite);
}
