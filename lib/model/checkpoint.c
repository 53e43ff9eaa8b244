/* Training runs as files: a model file with the optimizer's moments, the method's memory and the place in the run
 * added. */
#include "core/alloc.h"
#include "core/fpu.h"
#include "model/describe.h"
#include "model/model.h"
#include "network/network.h"
#include "optimizer/optimizer.h"
#include "trainer/trainer.h"
#include <math.h>
#include <snn/model.h>
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
};

/* What the epoch under way has counted, in "counters" of "snn.run", beside "spikes" and "answers" of every layer. */
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

/* ---- saving */

static json_t *moments_json(const struct snn__run *run, bool *failed)
{
    json_t *list = json_array();

    for (size_t i = 0; i < run->n_moments; i++)
        snn__json_add(list, json_string(run->moment_name[i]), failed);
    return list;
}

/* How predictions fit targets so far: three numbers of every output. */
static json_t *fit_json(const struct snn__fit *fit, size_t classes, bool *failed)
{
    json_t *o = json_object(), *outputs = json_array();

    for (size_t c = 0; c < classes; c++) {
        snn__json_add(outputs, json_real(fit->of[c].square), failed);
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

        snn__json_set(o, kept_sums[i].name, isfinite(sum) ? json_real(sum) : json_null(), failed);
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
        snn__json_set(o, sums[i].name, json_real(*sum_of(run, &sums[i])), &failed);
    if (run->position > 0 && trainer->prepared)
        snn__json_set(o, "counters", counters_json(trainer, &failed), &failed);
    return snn__json_made(out, o, failed, "checkpoint");
}

/* Takes `json` over and puts its text into the metadata. */
static snn_status add_text(json_t *metadata, const char *key, json_t *json, snn_context *ctx)
{
    bool failed = false;
    char *text;
    snn_status rc = snn__json_write(&text, ctx, json, "checkpoint");

    json_decref(json);
    if (rc != SNN_OK)
        return rc;
    snn__json_set(metadata, key, json_string(text), &failed);
    snn__free(ctx, text);
    return failed ? snn__json_no_memory("checkpoint") : SNN_OK;
}

static snn_status add_run(json_t *metadata, snn_trainer *trainer, struct snn__run *run)
{
    json_t *json = NULL;

    SNN__TRY(run_to_json(&json, trainer, run));
    return add_text(metadata, "snn.run", json, snn__trainer_network(trainer)->ctx);
}

/* Walks over the tensors of a moment: it is flat over the trained tensors in their order. */
struct moment_walk {
    const char *moment;
    float *data; /* where the next trained tensor's moment is */
    struct snn__entry *next;       /* saving */
    struct snn__safetensors *file; /* loading */
    bool copy;
};

static void moment_name(char out[SNN__ENTRY_NAME_MAX], const char *moment, const char *tensor)
{
    snprintf(out, SNN__ENTRY_NAME_MAX, SNN__MOMENT_PREFIX "%s.%s", moment, tensor);
}

static snn_status gather_moment(void *arg, const char *name, const snn_tensor *tensor)
{
    struct moment_walk *w = arg;
    struct snn__entry *e;

    if (!tensor->trained)
        return SNN_OK;
    e = w->next++;
    moment_name(e->name, w->moment, name);
    e->rank = tensor->rank;
    memcpy(e->dim, tensor->dim, sizeof e->dim);
    e->length = (size_t)tensor->length;
    e->data = w->data;
    w->data += tensor->length;
    return SNN_OK;
}

static void memory_name(char out[SNN__ENTRY_NAME_MAX], const struct snn__memory *memory)
{
    snprintf(out, SNN__ENTRY_NAME_MAX, SNN__MEMORY_PREFIX "%s", memory->name);
}

static void gather_memory(const struct snn__memory *memory, struct snn__entry *e)
{
    memory_name(e->name, memory);
    e->rank = 2;
    e->dim[0] = memory->rows;
    e->dim[1] = memory->columns;
    e->length = (size_t)memory->rows * memory->columns;
    e->data = memory->data;
}

/* ---- lateral neurons: {"LAYER": [rows, frozen], ...} in "snn.projection", and tensors */

#define PROJECTION_KEY "snn.projection"

static json_t *rows_json(const struct snn__lateral *s, bool *failed)
{
    json_t *pair = json_array();

    snn__json_add(pair, json_integer((json_int_t)s->rows), failed);
    snn__json_add(pair, json_integer((json_int_t)s->frozen), failed);
    return pair;
}

static snn_status lateral_json(json_t **out, const snn_projection *p)
{
    json_t *o = json_object();
    bool failed = false;

    for (size_t l = 0; l < p->net->n_layers; l++)
        if (p->beside[l].lateral.rows > 0)
            snn__json_set(o, p->net->layer[l]->name, rows_json(&p->beside[l].lateral, &failed), &failed);
    return snn__json_made(out, o, failed, "checkpoint");
}

static snn_status add_projection(json_t *metadata, const snn_projection *p)
{
    json_t *json;

    if (p == NULL)
        return SNN_OK;
    SNN__TRY(lateral_json(&json, p));
    return add_text(metadata, PROJECTION_KEY, json, p->ctx);
}

/* Arrays of a projection: H and D of every layer. */
static size_t laterals(const snn_projection *p)
{
    return p ? 2 * p->net->n_layers : 0;
}

/* Number i of them; false if the layer has no lateral neurons. */
static bool lateral_memory(const snn_projection *p, size_t i, struct snn__memory *memory)
{
    const struct snn__lateral *s = &p->beside[i / 2].lateral;

    snprintf(memory->name, sizeof memory->name, "%s.lateral_%s", p->net->layer[i / 2]->name, i % 2 ? "d" : "h");
    memory->rows = (uint32_t)s->rows;
    memory->columns = (uint32_t)s->n;
    memory->data = i % 2 ? s->d : s->h;
    return s->rows > 0;
}

static snn_status write_checkpoint(const snn_trainer *trainer, const snn_network *network, const struct snn__run *run,
                                   const json_t *metadata, const char *path)
{
    const snn_projection *projection = trainer->projecting.projection;
    size_t room = snn__model_tensors(network) * (1 + run->n_moments) + trainer->n_memory + laterals(projection);
    struct snn__entry *entries = snn__alloc(network->ctx, room, sizeof *entries);
    struct moment_walk w = { .next = entries };
    struct snn__memory lateral;
    snn_status rc;

    if (entries == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__model_gather(network, entries);
    w.next += snn__model_tensors(network);
    for (size_t i = 0; rc == SNN_OK && i < run->n_moments; i++) {
        w.moment = run->moment_name[i];
        w.data = run->moment[i];
        rc = snn__model_each(network, gather_moment, &w);
    }
    for (size_t i = 0; rc == SNN_OK && i < trainer->n_memory; i++)
        gather_memory(&trainer->memory[i], w.next++);
    for (size_t i = 0; rc == SNN_OK && i < laterals(projection); i++)
        if (lateral_memory(projection, i, &lateral))
            gather_memory(&lateral, w.next++);
    if (rc == SNN_OK)
        rc = snn__safetensors_write(network->ctx, path, metadata, entries, (size_t)(w.next - entries));
    snn__free(network->ctx, entries);
    return rc;
}

snn_status snn_trainer_save(const snn_trainer *trainer, const char *path)
{
    SNN__COMPUTES;
    const snn_network *network;
    struct snn__run *run;
    json_t *metadata = NULL;
    snn_status rc;

    if (trainer == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_trainer_save: %s is NULL", trainer == NULL ? "trainer" : "path");
    SNN__TRY(snn__trainer_check_learns(trainer));
    network = snn__trainer_network(trainer);
    run = snn__trainer_run((snn_trainer *)trainer); /* only read here */
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_PROGRESS));
    SNN__TRY(snn__network_check_latent(network));
    SNN__TRY(snn__trainer_remember((snn_trainer *)trainer)); /* unless it is there already */
    SNN__TRY(snn__model_metadata(&metadata, network));
    rc = add_run(metadata, (snn_trainer *)trainer, run); /* only read, too */
    if (rc == SNN_OK)
        rc = add_projection(metadata, trainer->projecting.projection);
    if (rc == SNN_OK)
        rc = write_checkpoint(trainer, network, run, metadata, path);
    json_decref(metadata);
    return rc;
}

/* ---- loading */

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

/* Where there is a fit, it is whole. */
static snn_status parse_fit(const json_t *o, size_t classes, const struct snn__safetensors *file)
{
    const json_t *n = json_object_get(o, "predictions"), *outputs = json_object_get(o, "outputs");
    bool good = json_is_integer(n) && json_integer_value(n) > 0 && json_array_size(outputs) == 3 * classes;

    for (size_t i = 0; o != NULL && good && i < 3 * classes; i++)
        good = json_is_real(json_array_get(outputs, i));
    return o == NULL || good ? SNN_OK : bad_run(file, "fit");
}

static void take_fit(struct snn__fit *fit, const json_t *o, size_t classes)
{
    const json_t *outputs = json_object_get(o, "outputs");

    fit->n = (uint64_t)json_integer_value(json_object_get(o, "predictions"));
    for (size_t c = 0; c < classes && o != NULL; c++)
        fit->of[c] = (struct snn__fit_of){ json_real_value(json_array_get(outputs, 3 * c)),
                                           json_real_value(json_array_get(outputs, 3 * c + 1)),
                                           json_real_value(json_array_get(outputs, 3 * c + 2)) };
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
        return snn__fail(SNN_ERR_VERSION, "checkpoint \"%.200s\": run format %" JSON_INTEGER_FORMAT ", this version "
                         "reads up to %d", file->path, json_integer_value(format), RUN_FORMAT);
    SNN__TRY(parse_counts(run, o, counts, COUNT(counts), file));
    for (size_t i = 0; i < COUNT(sums); i++) {
        const json_t *value = json_object_get(o, sums[i].name);

        if (!json_is_real(value))
            return bad_run(file, sums[i].name);
        *sum_of(run, &sums[i]) = json_real_value(value);
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
        return snn__fail(SNN_ERR_STATE, "checkpoint \"%.200s\": its optimizer has %zu moments, this trainer's has "
                         "%zu: their settings differ", file->path, json_array_size(moments), run->n_moments);
    for (size_t i = 0; i < run->n_moments; i++)
        SNN__TRY(compare_text(file, "moment", json_string_value(json_array_get(moments, i)), run->moment_name[i]));
    return SNN_OK;
}

static snn_status compare_network(const snn_network *network, const struct snn__safetensors *file)
{
    json_t *saved = NULL, *present = NULL;
    snn_network *other;
    snn_status rc;

    SNN__TRY(snn__model_architecture(&other, network->ctx, file));
    rc = snn__network_to_json(&saved, other);
    if (rc == SNN_OK)
        rc = snn__network_to_json(&present, network);
    if (rc == SNN_OK)
        rc = snn__network_json_equal(saved, present, "the checkpoint", "the trainer");
    json_decref(saved);
    json_decref(present);
    snn_network_destroy(other);
    return rc;
}

static snn_status take_moment(void *arg, const char *name, const snn_tensor *tensor)
{
    struct moment_walk *w = arg;
    char full[SNN__ENTRY_NAME_MAX];
    const float *data;

    if (!tensor->trained)
        return SNN_OK;
    moment_name(full, w->moment, name);
    SNN__TRY(snn__safetensors_take(w->file, full, tensor->rank, tensor->dim, &data));
    if (w->copy)
        memcpy(w->data, data, (size_t)tensor->length * sizeof *data);
    w->data += tensor->length;
    return SNN_OK;
}

static snn_status take_memory(struct snn__safetensors *file, const struct snn__memory *memory, bool copy)
{
    const uint32_t dim[4] = { memory->rows, memory->columns, 0, 0 };
    char name[SNN__ENTRY_NAME_MAX];
    const float *data;

    memory_name(name, memory);
    SNN__TRY(snn__safetensors_take(file, name, 2, dim, &data));
    if (copy)
        memcpy(memory->data, data, (size_t)memory->rows * memory->columns * sizeof *data);
    return SNN_OK;
}

static snn_status compare_laterals(const snn_projection *p, const struct snn__safetensors *file)
{
    const char *text = snn__safetensors_text(file, PROJECTION_KEY);
    json_t *saved = NULL, *present;
    char what[256];
    snn_status rc;

    if ((text == NULL) != (p == NULL))
        return snn__fail(SNN_ERR_STATE, "checkpoint \"%.200s\": it was written %s a projection, this trainer has %s",
                         file->path, text ? "with" : "without", p ? "one" : "none");
    if (p == NULL)
        return SNN_OK;
    snprintf(what, sizeof what, "checkpoint \"%.200s\": \"" PROJECTION_KEY "\"", file->path);
    SNN__TRY(snn__json_read(&saved, file->ctx, text, strlen(text), what));
    rc = lateral_json(&present, p);
    if (rc == SNN_OK && !json_equal(saved, present))
        rc = snn__fail(SNN_ERR_STATE, "checkpoint \"%.200s\": its lateral neurons, [rows, frozen], are %.200s; "
                       "grow and freeze the same before loading", file->path, text);
    json_decref(saved);
    json_decref(present);
    return rc;
}

/* Checks all tensors, or copies them: the same walk, so that a copy cannot fail after a check. */
static snn_status take_all(struct snn__safetensors *file, const snn_trainer *trainer, const snn_network *network,
                           const struct snn__run *run, bool copy)
{
    struct snn__memory lateral;

    SNN__TRY(snn__model_take(file, network, copy));
    for (size_t i = 0; i < run->n_moments; i++) {
        struct moment_walk w = { .moment = run->moment_name[i], .data = run->moment[i], .file = file, .copy = copy };

        SNN__TRY(snn__model_each(network, take_moment, &w));
    }
    for (size_t i = 0; i < trainer->n_memory; i++)
        SNN__TRY(take_memory(file, &trainer->memory[i], copy));
    for (size_t i = 0; i < laterals(trainer->projecting.projection); i++)
        if (lateral_memory(trainer->projecting.projection, i, &lateral))
            SNN__TRY(take_memory(file, &lateral, copy));
    return snn__model_all_taken(file, false);
}

static snn_status take_up(struct snn__safetensors *file, snn_trainer *trainer, const snn_network *network,
                          struct snn__run *run)
{
    struct snn__run next = *run;
    struct snn__kept kept = { 0 };
    const json_t *counters;
    json_t *o = NULL;
    snn_status rc;

    SNN__TRY(compare_network(network, file));
    SNN__TRY(compare_laterals(trainer->projecting.projection, file));
    SNN__TRY(read_run(&o, file));
    counters = json_object_get(o, "counters");
    rc = compare_run(run, o, file);
    if (rc == SNN_OK)
        rc = parse_run(&next, o, file);
    if (rc == SNN_OK)
        rc = parse_counters(&kept, counters, network->n_layers, file);
    if (rc == SNN_OK && trainer->prepared)
        rc = parse_fit(json_object_get(counters, "fit"), trainer->classes, file);
    if (rc == SNN_OK)
        rc = take_all(file, trainer, network, run, false);
    if (rc == SNN_OK)
        rc = take_all(file, trainer, network, run, true);
    if (rc == SNN_OK) {
        *run = next;
        take_counters(trainer, &kept, counters);
    }
    json_decref(o);
    return rc;
}

snn_status snn_trainer_load(snn_trainer *trainer, const char *path)
{
    SNN__COMPUTES;
    struct snn__safetensors file;
    const snn_network *network;
    struct snn__run *run;
    snn_status rc;

    if (trainer == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_trainer_load: %s is NULL", trainer == NULL ? "trainer" : "path");
    SNN__TRY(snn__trainer_check_learns(trainer));
    network = snn__trainer_network(trainer);
    run = snn__trainer_run(trainer);
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    SNN__TRY(snn__network_check_latent(network));
    rc = snn__safetensors_read(&file, network->ctx, path, true);
    if (rc == SNN_OK)
        rc = snn__trainer_remember(trainer);
    if (rc == SNN_OK)
        rc = take_up(&file, trainer, network, run);
    snn__safetensors_free(&file);
    return rc;
}
