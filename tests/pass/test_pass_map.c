/* Spikes that are handed on as bits: who reads them, and that this changes not one bit of what a network computes. */
#include "pass/stream.h"
#include "trainer/builder.h"

enum { BATCH = 4, CLASSES = 3 };

#define LIF "decay=0.6 threshold=0.3"
#define CONV "conv2d a out=64 pad=1; lif n " LIF "; conv2d b out=5 pad=1; lif m " LIF "; flatten f; linear o out=3"

static const struct {
    const char *what;
    size_t shape[3];
    const char *layers, *method, *settings;
    size_t readers; /* layers that read a map */
} nets[] = {
    { "64 channels", { 2, 6, 6 }, CONV, "sltt", "steps=3", 1 },
    { "traces", { 2, 6, 6 }, CONV, "ottt", "steps=3", 1 },
    { "all steps kept", { 2, 6, 6 }, CONV, "bptt", "steps=3", 1 },
    { "a pool that gathers the trace",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; lif n " LIF "; avgpool p; conv2d b out=64 pad=1; lif m " LIF
      "; conv2d c out=5 pad=1; lif v " LIF "; flatten f; linear o out=3",
      "ottt",
      "steps=3",
      1 },
    { "one behind the other",
      { 2, 6, 6 },
      "conv2d a out=16 pad=1; lif n " LIF "; conv2d b out=72 pad=1; lif m " LIF "; conv2d c out=8 pad=1; lif v " LIF
      "; conv2d d out=4 pad=1; if w threshold=0.3; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      3 },
    { "noise", { 2, 6, 6 }, CONV, "opzo", "steps=3", 0 },
    { "8 channels, several readers and a pool",
      { 2, 7, 5 },
      "conv2d a out=8 pad=1; lif n " LIF "; conv2d b out=6 pad=1 <n; conv2d c out=6 kernel=1 <n; "
      "avgpool p kernel=3 stride=1 pad=1 <n; conv2d q out=6 kernel=1; add s <b <c <q; lif m " LIF
      "; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      2 },
    { "10 channels, factors between",
      { 2, 6, 6 },
      "conv2d a out=10 pad=1; cuba n threshold=0.3; scale k value=1.5; gain g value=0.5; conv2d b out=4 pad=1; if m "
      "threshold=0.3; "
      "flatten f; linear o out=3",
      "bptt",
      "steps=3",
      1 },
    { "96 channels, a step later as well",
      { 2, 6, 6 },
      "conv2d a out=96 pad=1; conv2d r out=96 kernel=1 <n:1; add s <a <r; alif n threshold=0.3; conv2d b out=4 "
      "pad=1; lif m " LIF "; flatten f; linear o out=3",
      "ottt",
      "steps=4",
      1 },
    { "7 channels: too few",
      { 2, 6, 6 },
      "conv2d a out=7 pad=1; lif n " LIF "; conv2d b out=5 pad=1; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      0 },
    { "7 channels to count",
      { 2, 6, 6 },
      "conv2d a out=7 pad=1; lif n " LIF "; conv2d b out=5 binary=scaled; lif m " LIF
      "; flatten f; linear o out=3 binary=sign",
      "sltt",
      "steps=3",
      1 },
    { "groups",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; lif n " LIF "; conv2d b out=6 pad=1 groups=2; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      0 },
    { "a maximum between",
      { 2, 12, 12 },
      "conv2d a out=64 pad=1; lif n " LIF "; maxpool p; conv2d b out=6 pad=1; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      0 },
    { "smooth",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; lif n smooth=1; conv2d b out=6 pad=1; flatten f; linear o out=3",
      "bptt",
      "steps=3",
      0 },
    { "no reset: potentials",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; lif n reset=none; conv2d b out=6 pad=1; flatten f; linear o out=3",
      "sltt",
      "steps=3",
      0 },
    { "one pixel is flat",
      { 2, 4, 4 },
      "conv2d a out=70 kernel=4; lif n " LIF "; flatten f; linear b out=9 binary=scaled; lif m " LIF
      "; linear o out=3 binary=sign",
      "sei",
      "steps=2",
      2 },
    { "vectors",
      { 9 },
      "linear a out=130; lif n " LIF "; linear b out=70 binary=scaled <n; lif m " LIF "; linear o out=3 binary=sign",
      "bptt",
      "steps=3",
      2 },
    { "rates, all steps at once",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; batch_norm x over=all; dsr_lif n threshold=0.2; conv2d b out=66 pad=1; batch_norm y "
      "over=all; dsr_if m threshold=0.2; "
      "conv2d c out=4 pad=1; batch_norm z over=all; dsr_if v threshold=0.2; flatten f; linear o out=3",
      "dsr",
      "steps=5 recompute=off",
      2 },
    { "rates, step by step",
      { 2, 6, 6 },
      "conv2d a out=64 pad=1; dsr_lif n threshold=0.2; conv2d b out=4 pad=1; dsr_if m threshold=0.2; flatten f; "
      "linear o out=3",
      "dsr",
      "steps=5",
      1 },
};

#define NETS (int)(sizeof nets / sizeof *nets)

static size_t readers(const struct snn__pass *pass)
{
    size_t n = 0;

    for (size_t l = 0; l < pass->n; l++)
        n += pass->unit[l].mapped != NULL;
    return n;
}

/* A vendor's BLAS reads no maps, which leaves the layers that count. */
static size_t readers_wanted(int i)
{
    return snn__product_reads_map(&(struct snn__window){ .c = 64 }) || strstr(nets[i].layers, "binary=")
               ? nets[i].readers
               : 0;
}

/* From now on products pack what they read. */
static void forget_maps(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++) {
        pass->unit[l].mapped = NULL;
        pass->unit[l].map = NULL;
    }
}

struct run {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
};

static void open_run(struct run *r, int i, uint32_t threads, uint32_t batch)
{
    r->ctx = test_context(threads, 3, "best");
    r->net = network_of(r->ctx, nets[i].shape, nets[i].layers);
    r->sgd = sgd_of(r->ctx, 0.1);
    r->tr = trainer_of(r->net, r->sgd, nets[i].method, nets[i].settings, batch);
}

static void close_run(struct run *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

/* Two updates, with the whole batch and with less, then outputs; all parameters are the result. */
static float *result_of(const struct run *r, int i, float out[BATCH * CLASSES])
{
    static const uint32_t label[BATCH] = { 0, 1, 2, 1 };
    size_t n = BATCH * length_of(nets[i].shape);
    float *x = malloc(n * sizeof *x), *parameters = malloc(r->net->n_parameters * sizeof *parameters);

    random_fill(x, n, 0, 2, 9);
    OK(snn_trainer_step(r->tr, BATCH_OF(x, 1, label, BATCH), NULL));
    OK(snn_trainer_step(r->tr, BATCH_OF(x, 1, label, BATCH - 1), NULL));
    OK(snn_trainer_predict(r->tr, BATCH_OF(x, 1, NULL, BATCH), out));
    memcpy(parameters, r->net->parameters, r->net->n_parameters * sizeof *parameters);
    free(x);
    return parameters;
}

START_TEST(test_maps_change_nothing)
{
    float out[2][BATCH * CLASSES], *parameters[2];
    struct run r;

    for (uint32_t packed = 0; packed < 2; packed++) {
        open_run(&r, _i, 1 + packed, BATCH);
        ck_assert_msg(readers(&r.tr->pass) == readers_wanted(_i), "%s: %zu layers read maps, not %zu", nets[_i].what,
                      readers(&r.tr->pass), readers_wanted(_i));
        if (packed)
            forget_maps(&r.tr->pass);
        parameters[packed] = result_of(&r, _i, out[packed]);
        if (packed)
            ck_assert_msg(memcmp(parameters[0], parameters[1], r.net->n_parameters * sizeof(float)) == 0,
                          "%s: other parameters", nets[_i].what);
        close_run(&r);
    }
    ck_assert_msg(memcmp(out[0], out[1], sizeof out[0]) == 0, "%s: other outputs", nets[_i].what);
    ck_assert_msg(norm_of(out[0], BATCH * CLASSES) > 0, "%s: nothing arrives", nets[_i].what);
    free(parameters[0]);
    free(parameters[1]);
}
END_TEST

START_TEST(test_one_sample_has_no_map)
{
    struct run r;

    open_run(&r, _i, 1, 1);
    ck_assert_uint_eq(readers(&r.tr->pass), 0);
    close_run(&r);
}
END_TEST

START_TEST(test_stream_has_no_map)
{
    snn_stream *stream;
    struct run r;
    void *memory;
    size_t size;

    open_run(&r, 0, 1, BATCH);
    OK(snn_stream_size(r.net, &size));
    memory = aligned_alloc(64, size);
    OK(snn_stream_init(memory, size, r.net, &stream));
    ck_assert_uint_eq(readers(stream->pass), 0);
    free(memory);
    close_run(&r);
}
END_TEST

/* Raw values of a pool of spikes, times `whole`, are counts of them. */
static void look_at_pools(void *user, snn_trainer *tr, snn_phase phase, size_t step)
{
    size_t *counted = user;

    for (size_t l = 0; phase == SNN_PHASE_FORWARD && l + 1 < tr->pass.n; l++) {
        const struct snn__unit *pool = &tr->pass.unit[l];
        const float whole = tr->pass.unit[l + 1].node.whole;

        for (size_t i = 0; i < BATCH * pool->value_len && whole > 0; i++) {
            const float n = pool->value[i] * whole;

            ck_assert_msg(n == 0 || n == 1 || n == 2 || n == 3 || n == 4, "%s at step %zu: %g", pool->layer->name,
                          step, n);
            *counted += n > 1;
        }
    }
}

/* Weights know what they read: spikes, counts of four of them, or neither. */
START_TEST(test_pools_of_spikes_are_counts)
{
    static const float whole[] = { 0, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net =
        network_of(ctx, (size_t[3]){ 2, 24, 24 },
                   "conv2d a out=8 pad=1; lif n " LIF "; scale k value=2.7; avgpool p; "
                   "conv2d b out=8 pad=1; lif m " LIF "; sumpool q; conv2d c out=4 pad=1; avgpool r; "
                   "conv2d d out=4 pad=1; lif v " LIF "; avgpool z kernel=3; conv2d e out=2 kernel=1; flatten f; "
                   "linear o out=3");
    float *x = malloc(BATCH * 1152 * sizeof *x), out[BATCH * CLASSES];
    size_t counted = 0;
    snn_trainer *tr = NULL;

    random_fill(x, BATCH * 1152, 0, 2, 5);
    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 3));
    OK(snn_trainer_observe(tr, SNN_OBSERVE_SIGNALS, look_at_pools, &counted));
    OK(snn_trainer_prepare(tr, BATCH));
    for (size_t l = 0; l < net->n_layers; l++)
        ck_assert_msg(tr->pass.unit[l].node.whole == whole[l], "layer %s", net->layer[l]->name);
    OK(snn_trainer_predict(tr, BATCH_OF(x, 1, NULL, BATCH), out));
    ck_assert_uint_gt(counted, 0);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    free(x);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("network: maps");
    TCase *t = tcase_create("maps");

    tcase_set_timeout(t, 120);
    tcase_add_loop_test(t, test_maps_change_nothing, 0, NETS);
    tcase_add_loop_test(t, test_one_sample_has_no_map, 0, NETS);
    tcase_add_test(t, test_stream_has_no_map);
    tcase_add_test(t, test_pools_of_spikes_are_counts);
    suite_add_tcase(s, t);
    return run_suite(s);
}
