/* suits.c - which networks and flags go with a training method, said where a method refuses a network. */
#include "suits.h"

#include "tool.h"

#include <string.h>

static const struct {
    const char *method, *networks;
} suits[] = {
    { "bptt", "784-800-10, vgg11-ws, vgg11-bn, resnet18, nf-resnet34, vgg11-ws-f (feedback), binary-conv" },
    { "sltt", "784-800-10, vgg11-ws, vgg11-bn, resnet18, nf-resnet34, vgg11-ws-f (feedback)" },
    { "ottt",
      "784-800-10, vgg11-ws, vgg11-bn, resnet18, nf-resnet34, vgg11-ws-f (feedback); pools that average (AP2)" },
    { "opzo", "784-800-10, vgg11-ws, vgg11-bn, resnet18, or side:784-800-800-10 with local learning; pools that "
              "average (AP2)" },
    { "dsr",
      "vgg11-dsr, preact-resnet18, or 784-800-10 and others without feedback with --neuron dsr_if or dsr_lif" },
    { "ide", "ide-400, ide-64c5, alexnet-f, cifarnet-f, spide-lenet, spide-convnet-f: a feedback loop that a rate "
             "layer reads" },
    { "spide", "spide-lenet, spide-convnet-f: a feedback loop that a rate layer reads" },
    { "sei",
      "binary-mlp, binary-conv, binary-resnet18, binary-transformer, or 784-800-10 and others without feedback" },
};

int fail_method(snn_status rc, const char *method)
{
    for (size_t i = 0; rc == SNN_ERR_UNSUPPORTED && i < sizeof suits / sizeof *suits; i++)
        if (strcmp(suits[i].method, method) == 0)
            return fail(FAILED, "%s: %s. Networks for %s: %s", snn_status_name(rc), snn_last_error(), method,
                        suits[i].networks);
    return fail_call(rc, NULL);
}
