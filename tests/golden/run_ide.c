/* The part of the method ide: its network is a loop with a read-out of rates, and its arrays are those of the equilibrium. */
#include "layer/types.h"
#include "run.h"
#include "trainer/ide.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

static const struct case_layer *line_named(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->c->n_layers; i++)
        if (strcmp(r->c->layer[i].word[0], name) == 0)
            return &r->c->layer[i];
    return NULL;
}

/* The population that is read out: the word behind "from" in the line of cls, "rate.sn1". */
static const char *last_population(const struct run *r)
{
    const char *from = case_layer_text(line_named(r, "cls"), "from");

    return from ? from + strlen("rate.") : "";
}

/* The mask of operator `op`, behind its last layer; the case's masks are divided by 1 - p already. */
static bool add_mask(struct run *r, const struct case_layer *op)
{
    snn_layer *layer;
    char name[64];

    if (op == NULL || case_layer_number(op, "dropmask", 0) == 0)
        return true;
    snprintf(name, sizeof name, "%s_mask", op->word[0]);
    MUST(snn_network_add(r->net, "dropout", name, &layer));
    MUST(snn_layer_set_text(layer, "rate", "0"));
    return true;
}

/* What a population receives: the layer before it, and feedback from the last population if its line says "add fb". */
static bool add_population(struct run *r, const struct case_layer *line)
{
    const char *feedback = case_layer_text(line, "add");
    char before[64], name[64];
    snn_layer *layer;
    size_t n = 0;

    while (snn_network_layer(r->net, n) != NULL)
        n++;
    snprintf(before, sizeof before, "%s", snn_network_layer(r->net, n - 1)->name);
    if (feedback != NULL) {
        const struct case_layer *op = line_named(r, feedback);

        if (op == NULL || !run_add_layer(r, op, &layer))
            return false;
        MUST(snn_layer_connect(layer, last_population(r), 1));
        if (!add_mask(r, op))
            return false;
        snprintf(name, sizeof name, "%s%s", feedback, case_layer_number(op, "dropmask", 0) ? "_mask" : "");
        MUST(snn_network_add(r->net, "add", "current", &layer));
        MUST(snn_layer_connect(layer, before, 0));
        MUST(snn_layer_connect(layer, name, 0));
    }
    return run_add_layer(r, line, &layer);
}

static bool add_readout(struct run *r, const struct case_layer *cls)
{
    const struct case_layer *last = line_named(r, last_population(r));
    snn_layer *layer;

    MUST(snn_network_add(r->net, "rate", "rate", &layer));
    MUST(snn_layer_set_text(layer, "decay", case_layer_text(last, "decay")));
    if (case_layer_text(last, "h") != NULL)
        MUST(snn_network_add(r->net, "flatten", "flat", &layer));
    return run_add_layer(r, cls, &layer);
}

/* In the order of the key `layers`; the feedback operator comes before the population that adds it. */
bool ide_build(struct run *r)
{
    char order[1024];
    const struct case_layer *op = NULL;

    snprintf(order, sizeof order, "%s", case_text(r->c, "layers", ""));
    for (char *name = strtok(order, " "); name != NULL; name = strtok(NULL, " ")) {
        const struct case_layer *line = line_named(r, name);
        bool population = line != NULL && (strcmp(line->word[1], "if") == 0 || strcmp(line->word[1], "lif") == 0);
        snn_layer *layer;

        if (line == NULL)
            return false;
        if (strcmp(name, "fb") == 0)
            continue;
        if (strcmp(name, "cls") == 0) {
            if (!add_readout(r, line))
                return false;
        } else if (population) {
            if (!add_mask(r, op) || !add_population(r, line))
                return false;
        } else if (!run_add_layer(r, line, &layer)) {
            return false;
        }
        if (strncmp(line->word[1], "bn", 2) != 0)
            op = line;
    }
    return true;
}

bool ide_set_up(struct run *r)
{
    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS, "ce"));
    MUST(snn_trainer_set_str(r->trainer, SNN_IDE_SOLVER, r->apart ? "broyden" : "iteration"));
    MUST(snn_trainer_set_f64(r->trainer, SNN_IDE_TOLERANCE, 1e-7));
    MUST(snn_trainer_set_i64(r->trainer, SNN_IDE_ITERATIONS, 60));
    return true;
}

/* ---- gathering ---- */

static void take(struct run *r, struct case_array *a, size_t layer, const float *x, float scale)
{
    size_t n = r->batch * r->trainer->pass.unit[layer].value_len;

    if (a == NULL || a->want.length != n || case_room(a) == NULL)
        return;
    snn__to_channels_first(&r->trainer->pass.unit[layer].layer->out, r->batch, x, a->got);
    for (size_t i = 0; i < n; i++)
        a->got[i] *= scale;
}

static void take_values(struct run *r, const char *role)
{
    const struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].flags & SNN__LAYER_POPULATION) {
            struct snn__signal value = snn__unit_value(pass, &pass->unit[l], pass->steps - 1);

            take(r, case_array(r->c, "%s.%s", role, pass->unit[l].layer->name), l, value.data, value.scale);
        }
}

/* The weighted mean of the spikes that were gathered, step by step. */
static void add_to_rates(struct run *r, size_t step)
{
    for (size_t l = 0; l < r->trainer->pass.n; l++) {
        const char *name = r->trainer->pass.unit[l].layer->name;
        struct case_array *s = case_array(r->c, "s.%s", name), *rate = case_array(r->c, "rate.%s", name);
        double decay;
        size_t n;

        if (s == NULL || rate == NULL || s->got == NULL || case_room(rate) == NULL)
            continue;
        decay = case_layer_number(line_named(r, name), "decay", 1);
        n = rate->want.length;
        for (size_t i = 0; i < n; i++)
            rate->got[i] = (float)(decay * rate->got[i] + s->got[step * n + i]);
        for (size_t i = 0; i < n && step + 1 == r->steps; i++)
            rate->got[i] /= (float)snn__rate_weight(decay, r->steps);
    }
}

/* The weighted mean of the frames, instead of the last one. */
static void put_mean_input(struct run *r, float *input)
{
    const struct case_array *x = case_array(r->c, "input");
    const struct snn__ide *s = r->trainer->self;
    double decay = snn__param_f64(&r->trainer->pass.unit[s->rate].layer->params, SNN_LAYER_DECAY);
    size_t n = r->batch * r->trainer->pass.input_len, frames = x->want.length / n;

    for (size_t i = 0; i < n && frames > 1; i++) {
        double sum = 0;

        for (size_t t = 0; t < frames; t++)
            sum = decay * sum + x->want.data[t * n + i];
        r->buffer[i] = (float)(sum / snn__rate_weight(decay, frames));
    }
    if (frames > 1)
        snn__to_channels_last(&r->net->in, r->batch, r->buffer, input);
}

/* The fixed point, by iterating f with the batch norms as the steps have them. */
static void find_equilibrium(struct run *r)
{
    struct snn__pass *pass = &r->trainer->pass;
    const struct snn__ide *s = r->trainer->self;
    float *input = snn__pass_input(pass, pass->steps - 1), *kept = malloc(r->batch * pass->input_len * sizeof *kept);

    if (kept == NULL)
        return;
    memcpy(kept, input, r->batch * pass->input_len * sizeof *kept);
    put_mean_input(r, input);
    for (int i = 0; i < 200; i++)
        snn__pass_rates(pass, s->top, snn__unit_value(pass, &pass->unit[i ? s->top : s->rate], pass->steps - 1),
                        SNN__STATISTICS_RUNNING);
    take_values(r, "eq");
    memcpy(input, kept, r->batch * pass->input_len * sizeof *kept);
    free(kept);
}

void ide_gather_step(struct run *r, size_t step)
{
    struct case_array *logits = case_array(r->c, "logits");
    struct snn__pass *pass = &r->trainer->pass;

    add_to_rates(r, step);
    if (step + 1 < r->steps)
        return;
    take(r, logits, pass->n - 1, snn__pass_output(pass, step).data, snn__pass_output(pass, step).scale);
    find_equilibrium(r); /* before the running statistics follow */
}

void ide_gather_update(struct run *r)
{
    struct snn__ide *s = r->trainer->self;

    take_values(r, "frate");
    take(r, case_array(r->c, "ga"), s->top, s->ga, 1.0f);
    take(r, case_array(r->c, "beta"), s->top, s->beta, 1.0f);
}
