/* layer/alignment.c - errors go down through weights B in place of W (SNN_LAYER_BACK_WEIGHTS), in every method that
 * sends errors through layers:
 *
 *   sign      B = c sgn(W),  c = 1 / sqrt(fan-in) of linear, sqrt(2 / fan-out) of conv2d       sign symmetry
 *   random    B uniform in +-1 / sqrt(fan-in), drawn once, a tensor "back" of the model       feedback alignment */
#include "layer/alignment.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/binary.h"
#include "layer/weights.h"
#include <math.h>

static bool chosen(const snn_layer *layer)
{
    return snn__params_find(&layer->params, SNN_LAYER_BACK_WEIGHTS) >= 0 &&
           !snn__param_is(&layer->params, SNN_LAYER_BACK_WEIGHTS, "same");
}

static bool random_weights(const snn_layer *layer)
{
    return chosen(layer) && snn__param_is(&layer->params, SNN_LAYER_BACK_WEIGHTS, "random");
}

snn_status snn__alignment_tensors(snn_layer *layer)
{
    const struct snn__tensor *w = &layer->tensor[SNN__WEIGHT];

    if (!chosen(layer))
        return SNN_OK;
    if (snn__reparam_of(layer) != NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "layer %s: back_weights %s goes with neither standardise, norm nor binary weights",
                         layer->name, snn__param_str(&layer->params, SNN_LAYER_BACK_WEIGHTS));
    if (!random_weights(layer))
        return SNN_OK;
    return snn__layer_declare(layer, "back", false, w->dim[0], w->dim[1], w->rank > 2 ? w->dim[2] : 0,
                              w->rank > 2 ? w->dim[3] : 0);
}

void snn__alignment_init(snn_layer *layer, uint64_t seed)
{
    struct snn__tensor *back = random_weights(layer) ? snn__layer_find_tensor(layer, "back") : NULL;
    float bound;

    if (back == NULL)
        return;
    bound = 1.0f / sqrtf((float)(back->length / back->dim[0]));
    snn__layers(layer->ctx)
        ->random_uniform(seed, SNN__RNG_INIT, snn__first_stream(layer->index, SNN__FIRST_BACK), back->data,
                         back->length, -bound, bound);
}

/* The back product alone, of copies of its own. */
static struct snn__operand_want want_of(const struct snn__node *node)
{
    return (struct snn__operand_want){ .batch_max = node->batch_max, .back_first = true, .apart = node->couples };
}

snn_status snn__alignment_plan(struct snn__alignment *a, struct snn__node *node, struct snn__arena *arena)
{
    const struct snn__operand_want want = want_of(node);
    const size_t out = node->layer->tensor[SNN__WEIGHT].dim[0];

    a->used = node->wants_adjoint && chosen(node->layer);
    if (!a->used)
        return SNN_OK;
    snn__weights_describe(node->layer, &a->w);
    a->tensor = snn__layer_tensor_index(node->layer, "back");
    a->factor = 1.0f;
    if (a->tensor < 0) {
        a->factor =
            snn__weights_conv(node->layer) ? sqrtf(2.0f / (float)(out * a->w.taps)) : 1.0f / sqrtf((float)a->w.fan);
        SNN__TRY(snn__arena_keep(arena, &a->ones, out, sizeof(float)));
    }
    return snn__operand_plan(&a->w, node->ctx, arena, &want);
}

size_t snn__alignment_scratch(const struct snn__alignment *a, const struct snn__node *node)
{
    const struct snn__operand_want want = want_of(node);

    if (!a->used)
        return 0;
    return snn__max(snn__operand_scratch(&a->w, node->ctx, &want), SNN__PRODUCT(a->w.rows, a->w.fan, sizeof(float)));
}

void snn__alignment_refresh(struct snn__alignment *a, const struct snn__node *node)
{
    const struct snn__tensor *tensor = node->layer->tensor;
    const float *b = a->tensor < 0 ? node->scratch : tensor[a->tensor].data;
    const struct snn__binary signs = { .rows = a->w.rows, .n = a->w.fan, .scaled = false, .scale = a->ones };

    if (!a->used)
        return;
    if (a->tensor < 0)
        snn__binarise(node->ctx, &signs, tensor[SNN__WEIGHT].data, node->scratch);
    snn__operand_load(&a->w, node->ctx, b, node->scratch);
}

void snn__alignment_back(const struct snn__alignment *a, const struct snn__node *node,
                         const struct snn__operand_product *p)
{
    struct snn__operand_product scaled = *p;

    scaled.alpha *= a->factor;
    snn__operand_back(&a->w, node->ctx, &scaled, node->scratch);
}
