/* model/run.c - the numbers of a training run as JSON, "snn.run" of a checkpoint: written, compared with a trainer's
 * and read back. */
#include "core/alloc.h"
#include "model/checkpoint.h"
#include "network/network.h"
#include "optimizer/optimizer.h"
#include "trainer/trainer.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define RUN_FORMAT 1

/* The whole numbers and sums of a run, by the names that they have in "snn.run". */
static const struct count {
    const char *name;
    size_t at;
} counts[] = {
    { "epoch", offsetof(struct snn__run, epoch) },
    { "position", offsetof(struct snn__run, position) },
    { "seen", offsetof(struct snn__run, seen) },
    { "samples", offsetof(struct snn__run, samples) },
    { "frames", offsetof(struct snn__run, frames) },
    { "target_frames", offsetof(struct snn__run, target_frames) },
    { "updates", offsetof(struct snn__run, updates) },
    { "batches", offsetof(struct snn__run, batches) },
}, sums[] = {
    { "loss_sum", offsetof(struct snn__run, loss_sum) },
    { "correct", offsetof(struct snn__run, correct) },
    { "top5", offsetof(struct snn__run, top5) }, /* null or absent where nobody counted */
};

/* Counters of the epoch under way, in "counters" of "snn.run". "spikes" and "answers" (spikes of couples) hold those
 * of every layer. */
static const struct count kept_counts[] = {
    { "neuron_steps", offsetof(struct snn__kept, neuron_steps) },
    { "couple_steps", offsetof(struct snn__kept, couple_steps) },
    { "solves", offsetof(struct snn__kept, solver.solves) },
    { "iterations", offsetof(struct snn__kept, solver.iterations) },
    { "failures", offsetof(struct snn__kept, solver.failures) },
}, kept_sums[] = {
    { "residual", offsetof(struct snn__kept, solver.residual) },
    { "gap", offsetof(struct snn__kept, solver.gap) },
};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t *count_of(void *of, const struct count *c)
{
    return (uint64_t *)(void *)((char *)of + c->at);
}

static double *sum_of(void *of, const struct count *c)
{
    return (double *)(void *)((char *)of + c->at);
}

/* ---- writing */

/* null: NaN */
static json_t *json_number(double x)
{
    return isfinite(x) ? json_real(x) : json_null();
}

static json_t *moments_json(const struct snn__run *run, bool *failed)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->n_moments; i++)
        snn__json_add(list, json_string(run->moment_name[i]), failed);
    return list;
}

/* The fit of predictions to targets so far: four numbers of every output. */
static json_t *fit_json(const struct snn__fit *fit, size_t classes, bool *failed)
{
    json_t *o = json_object(), *outputs = json_array();

    for (size_t c = 0; c < classes; c++) {
        snn__json_add(outputs, json_real(fit->of[c].square), failed);
        snn__json_add(outputs, json_real(fit->of[c].relative), failed);
        snn__json_add(outputs, json_real(fit->of[c].mean), failed);
        snn__json_add(outputs, json_real(fit->of[c].spread), failed);
    }
    snn__json_set(o, "predictions", json_integer((json_int_t)fit->n), failed);
    snn__json_set(o, "outputs", outputs, failed);
    return o;
}

static json_t *counters_json(snn_trainer *trainer, bool *failed)
{
    json_t *o = json_object(), *spikes = json_array(), *answers = json_array();
    struct snn__kept *kept = &trainer->kept;

    for (size_t i = 0; i < COUNT(kept_counts); i++)
        snn__json_set(o, kept_counts[i].name, json_integer((json_int_t)*count_of(kept, &kept_counts[i])), failed);
    for (size_t i = 0; i < COUNT(kept_sums); i++) {
        double sum = *sum_of(kept, &kept_sums[i]);

        snn__json_set(o, kept_sums[i].name, json_number(sum), failed);
    }
    for (size_t l = 0; l < trainer->pass.n; l++) {
        snn__json_add(spikes, json_integer((json_int_t)kept->counts[l].spikes), failed);
        snn__json_add(answers, json_integer((json_int_t)kept->counts[l].couple_spikes), failed);
    }
    snn__json_set(o, "spikes", spikes, failed);
    snn__json_set(o, "answers", answers, failed);
    if (kept->fit.n > 0)
        snn__json_set(o, "fit", fit_json(&kept->fit, trainer->classes, failed), failed);
    return o;
}

/* How batches are cut and summed: nothing for whole ones. */
static void add_shards(json_t *o, const snn_trainer *trainer, bool *failed)
{
    const struct snn__params *p = &trainer->params;
    const int64_t shards = snn__param_i64(p, SNN_TRAINER_SHARDS);

    if (shards == 1)
        return;
    snn__json_set(o, "shards", json_integer((json_int_t)shards), failed);
    snn__json_set(o, "reduce", json_string(snn__param_str(p, SNN_TRAINER_REDUCE)), failed);
    snn__json_set(o, "send", json_string(snn__param_str(p, SNN_TRAINER_SEND)), failed);
}

static snn_status run_to_json(json_t **out, snn_trainer *trainer, struct snn__run *run)
{
    json_t *o = json_object();
    bool failed = false;

    snn__json_set(o, "format", json_integer(RUN_FORMAT), &failed);
    snn__json_set(o, "method", json_string(run->method), &failed);
    snn__json_set(o, "optimizer", json_string(run->optimizer), &failed);
    snn__json_set(o, "moments", moments_json(run, &failed), &failed);
    for (size_t i = 0; i < COUNT(counts); i++)
        snn__json_set(o, counts[i].name, json_integer((json_int_t)*count_of(run, &counts[i])), &failed);
    for (size_t i = 0; i < COUNT(sums); i++)
        snn__json_set(o, sums[i].name, json_number(*sum_of(run, &sums[i])), &failed);
    add_shards(o, trainer, &failed);
    if (run->position > 0 && trainer->prepared)
        snn__json_set(o, "counters", counters_json(trainer, &failed), &failed);
    return snn__json_made(out, o, failed, "checkpoint");
}

snn_status snn__checkpoint_add_run(json_t *metadata, snn_trainer *trainer, struct snn__run *run)
{
    json_t *json = NULL;

    SNN__TRY(run_to_json(&json, trainer, run));
    return snn__checkpoint_add_text(metadata, "snn.run", json, snn__trainer_network(trainer)->ctx);
}

/* ---- reading */

static snn_status bad_run(const struct snn__safetensors *file, const char *what)
{
    return snn__fail(SNN_ERR_FORMAT, "checkpoint \"%.200s\": \"snn.run\": %s is missing or wrong", file->path, what);
}

static snn_status read_run(json_t **out, const struct snn__safetensors *file)
{
    const char *text = snn__safetensors_text(file, "snn.run");
    char what[256];

    *out = NULL;
    if (text == NULL)
        return snn__fail(SNN_ERR_FORMAT, "model file \"%.200s\" holds a network, but no training run", file->path);
    snprintf(what, sizeof what, "checkpoint \"%.200s\": \"snn.run\"", file->path);
    return snn__json_read(out, file->ctx, text, strlen(text), what);
}

static snn_status parse_counts(void *of, const json_t *o, const struct count *c, size_t n,
                               const struct snn__safetensors *file)
{
    for (size_t i = 0; i < n; i++) {
        const json_t *value = json_object_get(o, c[i].name);

        if (!json_is_integer(value) || json_integer_value(value) < 0)
            return bad_run(file, c[i].name);
        *count_of(of, &c[i]) = (uint64_t)json_integer_value(value);
    }
    return SNN_OK;
}

/* A fit may be absent, but not incomplete. */
static snn_status parse_fit(const json_t *o, size_t classes, const struct snn__safetensors *file)
{
    const json_t *n = json_object_get(o, "predictions"), *outputs = json_object_get(o, "outputs");
    bool good = json_is_integer(n) && json_integer_value(n) > 0 && json_array_size(outputs) == 4 * classes;

    for (size_t i = 0; o != NULL && good && i < 4 * classes; i++)
        good = json_is_real(json_array_get(outputs, i));
    return o == NULL || good ? SNN_OK : bad_run(file, "fit");
}

static void take_fit(struct snn__fit *fit, const json_t *o, size_t classes)
{
    const json_t *outputs = json_object_get(o, "outputs");

    fit->n = (uint64_t)json_integer_value(json_object_get(o, "predictions"));
    for (size_t c = 0; c < classes && o != NULL; c++)
        fit->of[c] = (struct snn__fit_of){ json_real_value(json_array_get(outputs, 4 * c)),
                                           json_real_value(json_array_get(outputs, 4 * c + 1)),
                                           json_real_value(json_array_get(outputs, 4 * c + 2)),
                                           json_real_value(json_array_get(outputs, 4 * c + 3)) };
}

/* Counters of the epoch under way, into a copy, without those of layers; a file from before them has none. */
static snn_status parse_counters(struct snn__kept *kept, const json_t *o, size_t layers,
                                 const struct snn__safetensors *file)
{
    const json_t *spikes = json_object_get(o, "spikes"), *answers = json_object_get(o, "answers"), *value;

    if (o == NULL)
        return SNN_OK;
    SNN__TRY(parse_counts(kept, o, kept_counts, COUNT(kept_counts), file));
    for (size_t i = 0; i < COUNT(kept_sums); i++) {
        value = json_object_get(o, kept_sums[i].name);
        if (!json_is_real(value) && !json_is_null(value))
            return bad_run(file, kept_sums[i].name);
        *sum_of(kept, &kept_sums[i]) = json_is_real(value) ? json_real_value(value) : NAN;
    }
    for (size_t l = 0; l < layers; l++)
        if (!json_is_integer(json_array_get(spikes, l)) || !json_is_integer(json_array_get(answers, l)))
            return bad_run(file, "counters");
    return SNN_OK;
}

static void take_counters(snn_trainer *trainer, const struct snn__kept *kept, const json_t *o)
{
    const json_t *spikes = json_object_get(o, "spikes"), *answers = json_object_get(o, "answers");
    struct snn__counts *of_layer = trainer->kept.counts;
    struct snn__fit fit = trainer->kept.fit;

    snn__forget_counters(trainer);
    if (o == NULL || !trainer->prepared)
        return;
    trainer->kept = *kept;
    trainer->kept.counts = of_layer;
    take_fit(&fit, json_object_get(o, "fit"), trainer->classes);
    trainer->kept.fit = fit;
    for (size_t l = 0; l < trainer->pass.n; l++) {
        of_layer[l].spikes = (uint64_t)json_integer_value(json_array_get(spikes, l));
        of_layer[l].couple_spikes = (uint64_t)json_integer_value(json_array_get(answers, l));
    }
}

/* Numbers of the run, into a copy. */
static snn_status parse_run(struct snn__run *run, const json_t *o, const struct snn__safetensors *file)
{
    const json_t *format = json_object_get(o, "format");

    if (!json_is_integer(format) || json_integer_value(format) < 1)
        return bad_run(file, "format");
    if (json_integer_value(format) > RUN_FORMAT)
        return snn__fail(SNN_ERR_VERSION,
                         "checkpoint \"%.200s\": run format %" JSON_INTEGER_FORMAT ", this version "
                         "reads up to %d",
                         file->path, json_integer_value(format), RUN_FORMAT);
    SNN__TRY(parse_counts(run, o, counts, COUNT(counts), file));
    for (size_t i = 0; i < COUNT(sums); i++) {
        const json_t *value = json_object_get(o, sums[i].name);

        const bool unknown = (value == NULL || json_is_null(value)) && sums[i].at == offsetof(struct snn__run, top5);

        if (!json_is_real(value) && !unknown)
            return bad_run(file, sums[i].name);
        *sum_of(run, &sums[i]) = unknown ? NAN : json_real_value(value);
    }
    return run->position > run->samples || run->seen > run->position ? bad_run(file, "position") : SNN_OK;
}

static snn_status compare_text(const struct snn__safetensors *file, const char *what, const char *saved,
                               const char *present)
{
    const char *a = saved != NULL ? saved : "none";

    if (strcmp(a, present) != 0)
        return snn__fail(SNN_ERR_STATE, "checkpoint \"%.200s\": its %s is %.60s, this trainer's is %s", file->path,
                         what, a, present);
    return SNN_OK;
}

static snn_status compare_run(const struct snn__run *run, const json_t *o, const struct snn__safetensors *file)
{
    const json_t *method = json_object_get(o, "method"), *moments = json_object_get(o, "moments");

    if (!json_is_string(method))
        return bad_run(file, "method");
    if (!json_is_array(moments))
        return bad_run(file, "moments");
    SNN__TRY(compare_text(file, "method", json_string_value(method), run->method));
    SNN__TRY(compare_text(file, "optimizer", json_string_value(json_object_get(o, "optimizer")), run->optimizer));
    if (json_array_size(moments) != run->n_moments)
        return snn__fail(SNN_ERR_STATE,
                         "checkpoint \"%.200s\": its optimizer has %zu moments, this trainer's has "
                         "%zu: their settings differ",
                         file->path, json_array_size(moments), run->n_moments);
    for (size_t i = 0; i < run->n_moments; i++)
        SNN__TRY(compare_text(file, "moment", json_string_value(json_array_get(moments, i)), run->moment_name[i]));
    return SNN_OK;
}

/* The trainer's word for a setting, or one that says that there are no shards. */
static bool says(const snn_trainer *trainer, int32_t key, const json_t *o, const char *name, const char *none)
{
    const char *saved = json_string_value(json_object_get(o, name));

    return snn__param_is(&trainer->params, key, saved != NULL ? saved : none);
}

/* An epoch under way goes on as it was cut; the next may be cut in another way. */
static snn_status compare_shards(struct snn__saved_run *saved, const snn_trainer *trainer,
                                 const struct snn__safetensors *file)
{
    const json_t *o = saved->json, *number = json_object_get(o, "shards");
    const json_int_t shards = number != NULL ? json_integer_value(number) : 1;
    const int64_t present = snn__param_i64(&trainer->params, SNN_TRAINER_SHARDS);

    saved->same_shards = shards == present;
    if (present > 1)
        saved->same_shards &= says(trainer, SNN_TRAINER_REDUCE, o, "reduce", "fixed") &&
                              says(trainer, SNN_TRAINER_SEND, o, "send", "float32");
    if (saved->same_shards || saved->run.position == 0)
        return SNN_OK;
    return snn__fail(SNN_ERR_STATE,
                     "checkpoint \"%.200s\": its epoch is under way with shards %" JSON_INTEGER_FORMAT
                     ", reduce %.8s and send %.8s, this trainer has shards %lld, reduce %s and send %s: set the same",
                     file->path, shards, number != NULL ? json_string_value(json_object_get(o, "reduce")) : "fixed",
                     number != NULL ? json_string_value(json_object_get(o, "send")) : "float32", (long long)present,
                     snn__param_str(&trainer->params, SNN_TRAINER_REDUCE),
                     snn__param_str(&trainer->params, SNN_TRAINER_SEND));
}

/* They may be absent, but not wrong. */
static snn_status parse_shards(const json_t *o, const struct snn__safetensors *file)
{
    const json_t *shards = json_object_get(o, "shards");
    const bool good = json_is_integer(shards) && json_integer_value(shards) > 1 &&
                      json_is_string(json_object_get(o, "reduce")) && json_is_string(json_object_get(o, "send"));

    return shards == NULL || good ? SNN_OK : bad_run(file, "shards");
}

snn_status snn__saved_run_read(struct snn__saved_run *saved, const struct snn__safetensors *file,
                               const snn_trainer *trainer, const struct snn__run *present)
{
    const json_t *counters;

    *saved = (struct snn__saved_run){ .run = *present };
    SNN__TRY(read_run(&saved->json, file));
    counters = json_object_get(saved->json, "counters");
    SNN__TRY(compare_run(present, saved->json, file));
    SNN__TRY(parse_run(&saved->run, saved->json, file));
    SNN__TRY(parse_shards(saved->json, file));
    SNN__TRY(compare_shards(saved, trainer, file));
    SNN__TRY(parse_counters(&saved->kept, counters, snn__trainer_network(trainer)->n_layers, file));
    return trainer->prepared ? parse_fit(json_object_get(counters, "fit"), trainer->classes, file) : SNN_OK;
}

void snn__saved_run_take(const struct snn__saved_run *saved, snn_trainer *trainer, struct snn__run *run)
{
    *run = saved->run;
    take_counters(trainer, &saved->kept, json_object_get(saved->json, "counters"));
}
