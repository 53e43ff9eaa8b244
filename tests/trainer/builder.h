/* Networks from a line of text, and the small things that tests of trainers share.
 *
 *   "linear a out=6; add s <a <rec:1; lif n decay=0.5; linear rec out=6 <n"
 *
 * adds a layer for each piece: type, name, parameters by name, sources ("<name", with ":2" for a delay of two steps).
 */
#ifndef SNN_TESTS_TRAINER_BUILDER_H
#define SNN_TESTS_TRAINER_BUILDER_H

#include "support.h"
#include "trainer/trainer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline snn_status add_layer(snn_network *net, char *text)
{
    char *rest = NULL, *type = strtok_r(text, " ", &rest), *name = strtok_r(NULL, " ", &rest), *word, *mark;
    snn_layer *layer;

    SNN__TRY(snn_network_add(net, type, name, &layer));
    while ((word = strtok_r(NULL, " ", &rest)) != NULL) {
        if (word[0] == '<') {
            mark = strchr(word, ':');
            if (mark != NULL)
                *mark = '\0';
            SNN__TRY(snn_layer_connect(layer, word + 1, mark != NULL ? atoi(mark + 1) : 0));
            continue;
        }
        mark = strchr(word, '=');
        ck_assert_ptr_nonnull(mark);
        *mark = '\0';
        SNN__TRY(snn_layer_set_text(layer, word, mark + 1));
    }
    return SNN_OK;
}

/* Adds the layers of `text`; the status of the first call that fails. */
static inline snn_status add_layers(snn_network *net, const char *text)
{
    char copy[1024], *rest = NULL;

    ck_assert_uint_lt(strlen(text), sizeof copy);
    snprintf(copy, sizeof copy, "%s", text);
    for (char *piece = strtok_r(copy, ";", &rest); piece != NULL; piece = strtok_r(NULL, ";", &rest))
        SNN__TRY(add_layer(net, piece));
    return SNN_OK;
}

/* The rank of a shape, of which the axes that are not there are 0. */
static inline uint32_t rank_of(const size_t shape[3])
{
    return shape[1] == 0 ? 1 : shape[2] == 0 ? 2 : 3;
}

/* A prepared network. */
static inline snn_network *network_of(snn_context *ctx, const size_t shape[3], const char *text)
{
    snn_network *net = NULL;

    OK(snn_network_create(&net, ctx, shape, rank_of(shape)));
    OK(add_layers(net, text));
    OK(snn_network_prepare(net));
    return net;
}

static inline size_t length_of(const size_t shape[3])
{
    return shape[0] * (shape[1] ? shape[1] : 1) * (shape[2] ? shape[2] : 1);
}

/* Sets "key=value key=value" on a trainer. */
static inline snn_status set_all(snn_trainer *tr, const char *text)
{
    char copy[512], *rest = NULL;

    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        char *mark = strchr(word, '=');

        ck_assert_ptr_nonnull(mark);
        *mark = '\0';
        SNN__TRY(snn_trainer_set_text(tr, word, mark + 1));
    }
    return SNN_OK;
}

static inline snn_optimizer *sgd_of(snn_context *ctx, double lr)
{
    snn_optimizer *o = NULL;

    OK(snn_optimizer_create(&o, ctx, "sgd"));
    OK(snn_optimizer_set_f64(o, SNN_OPTIMIZER_LR, lr));
    return o;
}

static inline snn_trainer *trainer_of(snn_network *net, snn_optimizer *optimizer, const char *method,
                                      const char *settings, size_t batch)
{
    snn_trainer *tr = NULL;

    OK(snn_trainer_create(&tr, net, optimizer, method));
    OK(set_all(tr, settings));
    OK(snn_trainer_prepare(tr, batch));
    return tr;
}

static inline snn_trainer *evaluator_of(snn_network *net, const char *settings, size_t batch)
{
    snn_trainer *tr = NULL;

    OK(snn_evaluator_create(&tr, net));
    OK(set_all(tr, settings));
    OK(snn_trainer_prepare(tr, batch));
    return tr;
}

/* An observer that does not look. */
static inline void do_nothing(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    (void)user;
    (void)trainer;
    (void)phase;
    (void)step;
}

/* Biases, gains, leaks and per-neuron constants away from their first values, so that no term of an equation is
 * trivial. */
static inline void shake(snn_network *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++) {
            struct snn__tensor *t = &net->layer[l]->tensor[i];
            unsigned seed = (unsigned)(l * 16 + i);

            if (strcmp(t->name, "decay") == 0)
                random_fill(t->data, t->length, 0.3f, 0.9f, seed);
            else if (strcmp(t->name, "threshold") == 0)
                random_fill(t->data, t->length, 0.7f, 1.3f, seed);
            else if (strcmp(t->name, "leak") == 0)
                random_fill(t->data, t->length, -0.5f, 0.5f, seed);
            else if (strcmp(t->name, "gain") == 0)
                random_fill(t->data, t->length, 0.8f, 1.6f, seed);
            else if (net->layer[l]->type == snn__layer_type_named("batch_norm") && i < 2)
                random_fill(t->data, t->length, 0.5f, 1.5f, seed);
        }
}

/* The whole gradient of the last step, in the order of the parameters. */
static inline void read_all_gradients(const snn_trainer *tr, float *out)
{
    const snn_network *net = tr->net;

    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t i = 0; i < net->layer[l]->n_tensors; i++) {
            const struct snn__tensor *t = &net->layer[l]->tensor[i];

            if (t->trained)
                OK(snn_trainer_read_gradient(tr, net->layer[l], t->name, out + t->offset, t->length));
        }
}

/* A data set of arrays: x[count][frames][len]. */
struct array_set {
    const float *x;
    const uint32_t *label;
    size_t len, frames;
};

static inline snn_status read_array(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct array_set *set = user;
    float *x = sample->x;

    memcpy(x, set->x + (index * set->frames + frame) * set->len, set->len * sizeof *x);
    sample->label = set->label[index];
    return SNN_OK;
}

static inline snn_dataset *dataset_of(snn_context *ctx, struct array_set *set, const size_t shape[3], size_t count,
                                      size_t classes)
{
    snn_dataset_source source;
    snn_dataset *out = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = rank_of(shape);
    memcpy(source.shape, shape, sizeof source.shape);
    source.count = count;
    source.classes = classes;
    source.frames = set->frames;
    source.read = read_array;
    source.user = set;
    OK(snn_dataset_create(&out, ctx, &source));
    return out;
}

static inline double norm_of(const float *x, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * x[i];
    return sqrt(sum);
}

/* |x - y| / |y|, or |x - y| where y is nearly nothing. */
static inline double distance(const float *x, const float *y, size_t n)
{
    double sum = 0, size = norm_of(y, n);

    for (size_t i = 0; i < n; i++)
        sum += ((double)x[i] - y[i]) * ((double)x[i] - y[i]);
    return size > 1e-12 ? sqrt(sum) / size : sqrt(sum);
}

#endif
