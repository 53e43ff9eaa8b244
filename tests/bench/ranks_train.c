/* ranks_train.c - a network on random samples, trained by several ranks: time, messages, check sum. */
#include "ranks.h"
#include "watch.h"

#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

enum { WARM_UP = 2, MOST_BATCHES = 1000, MOST_SPANS = 100000 };

struct subject {
    const struct options *options;
    const snn_communicator *ranks; /* without the watch */
    struct watch watch;
    snn_context *context;
    snn_network *network;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    snn_batch batch;
    float *x;
    uint32_t *labels;
    double seconds[MOST_BATCHES]; /* of each batch */
    size_t done;                  /* batches */
    snn_metrics metrics;          /* of the last one */
};

/* ---- the subject */

static uint64_t drawn(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static snn_status draw_samples(struct subject *s, const size_t shape[3])
{
    const size_t n = (size_t)s->options->batch, values = n * shape[0] * shape[1] * shape[2];
    uint64_t state = 0x9e3779b97f4a7c15u;

    s->x = malloc(values * sizeof *s->x);
    s->labels = malloc(n * sizeof *s->labels);
    if (!s->x || !s->labels)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < values; i++)
        s->x[i] = (float)(((double)(drawn(&state) >> 40) / 16777216.0 - 0.5) * 3.4641016);
    for (size_t i = 0; i < n; i++)
        s->labels[i] = (uint32_t)((drawn(&state) >> 33) % (uint64_t)s->options->classes);
    s->batch = (snn_batch)SNN_BATCH_INIT;
    s->batch.samples = n;
    s->batch.x = s->x;
    s->batch.labels = s->labels;
    return SNN_OK;
}

static snn_status set_all(struct subject *s)
{
    const struct options *o = s->options;
    snn_status rc = snn_trainer_set_i64(s->trainer, SNN_TRAINER_STEPS, o->steps);

    for (int64_t i = 0; i < o->n_settings && rc == SNN_OK; i++) {
        char name[64] = "";
        const char *equals = strchr(o->setting[i], '=');

        snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - o->setting[i]) : 0, o->setting[i]);
        rc = snn_trainer_set_text(s->trainer, name, equals ? equals + 1 : "");
    }
    return rc;
}

static snn_status open_subject(struct subject *s, const snn_communicator *watched)
{
    const struct options *o = s->options;
    size_t shape[3] = { 1, 1, 1 };
    const int rank = sscanf(o->shape, "%zux%zux%zu", &shape[0], &shape[1], &shape[2]);
    snn_context_options machine;
    snn_status rc;

    TRY(snn_context_options_init(&machine, sizeof machine));
    machine.threads = (uint32_t)o->threads;
    TRY(snn_context_create(&s->context, &machine));
    TRY(snn_network_build(&s->network, s->context, o->net, shape, rank < 1 ? 1 : (uint32_t)rank, (size_t)o->classes,
                          NULL));
    TRY(snn_optimizer_create(&s->optimizer, s->context, "sgd"));
    TRY(snn_optimizer_set_f64(s->optimizer, SNN_OPTIMIZER_LR, 0.01));
    TRY(snn_optimizer_set_f64(s->optimizer, SNN_OPTIMIZER_MOMENTUM, 0.9));
    TRY(snn_trainer_create(&s->trainer, s->network, s->optimizer, o->method));
    TRY(set_all(s));
    if (!o->alone) {
        TRY(snn_trainer_set_i64(s->trainer, SNN_TRAINER_SHARDS, o->shards));
        TRY(snn_trainer_set_communicator(s->trainer, watched));
    }
    TRY(snn_trainer_prepare(s->trainer, (size_t)o->batch));
    TRY(draw_samples(s, shape));
done:
    return rc;
}

static void close_subject(struct subject *s)
{
    snn_trainer_destroy(s->trainer);
    snn_optimizer_destroy(s->optimizer);
    snn_network_destroy(s->network);
    snn_context_destroy(s->context);
    free(s->x);
    free(s->labels);
    free(s->watch.span);
}

/* ---- what it does */

static snn_status train(struct subject *s, size_t batches)
{
    snn_status rc = SNN_OK;

    s->metrics = (snn_metrics)SNN_METRICS_INIT;
    for (s->done = 0; s->done < batches && rc == SNN_OK; s->done++) {
        const double from = watch_now();

        s->watch.batch = (uint32_t)s->done;
        rc = snn_trainer_step(s->trainer, &s->batch, &s->metrics);
        s->seconds[s->done] = watch_now() - from;
        watch_note(&s->watch, WATCH_BATCH, from);
    }
    return rc;
}

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

/* ---- what is printed */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_result(struct subject *s)
{
    const struct options *o = s->options;
    const double n = (double)s->done;
    const struct watch *w = &s->watch;
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    uint64_t parameters = snn_network_get_info(s->network, &info) == SNN_OK ? info.parameters : 0;

    qsort(s->seconds, s->done, sizeof *s->seconds, ascending);
    printf("{\"event\":\"ranks\",\"network\":\"%s\",\"trainer\":\"%s\",\"settings\":\"", o->net, o->method);
    for (int64_t i = 0; i < o->n_settings; i++)
        printf("%s%s", i ? "," : "", o->setting[i]);
    printf("\",\"steps\":%lld,\"batch\":%lld,\"shards\":%lld,\"ranks\":%u,\"threads\":%lld,", (long long)o->steps,
           (long long)o->batch, o->alone ? 0 : (long long)o->shards, s->ranks->size, (long long)o->threads);
    printf("\"latency_us\":%lld,\"rate_mbit\":%lld,\"parameters\":%llu,\"batches\":%zu,", (long long)o->latency,
           (long long)o->rate, (unsigned long long)parameters, s->done);
    printf("\"seconds\":%.9f,\"fastest\":%.9f,\"slowest\":%.9f,", s->seconds[s->done / 2], s->seconds[0],
           s->seconds[s->done - 1]);
    printf("\"waited\":%.6f,\"inside\":%.6f,\"bytes\":%.0f,\"messages\":%.2f,\"exchanges\":%.2f,", w->waited / n,
           w->inside / n, (double)w->bytes / n, (double)w->messages / n, (double)w->exchanges / n);
    printf("\"loss\":%.6f,\"check_sum\":\"%016llx\"}\n", s->metrics.loss, (unsigned long long)check_sum(s->network));
    fflush(stdout);
}

static void print_spans(const struct watch_span *span, size_t n, uint32_t rank, double origin)
{
    static const char *const what[] = { "exchange", "wait", "collective", "batch" };

    for (size_t i = 0; i < n; i++)
        printf(
            "{\"event\":\"span\",\"rank\":%u,\"what\":\"%s\",\"batch\":%u,\"from\":%.6f,\"to\":%.6f,\"bytes\":%llu,"
            "\"messages\":%llu}\n",
            rank, what[span[i].what], span[i].batch, span[i].from - origin, span[i].to - origin,
            (unsigned long long)span[i].bytes, (unsigned long long)span[i].messages);
}

/* Rank 0 prints the spans of all, in seconds since its own first one. Only ranks of one machine share a clock. */
static snn_status tell_spans(struct subject *s)
{
    const snn_communicator *c = s->ranks;
    struct watch_span *span = calloc(MOST_SPANS, sizeof *span);
    const double origin = s->watch.n ? s->watch.span[0].from : 0;
    snn_status rc = span ? SNN_OK : SNN_ERR_MEMORY;

    for (uint32_t r = 0; r < c->size && rc == SNN_OK; r++) {
        uint64_t n = s->watch.n;

        rc = c->broadcast(c->user, &n, sizeof n, r);
        if (rc == SNN_OK && r == c->rank)
            memcpy(span, s->watch.span, s->watch.n * sizeof *span);
        if (rc == SNN_OK && n)
            rc = c->broadcast(c->user, span, (size_t)n * sizeof *span, r);
        if (rc == SNN_OK && c->rank == 0)
            print_spans(span, (size_t)n, r, origin);
    }
    free(span);
    return rc;
}

snn_status ranks_train(const struct options *o, const snn_communicator *ranks)
{
    struct subject *s = calloc(1, sizeof *s);
    snn_communicator watched;
    snn_status rc;

    if (!s)
        return SNN_ERR_MEMORY;
    s->options = o;
    s->ranks = ranks;
    s->watch.latency = 1e-6 * (double)o->latency;
    s->watch.rate = 125e3 * (double)o->rate;
    s->watch.span = o->timeline ? calloc(MOST_SPANS, sizeof *s->watch.span) : NULL;
    s->watch.room = s->watch.span ? MOST_SPANS : 0;
    watch_around(&watched, ranks, &s->watch);
    TRY(open_subject(s, &watched));
    TRY(train(s, WARM_UP));
    watch_reset(&s->watch);
    TRY(train(s, (size_t)o->batches));
    if (o->timeline)
        TRY(tell_spans(s));
    if (ranks->rank == 0)
        print_result(s);
done:
    if (rc != SNN_OK)
        fprintf(stderr, "rank %u: %s: %s\n", ranks->rank, snn_status_name(rc), snn_last_error());
    close_subject(s);
    free(s);
    return rc;
}
