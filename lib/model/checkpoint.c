/* model/checkpoint.c - training runs as files: a model file that also holds the moments of the optimizer, the memory
 * of the method and the position of the run. */
#include "model/checkpoint.h"
#include "core/alloc.h"
#include "core/fpu.h"
#include "model/describe.h"
#include "network/network.h"
#include "optimizer/optimizer.h"
#include "trainer/trainer.h"
#include <snn/model.h>
#include <stdio.h>
#include <string.h>

snn_status snn__checkpoint_add_text(json_t *metadata, const char *key, json_t *json, snn_context *ctx)
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
    return snn__checkpoint_add_text(metadata, PROJECTION_KEY, json, p->ctx);
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
        rc = snn__fail(SNN_ERR_STATE,
                       "checkpoint \"%.200s\": its lateral neurons, [rows, frozen], are %.200s; "
                       "add and freeze the same rows before loading",
                       file->path, text);
    json_decref(saved);
    json_decref(present);
    return rc;
}

/* ---- saving */

static snn_status write(const snn_trainer *trainer, const snn_network *network, struct snn__run *run,
                        const float *residuals, const char *path)
{
    json_t *metadata = NULL;
    snn_status rc;

    SNN__TRY(snn__model_metadata(&metadata, network));
    rc = snn__checkpoint_add_run(metadata, (snn_trainer *)trainer, run); /* only read, too */
    if (rc == SNN_OK)
        rc = add_projection(metadata, trainer->projecting.projection);
    if (rc == SNN_OK)
        rc = snn__checkpoint_write(trainer, network, run, metadata, residuals, path);
    json_decref(metadata);
    return rc;
}

snn_status snn_trainer_save(const snn_trainer *trainer, const char *path)
{
    SNN__COMPUTES;
    const snn_network *network;
    struct snn__run *run;
    float *residuals = NULL;
    snn_status rc;

    if (trainer == NULL || (path == NULL && trainer->shards.given.size <= 1))
        return snn__fail(SNN_ERR_ARGUMENT, "snn_trainer_save: %s is NULL", trainer == NULL ? "trainer" : "path");
    SNN__TRY(snn__trainer_check_learns(trainer));
    network = snn__trainer_network(trainer);
    run = snn__trainer_run((snn_trainer *)trainer); /* only read here */
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_PROGRESS));
    SNN__TRY(snn__network_check_latent(network));
    SNN__TRY(snn__trainer_remember((snn_trainer *)trainer)); /* unless it is there already */
    rc = snn__residuals_gather((snn_trainer *)trainer, path != NULL, &residuals);
    if (rc == SNN_OK && path != NULL)
        rc = write(trainer, network, run, residuals, path);
    snn__free(trainer->ctx, residuals);
    return rc;
}

/* ---- loading */

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

static snn_status take_up(struct snn__safetensors *file, snn_trainer *trainer, const snn_network *network,
                          struct snn__run *run)
{
    struct snn__saved_run saved;
    snn_status rc;

    SNN__TRY(compare_network(network, file));
    SNN__TRY(compare_laterals(trainer->projecting.projection, file));
    rc = snn__saved_run_read(&saved, file, trainer, run);
    if (rc == SNN_OK)
        rc = snn__checkpoint_take(file, trainer, network, &saved, false);
    if (rc == SNN_OK)
        rc = snn__checkpoint_take(file, trainer, network, &saved, true);
    if (rc == SNN_OK)
        snn__saved_run_take(&saved, trainer, run);
    trainer->shards.agreed = false; /* with the other ranks */
    json_decref(saved.json);
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
