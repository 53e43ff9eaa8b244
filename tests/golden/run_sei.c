/* The part of the conformance program for sei: binary weights and a teacher, in networks and alone. */
#include "layer/binary.h"
#include "layer/types.h"
#include "run.h"
#include <string.h>

bool sei_set_up(struct run *r)
{
    struct case_array *teacher = case_array(r->c, "teacher");

    MUST(snn_trainer_set_i64(r->trainer, SNN_SEI_TEMPORAL, (int64_t)case_number(r->c, "temporal", 0)));
    MUST(snn_trainer_set_str(r->trainer, SNN_TRAINER_LOSS_ON, case_text(r->c, "loss_mode", "step")));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_DISTIL, case_number(r->c, "mu", 0)));
    MUST(snn_trainer_set_f64(r->trainer, SNN_TRAINER_DISTIL_TAU, case_number(r->c, "tau", 1)));
    if (teacher != NULL)
        teacher->used = true;
    return true;
}

bool sei_set_weights(struct run *r, snn_layer *layer)
{
    MUST(snn_layer_set_str(layer, SNN_LAYER_BINARY, case_number(r->c, "scale", 1) != 0 ? "scaled" : "sign"));
    MUST(snn_layer_set_str(layer, SNN_LAYER_BACK, case_text(r->c, "back", "ste")));
    MUST(snn_layer_set_i64(layer, SNN_LAYER_CLIP_LATENT, (int64_t)case_number(r->c, "clip_latent", 1)));
    return true;
}

bool sei_teach(struct run *r)
{
    struct case_array *teacher = case_array(r->c, "teacher");

    if (teacher != NULL)
        MUST(snn_trainer_set_logits(r->trainer, teacher->want.data, r->batch));
    return true;
}

void sei_gather_weights(struct run *r)
{
    const struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++) {
        struct case_array *a = case_array(r->c, "wb.%s", pass->unit[l].layer->name);

        if (a != NULL && case_room(a))
            memcpy(a->got, snn__weights_effective(&pass->unit[l].node), a->want.length * sizeof *a->got);
    }
}

/* ---- alone ---- */

static void take(struct case_array *a, const float *x)
{
    if (a != NULL && case_room(a))
        memcpy(a->got, x, a->want.length * sizeof *x);
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

    if (w == NULL || d == NULL || w->want.dim[0] > 64 || w->want.length > 4096)
        return false;
    w->used = d->used = true;
    for (size_t i = 0; i < sizeof mode / sizeof *mode; i++) {
        struct snn__binary b = { w->want.dim[0], w->want.length / w->want.dim[0], mode[i].scaled, mode[i].back, scale };

        snn__binarise(r->ctx, &b, w->want.data, r->buffer);
        take(case_array(r->c, mode[i].scaled ? "wb.%s" : "wbsign.%s", layer), r->buffer);
        memcpy(r->buffer, d->want.data, d->want.length * sizeof(float));
        snn__binary_gradient(r->ctx, &b, w->want.data, r->buffer);
        take(case_array(r->c, "g.%s.%s", layer, mode[i].name), r->buffer);
    }
    return true;
}

/* The loss and its error at the outputs in one setting: "kd NUMBER mu tau mode". */
static bool run_loss(struct run *r, const char *setting)
{
    struct case_array *input = case_array(r->c, "input"), *teacher = case_array(r->c, "teacher"), *label = case_array(r->c, "label");
    struct case_array *loss, *error;
    struct snn__loss l = { 0 };
    int number;
    char mode[8];
    size_t n, classes;
    uint32_t labels[64];
    double sums[64];
    float tau, share;

    if (sscanf(setting, "%d %f %f %7s", &number, &share, &tau, mode) != 4 || !input || !teacher || !label || r->batch > 64)
        return false;
    loss = case_array(r->c, "loss.%d", number);
    error = case_array(r->c, "e.%d", number);
    input->used = teacher->used = true;
    classes = input->want.dim[2];
    n = r->batch * classes;
    if (loss == NULL || error == NULL || !case_room(loss) || !case_room(error))
        return false;
    l.share = share;
    l.tau = tau;
    l.teacher = teacher->want.data;
    for (size_t b = 0; b < r->batch; b++)
        labels[b] = (uint32_t)label->want.data[b];
    if (strcmp(mode, "mean") == 0) {
        for (size_t t = 0; t < r->steps; t++)
            (t ? snn__add_to : snn__copy)(r->ctx, r->buffer, 1.0f, input->want.data + t * n, n);
        loss->got[0] = (float)snn__loss(r->ctx, &l, r->buffer, 1.0f / (float)r->steps, labels, r->batch, classes, 1.0, error->got, sums);
        for (size_t t = r->steps; t-- > 0;)
            snn__copy(r->ctx, error->got + t * n, 1.0f / (float)r->steps, error->got, n);
        return true;
    }
    for (size_t t = 0; t < r->steps; t++)
        loss->got[0] += (float)snn__loss(r->ctx, &l, input->want.data + t * n, 1.0f, labels, r->batch, classes, 1.0 / (double)r->steps,
                                         error->got + t * n, sums);
    return true;
}

bool sei_is_alone(const struct run *r)
{
    const char *variant = case_text(r->c, "variant", "");

    return strcmp(case_text(r->c, "method", ""), "sei") == 0 && (strcmp(variant, "binarise") == 0 || strcmp(variant, "distill") == 0);
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
