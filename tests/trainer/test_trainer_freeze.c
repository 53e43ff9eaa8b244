/* A frozen layer keeps its bits under every method and optimizer, the others learn as they would; lr_scale is the
 * factor of a layer's learning rate. */
#include "builder.h"
#include <snn/model.h>

enum { BATCH = 4, CLASSES = 3 };

#define CHAIN "linear a out=12; lif s; linear b out=10; lif r; linear o out=3"
#define DSR "linear a out=12; dsr_if s threshold=0.5; linear b out=9; dsr_if r threshold=0.4; linear o out=3"
#define LOOP(norm, neuron)                                                                                    \
    "linear a out=8; linear b out=8 bias=0 norm=" norm " <s:1; add d <a <b; " neuron " threshold=2; rate r; " \
    "linear o out=3"

static const size_t vector[3] = { 8 };
static const struct {
    const char *method, *settings, *layers, *frozen;
} ways[] = {
    { "bptt", "", CHAIN, "a" },
    { "bptt", "", CHAIN, "b" },
    { "bptt", "", "linear a out=12; batch_norm n over=all; plif s; linear b out=9; plif r; linear o out=3", "n" },
    { "bptt", "", "linear a out=12; batch_norm n over=all; plif s; linear b out=9; plif r; linear o out=3", "s" },
    { "sltt", "", "linear a out=12; batch_norm n; lif s; linear b out=9; plif r; linear o out=3", "b" },
    { "ottt", "", CHAIN, "b" },
    { "ottt", "variant=O", CHAIN, "a" },
    { "sei", "", "linear a out=12; layer_norm n; lif s; linear b out=9 bias=0 binary=scaled; lif r; linear o out=3",
      "b" },
    { "sei", "temporal=1", CHAIN, "o" },
    { "opzo", "", CHAIN, "b" },
    { "opzo", "feedback=kp", CHAIN, "a" },
    { "opzo", "feedback=zo online=1", CHAIN, "b" },
    { "eprop", "feedback=random", CHAIN, "b" },
    { "eprop", "", "linear a out=12; lif s; linear o out=3", "a" },
    { "dsr", "", DSR, "b" },
    { "dsr", "", DSR, "s" },
    { "ide", "", LOOP("spectral", "if s"), "b" },
    { "spide", "backward_steps=20", LOOP("frobenius", "if s"), "a" },
};
static const struct {
    const char *name, *settings;
} optimizers[] = { { "sgd", "momentum" }, { "adam", "weight_decay" }, { "adamw", "weight_decay" } };

static snn_context *ctx;
static snn_network *net[2];
static snn_optimizer *opt;
static snn_trainer *tr[2];
static float x[BATCH * 8], target[BATCH * CLASSES];

static void setup(void)
{
    ctx = test_context(2, 5, "best");
    random_fill(x, BATCH * 8, 0.0f, 1.5f, 1);
    random_fill(target, BATCH * CLASSES, 0.0f, 1.0f, 2);
    opt = NULL;
}

static void drop(int i)
{
    snn_trainer_destroy(tr[i]);
    snn_network_destroy(net[i]);
    tr[i] = NULL;
    net[i] = NULL;
}

static void teardown(void)
{
    drop(0);
    drop(1);
    snn_optimizer_destroy(opt);
    snn_context_destroy(ctx);
}

static void make_optimizer(int k)
{
    snn_optimizer_destroy(opt);
    OK(snn_optimizer_create(&opt, ctx, optimizers[k].name));
    OK(snn_optimizer_set_f64(opt, SNN_OPTIMIZER_LR, 0.02));
    OK(snn_optimizer_set_text(opt, optimizers[k].settings, "0.1"));
}

static void make(int i, int way)
{
    char all[128];

    snprintf(all, sizeof all, "steps=4 loss=half_square %s", ways[way].settings);
    net[i] = network_of(ctx, vector, ways[way].layers);
    shake(net[i]);
    tr[i] = trainer_of(net[i], opt, ways[way].method, all, BATCH);
}

static void scale(int i, const char *layer, double factor)
{
    OK(snn_layer_set_f64(snn_network_layer_named(net[i], layer), SNN_LAYER_LR_SCALE, factor));
    OK(snn_trainer_prepare(tr[i], BATCH));
}

static void train(int i, int batches)
{
    snn_batch b = SNN_BATCH_INIT;

    b.samples = BATCH;
    b.x = x;
    b.targets = target;
    for (int k = 0; k < batches; k++)
        OK(snn_trainer_step(tr[i], &b, NULL));
}

/* The trained tensors of a layer are the same in a copy of all parameters. */
static bool same(const snn_layer *layer, const float *a, const float *b)
{
    for (size_t t = 0; t < layer->n_tensors; t++)
        if (layer->tensor[t].trained && memcmp(a + layer->tensor[t].offset, b + layer->tensor[t].offset,
                                               layer->tensor[t].length * sizeof(float)) != 0)
            return false;
    return true;
}

/* Also when it learned before, so that the optimizer's moments of it are not zero. */
START_TEST(test_frozen)
{
    const char *frozen = ways[_i].frozen;
    float before[1024];

    for (int k = 0; k < 3; k++) {
        make_optimizer(k);
        make(0, _i);
        train(0, 1);
        scale(0, frozen, 0.0);
        ck_assert_uint_le(net[0]->n_parameters, 1024);
        memcpy(before, net[0]->parameters, net[0]->n_parameters * sizeof(float));
        train(0, 3);
        for (size_t l = 0; l < net[0]->n_layers; l++) {
            const snn_layer *layer = net[0]->layer[l];

            if (strcmp(layer->name, frozen) == 0)
                ck_assert_msg(same(layer, before, net[0]->parameters), "%s, %s: %s changed", ways[_i].method,
                              optimizers[k].name, frozen);
            else if (layer->tensor[0].rank > 1 && layer->n_tensors > 0)
                ck_assert_msg(!same(layer, before, net[0]->parameters), "%s, %s: %s did not learn", ways[_i].method,
                              optimizers[k].name, layer->name);
        }
        scale(0, frozen, 1.0);
        memcpy(before, net[0]->parameters, net[0]->n_parameters * sizeof(float));
        train(0, 1);
        ck_assert(!same(snn_network_layer_named(net[0], frozen), before, net[0]->parameters));
        drop(0);
    }
}
END_TEST

/* The first update of the other layers is what it would be. */
START_TEST(test_others_learn_as_before)
{
    if (strstr(ways[_i].settings, "variant=O") || strstr(ways[_i].settings, "online=1"))
        return; /* later steps of the batch see other weights */
    make_optimizer(0);
    make(0, _i);
    make(1, _i);
    scale(1, ways[_i].frozen, 0.0);
    train(0, 1);
    train(1, 1);
    for (size_t l = 0; l < net[0]->n_layers; l++)
        if (strcmp(net[0]->layer[l]->name, ways[_i].frozen) != 0)
            ck_assert_msg(same(net[0]->layer[l], net[0]->parameters, net[1]->parameters), "%s: layer %s",
                          ways[_i].method, net[0]->layer[l]->name);
}
END_TEST

/* All but the output is frozen: nothing below it wants an error. */
START_TEST(test_output_alone)
{
    float before[1024];

    make_optimizer(0);
    make(0, _i);
    for (size_t l = 0; l + 1 < net[0]->n_layers; l++)
        (void)!snn_layer_set_f64(net[0]->layer[l], SNN_LAYER_LR_SCALE, 0.0);
    OK(snn_trainer_prepare(tr[0], BATCH));
    memcpy(before, net[0]->parameters, net[0]->n_parameters * sizeof(float));
    train(0, 2);
    for (size_t l = 0; l + 1 < net[0]->n_layers; l++)
        ck_assert_msg(same(net[0]->layer[l], before, net[0]->parameters), "%s: layer %s", ways[_i].method,
                      net[0]->layer[l]->name);
    ck_assert_msg(!same(net[0]->layer[net[0]->n_layers - 1], before, net[0]->parameters), "%s", ways[_i].method);
}
END_TEST

/* Signs of a gradient in shards have no zero; frozen layers have one. */
START_TEST(test_frozen_among_signs)
{
    float g[120];

    make_optimizer(0);
    make(0, 0);
    tr[1] = tr[0];
    OK(snn_trainer_create(&tr[0], net[0], opt, "sltt"));
    snn_trainer_destroy(tr[1]);
    tr[1] = NULL;
    OK(snn_trainer_set_text(tr[0], "shards", "3"));
    OK(snn_trainer_set_text(tr[0], "loss", "half_square"));
    OK(snn_trainer_set_text(tr[0], "send", "sign"));
    scale(0, "b", 0.0);
    for (int batch = 0; batch < 3; batch++) {
        train(0, 1);
        OK(snn_trainer_read_gradient(tr[0], snn_network_layer_named(net[0], "b"), "weight", g, 120));
        for (int i = 0; i < 120; i++)
            ck_assert_msg(g[i] == 0, "batch %d: number %d is %g", batch, i, (double)g[i]);
        OK(snn_trainer_read_gradient(tr[0], snn_network_layer_named(net[0], "a"), "weight", g, 96));
        ck_assert(g[0] != 0);
    }
}
END_TEST

/* Half the rate of a layer is half the rate. */
START_TEST(test_scale)
{
    make_optimizer(_i);
    make(0, 0);
    scale(0, "b", 0.5);
    make(1, 0);
    train(0, 1);
    OK(snn_optimizer_set_f64(opt, SNN_OPTIMIZER_LR, 0.01));
    train(1, 1);
    ck_assert(same(snn_network_layer_named(net[0], "b"), net[0]->parameters, net[1]->parameters));
    ck_assert(!same(snn_network_layer_named(net[0], "a"), net[0]->parameters, net[1]->parameters));
}
END_TEST

/* All frozen: a batch changes nothing, and costs no memory for errors. */
START_TEST(test_all_frozen)
{
    static const char *const layers[] = { "a", "b", "o" };
    float before[1024];
    size_t bytes;

    make_optimizer(1);
    make(0, 0);
    bytes = snn__pass_bytes(&tr[0]->pass);
    for (size_t i = 0; i < 3; i++)
        scale(0, layers[i], 0.0);
    memcpy(before, net[0]->parameters, net[0]->n_parameters * sizeof(float));
    train(0, 2);
    ck_assert(memcmp(before, net[0]->parameters, net[0]->n_parameters * sizeof(float)) == 0);
    ck_assert_uint_lt(snn__pass_bytes(&tr[0]->pass), bytes);
}
END_TEST

START_TEST(test_needs_a_plan)
{
    snn_batch b = SNN_BATCH_INIT;

    b.samples = BATCH;
    b.x = x;
    b.targets = target;
    make_optimizer(0);
    make(0, 0);
    OK(snn_layer_set_text(snn_network_layer_named(net[0], "a"), "lr_scale", "0"));
    ck_assert_int_eq(snn_trainer_step(tr[0], &b, NULL), SNN_ERR_STATE);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "lr_scale of layer a changed"));
    OK(snn_trainer_prepare(tr[0], BATCH));
    OK(snn_trainer_step(tr[0], &b, NULL));
    ck_assert_int_eq(snn_layer_set_text(snn_network_layer_named(net[0], "s"), "lr_scale", "0"), SNN_ERR_ARGUMENT);
    ck_assert_int_eq(snn_layer_set_text(snn_network_layer_named(net[0], "a"), "lr_scale", "-1"), SNN_ERR_ARGUMENT);
}
END_TEST

/* The architecture keeps it. */
START_TEST(test_described)
{
    char json[2048];
    double factor = 1.0;

    make_optimizer(0);
    make(0, 0);
    scale(0, "a", 0.0);
    OK(snn_network_describe(net[0], json, sizeof json, NULL));
    OK(snn_network_parse(&net[1], ctx, json));
    OK(snn_layer_get_f64(snn_network_layer_named(net[1], "a"), SNN_LAYER_LR_SCALE, &factor));
    ck_assert_double_eq(factor, 0.0);
    ck_assert_ptr_null(strstr(strstr(json, "\"b\""), "lr_scale"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: freeze");
    TCase *tc = tcase_create("freeze");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_frozen, 0, (int)(sizeof ways / sizeof *ways));
    tcase_add_loop_test(tc, test_others_learn_as_before, 0, (int)(sizeof ways / sizeof *ways));
    tcase_add_loop_test(tc, test_output_alone, 0, (int)(sizeof ways / sizeof *ways));
    tcase_add_test(tc, test_frozen_among_signs);
    tcase_add_loop_test(tc, test_scale, 0, 3);
    tcase_add_test(tc, test_all_frozen);
    tcase_add_test(tc, test_needs_a_plan);
    tcase_add_test(tc, test_described);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
