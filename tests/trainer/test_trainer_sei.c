/* sei beyond its golden cases: what it has in common with sltt and bptt, teachers, what latent weights are spared,
 * memory, the same bits for any number of threads and after a resumed run. */
#include "builder.h"
#include "layer/layer.h"
#include <snn/model.h>
#include <unistd.h>

enum { BATCH = 5, CLASSES = 3, COUNT = 20 };

#define LIF "decay=0.5 surrogate=sigmoid"
#define MLP                                                                                                        \
    "linear a out=12; batch_norm bn; plif n; linear b out=12 bias=0 binary=scaled back=%s; batch_norm bn2; add s " \
    "<bn2 <bn; lif m " LIF "; linear o out=3"
#define CONV                                                                                                    \
    "conv2d a out=6 pad=1; batch_norm bn %s; lif n " LIF "; conv2d b out=6 pad=1 bias=0 binary=%s back=%s; "    \
    "batch_norm bn2 %s; add s <bn2 <bn; plif m decay=0.5 per_neuron=1; conv2d c out=8 pad=1 stride=2 groups=2 " \
    "bias=0 binary=scaled; batch_norm bn3 %s; lif k " LIF "; avgpool p kernel=0; flatten f; linear o out=3"

static const size_t vector[3] = { 8 }, map[3] = { 2, 6, 6 };

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *sgd;
    snn_trainer *tr;
    size_t frames;
    float *x;
    uint32_t label[BATCH];
};

static void layers_of(char text[1024], int kind)
{
    static const char *const back[] = { "ste", "scale", "full" };
    const char *over = kind % 2 ? "over=all" : "over=step";

    if (kind < 3)
        snprintf(text, 1024, MLP, back[kind]);
    else
        snprintf(text, 1024, CONV, over, kind == 5 ? "sign" : "scaled", back[kind % 3], over, over);
}

enum { KINDS = 6 }; /* 3 and 5 have batch norms over all steps */

static void open_rig(struct rig *r, int kind, const char *method, const char *settings, uint32_t threads,
                     bool is_static)
{
    const size_t *shape = kind < 3 ? vector : map;
    size_t one = BATCH * length_of(shape);
    char text[1024];

    memset(r, 0, sizeof *r);
    r->ctx = test_context(threads, 3, "best");
    layers_of(text, kind);
    r->net = network_of(r->ctx, shape, text);
    shake(r->net);
    r->sgd = sgd_of(r->ctx, 0.05);
    OK(snn_optimizer_set_f64(r->sgd, SNN_OPTIMIZER_MOMENTUM, 0.9));
    r->tr = trainer_of(r->net, r->sgd, method, settings, BATCH);
    r->frames = is_static ? 1 : r->tr->steps;
    r->x = malloc(r->frames * one * sizeof *r->x);
    random_fill(r->x, r->frames * one, -1.5f, 2.5f, 5);
    for (uint32_t b = 0; b < BATCH; b++)
        r->label[b] = b % CLASSES;
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->sgd);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
}

static snn_metrics step(struct rig *r)
{
    snn_metrics m = SNN_METRICS_INIT;

    OK(snn_trainer_step(r->tr, BATCH_OF(r->x, r->frames, r->label, BATCH), &m));
    return m;
}

static void train(int kind, const char *method, const char *settings, uint32_t threads, bool is_static, float *out,
                  size_t *n)
{
    struct rig r;

    open_rig(&r, kind, method, settings, threads, is_static);
    for (int i = 0; i < 3; i++)
        step(&r);
    *n = r.net->n_parameters;
    memcpy(out, r.net->parameters, *n * sizeof *out);
    close_rig(&r);
}

/* ---- what it has in common with other methods ---- */

/* Without a norm over all steps, the members of the ensemble are the steps of sltt. */
START_TEST(test_is_sltt)
{
    static float a[8192], b[8192];
    size_t n;

    if (_i == 3 || _i == 5)
        return;
    train(_i, "sei", "steps=4", 1, false, a, &n);
    train(_i, "sltt", "steps=4", 1, false, b, &n);
    ck_assert(memcmp(a, b, n * sizeof *a) == 0);
}
END_TEST

START_TEST(test_is_bptt_without_reset)
{
    static float a[8192], b[8192];
    size_t n;

    train(_i, "sei", "steps=4 temporal=1", 1, false, a, &n);
    train(_i, "bptt", "steps=4 detach_reset=1", 1, false, b, &n);
    ck_assert(memcmp(a, b, n * sizeof *a) == 0);
}
END_TEST

/* All steps are kept for a norm that has no say: the gradient is still that of single steps. */
START_TEST(test_kept_steps)
{
    static const char layers[] =
        "linear a out=9; plif n per_neuron=%d; linear d out=9; batch_norm z over=%s; scale y value=0; "
        "add s <d <y; cuba m; linear b out=9 binary=scaled; alif k; linear o out=3";
    static float x[4 * BATCH * 8], g[2][1024];
    size_t n = 0;

    random_fill(x, 4 * BATCH * 8, -1.5f, 2.5f, 5);
    for (int i = 0; i < 2; i++) {
        snn_context *ctx = test_context(1, 3, "best");
        snn_optimizer *sgd = sgd_of(ctx, 0);
        uint32_t label[BATCH] = { 0, 1, 2, 0, 1 };
        snn_network *net;
        snn_trainer *tr;
        char text[512];

        snprintf(text, sizeof text, layers, _i, i ? "all" : "step");
        net = network_of(ctx, vector, text);
        shake(net);
        tr = trainer_of(net, sgd, "sei", "steps=4", BATCH);
        OK(snn_trainer_step(tr, BATCH_OF(x, 4, label, BATCH), NULL));
        read_all_gradients(tr, g[i]);
        n = net->n_parameters;
        snn_trainer_destroy(tr);
        snn_optimizer_destroy(sgd);
        snn_network_destroy(net);
        snn_context_destroy(ctx);
    }
    ck_assert_msg(distance(g[1], g[0], n) < 1e-5, "%g", distance(g[1], g[0], n));
}
END_TEST

/* ---- latent weights ---- */

static void check_wild(const struct rig *r, bool clipped)
{
    float largest = 0;

    for (size_t l = 0; l < r->net->n_layers; l++)
        for (size_t t = 0; t < r->net->layer[l]->n_tensors; t++)
            for (size_t i = 0; r->net->layer[l]->tensor[t].latent && i < r->net->layer[l]->tensor[t].length; i++)
                largest = fmaxf(largest, fabsf(r->net->layer[l]->tensor[t].data[i]));
    ck_assert_msg(clipped ? largest == 1.0f : largest > 1.0f, "%g", largest);
}

START_TEST(test_clip)
{
    struct rig r;
    snn_layer *layer;
    char text[1024];

    open_rig(&r, 0, "sei", "steps=2", 1, true);
    OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_LR, 1000));
    step(&r);
    check_wild(&r, true);
    snn_trainer_destroy(r.tr);
    snn_network_destroy(r.net);
    r.net = NULL;
    OK(snn_network_create(&r.net, r.ctx, vector, 1));
    layers_of(text, 0);
    OK(add_layers(r.net, text));
    layer = snn_network_layer_named(r.net, "b");
    OK(snn_layer_set_i64(layer, SNN_LAYER_CLIP_LATENT, 0));
    r.tr = trainer_of(r.net, r.sgd, "sei", "steps=2", BATCH);
    step(&r);
    check_wild(&r, false);
    close_rig(&r);
}
END_TEST

/* Weight decay moves all but latent weights; with every optimizer. */
START_TEST(test_no_decay)
{
    static float w[2][8192];
    struct rig r;
    size_t spared = 0, moved = 0;

    for (int i = 0; i < 2; i++) {
        open_rig(&r, 4, "sei", "steps=2", 1, true);
        snn_trainer_destroy(r.tr);
        snn_optimizer_destroy(r.sgd);
        OK(snn_optimizer_create(&r.sgd, r.ctx, snn_name(SNN_NAME_OPTIMIZER, (size_t)_i)));
        OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_LR, 0.01));
        OK(snn_optimizer_set_f64(r.sgd, SNN_OPTIMIZER_WEIGHT_DECAY, i ? 0.5 : 0));
        r.tr = trainer_of(r.net, r.sgd, "sei", "steps=2", BATCH);
        step(&r);
        memcpy(w[i], r.net->parameters, r.net->n_parameters * sizeof(float));
        if (i == 0)
            close_rig(&r);
    }
    for (size_t l = 0; l < r.net->n_layers; l++)
        for (size_t t = 0; t < r.net->layer[l]->n_tensors; t++) {
            const struct snn__tensor *tensor = &r.net->layer[l]->tensor[t];
            bool same = tensor->trained &&
                        memcmp(w[0] + tensor->offset, w[1] + tensor->offset, tensor->length * sizeof(float)) == 0;

            ck_assert(!tensor->latent || same);
            spared += tensor->latent;
            moved += tensor->trained && !same;
        }
    ck_assert_uint_eq(spared, 2);
    ck_assert_uint_ge(moved, 8);
    close_rig(&r);
}
END_TEST

/* ---- teachers ---- */

struct school {
    struct rig r;
    snn_network *net;
    snn_trainer *teacher;
};

static void open_school(struct school *s, const char *settings, const char *layers)
{
    open_rig(&s->r, 4, "sei", settings, 2, true);
    s->net = network_of(s->r.ctx, map, layers);
    s->teacher = evaluator_of(s->net, "steps=6", BATCH);
}

static void close_school(struct school *s)
{
    snn_trainer_destroy(s->teacher);
    snn_network_destroy(s->net);
    close_rig(&s->r);
}

#define TEACHER "conv2d a out=4; lif n; flatten f; linear o out=3"

/* A teacher gives what the host could have supplied. */
START_TEST(test_teacher)
{
    static float w[2][8192];
    float p[BATCH * CLASSES];
    double loss[2];
    size_t n = 0;

    for (int i = 0; i < 2; i++) {
        struct school s;

        open_school(&s, _i ? "steps=3 distil=0.7 distil_tau=4 loss_on=mean" : "steps=3 distil=1", TEACHER);
        if (i == 0)
            OK(snn_trainer_set_teacher(s.r.tr, s.teacher));
        for (int k = 0; k < 2; k++) {
            OK(snn_trainer_predict(s.teacher, BATCH_OF(s.r.x, 1, NULL, BATCH), p));
            for (size_t j = 0; j < BATCH * CLASSES; j++)
                p[j] *= 1.0f / 6.0f;
            if (i == 1)
                OK(snn_trainer_set_logits(s.r.tr, p, BATCH));
            loss[i] = step(&s.r).loss;
        }
        n = s.r.net->n_parameters;
        memcpy(w[i], s.r.net->parameters, n * sizeof(float));
        close_school(&s);
    }
    ck_assert(loss[0] == loss[1] && loss[0] > 0);
    ck_assert(memcmp(w[0], w[1], n * sizeof(float)) == 0);
}
END_TEST

/* The teacher sees the very samples of the epoch, shuffled and augmented: its own copy leaves no distance. */
START_TEST(test_same_samples)
{
    static float x[COUNT * 72];
    uint32_t label[COUNT] = { 0 };
    struct array_set arrays = { x, label, 72, 1 };
    snn_metrics m = SNN_METRICS_INIT;
    struct school s;
    snn_dataset *set;

    random_fill(x, COUNT * 72, -2, 3, 1);
    open_school(&s, "steps=6 distil=1", TEACHER);
    snn_trainer_destroy(s.r.tr);
    OK(snn_optimizer_set_f64(s.r.sgd, SNN_OPTIMIZER_LR, 0));
    s.r.tr = trainer_of(s.net, s.r.sgd, "sei", "steps=6 distil=1 loss_on=mean", BATCH);
    set = dataset_of(s.r.ctx, &arrays, map, COUNT, CLASSES);
    OK(snn_dataset_set_i64(set, SNN_DATASET_CROP_PAD, 2));
    OK(snn_dataset_set_i64(set, SNN_DATASET_FLIP, 1));
    OK(snn_trainer_set_teacher(s.r.tr, s.teacher));
    for (int i = 0; i < 2; i++) {
        OK(snn_trainer_epoch(s.r.tr, set, &m));
        ck_assert_msg(fabs(m.loss) < 1e-7, "%g", m.loss);
    }
    OK(snn_trainer_evaluate(s.r.tr, set, &m));
    ck_assert_double_gt(m.loss, 0.1); /* of the labels alone */
    snn_dataset_destroy(set);
    close_school(&s);
}
END_TEST

static snn_status refuse_loss(void *user, const snn_loss_call *call)
{
    (void)user, (void)call;
    return SNN_ERR_IO;
}

/* Logits are for the batch that is trained: one that was refused can be tried again, and what the teacher said of an
 * epoch's batches is not taken for them. */
START_TEST(test_logits_wait)
{
    static float x[COUNT * 72];
    uint32_t label[COUNT] = { 0 };
    struct array_set arrays = { x, label, 72, 1 };
    float p[BATCH * CLASSES];
    double loss[2];

    random_fill(x, COUNT * 72, -2, 3, 1);
    random_fill(p, BATCH * CLASSES, -1, 1, 2);
    for (int i = 0; i < 2; i++) {
        struct school s;
        snn_dataset *set;

        open_school(&s, "steps=3 distil=0.5", TEACHER);
        set = dataset_of(s.r.ctx, &arrays, map, COUNT, CLASSES);
        if (_i || i == 1)
            OK(snn_trainer_set_logits(s.r.tr, p, BATCH));
        if (_i && i == 1) {
            OK(snn_trainer_on_loss(s.r.tr, refuse_loss, NULL));
            FAILS(snn_trainer_step(s.r.tr, BATCH_OF(s.r.x, 1, s.r.label, BATCH), NULL), SNN_ERR_IO, "host's loss");
            OK(snn_trainer_on_loss(s.r.tr, NULL, NULL));
        }
        if (!_i) {
            OK(snn_trainer_set_teacher(s.r.tr, s.teacher));
            OK(snn_trainer_epoch(s.r.tr, set, NULL));
        }
        loss[i] = step(&s.r).loss;
        snn_dataset_destroy(set);
        close_school(&s);
    }
    ck_assert_msg(loss[0] == loss[1], "%.9g, %.9g", loss[0], loss[1]);
}
END_TEST

/* A loss of the host's that gives its trainer other logits while a batch is under way. */
static snn_status changes_logits(void *user, const snn_loss_call *call)
{
    static const float other[BATCH * CLASSES];

    FAILS(snn_trainer_set_logits(user, other, BATCH), SNN_ERR_STATE, "callback");
    for (size_t b = 0; b < call->samples; b++)
        call->loss[b] = 0;
    for (size_t i = 0; i < call->samples * call->outputs && call->error != NULL; i++)
        call->error[i] = 0;
    return SNN_OK;
}

START_TEST(test_logits_of_a_batch_stay)
{
    float p[BATCH * CLASSES];
    struct school s;

    random_fill(p, BATCH * CLASSES, -1, 1, 2);
    open_school(&s, "steps=3 distil=0.5", TEACHER);
    OK(snn_trainer_set_logits(s.r.tr, p, BATCH));
    OK(snn_trainer_on_loss(s.r.tr, changes_logits, s.r.tr));
    step(&s.r);
    close_school(&s);
}
END_TEST

START_TEST(test_wrong_teachers)
{
    float p[BATCH * CLASSES] = { 0 };
    struct school s;
    snn_context *ctx = test_context(1, 3, "best");
    snn_network *net = network_of(ctx, map, TEACHER), *other, *small;
    snn_trainer *far = evaluator_of(net, "steps=6", BATCH), *wide, *narrow;

    open_school(&s, "steps=3 distil=0.5", TEACHER);
    other = network_of(s.r.ctx, vector, "linear o out=3");
    small = network_of(s.r.ctx, map, "flatten f; linear o out=4");
    wide = evaluator_of(other, "", BATCH);
    narrow = evaluator_of(small, "", BATCH);
    FAILS(snn_trainer_step(s.r.tr, BATCH_OF(s.r.x, 1, s.r.label, BATCH), NULL), SNN_ERR_STATE,
          "neither a teacher nor its logits");
    FAILS(snn_trainer_set_teacher(NULL, s.teacher), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_trainer_set_teacher(s.r.tr, s.r.tr), SNN_ERR_ARGUMENT, "its own teacher");
    FAILS(snn_trainer_set_teacher(s.r.tr, far), SNN_ERR_ARGUMENT, "another context");
    FAILS(snn_trainer_set_teacher(s.r.tr, wide), SNN_ERR_SHAPE, "the teacher [8]");
    FAILS(snn_trainer_set_teacher(s.r.tr, narrow), SNN_ERR_SHAPE, "the teacher [4]");
    FAILS(snn_trainer_set_logits(s.r.tr, NULL, BATCH), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_trainer_set_logits(s.r.tr, p, BATCH + 1), SNN_ERR_ARGUMENT, "logits of 6 samples");
    FAILS(snn_trainer_set_logits(s.teacher, p, BATCH), SNN_ERR_STATE, "it evaluates");
    p[2] = NAN;
    FAILS(snn_trainer_set_logits(s.r.tr, p, BATCH), SNN_ERR_ARGUMENT, "not finite");
    p[2] = 0;
    OK(snn_trainer_set_logits(s.r.tr, p, 2));
    FAILS(snn_trainer_step(s.r.tr, BATCH_OF(s.r.x, 1, s.r.label, BATCH), NULL), SNN_ERR_ARGUMENT,
          "logits of 2 samples for a batch of 5");
    OK(snn_trainer_set_teacher(s.r.tr, s.teacher));
    OK(snn_trainer_prepare(s.teacher, BATCH - 1));
    FAILS(snn_trainer_step(s.r.tr, BATCH_OF(s.r.x, 1, s.r.label, BATCH), NULL), SNN_ERR_STATE,
          "not prepared for batches of 5");
    OK(snn_trainer_prepare(s.teacher, BATCH));
    OK(snn_trainer_set_logits(s.r.tr, p, BATCH));
    step(&s.r);
    step(&s.r); /* the logits were for one batch */
    OK(snn_trainer_set_teacher(s.r.tr, NULL));
    FAILS(snn_trainer_step(s.r.tr, BATCH_OF(s.r.x, 1, s.r.label, BATCH), NULL), SNN_ERR_STATE, "neither");
    snn_trainer_destroy(wide);
    snn_trainer_destroy(narrow);
    snn_trainer_destroy(far);
    snn_network_destroy(other);
    snn_network_destroy(small);
    snn_network_destroy(net);
    close_school(&s);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- what is refused ---- */

static const struct {
    const char *layers;
    const char *part;
} refused[] = {
    { "linear a out=8; add s <a <w:1; lif n; linear w out=8; linear o out=3 <n", "layer s reads an earlier step" },
    { "linear a out=8 binary=scaled standardise=1; lif n; linear o out=3", "layer a: binary weights" },
    { "linear a out=8 binary=sign norm=frobenius; lif n; linear o out=3", "layer a: binary weights" },
};

START_TEST(test_refused)
{
    snn_context *ctx = test_context(1, 3, "best");
    snn_optimizer *sgd = sgd_of(ctx, 0.1);
    snn_network *net = NULL;
    snn_trainer *tr;
    snn_status rc;

    OK(snn_network_create(&net, ctx, vector, 1));
    OK(add_layers(net, refused[_i].layers));
    rc = snn_trainer_create(&tr, net, sgd, "sei"); /* which prepares the network */
    FAILS(rc == SNN_OK ? snn_trainer_prepare(tr, BATCH) : rc, SNN_ERR_UNSUPPORTED, refused[_i].part);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- memory, threads, files ---- */

START_TEST(test_no_allocation)
{
    struct school s;
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

    open_school(&s, _i ? "steps=3 distil=0.5 temporal=1" : "steps=3 distil=0.5", TEACHER);
    OK(snn_trainer_set_teacher(s.r.tr, s.teacher));
    OK(snn_context_get_info(s.r.ctx, &before));
    step(&s.r);
    OK(snn_context_get_info(s.r.ctx, &after));
    ck_assert_uint_eq(before.allocations, after.allocations);
    close_school(&s);
}
END_TEST

/* Step by step, memory does not grow with T. */
START_TEST(test_memory)
{
    uint64_t bytes[2];

    for (int i = 0; i < 2; i++) {
        struct rig r;

        open_rig(&r, _i, "sei", i ? "steps=40" : "steps=4", 1, true);
        bytes[i] = about(r.tr).bytes;
        close_rig(&r);
    }
    if (_i == 3 || _i == 5)
        ck_assert_uint_gt(bytes[1], bytes[0]);
    else
        ck_assert_uint_eq(bytes[1], bytes[0]);
}
END_TEST

START_TEST(test_threads)
{
    static float first[8192], other[8192];
    int kind = _i % KINDS;
    const char *settings = _i / KINDS % 2 ? "steps=3 temporal=1 loss_on=mean" : "steps=3";
    size_t n;

    train(kind, "sei", settings, 1, _i % 2, first, &n);
    for (uint32_t threads = 2; threads <= 3; threads++) {
        train(kind, "sei", settings, threads, _i % 2, other, &n);
        ck_assert(memcmp(first, other, n * sizeof *first) == 0);
    }
}
END_TEST

START_TEST(test_resumed)
{
    static float straight[8192];
    struct rig r;
    size_t n;
    char path[64];

    snprintf(path, sizeof path, "/tmp/snn_sei_%ld_%d.snn", (long)getpid(), _i);
    open_rig(&r, _i, "sei", "steps=3", 1, true);
    step(&r);
    OK(snn_trainer_save(r.tr, path));
    step(&r);
    step(&r);
    n = r.net->n_parameters;
    memcpy(straight, r.net->parameters, n * sizeof *straight);
    close_rig(&r);
    open_rig(&r, _i, "sei", "steps=3", 2, true);
    OK(snn_trainer_load(r.tr, path));
    step(&r);
    step(&r);
    ck_assert(memcmp(straight, r.net->parameters, n * sizeof *straight) == 0);
    close_rig(&r);
    unlink(path);
}
END_TEST

START_TEST(test_learns)
{
    struct rig r;
    snn_metrics m;
    double first;

    open_rig(&r, _i, "sei", "steps=4", 1, true);
    first = step(&r).loss;
    for (int i = 0; i < 150; i++)
        m = step(&r);
    ck_assert_msg(m.loss < 0.3 * first, "%g from %g", m.loss, first);
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: sei");
    TCase *tc = tcase_create("sei");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_is_sltt, 0, KINDS);
    tcase_add_loop_test(tc, test_is_bptt_without_reset, 0, KINDS);
    tcase_add_loop_test(tc, test_kept_steps, 0, 2);
    tcase_add_test(tc, test_clip);
    tcase_add_loop_test(tc, test_no_decay, 0, (int)count_names(SNN_NAME_OPTIMIZER));
    tcase_add_loop_test(tc, test_teacher, 0, 2);
    tcase_add_test(tc, test_same_samples);
    tcase_add_loop_test(tc, test_logits_wait, 0, 2);
    tcase_add_test(tc, test_logits_of_a_batch_stay);
    tcase_add_test(tc, test_wrong_teachers);
    tcase_add_loop_test(tc, test_refused, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_loop_test(tc, test_no_allocation, 0, 2);
    tcase_add_loop_test(tc, test_memory, 0, KINDS);
    tcase_add_loop_test(tc, test_threads, 0, 2 * KINDS);
    tcase_add_loop_test(tc, test_resumed, 0, KINDS);
    tcase_add_loop_test(tc, test_learns, 0, KINDS);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
