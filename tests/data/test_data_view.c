/* Views: which samples they have, in what order, under which labels; who owns what. */
#include "files.h"
#include <math.h>

#define COUNT 100
#define CLASSES 5

static snn_context *ctx;
static size_t reads, closed;

static uint32_t class_of(size_t index)
{
    return (uint32_t)(index * 7 % 10 % CLASSES);
}

static snn_status read_number(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    (void)frame;
    reads++;
    sample->x[0] = (float)index;
    if (sample->target != NULL)
        sample->target[0] = (float)index / 2.0f;
    sample->label = class_of(index);
    return SNN_OK;
}

static snn_status tell(void *user, size_t index, uint32_t *label)
{
    (void)user;
    *label = class_of(index);
    return SNN_OK;
}

static void count_close(void *user)
{
    (void)user;
    closed++;
}

static snn_dataset *numbers(snn_context *in, bool tells, size_t targets)
{
    snn_dataset_source source;
    snn_dataset *d;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = 1;
    source.count = COUNT;
    source.classes = targets > 0 ? 0 : CLASSES;
    source.targets = targets;
    source.read = read_number;
    source.label = tells ? tell : NULL;
    source.close = count_close;
    OK(snn_dataset_create(&d, in, &source));
    return d;
}

static snn_view_options view_of(snn_view_part part, double share, const uint32_t *classes, size_t n)
{
    snn_view_options o;

    OK(snn_view_options_init(&o, sizeof o));
    o.part = part;
    o.share = share;
    o.classes = classes;
    o.n_classes = n;
    return o;
}

/* The numbers of the parent's samples that a view has, in its order; frees the view. */
static size_t indices(snn_dataset *view, size_t *out, uint32_t *label)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    OK(snn_dataset_get_info(view, &info));
    for (size_t i = 0; i < info.count; i++) {
        uint32_t told;
        float x;

        OK(read_labelled(view, i, 0, &x, &label[i]));
        OK(snn_dataset_label(view, i, &told));
        ck_assert_uint_eq(told, label[i]);
        out[i] = (size_t)x;
        ck_assert(i == 0 || out[i] > out[i - 1]);
    }
    snn_dataset_destroy(view);
    return info.count;
}

static void setup(void)
{
    ctx = test_context(1, 7, "best");
    reads = closed = 0;
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

START_TEST(some_classes)
{
    static const uint32_t classes[] = { 3, 0 };
    const snn_view_options o = view_of(SNN_VIEW_ALL, 1.0, classes, 2);
    snn_dataset *d = numbers(ctx, true, 0), *view;
    size_t index[COUNT], n, expected = 0;
    uint32_t label[COUNT];
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    OK(snn_dataset_view(&view, d, &o));
    ck_assert_uint_eq(reads, 0);
    OK(snn_dataset_get_info(view, &info));
    ck_assert_uint_eq(info.classes, 2);
    n = indices(view, index, label);
    for (size_t i = 0; i < COUNT; i++)
        expected += class_of(i) == 3 || class_of(i) == 0;
    ck_assert_uint_eq(n, expected);
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(classes[label[i]], class_of(index[i]));
    snn_dataset_destroy(d);
}
END_TEST

/* A share and its rest are the whole, with the same share of every class; the draw is the seed's. */
START_TEST(shares)
{
    snn_dataset *d = numbers(ctx, _i, 0), *view;
    size_t first[COUNT], rest[COUNT], again[COUNT], of[CLASSES] = { 0 }, n, m;
    uint32_t label[COUNT];
    snn_view_options o = view_of(SNN_VIEW_SHARE, 0.7, NULL, 0);
    bool seen[COUNT] = { false };

    o.seed = 5;
    OK(snn_dataset_view(&view, d, &o));
    n = indices(view, first, label);
    ck_assert_uint_eq(n, 70);
    for (size_t i = 0; i < n; i++) {
        seen[first[i]] = true;
        of[label[i]]++;
    }
    for (size_t c = 0; c < CLASSES; c++)
        ck_assert_uint_eq(of[c], 14);
    OK(snn_dataset_view(&view, d, &o));
    indices(view, again, label);
    ck_assert_mem_eq(first, again, n * sizeof *first);
    o.part = SNN_VIEW_REST;
    OK(snn_dataset_view(&view, d, &o));
    m = indices(view, rest, label);
    ck_assert_uint_eq(n + m, COUNT);
    for (size_t i = 0; i < m; i++)
        ck_assert(!seen[rest[i]]);
    o.part = SNN_VIEW_SHARE;
    o.seed = 6;
    OK(snn_dataset_view(&view, d, &o));
    indices(view, again, label);
    ck_assert(memcmp(first, again, n * sizeof *first) != 0);
    snn_dataset_destroy(d);
}
END_TEST

/* The same on every machine: Philox of the seed, the class and the number in the class. */
START_TEST(a_share_is_the_same_everywhere)
{
    static const size_t expected[] = { 16, 26, 56, 61, 91 };
    static const uint32_t class = 2;
    snn_dataset *d = numbers(ctx, true, 0), *view;
    snn_view_options o = view_of(SNN_VIEW_SHARE, 0.25, &class, 1);
    size_t index[COUNT];
    uint32_t label[COUNT];

    OK(snn_dataset_view(&view, d, &o));
    ck_assert_uint_eq(indices(view, index, label), 5);
    ck_assert_mem_eq(index, expected, sizeof expected);
    snn_dataset_destroy(d);
}
END_TEST

/* Which other classes are in use does not matter, and views go through views. */
START_TEST(a_share_of_a_class_is_its_own)
{
    static const uint32_t classes[] = { 4, 1 };
    snn_view_options share = view_of(SNN_VIEW_SHARE, 0.5, NULL, 0), some = view_of(SNN_VIEW_ALL, 1.0, classes, 2),
                     both = view_of(SNN_VIEW_SHARE, 0.5, classes, 2);
    snn_dataset *d = numbers(ctx, false, 0), *half, *through, *direct;
    size_t a[COUNT], b[COUNT], n;
    uint32_t label[COUNT], other[COUNT];

    OK(snn_dataset_view(&half, d, &share));
    OK(snn_dataset_view(&through, half, &some));
    OK(snn_dataset_view(&direct, d, &both));
    snn_dataset_destroy(d);
    snn_dataset_destroy(half);
    ck_assert_uint_eq(closed, 0);
    n = indices(through, a, label);
    ck_assert_uint_eq(n, 20);
    ck_assert_uint_eq(indices(direct, b, other), n);
    ck_assert_mem_eq(a, b, n * sizeof *a);
    ck_assert_mem_eq(label, other, n * sizeof *label);
    ck_assert_uint_eq(closed, 1);
}
END_TEST

START_TEST(targets_have_no_classes)
{
    snn_dataset *d = numbers(ctx, false, 1), *view;
    snn_view_options o = view_of(SNN_VIEW_REST, 0.9, NULL, 0);
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    uint32_t label;
    float x, y;

    o.limit = 4;
    OK(snn_dataset_view(&view, d, &o));
    ck_assert_uint_eq(reads, 0);
    OK(snn_dataset_get_info(view, &info));
    ck_assert(info.count == 4 && info.classes == 0 && info.targets == 1);
    sample.x = &x;
    sample.target = &y;
    OK(snn_dataset_read(view, 3, 0, &sample));
    ck_assert_float_eq(y, x / 2.0f);
    FAILS(snn_dataset_label(view, 0, &label), SNN_ERR_ARGUMENT, "targets, not labels");
    snn_dataset_destroy(view);
    o.classes = &(const uint32_t){ 0 };
    o.n_classes = 1;
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "the samples have targets");
    snn_dataset_destroy(d);
}
END_TEST

/* limit and label_first of the parent count, its normalisation does not. */
START_TEST(parameters_of_the_parent)
{
    const snn_view_options o = view_of(SNN_VIEW_ALL, 1.0, NULL, 0);
    const double mean = 10.0, deviation = 2.0;
    snn_dataset *d = numbers(ctx, true, 0), *view;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    uint32_t label;
    float x;

    OK(snn_dataset_set_i64(d, SNN_DATASET_LIMIT, 12));
    OK(snn_dataset_normalise(d, &mean, &deviation, 1));
    OK(snn_dataset_view(&view, d, &o));
    OK(snn_dataset_get_info(view, &info));
    ck_assert_uint_eq(info.count, 12);
    OK(read_labelled(view, 11, 0, &x, &label));
    ck_assert_float_eq(x, 11.0f);
    OK(snn_dataset_normalise(view, &mean, &deviation, 1));
    OK(read_labelled(view, 11, 0, &x, &label));
    ck_assert_float_eq(x, 0.5f);
    snn_dataset_destroy(view);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(wrong_options)
{
    static const uint32_t classes[] = { 1, 5, 1 };
    snn_dataset *d = numbers(ctx, true, 0), *view = d;
    snn_view_options o = view_of((snn_view_part)3, 0.5, NULL, 0);

    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "part is 3");
    ck_assert_ptr_null(view);
    o = view_of(SNN_VIEW_SHARE, (double)NAN, NULL, 0);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "not in 0 .. 1");
    o = view_of(SNN_VIEW_SHARE, 0.0, NULL, 0);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT,
          "none of 100 samples is left: a share of 0 is less than half");
    o = view_of(SNN_VIEW_REST, 1.0, NULL, 0);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "a share of 1 takes them all; take less");
    o = view_of(SNN_VIEW_ALL, 1.0, classes, 3);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "class 5; there are 5");
    o = view_of(SNN_VIEW_ALL, 1.0, (const uint32_t[]){ 1, 2, 1 }, 3);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "class 1 is named twice");
    o = view_of(SNN_VIEW_ALL, 1.0, NULL, 2);
    FAILS(snn_dataset_view(&view, d, &o), SNN_ERR_ARGUMENT, "classes is NULL");
    FAILS(snn_dataset_view(NULL, d, &o), SNN_ERR_ARGUMENT, "out");
    FAILS(snn_dataset_view(&view, NULL, &o), SNN_ERR_ARGUMENT, "data set is NULL");
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(nth_allocation_fails)
{
    struct counting c = { 0 };
    const snn_view_options o = view_of(SNN_VIEW_SHARE, 0.5, NULL, 0);
    snn_context_options options;
    snn_context *counted;
    snn_dataset *d, *view = NULL;
    snn_status rc = SNN_ERR_MEMORY;
    size_t live, n;

    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&counted, &options));
    d = numbers(counted, false, 0);
    live = c.live;
    for (n = 1; rc != SNN_OK && n < 200; n++) {
        c.fail_at = c.calls + n;
        rc = snn_dataset_view(&view, d, &o);
        ck_assert(rc == SNN_OK || (rc == SNN_ERR_MEMORY && view == NULL && c.live == live));
    }
    ck_assert_uint_gt(n, 100);
    snn_dataset_destroy(view);
    snn_dataset_destroy(d);
    snn_context_destroy(counted);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

/* Subsets of CIFAR-10, where it is. */
START_TEST(classes_of_cifar)
{
    static const uint32_t classes[] = { 3, 5 };
    const snn_view_options o = view_of(SNN_VIEW_SHARE, 0.1, classes, 2);
    const char *path = data_path("cifar10");
    snn_dataset *d, *view;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    uint32_t label, own;
    float *x;

    if (path == NULL)
        return;
    x = malloc(3072 * sizeof *x);
    OK(snn_dataset_open(&d, ctx, "cifar10", path, SNN_SPLIT_TEST));
    OK(snn_dataset_view(&view, d, &o));
    OK(snn_dataset_get_info(view, &info));
    ck_assert(info.classes == 2 && info.count > 0 && info.shape[1] == 32);
    for (size_t i = 0; i < info.count; i++) {
        OK(snn_dataset_label(view, i, &label));
        OK(read_labelled(view, i, 0, x, &own));
        ck_assert(label == own && label < 2);
    }
    snn_dataset_destroy(d);
    snn_dataset_destroy(view);
    free(x);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: views");
    TCase *tc = tcase_create("views");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, some_classes);
    tcase_add_loop_test(tc, shares, 0, 2);
    tcase_add_test(tc, a_share_is_the_same_everywhere);
    tcase_add_test(tc, a_share_of_a_class_is_its_own);
    tcase_add_test(tc, targets_have_no_classes);
    tcase_add_test(tc, parameters_of_the_parent);
    tcase_add_test(tc, wrong_options);
    tcase_add_test(tc, nth_allocation_fails);
    tcase_add_test(tc, classes_of_cifar);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
