/* Model files: the same bits back, or a clear refusal. */
#include "files.h"

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
#if defined(__linux__)
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
