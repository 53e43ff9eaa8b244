/* table [WORD] - the table of libsnn-mpi under mpirun: sums, copies, messages, and what is
 * refused. Built with pieces of 1 KiB, so that messages are cut. The words test what concerns the start of MPI alone.
 */
#include "table.h"
#include "ranks/ranks.h"
#include <string.h>

uint32_t rank, size;

/* ---- what all ranks do together */

static const size_t lengths[] = { 0, 1, 2, 3, 7, 255, 256, 257, 1023, 1024, 1025, 3 * 1024 + 5 };

#define LENGTHS (sizeof lengths / sizeof *lengths)
#define LONGEST (3 * 1024 + 5)

void test_all_reduce(const snn_communicator *c)
{
    static float x[LONGEST], root[LONGEST];

    for (size_t l = 0; l < LENGTHS; l++) {
        for (size_t i = 0; i < LONGEST; i++)
            x[i] = (float)(i % 97 + rank);
        OK(c->all_reduce(c->user, x, lengths[l]));
        for (size_t i = 0; i < LONGEST; i++)
            MUST(x[i] ==
                 (i < lengths[l] ? (float)((i % 97) * size + size * (size - 1) / 2) : (float)(i % 97 + rank)));
    }
    /* Numbers whose sum depends on the order: all ranks have the same one. */
    for (size_t i = 0; i < LONGEST; i++)
        x[i] = 1.0f / (float)(i + 1 + 17 * rank);
    OK(c->all_reduce(c->user, x, LONGEST));
    memcpy(root, x, sizeof x);
    OK(c->broadcast(c->user, root, sizeof root, 0));
    MUST(memcmp(root, x, sizeof x) == 0);
}

static void test_broadcast(const snn_communicator *c)
{
    static unsigned char x[LONGEST];

    for (uint32_t root = 0; root < size; root++)
        for (size_t l = 0; l < LENGTHS; l++) {
            for (size_t i = 0; i < LONGEST; i++)
                x[i] = (unsigned char)(i * 31 + rank);
            OK(c->broadcast(c->user, x, lengths[l], root));
            for (size_t i = 0; i < LONGEST; i++)
                MUST(x[i] == (unsigned char)(i * 31 + (i < lengths[l] ? root : rank)));
        }
    OK(c->barrier(c->user));
}

/* ---- messages */

#define TAGS 3
#define RANKS_MOST 8

static unsigned char byte(size_t from, size_t to, size_t tag, size_t i)
{
    return (unsigned char)(from * 7 + to * 31 + tag * 101 + i);
}

struct traffic {
    snn_message out[RANKS_MOST * TAGS], in[RANKS_MOST * TAGS];
    unsigned char sent[RANKS_MOST * TAGS][LONGEST], came[RANKS_MOST * TAGS][LONGEST];
};

/* Every rank sends a message of each tag to every rank, itself as well. */
static void traffic_fill(struct traffic *t, size_t length)
{
    for (size_t to = 0; to < size; to++)
        for (size_t tag = 0; tag < TAGS; tag++) {
            const size_t m = to * TAGS + tag, mirrored = size * TAGS - 1 - m;

            for (size_t i = 0; i < length; i++)
                t->sent[m][i] = byte(rank, to, tag, i);
            memset(t->came[m], 0, length);
            t->out[m] = (snn_message){ (uint32_t)to, (uint32_t)(tag * 16383), t->sent[m], length };
            t->in[mirrored] = (snn_message){ (uint32_t)to, (uint32_t)(tag * 16383), t->came[m], length };
        }
}

static void traffic_check(const struct traffic *t, size_t length)
{
    for (size_t from = 0; from < size; from++)
        for (size_t tag = 0; tag < TAGS; tag++)
            for (size_t i = 0; i < length; i++)
                MUST(t->came[from * TAGS + tag][i] == byte(from, rank, tag, i));
}

static size_t exchanges(const snn_communicator *c)
{
    size_t n = 0;

    for (const struct exchange *e = ((struct snn_mpi *)c->user)->first; e != NULL; e = e->next)
        n++;
    return n;
}

/* Several exchanges at a time, finished from the last to the first, by waiting or by asking again and again. */
void test_messages(const snn_communicator *c)
{
    static struct traffic traffic[3];
    const size_t before = exchanges(c);
    void *handle[3];
    int done;

    for (size_t l = 0; l < LENGTHS; l++)
        for (int wait = 0; wait < 2; wait++) {
            for (size_t i = 0; i < 3; i++) {
                traffic_fill(&traffic[i], lengths[l]);
                OK(c->start(c->user, traffic[i].out, size * TAGS, traffic[i].in, size * TAGS, &handle[i]));
            }
            for (size_t i = 3; i-- > 0;) {
                do
                    OK(c->finish(c->user, handle[i], wait, &done));
                while (!done);
                traffic_check(&traffic[i], lengths[l]);
            }
        }
    MUST(exchanges(c) == before); /* their memory was used again */
    OK(c->start(c->user, NULL, 0, NULL, 0, &handle[0]));
    OK(c->finish(c->user, handle[0], 0, &done));
    MUST(done);
}

/* ---- the sums of the library over this table, against those of one rank */

#define SHARDS 12

static float leaf(size_t shard, size_t i)
{
    return 1.0f / (float)(1 + (shard * 37 + i * 11) % 1009) - 0.001f * (float)(i % 3);
}

static void sum(snn_context *ctx, const snn_communicator *c, size_t length, float *out)
{
    const struct snn__ranks_wish wish = { .shards = SHARDS, .length = length, .gradient = length };
    float *x = malloc((length + 1) * sizeof *x);
    struct snn__ranks r;

    MUST(x != NULL);
    OK(snn__ranks_agree(&r, snn__ranks_plan(&r, ctx, c, &wish)));
    for (int again = 0; again < 2; again++) {
        snn__ranks_begin(&r);
        for (size_t s = 0; s < r.own; s++) {
            const size_t middle = length / 3;

            for (size_t i = 0; i < length; i++)
                x[i] = leaf(r.first + s, i);
            snn__ranks_give(&r, s, x + middle, 0.25f, middle, length);
            snn__ranks_poll(&r);
            snn__ranks_give(&r, s, x, 0.25f, 0, middle);
        }
        OK(snn__ranks_end(&r, out, out + length));
    }
    snn__ranks_free(&r);
    free(x);
}

static void test_tree(const snn_communicator *c)
{
    static const size_t many[] = { 1, 2, 3, 5, 64, 1000, 4095, 4096, 4097, 10007 };
    snn_communicator slow = *c;
    snn_context *ctx = NULL;

    slow.start = NULL; /* by all_reduce alone */
    slow.finish = NULL;
    OK(snn_context_create(&ctx, NULL));
    for (size_t l = 0; l < sizeof many / sizeof *many; l++) {
        float *alone = malloc(many[l] * sizeof *alone), *all = malloc(many[l] * sizeof *all);

        MUST(alone != NULL && all != NULL);
        sum(ctx, NULL, many[l], alone);
        sum(ctx, c, many[l], all);
        MUST(memcmp(all, alone, many[l] * sizeof *all) == 0);
        if (many[l] <= 1000) /* hundreds of sums by MPI for each, of small pieces */
            sum(ctx, &slow, many[l], all);
        MUST(memcmp(all, alone, many[l] * sizeof *all) == 0);
        free(alone);
        free(all);
    }
    snn_context_destroy(ctx);
}

static void all(snn_mpi *mpi)
{
    const snn_communicator *c = snn_mpi_communicator(mpi);

    rank = c->rank;
    size = c->size;
    test_all_reduce(c);
    test_broadcast(c);
    test_messages(c);
    test_tree(c);
    test_refused(mpi);
    test_messages(c);
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    snn_mpi *mpi = NULL;
    int level;

    if (strcmp(what, "single") == 0)
        return single();
    if (strcmp(what, "init") == 0)
        return init();
    if (strcmp(what, "launched") == 0)
        return launched();
    if (*what != '\0')
        return ends(what);
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
    OK(snn_mpi_create(&mpi, MPI_COMM_WORLD));
    all(mpi);
    if (rank == 0)
        printf("the table and its sums agree over %u ranks\n", (unsigned)size);
    if (rank % 2 == 0)
        snn_mpi_destroy(mpi);
    else
        MPI_Comm_free(&((struct snn_mpi *)mpi)->comm); /* what destroy would do before the end of MPI */
    MPI_Finalize();
    if (rank % 2 == 1) {
        MUST(snn_mpi_communicator(mpi)->barrier(mpi) == SNN_ERR_STATE && says(NULL, "MPI was finalised"));
        snn_mpi_destroy(mpi);
    }
    return 0;
}
