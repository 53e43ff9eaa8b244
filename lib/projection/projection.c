/* projection/projection.c - the public face of projections. */
#include "projection/projection.h"
#include "core/alloc.h"
#include "core/param_calls.h"
#include "core/structure.h"
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
        return snn__fail(SNN_ERR_STATE, "projection: its rows cannot change in a callback of a trainer that uses it");
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
    snn__lateral_draw(projection->ctx, l, before, (uint64_t)layer->index << 32 | before);
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

struct snn__hebb snn__projection_hebb(const snn_projection *p, const struct snn__beside *b)
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
    hebb = snn__projection_hebb(projection, b);
    work.ctx = projection->ctx;
    window = snn__window_of_rows(b->lateral.n, b->lateral.n);
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
