/* name/name.c - all lists of names through one call. Each list is the table of the room that owns the things
 * named. */
#include "data/data.h"
#include "kernel/kernel.h"
#include "layer/layer.h"
#include "loss/loss.h"
#include "neuron/neuron.h"
#include "optimizer/optimizer.h"
#include "trainer/rule.h"
#include "zoo/build.h"
#include <snn/name.h>

static const struct {
    snn_name_kind kind;
    snn__names *list;
} kinds[] = {
    { SNN_NAME_NEURON, snn__neuron_names },     { SNN_NAME_LAYER, snn__layer_names },
    { SNN_NAME_NETWORK, snn__builder_names },   { SNN_NAME_OPTIMIZER, snn__optimizer_names },
    { SNN_NAME_METHOD, snn__rule_names },       { SNN_NAME_FORMAT, snn__format_names },
    { SNN_NAME_ISA, snn__isa_names },           { SNN_NAME_LOSS, snn__loss_names },
    { SNN_NAME_ENCODER, snn__encoder_names },   { SNN_NAME_SURROGATE, snn__surrogate_names },
    { SNN_NAME_SCHEDULE, snn__schedule_names },
};

static struct snn__name at(snn_name_kind kind, size_t index)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].kind == kind)
            return kinds[i].list(index);
    return (struct snn__name){ NULL, NULL };
}

const char *snn_name(snn_name_kind kind, size_t index)
{
    return at(kind, index).name;
}

const char *snn_name_text(snn_name_kind kind, size_t index)
{
    return at(kind, index).text;
}
