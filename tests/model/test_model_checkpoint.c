/* Checkpoints: a run that was stopped goes on bit for bit; a file that does not fit leaves the trainer alone. */
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NETWORK(width, rate)                                                                                    \
    "{\"format\": 1, \"input\": [1, 4, 4], \"layers\": ["                                                       \
    "{\"type\": \"conv2d\", \"name\": \"conv\", \"out\": 3, \"kernel\": 3, \"pad\": 1, \"standardise\": true}," \
    "{\"type\": \"batch_norm\"}, {\"type\": \"lif\"}, {\"type\": \"dropout\", \"rate\": " rate "},"             \
    "{\"type\": \"avgpool\", \"kernel\": 2}, {\"type\": \"flatten\"},"                                          \
    "{\"type\": \"linear\", \"name\": \"hidden\", \"out\": " width "}, {\"type\": \"lif\"},"                    \
    "{\"type\": \"linear\", \"name\": \"out\", \"out\": 3}]}"

#define SAMPLES 50u
#define BATCH 8u

struct run {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *optimizer;
    snn_trainer *trainer;
    snn_dataset *data;
};

static const struct settings {
    const char *network, *method, *optimizer;
    double momentum;
    int64_t sampled;
} settings[] = {
    { NETWORK("5", "0.2"), "ottt", "sgd", 0.9, 0 }, { NETWORK("5", "0.2"), "sltt", "adam", 0, 2 },
    { NETWORK("5", "0.2"), "bptt", "adamw", 0, 0 }, { NETWORK("5", "0.2"), "ottt", "sgd", 0, 0 }, /* no moments */
    { NETWORK("5", "0.2"), "opzo", "sgd", 0.9, 0 }, /* feedback matrices */
};

static char dir[64], path_a[96], path_b[96];

static snn_status read_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    float *x = sample->x;

    (void)user;
    (void)frame;
    random_fill(x, 16, -1.0f, 2.0f, (unsigned)index);
    sample->label = (uint32_t)(index % 3);
    x[sample->label] += 2.0f;
    return SNN_OK;
}

static void setup(void)
{
    snprintf(dir, sizeof dir, "%s/snn-run-XXXXXX", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path_a, sizeof path_a, "%s/a.snn", dir);
    snprintf(path_b, sizeof path_b, "%s/b.snn", dir);
}

static void teardown(void)
{
    unlink(path_a);
    unlink(path_b);
    rmdir(dir);
}

static snn_dataset *make_data(snn_context *ctx)
{
    snn_dataset_source source;
    snn_dataset *data = NULL;

    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 3;
    source.shape[0] = 1;
    source.shape[1] = source.shape[2] = 4;
    source.count = SAMPLES;
    source.classes = 3;
    source.read = read_sample;
    OK(snn_dataset_create(&data, ctx, &source));
    return data;
}

static void start_in(struct run *r, snn_context *ctx, const struct settings *s)
{
    *r = (struct run){ .ctx = ctx };
    OK(snn_network_parse(&r->net, r->ctx, s->network));
    OK(snn_optimizer_create(&r->optimizer, r->ctx, s->optimizer));
    OK(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_LR, 0.05));
    OK(snn_optimizer_set_str(r->optimizer, SNN_OPTIMIZER_SCHEDULE, "cosine"));
    OK(snn_optimizer_set_i64(r->optimizer, SNN_OPTIMIZER_EPOCHS, 4));
    if (s->momentum > 0)
        OK(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_MOMENTUM, s->momentum));
    OK(snn_trainer_create(&r->trainer, r->net, r->optimizer, s->method));
    OK(snn_trainer_set_i64(r->trainer, SNN_TRAINER_STEPS, 3));
    if (s->sampled)
        OK(snn_trainer_set_i64(r->trainer, SNN_SLTT_SAMPLED_STEPS, s->sampled));
    OK(snn_trainer_prepare(r->trainer, BATCH));
    r->data = make_data(r->ctx);
}

static void start(struct run *r, const struct settings *s)
{
    start_in(r, test_context(1, 11, "best"), s);
}

static void stop(struct run *r)
{
    snn_dataset_destroy(r->data);
    snn_trainer_destroy(r->trainer);
    snn_optimizer_destroy(r->optimizer);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void epochs(struct run *r, size_t n)
{
    for (size_t i = 0; i < n; i++)
        OK(snn_trainer_epoch(r->trainer, r->data, NULL));
}

static unsigned char *read_all(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    unsigned char *bytes = malloc(1 << 20);

    ck_assert(f != NULL && bytes != NULL);
    *size = fread(bytes, 1, 1 << 20, f);
    ck_assert_uint_lt(*size, 1 << 20);
    fclose(f);
    return bytes;
}

/* Everything that a checkpoint holds is equal in two trainers: so are the files, which hold nothing else. */
static void check_same(struct run *a, struct run *b)
{
    unsigned char *x, *y;
    size_t n, m;

    OK(snn_trainer_save(a->trainer, path_a));
    OK(snn_trainer_save(b->trainer, path_b));
    x = read_all(path_a, &n);
    y = read_all(path_b, &m);
    ck_assert_uint_eq(n, m);
    ck_assert_msg(memcmp(x, y, n) == 0, "the runs differ");
    free(x);
    free(y);
}

/* Other numbers than any run would give, so that a load has something to do. */
static void scramble(struct run *r)
{
    for (size_t l = 0; snn_network_layer(r->net, l) != NULL; l++) {
        snn_tensor tensor = SNN_TENSOR_INIT;

        for (size_t i = 0; snn_layer_tensor(snn_network_layer(r->net, l), i, &tensor) == SNN_OK; i++)
            random_fill(tensor.data, (size_t)tensor.length, 0.5f, 1.0f, (unsigned)(l + i));
    }
}

START_TEST(test_resume)
{
    struct run whole, first, second;
    snn_metrics fit = SNN_METRICS_INIT, other = SNN_METRICS_INIT;

    start(&whole, &settings[_i]);
    start(&first, &settings[_i]);
    epochs(&whole, 4);
    epochs(&first, 2);
    OK(snn_trainer_save(first.trainer, path_a));
    stop(&first);
    start(&second, &settings[_i]);
    scramble(&second);
    OK(snn_trainer_load(second.trainer, path_a));
    ck_assert_uint_eq(about(second.trainer).epochs, 2);
    epochs(&second, 2);
    check_same(&whole, &second);
    OK(snn_trainer_evaluate(whole.trainer, whole.data, &fit));
    OK(snn_trainer_evaluate(second.trainer, second.data, &other));
    ck_assert(fit.loss == other.loss && fit.accuracy == other.accuracy);
    stop(&whole);
    stop(&second);
}
END_TEST

/* Stops behind the third batch of an epoch. */
static int stop_at_three(void *user, const snn_progress *progress)
{
    (void)user;
    return progress->done >= 3 * BATCH;
}

START_TEST(test_resume_within_epoch)
{
    struct run whole, first, second;
    snn_metrics fit = SNN_METRICS_INIT, other = SNN_METRICS_INIT;

    start(&whole, &settings[_i]);
    start(&first, &settings[_i]);
    epochs(&whole, 1);
    OK(snn_trainer_epoch(whole.trainer, whole.data, &fit));
    epochs(&first, 1);
    OK(snn_trainer_on_progress(first.trainer, stop_at_three, NULL));
    FAILS(snn_trainer_epoch(first.trainer, first.data, NULL), SNN_ERR_CANCELLED, "cancelled");
    OK(snn_trainer_save(first.trainer, path_a));
    stop(&first);
    start(&second, &settings[_i]);
    scramble(&second);
    OK(snn_trainer_load(second.trainer, path_a));
    ck_assert_uint_eq(about(second.trainer).epochs, 1);
    OK(snn_trainer_epoch(second.trainer, second.data, &other));
    ck_assert(fit.loss == other.loss && fit.accuracy == other.accuracy && fit.samples == other.samples);
    check_same(&whole, &second);
    stop(&whole);
    stop(&second);
}
END_TEST

/* A checkpoint is a model file, too. */
START_TEST(test_as_model)
{
    snn_network *net = NULL;
    snn_tensor a = SNN_TENSOR_INIT, b = SNN_TENSOR_INIT;
    struct run r;

    start(&r, &settings[1]);
    epochs(&r, 1);
    OK(snn_network_set_note(r.net, "config", "x"));
    OK(snn_trainer_save(r.trainer, path_a));
    OK(snn_network_load(&net, r.ctx, path_a));
    ck_assert_str_eq(snn_network_note(net, "config"), "x");
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "hidden"), "weight", &a));
    OK(snn_layer_tensor_named(snn_network_layer_named(r.net, "hidden"), "weight", &b));
    ck_assert_int_eq(memcmp(a.data, b.data, a.length * sizeof(float)), 0);
    snn_network_destroy(net);
    OK(snn_network_save(r.net, path_b));
    FAILS(snn_trainer_load(r.trainer, path_b), SNN_ERR_FORMAT, "no training run");
    stop(&r);
}
END_TEST

static const struct {
    struct settings other;
    const char *message;
} differences[] = {
    { { NETWORK("6", "0.2"), "ottt", "sgd", 0.9, 0 },
      "layer 6 (hidden): out is 5 in the checkpoint, 6 in the trainer" },
    { { NETWORK("5", "0.3"), "ottt", "sgd", 0.9, 0 }, "rate is 0.2 in the checkpoint, 0.3 in the trainer" },
    { { NETWORK("5", "0.5"), "ottt", "sgd", 0.9, 0 }, "rate is 0.2 in the checkpoint, not set in the trainer" },
    { { NETWORK("5", "0.2"), "sltt", "sgd", 0.9, 0 }, "its method is ottt, this trainer's is sltt" },
    { { NETWORK("5", "0.2"), "ottt", "adam", 0, 0 }, "its optimizer is sgd, this trainer's is adam" },
    { { NETWORK("5", "0.2"), "ottt", "sgd", 0, 0 }, "1 moments, this trainer's has 0" },
};

START_TEST(test_differences)
{
    struct run saved, other, same;

    start(&saved, &settings[0]);
    epochs(&saved, 1);
    start(&other, &differences[_i].other);
    start(&same, &differences[_i].other);
    OK(snn_trainer_save(saved.trainer, path_a));
    FAILS(snn_trainer_load(other.trainer, path_a), SNN_ERR_STATE, differences[_i].message);
    check_same(&other, &same);
    stop(&saved);
    stop(&other);
    stop(&same);
}
END_TEST

/* Any flipped bit either fails and changes nothing, or gives the saved run. */
START_TEST(test_bit_flips)
{
    unsigned char *saved, *fresh, *now;
    size_t size, m, k;
    struct run r;

    start(&r, &settings[1]);
    OK(snn_trainer_save(r.trainer, path_a));
    fresh = read_all(path_a, &m);
    epochs(&r, 1);
    OK(snn_trainer_save(r.trainer, path_a));
    saved = read_all(path_a, &size);
    for (size_t bit = 0; bit < 8 * size; bit += 7) {
        snn_status rc;

        ck_assert(write_file(path_b, fresh, m));
        OK(snn_trainer_load(r.trainer, path_b));
        saved[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert(write_file(path_a, saved, size));
        saved[bit / 8] ^= (unsigned char)(1u << bit % 8);
        rc = snn_trainer_load(r.trainer, path_a);
        OK(snn_trainer_save(r.trainer, path_b));
        now = read_all(path_b, &k);
        if (rc == SNN_OK)
            ck_assert_msg(k == size && memcmp(now, saved, size) == 0, "bit %zu changed the run unnoticed", bit);
        else
            ck_assert_msg(k == m && memcmp(now, fresh, m) == 0, "bit %zu: the trainer changed on failure", bit);
        free(now);
    }
    free(saved);
    free(fresh);
    stop(&r);
}
END_TEST

START_TEST(test_truncated)
{
    unsigned char *bytes;
    struct run r, same;
    size_t size;

    start(&r, &settings[0]);
    start(&same, &settings[0]);
    epochs(&r, 1);
    epochs(&same, 1);
    OK(snn_trainer_save(r.trainer, path_a));
    bytes = read_all(path_a, &size);
    for (size_t n = 0; n < size; n += 5) {
        ck_assert(write_file(path_a, bytes, n));
        ck_assert_int_eq(snn_trainer_load(r.trainer, path_a), SNN_ERR_FORMAT);
    }
    check_same(&r, &same);
    free(bytes);
    stop(&r);
    stop(&same);
}
END_TEST

START_TEST(test_arguments)
{
    struct run r;

    start(&r, &settings[0]);
    FAILS(snn_trainer_save(NULL, path_a), SNN_ERR_ARGUMENT, "trainer is NULL");
    FAILS(snn_trainer_save(r.trainer, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    FAILS(snn_trainer_load(NULL, path_a), SNN_ERR_ARGUMENT, "trainer is NULL");
    FAILS(snn_trainer_load(r.trainer, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    FAILS(snn_trainer_load(r.trainer, path_a), SNN_ERR_IO, "No such file");
    FAILS(snn_trainer_save(r.trainer, dir), SNN_ERR_IO, "directory");
    stop(&r);
}
END_TEST

/* Every allocation of saving and loading may fail; the trainer stays as it was. */
START_TEST(test_memory)
{
    struct counting counting = { 0, 0, 0, 0 };
    snn_context_options options;
    snn_context *ctx = NULL;
    struct run r, same;
    size_t failed = 0;

    counting_options(&counting, &options);
    options.threads = 1;
    options.seed = 11;
    OK(snn_context_create(&ctx, &options));
    start_in(&r, ctx, &settings[1]);
    start(&same, &settings[1]);
    epochs(&same, 1);
    OK(snn_trainer_save(same.trainer, path_a));
    for (size_t n = 1;; n++) {
        size_t live = counting.live;
        snn_status rc;

        counting.fail_at = counting.calls + n;
        rc = snn_trainer_load(r.trainer, path_a);
        counting.fail_at = 0;
        ck_assert_uint_eq(counting.live, live);
        ck_assert_uint_eq(about(r.trainer).epochs, rc == SNN_OK);
        if (rc == SNN_OK)
            break;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        failed++;
    }
    ck_assert_uint_gt(failed, 3);
    check_same(&r, &same);
    for (size_t n = 1;; n++) {
        snn_status rc;

        counting.fail_at = counting.calls + n;
        rc = snn_trainer_save(r.trainer, path_a);
        counting.fail_at = 0;
        if (rc == SNN_OK)
            break;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
    }
    stop(&r);
    stop(&same);
    ck_assert_uint_eq(counting.live, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_checkpoint");
    TCase *tcase = tcase_create("checkpoint");
    const int n = (int)(sizeof settings / sizeof *settings);

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_loop_test(tcase, test_resume, 0, n);
    tcase_add_loop_test(tcase, test_resume_within_epoch, 0, n);
    tcase_add_test(tcase, test_as_model);
    tcase_add_loop_test(tcase, test_differences, 0, (int)(sizeof differences / sizeof *differences));
    tcase_add_test(tcase, test_bit_flips);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_arguments);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
