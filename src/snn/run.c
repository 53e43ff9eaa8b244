/* run.c - the objects of a run. */
#include "run.h"
#include "params.h"
#include "ranks.h"

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
    options.threads = threads > 0 ? (uint32_t)threads : ranks_threads();
    options.seed = (uint64_t)config_whole(run->config, "seed", 1);
    options.log = print_warning;
    options.isa = config_text(run->config, "isa", "best");
    options.product_table = config_text(run->config, "product_table", NULL);
    if (rc == SNN_OK)
        rc = snn_context_create(&run->context, &options);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
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
    snn_dataset_destroy(run->validation);
    snn_dataset_destroy(run->test);
    snn_context_destroy(run->context);
    json_decref(run->config);
    memset(run, 0, sizeof *run);
}
