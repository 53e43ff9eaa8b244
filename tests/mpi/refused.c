/* refused.c - what the table of libsnn-mpi refuses, and what it says when MPI fails. */
#include "table.h"
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- functions of MPI that fail when they are told to */

static const char *fails; /* the name of a function; NULL: none does */

#define FAILS(name, arguments, ...)                                                                \
    int name arguments                                                                             \
    {                                                                                              \
        return fails != NULL && strcmp(fails, #name) == 0 ? MPI_ERR_INTERN : P##name(__VA_ARGS__); \
    }

FAILS(MPI_Allreduce, (const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm), from, to, n,
      type, op, comm)
FAILS(MPI_Iallreduce,
      (const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm, MPI_Request *request), from,
      to, n, type, op, comm, request)
FAILS(MPI_Ibcast, (void *data, int n, MPI_Datatype type, int root, MPI_Comm comm, MPI_Request *request), data, n,
      type, root, comm, request)
FAILS(MPI_Ibarrier, (MPI_Comm comm, MPI_Request *request), comm, request)
FAILS(MPI_Isend, (const void *data, int n, MPI_Datatype type, int to, int tag, MPI_Comm comm, MPI_Request *request),
      data, n, type, to, tag, comm, request)
FAILS(MPI_Irecv, (void *data, int n, MPI_Datatype type, int from, int tag, MPI_Comm comm, MPI_Request *request), data,
      n, type, from, tag, comm, request)
FAILS(MPI_Test, (MPI_Request * request, int *flag, MPI_Status *status), request, flag, status)
FAILS(MPI_Comm_dup, (MPI_Comm comm, MPI_Comm *out), comm, out)

/* ---- what is refused */

bool says(const snn_communicator *c, const char *words)
{
    return strstr(snn_last_error(), words) != NULL && (c == NULL || strstr(c->reason(c->user), words) != NULL);
}

static void test_arguments(const snn_communicator *c)
{
    char x[8];
    snn_message m = { size, 0, x, sizeof x };
    void *handle = x;
    int done;

    MUST(c->start(c->user, &m, 1, NULL, 0, &handle) == SNN_ERR_ARGUMENT && says(c, "there is no rank") &&
         handle == NULL);
    MUST(c->start(c->user, NULL, 0, &m, 1, &handle) == SNN_ERR_ARGUMENT && says(c, "there is no rank"));
    m = (snn_message){ 0, 32768, x, sizeof x };
    MUST(c->start(c->user, &m, 1, NULL, 0, &handle) == SNN_ERR_ARGUMENT &&
         says(c, "tag is 32768, the greatest is 32767"));
    m = (snn_message){ 0, 0, NULL, sizeof x };
    MUST(c->start(c->user, &m, 1, NULL, 0, &handle) == SNN_ERR_ARGUMENT && says(c, "data is NULL"));
    MUST(c->start(c->user, NULL, 1, NULL, 0, &handle) == SNN_ERR_ARGUMENT && says(c, "messages over MPI are NULL"));
    MUST(c->finish(c->user, NULL, 1, &done) == SNN_ERR_ARGUMENT && says(c, "the exchange is NULL"));
    MUST(c->all_reduce(c->user, NULL, 1) == SNN_ERR_ARGUMENT && says(c, "data is NULL"));
    MUST(c->broadcast(c->user, NULL, 1, 0) == SNN_ERR_ARGUMENT && says(c, "data is NULL"));
    MUST(c->broadcast(c->user, x, 1, size) == SNN_ERR_ARGUMENT && says(c, "there is no rank"));
    OK(c->barrier(c->user)); /* none of this is a failure of MPI */
}

static void test_create(void)
{
    snn_mpi *mpi = (snn_mpi *)&mpi;
    const MPI_Comm none = MPI_COMM_NULL;

    MUST(snn_mpi_create_from(NULL, NULL, sizeof(MPI_Comm)) == SNN_ERR_ARGUMENT);
    MUST(snn_mpi_create_from(&mpi, NULL, 3) == SNN_ERR_VERSION && says(NULL, "use the same MPI") && mpi == NULL);
    MUST(snn_mpi_create_from(&mpi, &none, sizeof none) == SNN_ERR_ARGUMENT && says(NULL, "MPI_COMM_NULL"));
    MUST(snn_mpi_create(&mpi, MPI_COMM_NULL) == SNN_ERR_ARGUMENT);
    MUST(snn_mpi_init(NULL) == SNN_ERR_ARGUMENT);
    MUST(snn_mpi_communicator(NULL) == NULL);
    snn_mpi_destroy(NULL);
    if (size > 1) {
        MPI_Comm half, between;

        MPI_Comm_split(MPI_COMM_WORLD, (int)(rank % 2), 0, &half);
        MPI_Intercomm_create(half, 0, MPI_COMM_WORLD, rank % 2 == 0 ? 1 : 0, 0, &between);
        MUST(snn_mpi_create(&mpi, between) == SNN_ERR_ARGUMENT && says(NULL, "between two groups"));
        MPI_Comm_free(&between);
        MPI_Comm_free(&half);
    }
}

/* Halves of the ranks at work at the same time. */
static void test_halves(void)
{
    const uint32_t all_rank = rank, all_size = size;
    snn_mpi *mpi = NULL;
    MPI_Comm half;

    MPI_Comm_split(MPI_COMM_WORLD, (int)(rank % 2), 0, &half);
    OK(snn_mpi_create(&mpi, half));
    MPI_Comm_free(&half);
    rank = snn_mpi_communicator(mpi)->rank;
    size = snn_mpi_communicator(mpi)->size;
    MUST(size == (all_size + 1 - all_rank % 2) / 2 && rank == all_rank / 2);
    test_all_reduce(snn_mpi_communicator(mpi));
    test_messages(snn_mpi_communicator(mpi));
    snn_mpi_destroy(mpi);
    rank = all_rank;
    size = all_size;
}

/* ---- failures of MPI */

/* A rank sends more, or less, than the other expects. That one fails from then on. */
static void test_lengths(size_t sent)
{
    char out[64] = "", in[32];
    snn_message to = { 1, 5, out, sent }, from = { 0, 5, in, sizeof in };
    snn_mpi *mpi = NULL;
    const snn_communicator *c;
    void *handle;
    int done;

    if (size < 2)
        return;
    OK(snn_mpi_create(&mpi, MPI_COMM_WORLD));
    c = snn_mpi_communicator(mpi);
    OK(c->start(c->user, &to, rank == 0, &from, rank == 1, &handle));
    if (rank == 1) {
        MUST(c->finish(c->user, handle, 1, &done) == SNN_ERR_SHAPE && !done);
        MUST(says(c, sent > sizeof in ? "MPI_Test fails: " : "rank 0 sent 16 bytes, expected were 32"));
        MUST(c->barrier(c->user) == SNN_ERR_SHAPE && says(c, "the ranks failed before: "));
        MUST(c->start(c->user, NULL, 0, NULL, 0, &handle) == SNN_ERR_SHAPE);
    } else {
        OK(c->finish(c->user, handle, 1, &done));
        ((struct snn_mpi *)c->user)->failed = SNN_ERR_SHAPE; /* nobody is there any more to free it with */
    }
    snn_mpi_destroy(mpi);
}

/* Each function of MPI fails, in ranks of one process; what was to be received is withdrawn. */
static void test_failures(void)
{
    static const char *const calls[] = { "MPI_Allreduce", "MPI_Iallreduce", "MPI_Ibcast", "MPI_Ibarrier",
                                         "MPI_Isend",     "MPI_Irecv",      "MPI_Test" };
    float x[4] = { 1.0f, 2.0f, 3.0f, 4.0f }, y[4] = { 0.0f };
    snn_mpi *mpi = NULL;

    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        const snn_communicator *c;
        snn_message out = { 0, 0, x, sizeof x }, in = { 0, 0, y, sizeof y };
        void *handle;
        snn_status rc;
        int done = 0;

        OK(snn_mpi_create(&mpi, MPI_COMM_SELF));
        c = snn_mpi_communicator(mpi);
        ((struct snn_mpi *)c->user)->crowded = i == 1;
        fails = calls[i];
        rc = i < 2    ? c->all_reduce(c->user, x, 4)
             : i == 2 ? c->broadcast(c->user, x, 4, 0)
             : i == 3 ? c->barrier(c->user)
                      : c->start(c->user, &out, i != 5, &in, 1, &handle);
        if (i == 6) {
            OK(rc);
            rc = c->finish(c->user, handle, 1, &done);
        }
        fails = NULL;
        MUST(rc == SNN_ERR_IO && !done && says(c, calls[i]) && says(c, " fails: "));
        MUST(c->barrier(c->user) == SNN_ERR_IO && says(c, "the ranks failed before: "));
        snn_mpi_destroy(mpi);
    }
    fails = "MPI_Comm_dup";
    MUST(snn_mpi_create(&mpi, MPI_COMM_SELF) == SNN_ERR_IO && says(NULL, "MPI_Comm_dup fails: ") && mpi == NULL);
    fails = NULL;
}

/* ---- other threads and processes */

static void *barrier_in_thread(void *argument)
{
    const snn_communicator *c = argument;
    static snn_status rc;

    rc = c->barrier(c->user);
    return &rc;
}

static void test_thread(const snn_communicator *c)
{
    pthread_t thread;
    void *rc = NULL;
    int level;

    MPI_Query_thread(&level);
    if (level != MPI_THREAD_FUNNELED)
        return;
    MUST(pthread_create(&thread, NULL, barrier_in_thread, (void *)(uintptr_t)c) == 0);
    MUST(pthread_join(thread, &rc) == 0);
    MUST(*(snn_status *)rc == SNN_ERR_STATE);
    OK(c->barrier(c->user));
}

static void test_fork(const snn_communicator *c, snn_mpi *mpi)
{
    const pid_t child = fork();
    int status = 0;

    MUST(child >= 0);
    if (child == 0) {
        const bool refused = c->barrier(c->user) == SNN_ERR_STATE && says(c, "a child of fork()");

        snn_mpi_destroy(mpi); /* of the child's copy alone */
        _exit(refused ? 0 : 1);
    }
    MUST(waitpid(child, &status, 0) == child && status == 0);
    OK(c->barrier(c->user));
}

/* ---- the start */

/* MPI for a program of one thread. */
int single(void)
{
    snn_mpi *mpi = NULL;
    int level, provided;

    MUST(snn_mpi_create(&mpi, MPI_COMM_WORLD) == SNN_ERR_STATE && says(NULL, "MPI is not initialised"));
    MPI_Init_thread(NULL, NULL, MPI_THREAD_SINGLE, &provided);
    MPI_Query_thread(&level);
    if (level == MPI_THREAD_SINGLE) {
        MUST(snn_mpi_create(&mpi, MPI_COMM_WORLD) == SNN_ERR_STATE && says(NULL, "MPI_THREAD_FUNNELED"));
        MUST(snn_mpi_init(&mpi) == SNN_ERR_STATE && mpi == NULL);
    }
    MPI_Finalize();
    return 0;
}

/* A program without MPI of its own. */
int init(void)
{
    const snn_communicator *c;
    snn_mpi *mpi = NULL;
    float x = 1.0f;
    int finalized;

    OK(snn_mpi_init(&mpi));
    c = snn_mpi_communicator(mpi);
    OK(c->all_reduce(c->user, &x, 1));
    MUST(x == (float)c->size);
    if (c->rank == 0)
        printf("%u ranks over %s\n", (unsigned)c->size, snn_mpi_library());
    snn_mpi_destroy(mpi);
    MPI_Finalized(&finalized);
    MUST(finalized);
    MUST(snn_mpi_init(&mpi) == SNN_ERR_STATE && says(NULL, "cannot be initialised again") && mpi == NULL);
    return 0;
}

/* Rank 1 ends in the midst of it, and the others wait for it: the launcher ends them. */
int ends(const char *how)
{
    const snn_communicator *c;
    snn_mpi *mpi = NULL;

    OK(snn_mpi_init(&mpi));
    c = snn_mpi_communicator(mpi);
    OK(c->barrier(c->user));
    if (c->rank == 1 && strcmp(how, "killed") == 0)
        raise(SIGKILL);
    if (c->rank == 1 && strcmp(how, "aborts") == 0)
        snn_mpi_abort(mpi, 3);
    if (c->rank == 1) { /* fails, and leaves MPI as it is */
        fails = "MPI_Ibarrier";
        MUST(c->barrier(c->user) == SNN_ERR_IO);
        snn_mpi_destroy(mpi);
        return 3;
    }
    (void)!c->barrier(c->user);
    printf("rank %u goes on\n", (unsigned)c->rank);
    return 0;
}

/* Started by the mpirun of another MPI. */
int launched(void)
{
    snn_mpi *mpi = NULL;

    MUST(snn_mpi_init(&mpi) == SNN_ERR_STATE && says(NULL, "start them by its own mpirun") && mpi == NULL);
    printf("refused: %s\n", snn_last_error());
    MPI_Finalize();
    return 0;
}

void test_refused(snn_mpi *mpi)
{
    const snn_communicator *c = snn_mpi_communicator(mpi);

    test_arguments(c);
    test_create();
    test_halves();
    test_lengths(16);
    test_lengths(64);
    test_failures();
    test_thread(c);
    test_fork(c, mpi);
}
