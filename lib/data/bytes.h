/* data/bytes.h - samples of one byte a pixel in memory, and what a reader of a file format must do. */
#ifndef SNN_DATA_BYTES_H
#define SNN_DATA_BYTES_H

#include "core/status.h"
#include <snn/dataset.h>

/* Samples live in blocks of a fixed number of samples, each followed by its labels. Blocks are taken as the bytes
 * arrive, so that a header that lies about a file's length costs no memory. */
struct snn__bytes {
    snn_context *ctx;
    size_t shape[3]; /* [C,H,W] */
    size_t sample;   /* bytes of one: C * H * W */
    size_t classes;
    size_t most; /* number of samples that are read */
    size_t count;
    size_t per_block;
    uint8_t **block;
    size_t blocks, room; /* taken; room in the table */
};

/* Samples of more bytes than this are refused. */
#define SNN__BYTES_SAMPLE_MAX ((size_t)1 << 26)

struct snn__recordings;

/* A reader, of samples of bytes or of recordings of events: fills *out (zeroed but for ctx and most; of recordings,
 * frames is set, too). On failure the caller frees what is there. */
struct snn__data_format {
    const char *name, *text;
    snn_status (*read)(struct snn__bytes *out, const char *directory, snn_split split);
    snn_status (*record)(struct snn__recordings *out, const char *directory, snn_split split);
};

/* Sets the shape, before the first sample. `path` is for the message. */
snn_status snn__bytes_shape(struct snn__bytes *b, const char *path, size_t c, size_t h, size_t w);
/* Room for more samples: *pixels is where sample number `count` goes, *n (at least 1) how many fit there one after
 * another. The reader adds what it filled to `count`. */
snn_status snn__bytes_grow(struct snn__bytes *b, uint8_t **pixels, size_t *n);
const uint8_t *snn__bytes_pixels(const struct snn__bytes *b, size_t index);
uint8_t *snn__bytes_label(const struct snn__bytes *b, size_t index);
void snn__bytes_free(struct snn__bytes *b);

/* A source of snn_dataset_create() that delivers x / 255 out of `b`, which it takes over if creation succeeds. */
void snn__bytes_source(struct snn__bytes *b, snn_dataset_source *source);

#endif
