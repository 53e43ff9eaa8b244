/* cifar.c - the binary files of CIFAR-10 and CIFAR-100: records of one or two label bytes, three planes of 32 x 32.
 * There is no header: a file is as long as it is, but a set has a largest number of records. */
#include "core/size.h"
#include "data/gz.h"
#include "data/samples.h"
#include <stdbool.h>
#include <stdio.h>

#define RECORDS_MAX 1000000u /* of a split; 3 GB */
#define PIXELS 3072u

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

/* Reads one record. Its pixels come into memory, or stay in a plain file; *more is false at the end of the file. */
static snn_status read_record(struct snn__samples *s, struct snn__gz *gz, const struct layout *layout, bool *more)
{
    uint8_t label[2], passed[PIXELS], *pixels = passed;
    const bool plain = snn__gz_plain(gz);
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
    if (s->label.count == RECORDS_MAX)
        return fail_count(gz);
    if (!plain)
        SNN__TRY(snn__rows_grow(&s->x.rows, &pixels, &n));
    SNN__TRY(snn__gz_read_all(gz, pixels, PIXELS, "an image"));
    s->x.rows.count += !plain;
    return snn__samples_label(s, &(uint32_t){ label[layout->which] });
}

/* All labels are read, which tells of a plain file that its records are whole. */
static snn_status read_records(struct snn__samples *s, struct snn__gz *gz, const struct layout *layout)
{
    const size_t before = s->x.count, record = layout->labels + PIXELS;
    struct snn__rows *rows = &s->x.rows;
    bool more = true;

    if (s->most > RECORDS_MAX && snn__gz_plain(gz) && snn__gz_bound(gz) / record > RECORDS_MAX - before)
        return fail_count(gz);
    if (rows->blocks == 0) /* a small file, or a small part, takes small blocks */
        rows->per_block =
            snn__max(1, snn__min(rows->per_block, snn__min(s->most, (size_t)(snn__gz_bound(gz) / PIXELS))));
    if (!snn__gz_plain(gz))
        snn__extents_memory(&s->x, &snn__pixels);
    while (more && s->label.count < s->most)
        SNN__TRY(read_record(s, gz, layout, &more));
    if (s->label.count == before)
        return snn__fail(SNN_ERR_FORMAT, "%.300s holds no images", snn__gz_path(gz));
    if (snn__gz_plain(gz))
        return snn__extents_leave(&s->x, gz, &snn__pixels, layout->labels, record, s->label.count - before);
    s->x.count = s->label.count;
    return SNN_OK;
}

/* Reads a file if it is there, and wanted. */
static snn_status read_file(struct snn__samples *s, const char *directory, const char *name,
                            const struct layout *layout)
{
    struct snn__gz *gz;
    snn_status rc;

    if (s->x.count == s->most)
        return SNN_OK;
    SNN__TRY(snn__gz_find(&gz, s->ctx, directory, name));
    if (gz == NULL)
        return SNN_OK;
    rc = read_records(s, gz, layout);
    snn__gz_close(gz);
    return rc;
}

static snn_status prepare(struct snn__samples *s, const char *directory, const struct layout *layout)
{
    s->classes = layout->classes;
    return snn__samples_shape(s, directory, &snn__pixels, 1, 3, (const size_t[]){ 3, 32, 32 });
}

static snn_status cifar10_read(struct snn__samples *s, const snn_dataset_files *files)
{
    static const char *const test[] = { "test_batch.bin", "dev_test_2000.bin" };

    SNN__TRY(prepare(s, files->path, &cifar10));
    for (int i = 1; i <= 5 && files->split == SNN_SPLIT_TRAIN; i++) {
        char name[32];

        snprintf(name, sizeof name, "data_batch_%d.bin", i);
        SNN__TRY(read_file(s, files->path, name, &cifar10));
    }
    for (size_t i = 0; i < 2 && files->split == SNN_SPLIT_TEST && s->x.count == 0; i++)
        SNN__TRY(read_file(s, files->path, test[i], &cifar10));
    if (s->x.count == 0)
        return snn__fail(SNN_ERR_IO,
                         "there is no %.200s/%s, plain or .gz; format cifar10 reads the binary version "
                         "of CIFAR-10 (data_batch_1.bin to data_batch_5.bin and test_batch.bin)",
                         files->path,
                         files->split == SNN_SPLIT_TRAIN ? "data_batch_N.bin"
                                                         : "test_batch.bin or dev_test_2000.bin");
    return SNN_OK;
}

static snn_status cifar100_read(struct snn__samples *s, const snn_dataset_files *files)
{
    const char *name = files->split == SNN_SPLIT_TRAIN ? "train.bin" : "test.bin";

    SNN__TRY(prepare(s, files->path, &cifar100));
    SNN__TRY(read_file(s, files->path, name, &cifar100));
    if (s->x.count == 0)
        return snn__fail(SNN_ERR_IO,
                         "there is no %.200s/%s, plain or .gz; format cifar100 reads the binary version "
                         "of CIFAR-100 (train.bin and test.bin)",
                         files->path, name);
    return SNN_OK;
}

const struct snn__data_format snn__data_cifar10 = { .name = "cifar10",
                                                    .text = "CIFAR-10 in its binary version",
                                                    .read = cifar10_read };
const struct snn__data_format snn__data_cifar100 = { .name = "cifar100",
                                                     .text = "CIFAR-100 in its binary version, with fine labels",
                                                     .read = cifar100_read };
