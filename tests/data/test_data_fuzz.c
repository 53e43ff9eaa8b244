/* The readers on damaged files: whatever the bytes, they succeed or fail with a message, take little memory, give all
 * of it back. The damage is drawn from a fixed seed. */
#include "files.h"

#define ROUNDS 2000
#define COUNT 5
#define SIDE 6
#define IMAGES (16 + COUNT * SIDE * SIDE)
#define LABELS (8 + COUNT)
#define RECORDS (2 * 3073)

static snn_context *ctx;
static struct counting counted;
static uint64_t state;

static void setup(void)
{
    snn_context_options options;

    memset(&counted, 0, sizeof counted);
    counting_options(&counted, &options);
    options.threads = 1;
    OK(snn_context_create(&ctx, &options));
    make_directory();
    state = 1;
}

static void teardown(void)
{
    remove_directory();
    snn_context_destroy(ctx);
    ck_assert_uint_eq(counted.live, 0);
}

static uint32_t draw(uint32_t below)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

/* Flips bits, writes interesting bytes, cuts off, appends, moves a piece. Returns the new size, at most size + 16. */
static size_t damage(uint8_t *bytes, size_t size)
{
    static const uint8_t interesting[] = { 0x00, 0xff, 0x7f, 0x80, 0x01, 0x1f, 0x8b, 0x08 };

    for (uint32_t n = 1 + draw(4); n-- > 0 && size > 0;) {
        const size_t at = draw(3) == 0 ? draw((uint32_t)(size < 20 ? size : 20)) : draw((uint32_t)size);

        switch (draw(5)) {
        case 0:
            bytes[at] ^= (uint8_t)(1u << draw(8));
            break;
        case 1:
            bytes[at] = interesting[draw(sizeof interesting)];
            break;
        case 2:
            if (draw(4) == 0)
                size = at;
            break;
        case 3:
            memmove(bytes + at, bytes + at / 2, size - at);
            break;
        default:
            bytes[at] = (uint8_t)draw(256);
        }
    }
    for (uint32_t n = draw(8) == 0 ? draw(16) : 0; n-- > 0;)
        bytes[size++] = (uint8_t)draw(256);
    return size;
}

/* Opens what is there, and reads all of it if that works. Returns 1 if it did. */
static size_t attempt(const char *format)
{
    const size_t live = counted.live;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_dataset_info shape = SNN_DATASET_INFO_INIT;
    snn_dataset *d = NULL;
    const snn_status rc = snn_dataset_open(&d, ctx, format, directory, SNN_SPLIT_TRAIN);
    size_t length;
    float *x;

    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_lt(info.peak_bytes, 16u << 20);
    if (rc != SNN_OK) {
        ck_assert_ptr_null(d);
        ck_assert_int_eq(rc, SNN_ERR_FORMAT);
        ck_assert_msg(strstr(snn_last_error(), directory) != NULL, "%s", snn_last_error());
        ck_assert_uint_eq(counted.live, live);
        return 0;
    }
    OK(snn_dataset_get_info(d, &shape));
    length = shape.shape[0] * shape.shape[1] * shape.shape[2];
    x = malloc(length * sizeof *x);
    for (size_t i = 0; i < shape.count; i++) {
        uint32_t label;

        OK(read_labelled(d, i, 0, x, &label));
        ck_assert_uint_lt(label, shape.classes);
    }
    free(x);
    snn_dataset_destroy(d);
    ck_assert_uint_eq(counted.live, live);
    return 1;
}

static void make_idx(uint8_t *images, uint8_t *labels)
{
    put_u32(images, 0x803);
    put_u32(images + 4, COUNT);
    put_u32(images + 8, SIDE);
    put_u32(images + 12, SIDE);
    for (size_t i = 16; i < IMAGES; i++)
        images[i] = some_byte(i);
    put_u32(labels, 0x801);
    put_u32(labels + 4, COUNT);
    for (size_t i = 8; i < LABELS; i++)
        labels[i] = some_byte(i) % 10;
}

START_TEST(plain_idx)
{
    size_t good = 0;

    for (int i = 0; i < ROUNDS; i++) {
        uint8_t images[IMAGES + 16], labels[LABELS + 16];

        make_idx(images, labels);
        put("train-images-idx3-ubyte", images, damage(images, IMAGES));
        put("train-labels-idx1-ubyte", labels, draw(2) ? damage(labels, LABELS) : LABELS);
        good += attempt("idx");
    }
    ck_assert(good > 0 && good < ROUNDS);
}
END_TEST

START_TEST(gz_idx)
{
    size_t good = 0;

    for (int i = 0; i < ROUNDS; i++) {
        uint8_t images[IMAGES + 16], labels[LABELS + 16], gz[2 * IMAGES + 200];
        const bool inside = draw(2); /* damage before compressing, too: the checksum is right then */

        make_idx(images, labels);
        put_gz("train-images-idx3-ubyte", images, inside ? damage(images, IMAGES) : IMAGES);
        put("train-labels-idx1-ubyte", gz, damage(gz, gzip(gz, labels, LABELS)));
        good += attempt("idx");
    }
    ck_assert(good > 0 && good < ROUNDS);
}
END_TEST

START_TEST(gz_cifar)
{
    size_t good = 0;

    for (int i = 0; i < ROUNDS; i++) {
        static uint8_t records[RECORDS + 16], gz[2 * RECORDS + 200];
        size_t size;

        for (size_t k = 0; k < RECORDS; k++)
            records[k] = k % 3073 == 0 ? 3 : some_byte(k / 50);
        size = gzip(gz, records, draw(2) ? damage(records, RECORDS) : RECORDS);
        put("data_batch_1.bin.gz", gz, draw(2) ? damage(gz, size) : size);
        good += attempt("cifar10");
    }
    ck_assert(good > 0 && good < ROUNDS);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("data: damaged files");
    TCase *tc = tcase_create("fuzz");

    tcase_set_timeout(tc, 120);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_test(tc, plain_idx);
    tcase_add_test(tc, gz_idx);
    tcase_add_test(tc, gz_cifar);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
