/* The part of the conformance program for sei: binary weights and a teacher, in networks and alone. */
#include "layer/binary.h"
#include "layer/weights.h"
#include "run.h"
#include <math.h>
#include <string.h>

bool sei_set_up(struct run *r)
{
    MUST(snn_trainer_set_i64(r->trainer, SNN_SEI_TEMPORAL, case_whole(r->c, "temporal", 0)));
    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS_ON, case_text(r->c, "loss_mode", "step")));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_DISTIL, case_number(r->c, "mu", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_DISTIL_TAU, case_number(r->c, "tau", 1)));
    return true;
}

bool sei_set_weights(struct run *r, snn_layer *layer)
{
    MUST(snn_layer_set_str(layer, SNN_LAYER_BINARY, case_number(r->c, "scale", 1) != 0 ? "scaled" : "sign"));
    MUST(snn_layer_set_str(layer, SNN_LAYER_BACK, case_text(r->c, "back", "ste")));
    MUST(snn_layer_set_i64(layer, SNN_LAYER_CLIP_LATENT, case_whole(r->c, "clip_latent", 1)));
    return true;
}

bool sei_teach(struct run *r)
{
    const float *teacher;

    if (case_array(r->c, "teacher") == NULL)
        return true;
    teacher = case_given(r->c, r->batch * r->trainer->classes, "teacher");
    if (teacher == NULL)
        return false;
    MUST(snn_trainer_set_logits(r->trainer, teacher, r->batch));
    return true;
}

void sei_gather_weights(struct run *r)
{
    struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &pass->unit[l];
        size_t n = unit->layer->n_tensors ? unit->layer->tensor[0].length : 0;
        float *got =
            snn__weights_binary(unit->layer) ? case_room(case_array(r->c, "wb.%s", unit->layer->name), n) : NULL;

        if (got != NULL)
            memcpy(got, snn__weights_effective(&unit->node), n * sizeof *got);
    }
}

/* ---- alone ---- */

static void take(struct case_array *a, const float *x, size_t n)
{
    float *got = case_room(a, n);

    if (got != NULL)
        memcpy(got, x, n * sizeof *x);
}

/* The weights of one layer in all modes. */
static bool run_weights(struct run *r, const char *layer)
{
    static const struct {
        const char *name;
        bool scaled;
        enum snn__binary_back back;
    } mode[] = { { "ste", true, SNN__BINARY_STE },
                 { "scale", true, SNN__BINARY_SCALE },
                 { "full", true, SNN__BINARY_FULL },
                 { "sign", false, SNN__BINARY_STE } };
    struct case_array *w = case_array(r->c, "p0.%s.weight", layer), *d = case_array(r->c, "d.%s", layer);
    float scale[64];
    size_t n;

    if (w == NULL || d == NULL || w->want.rank < 2 || w->want.dim[0] > 64 || w->want.length > RUN_BUFFER ||
        d->want.length != w->want.length) {
        fprintf(stderr, "%s: no weights of %s in at most 64 rows, and errors for them\n", r->c->dir, layer);
        return false;
    }
    w->used = d->used = true;
    n = w->want.length;
    for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
        struct snn__binary b = { w->want.dim[0], n / w->want.dim[0], mode[i].scaled, mode[i].back, scale };

        snn__binarise(r->ctx, &b, w->want.data, r->buffer);
        take(case_array(r->c, mode[i].scaled ? "wb.%s" : "wbsign.%s", layer), r->buffer, n);
        memcpy(r->buffer, d->want.data, n * sizeof(float));
        snn__binary_gradient(r->ctx, &b, w->want.data, r->buffer);
        take(case_array(r->c, "g.%s.%s", layer, mode[i].name), r->buffer, n);
    }
    return true;
}

static double loss_of(const struct run *r, const struct snn__loss *l, const struct snn__judged *of)
{
    double loss = NAN;

    MUST(snn__loss(r->ctx, l, of, &loss));
    return loss;
}

/* The loss and its error at the outputs in one setting: "kd NUMBER mu tau mode". */
static bool run_loss(struct run *r, const char *setting)
{
    const size_t *shape = case_shape(r->c, 3, "input");
    const float *input, *teacher, *label;
    float *loss, *error;
    struct snn__loss l = { 0 };
    int number;
    char mode[8];
    size_t n, classes;
    uint32_t labels[64];
    static double sums[64], room[1 << 16];
    struct snn__judged of;
    float tau, share;

    if (shape == NULL || sscanf(setting, "%d %f %f %7s", &number, &share, &tau, mode) != 4 || r->batch > 64)
        return false;
    classes = shape[2];
    n = r->batch * classes;
    input = case_given(r->c, r->steps * n, "input");
    teacher = case_given(r->c, n, "teacher");
    label = case_given(r->c, r->batch, "label");
    loss = case_room(case_array(r->c, "loss.%d", number), 1);
    error = case_room(case_array(r->c, "e.%d", number), r->steps * n);
    if (input == NULL || teacher == NULL || label == NULL || loss == NULL || error == NULL ||
        2 * n > sizeof room / sizeof *room || !case_labels(r->c, label, r->batch, classes, labels))
        return false;
    l.share = share;
    l.tau = tau;
    l.teacher = teacher;
    of = (struct snn__judged){ .out = r->buffer,
                               .factor = 1.0f / (float)r->steps,
                               .label = labels,
                               .batch = r->batch,
                               .classes = classes,
                               .step = r->steps,
                               .steps = r->steps,
                               .weight = 1.0,
                               .error = error,
                               .sums = sums,
                               .room = room };
    if (strcmp(mode, "mean") == 0) {
        for (size_t t = 0; t < r->steps; t++)
            (t ? snn__add_to : snn__copy)(r->ctx, r->buffer, 1.0f, input + t * n, n);
        loss[0] = (float)loss_of(r, &l, &of);
        for (size_t t = r->steps; t-- > 0;)
            snn__copy(r->ctx, error + t * n, 1.0f / (float)r->steps, error, n);
        return true;
    }
    of.factor = 1.0f;
    of.weight = 1.0 / (double)r->steps;
    for (of.step = 0; of.step < r->steps; of.step++) {
        of.out = input + of.step * n;
        of.error = error + of.step * n;
        loss[0] += (float)loss_of(r, &l, &of);
    }
    return true;
}

bool sei_is_alone(const struct run *r)
{
    const char *variant = case_text(r->c, "variant", "");

    return strcmp(case_text(r->c, "method", ""), "sei") == 0 &&
           (strcmp(variant, "binarise") == 0 || strcmp(variant, "distill") == 0);
}

bool sei_run_alone(struct run *r)
{
    if (strcmp(case_text(r->c, "variant", ""), "binarise") == 0)
        return run_weights(r, "conv") && run_weights(r, "fc");
    for (size_t i = 0; i < r->c->n_keys; i++)
        if (strcmp(r->c->key[i], "kd") == 0 && !run_loss(r, r->c->value[i]))
            return false;
    return true;
}
