/* Sizes that no machine has: refused, and never taken for small ones. More paths than anybody can walk. */
#include "core/size.h"
#include "trainer/builder.h"

/* ---- plans ---- */

#define LIMIT ((size_t)1 << 26) /* bytes that the host gives at once */

/* A host's memory that notes the largest block that was asked for. */
struct noting {
    size_t most;
};

static void *noting_allocate(void *user, size_t size, size_t alignment)
{
    struct noting *n = user;

    n->most = snn__max(n->most, size);
    return size <= LIMIT ? aligned_alloc(alignment, snn__round_up(size, alignment)) : NULL;
}

static void noting_release(void *user, void *pointer, size_t size)
{
    (void)user;
    (void)size;
    free(pointer);
}

static snn_context *noting_context(struct noting *n)
{
    snn_context_options o;
    snn_context *ctx = NULL;

    OK(snn_context_options_init(&o, sizeof o));
    o.threads = 1;
    o.allocate = noting_allocate;
    o.release = noting_release;
    o.allocator_user = n;
    OK(snn_context_create(&ctx, &o));
    return ctx;
}

/* 2^20 numbers in the first map. */
#define SPIKING(type, pool) \
    "conv2d a out=4 pad=1; " type " n; " pool " p kernel=2; flatten f; linear h out=9; " type " q; linear o out=3"

static const struct {
    const char *method, *net;
} plans[] = {
    { "bptt", SPIKING("alif", "maxpool") },
    { "bptt", "conv2d a out=4 pad=1; batch_norm b over=all; lif n; dropout d; avgpool p kernel=2; flatten f; linear "
              "o out=3" },
    { "sltt", SPIKING("plif", "maxpool") },
    { "ottt", SPIKING("lif", "avgpool") },
    { "sei", SPIKING("lif", "maxpool") },
    { "opzo", SPIKING("lif", "avgpool") },
    { "dsr", SPIKING("dsr_lif", "avgpool") },
};

enum { PLANS = sizeof plans / sizeof *plans, STEPS = 1 << 20, LAST_BATCH = 24 };

/* Bytes of the largest block that a batch asks for; SIZE_MAX where that is beyond the machine. */
static size_t wanted(snn_trainer *tr, struct noting *n, size_t batch)
{
    snn_status rc;

    n->most = 0;
    rc = snn_trainer_prepare(tr, batch);
    ck_assert_msg(rc == SNN_OK || rc == SNN_ERR_MEMORY, "a batch of %zu: %s", batch, snn_last_error());
    return rc != SNN_OK && strstr(snn_last_error(), "address space") != NULL ? SIZE_MAX : n->most;
}

/* Twice the batch never asks for less. */
START_TEST(test_plans_grow)
{
    static const size_t shape[3] = { 1, 512, 512 };
    struct noting n = { 0 };
    snn_context *ctx = noting_context(&n);
    snn_network *net = network_of(ctx, shape, plans[_i].net);
    snn_optimizer *opt = NULL;
    snn_trainer *tr = NULL;
    size_t before = 0;

    OK(snn_optimizer_create(&opt, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, opt, plans[_i].method));
    OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, STEPS));
    for (size_t batch = 1; batch <= (size_t)1 << LAST_BATCH; batch *= 2) {
        size_t now = wanted(tr, &n, batch);

        ck_assert_msg(now >= before, "%s: a batch of %zu asks for %zu bytes, half of it for %zu", plans[_i].method,
                      batch, now, before);
        before = now;
    }
    ck_assert_uint_gt(before, LIMIT);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- samples ---- */

static snn_status read_nothing(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user, (void)index, (void)frame, (void)sample;
    ck_abort_msg("a sample of the wrong size is read");
    return SNN_OK;
}

static snn_status make_set(snn_dataset **set, snn_context *ctx, const size_t shape[3])
{
    snn_dataset_source s;

    OK(snn_dataset_source_init(&s, sizeof s));
    s.rank = 3;
    memcpy(s.shape, shape, sizeof s.shape);
    s.count = 4;
    s.classes = 2;
    s.read = read_nothing;
    return snn_dataset_create(set, ctx, &s);
}

/* Data sets and networks have one bound; below it, shapes are compared as they are. */
START_TEST(test_samples)
{
    static const size_t fits[3] = { 1, 1 << 15, 1 << 15 }, net_shape[3] = { 1, 4, 4 };
    const size_t too_large[][3] = {
        { 1, (1 << 15) + 1, 1 << 15 }, { 1, SIZE_MAX / 16 + 5, 16 }, { SIZE_MAX / 2 + 1, 2, 1 }, { 1, 0, 4 }
    };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(ctx, net_shape, "flatten f; linear o out=2"), *none = NULL;
    snn_trainer *tr = NULL;
    snn_dataset *set = NULL;

    for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
        FAILS(make_set(&set, ctx, too_large[i]), SNN_ERR_SHAPE, "a sample has 1 to 1073741824 elements");
        ck_assert_ptr_null(set);
        FAILS(snn_network_create(&none, ctx, too_large[i], 3), SNN_ERR_SHAPE,
              "a sample has 1 to 1073741824 elements");
    }
    OK(make_set(&set, ctx, fits));
    OK(snn_network_create(&none, ctx, fits, 3));
    OK(snn_evaluator_create(&tr, net));
    OK(snn_trainer_prepare(tr, 4));
    FAILS(snn_trainer_evaluate(tr, set, NULL), SNN_ERR_SHAPE,
          "expects samples [1,4,4], the data set has [1,32768,32768]");
    snn_trainer_destroy(tr);
    snn_dataset_destroy(set);
    snn_network_destroy(none);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Sides of outputs that 32 bits do not hold: cut, they would look like maps that fit. */
START_TEST(test_outputs)
{
    static const struct {
        size_t shape[3];
        const char *layers;
    } row[] = {
        { { 1, 131073, 1 }, "upsample u factor=32768" },                  /* 2^32 + 2^15 rows */
        { { 1, 1048577, 1 }, "conv_transpose2d t stride=4096 kernel=1" }, /* 2^32 + 1 */
        { { 1, 4, 4 }, "upsample u factor=65536; upsample v factor=65536" },
        { { 1 << 20, 1, 1 }, "adaptive_avgpool p size=65536; flatten f" },        /* 2^52 numbers */
        { { 1, 1 << 10, 1 << 10 }, "conv2d c out=16777216 kernel=1; flatten f" }, /* 2^44 */
    };
    snn_context *ctx = test_context(1, 1, "best");

    for (size_t i = 0; i < sizeof row / sizeof *row; i++) {
        snn_network *net = NULL;

        OK(snn_network_create(&net, ctx, row[i].shape, 3));
        OK(add_layers(net, row[i].layers));
        FAILS(snn_network_prepare(net), SNN_ERR_SHAPE, "an output of more than 1073741824 elements");
        snn_network_destroy(net);
    }
    snn_context_destroy(ctx);
}
END_TEST

/* ---- paths ---- */

static const struct {
    const char *method, *population;
} walks[] = {
    { "bptt", "lif" },  { "sltt", "lif" }, { "ottt", "lif" },   { "opzo", "lif" },
    { "eprop", "lif" }, { "sei", "lif" },  { "dsr", "dsr_if" },
};

/* Between weights and population lie 2^100 paths: a check that walked each of them would not end. */
START_TEST(test_paths)
{
    static const size_t shape[3] = { 4 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_network *net = NULL;
    snn_trainer *tr;
    char text[128], from[16] = "a";

    OK(snn_network_create(&net, ctx, shape, 1));
    OK(add_layers(net, "linear a out=4"));
    for (unsigned i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "scale x%u <%s; scale y%u <%s; add s%u <x%u <y%u", i, from, i, from, i, i, i);
        OK(add_layers(net, text));
        snprintf(from, sizeof from, "s%u", i);
    }
    snprintf(text, sizeof text, "%s n; linear o out=3", walks[_i].population);
    OK(add_layers(net, text));
    tr = trainer_of(net, sgd, walks[_i].method, "steps=2", 2);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: sizes");
    TCase *tc = tcase_create("sizes");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_plans_grow, 0, PLANS);
    tcase_add_test(tc, test_samples);
    tcase_add_test(tc, test_outputs);
    tcase_add_loop_test(tc, test_paths, 0, sizeof walks / sizeof *walks);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
