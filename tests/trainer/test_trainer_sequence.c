/* Sequences [C,L] train as maps [C,1,L] of one row do, with the same bits, by every method; streams and evaluations
 * of them are the same, too. */
#include "trainer/builder.h"
#include <snn/model.h>
#include <snn/projection.h>
#include <snn/stream.h>

enum { BATCH = 4, STEPS = 3, CHANNELS = 4, LENGTH = 20, CLASSES = 3, INPUTS = CHANNELS * LENGTH, ROUNDS = 3 };

static const size_t sequence[3] = { CHANNELS, LENGTH, 0 }, map[3] = { CHANNELS, 1, LENGTH };

#define CONVS(neuron, pool)                               \
    "conv1d a out=40 kernel=5 pad=2; " neuron " n; " pool \
    " p kernel=2; conv1d b out=36 kernel=3 stride=2 pad=1; " neuron " m; flatten f; linear o out=3"

/* `layers` are those for sequences. */
static const struct {
    const char *method, *settings, *layers;
} cases[] = {
    { "bptt", "", CONVS("lif", "avgpool") },
    { "bptt", "", CONVS("alif", "maxpool") },
    { "bptt", "",
      "conv1d a out=8 dilation=2 groups=1 pad=2; batch_norm z over=all; lif n; adaptive_avgpool p size=1; "
      "flatten f; linear o out=3" },
    { "bptt", "",
      "conv1d a out=6 stride=2 pad=1; batch_norm z; lif n per_neuron=1; dropout d; "
      "flatten f; linear o out=3" },
    { "bptt", "",
      "conv1d q out=6 pad=1; conv1d k out=6 pad=1 <input; conv1d v out=6 pad=1 <input; attention t heads=2 "
      "<q <k <v; lif n; layer_norm l; elementwise e; flatten f; linear o out=3" },
    { "bptt", "",
      "conv1d a out=4 pad=1 norm=spectral; lif n; sumpool p kernel=3 stride=2 pad=1; conv1d b out=6 "
      "groups=2 standardise=1; lif m; flatten f; linear o out=3" },
    { "sltt", "", CONVS("lif", "sumpool") },
    { "sltt", "", CONVS("plif", "maxpool") },
    { "ottt", "", CONVS("lif", "avgpool") },
    { "ottt", "variant=O", CONVS("lif", "avgpool") },
    { "opzo", "", CONVS("lif", "avgpool") },
    { "eprop", "feedback=random", CONVS("lif", "avgpool") },
    { "dsr", "", CONVS("dsr_lif", "avgpool") },
    { "ottt", "hlop", CONVS("lif", "avgpool") },
    { "sei", "",
      "conv1d a out=8 pad=1 binary=scaled; lif n; conv1d b out=8 pad=1 binary=scaled; lif m; flatten f; "
      "linear o out=3" },
    { "ide", "",
      "conv1d a out=8 pad=1; conv1d back out=8 pad=1 norm=frobenius <n:1; add s <a <back; if n fire_at=0.5 "
      "threshold=2; rate r; flatten f; linear o out=3" },
    { "spide", "",
      "conv1d a out=8 pad=1; if n fire_at=0.5 threshold=2; conv1d b out=6 pad=1; if m fire_at=0.5 "
      "threshold=2; rate r; flatten f; linear o out=3" },
};

enum { CASES = sizeof cases / sizeof *cases };

/* The same layers for maps of one row. */
static void as_maps(const char *layers, char *out, size_t size)
{
    char copy[1024], *rest = NULL;
    size_t used = 0;

    snprintf(copy, sizeof copy, "%s", layers);
    out[0] = '\0';
    for (char *piece = strtok_r(copy, ";", &rest); piece != NULL; piece = strtok_r(NULL, ";", &rest)) {
        char *one = strstr(piece, "1d ");
        const char *rows = "";

        if (one != NULL)
            *one = '2';
        if (one != NULL && strstr(piece, "conv2d") != NULL)
            rows = " kernel_rows=1 pad_rows=0";
        else if (one == NULL && strstr(piece, "pool") != NULL && strstr(piece, "adaptive") == NULL)
            rows = " kernel_rows=1 stride_rows=1 pad_rows=0";
        used += (size_t)snprintf(out + used, size - used, "%s%s%s", used ? ";" : "", piece, rows);
        ck_assert_uint_lt(used, size);
    }
}

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    snn_projection *p; /* hlop; else NULL */
};

static void open_rig(struct rig *r, int i, bool maps, const char *isa)
{
    char text[1024], settings[128];

    bool projects = strcmp(cases[i].settings, "hlop") == 0;

    memset(r, 0, sizeof *r);
    snprintf(settings, sizeof settings, "steps=%d %s", STEPS, projects ? "" : cases[i].settings);
    snprintf(text, sizeof text, "%s", cases[i].layers);
    if (maps)
        as_maps(cases[i].layers, text, sizeof text);
    r->ctx = test_context(2, 7, isa);
    r->net = network_of(r->ctx, maps ? map : sequence, text);
    shake(r->net);
    r->opt = sgd_of(r->ctx, 0.05);
    OK(snn_trainer_create(&r->tr, r->net, r->opt, cases[i].method));
    OK(set_all(r->tr, settings));
    if (projects) {
        OK(snn_projection_create(&r->p, r->net));
        OK(snn_projection_grow(r->p, r->net->layer[0], 5));
        OK(snn_projection_grow(r->p, r->net->layer[3], 7));
        OK(snn_trainer_set_projection(r->tr, r->p));
    }
    OK(snn_trainer_prepare(r->tr, BATCH));
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_projection_destroy(r->p);
    snn_optimizer_destroy(r->opt);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void train(struct rig *r, float *out)
{
    float x[BATCH * INPUTS];
    uint32_t label[BATCH];
    snn_metrics m = SNN_METRICS_INIT;

    for (unsigned round = 0; round < ROUNDS; round++) {
        random_fill(x, BATCH * INPUTS, 0, 2, round);
        for (unsigned b = 0; b < BATCH; b++)
            label[b] = (b + round) % CLASSES;
        OK(snn_trainer_step(r->tr, BATCH_OF(x, 1, label, BATCH), &m));
        if (r->p != NULL && round == 0) {
            OK(snn_projection_freeze(r->p));
            OK(snn_trainer_prepare(r->tr, BATCH));
        }
    }
    OK(snn_trainer_predict(r->tr, BATCH_OF(x, 1, NULL, BATCH), out));
}

static void same_bits(const char *what, const float *one, const float *two, size_t n, int i)
{
    ck_assert_msg(memcmp(one, two, n * sizeof *one) == 0, "%s, case %d (%s): %s differ", cases[i].method, i,
                  cases[i].layers, what);
}

START_TEST(test_trains_as_maps)
{
    const int i = _i % CASES;
    float out[2][BATCH * CLASSES], before[CLASSES];
    struct rig one, two;

    open_rig(&one, i, false, _i < CASES ? "best" : "ref");
    open_rig(&two, i, true, _i < CASES ? "best" : "ref");
    ck_assert_uint_eq(one.net->n_parameters, two.net->n_parameters);
    same_bits("first weights", one.net->parameters, two.net->parameters, one.net->n_parameters, i);
    memcpy(before, one.net->parameters, sizeof before);
    train(&one, out[0]);
    train(&two, out[1]);
    same_bits("weights", one.net->parameters, two.net->parameters, one.net->n_parameters, i);
    same_bits("outputs", out[0], out[1], BATCH * CLASSES, i);
    ck_assert(memcmp(before, one.net->parameters, sizeof before) != 0);
    close_rig(&one);
    close_rig(&two);
}
END_TEST

static void stream(struct rig *r, float *out)
{
    float x[INPUTS];
    size_t size = 0;
    void *memory;
    snn_stream *s = NULL;

    OK(snn_stream_size(r->net, &size));
    memory = aligned_alloc(64, snn__round_up(size, 64));
    ck_assert_ptr_nonnull(memory);
    OK(snn_stream_init(memory, size, r->net, &s));
    for (unsigned t = 0; t < STEPS; t++) {
        random_fill(x, INPUTS, 0, 2, t);
        OK(snn_stream_step(s, x, out + t * CLASSES));
    }
    free(memory);
}

START_TEST(test_streams_as_maps)
{
    float out[2][STEPS * CLASSES];
    struct rig one, two;

    if (strstr(cases[_i].layers, "rate r") != NULL || strstr(cases[_i].layers, "dsr_lif") != NULL)
        return; /* no streams */
    open_rig(&one, _i, false, "best");
    open_rig(&two, _i, true, "best");
    stream(&one, out[0]);
    stream(&two, out[1]);
    same_bits("steps", out[0], out[1], STEPS * CLASSES, _i);
    close_rig(&one);
    close_rig(&two);
}
END_TEST

/* ---- shapes */

static const struct {
    size_t shape[3];
    const char *layers, *message;
} refused[] = {
    { { 3, 8 }, "conv2d a out=2", "layer a: conv2d takes maps [C,H,W], got [3,8]" },
    { { 3, 8, 8 }, "conv1d a out=2", "layer a: conv1d takes sequences [C,L], got [3,8,8]" },
    { { 3, 8 }, "linear a out=2", "put a flatten before it" },
    { { 8 }, "avgpool a", "layer a: avgpool takes maps [C,H,W] and sequences [C,L], got [8]" },
    { { 3, 4 }, "conv1d a out=2 kernel=5", "a window of 5 does not fit into [3,4] with padding 0" },
    { { 3, 4 }, "conv1d a out=2 kernel_rows=1", "kernel_rows" },
};

enum { REFUSED = sizeof refused / sizeof *refused };

START_TEST(test_refused)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = NULL;
    snn_status rc;

    OK(snn_network_create(&net, ctx, refused[_i].shape, rank_of(refused[_i].shape)));
    rc = add_layers(net, refused[_i].layers);
    if (rc == SNN_OK)
        rc = snn_network_prepare(net);
    ck_assert_int_ne(rc, SNN_OK);
    ck_assert_msg(strstr(snn_last_error(), refused[_i].message) != NULL, "%s", snn_last_error());
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

static const char *type_of(const snn_network *net, size_t index)
{
    return net->layer[index]->type->name;
}

START_TEST(test_notation)
{
    static const size_t shape[2] = { 12, 256 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = NULL, *again = NULL;
    char text[8192];

    OK(snn_network_build(&net, ctx, "side:32C3-BN-AP2-16C5s2-MP2-FC", shape, 2, 20, NULL));
    OK(snn_network_prepare(net));
    ck_assert_str_eq(type_of(net, 0), "conv1d");
    ck_assert_uint_eq(net->layer[0]->out.rank, 2);
    ck_assert_uint_eq(net->layer[0]->out.dim[1], 256);
    ck_assert_uint_eq(net->layer[0]->tensor[0].rank, 3);
    ck_assert_uint_eq(net->layer[net->n_layers - 1]->in.dim[0], 16 * 32);
    OK(snn_network_describe(net, text, sizeof text, NULL));
    OK(snn_network_parse(&again, ctx, text));
    OK(snn_network_prepare(again));
    ck_assert(snn__network_identity(net) == snn__network_identity(again));
    snn_network_destroy(again);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: sequences");
    TCase *tc = tcase_create("sequences");

    tcase_set_timeout(tc, 120);
    tcase_add_loop_test(tc, test_trains_as_maps, 0, 2 * CASES);
    tcase_add_loop_test(tc, test_streams_as_maps, 0, CASES);
    tcase_add_loop_test(tc, test_refused, 0, REFUSED);
    tcase_add_test(tc, test_notation);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
