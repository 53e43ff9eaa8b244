/* layer/clip.c - populations at rates. */
#include "layer/clip.h"
#include "core/context.h"
#include "kernel/layers.h"

void snn__clip(const struct snn__node *node, struct snn__io *io, float threshold, float *mask)
{
    struct snn__clip_values k = { io->x[0].data, io->x[0].scale / threshold, io->y.data, mask };

    io->y.scale = 1.0f;
    snn__ranges(node->ctx, io->batch * node->in_len, snn__layers(node->ctx)->clip_values, &k);
}

struct unclipping {
    const struct snn__kernels *kernels;
    const float *mask, *e;
    float *dx, factor;
    bool accumulate;
};

static void unclip_range(void *arg, size_t from, size_t to)
{
    const struct unclipping *k = arg;

    k->kernels->multiply(k->dx + from, k->factor, k->e + from, k->mask + from, to - from, k->accumulate);
}

void snn__clip_adjoint(const struct snn__node *node, const struct snn__io *io, float threshold, float *mask,
                       struct snn__signal e, float *dx, bool accumulate)
{
    struct unclipping k = { node->ctx->kernels, mask, e.data, dx, e.scale / threshold, accumulate };

    snn__ranges(node->ctx, io->batch * node->in_len, unclip_range, &k);
}
