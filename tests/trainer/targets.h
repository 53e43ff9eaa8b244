/* Samples with targets and lengths, as the arrays of a host and as a data set. */
#ifndef SNN_TESTS_TRAINER_TARGETS_H
#define SNN_TESTS_TRAINER_TARGETS_H

#include "trainer/builder.h"

enum { IN = 12, OUT = 3, STEPS = 5, BATCH = 3, COUNT = 8, EPOCHS = 2 };

#define LIF "lif n decay=0.6 threshold=0.7"
#define CHAIN "linear a out=20; " LIF "; linear b out=16; lif m decay=0.8 threshold=0.5; linear o out=3"
#define NORM "linear a out=20; batch_norm bn over=all; " LIF "; linear o out=3"
#define FEEDBACK "linear a out=12; linear w out=12 <n:1; add s <a <w; " LIF "; linear o out=3"
#define RATES "linear a out=16; dsr_if n; linear o out=3"
#define LOOP                                                                                                         \
    "linear a out=8; linear w out=8 bias=0 norm=frobenius range=1 <n:1; add s <a <w; if n threshold=2 fire_at=0.5; " \
    "rate r; linear o out=3"

/* Loss of each step's output: targets for each step, and lengths. */
static const struct {
    const char *name, *method, *settings, *layers;
} ways[] = {
    { "bptt", "bptt", "loss=mse", CHAIN },
    { "bptt, norm over all steps", "bptt", "loss=huber", NORM },
    { "bptt, feedback", "bptt", "loss=mse", FEEDBACK },
    { "sltt", "sltt", "loss=mae", CHAIN },
    { "sltt, three steps", "sltt", "loss=mse sampled_steps=3", CHAIN },
    { "ottt", "ottt", "loss=half_square", CHAIN },
    { "ottt, online", "ottt", "loss=mse variant=O", CHAIN },
    { "opzo", "opzo", "loss=mse", CHAIN },
    { "opzo, the loss", "opzo", "loss=mse feedback=zo", CHAIN },
    { "sei", "sei", "loss=mse", CHAIN },
    { "sei, through time", "sei", "loss=mse temporal=1", CHAIN },
    { "sei, norm over all steps", "sei", "loss=mse", NORM },
};

/* One loss of all steps. */
static const struct {
    const char *method, *settings, *layers;
} wholes[] = {
    { "bptt", "loss=mse loss_on=mean", CHAIN },
    { "dsr", "loss=mse", RATES },
    { "ide", "loss=mse", LOOP },
};

enum { WAYS = sizeof ways / sizeof *ways, WHOLES = sizeof wholes / sizeof *wholes };

/* ---- samples ---- */

struct set {
    float x[COUNT][STEPS][IN], target[COUNT][STEPS][OUT];
    uint32_t length[COUNT], label[COUNT], step_label[COUNT][STEPS];
    size_t frames, target_frames; /* 0: labels */
    bool label_steps;             /* of each step */
    bool has_lengths;
    /* what the callback does wrong, where `bad` is the sample */
    size_t bad, bad_frame;
    enum wrong { FINE, FAILS_TO_READ, TARGET_NAN, NO_FRAMES, TOO_MANY_FRAMES, REPLACES_X } wrong;
    _Atomic unsigned past; /* frames asked for behind a sample's length */
};

static inline void fill(struct set *s, size_t frames, size_t target_frames, bool has_lengths)
{
    memset(s, 0, sizeof *s);
    random_fill(s->x[0][0], COUNT * STEPS * IN, -0.5f, 1.5f, 3);
    random_fill(s->target[0][0], COUNT * STEPS * OUT, -1.0f, 1.0f, 4);
    for (size_t i = 0; i < COUNT; i++) {
        s->length[i] = has_lengths ? (uint32_t)(1 + i * 3 % STEPS) : STEPS;
        s->label[i] = (uint32_t)(i * 5 % OUT);
        for (size_t t = 0; t < STEPS; t++)
            s->step_label[i][t] = (uint32_t)((i + 2 * t) % OUT);
    }
    s->frames = frames;
    s->target_frames = target_frames;
    s->has_lengths = has_lengths;
    s->bad = SIZE_MAX;
}

static inline snn_status do_wrong(const struct set *s, snn_sample *sample)
{
    static float elsewhere[IN];

    switch (s->wrong) {
    case FAILS_TO_READ:
        return SNN_ERR_IO;
    case TARGET_NAN:
        sample->target[1] = NAN;
        break;
    case NO_FRAMES:
        sample->length = 0;
        break;
    case TOO_MANY_FRAMES:
        sample->length = STEPS + 1;
        break;
    case REPLACES_X:
        sample->x = elsewhere;
        break;
    default:
        break;
    }
    return SNN_OK;
}

static inline snn_status read_one(void *user, size_t index, size_t frame, snn_sample *sample)
{
    struct set *s = user;

    if (frame < s->frames)
        memcpy(sample->x, s->x[index][frame], sizeof s->x[index][frame]);
    else /* a target alone */
        for (size_t i = 0; i < IN; i++)
            sample->x[i] = NAN;
    if (s->target_frames > 0)
        memcpy(sample->target, s->target[index][s->target_frames > 1 ? frame : 0], sizeof s->target[index][0]);
    else
        sample->label = s->label_steps ? s->step_label[index][frame] : s->label[index];
    if (frame == 0 && s->has_lengths)
        sample->length = s->length[index];
    s->past += frame >= s->length[index];
    return index == s->bad && frame == s->bad_frame ? do_wrong(s, sample) : SNN_OK;
}

static inline snn_dataset *dataset(snn_context *ctx, struct set *s)
{
    snn_dataset_source source;
    snn_dataset *out = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = IN;
    source.count = COUNT;
    source.frames = s->frames;
    if (s->target_frames > 0) {
        source.targets = OUT;
        source.target_frames = s->target_frames;
    } else {
        source.classes = OUT;
        source.target_frames = s->label_steps ? STEPS : 1;
    }
    source.read = read_one;
    source.user = s;
    OK(snn_dataset_create(&out, ctx, &source));
    return out;
}

/* Samples from `first` on as the host's arrays. */
struct arrays {
    float x[STEPS][BATCH][IN], target[STEPS][BATCH][OUT];
    uint32_t length[BATCH], label[STEPS * BATCH]; /* [T,n] */
};

static inline snn_batch batch_of(struct arrays *a, const struct set *s, size_t first, size_t n)
{
    snn_batch batch = SNN_BATCH_INIT;

    for (size_t t = 0; t < STEPS; t++)
        for (size_t b = 0; b < n; b++) {
            memcpy(a->x[0][0] + (t * n + b) * IN, s->x[first + b][t], sizeof s->x[0][0]);
            memcpy(a->target[0][0] + (t * n + b) * OUT, s->target[first + b][t], sizeof s->target[0][0]);
            a->length[b] = s->length[first + b];
            a->label[t * n + b] = s->step_label[first + b][t];
        }
    batch.samples = n;
    batch.frames = s->frames;
    batch.x = a->x[0][0];
    batch.targets = s->target_frames > 0 ? a->target[0][0] : NULL;
    batch.target_frames = s->target_frames;
    batch.labels = s->target_frames > 0 ? NULL : s->label + first;
    if (s->label_steps) {
        batch.labels = a->label;
        batch.target_frames = STEPS;
    }
    batch.lengths = s->has_lengths ? a->length : NULL;
    return batch;
}

/* ---- a trainer ---- */

struct world {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;
};

static inline void open_world(struct world *w, const char *method, const char *settings, const char *layers,
                              uint32_t threads)
{
    static const size_t shape[3] = { IN };
    char text[128];

    snprintf(text, sizeof text, "steps=%d shuffle=0 %s", STEPS, settings);
    w->ctx = test_context(threads, 5, "best");
    w->net = network_of(w->ctx, shape, layers);
    w->opt = sgd_of(w->ctx, 0.05);
    w->tr = trainer_of(w->net, w->opt, method, text, BATCH);
}

static inline void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->opt);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static inline void check_same(const struct world *a, const struct world *b, const char *name)
{
    ck_assert_uint_eq(a->net->n_parameters, b->net->n_parameters);
    ck_assert_msg(memcmp(a->net->parameters, b->net->parameters, a->net->n_parameters * sizeof(float)) == 0,
                  "%s: parameters differ", name);
}

static inline void check_near(const struct world *a, const struct world *b)
{
    ck_assert_double_lt(distance(a->net->parameters, b->net->parameters, a->net->n_parameters), 1e-6);
}

#endif
