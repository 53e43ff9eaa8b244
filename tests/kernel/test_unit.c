/* The matrix unit of x86-64 (AMX): the system is asked for it when a product wants it, and not before; what it
 * refuses is done without. A process that has the unit keeps it: the order of the tests counts where they share
 * one. */
#define _DEFAULT_SOURCE /* sigaltstack() */
#include "core/context.h"
#include "kernel/kernel.h"
#include "trainer/builder.h"
#include <errno.h>
#include <signal.h>
#include <unistd.h>

enum { SMALL_STACK = 8192, BATCH = 128, IN = 16, CLASSES = 10 };

#define LARGE "linear a out=256; lif s; linear b out=64; lif t; linear c out=10"
#define SMALL "linear a out=20; lif s; linear b out=10"

static bool has_unit(void)
{
#ifdef SNN_ONLY_BLAS
    const bool has = false; /* another library's products: whether they use it is theirs */
#else
    const struct snn__kernels *best = NULL;
    const bool has = snn__kernels_choose(&best, "best") == SNN_OK && best->isa == SNN__ISA_AMX;
#endif

    if (!has)
        fputs("no matrix unit here: nothing to ask for\n", stderr);
    return has;
}

/* Gives this thread a stack for signals, or takes it away. */
static bool signal_stack(size_t size)
{
    static char memory[1 << 17];
    const stack_t stack = { .ss_sp = memory, .ss_size = size, .ss_flags = size ? 0 : SS_DISABLE };

    return sigaltstack(&stack, NULL) == 0;
}

static const char *isa_in_use(const snn_context *ctx)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;

    OK(snn_context_get_info(ctx, &info));
    return info.isa;
}

/* Some steps of training; the parameters afterwards, which the caller frees. */
static float *train(snn_context *ctx, const char *layers, size_t *bytes)
{
    const size_t shape[3] = { IN, 0, 0 };
    static float x[BATCH * IN];
    static uint32_t label[BATCH];
    snn_network *net = network_of(ctx, shape, layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_trainer *tr = trainer_of(net, sgd, "sltt", "steps=3", BATCH);
    float *after;

    random_fill(x, BATCH * IN, 0, 2, 1);
    for (uint32_t b = 0; b < BATCH; b++)
        label[b] = b % CLASSES;
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, 1, label, BATCH), NULL));
    *bytes = net->n_parameters * sizeof *after;
    after = malloc(*bytes);
    memcpy(after, net->parameters, *bytes);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    return after;
}

/* With a small stack in place the unit is refused: then the context is one with AVX-512, bit for bit, and says so. */
START_TEST(refused)
{
    snn_context *ctx = test_context(2, 1, "best"), *plain = test_context(1, 1, "avx512");
    float *a, *b;
    size_t bytes;

    if (has_unit()) {
        ck_assert(signal_stack(SMALL_STACK));
        ck_assert_str_eq(isa_in_use(ctx), "amx");
        a = train(ctx, LARGE, &bytes);
        b = train(plain, LARGE, &bytes);
        ck_assert_str_eq(isa_in_use(ctx), "avx512");
        ck_assert_mem_eq(a, b, bytes);
        free(a);
        ck_assert(signal_stack(0));
        a = train(ctx, LARGE, &bytes); /* the answer stands, whatever the system would say now */
        ck_assert_mem_eq(a, b, bytes);
        free(a);
        free(b);
    }
    snn_context_destroy(ctx);
    snn_context_destroy(plain);
}
END_TEST

/* Nothing of the process changes as long as no product wants the unit. */
START_TEST(not_asked)
{
    snn_context *ctx = test_context(2, 1, "best");
    size_t bytes;

    if (has_unit()) {
        free(train(ctx, SMALL, &bytes));
        ck_assert_int_eq(atomic_load(ctx->unit), SNN__UNIT_UNASKED);
        ck_assert_str_eq(isa_in_use(ctx), "amx");
        ck_assert(signal_stack(SMALL_STACK));
        ck_assert(signal_stack(0));
    }
    snn_context_destroy(ctx);
}
END_TEST

/* Then small stacks are the system's to refuse, and those of the size that it names are not. */
START_TEST(granted)
{
    snn_context *ctx = test_context(2, 1, "best");
    size_t bytes;

    if (has_unit()) {
        free(train(ctx, LARGE, &bytes));
        ck_assert_int_eq(atomic_load(ctx->unit), SNN__UNIT_GRANTED);
        ck_assert_str_eq(isa_in_use(ctx), "amx");
#ifdef _SC_MINSIGSTKSZ
        ck_assert(signal_stack((size_t)sysconf(_SC_MINSIGSTKSZ) + SMALL_STACK));
        ck_assert(signal_stack(0));
#endif
    }
    snn_context_destroy(ctx);
}
END_TEST

/* A stream asks while it is planned, and for the context of its network. */
START_TEST(asked_for_a_stream)
{
    const size_t shape[3] = { 32, 12, 12 };
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network_of(
        ctx, shape, "conv2d a out=40 kernel=3; lif s; conv2d b out=40 kernel=3; lif t; flatten f; linear c out=4");
    size_t size;

    if (has_unit()) {
        ck_assert_int_eq(atomic_load(ctx->unit), SNN__UNIT_UNASKED);
        OK(snn_stream_size(net, &size));
        ck_assert_int_eq(atomic_load(ctx->unit), SNN__UNIT_GRANTED);
    }
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matrix unit");
    TCase *all = tcase_create("asking");

    tcase_set_timeout(all, 120);
    tcase_add_test(all, refused);
    tcase_add_test(all, not_asked);
    tcase_add_test(all, granted);
    tcase_add_test(all, asked_for_a_stream);
    suite_add_tcase(suite, all);
    return run_suite(suite);
}
