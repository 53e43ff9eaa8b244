/* structs_rows.c - a small network and all that belongs to it, and the calls that take a sized structure. A function
 * of the headers without a row here fails the test. SNN_OLDER: compiled against headers that lack the last field of
 * every structure. */
#include "structs.h"
#include <snn/sys/component.h>
#include <snn/sys/npy.h>
#include <snn/sys/product.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAMPLES = 4, INPUTS = 2, CLASSES = 2 };

static struct {
    snn_context *ctx;
    snn_neuron *neuron;
    snn_dataset *data;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    snn_projection *projection;
    snn_continual *continual;
    snn_model *model;
    snn_component_params *component;
} w;

static const snn_component_param component_row = { .key = 1101, .type = SNN_PARAM_I64, .name = "a", .max = 1 };

static const float x[SAMPLES][INPUTS] = { { 0, 1 }, { 1, 0 }, { 1, 1 }, { 0.5f, 0.25f } };
static const uint32_t labels[SAMPLES] = { 0, 1, 1, 0 };

static void need(snn_status rc)
{
    if (rc == SNN_OK)
        return;
    fprintf(stderr, "structs: %s\n", snn_last_error());
    exit(1);
}

/* ---- structures as their initialisers leave them ---- */

#define INITIALISER(type, init)              \
    static void init_##type(void *s)         \
    {                                        \
        const type initial = init;           \
                                             \
        memcpy(s, &initial, sizeof initial); \
    }

INITIALISER(snn_context_info, SNN_CONTEXT_INFO_INIT)
INITIALISER(snn_dataset_info, SNN_DATASET_INFO_INIT)
INITIALISER(snn_network_info, SNN_NETWORK_INFO_INIT)
INITIALISER(snn_neuron_info, SNN_NEURON_INFO_INIT)
INITIALISER(snn_optimizer_info, SNN_OPTIMIZER_INFO_INIT)
INITIALISER(snn_trainer_info, SNN_TRAINER_INFO_INIT)
INITIALISER(snn_model_info, SNN_MODEL_INFO_INIT)
INITIALISER(snn_layer_info, SNN_LAYER_INFO_INIT)
INITIALISER(snn_tensor, SNN_TENSOR_INIT)
INITIALISER(snn_param_info, SNN_PARAM_INFO_INIT)
INITIALISER(snn_metrics, SNN_METRICS_INIT)
INITIALISER(snn_layer_metrics, SNN_LAYER_METRICS_INIT)
INITIALISER(snn_projection_info, SNN_PROJECTION_INFO_INIT)
INITIALISER(snn_continual_info, SNN_CONTINUAL_INFO_INIT)
INITIALISER(snn_product_shape, SNN_PRODUCT_SHAPE_INIT)
INITIALISER(snn_sample, SNN_SAMPLE_INIT)
INITIALISER(snn_batch, SNN_BATCH_INIT)
INITIALISER(snn_load_options, SNN_LOAD_OPTIONS_INIT)
INITIALISER(snn_load_report, SNN_LOAD_REPORT_INIT)

static void init_snn_context_options(void *s)
{
    need(snn_context_options_init(s, sizeof(snn_context_options)));
}

static void init_snn_dataset_source(void *s)
{
    need(snn_dataset_source_init(s, sizeof(snn_dataset_source)));
}

static void init_snn_dataset_files(void *s)
{
    need(snn_dataset_files_init(s, sizeof(snn_dataset_files)));
}

static void init_snn_view_options(void *s)
{
    need(snn_view_options_init(s, sizeof(snn_view_options)));
}

static void init_snn_communicator(void *s)
{
    need(snn_communicator_init(s, sizeof(snn_communicator)));
}

static snn_status initialise_options(void *s, size_t size)
{
    return snn_context_options_init(s, size);
}

static snn_status initialise_source(void *s, size_t size)
{
    return snn_dataset_source_init(s, size);
}

static snn_status initialise_files(void *s, size_t size)
{
    return snn_dataset_files_init(s, size);
}

static snn_status initialise_communicator(void *s, size_t size)
{
    return snn_communicator_init(s, size);
}

static snn_status initialise_view(void *s, size_t size)
{
    return snn_view_options_init(s, size);
}

/* ---- what comes in ---- */

static void begin_options(void *s)
{
    snn_context_options *o = s;

    init_snn_context_options(s);
    o->threads = 1;
    o->seed = 77;
    o->isa = "ref";
}

static snn_status create_context(void *s, double *figure)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_context *ctx;
    snn_status rc = snn_context_create(&ctx, s);

    if (rc != SNN_OK)
        return rc;
    need(snn_context_get_info(ctx, &info));
    *figure = (double)info.seed + 1e3 * info.threads + 1e6 * (strcmp(info.isa, "ref") == 0);
    snn_context_destroy(ctx);
    return SNN_OK;
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    (void)frame;
    memcpy(sample->x, x[index], sizeof x[index]);
    sample->label = labels[index];
    return SNN_OK;
}

/* Files that go again once they were read. */
static const char *const file[] = { "train-x-idx2", "train-y-idx1" };
static char folder[32];

static void write_files(bool there)
{
    static const unsigned char content[][14] = { { 0, 0, 9, 2, 0, 0, 0, 2, 0, 0, 0, 1, 3, 4 },
                                                 { 0, 0, 8, 1, 0, 0, 0, 2, 1, 0 } };
    static const size_t size[] = { 14, 10 };

    if (there)
        strcpy(folder, "/tmp/snn-structs-XXXXXX");
    if (there && mkdtemp(folder) == NULL)
        exit(1);
    for (size_t i = 0; i < 2; i++) {
        char path[64];
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", folder, file[i]);
        f = there ? fopen(path, "wb") : NULL;
        if (there ? f == NULL || fwrite(content[i], 1, size[i], f) != size[i] || fclose(f) != 0 : remove(path) != 0)
            exit(1);
    }
    if (!there)
        rmdir(folder);
}

static void begin_files(void *s)
{
    snn_dataset_files *files = s;

    init_snn_dataset_files(s);
    files->format = "idx";
    files->path = folder;
    files->limit = 1;
}

/* The number of its samples, if it was opened. */
static snn_status count_samples(snn_status rc, snn_dataset *d, double *figure)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    if (rc != SNN_OK)
        return rc;
    need(snn_dataset_get_info(d, &info));
    *figure = (double)info.count;
    snn_dataset_destroy(d);
    return SNN_OK;
}

static snn_status open_files(void *s, double *figure)
{
    snn_dataset *d = NULL;
    snn_status rc;

    write_files(true);
    rc = snn_dataset_open_files(&d, w.ctx, s);
    write_files(false);
    return count_samples(rc, d, figure);
}

/* Arrays of zeros, SAMPLES [INPUTS] and their labels. */
struct array {
    char bytes[128];
    size_t size, at;
};

static const char *name_array(void *user, size_t index)
{
    static const char *const name[] = { "x.npy", "y.npy" };

    (void)user;
    return index < 2 ? name[index] : NULL;
}

static snn_status open_array(void *user, size_t index, uint64_t *size)
{
    static const char begin[] = "\x93NUMPY\1";
    struct array *a = user;
    const int length = snprintf(a->bytes + 10, 100, "{'descr': '|u1', 'fortran_order': False, 'shape': (%d, %d)}",
                                SAMPLES, index == 0 ? INPUTS : 1);

    memcpy(a->bytes, begin, sizeof begin);
    a->bytes[8] = (char)length;
    a->at = 0;
    a->size = 10 + (size_t)length + SAMPLES * (index == 0 ? INPUTS : 1);
    *size = a->size;
    return SNN_OK;
}

static snn_status read_array(void *user, void *to, size_t size, size_t *got)
{
    struct array *a = user;

    *got = size < a->size - a->at ? size : a->size - a->at;
    memcpy(to, a->bytes + a->at, *got);
    a->at += *got;
    return SNN_OK;
}

static snn_status open_arrays(void *s, double *figure)
{
    struct array a = { .size = 0 };
    const snn_npy_members members = { &a, name_array, open_array, read_array };
    snn_dataset *d = NULL;
    const snn_status rc = snn_npy_dataset_open(&d, w.ctx, s, &members);

    return count_samples(rc, d, figure);
}

static void begin_source(void *s)
{
    snn_dataset_source *source = s;

    init_snn_dataset_source(s);
    source->rank = 1;
    source->shape[0] = INPUTS;
    source->count = SAMPLES;
    source->classes = CLASSES;
    source->read = read_sample;
}

static snn_status create_dataset(void *s, double *figure)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    snn_status rc = snn_dataset_create(&d, w.ctx, s);

    if (rc != SNN_OK)
        return rc;
    need(snn_dataset_get_info(d, &info));
    *figure = (double)info.count + 1e3 * (double)info.classes + 1e6 * info.rank;
    snn_dataset_destroy(d);
    return SNN_OK;
}

static void begin_view(void *s)
{
    snn_view_options *view = s;

    init_snn_view_options(s);
    view->part = SNN_VIEW_REST;
    view->share = 0.5;
}

static snn_status create_view(void *s, double *figure)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset *d;
    snn_status rc = snn_dataset_view(&d, w.data, s);

    if (rc != SNN_OK)
        return rc;
    need(snn_dataset_get_info(d, &info));
    *figure = (double)info.count;
    snn_dataset_destroy(d);
    return SNN_OK;
}

static snn_status sum_of_one(void *user, float *data, size_t n)
{
    (void)user;
    (void)data;
    (void)n;
    return SNN_OK;
}

static snn_status copy_of_one(void *user, void *data, size_t bytes, uint32_t root)
{
    (void)user;
    (void)data;
    (void)bytes;
    (void)root;
    return SNN_OK;
}

static snn_status meet_nobody(void *user)
{
    (void)user;
    return SNN_OK;
}

static void begin_communicator(void *s)
{
    snn_communicator *c = s;

    init_snn_communicator(s);
    c->all_reduce = sum_of_one;
    c->broadcast = copy_of_one;
    c->barrier = meet_nobody;
}

static snn_status set_communicator(void *s, double *figure)
{
    size_t first = 0, count = 0;
    snn_trainer *trainer;
    snn_status rc;

    need(snn_evaluator_create(&trainer, w.net));
    rc = snn_trainer_set_communicator(trainer, s);
    if (rc == SNN_OK) {
        need(snn_trainer_prepare(trainer, SAMPLES));
        need(snn_trainer_share(trainer, SAMPLES, &first, &count));
        *figure = (double)count;
    }
    snn_trainer_destroy(trainer);
    return rc;
}

static void begin_shape(void *s)
{
    snn_product_shape *shape = s;

    init_snn_product_shape(s);
    shape->samples = 3;
    shape->channels = 24;
    shape->outputs = 8;
#ifndef SNN_OLDER
    shape->density = 0.5;
#endif
}

static snn_status measure(void *s, double *figure)
{
    double seconds;

    (void)figure; /* times differ */
    return snn_product_measure(w.ctx, "spikes", s, "dense", &seconds);
}

static snn_status pick(void *s, double *figure)
{
    const char *way, *name;
    snn_status rc = snn_product_pick(w.ctx, "spikes", s, &way);

    for (size_t i = 0; rc == SNN_OK && (name = snn_product_way(i)) != NULL; i++)
        if (strcmp(name, way) == 0)
            *figure = (double)i;
    return rc;
}

/* Only a context that measures takes it, and older options cannot say so; the shape is read before. */
static snn_status tune(void *s, double *figure)
{
    char text[SNN_PRODUCT_ROW];
    snn_context *ctx;
    snn_status rc;
#ifdef SNN_OLDER
    rc = snn_product_tune(w.ctx, "spikes", s, text, sizeof text);
    *figure = strstr(snn_last_error(), "\"measure\"") != NULL;
    rc = *figure == 1 ? SNN_OK : rc;
    (void)ctx;
#else
    snn_context_options options;

    need(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.product_table = "measure";
    need(snn_context_create(&ctx, &options));
    rc = snn_product_tune(ctx, "spikes", s, text, sizeof text);
    *figure = rc == SNN_OK && strstr(text, "\nspikes 1-1 1-1 2-3 8-15 16-31 ") != NULL;
    snn_context_destroy(ctx);
#endif
    return rc;
}

static void begin_sample(void *s)
{
    static float to[INPUTS];

    init_snn_sample(s);
    ((snn_sample *)s)->x = to;
}

static snn_status read_one(void *s, double *figure)
{
    snn_status rc = snn_dataset_read(w.data, 1, 0, s);

    if (rc == SNN_OK)
        *figure = ((snn_sample *)s)->label + 10.0 * ((snn_sample *)s)->x[0];
    return rc;
}

static void begin_batch(void *s)
{
    snn_batch *batch = s;

    init_snn_batch(s);
    batch->samples = SAMPLES;
    batch->x = x[0];
    batch->labels = labels;
}

static snn_status step(void *s, double *figure)
{
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc = snn_trainer_step(w.trainer, s, &m);

    *figure = m.loss;
    return rc;
}

static snn_status predict(void *s, double *figure)
{
    float out[SAMPLES * CLASSES] = { 0 };
    snn_status rc = snn_trainer_predict(w.trainer, s, out);

    for (size_t i = 0; i < SAMPLES * CLASSES; i++)
        *figure += (double)(i + 1) * out[i];
    return rc;
}

static snn_status forward(void *s, double *figure)
{
    float out[2 * SAMPLES * CLASSES] = { 0 };
    snn_status rc = snn_trainer_forward(w.trainer, s, out);

    for (size_t i = 0; i < SAMPLES * CLASSES; i++)
        *figure += (double)(i + 1) * out[i];
    return rc;
}

static snn_status backward(void *s, double *figure)
{
    float out[2 * SAMPLES * CLASSES], gradient[CLASSES];
    snn_batch batch;
    snn_status rc;

    begin_batch(&batch);
    need(snn_trainer_forward(w.trainer, &batch, out));
    rc = snn_trainer_backward(w.trainer, s, out);
    if (rc != SNN_OK)
        return rc;
    need(snn_trainer_read_gradient(w.trainer, snn_network_layer_named(w.net, "fc2"), "bias", gradient, CLASSES));
    *figure = (double)gradient[0];
    return SNN_OK;
}

/* The model of the network itself: all fits, except what a list of names leaves out. */
static snn_status load_tensors(const snn_load_options *options, snn_load_report *report)
{
    char path[] = "/tmp/snn-structs-XXXXXX";
    int fd = mkstemp(path);
    snn_status rc;

    need(snn_network_save(w.net, path));
    rc = snn_network_load_tensors(w.net, path, options, report);
    close(fd);
    remove(path);
    return rc;
}

static void begin_load(void *s)
{
    init_snn_load_options(s);
    ((snn_load_options *)s)->strict = 1;
}

static snn_status load_options(void *s, double *figure)
{
    snn_load_report report = SNN_LOAD_REPORT_INIT;
    snn_status rc = load_tensors(s, &report);

    *figure = (double)report.loaded;
    return rc;
}

static snn_status load_report(void *s, double *figure)
{
    (void)figure;
    return load_tensors(NULL, s);
}

/* ---- what is filled ---- */

#define FILLED(name, expression)                    \
    static snn_status name(void *s, double *figure) \
    {                                               \
        (void)figure;                               \
        return expression;                          \
    }

static snn_layer *first(void)
{
    return snn_network_layer(w.net, 0);
}

FILLED(context_info, snn_context_get_info(w.ctx, s))
FILLED(dataset_info, snn_dataset_get_info(w.data, s))
FILLED(network_info, snn_network_get_info(w.net, s))
FILLED(neuron_info, snn_neuron_get_info(w.neuron, s))
FILLED(optimizer_info, snn_optimizer_get_info(w.optimizer, s))
FILLED(trainer_info, snn_trainer_get_info(w.trainer, s))
FILLED(model_info, snn_model_get_info(w.model, s))
FILLED(model_tensor, snn_model_tensor(w.model, 0, s))
FILLED(layer_info, snn_layer_get_info(first(), s))
FILLED(tensor, snn_layer_tensor(first(), 0, s))
FILLED(tensor_named, snn_layer_tensor_named(first(), "weight", s))
FILLED(neuron_param, snn_neuron_param_info(w.neuron, 1, s))
FILLED(layer_param, snn_layer_param_info(first(), 0, s))
FILLED(dataset_param, snn_dataset_param_info(w.data, 0, s))
FILLED(optimizer_param, snn_optimizer_param_info(w.optimizer, 0, s))
FILLED(trainer_param, snn_trainer_param_info(w.trainer, 0, s))
FILLED(projection_param, snn_projection_param_info(w.projection, 0, s))
FILLED(component_param, snn_component_params_param_info(w.component, 0, s))
FILLED(network_option, snn_network_option("resnet34", 0, s))
FILLED(projection_info, snn_projection_get_info(w.projection, snn_network_layer(w.net, 0), s))
FILLED(continual_info, snn_continual_get_info(w.continual, s))

static snn_status step_metrics(void *s, double *figure)
{
    snn_batch batch;

    (void)figure;
    begin_batch(&batch);
    return snn_trainer_step(w.trainer, &batch, s);
}

FILLED(epoch_metrics, snn_trainer_epoch(w.trainer, w.data, s))
FILLED(evaluate_metrics, snn_trainer_evaluate(w.trainer, w.data, s))
FILLED(layer_metrics, snn_trainer_layer_metrics(w.trainer, snn_network_layer(w.net, 0), s))
FILLED(replay_metrics, snn_continual_replay(w.continual, w.data, s))
FILLED(continual_metrics, snn_continual_evaluate(w.continual, 0, w.data, s))

/* ---- what a callback is given ---- */

static int take_progress(void *user, const snn_progress *progress)
{
    *(double *)user = progress->struct_size;
    return 0;
}

static snn_status progress(void *s, double *figure)
{
    (void)s;
    need(snn_trainer_on_progress(w.trainer, take_progress, figure));
    need(snn_trainer_evaluate(w.trainer, w.data, NULL));
    return snn_trainer_on_progress(w.trainer, NULL, NULL);
}

static snn_status take_loss(void *user, const snn_loss_call *call)
{
    *(double *)user = call->struct_size;
    return SNN_OK;
}

static snn_status loss(void *s, double *figure)
{
    (void)s;
    need(snn_trainer_on_loss(w.trainer, take_loss, figure));
    need(snn_trainer_evaluate(w.trainer, w.data, NULL));
    return snn_trainer_on_loss(w.trainer, NULL, NULL);
}

static double size_of_sample;

static snn_status note_size(void *user, size_t index, size_t frame, snn_sample *sample)
{
    size_of_sample = sample->struct_size;
    return read_sample(user, index, frame, sample);
}

static snn_status sample(void *s, double *figure)
{
    snn_dataset_source source;
    snn_dataset *data;
    double mean, deviation;
    snn_status rc;

    (void)s;
    begin_source(&source);
    source.read = note_size;
    need(snn_dataset_create(&data, w.ctx, &source));
    rc = snn_dataset_statistics(data, &mean, &deviation, 1);
    *figure = size_of_sample;
    snn_dataset_destroy(data);
    return rc;
}

/* ---- the rows ---- */

#ifdef SNN_OLDER
#define RESERVED(of) .reserved = 0
#else
#define RESERVED(of) .reserved = offsetof(of, reserved)
#endif
#define TIMES .loose = { offsetof(snn_metrics, seconds), offsetof(snn_metrics, samples_per_second) }

#define ROW(how, name, of) .function = name, .type = #of, .kind = how, .size = sizeof(of)
#define CALLED(init, of, first, made) .initialiser = init, .defaults = init_##of, .begin = first, .call = made
#define INIT(name, of, how) ROW(INITIALISES, name, of), .initialise = how
#define TAKEN(name, of, init, first, made) ROW(TAKES, name, of), CALLED(init, of, first, made)
#define SHARED(name, of, init, first, made) ROW(TAKES_FILLS, name, of), CALLED(init, of, first, made)
#define INFO(name, of, init, made) ROW(FILLS, name, of), CALLED(init, of, init_##of, made)
#define METRICS(name, made) INFO(name, snn_metrics, "SNN_METRICS_INIT", made), TIMES
#define GIVEN(name, of, made) ROW(IS_GIVEN, name, of), .call = made

static const struct row rows[] = {
    { INIT("snn_context_options_init", snn_context_options, initialise_options) },
    { INIT("snn_dataset_source_init", snn_dataset_source, initialise_source) },
    { INIT("snn_dataset_files_init", snn_dataset_files, initialise_files) },
    { TAKEN("snn_context_create", snn_context_options, "snn_context_options_init()", begin_options, create_context) },
    { TAKEN("snn_dataset_create", snn_dataset_source, "snn_dataset_source_init()", begin_source, create_dataset) },
    { TAKEN("snn_dataset_open_files", snn_dataset_files, "snn_dataset_files_init()", begin_files, open_files) },
    { TAKEN("snn_npy_dataset_open", snn_dataset_files, "snn_dataset_files_init()", begin_files, open_arrays) },
    { INIT("snn_communicator_init", snn_communicator, initialise_communicator) },
    { TAKEN("snn_trainer_set_communicator", snn_communicator, "snn_communicator_init()", begin_communicator,
            set_communicator),
      RESERVED(snn_communicator) },
    { INIT("snn_view_options_init", snn_view_options, initialise_view) },
    { TAKEN("snn_dataset_view", snn_view_options, "snn_view_options_init()", begin_view, create_view) },
    { TAKEN("snn_product_measure", snn_product_shape, "SNN_PRODUCT_SHAPE_INIT", begin_shape, measure) },
    { TAKEN("snn_product_pick", snn_product_shape, "SNN_PRODUCT_SHAPE_INIT", begin_shape, pick) },
    { TAKEN("snn_product_tune", snn_product_shape, "SNN_PRODUCT_SHAPE_INIT", begin_shape, tune) },
    { TAKEN("snn_trainer_step", snn_batch, "SNN_BATCH_INIT", begin_batch, step), RESERVED(snn_batch) },
    { TAKEN("snn_trainer_predict", snn_batch, "SNN_BATCH_INIT", begin_batch, predict), RESERVED(snn_batch) },
    { TAKEN("snn_network_load_tensors", snn_load_options, "SNN_LOAD_OPTIONS_INIT", begin_load, load_options) },
    { TAKEN("snn_trainer_forward", snn_batch, "SNN_BATCH_INIT", begin_batch, forward), RESERVED(snn_batch) },
    { TAKEN("snn_trainer_backward", snn_batch, "SNN_BATCH_INIT", begin_batch, backward), RESERVED(snn_batch) },
    { SHARED("snn_dataset_read", snn_sample, "SNN_SAMPLE_INIT", begin_sample, read_one) },
    { INFO("snn_context_get_info", snn_context_info, "SNN_CONTEXT_INFO_INIT", context_info) },
    { INFO("snn_dataset_get_info", snn_dataset_info, "SNN_DATASET_INFO_INIT", dataset_info) },
    { INFO("snn_network_get_info", snn_network_info, "SNN_NETWORK_INFO_INIT", network_info) },
    { INFO("snn_neuron_get_info", snn_neuron_info, "SNN_NEURON_INFO_INIT", neuron_info) },
    { INFO("snn_optimizer_get_info", snn_optimizer_info, "SNN_OPTIMIZER_INFO_INIT", optimizer_info) },
    { INFO("snn_trainer_get_info", snn_trainer_info, "SNN_TRAINER_INFO_INIT", trainer_info) },
    { INFO("snn_layer_get_info", snn_layer_info, "SNN_LAYER_INFO_INIT", layer_info) },
    { INFO("snn_layer_tensor", snn_tensor, "SNN_TENSOR_INIT", tensor) },
    { INFO("snn_layer_tensor_named", snn_tensor, "SNN_TENSOR_INIT", tensor_named) },
    { INFO("snn_model_get_info", snn_model_info, "SNN_MODEL_INFO_INIT", model_info) },
    { INFO("snn_model_tensor", snn_tensor, "SNN_TENSOR_INIT", model_tensor) },
    { INFO("snn_network_load_tensors", snn_load_report, "SNN_LOAD_REPORT_INIT", load_report) },
    { INFO("snn_projection_get_info", snn_projection_info, "SNN_PROJECTION_INFO_INIT", projection_info) },
    { INFO("snn_continual_get_info", snn_continual_info, "SNN_CONTINUAL_INFO_INIT", continual_info) },
    { INFO("snn_network_option", snn_param_info, "SNN_PARAM_INFO_INIT", network_option) },
    { INFO("snn_neuron_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", neuron_param) },
    { INFO("snn_layer_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", layer_param) },
    { INFO("snn_dataset_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", dataset_param) },
    { INFO("snn_optimizer_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", optimizer_param) },
    { INFO("snn_trainer_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", trainer_param) },
    { INFO("snn_projection_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", projection_param) },
    { INFO("snn_component_params_param_info", snn_param_info, "SNN_PARAM_INFO_INIT", component_param) },
    { METRICS("snn_trainer_step", step_metrics) },
    { METRICS("snn_trainer_epoch", epoch_metrics) },
    { METRICS("snn_trainer_evaluate", evaluate_metrics) },
    { METRICS("snn_continual_replay", replay_metrics) },
    { METRICS("snn_continual_evaluate", continual_metrics) },
    { INFO("snn_trainer_layer_metrics", snn_layer_metrics, "SNN_LAYER_METRICS_INIT", layer_metrics) },
    { GIVEN("snn_progress_fn", snn_progress, progress) },
    { GIVEN("snn_loss_fn", snn_loss_call, loss) },
    { GIVEN("snn_dataset_source", snn_sample, sample) },
};

/* A file, which goes again once it was read. */
static void open_model(void)
{
    char path[] = "/tmp/snn-structs-XXXXXX";
    int fd = mkstemp(path);

    need(snn_network_save(w.net, path));
    need(snn_model_open(&w.model, w.ctx, path));
    close(fd);
    remove(path);
}

/* An optimizer that moves nothing, and samples in their order: the same call gives the same figures again. */
static void build(void)
{
    snn_context_options options;
    snn_dataset_source source;
    const size_t shape = INPUTS;

    begin_options(&options);
    need(snn_context_create(&w.ctx, &options));
    begin_source(&source);
    need(snn_dataset_create(&w.data, w.ctx, &source));
    need(snn_neuron_create(&w.neuron, w.ctx, "lif"));
    need(snn_network_build(&w.net, w.ctx, "3-2", &shape, 1, CLASSES, w.neuron));
    need(snn_network_prepare(w.net));
    need(snn_optimizer_create(&w.optimizer, w.ctx, "sgd"));
    need(snn_optimizer_set_f64(w.optimizer, SNN_OPTIMIZER_LR, 0));
    need(snn_trainer_create(&w.trainer, w.net, w.optimizer, "bptt"));
    need(snn_trainer_set_i64(w.trainer, SNN_TRAINER_STEPS, 2));
    need(snn_trainer_set_i64(w.trainer, SNN_TRAINER_SHUFFLE, 0));
    need(snn_projection_create(&w.projection, w.net));
    need(snn_continual_create(&w.continual, w.trainer, w.projection, 2));
    need(snn_component_params_create(&w.component, w.ctx, "component", &component_row, 1));
    need(snn_continual_begin(w.continual, SAMPLES));
    need(snn_trainer_epoch(w.trainer, w.data, NULL));
    need(snn_continual_end(w.continual));
    need(snn_trainer_prepare(w.trainer, SAMPLES));
    open_model();
}

const struct row *structs_rows(size_t *n)
{
    if (w.ctx == NULL)
        build();
    *n = sizeof rows / sizeof *rows;
    return rows;
}

void structs_end(void)
{
    snn_model_destroy(w.model);
    snn_continual_destroy(w.continual);
    snn_trainer_destroy(w.trainer);
    snn_component_params_destroy(w.component);
    snn_projection_destroy(w.projection);
    snn_optimizer_destroy(w.optimizer);
    snn_network_destroy(w.net);
    snn_neuron_destroy(w.neuron);
    snn_dataset_destroy(w.data);
    snn_context_destroy(w.ctx);
}
