/* What stands below everything: size arithmetic, the allocator hook, the arena's plan, parameter tables, contexts and
 * messages. */
#include "core/alloc.h"
#include "core/arena.h"
#include "core/context.h"
#include "core/param.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include "support.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes ---- */

START_TEST(test_sizes)
{
    size_t out = 7;

    ck_assert(snn__mul(SIZE_MAX, 1, &out) && out == SIZE_MAX);
    ck_assert(snn__mul(SIZE_MAX, 0, &out) && out == 0);
    ck_assert(snn__mul(0, SIZE_MAX, &out) && out == 0);
    ck_assert(!snn__mul(SIZE_MAX, 2, &out));
    ck_assert(!snn__mul(SIZE_MAX / 2 + 1, 2, &out));
    ck_assert(snn__mul(SIZE_MAX / 3, 3, &out) && out == SIZE_MAX);
    ck_assert(snn__add(SIZE_MAX, 0, &out) && out == SIZE_MAX);
    ck_assert(!snn__add(SIZE_MAX, 1, &out));
    ck_assert_uint_eq(snn__ceil_div(0, 3), 0);
    ck_assert_uint_eq(snn__ceil_div(6, 3), 2);
    ck_assert_uint_eq(snn__ceil_div(7, 3), 3);
    ck_assert_uint_eq(snn__ceil_div(SIZE_MAX, 2), SIZE_MAX / 2 + 1);
    ck_assert_uint_eq(snn__round_up(65, 64), 128);
    ck_assert_uint_eq(snn__round_up(64, 64), 64);
    ck_assert_uint_eq(snn__min(1, 2), 1);
    ck_assert_uint_eq(snn__max(1, 2), 2);
}
END_TEST

/* What does not fit stays too large, whatever it is multiplied by or rounded up to. */
START_TEST(test_counts)
{
    const size_t half = SIZE_MAX / 2 + 1, too_large[] = { half, 2 }, none[] = { half, 2, 0 };
    size_t length;

    ck_assert_uint_eq(SNN__PRODUCT(2, 3, 5), 30);
    ck_assert_uint_eq(SNN__PRODUCT(half, 2), SIZE_MAX);
    ck_assert_uint_eq(SNN__PRODUCT(half, 2, 3, 5), SIZE_MAX);
    ck_assert_uint_eq(SNN__PRODUCT(half, 2, 0), 0);
    ck_assert_uint_eq(SNN__SUM(2, 3, 5), 10);
    ck_assert_uint_eq(SNN__SUM(half, half, 5), SIZE_MAX);
    ck_assert_uint_eq(snn__round_up(SIZE_MAX, 64), SIZE_MAX);
    ck_assert_uint_eq(snn__round_up(SIZE_MAX - 62, 64), SIZE_MAX);
    ck_assert(snn__sample_length((const size_t[]){ 2, 3 }, 2, &length) && length == 6);
    ck_assert(snn__sample_length((const size_t[]){ SNN__SAMPLE_MAX }, 1, &length) && length == SNN__SAMPLE_MAX);
    ck_assert(!snn__sample_length((const size_t[]){ SNN__SAMPLE_MAX + 1 }, 1, &length));
    ck_assert(!snn__sample_length(too_large, 2, &length) && !snn__sample_length(none, 3, &length));
}
END_TEST

/* Parts follow each other without a gap, also where n * index is beyond the largest size. */
START_TEST(test_parts)
{
    static const size_t n[] = { 0, 1, 5, 100, SIZE_MAX };

    for (size_t k = 0; k < sizeof n / sizeof *n; k++)
        for (size_t parts = 1; parts < 40; parts++) {
            ck_assert_uint_eq(snn__part(n[k], parts, 0), 0);
            ck_assert_uint_eq(snn__part(n[k], parts, parts), n[k]);
            for (size_t i = 0; i < parts; i++) {
                size_t length = snn__part(n[k], parts, i + 1) - snn__part(n[k], parts, i);

                ck_assert(length == n[k] / parts || length == n[k] / parts + 1);
                if (n[k] < SIZE_MAX)
                    ck_assert_uint_eq(snn__part(n[k], parts, i), n[k] * i / parts);
            }
        }
}
END_TEST

/* ---- the allocator hook ---- */

START_TEST(test_allocator)
{
    struct counting c = { 0 };
    snn_context_options o;
    snn_context *ctx = NULL;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    uint64_t before;
    unsigned char *p;
    char *text;

    counting_options(&c, &o);
    o.threads = 2;
    OK(snn_context_create(&ctx, &o));
    OK(snn_context_get_info(ctx, &info));
    before = info.bytes;
    p = snn__alloc(ctx, 10, 100);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % 64, 0);
    for (size_t i = 0; i < 1000; i++)
        ck_assert_uint_eq(p[i], 0);
    text = snn__strdup(ctx, "a text");
    ck_assert_str_eq(text, "a text");
    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_ge(info.bytes, before + 1007);
    ck_assert_uint_eq(info.allocations, c.calls);
    snn__free(ctx, p);
    snn__free(ctx, text);
    snn__free(ctx, NULL);
    OK(snn_context_get_info(ctx, &info));
    ck_assert_uint_eq(info.bytes, before);
    ck_assert_uint_ge(info.peak_bytes, before + 1007);
    ck_assert_ptr_nonnull(p = snn__alloc(ctx, 0, 4)); /* nothing is something */
    snn__free(ctx, p);
    ck_assert_ptr_null(snn__alloc(ctx, SIZE_MAX / 2, 3));
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "address space"));
    ck_assert_ptr_null(snn__alloc(ctx, SIZE_MAX, 1));
    c.fail_at = c.calls + 1;
    ck_assert_ptr_null(snn__alloc(ctx, 1, 1));
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "out of memory"));
    snn_context_destroy(ctx);
    ck_assert_uint_eq(c.live, 0);
    ck_assert_uint_eq(c.live_bytes, 0);
}
END_TEST

/* ---- the arena ---- */

struct buffer {
    char *p;
    size_t bytes;
    unsigned first, last;
};

static bool meet(const struct buffer *a, const struct buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

/* Random life times: those that meet never share a byte, and what never meets does share. */
START_TEST(test_arena)
{
    enum { N = 120 };
    struct buffer b[N];
    float draw[3 * N];
    snn_context *ctx = test_context(1, 1, "best");
    struct snn__arena arena;
    size_t sum = 0, at_once = 0, dirty = 0;

    random_fill(draw, 3 * N, 0, 1, (unsigned)_i);
    snn__arena_init(&arena, ctx);
    for (size_t i = 0; i < N; i++) {
        bool always = i % 17 == 0;

        b[i] = (struct buffer){ NULL, (size_t)(draw[3 * i] * 5000), (unsigned)(1 + 40 * draw[3 * i + 1]), 0 };
        b[i].last = b[i].first + (unsigned)(15 * draw[3 * i + 2]);
        if (always) {
            b[i].first = SNN__ALWAYS_FIRST;
            b[i].last = SNN__ALWAYS_LAST;
        }
        OK(snn__arena_add(&arena, &b[i].p, b[i].bytes, 1, b[i].first, b[i].last));
        sum += b[i].bytes;
    }
    OK(snn__arena_commit(&arena));
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_eq((uintptr_t)b[i].p % 64, 0);
        ck_assert(b[i].p >= arena.block && b[i].p + b[i].bytes <= arena.block + arena.bytes);
        for (size_t j = 0; j < i; j++)
            if (meet(&b[i], &b[j]))
                ck_assert(b[i].p + b[i].bytes <= b[j].p || b[j].p + b[j].bytes <= b[i].p);
        for (size_t k = 0; k < b[i].bytes; k++)
            dirty += b[i].p[k] != 0;
    }
    for (unsigned t = 0; t < 60; t++) {
        size_t now = 0;

        for (size_t i = 0; i < N; i++)
            now += b[i].first <= t && t <= b[i].last ? snn__round_up(snn__max(b[i].bytes, 1), 64) : 0;
        at_once = snn__max(at_once, now);
    }
    ck_assert_uint_eq(dirty, 0);
    ck_assert_uint_ge(arena.bytes, at_once);
    ck_assert_uint_le(arena.bytes, at_once + at_once / 2); /* first fit is not the best, but near */
    ck_assert_uint_lt(arena.bytes, sum);
    snn__arena_free(&arena);
    snn__arena_free(&arena); /* again: nothing */
    snn_context_destroy(ctx);
}
END_TEST

START_TEST(test_arena_overflow)
{
    snn_context *ctx = test_context(1, 1, "best");
    struct snn__arena arena;
    void *p[4];

    snn__arena_init(&arena, ctx);
    FAILS(snn__arena_add(&arena, &p[0], SIZE_MAX / 2, 4, 0, 1), SNN_ERR_MEMORY, "address space");
    FAILS(snn__arena_add(&arena, &p[0], SIZE_MAX, 1, 0, 1), SNN_ERR_MEMORY, "a smaller batch");
    for (size_t i = 0; i < 4; i++)
        OK(snn__arena_add(&arena, &p[i], SIZE_MAX / 4 - 64, 1, 0, 1));
    ck_assert_int_eq(snn__arena_commit(&arena), SNN_ERR_MEMORY);
    snn__arena_free(&arena);
    OK(snn__arena_commit(&arena)); /* an empty plan */
    snn__arena_free(&arena);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- parameters ---- */

static const struct snn__param common[] = {
    SNN__PARAM_I64(1, "count", 0, 10, 3, "a count"),
    SNN__PARAM_F64(2, "share", 0.0, 1.0, 0.25, "a share"),
    SNN__PARAM_STR(3, "kind", "one|two|three", "two", "a kind"),
};
static const struct snn__param own[] = {
    SNN__PARAM_STR(9, "free", NULL, NULL, "any text"),
};

START_TEST(test_params)
{
    snn_context *ctx = test_context(1, 1, "best");
    const struct snn__param_kind kind = { .noun = "thing" };
    struct snn__params p = { .kind = &kind, .owner = "thing", .table = { common, own }, .count = { 3, 1 } };
    snn_param_info info = SNN_PARAM_INFO_INIT;
    int64_t i;
    double f;
    const char *s;

    OK(snn__params_init(&p, ctx));
    ck_assert_uint_eq(snn__params_count(&p), 4);
    OK(snn__params_get_i64(&p, 1, &i));
    OK(snn__params_get_f64(&p, 2, &f));
    OK(snn__params_get_str(&p, 3, &s));
    ck_assert(i == 3 && f == 0.25 && strcmp(s, "two") == 0);
    for (size_t k = 0; k < 4; k++)
        ck_assert(snn__params_is_default(&p, k));
    OK(snn__params_set_i64(&p, 1, 10));
    FAILS(snn__params_set_i64(&p, 1, 11), SNN_ERR_ARGUMENT, "thing: count = 11 is outside 0 .. 10");
    FAILS(snn__params_set_i64(&p, 2, 1), SNN_ERR_TYPE, "share is a real number");
    FAILS(snn__params_set_f64(&p, 2, NAN), SNN_ERR_ARGUMENT, "share = nan");
    FAILS(snn__params_set_f64(&p, 2, INFINITY), SNN_ERR_ARGUMENT, "share = inf");
    FAILS(snn__params_set_str(&p, 3, "on"), SNN_ERR_ARGUMENT, "\"on\" is not one of one|two|three");
    FAILS(snn__params_set_str(&p, 3, ""), SNN_ERR_ARGUMENT, "not one of");
    FAILS(snn__params_set_str(&p, 3, "one|two"), SNN_ERR_ARGUMENT, "not one of");
    FAILS(snn__params_set_str(&p, 9, "0123456789012345678901234567890123456789012345678901234567890123"),
          SNN_ERR_ARGUMENT, "longer than 63 bytes");
    FAILS(snn__params_set_i64(&p, 5, 1), SNN_ERR_ARGUMENT, "no parameter with key 5");
    FAILS(snn__params_set_text(&p, "nothing", "1"), SNN_ERR_ARGUMENT, "no parameter \"nothing\"");
    FAILS(snn__params_set_text(&p, "count", "1e"), SNN_ERR_TYPE, "not a number");
    FAILS(snn__params_set_text(&p, "count", ""), SNN_ERR_TYPE, "not a number");
    FAILS(snn__params_set_text(&p, "count", "1e300"), SNN_ERR_TYPE, "not a whole number");
    FAILS(snn__params_set_text(&p, "share", "nan"), SNN_ERR_ARGUMENT, "share = nan");
    OK(snn__params_set_text(&p, "count", "true"));
    ck_assert_int_eq(snn__param_i64(&p, 1), 1);
    OK(snn__params_set_text(&p, "share", "0.1"));
    OK(snn__params_set_text(&p, "kind", "three"));
    OK(snn__params_set_text(&p, "free", "one|two \"quoted\""));
    ck_assert(snn__param_is(&p, 3, "three") && !snn__params_is_default(&p, 2));
    ck_assert(snn__param_f64(&p, 2) == 0.1 && strcmp(snn__param_str(&p, 9), "one|two \"quoted\"") == 0);
    OK(snn__params_param_info(&p, 3, &info));
    ck_assert(info.key == 9 && info.type == SNN_PARAM_STR && strcmp(info.name, "free") == 0);
    FAILS(snn__params_param_info(&p, 4, &info), SNN_ERR_ARGUMENT, "4 parameters, no number 4");
    info.struct_size = 0;
    FAILS(snn__params_param_info(&p, 0, &info), SNN_ERR_ARGUMENT, "struct_size");
    snn__params_free(&p, ctx);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- contexts ---- */

START_TEST(test_option_sizes)
{
    struct {
        snn_context_options o;
        uint64_t tail[2];
    } longer;
    struct {
        snn_context_info info;
        uint32_t tail[2];
    } later;
    snn_context_options o;
    snn_context *ctx = NULL;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;

    FAILS(snn_context_options_init(NULL, sizeof o), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_context_options_init(&o, 4), SNN_ERR_ARGUMENT, "4 bytes");
    FAILS(snn_context_options_init(&o, 65536), SNN_ERR_ARGUMENT, "65536 bytes");
    if (SIZE_MAX > UINT32_MAX) /* struct_size could not hold it */
        FAILS(snn_context_options_init(&o, SIZE_MAX - UINT32_MAX + sizeof o), SNN_ERR_ARGUMENT, "bytes");
    /* a host of an earlier version, whose structure ends behind the seed */
    memset(&o, 0x5a, sizeof o);
    OK(snn_context_options_init(&o, 16));
    ck_assert_uint_eq(o.struct_size, 16);
    ck_assert_uint_eq(((unsigned char *)&o)[16], 0x5a); /* not ours to write */
    o.threads = 2;
    o.seed = 77;
    OK(snn_context_create(&ctx, &o));
    OK(snn_context_get_info(ctx, &info));
    ck_assert(info.threads == 2 && info.seed == 77);
    snn_context_destroy(ctx);
    /* a host of a later version */
    OK(snn_context_options_init(&longer.o, sizeof longer));
    longer.o.threads = 1;
    OK(snn_context_create(&ctx, &longer.o));
    snn_context_destroy(ctx);
    longer.tail[1] = 1;
    FAILS(snn_context_create(&ctx, &longer.o), SNN_ERR_VERSION, "unknown to this version");
    ck_assert_ptr_null(ctx);
    memset(&o, 0, sizeof o);
    FAILS(snn_context_create(&ctx, &o), SNN_ERR_ARGUMENT, "struct_size is 0");
    OK(snn_context_options_init(&o, sizeof o));
    o.isa = "sse9";
    FAILS(snn_context_create(&ctx, &o), SNN_ERR_ARGUMENT, "unknown instruction set \"sse9\"; there are ref");
    o.isa = NULL;
    FAILS(snn_context_create(&ctx, &o), SNN_ERR_ARGUMENT, "isa is NULL");
    FAILS(snn_context_create(NULL, NULL), SNN_ERR_ARGUMENT, "out is NULL");
    OK(snn_context_create(&ctx, NULL)); /* every default */
    OK(snn_context_get_info(ctx, &info));
    ck_assert(info.threads >= 1 && info.seed == 1 && info.isa != NULL);
    info.struct_size = 16; /* a short result keeps to its size */
    info.isa = "kept";
    OK(snn_context_get_info(ctx, &info));
    ck_assert_str_eq(info.isa, "kept");
    ck_assert_uint_eq(info.struct_size, 16);
    later.info.struct_size = sizeof later; /* a long one learns what was filled */
    later.tail[0] = 7;
    OK(snn_context_get_info(ctx, &later.info));
    ck_assert(later.info.struct_size == sizeof later.info &&
              strcmp(later.info.isa, snn__isa_name(ctx->kernels->isa)) == 0 && later.tail[0] == 7);
    info.struct_size = 0;
    ck_assert_int_eq(snn_context_get_info(ctx, &info), SNN_ERR_ARGUMENT);
    ck_assert_int_eq(snn_context_get_info(NULL, &info), SNN_ERR_ARGUMENT);
    snn_context_destroy(ctx);
    snn_context_destroy(NULL);
}
END_TEST

START_TEST(test_context_allocations_fail)
{
    for (size_t n = 1;; n++) {
        struct counting c = { .fail_at = n };
        snn_context_options o;
        snn_context *ctx = NULL;
        snn_status rc;

        counting_options(&c, &o);
        o.threads = 3;
        rc = snn_context_create(&ctx, &o);
        if (rc == SNN_OK) {
            snn_context_destroy(ctx);
            ck_assert_uint_gt(n, 1);
            ck_assert_uint_eq(c.live, 0);
            return;
        }
        ck_assert_int_eq(rc, SNN_ERR_MEMORY);
        ck_assert_ptr_null(ctx);
        ck_assert_uint_eq(c.live, 0);
    }
}
END_TEST

struct lines {
    int n;
    snn_log_level level;
    char line[300];
};

static void collect(void *user, snn_log_level level, const char *line)
{
    struct lines *lines = user;

    lines->n++;
    lines->level = level;
    snprintf(lines->line, sizeof lines->line, "%s", line);
}

START_TEST(test_log)
{
    struct lines lines = { 0 };
    char text[1000];
    snn_context_options o;
    snn_context *ctx = NULL;

    memset(text, 'x', sizeof text);
    text[999] = '\0';
    OK(snn_context_options_init(&o, sizeof o));
    o.threads = 1;
    o.log = collect;
    o.log_user = &lines;
    OK(snn_context_create(&ctx, &o));
    lines.n = 0;
    snn__log(ctx, SNN_LOG_WARNING, "%d of %s", 3, "four");
    ck_assert(lines.n == 1 && lines.level == SNN_LOG_WARNING && strcmp(lines.line, "3 of four") == 0);
    snn__log(ctx, SNN_LOG_INFO, "%s", text);
    ck_assert_uint_eq(strlen(lines.line), 255); /* cut, not overrun */
    snn_context_destroy(ctx);
}
END_TEST

/* ---- messages ---- */

static void *fail_in_thread(void *arg)
{
    (void)arg;
    ck_assert_str_eq(snn_last_error(), "");
    snn__fail(SNN_ERR_IO, "the other thread's");
    return NULL;
}

START_TEST(test_messages)
{
    pthread_t thread;
    char text[3000];

    memset(text, 'x', sizeof text);
    text[2999] = '\0';
    ck_assert_int_eq(snn__fail(SNN_ERR_SHAPE, "%d and %s", 1, "two"), SNN_ERR_SHAPE);
    ck_assert_str_eq(snn_last_error(), "1 and two");
    ck_assert_int_eq(pthread_create(&thread, NULL, fail_in_thread, NULL), 0);
    pthread_join(thread, NULL);
    ck_assert_str_eq(snn_last_error(), "1 and two");
    snn__fail(SNN_ERR_SHAPE, "%s", text);
    ck_assert_uint_lt(strlen(snn_last_error()), 3000);
    ck_assert_str_eq(snn_status_name(SNN_ERR_SHAPE), "SNN_ERR_SHAPE");
    ck_assert_str_eq(snn_status_name(SNN_OK), "SNN_OK");
    ck_assert_str_eq(snn_status_name((snn_status)-99), "SNN_ERR_?");
    ck_assert_uint_gt(strlen(snn_status_text(SNN_ERR_DIVERGED)), 10);
    ck_assert_ptr_nonnull(snn_status_text((snn_status)77));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: memory, parameters, contexts");
    TCase *tc = tcase_create("core");

    tcase_add_test(tc, test_sizes);
    tcase_add_test(tc, test_counts);
    tcase_add_test(tc, test_parts);
    tcase_add_test(tc, test_allocator);
    tcase_add_loop_test(tc, test_arena, 0, 20);
    tcase_add_test(tc, test_arena_overflow);
    tcase_add_test(tc, test_params);
    tcase_add_test(tc, test_option_sizes);
    tcase_add_test(tc, test_context_allocations_fail);
    tcase_add_test(tc, test_log);
    tcase_add_test(tc, test_messages);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
