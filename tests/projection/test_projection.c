/* Projections: with every method, gradients keep out of the frozen subspace; the same bits for any number of threads;
 * no allocation in a step; wrong use. The equations themselves are checked by the golden cases. */
#include "../trainer/builder.h"
#include "core/context.h"
#include "projection/hlop.h"

enum { BATCH = 5, STEPS = 4, CLASSES = 3 };

#define LIF "decay=0.5 threshold=0.6"

static const struct {
    const char *method, *settings, *layers;
    size_t shape[3];
} kinds[] = {
    { "sltt", "", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
    { "ottt", "variant=A", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
    { "ottt", "variant=O", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
    { "bptt", "", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
    { "opzo", "", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
    { "dsr",
      "",
      "linear a out=30; dsr_if n threshold=1; linear b out=3; scale k value=5; dsr_if m threshold=6",
      { 20 } },
    { "ottt",
      "",
      "conv2d a out=6 pad=1; lif n " LIF "; avgpool p; conv2d b out=5 stride=2 pad=1; lif m " LIF
      "; flatten f; linear o out=3",
      { 2, 8, 8 } },
    { "bptt",
      "",
      "conv2d a out=6 pad=1; lif n " LIF "; avgpool p; conv2d b out=5 stride=2 pad=1; lif m " LIF
      "; flatten f; linear o out=3",
      { 2, 8, 8 } },
    { "ottt",
      "",
      "conv2d a out=6 pad=1; batch_norm g; lif n " LIF
      "; avgpool p; flatten f; linear o out=30; batch_norm h; lif m " LIF "; linear q out=3",
      { 2, 8, 8 } },
    { "bptt",
      "",
      "conv2d a out=6 pad=1; batch_norm g; lif n " LIF
      "; avgpool p; flatten f; linear o out=30; batch_norm h; lif m " LIF "; linear q out=3",
      { 2, 8, 8 } },
    { "dsr",
      "",
      "linear a out=30; batch_norm g over=all; dsr_if n threshold=1; linear b out=30; batch_norm h over=all; dsr_if "
      "m "
      "threshold=1; linear c out=3; scale k value=5; dsr_if o threshold=6",
      { 20 } },
    { "dsr",
      "",
      "linear a out=30; batch_norm g over=all; dsr_lif n threshold=1; linear b out=30; batch_norm h over=all; "
      "dsr_lif m "
      "threshold=1; linear c out=3",
      { 20 } },
    { "eprop", "", "linear a out=30; lif n " LIF "; linear b out=3", { 20 } },
};

enum { KINDS = sizeof kinds / sizeof *kinds };

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_projection *projection;
    snn_trainer *tr;
    float *x;
    uint32_t label[BATCH];
};

static void open_world(struct world *w, int kind, snn_context *ctx)
{
    size_t n = STEPS * BATCH * length_of(kinds[kind].shape);

    memset(w, 0, sizeof *w);
    w->ctx = ctx;
    w->net = network_of(ctx, kinds[kind].shape, kinds[kind].layers);
    w->sgd = sgd_of(ctx, 0.05);
    w->x = malloc(n * sizeof *w->x);
    random_fill(w->x, n, 0, 1.5f, 3);
    for (uint32_t b = 0; b < BATCH; b++)
        w->label[b] = b % CLASSES;
    OK(snn_projection_create(&w->projection, w->net));
}

/* Rows for every layer that may have them. */
static void grow(struct world *w, size_t rows)
{
    for (size_t l = 0; l < w->net->n_layers; l++) {
        snn_projection_info info = SNN_PROJECTION_INFO_INIT;

        OK(snn_projection_get_info(w->projection, w->net->layer[l], &info));
        if (info.inputs > 0)
            OK(snn_projection_grow(w->projection, w->net->layer[l], rows));
    }
}

static void prepare(struct world *w, int kind)
{
    char text[64];

    snn_trainer_destroy(w->tr);
    w->tr = NULL;
    OK(snn_trainer_create(&w->tr, w->net, w->sgd, kinds[kind].method));
    snprintf(text, sizeof text, "%d", STEPS);
    OK(snn_trainer_set_text(w->tr, "steps", text));
    if (strncmp(kinds[kind].settings, "variant=", 8) == 0)
        OK(snn_trainer_set_text(w->tr, "variant", kinds[kind].settings + 8));
    OK(snn_trainer_set_projection(w->tr, w->projection));
    OK(snn_trainer_prepare(w->tr, BATCH));
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_projection_destroy(w->projection);
    snn_optimizer_destroy(w->sgd);
    snn_network_destroy(w->net);
    free(w->x);
}

/* Largest entry of (W - W_before) H_old', and of W - W_before, over all layers with rows. */
static void leak_of(struct world *w, const float *before, double *leak, double *change)
{
    *leak = *change = 0;
    for (size_t l = 0; l < w->net->n_layers; l++) {
        const struct snn__beside *b = &w->projection->beside[l];
        const struct snn__lateral *s = &b->lateral;
        size_t at = s->rows ? w->net->layer[l]->tensor[b->weight].offset : 0;

        for (size_t o = 0; s->rows > 0 && o < b->outputs; o++) {
            const float *now = w->net->parameters + at + o * s->n, *old = before + at + o * s->n;

            for (size_t i = 0; i < s->frozen; i++) {
                double sum = 0;

                for (size_t k = 0; k < s->n; k++)
                    sum += ((double)now[k] - old[k]) * s->h[i * s->n + k];
                *leak = fmax(*leak, fabs(sum));
            }
            for (size_t k = 0; k < s->n; k++) /* compared: fmax() stops gcc 12 for AArch64 with an internal error */
                if (fabs((double)now[k] - old[k]) > *change)
                    *change = fabs((double)now[k] - old[k]);
        }
    }
}

/* A sum that tells whether running statistics changed. */
static double statistics_of(const snn_network *net)
{
    double sum = 0;

    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++)
            for (size_t k = 0; !net->layer[l]->tensor[i].trained && k < net->layer[l]->tensor[i].length; k++)
                sum += (double)(k + 1) * net->layer[l]->tensor[i].data[k];
    return sum;
}

/* Rows as drawn are orthonormal, so that H_old' H_old is a projector: nothing of a change lies in its space. */
START_TEST(test_gradients_keep_out)
{
    struct world w;
    float *before;
    double leak, change, statistics;
    snn_context *ctx = test_context(1, 7, "best");

    open_world(&w, _i, ctx);
    before = malloc(w.net->n_parameters * sizeof *before);
    grow(&w, 4);
    OK(snn_projection_freeze(w.projection));
    grow(&w, 3);
    prepare(&w, _i);
    statistics = statistics_of(w.net);
    for (int i = 0; i < 3; i++) {
        memcpy(before, w.net->parameters, w.net->n_parameters * sizeof *before);
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, i == 1 ? 1 : STEPS, w.label, BATCH), NULL));
        leak_of(&w, before, &leak, &change);
        ck_assert_msg(change > 1e-4, "batch %d: change %g", i, change);
        ck_assert_double_lt(leak, 2e-6);
    }
    /* biases are held, and all of batch norms */
    for (size_t l = 0; l < w.net->n_layers; l++)
        for (size_t i = 0; i < w.net->layer[l]->n_tensors; i++) {
            const struct snn__tensor *t = &w.net->layer[l]->tensor[i];

            if (t->trained && t->rank < 2)
                ck_assert_mem_eq(before + t->offset, w.net->parameters + t->offset, t->length * sizeof *before);
        }
    ck_assert(statistics_of(w.net) == statistics);
    free(before);
    close_world(&w);
    snn_context_destroy(ctx);
}
END_TEST

/* A held batch norm is a factor and a shift of each channel: with both in weights and biases, the network without it
 * has the same gradients, those of its weights larger by the factor. */
START_TEST(test_held_norms_are_a_map)
{
    static const char *const methods[] = { "bptt", "ottt", "sltt", "dsr" };
    const bool rates = strcmp(methods[_i], "dsr") == 0;
    snn_context *ctx = test_context(1, 7, "best");
    struct world w[2];
    float *before = NULL, *factor = NULL;
    const struct snn__tensor *a[2];

    for (int plain = 0; plain < 2; plain++) {
        const char *norm = plain ? "" : rates ? "batch_norm g over=all; " : "batch_norm g; ";
        char layers[200];
        snn_projection_info info = SNN_PROJECTION_INFO_INIT;
        const snn_layer *readout;

        snprintf(layers, sizeof layers, "linear a out=9; %s%s; linear b out=3", norm,
                 rates ? "dsr_lif n threshold=1" : "lif n " LIF);
        memset(&w[plain], 0, sizeof w[plain]);
        w[plain].net = network_of(ctx, kinds[0].shape, layers);
        w[plain].sgd = sgd_of(ctx, 0.05);
        OK(snn_projection_create(&w[plain].projection, w[plain].net));
        readout = w[plain].net->layer[plain ? 2 : 3];
        OK(snn_projection_grow(w[plain].projection, readout, 2));
        OK(snn_projection_freeze(w[plain].projection));
        OK(snn_projection_get_info(w[plain].projection, readout, &info));
        ck_assert_uint_eq(info.frozen, 2);
        a[plain] = w[plain].net->layer[0]->tensor;
    }
    {
        const struct snn__tensor *g = w[0].net->layer[1]->tensor;
        struct snn__tensor *b[2] = { w[0].net->layer[3]->tensor, w[1].net->layer[2]->tensor };

        factor = malloc(9 * sizeof *factor);
        random_fill(g[0].data, 9, 0.5f, 2, 11); /* weight, bias, mean, var */
        random_fill(g[1].data, 9, 0, 0.5f, 12);
        random_fill(g[2].data, 9, -0.3f, 0.3f, 13);
        random_fill(g[3].data, 9, 0.5f, 2, 14);
        for (size_t o = 0; o < 9; o++) {
            factor[o] = g[0].data[o] / sqrtf(g[3].data[o] + 1e-5f);
            for (size_t i = 0; i < 20; i++)
                a[1][0].data[o * 20 + i] = factor[o] * a[0][0].data[o * 20 + i];
            a[1][1].data[o] = factor[o] * (a[0][1].data[o] - g[2].data[o]) + g[1].data[o];
        }
        for (size_t i = 0; i < 2; i++)
            memcpy(b[1][i].data, b[0][i].data, b[0][i].length * sizeof(float));
    }
    before = malloc(2 * 180 * sizeof *before);
    for (int plain = 0; plain < 2; plain++) {
        float x[BATCH * 20];
        uint32_t label[BATCH] = { 0, 1, 2, 0, 1 };

        memcpy(before + plain * 180, a[plain][0].data, 180 * sizeof *before);
        OK(snn_trainer_create(&w[plain].tr, w[plain].net, w[plain].sgd, methods[_i]));
        OK(snn_trainer_set_text(w[plain].tr, "steps", "4"));
        OK(snn_trainer_set_projection(w[plain].tr, w[plain].projection));
        OK(snn_trainer_prepare(w[plain].tr, BATCH));
        random_fill(x, BATCH * 20, 0, 1.5f, 3);
        OK(snn_trainer_step(w[plain].tr, BATCH_OF(x, 1, label, BATCH), NULL));
    }
    {
        double most = 0;

        for (size_t i = 0; i < 180; i++) {
            double change = (double)a[0][0].data[i] - before[i],
                   want = factor[i / 20] * ((double)a[1][0].data[i] - before[180 + i]);

            most = fmax(most, fabs(change));
            ck_assert_msg(fabs(change - want) < 1e-6, "%s: weight %zu changes by %g, not %g", methods[_i], i, change,
                          want);
        }
        ck_assert_double_gt(most, 1e-4);
    }
    for (int plain = 0; plain < 2; plain++)
        close_world(&w[plain]);
    free(before);
    free(factor);
    snn_context_destroy(ctx);
}
END_TEST

/* With very many spikes the activity is as good as real, and the two ways to project agree. */
START_TEST(test_spikes_approach_real_activity)
{
    float *result[2];
    size_t n = 0;

    for (int spiking = 0; spiking < 2; spiking++) {
        struct world w;
        snn_context *ctx = test_context(1, 7, "best");

        open_world(&w, _i, ctx);
        OK(snn_projection_set_i64(w.projection, SNN_PROJECTION_SPIKES, spiking ? 1 << 20 : 0));
        grow(&w, 4);
        OK(snn_projection_freeze(w.projection));
        grow(&w, 2);
        prepare(&w, _i);
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, STEPS, w.label, BATCH), NULL));
        n = w.net->n_parameters;
        result[spiking] = malloc(n * sizeof **result);
        memcpy(result[spiking], w.net->parameters, n * sizeof **result);
        close_world(&w);
        snn_context_destroy(ctx);
    }
    for (size_t i = 0; i < n; i++)
        ck_assert_double_lt(fabs((double)result[0][i] - result[1][i]), 1e-3);
    free(result[0]);
    free(result[1]);
}
END_TEST

START_TEST(test_same_bits_for_any_threads)
{
    float *h[3] = { NULL }, *parameters[3];
    size_t n = 0, n_h = 0;

    for (uint32_t threads = 1; threads <= 3; threads++) {
        struct world w;
        snn_context *ctx = test_context(threads, 7, "best");
        struct snn__lateral *l;

        open_world(&w, _i, ctx);
        grow(&w, 5);
        prepare(&w, _i);
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, STEPS, w.label, BATCH), NULL));
        OK(snn_projection_freeze(w.projection));
        grow(&w, 6);
        prepare(&w, _i);
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, STEPS, w.label, BATCH), NULL));
        OK(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, w.label, BATCH - 1), NULL));
        l = &w.projection->beside[0].lateral;
        n = w.net->n_parameters;
        n_h = l->rows * l->n;
        h[threads - 1] = malloc(n_h * sizeof **h);
        memcpy(h[threads - 1], l->h, n_h * sizeof **h);
        parameters[threads - 1] = malloc(n * sizeof **h);
        memcpy(parameters[threads - 1], w.net->parameters, n * sizeof **h);
        close_world(&w);
        snn_context_destroy(ctx);
    }
    for (int i = 0; i < 3; i++) {
        ck_assert_mem_eq(h[0], h[i], n_h * sizeof **h);
        ck_assert_mem_eq(parameters[0], parameters[i], n * sizeof **h);
    }
    for (int i = 0; i < 3; i++) {
        free(h[i]);
        free(parameters[i]);
    }
}
END_TEST

/* Another trainer with the same projection comes, for larger batches, and goes. */
static void visit(const struct world *w, int kind)
{
    snn_trainer *other = NULL;

    OK(snn_trainer_create(&other, w->net, w->sgd, kinds[kind].method));
    OK(snn_trainer_set_projection(other, w->projection));
    OK(snn_trainer_prepare(other, 16 * BATCH));
    snn_trainer_destroy(other);
}

/* What a trainer plans for a projection is its own. */
START_TEST(test_trainers_share_a_projection)
{
    float *parameters[2];
    size_t bytes = 0;

    for (int visited = 0; visited < 2; visited++) {
        snn_context *ctx = test_context(1, 7, "best");
        struct world w;

        open_world(&w, _i, ctx);
        OK(snn_projection_set_i64(w.projection, SNN_PROJECTION_SPIKES, 20));
        grow(&w, 5);
        OK(snn_projection_freeze(w.projection));
        prepare(&w, _i);
        if (visited)
            visit(&w, _i);
        for (int i = 0; i < 3; i++)
            OK(snn_trainer_step(w.tr, BATCH_OF(w.x, STEPS, w.label, BATCH), NULL));
        bytes = w.net->n_parameters * sizeof(float);
        parameters[visited] = malloc(bytes);
        memcpy(parameters[visited], w.net->parameters, bytes);
        close_world(&w);
        snn_context_destroy(ctx);
    }
    ck_assert_mem_eq(parameters[0], parameters[1], bytes);
    free(parameters[0]);
    free(parameters[1]);
}
END_TEST

START_TEST(test_no_allocation_in_a_step)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *ctx = NULL;
    struct world w;
    size_t before;

    OK(snn_context_options_init(&options, sizeof options));
    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&ctx, &options));
    open_world(&w, _i, ctx);
    grow(&w, 4);
    OK(snn_projection_freeze(w.projection));
    grow(&w, 3);
    prepare(&w, _i);
    before = c.calls;
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x, STEPS, w.label, BATCH), NULL));
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, w.label, BATCH), NULL));
    ck_assert_uint_eq(c.calls, before);
    close_world(&w);
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

/* Every allocation of creating, growing and preparing may fail. */
START_TEST(test_every_allocation_may_fail)
{
    for (size_t n = 1, failed = 1; failed; n++) {
        struct counting c = { 0 };
        snn_context_options options;
        snn_context *ctx = NULL;
        snn_projection *p = NULL;
        const snn_layer *a;
        struct world w;

        OK(snn_context_options_init(&options, sizeof options));
        counting_options(&c, &options);
        options.threads = 1;
        OK(snn_context_create(&ctx, &options));
        open_world(&w, 0, ctx);
        c.fail_at = c.calls + n;
        failed = snn_projection_create(&p, w.net) != SNN_OK;
        a = w.net->layer[0];
        failed = failed || snn_projection_grow(p, a, 3) != SNN_OK || snn_projection_grow(p, a, 3) != SNN_OK ||
                 snn_projection_apply(p, a, w.x, 2, w.x) != SNN_OK;
        snn_projection_destroy(p);
        c.fail_at = 0;
        close_world(&w);
        snn_context_destroy(ctx);
        ck_assert_uint_eq(c.live, 0);
        ck_assert_uint_lt(n, 100);
    }
}
END_TEST

/* Learning finds the space that activity lies in: orth(x) of it shrinks. */
START_TEST(test_learning_finds_the_subspace)
{
    struct world w;
    snn_context *ctx = test_context(1, 7, "best");
    float base[3 * 20], x[BATCH * 20], out[BATCH * 20];
    double left = 0, all = 0;

    open_world(&w, 0, ctx);
    random_fill(base, 60, -1, 1, 11);
    OK(snn_projection_grow(w.projection, w.net->layer[0], 3));
    OK(snn_projection_set_f64(w.projection, SNN_PROJECTION_LR, 0.02));
    prepare(&w, 0);
    for (unsigned i = 0; i < 400; i++) {
        float mix[BATCH * 3];

        random_fill(mix, BATCH * 3, -1, 1, 100 + i);
        for (size_t b = 0; b < BATCH; b++)
            for (size_t k = 0; k < 20; k++)
                x[b * 20 + k] = mix[b * 3] * base[k] + mix[b * 3 + 1] * base[20 + k] + mix[b * 3 + 2] * base[40 + k];
        OK(snn_trainer_step(w.tr, BATCH_OF(x, 1, w.label, BATCH), NULL));
    }
    OK(snn_projection_freeze(w.projection));
    OK(snn_projection_apply(w.projection, w.net->layer[0], x, BATCH, out));
    for (size_t i = 0; i < BATCH * 20; i++) {
        left += (double)out[i] * out[i];
        all += (double)x[i] * x[i];
    }
    ck_assert_double_lt(left, 1e-4 * all);
    close_world(&w);
    snn_context_destroy(ctx);
}
END_TEST

/* Every call that takes a layer of the projection's network. */
static void refuse_layer(struct world *w, const snn_layer *layer, const char *part)
{
    snn_projection_info info = SNN_PROJECTION_INFO_INIT;

    FAILS(snn_projection_grow(w->projection, layer, 1), SNN_ERR_ARGUMENT, part);
    FAILS(snn_projection_set_layer_lr(w->projection, layer, 0.1), SNN_ERR_ARGUMENT, part);
    FAILS(snn_projection_get_info(w->projection, layer, &info), SNN_ERR_ARGUMENT, part);
    FAILS(snn_projection_apply(w->projection, layer, w->x, 1, w->x), SNN_ERR_ARGUMENT, part);
    ck_assert_ptr_null(snn_projection_weights(w->projection, layer));
}

START_TEST(test_wrong_use)
{
    struct world w;
    snn_context *ctx = test_context(1, 7, "best");
    snn_optimizer *adam = NULL;
    snn_trainer *tr = NULL;
    snn_network *other;
    snn_projection *p = NULL;
    const snn_layer *a;

    open_world(&w, 0, ctx);
    FAILS(snn_projection_create(&p, NULL), SNN_ERR_ARGUMENT, "network is NULL");
    a = w.net->layer[0];
    FAILS(snn_projection_grow(NULL, a, 1), SNN_ERR_ARGUMENT, "projection is NULL");
    FAILS(snn_projection_grow(w.projection, w.net->layer[1], 1), SNN_ERR_UNSUPPORTED, "layer n of type lif");
    FAILS(snn_projection_grow(w.projection, a, 21), SNN_ERR_SHAPE, "has 20 inputs");
    FAILS(snn_projection_set_layer_lr(w.projection, a, NAN), SNN_ERR_ARGUMENT, "learning rate");
    FAILS(snn_projection_set_f64(w.projection, SNN_PROJECTION_MOMENTUM, 1.0), SNN_ERR_ARGUMENT, "momentum");
    FAILS(snn_projection_apply(w.projection, a, NULL, 1, w.x), SNN_ERR_ARGUMENT, "NULL");
    grow(&w, 2);
    prepare(&w, 0);
    FAILS(snn_trainer_set_projection(w.tr, NULL), SNN_ERR_STATE, "before snn_trainer_prepare()");
    OK(snn_projection_freeze(w.projection));
    FAILS(snn_trainer_step(w.tr, BATCH_OF(w.x, 1, w.label, BATCH), NULL), SNN_ERR_STATE, "prepare the trainer again");
    OK(snn_optimizer_create(&adam, ctx, "adam"));
    OK(snn_trainer_create(&tr, w.net, adam, "sltt"));
    OK(snn_trainer_set_projection(tr, w.projection));
    FAILS(snn_trainer_prepare(tr, BATCH), SNN_ERR_UNSUPPORTED, "needs the optimizer sgd");
    snn_trainer_destroy(tr);
    OK(snn_optimizer_set_f64(w.sgd, SNN_OPTIMIZER_WEIGHT_DECAY, 0.1));
    FAILS(snn_trainer_prepare(w.tr, BATCH), SNN_ERR_UNSUPPORTED, "weight_decay 0");
    other = network_of(ctx, kinds[0].shape, "linear a out=3");
    OK(snn_trainer_create(&tr, other, w.sgd, "sltt"));
    FAILS(snn_trainer_set_projection(tr, w.projection), SNN_ERR_ARGUMENT, "another network");
    refuse_layer(&w, other->layer[0], "layer a is of another network");
    refuse_layer(&w, NULL, "layer is NULL");
    snn_trainer_destroy(tr);
    snn_network_destroy(other);
    snn_optimizer_destroy(adam);
    close_world(&w);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_select)
{
    static const size_t shape[3] = { 4 };
    snn_context *ctx = test_context(1, 7, "best");
    snn_network *net = network_of(ctx, shape, "lif n; linear a out=3 <n; linear b out=3 <n; select s <a <b");
    snn_optimizer *sgd = sgd_of(ctx, 0.5);
    snn_trainer *tr = trainer_of(net, sgd, "sltt", "steps=3", 2);
    snn_layer *s = snn_network_layer_named(net, "s");
    float x[8] = { 2, 2, 2, 2, 2, 0, 2, 0 }, before[30];
    uint32_t label[2] = { 0, 1 };

    ck_assert_uint_eq(net->n_parameters, 30);
    for (int head = 0; head < 2; head++) {
        OK(snn_layer_set_i64(s, SNN_LAYER_SELECTED, head));
        memcpy(before, net->parameters, sizeof before);
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, 2), NULL));
        ck_assert_mem_eq(before + (1 - head) * 15, net->parameters + (1 - head) * 15, 15 * sizeof *before);
        ck_assert(memcmp(before + head * 15, net->parameters + head * 15, 15 * sizeof *before) != 0);
    }
    FAILS(snn_layer_set_i64(s, SNN_LAYER_SELECTED, 2), SNN_ERR_ARGUMENT, "input 2 selected of 2");
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* A trainer with the same rows goes on from a checkpoint with the same bits. */
START_TEST(test_checkpoint_goes_on)
{
    const char *path = "test_projection.ckpt";
    struct world w[3];
    snn_context *ctx = test_context(1, 7, "best");
    snn_trainer *plain = NULL;

    for (int i = 0; i < 3; i++) {
        open_world(&w[i], 1, ctx);
        if (i == 2)
            continue;
        if (i == 1)
            OK(snn_projection_set_layer_lr(w[i].projection, w[i].net->layer[0], 0.01));
        grow(&w[i], 4);
        OK(snn_projection_freeze(w[i].projection));
        grow(&w[i], 3);
        prepare(&w[i], 1);
    }
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_step(w[0].tr, BATCH_OF(w[0].x, STEPS, w[0].label, BATCH), NULL));
    OK(snn_trainer_save(w[0].tr, path));
    OK(snn_trainer_load(w[1].tr, path));
    for (int i = 0; i < 2; i++)
        OK(snn_trainer_step(w[i].tr, BATCH_OF(w[i].x, STEPS, w[i].label, BATCH), NULL));
    ck_assert_mem_eq(w[0].net->parameters, w[1].net->parameters, w[0].net->n_parameters * sizeof(float));
    for (size_t l = 0; l < 3; l += 2) {
        const struct snn__lateral *a = &w[0].projection->beside[l].lateral, *b = &w[1].projection->beside[l].lateral;

        ck_assert_mem_eq(a->h, b->h, a->rows * a->n * sizeof(float));
        ck_assert_mem_eq(a->d, b->d, a->rows * a->n * sizeof(float));
    }
    grow(&w[2], 7);
    prepare(&w[2], 1);
    FAILS(snn_trainer_load(w[2].tr, path), SNN_ERR_STATE, "add and freeze the same");
    OK(snn_trainer_create(&plain, w[2].net, w[2].sgd, "ottt"));
    FAILS(snn_trainer_load(plain, path), SNN_ERR_STATE, "with a projection, this trainer has none");
    snn_trainer_destroy(plain);
    {
        snn_network *net = NULL;

        OK(snn_network_load(&net, ctx, path)); /* as a model, it is one */
        snn_network_destroy(net);
    }
    remove(path);
    for (int i = 0; i < 3; i++)
        close_world(&w[i]);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("projection");
    TCase *tc = tcase_create("hlop");

    tcase_add_loop_test(tc, test_gradients_keep_out, 0, KINDS);
    tcase_add_loop_test(tc, test_held_norms_are_a_map, 0, 4);
    tcase_add_loop_test(tc, test_spikes_approach_real_activity, 0, KINDS);
    tcase_add_loop_test(tc, test_same_bits_for_any_threads, 0, KINDS);
    tcase_add_loop_test(tc, test_trainers_share_a_projection, 0, KINDS);
    tcase_add_loop_test(tc, test_no_allocation_in_a_step, 0, KINDS);
    tcase_add_test(tc, test_every_allocation_may_fail);
    tcase_add_test(tc, test_learning_finds_the_subspace);
    tcase_add_test(tc, test_wrong_use);
    tcase_add_test(tc, test_select);
    tcase_add_test(tc, test_checkpoint_goes_on);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
