/* Random networks, settings, shards and batches: ranks, and a checkpoint between two numbers of them, come to the
 * bits of one process, whether a batch is trained or refused. SNN_RANDOM_SEEDS and SNN_RANDOM_FIRST draw others. */
#include "trainer/random.h"
#include "trainer/ranks.h"
#include <snn/model.h>
#include <unistd.h>

enum {
    SEEDS = 60,
    BATCHES = 5,
    MOST = 13,
    STEPS = RANDOM_STEPS,
    OUT = RANDOM_OUT,
    LEN = RANDOM_LEN,
    SIZES = 8,
    MOST_RANKS = 8,
    WAYS = 3
};

/* ---- a case ---- */

struct drawn {
    const char *method;
    char layers[1024], settings[160], path[64];
    size_t shape[3], len, shards, frames, samples[BATCHES], bad; /* bad: a batch with a sample that is not finite */
    unsigned scaled;                                             /* bits of layers that have another rate */
    double scale;
    bool projects, lengths, label_frames, adam;
    float x[BATCHES][STEPS * MOST * LEN];
    uint32_t label[STEPS * MOST], length[MOST];
};

static void draw_batches(struct drawn *d, unsigned *state)
{
    static const size_t sizes[SIZES] = { 1, 2, 3, 5, 7, 11, 13, 4 };

    for (size_t i = 0; i < BATCHES; i++)
        d->samples[i] = sizes[draw(state, SIZES)];
    d->bad = draw(state, 2 * BATCHES);
    d->frames = draw(state, 3) == 0 ? 1 : STEPS;
    d->lengths = d->frames > 1 && draw(state, 3) == 0;
    d->label_frames = d->frames > 1 && draw(state, 4) == 0;
    for (size_t i = 0; i < STEPS * MOST; i++)
        d->label[i] = draw(state, OUT);
    for (size_t i = 0; i < MOST; i++)
        d->length[i] = 1 + draw(state, draw(state, 2) ? 2 : STEPS);
}

static void draw_case(struct drawn *d, unsigned seed)
{
    unsigned state = 2654435761u * (seed + 1);

    memset(d, 0, sizeof *d);
    d->method = random_methods[seed % (sizeof random_methods / sizeof *random_methods)];
    draw_network(d->layers, &state, d->method, d->shape);
    draw_settings(d->settings, &state, d->method);
    add_word(d->settings, &state, "|| send=bf16| send=sign| send=sign");
    add_word(d->settings, &state, "|||| mixup=0.5| encoder=poisson");
    d->shards = 1 + draw(&state, MOST);
    d->scaled = draw(&state, 2) ? draw(&state, 1u << 8) : 0;
    d->scale = draw(&state, 3) ? 0 : 0.5;
    d->projects = draw(&state, 4) == 0;
    d->adam = !d->projects && draw(&state, 2) == 0;
    d->len = length_of(d->shape);
    draw_batches(d, &state);
    for (size_t i = 0; i < BATCHES; i++)
        random_fill(d->x[i], STEPS * MOST * LEN, -0.3f, 1.5f, seed * BATCHES + (unsigned)i);
    snprintf(d->path, sizeof d->path, "/tmp/snn-ranks-%d-%u.ckpt", (int)getpid(), seed);
}

/* ---- a run of it ---- */

struct came {
    struct outcome end;
    float *gradient[BATCHES];
    snn_status rc[BATCHES];
};

struct leg {
    struct drawn *d;
    uint32_t threads;
    size_t from, to;
    bool loads, saves;
    size_t n_parameters; /* 0: it was refused */
    struct came came[MOST_RANKS];
};

static void grow(struct member *m)
{
    OK(snn_projection_create(&m->projection, m->net));
    for (unsigned time = 0; time < 2; time++) {
        for (size_t l = 0; l < m->net->n_layers; l++)
            if (snn__layer_has_weights(m->net->layer[l]))
                (void)!snn_projection_grow(m->projection, m->net->layer[l], 2 + time);
        if (time == 0)
            OK(snn_projection_freeze(m->projection));
    }
}

static snn_status open_member(struct member *m, const struct leg *leg, const snn_communicator *c)
{
    const struct drawn *d = leg->d;
    char scale[16];

    *m = (struct member){ .ctx = test_context(leg->threads, 7, "best") };
    OK(snn_network_create(&m->net, m->ctx, d->shape, rank_of(d->shape)));
    OK(add_layers(m->net, d->layers));
    snprintf(scale, sizeof scale, "%g", d->scale);
    for (size_t l = 0; l < m->net->n_layers; l++)
        if (d->scaled >> l & 1)
            (void)!snn_layer_set_text(m->net->layer[l], "lr_scale", scale);
    OK(snn_optimizer_create(&m->optimizer, m->ctx, d->adam ? "adam" : "sgd"));
    OK(snn_optimizer_set_f64(m->optimizer, SNN_OPTIMIZER_LR, 0.05));
    OK(snn_optimizer_set_f64(m->optimizer, SNN_OPTIMIZER_CLIP_NORM, 1.5));
    SNN__TRY(snn_network_prepare(m->net));
    OK(snn_trainer_create(&m->trainer, m->net, m->optimizer, d->method));
    OK(set_all(m->trainer, d->settings));
    OK(snn_trainer_set_i64(m->trainer, SNN_TRAINER_SHARDS, (int64_t)d->shards));
    if (d->projects)
        grow(m);
    if (d->projects)
        OK(snn_trainer_set_projection(m->trainer, m->projection));
    if (c != NULL)
        OK(snn_trainer_set_communicator(m->trainer, c));
    return snn_trainer_prepare(m->trainer, MOST);
}

/* What this rank has of batch number i: the rest is not finite. */
static void fill(const struct leg *leg, const snn_trainer *tr, size_t i, float *x)
{
    const struct drawn *d = leg->d;
    const size_t n = d->samples[i];
    size_t first, count;

    memcpy(x, d->x[i], STEPS * MOST * LEN * sizeof *x);
    OK(snn_trainer_share(tr, n, &first, &count));
    for (size_t t = 0; t < d->frames; t++)
        for (size_t b = 0; b < n; b++)
            for (size_t k = 0; k < d->len && (b < first || b >= first + count || (i == d->bad && b == n / 2)); k++)
                x[(t * n + b) * d->len + k] = NAN;
}

static snn_status train(const struct leg *leg, struct member *m, size_t i, snn_metrics *metrics)
{
    static _Thread_local float x[STEPS * MOST * LEN];
    const struct drawn *d = leg->d;
    snn_batch batch = SNN_BATCH_INIT;

    fill(leg, m->trainer, i, x);
    batch.x = x;
    batch.samples = d->samples[i];
    batch.frames = d->frames;
    batch.labels = d->label;
    batch.target_frames = d->label_frames ? STEPS : 1;
    batch.lengths = d->lengths ? d->length : NULL;
    return snn_trainer_step(m->trainer, &batch, metrics);
}

static void save(const struct leg *leg, struct member *m, uint32_t rank)
{
    if (rank == 0)
        OK(snn_trainer_save(m->trainer, leg->d->path));
    else if (strstr(leg->d->settings, "send=") != NULL)
        OK(snn_trainer_save(m->trainer, NULL));
}

static void run_leg(void *arg, const snn_communicator *c)
{
    struct leg *leg = arg;
    const uint32_t rank = c != NULL ? c->rank : 0;
    struct came *came = &leg->came[rank];
    snn_metrics metrics = SNN_METRICS_INIT;
    struct member m;

    if (open_member(&m, leg, c) == SNN_OK) {
        if (rank == 0)
            leg->n_parameters = m.net->n_parameters;
        if (leg->loads)
            OK(snn_trainer_load(m.trainer, leg->d->path));
        for (size_t i = leg->from; i < leg->to; i++) {
            const size_t n = m.net->n_parameters;

            metrics = (snn_metrics)SNN_METRICS_INIT;
            came->rc[i] = train(leg, &m, i, &metrics);
            came->gradient[i] = malloc((n + 1) * sizeof(float));
            if (m.trainer->has_gradient)
                memcpy(came->gradient[i], m.trainer->pass.gradient, n * sizeof(float));
            else
                memset(came->gradient[i], 0, n * sizeof(float));
        }
        if (leg->saves)
            save(leg, &m, rank);
        came->end = outcome_of(m.trainer);
        came->end.trained = metrics;
        came->end.evaluated = (snn_metrics)SNN_METRICS_INIT;
    }
    close_member(&m);
}

static void run(struct leg *leg, uint32_t ranks, bool messages)
{
    struct threads *t;

    if (ranks == 0) {
        run_leg(leg, NULL);
        return;
    }
    t = threads_create(ranks, messages);
    threads_run(t, run_leg, leg);
    threads_destroy(t);
}

static void release(struct leg *leg)
{
    for (size_t r = 0; r < MOST_RANKS; r++) {
        free(leg->came[r].end.numbers);
        for (size_t i = 0; i < BATCHES; i++)
            free(leg->came[r].gradient[i]);
    }
}

/* ---- what must hold ---- */

static void compare_gradients(const struct came *a, const struct came *b, size_t batch, size_t n, const char *what)
{
    const float *x = a->gradient[batch], *y = b->gradient[batch];

    for (size_t i = 0; i < n && a->rc[batch] == SNN_OK; i++)
        ck_assert_msg(memcmp(&x[i], &y[i], sizeof *x) == 0, "%s: gradient %zu of batch %zu: %.9g and %.9g", what, i,
                      batch, (double)x[i], (double)y[i]);
}

static void compare(const struct leg *one, const struct leg *other, uint32_t ranks, const char *what)
{
    for (uint32_t r = 0; r < ranks; r++) {
        const struct came *a = &one->came[0], *b = &other->came[r];

        for (size_t i = other->from; i < other->to; i++) {
            ck_assert_msg(a->rc[i] == b->rc[i], "%s: batch %zu: %s, and %s on rank %u: %s", what, i,
                          snn_status_name(a->rc[i]), snn_status_name(b->rc[i]), r, snn_last_error());
            compare_gradients(a, b, i, one->n_parameters, what);
        }
        if (other->to == BATCHES)
            compare_outcomes(&a->end, &b->end, what);
    }
}

/* How many ranks, and how they talk. */
struct way {
    uint32_t ranks, others, threads;
    size_t to; /* batches before a checkpoint, with which the others go on; all of them: there is none */
    bool messages;
};

static struct way draw_way(const struct drawn *d, int number, unsigned *state)
{
    const uint32_t most = d->shards < MOST_RANKS ? (uint32_t)d->shards : MOST_RANKS;
    struct way w;

    w.ranks = 1 + draw(state, most);
    w.others = 1 + draw(state, most);
    w.threads = 1 + draw(state, 2);
    w.messages = draw(state, 3) > 0;
    w.to = 1 + draw(state, BATCHES - 1);
    if (number == 0)
        w.ranks = most;
    if (number < 2)
        w.to = BATCHES;
    return w;
}

static void check_way(struct drawn *d, const struct leg *one, const struct way *w, const char *what)
{
    struct leg leg = { .d = d, .threads = w->threads, .to = w->to, .saves = w->to < BATCHES };

    run(&leg, w->ranks, w->messages);
    compare(one, &leg, w->ranks, what);
    release(&leg);
    if (w->to == BATCHES)
        return;
    leg = (struct leg){ .d = d, .threads = w->threads, .from = w->to, .to = BATCHES, .loads = true };
    run(&leg, w->others, w->messages);
    compare(one, &leg, w->others, what);
    release(&leg);
    unlink(d->path);
}

/* false: it was refused. */
static bool check(unsigned seed)
{
    static struct drawn d;
    struct leg one = { .d = &d, .threads = 1, .to = BATCHES };
    unsigned state = seed * 7919u + 3;
    char what[1600];

    draw_case(&d, seed);
    run(&one, 0, false);
    ck_assert(one.n_parameters > 0 || snn_last_error()[0] != '\0');
    for (int number = 0; number < WAYS && one.n_parameters > 0; number++) {
        const struct way w = draw_way(&d, number, &state);

        snprintf(what, sizeof what,
                 "seed %u, %s %s, %zu shards on %u ranks of %u threads by %s, after batch %zu on %u; bad batch %zu, "
                 "lengths %d, projects %d, layers %x by %g: %s",
                 seed, d.method, d.settings, d.shards, w.ranks, w.threads, w.messages ? "messages" : "all_reduce",
                 w.to, w.others, d.bad, d.lengths, d.projects, d.scaled, d.scale, d.layers);
        check_way(&d, &one, &w, what);
    }
    release(&one);
    return one.n_parameters > 0;
}

static unsigned number_in(const char *name, unsigned otherwise)
{
    return getenv(name) != NULL ? (unsigned)atoi(getenv(name)) : otherwise;
}

START_TEST(test_random)
{
    const unsigned first = number_in("SNN_RANDOM_FIRST", 0), seeds = number_in("SNN_RANDOM_SEEDS", SEEDS);
    unsigned trained = 0;

    for (unsigned i = first; i < first + seeds; i++)
        trained += check(i);
    ck_assert_uint_gt(trained, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: random networks of ranks");
    TCase *tc = tcase_create("random");

    tcase_set_timeout(tc, 3600);
    tcase_add_test(tc, test_random);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
