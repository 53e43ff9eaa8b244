/* bench_ranks [FLAGS] - what training by several ranks takes, on the sockets of examples/sockets.c or over MPI
 *
 *   --ranks N                      processes on this machine, which this one forks; default 2
 *   --rank R --hosts H:P,H:P,...   this is rank R of these, which run elsewhere (tests/bench/namespaces.sh)
 *   --mpi                          the ranks are those of mpirun
 *   --net NAME --shape CxHxW --classes N --method NAME --steps T --batch B --threads N
 *   --shards S                     default: one for each rank
 *   --set NAME=VALUE               of the trainer: send=bf16, reduce=any, variant=O; several times
 *   --batches N                    that are measured, after two that are not; default 10
 *   --alone                        one process, without shards and communicator, for comparison
 *   --latency US --rate MBIT       delays every exchange by so much, beside what the network takes
 *   --timeline                     prints every span: batches, exchanges, waiting
 *   --link                         measures messages between ranks 0 and 1 in place of training
 *
 * Rank 0 prints lines of JSON. */
#include "ranks.h"

#include "../../examples/meet.h"
#include "../../examples/sockets.h"

#ifdef BENCH_MPI
#include <snn/mpi.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int work(const struct options *o, const snn_communicator *c)
{
    if (o->link && c->size < 2) {
        fputs("bench_ranks: --link needs two ranks\n", stderr);
        return EXIT_FAILURE;
    }
    return (o->link ? ranks_link(o, c) : ranks_train(o, c)) == SNN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- the ranks */

static int over_sockets(const struct options *o, int listener, unsigned rank, unsigned n, const char *const *address)
{
    snn_communicator c;
    int socket[RANKS_MOST], status;

    if (listener < 0 || meet(listener, rank, n, address, socket) != 0)
        return EXIT_FAILURE;
    if (sockets_create(&c, rank, n, socket) != SNN_OK)
        return EXIT_FAILURE;
    status = work(o, &c);
    sockets_destroy(&c);
    return status;
}

static int of_hosts(const struct options *o)
{
    char *text = strdup(o->hosts);
    const char *address[RANKS_MOST];
    unsigned n = 0, rank = (unsigned)o->rank;
    int status = EXIT_FAILURE;

    for (char *word = text ? strtok(text, ",") : NULL; word && n < RANKS_MOST; word = strtok(NULL, ","))
        address[n++] = word;
    if (rank >= n)
        fprintf(stderr, "bench_ranks: rank %u of %u hosts\n", rank, n);
    else
        status = over_sockets(o, meet_listen(address[rank], NULL), rank, n, address);
    free(text);
    return status;
}

static int of_this_machine(const struct options *o)
{
    char text[RANKS_MOST][32];
    const char *address[RANKS_MOST];
    const unsigned n = (unsigned)o->ranks;
    int listener[RANKS_MOST], good = 1;

    for (unsigned r = 0; r < n; r++) {
        unsigned port = 0;

        listener[r] = meet_listen("127.0.0.1:0", &port);
        snprintf(text[r], sizeof text[r], "127.0.0.1:%u", port);
        address[r] = text[r];
    }
    for (unsigned r = 0; r < n; r++) {
        const pid_t child = fork();

        good &= child >= 0;
        if (child == 0) {
            for (unsigned i = 0; i < n; i++)
                if (i != r)
                    close(listener[i]);
            exit(over_sockets(o, listener[r], r, n, address));
        }
    }
    for (unsigned r = 0; r < n; r++)
        close(listener[r]);
    for (int status; wait(&status) > 0;)
        good &= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int of_mpi(const struct options *o)
{
#ifdef BENCH_MPI
    struct options mine = *o;
    snn_mpi *mpi;
    int status;

    if (snn_mpi_init(&mpi) != SNN_OK)
        return EXIT_FAILURE;
    mine.ranks = snn_mpi_communicator(mpi)->size;
    mine.shards = mine.shards ? mine.shards : mine.ranks;
    status = work(&mine, snn_mpi_communicator(mpi));
    snn_mpi_destroy(mpi);
    return status;
#else
    (void)o;
    fputs("bench_ranks: built without MPI\n", stderr);
    return EXIT_FAILURE;
#endif
}

/* ---- flags */

struct flag {
    const char *name;
    const char **text;
    int64_t *number, least;
    bool *yes;
};

static int bad(const char *why, const char *word)
{
    fprintf(stderr, "bench_ranks: %s: %s\n", word, why);
    return EXIT_FAILURE;
}

static int read_flag(const struct flag *f, const char *value)
{
    char *end;

    if (!value)
        return bad("needs a value", f->name);
    if (f->text) {
        *f->text = value;
        return EXIT_SUCCESS;
    }
    *f->number = strtoll(value, &end, 10);
    return *end || end == value || *f->number < f->least || *f->number > 1000000000 ? bad("no such number", value)
                                                                                    : EXIT_SUCCESS;
}

static int read_flags(struct options *o, int argc, char **argv)
{
    const struct flag flags[] = {
        { "--net", &o->net, NULL, 0, NULL },         { "--method", &o->method, NULL, 0, NULL },
        { "--shape", &o->shape, NULL, 0, NULL },     { "--hosts", &o->hosts, NULL, 0, NULL },
        { "--classes", NULL, &o->classes, 1, NULL }, { "--steps", NULL, &o->steps, 1, NULL },
        { "--batch", NULL, &o->batch, 1, NULL },     { "--shards", NULL, &o->shards, 1, NULL },
        { "--threads", NULL, &o->threads, 1, NULL }, { "--batches", NULL, &o->batches, 1, NULL },
        { "--ranks", NULL, &o->ranks, 1, NULL },     { "--rank", NULL, &o->rank, 0, NULL },
        { "--latency", NULL, &o->latency, 0, NULL }, { "--rate", NULL, &o->rate, 0, NULL },
        { "--alone", NULL, NULL, 0, &o->alone },     { "--timeline", NULL, NULL, 0, &o->timeline },
        { "--link", NULL, NULL, 0, &o->link },       { "--mpi", NULL, NULL, 0, &o->mpi },
    };

    for (int i = 1; i < argc; i++) {
        size_t f = 0;

        if (strcmp(argv[i], "--set") == 0 && i + 1 < argc && o->n_settings < SETTINGS_MOST) {
            o->setting[o->n_settings++] = argv[++i];
            continue;
        }
        while (f < sizeof flags / sizeof *flags && strcmp(flags[f].name, argv[i]) != 0)
            f++;
        if (f == sizeof flags / sizeof *flags)
            return bad("no such flag", argv[i]);
        if (flags[f].yes)
            *flags[f].yes = true;
        else if (read_flag(&flags[f], argv[++i]) != EXIT_SUCCESS)
            return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    struct options o = { .net = "784-800-10",
                         .method = "ottt",
                         .shape = "784",
                         .classes = 10,
                         .steps = 6,
                         .batch = 128,
                         .threads = 1,
                         .batches = 10,
                         .ranks = 2 };

    if (read_flags(&o, argc, argv) != EXIT_SUCCESS)
        return EXIT_FAILURE;
    if (o.ranks > RANKS_MOST || o.batches > 1000)
        return bad("at most 64 ranks and 1000 batches", "too many");
    if (o.mpi)
        return of_mpi(&o);
    if (o.alone)
        o.ranks = 1;
    for (const char *c = o.hosts; c && o.hosts; c = strchr(c, ',') ? strchr(c, ',') + 1 : NULL)
        o.ranks = c == o.hosts ? 1 : o.ranks + 1;
    o.shards = o.shards ? o.shards : o.ranks;
    return o.hosts ? of_hosts(&o) : of_this_machine(&o);
}
