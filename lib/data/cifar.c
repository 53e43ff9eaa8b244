/* cifar.c - the binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes, three planes of 32 x 32.
 * There is no header: a file is as long as it is, but a set has a largest number of records. */
#include "core/size.h"
#include "data/bytes.h"
#include "data/gz.h"
#include <stdbool.h>
#include <stdio.h>

#define RECORDS_MAX 1000000u /* of a split; 3 GB */

struct layout {
    size_t labels; /* bytes before the pixels */
    size_t which;  /* of them is the class */
    size_t classes;
};

static const struct layout cifar10 = { 1, 0, 10 };
static const struct layout cifar100 = { 2, 1, 100 }; /* coarse, fine */

static snn_status fail_count(const struct snn__gz *gz)
{
    return snn__fail(SNN_ERR_FORMAT, "%.300s: more than %u images in one split", snn__gz_path(gz), RECORDS_MAX);
}

/* Reads one record to the end of `b`; *more is false at the end of the file. */
static snn_status read_record(struct snn__bytes *b, struct snn__gz *gz, const struct layout *layout, bool *more)
{
    uint8_t label[2], *pixels;
    size_t n;

    SNN__TRY(snn__gz_read(gz, label, layout->labels, &n));
    *more = n > 0;
    if (n == 0)
        return SNN_OK;
    if (n < layout->labels)
        return snn__fail(SNN_ERR_FORMAT, "%.300s is truncated: it ends within a record", snn__gz_path(gz));
    if (label[layout->which] >= layout->classes)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: label %u is out of range: %zu classes", snn__gz_path(gz),
                         label[layout->which], layout->classes);
    if (b->count == RECORDS_MAX)
        return fail_count(gz);
    SNN__TRY(snn__bytes_grow(b, &pixels, &n));
    SNN__TRY(snn__gz_read_all(gz, pixels, b->sample, "an image"));
    *snn__bytes_label(b, b->count) = label[layout->which];
    b->count++;
    return SNN_OK;
}

static snn_status read_records(struct snn__bytes *b, struct snn__gz *gz, const struct layout *layout)
{
    const size_t before = b->count;
    bool more = true;

    if (b->most > RECORDS_MAX && snn__gz_plain(gz) &&
        snn__gz_bound(gz) / (layout->labels + b->sample) > RECORDS_MAX - before)
        return fail_count(gz);
    if (b->blocks == 0) /* a small file, or a small part, takes small blocks */
        b->per_block =
            snn__max(1, snn__min(b->per_block, snn__min(b->most, (size_t)(snn__gz_bound(gz) / b->sample))));
    while (more && b->count < b->most)
        SNN__TRY(read_record(b, gz, layout, &more));
    if (b->count == before)
        return snn__fail(SNN_ERR_FORMAT, "%.300s holds no images", snn__gz_path(gz));
    return SNN_OK;
}

/* Reads a file if it is there, and wanted. */
static snn_status read_file(struct snn__bytes *b, const char *directory, const char *name,
                            const struct layout *layout)
{
    struct snn__gz *gz;
    snn_status rc;

    if (b->count == b->most)
        return SNN_OK;
    SNN__TRY(snn__gz_find(&gz, b->ctx, directory, name));
    if (gz == NULL)
        return SNN_OK;
    rc = read_records(b, gz, layout);
    snn__gz_close(gz);
    return rc;
}

static snn_status prepare(struct snn__bytes *b, const char *directory, const struct layout *layout)
{
    b->classes = layout->classes;
    return snn__bytes_shape(b, directory, 3, 32, 32);
}

static snn_status cifar10_read(struct snn__bytes *b, const char *directory, snn_split split)
{
    static const char *const test[] = { "test_batch.bin", "dev_test_2000.bin" };

    SNN__TRY(prepare(b, directory, &cifar10));
    for (int i = 1; i <= 5 && split == SNN_SPLIT_TRAIN; i++) {
        char name[32];

        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        SNN__TRY(read_file(b, directory, name, &cifar10));
    }
    for (size_t i = 0; i < 2 && split == SNN_SPLIT_TEST && b->count == 0; i++)
        SNN__TRY(read_file(b, directory, test[i], &cifar10));
    if (b->count == 0)
        return snn__fail(SNN_ERR_IO,
                         "there is no %.200s/%s, plain or .gz; format cifar10 reads the binary version "
                         "of CIFAR-10 (data_batch_1.bin to data_batch_5.bin and test_batch.bin)",
                         directory,
                         split == SNN_SPLIT_TRAIN ? "data_batch_N.bin" : "test_batch.bin or dev_test_2000.bin");
    return SNN_OK;
}

static snn_status cifar100_read(struct snn__bytes *b, const char *directory, snn_split split)
{
    const char *name = split == SNN_SPLIT_TRAIN ? "train.bin" : "test.bin";

    SNN__TRY(prepare(b, directory, &cifar100));
    SNN__TRY(read_file(b, directory, name, &cifar100));
    if (b->count == 0)
        return snn__fail(SNN_ERR_IO,
                         "there is no %.200s/%s, plain or .gz; format cifar100 reads the binary version "
                         "of CIFAR-100 (train.bin and test.bin)",
                         directory, name);
    return SNN_OK;
}

const struct snn__data_format snn__data_cifar10 = { .name = "cifar10",
                                                    .text = "CIFAR-10 in its binary version",
                                                    .read = cifar10_read };
const struct snn__data_format snn__data_cifar100 = { .name = "cifar100",
                                                     .text = "CIFAR-100 in its binary version, with fine labels",
                                                     .read = cifar100_read };
