/* The part of the method spide: its arrays are those of the second stage. */
#include "layer/layer.h"
#include "run.h"
#include "trainer/spide.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

bool spide_set_up(struct run *r)
{
    double threshold = case_number(r->c, "vth_back", 0.5);

    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS, "ce"));
    MUST(snn_trainer_set_i64(r->trainer, SNN_SPIDE_BACKWARD_STEPS, case_whole(r->c, "T_back", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_SPIDE_SCALE, case_number(r->c, "scale_factor", 1)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_SPIDE_BACKWARD_THRESHOLD, threshold));
    MUST(snn_trainer_set_f64(r->trainer, SNN_SPIDE_SPIKE_SIZE, threshold - case_number(r->c, "u_rest_back", 0)));
    return true;
}

static bool is_population(const struct run *r, size_t layer)
{
    return (r->trainer->pass.unit[layer].flags & SNN__LAYER_POPULATION) != 0;
}

/* ---- first stage ---- */

static void find_masks(struct run *r)
{
    for (size_t l = 0; l < r->trainer->pass.n; l++) {
        const char *name = r->trainer->pass.unit[l].layer->name;
        size_t n = r->batch * r->trainer->pass.unit[l].value_len;
        const float *s = case_got(case_array(r->c, "s.%s", name), r->steps * n);
        float *mask = case_room(case_array(r->c, "mask.%s", name), n);

        if (s == NULL || mask == NULL)
            continue;
        for (size_t i = 0; i < n; i++) {
            size_t count = 0;

            for (size_t t = 0; t < r->steps; t++)
                count += s[t * n + i] != 0;
            mask[i] = count > 0 && count < r->steps;
        }
    }
}

void spide_gather_step(struct run *r, size_t step)
{
    const struct snn__pass *pass = &r->trainer->pass;

    run_add_to_rates(r, step);
    if (step + 1 < r->steps)
        return;
    run_take(r, case_array(r->c, "logits"), pass->n - 1, snn__pass_output(&r->trainer->pass, step).data,
             snn__pass_output(&r->trainer->pass, step).scale);
    find_masks(r);
}

/* ---- second stage ---- */

static void gather(struct run *r, const char *role, size_t layer, snn_signal signal, size_t step)
{
    struct case_array *a = case_array(r->c, "%s.%s", role, r->trainer->pass.unit[layer].layer->name);
    size_t n = r->batch * r->trainer->pass.unit[layer].value_len;

    float *got = a != NULL && a->want.length >= (step + 1) * n ? case_room(a, a->want.length) : NULL;

    if (got != NULL &&
        snn_trainer_read_signal(r->trainer, snn_network_layer(r->net, layer), signal, got + step * n, n) != SNN_OK)
        for (size_t i = 0; i < n; i++)
            got[step * n + i] = NAN; /* is no value: the comparison fails */
}

static void add_to_beta(struct run *r, size_t layer, size_t step)
{
    const struct snn__spide *s = r->trainer->self;
    const char *name = r->trainer->pass.unit[layer].layer->name;
    size_t n = r->batch * r->trainer->pass.unit[layer].value_len;
    const float *sb = case_got(case_array(r->c, "sb.%s", name), s->couples.steps * n);
    float *beta = case_room(case_array(r->c, "beta.%s", name), n);

    if (sb == NULL || beta == NULL)
        return;
    for (size_t i = 0; i < n; i++)
        beta[i] = (float)(s->loop.decay * beta[i] + s->couples.gap * sb[step * n + i]);
    for (size_t i = 0; i < n && step + 1 == s->couples.steps; i++)
        beta[i] /= (float)snn__rate_weight(s->loop.decay, s->couples.steps);
}

void spide_gather_back(struct run *r, size_t step)
{
    for (size_t l = 0; l < r->trainer->pass.n; l++)
        if (is_population(r, l)) {
            gather(r, "ub", l, SNN_SIGNAL_MEMBRANE, step);
            gather(r, "sb", l, SNN_SIGNAL_OUTPUT, step);
            add_to_beta(r, l, step);
        }
}

/* ---- what the second stage approaches ---- */

/* Errors at the outputs of all layers; those of a population are its beta. */
struct system {
    float *error[CASE_LAYERS_MAX], *fed_back, *sum;
    size_t top;
};

/* What layer l sends to its sources: (its mask and 1 / V, or its adjoint) of the error at its output. */
static void send(struct run *r, struct system *y, size_t l)
{
    struct snn__pass *pass = &r->trainer->pass;
    struct snn__unit *unit = &pass->unit[l];
    struct snn__io io = snn__unit_io(pass, unit, pass->steps);
    size_t n = r->batch * unit->node.in_len;
    const float *mask = case_got(case_array(r->c, "mask.%s", unit->layer->name), n);

    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__source *source = &unit->layer->source[i];
        float *to = source->delay ? y->fed_back : source->node == SNN__INPUT ? NULL : y->error[source->node], factor;

        if (to == NULL || (source->delay && unit->node.in_len != pass->unit[y->top].value_len))
            continue;
        if (is_population(r, l)) {
            if (mask == NULL)
                continue;
            snn__to_channels_last(r->ctx, &unit->layer->out, r->batch, mask, y->sum);
            for (size_t k = 0; k < n; k++)
                to[k] += y->sum[k] * y->error[l][k] / unit->layer->type->constants(&unit->node)->threshold;
        } else if (unit->layer->type->factor && unit->layer->type->factor(&unit->node, &factor)) {
            for (size_t k = 0; k < n; k++)
                to[k] += factor * y->error[l][k];
        } else {
            unit->layer->type->adjoint(&unit->node, &io, (struct snn__signal){ y->error[l], 1.0f }, i, y->sum, false);
            for (size_t k = 0; k < n; k++)
                to[k] += y->sum[k];
        }
    }
}

/* beta_N = g + W_1^T (m_1 beta_1) / V by iteration from 0; all others follow. */
static void iterate(struct run *r, struct system *y)
{
    const struct snn__pass *pass = &r->trainer->pass;
    const struct snn__spide *s = r->trainer->self;
    size_t n = r->batch * pass->unit[y->top].value_len;

    for (int round = 0; round < 200; round++) {
        for (size_t l = 0; l < y->top; l++)
            memset(y->error[l], 0, r->batch * pass->unit[l].value_len * sizeof(float));
        for (size_t i = 0; i < n; i++)
            y->error[y->top][i] = s->ga[i] + y->fed_back[i];
        memset(y->fed_back, 0, n * sizeof(float));
        for (size_t l = y->top + 1; l-- > 0;)
            send(r, y, l);
    }
}

static void find_exact_beta(struct run *r)
{
    const struct snn__pass *pass = &r->trainer->pass;
    struct system y = { .top = ((const struct snn__spide *)r->trainer->self)->loop.top };
    size_t most = 0;
    bool room = true;

    if (y.top >= CASE_LAYERS_MAX)
        return;
    for (size_t l = 0; l <= y.top; l++) {
        size_t in = pass->unit[l].node.in_len;

        y.error[l] = calloc(r->batch * pass->unit[l].value_len, sizeof(float));
        most = in > most ? in : most;
        room = room && y.error[l] != NULL;
    }
    y.fed_back = calloc(r->batch * pass->unit[y.top].value_len, sizeof(float));
    y.sum = calloc(r->batch * most, sizeof(float));
    if (room && y.fed_back != NULL && y.sum != NULL)
        iterate(r, &y);
    for (size_t l = 0; l <= y.top; l++) {
        if (is_population(r, l) && y.error[l] != NULL)
            run_take(r, case_array(r->c, "beta_exact.%s", pass->unit[l].layer->name), l, y.error[l], 1.0f);
        free(y.error[l]);
    }
    free(y.fed_back);
    free(y.sum);
}

void spide_gather_update(struct run *r)
{
    const struct snn__spide *s = r->trainer->self;

    run_take(r, case_array(r->c, "ga"), s->loop.top, s->ga, 1.0f);
    find_exact_beta(r);
}
