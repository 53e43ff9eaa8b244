/* files.c - images and tar files for the tests. */
#include "files.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint8_t picture[PICTURE_MOST * PICTURE_MOST * 3];

void draw_picture(unsigned which, size_t width, size_t height)
{
    ck_assert(width <= PICTURE_MOST && height <= PICTURE_MOST);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            for (size_t c = 0; c < 3; c++) {
                const double phase = 0.05 * (double)((c + 1 + which) * x) + 0.07 * (double)((3 - c + which % 5) * y);

                picture[(y * width + x) * 3 + c] = (uint8_t)lround(127.5 + 120.0 * sin(phase + which));
            }
}

/* ---- JPEG ---- */

#ifdef SNN_IMAGES_JPEG
#include <jpeglib.h>

/* A row as it is written: of the picture, its green alone, or the inks of its light, as Adobe has them. */
static void make_row(const uint8_t *rgb, size_t width, enum jpeg_kind kind, uint8_t *row)
{
    for (size_t x = 0; x < width; x++)
        switch (kind) {
        case JPEG_GREY:
            row[x] = rgb[3 * x + 1];
            break;
        case JPEG_CMYK:
            memcpy(row + 4 * x, rgb + 3 * x, 3);
            row[4 * x + 3] = 255;
            break;
        default:
            memcpy(row + 3 * x, rgb + 3 * x, 3);
        }
}

void put_jpeg(struct file *file, size_t width, size_t height, enum jpeg_kind kind)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    unsigned char *to = file->data;
    unsigned long size = sizeof file->data;
    uint8_t row[PICTURE_MOST * 4];
    JSAMPROW rows = row;

    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &to, &size);
    c.image_width = (JDIMENSION)width;
    c.image_height = (JDIMENSION)height;
    c.input_components = kind == JPEG_GREY ? 1 : kind == JPEG_CMYK ? 4 : 3;
    c.in_color_space = kind == JPEG_GREY ? JCS_GRAYSCALE : kind == JPEG_CMYK ? JCS_CMYK : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 95, TRUE);
    if (kind == JPEG_PROGRESSIVE)
        jpeg_simple_progression(&c);
    if (kind == JPEG_CMYK)
        c.write_Adobe_marker = TRUE;
    jpeg_start_compress(&c, TRUE);
    for (size_t y = 0; y < height; y++) {
        make_row(picture + y * width * 3, width, kind, row);
        (void)jpeg_write_scanlines(&c, &rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    ck_assert(to == file->data);
    file->size = size;
}
#endif

/* ---- PNG ---- */

#ifdef SNN_IMAGES_PNG
#include <png.h>

static void take_bytes(png_structp p, png_bytep data, size_t n)
{
    struct file *file = png_get_io_ptr(p);

    ck_assert(file->size + n <= sizeof file->data);
    memcpy(file->data + file->size, data, n);
    file->size += n;
}

static void flush_nothing(png_structp p)
{
    (void)p;
}

/* Pixels of the picture as the kind has them. A palette is of the picture's first 256 pixels. */
static void make_pixels(uint8_t *out, size_t n, enum png_kind kind)
{
    for (size_t i = 0; i < n; i++) {
        const uint8_t *rgb = picture + 3 * i;

        if (kind == PNG_GREY)
            out[i] = rgb[1];
        else if (kind == PNG_PALETTE)
            out[i] = (uint8_t)i;
        else if (kind == PNG_ALPHA) {
            memcpy(out + 4 * i, rgb, 3);
            out[4 * i + 3] = (uint8_t)i;
        } else if (kind == PNG_16) {
            for (size_t c = 0; c < 3; c++)
                out[6 * i + 2 * c] = out[6 * i + 2 * c + 1] = rgb[c];
        } else
            memcpy(out + 3 * i, rgb, 3);
    }
}

static void add_text(png_structp p, png_infop info)
{
    static char text[(4 << 20) + 1], key[] = "Comment";
    png_text all = { .compression = PNG_TEXT_COMPRESSION_zTXt, .key = key, .text = text };

    all.text_length = sizeof text - 1;
    memset(text, 'a', sizeof text - 1);
    png_set_text(p, info, &all, 1);
}

void put_png(struct file *file, size_t width, size_t height, enum png_kind kind)
{
    static const int colour[] = { PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGB,  PNG_COLOR_TYPE_GRAY,
                                  PNG_COLOR_TYPE_RGB, PNG_COLOR_TYPE_RGBA, PNG_COLOR_TYPE_PALETTE,
                                  PNG_COLOR_TYPE_RGB };
    static const size_t bytes[] = { 3, 3, 1, 6, 4, 1, 3 };
    png_structp p = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(p);
    uint8_t *pixels = malloc(width * height * 6);
    png_bytep rows[PICTURE_MOST];

    ck_assert(kind != PNG_PALETTE || width * height <= 256);
    make_pixels(pixels, width * height, kind);
    for (size_t y = 0; y < height; y++)
        rows[y] = pixels + y * width * bytes[kind];
    file->size = 0;
    png_set_write_fn(p, file, take_bytes, flush_nothing);
    png_set_IHDR(p, info, (png_uint_32)width, (png_uint_32)height, kind == PNG_16 ? 16 : 8, colour[kind],
                 kind == PNG_INTERLACED ? PNG_INTERLACE_ADAM7 : PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
                 PNG_FILTER_TYPE_DEFAULT);
    if (kind == PNG_PALETTE)
        png_set_PLTE(p, info, (png_const_colorp)picture, (int)(width * height));
    if (kind == PNG_TEXT)
        add_text(p, info);
    png_write_info(p, info);
    png_write_image(p, rows);
    png_write_end(p, info);
    png_destroy_write_struct(&p, &info);
    free(pixels);
}

void put_png_texts(struct file *file, size_t width, size_t height, size_t n)
{
    static struct file one;
    size_t at = 8, length;

    put_png(&one, width, height, PNG_TEXT);
    while (memcmp(one.data + at + 4, "zTXt", 4) != 0)
        at += 12 + ((size_t)one.data[at + 2] << 8 | one.data[at + 3]);
    length = 12 + ((size_t)one.data[at + 2] << 8 | one.data[at + 3]);
    ck_assert(one.size + (n - 1) * length <= sizeof file->data);
    memcpy(file->data, one.data, at);
    for (size_t i = 0; i < n; i++)
        memcpy(file->data + at + i * length, one.data + at, length);
    memcpy(file->data + at + n * length, one.data + at + length, one.size - at - length);
    file->size = one.size + (n - 1) * length;
}
#endif

/* ---- tar ---- */

static void put(struct file *file, const void *data, size_t size)
{
    ck_assert(file->size + size <= sizeof file->data);
    memcpy(file->data + file->size, data, size);
    file->size += size;
}

static void put_header(struct file *tar, const char *name, size_t size, char type)
{
    char header[512] = { 0 };
    unsigned sum = 0;

    snprintf(header, 100, "%s", name);
    memcpy(header + 100, "0000644\0000001750\0000001750", 24);
    snprintf(header + 124, 12, "%011zo", size);
    memcpy(header + 136, "00000000000\0        ", 20);
    header[156] = type;
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    put(tar, header, sizeof header);
}

static void put_padded(struct file *tar, const void *data, size_t size)
{
    static const char zeros[512];

    put(tar, data, size);
    put(tar, zeros, (512 - size % 512) % 512);
}

/* Long names in a header of their own, as GNU's tar writes them, or for those with a '+' as pax does. */
void put_member(struct file *tar, const char *name, const void *data, size_t size)
{
    char record[512];

    if (strlen(name) >= 100 && strchr(name, '+') != NULL) {
        const int length = (int)strlen(name) + 10; /* "LLL path=NAME\n" */

        ck_assert(length >= 100 && length < 400);
        snprintf(record, sizeof record, "%d path=%s\n", length, name);
        ck_assert_int_eq((int)strlen(record), length);
        put_header(tar, "pax", strlen(record), 'x');
        put_padded(tar, record, strlen(record));
    } else if (strlen(name) >= 100) {
        put_header(tar, "././@LongLink", strlen(name) + 1, 'L');
        put_padded(tar, name, strlen(name) + 1);
    }
    put_header(tar, name, size, '0');
    put_padded(tar, data, size);
}

void put_other(struct file *tar, const char *name, char type)
{
    put_header(tar, name, 0, type);
}

void put_tar_end(struct file *tar)
{
    static const char zeros[1024];

    put(tar, zeros, sizeof zeros);
}

/* ---- the folder ---- */

void save_file(const char *name, const struct file *file)
{
    save(name, file->data, file->size);
}
