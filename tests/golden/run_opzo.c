/* The part of the method opzo: side readouts, noise that the case supplies, feedback matrices. */
#include "layer/layer.h"
#include "run.h"
#include <stdlib.h>
#include <string.h>

/* ---- building ---- */

/* Side readouts stand behind the output in the case; here they come in front of it. */
static bool is_side(const struct case_layer *line)
{
    return strncmp(line->word[0], "ll_", 3) == 0 || strcmp(line->word[0], "igl") == 0;
}

static bool is_map(struct run *r, const char *name)
{
    for (size_t i = 0; i < r->c->n_layers; i++)
        if (strcmp(r->c->layer[i].word[0], name) == 0)
            return case_layer_text(&r->c->layer[i], "c") != NULL;
    return false;
}

static bool add_side(struct run *r, const struct case_layer *line)
{
    const char *from = case_layer_text(line, "from");
    snn_layer *layer, *flat;
    char name[64];

    if (from == NULL) {
        fprintf(stderr, "%s: side readout %s reads nothing\n", r->c->dir, line->word[0]);
        return false;
    }
    if (!is_map(r, from)) {
        if (!run_add_layer(r, line, &layer))
            return false;
        MUST(snn_layer_connect(layer, from, 0));
        return true;
    }
    snprintf(name, sizeof name, "%.40s_flat", line->word[0]);
    MUST(snn_network_add(r->net, "flatten", name, &flat));
    MUST(snn_layer_connect(flat, from, 0));
    return run_add_layer(r, line, &layer);
}

bool opzo_build(struct run *r)
{
    const struct golden_case *c = r->c;
    size_t n = c->n_layers;
    snn_layer *layer;

    while (n > 0 && is_side(&c->layer[n - 1]))
        n--;
    if (n < 2) {
        fprintf(stderr, "%s: opzo wants two layers or more beside its side readouts\n", c->dir);
        return false;
    }
    for (size_t i = 0; i + 1 < n; i++)
        if (!run_add_layer(r, &c->layer[i], &layer))
            return false;
    for (size_t i = n; i < c->n_layers; i++)
        if (!add_side(r, &c->layer[i]))
            return false;
    if (!run_add_layer(r, &c->layer[n - 1], &layer))
        return false;
    MUST(snn_layer_connect(layer, c->layer[n - 2].word[0], 0));
    return true;
}

/* ---- setting up ---- */

static void supply_noise(void *user, const snn_layer *layer, size_t step, float *z, size_t length)
{
    struct run *r = user;
    struct case_array *a = case_array(r->c, "noise.%s", layer->name);

    if (a == NULL || a->want.length < (size_t)r->iteration * r->steps * length) {
        memset(z, 0, length * sizeof *z);
        return;
    }
    a->used = true;
    memcpy(z, a->want.data + ((size_t)(r->iteration - 1) * r->steps + step) * length, length * sizeof *z);
}

bool opzo_set_up(struct run *r)
{
    const char *feedback = case_text(r->c, "feedback", "opzo"), *loss = case_text(r->c, "loss", "ce");
    double lr = case_number(r->c, "lr", 1);

    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS, strcmp(loss, "mse") == 0 ? "half_square" : "ce_mse"));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_LOSS_MIX, case_number(r->c, "mix", 0)));
    MUST(snn_trainer_set_str(r->trainer, SNN_OPZO_FEEDBACK, strcmp(feedback, "dkp") == 0 ? "kp" : feedback));
    MUST(snn_trainer_set_str(r->trainer, SNN_OPZO_NOISE_POS, case_text(r->c, "noise_pos", "post")));
    MUST(snn_trainer_set_str(r->trainer, SNN_OPZO_NOISE, case_text(r->c, "dist", "gaussian")));
    MUST(snn_trainer_set_i64(r->trainer, SNN_OPZO_ANTITHETIC, case_whole(r->c, "antithetic", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_OPZO_ALPHA, case_number(r->c, "alpha", 0.2)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_OPZO_MOMENTUM, case_number(r->c, "lam", 0)));
    MUST(snn_trainer_set_i64(r->trainer, SNN_OPZO_INVERSE_ALPHA, case_whole(r->c, "inv_alpha", 1)));
    MUST(snn_trainer_set_i64(r->trainer, SNN_OPZO_WARM_UP, case_whole(r->c, "m_warm", 0)));
    MUST(snn_trainer_set_i64(r->trainer, SNN_OPZO_ONLINE, case_whole(r->c, "online", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_OPZO_KP_RATE, case_number(r->c, "dkp_lr", lr) / lr));
    MUST(snn_trainer_set_f64(r->trainer, SNN_OPZO_KP_DECAY, case_number(r->c, "dkp_decay", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_OPZO_LOCAL_SCALE, case_number(r->c, "ll_scale", 1)));
    if (case_text(r->c, "igl", NULL) != NULL)
        MUST(snn_trainer_set_str(r->trainer, SNN_OPZO_GLOBAL_READOUT, "igl"));
    MUST(snn_trainer_on_noise(r->trainer, supply_noise, r));
    return true;
}

/* ---- matrices: [n][classes] in the case, [classes][n] with channels last in the library ---- */

static struct case_array *matrix(struct run *r, const char *role, const struct snn__memory *m)
{
    return case_array(r->c, strcmp(role, "m") ? "%s.%s.%s" : "%s.%s", role,
                      r->trainer->pass.unit[m->layer].layer->name, m->side ? "mi" : "m");
}

/* Each column is a signal of the layer. */
static void exchange(struct run *r, const struct snn__memory *m, float *array, bool take)
{
    const snn_shape *shape = &r->trainer->pass.unit[m->layer].layer->out;

    for (size_t c = 0; c < m->rows; c++) {
        float *row = m->data + c * m->columns;

        if (!take)
            snn__to_channels_first(r->ctx, shape, 1, row, r->buffer);
        for (size_t i = 0; i < m->columns; i++)
            *(take ? &r->buffer[i] : &array[i * m->rows + c]) = take ? array[i * m->rows + c] : r->buffer[i];
        if (take)
            snn__to_channels_last(r->ctx, shape, 1, r->buffer, row);
    }
}

bool opzo_supply(struct run *r)
{
    for (size_t i = 0; i < r->trainer->n_memory; i++) {
        const struct snn__memory *m = &r->trainer->memory[i];
        struct case_array *a = matrix(r, "b0", m);

        if (a == NULL || case_given(r->c, (size_t)m->rows * m->columns, a->name) == NULL)
            return false;
        exchange(r, m, a->want.data, true);
    }
    return true;
}

void opzo_gather_matrices(struct run *r, int iteration)
{
    char role[16];

    snprintf(role, sizeof role, "b%d", iteration);
    for (size_t i = 0; i < r->trainer->n_memory; i++) {
        const struct snn__memory *m = &r->trainer->memory[i];
        float *got = case_room(matrix(r, role, m), (size_t)m->rows * m->columns);

        if (got != NULL)
            exchange(r, m, got, false);
    }
}

/* ---- errors ---- */

void opzo_gather_errors(struct run *r, size_t step)
{
    for (size_t i = 0; i < r->trainer->n_memory; i++) {
        const struct snn__memory *m = &r->trainer->memory[i];
        size_t n = (size_t)m->rows * m->columns;
        float *got = case_room(m->side ? NULL : matrix(r, "m", m), r->steps * n);

        if (got != NULL)
            exchange(r, m, got + step * n, false);
    }
    for (size_t l = 0; l < r->trainer->pass.n; l++) {
        struct case_array *a = case_array(r->c, "gs.%s", r->trainer->pass.unit[l].layer->name);
        size_t n = r->batch * r->trainer->pass.unit[l].value_len;
        float *got = case_room(a, r->steps * n);

        if (got == NULL ||
            snn_trainer_read_signal(r->trainer, r->net->layer[l], SNN_SIGNAL_ERROR, got + step * n, n) != SNN_OK)
            continue;
        for (size_t k = 0; k < n; k++) /* the case has it without 1 / (B T) */
            got[step * n + k] *= (float)(r->batch * r->steps);
    }
}
