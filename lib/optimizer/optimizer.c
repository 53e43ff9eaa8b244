/* optimizer.c - the public face of optimizers, and the one update that trainers ask for. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/size.h"
#include "core/structure.h"
#include "kernel/layers.h"
#include "optimizer/type.h"

#define X(name) extern const struct snn__optimizer_type snn__optimizer_##name;
#include "optimizer/list.h"

static const struct snn__optimizer_type *const types[] = {
#define X(name) &snn__optimizer_##name,
#include "optimizer/list.h"
    NULL,
};

#define N_TYPES (sizeof types / sizeof *types - 1)

#define SOME 2048u /* entries of an outer product that are updated together */

/* Parameters of every optimizer. lr and weight_decay are in the tables of the types, whose defaults differ. */
static const struct snn__param common[] = {
    SNN__PARAM_F64(SNN_OPTIMIZER_CLIP_NORM, "clip_norm", 0.0, SNN__OPTIMIZER_LARGE, 0.0,
                   "largest norm of the whole gradient; 0: no limit"),
    SNN__PARAM_F64(SNN_OPTIMIZER_CLIP_VALUE, "clip_value", 0.0, SNN__OPTIMIZER_LARGE, 0.0,
                   "largest absolute entry of the gradient; 0: no limit"),
    SNN__PARAM_STR(SNN_OPTIMIZER_SCHEDULE, "schedule", SNN__CHOICES(SNN__SCHEDULES), "constant",
                   "how the learning rate changes from epoch to epoch"),
    SNN__PARAM_I64(SNN_OPTIMIZER_EPOCHS, "epochs", 1, SNN__OPTIMIZER_COUNT, 100, "length of the cosine in epochs"),
    SNN__PARAM_I64(SNN_OPTIMIZER_STEP_EPOCHS, "step_epochs", 1, SNN__OPTIMIZER_COUNT, 30,
                   "epochs between two drops of schedule step"),
    SNN__PARAM_STR(SNN_OPTIMIZER_MILESTONES, "milestones", NULL, "",
                   "epochs of the drops of schedule multi_step: 60,120"),
    SNN__PARAM_F64(SNN_OPTIMIZER_GAMMA, "gamma", 0.0, SNN__OPTIMIZER_LARGE, 0.1, "factor of a drop"),
    SNN__PARAM_F64(SNN_OPTIMIZER_LR_MIN, "lr_min", 0.0, SNN__OPTIMIZER_LARGE, 0.0, "end of the cosine"),
    SNN__PARAM_I64(SNN_OPTIMIZER_WARMUP, "warmup", 0, SNN__OPTIMIZER_COUNT, 0,
                   "updates over which the learning rate rises linearly from 0"),
};

/* Milestones are free text to the table. */
static snn_status check_value(const void *object, const struct snn__param *row, const union snn__value *value)
{
    const snn_optimizer *optimizer = object;

    if (row->key == SNN_OPTIMIZER_MILESTONES && !snn__schedule_milestones_valid(value->s))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: milestones \"%s\" is not a list of epochs such as \"60,120\"",
                         optimizer->type->owner, value->s);
    return SNN_OK;
}

static const struct snn__param_kind kind = { .noun = "optimizer", .check = check_value };

SNN__PARAM_CALLS(optimizer, &kind)

/* ---- life ---- */

struct snn__name snn__optimizer_names(size_t index)
{
    return SNN__NAME_OF(index < N_TYPES ? types[index] : NULL);
}

struct snn__name snn__schedule_names(size_t index)
{
    static const struct snn__name schedules[] = { SNN__SCHEDULES(SNN__NAME_ROW) };

    return snn__name_in(schedules, sizeof schedules / sizeof *schedules, index);
}

snn_status snn_optimizer_create(snn_optimizer **out, snn_context *context, const char *name)
{
    const struct snn__optimizer_type *type;
    snn_optimizer *optimizer;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_optimizer_create: out is NULL");
    *out = NULL;
    if (context == NULL || name == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_optimizer_create: %s is NULL", context == NULL ? "context" : "name");
    type = types[snn__name_index(snn__optimizer_names, name)];
    if (type == NULL)
        return snn__unknown("optimizer", name, snn__optimizer_names);
    optimizer = snn__alloc(context, 1, sizeof *optimizer);
    if (optimizer == NULL)
        return SNN_ERR_MEMORY;
    optimizer->ctx = context;
    optimizer->type = type;
    optimizer->params = (struct snn__params){ .kind = &kind,
                                              .object = optimizer,
                                              .owner = type->owner,
                                              .table = { type->params, common },
                                              .count = { type->n_params, sizeof common / sizeof *common } };
    rc = snn__params_init(&optimizer->params, context);
    if (rc != SNN_OK) {
        snn__free(context, optimizer);
        return rc;
    }
    *out = optimizer;
    return SNN_OK;
}

void snn_optimizer_destroy(snn_optimizer *optimizer)
{
    if (optimizer == NULL)
        return;
    snn__params_free(&optimizer->params, optimizer->ctx);
    snn__free(optimizer->ctx, optimizer);
}

snn_status snn_optimizer_get_info(const snn_optimizer *optimizer, snn_optimizer_info *info)
{
    snn_optimizer_info i = SNN_OPTIMIZER_INFO_INIT;

    if (optimizer == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "optimizer info: the optimizer is NULL");
    SNN__TRY(snn__check_struct(info, "optimizer info", "SNN_OPTIMIZER_INFO_INIT"));
    i.name = optimizer->type->name;
    i.context = optimizer->ctx;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

/* ---- updates ---- */

double snn_optimizer_rate(const snn_optimizer *optimizer, uint64_t epoch, uint64_t update)
{
    SNN__COMPUTES;

    return optimizer != NULL ? snn__schedule_rate(&optimizer->params, epoch, update) : 0.0;
}

void snn__optimizer_moments(const snn_optimizer *optimizer, struct snn__run *run)
{
    run->optimizer = optimizer->type->name;
    optimizer->type->moments(optimizer, run);
}

/* An update on its way. */
struct job {
    const snn_optimizer *optimizer;
    struct snn__run *run;
    struct snn__update all;
    const struct snn__rank_one *rank_one;
};

/* Entries of `part`, all in the same way. */
static void update_alike(struct job *job, const float *g, struct snn__span part, bool decays, float lr_scale)
{
    struct snn__update u = job->all;

    if (part.from == part.to || lr_scale == 0.0f)
        return;
    u.lr *= lr_scale;
    u.w += part.from;
    u.g = g;
    u.from = part.from;
    u.length = part.to - part.from;
    u.decays = decays;
    job->optimizer->type->update(job->optimizer, job->run, &u);
}

/* Entries of `part`, whose gradient is at g. */
static void update_part(struct job *job, const float *g, struct snn__span part)
{
    const struct snn__run *run = job->run;
    size_t done = part.from;

    for (size_t i = 0; i < run->n_apart && run->apart[i].span.from < part.to; i++) {
        const struct snn__apart *a = &run->apart[i];
        const size_t from = snn__max(done, a->span.from), to = snn__min(part.to, a->span.to);

        if (from >= to)
            continue;
        update_alike(job, g + (done - part.from), (struct snn__span){ done, from }, true, 1.0f);
        update_alike(job, g + (from - part.from), (struct snn__span){ from, to }, a->decays, a->lr_scale);
        done = to;
    }
    update_alike(job, g + (done - part.from), (struct snn__span){ done, part.to }, true, 1.0f);
}

/* Some entries of an outer product, which exist in the first-level cache only. */
static void update_product(void *arg, size_t task)
{
    struct job *job = arg;
    const struct snn__rank_one *r = job->rank_one;
    const size_t end = r->from + r->rows * r->columns, from = r->from + task * SOME, to = snn__min(end, from + SOME);
    float g[SOME];

    snn__layers(job->optimizer->ctx)->rank_one_read(job->optimizer->ctx->kernels, r, from, to, g);
    update_part(job, g, (struct snn__span){ from, to });
}

/* The largest factor of the learning rate: bounds hold for all entries. */
static double largest_scale(const struct snn__run *run)
{
    double most = 1.0;

    for (size_t i = 0; i < run->n_apart; i++)
        most = run->apart[i].lr_scale > most ? run->apart[i].lr_scale : most;
    return most;
}

snn_status snn__optimizer_update(const snn_optimizer *optimizer, struct snn__run *run, float *w,
                                 const struct snn__gradient *g, double *norm)
{
    const double lr = snn__schedule_rate(&optimizer->params, run->epoch, run->updates);
    const struct snn__bounds bounds = optimizer->type->bounds(optimizer, lr * largest_scale(run));
    struct job job = { .optimizer = optimizer, .run = run, .all = { .lr = (float)lr, .w = w } };
    size_t done = 0;

    SNN__TRY(snn__clip_scale(optimizer, g, run->length, bounds.gradient, &job.all.scale, norm));
    SNN__TRY(snn__clip_weights(optimizer, w, run->length, bounds.weight));
    if (optimizer->type->check != NULL)
        SNN__TRY(optimizer->type->check(optimizer, run));
    job.all.limit = (float)snn__param_f64(&optimizer->params, SNN_OPTIMIZER_CLIP_VALUE);
    for (size_t i = 0; i < g->n_rank_one; i++) {
        const struct snn__rank_one *r = job.rank_one = &g->rank_one[i];

        update_part(&job, g->array + done, (struct snn__span){ done, r->from });
        snn__each(optimizer->ctx, update_product, &job, snn__ceil_div(r->rows * r->columns, SOME));
        done = r->from + r->rows * r->columns;
    }
    update_part(&job, g->array + done, (struct snn__span){ done, run->length });
    run->updates++;
    return SNN_OK;
}
