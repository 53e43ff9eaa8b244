/* trainer/ide.c - implicit differentiation on the equilibrium state (arXiv 2109.14247), docs/methods/ide.md.
 *
 *   forward     spikes; the (weighted) rates a of the last population come near a = f(a),
 *               f(a) = clip(W_N .. clip((F(x) + W_1 a) / V, 0, 1) .. / V, 0, 1)
 *   read-out    loss of C a + c;  ga = dL/da
 *   solve       beta = J^T beta + ga,   J = df/da at a, or at f(a) if there are several populations
 *   gradient    that of f at a, with beta at its output: dW_l = (m_l delta_l / V) a_(l-1)^T
 *
 * f runs through the same layers as the spikes (pass/equilibrium.c), so memory does not grow with T, and there is no
 * surrogate. */
#include "trainer/ide.h"
#include "core/size.h"
#include "layer/layer.h"
#include "trainer/rule.h"

static const struct snn__param params[] = {
    SNN__PARAM_STR(SNN_IDE_SOLVER, "solver", "auto|iteration|broyden", "auto",
                   "of beta = J^T beta + ga; auto: iteration for one population, broyden for several"),
    SNN__PARAM_F64(SNN_IDE_TOLERANCE, "tolerance", 0.0, 1.0, 1e-6,
                   "residual, relative to ga, at which the solver stops"),
    SNN__PARAM_I64(SNN_IDE_ITERATIONS, "iterations", 1, 10000, 30, "largest number of iterations of the solver"),
    SNN__PARAM_I64(SNN_IDE_MEMORY, "memory", 1, 1000, 27, "rank-one terms that broyden keeps per sample"),
};

static snn_status ide_check(const snn_trainer *trainer)
{
    return snn__network_loop(trainer->net, "ide", &(struct snn__loop){ 0 });
}

static size_t count_populations(const struct snn__pass *pass)
{
    size_t n = 0;

    for (size_t l = 0; l < pass->n; l++)
        n += (pass->unit[l].flags & SNN__LAYER_POPULATION) != 0;
    return n;
}

/* A batch norm of the network's input: its statistics come before the steps. */
static bool norms_input(const struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].flags & SNN__LAYER_STATISTICS && !pass->unit[l].dynamic && !pass->unit[l].deferred)
            return true;
    return false;
}

static snn_status plan_solver(struct snn__ide *s, const snn_trainer *trainer, struct snn__arena *arena)
{
    const struct snn__params *p = &trainer->params;
    const size_t cap = (size_t)snn__param_i64(p, SNN_IDE_ITERATIONS);
    bool broyden =
        snn__param_is(p, SNN_IDE_SOLVER, "broyden") || (s->several && snn__param_is(p, SNN_IDE_SOLVER, "auto"));

    s->type = broyden ? &snn__broyden : &snn__fixed_point;
    s->solver = (struct snn__solver){ .ctx = trainer->ctx,
                                      .batch_max = trainer->pass.batch_max,
                                      .length = trainer->pass.unit[s->loop.top].value_len,
                                      .cap = cap,
                                      .memory = snn__min((size_t)snn__param_i64(p, SNN_IDE_MEMORY), cap),
                                      .tolerance = snn__param_f64(p, SNN_IDE_TOLERANCE) };
    return s->type->plan(&s->solver, arena);
}

static snn_status ide_plan(snn_trainer *trainer, struct snn__arena *arena)
{
    struct snn__ide *s = trainer->self;
    const struct snn__pass *pass = &trainer->pass;
    size_t all;

    SNN__TRY(snn__network_loop(trainer->net, "ide", &s->loop));
    s->several = count_populations(pass) > 1;
    trainer->looks_ahead = norms_input(pass);
    SNN__TRY(plan_solver(s, trainer, arena));
    all = SNN__PRODUCT(s->solver.batch_max, s->solver.length);
    SNN__TRY(snn__arena_keep(arena, &s->mean_input, SNN__PRODUCT(pass->batch_max, pass->input_len), sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &s->image, s->several ? all : 0, sizeof(float)));
    SNN__TRY(snn__arena_keep(arena, &s->ga, all, sizeof(float)));
    return snn__arena_keep(arena, &s->beta, all, sizeof(float));
}

/* ---- a batch ---- */

/* xbar = sum_t lam^(T-t) x[t] / sum_t lam^(T-t), as its numerator */
static void add_to_mean(struct snn__ide *s, snn_trainer *trainer, size_t t)
{
    struct snn__pass *pass = &trainer->pass;
    struct snn__signal mean = { s->mean_input, (float)s->loop.decay }, x = { snn__pass_input(pass, t), 1.0f };
    size_t n = pass->batch * pass->input_len;

    if (t > 0)
        snn__combine(pass->ctx, s->mean_input, mean, x, n);
    else
        snn__copy(pass->ctx, s->mean_input, 1.0f, x.data, n);
}

static void put_mean_input(struct snn__ide *s, snn_trainer *trainer)
{
    struct snn__pass *pass = &trainer->pass;

    snn__copy(pass->ctx, snn__pass_input(pass, 0), (float)(1.0 / snn__rate_weight(s->loop.decay, pass->steps)),
              s->mean_input, pass->batch * pass->input_len);
}

/* Steps normalise F(x[t]) with the statistics of F(xbar). */
static void ide_ahead(snn_trainer *trainer, size_t t)
{
    add_to_mean(trainer->self, trainer, t);
    if (t + 1 < trainer->steps)
        return;
    put_mean_input(trainer->self, trainer);
    snn__pass_fix_statistics(&trainer->pass);
}

static void ide_after(snn_trainer *trainer, size_t t)
{
    if (!trainer->pass.is_static)
        add_to_mean(trainer->self, trainer, t);
}

/* out <- J^T b */
static void apply(void *arg, const float *b, float *out)
{
    snn_trainer *trainer = arg;
    struct snn__ide *s = trainer->self;

    snn__pass_back_rates(&trainer->pass, &snn__sweep_errors, s->loop.top, (struct snn__signal){ (float *)b, 1.0f },
                         out);
}

static struct snn__solution solve(struct snn__ide *s, snn_trainer *trainer)
{
    return s->type->solve(&s->solver, trainer->pass.batch, apply, trainer, s->ga, s->beta);
}

/* ||f(a) - a|| / ||a||; the solver's memory is free. */
static double distance(struct snn__ide *s, snn_trainer *trainer, struct snn__signal a)
{
    const struct snn__pass *pass = &trainer->pass;
    struct snn__signal image = snn__unit_value(pass, &pass->unit[s->loop.top], pass->steps - 1);
    double size = a.scale * snn__solve_norm(&s->solver, pass->batch, a.data);

    snn__combine(pass->ctx, s->solver.image, image, (struct snn__signal){ a.data, -a.scale },
                 pass->batch * s->solver.length);
    return size > 0 ? snn__solve_norm(&s->solver, pass->batch, s->solver.image) / size : 0.0;
}

/* beta for the error e of a, and its gap; nothing is solved for layers that are all frozen. */
static void find_beta(struct snn__ide *s, snn_trainer *trainer, struct snn__signal a, struct snn__signal e)
{
    struct snn__pass *pass = &trainer->pass;
    const size_t n = pass->batch * s->solver.length;
    struct snn__solution solution = { .converged = true };
    double gap;

    if (e.data != NULL)
        snn__copy(pass->ctx, s->ga, e.scale, e.data, n);
    if (!pass->is_static)
        put_mean_input(s, trainer);
    snn__pass_rates(pass, s->loop.top, a, SNN__STATISTICS_UPDATE);
    gap = distance(s, trainer, a);
    if (e.data != NULL && s->several) {
        struct snn__signal image = snn__unit_value(pass, &pass->unit[s->loop.top], pass->steps - 1);

        snn__copy(pass->ctx, s->image, image.scale, image.data, n);
        snn__pass_rates(pass, s->loop.top, (struct snn__signal){ s->image, 1.0f }, SNN__STATISTICS_BATCH);
    }
    if (e.data != NULL)
        solution = solve(s, trainer);
    snn__solved(trainer, &solution, gap);
}

static snn_status ide_finish(snn_trainer *trainer)
{
    struct snn__ide *s = trainer->self;
    const struct snn__sweep sweep = snn__sweep(SNN__FACTOR_RATE);
    struct snn__pass *pass = &trainer->pass;
    const struct snn__signal a = snn__unit_value(pass, &pass->unit[s->loop.rate], pass->steps - 1);
    const struct snn__signal e = snn__pass_back_deferred(pass, &sweep, s->loop.rate);

    find_beta(s, trainer, a, e);
    if (e.data != NULL && s->several)
        snn__pass_rates(pass, s->loop.top, a, SNN__STATISTICS_BATCH);
    /* dW_l = (m_l delta_l / V) a_(l-1)^T */
    if (e.data != NULL)
        snn__pass_back_rates(pass, &sweep, s->loop.top, (struct snn__signal){ s->beta, 1.0f }, NULL);
    snn__step_credited(trainer, pass->steps - 1);
    return snn__learn(trainer);
}

extern const struct snn__rule snn__rule_ide;
const struct snn__rule snn__rule_ide = {
    .name = "ide",
    .text = "implicit differentiation at the equilibrium of a feedback loop",
    SNN__WITH_PARAMS(params),
    .state_size = sizeof(struct snn__ide),
    .networks = "ide-400, ide-64c5, alexnet-f, cifarnet-f, spide-lenet and the other spide networks: a feedback loop "
                "that a rate layer reads",
    .factor = SNN__FACTOR_RATE,
    .route = SNN__ROUTE_EQUILIBRIUM,
    .learns = SNN__LEARNS_PER_BATCH,
    .check = ide_check,
    .plan = ide_plan,
    .ahead = ide_ahead,
    .after = ide_after,
    .finish = ide_finish,
};
