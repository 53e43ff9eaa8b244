/* A good network and trainer, and the mistakes that spoil them: one function for each row of test_trainer_misuse.c.
 */
#ifndef SNN_TESTS_TRAINER_MISUSE_H
#define SNN_TESTS_TRAINER_MISUSE_H

#include "trainer/builder.h"
#include <unistd.h>

enum { BATCH = 4 };

/* A good network and trainer, for a row to spoil. */
struct world {
    snn_context *ctx;
    snn_network *net, *open; /* open: not prepared */
    snn_neuron *lif;
    snn_optimizer *sgd;
    snn_trainer *tr;
    float x[3 * BATCH * 4], out[BATCH * 3];
    uint32_t label[BATCH];
    size_t set_count; /* 0: 5 */
    snn_status rc;    /* of a call from a callback */
    char why[512];
};

static const size_t vector[3] = { 4 }, map[3] = { 2, 5, 5 };

static inline void open_world(struct world *w)
{
    memset(w, 0, sizeof *w);
    w->ctx = test_context(1, 1, "best");
    w->net = network_of(w->ctx, vector, "linear hidden out=5; lif n; linear out out=3");
    OK(snn_network_create(&w->open, w->ctx, map, 3));
    OK(snn_neuron_create(&w->lif, w->ctx, "lif"));
    w->sgd = sgd_of(w->ctx, 0.1);
    w->tr = trainer_of(w->net, w->sgd, "sltt", "steps=3", BATCH);
    random_fill(w->x, sizeof w->x / sizeof *w->x, 0, 1, 1);
}

static inline void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->sgd);
    snn_neuron_destroy(w->lif);
    snn_network_destroy(w->open);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static inline snn_layer *layer_of(struct world *w, const char *type)
{
    snn_layer *layer = NULL;

    OK(snn_network_add(w->open, type, NULL, &layer));
    return layer;
}

/* Builds `text` on the open network and prepares it. */
static inline snn_status build(struct world *w, const char *text)
{
    SNN__TRY(add_layers(w->open, text));
    return snn_network_prepare(w->open);
}

/* A trainer with settings on a network of `text`; the status of the first call that fails. */
static inline snn_status prepare(struct world *w, const char *text, const char *method, const char *settings,
                                 size_t batch)
{
    snn_trainer *tr = NULL;
    snn_status rc;

    OK(add_layers(w->open, text));
    rc = snn_trainer_create(&tr, w->open, w->sgd, method);
    if (rc == SNN_OK)
        rc = set_all(tr, settings);
    if (rc == SNN_OK)
        rc = snn_trainer_prepare(tr, batch);
    snn_trainer_destroy(tr);
    return rc;
}

#define DENSE "flatten f; linear a out=5; lif n; linear o out=3"

/* The stream of the world's trainer, prepared for it. */
static inline snn_stream *open_stream(struct world *w)
{
    snn_stream *stream;

    snn_trainer_destroy(w->tr);
    w->tr = trainer_of(w->net, w->sgd, "ottt", "steps=1", 1);
    OK(snn_trainer_stream(w->tr, &stream));
    return stream;
}

static inline snn_status step(struct world *w, size_t frames, size_t n)
{
    return snn_trainer_step(w->tr, BATCH_OF(w->x, frames, w->label, n), NULL);
}

/* A batch with targets, of which `w->x` has as many as labels. */
static inline snn_status step_targets(struct world *w, size_t target_frames, const uint32_t *lengths,
                                      const uint32_t *labels)
{
    snn_batch batch = *BATCH_OF(w->x, 3, labels, 2);

    batch.targets = w->x;
    batch.target_frames = target_frames;
    batch.lengths = lengths;
    return snn_trainer_step(w->tr, &batch, NULL);
}

/* A data set that delivers what it should not. */
struct odd_set {
    size_t shape[3], frames, classes;
    uint32_t label;
    float value;
    snn_status rc;
};

static inline snn_status read_odd(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct odd_set *odd = user;
    size_t n = length_of(odd->shape);

    (void)frame;
    for (size_t i = 0; i < n; i++)
        sample->x[i] = index == 2 && i == 1 ? odd->value : 0.5f;
    sample->label = index == 2 ? odd->label : 0;
    return index == 2 ? odd->rc : SNN_OK;
}

static inline snn_status epoch(struct world *w, struct odd_set odd, bool train)
{
    snn_dataset_source source;
    snn_dataset *set = NULL;
    snn_status rc;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = odd.shape[1] ? 3 : 1;
    memcpy(source.shape, odd.shape, sizeof odd.shape);
    source.count = w->set_count ? w->set_count : 5;
    source.classes = odd.classes;
    source.frames = odd.frames;
    source.read = read_odd;
    source.user = &odd;
    OK(snn_dataset_create(&set, w->ctx, &source));
    rc = train ? snn_trainer_epoch(w->tr, set, NULL) : snn_trainer_evaluate(w->tr, set, NULL);
    snn_dataset_destroy(set);
    return rc;
}

static inline void spoil(struct world *w, const char *layer, float value)
{
    snn_tensor t = SNN_TENSOR_INIT;

    OK(snn_layer_tensor_named(snn_network_layer_named(w->net, layer), "weight", &t));
    ((float *)t.data)[1] = value;
}

/* A row's function is one expression of the world. */
#define ROW(name, expression)               \
    static snn_status name(struct world *w) \
    {                                       \
        (void)w;                            \
        return expression;                  \
    }

/* handles and contexts */
ROW(null_context, snn_network_create(&(snn_network *){ NULL }, NULL, vector, 1))
ROW(null_out, snn_trainer_create(NULL, w->net, w->sgd, "sltt"))
ROW(null_network, snn_trainer_create(&(snn_trainer *){ NULL }, NULL, w->sgd, "sltt"))
ROW(null_trainer, snn_trainer_prepare(NULL, 1))
ROW(null_layer, snn_layer_set_i64(NULL, SNN_LAYER_OUT, 1))
ROW(null_x, snn_trainer_step(w->tr, BATCH_OF(NULL, 1, w->label, 1), NULL))
ROW(null_labels, snn_trainer_step(w->tr, BATCH_OF(w->x, 1, NULL, 1), NULL))
ROW(null_dataset, snn_trainer_epoch(w->tr, NULL, NULL))
ROW(labels_and_targets, step_targets(w, 1, NULL, w->label))
ROW(two_target_frames, step_targets(w, 2, NULL, NULL))
ROW(length_zero, step_targets(w, 1, (const uint32_t[]){ 3, 0 }, NULL))
ROW(targets_for_labels, step_targets(w, 1, NULL, NULL))

static inline snn_status two_label_frames(struct world *w)
{
    static const uint32_t labels[] = { 0, 1, 1, 0 };
    snn_batch batch = *BATCH_OF(w->x, 1, labels, 2);

    batch.target_frames = 2;
    return snn_trainer_step(w->tr, &batch, NULL);
}

static inline snn_status target_nan(struct world *w)
{
    snn_batch batch = *BATCH_OF(w->x, 1, NULL, 2);
    const float targets[] = { 0, 1, 0, 1, NAN, 0 };

    batch.targets = targets;
    batch.target_frames = 1;
    return snn_trainer_step(w->tr, &batch, NULL);
}

static inline snn_status bad_threads(struct world *w)
{
    snn_context_options o;
    snn_context *ctx;

    (void)w;
    OK(snn_context_options_init(&o, sizeof o));
    o.threads = 5000;
    return snn_context_create(&ctx, &o);
}

static inline snn_status half_an_allocator(struct world *w)
{
    struct counting c = { 0 };
    snn_context_options o;
    snn_context *ctx;

    (void)w;
    counting_options(&c, &o);
    o.release = NULL;
    return snn_context_create(&ctx, &o);
}

static inline snn_status future_option(struct world *w)
{
    struct {
        snn_context_options known;
        uint64_t unknown;
    } o;
    snn_context *ctx;

    (void)w;
    OK(snn_context_options_init(&o.known, sizeof o));
    o.unknown = 1;
    return snn_context_create(&ctx, &o.known);
}

static inline snn_status memory_runs_out(struct world *w)
{
    struct counting c = { 0 };
    snn_context_options o;
    snn_context *ctx;
    snn_network *net;
    snn_status rc;

    (void)w;
    counting_options(&c, &o);
    o.threads = 1;
    OK(snn_context_create(&ctx, &o));
    OK(snn_network_create(&net, ctx, vector, 1));
    OK(add_layers(net, "linear a out=100"));
    c.fail_at = c.calls + 1;
    rc = snn_network_prepare(net);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return rc;
}

/* shapes */
ROW(rank_four, snn_network_create(&(snn_network *){ NULL }, w->ctx, map, 4))
ROW(size_zero, snn_network_create(&(snn_network *){ NULL }, w->ctx, (size_t[]){ 3, 0, 8 }, 3))
ROW(size_huge, snn_network_create(&(snn_network *){ NULL }, w->ctx, (size_t[]){ SIZE_MAX / 2, 3, 3 }, 3))
ROW(empty_network, snn_network_prepare(w->open))
ROW(linear_on_map, build(w, "linear a out=3"))
ROW(window_too_large, build(w, "conv2d c out=3 kernel=7"))
ROW(groups_do_not_divide, build(w, "conv2d c out=3 groups=2"))
ROW(pool_too_large, build(w, "avgpool p kernel=6"))
ROW(sum_of_two_shapes, build(w, "conv2d c out=2; add s <c <input"))
ROW(fan_in_of_one, build(w, "conv2d c out=2 kernel=1 groups=2 standardise=1"))
ROW(output_is_map, prepare(w, "conv2d c out=3", "sltt", "", BATCH))

/* names, keys, types, bounds */
ROW(unknown_type, snn_network_add(w->open, "conv3d", NULL, NULL))
ROW(name_taken, add_layers(w->open, "flatten f; linear f out=3"))
ROW(name_with_dot, snn_network_add(w->open, "flatten", "a.b", NULL))
ROW(name_with_escape, snn_network_add(w->open, "flatten", "\033[2Ja", NULL))
ROW(name_with_long_control, snn_network_add(w->open, "flatten", "a\302\2332J", NULL))
ROW(name_reserved, snn_network_add(w->open, "flatten", "input", NULL))
ROW(unknown_method, snn_trainer_create(&(snn_trainer *){ NULL }, w->net, w->sgd, "rtrl"))
ROW(unknown_optimizer, snn_optimizer_create(&(snn_optimizer *){ NULL }, w->ctx, "lion"))
ROW(unknown_neuron, snn_neuron_create(&(snn_neuron *){ NULL }, w->ctx, "izhikevich"))
ROW(unknown_tensor,
    snn_layer_tensor_named(snn_network_layer_named(w->net, "hidden"), "gain", &(snn_tensor)SNN_TENSOR_INIT))
ROW(key_of_another_layer, snn_layer_set_i64(layer_of(w, "linear"), SNN_LAYER_STRIDE, 2))
ROW(decay_of_if, snn_layer_set_f64(layer_of(w, "if"), SNN_NEURON_DECAY, 0.5))
ROW(text_for_number, snn_layer_set_str(layer_of(w, "linear"), SNN_LAYER_OUT, "five"))
ROW(real_for_whole, snn_layer_set_f64(layer_of(w, "linear"), SNN_LAYER_OUT, 5.0))
ROW(word_for_number, snn_layer_set_text(layer_of(w, "linear"), "out", "five"))
ROW(fraction_for_whole, snn_layer_set_text(layer_of(w, "linear"), "out", "2.5"))
ROW(out_zero, snn_layer_set_i64(layer_of(w, "linear"), SNN_LAYER_OUT, 0))
ROW(decay_above_one, snn_neuron_set_f64(w->lif, SNN_NEURON_DECAY, 1.5))
ROW(tau_below_one, snn_neuron_set_f64(w->lif, SNN_NEURON_TAU, 0.5))
ROW(threshold_nan, snn_neuron_set_f64(w->lif, SNN_NEURON_THRESHOLD, NAN))
ROW(unknown_surrogate, snn_neuron_set_str(w->lif, SNN_NEURON_SURROGATE, "relu"))
ROW(rate_one, snn_layer_set_f64(layer_of(w, "dropout"), SNN_LAYER_RATE, 1.0))
ROW(lr_negative, snn_optimizer_set_f64(w->sgd, SNN_OPTIMIZER_LR, -0.1))
ROW(beta_of_sgd, snn_optimizer_set_f64(w->sgd, SNN_OPTIMIZER_BETA1, 0.9))
ROW(notation, snn_network_build(&(snn_network *){ NULL }, w->ctx, "16C3-XY2-FC", map, 3, 10, NULL))

/* the graph */
ROW(source_missing, build(w, "flatten f <nobody"))
ROW(cycle_without_delay, build(w, "flatten f; linear a out=5 <b; linear b out=5 <a"))
ROW(only_itself, build(w, "flatten f; scale a <b:1; scale b <a:1; linear o out=3 <f"))
ROW(delay_negative, snn_layer_connect(layer_of(w, "flatten"), "input", -2))
ROW(input_delayed, build(w, "flatten f <input:1"))
ROW(input_in_place_delayed, build(w, "scale c <input; gain g <c; flatten f <g:1"))

static inline snn_status two_sources(struct world *w)
{
    snn_layer *layer = layer_of(w, "flatten");

    OK(snn_layer_connect(layer, "input", 0));
    return snn_layer_connect(layer, "input", 0);
}

/* the wrong moment */
ROW(add_after_prepare, snn_network_add(w->net, "flatten", NULL, NULL))
ROW(change_after_prepare, snn_layer_set_i64(snn_network_layer(w->net, 0), SNN_LAYER_OUT, 6))
ROW(set_after_prepare, snn_trainer_set_i64(w->tr, SNN_TRAINER_STEPS, 4))
ROW(read_outside, snn_trainer_read_signal(w->tr, w->net->layer[0], SNN_SIGNAL_OUTPUT, w->out, 12))

static inline snn_status not_prepared(struct world *w)
{
    snn_trainer_destroy(w->tr);
    OK(snn_trainer_create(&w->tr, w->net, w->sgd, "sltt"));
    return step(w, 1, 1);
}

ROW(no_optimizer, snn_trainer_create(&(snn_trainer *){ NULL }, w->net, NULL, "sltt"))

/* The world's trainer becomes an evaluator, prepared or not. */
static inline snn_trainer *evaluator(struct world *w, bool prepared)
{
    snn_trainer_destroy(w->tr);
    OK(snn_evaluator_create(&w->tr, w->net));
    OK(snn_trainer_set_i64(w->tr, SNN_TRAINER_STEPS, 3));
    if (prepared)
        OK(snn_trainer_prepare(w->tr, BATCH));
    return w->tr;
}

static inline snn_status evaluator_steps(struct world *w)
{
    evaluator(w, true);
    return step(w, 1, 1);
}

ROW(evaluator_streams, snn_trainer_stream(evaluator(w, true), &(snn_stream *){ NULL }))
ROW(evaluator_saves, snn_trainer_save(evaluator(w, true), "/tmp/snn-misuse-evaluator"))
ROW(evaluator_loads, snn_trainer_load(evaluator(w, true), "/tmp/snn-misuse-evaluator"))
ROW(evaluator_projects, snn_trainer_set_projection(evaluator(w, false), NULL))
ROW(evaluator_is_taught, snn_trainer_set_teacher(evaluator(w, false), NULL))
ROW(evaluator_gets_logits, snn_trainer_set_logits(evaluator(w, true), w->out, 1))
ROW(evaluator_gets_noise, snn_trainer_on_noise(evaluator(w, false), NULL, NULL))
ROW(evaluator_of_gradients, snn_trainer_observe(evaluator(w, false), SNN_OBSERVE_GRADIENTS, do_nothing, NULL))
ROW(evaluator_has_gradients,
    snn_trainer_read_gradient(evaluator(w, true), snn_network_layer(w->net, 0), "weight", w->out, 1))
ROW(evaluator_of_tasks, snn_continual_create(&(snn_continual *){ NULL }, evaluator(w, false), NULL, 2))
ROW(evaluator_shuffles, snn_trainer_set_i64(evaluator(w, false), SNN_TRAINER_SHUFFLE, 1))

/* what a method cannot do */
ROW(maximum_with_ottt, prepare(w, "conv2d c out=3; maxpool p; " DENSE, "ottt", "", BATCH))
ROW(attention_with_ottt, prepare(w, "conv2d c out=4; lif m; attention t <m <m <m; " DENSE, "ottt", "", BATCH))
ROW(attention_with_opzo, prepare(w, "conv2d c out=4; lif m; attention t <m <m <m; " DENSE, "opzo", "", BATCH))
ROW(norm_with_ottt, prepare(w, "conv2d c out=4; lif m; layer_norm t; " DENSE, "ottt", "", BATCH))
ROW(attention_of_two, prepare(w, "conv2d c out=4; lif m; attention t <m <m; " DENSE, "sltt", "", BATCH))
ROW(attention_with_heads,
    prepare(w, "conv2d c out=4; lif m; attention t heads=3 <m <m <m; " DENSE, "sltt", "", BATCH))
ROW(mean_with_sltt, prepare(w, DENSE, "sltt", "loss_on=mean", BATCH))
ROW(norm_over_all_with_sltt, prepare(w, "batch_norm bn over=all; " DENSE, "sltt", "", BATCH))
ROW(more_samples_than_steps, prepare(w, DENSE, "sltt", "steps=4 sampled_steps=5", BATCH))
ROW(feedback_with_norm_over_all,
    prepare(
        w,
        "flatten f; linear a out=5; add s <a <r:1; batch_norm bn over=all; lif n; linear r out=5; linear o out=3 <n",
        "bptt", "", BATCH))
ROW(late_output, prepare(w, "flatten f; linear a out=5; lif n; linear o out=3 <n:9", "bptt", "", BATCH))
ROW(option_of_another_method, snn_trainer_set_str(w->tr, SNN_OTTT_VARIANT, "O"))
ROW(smoothing_one, prepare(w, DENSE, "sltt", "label_smoothing=1", BATCH))
ROW(unknown_loss, prepare(w, DENSE, "sltt", "loss=hinge", BATCH))

/* batches */
ROW(batch_zero, prepare(w, DENSE, "sltt", "", 0))
ROW(batch_too_large, step(w, 1, BATCH + 1))
ROW(no_samples, step(w, 1, 0))
ROW(frames_wrong, step(w, 2, 1))

static inline snn_status label_too_large(struct world *w)
{
    w->label[2] = 3;
    return step(w, 1, BATCH);
}

/* Loss of the host's own: a number that is none, or a status. */
static inline snn_status loss_of_host(void *user, const snn_loss_call *call)
{
    const snn_status *says = user;

    call->loss[1] = NAN;
    return *says;
}

static inline snn_status step_with_loss(struct world *w, snn_status says)
{
    SNN__TRY(snn_trainer_on_loss(w->tr, loss_of_host, &says));
    return step(w, 1, 2);
}

ROW(loss_nan, step_with_loss(w, SNN_OK))
ROW(loss_fails, step_with_loss(w, SNN_ERR_IO))

static inline snn_status metrics_without_size(struct world *w)
{
    snn_metrics m;

    memset(&m, 0, sizeof m);
    return snn_trainer_step(w->tr, BATCH_OF(w->x, 1, w->label, BATCH), &m);
}

/* Of a step that was made. */
static inline snn_status gradient(struct world *w, const snn_layer *layer, const char *tensor, size_t room)
{
    OK(step(w, 1, BATCH));
    return snn_trainer_read_gradient(w->tr, layer, tensor, w->out, room);
}

static inline snn_status grow_another(struct world *w)
{
    snn_projection *projection;
    snn_status rc;

    OK(snn_projection_create(&projection, w->net));
    rc = snn_projection_grow(projection, layer_of(w, "linear"), 1);
    snn_projection_destroy(projection);
    return rc;
}

ROW(gradient_too_early, snn_trainer_read_gradient(w->tr, w->net->layer[0], "bias", w->out, 12))
ROW(room_too_small, gradient(w, w->net->layer[0], "weight", 5))
ROW(gradient_of_nothing, gradient(w, w->net->layer[1], "weight", 12))
ROW(gradient_of_no_layer, gradient(w, NULL, "weight", 12))
ROW(gradient_of_another, gradient(w, layer_of(w, "linear"), "weight", 12))
ROW(figures_of_another,
    snn_trainer_layer_metrics(w->tr, layer_of(w, "linear"), &(snn_layer_metrics)SNN_LAYER_METRICS_INIT))

/* numbers that are none */
static inline snn_status pixel_nan(struct world *w)
{
    w->x[BATCH * 4 + 5] = NAN;
    return step(w, 3, BATCH);
}

static inline snn_status pixel_infinite(struct world *w)
{
    w->x[5] = INFINITY;
    return snn_trainer_predict(w->tr, BATCH_OF(w->x, 1, NULL, BATCH), w->out);
}

static inline snn_status weight_nan(struct world *w)
{
    spoil(w, "out", NAN);
    return step(w, 1, BATCH);
}

static inline snn_status hidden_weight_nan(struct world *w)
{
    spoil(w, "hidden", NAN);
    return step(w, 1, BATCH);
}

static inline snn_status bias_infinite(struct world *w)
{
    snn_tensor t = SNN_TENSOR_INIT;

    OK(snn_layer_tensor_named(snn_network_layer_named(w->net, "out"), "bias", &t));
    *(float *)t.data = INFINITY;
    return step(w, 1, BATCH);
}

/* data sets */
#define GOOD { 4 }, 1, 3, 0, 0.5f, SNN_OK
ROW(set_of_other_shape, epoch(w, (struct odd_set){ { 1, 3, 3 }, 1, 3, 0, 0, SNN_OK }, true))
ROW(set_of_other_frames, epoch(w, (struct odd_set){ { 4 }, 7, 3, 0, 0, SNN_OK }, true))
ROW(set_of_more_classes, epoch(w, (struct odd_set){ { 4 }, 1, 10, 0, 0, SNN_OK }, true))
ROW(set_label, epoch(w, (struct odd_set){ { 4 }, 1, 3, 9, 0, SNN_OK }, true))
ROW(set_label_in_evaluation, epoch(w, (struct odd_set){ { 4 }, 1, 3, 9, 0, SNN_OK }, false))
ROW(set_nan, epoch(w, (struct odd_set){ { 4 }, 1, 3, 0, NAN, SNN_OK }, true))
ROW(set_fails, epoch(w, (struct odd_set){ { 4 }, 1, 3, 0, 0, SNN_ERR_IO }, true))
/* Two files of idx in the working directory, of 5 samples [4]; the first one is cut off once they are open. */
static inline snn_status open_and_cut(struct world *w, snn_dataset **set)
{
    const uint8_t x[32] = { 0, 0, 8, 2, 0, 0, 0, 5, 0, 0, 0, 4 }, label[13] = { 0, 0, 8, 1, 0, 0, 0, 5 };
    snn_dataset_files files;

    ck_assert(write_file("train-idx2", x, sizeof x) && write_file("train-labels-idx1", label, sizeof label));
    OK(snn_dataset_files_init(&files, sizeof files));
    files.format = "idx";
    files.path = ".";
    OK(snn_dataset_open_files(set, w->ctx, &files));
    ck_assert_int_eq(truncate("train-idx2", 12), 0);
    return SNN_OK;
}

static inline snn_status set_cut_off(struct world *w)
{
    char before[4096], folder[] = "/tmp/snn-misuse-XXXXXX";
    snn_network *net = network_of(w->ctx, (const size_t[3]){ 4 }, "linear out out=10");
    snn_trainer *tr = trainer_of(net, w->sgd, "bptt", "steps=1 shuffle=0", BATCH);
    snn_dataset *set = NULL;
    snn_status rc;

    ck_assert_ptr_nonnull(getcwd(before, sizeof before));
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    rc = open_and_cut(w, &set);
    if (rc == SNN_OK)
        rc = snn_trainer_epoch(tr, set, NULL);
    remove("train-idx2");
    remove("train-labels-idx1");
    ck_assert_int_eq(chdir(before), 0);
    rmdir(folder);
    snn_dataset_destroy(set);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    return rc;
}

ROW(unknown_format, snn_dataset_open(&(snn_dataset *){ NULL }, w->ctx, "png", ".", SNN_SPLIT_TRAIN))

static inline int stop(void *user, const snn_progress *progress)
{
    (void)user;
    (void)progress;
    return 1;
}

static inline snn_status cancelled(struct world *w)
{
    OK(snn_trainer_on_progress(w->tr, stop, NULL));
    return epoch(w, (struct odd_set){ GOOD }, true);
}

static inline snn_status one_sample_for_norm(struct world *w)
{
    return prepare(w, "flatten f; linear a out=5; batch_norm bn; lif n; linear o out=3", "sltt", "steps=3", 1);
}

static inline snn_status another_set(struct world *w)
{
    (void)cancelled(w);
    OK(snn_trainer_on_progress(w->tr, NULL, NULL));
    w->set_count = 3;
    return epoch(w, (struct odd_set){ GOOD }, true);
}

static inline int prepare_again(void *user, const snn_progress *progress)
{
    struct world *w = user;

    (void)progress;
    w->rc = snn_trainer_prepare(w->tr, 2 * BATCH);
    snprintf(w->why, sizeof w->why, "%s", snn_last_error());
    return 0;
}

static inline snn_status prepared_in_callback(struct world *w)
{
    OK(snn_trainer_on_progress(w->tr, prepare_again, w));
    OK(epoch(w, (struct odd_set){ GOOD }, true));
    return snn__fail(w->rc, "%s", w->why);
}

static inline snn_status size_cut(struct world *w)
{
    snn_context_options options;

    (void)w;
    return snn_context_options_init(&options, SIZE_MAX);
}

static inline snn_status removed_from_within(struct world *w)
{
    OK(add_layers(w->open, DENSE));
    return snn_network_remove(w->open, snn_network_layer_named(w->open, "a"));
}

/* One reading or error that would leave numbers that no later one mends. */
static inline snn_status norm_of_huge(struct world *w)
{
    float x[BATCH * 50] = { 1e21f };
    snn_trainer *tr;
    snn_status rc;

    OK(add_layers(w->open, "flatten f; batch_norm bn; linear a out=5; lif n; linear o out=3"));
    tr = trainer_of(w->open, w->sgd, "sltt", "steps=3", BATCH);
    rc = snn_trainer_step(tr, BATCH_OF(x, 1, w->label, BATCH), NULL);
    snn_trainer_destroy(tr);
    return rc;
}

static inline snn_status update_too_large(struct world *w)
{
    const float error[3] = { 1e30f, 0, 0 };
    snn_stream *stream = open_stream(w);

    OK(snn_stream_step(stream, w->x, w->out));
    return snn_stream_learn(stream, error);
}

static inline snn_status stream_of_huge(struct world *w)
{
    const float x[4] = { 3e38f, 3e38f, 3e38f, 3e38f };
    snn_stream *stream = open_stream(w);
    snn_status rc = SNN_OK;

    for (int t = 0; t < 100 && rc == SNN_OK; t++)
        rc = snn_stream_step(stream, x, w->out);
    return rc;
}

static inline snn_status stream_ended(struct world *w)
{
    snn_stream *stream = open_stream(w);

    OK(snn_trainer_prepare(w->tr, BATCH));
    return snn_stream_step(stream, w->x, w->out);
}

static inline snn_status state_cut_short(struct world *w)
{
    snn_stream *stream = open_stream(w);
    size_t n;
    const void *state = snn_stream_state(stream, &n);

    return snn_stream_set_state(stream, state, n - 1);
}

#endif
