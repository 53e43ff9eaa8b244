/* write_arrays.c - arrays of NumPy, archives, HDF5. */
#include "writers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#ifdef SNN_EVENTS_HDF5
#include <hdf5.h>
#endif

/* ---- .npy ---- */

void put_npy(struct bytes *b, const char *type, const char *order, const char *shape)
{
    char header[256];
    const int length =
        snprintf(header, sizeof header, "{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", type, order, shape);

    put(b, "\x93NUMPY\1\0", 8);
    put_le(b, (uint64_t)length, 2);
    put_text(b, header);
}

/* [N,4] of int64. */
void write_npy_rows(struct bytes *b, const snn_event *event, size_t n)
{
    char shape[64];

    snprintf(shape, sizeof shape, "(%zu, 4)", n);
    put_npy(b, "'<i8'", "False", shape);
    for (size_t i = 0; i < n; i++) {
        put_le(b, (uint64_t)event[i].t, 8);
        put_le(b, event[i].x, 8);
        put_le(b, event[i].y, 8);
        put_le(b, event[i].p, 8);
        put_end(b, 1);
    }
}

/* [N] of structures: other names, another order, padding, both orders of bytes. */
void write_npy_fields(struct bytes *b, const snn_event *event, size_t n)
{
    char shape[64];

    snprintf(shape, sizeof shape, "(%zu,)", n);
    put_npy(b, "[('x', '<u2'), ('y', '>i2'), ('polarity', '|b1'), ('', '|V3'), ('timestamp', '<f8')]", "False",
            shape);
    for (size_t i = 0; i < n; i++) {
        const double t = (double)event[i].t;
        uint64_t bits;

        memcpy(&bits, &t, 8);
        put_le(b, event[i].x, 2);
        put_be(b, event[i].y, 2);
        put_le(b, event[i].p, 1);
        put_le(b, 0xabcdef, 3);
        put_le(b, bits, 8);
        put_end(b, 1);
    }
}

static uint64_t value(const snn_event *event, unsigned column)
{
    return column == 0 ? (uint64_t)event->t : column == 1 ? event->x : column == 2 ? event->y : event->p;
}

/* [N,4] of int32, column after column. */
void write_npy_columns(struct bytes *b, const snn_event *event, size_t n)
{
    char shape[64];

    snprintf(shape, sizeof shape, "(%zu, 4)", n);
    put_npy(b, "'<i4'", "True", shape);
    for (unsigned column = 0; column < 4; column++)
        for (size_t i = 0; i < n; i++)
            put_le(b, value(&event[i], column), 4);
    put_end(b, n);
}

/* ---- archives ---- */

/* `window` as zlib has it: -15 for bare deflate, 15 + 16 for gz. */
static void deflate_to(struct bytes *b, const struct bytes *file, int window)
{
    const size_t room = compressBound((uLong)file->size) + 64;
    uint8_t *out = malloc(room);
    z_stream z = { .next_in = file->data, .avail_in = (uInt)file->size, .next_out = out, .avail_out = (uInt)room };

    if (out == NULL || deflateInit2(&z, 6, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK ||
        deflate(&z, Z_FINISH) != Z_STREAM_END)
        abort();
    put(b, out, z.total_out);
    deflateEnd(&z);
    free(out);
}

/* A member of `file`, whose bytes are stored (method 0) or deflated (8) as `packed`. */
static void put_member(struct bytes *b, struct bytes *directory, const char *name, const struct bytes *file,
                       unsigned method, const struct bytes *packed)
{
    const size_t at = b->size;
    struct bytes common = { 0 };

    put_le(&common, 20, 2);
    put_le(&common, 0, 2); /* flags */
    put_le(&common, method, 2);
    put_le(&common, 0, 4); /* time, date */
    put_le(&common, crc32(0, file->data, (uInt)file->size), 4);
    put_le(&common, packed->size, 4);
    put_le(&common, file->size, 4);
    put_le(&common, strlen(name), 2);
    put_le(&common, 0, 2);
    put(b, "PK\3\4", 4);
    put(b, common.data, common.size);
    put_text(b, name);
    put(b, packed->data, packed->size);
    put(directory, "PK\1\2\24\0", 6);
    put(directory, common.data, common.size);
    put_le(directory, 0, 8); /* comment, disk, attributes */
    put_le(directory, 0, 2);
    put_le(directory, at, 4);
    put_text(directory, name);
    drop(&common);
}

void put_zip(struct bytes *b, struct bytes *directory, const char *name, const struct bytes *file)
{
    put_member(b, directory, name, file, 0, file);
}

void put_zip_deflated(struct bytes *b, struct bytes *directory, const char *name, const struct bytes *file)
{
    struct bytes packed = { 0 };

    deflate_to(&packed, file, -15);
    put_member(b, directory, name, file, 8, &packed);
    drop(&packed);
}

void put_zip_end(struct bytes *b, struct bytes *directory, size_t members)
{
    const size_t at = b->size;

    put(b, directory->data, directory->size);
    put(b, "PK\5\6\0\0\0\0", 8);
    put_le(b, members, 2);
    put_le(b, members, 2);
    put_le(b, directory->size, 4);
    put_le(b, at, 4);
    put_le(b, 0, 2);
    drop(directory);
}

void write_npz(struct bytes *b, const snn_event *event, size_t n)
{
    static const char *const name[] = { "t.npy", "x.npy", "y.npy", "p.npy" }, *const type[] = { "'<i8'", "'<u2'",
                                                                                                "'<u2'", "'|b1'" };
    static const unsigned bytes[] = { 8, 2, 2, 1 };
    struct bytes directory = { 0 }, file = { 0 };
    char shape[64];

    snprintf(shape, sizeof shape, "(%zu,)", n);
    for (unsigned column = 0; column < 4; column++) {
        put_npy(&file, type[column], "False", shape);
        for (size_t i = 0; i < n; i++)
            put_le(&file, value(&event[i], column), bytes[column]);
        put_zip(b, &directory, name[column], &file);
        drop(&file);
    }
    put_zip_end(b, &directory, 4);
    put_end(b, n);
}

void put_tar(struct bytes *b, const char *name, const struct bytes *file)
{
    char head[512] = "";
    unsigned sum = 0;

    snprintf(head, 100, "%s", name);
    memcpy(head + 100, "0000644\0000000000\0000000000", 24);
    snprintf(head + 124, 12, "%011zo", file->size);
    memcpy(head + 136, "00000000000", 12);
    memset(head + 148, ' ', 8);
    head[156] = '0';
    memcpy(head + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof head; i++)
        sum += (uint8_t)head[i];
    snprintf(head + 148, 8, "%06o", sum);
    put(b, head, sizeof head);
    put(b, file->data, file->size);
    memset(head, 0, sizeof head);
    put(b, head, (512 - file->size % 512) % 512);
}

void put_tar_end(struct bytes *b)
{
    static const char zeros[1024];

    put(b, zeros, sizeof zeros);
}

void put_gz(struct bytes *b, const struct bytes *file)
{
    deflate_to(b, file, 15 + 16);
}

/* ---- HDF5 ---- */

#ifdef SNN_EVENTS_HDF5
static void put_lists(hid_t group, const char *name, hid_t number, const hvl_t *list)
{
    const hsize_t count = 2;
    const hid_t type = H5Tvlen_create(number), space = H5Screate_simple(1, &count, NULL);
    const hid_t set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    if (H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, list) < 0)
        abort();
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
}

static void put_labels(hid_t file)
{
    const int16_t label[] = { 3, 1 };
    const hsize_t count = 2;
    const hid_t space = H5Screate_simple(1, &count, NULL);
    const hid_t set = H5Dcreate2(file, "labels", H5T_NATIVE_INT16, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    if (H5Dwrite(set, H5T_NATIVE_INT16, H5S_ALL, H5S_ALL, H5P_DEFAULT, label) < 0)
        abort();
    H5Dclose(set);
    H5Sclose(space);
}

/* The file, by its bytes. */
static void put_file(struct bytes *b, const char *path)
{
    FILE *f = fopen(path, "rb");
    uint8_t block[4096];
    size_t n;

    while (f != NULL && (n = fread(block, 1, sizeof block, f)) > 0)
        put(b, block, n);
    if (f != NULL)
        fclose(f);
    remove(path);
}

void write_hdf5(struct bytes *b, const snn_event *event, size_t n)
{
    double *time = malloc((n + 1) * sizeof *time);
    uint16_t *unit = malloc((n + 1) * sizeof *unit);
    char path[] = "/tmp/snn-events-XXXXXX";
    const int made = mkstemp(path);
    hid_t file, group;

    for (size_t i = 0; i < n; i++) {
        time[i] = 1e-6 * (double)event[i].t;
        unit[i] = event[i].x;
    }
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    group = H5Gcreate2(file, "spikes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    put_lists(group, "times", H5T_NATIVE_DOUBLE, (hvl_t[]){ { n, time }, { 1, time } });
    put_lists(group, "units", H5T_NATIVE_UINT16, (hvl_t[]){ { n, unit }, { 1, unit } });
    put_labels(file);
    H5Gclose(group);
    H5Fclose(file);
    close(made);
    put_file(b, path);
    put_end(b, n);
    free(time);
    free(unit);
}
#endif
