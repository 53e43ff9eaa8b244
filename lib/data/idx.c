/* idx.c - the format of MNIST: a big-endian magic number for "unsigned bytes" and the number of dimensions, then the
 * dimensions and the bytes. Images and labels are two files. */
#include "core/context.h"
#include "core/size.h"
#include "data/bytes.h"
#include "data/gz.h"
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#define MAGIC_IMAGES 0x00000803u
#define MAGIC_LABELS 0x00000801u
#define LEAST_CLASSES 10u

static uint32_t big_endian(const uint8_t byte[4])
{
    return (uint32_t)byte[0] << 24 | (uint32_t)byte[1] << 16 | (uint32_t)byte[2] << 8 | byte[3];
}

/* The first name in `directory` that looks like a `part` of the split under another name, as EMNIST and others have;
 * "" without one. */
static void similar(char *out, size_t size, const char *directory, snn_split split, const char *part)
{
    const char *kind = part + sizeof "images-" - 1; /* idx3, idx1 */
    DIR *d = opendir(directory);
    const struct dirent *entry;

    out[0] = '\0';
    while (d != NULL && (entry = readdir(d)) != NULL) {
        const char *name = entry->d_name;
        const bool test = strstr(name, "t10k") != NULL || strstr(name, "test") != NULL;

        if (strstr(name, kind) == NULL || test != (split == SNN_SPLIT_TEST) || strlen(name) >= size)
            continue;
        if (out[0] == '\0' || strcmp(name, out) < 0)
            strcpy(out, name);
    }
    if (d != NULL)
        closedir(d);
}

static snn_status fail_absent(const char *directory, snn_split split, const char *part, const char *name)
{
    char other[128];

    similar(other, sizeof other, directory, split, part);
    if (other[0] != '\0')
        return snn__fail(SNN_ERR_IO,
                         "there is no %.200s/%s[.gz], but \"%s\": if that is the file, link to it, ln -s \"%s\" "
                         "\"%.200s/%s%s\"",
                         directory, name, other, other, directory, name,
                         strcmp(other + strlen(other) - 3, ".gz") == 0 ? ".gz" : "");
    return snn__fail(SNN_ERR_IO,
                     "there is no %.200s/%s and no %s.gz beside it; format idx reads the files of "
                     "MNIST and Fashion-MNIST (the latter is Debian's package dataset-fashion-mnist, in "
                     "/usr/share/datasets/fashion-mnist)",
                     directory, name, name);
}

static snn_status open_part(struct snn__gz **out, snn_context *ctx, const char *directory, snn_split split,
                            const char *part)
{
    char name[64];

    snprintf(name, sizeof name, "%s-%s-ubyte", split == SNN_SPLIT_TRAIN ? "train" : "t10k", part);
    SNN__TRY(snn__gz_find(out, ctx, directory, name));
    return *out != NULL ? SNN_OK : fail_absent(directory, split, part, name);
}

/* Reads magic number and dimensions. */
static snn_status read_header(struct snn__gz *gz, uint32_t magic, uint32_t *dim, size_t rank)
{
    uint8_t byte[16];

    SNN__TRY(snn__gz_read_all(gz, byte, 4 + 4 * rank, "the idx header"));
    if (big_endian(byte) != magic)
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s: magic number 0x%08x, expected 0x%08x (idx, unsigned bytes, %zu "
                         "dimension%s)",
                         snn__gz_path(gz), big_endian(byte), magic, rank, rank == 1 ? "" : "s");
    for (size_t i = 0; i < rank; i++)
        dim[i] = big_endian(byte + 4 + 4 * i);
    return SNN_OK;
}

/* A header may say anything: what cannot be in a file of this length is refused before memory is taken. */
static snn_status check_count(const struct snn__gz *gz, size_t count, size_t sample)
{
    if (count == 0)
        return snn__fail(SNN_ERR_FORMAT, "%.300s holds no samples", snn__gz_path(gz));
    if (count > snn__gz_bound(gz) / sample)
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s is truncated, or its header is wrong: it declares %zu items of %zu "
                         "bytes, which a file of this length cannot hold",
                         snn__gz_path(gz), count, sample);
    return SNN_OK;
}

static snn_status read_images(struct snn__bytes *b, struct snn__gz *gz, uint32_t *announced)
{
    uint32_t dim[3] = { 0, 0, 0 };
    size_t most;

    SNN__TRY(read_header(gz, MAGIC_IMAGES, dim, 3));
    SNN__TRY(snn__bytes_shape(b, snn__gz_path(gz), 1, dim[1], dim[2]));
    SNN__TRY(check_count(gz, dim[0], b->sample));
    *announced = dim[0];
    most = snn__min(b->most, dim[0]);
    b->per_block = snn__min(b->per_block, most);
    while (b->count < most) {
        uint8_t *pixels;
        size_t n;

        SNN__TRY(snn__bytes_grow(b, &pixels, &n));
        n = snn__min(n, most - b->count);
        SNN__TRY(snn__gz_read_all(gz, pixels, n * b->sample, "a block of images"));
        b->count += n;
    }
    return most == dim[0] ? snn__gz_expect_end(gz) : SNN_OK;
}

static void count_classes(struct snn__bytes *b, const uint8_t *label, size_t n, uint8_t *lowest)
{
    for (size_t i = 0; i < n; i++) {
        b->classes = snn__max(b->classes, (size_t)label[i] + 1);
        *lowest = (uint8_t)snn__min(*lowest, label[i]);
    }
}

/* Labels of images that are not read. */
static snn_status pass_labels(struct snn__bytes *b, struct snn__gz *gz, size_t left, uint8_t *lowest)
{
    uint8_t label[1024];

    while (left > 0) {
        const size_t n = snn__min(left, sizeof label);

        SNN__TRY(snn__gz_read_all(gz, label, n, "a block of labels"));
        count_classes(b, label, n, lowest);
        left -= n;
    }
    return snn__gz_expect_end(gz);
}

/* As many classes as labels are used, and at least ten, so that a small excerpt of MNIST has its shape. */
static snn_status read_labels(struct snn__bytes *b, struct snn__gz *gz, uint32_t *announced)
{
    uint32_t count = 0;
    uint8_t lowest = 0xff;

    SNN__TRY(read_header(gz, MAGIC_LABELS, &count, 1));
    if (count != *announced)
        return snn__fail(SNN_ERR_FORMAT, "%.300s has %u labels for %u images", snn__gz_path(gz), count, *announced);
    b->classes = LEAST_CLASSES;
    for (size_t i = 0; i < b->count;) {
        const size_t n = snn__min(b->count - i, b->per_block);
        uint8_t *label = snn__bytes_label(b, i);

        SNN__TRY(snn__gz_read_all(gz, label, n, "a block of labels"));
        count_classes(b, label, n, &lowest);
        i += n;
    }
    SNN__TRY(pass_labels(b, gz, count - b->count, &lowest));
    if (lowest > 0 && b->classes > LEAST_CLASSES)
        snn__log(b->ctx, SNN_LOG_WARNING,
                 "%.300s: no label is below %u, so class 0 has no samples; label_first %u takes that away",
                 snn__gz_path(gz), lowest, lowest);
    return SNN_OK;
}

typedef snn_status (*read_fn)(struct snn__bytes *b, struct snn__gz *gz, uint32_t *announced);

static snn_status read_part(struct snn__bytes *b, const char *directory, snn_split split, const char *part,
                            read_fn read, uint32_t *announced)
{
    struct snn__gz *gz;
    snn_status rc;

    SNN__TRY(open_part(&gz, b->ctx, directory, split, part));
    rc = read(b, gz, announced);
    snn__gz_close(gz);
    return rc;
}

static snn_status idx_read(struct snn__bytes *b, const char *directory, snn_split split)
{
    uint32_t announced = 0; /* images, of which as many labels have to be there, however many are read */

    SNN__TRY(read_part(b, directory, split, "images-idx3", read_images, &announced));
    return read_part(b, directory, split, "labels-idx1", read_labels, &announced);
}

const struct snn__data_format snn__data_idx = {
    .name = "idx",
    .text = "MNIST and its relatives: images and labels in idx files, with or without gzip",
    .read = idx_read
};
