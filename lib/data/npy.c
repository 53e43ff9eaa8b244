/* npy.c - NumPy's arrays: samples [n,...] in one file .npy, labels or targets in another, in folders or archives. */
#include "core/size.h"
#include "data/array.h"
#include "data/find.h"
#include <snn/sys/npy.h>
#include <string.h>

#define HEADER_MOST 8192u

static snn_status fail_array(const struct snn__gz *gz)
{
    return snn__fail(SNN_ERR_FORMAT, "%.300s holds no array of numbers of NumPy", snn__gz_path(gz));
}

/* "<f4", "|u1", ">i2"; '?' and "|b1" are truths. */
static bool set_type(struct snn__numbers *n, const snn_npy *header)
{
    const char *type = header->type.at;

    if (header->type.length != 3 || strchr("<>|=", type[0]) == NULL || strchr("fiub", type[1]) == NULL)
        return false;
    n->kind = type[1];
    n->big = type[0] == '>';
    n->bytes = header->bytes;
    return n->bytes <= 8 && (n->bytes & (n->bytes - 1)) == 0 && (n->kind != 'f' || n->bytes > 1) &&
           (n->kind != 'b' || n->bytes == 1);
}

static snn_status read_header(struct snn__gz *gz, struct snn__array *a)
{
    uint8_t head[12];
    char text[HEADER_MOST + 1] = "";
    snn_npy header;
    size_t length, taken;

    *a = (struct snn__array){ 0 };
    SNN__TRY(snn__gz_read_all(gz, head, 10, "the header"));
    if (memcmp(head, "\x93NUMPY", 6) != 0 || head[6] < 1 || head[6] > 3)
        return fail_array(gz);
    if (head[6] > 1)
        SNN__TRY(snn__gz_read_all(gz, head + 10, 2, "the header"));
    length = head[8] | (size_t)head[9] << 8;
    if (head[6] > 1)
        length |= (size_t)head[10] << 16 | (size_t)head[11] << 24;
    taken = snn__min(length, HEADER_MOST);
    SNN__TRY(snn__gz_read_all(gz, text, taken, "the header"));
    if (taken < length || !snn_npy_parse(text, &header) || header.fields > 0 || !set_type(&a->type, &header) ||
        header.rank == 0)
        return fail_array(gz);
    a->fortran = header.fortran != 0;
    a->rank = header.rank;
    for (size_t i = 0; i < a->rank; i++) /* no file of 32 bits holds SIZE_MAX numbers: they are refused */
        a->dim[i] = header.shape[i] < SIZE_MAX ? (size_t)header.shape[i] : SIZE_MAX;
    return SNN_OK;
}

static bool is_npy(const char *name)
{
    const size_t n = strlen(name);

    return n > 4 && strcmp(name + n - 4, ".npy") == 0;
}

static snn_status open_part(struct snn__gz **out, const struct snn__samples *s, const snn_dataset_files *files,
                            bool aims)
{
    const struct snn__part part = { files->split, aims };
    const char *example = aims ? "train_labels.npy (test_labels.npy)" : "train_x.npy (test_x.npy)";

    return s->members == NULL ? snn__part_find(out, s->ctx, files->path, &part, is_npy, example)
                              : snn__part_member(out, s->ctx, files->path, &part, is_npy, example, s->members);
}

static snn_status read_part(struct snn__samples *s, const snn_dataset_files *files, bool aims, size_t *announced)
{
    struct snn__array a;
    struct snn__gz *gz;
    snn_status rc;

    SNN__TRY(open_part(&gz, s, files, aims));
    rc = read_header(gz, &a);
    if (rc == SNN_OK)
        rc = aims ? snn__array_aims(s, gz, &a, files, *announced, 1) : snn__array_samples(s, gz, &a, files);
    *announced = a.dim[0];
    snn__gz_close(gz);
    return rc;
}

static snn_status npy_read(struct snn__samples *s, const snn_dataset_files *files)
{
    size_t announced = 0;

    SNN__TRY(read_part(s, files, false, &announced));
    return read_part(s, files, true, &announced);
}

const struct snn__data_format snn__data_npy = { .name = "npy",
                                                .text = "NumPy's arrays: samples, and labels or targets",
                                                .read = npy_read };
