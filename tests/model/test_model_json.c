/* Networks as JSON: round trips, and texts that mean no network. */
#include "model/json.h"
#include "support.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static snn_context *ctx;
static snn_network *net;

static void setup(void)
{
    ctx = test_context(1, 1, "ref");
    net = NULL;
}

static void teardown(void)
{
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}

static char *describe(const snn_network *network)
{
    size_t needed = 0;
    char *text;

    OK(snn_network_describe(network, NULL, 0, &needed));
    text = malloc(needed);
    ck_assert_ptr_nonnull(text);
    OK(snn_network_describe(network, text, needed, NULL));
    ck_assert_uint_eq(strlen(text) + 1, needed);
    return text;
}

static void check_params(const snn_layer *a, const snn_layer *b)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;

    for (size_t i = 0; snn_layer_param_info(a, i, &info) == SNN_OK; i++) {
        int64_t x = 0, y = 0;
        double f = 0, g = 0;
        const char *s = "", *t = "";

        if (info.type == SNN_PARAM_I64) {
            OK(snn_layer_get_i64(a, info.key, &x));
            OK(snn_layer_get_i64(b, info.key, &y));
        } else if (info.type == SNN_PARAM_F64) {
            OK(snn_layer_get_f64(a, info.key, &f));
            OK(snn_layer_get_f64(b, info.key, &g));
        } else {
            OK(snn_layer_get_str(a, info.key, &s));
            OK(snn_layer_get_str(b, info.key, &t));
        }
        ck_assert_int_eq(x, y);
        ck_assert(f == g);
        ck_assert_str_eq(s, t);
    }
}

static void check_layer(const snn_layer *a, const snn_layer *b)
{
    snn_layer_info x = SNN_LAYER_INFO_INIT, y = SNN_LAYER_INFO_INIT;

    OK(snn_layer_get_info(a, &x));
    OK(snn_layer_get_info(b, &y));
    ck_assert_str_eq(x.name, y.name);
    ck_assert_str_eq(x.type, y.type);
    ck_assert_uint_eq(x.inputs, y.inputs);
    for (uint32_t i = 0; i < x.inputs; i++) {
        const char *from = NULL, *other = NULL;
        int delay = -1, later = -1;

        OK(snn_layer_input(a, i, &from, &delay));
        OK(snn_layer_input(b, i, &other, &later));
        ck_assert_str_eq(from, other);
        ck_assert_int_eq(delay, later);
    }
    check_params(a, b);
}

/* The network that the description of `net` makes is `net`, and has the same description. */
static void check_round_trip(void)
{
    char *text = describe(net), *again;
    snn_network *copy = NULL;
    size_t i;

    OK(snn_network_parse(&copy, ctx, text));
    for (i = 0; snn_network_layer(net, i) != NULL; i++) {
        ck_assert_ptr_nonnull(snn_network_layer(copy, i));
        check_layer(snn_network_layer(net, i), snn_network_layer(copy, i));
    }
    ck_assert_ptr_null(snn_network_layer(copy, i));
    again = describe(copy);
    ck_assert_str_eq(text, again);
    free(text);
    free(again);
    snn_network_destroy(copy);
}

START_TEST(test_builders)
{
    const size_t shape[3] = { 3, 64, 64 };

    OK(snn_network_build(&net, ctx, snn_name(SNN_NAME_NETWORK, (size_t)_i), shape, 3, 10, NULL));
    check_round_trip();
}
END_TEST

START_TEST(test_notation)
{
    const size_t shape[3] = { 1, 28, 28 };

    OK(snn_network_build(&net, ctx, "ws:32C3-AP2-64C3-BN-MP2-100-BN-FC", shape, 3, 10, NULL));
    check_round_trip();
}
END_TEST

START_TEST(test_empty)
{
    const size_t shape[1] = { 5 };
    char *text;

    OK(snn_network_create(&net, ctx, shape, 1));
    text = describe(net);
    ck_assert_str_eq(text, "{\"format\": 1, \"input\": [5], \"layers\": []}");
    free(text);
    check_round_trip();
}
END_TEST

START_TEST(test_text)
{
    const size_t shape[1] = { 784 };
    char *text;

    OK(snn_network_build(&net, ctx, "800-10", shape, 1, 10, NULL));
    text = describe(net);
    ck_assert_str_eq(text, "{\"format\": 1, \"input\": [784], \"layers\": [{\"name\": \"fc1\", \"type\": \"linear\", "
                           "\"out\": 800}, {\"name\": \"sn1\", \"type\": \"lif\"}, {\"name\": \"fc2\", \"type\": "
                           "\"linear\", \"out\": 10}]}");
    free(text);
}
END_TEST

/* Numbers that are awkward in decimal come back as they were; so do names that need escapes. */
START_TEST(test_values)
{
    const size_t shape[1] = { 5 };
    snn_neuron *neuron = NULL;
    snn_layer *layer = NULL;

    OK(snn_network_create(&net, ctx, shape, 1));
    OK(snn_neuron_create(&neuron, ctx, "plif"));
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_TAU, 1.1));
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_THRESHOLD, 1.0 / 3.0));
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_SURROGATE_ALPHA, 0.1));
    OK(snn_neuron_set_str(neuron, SNN_NEURON_RESET, "value"));
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_RESET_VALUE, -1e-300));
    OK(snn_network_add_neuron(net, neuron, "a \"quoted\\\" \xc3\xa9", NULL));
    snn_neuron_destroy(neuron);
    OK(snn_network_add(net, "dropout", NULL, &layer));
    OK(snn_layer_set_f64(layer, SNN_LAYER_RATE, 0.3));
    OK(snn_network_add(net, "linear", NULL, &layer));
    OK(snn_layer_set_i64(layer, SNN_LAYER_BIAS, 0));
    check_round_trip();
}
END_TEST

START_TEST(test_buffer)
{
    const size_t shape[1] = { 5 };
    char text[64] = "untouched";
    size_t needed = 0;

    OK(snn_network_create(&net, ctx, shape, 1));
    FAILS(snn_network_describe(net, text, 10, &needed), SNN_ERR_ARGUMENT, "bytes needed");
    ck_assert_str_eq(text, "untouched");
    OK(snn_network_describe(net, text, needed, NULL));
    FAILS(snn_network_describe(net, text, needed - 1, NULL), SNN_ERR_ARGUMENT, "bytes needed");
    FAILS(snn_network_describe(NULL, text, 10, NULL), SNN_ERR_ARGUMENT, "network is NULL");
}
END_TEST

/* What a person writes by hand: no names, scalars for lists, switches, whole numbers for reals. */
START_TEST(test_by_hand)
{
    const char *from = NULL;
    double tau = 0;
    int delay = 0;

    OK(snn_network_parse(&net, ctx,
                         "{\"format\": 1, \"input\": [6], \"layers\": [\n"
                         "  {\"type\": \"linear\", \"out\": 4, \"bias\": false},\n"
                         "  {\"type\": \"linear\", \"name\": \"back\", \"out\": 4, \"from\": {\"layer\": \"s\", "
                         "\"delay\": 1}},\n"
                         "  {\"type\": \"add\", \"from\": [\"linear1\", \"back\"]},\n"
                         "  {\"type\": \"lif\", \"name\": \"s\", \"tau\": 4}]}"));
    OK(snn_layer_get_f64(snn_network_layer_named(net, "s"), SNN_NEURON_DECAY, &tau));
    ck_assert(tau == 0.75);
    OK(snn_layer_input(snn_network_layer_named(net, "back"), 0, &from, &delay));
    ck_assert_str_eq(from, "s");
    ck_assert_int_eq(delay, 1);
    OK(snn_network_prepare(net));
}
END_TEST

#define NET(layers) "{\"format\": 1, \"input\": [6], \"layers\": [" layers "]}"
#define FC "{\"name\": \"fc\", \"type\": \"linear\", \"out\": 4"

static const struct {
    const char *json;
    snn_status code;
    const char *message;
} wrong[] = {
    { "", SNN_ERR_FORMAT, "network JSON" },
    { "{", SNN_ERR_FORMAT, "network JSON: line" },
    { "[]", SNN_ERR_FORMAT, "expected an object" },
    { "null", SNN_ERR_FORMAT, "network JSON: line 1" },
    { "{}", SNN_ERR_FORMAT, "\"format\"" },
    { "{\"format\": \"1\", \"input\": [6], \"layers\": []}", SNN_ERR_FORMAT, "\"format\"" },
    { "{\"format\": 2, \"input\": [6], \"layers\": []}", SNN_ERR_VERSION, "format 2" },
    { "{\"format\": 0, \"input\": [6], \"layers\": []}", SNN_ERR_FORMAT, "\"format\"" },
    { "{\"format\": 1, \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": 6, \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [6, 6, 6, 6], \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [6.5], \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [-1], \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [0], \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [9000000000], \"layers\": []}", SNN_ERR_FORMAT, "\"input\"" },
    { "{\"format\": 1, \"input\": [4000000000, 4000000000, 4000000000], \"layers\": []}", SNN_ERR_SHAPE, "" },
    { "{\"format\": 1, \"input\": [99999999999999999999], \"layers\": []}", SNN_ERR_FORMAT, "network JSON" },
    { "{\"format\": 1, \"input\": [6]}", SNN_ERR_FORMAT, "\"layers\"" },
    { "{\"format\": 1, \"input\": [6], \"layers\": {}}", SNN_ERR_FORMAT, "\"layers\"" },
    { "{\"format\": 1, \"input\": [6], \"layers\": [], \"extra\": 1}", SNN_ERR_ARGUMENT, "\"extra\"" },
    { "{\"format\": 1, \"format\": 1, \"input\": [6], \"layers\": []}", SNN_ERR_FORMAT, "duplicate" },
    { NET("1"), SNN_ERR_FORMAT, "layer 0 \"\": a layer must be an object" },
    { NET("{}"), SNN_ERR_FORMAT, "\"type\"" },
    { NET("{\"type\": 3}"), SNN_ERR_FORMAT, "\"type\"" },
    { NET("{\"type\": \"warp\"}"), SNN_ERR_ARGUMENT, "warp" },
    { NET("{\"type\": \"lif\", \"name\": 3}"), SNN_ERR_FORMAT, "\"name\"" },
    { NET("{\"type\": \"lif\", \"name\": \"a.b\"}"), SNN_ERR_ARGUMENT, "a.b" },
    { NET("{\"type\": \"lif\", \"name\": \"\\u001b[2J\"}"), SNN_ERR_ARGUMENT, "\"?[2J\"" },
    { NET("{\"type\": \"lif\", \"name\": \"\"}"), SNN_ERR_ARGUMENT, "name" },
    { NET("{\"type\": \"lif\", \"name\": \"0123456789012345678901234567890123456789012345678\"}"), SNN_ERR_ARGUMENT,
      "name" },
    { NET(FC "}, " FC "}"), SNN_ERR_ARGUMENT, "layer 1 \"fc\"" },
    { NET(FC ", \"speed\": 3}"), SNN_ERR_ARGUMENT, "no parameter \"speed\"" },
    { NET(FC ", \"bias\": \"yes\"}"), SNN_ERR_FORMAT, "\"bias\" must be a whole number" },
    { NET(FC ", \"bias\": 0.5}"), SNN_ERR_FORMAT, "\"bias\" must be a whole number" },
    { NET(FC ", \"bias\": 7}"), SNN_ERR_ARGUMENT, "bias" },
    { NET(FC ", \"eps\": \"small\"}"), SNN_ERR_FORMAT, "\"eps\" must be a number" },
    { NET(FC ", \"eps\": null}"), SNN_ERR_FORMAT, "\"eps\" must be a number" },
    { NET(FC ", \"init\": 1}"), SNN_ERR_FORMAT, "\"init\" must be a text" },
    { NET(FC ", \"init\": \"wild\"}"), SNN_ERR_ARGUMENT, "wild" },
    { NET("{\"type\": \"linear\", \"out\": -4}"), SNN_ERR_ARGUMENT, "out" },
    { NET("{\"type\": \"linear\", \"out\": 9223372036854775807}"), SNN_ERR_ARGUMENT, "out" },
    { NET("{\"type\": \"linear\", \"out\": 1e400}"), SNN_ERR_FORMAT, "network JSON" },
    { NET(FC ", \"from\": []}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET(FC ", \"from\": 3}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET(FC ", \"from\": [[\"input\"]]}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET(FC ", \"from\": [\"input\", \"input\"]}"), SNN_ERR_ARGUMENT, "fc" },
    { NET(FC ", \"from\": {\"layer\": \"input\", \"delay\": -1}}"), SNN_ERR_FORMAT, "\"delay\"" },
    { NET(FC ", \"from\": {\"layer\": \"input\", \"delay\": \"1\"}}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET(FC ", \"from\": {\"layer\": \"input\", \"lag\": 1}}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET(FC ", \"from\": {}}"), SNN_ERR_FORMAT, "\"from\"" },
    { NET("{\"type\": \"lif\", \"name\": \"\\u0000\"}"), SNN_ERR_FORMAT, "network JSON" },
    { NET("{\"type\": \"lif\", \"name\": \"\xff\"}"), SNN_ERR_FORMAT, "network JSON" },
    { NET(FC "}") " {}", SNN_ERR_FORMAT, "network JSON" },
};

START_TEST(test_wrong)
{
    FAILS(snn_network_parse(&net, ctx, wrong[_i].json), wrong[_i].code, wrong[_i].message);
    ck_assert_ptr_null(net);
}
END_TEST

/* What only shows when the shapes are inferred. */
START_TEST(test_graphs)
{
    static const char *const json[] = {
        NET("{\"type\": \"add\", \"name\": \"a\", \"from\": [\"b\"]}, {\"type\": \"add\", \"name\": \"b\"}"),
        NET("{\"type\": \"add\", \"name\": \"a\", \"from\": [\"a\"]}"),
        NET("{\"type\": \"add\", \"name\": \"a\", \"from\": [\"nobody\"]}"),
        NET("{\"type\": \"add\", \"name\": \"a\", \"from\": [{\"layer\": \"a\", \"delay\": 1}]}"),
        NET("{\"type\": \"conv2d\", \"out\": 3}"),
    };

    for (size_t i = 0; i < sizeof json / sizeof *json; i++) {
        snn_status rc = snn_network_parse(&net, ctx, json[i]);

        if (rc == SNN_OK)
            rc = snn_network_prepare(net);
        ck_assert_msg(rc == SNN_ERR_ARGUMENT || rc == SNN_ERR_SHAPE, "%s gave %s", json[i], snn_status_name(rc));
        snn_network_destroy(net);
        net = NULL;
    }
}
END_TEST

static char *repeated(const char *head, const char *part, size_t n, const char *tail)
{
    char *text = malloc(strlen(head) + n * strlen(part) + strlen(tail) + 1), *p = text;

    ck_assert_ptr_nonnull(text);
    p += sprintf(p, "%s", head);
    for (size_t i = 0; i < n; i++)
        p += sprintf(p, "%s", part);
    sprintf(p, "%s", tail);
    return text;
}

START_TEST(test_deep)
{
    char *open = repeated("", "[", 1000000, ""), *objects = repeated("", "{\"a\":", 100000, "");
    char *quoted = repeated(NET("{\"type\": \"lif\", \"name\": \""), "[", 1000000, "\"}");

    FAILS(snn_network_parse(&net, ctx, open), SNN_ERR_FORMAT, "nested deeper");
    FAILS(snn_network_parse(&net, ctx, objects), SNN_ERR_FORMAT, "nested deeper");
    FAILS(snn_network_parse(&net, ctx, quoted), SNN_ERR_FORMAT, "");
    free(open);
    free(objects);
    free(quoted);
}
END_TEST

START_TEST(test_many)
{
    char *layers = repeated("{\"format\": 1, \"input\": [6], \"layers\": [", "{\"type\": \"lif\"},", 5000,
                            "{\"type\": \"lif\"}]}");
    char *large = repeated("", " ", ((size_t)1 << 24) + 1, "{}");

    FAILS(snn_network_parse(&net, ctx, layers), SNN_ERR_FORMAT, "at most 4096");
    FAILS(snn_network_parse(&net, ctx, large), SNN_ERR_FORMAT, "bytes of JSON");
    free(layers);
    free(large);
}
END_TEST

START_TEST(test_arguments)
{
    FAILS(snn_network_parse(NULL, ctx, "{}"), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_network_parse(&net, NULL, "{}"), SNN_ERR_ARGUMENT, "context is NULL");
    FAILS(snn_network_parse(&net, ctx, NULL), SNN_ERR_ARGUMENT, "json is NULL");
}
END_TEST

START_TEST(test_notes)
{
    static const char *const bad_text[] = {
        "\xff", "\xc0\x80", "\xed\xa0\x80", "\xe2\x82", "\xf4\x90\x80\x80", "\x80"
    };
    const size_t shape[1] = { 5 };
    char *large = repeated("", "x", (1u << 20) + 1, "");

    OK(snn_network_create(&net, ctx, shape, 1));
    ck_assert_ptr_null(snn_network_note(net, "author"));
    OK(snn_network_set_note(net, "author", "someone"));
    OK(snn_network_set_note(net, "empty", ""));
    OK(snn_network_set_note(net, "last", "\xe2\x82\xac \xf0\x9f\x90\x88"));
    ck_assert_str_eq(snn_network_note(net, "author"), "someone");
    OK(snn_network_set_note(net, "empty", "no longer"));
    ck_assert_str_eq(snn_network_note(net, "empty"), "no longer");
    ck_assert_str_eq(snn_network_note(net, "last"), "\xe2\x82\xac \xf0\x9f\x90\x88");
    OK(snn_network_set_note(net, "empty", NULL));
    OK(snn_network_set_note(net, "empty", NULL));
    ck_assert_ptr_null(snn_network_note(net, "empty"));
    ck_assert_str_eq(snn_network_note(net, "author"), "someone");
    FAILS(snn_network_set_note(net, "snn", "x"), SNN_ERR_ARGUMENT, "library's own");
    FAILS(snn_network_set_note(net, "", "x"), SNN_ERR_ARGUMENT, "key");
    FAILS(snn_network_set_note(net, large, "x"), SNN_ERR_ARGUMENT, "key");
    FAILS(snn_network_set_note(net, "k", large), SNN_ERR_ARGUMENT, "bytes");
    FAILS(snn_network_set_note(net, NULL, "x"), SNN_ERR_ARGUMENT, "key is NULL");
    FAILS(snn_network_set_note(NULL, "k", "x"), SNN_ERR_ARGUMENT, "network is NULL");
    for (size_t i = 0; i < sizeof bad_text / sizeof *bad_text; i++)
        FAILS(snn_network_set_note(net, "k", bad_text[i]), SNN_ERR_ARGUMENT, "UTF-8");
    ck_assert_ptr_null(snn_network_note(net, "k"));
    ck_assert_ptr_null(snn_network_note(NULL, "k"));
    ck_assert_ptr_null(snn_network_note(net, NULL));
    free(large);
}
END_TEST

/* ---- the reader of JSON against Jansson's */

static const char *const texts[] = {
    "{\"a\": [1, -2, 0, 3.5, -0.25e2, 1E+3, 9007199254740993], \"b\": {\"c\": true}, \"e\": null, \"\": \"\"}",
    ("[\"\\\"\\\\\\/\\b\\f\\n\\r\\t\", \"\\u0041\\u00e9\\u20AC\\ud83d\\udc08\","
     " \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x90\x88\"]"),
    " [ 0.1 , 0.30000000000000004 , 1.7976931348623157e308 , 5e-324 , 1e-400 , -0.0 , 123456789012345678 ] \n",
    "[[[[]]], false, [{}, {\"x\": {\"x\": []}}], \"a\\\\\\\"b\"]",
};

static size_t accepted;

static void compare_readers(const char *text, size_t length)
{
    json_t *expected = json_loadb(text, length, JSON_REJECT_DUPLICATES, NULL), *read = NULL;
    snn_status rc = snn__json_read(&read, ctx, text, length, "a text");

    ck_assert_msg(rc == (expected != NULL ? SNN_OK : SNN_ERR_FORMAT), "\"%.*s\": %s", (int)length, text,
                  snn_last_error());
    ck_assert((read != NULL) == (rc == SNN_OK));
    ck_assert_msg(expected == NULL || json_equal(read, expected), "\"%.*s\"", (int)length, text);
    accepted += rc == SNN_OK;
    json_decref(expected);
    json_decref(read);
}

static size_t draw(uint64_t *state, size_t n)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(*state >> 33) % n;
}

/* One to three bytes changed, left out or put in, mostly with such as mean something; no NUL, of which Jansson
 * takes no notice. */
static size_t mutate(char *out, const char *text, uint64_t *state)
{
    static const char meaning[] = "{}[]\",:\\/0123456789.eE+-utfnrlsabcdDC \n\xc3\xa9\xed\xff";
    size_t length = strlen(text);

    memcpy(out, text, length);
    for (size_t changes = 1 + draw(state, 3); changes > 0; changes--) {
        size_t at = draw(state, length), less = draw(state, 3), more = less == 2 ? 0 : 1; /* 2: a byte is left out */
        char byte = draw(state, 8) == 0 ? (char)(1 + draw(state, 255)) : meaning[draw(state, sizeof meaning - 1)];

        less = less > 0;
        memmove(out + at + more, out + at + less, length - at - less);
        if (more > 0)
            out[at] = byte;
        length += more - less;
    }
    return length;
}

START_TEST(test_readers)
{
    uint64_t state = (uint64_t)_i;
    char out[256];

    accepted = 0;
    compare_readers(texts[_i], strlen(texts[_i]));
    ck_assert_uint_eq(accepted, 1);
    for (size_t n = 0; n < strlen(texts[_i]); n++)
        compare_readers(texts[_i], n);
    for (int i = 0; i < 20000; i++)
        compare_readers(out, mutate(out, texts[_i], &state));
    ck_assert_uint_gt(accepted, 1000);
}
END_TEST

/* Every allocation through the context may fail, without a leak. */
START_TEST(test_memory)
{
    const size_t shape[3] = { 3, 32, 32 };
    char *text;

    OK(snn_network_build(&net, ctx, "resnet18", shape, 3, 10, NULL));
    text = describe(net);
    for (size_t n = 1;; n++) {
        struct counting counting = { 0, 0, 0, 0 };
        snn_context_options options;
        snn_context *small = NULL;
        snn_network *made = NULL;
        snn_status rc;
        size_t needed;

        counting_options(&counting, &options);
        options.threads = 1;
        OK(snn_context_create(&small, &options));
        counting.fail_at = counting.calls + n;
        rc = snn_network_parse(&made, small, text);
        if (rc == SNN_OK)
            rc = snn_network_describe(made, NULL, 0, &needed);
        snn_network_destroy(made);
        snn_context_destroy(small);
        ck_assert_uint_eq(counting.live, 0);
        if (rc == SNN_OK)
            break;
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        ck_assert_uint_lt(n, 10000);
    }
    free(text);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_json");
    TCase *tcase = tcase_create("json");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, test_builders, 0, (int)count_names(SNN_NAME_NETWORK));
    tcase_add_test(tcase, test_notation);
    tcase_add_test(tcase, test_empty);
    tcase_add_test(tcase, test_text);
    tcase_add_test(tcase, test_values);
    tcase_add_test(tcase, test_buffer);
    tcase_add_test(tcase, test_by_hand);
    tcase_add_loop_test(tcase, test_wrong, 0, (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(tcase, test_graphs);
    tcase_add_loop_test(tcase, test_readers, 0, (int)(sizeof texts / sizeof *texts));
    tcase_add_test(tcase, test_deep);
    tcase_add_test(tcase, test_many);
    tcase_add_test(tcase, test_arguments);
    tcase_add_test(tcase, test_notes);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
