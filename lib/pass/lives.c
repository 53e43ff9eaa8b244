/* pass/lives.c - life times of arrays: every buffer has one within a step, and buffers that are never alive together
 * share memory. Times of a step with n layers: layer i runs forward at i + 1, the loss at n + 1, layer i backward at
 * 2 n + 2 - i. */
#include "pass/plan.h"

#define NOT_YET 0xffffffffu

unsigned snn__forward_time(size_t i)
{
    return (unsigned)i + 1;
}

unsigned snn__backward_time(const struct snn__pass *pass, size_t i)
{
    return (unsigned)(2 * pass->n + 2 - i);
}

static void use(struct snn__life *life, unsigned time)
{
    if (time < life->first)
        life->first = time;
    if (time > life->last)
        life->last = time;
}

/* The unit whose array a unit's value is. NULL: the network's input. */
struct snn__unit *snn__value_root(const struct snn__pass *pass, struct snn__unit *unit)
{
    while (unit != NULL && unit->flags & SNN__LAYER_IN_PLACE)
        unit = snn__unit_producer(pass, unit, 0);
    return unit;
}

/* True if the error at `unit` is, up to a factor, the array of the error at its only reader. */
struct snn__unit *snn__error_heir(const struct snn__pass *pass, const struct snn__unit *unit)
{
    float factor;

    if (unit->readers != 1 || unit->delay || snn__errors_apart(pass))
        return NULL;
    for (size_t l = unit->layer->index + 1; l < pass->n; l++)
        for (size_t i = 0; i < pass->unit[l].layer->n_sources; i++)
            if (snn__unit_producer(pass, &pass->unit[l], i) == unit && !pass->unit[l].layer->source[i].delay) {
                struct snn__unit *reader = &pass->unit[l];
                const struct snn__layer_type *type = reader->layer->type;

                return type->factor && reader->wants_error && snn__unit_sends(pass, reader, unit) &&
                               type->factor(&reader->node, &factor)
                           ? reader
                           : NULL;
            }
    return NULL;
}

static size_t index_of(const struct snn__pass *pass, const struct snn__unit *unit)
{
    return (size_t)(unit - pass->unit);
}

/* The unit that holds the error of `unit`, if no other unit shares the array. */
static struct snn__unit *error_owner(const struct snn__pass *pass, struct snn__unit *unit)
{
    struct snn__unit *heir;

    while ((heir = snn__error_heir(pass, unit)) != NULL) {
        if (heir->layer->n_sources != 1)
            return NULL;
        unit = heir;
    }
    return unit;
}

/* Where steps run one by one and a layer is read by a population alone, spikes are written over their current, and
 * the error at the current over that at the spikes. */
void snn__mark_over(struct snn__pass *pass)
{
    const struct snn__demand *d = &pass->demand;

    if (d->keeps || snn__pass_means(pass) || snn__pass_by_layers(pass) || snn__pass_equilibrium(pass) ||
        d->observed || d->noise != SNN__NOISE_NONE)
        return;
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l], *from = snn__unit_producer(pass, unit, 0);

        if (!(unit->flags & SNN__LAYER_POPULATION) || unit->flags & SNN__LAYER_KEEPS_X ||
            unit->layer->source[0].delay)
            continue;
        if (from == NULL || from->readers != 1 || from->delay || from->constant ||
            from->flags & (SNN__LAYER_IN_PLACE | SNN__LAYER_GATHERS))
            continue;
        unit->value_over = from;
        if (from->wants_error && snn__unit_sends(pass, unit, from))
            from->error_over = error_owner(pass, unit);
    }
}

static void extend(struct snn__life *life, const struct snn__life *by)
{
    use(life, by->last);
    life->always |= by->always;
}

/* A unit written over another array extends that array's life. */
void snn__extend_lives(const struct snn__pass *pass, struct snn__lives *lives)
{
    for (size_t l = pass->n; l-- > 0;)
        if (pass->unit[l].value_over != NULL)
            extend(&lives[index_of(pass, pass->unit[l].value_over)].value, &lives[l].value);
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].error_over != NULL)
            extend(&lives[index_of(pass, pass->unit[l].error_over)].error, &lives[l].error);
}

void snn__share_arrays(struct snn__pass *pass)
{
    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].value_over != NULL)
            pass->unit[l].value = pass->unit[l].value_over->value;
    for (size_t l = pass->n; l-- > 0;)
        if (pass->unit[l].error_over != NULL)
            pass->unit[l].error = pass->unit[l].error_over->error;
}

/* The state that the next step of a stream needs: gathered traces; and all values where some layer reads the step
 * before, since a unit in place may be its producer. */
void snn__mark_states(const struct snn__pass *pass, struct snn__lives *lives)
{
    bool delays = false;

    for (size_t l = 0; l < pass->n; l++)
        delays |= pass->unit[l].delay;
    for (size_t l = 0; l < pass->n; l++) {
        if (delays)
            lives[l].value.state = SNN__STATE_RUNNING;
        if (delays || pass->unit[l].flags & SNN__LAYER_POPULATION || pass->unit[l].spiking != NULL)
            lives[l].trace.state = SNN__STATE_LEARNING;
    }
}

/* True if weights, after their forward call, need the trace of their input instead of its value. */
static bool only_traces(const struct snn__pass *pass, const struct snn__unit *unit)
{
    const struct snn__unit *from = snn__unit_producer(pass, unit, 0);

    return unit->flags & SNN__LAYER_WEIGHTS && snn__pass_traces(pass) && !pass->demand.inputs &&
           !unit->layer->source[0].delay && from != NULL && from->traced;
}

/* ---- measuring ---- */

/* The life of the array that a unit's value lies in. */
static struct snn__life *value_life(const struct snn__pass *pass, struct snn__lives *lives, struct snn__unit *unit)
{
    struct snn__unit *root = snn__value_root(pass, unit);

    return &lives[index_of(pass, root != NULL ? root : unit)].value;
}

/* Its own value and trace: alive always if computed once, read with a delay or summed over the steps. */
static void live_itself(struct snn__pass *pass, struct snn__lives *lives, size_t l)
{
    struct snn__unit *unit = &pass->unit[l];

    use(&lives[l].value, snn__forward_time(l));
    use(&lives[l].trace, snn__forward_time(l));
    if ((unit->constant && !snn__pass_by_layers(pass)) || unit->delay || unit->flags & SNN__LAYER_GATHERS)
        value_life(pass, lives, unit)->always = true;
    if (unit->delay || unit->flags & SNN__LAYER_POPULATION || unit->spiking != NULL || snn__pass_means(pass))
        lives[l].trace.always = true;
    if (snn__pass_learns(pass) && snn__unit_side_readout(pass, unit)) /* has a loss */
        use(value_life(pass, lives, unit), snn__backward_time(pass, l));
    if (l + 1 == pass->n)
        use(value_life(pass, lives, unit), (unsigned)pass->n + 1);
}

/* Value and trace of a producer, as long as its reader l needs them. */
static void live_input(struct snn__pass *pass, struct snn__lives *lives, size_t l, struct snn__unit *from)
{
    const struct snn__unit *unit = &pass->unit[l];
    const bool kept =
        snn__pass_learns(pass) && !snn__pass_means(pass) && unit->flags & (SNN__LAYER_KEEPS_X | SNN__LAYER_WEIGHTS);

    use(&lives[index_of(pass, from)].trace, kept ? snn__backward_time(pass, l) : snn__forward_time(l));
    if (snn__value_root(pass, from) == NULL) /* the network's input */
        return;
    if (kept && snn__pass_equilibrium(pass)) /* several sweeps of errors need it */
        value_life(pass, lives, from)->always = true;
    if (unit->norm >= 0) /* read again when the norm is computed */
        use(value_life(pass, lives, from), snn__forward_time((size_t)unit->norm));
    use(value_life(pass, lives, from),
        kept && !only_traces(pass, unit) ? snn__backward_time(pass, l) : snn__forward_time(l));
}

/* An error is written by the readers of a unit and read by the unit; of units in place, by the unit that holds the
 * array. */
static void live_errors(struct snn__pass *pass, struct snn__lives *lives, size_t l)
{
    const struct snn__unit *unit = &pass->unit[l], *heir = unit;

    use(&lives[l].error, snn__backward_time(pass, l));
    if (l + 1 == pass->n)
        use(&lives[l].error, (unsigned)pass->n + 1);
    while ((heir = snn__error_heir(pass, heir)) != NULL)
        use(&lives[index_of(pass, heir)].error, snn__backward_time(pass, l));
    for (size_t i = 0; i < unit->layer->n_sources; i++)
        if (snn__unit_producer(pass, unit, i) != NULL)
            use(&lives[index_of(pass, snn__unit_producer(pass, unit, i))].error, snn__backward_time(pass, l));
}

/* Traces in place live as long as their readers need them. */
static void live_traces_in_place(struct snn__pass *pass, struct snn__lives *lives)
{
    for (size_t l = pass->n; l-- > 0;) {
        struct snn__unit *from = pass->unit[l].layer->n_sources ? snn__unit_producer(pass, &pass->unit[l], 0) : NULL;

        if (from != NULL && pass->unit[l].flags & SNN__LAYER_IN_PLACE)
            extend(&lives[index_of(pass, from)].trace, &lives[l].trace);
    }
}

void snn__measure_lives(struct snn__pass *pass, struct snn__lives *lives)
{
    const bool always = (pass->slots > 1 && !snn__pass_means(pass)) || pass->demand.observed;

    for (size_t l = 0; l < pass->n; l++) {
        lives[l].value = lives[l].trace = lives[l].error = (struct snn__life){ NOT_YET, 0, always, SNN__STATE_NONE };
        lives[l].map = (struct snn__life){ snn__forward_time(l), snn__forward_time(l), false, SNN__STATE_NONE };
    }
    for (size_t l = 0; l < pass->n; l++) {
        const struct snn__unit *unit = &pass->unit[l];

        live_itself(pass, lives, l);
        live_errors(pass, lives, l);
        if (unit->mapped != NULL)
            use(&lives[index_of(pass, unit->mapped)].map, snn__forward_time(l));
        for (size_t i = 0; i < unit->layer->n_sources; i++)
            if (snn__unit_producer(pass, unit, i) != NULL)
                live_input(pass, lives, l, snn__unit_producer(pass, unit, i));
    }
    live_traces_in_place(pass, lives);
}
