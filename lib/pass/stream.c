/* pass/stream.c - a network at work on one endless sample, in the caller's memory. The memory begins with a context
 * of one thread whose allocator hands out the rest, so that the plan of a pass, made as always, lands in it. The
 * state for the next step is one block at the beginning of the pass's arena: a head that says which streams it fits,
 * and numbers, which are finite before and after every call. */
#include "pass/stream.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/layers.h"
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#define ALIGNMENT 64u
#define MAGIC 0x54534e53u /* of a state; reversed on a machine of the other byte order */

/* The beginning of the caller's memory. */
struct own {
    struct snn_stream stream;
    struct snn__pass pass;
    snn_context ctx;
    char *at; /* what is left of the memory */
    size_t left;
};

snn_status snn__stream_check(const snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (snn__layer_flags(net->layer[l]) & SNN__LAYER_GATHERS)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "stream: layer %s has an output at the last step only; a stream has none",
                             net->layer[l]->name);
    return SNN_OK;
}

/* ---- memory ---- */

static void *hand_out(void *user, size_t size, size_t alignment)
{
    struct own *own = user;
    char *block = own->at;

    (void)alignment; /* all sizes are multiples of it */
    if (size > own->left)
        return NULL;
    own->at += size;
    own->left -= size;
    return block;
}

static void keep(void *user, void *block, size_t size)
{
    (void)user;
    (void)block;
    (void)size;
}

/* Counts the requests of a plan, including memory that it frees: hand_out() never takes memory back. */
struct tally {
    const snn_context_options *real;
    size_t bytes;
};

static void *count_allocate(void *user, size_t size, size_t alignment)
{
    struct tally *tally = user;
    snn_context plain = { .options = *tally->real };
    void *block = snn__alloc(&plain, size, 1);

    (void)alignment; /* that of all such blocks */
    tally->bytes += size;
    return block;
}

static void count_release(void *user, void *block, size_t size)
{
    struct tally *tally = user;
    snn_context plain = { .options = *tally->real };

    (void)size;
    snn__free(&plain, block);
}

/* A context like that of the network, with one thread and another allocator. */
static snn_status lean_context(snn_context *ctx, const snn_network *net, void *(*allocate)(void *, size_t, size_t),
                               void (*release)(void *, void *, size_t), void *user)
{
    memset(ctx, 0, sizeof *ctx);
    ctx->options = net->ctx->options;
    ctx->options.threads = 1;
    ctx->options.allocate = allocate;
    ctx->options.release = release;
    ctx->options.allocator_user = user;
    ctx->kernels = net->ctx->kernels;
    ctx->unit = net->ctx->unit;
    ctx->products = net->ctx->products;
    return snn__pool_create(&ctx->pool, ctx, 1, 1);
}

static snn_status plan(struct snn__pass *pass, snn_context *ctx, snn_network *net)
{
    const struct snn__demand demand = { .streams = true };

    SNN__TRY(snn__pass_plan(pass, ctx, net, 1, 1, &demand));
    return snn__pass_commit(pass);
}

snn_status snn_stream_size(snn_network *network, size_t *bytes)
{
    SNN__COMPUTES;
    struct tally tally;
    struct snn__pass pass = { .ctx = NULL };
    snn_context ctx;
    snn_status rc;

    if (bytes != NULL)
        *bytes = 0;
    if (network == NULL || bytes == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: %s is NULL", network == NULL ? "the network" : "bytes");
    SNN__TRY(snn_network_prepare(network));
    SNN__TRY(snn__stream_check(network));
    tally = (struct tally){ &network->ctx->options, 0 };
    SNN__TRY(lean_context(&ctx, network, count_allocate, count_release, &tally));
    rc = plan(&pass, &ctx, network);
    if (rc == SNN_OK)
        *bytes = snn__round_up(sizeof(struct own), ALIGNMENT) + tally.bytes;
    snn__pass_free(&pass);
    snn__pool_destroy(ctx.pool, &ctx);
    return rc;
}

/* ---- life ---- */

/* The state after its head. */
static float *numbers(const struct snn__pass *pass)
{
    return (float *)(pass->arena.block + ALIGNMENT);
}

static size_t count_of_numbers(const struct snn__pass *pass)
{
    return (pass->arena.state - ALIGNMENT) / sizeof(float);
}

/* Runs steps until every layer ran once: the factors of all signals are then set for a copied state, and every page
 * of the memory was touched. */
static void warm_up(struct snn__pass *pass)
{
    size_t steps = 1;

    for (size_t l = 0; l < pass->n; l++)
        steps = snn__max(steps, pass->unit[l].absent + 2);
    pass->ctx->kernels->fill(snn__pass_input(pass, 0), 0.0f, pass->input_len);
    for (size_t t = 0; t < steps; t++)
        snn__pass_forward(pass, t);
    pass->ctx->kernels->fill(numbers(pass), 0.0f, count_of_numbers(pass));
}

snn_status snn__stream_begin(struct snn_stream *stream, struct snn__pass *pass)
{
    const uint32_t eligibility = pass->demand.factor == SNN__FACTOR_ELIGIBILITY;

    stream->pass = pass;
    warm_up(pass);
    *pass->head = (struct snn__stream_head){ .magic = MAGIC,
                                             .kind = (uint32_t)snn__pass_traces(pass) |
                                                     (uint32_t)pass->demand.noise << 1 | eligibility << 3,
                                             .network = snn__network_identity(pass->net),
                                             .running = pass->arena.running,
                                             .all = pass->arena.state };
    return snn_stream_reset(stream);
}

static snn_status init(struct own *own, size_t size, snn_network *network)
{
    memset(own, 0, sizeof *own);
    own->at = (char *)own + snn__round_up(sizeof *own, ALIGNMENT);
    own->left = size - snn__round_up(sizeof *own, ALIGNMENT);
    SNN__TRY(lean_context(&own->ctx, network, hand_out, keep, own));
    SNN__TRY(plan(&own->pass, &own->ctx, network));
    snn__pass_begin(&own->pass, 1, false, false, 0);
    return snn__stream_begin(&own->stream, &own->pass);
}

snn_status snn_stream_init(void *memory, size_t size, snn_network *network, snn_stream **out)
{
    SNN__COMPUTES;
    struct own *own = memory;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: out is NULL");
    *out = NULL;
    if (memory == NULL || (uintptr_t)memory % ALIGNMENT != 0)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: the memory %s",
                         memory ? "is not aligned to 64 bytes" : "is NULL");
    if (network == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: the network is NULL");
    SNN__TRY(snn_network_prepare(network));
    SNN__TRY(snn__stream_check(network));
    rc = size < snn__round_up(sizeof *own, ALIGNMENT) ? SNN_ERR_MEMORY : init(own, size, network);
    if (rc == SNN_ERR_MEMORY)
        return snn__fail(rc, "stream: %zu bytes of memory are too few; snn_stream_size() gives the number", size);
    if (rc == SNN_OK)
        *out = &own->stream;
    return rc;
}

snn_status snn__stream_check_live(const snn_stream *stream)
{
    if (stream == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream is NULL");
    if (stream->pass == NULL)
        return snn__fail(SNN_ERR_STATE,
                         "stream: a call of its trainer ended it; snn_trainer_stream() starts it again");
    return stream->learner != NULL ? stream->learner->check(stream->host) : SNN_OK;
}

snn_status snn_stream_reset(snn_stream *stream)
{
    SNN__TRY(snn__stream_check_live(stream));
    stream->pass->head->steps = 0; /* a computation of step 0 resets it */
    stream->stepped = false;
    return SNN_OK;
}

snn_status snn_stream_refresh(snn_stream *stream)
{
    SNN__COMPUTES;

    SNN__TRY(snn__stream_check_live(stream));
    snn__pass_refresh(stream->pass);
    return SNN_OK;
}

/* ---- state ---- */

const void *snn_stream_state(const snn_stream *stream, size_t *bytes)
{
    if (stream == NULL || stream->pass == NULL || bytes == NULL)
        return NULL;
    *bytes = stream->pass->arena.state;
    return stream->pass->head;
}

/* True if the `size` bytes from `head` on are a state that a stream of this pass may take. */
static snn_status check_state(const struct snn__pass *pass, const struct snn__stream_head *head, size_t size)
{
    const struct snn__stream_head *own = pass->head;

    if (head->magic != MAGIC || head->all != size || head->running > size)
        return snn__fail(SNN_ERR_FORMAT, "stream: these %zu bytes are not a complete state of this kind of machine",
                         size);
    if (head->network != own->network || head->running != own->running)
        return snn__fail(SNN_ERR_SHAPE, "stream: the state is that of another network");
    if (head->kind == own->kind && head->all != own->all)
        return snn__fail(SNN_ERR_FORMAT, "stream: a state of %zu bytes; this stream has %zu", size,
                         pass->arena.state);
    return SNN_OK;
}

snn_status snn_stream_set_state(snn_stream *stream, const void *state, size_t bytes)
{
    SNN__COMPUTES;
    struct snn__stream_head head;
    struct snn__pass *pass;
    size_t n;

    SNN__TRY(snn__stream_check_live(stream));
    pass = stream->pass;
    if (state == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: the state is NULL");
    if (bytes < ALIGNMENT)
        return snn__fail(SNN_ERR_FORMAT, "stream: a state of %zu bytes is too short", bytes);
    memcpy(&head, state, sizeof head);
    SNN__TRY(check_state(pass, &head, bytes));
    n = (size_t)(head.kind == pass->head->kind ? head.all : head.running) - ALIGNMENT;
    pass->ctx->kernels->fill(pass->saved, 0.0f,
                             count_of_numbers(pass)); /* what learning adds is 0, unless the state has it */
    memcpy(pass->saved, (const char *)state + ALIGNMENT, n);
    if (!pass->ctx->kernels->finite(pass->saved, n / sizeof(float)))
        return snn__fail(SNN_ERR_FORMAT, "stream: the state holds a value that is not finite");
    snn__layers(pass->ctx)->transfer(numbers(pass), pass->saved, count_of_numbers(pass));
    pass->head->steps = head.steps;
    stream->stepped = false;
    return SNN_OK;
}

/* ---- steps ---- */

/* True if state and output y are finite after a step. */
static bool is_sound(const struct snn__pass *pass, struct snn__signal y)
{
    const struct snn__kernels *k = pass->ctx->kernels;
    const float limit = FLT_MAX / fmaxf(1.0f, fabsf(y.scale));

    return k->finite(numbers(pass), count_of_numbers(pass)) &&
           (y.data == NULL || k->within(y.data, pass->unit[pass->n - 1].value_len, limit));
}

static void deliver(const struct snn__pass *pass, struct snn__signal y, float *out)
{
    const struct snn__unit *last = &pass->unit[pass->n - 1];

    if (y.data == NULL) { /* nothing has arrived there yet */
        pass->ctx->kernels->fill(out, 0.0f, last->value_len);
        return;
    }
    snn__to_channels_first(pass->ctx, &last->layer->out, 1, y.data, out);
    pass->ctx->kernels->scale(out, y.scale, out, last->value_len);
}

/* The input lies in the pass. */
static snn_status step(snn_stream *stream, float *out)
{
    struct snn__pass *pass = stream->pass;
    size_t t = (size_t)pass->head->steps;
    struct snn__signal y;

    snn__layers(pass->ctx)->transfer(pass->saved, numbers(pass), count_of_numbers(pass));
    if (stream->learner != NULL)
        SNN__TRY(stream->learner->before(stream->host, t));
    stream->stepped = false;
    snn__pass_forward(pass, t);
    if (stream->learner != NULL)
        SNN__TRY(stream->learner->after(stream->host, t));
    y = snn__pass_output(pass, t);
    if (!is_sound(pass, y)) {
        snn__layers(pass->ctx)->transfer(numbers(pass), pass->saved, count_of_numbers(pass));
        return snn__fail(SNN_ERR_DIVERGED,
                         "stream: a potential, a trace or an output would not be finite: the step was "
                         "not made; are the readings within their bounds?");
    }
    pass->head->steps++;
    stream->stepped = true;
    if (out != NULL)
        deliver(pass, y, out);
    return SNN_OK;
}

snn_status snn_stream_step(snn_stream *stream, const float *in, float *out)
{
    SNN__COMPUTES;
    struct snn__pass *pass;

    SNN__TRY(snn__stream_check_live(stream));
    if (in == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: in is NULL");
    pass = stream->pass;
    if (!pass->ctx->kernels->finite(in, pass->input_len))
        return snn__fail(SNN_ERR_DIVERGED,
                         "stream: the input holds a value that is not finite: the step was not made");
    snn__to_channels_last(pass->ctx, &pass->net->in, 1, in, snn__pass_input(pass, 0));
    return step(stream, out);
}

/* From an index into [C,H,W] to one into [H,W,C]. */
static size_t place(const snn_shape *in, size_t positions, size_t at)
{
    return in->rank == 1 ? at : at % positions * in->dim[0] + at / positions;
}

snn_status snn_stream_step_events(snn_stream *stream, const uint32_t *at, size_t n, float *out)
{
    SNN__COMPUTES;
    const snn_shape *in;
    float *x;
    size_t positions;

    SNN__TRY(snn__stream_check_live(stream));
    if (at == NULL && n > 0)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: the list of events is NULL");
    in = &stream->pass->net->in;
    positions = stream->pass->input_len / in->dim[0];
    x = snn__pass_input(stream->pass, 0);
    for (size_t i = 0; i < n; i++)
        if (at[i] >= stream->pass->input_len)
            return snn__fail(SNN_ERR_ARGUMENT, "stream: event %zu is at %u of %zu inputs", i, at[i],
                             stream->pass->input_len);
    stream->pass->ctx->kernels->fill(x, 0.0f, stream->pass->input_len);
    for (size_t i = 0; i < n; i++)
        x[place(in, positions, at[i])] += 1.0f;
    return step(stream, out);
}
