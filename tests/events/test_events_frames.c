/* Frames of events: geometry, values, cuts, and the data set, each against a plain count in the test. */
#include "support.h"
#include <dirent.h>
#include <signal.h>
#include <snn/dataset.h>
#include <snn/events.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS 4000
#define SIDE 34

static snn_context *ctx;
static snn_event_frames *frames;
static snn_event event[EVENTS];
static char folder[] = "/tmp/snn_frames_XXXXXX";

static void setup(void)
{
    uint32_t state = 7;

    ctx = test_context(2, 1, "best");
    OK(snn_event_frames_create(&frames, ctx));
    for (size_t i = 0; i < EVENTS; i++) {
        state = state * 1664525u + 1013904223u;
        event[i] = (snn_event){ .t = 1000 + (int64_t)(i * i / 40),
                                .x = (uint16_t)(state >> 8) % SIDE,
                                .y = (uint16_t)(state >> 16) % SIDE,
                                .p = state >> 31 };
    }
}

static void teardown(void)
{
    snn_event_frames_destroy(frames);
    snn_context_destroy(ctx);
}

static void set(const char *name, const char *value)
{
    OK(snn_event_frames_set_text(frames, name, value));
}

/* The pixel of a frame of w x h that an event of a cropped sensor falls in; false: none. */
static bool place(const snn_event *e, const size_t crop[4], size_t w, size_t h, bool nearest, size_t *column,
                  size_t *row)
{
    const size_t x = e->x - crop[0], y = e->y - crop[1];
    size_t hits = 0;

    if (e->x < crop[0] || e->y < crop[1] || x >= crop[2] || y >= crop[3])
        return false;
    for (size_t i = 0; i < w; i++)
        for (size_t j = 0; j < h; j++) {
            const size_t x0 = i * crop[2] / w, x1 = (i + 1) * crop[2] / w;
            const size_t y0 = j * crop[3] / h, y1 = (j + 1) * crop[3] / h;

            if (nearest ? x == x0 && y == y0 : x >= x0 && x < x1 && y >= y0 && y < y1) {
                *column = i;
                *row = j;
                hits++;
            }
        }
    ck_assert_uint_le(hits, 1);
    return hits == 1;
}

static void check_geometry(const char *polarity, bool counts, const size_t crop[4], size_t w, size_t h, bool nearest)
{
    const bool two = strcmp(polarity, "two") == 0, sign = strcmp(polarity, "signed") == 0;
    float got[2 * SIDE * SIDE] = { 0 }, want[2 * SIDE * SIDE] = { 0 };
    static const char *const names[] = { "crop_left", "crop_top", "crop_width", "crop_height" };
    size_t shape[3];
    uint32_t rank;
    char text[32];

    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "%zu", crop[i]);
        set(names[i], text);
    }
    OK(snn_event_frames_set_i64(frames, SNN_EVENT_FRAMES_WIDTH, (int64_t)w));
    OK(snn_event_frames_set_i64(frames, SNN_EVENT_FRAMES_HEIGHT, (int64_t)h));
    set("polarity", polarity);
    set("value", counts ? "counts" : "ones");
    set("resize", nearest ? "nearest" : "sum");
    OK(snn_event_frames_prepare(frames, SIDE, SIDE));
    OK(snn_event_frames_shape(frames, shape, &rank));
    ck_assert_uint_eq(rank, 3);
    ck_assert_uint_eq(shape[0], two ? 2 : 1);
    ck_assert_uint_eq(shape[1], h);
    ck_assert_uint_eq(shape[2], w);
    for (size_t i = 0; i < EVENTS; i++) {
        const float one = sign && event[i].p == 0 ? -1.0f : 1.0f;
        size_t column, row;
        float *pixel;

        if (!place(&event[i], crop, w, h, nearest, &column, &row))
            continue;
        pixel = &want[((two ? event[i].p : 0) * h + row) * w + column];
        *pixel = counts ? *pixel + one : one;
    }
    OK(snn_event_frames_add(frames, event, EVENTS, got));
    ck_assert_mem_eq(got, want, sizeof got);
}

START_TEST(geometry)
{
    static const size_t all[4] = { 0, 0, SIDE, SIDE }, part[4] = { 3, 5, 21, 17 };

    for (int counts = 0; counts < 2; counts++) {
        check_geometry("two", counts, all, SIDE, SIDE, false);
        check_geometry("one", counts, all, SIDE, SIDE, false);
        check_geometry("signed", counts, part, 21, 17, false);
        check_geometry("two", counts, all, 17, 17, false);
        check_geometry("two", counts, part, 10, 6, false);
        check_geometry("signed", counts, part, 10, 6, true);
    }
}
END_TEST

START_TEST(units)
{
    static const snn_event spike[] = { { .t = 1, .x = 699, .p = 1 }, { .t = 2, .x = 3, .p = 1 }, { .x = 3, .p = 1 } };
    float frame[70] = { 0 };
    size_t shape[3];
    uint32_t rank;

    set("width", "70");
    set("value", "counts");
    set("normalise", "frame");
    OK(snn_event_frames_prepare(frames, 700, 1));
    OK(snn_event_frames_shape(frames, shape, &rank));
    ck_assert_uint_eq(rank, 1);
    ck_assert_uint_eq(shape[0], 70);
    OK(snn_event_frames_add(frames, spike, 3, frame));
    OK(snn_event_frames_finish(frames, frame));
    ck_assert(frame[0] == 1.0f && frame[69] == 0.5f);
}
END_TEST

START_TEST(refused)
{
    float frame[1];
    size_t shape[3];
    uint32_t rank;

    FAILS(snn_event_frames_add(frames, event, 1, frame), SNN_ERR_STATE, "not prepared");
    FAILS(snn_event_frames_shape(frames, shape, &rank), SNN_ERR_STATE, "not prepared");
    FAILS(snn_event_frames_set_text(frames, "cut", "half"), SNN_ERR_ARGUMENT, "time|count|bins|windows");
    FAILS(snn_event_frames_set_text(frames, "stepps", "3"), SNN_ERR_ARGUMENT, "it has cut, steps");
    FAILS(snn_event_frames_set_i64(frames, SNN_DATASET_LIMIT, 1), SNN_ERR_ARGUMENT, "a key of data sets");
    FAILS(snn_event_frames_set_i64(NULL, SNN_EVENT_FRAMES_STEPS, 1), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_event_frames_prepare(frames, 0, 3), SNN_ERR_SHAPE, "columns");
    set("width", "35");
    FAILS(snn_event_frames_prepare(frames, SIDE, SIDE), SNN_ERR_SHAPE, "columns 35 of a frame, more than the 34");
    set("width", "0");
    set("crop_top", "30");
    set("crop_height", "5");
    FAILS(snn_event_frames_prepare(frames, SIDE, SIDE), SNN_ERR_SHAPE, "rows 30 to 35 of a sensor that has 34");
}
END_TEST

/* ---- data sets ---- */

/* Writes the first n events as a recording of N-MNIST. */
static void write_recording(const char *split, int label, int number, size_t n)
{
    char path[200];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", folder, split);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%d", folder, split, label);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s/%d/%05d.bin", folder, split, label, number);
    f = fopen(path, "wb");
    ck_assert_ptr_nonnull(f);
    for (size_t i = 0; i < n; i++) {
        const uint32_t t = (uint32_t)event[i].t;
        const uint8_t b[5] = { (uint8_t)event[i].x, (uint8_t)event[i].y,
                               (uint8_t)(event[i].p << 7 | (t >> 16 & 0x7f)), (uint8_t)(t >> 8), (uint8_t)t };

        ck_assert_uint_eq(fwrite(b, 1, sizeof b, f), sizeof b);
    }
    fclose(f);
}

static void setup_files(void)
{
    setup();
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_recording("Train", 3, 1, 3000);
    write_recording("Train", 0, 2, EVENTS);
    write_recording("Train", 9, 3, 1);
}

static void teardown_files(void)
{
    char command[200];

    snprintf(command, sizeof command, "rm -rf '%s' '%s_cache'", folder, folder);
    ck_assert_int_eq(system(command), 0);
    teardown();
}

static snn_dataset *open_train(uint64_t memory)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_dataset *set;

    data.layout = "nmnist";
    data.directory = folder;
    data.memory = memory;
    OK(snn_events_dataset_open(&set, ctx, &data, frames));
    return set;
}

/* Frame of an event, by the words of the cut alone. */
static size_t frame_of(const char *cut, size_t i, size_t n, size_t steps, uint64_t dt)
{
    const uint64_t t = (uint64_t)(event[i].t - event[0].t), span = (uint64_t)(event[n - 1].t - event[0].t) + 1;
    size_t f = 0;

    if (strcmp(cut, "time") == 0)
        return (size_t)(t * steps / span);
    if (strcmp(cut, "bins") == 0)
        return (size_t)(t / dt);
    while (i >= (f + 1) * n / steps)
        f++;
    return f;
}

static void check_cut(snn_dataset *d, const char *cut, size_t index, size_t n, uint32_t label, size_t steps,
                      uint64_t dt)
{
    static float got[2 * SIDE * SIDE], want[2 * SIDE * SIDE];

    for (size_t f = 0; f < steps; f++) {
        snn_sample sample = SNN_SAMPLE_INIT;

        memset(want, 0, sizeof want);
        for (size_t i = 0; i < n; i++)
            if (frame_of(cut, i, n, steps, dt) == f)
                want[(event[i].p * SIDE + event[i].y) * SIDE + event[i].x] += 1.0f;
        sample.x = got;
        OK(snn_dataset_read(d, index, f, &sample));
        ck_assert_uint_eq(sample.label, label);
        ck_assert_mem_eq(got, want, sizeof got);
    }
}

START_TEST(cuts)
{
    static const char *const cut[] = { "time", "count", "bins" };
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    set("value", "counts");
    set("steps", "7");
    set("dt", "12345");
    for (size_t i = 0; i < 3; i++)
        for (uint64_t memory = 0; memory < 2; memory++) {
            snn_dataset *d;

            set("cut", cut[i]);
            d = open_train(memory);
            OK(snn_dataset_get_info(d, &info));
            ck_assert_uint_eq(info.count, 3);
            ck_assert_uint_eq(info.frames, 7);
            ck_assert_uint_eq(info.classes, 10);
            check_cut(d, cut[i], 0, 3000, 3, 7, 12345);
            check_cut(d, cut[i], 1, EVENTS, 0, 7, 12345);
            check_cut(d, cut[i], 2, 1, 9, 7, 12345);
            snn_dataset_destroy(d);
        }
}
END_TEST

START_TEST(lengths)
{
    snn_sample sample = SNN_SAMPLE_INIT;
    float x[2 * SIDE * SIDE];
    snn_dataset *d;

    set("cut", "bins");
    set("dt", "100000");
    set("steps", "5");
    set("lengths", "1");
    d = open_train(0);
    sample.x = x;
    OK(snn_dataset_read(d, 0, 0, &sample)); /* events of 2999 * 2999 / 40 us */
    ck_assert_uint_eq(sample.length, 3);
    OK(snn_dataset_read(d, 1, 0, &sample));
    ck_assert_uint_eq(sample.length, 4);
    OK(snn_dataset_read(d, 2, 0, &sample));
    ck_assert_uint_eq(sample.length, 1);
    snn_dataset_destroy(d);
}
END_TEST

/* ---- windows, values of a sample, training ---- */

START_TEST(windows)
{
    static float got[2 * SIDE * SIDE], want[2 * SIDE * SIDE];
    const int64_t window = 3 * 20000, stride = 25000;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    static const size_t count[] = { 3000, EVENTS, 1 };
    static const uint32_t label[] = { 3, 0, 9 };
    size_t sample_at = 0;
    snn_dataset *d;

    set("cut", "windows");
    set("value", "counts");
    set("steps", "3");
    set("dt", "20000");
    set("stride", "25000");
    d = open_train(0);
    for (size_t r = 0; r < 3; r++) {
        const int64_t span = event[count[r] - 1].t - event[0].t + 1;

        for (int64_t begin = 0; begin == 0 || begin + window <= span; begin += stride, sample_at++)
            for (size_t f = 0; f < 3; f++) {
                snn_sample sample = SNN_SAMPLE_INIT;

                memset(want, 0, sizeof want);
                for (size_t i = 0; i < count[r]; i++) {
                    const int64_t t = event[i].t - event[0].t - begin;

                    if (t >= 0 && (size_t)(t / 20000) == f)
                        want[(event[i].p * SIDE + event[i].y) * SIDE + event[i].x] += 1.0f;
                }
                sample.x = got;
                OK(snn_dataset_read(d, sample_at, f, &sample));
                ck_assert_uint_eq(sample.label, label[r]);
                ck_assert_mem_eq(got, want, sizeof got);
            }
    }
    OK(snn_dataset_get_info(d, &info));
    ck_assert_uint_eq(info.count, sample_at);
    ck_assert_uint_gt(sample_at, 10);
    snn_dataset_destroy(d);
}
END_TEST

START_TEST(the_largest_of_a_sample)
{
    static float got[2 * SIDE * SIDE], plain[2 * SIDE * SIDE];
    float largest = 0;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset *d[2];

    set("value", "counts");
    set("steps", "3");
    d[0] = open_train(0);
    set("normalise", "sample");
    d[1] = open_train(0);
    for (int pass = 0; pass < 2; pass++)
        for (size_t f = 0; f < 3; f++) {
            sample.x = plain;
            OK(snn_dataset_read(d[0], 1, f, &sample));
            sample.x = got;
            OK(snn_dataset_read(d[1], 1, f, &sample));
            for (size_t i = 0; i < 2 * SIDE * SIDE; i++) {
                largest = plain[i] > largest ? plain[i] : largest;
                ck_assert(pass == 0 || got[i] == plain[i] / largest);
            }
        }
    ck_assert(largest > 1);
    snn_dataset_destroy(d[0]);
    snn_dataset_destroy(d[1]);
}
END_TEST

/* One epoch of a small network, in a context of its own; the loss tells what was read. */
static double loss_of(uint32_t threads, uint64_t memory, double *second)
{
    snn_context *own = test_context(threads, 1, "best");
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    const size_t shape[3] = { 2, SIDE, SIDE };
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_optimizer *sgd;
    snn_trainer *trainer;
    snn_network *net;
    snn_dataset *d;
    double loss;

    data.layout = "nmnist";
    data.directory = folder;
    data.memory = memory;
    OK(snn_events_dataset_open(&d, own, &data, frames));
    OK(snn_network_build(&net, own, "10", shape, 3, 10, NULL));
    OK(snn_network_prepare(net));
    OK(snn_optimizer_create(&sgd, own, "sgd"));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0));
    OK(snn_trainer_create(&trainer, net, sgd, "bptt"));
    OK(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 4));
    OK(snn_trainer_set_i64(trainer, SNN_TRAINER_SHUFFLE, 0));
    OK(snn_trainer_prepare(trainer, 2));
    OK(snn_trainer_epoch(trainer, d, &metrics));
    loss = metrics.loss;
    OK(snn_trainer_epoch(trainer, d, &metrics));
    *second = metrics.loss;
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_dataset_destroy(d);
    snn_context_destroy(own);
    return loss;
}

static const struct {
    const char *name, *value;
} changes[] = { { "flip", "1" },   { "shift", "3" },      { "zoom", "0.5" }, { "swap", "0.9" },
                { "drop", "0.3" }, { "jitter", "40000" }, { "subset", "2" } };

#define CHANGES (sizeof changes / sizeof *changes)

/* Each changes what is read, from epoch to epoch, by the seed alone: not by threads nor by what is in memory. */
START_TEST(changes_in_training)
{
    double second[4], plain, first;

    set("steps", "4");
    plain = loss_of(1, 0, &second[0]);
    ck_assert_double_eq(plain, second[0]);
    set(changes[_i].name, changes[_i].value);
    first = loss_of(1, 0, &second[0]);
    ck_assert_double_ne(first, plain);
    if (_i != 0 && _i != 3) /* three samples may be flipped and swapped alike twice */
        ck_assert_double_ne(first, second[0]);
    ck_assert_double_eq(loss_of(1, 1, &second[1]), first);
    ck_assert_double_eq(loss_of(2, 0, &second[2]), first);
    ck_assert_double_eq(second[1], second[0]);
    ck_assert_double_eq(second[2], second[0]);
}
END_TEST

/* A subset ends a sample early: methods whose rates are of all steps say that they do not take it. */
START_TEST(a_subset_is_refused_where_lengths_are)
{
    const size_t shape[3] = { 2, SIDE, SIDE };
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_optimizer *sgd;
    snn_neuron *neuron;
    snn_trainer *trainer;
    snn_network *net;
    snn_dataset *d;

    set("steps", "4");
    set("subset", "2");
    d = open_train(0);
    OK(snn_neuron_create(&neuron, ctx, "dsr_lif"));
    OK(snn_network_build(&net, ctx, "8-10", shape, 3, 10, neuron));
    OK(snn_network_prepare(net));
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&trainer, net, sgd, "dsr"));
    OK(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 4));
    OK(snn_trainer_prepare(trainer, 2));
    FAILS(snn_trainer_epoch(trainer, d, &metrics), SNN_ERR_UNSUPPORTED, "rates over all steps");
    OK(snn_trainer_evaluate(trainer, d, &metrics));
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_neuron_destroy(neuron);
    snn_dataset_destroy(d);
}
END_TEST

/* A recording that ends within an event gives those that are whole. */
START_TEST(a_truncated_recording)
{
    static float got[2 * SIDE * SIDE], want[2 * SIDE * SIDE];
    snn_sample sample = SNN_SAMPLE_INIT;
    char path[200];
    snn_dataset *d;

    snprintf(path, sizeof path, "%s/Train/3/00001.bin", folder);
    ck_assert_int_eq(truncate(path, 5 * 1000 + 3), 0);
    set("steps", "1");
    d = open_train(0);
    for (size_t i = 0; i < 1000; i++)
        want[(event[i].p * SIDE + event[i].y) * SIDE + event[i].x] = 1.0f;
    sample.x = got;
    OK(snn_dataset_read(d, 0, 0, &sample));
    ck_assert_mem_eq(got, want, sizeof got);
    unlink(path);
    OK(snn_dataset_read(d, 0, 0, &sample)); /* it is in memory */
    snn_dataset_destroy(d);
    FAILS(snn_events_dataset_open(&d, ctx, NULL, frames), SNN_ERR_ARGUMENT, "NULL");
}
END_TEST

/* ---- the cache */

static char cache[220];

static snn_status open_cached(snn_dataset **d, const char *at)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;

    snprintf(cache, sizeof cache, "%s_%s", folder, at);
    data.layout = "nmnist";
    data.directory = folder;
    data.cache = cache;
    return snn_events_dataset_open(d, ctx, &data, frames);
}

/* All frames of both are the same. */
static void check_same(snn_dataset *a, snn_dataset *b)
{
    static float x[2][2 * SIDE * SIDE];
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    OK(snn_dataset_get_info(a, &info));
    for (size_t i = 0; i < info.count * info.frames; i++) {
        snn_sample sample = SNN_SAMPLE_INIT;

        sample.x = x[0];
        OK(snn_dataset_read(a, i / info.frames, i % info.frames, &sample));
        sample.x = x[1];
        OK(snn_dataset_read(b, i / info.frames, i % info.frames, &sample));
        ck_assert_mem_eq(x[0], x[1], sizeof x[0]);
    }
}

static void check_cached(void)
{
    snn_dataset *plain = open_train(0), *cached;

    OK(open_cached(&cached, "cache"));
    check_same(plain, cached);
    snn_dataset_destroy(plain);
    snn_dataset_destroy(cached);
}

/* Number of files of the cache; the path of one. */
static size_t cached_files(char *path, size_t size)
{
    DIR *d = opendir(cache);
    const struct dirent *entry;
    size_t n = 0;

    ck_assert_ptr_nonnull(d);
    while ((entry = readdir(d)) != NULL)
        if (strlen(entry->d_name) > 7 && strcmp(strrchr(entry->d_name, '.'), ".events") == 0) {
            snprintf(path, size, "%.200s/%.30s", cache, entry->d_name);
            n++;
        }
    closedir(d);
    return n;
}

static void change_byte(const char *path, long at)
{
    FILE *f = fopen(path, "r+b");

    ck_assert_ptr_nonnull(f);
    ck_assert_int_eq(fseek(f, at, at < 0 ? SEEK_END : SEEK_SET), 0);
    ck_assert_int_ne(fputc(0x55, f), EOF);
    fclose(f);
}

START_TEST(a_cache_changes_nothing)
{
    char path[300];
    struct stat before, after;

    set("value", "counts");
    check_cached();
    ck_assert_uint_eq(cached_files(path, sizeof path), 1);
    stat(path, &before);
    set("steps", "3"); /* it holds events: the same for all settings */
    set("cut", "count");
    check_cached();
    ck_assert_uint_eq(cached_files(path, sizeof path), 1);
    stat(path, &after);
    ck_assert(before.st_ino == after.st_ino);
    write_recording("Train", 3, 1, 2000); /* another file has another cache */
    check_cached();
    ck_assert_uint_eq(cached_files(path, sizeof path), 2);
}
END_TEST

/* In the mark, in the table, in an event; or cut off. */
START_TEST(a_damaged_cache)
{
    char path[300];

    check_cached();
    ck_assert_uint_eq(cached_files(path, sizeof path), 1);
    if (_i < 3)
        change_byte(path, _i == 0 ? 3 : _i == 1 ? 40 : -3);
    else
        ck_assert_int_eq(truncate(path, _i == 3 ? 1000 : 0), 0);
    check_cached();
    if (_i == 2) { /* seen when the event is read */
        ck_assert_uint_eq(cached_files(path, sizeof path), 0);
        check_cached();
    }
    ck_assert_uint_eq(cached_files(path, sizeof path), 1);
}
END_TEST

START_TEST(a_full_disk)
{
    const struct rlimit small = { 4096, RLIM_INFINITY };
    struct rlimit was;
    snn_dataset *d;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &was);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    FAILS(open_cached(&d, "cache"), SNN_ERR_IO, "cannot write \"");
    ck_assert_int_eq(rmdir(cache), 0); /* nothing is left there */
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
    check_cached();
    FAILS(open_cached(&d, "no/such"), SNN_ERR_IO, "cannot make the folder ");
}
END_TEST

START_TEST(two_processes)
{
    int status = 1;
    char path[300];
    pid_t child;

    child = fork();
    for (size_t i = 0; i < 20; i++) {
        check_cached();
        if (cached_files(path, sizeof path) > 0)
            unlink(path);
    }
    if (child == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(the_nth_allocation_fails)
{
    struct counting counted;
    snn_context_options options;
    snn_context *own;
    size_t failures = 0;

    set("cut", "windows");
    set("dt", "30000");
    set("steps", "2");
    set("normalise", "sample");
    for (size_t n = 1;; n++) {
        static float x[2 * SIDE * SIDE];
        snn_sample sample = SNN_SAMPLE_INIT;
        snn_events_data data = SNN_EVENTS_DATA_INIT;
        snn_event_frames *f = NULL;
        snn_dataset *d = NULL;
        snn_status rc;

        memset(&counted, 0, sizeof counted);
        counting_options(&counted, &options);
        options.threads = 1;
        OK(snn_context_create(&own, &options));
        counted.fail_at = counted.calls + n;
        data.layout = "nmnist";
        data.directory = folder;
        sample.x = x;
        rc = snn_event_frames_create(&f, own);
        for (size_t i = 0; rc == SNN_OK && i < 4; i++) {
            static const char *const name[] = { "cut", "dt", "steps", "normalise" }, *const value[] = { "windows",
                                                                                                        "30000", "2",
                                                                                                        "sample" };

            rc = snn_event_frames_set_text(f, name[i], value[i]);
        }
        if (rc == SNN_OK)
            rc = snn_events_dataset_open(&d, own, &data, f);
        if (rc == SNN_OK)
            rc = snn_dataset_read(d, 1, 0, &sample);
        snn_dataset_destroy(d);
        snn_event_frames_destroy(f);
        ck_assert(rc == SNN_OK || rc == SNN_ERR_MEMORY);
        snn_context_destroy(own);
        ck_assert_uint_eq(counted.live, 0);
        if (rc == SNN_OK)
            break;
        failures++;
    }
    ck_assert_uint_gt(failures, 20);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("events: frames");
    TCase *alone = tcase_create("frames"), *files = tcase_create("data sets");

    tcase_add_checked_fixture(alone, setup, teardown);
    tcase_add_test(alone, geometry);
    tcase_add_test(alone, units);
    tcase_add_test(alone, refused);
    tcase_add_checked_fixture(files, setup_files, teardown_files);
    tcase_add_test(files, cuts);
    tcase_add_test(files, lengths);
    tcase_add_test(files, windows);
    tcase_add_test(files, the_largest_of_a_sample);
    tcase_add_loop_test(files, changes_in_training, 0, (int)CHANGES);
    tcase_add_test(files, a_subset_is_refused_where_lengths_are);
    tcase_add_test(files, a_truncated_recording);
    tcase_add_test(files, a_cache_changes_nothing);
    tcase_add_loop_test(files, a_damaged_cache, 0, 5);
    tcase_add_test(files, a_full_disk);
    tcase_add_test(files, two_processes);
    tcase_add_test(files, the_nth_allocation_fails);
    suite_add_tcase(suite, alone);
    suite_add_tcase(suite, files);
    return run_suite(suite);
}
