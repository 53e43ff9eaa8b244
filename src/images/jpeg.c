/* jpeg.c - JPEG, by libjpeg-turbo. What the orientation of EXIF says is ignored. */
#include "picture.h"

#ifdef SNN_IMAGES_JPEG
#include <setjmp.h>
#include <stdio.h>

#include <jerror.h>
#include <jpeglib.h>

#define SCANS_MOST 500 /* of a progressive image; cameras and programs write ten */

/* All that a jump out of libjpeg must find as it was lies here, not in local variables. */
struct jpeg {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    struct jpeg_progress_mgr progress;
    jmp_buf out;
    char reason[JMSG_LENGTH_MAX];
    struct snn__picture *picture;
    const uint8_t *data;
    size_t size;
    uint8_t *line, *rgb; /* a row as it is decoded, and as colours */
    snn_status status;   /* of what is no failure of libjpeg */
};

/* ---- failures ---- */

static void leave(j_common_ptr any)
{
    struct jpeg *j = any->client_data;

    any->err->format_message(any, j->reason);
    longjmp(j->out, 1);
}

/* A part of the image is lost, not only what stands beside it. */
static bool is_damage(int code)
{
    return code != JWRN_EXTRANEOUS_DATA && code != JWRN_ADOBE_XFORM && code != JWRN_JFIF_MAJOR;
}

static void take_message(j_common_ptr any, int level)
{
    if (level < 0 && is_damage(any->err->msg_code))
        leave(any);
}

static void print_nothing(j_common_ptr any)
{
    (void)any;
}

/* Each scan of a progressive image goes over all of it, however few bytes it has. */
static void watch_scans(j_common_ptr any)
{
    struct jpeg *j = any->client_data;

    if (j->d.input_scan_number <= SCANS_MOST)
        return;
    snprintf(j->reason, sizeof j->reason, "more than %d scans", SCANS_MOST);
    longjmp(j->out, 1);
}

/* ---- colours ---- */

static void choose_colours(struct jpeg *j)
{
    const J_COLOR_SPACE space = j->d.jpeg_color_space;

    if (space == JCS_GRAYSCALE)
        j->d.out_color_space = JCS_GRAYSCALE;
    else if (space == JCS_CMYK || space == JCS_YCCK)
        j->d.out_color_space = JCS_CMYK;
    else
        j->d.out_color_space = JCS_RGB;
}

/* Ink to light. Files with Adobe's mark hold what of the light is left. */
static void take_inks(const struct jpeg *j)
{
    const uint8_t flip = j->d.saw_Adobe_marker ? 0 : 255;

    for (size_t i = 0; i < j->d.output_width; i++)
        for (size_t k = 0; k < 3; k++) {
            const uint32_t light = j->line[4 * i + k] ^ flip, black = j->line[4 * i + 3] ^ flip;

            j->rgb[3 * i + k] = (uint8_t)((light * black + 127) / 255);
        }
}

static const uint8_t *colours_of(const struct jpeg *j)
{
    if (j->d.out_color_space == JCS_RGB)
        return j->line;
    if (j->d.out_color_space == JCS_CMYK)
        take_inks(j);
    for (size_t i = 0; i < j->d.output_width && j->d.out_color_space == JCS_GRAYSCALE; i++)
        j->rgb[3 * i] = j->rgb[3 * i + 1] = j->rgb[3 * i + 2] = j->line[i];
    return j->rgb;
}

/* ---- an image ---- */

static snn_status begin(struct jpeg *j)
{
    unsigned eighths;

    TRY(snn__picture_begin(j->picture, j->d.image_width, j->d.image_height, true, &eighths));
    j->d.scale_num = eighths;
    j->d.scale_denom = 8;
    j->d.dct_method = JDCT_ISLOW; /* the one whose result is the same on every machine */
    choose_colours(j);
    j->line = snn_component_alloc(j->picture->ctx, j->d.image_width, 4);
    j->rgb = snn_component_alloc(j->picture->ctx, j->d.image_width, 3);
    return j->line != NULL && j->rgb != NULL ? SNN_OK : SNN_ERR_MEMORY;
}

static void decode(struct jpeg *j)
{
    jpeg_create_decompress(&j->d);
    j->d.progress = &j->progress;
    jpeg_mem_src(&j->d, (unsigned char *)j->data, (unsigned long)j->size);
    (void)jpeg_read_header(&j->d, TRUE);
    j->status = begin(j);
    if (j->status != SNN_OK)
        return;
    (void)jpeg_start_decompress(&j->d);
    while (j->d.output_scanline < j->d.output_height) {
        const size_t y = j->d.output_scanline;
        JSAMPROW row = j->line;

        (void)jpeg_read_scanlines(&j->d, &row, 1);
        snn__picture_row(j->picture, y, colours_of(j));
    }
    (void)jpeg_finish_decompress(&j->d);
}

snn_status snn__jpeg_decode(struct snn__picture *picture, const uint8_t *data, size_t size)
{
    struct jpeg j = { .picture = picture, .data = data, .size = size };

    j.d.err = jpeg_std_error(&j.errors);
    j.d.client_data = &j;
    j.errors.error_exit = leave;
    j.errors.emit_message = take_message;
    j.errors.output_message = print_nothing;
    j.progress.progress_monitor = watch_scans;
    if (setjmp(j.out) == 0)
        decode(&j);
    else
        j.status = snn_component_fail(SNN_ERR_FORMAT, "the JPEG cannot be decoded: %s", j.reason);
    jpeg_destroy_decompress(&j.d);
    snn_component_free(picture->ctx, j.line);
    snn_component_free(picture->ctx, j.rgb);
    return j.status;
}
#endif
