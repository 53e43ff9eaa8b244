/* projection/projection.c - the public face of projections, and their part in a training batch. */
#include "projection/projection.h"
#include "core/alloc.h"
#include "core/param_calls.h"
#include "core/size.h"
#include "core/structure.h"
#include "layer/types.h"
#include <math.h>
#include <string.h>

static const struct snn__param params[] = {
    SNN__PARAM_F64(SNN_PROJECTION_LR, "lr", 0.0, 1e6, 0.01, "learning rate of lateral weights"),
    SNN__PARAM_F64(SNN_PROJECTION_MOMENTUM, "momentum", 0.0, 0.999999, 0.9, "of lateral weights; 0: none"),
    SNN__PARAM_F64(SNN_PROJECTION_CLAMP, "clamp", 1e-6, 1e30, 10.0, "largest absolute entry of a Hebbian change"),
    SNN__PARAM_I64(SNN_PROJECTION_ITERATIONS, "iterations", 1, 10000, 5, "Hebbian updates on the same rows"),
    SNN__PARAM_I64(SNN_PROJECTION_EVERY, "every", 1, 1 << 24, 1, "learn on every k-th batch"),
    SNN__PARAM_STR(SNN_PROJECTION_SOURCE, "source", "trace|both", "trace",
                   "rows to learn from, in methods that keep traces"),
    SNN__PARAM_I64(SNN_PROJECTION_SPIKES, "spikes", 0, 1 << 24, 0,
                   "most signed spikes of a lateral neuron; 0: real-valued activity"),
    SNN__PARAM_F64(SNN_PROJECTION_SCALE, "scale", 1e-6, 1e30, 20.0, "activity that all its spikes stand for"),
};

static const struct snn__param_kind kind = { .noun = "projection" };

SNN__PARAM_CALLS(projection, &kind)

/* ---- life ---- */

static void describe(struct snn__beside *b, const snn_layer *layer)
{
    const struct snn__tensor *w;

    b->lr = -1;
    if (layer->type->presynaptic == NULL || !layer->type->presynaptic(layer, &b->window, &b->weight))
        return;
    w = &layer->tensor[b->weight];
    b->outputs = w->dim[0];
    b->lateral.n = w->length / w->dim[0];
    b->lateral.inputs = w->dim[1];
    b->lateral.taps = b->lateral.n / w->dim[1];
}

snn_status snn_projection_create(snn_projection **out, snn_network *network)
{
    snn_projection *p;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "projection: out is NULL");
    *out = NULL;
    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "projection: network is NULL");
    SNN__TRY(snn_network_prepare(network));
    p = snn__alloc(network->ctx, 1, sizeof *p);
    if (p == NULL)
        return SNN_ERR_MEMORY;
    p->ctx = network->ctx;
    p->net = network;
    p->params = (struct snn__params){
        .kind = &kind, .owner = kind.noun, .table = { params }, .count = { sizeof params / sizeof *params }
    };
    rc = snn__params_init(&p->params, p->ctx);
    if (rc == SNN_OK)
        p->beside = snn__alloc(p->ctx, network->n_layers, sizeof *p->beside);
    if (p->beside == NULL) {
        snn_projection_destroy(p);
        return SNN_ERR_MEMORY;
    }
    for (size_t l = 0; l < network->n_layers; l++)
        describe(&p->beside[l], network->layer[l]);
    *out = p;
    return SNN_OK;
}

void snn_projection_destroy(snn_projection *projection)
{
    if (projection == NULL)
        return;
    for (size_t l = 0; projection->beside != NULL && l < projection->net->n_layers; l++) {
        snn__free(projection->ctx, projection->beside[l].lateral.h);
        snn__free(projection->ctx, projection->beside[l].lateral.d);
    }
    snn__free(projection->ctx, projection->beside);
    snn__params_free(&projection->params, projection->ctx);
    snn__free(projection->ctx, projection);
}

/* ---- rows ---- */

static snn_status no_projection(void)
{
    return snn__fail(SNN_ERR_ARGUMENT, "projection is NULL");
}

static snn_status find(const snn_projection *p, const snn_layer *layer, struct snn__beside **beside)
{
    if (p == NULL)
        return no_projection();
    SNN__TRY(snn__network_check_layer(p->net, layer, "projection"));
    *beside = &p->beside[layer->index];
    return SNN_OK;
}

static snn_status enlarge(snn_context *ctx, float **array, size_t old, size_t length)
{
    float *bigger = snn__alloc(ctx, length, sizeof *bigger);

    if (bigger == NULL)
        return SNN_ERR_MEMORY;
    if (old > 0)
        memcpy(bigger, *array, old * sizeof *bigger);
    snn__free(ctx, *array);
    *array = bigger;
    return SNN_OK;
}

static snn_status check_idle(const snn_projection *p)
{
    if (atomic_load(&p->users) > 0)
        return snn__fail(SNN_ERR_STATE,
                         "projection: its rows cannot change in a callback of a trainer that uses it");
    return SNN_OK;
}

snn_status snn_projection_grow(snn_projection *projection, const snn_layer *layer, size_t rows)
{
    SNN__COMPUTES;
    struct snn__beside *b = NULL;
    struct snn__lateral *l;
    size_t before;

    SNN__TRY(find(projection, layer, &b));
    SNN__TRY(check_idle(projection));
    l = &b->lateral;
    if (l->n == 0)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "projection: layer %s of type %s cannot have lateral neurons: it must be linear or conv2d "
                         "with weights that compute as they are stored",
                         layer->name, layer->type->name);
    if (rows > l->n - l->rows)
        return snn__fail(SNN_ERR_SHAPE,
                         "projection: layer %s has %zu inputs and %zu lateral neurons; cannot add %zu more",
                         layer->name, l->n, l->rows, rows);
    if (rows == 0)
        return SNN_OK;
    before = l->rows;
    SNN__TRY(enlarge(projection->ctx, &l->h, before * l->n, (before + rows) * l->n));
    SNN__TRY(enlarge(projection->ctx, &l->d, before * l->n, (before + rows) * l->n));
    l->rows = before + rows;
    snn__lateral_draw(l, before, projection->ctx->options.seed, (uint64_t)layer->index << 32 | before);
    projection->version++;
    return SNN_OK;
}

snn_status snn_projection_freeze(snn_projection *projection)
{
    if (projection == NULL)
        return no_projection();
    SNN__TRY(check_idle(projection));
    for (size_t l = 0; l < projection->net->n_layers; l++)
        projection->beside[l].lateral.frozen = projection->beside[l].lateral.rows;
    projection->version++;
    return SNN_OK;
}

snn_status snn_projection_set_layer_lr(snn_projection *projection, const snn_layer *layer, double lr)
{
    SNN__COMPUTES;
    struct snn__beside *b = NULL;

    SNN__TRY(find(projection, layer, &b));
    if (!(lr >= 0 && lr <= 1e6))
        return snn__fail(SNN_ERR_ARGUMENT, "projection: learning rate %g of layer %s; expected 0 to 1e6", lr,
                         layer->name);
    b->lr = lr;
    return SNN_OK;
}

static double rate_of(const snn_projection *p, const struct snn__beside *b)
{
    return b->lr < 0 ? snn__param_f64(&p->params, SNN_PROJECTION_LR) : b->lr;
}

snn_status snn_projection_get_info(const snn_projection *projection, const snn_layer *layer,
                                   snn_projection_info *info)
{
    SNN__COMPUTES;
    struct snn__beside *b = NULL;
    snn_projection_info full = SNN_PROJECTION_INFO_INIT;

    SNN__TRY(find(projection, layer, &b));
    SNN__TRY(snn__check_struct(info, "projection info", "SNN_PROJECTION_INFO_INIT"));
    full.inputs = b->lateral.n;
    full.rows = b->lateral.rows;
    full.frozen = b->lateral.frozen;
    full.lr = rate_of(projection, b);
    snn__fill(info, &full, sizeof full);
    return SNN_OK;
}

float *snn_projection_weights(snn_projection *projection, const snn_layer *layer)
{
    struct snn__beside *b = NULL;

    return find(projection, layer, &b) == SNN_OK ? b->lateral.h : NULL;
}

static struct snn__hebb hebb_of(const snn_projection *p, const struct snn__beside *b)
{
    return (struct snn__hebb){ .rate = (float)rate_of(p, b),
                               .momentum = (float)snn__param_f64(&p->params, SNN_PROJECTION_MOMENTUM),
                               .clamp = (float)snn__param_f64(&p->params, SNN_PROJECTION_CLAMP),
                               .iterations = (size_t)snn__param_i64(&p->params, SNN_PROJECTION_ITERATIONS),
                               .scale = (float)snn__param_f64(&p->params, SNN_PROJECTION_SCALE),
                               .steps = (size_t)snn__param_i64(&p->params, SNN_PROJECTION_SPIKES) };
}

snn_status snn_projection_apply(const snn_projection *projection, const snn_layer *layer, const float *x, size_t n,
                                float *out)
{
    SNN__COMPUTES;
    struct snn__workspace work = { .ctx = NULL };
    struct snn__window window;
    struct snn__arena arena;
    struct snn__beside *b = NULL;
    struct snn__hebb hebb;
    snn_status rc;

    SNN__TRY(find(projection, layer, &b));
    if (x == NULL || out == NULL || n == 0 || b->lateral.n == 0)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "projection: x or out is NULL, n is 0, or layer %s cannot have lateral neurons",
                         layer->name);
    hebb = hebb_of(projection, b);
    work.ctx = projection->ctx;
    window = snn__rows_of_matrix(NULL, 0, b->lateral.n, b->lateral.n).window;
    snn__workspace_fit(&work, &b->lateral, &window, n, 1, false);
    snn__arena_init(&arena, projection->ctx);
    rc = snn__workspace_plan(&work, &arena);
    if (rc == SNN_OK)
        rc = snn__arena_commit(&arena);
    if (rc == SNN_OK) {
        struct snn__rows rows = snn__rows_of_matrix(x, n, b->lateral.n, b->lateral.n);

        snn__lateral_project(&b->lateral, &hebb, &rows, out, &work);
    }
    snn__arena_free(&arena);
    return rc;
}

/* ---- in a trainer ---- */

/* Samples that one Hebbian update may see at once. */
static size_t samples(const struct snn__pass *pass)
{
    return SNN__PRODUCT(pass->batch_max, pass->slots > 1 && !snn__pass_means(pass) ? pass->slots : 1);
}

/* Whether projecting the rows of all steps of a batch takes fewer multiplications than projecting the gradient. That
 * of binary weights is what their signs leave of it. */
static bool by_rows(const struct snn__pass *pass, const struct snn__beside *b, const struct snn__tensor *weight)
{
    size_t times = snn__pass_means(pass) || snn__pass_equilibrium(pass) ? 1 : pass->steps;

    return b->lateral.frozen > 0 && !weight->latent && snn__is_matrix(&b->window) &&
           SNN__PRODUCT(pass->batch_max, times) < b->outputs;
}

static snn_status plan_layer(struct snn__projecting *p, const struct snn__pass *pass, size_t l,
                             struct snn__arena *arena)
{
    const struct snn__beside *b = &p->projection->beside[l];
    struct snn__task *task = &p->task[l];

    if (b->lateral.rows == 0)
        return SNN_OK;
    task->hebb = hebb_of(p->projection, b);
    task->by_rows = by_rows(pass, b, &pass->net->layer[l]->tensor[b->weight]);
    snn__workspace_fit(&p->work, &b->lateral, &b->window,
                       SNN__PRODUCT(samples(pass), b->window.oh, b->window.ow, p->both ? 2 : 1), b->outputs,
                       task->by_rows);
    if (task->hebb.steps == 0 || b->lateral.frozen == 0 || task->by_rows)
        return SNN_OK;
    return snn__arena_keep(arena, &task->share, SNN__PRODUCT(b->outputs, b->lateral.frozen), sizeof(float));
}

snn_status snn__projection_plan(struct snn__projecting *p, const struct snn__pass *pass, struct snn__arena *arena)
{
    snn_projection *projection = p->projection;

    p->work = (struct snn__workspace){ .ctx = pass->ctx };
    p->both = snn__param_is(&projection->params, SNN_PROJECTION_SOURCE, "both");
    p->every = (uint64_t)snn__param_i64(&projection->params, SNN_PROJECTION_EVERY);
    p->version = projection->version;
    p->task = snn__alloc(pass->ctx, pass->n, sizeof *p->task);
    if (p->task == NULL)
        return SNN_ERR_MEMORY;
    for (size_t l = 0; l < pass->n; l++)
        SNN__TRY(plan_layer(p, pass, l, arena));
    return snn__workspace_plan(&p->work, arena);
}

void snn__projection_release(struct snn__projecting *p)
{
    if (p->task != NULL)
        snn__free(p->work.ctx, p->task);
    p->task = NULL;
}

snn_status snn__projection_check(const struct snn__projecting *p)
{
    if (p->projection != NULL && p->projection->version != p->version)
        return snn__fail(
            SNN_ERR_STATE,
            "projection: rows were added or frozen since snn_trainer_prepare(): prepare the trainer again");
    return SNN_OK;
}

void snn__projection_begin(struct snn__projecting *p, uint64_t batch)
{
    p->learns = p->projection != NULL && batch % p->every == 0;
}

bool snn__projection_binds(const snn_projection *projection)
{
    for (size_t l = 0; projection != NULL && l < projection->net->n_layers; l++)
        if (projection->beside[l].lateral.frozen > 0)
            return true;
    return false;
}

static struct snn__rows rows_of(const struct snn__beside *b, struct snn__signal x, size_t samples_now)
{
    return (struct snn__rows){ x.data, b->window, samples_now * b->window.oh * b->window.ow, x.scale };
}

static struct snn__beside *beside(const struct snn__projecting *p, const struct snn__unit *unit)
{
    return &p->projection->beside[unit->layer->index];
}

static struct snn__task *task_of(const struct snn__projecting *p, const struct snn__unit *unit)
{
    return &p->task[unit->layer->index];
}

/* Where all steps are kept, one update takes them together, at the last one; what does not change is there once. */
static void learn_all(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                      const struct snn__io *io)
{
    struct snn__beside *b = beside(p, unit);
    size_t first = unit->begins, steps = io->constant || io->x_constant ? 1 : pass->steps - first;
    struct snn__rows rows;

    if (!io->constant && !io->last)
        return;
    rows = rows_of(b, steps == 1 ? io->x[0] : snn__unit_input(pass, unit, 0, first), steps * io->batch);
    snn__lateral_learn(&b->lateral, &task_of(p, unit)->hebb, &rows, 1, NULL, &p->work);
}

static void learn(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                  const struct snn__io *io, struct snn__signal factor)
{
    struct snn__beside *b = beside(p, unit);
    const struct snn__task *task = task_of(p, unit);
    bool at_once = snn__pass_means(pass) || snn__pass_equilibrium(pass);
    struct snn__rows sets[2] = { rows_of(b, factor, io->batch) };
    size_t n = 1, times = io->constant && !at_once ? pass->steps : 1;

    if (snn__pass_keeps(pass) && !snn__pass_means(pass)) {
        learn_all(p, pass, unit, io);
        return;
    }
    if (p->both && !at_once && factor.data != io->x[0].data) { /* a trace, behind the spikes */
        sets[n++] = sets[0];
        sets[0] = rows_of(b, io->x[0], io->batch);
    }
    for (size_t i = 0; i < times; i++) /* a constant input is there at every step */
        snn__lateral_learn(&b->lateral, &task->hebb, sets, n, task->by_rows && n == 1 ? p->work.orth : NULL,
                           &p->work);
}

struct snn__signal snn__projection_factor(struct snn__projecting *p, const struct snn__unit *unit,
                                          const struct snn__io *io, struct snn__signal factor)
{
    const struct snn__beside *b = beside(p, unit);
    const struct snn__task *task = task_of(p, unit);
    struct snn__rows rows = rows_of(b, factor, io->batch);

    if (!task->by_rows)
        return factor;
    snn__lateral_project(&b->lateral, &task->hebb, &rows, p->work.orth, &p->work);
    return (struct snn__signal){ p->work.orth, 1.0f };
}

void snn__projection_credit(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                            const struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    const struct snn__beside *b = beside(p, unit);
    struct snn__task *task = task_of(p, unit);

    if (b->lateral.rows == 0)
        return;
    if (task->share != NULL) {
        struct snn__rows rows = rows_of(b, factor, io->batch);

        snn__lateral_share(&b->lateral, &task->hebb, &rows, e.data, e.scale, b->outputs, task->share, task->shared,
                           &p->work);
        task->shared = true;
    }
    if (p->learns)
        learn(p, pass, unit, io, factor);
}

void snn__projection_discard(struct snn__projecting *p)
{
    for (size_t l = 0; p->task != NULL && l < p->projection->net->n_layers; l++)
        p->task[l].shared = false;
}

/* What has one dimension is constant input's, which every subspace contains. */
static void hold_vectors(const struct snn__pass *pass, const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_tensors; i++)
        if (layer->tensor[i].trained && layer->tensor[i].rank < 2)
            pass->ctx->kernels->fill(pass->gradient + layer->tensor[i].offset, 0.0f, layer->tensor[i].length);
}

void snn__projection_take(struct snn__projecting *p, const struct snn__pass *pass)
{
    bool binds = snn__projection_binds(p->projection);

    for (size_t l = 0; binds && l < pass->n; l++) {
        const struct snn__beside *b = &p->projection->beside[l];
        struct snn__task *task = &p->task[l];
        const snn_layer *layer = pass->net->layer[l];

        hold_vectors(pass, layer);
        if (b->lateral.frozen > 0 && !task->by_rows && (task->share == NULL || task->shared))
            snn__lateral_take(&b->lateral, task->share, pass->gradient + layer->tensor[b->weight].offset, b->outputs,
                              &p->work);
        task->shared = false;
    }
}
