/* trainer/opzo.c - online pseudo-zeroth-order training (arXiv 2407.12516) and its relatives, docs/methods/opzo.md.
 * forward as ottt, with traces a; every population l is perturbed by noise z_l, of size alpha errors e = dL/do at the
 * output o of the step goes straight to every population: g_l = M_l e matrices M_l <- lam M_l + (1 - lam) / (alpha B)
 * sum_b z_l o^T an estimate of (do/ds_l)^T, before it is used gradient dW = sum_t (g_l psi(u_l)) a^T No error crosses
 * weights on the way to the output. The relatives differ in what g_l is: fixed random matrices (dfa), random matrices
 * that learn as the readout does (kp), the loss times the noise (zo), the weights themselves (bp, which is ottt).
 * Layers without readers, except the last one, are side readouts R_l: they have the loss of the output, and send
 * R_l^T e to the population that they read. One of them may be global: earlier populations have a second matrix for
 * its error. */
#include "core/context.h"
#include "core/size.h"
#include "trainer/feedback.h"
#include "trainer/noise.h"
#include "trainer/rule.h"
#include <math.h>

static const struct snn__param params[] = {
    SNN__PARAM_STR(SNN_OPZO_FEEDBACK, "feedback", "opzo|dfa|kp|zo|bp", "opzo", "path of errors to the populations"),
    SNN__PARAM_STR(SNN_OPZO_NOISE_POS, "noise_pos", "post|pre", "post", "noise on the spikes, or on the currents"),
    SNN__PARAM_STR(SNN_OPZO_NOISE, "noise", SNN__NOISES, "gaussian", "distribution of the noise"),
    SNN__PARAM_I64(SNN_OPZO_ANTITHETIC, "antithetic", 0, 1, 1, "steps 2 k and 2 k + 1 take z and -z"),
    SNN__PARAM_F64(SNN_OPZO_ALPHA, "alpha", 1e-6, 1e6, 0.2, "size of the noise"),
    SNN__PARAM_F64(SNN_OPZO_MOMENTUM, "momentum", 0.0, 0.99999999, 0.9999, "share of a matrix that an update keeps"),
    SNN__PARAM_I64(SNN_OPZO_INVERSE_ALPHA, "inverse_alpha", 0, 1, 1, "matrices estimate J', not alpha J'"),
    SNN__PARAM_I64(SNN_OPZO_WARM_UP, "warm_up", 0, 1, 1, "matrices begin as a plain average"),
    SNN__PARAM_STR(SNN_OPZO_MATRIX_INIT, "matrix_init", "zero|readout", "zero", "initial matrices; dfa, kp: readout"),
    SNN__PARAM_I64(SNN_OPZO_ONLINE, "online", 0, 1, 0, "0: one update per batch, 1: one update per step"),
    SNN__PARAM_F64(SNN_OPZO_KP_RATE, "kp_rate", 0.0, 1e6, 1.0,
                   "kp: learning rate of the matrices relative to that of the weights"),
    SNN__PARAM_F64(SNN_OPZO_KP_DECAY, "kp_decay", 0.0, 1.0, 1e-4, "kp: share of a matrix that decays at every step"),
    SNN__PARAM_F64(SNN_OPZO_LOCAL_SCALE, "local_scale", -1e6, 1e6, 1.0, "factor of the errors of side readouts"),
    SNN__PARAM_STR(SNN_OPZO_GLOBAL_READOUT, "global_readout", NULL, "",
                   "side readout whose errors reach all earlier populations"),
};

enum feedback { FEEDBACK_OPZO, FEEDBACK_DFA, FEEDBACK_KP, FEEDBACK_ZO, FEEDBACK_BP };

struct opzo {
    enum feedback feedback;
    uint64_t stream;            /* of the batch */
    const snn_layer *global;    /* readout, or NULL */
    float *o, *side_o, *side_e; /* [B][classes] */
    double *sums;               /* [B] */
    struct snn__feedback matrices;
    float *supplied; /* noise of the host, [B][shape of the layer] */
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

/* The population that a side readout reads, NULL: none. */
static const snn_layer *read_by(const snn_network *net, const snn_layer *readout)
{
    const snn_layer *at = snn__layer_producer(net, readout, 0);

    while (at != NULL && at->model == NULL && !snn__layer_has_weights(at) && at->n_sources == 1)
        at = snn__layer_producer(net, at, 0);
    return at != NULL && at->model != NULL ? at : NULL;
}

static snn_status check_readout(const snn_network *net, const snn_layer *layer)
{
    const snn_layer *last = snn__network_last(net);
    char want[48], got[48];

    if (!snn__layer_has_weights(layer) || read_by(net, layer) == NULL)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "opzo: nobody reads layer %s, and it is no side readout: those are weights after a "
                         "population, with nothing but linear layers between",
                         layer->name);
    if (!snn__shape_equal(&layer->out, &last->out))
        return snn__fail(SNN_ERR_SHAPE, "opzo: side readout %s gives %s, the last layer %s", layer->name,
                         snn__shape_text(&layer->out, got), snn__shape_text(&last->out, want));
    return SNN_OK;
}

/* The layer that global_readout names, NULL: none. */
static const snn_layer *global_readout(const snn_trainer *tr)
{
    return snn_network_layer_named(tr->net, snn__param_str(&tr->params, SNN_OPZO_GLOBAL_READOUT));
}

static snn_status check_global(const snn_trainer *tr)
{
    const char *name = snn__param_str(&tr->params, SNN_OPZO_GLOBAL_READOUT);
    const snn_layer *layer = global_readout(tr);

    if (name[0] == '\0')
        return SNN_OK;
    if (layer == NULL || layer == snn__network_last(tr->net) || snn__layer_is_read(tr->net, layer))
        return snn__fail(
            SNN_ERR_ARGUMENT,
            "opzo: global_readout \"%s\" is not a side readout: a layer that no other layer reads, and that is "
            "not the last",
            name);
    if (feedback_of(tr) == FEEDBACK_ZO)
        return snn__fail(SNN_ERR_ARGUMENT, "opzo: global_readout goes with feedback matrices or bp, not with zo");
    return SNN_OK;
}

static snn_status opzo_check(const snn_trainer *tr)
{
    const snn_network *net = tr->net;
    const snn_layer *last = snn__network_last(net);

    SNN__TRY(snn__check_forward(tr));
    SNN__TRY(snn__check_traces(tr));
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (!snn__layer_is_read(net, net->layer[l]))
            SNN__TRY(check_readout(net, net->layer[l]));
    if (!snn__layer_has_weights(last))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "opzo: the last layer, %s, must be a readout without neurons, as linear", last->name);
    return check_global(tr);
}

static void opzo_choose(const snn_trainer *tr, struct snn__demand *demand)
{
    enum feedback f = feedback_of(tr);

    if (f == FEEDBACK_BP)
        demand->route = SNN__ROUTE_SPACE;
    if (flag(tr, SNN_OPZO_ONLINE))
        demand->learns = SNN__LEARNS_PER_STEP;
    if (has_noise(f))
        demand->noise = snn__param_is(&tr->params, SNN_OPZO_NOISE_POS, "pre") ? SNN__NOISE_BEFORE : SNN__NOISE_AFTER;
    demand->losses = f == FEEDBACK_ZO;
}

/* ---- the matrices ---- */

/* Populations in order; after the matrix of each one the second, if it lies below the population of the global
 * readout. */
static bool opzo_memory(const snn_trainer *tr, size_t index, struct snn__memory *m)
{
    const snn_network *net = tr->net;
    const enum feedback f = feedback_of(tr);
    const bool zero = f == FEEDBACK_OPZO && snn__param_is(&tr->params, SNN_OPZO_MATRIX_INIT, "zero");
    const snn_layer *global = global_readout(tr), *top = global != NULL ? read_by(net, global) : NULL;

    for (size_t l = 0; l < net->n_layers && has_matrices(f); l++) {
        size_t matrices = net->layer[l]->model == NULL ? 0 : top != NULL && l < top->index ? 2 : 1;

        if (index < matrices) {
            snn__feedback_describe(tr, net->layer[l], index > 0, index > 0 ? global : snn__network_last(net), !zero,
                                   m);
            return true;
        }
        index -= matrices;
    }
    return false;
}

/* lam, or k / (k + 1) while that is smaller: the mean of all so far */
static double kept(const snn_trainer *tr, uint64_t stream, size_t t)
{
    double lam = snn__param_f64(&tr->params, SNN_OPZO_MOMENTUM), k = (double)stream * (double)tr->steps + (double)t;

    return flag(tr, SNN_OPZO_WARM_UP) ? fmin(lam, k / (k + 1.0)) : lam;
}

/* M <- lam M + (1 - lam) / (alpha B) sum_b z o^T */
static void estimate(const struct opzo *s, const snn_trainer *tr, const struct snn__memory *m,
                     const struct snn__unit *unit, size_t t)
{
    double keep = kept(tr, s->stream, t);
    float factor = flag(tr, SNN_OPZO_INVERSE_ALPHA) ? 1.0f / real(tr, SNN_OPZO_ALPHA) : 1.0f;

    snn__feedback_turn(&s->matrices, tr, m, (float)keep, (float)(1.0 - keep) * factor / (float)tr->pass.batch,
                       m->side ? s->side_o : s->o, (struct snn__signal){ unit->noise, 1.0f });
}

/* kp: M <- (1 - decay) M - rate e a^T, as a readout's weights learn; e has its 1 / (B T) */
static void learn_matrix(const struct opzo *s, const snn_trainer *tr, const struct snn__memory *m,
                         const struct snn__unit *unit, const float *e)
{
    double rate = snn_optimizer_rate(tr->optimizer, tr->run.epoch, tr->run.updates);

    snn__feedback_turn(&s->matrices, tr, m, 1.0f - real(tr, SNN_OPZO_KP_DECAY),
                       -(float)(rate * snn__param_f64(&tr->params, SNN_OPZO_KP_RATE)), e,
                       snn__unit_trace(&tr->pass, unit));
}

/* g_l (+)= M_l e */
static void use_matrix(const struct opzo *s, const snn_trainer *tr, const struct snn__memory *m,
                       struct snn__unit *unit, size_t t)
{
    const float *e = m->side ? s->side_e : snn__pass_output_error(&tr->pass, t);

    if (s->feedback == FEEDBACK_OPZO)
        estimate(s, tr, m, unit, t);
    snn__feedback_apply(&s->matrices, tr, m, unit, e);
    if (s->feedback == FEEDBACK_KP)
        learn_matrix(s, tr, m, unit, e);
}

/* ---- errors ---- */

/* g (+)= L_b z / alpha, L_b the loss of the sample with the factor 1 / (B T) */
static void use_loss(const snn_trainer *tr, struct snn__unit *unit)
{
    const struct snn__kernels *k = tr->ctx->kernels;
    size_t n = unit->value_len, batch = tr->pass.batch;
    double factor = 1.0 / (snn__param_f64(&tr->params, SNN_OPZO_ALPHA) * (double)batch * (double)tr->steps);
    bool accumulate;
    float *g = snn__unit_error(unit, &accumulate);

    for (size_t b = 0; b < batch; b++)
        snn__add_or_scale(k, g + b * n, (float)(factor * tr->sums[b]), unit->noise + b * n, n, accumulate);
}

static void population_error(const struct opzo *s, const snn_trainer *tr, struct snn__unit *unit, size_t t)
{
    if (s->feedback == FEEDBACK_ZO)
        use_loss(tr, unit);
    for (size_t i = 0; i < tr->n_memory && has_matrices(s->feedback); i++)
        if (tr->memory[i].layer == unit->layer->index)
            use_matrix(s, tr, &tr->memory[i], unit, t);
}

/* A side readout has the loss of the output. */
static snn_status readout_error(struct opzo *s, snn_trainer *tr, struct snn__unit *unit, size_t t)
{
    struct snn__signal out = snn__unit_value(&tr->pass, unit, t);
    bool global = unit->layer == s->global, arrived;
    float *e = snn__unit_error(unit, &arrived);
    const struct snn__outcome of = { unit->layer->index, t, out, snn__weight_of_step(tr), e, s->sums };
    double loss;

    SNN__TRY(snn__judge(tr, &of, &loss));
    unit->sent_scale = global ? 1.0f : real(tr, SNN_OPZO_LOCAL_SCALE);
    if (global) {
        snn__copy(tr->ctx, s->side_o, out.scale, out.data, tr->pass.batch * tr->classes);
        snn__copy(tr->ctx, s->side_e, 1.0f, e, tr->pass.batch * tr->classes);
    }
    return SNN_OK;
}

static snn_status direct(void *trainer, struct snn__unit *unit, size_t t)
{
    snn_trainer *tr = trainer;

    if (!(unit->flags & SNN__LAYER_POPULATION))
        return readout_error(tr->self, tr, unit, t);
    population_error(tr->self, tr, unit, t);
    return SNN_OK;
}

/* ---- a batch ---- */

/* Trained tensors that no error would reach stay what they are: better to say so. */
static snn_status check_reach(struct snn__pass *pass)
{
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *unit = &pass->unit[l];

        if (unit->off_path && unit->flags & SNN__LAYER_POPULATION)
            return snn__fail(SNN_ERR_UNSUPPORTED, "opzo: population %s does not lead to the output",
                             unit->layer->name);
        unit->reached |=
            l + 1 == pass->n || unit->flags & SNN__LAYER_POPULATION || snn__unit_side_readout(pass, unit);
        if (!unit->reached && unit->trainable)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "opzo: no error reaches layer %s, which has trained tensors: there must be a "
                             "population between it and the next weights",
                             unit->layer->name);
        for (size_t i = 0; unit->reached && i < unit->layer->n_sources; i++) {
            struct snn__unit *from = snn__unit_producer(pass, unit, i);

            if (from != NULL && snn__unit_sends(pass, unit, from))
                from->reached = true;
        }
    }
    return SNN_OK;
}

/* `most`: neurons of the largest population */
static snn_status keep_all(struct opzo *s, const snn_trainer *tr, struct snn__arena *arena, size_t most)
{
    size_t batch = tr->pass.batch_max, all = SNN__PRODUCT(batch, tr->classes);
    const struct snn__want want[] = {
        { &s->o, all, sizeof(float) },
        { &s->side_o, s->global == NULL ? 0 : all, sizeof(float) },
        { &s->side_e, s->global == NULL ? 0 : all, sizeof(float) },
        { &s->sums, batch, sizeof(double) },
        { &s->supplied, tr->noise != NULL && has_noise(s->feedback) ? SNN__PRODUCT(batch, most) : 0, sizeof(float) },
    };

    return snn__arena_keep_all(arena, want, sizeof want / sizeof *want);
}

static snn_status opzo_plan(snn_trainer *tr, struct snn__arena *arena)
{
    struct opzo *s = tr->self;
    size_t most = 0;

    SNN__TRY(check_reach(&tr->pass));
    s->feedback = feedback_of(tr);
    s->global = global_readout(tr);
    if (has_matrices(s->feedback))
        SNN__TRY(snn__feedback_plan(&s->matrices, tr, arena));
    for (size_t l = 0; l < tr->pass.n; l++)
        if (tr->pass.unit[l].flags & SNN__LAYER_POPULATION)
            most = snn__max(most, tr->pass.unit[l].value_len);
    return keep_all(s, tr, arena, most);
}

static void opzo_begin(snn_trainer *tr)
{
    struct opzo *s = tr->self;

    s->stream = tr->run.batches;
}

static void opzo_before(snn_trainer *tr, size_t t)
{
    const struct opzo *s = tr->self;

    tr->pass.noise_scale = real(tr, SNN_OPZO_ALPHA);
    for (size_t l = 0; l < tr->pass.n; l++)
        if (tr->pass.unit[l].noise != NULL)
            snn__noise_draw(tr, &tr->pass.unit[l], s->stream, t, snn__param_str(&tr->params, SNN_OPZO_NOISE),
                            flag(tr, SNN_OPZO_ANTITHETIC), s->supplied);
}

/* dW += (g_l psi(u_l)) a^T,  g_l by direct() */
static snn_status opzo_step(snn_trainer *tr, size_t t)
{
    struct opzo *s = tr->self;
    struct snn__signal out = snn__pass_output(&tr->pass, t);

    snn__copy(tr->ctx, s->o, out.scale, out.data, tr->pass.batch * tr->classes);
    return snn__back_direct(tr, t, SNN__FACTOR_TRACE, direct);
}

extern const struct snn__rule snn__rule_opzo;
const struct snn__rule snn__rule_opzo = {
    .name = "opzo",
    .text = "online pseudo-zeroth-order training: errors by feedback from the output, no backward pass",
    SNN__WITH_PARAMS(params),
    .state_size = sizeof(struct opzo),
    .networks = "784-800-10, vgg11-ws, vgg11-bn, resnet18, or side:784-800-800-10 with local learning; pools that "
                "average (AP2)",
    .factor = SNN__FACTOR_TRACE,
    .route = SNN__ROUTE_DIRECT,
    .learns = SNN__LEARNS_PER_BATCH,
    .choose = opzo_choose,
    .check = opzo_check,
    .memory = opzo_memory,
    .plan = opzo_plan,
    .begin = opzo_begin,
    .before = opzo_before,
    .step = opzo_step,
};
