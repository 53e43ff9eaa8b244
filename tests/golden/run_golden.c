/* run_golden [-q] [-r] DIR... - builds the network that each DIR/case.txt describes, runs its method, and compares
 * every array.
 *
 * Prints for every array the largest error and that error as a share of the tolerance, and one PASS or FAIL line per
 * case. Every case runs twice: once with the gradient of every step formed apart, once with the exact shortcuts on
 * (dsr has two kinds). -q: only the PASS and FAIL lines. -r: with the kernels in plain C. Exits with 0 if all cases
 * pass. */
#include "core/size.h"
#include "dsr.h"
#include "layer/dropout.h"
#include "run.h"
#include "trainer/sltt.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *isa = "best";

/* ---- building ---- */

static bool set(struct run *r, snn_layer *layer, const char *name, const char *value)
{
    if (value != NULL)
        MUST(snn_layer_set_text(layer, name, value));
    return true;
}

/* How case.txt calls a type and its keys, and how we do. */
struct spelling {
    const char *theirs, *ours;
    const char *key[9][2];
};

static const struct spelling spellings[] = {
    { "linear", "linear", { { "out", "out" }, { "bias", "bias" }, { "norm", "norm" }, { "range", "range" } } },
    { "wslinear", "linear", { { "out", "out" }, { "bias", "bias" }, { "eps", "eps" } } },
    { "conv2d",
      "conv2d",
      { { "out", "out" },
        { "k", "kernel" },
        { "stride", "stride" },
        { "pad", "pad" },
        { "bias", "bias" },
        { "norm", "norm" },
        { "range", "range" } } },
    { "blinear", "linear", { { "out", "out" }, { "bias", "bias" } } },
    { "bconv2d",
      "conv2d",
      { { "out", "out" }, { "k", "kernel" }, { "stride", "stride" }, { "pad", "pad" }, { "bias", "bias" } } },
    { "convt2d",
      "conv_transpose2d",
      { { "out", "out" },
        { "k", "kernel" },
        { "stride", "stride" },
        { "pad", "pad" },
        { "opad", "out_pad" },
        { "bias", "bias" },
        { "norm", "norm" },
        { "range", "range" } } },
    { "wsconv2d",
      "conv2d",
      { { "out", "out" },
        { "k", "kernel" },
        { "stride", "stride" },
        { "pad", "pad" },
        { "bias", "bias" },
        { "eps", "eps" } } },
    { "bn2d", "batch_norm", { { "eps", "eps" }, { "momentum", "momentum" } } },
    { "bn1d", "batch_norm", { { "eps", "eps" }, { "momentum", "momentum" } } },
    { "if", "if", { { "vth", "threshold" }, { "surrogate", "surrogate" }, { "alpha", "alpha" } } },
    { "lif",
      "lif",
      { { "decay", "decay" },
        { "vth", "threshold" },
        { "surrogate", "surrogate" },
        { "alpha", "alpha" },
        { "input_scaled", "input_scaled" } } },
    { "alif",
      "alif",
      { { "decay", "decay" },
        { "vth", "threshold" },
        { "surrogate", "surrogate" },
        { "alpha", "alpha" },
        { "adapt_decay", "adapt_decay" },
        { "adapt_strength", "adapt_strength" },
        { "input_scaled", "input_scaled" },
        { "refractory", "refractory" } } },
    { "scale", "scale", { { "value", "value" } } },
    { "gain", "gain", { { NULL, NULL } } },
    { "avgpool", "avgpool", { { "k", "kernel" }, { "stride", "stride" }, { "pad", "pad" } } },
    { "adaptpool", "adaptive_avgpool", { { "o", "size" } } },
    { "upsample", "upsample", { { "k", "factor" } } },
    { "flatten", "flatten", { { NULL, NULL } } },
    { "add", "add", { { NULL, NULL } } },
    { "residual", "add", { { NULL, NULL } } },
    { "dsr_if", "dsr_if", { { "alpha", "fire_at" }, { "vth_bound", "threshold_bound" } } },
    { "dsr_lif",
      "dsr_lif",
      { { "alpha", "fire_at" },
        { "vth_bound", "threshold_bound" },
        { "delta_t", "delta_t" },
        { "tau", "time_constant" } } },
};

/* How the arrays call a tensor of ours. */
static struct case_array *tensor_array(struct run *r, const char *role, const char *layer, const char *tensor)
{
    static const char *const alias[][2] = {
        { "mean", "running_mean" }, { "var", "running_var" }, { "threshold", "vth" }, { "weight", "gain" }
    };
    struct case_array *a = case_array(r->c, "%s%s.%s.%s", r->prefix, role, layer, tensor);

    for (size_t i = 0; a == NULL && i < sizeof alias / sizeof *alias; i++)
        if (strcmp(tensor, alias[i][0]) == 0)
            a = case_array(r->c, "%s.%s.%s", role, layer, alias[i][1]);
    return a;
}

static bool is_method(const struct run *r, const char *method)
{
    return strcmp(case_text(r->c, "method", ""), method) == 0;
}

/* Whether the output of a line of another type than "residual" gets another one's added. */
static bool is_added(const struct case_layer *line)
{
    return strcmp(line->word[1], "residual") != 0 && case_layer_text(line, "add") != NULL;
}

/* A layer's output under the name that others read: a population with dropout is read behind its mask, a sum behind
 * the sum. */
static const char *read_name(struct run *r, const char *name, char buffer[64])
{
    for (size_t i = 0; i < r->c->n_layers; i++)
        if (strcmp(r->c->layer[i].word[0], name) == 0 && case_layer_number(&r->c->layer[i], "drop", 0) > 0) {
            snprintf(buffer, 64, "%s_mask", name);
            return buffer;
        } else if (strcmp(r->c->layer[i].word[0], name) == 0 && is_added(&r->c->layer[i])) {
            snprintf(buffer, 64, "%s_sum", name);
            return buffer;
        }
    return name;
}

static bool connect(struct run *r, snn_layer *layer, const struct case_layer *line)
{
    int delay = (int)case_layer_number(line, "delay", 0);
    size_t i = 2;
    char buffer[64];

    while (i < line->n && strcmp(line->word[i], "from") != 0)
        i++;
    for (i++; i < line->n && strcmp(line->word[i], "delay") != 0; i++)
        MUST(snn_layer_connect(layer, read_name(r, line->word[i], buffer), delay));
    return true;
}

/* "residual in A add B" sums A and B. */
static bool connect_residual(struct run *r, snn_layer *layer, const struct case_layer *line)
{
    MUST(snn_layer_connect(layer, case_layer_text(line, "in"), 0));
    MUST(snn_layer_connect(layer, case_layer_text(line, "add"), 0));
    return true;
}

/* Where the case leaves it out, a map is flattened before a linear layer. */
static bool flatten_map(struct run *r, const struct case_layer *line)
{
    const struct case_layer *before = line - 1;
    snn_layer *layer;
    char name[64];

    if (line == r->c->layer || strcmp(line->word[1], "linear") != 0 || strncmp(before->word[1], "dsr_", 4) != 0 ||
        case_layer_text(before, "c") == NULL)
        return true;
    snprintf(name, sizeof name, "%s_flat", line->word[0]);
    MUST(snn_network_add(r->net, "flatten", name, &layer));
    return true;
}

/* Fires at vth, loses vth - u_rest. */
static bool set_gap(struct run *r, snn_layer *layer, const struct case_layer *line)
{
    double vth = case_layer_number(line, "vth", 1), gap = vth - case_number(r->c, "u_rest", 0);

    MUST(snn_layer_set_f64(layer, SNN_NEURON_THRESHOLD, gap));
    MUST(snn_layer_set_f64(layer, SNN_NEURON_FIRE_AT, vth / gap));
    return true;
}

bool run_add_layer(struct run *r, const struct case_layer *line, snn_layer **layer)
{
    const struct spelling *s = NULL;
    const char *reset = case_layer_text(line, "reset");

    for (size_t i = 0; i < sizeof spellings / sizeof *spellings; i++)
        if (strcmp(spellings[i].theirs, line->word[1]) == 0)
            s = &spellings[i];
    if (s == NULL) {
        fprintf(stderr, "%s: unknown layer type %s\n", r->c->dir, line->word[1]);
        return false;
    }
    if (!flatten_map(r, line))
        return false;
    MUST(snn_network_add(r->net, s->ours, line->word[0], layer));
    for (size_t k = 0; k < 9 && s->key[k][0] != NULL; k++) {
        const char *value = case_layer_text(line, s->key[k][0]);

        if (!set(r, *layer, s->key[k][1], value && strcmp(value, "frob") == 0 ? "frobenius" : value))
            return false;
    }
    if (strncmp(s->theirs, "ws", 2) == 0 && !set(r, *layer, "standardise", "1"))
        return false;
    if (line->word[1][0] == 'b' && strcmp(s->ours, "batch_norm") != 0 && !sei_set_weights(r, *layer))
        return false;
    if ((is_method(r, "dsr") || is_method(r, "sei")) && strcmp(s->ours, "batch_norm") == 0 &&
        !set(r, *layer, "over", "all"))
        return false;
    if (reset != NULL && strcmp(reset, "subtract_gap") == 0 && !set_gap(r, *layer, line))
        return false;
    if (reset != NULL && strcmp(reset, "none") == 0)
        return set(r, *layer, "reset", "none");
    return reset == NULL || set(r, *layer, "reset", strcmp(reset, "hard") == 0 ? "zero" : "subtract");
}

/* The layer of a line with its sources, and the mask behind it. */
static bool add_line(struct run *r, const struct case_layer *line)
{
    const char *drop = case_layer_text(line, "drop");
    snn_layer *layer;
    char mask[64];

    if (!run_add_layer(r, line, &layer))
        return false;
    if (!(strcmp(line->word[1], "residual") == 0 ? connect_residual : connect)(r, layer, line))
        return false;
    if (is_added(line)) {
        char sum[64], other[64];

        MUST(snn_network_add(r->net, "add", read_name(r, line->word[0], sum), &layer));
        MUST(snn_layer_connect(layer, line->word[0], 0));
        MUST(snn_layer_connect(layer, read_name(r, case_layer_text(line, "add"), other), 0));
    }
    if (drop == NULL || strtod(drop, NULL) == 0)
        return true;
    MUST(snn_network_add(r->net, "dropout", read_name(r, line->word[0], mask), &layer));
    return set(r, layer, "rate", drop);
}

bool run_build(struct run *r)
{
    for (size_t i = 0; i < r->c->n_layers; i++)
        if (!add_line(r, &r->c->layer[i]))
            return false;
    return true;
}

bool run_fits(const struct run *r, size_t batch)
{
    size_t most = batch * snn__shape_length(&r->net->in);

    for (size_t l = 0; l < r->net->n_layers; l++) {
        const snn_layer *layer = r->net->layer[l];

        most = snn__max(most, batch * snn__shape_length(&layer->out));
        for (size_t i = 0; i < layer->n_tensors; i++)
            most = snn__max(most, layer->tensor[i].length);
    }
    if (most > RUN_BUFFER)
        fprintf(stderr, "%s: a network of more than %zu numbers in one array\n", r->c->dir, RUN_BUFFER);
    return most <= RUN_BUFFER;
}

bool run_load_tensors(struct run *r)
{
    for (size_t l = 0; snn_network_layer(r->net, l) != NULL; l++) {
        snn_layer *layer = snn_network_layer(r->net, l);
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        MUST(snn_layer_get_info(layer, &info));
        for (size_t i = 0; i < info.tensors; i++) {
            snn_tensor t = SNN_TENSOR_INIT;
            struct case_array *a;

            MUST(snn_layer_tensor(layer, i, &t));
            a = tensor_array(r, t.trained ? "p0" : "b0", info.name, t.name);
            if (a == NULL || a->want.length != t.length) {
                fprintf(stderr, "%s: no fitting %s.%s\n", r->c->dir, info.name, t.name);
                return false;
            }
            memcpy(t.data, a->want.data, t.length * sizeof(float));
            a->used = true;
        }
    }
    return true;
}

static bool build(struct run *r)
{
    struct case_array *input = case_array(r->c, "input");
    bool per_step = strcmp(case_text(r->c, "input_mode", "static"), "per_step") == 0;
    const size_t *dim;
    size_t rank;

    if (input == NULL || input->want.rank < (per_step ? 3u : 2u)) {
        fprintf(stderr, "%s: no input of rank 2 or more\n", r->c->dir);
        return false;
    }
    dim = input->want.dim + 1 + per_step;
    rank = input->want.rank - 1 - per_step;
    MUST(snn_network_create(&r->net, r->ctx, dim, rank));
    if (!(is_method(r, "ide") || is_method(r, "spide") ? run_build_loop
          : is_method(r, "opzo")                       ? opzo_build
                                                       : run_build)(r))
        return false;
    MUST(snn_network_prepare(r->net));
    return run_fits(r, r->batch) && run_load_tensors(r);
}

static bool set_up_trainer(struct run *r, const char *recompute)
{
    const char *variant = case_text(r->c, "variant", ""), *target = case_text(r->c, "mse_target", "onehot");
    bool bptt = strcmp(variant, "BPTT") == 0;

    MUST(snn_optimizer_create(&r->optimizer, r->ctx, case_text(r->c, "optimizer", "sgd")));
    MUST(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_LR, case_number(r->c, "lr", 0)));
    MUST(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_MOMENTUM, case_number(r->c, "momentum", 0)));
    MUST(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_WEIGHT_DECAY, case_number(r->c, "weight_decay", 0)));
    MUST(snn_trainer_create(&r->trainer, r->net, r->optimizer, bptt ? "bptt" : case_text(r->c, "method", "")));
    MUST(snn_trainer_set_i64(r->trainer, SNN_TRAINER_STEPS, (int64_t)r->steps));
    if (is_method(r, "ide"))
        return ide_set_up(r);
    if (is_method(r, "spide"))
        return spide_set_up(r);
    if (is_method(r, "opzo"))
        return opzo_set_up(r);
    if (is_method(r, "sei"))
        return sei_set_up(r);
    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS,
                             case_text(r->c, "loss", is_method(r, "dsr") ? "ce" : "ce_mse")));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_LOSS_MIX, case_number(r->c, "lambda", 0)));
    if (strcmp(target, "onehot") != 0) {
        MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_MSE_TARGET, "constant"));
        MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_MSE_CONSTANT, strtod(target, NULL)));
    }
    if (is_method(r, "dsr"))
        MUST(snn_trainer_set_str(r->trainer, SNN_DSR_RECOMPUTE, recompute));
    if (is_method(r, "eprop"))
        MUST(snn_trainer_set_str(r->trainer, SNN_EPROP_FEEDBACK, case_text(r->c, "feedback", "symmetric")));
    else if (is_method(r, "ottt"))
        MUST(snn_trainer_set_str(r->trainer, SNN_OTTT_VARIANT, variant));
    else if (bptt)
        MUST(snn_trainer_set_i64(r->trainer, SNN_BPTT_DETACH_RESET, case_whole(r->c, "detach_reset", 0)));
    else if (is_method(r, "sltt"))
        MUST(snn_trainer_set_i64(r->trainer, SNN_SLTT_SAMPLED_STEPS, case_whole(r->c, "K", 0)));
    return true;
}

/* Masks of dropout layers come from the case: 0 or 1, divided by 1 - drop. */
static bool supply_masks(struct run *r)
{
    struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++) {
        snn_layer *layer = pass->unit[l].layer;
        size_t n = r->batch * pass->unit[l].value_len;
        char name[96];
        float *mask;
        double rate;

        if (strcmp(layer->type->name, "dropout") != 0)
            continue;
        snprintf(name, sizeof name, "b0.%s.mask", l ? pass->unit[l - 1].layer->name : "input");
        mask = case_given(r->c, n, name);
        if (mask == NULL)
            return false;
        MUST(snn_layer_get_f64(layer, SNN_LAYER_RATE, &rate));
        snn__to_channels_last(r->ctx, &layer->out, r->batch, mask, r->buffer);
        for (size_t i = 0; i < n; i++)
            r->buffer[i] /= (float)(1.0 - rate);
        snn__dropout_supply(&pass->unit[l].node, r->buffer, n);
    }
    return true;
}

/* [iterations][K]: the steps that sltt takes */
static bool supply_steps(struct run *r)
{
    struct snn__sltt *s = r->trainer->self;
    uint32_t step[SNN__SLTT_STEPS_MAX];
    const float *x;
    size_t k, first;

    if (case_array(r->c, "ksteps") == NULL)
        return true;
    if (strcmp(r->trainer->run.method, "sltt") != 0) {
        fprintf(stderr, "%s: ksteps are for sltt\n", r->c->dir);
        return false;
    }
    k = (size_t)snn__param_i64(&r->trainer->params, SNN_SLTT_SAMPLED_STEPS);
    first = (size_t)(r->iteration - 1) * k;
    x = k > 0 ? case_given(r->c, r->iterations * k, "ksteps") : NULL;
    if (x == NULL || !case_labels(r->c, x + first, k, r->steps, step))
        return false;
    s->supplied = true;
    memset(s->chosen, 0, sizeof s->chosen);
    for (size_t i = 0; i < k; i++)
        s->chosen[step[i]] = true;
    return true;
}

/* ---- gathering what the library computes ---- */

static void gather(struct run *r, const char *role, const char *name, size_t layer, snn_signal signal, size_t step)
{
    struct case_array *a =
        name[0] ? case_array(r->c, "%s%s.%s", r->prefix, role, name) : case_array(r->c, "%s%s", r->prefix, role);
    size_t n = r->batch * r->trainer->pass.unit[layer].value_len;
    float *got = case_room(a, r->steps * n);

    if (got != NULL &&
        snn_trainer_read_signal(r->trainer, snn_network_layer(r->net, layer), signal, got + step * n, n) != SNN_OK)
        memset(got + step * n, 0, n * sizeof *got); /* the layer is absent at this step */
}

static void gather_step(struct run *r, size_t step)
{
    float *loss = case_room(case_array(r->c, "%sloss", r->prefix), r->steps);
    size_t layers = r->trainer->pass.n;

    if (loss != NULL)
        loss[step] = (float)r->trainer->step_loss;
    gather(r, "out", "", layers - 1, SNN_SIGNAL_OUTPUT, step);
    for (size_t l = 0; l < layers; l++) {
        const char *name = snn_network_layer(r->net, l)->name;
        bool masked = l + 1 < layers && strcmp(snn_network_layer(r->net, l + 1)->type->name, "dropout") == 0;

        gather(r, "u", name, l, SNN_SIGNAL_MEMBRANE, step);
        gather(r, "s", name, l, SNN_SIGNAL_OUTPUT, step);
        gather(r, "tr", name, masked ? l + 1 : l, SNN_SIGNAL_TRACE, step);
    }
    if (is_method(r, "hlop"))
        hlop_gather_step(r, step);
    if (is_method(r, "ide"))
        ide_gather_step(r, step);
    if (is_method(r, "spide"))
        spide_gather_step(r, step);
    if (is_method(r, "sei"))
        sei_gather_weights(r);
    if (is_method(r, "dsr"))
        dsr_gather_forward(r->c, r->trainer, step, r->buffer);
}

static void gather_gradients(struct run *r, const char *role, size_t step, size_t steps)
{
    for (size_t l = 0; l < r->trainer->pass.n; l++) {
        snn_layer *layer = snn_network_layer(r->net, l);

        for (size_t i = 0; i < layer->n_tensors; i++) {
            struct case_array *a = tensor_array(r, role, layer->name, layer->tensor[i].name);
            size_t n = layer->tensor[i].length;
            float *got = case_room(a, n * steps);

            if (got == NULL ||
                snn_trainer_read_gradient(r->trainer, layer, layer->tensor[i].name, r->buffer, n) != SNN_OK)
                continue;
            for (size_t k = 0; k < n; k++) /* updates within the sequence: their sum */
                got[step * n + k] += r->buffer[k];
        }
    }
}

void run_observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct run *r = user;

    (void)trainer;
    if (r->iteration != 1)
        return;
    if (phase == SNN_PHASE_FORWARD)
        gather_step(r, step);
    else if (phase == SNN_PHASE_BACKWARD)
        (is_method(r, "spide") ? spide_gather_back : opzo_gather_errors)(r, step);
    else if (phase == SNN_PHASE_GRADIENT)
        gather_gradients(r, "gt", step, r->steps);
    else
        gather_gradients(r, "g", 0, 1);
    if (phase == SNN_PHASE_UPDATE && is_method(r, "ide"))
        ide_gather_update(r);
    if (phase == SNN_PHASE_UPDATE && is_method(r, "spide"))
        spide_gather_update(r);
    if (phase == SNN_PHASE_UPDATE && is_method(r, "dsr"))
        dsr_gather_backward(r->c, r->trainer);
}

void run_gather_tensors(struct run *r, int iteration)
{
    for (size_t l = 0; snn_network_layer(r->net, l) != NULL; l++) {
        snn_layer *layer = snn_network_layer(r->net, l);

        for (size_t i = 0; i < layer->n_tensors; i++) {
            const struct snn__tensor *t = &layer->tensor[i];
            char role[16];
            float *got;

            snprintf(role, sizeof role, "%s%d", t->trained ? "p" : "b", iteration);
            got = case_room(tensor_array(r, role, layer->name, t->name), t->length);
            if (got != NULL)
                memcpy(got, t->data, t->length * sizeof *t->data);
        }
    }
}

/* ---- comparing ---- */

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* The README's table; d is the largest absolute value that is expected. */
static double tolerance(const char *name, double d)
{
    if (begins(name, "s.") || begins(name, "sb.") || begins(name, "mask."))
        return 0;
    if (begins(name, "g.") || begins(name, "gt.") || begins(name, "grep.") || begins(name, "gin.") ||
        strcmp(name, "ga") == 0 || begins(name, "beta"))
        return 1e-4 * fmax(d, 1e-3);
    if (begins(name, "p3.") || begins(name, "b3.") || strcmp(name, "loss_iter") == 0 || strcmp(name, "out_eval") == 0)
        return 5e-5 * fmax(1.0, d);
    return 1e-5 * fmax(1.0, d);
}

/* Largest error as a share of the tolerance over all arrays; HUGE_VAL if one is missing. */
static double compare(struct run *r, bool quiet)
{
    double worst = 0;

    for (size_t i = 0; i < r->c->n_arrays; i++) {
        struct case_array *a = &r->c->array[i];
        double d = 0, error = 0, share, tol;

        if (a->used || strcmp(a->name, "label") == 0 || (!r->apart && begins(a->name, "gt.")))
            continue;
        if (a->got == NULL) {
            printf("    %-28s not computed\n", a->name);
            worst = HUGE_VAL;
            continue;
        }
        for (size_t k = 0; k < a->want.length; k++) {
            double difference = fabs((double)a->got[k] - a->want.data[k]);

            d = fmax(d, fabs(a->want.data[k]));
            error = difference <= error ? error : difference; /* NaN goes through */
        }
        tol = tolerance(a->name + (is_method(r, "hlop") && a->name[0] == 'n'), d);
        share = error == 0 ? 0 : tol == 0 || isnan(error) ? HUGE_VAL : error / tol;
        worst = fmax(worst, share);
        if (!quiet)
            printf("    %-28s error %9.2e, %6.3f of tolerance%s\n", a->name, error, share,
                   share > 1 ? "  <-- too large" : "");
    }
    return worst;
}

/* ---- running ---- */

static bool evaluate(struct run *r, const float *x, size_t frames)
{
    float *out = case_room(case_array(r->c, "out_eval"), r->batch * r->trainer->classes);
    snn_batch batch = SNN_BATCH_INIT;

    batch.samples = r->batch;
    batch.frames = frames;
    batch.x = x;
    if (out != NULL)
        MUST(snn_trainer_predict(r->trainer, &batch, out));
    return true;
}

static bool train(struct run *r)
{
    size_t frames = strcmp(case_text(r->c, "input_mode", "static"), "per_step") == 0 ? r->steps : 1;
    const float *input = case_given(r->c, frames * r->batch * snn__shape_length(&r->net->in), "input");
    const float *label = case_given(r->c, r->batch, "label");
    float *losses = case_room(case_array(r->c, "loss_iter"), r->iterations),
          *loss = case_room(case_array(r->c, "loss"), 1);
    uint32_t labels[RUN_BATCH_MAX];
    snn_batch batch = SNN_BATCH_INIT;

    if (input == NULL || label == NULL || !case_labels(r->c, label, r->batch, (size_t)1 << 24, labels))
        return false;
    MUST(snn_trainer_observe(r->trainer, SNN_OBSERVE_SIGNALS | (r->apart ? SNN_OBSERVE_GRADIENTS : 0), run_observe,
                             r));
    MUST(snn_trainer_prepare(r->trainer, r->batch));
    if (!supply_masks(r) || !opzo_supply(r))
        return false;
    batch.samples = r->batch;
    batch.frames = frames;
    batch.x = input;
    batch.labels = labels;
    for (r->iteration = 1; r->iteration <= (int)r->iterations; r->iteration++) {
        snn_metrics m = SNN_METRICS_INIT;

        if (!supply_steps(r) || !sei_teach(r))
            return false;
        MUST(snn_trainer_step(r->trainer, &batch, &m));
        run_gather_tensors(r, r->iteration);
        opzo_gather_matrices(r, r->iteration);
        if (loss != NULL && r->iteration == 1)
            loss[0] = (float)m.loss;
        if (losses != NULL)
            losses[r->iteration - 1] = (float)m.loss;
    }
    return evaluate(r, input, frames);
}

#define MEMORY ((size_t)1 << 28) /* bytes that a case may take */

static void *allocate(void *user, size_t size, size_t alignment)
{
    size_t *left = user;
    void *block = size <= *left ? aligned_alloc(alignment, snn__round_up(size, alignment)) : NULL;

    if (block != NULL)
        *left -= size;
    return block;
}

static void release(void *user, void *block, size_t size)
{
    size_t *left = user;

    *left += size;
    free(block);
}

/* `left`: bytes that it may take */
static snn_context *context_of(size_t *left)
{
    snn_context_options options;
    snn_context *ctx = NULL;

    if (snn_context_options_init(&options, sizeof options) != SNN_OK)
        return NULL;
    options.isa = isa;
    options.allocate = allocate;
    options.release = release;
    options.allocator_user = left;
    return snn_context_create(&ctx, &options) == SNN_OK ? ctx : NULL;
}

/* `recompute`: of dsr */
static double run_once(struct golden_case *c, bool apart, const char *recompute, bool quiet)
{
    struct run run = { .c = c, .apart = apart, .prefix = "" }, *r = &run;
    double worst = HUGE_VAL;
    size_t left = MEMORY;

    r->steps = case_count(c, "T", 0, RUN_STEPS_MAX);
    r->batch = case_count(c, "batch", 0, RUN_BATCH_MAX);
    r->iterations = case_count(c, "iterations", 3, RUN_ITERATIONS_MAX);
    r->buffer = malloc(RUN_BUFFER * sizeof *r->buffer);
    for (size_t i = 0; i < c->n_arrays; i++) {
        free(c->array[i].got);
        c->array[i].got = NULL;
        c->array[i].used = false;
    }
    r->ctx = context_of(&left);
    if (r->buffer == NULL || r->ctx == NULL)
        fprintf(stderr, "%s: %s\n", c->dir, snn_last_error());
    else if (r->steps == 0 || r->batch == 0 || r->iterations == 0)
        worst = HUGE_VAL;
    else if (sei_is_alone(r))
        worst = sei_run_alone(r) ? compare(r, quiet) : HUGE_VAL;
    else if (is_method(r, "hlop"))
        worst = hlop_run(r) ? compare(r, quiet) : HUGE_VAL;
    else if (build(r) && set_up_trainer(r, recompute) && train(r))
        worst = compare(r, quiet);
    snn_trainer_destroy(r->trainer);
    snn_projection_destroy(r->projection);
    snn_optimizer_destroy(r->optimizer);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->buffer);
    return worst;
}

static bool run_case(const char *dir, bool quiet)
{
    static struct golden_case c;
    double apart = HUGE_VAL, joined = HUGE_VAL;

    if (case_load(&c, dir)) {
        apart = run_once(&c, true, "off", quiet);
        joined = run_once(&c, false, "off", true);
        if (strcmp(case_text(&c, "method", ""), "dsr") == 0)
            joined = fmax(joined, run_once(&c, false, "on", true));
    }
    case_free(&c);
    printf("%s %s  largest error %.3f of tolerance, %.3f with shortcuts\n",
           apart <= 1 && joined <= 1 ? "PASS" : "FAIL", dir, apart, joined);
    return apart <= 1 && joined <= 1;
}

int main(int argc, char **argv)
{
    bool quiet = false;
    int passed = 0, failed = 0, i = 1;

    for (; i < argc && argv[i][0] == '-'; i++) {
        quiet = quiet || strcmp(argv[i], "-q") == 0;
        isa = strcmp(argv[i], "-r") == 0 ? "ref" : isa;
    }
    for (; i < argc; i++)
        *(run_case(argv[i], quiet) ? &passed : &failed) += 1;
    if (passed + failed == 0) {
        fprintf(stderr, "usage: run_golden [-q] [-r] DIR...   (each with a case.txt and its .npy files)\n");
        return 2;
    }
    printf("%d passed, %d failed\n", passed, failed);
    return failed ? 1 : 0;
}
