/* A directory of its own for each test, and the files that the tests of data write into it. */
#ifndef SNN_TESTS_DATA_FILES_H
#define SNN_TESTS_DATA_FILES_H

#include "support.h"
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char directory[4096];

static inline void make_directory(void)
{
    const char *root = getenv("TMPDIR");

    snprintf(directory, sizeof directory, "%s/snn-data-XXXXXX", root != NULL ? root : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(directory));
}

static inline const char *path_of(const char *name)
{
    static char path[4400];

    snprintf(path, sizeof path, "%s/%s", directory, name);
    return path;
}

static inline void remove_directory(void)
{
    DIR *d = opendir(directory);
    struct dirent *entry;

    while ((entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.')
            remove(path_of(entry->d_name));
    closedir(d);
    rmdir(directory);
}

static inline void put(const char *name, const void *bytes, size_t size)
{
    ck_assert(write_file(path_of(name), bytes, size));
}

/* Compresses into `out`, which has room for compressBound(size) + 18; returns the size. */
static inline size_t gzip(uint8_t *out, const uint8_t *bytes, size_t size)
{
    z_stream z;

    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)bytes;
    z.avail_in = (uInt)size;
    z.next_out = out;
    z.avail_out = (uInt)(compressBound(size) + 18);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    return z.total_out;
}

static inline void put_gz(const char *name, const uint8_t *bytes, size_t size)
{
    uint8_t *out = malloc(compressBound(size) + 18);

    put(name, out, gzip(out, bytes, size));
    free(out);
}

static inline void put_u32(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)(value >> 24);
    to[1] = (uint8_t)(value >> 16);
    to[2] = (uint8_t)(value >> 8);
    to[3] = (uint8_t)value;
}

/* A small sequence of bytes that looks random. */
static inline uint8_t some_byte(size_t i)
{
    return (uint8_t)((i * 2654435761u + 12345u) >> 11);
}

/* Opens a data set while one allocation after another fails, fewer than `most`: each time SNN_ERR_MEMORY, *out NULL
 * and nothing kept, until all succeed. Returns the number of the first that did not fail, and one more. */
static inline size_t fail_allocations_of(snn_status (*open)(snn_dataset **out, snn_context *in), size_t most)
{
    struct counting c = { 0 };
    snn_context_options options;
    snn_context *counted = NULL;
    snn_dataset *d = NULL;
    snn_status rc = SNN_ERR_MEMORY;
    size_t live, n;

    counting_options(&c, &options);
    options.threads = 1;
    OK(snn_context_create(&counted, &options));
    live = c.live;
    for (n = 1; rc != SNN_OK && n < most; n++) {
        c.fail_at = c.calls + n;
        rc = open(&d, counted);
        ck_assert_msg(rc == SNN_OK || (rc == SNN_ERR_MEMORY && d == NULL), "allocation %zu: %s", n, snn_last_error());
        if (rc != SNN_OK)
            ck_assert_uint_eq(c.live, live);
    }
    ck_assert_int_eq(rc, SNN_OK);
    snn_dataset_destroy(d);
    ck_assert_uint_eq(c.live, live);
    snn_context_destroy(counted);
    ck_assert_uint_eq(c.live, 0);
    return n;
}

/* Opening must fail with `code`, a message that contains `part`, and *out NULL. */
#define OPEN_FAILS(ctx, format, split, code, part)                               \
    do {                                                                         \
        snn_dataset *d_ = (snn_dataset *)(uintptr_t)1;                           \
        FAILS(snn_dataset_open(&d_, ctx, format, directory, split), code, part); \
        ck_assert_ptr_null(d_);                                                  \
    } while (0)

#endif
