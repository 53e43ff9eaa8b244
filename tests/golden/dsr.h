/* What the cases of dsr have beyond those of the other methods: representations and the errors at them. */
#ifndef SNN_TESTS_GOLDEN_DSR_H
#define SNN_TESTS_GOLDEN_DSR_H

#include "case.h"
#include <snn/trainer.h>

/* After the forward pass of a step: s, rep; after the last one repin and logits. `buffer` has room for any signal. */
void dsr_gather_forward(struct golden_case *c, snn_trainer *trainer, size_t step, float *buffer);
/* Before the update: grep, gin. */
void dsr_gather_backward(struct golden_case *c, snn_trainer *trainer);

#endif
