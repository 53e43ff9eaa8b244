/* Data sets of a host's callback: description, checks, parameters, statistics, normalisation. */
#include "core/size.h"
#include "data/data.h"
#include "support.h"
#include <math.h>
#include <string.h>

#define C 2
#define H 3
#define W 4
#define LENGTH (C * H * W)
#define COUNT 50
#define FRAMES 3

static snn_context *ctx;
static snn_dataset_source source;

/* What the host's callback does wrong, and what it saw. */
static struct host {
    size_t bad_index;
    float bad_value;
    uint32_t bad_label;
    snn_status rc;
    int closed;
} host;

static float value(size_t index, size_t frame, size_t i)
{
    return 1000.0f + (float)((index * 31 + frame * 17 + i * 7) % 64) * 0.25f;
}

static snn_status read_host(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct host *h = user;
    float *x = sample->x;

    for (size_t i = 0; i < LENGTH; i++)
        x[i] = value(index, frame, i);
    sample->label = (uint32_t)(index % 5);
    if (index == h->bad_index) {
        x[LENGTH - 1] += h->bad_value;
        sample->label += h->bad_label;
        return h->rc;
    }
    return SNN_OK;
}

static void close_host(void *user)
{
    ((struct host *)user)->closed++;
}

static void setup(void)
{
    ctx = test_context(2, 1, "best");
    memset(&host, 0, sizeof host);
    host.bad_index = SIZE_MAX;
    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = C;
    source.shape[1] = H;
    source.shape[2] = W;
    source.count = COUNT;
    source.classes = 5;
    source.frames = FRAMES;
    source.read = read_host;
    source.close = close_host;
    source.user = &host;
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

static snn_dataset *make(void)
{
    snn_dataset *d = NULL;

    OK(snn_dataset_create(&d, ctx, &source));
    return d;
}

START_TEST(describes_and_reads)
{
    snn_dataset *d = make();
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    float x[LENGTH];
    uint32_t label;

    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.rank, 3);
    ck_assert_uint_eq(info.shape[2], W);
    ck_assert_uint_eq(info.count, COUNT);
    ck_assert_uint_eq(info.classes, 5);
    ck_assert_uint_eq(info.frames, FRAMES);
    OK(read_labelled(d, 49, 2, x, &label));
    ck_assert_uint_eq(label, 4);
    for (size_t i = 0; i < LENGTH; i++)
        ck_assert_float_eq(x[i], value(49, 2, i));
    FAILS(read_labelled(d, COUNT, 0, x, &label), SNN_ERR_ARGUMENT, "sample 50");
    FAILS(read_labelled(d, 0, FRAMES, x, &label), SNN_ERR_ARGUMENT, "frame 3");
    FAILS(read_labelled(d, 0, 0, NULL, &label), SNN_ERR_ARGUMENT, "x is NULL");
    FAILS(read_labelled(NULL, 0, 0, x, &label), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_dataset_get_info(NULL, &info), SNN_ERR_ARGUMENT, "NULL");
    ck_assert_int_eq(host.closed, 0);
    snn_dataset_destroy(d);
    ck_assert_int_eq(host.closed, 1);
    snn_dataset_destroy(NULL);
}
END_TEST

START_TEST(limit)
{
    snn_dataset *d = make();
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    float x[LENGTH];
    uint32_t label;

    OK(snn_dataset_set_i64(d, SNN_DATASET_LIMIT, 7));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, 7);
    FAILS(read_labelled(d, 7, 0, x, &label), SNN_ERR_ARGUMENT, "7 samples");
    OK(snn_dataset_set_text(d, "limit", "1000"));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, COUNT);
    OK(snn_dataset_set_i64(d, SNN_DATASET_LIMIT, 0));
    OK(read_labelled(d, 49, 0, x, &label));
    snn_dataset_destroy(d);
}
END_TEST

/* ---- targets and lengths ---- */

enum { TARGETS = 2, SHORT = 2 };

/* Samples of odd number end after SHORT frames. */
static snn_status read_target(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct host *h = user;

    ck_assert_uint_eq(sample->struct_size, sizeof *sample);
    ck_assert_uint_eq(sample->length, source.frames);
    for (size_t i = 0; i < LENGTH; i++)
        sample->x[i] = frame < source.frames ? value(index, frame, i) : NAN;
    sample->target[0] = (float)index;
    sample->target[1] = index == h->bad_index ? h->bad_value : (float)frame;
    if (index % 2 && source.frames > 1)
        sample->length = SHORT;
    return SNN_OK;
}

static snn_dataset *make_targets(size_t frames, size_t target_frames)
{
    source.classes = 0;
    source.targets = TARGETS;
    source.frames = frames;
    source.target_frames = target_frames;
    source.read = read_target;
    return make();
}

START_TEST(targets)
{
    snn_dataset *d = make_targets(FRAMES, FRAMES);
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    float x[LENGTH], target[TARGETS];
    snn_sample sample = SNN_SAMPLE_INIT;

    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.classes, 0);
    ck_assert_uint_eq(info.targets, TARGETS);
    ck_assert_uint_eq(info.target_frames, FRAMES);
    sample.x = x;
    FAILS(snn_dataset_read(d, 7, 1, &sample), SNN_ERR_ARGUMENT, "target is NULL");
    sample.target = target;
    OK(snn_dataset_read(d, 7, 0, &sample));
    ck_assert_uint_eq(sample.length, SHORT);
    OK(snn_dataset_read(d, 8, 1, &sample));
    ck_assert_uint_eq(sample.length, FRAMES);
    ck_assert_float_eq(x[3], value(8, 1, 3));
    ck_assert(target[0] == 8 && target[1] == 1 && sample.target == target);
    host.bad_index = 9;
    host.bad_value = INFINITY;
    FAILS(snn_dataset_read(d, 9, 1, &sample), SNN_ERR_DIVERGED, "sample 9, frame 1: target 1 is inf");
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_LABEL_FIRST, 1), SNN_ERR_ARGUMENT, "leaves none of 0 classes");
    OK(snn_dataset_set_i64(d, SNN_DATASET_LABEL_FIRST, 0));
    snn_dataset_destroy(d);
}
END_TEST

/* A static sample has frames of targets alone, which neither normalisation nor the check of x touches. */
START_TEST(targets_of_a_static_sample)
{
    snn_dataset *d = make_targets(1, 4);
    float x[LENGTH], target[TARGETS];
    snn_sample sample = { .struct_size = sizeof sample, .x = x, .target = target };
    double mean = 0, deviation = 2;

    OK(snn_dataset_normalise(d, &mean, &deviation, 1));
    OK(snn_dataset_read(d, 8, 0, &sample));
    ck_assert_float_eq(x[3], value(8, 0, 3) / 2);
    OK(snn_dataset_read(d, 8, 3, &sample));
    ck_assert_float_eq(target[1], 3);
    FAILS(snn_dataset_read(d, 8, 4, &sample), SNN_ERR_ARGUMENT, "50 samples of 4 frames");
    snn_dataset_destroy(d);
}
END_TEST

/* Frames behind a sample's length are none of its values. */
START_TEST(statistics_of_lengths)
{
    snn_dataset *d = make_targets(FRAMES, 1);
    double mean, deviation, sum = 0, n = 0;

    for (size_t index = 0; index < COUNT; index++)
        for (size_t frame = 0; frame < (index % 2 ? SHORT : FRAMES); frame++)
            for (size_t i = 0; i < LENGTH; i++, n++)
                sum += value(index, frame, i);
    OK(snn_dataset_statistics(d, &mean, &deviation, 1));
    ck_assert_double_eq_tol(mean, sum / n, 1e-9);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(targets_are_checked)
{
    snn_dataset *d = NULL;

    source.classes = 0;
    source.targets = 2;
    source.target_frames = FRAMES + 1;
    FAILS(snn_dataset_create(&d, ctx, &source), SNN_ERR_ARGUMENT, "target_frames is 4");
    source.target_frames = 1;
    source.targets = SNN__SAMPLE_MAX + 1;
    FAILS(snn_dataset_create(&d, ctx, &source), SNN_ERR_ARGUMENT, "targets is");
    source.targets = 0;
    FAILS(snn_dataset_create(&d, ctx, &source), SNN_ERR_ARGUMENT, "classes and targets are 0");
    ck_assert_ptr_null(d);
}
END_TEST

START_TEST(what_the_host_does_wrong)
{
    snn_dataset *d = make();
    double mean, deviation;
    float x[LENGTH];
    uint32_t label;

    host.bad_index = 13;
    host.bad_value = NAN;
    FAILS(read_labelled(d, 13, 1, x, &label), SNN_ERR_DIVERGED, "sample 13, frame 1: value 23 is nan");
    FAILS(snn_dataset_statistics(d, &mean, &deviation, 1), SNN_ERR_DIVERGED, "sample 13, frame 0");
    host.bad_value = -INFINITY;
    FAILS(read_labelled(d, 13, 1, x, &label), SNN_ERR_DIVERGED, "-inf");
    host.bad_value = 0;
    host.bad_label = 5;
    FAILS(read_labelled(d, 13, 1, x, &label), SNN_ERR_ARGUMENT, "sample 13 has label 8; there are 5 classes");
    host.bad_label = 0;
    host.rc = SNN_ERR_IO;
    FAILS(read_labelled(d, 13, 1, x, &label), SNN_ERR_IO, "SNN_ERR_IO for sample 13");
    FAILS(snn_dataset_statistics(d, &mean, &deviation, 1), SNN_ERR_IO, "sample 13");
    host.rc = (snn_status)7; /* which is no status */
    FAILS(read_labelled(d, 13, 1, x, &label), SNN_ERR_INTERNAL, "for sample 13, frame 1");
    OK(read_labelled(d, 12, 1, x, &label));
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(sources_are_checked)
{
    snn_dataset_source good = source;
    snn_dataset *d = NULL;
    struct {
        snn_dataset_source source;
        uint64_t tail;
    } longer;

#define REFUSED(field, bad, code, part)                          \
    do {                                                         \
        source = good;                                           \
        source.field = (bad);                                    \
        FAILS(snn_dataset_create(&d, ctx, &source), code, part); \
        ck_assert_ptr_null(d);                                   \
    } while (0)
    REFUSED(rank, 4, SNN_ERR_SHAPE, "rank 4");
    REFUSED(rank, 0, SNN_ERR_SHAPE, "rank 0");
    REFUSED(shape[1], 0, SNN_ERR_SHAPE, "[2,0,4]");
    REFUSED(shape[0], SIZE_MAX / 2, SNN_ERR_SHAPE, "a sample has 1 to 1073741824 elements");
    REFUSED(count, 0, SNN_ERR_ARGUMENT, "count");
    REFUSED(classes, 0, SNN_ERR_ARGUMENT, "classes");
    REFUSED(frames, 0, SNN_ERR_ARGUMENT, "frames");
    REFUSED(targets, 3, SNN_ERR_ARGUMENT, "5 classes and 3 targets");
    good.frames = FRAMES;
    REFUSED(target_frames, FRAMES + 1, SNN_ERR_ARGUMENT, "target_frames is 4");
    good.frames = 1;
    REFUSED(target_frames, 0, SNN_ERR_ARGUMENT, "target_frames is 0");
    REFUSED(read, NULL, SNN_ERR_ARGUMENT, "read");
    REFUSED(struct_size, 4, SNN_ERR_ARGUMENT, "struct_size is 4");
    REFUSED(struct_size, 8, SNN_ERR_ARGUMENT, "read is NULL"); /* which takes its default */
#undef REFUSED
    FAILS(snn_dataset_create(&d, ctx, NULL), SNN_ERR_ARGUMENT, "source");
    FAILS(snn_dataset_create(&d, NULL, &good), SNN_ERR_ARGUMENT, "context");
    FAILS(snn_dataset_create(NULL, ctx, &good), SNN_ERR_ARGUMENT, "out");
    FAILS(snn_dataset_source_init(NULL, sizeof source), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_dataset_source_init(&source, 3), SNN_ERR_ARGUMENT, "3 bytes");
    if (SIZE_MAX > UINT32_MAX) /* struct_size could not hold it */
        FAILS(snn_dataset_source_init(&source, SIZE_MAX - UINT32_MAX + sizeof source), SNN_ERR_ARGUMENT, "bytes");
    ck_assert_int_eq(host.closed, 0);

    memset(&longer, 0, sizeof longer); /* a structure of a later version */
    longer.source = good;
    longer.source.struct_size = sizeof longer;
    OK(snn_dataset_create(&d, ctx, &longer.source));
    snn_dataset_destroy(d);
    longer.tail = 1;
    FAILS(snn_dataset_create(&d, ctx, &longer.source), SNN_ERR_VERSION, "unknown to this version");
}
END_TEST

START_TEST(parameters)
{
    snn_dataset *d = make();
    snn_param_info info = SNN_PARAM_INFO_INIT;
    double f;
    int64_t i;
    size_t n = 0;

    while (snn_dataset_param_info(d, n, &info) == SNN_OK) {
        ck_assert_ptr_nonnull(info.help);
        n++;
    }
    ck_assert_uint_eq(n, 5);
    OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 0.5));
    OK(snn_dataset_get_f64(d, SNN_DATASET_CUTOUT, &f));
    ck_assert_double_eq(f, 0.5);
    OK(snn_dataset_set_text(d, "flip", "true"));
    OK(snn_dataset_get_i64(d, SNN_DATASET_FLIP, &i));
    ck_assert_int_eq(i, 1);
    FAILS(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 1.5), SNN_ERR_ARGUMENT, "cutout");
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_CUTOUT, 1), SNN_ERR_TYPE, "cutout");
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, -1), SNN_ERR_ARGUMENT, "crop_pad");
    FAILS(snn_dataset_set_i64(d, 999, 1), SNN_ERR_ARGUMENT, "999");
    FAILS(snn_dataset_set_text(d, "crop", "1"), SNN_ERR_ARGUMENT, "crop");
    FAILS(snn_dataset_set_text(d, "crop_pad", NULL), SNN_ERR_ARGUMENT, "value");
    FAILS(snn_dataset_get_i64(d, SNN_DATASET_FLIP, NULL), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_dataset_set_i64(NULL, SNN_DATASET_FLIP, 1), SNN_ERR_ARGUMENT, "NULL");
    snn_dataset_destroy(d);
}
END_TEST

/* Labels of the source that begin at 1: what label_first takes away, the classes lose, too. */
START_TEST(labels_that_begin_later)
{
    snn_dataset *d = make();
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    float x[LENGTH];
    uint32_t label;

    OK(snn_dataset_set_i64(d, SNN_DATASET_LABEL_FIRST, 1));
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.classes, 4);
    OK(read_labelled(d, 3, 0, x, &label));
    ck_assert_uint_eq(label, 2);
    FAILS(read_labelled(d, 0, 0, x, &label), SNN_ERR_ARGUMENT, "below label_first");
    FAILS(snn_dataset_set_text(d, "label_first", "5"), SNN_ERR_ARGUMENT, "leaves none of 5 classes");
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.classes, 4);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(vectors_are_not_augmented)
{
    snn_dataset *d;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    source.rank = 1;
    source.shape[0] = LENGTH;
    source.shape[1] = 77; /* not used */
    d = make();
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.shape[0], LENGTH);
    ck_assert_uint_eq(info.shape[1], 1);
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_FLIP, 1), SNN_ERR_ARGUMENT, "[C,H,W]");
    FAILS(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, 4), SNN_ERR_ARGUMENT, "crop_pad");
    FAILS(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 0.5), SNN_ERR_ARGUMENT, "cutout");
    FAILS(snn_dataset_set_text(d, "cutout", "0.5"), SNN_ERR_ARGUMENT, "cutout");
    FAILS(snn_dataset_set_text(d, "flip", "true"), SNN_ERR_ARGUMENT, "flip");
    OK(snn_dataset_set_text(d, "flip", "0"));
    OK(snn_dataset_set_text(d, "cutout", "0.0"));
    OK(snn_dataset_set_text(d, "limit", "3"));
    snn_dataset_destroy(d);
}
END_TEST

/* Two obvious passes over all values of the channels from .. to - 1. */
static void slow_statistics(size_t count, size_t from, size_t to, double *mean, double *deviation)
{
    const size_t a = from * H * W, b = to * H * W;
    const double n = (double)(count * FRAMES * (b - a));
    double sum = 0, square = 0;

    for (size_t k = 0; k < count * FRAMES; k++)
        for (size_t i = a; i < b; i++)
            sum += (double)value(k / FRAMES, k % FRAMES, i);
    for (size_t k = 0; k < count * FRAMES; k++)
        for (size_t i = a; i < b; i++)
            square += pow((double)value(k / FRAMES, k % FRAMES, i) - sum / n, 2);
    *mean = sum / n;
    *deviation = sqrt(square / n);
}

START_TEST(statistics)
{
    snn_dataset *d = make();
    double mean[C], deviation[C], m, s;

    OK(snn_dataset_statistics(d, mean, deviation, 1));
    slow_statistics(COUNT, 0, C, &m, &s);
    ck_assert_double_eq_tol(mean[0], m, 1e-9);
    ck_assert_double_eq_tol(deviation[0], s, 1e-9);
    OK(snn_dataset_set_i64(d, SNN_DATASET_LIMIT, 9));
    OK(snn_dataset_normalise(d, mean, deviation, 1)); /* statistics are about the values before */
    OK(snn_dataset_statistics(d, mean, deviation, C));
    for (size_t c = 0; c < C; c++) {
        slow_statistics(9, c, c + 1, &m, &s);
        ck_assert_double_eq_tol(mean[c], m, 1e-9);
        ck_assert_double_eq_tol(deviation[c], s, 1e-9);
    }
    FAILS(snn_dataset_statistics(d, mean, deviation, 3), SNN_ERR_ARGUMENT, "3 means for 2 channels");
    FAILS(snn_dataset_statistics(d, mean, deviation, 0), SNN_ERR_ARGUMENT, "0 means");
    FAILS(snn_dataset_statistics(d, NULL, deviation, 1), SNN_ERR_ARGUMENT, "mean");
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(normalisation)
{
    const double mean[C] = { 1001, 1007 }, deviation[C] = { 2, 0.5 }, zero[C] = { 0, 0 }, bad[C] = { 1, NAN };
    snn_dataset *d = make();
    float x[LENGTH];
    uint32_t label;

    OK(snn_dataset_normalise(d, mean, deviation, C));
    OK(read_labelled(d, 5, 1, x, &label));
    for (size_t i = 0; i < LENGTH; i++)
        ck_assert_float_eq(x[i], (value(5, 1, i) - (float)mean[i / (H * W)]) / (float)deviation[i / (H * W)]);
    OK(snn_dataset_normalise(d, mean, deviation, 1));
    OK(read_labelled(d, 5, 1, x, &label));
    for (size_t i = 0; i < LENGTH; i++)
        ck_assert_float_eq(x[i], (value(5, 1, i) - 1001.0f) / 2.0f);
    FAILS(snn_dataset_normalise(d, mean, zero, C), SNN_ERR_ARGUMENT, "positive");
    FAILS(snn_dataset_normalise(d, bad, deviation, C), SNN_ERR_ARGUMENT, "nan");
    FAILS(snn_dataset_normalise(d, mean, bad, C), SNN_ERR_ARGUMENT, "channel 1");
    FAILS(snn_dataset_normalise(d, mean, deviation, 3), SNN_ERR_ARGUMENT, "3 means for 2 channels");
    FAILS(snn_dataset_normalise(d, NULL, deviation, 1), SNN_ERR_ARGUMENT, "mean");
    OK(read_labelled(d, 5, 1, x, &label)); /* a refused one changes nothing */
    ck_assert_float_eq(x[0], (value(5, 1, 0) - 1001.0f) / 2.0f);
    OK(snn_dataset_normalise(d, NULL, NULL, 0));
    OK(read_labelled(d, 5, 1, x, &label));
    ck_assert_float_eq(x[0], value(5, 1, 0));
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(reading_allocates_nothing)
{
    snn_dataset *d = make();
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;
    float x[LENGTH], scratch[LENGTH];
    snn_sample sample = { .struct_size = sizeof sample, .x = x };

    OK(snn_dataset_set_i64(d, SNN_DATASET_CROP_PAD, 2));
    OK(snn_dataset_set_i64(d, SNN_DATASET_FLIP, 1));
    OK(snn_dataset_set_f64(d, SNN_DATASET_CUTOUT, 1.0));
    OK(snn_context_get_info(ctx, &before));
    OK(snn__dataset_frame(d, 1, 1, true, 3, scratch, &sample));
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_eq(before.allocations, after.allocations);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(nth_allocation_fails)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *counted = NULL;
    snn_dataset *d = NULL;
    snn_status rc = SNN_ERR_MEMORY;
    double mean, deviation;
    size_t live;

    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&counted, &options));
    live = c.live;
    for (size_t n = 1; rc != SNN_OK && n < 20; n++) {
        c.fail_at = c.calls + n;
        rc = snn_dataset_create(&d, counted, &source);
        ck_assert(rc == SNN_OK || (rc == SNN_ERR_MEMORY && d == NULL && c.live == live && host.closed == 0));
    }
    OK(rc);
    live = c.live;
    for (size_t n = 1; n <= 2; n++) {
        c.fail_at = c.calls + n;
        FAILS(snn_dataset_statistics(d, &mean, &deviation, 1), SNN_ERR_MEMORY, "memory");
        ck_assert_uint_eq(c.live, live);
    }
    OK(snn_dataset_statistics(d, &mean, &deviation, 1));
    snn_dataset_destroy(d);
    snn_context_destroy(counted);
    ck_assert_uint_eq(c.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: source");
    TCase *tc = tcase_create("source");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, describes_and_reads);
    tcase_add_test(tc, limit);
    tcase_add_test(tc, targets);
    tcase_add_test(tc, targets_of_a_static_sample);
    tcase_add_test(tc, statistics_of_lengths);
    tcase_add_test(tc, targets_are_checked);
    tcase_add_test(tc, what_the_host_does_wrong);
    tcase_add_test(tc, sources_are_checked);
    tcase_add_test(tc, parameters);
    tcase_add_test(tc, labels_that_begin_later);
    tcase_add_test(tc, vectors_are_not_augmented);
    tcase_add_test(tc, statistics);
    tcase_add_test(tc, normalisation);
    tcase_add_test(tc, reading_allocates_nothing);
    tcase_add_test(tc, nth_allocation_fails);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
