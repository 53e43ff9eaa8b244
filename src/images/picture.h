/* picture.h - an image on its way from a decoder to a sample, row by row: no decoder holds more of it than it needs.
 */
#ifndef SNN_IMAGES_PICTURE_H
#define SNN_IMAGES_PICTURE_H

#include "taps.h"

#define SNN__SIDE_MOST 65535u

struct snn__picture {
    snn_context *ctx;
    const struct snn__recipe *recipe;
    uint64_t seed;   /* of its augmentation; 0: none */
    uint64_t pixels; /* most that an image may have */
    uint8_t *sample; /* [channels,size,size] */
    struct snn__side side[2];
    struct snn__taps columns, rows;
    uint32_t *sum;  /* [size,size,3]: of the rows so far */
    uint8_t *row;   /* [size,3]: a row of the image, its columns those of the sample */
    uint8_t *rgb;   /* [3,size,size]: the sample, unless that is grey */
    size_t settled; /* rows of the sample that no further row of the image has a part in */
};

/* The image has so many pixels. The decoder is to reduce it to *eighths / 8 of its size: to 8 / 8 unless it
 * `reduces`, which is by half, quarter and eighth.
 * @return SNN_ERR_SHAPE: too many pixels; SNN_ERR_MEMORY */
snn_status snn__picture_begin(struct snn__picture *picture, size_t width, size_t height, bool reduces,
                              unsigned *eighths);
/* Row y of the decoded image, [width,3] of red, green, blue. Rows come in their order, each once. */
void snn__picture_row(struct snn__picture *picture, size_t y, const uint8_t *rgb);
/* All rows were there: makes the sample. */
void snn__picture_end(struct snn__picture *picture);
/* Frees what is not the sample. */
void snn__picture_free(struct snn__picture *picture);

/* ---- decoders: all rows of an image in memory, between snn__picture_begin() and _end() */
snn_status snn__jpeg_decode(struct snn__picture *picture, const uint8_t *data, size_t size);
snn_status snn__png_decode(struct snn__picture *picture, const uint8_t *data, size_t size);

/* An image of any format, from its bytes to the sample; ctx, recipe, seed, pixels and sample are set, all else is
 * zero. Frees what it needed. */
snn_status snn__decode(struct snn__picture *picture, const uint8_t *data, size_t size);

/* ---- colour.c: changes the colours of [3,n] as the seed says */
void snn__colour(const struct snn__recipe *recipe, uint64_t seed, uint8_t *rgb, size_t n);

/* The grey of a colour. */
static inline uint32_t snn__grey(uint32_t red, uint32_t green, uint32_t blue)
{
    return (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
}

#endif
