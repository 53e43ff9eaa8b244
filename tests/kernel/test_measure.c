/* Timing the ways to a product: names, what is refused, what is picked, and nothing left behind where memory ends. */
#include "support.h"
#include <math.h>
#include <snn/sys/product.h>
#include <string.h>

static const snn_product_shape matrix = { sizeof matrix, 8, 70, 1, 20, 1, 1, 0, 0.2 };
static const snn_product_shape map = { sizeof map, 16, 64, 8, 64, 3, 1, 1, 0.2 };

static const char *pick(snn_context *ctx, snn_product_shape shape, double density)
{
    const char *way;

    shape.density = density;
    OK(snn_product_pick(ctx, "spikes", &shape, &way));
    return way;
}

START_TEST(every_way_is_timed)
{
    snn_context *ctx = test_context(2, 1, "best");
    size_t n = 0;

    for (const char *way; (way = snn_product_way(n)) != NULL; n++) {
        double seconds;

        if (strcmp(way, "matrix") == 0 || strcmp(way, "slices") == 0) { /* not all machines have that unit */
            const char *kind = strcmp(way, "matrix") == 0 ? "spikes" : "gradients";
            const snn_status rc = snn_product_measure(ctx, kind, &map, way, &seconds);

            ck_assert(rc == SNN_OK ? seconds > 0 : rc == SNN_ERR_UNSUPPORTED);
            continue;
        }
        if (HAS_WAYS || strcmp(way, "dense") == 0 || strcmp(way, "bits") == 0) {
            OK(snn_product_measure(ctx, "spikes", &map, way, &seconds));
            ck_assert_double_gt(seconds, 0);
        }
        if (strcmp(way, "winograd") == 0)
            FAILS(snn_product_measure(ctx, "spikes", &matrix, way, &seconds), SNN_ERR_UNSUPPORTED,
                  "does not take this shape");
        else if (HAS_WAYS)
            OK(snn_product_measure(ctx, "spikes", &matrix, way, &seconds));
    }
    ck_assert_uint_eq(n, 7);
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(density_and_sizes_pick)
{
    snn_context *ctx = test_context(1, 1, "avx512"); /* without a matrix unit */
    snn_product_shape shape = matrix;

    ck_assert_str_eq(pick(ctx, shape, 0.5), "dense");
    ck_assert_str_eq(pick(ctx, shape, 0.01), "events");
    shape.samples = 1;
    ck_assert_str_eq(pick(ctx, shape, 0.5), "events");
    shape.samples = 1000;
    ck_assert_str_eq(pick(ctx, shape, 0.5), "lookup");
    ck_assert_str_eq(pick(ctx, map, 1.0), "lookup");
    ck_assert_str_eq(pick(ctx, map, 0.01), "events");
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(wrong_shapes_are_refused)
{
    snn_context *ctx = test_context(1, 1, "ref");
    snn_product_shape shape;
    const char *way;
    double seconds;

    FAILS(snn_product_measure(NULL, "spikes", &matrix, "dense", &seconds), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_measure(ctx, "spikes", NULL, "dense", &seconds), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_product_measure(ctx, "spikes", &matrix, "dense", NULL), SNN_ERR_ARGUMENT, "seconds is NULL");
    FAILS(snn_product_measure(ctx, "spikes", &matrix, NULL, &seconds), SNN_ERR_ARGUMENT, "no way is called");
    FAILS(snn_product_measure(ctx, "spikes", &matrix, "fast", &seconds), SNN_ERR_ARGUMENT, "no way is called");
    FAILS(snn_product_pick(ctx, "spikes", &matrix, NULL), SNN_ERR_ARGUMENT, "way is NULL");
    FAILS(snn_product_pick(ctx, "spikes", NULL, &way), SNN_ERR_ARGUMENT, "NULL");
    ck_assert_ptr_null(way);
    shape = matrix;
    shape.struct_size = 4;
    FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_ARGUMENT, "struct_size");
    for (int i = 0; i < 6; i++) {
        shape = matrix;
        *(i == 0   ? &shape.samples
          : i == 1 ? &shape.channels
          : i == 2 ? &shape.side
          : i == 3 ? &shape.outputs
          : i == 4 ? &shape.kernel
                   : &shape.stride) = 0;
        FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_ARGUMENT, "at least 1");
    }
    shape = matrix;
    shape.density = -0.1;
    FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_ARGUMENT, "density");
    shape.density = NAN;
    FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_ARGUMENT, "density");
    shape = map;
    shape.kernel = 11;
    FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_SHAPE, "does not fit");
    shape =
        (snn_product_shape){ sizeof shape, UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 3, 1, UINT32_MAX, 0.1 };
    FAILS(snn_product_pick(ctx, "spikes", &shape, &way), SNN_ERR_MEMORY, "too large");
    FAILS(snn_product_measure(ctx, "spikes", &shape, "dense", &seconds), SNN_ERR_MEMORY, "too large");
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
    snn_status rc = SNN_ERR_MEMORY;
    size_t n = 0;

    for (; rc != SNN_OK; n++) {
        struct counting c = { 0 };
        snn_context_options options;
        snn_context *ctx;
        const char *way;

        counting_options(&c, &options);
        options.threads = 1;
        OK(snn_context_create(&ctx, &options));
        c.fail_at = c.calls + n + 1;
        rc = snn_product_pick(ctx, "spikes", &map, &way);
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        ck_assert((way != NULL) == (rc == SNN_OK));
        snn_context_destroy(ctx);
        ck_assert_uint_eq(c.live, 0);
    }
    ck_assert_uint_gt(n, 5);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("measure");
    TCase *t = tcase_create("measure");

    tcase_set_timeout(t, 120);
    tcase_add_test(t, every_way_is_timed);
    if (HAS_WAYS)
        tcase_add_test(t, density_and_sizes_pick);
    tcase_add_test(t, wrong_shapes_are_refused);
    tcase_add_test(t, every_allocation_may_fail);
    suite_add_tcase(s, t);
    return run_suite(s);
}
