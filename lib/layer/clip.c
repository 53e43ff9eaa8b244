/* layer/clip.c - populations at rates. */
#include "layer/clip.h"
#include "core/context.h"
#include "kernel/layers.h"

struct clipping {
    const snn_context *ctx;
    float *mask, *y;
    const float *x;
    float factor;
    bool accumulate;
};

static void clip_range(void *arg, size_t from, size_t to)
{
    const struct clipping *k = arg;

    snn__clip_values(k->y + from, k->mask + from, k->factor, k->x + from, to - from);
}

static void unclip_range(void *arg, size_t from, size_t to)
{
    const struct clipping *k = arg;

    k->ctx->kernels->multiply(k->y + from, k->factor, k->x + from, k->mask + from, to - from, k->accumulate);
}

void snn__clip(const struct snn__node *node, struct snn__io *io, float threshold, float *mask)
{
    struct clipping k = { node->ctx, mask, io->y.data, io->x[0].data, io->x[0].scale / threshold, false };

    io->y.scale = 1.0f;
    snn__ranges(node->ctx, io->batch * node->in_len, clip_range, &k);
}

void snn__clip_adjoint(const struct snn__node *node, const struct snn__io *io, float threshold, float *mask,
                       struct snn__signal e, float *dx, bool accumulate)
{
    struct clipping k = { node->ctx, mask, dx, e.data, e.scale / threshold, accumulate };

    snn__ranges(node->ctx, io->batch * node->in_len, unclip_range, &k);
}
