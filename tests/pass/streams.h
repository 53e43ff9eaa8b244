/* Streams of many networks, for the tests of streams that run and that learn. */
#ifndef SNN_TESTS_PASS_STREAMS_H
#define SNN_TESTS_PASS_STREAMS_H

#include "core/size.h"
#include "layer/layer.h"
#include "trainer/builder.h"
#include <float.h>

enum { STEPS = 6, OUT = 3 };

#define LIF "decay=0.6 threshold=0.5 surrogate=arctan"

static const struct {
    size_t shape[3];
    const char *layers;
} nets[] = {
    { { 5 }, "linear a out=7; lif n " LIF "; linear o out=3" },
    { { 5 },
      "linear a out=6; add s <a <rec:1; lif n decay=0.6 threshold=0.3; linear rec out=6 <n; linear o out=3 <n" },
    { { 5 },
      "linear a out=6; linear fb out=6 <m:1; add s <a <fb; cuba n threshold=0.3; linear b out=4; alif m "
      "threshold=0.2; "
      "linear o out=3" },
    { { 5 },
      "linear a out=6; lif n " LIF
      "; linear b out=6 <n:1; scale h value=0.7 <b:1; add s <a <h; if m; linear o out=3; "
      "lif r reset=none" },
    { { 5 },
      "linear a out=6; lif n " LIF
      "; scale k value=2; linear b out=6 <k:1; add s <a <b; plif m threshold=0.4; linear o out=3" },
    { { 5 },
      "linear a out=6; linear fb out=6 <m:1; add s <a <fb; lif n refractory=2 " LIF "; linear b out=4; "
      "alif m threshold=0.2 refractory=1; linear o out=3" },
    { { 5 },
      "linear a out=6; lif n floor=-0.2 initial=0.4 " LIF "; linear b out=4; cuba m floor=-0.1 threshold=0.2; "
      "linear o out=3; lif r reset=none floor=-0.3 initial=1" },
    { { 5 },
      "linear a out=6; lif n initial=0.4 initial_per_neuron=1 " LIF "; linear b out=4; cuba m initial_current=0.7 "
      "initial_per_neuron=1 threshold=0.2; linear o out=3; cuba r reset=none initial_current=-1" },
    { { 5 },
      "linear a out=6; linear fb out=6 <m:3; linear c out=6 <n:2; add s <a <fb <c; lif n " LIF "; linear b out=4; "
      "lif m threshold=0.2; scale k value=1.7; linear d out=4 <k:2; add z <m <d; linear o out=3" },
    { { 5 },
      "linear a out=6; lif n " LIF "; scale h value=0.7 <n:2; linear b out=6; lif m threshold=0.3; "
      "linear o out=3 <m:1; linear r out=3 <a:4; add z <o <r" },
    { { 2, 6, 6 },
      "conv2d a out=4 pad=1; layer_norm an; lif n " LIF "; flatten f; linear o out=3; layer_norm on; elementwise e" },
    { { 5 }, "linear a out=6; dsr_lif n threshold=0.5; linear o out=3; dsr_lif r threshold=0.4" },
    { { 2, 6, 6 },
      "conv2d a out=4 pad=1 standardise=1; lif n " LIF "; conv2d b out=4 pad=1; gain g value=0.5; add s <g <n; "
      "plif m per_neuron=1; scale k value=2.7; avgpool p; upsample u; adaptive_avgpool q size=2; flatten f; linear o "
      "out=3" },
    { { 2, 6, 6 },
      "conv2d a out=4 pad=1 stride=2; batch_norm bn; lif n " LIF
      "; attention t heads=2 <n <n <n; if m threshold=0.2; "
      "conv2d o out=3 kernel=3" },
};

#define NETS (int)(sizeof nets / sizeof *nets)

struct rig {
    snn_context *ctx;
    snn_network *net;
    size_t in, out;
    float x[STEPS * 72];
    struct counting c;
};

static inline void set_up(struct rig *r, int which)
{
    snn_context_options o;

    r->c = (struct counting){ 0 };
    counting_options(&r->c, &o);
    o.threads = 1;
    OK(snn_context_create(&r->ctx, &o));
    r->net = network_of(r->ctx, nets[which].shape, nets[which].layers);
    r->in = length_of(nets[which].shape);
    r->out = snn__shape_length(&r->net->layer[r->net->n_layers - 1]->out);
    random_fill(r->x, STEPS * r->in, 0, 2, 7);
}

static inline void tear_down(struct rig *r)
{
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    ck_assert_uint_eq(r->c.live, 0);
}

/* A stream in memory of just the size that it asks for. */
static inline snn_stream *stream_of(struct rig *r, void **memory)
{
    snn_stream *s = NULL;
    size_t size;

    OK(snn_stream_size(r->net, &size));
    ck_assert_uint_eq(size % 64, 0);
    *memory = aligned_alloc(64, size);
    OK(snn_stream_init(*memory, size, r->net, &s));
    return s;
}

static inline void run(struct rig *r, snn_stream *s, size_t from, size_t to, float *out)
{
    for (size_t t = from; t < to; t++)
        OK(snn_stream_step(s, r->x + t * r->in, out + t * 64));
}

/* Copies a state out; its length. */
static inline size_t save_state(const snn_stream *s, char *to, size_t room)
{
    size_t n = 0;
    const void *state = snn_stream_state(s, &n);

    ck_assert_ptr_nonnull(state);
    ck_assert_uint_le(n, room);
    memcpy(to, state, n);
    return n;
}

static inline void fill_with(float *x, size_t n, float value)
{
    for (size_t i = 0; i < n; i++)
        x[i] = value;
}

/* A step with x leaves state and output as they were; returns whether it was refused. */
static inline bool refused_whole(snn_stream *s, const float *x)
{
    static char before[65536], after[65536];
    float out[64] = { 7, 7, 7 };
    const size_t n = save_state(s, before, sizeof before);
    const snn_status rc = snn_stream_step(s, x, out);

    if (rc == SNN_OK)
        return false;
    ck_assert_int_eq(rc, SNN_ERR_DIVERGED);
    ck_assert_msg(strstr(snn_last_error(), "step was not made") != NULL, "%s", snn_last_error());
    ck_assert_uint_eq(save_state(s, after, sizeof after), n);
    ck_assert_mem_eq(before, after, n);
    for (size_t i = 0; i < 64; i++)
        ck_assert(out[i] == (i < 3 ? 7 : 0));
    return true;
}

#endif
