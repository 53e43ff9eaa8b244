/* Crops, resampling and colours against their definitions in double precision; the same bits on every machine. */
#include "files.h"
#include "picture.h"
#include <math.h>
#include <string.h>

enum { SIDE = 24, LENGTH = 3 * SIDE * SIDE };

#define RECORDED 0xa5fa6374894cb2daull

static snn_context *ctx;
static snn_images *images;
static struct snn__recipe recipe;
static uint8_t sample[LENGTH];

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    OK(snn_images_create(&images, ctx));
    OK(snn_images_set_i64(images, SNN_IMAGES_SIZE, SIDE));
    OK(snn__recipe_read(&recipe, images, "test"));
}

static void teardown(void)
{
    snn_images_destroy(images);
    snn_context_destroy(ctx);
}

/* The picture becomes a sample. */
static void make_sample(size_t width, size_t height, uint64_t seed)
{
    struct snn__picture p = { .ctx = ctx, .recipe = &recipe, .seed = seed, .pixels = 1 << 20, .sample = sample };
    unsigned eighths;

    p.columns.ctx = p.rows.ctx = ctx;
    OK(snn__picture_begin(&p, width, height, false, &eighths));
    ck_assert_uint_eq(eighths, 8);
    for (size_t y = 0; y < height; y++)
        snn__picture_row(&p, y, picture + y * width * 3);
    snn__picture_end(&p);
    snn__picture_free(&p);
}

/* ---- resampling ---- */

/* Weight of pixel j of a side for pixel i of the sample, not divided by the sum. */
static double weight(const struct snn__side *s, size_t i, size_t j)
{
    const double width = (double)s->used / (double)s->whole, reach = fmax(width, 1.0);
    const double centre = (double)s->first + ((double)(i + s->skip) + 0.5) * width;

    if (j < s->first || j >= s->first + s->used)
        return 0.0;
    return fmax(0.0, 1.0 - fabs((double)j + 0.5 - centre) / reach);
}

static double pixel_of(const struct snn__side side[2], size_t row, size_t column, size_t channel)
{
    double sum = 0, weights = 0;

    for (size_t y = 0; y < side[1].image; y++)
        for (size_t x = 0; x < side[0].image && weight(&side[1], row, y) > 0.0; x++) {
            const double w = weight(&side[1], row, y) * weight(&side[0], column, x);

            sum += w * picture[(y * side[0].image + x) * 3 + channel];
            weights += w;
        }
    return sum / weights;
}

static void compare_with_definition(size_t width, size_t height, uint64_t seed)
{
    struct snn__side side[2] = { { .image = width }, { .image = height } };

    make_sample(width, height, seed);
    snn__crop(&recipe, seed, side);
    for (size_t channel = 0; channel < 3; channel++)
        for (size_t y = 0; y < SIDE; y++)
            for (size_t x = 0; x < SIDE; x++)
                ck_assert_double_eq_tol(sample[(channel * SIDE + y) * SIDE + x], pixel_of(side, y, x, channel), 1.01);
}

START_TEST(pixels_are_as_defined)
{
    draw_picture(3, 90, 70);
    for (uint64_t seed = 0; seed < 4; seed++)
        compare_with_definition(90, 70, seed);
    draw_picture(4, 10, 17); /* smaller than the sample */
    for (uint64_t seed = 0; seed < 4; seed++)
        compare_with_definition(10, 17, seed);
    draw_picture(5, 1, 200);
    compare_with_definition(1, 200, 0);
    compare_with_definition(1, 200, 1);
}
END_TEST

START_TEST(what_is_even_stays_even)
{
    memset(picture, 137, sizeof picture);
    for (uint64_t seed = 0; seed < 20; seed++) {
        make_sample(97, 53, seed);
        for (size_t i = 0; i < LENGTH; i++)
            ck_assert_uint_eq(sample[i], 137);
    }
}
END_TEST

START_TEST(an_image_of_the_size_of_the_sample_is_the_sample)
{
    OK(snn_images_set_i64(images, SNN_IMAGES_RESIZE, SIDE));
    OK(snn__recipe_read(&recipe, images, "test"));
    draw_picture(6, SIDE, SIDE);
    make_sample(SIDE, SIDE, 0);
    for (size_t channel = 0; channel < 3; channel++)
        for (size_t i = 0; i < SIDE * SIDE; i++)
            ck_assert_uint_eq(sample[channel * SIDE * SIDE + i], picture[3 * i + channel]);
}
END_TEST

/* ---- crops ---- */

START_TEST(random_crops_have_the_areas_and_aspects_that_are_asked_for)
{
    double least = 1, most = 0, sum = 0, left = 1e9, right = 0;

    for (uint64_t seed = 1; seed <= 4000; seed++) {
        struct snn__side side[2] = { { .image = 200 }, { .image = 160 } };
        double area, ratio;

        snn__crop(&recipe, seed, side);
        area = (double)(side[0].used * side[1].used) / (200.0 * 160.0);
        ratio = (double)side[0].used / (double)side[1].used;
        ck_assert(side[0].first + side[0].used <= 200 && side[1].first + side[1].used <= 160);
        ck_assert_double_ge(area, 0.075);
        ck_assert_double_ge(ratio, 0.73);
        ck_assert_double_le(ratio, 1.36);
        least = fmin(least, area);
        most = fmax(most, area);
        sum += area;
        left = fmin(left, (double)side[0].first);
        right = fmax(right, (double)(side[0].first + side[0].used));
    }
    ck_assert_double_lt(least, 0.09);
    ck_assert_double_gt(most, 0.95);
    ck_assert_double_eq_tol(sum / 4000, 0.455, 0.015); /* 0.54, less the large ones that do not fit */
    ck_assert(left == 0 && right == 200);
}
END_TEST

START_TEST(what_fits_nowhere_takes_the_middle)
{
    struct snn__side side[2] = { { .image = 1000 }, { .image = 10 } };

    recipe.scale[0] = recipe.scale[1] = 1;
    snn__crop(&recipe, 5, side);
    ck_assert(side[0].used == 13 && side[0].first == 493 && side[1].used == 10 && side[1].first == 0);
}
END_TEST

START_TEST(the_centre_is_that_of_the_resized_image)
{
    struct snn__side side[2] = { { .image = 500 }, { .image = 375 } };

    OK(snn_images_set_i64(images, SNN_IMAGES_SIZE, 224));
    OK(snn__recipe_read(&recipe, images, "test"));
    snn__crop(&recipe, 0, side);
    ck_assert(side[0].whole == 341 && side[0].skip == 58 && side[1].whole == 256 && side[1].skip == 16);
    recipe.random = false;
    snn__crop(&recipe, 9, side);
    ck_assert(side[0].whole == 341 && side[0].skip == 58);
}
END_TEST

/* ---- colours ---- */

static double clip(double x)
{
    return x < 0 ? 0 : x > 255 ? 255 : x;
}

static double grey_of(const double c[3])
{
    return 0.299 * c[0] + 0.587 * c[1] + 0.114 * c[2];
}

/* What of the draw is as large as `strength`: 1 - strength to 1 + strength, or a turn. */
static double amount(uint64_t seed, int which)
{
    const uint64_t range = 2 * (uint64_t)recipe.strength[which] + 1;
    const uint32_t word = snn_component_random(seed, SNN__DRAW_FACTOR + (unsigned)which);

    return ((double)(range * word >> 32) - recipe.strength[which]) / 65536.0;
}

/* Turns a hue by way of HSV: value, saturation and hue of 0 to 6. */
static void turn_hue(double c[3], double turn)
{
    const double most = fmax(c[0], fmax(c[1], c[2])), range = most - fmin(c[0], fmin(c[1], c[2]));
    double hue, f;
    int i;

    if (range == 0)
        return;
    hue = most == c[0] ? (c[1] - c[2]) / range : most == c[1] ? (c[2] - c[0]) / range + 2 : (c[0] - c[1]) / range + 4;
    hue = fmod(hue + 6 * turn + 12, 6);
    i = (int)hue;
    f = hue - i;
    {
        const double p = most - range, q = most - range * f, t = most - range * (1 - f);
        const double out[6][3] = { { most, t, p }, { q, most, p }, { p, most, t },
                                   { p, q, most }, { t, p, most }, { most, p, q } };

        memcpy(c, out[i], sizeof out[i]);
    }
}

static void change(double c[3], int which, double by, double mean)
{
    const double grey = grey_of(c);

    if (which == SNN__HUE)
        turn_hue(c, by);
    for (int k = 0; k < 3 && which != SNN__HUE; k++) {
        const double from = which == SNN__BRIGHTNESS ? 0 : which == SNN__CONTRAST ? mean : grey;

        c[k] = clip(from + (1 + by) * (c[k] - from));
    }
}

START_TEST(colours_change_as_defined)
{
    static uint8_t rgb[LENGTH];
    const size_t n = SIDE * SIDE;

    draw_picture((unsigned)_i, SIDE, SIDE);
    for (int which = 0; which < SNN__COLOURS; which++)
        for (uint64_t seed = 1; seed < 8; seed++) {
            double mean = 0;

            memset(recipe.strength, 0, sizeof recipe.strength);
            recipe.strength[which] = which == SNN__HUE ? 32768 : 39000;
            for (size_t i = 0; i < LENGTH; i++)
                rgb[i % 3 * n + i / 3] = picture[i];
            for (size_t i = 0; i < n; i++)
                mean += grey_of((double[3]){ rgb[i], rgb[n + i], rgb[2 * n + i] }) / (double)n;
            snn__colour(&recipe, seed, rgb, n);
            for (size_t i = 0; i < n; i++) {
                double c[3] = { picture[3 * i], picture[3 * i + 1], picture[3 * i + 2] };

                change(c, which, amount(seed, which), mean);
                for (size_t k = 0; k < 3; k++)
                    ck_assert_msg(fabs(rgb[k * n + i] - c[k]) <= 2.0, "change %d: %d, %g", which, rgb[k * n + i],
                                  c[k]);
            }
        }
}
END_TEST

START_TEST(changes_apply_in_all_orders)
{
    static uint8_t rgb[3], other[3];
    bool differ = false;

    for (int i = 0; i < SNN__COLOURS; i++)
        recipe.strength[i] = 30000;
    for (uint64_t seed = 1; seed < 50; seed++) {
        rgb[0] = 250, rgb[1] = 120, rgb[2] = 10;
        snn__colour(&recipe, seed, rgb, 1);
        for (int i = 0; i < SNN__COLOURS; i++) { /* one after the other, in the order of the list */
            struct snn__recipe one = recipe;

            memset(one.strength, 0, sizeof one.strength);
            one.strength[i] = recipe.strength[i];
            if (i == 0)
                other[0] = 250, other[1] = 120, other[2] = 10;
            snn__colour(&one, seed, other, 1);
        }
        differ |= memcmp(rgb, other, sizeof rgb) != 0;
    }
    ck_assert(differ);
}
END_TEST

/* ---- the same everywhere ---- */

START_TEST(samples_have_the_recorded_bits)
{
    uint64_t sum = 0xcbf29ce484222325ull;

    for (int i = 0; i < SNN__COLOURS; i++)
        recipe.strength[i] = 20000;
    for (size_t i = 0; i < sizeof picture; i++)
        picture[i] = (uint8_t)(i * i / 7 + i / 100);
    for (uint64_t seed = 0; seed < 60; seed++) {
        make_sample((size_t)(20 + 3 * seed), (size_t)(150 - 2 * seed), seed * 0x9e3779b97f4a7c15ull);
        for (size_t i = 0; i < LENGTH; i++)
            sum = (sum ^ sample[i]) * 0x100000001b3ull;
    }
    ck_assert_msg(sum == RECORDED, "0x%llxull", (unsigned long long)sum);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("images: pixels");
    TCase *tc = tcase_create("pixels");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, pixels_are_as_defined);
    tcase_add_test(tc, what_is_even_stays_even);
    tcase_add_test(tc, an_image_of_the_size_of_the_sample_is_the_sample);
    tcase_add_test(tc, random_crops_have_the_areas_and_aspects_that_are_asked_for);
    tcase_add_test(tc, what_fits_nowhere_takes_the_middle);
    tcase_add_test(tc, the_centre_is_that_of_the_resized_image);
    tcase_add_loop_test(tc, colours_change_as_defined, 0, 4);
    tcase_add_test(tc, changes_apply_in_all_orders);
    tcase_add_test(tc, samples_have_the_recorded_bits);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
