/* png.c - PNG, by libpng: all of its kinds become three channels of bytes. What is transparent is taken as it is
 * coloured; gamma and profiles are ignored. */
#include "picture.h"

#ifdef SNN_IMAGES_PNG
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

#include <png.h>

/* All that a jump out of libpng must find as it was lies here, not in local variables. */
struct png {
    png_structp p;
    png_infop info;
    char reason[128];
    struct snn__picture *picture;
    const uint8_t *data;
    size_t left;
    size_t width, height;
    uint8_t *rgb; /* a row, or all rows of an interlaced image */
    snn_status status;
};

/* ---- what libpng calls ---- */

static void leave(png_structp p, png_const_charp text)
{
    struct png *g = png_get_error_ptr(p);

    snprintf(g->reason, sizeof g->reason, "%s", text);
    png_longjmp(p, 1);
}

static void print_nothing(png_structp p, png_const_charp text)
{
    (void)p;
    (void)text;
}

static void take_bytes(png_structp p, png_bytep to, size_t n)
{
    struct png *g = png_get_io_ptr(p);

    if (n > g->left)
        png_error(p, "it is truncated");
    memcpy(to, g->data, n);
    g->data += n;
    g->left -= n;
}

/* ---- an image ---- */

/* Texts and palettes beside the image are passed over: libpng unpacks and keeps a thousand of 8 MB each. */
static void pass_over_texts(struct png *g)
{
#ifdef PNG_SET_USER_LIMITS_SUPPORTED
    png_set_chunk_cache_max(g->p, 1);
#else
    (void)g;
#endif
}

static void choose_colours(struct png *g)
{
    png_set_expand(g->p);
    png_set_scale_16(g->p);
    png_set_gray_to_rgb(g->p);
    png_set_strip_alpha(g->p);
}

static void read_rows(struct png *g, int passes)
{
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < g->height; y++) {
            uint8_t *row = passes > 1 ? g->rgb + y * g->width * 3 : g->rgb;

            png_read_row(g->p, row, NULL);
            if (pass == passes - 1)
                snn__picture_row(g->picture, y, row);
        }
}

static void decode(struct png *g)
{
    unsigned eighths;
    int passes;

    png_set_read_fn(g->p, g, take_bytes);
    pass_over_texts(g);
    png_read_info(g->p, g->info);
    g->width = png_get_image_width(g->p, g->info);
    g->height = png_get_image_height(g->p, g->info);
    g->status = snn__picture_begin(g->picture, g->width, g->height, false, &eighths);
    if (g->status != SNN_OK)
        return;
    choose_colours(g);
    passes = png_set_interlace_handling(g->p);
    png_read_update_info(g->p, g->info);
    if (png_get_rowbytes(g->p, g->info) != 3 * g->width)
        png_error(g->p, "its channels are not known");
    g->rgb = snn_component_alloc(g->picture->ctx, passes > 1 ? g->height : 1, g->width * 3);
    if (g->rgb == NULL) {
        g->status = SNN_ERR_MEMORY;
        return;
    }
    read_rows(g, passes);
    png_read_end(g->p, NULL);
}

static void decode_or_leave(struct png *g)
{
    if (setjmp(png_jmpbuf(g->p)) == 0)
        decode(g);
    else
        g->status = snn_component_fail(SNN_ERR_FORMAT, "the PNG cannot be decoded: %s", g->reason);
}

snn_status snn__png_decode(struct snn__picture *picture, const uint8_t *data, size_t size)
{
    struct png g = { .picture = picture, .data = data, .left = size };

    g.p = png_create_read_struct(PNG_LIBPNG_VER_STRING, &g, leave, print_nothing);
    if (g.p != NULL)
        g.info = png_create_info_struct(g.p);
    if (g.info != NULL)
        decode_or_leave(&g);
    else
        g.status = snn_component_fail(SNN_ERR_MEMORY, "no memory for libpng, or its version is another one");
    png_destroy_read_struct(&g.p, &g.info, NULL);
    snn_component_free(picture->ctx, g.rgb);
    return g.status;
}
#endif
