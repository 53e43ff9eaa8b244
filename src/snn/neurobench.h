/* neurobench.h - the figures of NeuroBench, as its harness defines them. */
#ifndef SNN_TOOL_NEUROBENCH_H
#define SNN_TOOL_NEUROBENCH_H

#include "run.h"

#define PJ_PER_MAC 4.6 /* 32-bit floats in 45 nm: Horowitz, ISSCC 2014 */
#define PJ_PER_AC 0.9

struct neurobench;

/* Watches the membrane potentials of an evaluator over `samples` samples in batches of `batch`; before it is
 * prepared. NULL after a failure, and has said why. To be freed. */
struct neurobench *neurobench_watch(snn_trainer *evaluator, snn_network *network, size_t samples, size_t batch);
void neurobench_free(struct neurobench *nb);

/* Figures after the evaluation, as JSON. `rate`: executions of the model in a second of data; 0: not declared. */
json_t *neurobench_figures(const struct neurobench *nb, const snn_metrics *m, size_t steps, double rate);
/* The same for people; releases the figures. */
void neurobench_print(json_t *figures);

#endif
