/* data/data.h - what the trainer takes from a data set. */
#ifndef SNN_DATA_DATA_H
#define SNN_DATA_DATA_H

#include "core/name.h"
#include "core/param.h"
#include "core/status.h"
#include <snn/dataset.h>

/* Reads frame `frame` of sample `index` into sample->x [C,H,W]: augmented (if `augment`; drawn from seed, epoch and
 * index alone, the same for all frames of a sample), then normalised; and its target into sample->target. `scratch`
 * holds one more sample. No allocation; safe from several threads at once. */
snn_status snn__dataset_frame(const snn_dataset *dataset, size_t index, size_t frame, bool augment, uint64_t epoch,
                              float *scratch, snn_sample *sample);

/* True if the source wants to be told what comes next. */
bool snn__dataset_looks_ahead(const snn_dataset *dataset);

/* Tells such a source that a sample is about to be read, by snn__dataset_frame() with these arguments. */
void snn__dataset_ahead(const snn_dataset *dataset, size_t index, bool augment, uint64_t epoch);

/* The conversion of a static sample x into T inputs, in the order of the enumeration. */
#define SNN__ENCODERS(X)                                                                           \
    X(direct, "the sample itself at every step")                                                   \
    X(poisson, "1 with probability clamp(x, 0, 1), else 0, drawn anew for every element and step") \
    X(latency, "one spike where x > 0, at step round((1 - min(x, 1)) (T - 1))")
enum snn__encoder { SNN__ENCODER_DIRECT, SNN__ENCODER_POISSON, SNN__ENCODER_LATENCY };

snn__names snn__format_names, snn__encoder_names;

/* out[0 .. n) <- input of step t of T for a sample x[0 .. n). `stream` names epoch (or 0 in evaluation) and `index`
 * the sample: with the seed they determine every random number. */
void snn__encode(enum snn__encoder encoder, uint64_t seed, uint64_t stream, uint64_t index, size_t t, size_t steps,
                 const float *x, float *out, size_t n);

#endif
