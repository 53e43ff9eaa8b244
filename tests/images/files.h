/* Images that libjpeg and libpng write into the folder of a test. */
#ifndef SNN_TESTS_IMAGES_FILES_H
#define SNN_TESTS_IMAGES_FILES_H

#include "scratch.h"
#include "support.h"
#include <stdint.h>

/* Bytes of a file; at most what fits. */
struct file {
    uint8_t data[1 << 20];
    size_t size;
};

/* An image of a few waves, [height,width,3]: number `which` of them. */
enum { PICTURE_MOST = 256 };
extern uint8_t picture[PICTURE_MOST * PICTURE_MOST * 3];
void draw_picture(unsigned which, size_t width, size_t height);

#ifdef SNN_IMAGES_JPEG
/* Writes the picture. */
enum jpeg_kind { JPEG_RGB, JPEG_PROGRESSIVE, JPEG_GREY, JPEG_CMYK };
void put_jpeg(struct file *file, size_t width, size_t height, enum jpeg_kind kind);
#endif
#ifdef SNN_IMAGES_PNG
enum png_kind { PNG_RGB, PNG_INTERLACED, PNG_GREY, PNG_16, PNG_ALPHA, PNG_PALETTE, PNG_TEXT };
void put_png(struct file *file, size_t width, size_t height, enum png_kind kind);
/* The same with n texts beside it, each of 4 MB that are packed to a few kB. */
void put_png_texts(struct file *file, size_t width, size_t height, size_t n);
#endif

/* ---- tar */
void put_member(struct file *tar, const char *name, const void *data, size_t size);
/* A member of a type that holds nothing: a link, a device, a folder. */
void put_other(struct file *tar, const char *name, char type);
void put_tar_end(struct file *tar);

/* ---- the folder */
/* Writes a file, and the folders that it is in. */
void save_file(const char *name, const struct file *file);

#endif
