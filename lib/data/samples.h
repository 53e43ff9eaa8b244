/* data/samples.h - samples in memory, and what a reader of a file format must do. */
#ifndef SNN_DATA_SAMPLES_H
#define SNN_DATA_SAMPLES_H

#include "core/status.h"
#include <snn/dataset.h>
#include <snn/sys/npy.h>
#include <stdbool.h>

/* Rows of as many bytes each, in blocks of a fixed number of rows. Blocks are taken as the bytes arrive, so that a
 * header that lies about a file's length costs no memory. */
struct snn__rows {
    snn_context *ctx;
    size_t bytes; /* of a row */
    size_t count;
    size_t per_block;
    uint8_t **block;
    size_t blocks, room; /* taken; room in the table */
};

/* Begins rows of `bytes` bytes, of which up to `most` come. */
void snn__rows_begin(struct snn__rows *rows, snn_context *ctx, size_t bytes, size_t most);
/* Room for more rows: *to is where row number `count` goes, *n (at least 1) how many fit there one after another. The
 * reader adds what it filled to `count`. */
snn_status snn__rows_grow(struct snn__rows *rows, uint8_t **to, size_t *n);
uint8_t *snn__rows_at(const struct snn__rows *rows, size_t index);
void snn__rows_free(struct snn__rows *rows);

/* Samples of bytes or floats with labels or targets. */
struct snn__samples {
    snn_context *ctx;
    size_t most;                    /* number of samples that are read */
    const snn_npy_members *members; /* where "npy" finds its arrays; NULL: in files */
    uint32_t rank;
    size_t shape[3], length; /* of a frame, [N] or [C,H,W]; all its numbers */
    size_t frames;
    bool pixels; /* numbers are bytes, which stand for value / 255; else they are floats */
    size_t classes, targets, target_frames;
    struct snn__rows x;      /* [frames, length] */
    struct snn__rows label;  /* uint32_t */
    struct snn__rows target; /* float [target_frames, targets] */
};

/* Samples of more numbers than this are refused. */
#define SNN__NUMBERS_MAX ((size_t)1 << 26)

/* Sets the shape, before the first sample; `path` is for the message. */
snn_status snn__samples_shape(struct snn__samples *s, const char *path, size_t frames, uint32_t rank,
                              const size_t *shape);
/* Adds the label of the next sample. */
snn_status snn__samples_label(struct snn__samples *s, uint32_t label);

/* A source of snn_dataset_create() that delivers what is in `s`, and frees it when it is closed. */
void snn__samples_source(struct snn__samples *s, snn_dataset_source *source);

/* A reader: `read` fills samples in memory, zeroed but for ctx, most and members, which the caller frees on failure
 * as well; or `open` sets a source, a default one, and frees on failure what it took. */
struct snn__data_format {
    const char *name, *text;
    snn_status (*read)(struct snn__samples *s, const snn_dataset_files *files);
    snn_status (*open)(snn_dataset_source *source, snn_context *ctx, const snn_dataset_files *files);
};

#endif
