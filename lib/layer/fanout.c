/* layer/fanout.c - the synapses of weights, for the count of synaptic operations. */
#include "layer/weights.h"

/* Synapses of a tap: (non-zero) weights, as all binary ones are, from input channel `channel` to all outputs, of the
 * mirror the other way round. */
static size_t tap_synapses(const struct snn__weights *s, const float *w, size_t channel, size_t tap, bool nonzero)
{
    size_t synapses = 0, first = s->turned ? 0 : channel / s->w.inputs * s->w.outputs,
           n = s->turned ? s->w.inputs : s->w.outputs;

    for (size_t i = 0; i < n; i++) {
        size_t row = s->turned ? channel : first + i, column = s->turned ? i : channel % s->w.inputs;

        synapses += !nonzero || s->is_binary || w[row * s->w.fan + column * s->w.taps + tap] != 0.0f;
    }
    return synapses;
}

/* The row or column that a tap reads; outside: beyond the end. */
static size_t source(const struct snn__window *r, int axis, size_t out, size_t tap)
{
    return out * r->stride[axis] + tap * r->dilation[axis] - r->pad[axis];
}

/* The synapses that leave each input element: taps that reach an output position, times the (non-zero) weights of the
 * tap. */
void snn__weights_fanout(struct snn__node *node, float *out, bool nonzero)
{
    const struct snn__weights *s = node->state;
    const float *w = snn__weights_effective(node);
    const struct snn__window *r = &s->w.read;
    size_t channels = s->turned ? s->w.rows : r->pitch;

    for (size_t i = 0; i < node->in_len; i++)
        out[i] = 0.0f;
    for (size_t channel = 0; channel < channels; channel++)
        for (size_t tap = 0; tap < s->w.taps; tap++) {
            size_t synapses = tap_synapses(s, w, channel, tap, nonzero);

            for (size_t y = 0; y < r->oh; y++)
                for (size_t x = 0; x < r->ow; x++) {
                    const size_t row = source(r, SNN__Y, y, tap / r->kw), column = source(r, SNN__X, x, tap % r->kw);
                    const size_t from = s->turned ? y * r->ow + x : row * r->w + column;

                    if (row < r->h && column < r->w)
                        out[from * channels + channel] += (float)synapses;
                }
        }
}
