/* ranks_sockets [N [EPOCHS]] - N processes train one network together, over TCP and without MPI
 * ranks_sockets RANK HOST:PORT,HOST:PORT,... [EPOCHS] - one of them, on a machine of its own
 *
 * A batch of 48 samples is cut into 12 shards, of which each process takes its part, and the gradients of all shards
 * are added in an order that does not depend on the processes. So the check sum of the trained parameters, which rank
 * 0 prints, is the same for 1, 2, 3, 4 or 12 of them. To use the sockets in another program, copy sockets.[ch] and
 * meet.[ch]. */
#include "meet.h"
#include "sockets.h"

#include <snn/snn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

enum { INPUTS = 32, CLASSES = 4, SAMPLES = 960, BATCH = 48, SHARDS = 12, MOST = 64 };

/* ---- the data: every process can make every sample, and makes those of its shards */

/* Uniform in [0, 1), a function of n alone. */
static float uniform(uint32_t n)
{
    n = (n ^ (n >> 16)) * 0x85ebca6bu;
    n = (n ^ (n >> 13)) * 0xc2b2ae35u;
    return (float)((n ^ (n >> 16)) >> 8) / 16777216.0f;
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const uint32_t at = (uint32_t)index * INPUTS;

    (void)user;
    (void)frame;
    sample->label = (uint32_t)index % CLASSES;
    for (uint32_t i = 0; i < INPUTS; i++) /* a pattern for each class, and as much noise */
        sample->x[i] = uniform(977 * (sample->label + 1) + i) + uniform(0x10000u + at + i);
    return SNN_OK;
}

static snn_status open_data(snn_dataset **out, snn_context *ctx)
{
    snn_dataset_source source;
    snn_status rc = snn_dataset_source_init(&source, sizeof source);

    source.rank = 1;
    source.shape[0] = INPUTS;
    source.count = SAMPLES;
    source.classes = CLASSES;
    source.read = read_sample;
    return rc == SNN_OK ? snn_dataset_create(out, ctx, &source) : rc;
}

/* ---- the training */

/* FNV-1a of all parameters. */
static uint64_t check_sum(snn_network *net)
{
    uint64_t sum = 0xcbf29ce484222325u;
    snn_layer *layer;

    for (size_t l = 0; (layer = snn_network_layer(net, l)) != NULL; l++) {
        snn_tensor tensor = SNN_TENSOR_INIT;

        for (size_t i = 0; snn_layer_tensor(layer, i, &tensor) == SNN_OK; i++)
            for (size_t k = 0; k < tensor.bytes; k++)
                sum = (sum ^ ((const unsigned char *)tensor.data)[k]) * 0x100000001b3u;
    }
    return sum;
}

static snn_status train(const snn_communicator *ranks, int epochs)
{
    const size_t shape = INPUTS;
    snn_context *ctx = NULL;
    snn_dataset *data = NULL;
    snn_network *net = NULL;
    snn_optimizer *adam = NULL;
    snn_trainer *trainer = NULL;
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc;

    TRY(snn_context_create(&ctx, NULL));
    TRY(open_data(&data, ctx));
    TRY(snn_network_build(&net, ctx, "32-64-4", &shape, 1, CLASSES, NULL));
    TRY(snn_optimizer_create(&adam, ctx, "adam"));
    TRY(snn_optimizer_set_f64(adam, SNN_OPTIMIZER_LR, 0.003));
    TRY(snn_trainer_create(&trainer, net, adam, "bptt"));
    TRY(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 4));
    TRY(snn_trainer_set_i64(trainer, SNN_TRAINER_SHARDS, SHARDS));
    TRY(snn_trainer_set_communicator(trainer, ranks));
    TRY(snn_trainer_prepare(trainer, BATCH));
    for (int epoch = 1; epoch <= epochs; epoch++) {
        TRY(snn_trainer_epoch(trainer, data, &m));
        if (ranks->rank == 0) {
            printf("%2d  loss %.6f  train %.2f%%\n", epoch, m.loss, 100.0 * m.accuracy);
            fflush(stdout);
        }
    }
    if (ranks->rank == 0)
        printf("parameters %016llx\n", (unsigned long long)check_sum(net));
done:
    if (rc != SNN_OK)
        fprintf(stderr, "rank %u: %s: %s\n", ranks->rank, snn_status_name(rc), snn_last_error());
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(adam);
    snn_network_destroy(net);
    snn_dataset_destroy(data);
    snn_context_destroy(ctx);
    return rc;
}

/* ---- the processes */

/* Returns what the process exits with. */
static int be_rank(int listener, unsigned rank, unsigned n, const char *const *address, int epochs)
{
    snn_communicator ranks;
    int socket[MOST];
    snn_status rc;

    if (meet(listener, rank, n, address, socket) != 0)
        return EXIT_FAILURE;
    if (sockets_create(&ranks, rank, n, socket) != SNN_OK)
        return EXIT_FAILURE;
    rc = train(&ranks, epochs);
    sockets_destroy(&ranks);
    return rc == SNN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* All ranks on this machine, at ports that are free. */
static int fork_ranks(unsigned n, int epochs)
{
    char text[MOST][32];
    const char *address[MOST];
    int listener[MOST], good = 1;

    for (unsigned r = 0; r < n; r++) {
        unsigned port = 0;

        listener[r] = meet_listen("127.0.0.1:0", &port);
        if (listener[r] < 0)
            return EXIT_FAILURE;
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
            exit(be_rank(listener[r], r, n, address, epochs));
        }
    }
    for (unsigned r = 0; r < n; r++)
        close(listener[r]);
    for (int status; wait(&status) > 0;)
        good &= WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS;
    return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    const bool alone = argc > 2 && strchr(argv[2], ':');
    const unsigned first = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 4;
    const int epochs = argc > 2 + alone ? atoi(argv[2 + alone]) : 5;
    const char *address[MOST];
    unsigned n = 0;
    int listener;

    if (!alone && first >= 1 && first <= MOST)
        return fork_ranks(first, epochs);
    for (char *word = alone ? strtok(argv[2], ",") : NULL; word && n < MOST; word = strtok(NULL, ","))
        address[n++] = word;
    if (first >= n) {
        fputs("usage: ranks_sockets [N [EPOCHS]], or RANK HOST:PORT,HOST:PORT,... [EPOCHS]\n", stderr);
        return EXIT_FAILURE;
    }
    listener = meet_listen(address[first], NULL);
    return listener >= 0 ? be_rank(listener, first, n, address, epochs) : EXIT_FAILURE;
}
