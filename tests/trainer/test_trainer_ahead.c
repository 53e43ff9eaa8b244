/* Data sets are told which samples the next batch has, before the present one is read. */
#include "trainer/builder.h"

enum { COUNT = 11, BATCH = 4, LEN = 6, CLASSES = 2 };

/* What a data set was told and asked, in order: at most two epochs. */
static struct record {
    size_t n;
    struct line {
        bool told;
        size_t index;
        uint64_t seed;
    } line[4 * COUNT];
} record;

static void note(bool told, size_t index, uint64_t seed)
{
    ck_assert_uint_lt(record.n, 4 * COUNT);
    record.line[record.n++] = (struct line){ told, index, seed };
}

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    ck_assert_uint_eq(frame, 0);
    for (size_t i = 0; i < LEN; i++)
        sample->x[i] = (float)((index + i) % 3);
    sample->label = (uint32_t)(index % CLASSES);
    note(false, index, sample->seed);
    return SNN_OK;
}

static void tell(void *user, size_t index, uint64_t seed)
{
    (void)user;
    note(true, index, seed);
}

static const size_t shape[3] = { LEN };
static snn_context *ctx;
static snn_network *net;
static snn_optimizer *opt;
static snn_trainer *tr;
static snn_dataset *set;

static void setup(void)
{
    snn_dataset_source source;

    ctx = test_context(1, 3, "ref");
    net = network_of(ctx, shape, "linear a out=5; lif n; linear o out=2");
    OK(snn_optimizer_create(&opt, ctx, "sgd"));
    tr = trainer_of(net, opt, "bptt", "steps=2", BATCH);
    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = LEN;
    source.count = COUNT;
    source.classes = CLASSES;
    source.read = read_sample;
    source.ahead = tell;
    OK(snn_dataset_create(&set, ctx, &source));
    record.n = 0;
}

static void teardown(void)
{
    snn_trainer_destroy(tr);
    snn_dataset_destroy(set);
    snn_optimizer_destroy(opt);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

/* `count` samples in batches: those of each but the first are told, in the order in which they are read and with the
 * same seeds, before the batch that comes before is read. */
static void check_record(size_t count)
{
    const struct line *line = record.line, *told = NULL;
    size_t at = 0;

    ck_assert_uint_eq(record.n, 2 * count - BATCH);
    for (size_t first = 0; first < count; first += BATCH) {
        const size_t n = count - first < BATCH ? count - first : BATCH;
        const size_t next = count - first - n < BATCH ? count - first - n : BATCH;
        const struct line *ahead = line + at;

        for (size_t i = 0; i < next; i++)
            ck_assert(line[at++].told);
        for (size_t i = 0; i < n; i++, at++) {
            ck_assert(!line[at].told);
            ck_assert(told == NULL || (told[i].index == line[at].index && told[i].seed == line[at].seed));
        }
        told = ahead;
    }
}

START_TEST(next_batch_of_an_epoch)
{
    OK(snn_trainer_epoch(tr, set, NULL));
    check_record(COUNT);
    ck_assert_uint_ne(record.line[0].seed, 0);
}
END_TEST

START_TEST(next_batch_of_an_evaluation)
{
    OK(snn_trainer_evaluate(tr, set, NULL));
    check_record(COUNT);
    ck_assert_uint_eq(record.line[0].seed, 0);
    ck_assert_uint_eq(record.line[0].index, BATCH);
}
END_TEST

START_TEST(next_batch_of_a_view)
{
    static const uint32_t odd = 1;
    snn_view_options options;
    snn_dataset *view;

    OK(snn_view_options_init(&options, sizeof options));
    options.classes = &odd;
    options.n_classes = 1;
    OK(snn_dataset_view(&view, set, &options));
    record.n = 0; /* it has read the labels */
    OK(snn_trainer_epoch(tr, view, NULL));
    check_record(COUNT / 2);
    for (size_t i = 0; i < record.n; i++)
        ck_assert_uint_eq(record.line[i].index % 2, 1);
    snn_dataset_destroy(view);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: ahead");
    TCase *tc = tcase_create("ahead");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, next_batch_of_an_epoch);
    tcase_add_test(tc, next_batch_of_an_evaluation);
    tcase_add_test(tc, next_batch_of_a_view);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
