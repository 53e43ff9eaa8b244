/* bench_loss [METHOD [STEPS]] - what it costs that the host computes the loss: 784-800-10, T = 6, batches of 128, one
 * thread. Steps of two trainers in turn, one with the cross-entropy of the library, one with the host's; they end
 * with the same weights. Medians and minima over the steps. */
#include "core/clock.h"
#include "support.h"
#include <math.h>
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 128, IN = 784, OUT = 10, MOST = 1000 };

/* In training alone: an evaluation has no room for the exponentials. */
static snn_status cross_entropy(void *user, const snn_loss_call *call)
{
    (void)user;
    for (size_t b = 0; b < call->samples; b++) {
        const double *y = call->output + b * call->outputs;
        double *d = call->error + b * call->outputs, largest = y[0], sum = 0;

        for (size_t c = 1; c < call->outputs; c++)
            largest = y[c] > largest ? y[c] : largest;
        for (size_t c = 0; c < call->outputs; c++)
            sum += d[c] = exp(y[c] - largest);
        for (size_t c = 0; c < call->outputs; c++)
            d[c] = d[c] / sum - (c == call->labels[b] ? 1.0 : 0.0);
        call->loss[b] = log(sum) - (y[call->labels[b]] - largest);
    }
    return SNN_OK;
}

static int by_size(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

#define MUST(call)                                                \
    do {                                                          \
        if ((call) != SNN_OK) {                                   \
            fprintf(stderr, "%s: %s\n", #call, snn_last_error()); \
            exit(1);                                              \
        }                                                         \
    } while (0)

struct side {
    snn_network *net;
    snn_trainer *trainer;
    double seconds[MOST];
};

static snn_context *open_context(void)
{
    snn_context_options options;
    snn_context *ctx = NULL;

    MUST(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.seed = 1;
    MUST(snn_context_create(&ctx, &options));
    return ctx;
}

static void open_side(struct side *s, snn_context *ctx, snn_optimizer *sgd, const char *method)
{
    const size_t shape = IN;
    snn_neuron *lif = NULL;

    MUST(snn_neuron_create(&lif, ctx, "lif"));
    MUST(snn_network_build(&s->net, ctx, "800-10", &shape, 1, OUT, lif));
    snn_neuron_destroy(lif);
    MUST(snn_trainer_create(&s->trainer, s->net, sgd, method));
    MUST(snn_trainer_set_i64(s->trainer, SNN_TRAINER_STEPS, 6));
    MUST(snn_trainer_prepare(s->trainer, BATCH));
}

static void close_side(struct side *s)
{
    snn_trainer_destroy(s->trainer);
    snn_network_destroy(s->net);
}

static double time_step(struct side *s, const float *x, const uint32_t *label)
{
    double began = snn__seconds();

    MUST(snn_trainer_step(s->trainer, BATCH_OF(x, 1, label, BATCH), NULL));
    return snn__seconds() - began;
}

static bool same_weights(const struct side *a, const struct side *b)
{
    static float x[BATCH * IN], out[2][BATCH * OUT];

    random_fill(x, BATCH * IN, 0, 1, 12345);
    MUST(snn_trainer_predict(a->trainer, BATCH_OF(x, 1, NULL, BATCH), out[0]));
    MUST(snn_trainer_predict(b->trainer, BATCH_OF(x, 1, NULL, BATCH), out[1]));
    return memcmp(out[0], out[1], sizeof out[0]) == 0;
}

static void print(struct side *s, int steps)
{
    static const char *const names[] = { "library's", "host's" };

    for (int i = 0; i < 2; i++) {
        qsort(s[i].seconds, (size_t)steps, sizeof *s[i].seconds, by_size);
        printf("%-9s %9.1f us %9.1f us\n", names[i], 1e6 * s[i].seconds[steps / 2], 1e6 * s[i].seconds[0]);
    }
    printf("%-9s %11.2f%% %11.2f%%\n", "more", 100 * (s[1].seconds[steps / 2] / s[0].seconds[steps / 2] - 1),
           100 * (s[1].seconds[0] / s[0].seconds[0] - 1));
}

int main(int argc, char **argv)
{
    static struct side side[2];
    static float x[BATCH * IN];
    const char *method = argc > 1 ? argv[1] : "ottt";
    int steps = argc > 2 ? atoi(argv[2]) : 200;
    uint32_t label[BATCH];
    snn_context *ctx = open_context();
    snn_optimizer *sgd = NULL;

    steps = steps < 1 || steps > MOST ? MOST : steps;
    MUST(snn_optimizer_create(&sgd, ctx, "sgd"));
    for (int i = 0; i < 2; i++)
        open_side(&side[i], ctx, sgd, method);
    MUST(snn_trainer_on_loss(side[1].trainer, cross_entropy, NULL));
    for (size_t b = 0; b < BATCH; b++)
        label[b] = (uint32_t)(b * 7 % OUT);
    for (int s = 0; s < steps; s++) {
        random_fill(x, BATCH * IN, 0, 1, (unsigned)s);
        for (int k = 0; k < 2; k++) /* each is first in turn */
            side[(s + k) % 2].seconds[s] = time_step(&side[(s + k) % 2], x, label);
    }
    printf("%s, %d steps of each; predictions then are %s\n%-9s %12s %12s\n", method, steps,
           same_weights(&side[0], &side[1]) ? "the same" : "DIFFERENT", "loss", "median", "least");
    print(side, steps);
    for (int i = 0; i < 2; i++)
        close_side(&side[i]);
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
    return 0;
}
