/* data/set.h - inside of a data set. */
#ifndef SNN_DATA_SET_H
#define SNN_DATA_SET_H

#include "core/param.h"
#include <snn/dataset.h>
#include <stdatomic.h>

struct snn_dataset {
    snn_context *ctx;
    _Atomic size_t owners; /* the caller, if it has not destroyed the set, and views */
    struct snn__params params;
    snn_dataset_source source; /* files are a source like a host's */
    bool explains;             /* a source of the library's, which sets the message of a failure */
    size_t channels, length;   /* of one frame: shape[0]; all its numbers */
    size_t n_norm;             /* 0, 1 or channels */
    float *norm;               /* [2 * channels]: means, then deviations */
};

/* One owner more, who destroys the set as well. */
snn_dataset *snn__dataset_share(snn_dataset *dataset);

/* Samples in use. */
size_t snn__dataset_count(const snn_dataset *dataset);

/* Labels are 0 .. classes - 1, once label_first is taken away. */
size_t snn__dataset_classes(const snn_dataset *dataset);

/* Classes of the samples; 0: they have targets, or a label for each step. */
size_t snn__dataset_sample_classes(const snn_dataset *dataset);

/* Reads a frame into sample->x as it is, neither augmented nor normalised, and its target into sample->target where
 * the set has targets, and checks what came. The source may augment it by sample->seed. */
snn_status snn__dataset_raw(const snn_dataset *dataset, size_t index, size_t frame, snn_sample *sample);

#endif
