/* trainer/continual.c - a sequence of tasks: rows that grow and are frozen, a fresh optimizer, accuracies.
 *
 *   ACC = 1/K sum_j A[K][j]      BWT = 1/(K-1) sum_{j<K} (A[K][j] - A[j][j]) */
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "core/structure.h"
#include "trainer/trainer.h"
#include <math.h>
#include <snn/continual.h>
#include <string.h>

#define TASKS_MAX 65536

struct snn_continual {
    snn_trainer *trainer;
    snn_projection *projection; /* or NULL */
    snn_layer *heads;           /* or NULL */
    size_t tasks, begun, ended;
    double *accuracy; /* [tasks,tasks], NaN: not measured */
};

snn_status snn_continual_create(snn_continual **out, snn_trainer *trainer, snn_projection *projection, size_t tasks)
{
    snn_continual *c;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "continual: out is NULL");
    *out = NULL;
    if (trainer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "continual: trainer is NULL");
    if (tasks == 0 || tasks > TASKS_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "continual: %zu tasks; expected 1 to %d", tasks, TASKS_MAX);
    SNN__TRY(snn_trainer_set_projection(trainer, projection));
    c = snn__alloc(trainer->ctx, 1, sizeof *c);
    if (c != NULL)
        c->accuracy = snn__alloc(trainer->ctx, tasks * tasks, sizeof *c->accuracy);
    if (c == NULL || c->accuracy == NULL) {
        snn__free(trainer->ctx, c);
        return SNN_ERR_MEMORY;
    }
    c->trainer = trainer;
    c->projection = projection;
    c->tasks = tasks;
    for (size_t i = 0; i < tasks * tasks; i++)
        c->accuracy[i] = NAN;
    *out = c;
    return SNN_OK;
}

void snn_continual_destroy(snn_continual *continual)
{
    snn_context *ctx;

    if (continual == NULL)
        return;
    ctx = continual->trainer->ctx;
    snn__free(ctx, continual->accuracy);
    snn__free(ctx, continual);
}

static snn_status no_sequence(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "continual is NULL");
}

snn_status snn_continual_set_heads(snn_continual *continual, snn_layer *select)
{
    if (continual == NULL)
        return no_sequence();
    if (select != NULL)
        SNN__TRY(snn__network_check_layer(continual->trainer->net, select, "continual"));
    if (select != NULL && snn__params_find(&select->params, SNN_LAYER_SELECTED) < 0)
        return snn__fail(SNN_ERR_ARGUMENT, "continual: layer %s is a %s, not a select layer", select->name,
                         select->type->name);
    continual->heads = select;
    return SNN_OK;
}

/* ---- tasks ---- */

static snn_status choose_head(const snn_continual *c, size_t task)
{
    return c->heads ? snn_layer_set_i64(c->heads, SNN_LAYER_SELECTED, (int64_t)task) : SNN_OK;
}

/* Old velocities would carry old gradients into the new task; the schedule begins anew. */
static void start_afresh(snn_trainer *trainer)
{
    struct snn__run *run = &trainer->run;

    for (size_t i = 0; i < run->n_moments; i++)
        trainer->ctx->kernels->fill(run->moment[i], 0.0f, run->length);
    run->epoch = run->updates = 0;
    snn__shards_forget(trainer);
    snn__end_epoch(trainer);
}

snn_status snn_continual_begin(snn_continual *continual, size_t batch)
{
    SNN__COMPUTES;
    snn_continual *c = continual;

    if (c == NULL)
        return no_sequence();
    if (c->begun > c->ended || c->begun == c->tasks)
        return snn__fail(SNN_ERR_STATE,
                         c->begun > c->ended ? "continual: task %zu has begun and not ended"
                                             : "continual: all %zu tasks were trained",
                         c->begun > c->ended ? c->ended : c->tasks);
    SNN__TRY(choose_head(c, c->begun));
    SNN__TRY(snn_trainer_prepare(c->trainer, batch));
    start_afresh(c->trainer);
    c->begun++;
    return SNN_OK;
}

snn_status snn_continual_end(snn_continual *continual)
{
    SNN__COMPUTES;

    if (continual == NULL)
        return no_sequence();
    if (continual->begun == continual->ended)
        return snn__fail(SNN_ERR_STATE, "continual: no task is under way");
    if (continual->projection != NULL)
        SNN__TRY(snn_projection_freeze(continual->projection));
    start_afresh(continual->trainer); /* for replay */
    continual->ended++;
    return SNN_OK;
}

/* Between two tasks. */
static snn_status check_between(const snn_continual *c)
{
    if (c == NULL)
        return no_sequence();
    if (c->ended == 0 || c->begun > c->ended)
        return snn__fail(SNN_ERR_STATE, c->ended == c->begun ? "continual: no task has ended yet"
                                                             : "continual: a task is under way; end it first");
    return SNN_OK;
}

snn_status snn_continual_replay(snn_continual *continual, const snn_dataset *dataset, snn_metrics *metrics)
{
    SNN__COMPUTES;
    struct snn__projecting *projecting;
    snn_status rc;

    SNN__TRY(check_between(continual));
    projecting = continual->trainer->pass.projecting;
    continual->trainer->pass.projecting = NULL;
    rc = snn_trainer_epoch(continual->trainer, dataset, metrics);
    continual->trainer->pass.projecting = projecting;
    return rc;
}

/* ---- accuracies ---- */

static double *entry(const snn_continual *c, size_t after, size_t task)
{
    return &c->accuracy[after * c->tasks + task];
}

snn_status snn_continual_evaluate(snn_continual *continual, size_t task, const snn_dataset *dataset,
                                  snn_metrics *metrics)
{
    SNN__COMPUTES;
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc;

    SNN__TRY(check_between(continual));
    if (task >= continual->tasks)
        return snn__fail(SNN_ERR_ARGUMENT, "continual: no task %zu of %zu", task, continual->tasks);
    SNN__TRY(snn__check_metrics(metrics));
    SNN__TRY(choose_head(continual, task));
    rc = snn_trainer_evaluate(continual->trainer, dataset, &m);
    if (rc == SNN_OK)
        *entry(continual, continual->ended - 1, task) = m.accuracy;
    if (rc == SNN_OK && metrics != NULL)
        snn__fill(metrics, &m, sizeof m);
    SNN__TRY(choose_head(continual, continual->ended - 1));
    return rc;
}

snn_status snn_continual_record(snn_continual *continual, size_t after, size_t task, double accuracy)
{
    SNN__COMPUTES;

    if (continual == NULL)
        return no_sequence();
    if (after >= continual->tasks || task >= continual->tasks || !(accuracy >= 0 && accuracy <= 1))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "continual: accuracy %g on task %zu after task %zu of %zu; it must be in [0, 1]", accuracy,
                         task, after, continual->tasks);
    *entry(continual, after, task) = accuracy;
    return SNN_OK;
}

double snn_continual_accuracy(const snn_continual *continual, size_t after, size_t task)
{
    if (continual == NULL || after >= continual->tasks || task >= continual->tasks)
        return NAN;
    return *entry(continual, after, task);
}

snn_status snn_continual_get_info(const snn_continual *continual, snn_continual_info *info)
{
    SNN__COMPUTES;
    snn_continual_info full = SNN_CONTINUAL_INFO_INIT;
    size_t n;

    if (continual == NULL)
        return no_sequence();
    SNN__TRY(snn__check_struct(info, "continual info", "SNN_CONTINUAL_INFO_INIT"));
    n = continual->ended;
    full.tasks = continual->tasks;
    full.begun = continual->begun;
    full.ended = n;
    full.acc = n > 0 ? 0 : NAN;
    full.bwt = n > 1 ? 0 : NAN;
    for (size_t j = 0; j < n; j++) {
        full.acc += *entry(continual, n - 1, j) / (double)n;
        if (j + 1 < n)
            full.bwt += (*entry(continual, n - 1, j) - *entry(continual, j, j)) / (double)(n - 1);
    }
    snn__fill(info, &full, sizeof full);
    return SNN_OK;
}
