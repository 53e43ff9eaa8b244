/* pass/plan.c - the memory of a pass, allocated once: the arrays of all units, and those of their layers. */
#include "pass/plan.h"
#include "blas/spikes.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/size.h"
#include "layer/layer.h"
#include <string.h>

static snn_status want(struct snn__pass *pass, void *pointer, size_t count, size_t size, const struct snn__life *life)
{
    bool always = life == NULL || life->always;

    if (life != NULL && life->state != SNN__STATE_NONE)
        return snn__arena_add_state(&pass->arena, pointer, count, size, life->state);
    return snn__arena_add(&pass->arena, pointer, count, size, always ? SNN__ALWAYS_FIRST : life->first,
                          always ? SNN__ALWAYS_LAST : life->last);
}

static snn_status plan_unit(struct snn__pass *pass, struct snn__unit *unit, const struct snn__lives *lives)
{
    size_t all = SNN__PRODUCT(pass->batch_max, unit->value_len);
    bool population = (unit->flags & SNN__LAYER_POPULATION) != 0;

    if (!(unit->flags & SNN__LAYER_IN_PLACE) && unit->value_over == NULL)
        SNN__TRY(want(pass, &unit->value, SNN__PRODUCT(pass->slots, all), sizeof(float), &lives->value));
    if (unit->map_len > 0)
        SNN__TRY(want(pass, &unit->map,
                      SNN__PRODUCT(snn__pass_by_layers(pass) ? pass->slots : 1, pass->batch_max, unit->map_len),
                      sizeof *unit->map, &lives->map));
    if (unit->traced && (population || !(unit->flags & SNN__LAYER_IN_PLACE)))
        SNN__TRY(want(pass, &unit->trace, all, sizeof(float), &lives->trace));
    SNN__TRY(snn__delay_plan(pass, unit));
    if (unit->wants_error && unit->error_over == NULL &&
        (snn__errors_apart(pass) || snn__error_heir(pass, unit) == NULL))
        SNN__TRY(want(pass, &unit->error, SNN__PRODUCT(snn__errors_apart(pass) ? pass->slots : 1, all), sizeof(float),
                      snn__errors_apart(pass) ? NULL : &lives->error));
    if (pass->demand.noise && population && !unit->off_path) {
        SNN__TRY(want(pass, &unit->noise, all, sizeof(float), /* half of a pair */
                      &(struct snn__life){ .always = true,
                                           .state = pass->demand.streams ? SNN__STATE_LEARNING : SNN__STATE_NONE }));
        SNN__TRY(want(pass, &unit->noisy, all, sizeof(float), NULL));
    }
    if (unit->wants_error && unit->constant)
        SNN__TRY(want(pass, &unit->over_steps.data, all, sizeof(float), NULL));
    if (unit->flags & SNN__LAYER_WEIGHTS) {
        if (!snn__unit_shares(pass, unit))
            SNN__TRY(want(pass, &unit->fanout, unit->node.in_len, sizeof(float), NULL));
        SNN__TRY(want(pass, &unit->sample_ops, pass->batch_max, sizeof *unit->sample_ops, NULL));
    }
    return SNN_OK;
}

/* The arrays of a batch norm over all steps where errors are summed. */
static snn_status plan_norm(struct snn__pass *pass, struct snn__unit *unit)
{
    unsigned now = snn__forward_time(unit->layer->index);
    size_t all = SNN__PRODUCT(pass->batch_max, unit->value_len);

    if (!snn__pass_means(pass) || !(unit->flags & SNN__LAYER_WHOLE))
        return SNN_OK;
    SNN__TRY(want(pass, &unit->weighted, all, sizeof(float), NULL));
    return want(pass, &unit->deviation, all, sizeof(float), &(struct snn__life){ now, now, false, SNN__STATE_NONE });
}

/* What populations send is spikes at every step and in every sweep. */
static bool steps_spike(const struct snn__pass *pass)
{
    return !pass->demand.noise && !snn__pass_equilibrium(pass) && !snn__pass_couples(pass);
}

/* Where a unit reads pooled spikes. */
static float counts_read(const struct snn__pass *pass, const struct snn__unit *unit)
{
    const struct snn__unit *pool = snn__unit_producer(pass, unit, 0);

    if (pool == NULL || pool->layer->type->whole == NULL || pool->layer->source[0].delay || !steps_spike(pass))
        return 0;
    return snn__unit_binary(pass, snn__unit_producer(pass, pool, 0)) ? pool->layer->type->whole(pool->layer) : 0;
}

/* Reads the weights of another pass as that pass does. */
static void share_weights(struct snn__node *node, const struct snn__node *of)
{
    node->state = of->state;
    node->shared = true;
    node->spikes = of->spikes;
    node->whole = of->whole;
    node->reads_map = of->reads_map;
}

static snn_status plan_node(struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__node *node = &unit->node;

    node->layer = unit->layer;
    node->ctx = pass->ctx;
    node->batch_max = pass->batch_max;
    node->slots = pass->slots;
    node->in_len = snn__shape_length(&unit->layer->in);
    node->out_len = unit->value_len;
    node->learns = snn__pass_learns(pass);
    node->keeps = pass->demand.keeps || pass->demand.observed;
    node->wants_adjoint = snn__pass_learns(pass) && snn__producer_wants_error(pass, unit);
    for (size_t i = 0; i < unit->layer->n_sources; i++) {
        const struct snn__unit *from = snn__unit_producer(pass, unit, i);

        node->adds_adjoint |= from == NULL || from->readers > 1 || from->delay || from->constant ||
                              !from->wants_error || snn__errors_apart(pass);
    }
    node->through_time =
        pass->demand.keeps && (pass->demand.route == SNN__ROUTE_TIME || pass->demand.route == SNN__ROUTE_RATES);
    node->couples = snn__pass_couples(pass);
    node->held = pass->demand.held;
    node->spikes = steps_spike(pass) && snn__unit_binary(pass, snn__unit_producer(pass, unit, 0));
    node->whole = counts_read(pass, unit);
    for (size_t i = 0; i < unit->layer->n_tensors; i++)
        if (unit->layer->tensor[i].trained && snn__pass_learns(pass))
            node->gradient[i] = pass->gradient + unit->layer->tensor[i].offset;
    if (snn__unit_shares(pass, unit)) {
        share_weights(node, &pass->demand.weights->unit[unit->layer->index].node);
        return SNN_OK;
    }
    if (unit->layer->type->state_size) {
        node->state = snn__alloc(pass->arena.ctx, 1, unit->layer->type->state_size);
        if (node->state == NULL)
            return SNN_ERR_MEMORY;
    }
    return unit->layer->type->plan ? unit->layer->type->plan(node, &pass->arena) : SNN_OK;
}

/* The population whose very array is a unit's input, positions as they are: NULL where there is none. */
static struct snn__unit *spikes_read(const struct snn__pass *pass, const struct snn__unit *unit)
{
    size_t channels = unit->layer->in.dim[0];
    struct snn__unit *from;

    do {
        if (unit->layer->source[0].delay)
            return NULL;
        from = snn__unit_producer(pass, unit, 0);
        unit = from;
    } while (from != NULL && from->flags & SNN__LAYER_IN_PLACE);
    return from != NULL && from->flags & SNN__LAYER_POPULATION && from->layer->out.dim[0] == channels ? from : NULL;
}

/* Populations pack their spikes for readers that take them as bits. Not for batches of one sample, as in a stream:
 * their products go by events, and walking a map makes these slower. */
static void link_maps(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n && pass->batch_max > 1; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = unit->node.reads_map ? spikes_read(pass, unit) : NULL;

        unit->mapped = from;
        if (from != NULL)
            from->map_len = snn__spikes_length(from->value_len, from->layer->out.dim[0]);
    }
}

/* Scratch memory of a layer is alive while it computes; that of all layers, at time 0, in between: where steps run
 * one by one. */
static snn_status plan_scratch(struct snn__pass *pass)
{
    const bool apart = pass->slots == 1 && !snn__pass_means(pass) && !snn__pass_by_layers(pass) &&
                       !snn__pass_equilibrium(pass) && !pass->demand.observed;
    size_t most = 0;

    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];
        const unsigned now[2] = { snn__forward_time(l), snn__backward_time(pass, l) };
        const size_t bytes = unit->layer->type->scratch ? unit->layer->type->scratch(&unit->node) : 0;

        most = snn__max(most, bytes);
        for (size_t i = 0; apart && i < (snn__pass_learns(pass) ? 2 : 1); i++)
            SNN__TRY(want(pass, &unit->scratch[i], bytes, 1,
                          &(struct snn__life){ now[i], now[i], false, SNN__STATE_NONE }));
    }
    return want(pass, &pass->scratch, most, 1, apart ? &(struct snn__life){ 0, 0, false, SNN__STATE_NONE } : NULL);
}

static snn_status plan_all(struct snn__pass *pass, struct snn__lives *lives)
{
    SNN__TRY(snn__describe_units(pass));
    if (snn__pass_learns(pass)) {
        pass->gradient = snn__alloc(pass->arena.ctx, pass->net->n_parameters, sizeof(float));
        if (pass->gradient == NULL)
            return SNN_ERR_MEMORY;
    }
    if (pass->demand.streams) /* before all that has a state */
        SNN__TRY(snn__arena_add_state(&pass->arena, &pass->head, 1, sizeof *pass->head, SNN__STATE_RUNNING));
    for (size_t l = 0; l < pass->n; l++)
        SNN__TRY(plan_node(pass, &pass->unit[l]));
    link_maps(pass);
    snn__measure_lives(pass, lives);
    snn__mark_over(pass);
    snn__extend_lives(pass, lives);
    if (pass->demand.streams)
        snn__mark_states(pass, lives);
    SNN__TRY(want(
        pass, &pass->output_error,
        SNN__PRODUCT(snn__pass_means(pass) ? 1 : pass->slots, pass->batch_max, pass->unit[pass->n - 1].value_len),
        sizeof(float), NULL));
    if (snn__reads_input_mean(pass))
        SNN__TRY(want(pass, &pass->input_mean, SNN__PRODUCT(pass->batch_max, pass->input_len), sizeof(float), NULL));
    SNN__TRY(
        want(pass, &pass->input, SNN__PRODUCT(pass->slots, pass->batch_max, pass->input_len), sizeof(float), NULL));
    if (pass->demand.input_error)
        SNN__TRY(want(pass, &pass->input_error, SNN__PRODUCT(pass->steps, pass->batch_max, pass->input_len),
                      sizeof(float), NULL));
    for (size_t l = 0; l < pass->n; l++) {
        SNN__TRY(plan_unit(pass, &pass->unit[l], &lives[l]));
        SNN__TRY(plan_norm(pass, &pass->unit[l]));
    }
    return plan_scratch(pass);
}

snn_status snn__pass_commit(struct snn__pass *pass)
{
    if (pass->demand.streams)
        SNN__TRY(want(pass, &pass->saved, pass->arena.state, 1, NULL));
    SNN__TRY(snn__arena_commit(&pass->arena));
    snn__share_arrays(pass);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];

        for (size_t i = 0; i < 2; i++)
            unit->scratch[i] = unit->scratch[i] ? unit->scratch[i] : pass->scratch;
        unit->node.scratch = pass->scratch;
        snn__choose_forward(pass, unit);
        snn__choose_back(unit);
    }
    return SNN_OK;
}

snn_status snn__pass_plan(struct snn__pass *pass, snn_context *ctx, snn_network *net, size_t batch, size_t steps,
                          const struct snn__demand *demand)
{
    struct snn__lives *lives;
    snn_status rc;

    memset(pass, 0, sizeof *pass);
    pass->ctx = ctx;
    pass->net = net;
    pass->demand = *demand;
    pass->n = net->n_layers;
    pass->batch_max = batch;
    pass->steps = steps;
    pass->slots = demand->keeps ? steps : 1;
    pass->input_len = snn__shape_length(&net->in);
    snn__arena_init(&pass->arena, demand->weights != NULL ? demand->weights->arena.ctx : ctx);
    pass->unit = snn__alloc(pass->arena.ctx, pass->n, sizeof *pass->unit);
    lives = pass->unit ? snn__alloc(pass->arena.ctx, pass->n, sizeof *lives) : NULL;
    rc = lives ? plan_all(pass, lives) : SNN_ERR_MEMORY;
    snn__free(pass->arena.ctx, lives);
    if (rc != SNN_OK)
        snn__pass_free(pass);
    return rc;
}

void snn__pass_free(struct snn__pass *pass)
{
    if (pass->ctx == NULL)
        return;
    for (size_t l = 0; pass->unit != NULL && l < pass->n; l++) {
        snn__free(pass->arena.ctx, pass->unit[l].pending);
        if (!pass->unit[l].node.shared)
            snn__free(pass->arena.ctx, pass->unit[l].node.state);
    }
    snn__free(pass->arena.ctx, pass->unit);
    snn__free(pass->arena.ctx, pass->gradient);
    snn__arena_free(&pass->arena);
    pass->unit = NULL;
    pass->gradient = NULL;
    pass->ctx = NULL;
}

size_t snn__pass_bytes(const struct snn__pass *pass)
{
    return pass->arena.bytes + (pass->gradient ? pass->net->n_parameters * sizeof(float) : 0) +
           pass->n * sizeof *pass->unit;
}
