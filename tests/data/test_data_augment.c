/* Augmentation: what it does to an image, how often, and that it depends on seed, epoch and sample alone. */
#include "data/augment.h"
#include "data/data.h"
#include "support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define C 2
#define H 32
#define W 30
#define LENGTH (C * H * W)
#define COUNT 4000
#define FRAMES 2
#define PAD 4

static snn_context *ctx;
static snn_dataset *d;
static float x[LENGTH], y[LENGTH], scratch[LENGTH];
static uint32_t label;

/* Every pixel differs from its neighbours, none is 0; frame 1 is frame 0 plus 10000. */
static float pixel(size_t index, size_t frame, size_t c, size_t i, size_t j)
{
    return 1.0f + (float)(frame * 10000 + index % 3 * 3000 + c * 1000 + i * W + j);
}

static snn_status read_host(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    for (size_t k = 0; k < LENGTH; k++)
        sample->x[k] = pixel(index, frame, k / (H * W), k / W % H, k % W);
    sample->label = 0;
    return SNN_OK;
}

static void open_set(uint64_t seed)
{
    snn_dataset_source source;

    ctx = test_context(1, seed, "best");
    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = C;
    source.shape[1] = H;
    source.shape[2] = W;
    source.count = COUNT;
    source.classes = 1;
    source.frames = FRAMES;
    source.read = read_host;
    OK(snn_dataset_create(&d, ctx, &source));
}

static void setup(void)
{
    open_set(7);
}

static void teardown(void)
{
    snn_dataset_destroy(d);
    snn_context_destroy(ctx);
}

static void augmented(size_t index, size_t frame, uint64_t epoch, float *out)
{
    snn_sample sample = { .struct_size = sizeof sample, .x = out };

    OK(snn__dataset_frame(d, index, frame, true, epoch, scratch, &sample));
}

START_TEST(off_by_default)
{
    augmented(3, 1, 5, x);
    OK(read_labelled(d, 3, 1, y, &label));
    ck_assert_mem_eq(x, y, sizeof x);
}
END_TEST

/* Whether x is the image of sample `index`, frame 0, moved by (dy, dx), with zeros around it. */
static bool is_moved(size_t index, int dy, int dx)
{
    for (int c = 0; c < C; c++)
        for (int i = 0; i < H; i++)
            for (int j = 0; j < W; j++) {
                const int si = i + dy, sj = j + dx;
                const bool inside = si >= 0 && si < H && sj >= 0 && sj < W;
                const float expected = inside ? pixel(index, 0, (size_t)c, (size_t)si, (size_t)sj) : 0.0f;

                if (x[(c * H + i) * W + j] != expected)
                    return false;
            }
    return true;
}

START_TEST(crop_moves_the_image)
{
    size_t seen[2 * PAD + 1][2 * PAD + 1] = { { 0 } };

    OK(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, PAD));
    for (size_t index = 0; index < COUNT; index++) {
        const float corner = 1.0f + (float)(index % 3 * 3000);
        int dy, dx, k;

        augmented(index, 0, 1, x);
        k = (int)(x[PAD * W + PAD] - corner); /* wherever the window is, this pixel comes from the image */
        dy = k / W - PAD;
        dx = k % W - PAD;
        ck_assert(abs(dy) <= PAD && abs(dx) <= PAD && is_moved(index, dy, dx));
        seen[dy + PAD][dx + PAD]++;
    }
    for (int i = 0; i <= 2 * PAD; i++)
        for (int j = 0; j <= 2 * PAD; j++) /* 49.4 expected, deviation 7 */
            ck_assert(seen[i][j] > 20 && seen[i][j] < 90);
}
END_TEST

START_TEST(crop_wider_than_the_image)
{
    size_t empty = 0;

    OK(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, 100));
    for (size_t index = 0; index < 500; index++) {
        augmented(index, 0, 1, x);
        empty += x[0] == 0 && x[LENGTH - 1] == 0 && x[W / 2 + H / 2 * W] == 0;
    }
    ck_assert(empty > 200 && empty < 500);
}
END_TEST

START_TEST(flip_mirrors_half)
{
    size_t flipped = 0;

    OK(snn_dataset_set_i64(d, SNN_DATASET_FLIP, 1));
    for (size_t index = 0; index < COUNT; index++) {
        bool mirrored, right = true;

        augmented(index, 0, 2, x);
        mirrored = x[0] != pixel(index, 0, 0, 0, 0);
        for (size_t k = 0; k < LENGTH; k++)
            right = right && x[k] == pixel(index, 0, k / (H * W), k / W % H, mirrored ? W - 1 - k % W : k % W);
        ck_assert(right);
        flipped += mirrored;
    }
    ck_assert(flipped > 1850 && flipped < 2150); /* 2000, deviation 32 */
}
END_TEST

/* Finds the hole of x and checks that it is one rectangle, in all channels, of one grey value. */
static bool find_hole(size_t index, size_t *h, size_t *w, float *grey)
{
    size_t top = H, left = W, bottom = 0, right = 0, wrong = 0;

    for (size_t k = 0; k < H * W; k++)
        if (x[k] != pixel(index, 0, 0, k / W, k % W)) {
            top = k / W < top ? k / W : top;
            left = k % W < left ? k % W : left;
            bottom = k / W + 1;
            right = k % W + 1 > right ? k % W + 1 : right;
            *grey = x[k];
        }
    for (size_t k = 0; k < LENGTH; k++) {
        const size_t i = k / W % H, j = k % W;
        const bool inside = i >= top && i < bottom && j >= left && j < right;

        wrong += x[k] != (inside ? *grey : pixel(index, 0, k / (H * W), i, j));
    }
    ck_assert_uint_eq(wrong, 0);
    *h = bottom - top;
    *w = right - left;
    return top < H;
}

START_TEST(cutout_fills_a_rectangle)
{
    size_t holes = 0;
    double area = 0, grey_mean = 0, area_min = 1, area_max = 0, grey_min = 1, grey_max = 0;

    OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 0.5));
    for (size_t index = 0; index < COUNT; index++) {
        size_t h, w;
        float grey = 0;
        double share;

        augmented(index, 0, 3, x);
        if (!find_hole(index, &h, &w, &grey))
            continue;
        share = (double)(h * w) / (H * W);
        holes++;
        area += share;
        area_min = fmin(area_min, share);
        area_max = fmax(area_max, share);
        grey_mean += (double)grey;
        grey_min = fmin(grey_min, (double)grey);
        grey_max = fmax(grey_max, (double)grey);
        ck_assert((double)(h + 1) / (double)w > 0.4 && (double)h / (double)(w + 1) < 2.5); /* sides: rounded down */
    }
    ck_assert(holes > 1850 && holes < 2150);
    ck_assert(area_min > 0.01 && area_min < 0.03 && area_max > 0.36 && area_max <= 0.4);
    ck_assert_double_eq_tol(area / (double)holes, 0.195, 0.02); /* mean of 2 and 40 %, less what rounding takes */
    ck_assert(grey_min >= 0 && grey_min < 0.02 && grey_max > 0.98 && grey_max <= 1);
    ck_assert_double_eq_tol(grey_mean / (double)holes, 0.5, 0.03);
}
END_TEST

START_TEST(cutout_always_and_never)
{
    for (size_t index = 0; index < 300; index++) {
        size_t h, w;
        float grey;

        OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 1.0));
        augmented(index, 0, 3, x);
        ck_assert(find_hole(index, &h, &w, &grey));
        OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 0.0));
        augmented(index, 0, 3, x);
        ck_assert(!find_hole(index, &h, &w, &grey));
    }
}
END_TEST

static void everything(void)
{
    OK(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, PAD));
    OK(snn_dataset_set_i64(d, SNN_DATASET_FLIP, 1));
    OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 0.5));
}

START_TEST(frames_of_a_sample_change_alike)
{
    size_t wrong = 0;

    everything();
    for (size_t index = 0; index < 500; index++) {
        augmented(index, 0, 1, x);
        augmented(index, 1, 1, y);
        for (size_t k = 0; k < LENGTH; k++) /* up to 1: border, hole or the first pixel */
            wrong += y[k] != x[k] + 10000.0f && !(x[k] <= 1.0f && y[k] == x[k]);
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(depends_on_seed_epoch_and_sample_alone)
{
    static float first[20][LENGTH];
    size_t same_epoch = 0, same_seed = 0;

    everything();
    for (size_t i = 0; i < 20; i++)
        augmented(3 * i, 0, 1, first[i]);
    for (size_t i = 20; i-- > 0;) { /* again, in another order */
        augmented(3 * i, 0, 1, x);
        ck_assert_mem_eq(x, first[i], sizeof x);
        augmented(3 * i, 0, 2, x);
        same_epoch += memcmp(x, first[i], sizeof x) == 0;
    }
    ck_assert_uint_lt(same_epoch, 3);
    for (size_t i = 1; i < 20; i++) /* all these samples have the same pixels */
        ck_assert(memcmp(first[i], first[0], sizeof x) != 0);
    teardown();
    open_set(8);
    everything();
    for (size_t i = 0; i < 20; i++) {
        augmented(3 * i, 0, 1, x);
        same_seed += memcmp(x, first[i], sizeof x) == 0;
    }
    ck_assert_uint_lt(same_seed, 3);
}
END_TEST

/* Zeros come in from the border, and grey values go in, before the normalisation. */
START_TEST(normalised_afterwards)
{
    const double mean = 500, deviation = 250;
    size_t wrong = 0;

    everything();
    for (size_t index = 0; index < 50; index++) {
        OK(snn_dataset_normalise(d, NULL, NULL, 0));
        augmented(index, 0, 1, x);
        OK(snn_dataset_normalise(d, &mean, &deviation, 1));
        augmented(index, 0, 1, y);
        for (size_t k = 0; k < LENGTH; k++)
            wrong += y[k] != (x[k] - 500.0f) / 250.0f;
    }
    ck_assert_uint_eq(wrong, 0);
}
END_TEST

START_TEST(tiny_images)
{
    const struct snn__augment a = { 3, true, 1.0 };

    for (uint64_t sample = 0; sample < 1000; sample++) {
        struct snn__augment_draw draw;
        float one[2] = { 5, 6 }, room[2];

        snn__augment_draw(&a, 1, 1, sample, 1, 1, &draw);
        snn__augment_apply(&a, &draw, one, room, 2, 1, 1);
        ck_assert(one[0] == draw.grey && one[1] == draw.grey);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: augmentation");
    TCase *tc = tcase_create("augment");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, off_by_default);
    tcase_add_test(tc, crop_moves_the_image);
    tcase_add_test(tc, crop_wider_than_the_image);
    tcase_add_test(tc, flip_mirrors_half);
    tcase_add_test(tc, cutout_fills_a_rectangle);
    tcase_add_test(tc, cutout_always_and_never);
    tcase_add_test(tc, frames_of_a_sample_change_alike);
    tcase_add_test(tc, depends_on_seed_epoch_and_sample_alone);
    tcase_add_test(tc, normalised_afterwards);
    tcase_add_test(tc, tiny_images);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
