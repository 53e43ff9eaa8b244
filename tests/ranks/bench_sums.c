/* bench_sums [FLOATS [SHARDS]] - milliseconds of a sum, for a developer: a program, not a test.
 *
 * Threads of one process are the ranks, one processor each if there are as many. Their communicator copies each
 * message once and has one lock: what is measured is what the library adds, packs and copies. */
#include "ranks/ranks.h"
#include "ranks/threads.h"
#include <snn/context.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIMES = 11 };

struct bench {
    struct snn__ranks_wish wish;
    double seconds[TIMES]; /* of rank 0 */
};

static void must(snn_status rc)
{
    if (rc == SNN_OK)
        return;
    fprintf(stderr, "bench_sums: %s\n", snn_last_error());
    exit(1);
}

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void sum(void *arg, const snn_communicator *c)
{
    struct bench *b = arg;
    snn_context_options options;
    snn_context *ctx;
    const size_t n = b->wish.length, layers = 16;
    float *x = malloc(n * sizeof *x), *out = malloc(n * sizeof *out);
    struct snn__ranks r;

    must(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    must(snn_context_create(&ctx, &options));
    for (size_t i = 0; i < n; i++)
        x[i] = (float)(i % 1009) - 500.0f;
    must(snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &b->wish)));
    for (size_t i = 0; i < TIMES; i++) {
        double begin;

        must(c->barrier(c->user));
        begin = now();
        snn__ranks_begin(&r);
        for (size_t s = 0; s < r.own; s++)
            for (size_t l = layers; l-- > 0;)
                snn__ranks_give(&r, s, x + l * n / layers, 1, l * n / layers, (l + 1) * n / layers);
        must(snn__ranks_end(&r, out, out + b->wish.gradient));
        if (c->rank == 0)
            b->seconds[i] = now() - begin;
    }
    snn__ranks_free(&r);
    snn_context_destroy(ctx);
    free(x);
    free(out);
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    static const char *const sends[] = { "float32", "bf16", "sign" };
    const size_t n = argc > 1 ? strtoul(argv[1], NULL, 10) : 9231114; /* VGG-11 for CIFAR-10 */
    const size_t shards = argc > 2 ? strtoul(argv[2], NULL, 10) : 4;

    printf("%zu floats, %zu shards; milliseconds of a sum: min and median of %d; MB sent by rank 0 in a sum\n", n,
           shards, TIMES);
    for (uint32_t size = 1; size <= shards && size <= 4; size *= 2)
        for (int how = 0; how < 4 && (size > 1 || how < 3); how++) {
            const bool slots = how == 3;
            const int send = slots ? 0 : how;
            struct bench b = { .wish = {
                                   .shards = shards, .send = (enum snn__send)send, .length = n, .gradient = n } };
            struct threads *t = threads_create(size, !slots);

            threads_run(t, sum, &b);
            qsort(b.seconds, TIMES, sizeof *b.seconds, by_size);
            printf("%u ranks  %-8s %-10s %8.2f %8.2f  %8.2f\n", size, sends[send], slots ? "all_reduce" : "messages",
                   1e3 * b.seconds[0], 1e3 * b.seconds[TIMES / 2],
                   1e-6 * (double)threads_counted(t, 0).bytes / TIMES);
            threads_destroy(t);
        }
    return 0;
}
