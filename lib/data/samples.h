/* data/samples.h - samples of arrays, and what a reader of a file format must do. */
#ifndef SNN_DATA_SAMPLES_H
#define SNN_DATA_SAMPLES_H

#include "core/status.h"
#include "data/extents.h"
#include <snn/dataset.h>
#include <snn/sys/npy.h>
#include <stdbool.h>

/* Samples of arrays of numbers with labels or targets. */
struct snn__samples {
    snn_context *ctx;
    size_t most;                    /* number of samples that are read */
    const snn_npy_members *members; /* where "npy" finds its arrays; NULL: in files */
    uint32_t rank;
    size_t shape[3], length; /* of a frame, [N] or [C,H,W]; all its numbers */
    size_t frames;
    size_t classes, targets, target_frames;
    struct snn__extents x;      /* [frames, length] */
    struct snn__rows label;     /* uint32_t [target_frames] */
    struct snn__extents target; /* [target_frames, targets] */
};

/* Samples of more numbers than this are refused. */
#define SNN__NUMBERS_MAX ((size_t)1 << 26)

/* Sets the shape, before the first sample, and the type of numbers that come into memory; `path` is for the message.
 * Labels then are those of samples, unless target_frames says more before the first one. */
snn_status snn__samples_shape(struct snn__samples *s, const char *path, const struct snn__numbers *type,
                              size_t frames, uint32_t rank, const size_t *shape);
/* Adds the label of the next sample; of its steps, where they have labels. */
snn_status snn__samples_label(struct snn__samples *s, const uint32_t *label);

/* A source of snn_dataset_create() that delivers what is in `s`, and frees it when it is closed. */
void snn__samples_source(struct snn__samples *s, snn_dataset_source *source);

/* A reader: `read` fills samples, zeroed but for ctx, most and members, which the caller frees on failure
 * as well; or `open` sets a source, a default one, and frees on failure what it took. */
struct snn__data_format {
    const char *name, *text;
    snn_status (*read)(struct snn__samples *s, const snn_dataset_files *files);
    snn_status (*open)(snn_dataset_source *source, snn_context *ctx, const snn_dataset_files *files);
};

#endif
