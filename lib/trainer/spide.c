/* trainer/spide.c - implicit differentiation by spikes (arXiv 2302.00232), docs/methods/spide.md.
 *
 *   stage 1     T steps of spikes, as in ide; average rates a
 *   read-out    loss of C a + c;  g = S dL/da
 *   stage 2     T_B steps of the transposed network, in which every neuron is a couple of neurons that turns its
 *               error d into spikes -1, 0, 1 (layer/couple.c):
 *               d_N = g + W_1^T (m_1 G s_1[t-1]) / V,   d_l = W_(l+1)^T (m_(l+1) G s_(l+1)[t]) / V
 *               average beta_l = G mean of s_l, near the solution of the same equations with beta for G s
 *   gradient    dW_l = (m_l beta_l / V) a_(l-1)^T
 *
 * All that a weight needs are the averages of its two ends in both stages: no surrogate, no solver, and memory that
 * grows with neither number of steps. All gradients carry the factor S. */
#include "trainer/spide.h"
#include "core/context.h"
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_SPIDE_BACKWARD_STEPS, "backward_steps", 1, 1 << 20, 100, "T_B, steps of the second stage"),
    SNN__PARAM_F64(SNN_SPIDE_SCALE, "scale", 1e-6, 1e12, 100.0,
                   "S: factor of the errors and of all gradients; divide the learning rate by it"),
    SNN__PARAM_F64(SNN_SPIDE_BACKWARD_THRESHOLD, "backward_threshold", 1e-6, 1e12, 0.5,
                   "absolute potential at which a couple of the second stage fires"),
    SNN__PARAM_F64(SNN_SPIDE_SPIKE_SIZE, "spike_size", 1e-6, 1e12, 1.0,
                   "G: what a couple that fired loses, and what its spike stands for"),
};

/* A mean commutes with linear layers. */
static snn_status spide_check(const snn_trainer *trainer)
{
    const snn_network *net = trainer->net;
    struct snn__loop loop;

    SNN__TRY(snn__network_loop(net, "spide", &loop));
    for (size_t l = 0; l <= loop.top; l++)
        if (net->layer[l]->type->flags & (SNN__LAYER_STATISTICS | SNN__LAYER_MAXIMUM))
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "spide: layer %s is a %s; below the read-out only linear layers and neurons "
                             "have averages",
                             net->layer[l]->name, net->layer[l]->type->name);
    return SNN_OK;
}

static snn_status spide_plan(snn_trainer *trainer, struct snn__arena *arena)
{
    struct snn__spide *s = trainer->self;
    const struct snn__pass *pass = &trainer->pass;
    const struct snn__params *p = &trainer->params;
    size_t all;

    SNN__TRY(snn__network_loop(trainer->net, "spide", &s->loop));
    s->feeds = pass->unit[s->loop.top].delay > 0;
    s->scale = (float)snn__param_f64(p, SNN_SPIDE_SCALE);
    s->couples = (struct snn__couples){ .threshold = (float)snn__param_f64(p, SNN_SPIDE_BACKWARD_THRESHOLD),
                                        .gap = (float)snn__param_f64(p, SNN_SPIDE_SPIKE_SIZE),
                                        .steps = (size_t)snn__param_i64(p, SNN_SPIDE_BACKWARD_STEPS),
                                        .forward_steps = trainer->steps };
    all = SNN__PRODUCT(pass->batch_max, pass->unit[s->loop.top].value_len);
    SNN__TRY(snn__samples_plan(&s->samples, pass, arena));
    SNN__TRY(snn__arena_keep(arena, &s->ga, all, sizeof(float)));
    return snn__arena_keep(arena, &s->error, s->feeds ? all : 0, sizeof(float));
}

/* g = S dL/da; the gradient of the read-out gets the factor, too. The loss of a shard is its share of the batch's, so
 * that couples fire as they do for a whole batch. false: all layers below are frozen. */
static bool read_out(struct snn__spide *s, snn_trainer *trainer, const struct snn__sweep *sweep)
{
    struct snn__pass *pass = &trainer->pass;
    float *error = snn__pass_output_error(pass, pass->steps - 1);
    struct snn__signal e;

    trainer->ctx->kernels->scale(error, s->scale * snn__shard_take_weight(trainer), error,
                                 pass->batch * trainer->classes);
    e = snn__pass_back_deferred(pass, sweep, s->loop.rate);
    if (e.data == NULL)
        return false;
    snn__copy(pass->ctx, s->ga, e.scale, e.data, pass->batch * pass->unit[s->loop.top].value_len);
    return true;
}

/* The second stage of some samples, all steps. What feedback sends at one step arrives at the next. */
static void back_spikes(void *arg, struct snn__pass *pass)
{
    snn_trainer *trainer = arg;
    const struct snn__spide *s = trainer->self;
    struct snn__couples couples = s->couples;
    const size_t length = pass->unit[s->loop.top].value_len, from = pass->sample * length;
    float *const ga = s->ga + from, *const error = s->feeds ? s->error + from : NULL;

    for (size_t t = 0; t < couples.steps; t++) {
        couples.first = t == 0;
        snn__pass_back_couples(pass, &snn__sweep_errors, s->loop.top,
                               (struct snn__signal){ error != NULL && t > 0 ? error : ga, 1.0f }, &couples, error);
        if (error != NULL)
            snn__add_to(pass->ctx, error, 1.0f, ga, pass->batch * length);
        snn__observe(trainer, SNN_PHASE_BACKWARD, t);
    }
}

/* Both ends of every weight below the read-out. */
static void back_loop(struct snn__spide *s, snn_trainer *trainer, const struct snn__sweep *sweep)
{
    struct snn__pass *pass = &trainer->pass;

    s->couples.mean = false;
    if (trainer->observer != NULL) /* sees a step of all samples */
        back_spikes(trainer, pass);
    else
        snn__samples_run(&s->samples, pass, back_spikes, trainer);
    snn__pass_average(pass, s->loop.top);
    s->couples.mean = true;
    /* dW_l = (m_l beta_l / V) a_(l-1)^T */
    snn__pass_back_couples(pass, sweep, s->loop.top, (struct snn__signal){ NULL, 0.0f }, &s->couples, NULL);
}

static snn_status spide_finish(snn_trainer *trainer)
{
    const struct snn__sweep sweep = snn__sweep(SNN__FACTOR_RATE);
    struct snn__spide *s = trainer->self;

    if (read_out(s, trainer, &sweep))
        back_loop(s, trainer, &sweep);
    snn__step_credited(trainer, trainer->pass.steps - 1);
    return snn__learn(trainer);
}

extern const struct snn__rule snn__rule_spide;
const struct snn__rule snn__rule_spide = {
    .name = "spide",
    .text = "implicit differentiation at the equilibrium, by spikes",
    SNN__WITH_PARAMS(params),
    .state_size = sizeof(struct snn__spide),
    .networks = "spide-lenet, spide-convnet-f, spide-alexnet-f, spide-cifarnet-f, spide-512c9-f: a feedback loop "
                "that a rate layer reads",
    .factor = SNN__FACTOR_RATE,
    .route = SNN__ROUTE_COUPLES,
    .learns = SNN__LEARNS_PER_BATCH,
    .check = spide_check,
    .plan = spide_plan,
    .finish = spide_finish,
};
