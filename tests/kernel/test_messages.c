/* What ranks send: every table gives the bits of plain C, and plain C those of the definition. */
#include "kernel/layers.h"
#include "support.h"
#include <math.h>
#include <string.h>

enum { MOST = 1600 };

static const size_t lengths[] = { 0, 1, 15, 16, 17, 31, 32, 33, 511, 512, 513, 1599 };

static void fill(float *x, size_t n, unsigned seed)
{
    static const float special[] = { -0.0f,       0.0f,        INFINITY, -INFINITY, NAN,
                                     1.00390625f, 1.01171875f, 3.4e38f,  -3.4e38f,  1e-38f };

    random_fill(x, n, -2, 2, seed);
    for (size_t i = 0; i < n && seed % 2; i++)
        if (i % 97 < 10)
            x[i] = special[i % 97];
}

static bool same(const void *a, const void *b, size_t bytes)
{
    return bytes == 0 || memcmp(a, b, bytes) == 0;
}

typedef void pack_fn(void *to, float *x, size_t n);
typedef void unpack_fn(float *to, const void *from, size_t n);

static void check_pack(pack_fn *pack, unpack_fn *unpack, pack_fn *plain_pack, unpack_fn *plain_unpack, size_t n,
                       unsigned seed)
{
    float x[MOST], y[MOST], got[MOST] = { 0 }, expected[MOST] = { 0 };
    uint32_t image[MOST] = { 0 }, plain_image[MOST] = { 0 };

    fill(x, n, seed);
    memcpy(y, x, sizeof y);
    pack(image, x, n);
    plain_pack(plain_image, y, n);
    ck_assert(same(image, plain_image, sizeof image));
    for (size_t i = 0; i < n; i++) /* which not-a-number it is may differ */
        ck_assert(same(&x[i], &y[i], sizeof *x) || (isnan(x[i]) && isnan(y[i])));
    unpack(got, image, n);
    plain_unpack(expected, plain_image, n);
    for (size_t i = 0; i < n; i++)
        ck_assert(same(&got[i], &expected[i], sizeof *got) || (isnan(got[i]) && isnan(expected[i])));
}

static void check_leaf(const struct snn__layer_kernels *k, const struct snn__layer_kernels *plain, size_t n)
{
    float x[MOST], y[MOST] = { 0 }, z[MOST] = { 0 };

    fill(x, n, 2);
    k->leaf(y, -0.3f, x, n);
    plain->leaf(z, -0.3f, x, n);
    ck_assert(same(y, z, sizeof y));
    k->leaf_add(y, 0.7f, x, n);
    plain->leaf_add(z, 0.7f, x, n);
    ck_assert(same(y, z, sizeof y));
    x[0] = -0.0f;
    k->leaf(x, 1, x, 1);
    ck_assert(x[0] == 0 && !signbit(x[0]));
}

START_TEST(test_tables)
{
    const struct snn__layer_kernels *plain = snn__kernels_at(0)->layers;
    const struct snn__kernels *k;

    for (size_t table = 0; (k = snn__kernels_at(table)) != NULL; table++)
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            for (unsigned seed = 1; seed < 5; seed++) {
                const size_t n = lengths[i];

                check_pack(k->layers->pack_halves, k->layers->unpack_halves, plain->pack_halves, plain->unpack_halves,
                           n, seed);
                if (seed % 2 == 0 || n < SNN__SIGN_BLOCK)
                    check_pack(k->layers->pack_signs, k->layers->unpack_signs, plain->pack_signs, plain->unpack_signs,
                               n, seed);
            }
            check_leaf(k->layers, plain, lengths[i]);
        }
}
END_TEST

START_TEST(test_halves)
{
    static const struct {
        float x, half;
    } rows[] = { { 1, 1 },
                 { 1.00390625f, 1 },            /* a tie, to the even one */
                 { 1.01171875f, 1.015625f },    /* and up to it */
                 { -1.00390637f, -1.0078125f }, /* just above a tie */
                 { 3.4e38f, INFINITY },         /* beyond the largest one */
                 { -0.0f, -0.0f },
                 { -INFINITY, -INFINITY } };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint16_t half;
        float x = rows[i].x, back;

        snn__kernels_at(0)->layers->pack_halves(&half, &x, 1);
        snn__kernels_at(0)->layers->unpack_halves(&back, &half, 1);
        ck_assert_msg(same(&back, &rows[i].half, sizeof back), "%a became %a", (double)rows[i].x, (double)back);
        if (isfinite(back))
            ck_assert(x == rows[i].x - back);
    }
}
END_TEST

/* Not a number stays none, in both. */
START_TEST(test_not_a_number)
{
    const struct snn__layer_kernels *k = snn__kernels_at(0)->layers;
    uint32_t image[SNN__SIGN_BYTES / 4];
    const uint32_t quiet = 0x7f800001u;
    float x[3] = { 1, 2, 0 }, back[3];

    memcpy(&x[2], &quiet, sizeof quiet);
    k->pack_halves(image, x, 3);
    k->unpack_halves(back, image, 3);
    ck_assert(back[0] == 1 && isnan(back[2]));
    memcpy(x, ((float[]){ 1, 2, NAN }), sizeof x);
    k->pack_signs(image, x, 3);
    k->unpack_signs(back, image, 3);
    ck_assert(isnan(back[0]) && isnan(back[2]));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("messages");
    TCase *cases = tcase_create("messages");

    tcase_add_test(cases, test_tables);
    tcase_add_test(cases, test_halves);
    tcase_add_test(cases, test_not_a_number);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
