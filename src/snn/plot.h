/* plot.h - the drawings of a run. */
#ifndef SNN_TOOL_PLOT_H
#define SNN_TOOL_PLOT_H

#include "history.h"
#include "run.h"

/* Accuracy and loss of every epoch, training beside test. */
int plot_curves(const char *path, const struct history *history, const json_t *config);

/* The response of the network to sample number `sample` of `dataset`: the image, the spikes of every population over
 * time, the outputs as they gather. */
int plot_raster(const char *path, struct run *run, const snn_dataset *dataset, size_t sample);

/* The accuracies of a sequence on every task after every task. */
int plot_matrix(const char *path, const struct run *run, size_t tasks, const snn_continual_info *info);

#endif
