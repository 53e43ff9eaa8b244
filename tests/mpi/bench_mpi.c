/* bench_mpi [REPEATS [SECONDS]] - what ranks cost, to be run as
 *
 *     mpirun -n 2 --bind-to none bench_mpi          (MPICH: mpirun -n 2 bench_mpi)
 *
 * on a machine with two free processors. Each line is a way to train the same network on the same batches:
 *
 *     whole      one process, one thread, the batch as a whole
 *     shards     the same, the batch cut into two shards
 *     one rank   the same, with a communicator of one rank
 *     threads    one process, two threads, the batch as a whole
 *     threads 2  the same, the batch cut into two shards
 *     ranks      two ranks of one thread, a shard each
 *
 * The ways take turns, REPEATS times (default 9), for at least SECONDS each (default 0.4). Samples per second:
 * median, slowest, fastest. */
#include "must.h"
#include <snn/snn.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define REPEATS_MOST 101
#define BATCH_MOST 512

struct subject {
    const char *net, *method;
    size_t shape[3], batch;
    int64_t steps;
};

static const struct subject subjects[] = {
    { "784-800-10", "bptt", { 1, 28, 28 }, 128, 6 },
    { "784-800-10", "ottt", { 1, 28, 28 }, 128, 6 },
    { "784-800-10", "bptt", { 1, 28, 28 }, 512, 6 },
    { "16C3-AP2-32C3-AP2-64C3-AP2-FC", "bptt", { 3, 32, 32 }, 32, 4 },
    { "16C3-AP2-32C3-AP2-64C3-AP2-FC", "ottt", { 3, 32, 32 }, 32, 4 },
};

enum how { ALONE, SELF, TOGETHER }; /* no communicator, one of this rank, one of both */

static const struct way {
    const char *name;
    int64_t shards;
    uint32_t threads;
    enum how how;
} ways[] = {
    { "whole", 1, 1, ALONE },   { "shards", 2, 1, ALONE },    { "one rank", 2, 1, SELF },
    { "threads", 1, 2, ALONE }, { "threads 2", 2, 2, ALONE }, { "ranks", 2, 1, TOGETHER },
};

#define WAYS (sizeof ways / sizeof *ways)

struct training {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    double rate[REPEATS_MOST];
};

static snn_mpi *all, *self;
static float x[BATCH_MOST * 28 * 28]; /* more than 32 of 3 x 32 x 32 */
static uint32_t labels[BATCH_MOST];

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Waits for the other rank, and leaves the processor to it. */
static void meet(void)
{
    const struct timespec pause = { 0, 20000000 };
    MPI_Request request;
    int over = 0;

    MPI_Ibarrier(MPI_COMM_WORLD, &request);
    while (MPI_Test(&request, &over, MPI_STATUS_IGNORE), !over)
        nanosleep(&pause, NULL);
}

static void begin(struct training *t, const struct subject *s, const struct way *w)
{
    snn_context_options options;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = w->threads;
    OK(snn_context_create(&t->ctx, &options));
    OK(snn_network_build(&t->net, t->ctx, s->net, s->shape, 3, 10, NULL));
    OK(snn_optimizer_create(&t->optimizer, t->ctx, "sgd"));
    OK(snn_optimizer_set_f64(t->optimizer, SNN_OPTIMIZER_LR, 0.01));
    OK(snn_trainer_create(&t->trainer, t->net, t->optimizer, s->method));
    OK(snn_trainer_set_i64(t->trainer, SNN_TRAINER_STEPS, s->steps));
    OK(snn_trainer_set_i64(t->trainer, SNN_TRAINER_SHARDS, w->shards));
    if (w->how != ALONE)
        OK(snn_trainer_set_communicator(t->trainer, snn_mpi_communicator(w->how == SELF ? self : all)));
    OK(snn_trainer_prepare(t->trainer, s->batch));
}

static void end(struct training *t)
{
    snn_trainer_destroy(t->trainer);
    snn_optimizer_destroy(t->optimizer);
    snn_network_destroy(t->net);
    snn_context_destroy(t->ctx);
}

/* Seconds of `count` batches. */
static double run(struct training *t, const struct subject *s, int count)
{
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_batch batch = SNN_BATCH_INIT;
    const double start = seconds();

    batch.samples = s->batch;
    batch.x = x;
    batch.labels = labels;
    for (int i = 0; i < count; i++)
        OK(snn_trainer_step(t->trainer, &batch, &metrics));
    return seconds() - start;
}

/* Batches that take at least `least` seconds, the same number on both ranks; also warms up. */
static int enough(struct training *t, const struct subject *s, const struct way *w, double least, int rank)
{
    int count = 1;

    for (int more = 1; more;) {
        const double took = w->how == TOGETHER || rank == 0 ? run(t, s, count) : least;

        more = took < least && count < 1 << 20;
        if (w->how == TOGETHER)
            MPI_Bcast(&more, 1, MPI_INT, 0, MPI_COMM_WORLD);
        if (more)
            count *= 2;
    }
    return count;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void report(const struct subject *s, struct training t[WAYS], int repeats)
{
    double median[WAYS];

    printf("\n%s, %s, T = %d, batches of %d; samples/s\n", s->net, s->method, (int)s->steps, (int)s->batch);
    for (size_t w = 0; w < WAYS; w++) {
        qsort(t[w].rate, (size_t)repeats, sizeof *t[w].rate, ascending);
        median[w] = t[w].rate[repeats / 2];
        printf("    %-10s %9.0f  %9.0f .. %.0f\n", ways[w].name, median[w], t[w].rate[0], t[w].rate[repeats - 1]);
    }
    printf("    one rank / shards %.3f   ranks / threads %.3f   ranks / threads 2 %.3f\n", median[2] / median[1],
           median[5] / median[3], median[5] / median[4]);
    fflush(stdout);
}

static void compare(const struct subject *s, int repeats, double least, int rank)
{
    static struct training t[WAYS];
    int count[WAYS];

    for (size_t w = 0; w < WAYS; w++)
        if (rank == 0 || ways[w].how == TOGETHER)
            begin(&t[w], s, &ways[w]);
    for (size_t w = 0; w < WAYS; w++) {
        meet();
        count[w] = enough(&t[w], s, &ways[w], least, rank);
    }
    for (int r = 0; r < repeats; r++)
        for (size_t w = 0; w < WAYS; w++) {
            meet();
            if (rank == 0 || ways[w].how == TOGETHER)
                t[w].rate[r] = (double)count[w] * (double)s->batch / run(&t[w], s, count[w]);
        }
    if (rank == 0)
        report(s, t, repeats);
    for (size_t w = 0; w < WAYS; w++)
        if (rank == 0 || ways[w].how == TOGETHER)
            end(&t[w]);
}

/* The processor's name, as Linux knows it. */
static void machine(void)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    char line[256], name[256] = "an unknown processor";

    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "model name : %255[^\n]", name) == 1)
            break;
    if (file != NULL)
        fclose(file);
    printf("%s, %ld processors; libsnn %s; %s\n", name, sysconf(_SC_NPROCESSORS_ONLN), snn_version_string(),
           snn_mpi_library());
}

int main(int argc, char **argv)
{
    const int repeats = argc > 1 ? atoi(argv[1]) : 9;
    const double least = argc > 2 ? atof(argv[2]) : 0.4;
    int provided, rank, size;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size != 2 || repeats < 1 || repeats > REPEATS_MOST) {
        if (rank == 0)
            fprintf(stderr, "usage: mpirun -n 2 bench_mpi [REPEATS, 1 to %d [SECONDS]]\n", REPEATS_MOST);
        MPI_Finalize();
        return 2;
    }
    OK(snn_mpi_create(&all, MPI_COMM_WORLD));
    OK(snn_mpi_create(&self, MPI_COMM_SELF));
    for (size_t i = 0; i < sizeof x / sizeof *x; i++)
        x[i] = (float)((i * 7919) % 1009) * 2e-3f - 0.5f;
    for (size_t i = 0; i < BATCH_MOST; i++)
        labels[i] = (uint32_t)(i * 7 % 10);
    if (rank == 0)
        machine();
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        compare(&subjects[i], repeats, least, rank);
    snn_mpi_destroy(self);
    snn_mpi_destroy(all);
    MPI_Finalize();
    return 0;
}
