/* trainer/opzo.c - online pseudo-zeroth-order training (arXiv 2407.12516) and its relatives, docs/methods/opzo.md.
 *
 *   forward     as ottt, with traces a; every population l is perturbed by noise z_l, of size alpha
 *   errors      e = dL/do at the output o of the step goes straight to every population:   g_l = M_l e
 *   matrices    M_l <- lam M_l + (1 - lam) / (alpha B) sum_b z_l o^T     an estimate of (do/ds_l)^T, before it is used
 *   gradient    dW = sum_t (g_l psi(u_l)) a^T, through snn__credit()
 *
 * No error crosses weights on the way to the output. The relatives differ in what g_l is: fixed random matrices
 * (dfa), random matrices that learn as the readout does (kp), the loss times the noise (zo), the weights themselves
 * (bp, which is ottt).
 *
 * Layers that nobody reads, the last one apart, are side readouts R_l: they have the loss of the output, and send
 * R_l^T e to the population that they read. One of them may be global: earlier populations have a second matrix for
 * its error. */
#include "trainer/opzo.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/rng.h"
#include "core/size.h"
#include "layer/types.h"
#include "trainer/rule.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct snn__param params[] = {
    SNN__PARAM_STR(SNN_OPZO_FEEDBACK, "feedback", "opzo|dfa|kp|zo|bp", "opzo",
                   "what brings errors to the populations"),
    SNN__PARAM_STR(SNN_OPZO_NOISE_POS, "noise_pos", "post|pre", "post", "noise on the spikes, or on the currents"),
    SNN__PARAM_STR(SNN_OPZO_NOISE, "noise", "gaussian|rademacher|sphere", "gaussian", "distribution of the noise"),
    SNN__PARAM_I64(SNN_OPZO_ANTITHETIC, "antithetic", 0, 1, 1, "steps 2 k and 2 k + 1 take z and -z"),
    SNN__PARAM_F64(SNN_OPZO_ALPHA, "alpha", 1e-6, 1e6, 0.2, "size of the noise"),
    SNN__PARAM_F64(SNN_OPZO_MOMENTUM, "momentum", 0.0, 0.99999999, 0.9999, "share of a matrix that an update keeps"),
    SNN__PARAM_I64(SNN_OPZO_INVERSE_ALPHA, "inverse_alpha", 0, 1, 1, "matrices estimate J', not alpha J'"),
    SNN__PARAM_I64(SNN_OPZO_WARM_UP, "warm_up", 0, 1, 1, "matrices are a plain average at first"),
    SNN__PARAM_STR(SNN_OPZO_MATRIX_INIT, "matrix_init", "zero|readout", "zero",
                   "first values of the matrices; dfa, kp: readout"),
    SNN__PARAM_I64(SNN_OPZO_ONLINE, "online", 0, 1, 0, "0: one update per batch, 1: one update per step"),
    SNN__PARAM_F64(SNN_OPZO_KP_RATE, "kp_rate", 0.0, 1e6, 1.0,
                   "kp: learning rate of the matrices, in parts of the weights'"),
    SNN__PARAM_F64(SNN_OPZO_KP_DECAY, "kp_decay", 0.0, 1.0, 1e-4, "kp: share of a matrix that a step takes away"),
    SNN__PARAM_F64(SNN_OPZO_LOCAL_SCALE, "local_scale", -1e6, 1e6, 1.0, "factor of the errors of side readouts"),
    SNN__PARAM_STR(SNN_OPZO_GLOBAL_READOUT, "global_readout", NULL, "",
                   "side readout that earlier populations learn from, too"),
};

enum feedback { FEEDBACK_OPZO, FEEDBACK_DFA, FEEDBACK_KP, FEEDBACK_ZO, FEEDBACK_BP };

struct opzo {
    snn_trainer *trainer;
    enum feedback feedback;
    uint64_t stream; /* of the batch */
    ptrdiff_t global; /* layer of the global readout, -1: none */
    float *o, *side_o, *side_e; /* [B][classes] */
    double *sums;               /* [B] */
    float *packed;
    void *scratch;
    float *supplied; /* noise of the host, [B][shape of the layer] */
    snn_status rc;   /* of the losses of the side readouts in this step */
};

static enum feedback feedback_of(const snn_trainer *tr)
{
    static const char *const names[] = { "opzo", "dfa", "kp", "zo", "bp" };
    enum feedback f = FEEDBACK_OPZO;

    while (!snn__param_is(&tr->params, SNN_OPZO_FEEDBACK, names[f]))
        f++;
    return f;
}

static bool has_matrices(enum feedback f)
{
    return f == FEEDBACK_OPZO || f == FEEDBACK_DFA || f == FEEDBACK_KP;
}

static bool has_noise(enum feedback f)
{
    return f == FEEDBACK_OPZO || f == FEEDBACK_ZO;
}

static bool flag(const snn_trainer *tr, int32_t key)
{
    return snn__param_i64(&tr->params, key) != 0;
}

static float real(const snn_trainer *tr, int32_t key)
{
    return (float)snn__param_f64(&tr->params, key);
}

/* ---- what it trains ---- */

static bool is_population(const snn_layer *layer)
{
    return layer->model != NULL;
}

static bool is_weights(const snn_layer *layer)
{
    return (snn__layer_flags(layer) & SNN__LAYER_WEIGHTS) != 0;
}

static bool is_read(const snn_network *net, const snn_layer *layer)
{
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_sources; i++)
            if (net->layer[l]->source[i].node == (ptrdiff_t)layer->index)
                return true;
    return false;
}

/* The population that a side readout reads, -1: none. */
static ptrdiff_t read_by(const snn_network *net, const snn_layer *readout)
{
    ptrdiff_t at = readout->source[0].node;

    while (at >= 0 && !is_population(net->layer[at]) && !is_weights(net->layer[at]) && net->layer[at]->n_sources == 1)
        at = net->layer[at]->source[0].node;
    return at >= 0 && is_population(net->layer[at]) ? at : -1;
}

static snn_status check_layer(const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_sources; i++)
        if (layer->source[i].delay)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "opzo: layer %s reads the step before; the method is for networks without feedback",
                             layer->name);
    if (layer->type == &snn__layer_maxpool)
        return snn__fail(SNN_ERR_UNSUPPORTED, "opzo: layer %s pools by maximum, which has no trace; use avgpool",
                         layer->name);
    if (layer->type->flags & SNN__LAYER_BENDS)
        return snn__fail(SNN_ERR_UNSUPPORTED, "opzo: layer %s: %s has no trace", layer->name, layer->type->name);
    return SNN_OK;
}

static snn_status check_readout(const snn_network *net, const snn_layer *layer)
{
    const snn_layer *last = net->layer[net->n_layers - 1];
    char want[48], got[48];

    if (!is_weights(layer) || read_by(net, layer) < 0)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "opzo: nobody reads layer %s, and it is no side readout: those are weights behind a "
                         "population, with nothing but linear layers between",
                         layer->name);
    if (!snn__shape_equal(&layer->out, &last->out))
        return snn__fail(SNN_ERR_SHAPE, "opzo: side readout %s gives %s, the last layer %s", layer->name,
                         snn__shape_text(&layer->out, got), snn__shape_text(&last->out, want));
    return SNN_OK;
}

/* The layer that global_readout names, -1: none. */
static ptrdiff_t global_readout(const snn_trainer *tr)
{
    const char *name = snn__param_str(&tr->params, SNN_OPZO_GLOBAL_READOUT);
    const snn_layer *layer = name[0] ? snn_network_layer_named(tr->net, name) : NULL;

    return layer != NULL ? (ptrdiff_t)layer->index : -1;
}

static snn_status check_global(const snn_trainer *tr)
{
    const char *name = snn__param_str(&tr->params, SNN_OPZO_GLOBAL_READOUT);
    ptrdiff_t l = global_readout(tr);

    if (name[0] == '\0')
        return SNN_OK;
    if (l < 0 || (size_t)l + 1 == tr->net->n_layers || is_read(tr->net, tr->net->layer[l]))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "opzo: global_readout \"%s\" is no side readout: a layer that nobody reads, and that is "
                         "not the last",
                         name);
    if (feedback_of(tr) == FEEDBACK_ZO)
        return snn__fail(SNN_ERR_ARGUMENT, "opzo: global_readout goes with feedback matrices or bp, not with zo");
    return SNN_OK;
}

static snn_status opzo_check(const snn_trainer *tr)
{
    const snn_network *net = tr->net;
    const snn_layer *last = net->layer[net->n_layers - 1];

    for (size_t l = 0; l < net->n_layers; l++) {
        SNN__TRY(check_layer(net->layer[l]));
        if (l + 1 < net->n_layers && !is_read(net, net->layer[l]))
            SNN__TRY(check_readout(net, net->layer[l]));
    }
    if (!is_weights(last))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "opzo: the last layer, %s, must be a readout without neurons, as linear", last->name);
    return check_global(tr);
}

static void opzo_needs(const snn_trainer *tr, struct snn__needs *needs)
{
    enum feedback f = feedback_of(tr);

    needs->traces = true;
    needs->local = f != FEEDBACK_BP;
    needs->noise = !has_noise(f)                                              ? SNN__NOISE_NONE
                   : snn__param_is(&tr->params, SNN_OPZO_NOISE_POS, "pre") ? SNN__NOISE_BEFORE
                                                                           : SNN__NOISE_BEHIND;
}

static bool opzo_needs_loss(const snn_trainer *tr)
{
    return feedback_of(tr) == FEEDBACK_ZO;
}

static bool opzo_uses_constancy(const snn_trainer *tr)
{
    return !flag(tr, SNN_OPZO_ONLINE);
}

/* ---- the matrices ---- */

/* Populations in order; behind the matrix of each one the second, if it lies below the population of the global
 * readout. */
static bool opzo_memory(const snn_trainer *tr, size_t index, struct snn__memory *m)
{
    const snn_network *net = tr->net;
    ptrdiff_t global = global_readout(tr), top = global < 0 ? -1 : read_by(net, net->layer[global]);

    if (!has_matrices(feedback_of(tr)))
        return false;
    for (size_t l = 0; l < net->n_layers; l++) {
        size_t matrices = !is_population(net->layer[l]) ? 0 : (ptrdiff_t)l < top ? 2 : 1;

        if (index >= matrices) {
            index -= matrices;
            continue;
        }
        snprintf(m->name, sizeof m->name, "%s.%s", net->layer[l]->name,
                 index ? SNN__OPZO_SIDE_MATRIX : SNN__OPZO_MATRIX);
        m->layer = l;
        m->side = index > 0;
        m->rows = (uint32_t)snn__shape_length(&net->layer[net->n_layers - 1]->out);
        m->columns = (uint32_t)snn__shape_length(&net->layer[l]->out);
        m->data = NULL;
        return true;
    }
    return false;
}

static void opzo_begin_memory(const snn_trainer *tr, const struct snn__memory *m)
{
    const snn_network *net = tr->net;
    const snn_layer *readout = net->layer[m->side ? (size_t)global_readout(tr) : net->n_layers - 1];
    float bound = 1.0f / sqrtf((float)snn__shape_length(&readout->in));

    if (feedback_of(tr) == FEEDBACK_OPZO && snn__param_is(&tr->params, SNN_OPZO_MATRIX_INIT, "zero"))
        return;
    /* weights take streams 8 l to 8 l + 2 */
    snn__random_fill_uniform(tr->ctx->options.seed, SNN__RNG_INIT, m->layer * 8u + 5u + m->side, m->data,
                             (size_t)m->rows * m->columns, -bound, bound);
}

static struct snn__window rows_of(size_t n)
{
    return (struct snn__window){ 1, 1, n, n, 1, 1, 1, 1, 1, 0, 1, false };
}

/* M <- keep M + share sum_b o z^T; o [B][outputs], z [B][neurons] */
static void turn(struct opzo *s, const struct snn__memory *m, float keep, float share, const float *o,
                 struct snn__signal z)
{
    struct snn__outer p = { .m = s->trainer->pass.batch,
                            .n = m->rows,
                            .d = o,
                            .d_pitch = m->rows,
                            .x = z.data,
                            .window = rows_of(m->columns),
                            .alpha = share * z.scale,
                            .g = m->data,
                            .g_pitch = m->columns,
                            .accumulate = true };

    snn__copy(s->trainer->ctx, m->data, keep, m->data, (size_t)m->rows * m->columns);
    snn__outer(s->trainer->ctx, &p, s->scratch);
}

/* g (+)= M e */
static void apply(struct opzo *s, const struct snn__memory *m, struct snn__unit *unit, const float *e)
{
    bool accumulate;
    float *g = snn__unit_error(unit, &accumulate);
    struct snn__product p = { .m = s->trainer->pass.batch,
                              .n = m->columns,
                              .x = e,
                              .window = rows_of(m->rows),
                              .packed = s->packed,
                              .alpha = 1.0f,
                              .y = g,
                              .y_pitch = m->columns,
                              .accumulate = accumulate };

    snn__pack(s->trainer->ctx, s->packed, m->data, 1, m->rows, m->columns, 0, m->columns, 1);
    snn__product(s->trainer->ctx, &p, s->scratch);
}

/* lam, or k / (k + 1) while that is smaller: the mean of all so far */
static double kept(const snn_trainer *tr, uint64_t stream, size_t t)
{
    double lam = snn__param_f64(&tr->params, SNN_OPZO_MOMENTUM), k = (double)stream * (double)tr->steps + (double)t;

    return flag(tr, SNN_OPZO_WARM_UP) ? fmin(lam, k / (k + 1.0)) : lam;
}

static void use_matrix(struct opzo *s, const struct snn__memory *m, struct snn__unit *unit, size_t t)
{
    snn_trainer *tr = s->trainer;
    const float *o = m->side ? s->side_o : s->o, *e = m->side ? s->side_e : snn__pass_output_error(&tr->pass, t);
    double keep = kept(tr, s->stream, t);
    float factor = flag(tr, SNN_OPZO_INVERSE_ALPHA) ? 1.0f / real(tr, SNN_OPZO_ALPHA) : 1.0f;

    if (s->feedback == FEEDBACK_OPZO)
        turn(s, m, (float)keep, (float)(1.0 - keep) * factor / (float)tr->pass.batch, o,
             (struct snn__signal){ unit->noise, 1.0f });
    apply(s, m, unit, e);
    if (s->feedback == FEEDBACK_KP) { /* e has its 1 / (B T) */
        double rate = snn_optimizer_rate(tr->optimizer, tr->run.epoch, tr->run.updates);

        turn(s, m, 1.0f - real(tr, SNN_OPZO_KP_DECAY), -(float)(rate * snn__param_f64(&tr->params, SNN_OPZO_KP_RATE)),
             e, snn__unit_trace(&tr->pass, unit));
    }
}

/* ---- errors ---- */

/* g (+)= L_b z / alpha, L_b the loss of the sample with the factor 1 / (B T) */
static void use_loss(struct opzo *s, struct snn__unit *unit)
{
    snn_trainer *tr = s->trainer;
    const struct snn__kernels *k = tr->ctx->kernels;
    size_t n = unit->value_len, batch = tr->pass.batch;
    double factor = 1.0 / (snn__param_f64(&tr->params, SNN_OPZO_ALPHA) * (double)batch * (double)tr->steps);
    bool accumulate;
    float *g = snn__unit_error(unit, &accumulate);

    for (size_t b = 0; b < batch; b++)
        (accumulate ? k->axpy : k->scale)(g + b * n, (float)(factor * tr->sums[b]), unit->noise + b * n, n);
}

static void population_error(struct opzo *s, struct snn__unit *unit, size_t t)
{
    const snn_trainer *tr = s->trainer;

    if (s->feedback == FEEDBACK_ZO)
        use_loss(s, unit);
    for (size_t i = 0; i < tr->n_memory && has_matrices(s->feedback); i++)
        if (tr->memory[i].layer == unit->layer->index)
            use_matrix(s, &tr->memory[i], unit, t);
}

static void readout_error(struct opzo *s, struct snn__unit *unit, size_t t)
{
    snn_trainer *tr = s->trainer;
    struct snn__signal out = snn__unit_value(&tr->pass, unit, t);
    bool global = (ptrdiff_t)unit->layer->index == s->global, arrived;
    float *e = snn__unit_error(unit, &arrived);
    const struct snn__outcome of = { unit->layer->index, t, out, 1.0 / (double)tr->steps, e, s->sums };
    double loss;

    if (s->rc == SNN_OK)
        s->rc = snn__judge(tr, &of, &loss);
    if (s->rc != SNN_OK) /* the batch ends once the step is through */
        tr->ctx->kernels->fill(e, 0.0f, tr->pass.batch * tr->classes);
    unit->down = global ? 1.0f : real(tr, SNN_OPZO_LOCAL_SCALE);
    if (global) {
        snn__copy(tr->ctx, s->side_o, out.scale, out.data, tr->pass.batch * tr->classes);
        snn__copy(tr->ctx, s->side_e, 1.0f, e, tr->pass.batch * tr->classes);
    }
}

static void direct(void *arg, struct snn__unit *unit, size_t t)
{
    (unit->flags & SNN__LAYER_POPULATION ? population_error : readout_error)(arg, unit, t);
}

/* ---- noise ---- */

struct drawing {
    struct opzo *s;
    struct snn__unit *unit;
    size_t t;
    char kind; /* first letter of the distribution */
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

static void draw_sample(void *arg, size_t b, size_t worker)
{
    const struct drawing *k = arg;
    const snn_trainer *tr = k->s->trainer;
    size_t n = k->unit->value_len;
    uint64_t step = k->s->stream * tr->steps + k->t, seed = tr->ctx->options.seed;
    uint64_t stream = (step * tr->pass.n + k->unit->layer->index) << 24 | b; /* a batch has at most 2^24 samples */
    float *z = k->unit->noise + b * n;

    (void)worker;
    if (k->kind == 'r') {
        draw_signs(seed, stream, z, n);
        return;
    }
    snn__random_fill_normal(seed, SNN__RNG_NOISE, stream, z, n, 1.0f);
    if (k->kind == 's') { /* |z|^2 = n, so that E z z^T = 1 */
        double square = tr->ctx->kernels->dot(z, z, n);

        tr->ctx->kernels->scale(z, square > 0 ? (float)sqrt((double)n / square) : 0.0f, z, n);
    }
}

static void draw(struct opzo *s, struct snn__unit *unit, size_t t)
{
    snn_trainer *tr = s->trainer;
    size_t n = tr->pass.batch * unit->value_len;
    struct drawing k = { s, unit, t, snn__param_str(&tr->params, SNN_OPZO_NOISE)[0] };

    if (tr->noise != NULL) {
        {
            SNN__CALLS_HOST;
            tr->noise(tr->noise_user, unit->layer, t, s->supplied, n);
        }
        snn__to_channels_last(&unit->layer->out, tr->pass.batch, s->supplied, unit->noise);
    } else if (t % 2 && flag(tr, SNN_OPZO_ANTITHETIC)) {
        snn__copy(tr->ctx, unit->noise, -1.0f, unit->noise, n);
    } else {
        snn__parallel(tr->ctx, draw_sample, &k, tr->pass.batch);
    }
}

/* ---- a batch ---- */

/* Trained tensors that no error would reach stay what they are: better to say so. */
static snn_status check_reach(struct snn__pass *pass)
{
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->aside && unit->flags & SNN__LAYER_POPULATION)
            return snn__fail(SNN_ERR_UNSUPPORTED, "opzo: population %s does not lead to the output",
                             unit->layer->name);
        unit->reached |=
            l + 1 == pass->n || unit->flags & SNN__LAYER_POPULATION || snn__unit_side_readout(pass, unit);
        if (!unit->reached && unit->trainable)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "opzo: no error reaches layer %s, which has trained tensors: there must be a "
                             "population between it and the next weights",
                             unit->layer->name);
        for (size_t i = 0; unit->reached && i < unit->layer->n_sources; i++)
            if (unit->layer->source[i].node >= 0 &&
                snn__unit_sends(pass, unit, &pass->unit[unit->layer->source[i].node]))
                pass->unit[unit->layer->source[i].node].reached = true;
    }
    return SNN_OK;
}

/* `most`: neurons of the largest population; `packed`, `bytes`: what products with the matrices take. */
static snn_status keep_all(struct opzo *s, const snn_trainer *tr, struct snn__arena *arena, size_t most,
                           size_t packed, size_t bytes)
{
    size_t batch = tr->pass.batch_max, all = SNN__PRODUCT(batch, tr->classes);
    struct {
        void *pointer;
        size_t count, size;
    } want[] = {
        { &s->o, all, sizeof(float) },
        { &s->side_o, s->global < 0 ? 0 : all, sizeof(float) },
        { &s->side_e, s->global < 0 ? 0 : all, sizeof(float) },
        { &s->sums, batch, sizeof(double) },
        { &s->packed, has_matrices(s->feedback) ? packed : 0, sizeof(float) },
        { &s->scratch, has_matrices(s->feedback) ? bytes : 0, 1 },
        { &s->supplied, tr->noise != NULL && has_noise(s->feedback) ? SNN__PRODUCT(batch, most) : 0, sizeof(float) },
    };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(
            snn__arena_add(arena, want[i].pointer, want[i].count, want[i].size, SNN__ALWAYS_FIRST, SNN__ALWAYS_LAST));
    return SNN_OK;
}

static snn_status opzo_plan(void *self, snn_trainer *tr, struct snn__arena *arena)
{
    struct opzo *s = self;
    size_t most = 0, packed = 0, bytes = 0, batch = tr->pass.batch_max, classes = tr->classes;
    struct snn__window errors = rows_of(classes);

    SNN__TRY(check_reach(&tr->pass));
    s->feedback = feedback_of(tr);
    s->global = global_readout(tr);
    for (size_t l = 0; l < tr->pass.n; l++) {
        size_t n = tr->pass.unit[l].value_len;
        struct snn__window noise = rows_of(n);

        if (!(tr->pass.unit[l].flags & SNN__LAYER_POPULATION))
            continue;
        most = snn__max(most, n);
        packed = snn__max(packed, snn__packed_size(tr->ctx, classes, n));
        bytes = snn__max(bytes, snn__product_scratch(tr->ctx, batch, n, &errors, false));
        bytes = snn__max(bytes, snn__outer_scratch(tr->ctx, batch, classes, &noise));
    }
    return keep_all(s, tr, arena, most, packed, bytes);
}

static void opzo_begin(void *self, snn_trainer *tr, uint64_t stream)
{
    struct opzo *s = self;

    s->trainer = tr;
    s->stream = stream;
    tr->pass.direct = direct;
    tr->pass.direct_arg = s;
}

static void opzo_before(void *self, snn_trainer *tr, size_t t)
{
    tr->pass.noise_scale = real(tr, SNN_OPZO_ALPHA);
    for (size_t l = 0; l < tr->pass.n; l++)
        if (tr->pass.unit[l].noise != NULL)
            draw(self, &tr->pass.unit[l], t);
}

static snn_status opzo_step(void *self, snn_trainer *tr, size_t t)
{
    struct opzo *s = self;
    struct snn__signal out = snn__pass_output(&tr->pass, t);

    snn__copy(tr->ctx, s->o, out.scale, out.data, tr->pass.batch * tr->classes);
    s->rc = SNN_OK;
    snn__pass_back_step(&tr->pass, t);
    SNN__TRY(s->rc);
    snn__observe(tr, SNN_PHASE_BACKWARD, t);
    snn__step_credited(tr, t);
    return flag(tr, SNN_OPZO_ONLINE) ? snn__learn_within(tr) : SNN_OK;
}

static snn_status opzo_finish(void *self, snn_trainer *tr)
{
    (void)self;
    if (flag(tr, SNN_OPZO_ONLINE))
        return SNN_OK;
    snn__pass_back_constant(&tr->pass);
    return snn__learn(tr);
}

extern const struct snn__rule snn__rule_opzo;
const struct snn__rule snn__rule_opzo = {
    .name = "opzo",
    .text = "online pseudo-zeroth-order training: errors by feedback from the output, no backward pass",
    .params = params,
    .n_params = sizeof params / sizeof *params,
    .state_size = sizeof(struct opzo),
    .check = opzo_check,
    .networks = "784-800-10, vgg11-ws, vgg11-bn, resnet18, or side:784-800-800-10 with local learning; pools that average "
                "(AP2)",
    .memory = opzo_memory,
    .begin_memory = opzo_begin_memory,
    .needs = opzo_needs,
    .plan = opzo_plan,
    .needs_loss = opzo_needs_loss,
    .uses_constancy = opzo_uses_constancy,
    .begin = opzo_begin,
    .before = opzo_before,
    .step = opzo_step,
    .streams = true,
    .finish = opzo_finish,
};
