/* Model files: the same bits back, or a clear refusal; nothing half-written on the disk. */
#if defined(__linux__)
#define _GNU_SOURCE /* a mount namespace of our own, for a full disk and a read-only one */
#include <sched.h>
#include <sys/mount.h>
#endif
#include "support.h"
#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static snn_context *ctx;
static snn_network *net;
static char dir[64], path[96];

static void setup(void)
{
    const char *tmp = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"; /* flushing takes no time there */

    snprintf(dir, sizeof dir, "%s/snn-model-XXXXXX", tmp);
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/a.snn", dir);
    ctx = test_context(1, 1, "ref");
    net = NULL;
}

/* Number of files in the directory. */
static size_t files(void)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    ck_assert_ptr_nonnull(d);
    for (const struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void teardown(void)
{
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    unlink(path);
    rmdir(dir);
}

/* A small network with every kind of tensor: weights, bias, gain, running values, per-neuron state. */
static void make_small(void)
{
    const size_t shape[3] = { 1, 4, 4 };
    snn_layer *layer;

    OK(snn_network_build(&net, ctx, "ws:2C3-BN-AP2-3-FC", shape, 3, 2, NULL));
    layer = snn_network_layer_named(net, "sn2");
    ck_assert_ptr_nonnull(layer);
    OK(snn_layer_set_i64(layer, SNN_NEURON_PER_NEURON, 1));
    OK(snn_layer_set_i64(layer, SNN_NEURON_REFRACTORY, 2));
    OK(snn_network_prepare(net));
    OK(snn_network_set_note(net, "config", "{\"lr\": 0.1, \"\\\"snn.checksum\\\":\\\"00000000\\\"\": 1}"));
    OK(snn_network_set_note(net, "author", "caf\xc3\xa9"));
}

static unsigned char *read_all(const char *name, size_t *size)
{
    FILE *f = fopen(name, "rb");
    unsigned char *bytes = malloc(1 << 20);

    ck_assert(f != NULL && bytes != NULL);
    *size = fread(bytes, 1, 1 << 20, f);
    ck_assert_uint_lt(*size, 1 << 20);
    fclose(f);
    return bytes;
}

static bool same_tensors(const snn_network *a, const snn_network *b)
{
    size_t n = 0;

    for (size_t l = 0; snn_network_layer(a, l) != NULL; l++) {
        snn_tensor x = SNN_TENSOR_INIT, y = SNN_TENSOR_INIT;

        for (size_t i = 0; snn_layer_tensor(snn_network_layer(a, l), i, &x) == SNN_OK; i++, n++) {
            if (snn_layer_tensor(snn_network_layer(b, l), i, &y) != SNN_OK || x.length != y.length ||
                memcmp(x.data, y.data, x.length * sizeof(float)) != 0)
                return false;
        }
    }
    return n > 0;
}

static bool same_architecture(const snn_network *a, const snn_network *b)
{
    static char x[65536], y[65536];

    OK(snn_network_describe(a, x, sizeof x, NULL));
    OK(snn_network_describe(b, y, sizeof y, NULL));
    return strcmp(x, y) == 0;
}

static bool same_note(const snn_network *a, const snn_network *b, const char *key)
{
    const char *x = snn_network_note(a, key), *y = snn_network_note(b, key);

    return x != NULL && y != NULL && strcmp(x, y) == 0;
}

/* Reads bytes as a model file. */
static snn_status load_bytes(const void *bytes, size_t size, snn_network **out)
{
    ck_assert(write_file(path, bytes, size));
    return snn_network_load(out, ctx, path);
}

/* ---- round trips */

START_TEST(test_same_bits)
{
    snn_network *copy = NULL;
    snn_tensor tensor = SNN_TENSOR_INIT;
    float *value;

    make_small();
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "fc2"), "bias", &tensor));
    value = tensor.data;
    value[0] = -0.0f;
    value[1] = 1e-42f; /* denormal */
    value[2] = 3.4028235e38f;
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(files(), 1);
    OK(snn_network_load(&copy, ctx, path));
    ck_assert(same_tensors(net, copy));
    ck_assert(same_architecture(net, copy));
    ck_assert(same_note(net, copy, "config"));
    ck_assert(same_note(net, copy, "author"));
    snn_network_destroy(copy);
}
END_TEST

/* The graph with a feedback; 37 MB of it. */
START_TEST(test_large)
{
    const size_t shape[3] = { 3, 32, 32 };
    snn_network *copy = NULL;

    OK(snn_network_build(&net, ctx, "vgg11-ws-f", shape, 3, 10, NULL));
    OK(snn_network_prepare(net));
    OK(snn_network_save(net, path));
    OK(snn_network_load(&copy, ctx, path));
    ck_assert(same_tensors(net, copy));
    ck_assert(same_architecture(net, copy));
    snn_network_destroy(copy);
}
END_TEST

/* Saving twice gives the same bytes: nothing of the moment is in the file. */
START_TEST(test_deterministic)
{
    unsigned char *a, *b;
    size_t n, m;

    make_small();
    OK(snn_network_save(net, path));
    a = read_all(path, &n);
    OK(snn_network_save(net, path));
    b = read_all(path, &m);
    ck_assert_uint_eq(n, m);
    ck_assert_int_eq(memcmp(a, b, n), 0);
    free(a);
    free(b);
}
END_TEST

/* The layout that others read: length, JSON up to a multiple of 8, data that fills the rest. */
START_TEST(test_layout)
{
    unsigned char *bytes;
    size_t size, header;
    snn_network_info info = SNN_NETWORK_INFO_INIT;

    make_small();
    OK(snn_network_save(net, path));
    OK(snn_network_get_info(net, &info));
    bytes = read_all(path, &size);
    header = bytes[0] | (size_t)bytes[1] << 8 | (size_t)bytes[2] << 16;
    ck_assert_uint_eq(header % 8, 0);
    ck_assert_uint_eq(8 + header + info.parameter_bytes, size);
    ck_assert_int_eq(memcmp(bytes + 8, "{\"__metadata__\":{\"snn.checksum\":\"", 32), 0);
    bytes[8 + header] = '\0';
    ck_assert_ptr_nonnull(strstr((char *)bytes + 8, "\"conv1.weight\":{\"dtype\":\"F32\",\"shape\":[2,1,3,3],"
                                                    "\"data_offsets\":[0,72]}"));
    free(bytes);
}
END_TEST

/* ---- damage */

START_TEST(test_truncated)
{
    unsigned char *bytes;
    size_t size;

    make_small();
    OK(snn_network_save(net, path));
    bytes = read_all(path, &size);
    for (size_t n = 0; n < size; n++) {
        snn_network *copy = NULL;
        snn_status rc = load_bytes(bytes, n, &copy);

        ck_assert_msg(rc == SNN_ERR_FORMAT, "%zu of %zu bytes gave %s", n, size, snn_status_name(rc));
        ck_assert_ptr_null(copy);
    }
    free(bytes);
}
END_TEST

START_TEST(test_longer)
{
    snn_network *copy = NULL;
    unsigned char *bytes;
    size_t size;

    make_small();
    OK(snn_network_save(net, path));
    bytes = read_all(path, &size);
    memset(bytes + size, 0, 64);
    for (size_t n = 1; n <= 64; n++)
        FAILS(load_bytes(bytes, size + n, &copy), SNN_ERR_FORMAT, "truncated or damaged");
    free(bytes);
}
END_TEST

/* Any single bit: an error, or the very same network. The only harmless flips are those in the first letters of the
 * checksum's key, which make a note of it and leave the file unchecked. */
START_TEST(test_bit_flips)
{
    unsigned char *bytes;
    size_t size, harmless = 0;

    make_small();
    OK(snn_network_save(net, path));
    bytes = read_all(path, &size);
    for (size_t bit = 0; bit < 8 * size; bit++) {
        snn_network *copy = NULL;
        snn_status rc;

        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        rc = load_bytes(bytes, size, &copy);
        bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (rc == SNN_OK) {
            ck_assert_msg(same_tensors(net, copy) && same_architecture(net, copy) && same_note(net, copy, "config") &&
                              same_note(net, copy, "author"),
                          "bit %zu changed the network unnoticed", bit);
            harmless++;
        } else {
            ck_assert_msg(rc == SNN_ERR_FORMAT || rc == SNN_ERR_VERSION || rc == SNN_ERR_SHAPE, "bit %zu gave %s: %s",
                          bit, snn_status_name(rc), snn_last_error());
            ck_assert_uint_gt(strlen(snn_last_error()), 0);
        }
        snn_network_destroy(copy);
    }
    ck_assert_uint_le(harmless, 24);
    free(bytes);
}
END_TEST

static uint32_t draw(uint64_t *state)
{
    *state = *state * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*state >> 33);
}

/* Without its checksum a file meets the reader's other checks: change it in all ways and see that nothing breaks. The
 * key of the checksum is renamed to a note's, so that the reader does not look for it. */
START_TEST(test_mutations)
{
    unsigned char *bytes, *work = malloc(1 << 20);
    uint64_t state = 7;
    size_t size, header, read = 0;
    char *key;

    make_small();
    OK(snn_network_save(net, path));
    bytes = read_all(path, &size);
    header = bytes[0] | (size_t)bytes[1] << 8;
    key = strstr((char *)bytes + 8, "snn.checksum");
    ck_assert(work != NULL && key != NULL);
    key[0] = 'x';
    for (size_t i = 0; i < 4000; i++) {
        size_t n = size, edits = 1 + draw(&state) % 4;
        snn_network *copy = NULL;

        memcpy(work, bytes, size);
        for (size_t e = 0; e < edits; e++) {
            size_t at = draw(&state) % (8 + header);

            switch (draw(&state) % 4) {
            case 0: /* another character */
                work[at] = (unsigned char)draw(&state);
                break;
            case 1: /* another digit or bracket */
                work[at] = (unsigned char)"0123456789{}[],:\"-.eE"[draw(&state) % 21];
                break;
            case 2: /* a piece moves */
                memmove(work + 8 + draw(&state) % header, work + at, draw(&state) % 16);
                break;
            default: /* a piece goes */
                memmove(work + at, work + at + 1, n - at - 1);
                n--;
            }
        }
        if (load_bytes(work, n, &copy) == SNN_OK)
            read++;
        snn_network_destroy(copy);
    }
    ck_assert_uint_lt(read, 4000);
    free(bytes);
    free(work);
}
END_TEST

/* A file from a header and `floats` numbers. */
static snn_status load_header(const char *header, size_t floats, float value, snn_network **out)
{
    size_t n = strlen(header), size = 8 + n + 4 * floats;
    unsigned char *bytes = calloc(size, 1);
    snn_status rc;

    ck_assert_ptr_nonnull(bytes);
    for (size_t i = 0; i < 8; i++)
        bytes[i] = (unsigned char)((uint64_t)n >> (8 * i));
    memcpy(bytes + 8, header, n);
    for (size_t i = 0; i < floats; i++)
        memcpy(bytes + 8 + n + 4 * i, &value, 4);
    rc = load_bytes(bytes, size, out);
    free(bytes);
    return rc;
}

#define META(more)                                                                                   \
    "{\"__metadata__\":{\"snn.format\":\"1\",\"snn.network\":\"{\\\"format\\\":1,\\\"input\\\":[2]," \
    "\\\"layers\\\":[{\\\"name\\\":\\\"fc\\\",\\\"type\\\":\\\"linear\\\",\\\"out\\\":1}]}\"" more "},"
#define W(shape, from, to) "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"
#define B(shape, from, to) "\"fc.bias\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}"
#define GOOD_W W("[1,2]", "0", "8")
#define GOOD_B B("[1]", "8", "12")

START_TEST(test_foreign)
{
    snn_tensor tensor = SNN_TENSOR_INIT;

    /* another program's file: other order, notes, no checksum */
    OK(load_header(META(",\"format\":\"pt\"") B("[1]", "0", "4") "," W("[1,2]", "4", "12") "}   ", 3, 0.5f, &net));
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "fc"), "weight", &tensor));
    ck_assert(*(const float *)tensor.data == 0.5f);
    ck_assert_str_eq(snn_network_note(net, "format"), "pt");
}
END_TEST

static const struct {
    const char *header;
    size_t floats;
    float value;
    snn_status code;
    const char *message;
} headers[] = {
    { "{}", 0, 0, SNN_ERR_FORMAT, "snn.format" },
    { "[]", 0, 0, SNN_ERR_FORMAT, "not a JSON object" },
    { "{\"__metadata__\":{\"format\":\"pt\"}}", 0, 0, SNN_ERR_FORMAT, "not a model file of this library" },
    { "{\"__metadata__\":{\"snn.format\":\"2\"}}", 0, 0, SNN_ERR_VERSION, "format 2" },
    { "{\"__metadata__\":{\"snn.format\":\"x\"}}", 0, 0, SNN_ERR_FORMAT, "\"snn.format\" is \"x\"" },
    { "{\"__metadata__\":{\"snn.format\":1}}", 0, 0, SNN_ERR_FORMAT, "snn.format" },
    { "{\"__metadata__\":{\"snn.format\":\"1\"}}", 0, 0, SNN_ERR_FORMAT, "snn.network" },
    { "{\"__metadata__\":{\"snn.format\":\"1\",\"snn.network\":\"{\"}}", 0, 0, SNN_ERR_FORMAT, "network JSON" },
    { META(",\"snn.future\":\"1\"") GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "snn.future" },
    { META(",\"note\":1") GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"note\" is not a text" },
    { META(",\"snn.checksum\":\"12345678\"") GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "checksum" },
    { META(",\"snn.checksum\":\"\"") GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "checksum" },
    { META(",\"snn.checksum\": \"00000000\"") GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "checksum" },
    { META("") GOOD_W "}", 2, 0, SNN_ERR_FORMAT, "\"fc.bias\" is missing" },
    { META("") GOOD_W "," GOOD_B ",\"fc.more\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[12,16]}}", 4, 0,
      SNN_ERR_FORMAT, "\"fc.more\" belongs to no layer" },
    { META("") GOOD_W "," GOOD_B ",\"optimizer.velocity.fc.bias\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":"
                      "[12,16]}}",
      4, 0, SNN_ERR_FORMAT, "belongs to no layer" },
    { META("") GOOD_W "," GOOD_W "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "duplicate" },
    { META("") W("[2,1]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_SHAPE,
      "\"fc.weight\" is [2,1], the network has [1,2]" },
    { META("") W("[2]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_SHAPE,
      "\"fc.weight\" is [2], the network has [1,2]" },
    { META("") W("[1,3]", "0", "12") "," B("[1]", "12", "16") "}", 4, 0, SNN_ERR_SHAPE, "fc.weight" },
    { META("") W("[1,2]", "0", "4") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\": its shape needs 2" },
    { META("") W("[1,2]", "0", "9") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\": its shape needs 2" },
    { META("") W("[1,2]", "8", "0") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\" lies outside" },
    { META("") W("[1,2]", "-8", "0") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\" lies outside" },
    { META("") W("[1,2]", "0", "8000000000") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\" lies outside" },
    { META("") W("[1,2]", "0.0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\" lies outside" },
    { META("") W("[1,2]", "4", "12") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "begins at byte" },
    { META("") W("[1,2]", "4", "12") "," B("[1]", "12", "16") "}", 4, 0, SNN_ERR_FORMAT,
      "begins at byte 4, expected 0" },
    { META("") GOOD_W "," B("[1]", "12", "16") "}", 4, 0, SNN_ERR_FORMAT, "begins at byte 12, expected 8" },
    { META("") GOOD_W "," GOOD_B "}", 4, 0, SNN_ERR_FORMAT, "the tensors take 12 bytes" },
    { META("") W("[]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "1 to 4 sizes" },
    { META("") W("[1,1,1,1,2]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "1 to 4 sizes" },
    { META("") W("[1,0]", "0", "0") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "size 1 of its shape" },
    { META("") W("[4294967295,4294967295,4294967295]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT,
      "of its shape" },
    { META("") W("[\"1\",2]", "0", "8") "," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "size 0 of its shape" },
    { META("") "\"fc.weight\":{\"dtype\":\"F64\",\"shape\":[1,1],\"data_offsets\":[0,8]}," GOOD_B "}", 3, 0,
      SNN_ERR_FORMAT, "\"fc.weight\": dtype is \"F64\"" },
    { META("") "\"fc.weight\":{\"dtype\":\"F32\",\"shape\":[1,2]}," GOOD_B "}", 3, 0, SNN_ERR_FORMAT,
      "data_offsets" },
    { META("") "\"fc.weight\":3," GOOD_B "}", 3, 0, SNN_ERR_FORMAT, "\"fc.weight\": expected dtype" },
    { META("") GOOD_W "," GOOD_B "}", 3, NAN, SNN_ERR_FORMAT, "\"fc.bias\" is not finite at entry 0" },
    { META("") GOOD_W "," GOOD_B "}", 3, INFINITY, SNN_ERR_FORMAT, "\"fc.bias\" is not finite at entry 0" },
};

START_TEST(test_headers)
{
    FAILS(load_header(headers[_i].header, headers[_i].floats, headers[_i].value, &net), headers[_i].code,
          headers[_i].message);
    ck_assert_ptr_null(net);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "a.snn"));
}
END_TEST

/* An architecture that claims terabytes must not take them: the file has no such tensors. */
START_TEST(test_claims)
{
    const bool addressed = SIZE_MAX > UINT32_MAX; /* else the size alone says it all */
    snn_context_info before = SNN_CONTEXT_INFO_INIT, after = SNN_CONTEXT_INFO_INIT;

    OK(snn_context_get_info(ctx, &before));
    FAILS(load_header("{\"__metadata__\":{\"snn.format\":\"1\",\"snn.network\":\"{\\\"format\\\":1,\\\"input\\\":"
                      "[1000000],\\\"layers\\\":[{\\\"name\\\":\\\"fc\\\",\\\"type\\\":\\\"linear\\\",\\\"out\\\":"
                      "1000000}]}\"}," GOOD_W "," GOOD_B "}",
                      3, 0, &net),
          addressed ? SNN_ERR_SHAPE : SNN_ERR_MEMORY, addressed ? "fc.weight" : "tensor weight of 1000000x1000000");
    OK(snn_context_get_info(ctx, &after));
    ck_assert_uint_lt(after.peak_bytes, before.peak_bytes + (1u << 20));
    ck_assert_uint_eq(after.bytes, before.bytes);
}
END_TEST

START_TEST(test_header_length)
{
    unsigned char bytes[16] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, '{', '}' };

    FAILS(load_bytes(bytes, 16, &net), SNN_ERR_FORMAT, "header");
    memset(bytes, 0, 8);
    FAILS(load_bytes(bytes, 16, &net), SNN_ERR_FORMAT, "header");
    bytes[0] = 9;
    FAILS(load_bytes(bytes, 16, &net), SNN_ERR_FORMAT, "header");
}
END_TEST

/* ---- wrong use and the disk */

START_TEST(test_arguments)
{
    const size_t shape[1] = { 3 };

    OK(snn_network_build(&net, ctx, "4-FC", shape, 1, 2, NULL));
    FAILS(snn_network_save(net, path), SNN_ERR_STATE, "snn_network_prepare");
    FAILS(snn_network_save(NULL, path), SNN_ERR_ARGUMENT, "network is NULL");
    FAILS(snn_network_save(net, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    snn_network_destroy(net);
    FAILS(snn_network_load(&net, NULL, path), SNN_ERR_ARGUMENT, "context is NULL");
    ck_assert_ptr_null(net);
    FAILS(snn_network_load(&net, ctx, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    FAILS(snn_network_load(NULL, ctx, path), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_network_load(&net, ctx, path), SNN_ERR_IO, "No such file");
    FAILS(snn_network_load(&net, ctx, dir), SNN_ERR_IO, "directory");
    FAILS(snn_network_load(&net, ctx, ""), SNN_ERR_IO, "");
    FAILS(snn_network_load(&net, ctx, "/dev/null"), SNN_ERR_IO, "it is a device, not a regular file");
    ck_assert_int_eq(mkfifo(path, 0666), 0); /* nobody writes */
    FAILS(snn_network_load(&net, ctx, path), SNN_ERR_IO, "it is a pipe, not a regular file");
}
END_TEST

START_TEST(test_not_finite)
{
    snn_tensor tensor = SNN_TENSOR_INIT;
    snn_network *copy = NULL;

    make_small();
    OK(snn_network_save(net, path));
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "fc3"), "weight", &tensor));
    ((float *)tensor.data)[2] = NAN;
    FAILS(snn_network_save(net, path), SNN_ERR_DIVERGED, "\"fc3.weight\" is not finite at entry 2");
    OK(snn_network_load(&copy, ctx, path)); /* the file from before */
    snn_network_destroy(copy);
}
END_TEST

START_TEST(test_bad_places)
{
    char missing[128], longer[400];

    make_small();
    snprintf(missing, sizeof missing, "%s/none/a.snn", dir);
    FAILS(snn_network_save(net, missing), SNN_ERR_IO, "No such file");
    FAILS(snn_network_save(net, dir), SNN_ERR_IO, "directory");
    FAILS(snn_network_save(net, ""), SNN_ERR_IO, "empty");
    FAILS(snn_network_save(net, "/dev/full"), SNN_ERR_IO, "not a regular file");
    snprintf(longer, sizeof longer, "%s/%0300d", dir, 1);
    FAILS(snn_network_save(net, longer), SNN_ERR_IO, "name too long");
    ck_assert_uint_eq(files(), 0);
}
END_TEST

static bool touch_numbered(char name[128], unsigned number)
{
    snprintf(name, 128, "%s.%u.tmp", path, number);
    return write_file(name, "old", 3);
}

/* What processes that died left behind goes, however much it is. */
START_TEST(test_leftovers)
{
    char left[128];

    make_small();
    for (unsigned i = 0; i < 1500; i++)
        ck_assert(touch_numbered(left, i));
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(files(), 1);
}
END_TEST

/* What another process writes at the moment, or what is no such file, stays and is in nobody's way. */
START_TEST(test_in_the_way)
{
    char written[128], folder[128], pipe[128], dead[128];
    int fd;

    make_small();
    ck_assert(touch_numbered(written, 0));
    fd = open(written, O_RDWR | O_CLOEXEC);
    ck_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    snprintf(folder, sizeof folder, "%s.1.tmp", path);
    snprintf(pipe, sizeof pipe, "%s.2.tmp", path);
    ck_assert(mkdir(folder, 0700) == 0 && mkfifo(pipe, 0600) == 0);
    ck_assert(touch_numbered(dead, 3) && touch_numbered(dead, 4));
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(files(), 4);
    ck_assert(unlink(written) == 0 && unlink(pipe) == 0 && rmdir(folder) == 0);
    close(fd);
}
END_TEST

/* Processes that write to one name, each of which removes what it takes for left behind. */
START_TEST(test_writers)
{
    enum { WRITERS = 3, TIMES = 300 };
    pid_t child[WRITERS];
    snn_network *copy = NULL;
    int failed = 0, status;

    make_small();
    OK(snn_network_save(net, path));
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        for (int k = 0; child[i] == 0; k++)
            if (k == TIMES || snn_network_save(net, path) != SNN_OK)
                _exit(k < TIMES);
    }
    for (int k = 0; k < TIMES && failed == 0; k++) {
        failed = snn_network_load(&copy, ctx, path) != SNN_OK || !same_tensors(net, copy);
        snn_network_destroy(copy);
    }
    for (int i = 0; i < WRITERS; i++)
        failed += waitpid(child[i], &status, 0) != child[i] || status != 0;
    ck_assert_int_eq(failed, 0);
    ck_assert_uint_eq(files(), 1);
}
END_TEST

static unsigned mode_of(const char *name)
{
    struct stat st;

    ck_assert_int_eq(stat(name, &st), 0);
    return st.st_mode & 07777;
}

/* A new file has the mode that the umask leaves, one that is replaced keeps its own. */
START_TEST(test_mode)
{
    const unsigned modes[] = { 0600, 0664, 0444, 0640 };
    mode_t old = umask(027);

    make_small();
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(mode_of(path), 0640);
    umask(077);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod(path, modes[i]);
        if (access(path, W_OK) == 0) {
            OK(snn_network_save(net, path));
            ck_assert_uint_eq(mode_of(path), modes[i]);
        }
    }
    umask(old);
}
END_TEST

#define NOBODY 65534

START_TEST(test_owner)
{
    struct stat st;

    if (getuid() != 0)
        return;
    make_small();
    OK(snn_network_save(net, path));
    ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
    OK(snn_network_save(net, path));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert(st.st_uid == NOBODY && st.st_gid == NOBODY);
}
END_TEST

/* The folder would allow the renaming; the file's own mode says no. */
START_TEST(test_protected)
{
    snn_status rc;

    make_small();
    OK(snn_network_save(net, path));
    chmod(path, 0444);
    if (getuid() == 0)
        ck_assert(chown(dir, NOBODY, NOBODY) == 0 && chown(path, NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0);
    rc = snn_network_save(net, path);
    if (getuid() == 0)
        ck_assert(seteuid(0) == 0);
    ck_assert_int_eq(rc, SNN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "Permission denied"));
    ck_assert_uint_eq(files(), 1);
}
END_TEST

static bool is_link(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Links stay, and what they lead to is replaced, or made. */
START_TEST(test_links)
{
    char folder[128], first[128], second[128], real[160];
    snn_network *copy = NULL;

    make_small();
    snprintf(folder, sizeof folder, "%s/runs", dir);
    snprintf(real, sizeof real, "%s/runs/b.snn", dir);
    snprintf(first, sizeof first, "%s/latest", dir);
    snprintf(second, sizeof second, "%s/runs/best", dir);
    ck_assert(mkdir(folder, 0700) == 0 && symlink("runs/best", first) == 0 && symlink("b.snn", second) == 0);
    for (int i = 0; i < 2; i++) { /* led nowhere, then to a file */
        OK(snn_network_save(net, first));
        ck_assert(is_link(first) && is_link(second) && !is_link(real));
        OK(snn_network_load(&copy, ctx, real));
        snn_network_destroy(copy);
    }
    ck_assert_uint_eq(files(), 2);
    unlink(real);
    ck_assert(unlink(second) == 0 && symlink("../latest", second) == 0);
    FAILS(snn_network_save(net, first), SNN_ERR_IO, "symbolic links");
    ck_assert(unlink(first) == 0 && unlink(second) == 0 && rmdir(folder) == 0);
}
END_TEST

static bool signal_pending(void)
{
    sigset_t set;

    return sigpending(&set) == 0 && sigismember(&set, SIGXFSZ);
}

/* The write fails half-way: the older file stays, the temporary one goes, and the signal that comes with it ends
 * nobody. */
START_TEST(test_too_large)
{
    const struct rlimit small = { 512, RLIM_INFINITY };
    struct rlimit old;
    snn_network *copy = NULL;
    sigset_t mask;
    snn_status rc;

    make_small();
    OK(snn_network_save(net, path));
    signal(SIGXFSZ, SIG_DFL);
    getrlimit(RLIMIT_FSIZE, &old);
    setrlimit(RLIMIT_FSIZE, &small);
    rc = snn_network_save(net, path); /* no assertion before the limit is back: Check writes to files, too */
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(rc, SNN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "File too large"));
    ck_assert(!signal_pending() && pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGXFSZ));
    ck_assert_uint_eq(files(), 1);
    OK(snn_network_load(&copy, ctx, path));
    snn_network_destroy(copy);
}
END_TEST

#if defined(__linux__)
/* A tmpfs of four pages on the directory, in a mount namespace that ends with the test's process. */
static bool mount_small(void)
{
    if (getuid() != 0 || getenv("CK_FORK") != NULL || unshare(CLONE_NEWNS) != 0)
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("snn", dir, "tmpfs", 0, "size=16k") == 0;
}

START_TEST(test_disk_full)
{
    const size_t shape[1] = { 1000 };
    snn_network *large = NULL, *copy = NULL;

    if (!mount_small())
        return;
    make_small();
    OK(snn_network_save(net, path));
    OK(snn_network_build(&large, ctx, "1000-10", shape, 1, 10, NULL));
    OK(snn_network_prepare(large));
    FAILS(snn_network_save(large, path), SNN_ERR_IO, "No space left");
    snn_network_destroy(large);
    ck_assert_uint_eq(files(), 1);
    OK(snn_network_load(&copy, ctx, path));
    ck_assert(same_tensors(net, copy));
    snn_network_destroy(copy);
    umount(dir);
}
END_TEST

START_TEST(test_read_only)
{
    snn_network *copy = NULL;

    if (!mount_small())
        return;
    make_small();
    OK(snn_network_save(net, path));
    ck_assert_int_eq(mount("snn", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16k"), 0);
    FAILS(snn_network_save(net, path), SNN_ERR_IO, "Read-only");
    OK(snn_network_load(&copy, ctx, path));
    snn_network_destroy(copy);
    umount(dir);
}
END_TEST
#endif

START_TEST(test_forbidden)
{
    snn_network *copy = NULL;

    if (getuid() == 0) /* everything is allowed */
        return;
    make_small();
    OK(snn_network_save(net, path));
    chmod(path, 0);
    FAILS(snn_network_load(&copy, ctx, path), SNN_ERR_IO, "Permission denied");
    chmod(dir, 0500);
    FAILS(snn_network_save(net, path), SNN_ERR_IO, "Permission denied");
    chmod(dir, 0700);
}
END_TEST

/* ---- memory */

static snn_status save_and_load(snn_context *small)
{
    const size_t shape[3] = { 1, 4, 4 };
    snn_network *made = NULL, *copy = NULL;
    snn_status rc = snn_network_build(&made, small, "ws:2C3-BN-AP2-3-FC", shape, 3, 2, NULL);

    if (rc == SNN_OK)
        rc = snn_network_prepare(made);
    if (rc == SNN_OK)
        rc = snn_network_set_note(made, "key", "text");
    if (rc == SNN_OK)
        rc = snn_network_save(made, path);
    if (rc == SNN_OK)
        rc = snn_network_load(&copy, small, path);
    if (rc != SNN_OK)
        ck_assert_ptr_null(copy);
    snn_network_destroy(copy);
    snn_network_destroy(made);
    return rc;
}

START_TEST(test_memory)
{
    for (size_t n = 1;; n++) {
        struct counting counting = { 0, 0, 0, 0 };
        snn_context_options options;
        snn_context *small = NULL;
        snn_status rc;

        counting_options(&counting, &options);
        options.threads = 1;
        OK(snn_context_create(&small, &options));
        counting.fail_at = counting.calls + n;
        rc = save_and_load(small);
        snn_context_destroy(small);
        ck_assert_uint_eq(counting.live, 0);
        ck_assert_uint_le(files(), 1);
        if (rc == SNN_OK)
            break;
        ck_assert_msg(rc == SNN_ERR_MEMORY, "allocation %zu: %s: %s", n, snn_status_name(rc), snn_last_error());
        ck_assert_uint_lt(n, 10000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_file");
    TCase *tcase = tcase_create("file");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_same_bits);
    tcase_add_test(tcase, test_large);
    tcase_add_test(tcase, test_deterministic);
    tcase_add_test(tcase, test_layout);
    tcase_add_test(tcase, test_truncated);
    tcase_add_test(tcase, test_longer);
    tcase_add_test(tcase, test_bit_flips);
    tcase_add_test(tcase, test_mutations);
    tcase_add_test(tcase, test_foreign);
    tcase_add_loop_test(tcase, test_headers, 0, (int)(sizeof headers / sizeof *headers));
    tcase_add_test(tcase, test_claims);
    tcase_add_test(tcase, test_header_length);
    tcase_add_test(tcase, test_arguments);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_bad_places);
    tcase_add_test(tcase, test_leftovers);
    tcase_add_test(tcase, test_in_the_way);
    tcase_add_test(tcase, test_writers);
    tcase_add_test(tcase, test_mode);
    tcase_add_test(tcase, test_owner);
    tcase_add_test(tcase, test_protected);
    tcase_add_test(tcase, test_links);
    tcase_add_test(tcase, test_too_large);
#if defined(__linux__)
    tcase_add_test(tcase, test_disk_full);
    tcase_add_test(tcase, test_read_only);
#endif
    tcase_add_test(tcase, test_forbidden);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
