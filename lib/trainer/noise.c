/* trainer/noise.c - the noise z that perturbs populations: random numbers are functions of batch, step, layer and
 * sample. */
#include "trainer/noise.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/rng.h"
#include "kernel/layers.h"
#include <math.h>

struct drawing {
    const snn_trainer *trainer;
    struct snn__unit *unit;
    uint64_t step; /* of all batches */
    char kind;     /* first letter of the distribution */
};

static void draw_signs(uint64_t seed, uint64_t stream, float *z, size_t n)
{
    uint32_t word[4] = { 0 };

    for (size_t i = 0; i < n; i++) {
        if (i % 128 == 0)
            snn__random4(seed, SNN__RNG_NOISE, stream, i / 128, word);
        z[i] = word[i % 128 / 32] >> i % 32 & 1 ? 1.0f : -1.0f;
    }
}

static void draw_sample(void *arg, size_t b)
{
    const struct drawing *k = arg;
    const snn_trainer *tr = k->trainer;
    size_t n = k->unit->value_len;
    uint64_t seed = tr->ctx->options.seed;
    uint64_t stream = (k->step * tr->pass.n + k->unit->layer->index) << 24 |
                      (tr->pass.first + b); /* a batch has at most 2^24 samples */
    float *z = k->unit->noise + b * n;

    if (k->kind == 'r') {
        draw_signs(seed, stream, z, n);
        return;
    }
    snn__layers(tr->ctx)->random_normal(seed, SNN__RNG_NOISE, stream, z, n, 1.0f);
    if (k->kind == 's') { /* |z|^2 = n, so that E z z^T = 1 */
        double square = tr->ctx->kernels->dot(z, z, n);

        tr->ctx->kernels->scale(z, square > 0 ? (float)sqrt((double)n / square) : 0.0f, z, n);
    }
}

void snn__noise_draw(const snn_trainer *tr, struct snn__unit *unit, uint64_t stream, size_t t,
                     const char *distribution, bool antithetic, float *supplied)
{
    size_t n = tr->pass.batch * unit->value_len;
    struct drawing k = { tr, unit, stream * tr->steps + t, distribution[0] };

    if (tr->noise != NULL) {
        {
            SNN__CALLS_HOST;
            tr->noise(tr->noise_user, unit->layer, t, supplied, n);
        }
        snn__to_channels_last(tr->ctx, &unit->layer->out, tr->pass.batch, supplied, unit->noise);
    } else if (t % 2 && antithetic) {
        snn__copy(tr->ctx, unit->noise, -1.0f, unit->noise, n);
    } else {
        snn__each(tr->ctx, draw_sample, &k, tr->pass.batch);
    }
}
