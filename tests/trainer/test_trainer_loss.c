/* What errors at the output come from, in every method: labels, targets, and the host's own function, which can be
 * the library to the last bit; and how predictions fit targets. */
#include "trainer/builder.h"
#include <float.h>
#include <snn/model.h>
#include <unistd.h>

enum { IN = 12, OUT = 3, STEPS = 4, BATCH = 6, COUNT = 20, UPDATES = 4 };

static const size_t vector[3] = { IN };

#define LIF "decay=0.5 threshold=0.7"
#define CHAIN "linear a out=20; lif n " LIF "; linear b out=16; lif m " LIF "; linear o out=3"
#define NORM "linear a out=20; batch_norm bn over=all; lif n " LIF "; linear o out=3"
#define RATES "linear a out=16; dsr_if n; linear o out=3"
#define SIDE "linear a out=20; lif n " LIF "; linear side out=3; linear b out=16 <n; lif m " LIF "; linear o out=3"
#define LOOP                                                                                                         \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=2 fire_at=0.5; " \
    "rate r; linear o out=3"

/* Every method, and every way in which it meets a loss. */
static const struct {
    const char *method, *settings, *layers;
} ways[] = {
    { "bptt", "", CHAIN },
    { "bptt", "loss_on=mean", CHAIN },
    { "bptt", "", NORM },
    { "sltt", "", CHAIN },
    { "sltt", "sampled_steps=2", CHAIN },
    { "ottt", "variant=A", CHAIN },
    { "ottt", "variant=O", CHAIN },
    { "opzo", "", CHAIN },
    { "opzo", "feedback=zo", CHAIN },
    { "opzo", "feedback=kp online=1", CHAIN },
    { "opzo", "feedback=dfa", SIDE },
    { "opzo", "global_readout=side", SIDE },
    { "sei", "", CHAIN },
    { "sei", "temporal=1 loss_on=mean", CHAIN },
    { "dsr", "", RATES },
    { "ide", "", LOOP },
    { "spide", "backward_steps=20", LOOP },
};

enum { WAYS = sizeof ways / sizeof *ways };

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
    float x[COUNT][IN], target[COUNT][OUT];
    uint32_t label[COUNT];
};

static void open_world(struct world *w, int way, const char *more, uint32_t threads)
{
    char settings[160];

    memset(w, 0, sizeof *w);
    w->ctx = test_context(threads, 5, "best");
    w->net = network_of(w->ctx, vector, ways[way].layers);
    w->opt = sgd_of(w->ctx, strcmp(ways[way].method, "spide") == 0 ? 0.001 : 0.1);
    snprintf(settings, sizeof settings, "steps=%d %s %s", STEPS, ways[way].settings, more);
    w->tr = trainer_of(w->net, w->opt, ways[way].method, settings, BATCH);
    random_fill(w->x[0], COUNT * IN, -0.5f, 1.5f, 3);
    random_fill(w->target[0], COUNT * OUT, -1, 1, 4);
    for (size_t i = 0; i < COUNT; i++)
        w->label[i] = (uint32_t)(i * i % OUT);
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static void same_parameters(const struct world *a, const struct world *b)
{
    ck_assert_mem_eq(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof *a->net->parameters);
}

/* ---- the host's own loss ---- */

/* Cross-entropy as a host would write it. */
static snn_status cross_entropy(void *user, const snn_loss_call *call)
{
    unsigned *calls = user;

    ++*calls;
    for (size_t b = 0; b < call->samples; b++) {
        const double *y = call->output + b * call->outputs;
        double largest = y[0], sum = 0;

        for (size_t c = 1; c < call->outputs; c++)
            largest = y[c] > largest ? y[c] : largest;
        for (size_t c = 0; c < call->outputs; c++)
            sum += exp(y[c] - largest);
        call->loss[b] = log(sum) - (y[call->labels[b]] - largest);
        for (size_t c = 0; c < call->outputs && call->error != NULL; c++)
            call->error[b * call->outputs + c] = exp(y[c] - largest) / sum - (c == call->labels[b] ? 1.0 : 0.0);
    }
    return SNN_OK;
}

START_TEST(test_host_is_the_library)
{
    struct world own, host;
    unsigned calls = 0;

    open_world(&own, _i, "loss=ce", 3);
    open_world(&host, _i, "loss=mse", 1);
    OK(snn_trainer_on_loss(host.tr, cross_entropy, &calls));
    for (size_t i = 0; i < UPDATES; i++) {
        snn_metrics want = SNN_METRICS_INIT, m = SNN_METRICS_INIT;

        OK(snn_trainer_step(own.tr, BATCH_OF(own.x[i], 1, own.label + i, BATCH), &want));
        OK(snn_trainer_step(host.tr, BATCH_OF(host.x[i], 1, host.label + i, BATCH), &m));
        ck_assert_double_eq(m.loss, want.loss);
        ck_assert_double_eq(m.accuracy, want.accuracy);
    }
    same_parameters(&own, &host);
    ck_assert_uint_ge(calls, UPDATES);
    OK(snn_trainer_on_loss(host.tr, NULL, NULL));
    calls = 0;
    OK(snn_trainer_step(host.tr, BATCH_OF(host.x[0], 1, host.label, BATCH), NULL));
    ck_assert_uint_eq(calls, 0);
    close_world(&own);
    close_world(&host);
}
END_TEST

/* A teacher adds to the host's loss what it adds to the library's. */
START_TEST(test_host_with_a_teacher)
{
    struct world own, host;
    unsigned calls = 0;
    float logits[BATCH * OUT];

    random_fill(logits, BATCH * OUT, -1, 1, 9);
    open_world(&own, _i, "loss=ce distil=0.3 distil_tau=2", 2);
    open_world(&host, _i, "loss=ce distil=0.3 distil_tau=2", 2);
    OK(snn_trainer_on_loss(host.tr, cross_entropy, &calls));
    for (size_t i = 0; i < UPDATES; i++) {
        OK(snn_trainer_set_logits(own.tr, logits, BATCH));
        OK(snn_trainer_set_logits(host.tr, logits, BATCH));
        OK(snn_trainer_step(own.tr, BATCH_OF(own.x[i], 1, own.label + i, BATCH), NULL));
        OK(snn_trainer_step(host.tr, BATCH_OF(host.x[i], 1, host.label + i, BATCH), NULL));
    }
    same_parameters(&own, &host);
    close_world(&own);
    close_world(&host);
}
END_TEST

enum wrong { REFUSES, GIVES_NAN, GIVES_INFINITY };

struct host {
    struct world *w;
    snn_stream *stream;
    int left; /* calls until it does what it should not */
    enum wrong wrong;
    unsigned refused;
};

static snn_status spoils(void *user, const snn_loss_call *call)
{
    struct host *h = user;
    unsigned calls = 0;
    snn_status rc = cross_entropy(&calls, call);

    if (h->left-- != 0)
        return rc;
    if (h->wrong == GIVES_NAN)
        call->loss[call->samples - 1] = NAN;
    else if (call->error != NULL)
        call->error[call->samples * call->outputs - 1] = INFINITY;
    return h->wrong == REFUSES ? SNN_ERR_CANCELLED : rc;
}

/* Whether it updates at every step: what the steps before a failure have learned stays. */
static bool is_online(int way)
{
    return strstr(ways[way].settings, "variant=O") != NULL || strstr(ways[way].settings, "online=1") != NULL;
}

static bool learns_batch(struct world *w, size_t i, enum wrong wrong)
{
    static const snn_status says[] = { SNN_ERR_CANCELLED, SNN_ERR_DIVERGED, SNN_ERR_DIVERGED };
    static const char *const text[] = { "the host's loss returned SNN_ERR_CANCELLED", "not finite", "not finite" };
    snn_status rc = snn_trainer_step(w->tr, BATCH_OF(w->x[i], 1, w->label + i, BATCH), NULL);

    ck_assert(rc == SNN_OK || (rc == says[wrong] && strstr(snn_last_error(), text[wrong]) != NULL));
    return rc == SNN_OK;
}

/* Whichever call of a batch goes wrong, the batch changes nothing, and the run goes on as if it had not been. */
START_TEST(test_failure_changes_nothing)
{
    struct world a, b;
    struct host h = { .left = -1 };
    unsigned calls = 0;
    int failures = 0, last;

    open_world(&a, _i, "", 1);
    open_world(&b, _i, "", 1);
    OK(snn_trainer_on_loss(a.tr, cross_entropy, &calls));
    OK(snn_trainer_on_loss(b.tr, spoils, &h));
    ck_assert(learns_batch(&a, 0, h.wrong) && learns_batch(&b, 0, h.wrong));
    last = is_online(_i) ? 1 : (int)calls;
    for (h.wrong = REFUSES; h.wrong <= GIVES_INFINITY; h.wrong++)
        for (int at = 0; at < last; at++) {
            h.left = at;
            if (learns_batch(&b, 1, h.wrong)) /* an infinite error where none was wanted */
                ck_assert(h.wrong == GIVES_INFINITY && learns_batch(&a, 1, h.wrong));
            else
                failures++;
            same_parameters(&a, &b);
        }
    ck_assert_int_ge(failures, 3);
    h.left = -1;
    ck_assert(learns_batch(&a, 2, REFUSES) && learns_batch(&b, 2, REFUSES));
    same_parameters(&a, &b);
    close_world(&a);
    close_world(&b);
}
END_TEST

/* What a host does in its function: calls that compute with the trainer are refused, and its numbers are C's. */
static snn_status calls_back(void *user, const snn_loss_call *call)
{
    struct host *h = user;
    volatile float tiny = FLT_MIN;
    unsigned calls = 0;
    float out[COUNT * OUT];

    tiny /= 4;
    ck_assert_msg(tiny > 0, "denormal numbers are zero here");
    h->refused += snn_trainer_step(h->w->tr, BATCH_OF(h->w->x[0], 1, h->w->label, 1), NULL) == SNN_ERR_STATE;
    h->refused += snn_trainer_predict(h->w->tr, BATCH_OF(h->w->x[0], 1, NULL, 1), out) == SNN_ERR_STATE;
    h->refused += snn_trainer_prepare(h->w->tr, BATCH) == SNN_ERR_STATE;
    h->refused += snn_trainer_on_loss(h->w->tr, NULL, NULL) == SNN_ERR_STATE;
    if (h->stream != NULL)
        h->refused += snn_stream_step(h->stream, h->w->x[0], NULL) == SNN_ERR_STATE &&
                      snn_stream_learn_label(h->stream, 0, NULL) == SNN_ERR_STATE;
    return cross_entropy(&calls, call);
}

START_TEST(test_calls_back)
{
    struct world w;
    struct host h = { .w = &w };

    open_world(&w, 0, "", 2);
    OK(snn_trainer_on_loss(w.tr, calls_back, &h));
    OK(snn_trainer_step(w.tr, BATCH_OF(w.x[0], 1, w.label, BATCH), NULL));
    ck_assert_uint_eq(h.refused, 4 * STEPS);
    close_world(&w);
}
END_TEST

/* In a stream, too, the host can be the library, and its function be called back. */
START_TEST(test_host_in_a_stream)
{
    static const char *const methods[] = { "ottt", "sltt", "opzo", "sei" };
    struct world w[2];
    snn_stream *s[2];
    struct host h = { .w = &w[1] };
    double loss[2];

    for (int i = 0; i < 2; i++) {
        open_world(&w[i], 0, "", 1);
        snn_trainer_destroy(w[i].tr);
        w[i].tr = trainer_of(w[i].net, w[i].opt, methods[_i], "steps=1", 1);
        OK(snn_trainer_stream(w[i].tr, &s[i]));
    }
    h.stream = s[1];
    OK(snn_trainer_on_loss(w[1].tr, calls_back, &h));
    for (size_t t = 0; t < COUNT; t++)
        for (int i = 0; i < 2; i++) {
            OK(snn_stream_step(s[i], w[i].x[t], NULL));
            OK(snn_stream_learn_label(s[i], w[i].label[t], &loss[i]));
            if (i == 1)
                ck_assert_double_eq(loss[0], loss[1]);
        }
    same_parameters(&w[0], &w[1]);
    ck_assert_uint_eq(h.refused, 5 * COUNT);
    close_world(&w[0]);
    close_world(&w[1]);
}
END_TEST

/* ---- labels and targets ---- */

static snn_batch targets_of(struct world *w, size_t first, size_t n)
{
    snn_batch batch = SNN_BATCH_INIT;

    batch.samples = n;
    batch.x = w->x[first];
    batch.targets = w->target[first];
    return batch;
}

static const char *const distances[] = { "loss=mse", "loss=half_square", "loss=mae", "loss=huber huber_delta=0.2" };

/* Targets that say what labels say teach the same, to the last bit. */
START_TEST(test_targets_are_labels)
{
    struct world by_label, by_target;

    open_world(&by_label, _i % WAYS, distances[_i / WAYS], 1);
    open_world(&by_target, _i % WAYS, distances[_i / WAYS], 3);
    for (size_t i = 0; i < COUNT; i++)
        for (uint32_t c = 0; c < OUT; c++)
            by_target.target[i][c] = c == by_target.label[i];
    for (size_t i = 0; i < UPDATES; i++) {
        snn_batch batch = targets_of(&by_target, i, BATCH);
        snn_metrics want = SNN_METRICS_INIT, m = SNN_METRICS_INIT;

        OK(snn_trainer_step(by_label.tr, BATCH_OF(by_label.x[i], 1, by_label.label + i, BATCH), &want));
        OK(snn_trainer_step(by_target.tr, &batch, &m));
        ck_assert_double_eq(m.loss, want.loss);
        ck_assert(isnan(m.accuracy) && isnan(want.squared_error) && isnan(want.r2));
        ck_assert(m.squared_error > 0 && m.r2 < 1);
    }
    same_parameters(&by_label, &by_target);
    close_world(&by_label);
    close_world(&by_target);
}
END_TEST

/* Targets are learned: the squared error falls. */
START_TEST(test_targets_are_learned)
{
    struct world w;
    snn_metrics first = SNN_METRICS_INIT, last = SNN_METRICS_INIT;

    open_world(&w, _i, "loss=half_square", 2);
    for (int i = 0; i < 300; i++) {
        snn_batch batch = targets_of(&w, 0, BATCH);

        OK(snn_trainer_step(w.tr, &batch, i == 0 ? &first : &last));
    }
    ck_assert_msg(last.squared_error < 0.5 * first.squared_error, "%s %s: squared error %g after %g", ways[_i].method,
                  ways[_i].settings, last.squared_error, first.squared_error);
    close_world(&w);
}
END_TEST

/* A loss of labels says what to set instead; and the batch changed nothing. */
START_TEST(test_losses_of_labels)
{
    struct world w;
    snn_batch batch;
    float before[2048];

    open_world(&w, 0, _i ? "loss=ce_mse" : "loss=ce", 1);
    batch = targets_of(&w, 0, BATCH);
    memcpy(before, w.net->parameters, w.net->n_parameters * sizeof *before);
    FAILS(snn_trainer_step(w.tr, &batch, NULL), SNN_ERR_ARGUMENT, "for targets set loss to mse, half_square, mae or");
    ck_assert_mem_eq(before, w.net->parameters, w.net->n_parameters * sizeof *before);
    close_world(&w);
}
END_TEST

/* ---- how predictions fit ---- */

struct fit {
    double square, smape, r2;
};

/* As its definition reads, from predictions y. */
static struct fit fit_of(const float *y, const float *a, size_t n)
{
    struct fit f = { 0, 0, 0 };

    for (size_t c = 0; c < OUT; c++) {
        double mean = 0, error = 0, spread = 0;

        for (size_t i = 0; i < n; i++)
            mean += a[i * OUT + c] / (double)n;
        for (size_t i = 0; i < n; i++) {
            error += ((double)y[i * OUT + c] - a[i * OUT + c]) * ((double)y[i * OUT + c] - a[i * OUT + c]);
            spread += (a[i * OUT + c] - mean) * (a[i * OUT + c] - mean);
            f.smape += 200 * fabs((double)y[i * OUT + c] - a[i * OUT + c]) /
                       (fabs((double)y[i * OUT + c]) + fabs((double)a[i * OUT + c])) / (double)(n * OUT);
        }
        f.square += error / (double)(n * OUT);
        f.r2 += (1 - error / spread) / OUT;
    }
    return f;
}

START_TEST(test_fit_of_a_step)
{
    struct world w;
    float out[BATCH * OUT];
    snn_metrics m = SNN_METRICS_INIT;
    snn_batch batch;
    struct fit want;

    open_world(&w, 0, "loss=mse", 2);
    batch = targets_of(&w, 0, BATCH);
    for (size_t i = 0; i < BATCH; i++)
        w.target[i][1] += 1e5f; /* a large mean costs no digits */
    OK(snn_trainer_predict(w.tr, &batch, out));
    for (size_t i = 0; i < BATCH * OUT; i++)
        out[i] /= STEPS;
    OK(snn_optimizer_set_f64(w.opt, SNN_OPTIMIZER_CLIP_NORM, 1));
    OK(snn_trainer_step(w.tr, &batch, &m));
    want = fit_of(out, w.target[0], BATCH);
    ck_assert_double_eq_tol(m.squared_error, want.square, 1e-6 * want.square);
    ck_assert_double_eq_tol(m.r2, want.r2, 1e-6 * fabs(want.r2));
    ck_assert_double_eq_tol(m.smape, want.smape, 1e-6 * want.smape);
    close_world(&w);
}
END_TEST

/* Two zeros are no error, opposite signs the largest. */
START_TEST(test_smape_at_its_bounds)
{
    struct world w;
    snn_metrics m = SNN_METRICS_INIT;
    snn_batch batch;
    float out[BATCH * OUT];

    open_world(&w, 0, "loss=mse", 1);
    batch = targets_of(&w, 0, BATCH);
    memset(w.net->parameters, 0, w.net->n_parameters * sizeof *w.net->parameters);
    memset(w.target, 0, sizeof w.target);
    OK(snn_trainer_predict(w.tr, &batch, out));
    for (size_t i = 0; i < BATCH * OUT; i++)
        ck_assert(out[i] == 0.0f);
    w.target[0][0] = -3;
    OK(snn_trainer_step(w.tr, &batch, &m));
    ck_assert_double_eq_tol(m.smape, 200.0 / (BATCH * OUT), 1e-12);
    close_world(&w);
}
END_TEST

/* Outputs whose targets are all the same are left out of R2; where all are, there is none. */
START_TEST(test_fit_of_constant_targets)
{
    struct world w;
    snn_metrics m = SNN_METRICS_INIT;
    snn_batch batch;
    float out[BATCH * OUT];
    double error = 0, spread = 0, mean = 0;

    open_world(&w, 0, "loss=mse", 1);
    batch = targets_of(&w, 0, BATCH);
    for (size_t i = 0; i < BATCH; i++)
        w.target[i][0] = w.target[i][2] = 0.1f;
    OK(snn_trainer_predict(w.tr, &batch, out));
    for (size_t i = 0; i < BATCH; i++)
        mean += w.target[i][1] / (double)BATCH;
    for (size_t i = 0; i < BATCH; i++) {
        error += pow((double)out[i * OUT + 1] / STEPS - w.target[i][1], 2);
        spread += pow(w.target[i][1] - mean, 2);
    }
    OK(snn_trainer_step(w.tr, &batch, &m));
    ck_assert_double_eq_tol(m.r2, 1 - error / spread, 1e-5);
    batch.samples = 1;
    OK(snn_trainer_step(w.tr, &batch, &m));
    ck_assert(isnan(m.r2) && m.squared_error > 0);
    close_world(&w);
}
END_TEST

/* ---- epochs ---- */

struct watch {
    struct world *w;
    const snn_dataset *set;
    snn_progress last;
    uint64_t stop_at;
    bool looks;
};

static snn_status read_world(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct world *w = user;

    (void)frame;
    memcpy(sample->x, w->x[index], sizeof w->x[index]);
    memcpy(sample->target, w->target[index], sizeof w->target[index]);
    return SNN_OK;
}

static snn_dataset *set_of(struct world *w)
{
    snn_dataset_source source;
    snn_dataset *set = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = IN;
    source.count = COUNT;
    source.targets = OUT;
    source.read = read_world;
    source.user = w;
    OK(snn_dataset_create(&set, w->ctx, &source));
    return set;
}

static int watch(void *user, const snn_progress *progress)
{
    struct watch *k = user;

    k->last = *progress;
    if (k->looks && progress->training)
        OK(snn_trainer_evaluate(k->w->tr, k->set, NULL));
    return progress->training && progress->done == k->stop_at;
}

START_TEST(test_fit_of_an_evaluation)
{
    struct world w;
    snn_dataset *set;
    float out[COUNT * OUT];
    snn_metrics m = SNN_METRICS_INIT;
    struct watch k = { .w = &w };
    struct fit want;

    open_world(&w, 0, "loss=mse", 2);
    set = set_of(&w);
    for (size_t i = 0; i < COUNT; i += BATCH) {
        snn_batch batch = targets_of(&w, i, COUNT - i < BATCH ? COUNT - i : BATCH);

        OK(snn_trainer_predict(w.tr, &batch, out + i * OUT));
    }
    for (size_t i = 0; i < COUNT * OUT; i++)
        out[i] /= STEPS;
    want = fit_of(out, w.target[0], COUNT);
    OK(snn_trainer_on_progress(w.tr, watch, &k));
    OK(snn_trainer_evaluate(w.tr, set, &m));
    ck_assert_double_eq_tol(m.squared_error, want.square, 1e-6);
    ck_assert_double_eq_tol(m.r2, want.r2, 1e-5);
    ck_assert_double_eq(k.last.squared_error, m.squared_error);
    ck_assert_double_eq(k.last.r2, m.r2);
    ck_assert(isnan(k.last.accuracy) && isnan(m.accuracy));
    snn_dataset_destroy(set);
    close_world(&w);
}
END_TEST

/* Figures of an epoch are the same whether it is looked at, cancelled, or goes on from a checkpoint. */
START_TEST(test_fit_of_an_epoch)
{
    struct world w[3];
    snn_dataset *set[3];
    snn_metrics m[3] = { SNN_METRICS_INIT, SNN_METRICS_INIT, SNN_METRICS_INIT };
    struct watch k = { .w = &w[1], .stop_at = 2 * BATCH, .looks = true };
    char path[64];

    snprintf(path, sizeof path, "/tmp/snn-fit-%ld.snn", (long)getpid());
    for (int i = 0; i < 3; i++) {
        open_world(&w[i], 5, "loss=mse", i == 1 ? 3 : 1);
        set[i] = set_of(&w[i]);
    }
    OK(snn_trainer_epoch(w[0].tr, set[0], &m[0]));
    k.set = set[1];
    OK(snn_trainer_on_progress(w[1].tr, watch, &k));
    FAILS(snn_trainer_epoch(w[1].tr, set[1], NULL), SNN_ERR_CANCELLED, "");
    OK(snn_trainer_save(w[1].tr, path));
    OK(snn_trainer_epoch(w[1].tr, set[1], &m[1]));
    OK(snn_trainer_load(w[2].tr, path));
    OK(snn_trainer_epoch(w[2].tr, set[2], &m[2]));
    for (int i = 1; i < 3; i++) {
        ck_assert_double_eq(m[i].loss, m[0].loss);
        ck_assert_double_eq(m[i].squared_error, m[0].squared_error);
        ck_assert_double_eq(m[i].r2, m[0].r2);
        ck_assert(isnan(m[i].accuracy));
    }
    remove(path);
    for (int i = 0; i < 3; i++) {
        snn_dataset_destroy(set[i]);
        close_world(&w[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: losses");
    TCase *tc = tcase_create("losses");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_host_is_the_library, 0, WAYS);
    tcase_add_loop_test(tc, test_host_with_a_teacher, 0, WAYS);
    tcase_add_loop_test(tc, test_failure_changes_nothing, 0, WAYS);
    tcase_add_test(tc, test_calls_back);
    tcase_add_loop_test(tc, test_host_in_a_stream, 0, 4);
    tcase_add_loop_test(tc, test_targets_are_labels, 0, 4 * WAYS);
    tcase_add_loop_test(tc, test_targets_are_learned, 0, WAYS);
    tcase_add_loop_test(tc, test_losses_of_labels, 0, 2);
    tcase_add_test(tc, test_fit_of_a_step);
    tcase_add_test(tc, test_smape_at_its_bounds);
    tcase_add_test(tc, test_fit_of_constant_targets);
    tcase_add_test(tc, test_fit_of_an_evaluation);
    tcase_add_test(tc, test_fit_of_an_epoch);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
