/* Networks with an equilibrium, as ide and spide train them: a chain of populations, perhaps with feedback from the
 * last to the first, and a read-out of rates. */
#include "layer/layer.h"
#include "run.h"
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

const struct case_layer *run_line(const struct run *r, const char *name)
{
    for (size_t i = 0; i < r->c->n_layers; i++)
        if (strcmp(r->c->layer[i].word[0], name) == 0)
            return &r->c->layer[i];
    return NULL;
}

/* The population that is read out: the word behind "from" in the line of cls, "rate.sn1". */
static const char *last_population(const struct run *r)
{
    const char *from = case_layer_text(run_line(r, "cls"), "from");

    return from != NULL && strncmp(from, "rate.", 5) == 0 ? from + 5 : "";
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

/* What a population receives: the layer before it, and feedback from the last population if its line says "add
 * fb". */
static bool add_population(struct run *r, const struct case_layer *line)
{
    const char *feedback = case_layer_text(line, "add");
    const struct case_layer *op = feedback ? run_line(r, feedback) : NULL;
    char before[64], name[64];
    snn_layer *layer;
    size_t n = 0;

    while (snn_network_layer(r->net, n) != NULL)
        n++;
    if (n == 0 || (feedback != NULL && op == NULL)) {
        fprintf(stderr, "%s: population %s reads nothing that is there\n", r->c->dir, line->word[0]);
        return false;
    }
    snprintf(before, sizeof before, "%s", snn_network_layer(r->net, n - 1)->name);
    if (op != NULL && strcmp(op->word[1], "zero") != 0) {
        if (!run_add_layer(r, op, &layer))
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
    const struct case_layer *last = run_line(r, last_population(r));
    snn_layer *layer;

    MUST(snn_network_add(r->net, "rate", "rate", &layer));
    MUST(snn_layer_set_text(layer, "decay", case_layer_text(last, "decay")));
    if (case_layer_text(last, "h") != NULL)
        MUST(snn_network_add(r->net, "flatten", "flat", &layer));
    return run_add_layer(r, cls, &layer);
}

/* A map is flattened before a linear layer. */
static bool flatten_before(struct run *r, const struct case_layer *line, const struct case_layer *before)
{
    snn_layer *layer;
    char name[64];

    if (strcmp(line->word[1], "linear") != 0 || before == NULL || case_layer_text(before, "h") == NULL)
        return true;
    snprintf(name, sizeof name, "%s_flat", line->word[0]);
    MUST(snn_network_add(r->net, "flatten", name, &layer));
    return true;
}

/* In the order of the key `layers`; the feedback operator comes before the population that adds it. */
bool run_build_loop(struct run *r)
{
    char order[1024];
    const struct case_layer *op = NULL, *before = NULL;

    snprintf(order, sizeof order, "%s", case_text(r->c, "layers", ""));
    for (char *name = strtok(order, " "); name != NULL; name = strtok(NULL, " ")) {
        const struct case_layer *line = run_line(r, name);
        bool population = line != NULL && (strcmp(line->word[1], "if") == 0 || strcmp(line->word[1], "lif") == 0);
        snn_layer *layer;

        if (line == NULL) {
            fprintf(stderr, "%s: no line for layer %s\n", r->c->dir, name);
            return false;
        }
        if (strcmp(name, "fb") == 0)
            continue;
        if (strcmp(name, "cls") == 0) {
            if (!add_readout(r, line))
                return false;
        } else if (population) {
            if (!add_mask(r, op) || !add_population(r, line))
                return false;
        } else if (!flatten_before(r, line, before) || !run_add_layer(r, line, &layer)) {
            return false;
        }
        if (strncmp(line->word[1], "bn", 2) != 0)
            op = line;
        before = line;
    }
    return true;
}

/* ---- gathering ---- */

void run_take(struct run *r, struct case_array *a, size_t layer, const float *x, float scale)
{
    size_t n = r->batch * r->trainer->pass.unit[layer].value_len;

    float *got = case_room(a, n);

    if (got == NULL || x == NULL)
        return;
    snn__to_channels_first(r->ctx, &r->trainer->pass.unit[layer].layer->out, r->batch, x, got);
    for (size_t i = 0; i < n; i++)
        got[i] *= scale;
}

void run_take_values(struct run *r, const char *role)
{
    const struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++)
        if (pass->unit[l].flags & SNN__LAYER_POPULATION) {
            struct snn__signal value = snn__unit_value(pass, &pass->unit[l], pass->steps - 1);

            run_take(r, case_array(r->c, "%s.%s", role, pass->unit[l].layer->name), l, value.data, value.scale);
        }
}

/* The weighted mean of the spikes that were gathered, step by step. */
void run_add_to_rates(struct run *r, size_t step)
{
    for (size_t l = 0; l < r->trainer->pass.n; l++) {
        const char *name = r->trainer->pass.unit[l].layer->name;
        size_t n = r->batch * r->trainer->pass.unit[l].value_len;
        const float *s = case_got(case_array(r->c, "s.%s", name), r->steps * n);
        float *rate = case_room(case_array(r->c, "rate.%s", name), n);
        double decay;

        if (s == NULL || rate == NULL)
            continue;
        decay = case_layer_number(run_line(r, name), "decay", 1);
        for (size_t i = 0; i < n; i++)
            rate[i] = (float)(decay * rate[i] + s[step * n + i]);
        for (size_t i = 0; i < n && step + 1 == r->steps; i++)
            rate[i] /= (float)snn__rate_weight(decay, r->steps);
    }
}
