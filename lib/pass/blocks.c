/* pass/blocks.c - an evaluation in blocks of samples. */
#include "pass/blocks.h"
#include "core/alloc.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include "layer/layer.h"
#include <string.h>

#define CACHED 2097152u /* bytes of the arrays of a block that are in use at a time, */
#define ARRAYS 4u       /* of the widest layer: what it reads, its potential or sum, its output, its reader's */
#define MOST 16u        /* samples */

/* ---- sizes ---- */

/* Bytes that a forward product reads. */
static size_t bytes_of_weights(const snn_layer *layer)
{
    const struct snn__tensor *w = &layer->tensor[0];

    if (!snn__layer_has_weights(layer))
        return 0;
    return w->latent ? w->length / 8 : SNN__PRODUCT(w->length, sizeof(float));
}

size_t snn__blocks_most(const snn_network *net, size_t batch)
{
    size_t weights = 0, signals = 0, widest = 1, most;

    for (size_t l = 0; l < net->n_layers; l++) {
        const size_t n = SNN__PRODUCT(snn__shape_length(&net->layer[l]->out), sizeof(float));

        weights = SNN__SUM(weights, bytes_of_weights(net->layer[l]));
        signals = SNN__SUM(signals, n);
        widest = snn__max(widest, n);
    }
    most = snn__min(MOST, snn__max(1, CACHED / SNN__PRODUCT(ARRAYS, widest)));
    return most < batch && weights <= SNN__PRODUCT(most, signals) ? most : 0;
}

/* ---- planning ---- */

static snn_status plan_part(struct snn__blocks *b, const struct snn__pass *pass, struct snn__pass *part)
{
    const struct snn__demand demand = { .route = SNN__ROUTE_NONE, .weights = pass };

    SNN__TRY(snn__pass_plan(part, &b->ctx, pass->net, b->most, pass->steps, &demand));
    SNN__TRY(snn__pass_commit(part));
    for (size_t l = 0; l < part->n; l++)
        part->unit[l].fanout = pass->unit[l].fanout;
    return SNN_OK;
}

snn_status snn__blocks_plan(struct snn__blocks *b, const struct snn__pass *pass, size_t most, size_t batch)
{
    snn_context *ctx = pass->ctx;

    memset(b, 0, sizeof *b);
    b->most = most;
    snn__context_alone(&b->ctx, ctx);
    b->outputs = SNN__PRODUCT(pass->steps, batch, pass->unit[pass->n - 1].value_len);
    b->output = snn__alloc(ctx, b->outputs, sizeof *b->output);
    b->pass = b->output != NULL ? snn__alloc(ctx, snn__threads(ctx), sizeof *b->pass) : NULL;
    if (b->pass == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < snn__threads(ctx); i++)
        SNN__TRY(plan_part(b, pass, &b->pass[i]));
    return SNN_OK;
}

void snn__blocks_free(struct snn__blocks *b, const struct snn__pass *pass)
{
    for (size_t i = 0; b->pass != NULL && i < snn__threads(pass->ctx); i++)
        snn__pass_free(&b->pass[i]);
    snn__free(pass->ctx, b->pass);
    snn__free(pass->ctx, b->output);
    b->pass = NULL;
    b->output = NULL;
}

size_t snn__blocks_bytes(const struct snn__blocks *b, const struct snn__pass *pass)
{
    size_t bytes = b->outputs * sizeof *b->output;

    for (size_t i = 0; b->pass != NULL && i < snn__threads(pass->ctx); i++)
        bytes += sizeof *b->pass + snn__pass_bytes(&b->pass[i]);
    return bytes;
}

/* ---- running ---- */

/* Counters begin at zero: close_part() adds them to those of the pass. */
static void open_part(struct snn__pass *part, const struct snn__pass *pass)
{
    snn__pass_refresh(part);
    snn__pass_clear_counters(part);
    part->settled = true;
    part->count = pass->count;
    for (size_t l = 0; l < part->n; l++)
        part->unit[l].fanout_all = pass->unit[l].fanout_all;
}

static void close_part(struct snn__pass *part, struct snn__pass *pass)
{
    if (part->neuron_steps > 0)
        pass->evaluated.scale = snn__pass_output(part, part->steps - 1).scale;
    pass->neuron_steps += part->neuron_steps;
    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__counts *from = &part->unit[l].counts;
        struct snn__counts *to = &pass->unit[l].counts;

        to->spikes += from->spikes;
        to->macs += from->macs; /* whole numbers, as all of these: exact in any order */
        to->acs += from->acs;
        to->dense += from->dense;
    }
}

struct evaluating {
    struct snn__blocks *blocks;
    const struct snn__pass *pass;
    bool is_static;
    snn__feed_fn feed;
    void *arg;
};

static void keep_output(const struct evaluating *k, struct snn__pass *part, size_t first, size_t t)
{
    const struct snn__signal out = snn__pass_output(part, t);
    const size_t n = part->unit[part->n - 1].value_len;

    if (out.data != NULL)
        part->ctx->kernels->scale(k->blocks->output + (t * k->pass->batch + first) * n, 1.0f, out.data,
                                  part->batch * n);
}

/* All steps of a block. */
static void evaluate_block(void *arg, size_t task, size_t worker)
{
    const struct evaluating *k = arg;
    struct snn__pass *part = &k->blocks->pass[worker];
    const size_t first = task * k->blocks->most;

    snn__pass_begin(part, snn__min(k->blocks->most, k->pass->batch - first), false, k->is_static, 0);
    for (size_t t = 0; t < part->steps; t++) {
        if (!k->feed(k->arg, part, first, t, worker))
            return;
        snn__pass_forward(part, t);
        keep_output(k, part, first, t);
    }
}

void snn__blocks_run(struct snn__blocks *b, struct snn__pass *pass, bool is_static, snn__feed_fn feed, void *arg)
{
    struct evaluating k = { b, pass, is_static, feed, arg };

    for (size_t i = 0; i < snn__threads(pass->ctx); i++)
        open_part(&b->pass[i], pass);
    pass->evaluated.data = b->output;
    snn__parallel(pass->ctx, evaluate_block, &k, snn__ceil_div(pass->batch, b->most));
    for (size_t i = 0; i < snn__threads(pass->ctx); i++)
        close_part(&b->pass[i], pass);
}
