/* The same bits: for 1, 2 and 3 threads, with each method, on each instruction set; and from run to run. */
#include "kernel/kernel.h"
#include "trainer/builder.h"

enum { BATCH = 13, STEPS = 3, UPDATES = 3 };

#define LIF "decay=0.5 threshold=0.7"

/* Large enough that the work is cut into pieces. */
static const struct {
    const char *name;
    size_t shape[3];
    const char *layers;
    bool through_time; /* for bptt and sei alone */
    bool delays;       /* not for opzo and sei */
    bool products;     /* not for ottt and opzo */
} nets[] = {
    { "mlp",
      { 300 },
      "linear a out=150; lif n " LIF "; linear b out=70; plif m per_neuron=1 threshold=0.5; linear o out=10",
      false,
      false,
      false },
    { "conv, norm, standardised",
      { 3, 12, 12 },
      "conv2d a out=20 pad=1 standardise=1; layer_norm an; lif n " LIF
      "; dropout d rate=0.1; avgpool p; conv2d b out=20 pad=1 groups=2; "
      "batch_norm bn; elementwise e; gain g value=0.6; add s <g <p; lif m " LIF
      "; scale k value=2.7; avgpool q kernel=0; flatten f; linear o out=10",
      false,
      false,
      false },
    { "feedback",
      { 2, 10, 10 },
      "conv2d a out=9 pad=1; add s <a <fb:1; lif n " LIF
      "; conv2d b out=17 pad=1 stride=2; cuba m; conv2d c out=9 pad=1; "
      "upsample fb <c; flatten f <m; linear o out=10",
      false,
      true,
      false },
    { "norm over all",
      { 2, 9, 9 },
      "conv2d a out=12 pad=1; batch_norm bn over=all; alif n refractory=1; maxpool p; flatten f; linear o out=10",
      true,
      false,
      false },
    { "attention",
      { 3, 9, 9 },
      "conv2d a out=24 pad=1; batch_norm bn; lif n " LIF "; conv2d q out=24 kernel=1 binary=scaled; lif qs " LIF
      "; conv2d k out=24 kernel=1 <n; lif ks " LIF "; attention t heads=3 <qs <ks <n; lif m " LIF
      "; conv2d c out=24 kernel=1 binary=scaled back=full; add s <c <bn; flatten f; linear o out=10",
      false,
      false,
      true },
};

static const char *const methods[] = { "bptt", "sltt", "ottt", "ottt", "opzo", "opzo", "opzo", "sei" };
static const char *const settings[] = { "loss=ce_mse",      "loss=mse sampled_steps=2",
                                        "variant=A",        "variant=O",
                                        "loss=half_square", "noise_pos=pre noise=sphere online=1",
                                        "feedback=kp",      "temporal=1 loss_on=mean" };
static const char *const optimizers[] = { "sgd", "adam", "adamw", "sgd", "sgd", "adam", "sgd", "sgd" };

enum { NETS = sizeof nets / sizeof *nets, KINDS = sizeof methods / sizeof *methods };

struct result {
    float *parameters;
    size_t n;
    double loss, norm, rate;
    float out[BATCH * 10];
};

static void run(struct result *r, int net_number, int kind, uint32_t threads, const char *isa, bool is_static)
{
    size_t one = BATCH * length_of(nets[net_number].shape);
    float *x = malloc(STEPS * one * sizeof *x);
    uint32_t label[BATCH];
    snn_context *ctx = test_context(threads, 5, isa);
    snn_network *net = network_of(ctx, nets[net_number].shape, nets[net_number].layers);
    snn_optimizer *opt = NULL;
    snn_trainer *tr;
    snn_metrics m = SNN_METRICS_INIT;
    char text[64];

    OK(snn_optimizer_create(&opt, ctx, optimizers[kind]));
    OK(snn_optimizer_set_f64(opt, SNN_OPTIMIZER_CLIP_NORM, 0.5));
    OK(snn_optimizer_set_f64(opt, SNN_OPTIMIZER_LR, kind % 3 ? 0.01 : 0.2));
    snprintf(text, sizeof text, "steps=%d %s", STEPS, settings[kind]);
    tr = trainer_of(net, opt, methods[kind], text, BATCH);
    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b * 7 % 10);
    for (unsigned i = 0; i < UPDATES; i++) {
        random_fill(x, STEPS * one, 0, 1.5f, i);
        OK(snn_trainer_step(tr, BATCH_OF(x, is_static ? 1 : STEPS, label, BATCH - i), &m));
    }
    OK(snn_trainer_predict(tr, BATCH_OF(x, STEPS, NULL, BATCH), r->out));
    r->loss = m.loss;
    r->norm = m.gradient_norm;
    r->rate = m.firing_rate;
    r->n = net->n_parameters;
    r->parameters = malloc(r->n * sizeof *r->parameters);
    memcpy(r->parameters, net->parameters, r->n * sizeof *r->parameters);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    free(x);
}

static bool suits(int net, const char *method)
{
    bool opzo = strcmp(method, "opzo") == 0, sei = strcmp(method, "sei") == 0;

    return !(nets[net].through_time && !sei && strcmp(method, "bptt") != 0) && !(nets[net].delays && (opzo || sei)) &&
           !(nets[net].products && (opzo || strcmp(method, "ottt") == 0));
}

static bool same(const struct result *a, const struct result *b)
{
    return a->n == b->n && memcmp(a->parameters, b->parameters, a->n * sizeof *a->parameters) == 0 &&
           a->loss == b->loss && a->norm == b->norm && a->rate == b->rate &&
           memcmp(a->out, b->out, sizeof a->out) == 0;
}

START_TEST(test_threads)
{
    int net = _i % NETS, kind = _i / NETS % KINDS;

    if (!suits(net, methods[kind]))
        return;
    for (size_t k = 0; snn__kernels_at(k) != NULL; k++) {
        const struct snn__kernels *kernels = snn__kernels_at(k);
        struct result first, r;

        run(&first, net, kind, 1, snn__isa_name(kernels->isa), kind % 2);
        ck_assert_msg(first.rate > 0.001, "%s: nobody fires", nets[net].name);
        for (uint32_t threads = 2; threads <= 3; threads++) {
            run(&r, net, kind, threads, snn__isa_name(kernels->isa), kind % 2);
            ck_assert_msg(same(&first, &r), "%s, %s (kind %d), %s: %u threads differ: loss %.17g, %.17g",
                          nets[net].name, methods[kind], kind, snn__isa_name(kernels->isa), threads, first.loss,
                          r.loss);
            free(r.parameters);
        }
        free(first.parameters);
    }
}
END_TEST

/* Instruction sets may round differently; after one network's three updates they are still close, where no spike
 * flips. */
START_TEST(test_instruction_sets)
{
    struct result ref, r;

    run(&ref, 0, _i, 1, "ref", true);
    for (size_t k = 1; snn__kernels_at(k) != NULL; k++) {
        run(&r, 0, _i, 1, snn__isa_name(snn__kernels_at(k)->isa), true);
        ck_assert_msg(distance(r.parameters, ref.parameters, r.n) < 1e-3, "%s: %g",
                      snn__isa_name(snn__kernels_at(k)->isa), distance(r.parameters, ref.parameters, r.n));
        free(r.parameters);
    }
    free(ref.parameters);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: determinism");
    TCase *tc = tcase_create("same bits");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_threads, 0, NETS * KINDS);
    tcase_add_loop_test(tc, test_instruction_sets, 0, KINDS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
