/* What tests of parameters share: a context, a network, and a data set, and the call that describes parameters. */
#ifndef SNN_TESTS_CORE_OBJECTS_H
#define SNN_TESTS_CORE_OBJECTS_H

#include "support.h"

static snn_context *ctx;
static snn_network *net; /* 2 inputs, 2 outputs */

static void setup(void)
{
    const size_t shape[1] = { 2 };

    ctx = test_context(1, 1, "best");
    OK(snn_network_create(&net, ctx, shape, 1));
    OK(snn_network_add_dense(net, 2, NULL));
}

static void teardown(void)
{
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

static snn_status no_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user, (void)index, (void)frame, (void)sample;
    return SNN_ERR_IO;
}

static snn_dataset *make_dataset(void)
{
    snn_dataset_source source;
    snn_dataset *dataset;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3; /* an image, which can be augmented */
    source.shape[0] = source.shape[1] = source.shape[2] = 2;
    source.count = 4;
    source.classes = 2;
    source.read = no_sample;
    OK(snn_dataset_create(&dataset, ctx, &source));
    return dataset;
}

typedef snn_status (*info_fn)(const void *object, size_t index, snn_param_info *info);

#define INFO(noun)                                                                        \
    static snn_status noun##_info(const void *object, size_t index, snn_param_info *info) \
    {                                                                                     \
        return snn_##noun##_param_info(object, index, info);                              \
    }
INFO(neuron)
INFO(layer)
INFO(optimizer)
INFO(dataset)
INFO(trainer)
INFO(projection)

#endif
