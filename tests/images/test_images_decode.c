/* Images in memory become samples: formats and kinds, what is damaged, truncated or too large. */
#include "files.h"
#include <math.h>
#include <snn/images.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { SIDE = 16, LENGTH = 3 * SIDE * SIDE };

static snn_context *ctx;
static snn_images *images;
static struct file file;
static float x[LENGTH], other[LENGTH];
static uint64_t before;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    before = test_context_bytes(ctx);
    OK(snn_images_create(&images, ctx));
    OK(snn_images_set_i64(images, SNN_IMAGES_SIZE, SIDE));
    OK(snn_images_set_i64(images, SNN_IMAGES_RESIZE, SIDE));
}

static void teardown(void)
{
    snn_images_destroy(images);
    ck_assert_uint_eq(test_context_bytes(ctx), before);
    snn_context_destroy(ctx);
}

static snn_status decode(uint64_t seed, float *out)
{
    return snn_images_decode(images, file.data, file.size, 0, seed, out);
}

/* The picture itself, whose sides are those of a sample. */
static void compare_with_picture(const float *sample, double most)
{
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < SIDE * SIDE; i++)
            ck_assert_double_eq_tol(255.0 * (double)sample[c * SIDE * SIDE + i], picture[3 * i + c], most);
}

static void compare_with_green(const float *sample, double most)
{
    for (size_t c = 0; c < 3; c++)
        for (size_t i = 0; i < SIDE * SIDE; i++)
            ck_assert_double_eq_tol(255.0 * (double)sample[c * SIDE * SIDE + i], picture[3 * i + 1], most);
}

/* Every beginning of the file fails, and so does the file with any of its first bytes changed, or is decoded. */
static void damage(void)
{
    static struct file whole;
    const size_t size = file.size;

    memcpy(whole.data, file.data, size);
    for (file.size = 0; file.size < size; file.size++) {
        uint8_t *copy = malloc(file.size + 1); /* as large as it is, so that a sanitizer sees what reads past it */
        snn_status rc;

        memcpy(copy, file.data, file.size);
        rc = snn_images_decode(images, copy, file.size, 0, 0, x);
        free(copy);
        ck_assert_msg(rc == SNN_ERR_FORMAT, "%zu of %zu bytes: %s", file.size, size, snn_status_name(rc));
    }
    for (size_t i = 0; i < size; i++)
        for (int bit = 1; bit < 256; bit *= 4) {
            snn_status rc;

            memcpy(file.data, whole.data, size);
            file.data[i] ^= (uint8_t)bit;
            rc = snn_images_decode(images, file.data, size, 1 << 20, 0, x);
            ck_assert_msg(rc == SNN_OK || rc == SNN_ERR_FORMAT || rc == SNN_ERR_SHAPE, "byte %zu: %s", i,
                          snn_status_name(rc));
        }
}

START_TEST(what_is_no_image_is_refused)
{
    file.size = 0;
    FAILS(decode(0, x), SNN_ERR_FORMAT, "it is empty");
    file.size = 6;
    memcpy(file.data, "GIF89a", 6);
    FAILS(decode(0, x), SNN_ERR_FORMAT, "it is neither a JPEG nor a PNG");
    FAILS(snn_images_decode(NULL, file.data, 6, 0, 0, x), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_images_decode(images, NULL, 6, 0, 0, x), SNN_ERR_ARGUMENT, "NULL");
    OK(snn_images_set_i64(images, SNN_IMAGES_RESIZE, SIDE - 1));
    FAILS(decode(0, x), SNN_ERR_ARGUMENT, "resize is 15, less than size, 16");
    OK(snn_images_set_i64(images, SNN_IMAGES_RESIZE, 0));
    OK(snn_images_set_f64(images, SNN_IMAGES_SCALE_MAX, 0.01));
    FAILS(decode(0, x), SNN_ERR_ARGUMENT, "scale_min is 0.08, scale_max is 0.01, which is less");
}
END_TEST

#ifdef SNN_IMAGES_JPEG
START_TEST(jpegs_of_all_kinds)
{
    draw_picture(1, SIDE, SIDE);
    put_jpeg(&file, SIDE, SIDE, JPEG_GREY);
    OK(decode(0, x));
    compare_with_green(x, 12);
    put_jpeg(&file, SIDE, SIDE, JPEG_CMYK);
    OK(decode(0, x));
    compare_with_picture(x, 12);
    put_jpeg(&file, SIDE, SIDE, JPEG_RGB);
    OK(decode(0, x));
    put_jpeg(&file, SIDE, SIDE, JPEG_PROGRESSIVE);
    OK(decode(0, other));
    ck_assert_mem_eq(x, other, sizeof x); /* other scans of the same numbers */
}
END_TEST

START_TEST(a_large_jpeg_is_reduced_as_it_is_decoded)
{
    double most = 0;

    for (size_t i = 0; i < 200 * 160 * 3; i++) /* a slope in each channel */
        picture[i] = (uint8_t)(i % 3 == 0 ? i / 3 % 200 : i % 3 == 1 ? i / 600 : 20 + (i / 3 % 200 + i / 600) / 2);
    put_jpeg(&file, 200, 160, JPEG_RGB);
    OK(decode(0, x));
    OK(snn_images_set_i64(images, SNN_IMAGES_REDUCE, 0));
    OK(decode(0, other));
    ck_assert_mem_ne(x, other, sizeof x);
    for (size_t i = 0; i < LENGTH; i++)
        most = fabs((double)x[i] - (double)other[i]) > most ? fabs((double)x[i] - (double)other[i]) : most;
    ck_assert_double_lt(most, 3.0 / 255.0);
}
END_TEST

START_TEST(damaged_jpegs)
{
    draw_picture(1, 24, 20);
    put_jpeg(&file, 24, 20, JPEG_RGB);
    damage();
    put_jpeg(&file, 24, 20, JPEG_PROGRESSIVE);
    damage();
}
END_TEST

START_TEST(too_many_pixels_are_not_decoded)
{
    draw_picture(1, 20, 20);
    put_jpeg(&file, 20, 20, JPEG_RGB);
    FAILS(snn_images_decode(images, file.data, file.size, 399, 0, x), SNN_ERR_SHAPE,
          "20 x 20 pixels, more than the 399 that are allowed");
    for (size_t i = 0; i + 9 < file.size; i++) /* sides of the frame */
        if (file.data[i] == 0xff && file.data[i + 1] == 0xc0)
            memset(file.data + i + 5, 0xfe, 4);
    FAILS(decode(0, x), SNN_ERR_SHAPE, "65278 x 65278 pixels, more than the 67108864 that are allowed");
}
END_TEST
#endif

#ifdef SNN_IMAGES_PNG
START_TEST(pngs_of_all_kinds)
{
    draw_picture(1, SIDE, SIDE);
    put_png(&file, SIDE, SIDE, PNG_GREY);
    OK(decode(0, x));
    compare_with_green(x, 1e-4);
    for (int kind = PNG_RGB; kind <= PNG_PALETTE; kind++)
        if (kind != PNG_GREY) {
            put_png(&file, SIDE, SIDE, (enum png_kind)kind);
            OK(decode(0, x));
            compare_with_picture(x, 1e-4);
        }
}
END_TEST

START_TEST(damaged_pngs)
{
    draw_picture(1, 12, 10);
    put_png(&file, 12, 10, PNG_RGB);
    damage();
    put_png(&file, 12, 10, PNG_INTERLACED);
    damage();
}
END_TEST

START_TEST(a_png_says_how_large_it_is)
{
    draw_picture(1, 20, 20);
    put_png(&file, 20, 20, PNG_RGB);
    FAILS(snn_images_decode(images, file.data, file.size, 399, 0, x), SNN_ERR_SHAPE, "20 x 20 pixels");
}
END_TEST

/* Of 256 MB of texts none is kept. */
START_TEST(texts_beside_a_png_take_no_memory)
{
    struct rusage used, now;

    draw_picture(1, SIDE, SIDE);
    put_png_texts(&file, SIDE, SIDE, 64);
    getrusage(RUSAGE_SELF, &used);
    OK(decode(0, x));
    getrusage(RUSAGE_SELF, &now);
    compare_with_picture(x, 1e-4);
    ck_assert_int_lt(now.ru_maxrss - used.ru_maxrss, 64 << 10);
}
END_TEST

START_TEST(grey_samples_are_of_one_channel)
{
    draw_picture(1, SIDE, SIDE);
    put_png(&file, SIDE, SIDE, PNG_RGB);
    OK(decode(0, x));
    OK(snn_images_set_str(images, SNN_IMAGES_COLOUR, "grey"));
    OK(decode(0, other));
    for (size_t i = 0; i < SIDE * SIDE; i++)
        ck_assert_double_eq_tol((double)other[i],
                                0.299 * (double)x[i] + 0.587 * (double)x[SIDE * SIDE + i] +
                                    0.114 * (double)x[2 * SIDE * SIDE + i],
                                0.6 / 255.0);
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("images: decoding");
    TCase *tc = tcase_create("decoding");

    (void)damage; /* a build without either library reads nothing */
    (void)other;
    (void)compare_with_green;
    (void)compare_with_picture;
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, what_is_no_image_is_refused);
#ifdef SNN_IMAGES_JPEG
    tcase_add_test(tc, jpegs_of_all_kinds);
    tcase_add_test(tc, a_large_jpeg_is_reduced_as_it_is_decoded);
    tcase_add_test(tc, damaged_jpegs);
    tcase_add_test(tc, too_many_pixels_are_not_decoded);
#endif
#ifdef SNN_IMAGES_PNG
    tcase_add_test(tc, pngs_of_all_kinds);
    tcase_add_test(tc, damaged_pngs);
    tcase_add_test(tc, a_png_says_how_large_it_is);
    tcase_add_test(tc, texts_beside_a_png_take_no_memory);
    tcase_add_test(tc, grey_samples_are_of_one_channel);
#endif
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
