/* formats.c - the one list of formats of images. */
#include "picture.h"
#include <string.h>

#ifdef SNN_IMAGES_JPEG
#define JPEG snn__jpeg_decode, NULL
#else
#define JPEG NULL, "libjpeg62-turbo-dev"
#endif
#ifdef SNN_IMAGES_PNG
#define PNG snn__png_decode, NULL
#else
#define PNG NULL, "libpng-dev"
#endif

static const struct format {
    const char *name;
    const char *magic;
    size_t length;
    snn_status (*decode)(struct snn__picture *picture, const uint8_t *data, size_t size);
    const char *lacks;
} formats[] = {
    { "jpeg", "\xff\xd8\xff", 3, JPEG },
    { "png", "\x89PNG\r\n\x1a\n", 8, PNG },
};

#define FORMATS (sizeof formats / sizeof *formats)

const char *snn_images_format_name(size_t index)
{
    return index < FORMATS ? formats[index].name : NULL;
}

const char *snn_images_format_lacks(size_t index)
{
    return index < FORMATS ? formats[index].lacks : NULL;
}

static const struct format *format_of(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i < FORMATS; i++)
        if (size >= formats[i].length && memcmp(data, formats[i].magic, formats[i].length) == 0)
            return &formats[i];
    return NULL;
}

snn_status snn__decode(struct snn__picture *picture, const uint8_t *data, size_t size)
{
    const struct format *format = format_of(data, size);
    snn_status rc;

    if (format == NULL)
        return snn_component_fail(SNN_ERR_FORMAT, size == 0 ? "it is empty" : "it is neither a JPEG nor a PNG");
    if (format->decode == NULL)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "this build reads no %s: it needs %s (Debian), and to be built "
                                  "again",
                                  format->name, format->lacks);
    picture->columns.ctx = picture->rows.ctx = picture->ctx;
    rc = format->decode(picture, data, size);
    if (rc == SNN_OK)
        snn__picture_end(picture);
    snn__picture_free(picture);
    return rc;
}
