/* Samples of recordings are read ahead within a bound of memory, by a thread that changes no result. */
#include "../ahead.h"
#include "folder.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SAMPLES = 12 };

/* ---- slots ---- */

static snn_context *ctx;
static _Atomic int fills;
static _Atomic bool slow;

static snn_status fill(void *user, struct snn__slot *slot)
{
    static const struct timespec moment = { 0, 20000000 };
    size_t *number = slot->content = snn_component_alloc(ctx, 1, sizeof *number);

    (void)user;
    ck_assert_ptr_nonnull(number);
    *number = slot->index;
    slot->bytes += sizeof *number;
    if (slow)
        nanosleep(&moment, NULL);
    fills++;
    return slot->index == SAMPLES - 1 ? SNN_ERR_IO : SNN_OK;
}

static void empty(void *user, void *content)
{
    (void)user;
    snn_component_free(ctx, content);
}

static void open_slots(struct snn__slots *slots, uint64_t memory)
{
    *slots = (struct snn__slots){
        .ctx = ctx, .fill = fill, .empty = empty, .threads = 3, .memory = memory, .ahead_most = memory
    };
    OK(snn__slots_open(slots, SAMPLES));
    slots->reader = snn__ahead_create(slots);
    fills = 0;
}

static void borrow(struct snn__slots *slots, size_t index, uint64_t seed)
{
    struct snn__slot *s;

    OK(snn__slots_borrow(slots, index, seed, &s));
    ck_assert_uint_eq(*(size_t *)s->content, index);
    snn__slots_return(slots, s);
}

/* At most ten seconds. */
static void wait_for_fills(int n)
{
    static const struct timespec moment = { 0, 1000000 };

    for (int i = 0; i < 10000 && fills < n; i++)
        nanosleep(&moment, NULL);
    ck_assert_int_eq(fills, n);
}

START_TEST(samples_are_there_when_asked_for)
{
    struct snn__slots slots;

    open_slots(&slots, 1 << 20);
    for (size_t i = 0; i < 5; i++)
        snn__ahead_tell(slots.reader, i, 7);
    wait_for_fills(5);
    for (size_t i = 0; i < 5; i++)
        borrow(&slots, i, 7);
    ck_assert_int_eq(fills, 5);
    borrow(&slots, 2, 8); /* another augmentation */
    ck_assert_int_eq(fills, 6);
    snn__slots_close(&slots);
}
END_TEST

START_TEST(what_is_not_asked_for_takes_its_share_of_the_memory)
{
    struct snn__slots slots;
    uint64_t one;

    open_slots(&slots, 1 << 20);
    borrow(&slots, 0, 0);
    one = slots.bytes;
    slots.ahead_most = 3 * one;
    for (size_t i = 1; i < SAMPLES - 1; i++)
        snn__slots_fetch(&slots, i, 0);
    ck_assert_uint_eq(slots.ahead, 3 * one);
    ck_assert_int_eq(fills, 4);
    borrow(&slots, 1, 0);
    snn__slots_fetch(&slots, 4, 0);
    ck_assert_uint_eq(slots.ahead, 3 * one);
    ck_assert_int_eq(fills, 5);
    slots.memory = 0; /* the next one that is listed puts the others out */
    borrow(&slots, 5, 0);
    ck_assert_uint_eq(slots.ahead, 0);
    ck_assert_uint_eq(slots.bytes, one); /* in use as it was listed */
    snn__slots_close(&slots);
}
END_TEST

START_TEST(a_failure_is_told_to_who_asks)
{
    struct snn__slots slots;
    struct snn__slot *s;

    open_slots(&slots, 1 << 20);
    snn__ahead_tell(slots.reader, SAMPLES - 1, 0);
    wait_for_fills(1);
    ck_assert_int_eq(snn__slots_borrow(&slots, SAMPLES - 1, 0, &s), SNN_ERR_IO);
    ck_assert_int_eq(fills, 2);
    snn__slots_close(&slots);
}
END_TEST

static void *ask(void *slots)
{
    borrow(slots, 3, 0);
    return NULL;
}

START_TEST(who_asks_at_the_same_time_waits)
{
    struct snn__slots slots;
    pthread_t thread[4];

    open_slots(&slots, 1 << 20);
    slow = true;
    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, ask, &slots), 0);
    for (size_t i = 0; i < 4; i++)
        pthread_join(thread[i], NULL);
    slow = false;
    ck_assert_int_eq(fills, 1);
    snn__slots_close(&slots);
}
END_TEST

/* ---- training ---- */

static snn_dataset *open_set(uint64_t memory)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_event_frames *frames;
    snn_dataset *set;

    data.layout = "folders";
    data.directory = in_folder("");
    data.memory = memory;
    OK(snn_event_frames_create(&frames, ctx));
    OK(snn_event_frames_set_text(frames, "steps", "4"));
    OK(snn_event_frames_set_text(frames, "jitter", "2000"));
    OK(snn_events_dataset_open(&set, ctx, &data, frames));
    snn_event_frames_destroy(frames);
    return set;
}

/* Loss of the last of three epochs. */
static double train(snn_dataset *set)
{
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_network *net;
    snn_optimizer *opt;
    snn_trainer *tr;

    OK(snn_dataset_get_info(set, &info));
    OK(snn_network_build(&net, ctx, "20-20-2", info.shape, info.rank, info.classes, NULL));
    OK(snn_optimizer_create(&opt, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, opt, "ottt"));
    OK(snn_trainer_set_text(tr, "steps", "4"));
    OK(snn_trainer_prepare(tr, 3));
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_epoch(tr, set, &metrics));
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(opt);
    snn_network_destroy(net);
    return metrics.loss;
}

static void save_classes(void)
{
    char name[32];

    for (int i = 0; i < SAMPLES; i++) {
        snprintf(name, sizeof name, "%c/%d.dat", "ab"[i % 2], i);
        save_recording(name, "dat", (size_t)(16 + 4 * i));
    }
}

START_TEST(training_is_the_same_with_any_memory)
{
    snn_dataset *ample, *scarce;

    save_classes();
    ample = open_set(0);
    scarce = open_set(1);
    ck_assert_double_eq(train(ample), train(scarce));
    snn_dataset_destroy(ample);
    snn_dataset_destroy(scarce);
}
END_TEST

START_TEST(a_child_of_fork_reads_for_itself)
{
    snn_dataset *set;
    double expected;
    int status;
    pid_t child;

    save_classes();
    set = open_set(0);
    expected = train(set);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const bool same = train(set) == expected;

        snn_dataset_destroy(set);
        _exit(same ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    snn_dataset_destroy(set);
}
END_TEST

/* ---- windows of recordings ---- */

static snn_dataset *open_windows(uint64_t memory, size_t *samples)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_event_frames *frames;
    snn_dataset *set;

    data.layout = "folders";
    data.directory = in_folder("");
    data.memory = memory;
    OK(snn_event_frames_create(&frames, ctx));
    OK(snn_event_frames_set_text(frames, "steps", "2"));
    OK(snn_event_frames_set_text(frames, "dt", "1000"));
    OK(snn_event_frames_set_text(frames, "cut", "windows"));
    OK(snn_events_dataset_open(&set, ctx, &data, frames));
    snn_event_frames_destroy(frames);
    OK(snn_dataset_get_info(set, &info));
    *samples = info.count;
    return set;
}

/* The sum of both frames of a window. */
static snn_status read_window(const snn_dataset *set, size_t index, double *sum)
{
    static float x[1 << 16];
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    OK(snn_dataset_get_info(set, &info));
    ck_assert_uint_le(info.shape[0] * info.shape[1] * info.shape[2], sizeof x / sizeof *x);
    sample.x = x;
    for (size_t t = 0; t < 2; t++) {
        const snn_status rc = snn_dataset_read(set, index, t, &sample);

        if (rc != SNN_OK)
            return rc;
        for (size_t i = 0; i < info.shape[0] * info.shape[1] * info.shape[2]; i++)
            *sum += (double)x[i];
    }
    return SNN_OK;
}

/* With room for one recording: its file goes after the first window, and the others are there until windows of
 * another recording were asked for. */
START_TEST(windows_that_follow_one_another_cost_one_reading)
{
    double sum = 0, sum_kept = 0;
    snn_dataset *scarce, *ample;
    size_t n, m;

    save_recording("a/1.dat", "dat", 64);
    save_recording("b/1.dat", "dat", 64);
    scarce = open_windows(1, &n);
    ample = open_windows(0, &m);
    ck_assert_msg(n == m && n % 2 == 0 && n >= 4, "%zu and %zu windows", n, m);
    OK(read_window(scarce, 0, &sum));
    remove(in_folder("a/1.dat"));
    for (size_t i = 1; i < n / 2; i++)
        OK(read_window(scarce, i, &sum));
    OK(read_window(scarce, n / 2, &sum));
    ck_assert_int_eq(read_window(scarce, 0, &sum), SNN_ERR_IO);
    remove(in_folder("b/1.dat"));
    for (size_t i = n / 2 + 1; i < n; i++)
        OK(read_window(scarce, i, &sum));
    for (size_t i = n; i-- > 0;) /* the first reading, which told how many windows there are, is kept */
        OK(read_window(ample, i, &sum_kept));
    ck_assert(sum > 0 && sum == sum_kept);
    snn_dataset_destroy(scarce);
    snn_dataset_destroy(ample);
}
END_TEST

static void setup(void)
{
    ctx = test_context(2, 1, "ref");
    make_folder();
}

static void teardown(void)
{
    snn_context_destroy(ctx);
    remove_folder();
}

int main(void)
{
    Suite *suite = suite_create("events: ahead");
    TCase *tc = tcase_create("ahead");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, samples_are_there_when_asked_for);
    tcase_add_test(tc, what_is_not_asked_for_takes_its_share_of_the_memory);
    tcase_add_test(tc, a_failure_is_told_to_who_asks);
    tcase_add_test(tc, who_asks_at_the_same_time_waits);
    tcase_add_test(tc, windows_that_follow_one_another_cost_one_reading);
    tcase_add_test(tc, training_is_the_same_with_any_memory);
    tcase_add_test(tc, a_child_of_fork_reads_for_itself);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
