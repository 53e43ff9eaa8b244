/* gradient.h - networks of every connection, norm and neuron, and the gradient that a method gives each: for the
 * tests that compare them with differences, and with one another. */
#ifndef SNN_TESTS_TRAINER_GRADIENT_H
#define SNN_TESTS_TRAINER_GRADIENT_H

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

static inline void open_rig(struct rig *r, const char *isa, const char *method, const struct net_case *c,
                            const char *more)
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

static inline void close_rig(struct rig *r)
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
static inline double loss_now(struct rig *r)
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

static inline void gradient_now(struct rig *r)
{
    loss_now(r);
    read_all_gradients(r->tr, r->g);
}

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

#endif
