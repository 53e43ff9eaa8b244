/* Wrong use: every row of the table makes one mistake, and the library must say which. With the argument --table the
 * program prints the table as Markdown: the mistake, the code, the message. */
#include "trainer/builder.h"

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

static void open_world(struct world *w)
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

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->tr);
    snn_optimizer_destroy(w->sgd);
    snn_neuron_destroy(w->lif);
    snn_network_destroy(w->open);
    snn_network_destroy(w->net);
    snn_context_destroy(w->ctx);
}

static snn_layer *layer_of(struct world *w, const char *type)
{
    snn_layer *layer = NULL;

    OK(snn_network_add(w->open, type, NULL, &layer));
    return layer;
}

/* Builds `text` on the open network and prepares it. */
static snn_status build(struct world *w, const char *text)
{
    SNN__TRY(add_layers(w->open, text));
    return snn_network_prepare(w->open);
}

/* A trainer with settings on a network of `text`; the status of the first call that fails. */
static snn_status prepare(struct world *w, const char *text, const char *method, const char *settings, size_t batch)
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
static snn_stream *open_stream(struct world *w)
{
    snn_stream *stream;

    snn_trainer_destroy(w->tr);
    w->tr = trainer_of(w->net, w->sgd, "ottt", "steps=1", 1);
    OK(snn_trainer_stream(w->tr, &stream));
    return stream;
}

static snn_status step(struct world *w, size_t frames, size_t n)
{
    return snn_trainer_step(w->tr, BATCH_OF(w->x, frames, w->label, n), NULL);
}

/* A batch with targets, of which `w->x` has as many as labels. */
static snn_status step_targets(struct world *w, size_t target_frames, const uint32_t *lengths, const uint32_t *labels)
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

static snn_status read_odd(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct odd_set *odd = user;
    size_t n = length_of(odd->shape);

    (void)frame;
    for (size_t i = 0; i < n; i++)
        sample->x[i] = index == 2 && i == 1 ? odd->value : 0.5f;
    sample->label = index == 2 ? odd->label : 0;
    return index == 2 ? odd->rc : SNN_OK;
}

static snn_status epoch(struct world *w, struct odd_set odd, bool train)
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

static void spoil(struct world *w, const char *layer, float value)
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

static snn_status target_nan(struct world *w)
{
    snn_batch batch = *BATCH_OF(w->x, 1, NULL, 2);
    const float targets[] = { 0, 1, 0, 1, NAN, 0 };

    batch.targets = targets;
    batch.target_frames = 1;
    return snn_trainer_step(w->tr, &batch, NULL);
}

static snn_status bad_threads(struct world *w)
{
    snn_context_options o;
    snn_context *ctx;

    (void)w;
    OK(snn_context_options_init(&o, sizeof o));
    o.threads = 5000;
    return snn_context_create(&ctx, &o);
}

static snn_status half_an_allocator(struct world *w)
{
    struct counting c = { 0 };
    snn_context_options o;
    snn_context *ctx;

    (void)w;
    counting_options(&c, &o);
    o.release = NULL;
    return snn_context_create(&ctx, &o);
}

static snn_status future_option(struct world *w)
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

static snn_status memory_runs_out(struct world *w)
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
ROW(rank_two, snn_network_create(&(snn_network *){ NULL }, w->ctx, map, 2))
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
ROW(delay_two, snn_layer_connect(layer_of(w, "flatten"), "input", 2))
ROW(input_delayed, build(w, "flatten f <input:1"))

static snn_status two_sources(struct world *w)
{
    snn_layer *layer = layer_of(w, "flatten");

    OK(snn_layer_connect(layer, "input", 0));
    return snn_layer_connect(layer, "input", 0);
}

/* the wrong moment */
ROW(add_after_prepare, snn_network_add(w->net, "flatten", NULL, NULL))
ROW(change_after_prepare, snn_layer_set_i64(snn_network_layer(w->net, 0), SNN_LAYER_OUT, 6))
ROW(set_after_prepare, snn_trainer_set_i64(w->tr, SNN_TRAINER_STEPS, 4))
ROW(observe_after_prepare, snn_trainer_observe(w->tr, 0, NULL, NULL))
ROW(read_outside, snn_trainer_read_signal(w->tr, w->net->layer[0], SNN_SIGNAL_OUTPUT, w->out, 12))

static snn_status not_prepared(struct world *w)
{
    snn_trainer_destroy(w->tr);
    OK(snn_trainer_create(&w->tr, w->net, w->sgd, "sltt"));
    return step(w, 1, 1);
}

ROW(no_optimizer, snn_trainer_create(&(snn_trainer *){ NULL }, w->net, NULL, "sltt"))

/* The world's trainer becomes an evaluator, prepared or not. */
static snn_trainer *evaluator(struct world *w, bool prepared)
{
    snn_trainer_destroy(w->tr);
    OK(snn_evaluator_create(&w->tr, w->net));
    OK(snn_trainer_set_i64(w->tr, SNN_TRAINER_STEPS, 3));
    if (prepared)
        OK(snn_trainer_prepare(w->tr, BATCH));
    return w->tr;
}

static snn_status evaluator_steps(struct world *w)
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
ROW(late_output, prepare(w, "flatten f; linear a out=5; lif n; linear o out=3 <n:1", "bptt", "", BATCH))
ROW(option_of_another_method, snn_trainer_set_str(w->tr, SNN_OTTT_VARIANT, "O"))
ROW(smoothing_one, prepare(w, DENSE, "sltt", "label_smoothing=1", BATCH))
ROW(unknown_loss, prepare(w, DENSE, "sltt", "loss=hinge", BATCH))

/* batches */
ROW(batch_zero, prepare(w, DENSE, "sltt", "", 0))
ROW(batch_too_large, step(w, 1, BATCH + 1))
ROW(no_samples, step(w, 1, 0))
ROW(frames_wrong, step(w, 2, 1))

static snn_status label_too_large(struct world *w)
{
    w->label[2] = 3;
    return step(w, 1, BATCH);
}

/* Loss of the host's own: a number that is none, or a status. */
static snn_status loss_of_host(void *user, const snn_loss_call *call)
{
    const snn_status *says = user;

    call->loss[1] = NAN;
    return *says;
}

static snn_status step_with_loss(struct world *w, snn_status says)
{
    SNN__TRY(snn_trainer_on_loss(w->tr, loss_of_host, &says));
    return step(w, 1, 2);
}

ROW(loss_nan, step_with_loss(w, SNN_OK))
ROW(loss_fails, step_with_loss(w, SNN_ERR_IO))

static snn_status metrics_without_size(struct world *w)
{
    snn_metrics m;

    memset(&m, 0, sizeof m);
    return snn_trainer_step(w->tr, BATCH_OF(w->x, 1, w->label, BATCH), &m);
}

/* Of a step that was made. */
static snn_status gradient(struct world *w, const snn_layer *layer, const char *tensor, size_t room)
{
    OK(step(w, 1, BATCH));
    return snn_trainer_read_gradient(w->tr, layer, tensor, w->out, room);
}

static snn_status grow_another(struct world *w)
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
static snn_status pixel_nan(struct world *w)
{
    w->x[BATCH * 4 + 5] = NAN;
    return step(w, 3, BATCH);
}

static snn_status pixel_infinite(struct world *w)
{
    w->x[5] = INFINITY;
    return snn_trainer_predict(w->tr, BATCH_OF(w->x, 1, NULL, BATCH), w->out);
}

static snn_status weight_nan(struct world *w)
{
    spoil(w, "out", NAN);
    return step(w, 1, BATCH);
}

static snn_status hidden_weight_nan(struct world *w)
{
    spoil(w, "hidden", NAN);
    return step(w, 1, BATCH);
}

static snn_status bias_infinite(struct world *w)
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
ROW(unknown_format, snn_dataset_open(&(snn_dataset *){ NULL }, w->ctx, "png", ".", SNN_SPLIT_TRAIN))

static int stop(void *user, const snn_progress *progress)
{
    (void)user;
    (void)progress;
    return 1;
}

static snn_status cancelled(struct world *w)
{
    OK(snn_trainer_on_progress(w->tr, stop, NULL));
    return epoch(w, (struct odd_set){ GOOD }, true);
}

static snn_status one_sample_for_norm(struct world *w)
{
    return prepare(w, "flatten f; linear a out=5; batch_norm bn; lif n; linear o out=3", "sltt", "steps=3", 1);
}

static snn_status another_set(struct world *w)
{
    (void)cancelled(w);
    OK(snn_trainer_on_progress(w->tr, NULL, NULL));
    w->set_count = 3;
    return epoch(w, (struct odd_set){ GOOD }, true);
}

static int prepare_again(void *user, const snn_progress *progress)
{
    struct world *w = user;

    (void)progress;
    w->rc = snn_trainer_prepare(w->tr, 2 * BATCH);
    snprintf(w->why, sizeof w->why, "%s", snn_last_error());
    return 0;
}

static snn_status prepared_in_callback(struct world *w)
{
    OK(snn_trainer_on_progress(w->tr, prepare_again, w));
    OK(epoch(w, (struct odd_set){ GOOD }, true));
    return snn__fail(w->rc, "%s", w->why);
}

static snn_status size_cut(struct world *w)
{
    snn_context_options options;

    (void)w;
    return snn_context_options_init(&options, SIZE_MAX);
}

static snn_status removed_from_within(struct world *w)
{
    OK(add_layers(w->open, DENSE));
    return snn_network_remove(w->open, snn_network_layer_named(w->open, "a"));
}

/* One reading or error that would leave numbers that no later one mends. */
static snn_status norm_of_huge(struct world *w)
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

static snn_status update_too_large(struct world *w)
{
    const float error[3] = { 1e30f, 0, 0 };
    snn_stream *stream = open_stream(w);

    OK(snn_stream_step(stream, w->x, w->out));
    return snn_stream_learn(stream, error);
}

static snn_status stream_of_huge(struct world *w)
{
    const float x[4] = { 3e38f, 3e38f, 3e38f, 3e38f };
    snn_stream *stream = open_stream(w);
    snn_status rc = SNN_OK;

    for (int t = 0; t < 100 && rc == SNN_OK; t++)
        rc = snn_stream_step(stream, x, w->out);
    return rc;
}

static snn_status stream_ended(struct world *w)
{
    snn_stream *stream = open_stream(w);

    OK(snn_trainer_prepare(w->tr, BATCH));
    return snn_stream_step(stream, w->x, w->out);
}

static snn_status state_cut_short(struct world *w)
{
    snn_stream *stream = open_stream(w);
    size_t n;
    const void *state = snn_stream_state(stream, &n);

    return snn_stream_set_state(stream, state, n - 1);
}

#define ARGUMENT SNN_ERR_ARGUMENT
#define SHAPE SNN_ERR_SHAPE
#define STATE SNN_ERR_STATE
#define UNSUPPORTED SNN_ERR_UNSUPPORTED
#define DIVERGED SNN_ERR_DIVERGED
#define TYPE SNN_ERR_TYPE

static const struct {
    const char *mistake;
    snn_status (*make)(struct world *w);
    snn_status code;
    const char *part; /* of the message */
} table[] = {
    { "the context is NULL", null_context, ARGUMENT, "context" },
    { "no room for the result", null_out, ARGUMENT, "out is NULL" },
    { "the network is NULL", null_network, ARGUMENT, "network" },
    { "the trainer is NULL", null_trainer, ARGUMENT, "trainer is NULL" },
    { "the layer is NULL", null_layer, ARGUMENT, "layer is NULL" },
    { "the samples are NULL", null_x, ARGUMENT, "x is NULL" },
    { "the labels are NULL", null_labels, ARGUMENT, "labels is NULL" },
    { "the data set is NULL", null_dataset, ARGUMENT, "data set is NULL" },
    { "5000 threads", bad_threads, ARGUMENT, "5000 threads" },
    { "allocate without release", half_an_allocator, ARGUMENT, "allocate and release" },
    { "an option of a later version", future_option, SNN_ERR_VERSION, "unknown to this version" },
    { "an input of rank 2", rank_two, SHAPE, "rank 2" },
    { "an input of size 0", size_zero, SHAPE, "an input of [3,0,8]; a sample has 1 to 1073741824 elements" },
    { "an input whose size overflows", size_huge, SHAPE, "elements" },
    { "a network without layers", empty_network, SHAPE, "no layers" },
    { "a linear layer on a map", linear_on_map, SHAPE, "layer a: linear takes vectors [N], got [2,5,5]" },
    { "a convolution larger than the map", window_too_large, SHAPE, "7x7 does not fit into [2,5,5]" },
    { "groups that do not divide the channels", groups_do_not_divide, SHAPE, "2 groups" },
    { "a pool larger than the map", pool_too_large, SHAPE, "6x6 does not fit into [2,5,5]" },
    { "a sum of two shapes", sum_of_two_shapes, SHAPE, "layer s: expected [2,3,3]" },
    { "memory that runs out", memory_runs_out, SNN_ERR_MEMORY, "out of memory" },
    { "standardised weights of fan-in 1", fan_in_of_one, SHAPE, "fan-in 1" },
    { "a map as the network's output", output_is_map, SHAPE, "must give a vector" },
    { "an unknown type of layer", unknown_type, ARGUMENT, "conv3d" },
    { "a name twice", name_taken, ARGUMENT, "\"f\" is taken" },
    { "a name with a dot", name_with_dot, ARGUMENT, "a.b" },
    { "a name with a control character", name_with_escape, ARGUMENT, "\"?[2Ja\"" },
    { "a name with one of two bytes", name_with_long_control, ARGUMENT, "\"a??2J\"" },
    { "a layer named input", name_reserved, ARGUMENT, "input" },
    { "an unknown method", unknown_method, ARGUMENT, "\"rtrl\"; there are bptt, sltt, ottt" },
    { "an unknown optimizer", unknown_optimizer, ARGUMENT, "lion" },
    { "an unknown neuron", unknown_neuron, ARGUMENT, "\"izhikevich\"; there are if, lif, cuba" },
    { "a tensor that the layer has not", unknown_tensor, ARGUMENT, "has no tensor \"gain\"" },
    { "a key of another type of layer", key_of_another_layer, ARGUMENT, "no parameter with key 103" },
    { "a decay for a neuron that has none", decay_of_if, ARGUMENT, "no parameter with key 2" },
    { "a text for a number", text_for_number, TYPE, "out is a whole number" },
    { "a real for a whole number", real_for_whole, TYPE, "out is a whole number" },
    { "a word for a number", word_for_number, TYPE, "\"five\" is not a number" },
    { "a fraction for a whole number", fraction_for_whole, TYPE, "\"2.5\" is not a whole number" },
    { "0 outputs", out_zero, ARGUMENT, "out = 0 is outside 1" },
    { "a decay above 1", decay_above_one, ARGUMENT, "decay = 1.5 is outside 0 .. 1" },
    { "a time constant below one step", tau_below_one, ARGUMENT, "tau = 0.5 is outside 1" },
    { "a threshold that is not a number", threshold_nan, ARGUMENT, "threshold = nan" },
    { "an unknown surrogate", unknown_surrogate, ARGUMENT, "\"relu\" is not one of sigmoid|" },
    { "a dropout rate of 1", rate_one, ARGUMENT, "rate = 1 is outside" },
    { "a negative learning rate", lr_negative, ARGUMENT, "lr = -0.1 is outside" },
    { "a beta for sgd", beta_of_sgd, ARGUMENT, "no parameter with key 205" },
    { "an unknown token of the notation", notation, ARGUMENT, "XY2" },
    { "a source that does not exist", source_missing, ARGUMENT, "reads \"nobody\", which does not exist" },
    { "a cycle without delay", cycle_without_delay, ARGUMENT, "only a connection with delay 1" },
    { "layers that only read each other", only_itself, SHAPE, "depends on itself only" },
    { "a delay of two steps", delay_two, ARGUMENT, "a delay of 2 steps" },
    { "the input read with a delay", input_delayed, ARGUMENT, "cannot be read with a delay" },
    { "two inputs for a layer that takes one", two_sources, ARGUMENT, "takes at most 1 inputs" },
    { "a layer added to a prepared network", add_after_prepare, STATE, "no layer can be added" },
    { "a layer changed in a prepared network", change_after_prepare, STATE,
      "out is fixed since the network was prepared" },
    { "steps changed in a prepared trainer", set_after_prepare, STATE, "steps is fixed" },
    { "an observer after prepare", observe_after_prepare, STATE, "before snn_trainer_prepare()" },
    { "a signal read outside of an observer", read_outside, STATE, "in an observer" },
    { "a step before prepare", not_prepared, STATE, "call snn_trainer_prepare() first" },
    { "a trainer without optimizer", no_optimizer, ARGUMENT, "call snn_evaluator_create()" },
    { "a step of an evaluator", evaluator_steps, STATE, "snn_trainer_create() makes a trainer that does" },
    { "a stream of an evaluator", evaluator_streams, STATE, "evaluator: it evaluates" },
    { "a checkpoint of an evaluator", evaluator_saves, STATE, "evaluator: it evaluates" },
    { "a checkpoint for an evaluator", evaluator_loads, STATE, "evaluator: it evaluates" },
    { "a projection for an evaluator", evaluator_projects, STATE, "evaluator: it evaluates" },
    { "a teacher for an evaluator", evaluator_is_taught, STATE, "evaluator: it evaluates" },
    { "logits for an evaluator", evaluator_gets_logits, STATE, "evaluator: it evaluates" },
    { "noise for an evaluator", evaluator_gets_noise, STATE, "evaluator: it evaluates" },
    { "gradients of an evaluator", evaluator_of_gradients, STATE, "evaluator: it evaluates" },
    { "a gradient read from an evaluator", evaluator_has_gradients, STATE, "evaluator: it evaluates" },
    { "tasks for an evaluator", evaluator_of_tasks, STATE, "evaluator: it evaluates" },
    { "a parameter of training in an evaluator", evaluator_shuffles, ARGUMENT, "evaluator has no parameter" },
    { "ottt through a maximum", maximum_with_ottt, UNSUPPORTED, "layer p pools by maximum" },
    { "ottt through attention", attention_with_ottt, UNSUPPORTED, "layer t: attention has no trace" },
    { "opzo through attention", attention_with_opzo, UNSUPPORTED, "layer t: attention has no trace" },
    { "ottt through a layer norm", norm_with_ottt, UNSUPPORTED, "layer t: layer_norm has no trace" },
    { "attention of two inputs", attention_of_two, ARGUMENT,
      "attention takes 3 inputs, queries, keys and values, got 2" },
    { "heads that do not divide the channels", attention_with_heads, SHAPE, "4 channels do not divide into 3 heads" },
    { "the loss of the mean without all steps", mean_with_sltt, UNSUPPORTED, "loss_on mean" },
    { "batch norm over all steps without all steps", norm_over_all_with_sltt, UNSUPPORTED, "layer bn" },
    { "more sampled steps than steps", more_samples_than_steps, UNSUPPORTED, "sampled_steps = 5 of only 4 steps" },
    { "feedback beside batch norm over all steps", feedback_with_norm_over_all, UNSUPPORTED, "exclude each other" },
    { "an output that begins at the second step", late_output, UNSUPPORTED, "layer o: the last layer has no output" },
    { "an option of another method", option_of_another_method, ARGUMENT, "no parameter with key 602" },
    { "label smoothing of 1", smoothing_one, ARGUMENT, "label_smoothing = 1 is outside" },
    { "an unknown loss", unknown_loss, ARGUMENT, "\"hinge\" is not one of ce|mse|ce_mse" },
    { "a batch of 0", batch_zero, ARGUMENT, "a batch of 0 samples" },
    { "more samples than prepared for", batch_too_large, ARGUMENT, "5 samples; 1 to 4" },
    { "no samples", no_samples, ARGUMENT, "0 samples" },
    { "2 frames for 3 steps", frames_wrong, ARGUMENT, "2 frames; 1 (static) or 3" },
    { "labels and targets", labels_and_targets, ARGUMENT, "labels and targets; a batch has one or the other" },
    { "targets for 2 of 3 steps", two_target_frames, ARGUMENT, "2 target_frames; 1 (a target for each sample) or 3" },
    { "targets for a loss of labels", targets_for_labels, ARGUMENT, "the loss ce is of labels" },
    { "a target that is not a number", target_nan, DIVERGED, "the target of sample 1" },
    { "a loss of the host that is not a number", loss_nan, DIVERGED, "the host's loss of sample 1" },
    { "a loss of the host that fails", loss_fails, SNN_ERR_IO, "the host's loss returned SNN_ERR_IO" },
    { "a sample without frames", length_zero, ARGUMENT, "length 1 is 0; a sample has 1 to 3 frames" },
    { "a label beyond the outputs", label_too_large, ARGUMENT, "label 2 is 3; the network has 3 outputs" },
    { "metrics without a size", metrics_without_size, ARGUMENT, "SNN_METRICS_INIT" },
    { "a gradient into too little room", room_too_small, ARGUMENT, "20 numbers, there is room for 5" },
    { "the gradient of a tensor that is not there", gradient_of_nothing, ARGUMENT,
      "layer n has no tensor \"weight\"" },
    { "a gradient before the first step", gradient_too_early, STATE, "no step has formed a gradient" },
    { "the gradient of layer NULL", gradient_of_no_layer, ARGUMENT, "trainer sltt: layer is NULL" },
    { "the gradient of a layer of another network", gradient_of_another, ARGUMENT,
      "trainer sltt: layer linear1 is of another network" },
    { "the figures of a layer of another network", figures_of_another, ARGUMENT, "is of another network" },
    { "lateral neurons for a layer of another network", grow_another, ARGUMENT,
      "projection: layer linear1 is of another network" },
    { "a pixel that is not a number", pixel_nan, DIVERGED, "sample 1 holds a value that is not finite (step 1)" },
    { "an infinite pixel, in prediction", pixel_infinite, DIVERGED, "sample 1" },
    { "a weight of the readout that is not a number", weight_nan, DIVERGED, "not finite" },
    { "a hidden weight that is not a number", hidden_weight_nan, DIVERGED, "gradient" },
    { "a bias of the readout that is infinite", bias_infinite, DIVERGED, "loss" },
    { "a data set of another shape", set_of_other_shape, SHAPE, "expects samples [4], the data set has [1,3,3]" },
    { "a data set of other frames", set_of_other_frames, SHAPE, "7 frames do not fit 3 steps" },
    { "a data set of more classes", set_of_more_classes, SHAPE, "10 classes, the network 3 outputs" },
    { "a data set with a label beyond its classes", set_label, ARGUMENT,
      "sample 2 has label 9; there are 3 classes" },
    { "the same in evaluation", set_label_in_evaluation, ARGUMENT, "sample 2 has label 9; there are 3 classes" },
    { "a data set with a pixel that is not a number", set_nan, DIVERGED, "sample 2" },
    { "a data set whose callback fails", set_fails, SNN_ERR_IO, "" },
    { "an unknown data format", unknown_format, ARGUMENT, "png" },
    { "batches of 1 with a batch norm over vectors", one_sample_for_norm, UNSUPPORTED, "layer bn: in batches of 1" },
    { "another data set in the midst of an epoch", another_set, STATE, "4 of them done; this data set has 3" },
    { "a trainer that is prepared in its callback", prepared_in_callback, STATE, "it is at work" },
    { "a structure of a size that struct_size cannot hold", size_cut, ARGUMENT, "context options" },
    { "a layer removed that is not the last", removed_from_within, ARGUMENT, "last" },
    { "a reading of 1e21 into a batch norm", norm_of_huge, DIVERGED, "layer bn" },
    { "an error of 1e30 to learn from", update_too_large, DIVERGED, "gradient" },
    { "readings of 3e38 in a stream", stream_of_huge, DIVERGED, "" },
    { "a stream whose trainer was prepared again", stream_ended, STATE, "snn_trainer_stream()" },
    { "a part of the state of a stream", state_cut_short, SNN_ERR_FORMAT, "state" },
    { "a callback that asks to stop", cancelled, SNN_ERR_CANCELLED, "cancelled after 4 of 5 samples" },
};

#define ROWS (int)(sizeof table / sizeof *table)

START_TEST(test_row)
{
    struct world w;
    snn_status rc;

    open_world(&w);
    rc = table[_i].make(&w);
    ck_assert_msg(rc == table[_i].code, "%s: %s (%s)", table[_i].mistake, snn_status_name(rc), snn_last_error());
    ck_assert_msg(strstr(snn_last_error(), table[_i].part) != NULL, "%s: \"%s\" lacks \"%s\"", table[_i].mistake,
                  snn_last_error(), table[_i].part);
    close_world(&w);
}
END_TEST

/* No number of a network is worse for a step that diverged. */
START_TEST(test_parameters_stay)
{
    struct world w;
    float before[5 * 4 + 5 + 3 * 5 + 3];

    open_world(&w);
    ck_assert_uint_eq(w.net->n_parameters, sizeof before / sizeof *before);
    for (int kind = 0; kind < 2; kind++) {
        if (kind)
            spoil(&w, "hidden", NAN);
        memcpy(before, w.net->parameters, sizeof before);
        ck_assert_int_eq(kind ? step(&w, 1, BATCH) : pixel_nan(&w), SNN_ERR_DIVERGED);
        ck_assert_mem_eq(before, w.net->parameters, sizeof before);
    }
    close_world(&w);
}
END_TEST

/* A cancelled epoch goes on where it was. */
START_TEST(test_cancelled_goes_on)
{
    struct world w;

    open_world(&w);
    ck_assert_int_eq(cancelled(&w), SNN_ERR_CANCELLED);
    ck_assert_uint_eq(about(w.tr).epochs, 0);
    OK(snn_trainer_on_progress(w.tr, NULL, NULL));
    OK(epoch(&w, (struct odd_set){ GOOD }, true));
    ck_assert_uint_eq(about(w.tr).epochs, 1);
    close_world(&w);
}
END_TEST

/* Destroying nothing is fine. */
START_TEST(test_destroy_null)
{
    snn_trainer_destroy(NULL);
    snn_optimizer_destroy(NULL);
    snn_network_destroy(NULL);
    snn_neuron_destroy(NULL);
    snn_dataset_destroy(NULL);
    snn_context_destroy(NULL);
    ck_assert_ptr_null(snn_network_layer(NULL, 0));
    ck_assert_ptr_null(snn_network_layer_named(NULL, "a"));
}
END_TEST

START_TEST(print_row)
{
    struct world w;
    snn_status rc;

    open_world(&w);
    rc = table[_i].make(&w);
    printf("| %s | `%s` | ", table[_i].mistake, snn_status_name(rc));
    for (const char *c = snn_last_error(); *c; c++)
        printf(*c == '|' ? "\\|" : "%c", *c);
    printf(" |\n");
    close_world(&w);
}
END_TEST

/* A test that prints: Check's own macros work in nothing else. */
static int print_table(void)
{
    Suite *suite = suite_create("table");
    TCase *tc = tcase_create("table");
    SRunner *runner = srunner_create(suite);
    int failed;

    printf("| mistake | code | message |\n|---|---|---|\n");
    tcase_add_loop_test(tc, print_row, 0, ROWS);
    suite_add_tcase(suite, tc);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_SILENT);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed != 0;
}

int main(int argc, char **argv)
{
    Suite *suite;
    TCase *tc;

    if (argc > 1 && strcmp(argv[1], "--table") == 0)
        return print_table();
    suite = suite_create("trainer: wrong use");
    tc = tcase_create("table");
    tcase_add_loop_test(tc, test_row, 0, ROWS);
    tcase_add_test(tc, test_parameters_stay);
    tcase_add_test(tc, test_cancelled_goes_on);
    tcase_add_test(tc, test_destroy_null);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
