/* Parameters as text: OBJECT NAME VALUE, a line each, of every kind of object; then the trainer is prepared with
 * them. */
#include "fuzz.h"
#include <stdlib.h>
#include <string.h>

struct objects {
    snn_neuron *neuron;
    snn_layer *layer;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    snn_projection *projection;
    snn_dataset *data;
    snn_network *network, *spare; /* the spare one is not prepared, so that its layer can be changed */
};

static snn_status no_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user, (void)index, (void)frame, (void)sample;
    return SNN_ERR_IO;
}

/* Some name of a kind. */
static const char *name_of(snn_name_kind kind, uint8_t which)
{
    size_t n = 0;

    while (snn_name(kind, n) != NULL)
        n++;
    return snn_name(kind, which % n);
}

/* One object after another: a type, method or format for each number. */
static void make(struct objects *o, snn_context *ctx, uint8_t which)
{
    const size_t shape[3] = { 1, 4, 4 };
    snn_dataset_source source;

    memset(o, 0, sizeof *o);
    FUZZ_HOLDS(snn_dataset_source_init(&source, sizeof source) == SNN_OK);
    source.rank = 3;
    memcpy(source.shape, shape, sizeof shape);
    source.count = source.classes = 10;
    source.read = no_sample;
    FUZZ_HOLDS(snn_dataset_create(&o->data, ctx, &source) == SNN_OK);
    FUZZ_HOLDS(snn_neuron_create(&o->neuron, ctx, name_of(SNN_NAME_NEURON, which)) == SNN_OK);
    FUZZ_HOLDS(snn_optimizer_create(&o->optimizer, ctx, name_of(SNN_NAME_OPTIMIZER, which)) == SNN_OK);
    FUZZ_HOLDS(snn_network_build(&o->network, ctx, "4-FC", shape, 3, 3, NULL) == SNN_OK);
    FUZZ_HOLDS(snn_network_create(&o->spare, ctx, shape, 3) == SNN_OK);
    FUZZ_HOLDS(snn_network_add(o->spare, name_of(SNN_NAME_LAYER, which), NULL, &o->layer) == SNN_OK);
    FUZZ_HOLDS(snn_trainer_create(&o->trainer, o->network, o->optimizer, name_of(SNN_NAME_METHOD, which)) == SNN_OK);
    FUZZ_HOLDS(snn_projection_create(&o->projection, o->network) == SNN_OK);
}

static void set(struct objects *o, char kind, const char *name, const char *value)
{
    switch (kind) {
    case 'n':
        FUZZ_ANSWERS(snn_neuron_set_text(o->neuron, name, value));
        break;
    case 'l':
        FUZZ_ANSWERS(snn_layer_set_text(o->layer, name, value));
        break;
    case 'o':
        FUZZ_ANSWERS(snn_optimizer_set_text(o->optimizer, name, value));
        break;
    case 't':
        FUZZ_ANSWERS(snn_trainer_set_text(o->trainer, name, value));
        break;
    case 'p':
        FUZZ_ANSWERS(snn_projection_set_text(o->projection, name, value));
        break;
    default:
        FUZZ_ANSWERS(snn_dataset_set_text(o->data, name, value));
    }
}

static void destroy(struct objects *o)
{
    snn_trainer_destroy(o->trainer);
    snn_projection_destroy(o->projection);
    snn_optimizer_destroy(o->optimizer);
    snn_network_destroy(o->network);
    snn_network_destroy(o->spare);
    snn_neuron_destroy(o->neuron);
    snn_dataset_destroy(o->data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t which = fuzz_byte(&data, &size);
    char *text = fuzz_text(data, size), *next = text;
    struct objects o;

    make(&o, fuzz_context((size_t)16 << 20, true), which);
    for (unsigned lines = 0; next != NULL && lines < 64; lines++) {
        char *line = next, *name, *value;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        name = strchr(line, ' ');
        value = name != NULL ? strchr(name + 1, ' ') : NULL;
        if (value == NULL)
            continue;
        *name++ = *value++ = '\0';
        set(&o, line[0], name, value);
    }
    FUZZ_ANSWERS(snn_network_prepare(o.spare));
    FUZZ_ANSWERS(snn_trainer_prepare(o.trainer, 2));
    destroy(&o);
    fuzz_done();
    free(text);
    return 0;
}
