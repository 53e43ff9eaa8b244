/* run.c - the objects of a run. */
#include "run.h"
#include "frames.h"
#include "params.h"

#include <stdlib.h>
#include <string.h>

static void value_text(const json_t *value, char *out, size_t size)
{
    if (json_is_string(value))
        snprintf(out, size, "%s", json_string_value(value));
    else if (json_is_integer(value))
        snprintf(out, size, "%lld", (long long)json_integer_value(value));
    else if (json_is_boolean(value))
        snprintf(out, size, "%d", json_is_true(value));
    else
        snprintf(out, size, "%.17g", json_number_value(value));
}

int run_apply(const json_t *config, const char *section, const struct param_calls *calls, void *object)
{
    const char *key;
    json_t *value;
    char path[96], text[400];
    snn_status rc;

    json_object_foreach(json_object_get(config, section), key, value)
    {
        if (!param_find(section, key, strlen(key)) ||
            strcmp(key, "label_first") == 0) /* set where files are opened */
            continue;
        value_text(value, text, sizeof text);
        rc = calls->set_text(object, key, text);
        if (rc != SNN_OK) {
            snprintf(path, sizeof path, "%s.%s", section, key);
            return fail_call(rc, path);
        }
    }
    return DONE;
}

static void print_warning(void *user, snn_log_level level, const char *line)
{
    (void)user;
    if (level >= SNN_LOG_WARNING)
        warn("%s", line);
}

int run_context(struct run *run)
{
    snn_context_options options;
    int64_t threads = config_whole(run->config, "threads", 0);
    snn_status rc = snn_context_options_init(&options, sizeof options);

    if (rc == SNN_OK && (threads < 0 || threads > 4096))
        return fail(FAILED, "threads: %lld is not in 0 .. 4096", (long long)threads);
    options.threads = (uint32_t)threads;
    options.seed = (uint64_t)config_whole(run->config, "seed", 1);
    options.log = print_warning;
    options.isa = config_text(run->config, "isa", "best");
    options.product_table = config_text(run->config, "product_table", NULL);
    if (rc == SNN_OK)
        rc = snn_context_create(&run->context, &options);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* Mean and deviation from the configuration onto a data set. */
static int normalise(const struct run *run, snn_dataset *dataset)
{
    const json_t *mean = config_get(run->config, "data.mean"), *deviation = config_get(run->config, "data.deviation");
    double m[64], d[64];
    size_t n = json_array_size(mean);
    snn_status rc;

    if (n == 0)
        return DONE;
    if (n > 64 || json_array_size(deviation) != n)
        return fail(FAILED, "data.mean and data.deviation need the same number of entries, at most 64");
    for (size_t i = 0; i < n; i++) {
        m[i] = json_number_value(json_array_get(mean, i));
        d[i] = json_number_value(json_array_get(deviation, i));
    }
    rc = snn_dataset_normalise(dataset, m, d, n);
    return rc == SNN_OK ? DONE : fail_call(rc, "data.normalise");
}

/* Series have a frame for each step, unless somebody set another number: the trainer refuses that. */
static int follow(struct run *run)
{
    if (config_series(run->config) && !config_get(run->config, "trainer.steps"))
        return config_set(run->config, "trainer.steps",
                          json_integer(run->shape.frames > 1 ? (json_int_t)run->shape.frames : 6));
    return DONE;
}

size_t run_first_samples(const json_t *config, snn_split split)
{
    if (run_shares(config) || config_get(config, "data.classes"))
        return 0;
    return (size_t)config_whole(config, split == SNN_SPLIT_TRAIN ? "data.limit" : "data.test_limit", 0);
}

/* Opens a split of the data that the configuration names. */
static int open_split(struct run *run, snn_dataset **out, snn_split split)
{
    const char *format = config_text(run->config, "data.format", NULL);
    const char *directory = config_text(run->config, "data.dir", NULL);
    snn_dataset_files files;
    int status = DONE;
    char *path;
    snn_status rc = snn_dataset_files_init(&files, sizeof files);

    if (!format || !directory)
        return fail(USAGE, "no data: name them with --data FORMAT:DIR (the Debian package dataset-fashion-mnist "
                           "is found by default)");
    if (config_text(run->config, "data.cache", NULL) && !frames_is_layout(format))
        return fail(USAGE, "data.cache is for recordings, which %s are not", format);
    path = at_home(directory);
    if (!path)
        return FAILED;
    files.split = split;
    files.format = format;
    files.path = path;
    files.limit = run_first_samples(run->config, split);
    files.series = config_whole(run->config, "data.series", 0) != 0;
    files.rank = (size_t)config_whole(run->config, "data.rank", 0);
    files.last = config_whole(run->config, "data.last", 0) != 0;
    files.window = (size_t)config_whole(run->config, "data.window", 0);
    files.stride = (size_t)config_whole(run->config, "data.stride", 0);
    files.inputs = config_text(run->config, "data.inputs", NULL);
    files.targets = config_text(run->config, "data.targets", NULL);
    files.sequence = config_text(run->config, "data.sequence", NULL);
    if (frames_is_layout(format))
        status = frames_open(run, out, split, path);
    else if (rc == SNN_OK)
        rc = frames_open_files(out, run->context, &files);
    free(path);
    if (status != DONE)
        return status;
    if (rc == SNN_OK) /* labels of both splits begin there */
        rc = snn_dataset_set_i64(*out, SNN_DATASET_LABEL_FIRST, config_whole(run->config, "data.label_first", 0));
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

int run_data(struct run *run, snn_dataset **out, snn_split split)
{
    size_t classes = run->shape.classes; /* of the other split: either may lack the highest label */
    int status = open_split(run, out, run_shares(run->config) ? SNN_SPLIT_TRAIN : split);
    snn_status rc;

    if (status == DONE)
        status = run_view(run, out, split);
    if (status != DONE)
        return status;
    run->shape = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    rc = snn_dataset_get_info(*out, &run->shape);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    status = follow(run);
    if (status == DONE && split == SNN_SPLIT_TRAIN)
        status = run_apply(run->config, "data", &dataset_params, *out);
    if (run->shape.classes < classes)
        run->shape.classes = classes;
    return status == DONE ? normalise(run, *out) : status;
}

int run_normalise(struct run *run, snn_dataset *train)
{
    const char *kind = config_text(run->config, "data.normalise", "mean-std");
    const char *encoder = config_text(run->config, "trainer.encoder", "direct");
    double mean[64], deviation[64];
    size_t n = strcmp(kind, "channel") == 0 ? run->shape.shape[0] : 1;
    json_t *m, *d;
    snn_status rc;

    if (strcmp(kind, "none") != 0 && strcmp(encoder, "direct") != 0)
        warn("trainer.encoder %s takes values from 0 to 1; normalised by data.normalise %s half of them are below 0: "
             "use none",
             encoder, kind);
    if (strcmp(kind, "none") == 0 || config_get(run->config, "data.mean"))
        return DONE;
    if (strcmp(kind, "mean-std") != 0 && strcmp(kind, "channel") != 0)
        return fail(FAILED, "data.normalise: \"%s\" is not one of mean-std, channel, none", kind);
    if (n > 64)
        return fail(FAILED, "data.normalise: %zu channels, at most 64 can be normalised apart", n);
    rc = snn_dataset_statistics(train, mean, deviation, n);
    if (rc != SNN_OK)
        return fail_call(rc, "data.normalise");
    m = json_array();
    d = json_array();
    for (size_t i = 0; i < n; i++) {
        json_array_append_new(m, json_real(mean[i]));
        json_array_append_new(d, json_real(deviation[i]));
    }
    config_set(run->config, "data.mean", m);
    config_set(run->config, "data.deviation", d);
    return normalise(run, train);
}

/* The prototype, if the configuration says anything about neurons. */
static int make_neuron(struct run *run, snn_neuron **out)
{
    snn_status rc;

    *out = NULL;
    if (json_object_size(json_object_get(run->config, "neuron")) == 0)
        return DONE;
    rc = snn_neuron_create(out, run->context, config_text(run->config, "neuron.type", "lif"));
    if (rc != SNN_OK)
        return fail_call(rc, "neuron.type");
    return run_apply(run->config, "neuron", &neuron_params, *out);
}

/* One rate for all dropout layers, if the configuration has one; stochastic depth is something else. */
static snn_status set_dropout(struct run *run)
{
    const json_t *rate = config_get(run->config, "dropout");
    snn_status rc = SNN_OK;
    snn_layer *layer;
    const char *mask;

    for (size_t i = 0; rate && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++)
        if (snn_layer_get_str(layer, SNN_LAYER_MASK, &mask) == SNN_OK && strcmp(mask, "element") == 0)
            rc = snn_layer_set_f64(layer, SNN_LAYER_RATE, json_number_value(rate));
    return rc;
}

/* One kind of weights for all binary layers, if the configuration has one: "none" is the same network at full
 * precision. */
static snn_status set_binary(struct run *run)
{
    const char *kind = config_text(run->config, "binary", NULL), *now;
    snn_status rc = SNN_OK;
    snn_layer *layer;

    for (size_t i = 0; kind && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++)
        if (snn_layer_get_str(layer, SNN_LAYER_BINARY, &now) == SNN_OK && strcmp(now, "none") != 0)
            rc = snn_layer_set_str(layer, SNN_LAYER_BINARY, kind);
    return rc;
}

/* One kind of weights for errors, if the configuration has one, in all layers but the first, which sends none. */
static snn_status set_back_weights(struct run *run)
{
    const char *kind = config_text(run->config, "back_weights", NULL), *now;
    bool first = true;
    snn_status rc = SNN_OK;
    snn_layer *layer;

    for (size_t i = 0; kind && rc == SNN_OK && (layer = snn_network_layer(run->network, i)) != NULL; i++) {
        if (snn_layer_get_str(layer, SNN_LAYER_BACK_WEIGHTS, &now) != SNN_OK)
            continue;
        if (!first)
            rc = snn_layer_set_str(layer, SNN_LAYER_BACK_WEIGHTS, kind);
        first = false;
    }
    return rc;
}

int run_network(struct run *run)
{
    json_t *described = json_object_get(run->config, "network");
    snn_neuron *neuron = NULL;
    snn_status rc;
    int status;

    if (json_is_object(described) && json_object_size(json_object_get(run->config, "neuron")) > 0)
        return fail(USAGE, "neuron: a network that is described layer by layer has its own neurons");
    if (json_is_object(described)) {
        char *text = json_dumps(described, JSON_COMPACT);
        rc = snn_network_parse(&run->network, run->context, text ? text : "");
        free(text);
    } else {
        status = make_neuron(run, &neuron);
        if (status != DONE) {
            snn_neuron_destroy(neuron);
            return status;
        }
        rc = snn_network_build(&run->network, run->context, json_string_value(described), run->shape.shape,
                               run->shape.rank, run->shape.classes + run->shape.targets, neuron);
        snn_neuron_destroy(neuron);
    }
    if (rc == SNN_OK)
        rc = set_dropout(run);
    if (rc == SNN_OK)
        rc = set_binary(run);
    if (rc == SNN_OK)
        rc = set_back_weights(run);
    if (rc == SNN_OK)
        rc = snn_network_prepare(run->network);
    return rc == SNN_OK ? DONE : fail_call(rc, "network");
}

static int start_layer(snn_layer *layer, const snn_network *model, const char *path)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    snn_status rc = snn_layer_get_info(layer, &info);
    snn_layer *other = rc == SNN_OK ? snn_network_layer_named(model, info.name) : NULL;

    for (size_t i = 0; rc == SNN_OK && i < info.tensors; i++) {
        snn_tensor to = SNN_TENSOR_INIT, from = SNN_TENSOR_INIT;

        rc = snn_layer_tensor(layer, i, &to);
        if (rc == SNN_OK && (!other || snn_layer_tensor_named(other, to.name, &from) != SNN_OK ||
                             memcmp(from.dim, to.dim, sizeof to.dim) != 0))
            return fail(FAILED, "%s: has no %s.%s of the network's shape", path, info.name, to.name);
        if (rc == SNN_OK)
            memcpy(to.data, from.data, to.bytes);
    }
    return rc == SNN_OK ? DONE : fail_call(rc, "start");
}

int run_start(struct run *run)
{
    const char *start = config_text(run->config, "start", NULL);
    char *path = start ? at_home(start) : NULL;
    snn_network *model = NULL;
    snn_layer *layer;
    snn_status rc;
    int status = DONE;

    if (!path)
        return start ? FAILED : DONE;
    rc = snn_network_load(&model, run->context, path);
    if (rc != SNN_OK)
        status = fail_call(rc, "start");
    for (size_t i = 0; status == DONE && (layer = snn_network_layer(run->network, i)) != NULL; i++)
        status = start_layer(layer, model, path);
    snn_network_destroy(model);
    free(path);
    return status;
}

int run_optimizer(struct run *run)
{
    snn_status rc =
        snn_optimizer_create(&run->optimizer, run->context, config_text(run->config, "optimizer.name", "sgd"));

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    return run_apply(run->config, "optimizer", &optimizer_params, run->optimizer);
}

int run_trainer(struct run *run)
{
    const char *method = config_text(run->config, "trainer.method", "ottt");
    snn_status rc = snn_trainer_create(&run->trainer, run->network, run->optimizer, method);

    return rc == SNN_OK ? run_apply(run->config, "trainer", &trainer_params, run->trainer) : fail_call(rc, NULL);
}

bool run_evaluates_with(const snn_trainer *evaluator, const char *name)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;

    for (size_t i = 0; snn_trainer_param_info(evaluator, i, &info) == SNN_OK; i++)
        if (strcmp(info.name, name) == 0)
            return true;
    return false;
}

/* Settings of training do not apply to an evaluator. */
static snn_status set_evaluator(void *object, const char *name, const char *value)
{
    return run_evaluates_with(object, name) ? snn_trainer_set_text(object, name, value) : SNN_OK;
}

int run_evaluator(const json_t *config, snn_network *network, snn_trainer **out)
{
    static const struct param_calls calls = { .set_text = set_evaluator };
    snn_status rc = snn_evaluator_create(out, network);

    return rc == SNN_OK ? run_apply(config, "trainer", &calls, *out) : fail_call(rc, NULL);
}

int run_train_steps(struct run *run)
{
    const int64_t steps = config_whole(run->config, "train_steps", 0);
    int status;

    if (!config_get(run->config, "train_steps"))
        return DONE;
    if (run->shape.frames > 1)
        return fail(USAGE, "train_steps goes with samples of one frame; of recordings frames.subset takes fewer");
    status = run_evaluator(run->config, run->network, &run->evaluator);
    if (status == DONE && snn_trainer_set_i64(run->trainer, SNN_TRAINER_STEPS, steps) != SNN_OK)
        status = fail(FAILED, "train_steps: %s", snn_last_error());
    return status;
}

snn_trainer *run_judge(const struct run *run)
{
    return run->evaluator ? run->evaluator : run->trainer;
}

/* Takes over what the teacher's samples were normalised by. */
static int adopt_normalisation(json_t *config, const json_t *of)
{
    static const char *const path[] = { "data.mean", "data.deviation" };
    int status = DONE;

    for (size_t i = 0; i < 2 && status == DONE && config_get(of, path[i]); i++)
        status = config_set(config, path[i], json_incref(config_get(of, path[i])));
    return status;
}

static int open_teacher(struct run *run, const char *path, const json_t *config)
{
    snn_status rc = snn_network_load(&run->taught, run->context, path);

    if (rc == SNN_OK)
        rc = snn_network_pack(run->taught);
    return rc == SNN_OK ? run_evaluator(config, run->taught, &run->teacher) : fail_call(rc, "teacher");
}

int run_teacher(struct run *run)
{
    const char *teacher = config_text(run->config, "teacher", NULL);
    char *path = teacher ? at_home(teacher) : NULL;
    json_t *use, *data;
    int status;

    if (!path)
        return teacher ? FAILED : DONE;
    use = run_use_of(path, &data, &status);
    if (status == DONE && !use)
        status = fail(FAILED, "%s: holds no configuration: it was not written by snn train", path);
    if (status == DONE)
        status = open_teacher(run, path, use);
    if (status == DONE && !config_get(run->config, "data.mean"))
        status = adopt_normalisation(run->config, use);
    json_decref(data);
    json_decref(use);
    free(path);
    return status;
}

/* Value of one parameter as JSON. */
static json_t *value_of(const struct param_calls *calls, const void *object, const snn_param_info *info)
{
    const char *text;
    int64_t whole;
    double real;

    if (info->type == SNN_PARAM_I64 && calls->get_i64(object, info->key, &whole) == SNN_OK)
        return json_integer(whole);
    if (info->type == SNN_PARAM_F64 && calls->get_f64(object, info->key, &real) == SNN_OK)
        return json_real(real);
    if (info->type == SNN_PARAM_STR && calls->get_str(object, info->key, &text) == SNN_OK)
        return json_string(text);
    return NULL;
}

static int put(json_t *config, const char *section, const char *name, json_t *value)
{
    char path[96];

    if (!value)
        return DONE;
    snprintf(path, sizeof path, "%s.%s", section, name);
    return config_set(config, path, value);
}

int run_record_of(json_t *config, const char *section, const struct param_calls *calls, const void *object)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;
    int status = DONE;

    for (size_t i = 0; status == DONE && calls->info(object, i, &info) == SNN_OK; i++)
        status = put(config, section, info.name, value_of(calls, object, &info));
    return status;
}

int run_record(struct run *run)
{
    int status = run_record_of(run->config, "trainer", &trainer_params, run->trainer);

    return status == DONE ? run_record_of(run->config, "optimizer", &optimizer_params, run->optimizer) : status;
}

int run_projection(struct run *run)
{
    snn_status rc = snn_projection_create(&run->projection, run->network);

    return rc == SNN_OK ? run_apply(run->config, "projection", &projection_params, run->projection)
                        : fail_call(rc, NULL);
}

void run_close(struct run *run)
{
    snn_continual_destroy(run->sequence);
    snn_trainer_destroy(run->trainer);
    snn_trainer_destroy(run->evaluator);
    snn_projection_destroy(run->projection);
    snn_trainer_destroy(run->teacher);
    snn_network_destroy(run->taught);
    snn_optimizer_destroy(run->optimizer);
    snn_network_destroy(run->network);
    snn_dataset_destroy(run->train);
    snn_dataset_destroy(run->test);
    snn_context_destroy(run->context);
    json_decref(run->config);
    memset(run, 0, sizeof *run);
}
