/* zoo/residual.c - the blocks of residual networks: two convolutions of 3x3 each, or in deep networks a bottleneck of
 * 1x1, 3x3 and 1x1, which gives four times as many channels. Every stage but the first halves rows and columns. */
#include "zoo/build.h"

#define STAGES 4u

static const struct form {
    unsigned depth, blocks[STAGES];
    bool bottleneck;
} forms[] = {
    { 18, { 2, 2, 2, 2 }, false },
    { 34, { 3, 4, 6, 3 }, false },
    { 50, { 3, 4, 6, 3 }, true },
    { 101, { 3, 4, 23, 3 }, true },
};

static const struct form *form_of(unsigned depth)
{
    const struct form *f = forms;

    while (f->depth != depth)
        f++;
    return f;
}

/* A block between maps of `in` channels and of `width`, or of four times as many. */
static struct snn__block block_of(const struct form *f, size_t in, size_t width, int64_t stride)
{
    struct snn__block basic = { .n_convs = 2, .conv = { { width, 3, stride }, { width, 3, 1 } } };
    struct snn__block bottleneck = { .n_convs = 3,
                                     .conv = { { width, 1, 1 }, { width, 3, stride }, { 4 * width, 1, 1 } } };
    struct snn__block k = f->bottleneck ? bottleneck : basic;

    k.project = stride > 1 || in != k.conv[k.n_convs - 1].out;
    return k;
}

snn_status snn__build_blocks(struct snn__build *b,
                             snn_status (*add)(struct snn__build *b, const struct snn__block *k))
{
    const struct form *f = form_of(b->depth);
    const unsigned last = f->blocks[0] + f->blocks[1] + f->blocks[2] + f->blocks[3] - 1;
    const size_t width = snn__option(b, SNN__OPTION_WIDTH);
    size_t in = width;
    unsigned number = 0;

    for (unsigned stage = 0; stage < STAGES; stage++) {
        for (unsigned i = 0; i < f->blocks[stage]; i++) {
            struct snn__block k = block_of(f, in, width << stage, stage > 0 && i == 0 ? 2 : 1);

            k.share = (double)number / (double)last;
            k.number = ++number;
            k.before = i > 0 || stage == 0 ? i : f->blocks[stage - 1];
            SNN__TRY(add(b, &k));
            in = k.conv[k.n_convs - 1].out;
        }
    }
    return SNN_OK;
}

snn_status snn__build_projection(struct snn__build *b, const struct snn__block *k, const char *name, const char *from)
{
    int64_t stride = 1;
    snn_layer *l;

    for (unsigned i = 0; i < k->n_convs; i++)
        stride *= k->conv[i].stride;
    SNN__TRY(snn__build_conv(b, name, k->conv[k->n_convs - 1].out, 1, stride, 0, &l));
    return snn_layer_connect(l, from, 0);
}
