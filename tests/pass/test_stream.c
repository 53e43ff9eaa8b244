/* Streams: the same steps as a prediction, whatever the layers; a state that a copy saves; what is refused. */
#include "streams.h"

START_TEST(test_predicts)
{
    struct rig r;
    void *memory;
    snn_stream *s;
    snn_trainer *tr = NULL;
    float out[STEPS * 64], sum[64] = { 0 }, want[64];
    const snn_layer *last;
    double size = 0;
    size_t calls;

    set_up(&r, _i);
    s = stream_of(&r, &memory);
    calls = r.c.calls;
    for (int again = 0; again < 2; again++) { /* a reset forgets all */
        run(&r, s, 0, STEPS, out);
        OK(snn_stream_reset(s));
    }
    ck_assert_uint_eq(r.c.calls, calls);
    last = r.net->layer[r.net->n_layers - 1];
    for (size_t t = 0; t < STEPS; t++)
        for (size_t i = 0; i < r.out; i++)
            sum[i] += (float)(STEPS * snn__layer_share(last, t, STEPS)) * out[t * 64 + i]; /* 1, but for dsr_lif */
    if (last->out.rank == 1) { /* an evaluator predicts vectors only */
        OK(snn_evaluator_create(&tr, r.net));
        OK(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, STEPS));
        OK(snn_trainer_prepare(tr, 1));
        OK(snn_trainer_predict(tr, BATCH_OF(r.x, STEPS, NULL, 1), want));
        for (size_t i = 0; i < r.out; i++)
            ck_assert_msg(last->type->flags & SNN__LAYER_RATES ? fabsf(sum[i] - want[i]) <= 1e-6f * want[i]
                                                               : sum[i] == want[i],
                          "output %zu: %.9g, predicted %.9g", i, sum[i], want[i]);
        snn_trainer_destroy(tr);
    }
    for (size_t i = 0; i < STEPS * 64; i++)
        size += i % 64 < r.out ? fabs(out[i]) : 0;
    ck_assert(size > 0);
    free(memory);
    tear_down(&r);
}
END_TEST

/* The state of step 3 gives the rest bit for bit, copied into another stream and put back into its own. */
START_TEST(test_state_is_copied)
{
    struct rig r;
    void *memory[2];
    snn_stream *a, *b;
    char saved[65536];
    size_t n;
    float out[STEPS * 64], again[STEPS * 64];

    set_up(&r, _i);
    a = stream_of(&r, &memory[0]);
    b = stream_of(&r, &memory[1]);
    run(&r, a, 0, 3, out);
    n = save_state(a, saved, sizeof saved);
    run(&r, a, 3, STEPS, out);
    for (int i = 0; i < 2; i++) {
        snn_stream *s = i ? a : b;

        OK(snn_stream_set_state(s, saved, n));
        run(&r, s, 3, STEPS, again);
        for (size_t t = 3; t < STEPS; t++)
            ck_assert_mem_eq(out + t * 64, again + t * 64, r.out * sizeof(float));
    }
    free(memory[0]);
    free(memory[1]);
    tear_down(&r);
}
END_TEST

/* ---- readings that are wrong ---- */

/* Readings that are finite, but whose potentials are not, are refused; the loop goes on as if they had not been
 * there. */
START_TEST(test_huge_readings)
{
    struct rig r;
    void *memory[2];
    snn_stream *a, *b;
    float huge[72], out[STEPS * 64], want[STEPS * 64];

    set_up(&r, _i);
    for (size_t i = 0; i < r.net->n_parameters; i++)
        r.net->parameters[i] *= 100;
    a = stream_of(&r, &memory[0]);
    b = stream_of(&r, &memory[1]);
    run(&r, a, 0, STEPS, want);
    fill_with(huge, r.in, FLT_MAX);
    for (size_t t = 0; t < STEPS; t++) {
        ck_assert_msg(refused_whole(b, huge), "step %zu", t);
        run(&r, b, t, t + 1, out);
        ck_assert_mem_eq(out + t * 64, want + t * 64, r.out * sizeof(float));
    }
    free(memory[0]);
    free(memory[1]);
    tear_down(&r);
}
END_TEST

/* Two readings of 3e38, of which each one alone is harmless: the potential of a neuron without leak is what
 * overflows. */
START_TEST(test_readings_that_add_up)
{
    static const size_t shape[3] = { 1 };
    const float x = 3e38f;
    struct rig r;
    void *memory;
    snn_stream *s;
    float out[OUT];

    set_up(&r, 0);
    snn_network_destroy(r.net);
    r.net = network_of(r.ctx, shape, "if n reset=none; linear o out=3");
    s = stream_of(&r, &memory);
    OK(snn_stream_step(s, &x, out));
    for (int i = 0; i < 3; i++)
        ck_assert(refused_whole(s, &x));
    OK(snn_stream_step(s, &(float){ -3e38f }, out));
    for (size_t i = 0; i < OUT; i++)
        ck_assert(isfinite(out[i]));
    free(memory);
    tear_down(&r);
}
END_TEST

/* ---- states that do not fit ---- */

START_TEST(test_states_that_do_not_fit)
{
    static const size_t shape[3] = { 5 };
    struct rig r;
    void *memory[2], *other_memory;
    snn_stream *s, *twin;
    snn_network *other;
    char state[4096], broken[4096];
    const float nan = NAN;
    float out[64], want[64];
    size_t n, size;

    set_up(&r, 0);
    s = stream_of(&r, &memory[0]);
    twin = stream_of(&r, &memory[1]);
    OK(snn_stream_step(s, r.x, out));
    OK(snn_stream_step(twin, r.x, out));
    n = save_state(twin, state, sizeof state);
    FAILS(snn_stream_set_state(NULL, state, n), SNN_ERR_ARGUMENT, "stream");
    FAILS(snn_stream_set_state(s, NULL, n), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_stream_set_state(s, state, 0), SNN_ERR_FORMAT, "too short");
    FAILS(snn_stream_set_state(s, state, n - 1), SNN_ERR_FORMAT, "complete");
    FAILS(snn_stream_set_state(s, state, n + 64), SNN_ERR_FORMAT, "complete");
    for (size_t i = 0; i < 32; i++) { /* every byte of the head matters, but for the number of steps */
        memcpy(broken, state, n);
        broken[i] ^= 0x40;
        ck_assert_msg(snn_stream_set_state(s, broken, n) != SNN_OK || (i >= 4 && i < 8), "byte %zu", i);
    }
    memcpy(broken, state, n);
    memcpy(broken + 64, &nan, sizeof nan);
    FAILS(snn_stream_set_state(s, broken, n), SNN_ERR_FORMAT, "finite");
    other = network_of(r.ctx, shape, "linear a out=7; cuba n; linear o out=3");
    OK(snn_stream_size(other, &size));
    other_memory = aligned_alloc(64, size);
    OK(snn_stream_init(other_memory, size, other, &s));
    FAILS(snn_stream_set_state(s, state, n), SNN_ERR_SHAPE, "another network");
    OK(snn_stream_step(twin, r.x + 5, want));
    memcpy(broken + 1, state, n); /* aligned or not */
    OK(snn_stream_set_state(twin, broken + 1, n));
    OK(snn_stream_step(twin, r.x + 5, out));
    ck_assert_mem_eq(out, want, OUT * sizeof(float));
    free(memory[0]);
    free(memory[1]);
    free(other_memory);
    snn_network_destroy(other);
    tear_down(&r);
}
END_TEST

START_TEST(test_events)
{
    struct rig r;
    void *memory;
    snn_stream *s;
    uint32_t at[STEPS][9];
    float out[64], dense[STEPS * 64];

    set_up(&r, _i);
    memset(r.x, 0, sizeof r.x);
    for (size_t t = 0; t < STEPS; t++)
        for (size_t i = 0; i < 9; i++) { /* some of them twice */
            at[t][i] = (uint32_t)((t * 31 + i * i * 7) % r.in);
            r.x[t * r.in + at[t][i]] += t == 2 ? 0.0f : 1.0f;
        }
    s = stream_of(&r, &memory);
    run(&r, s, 0, STEPS, dense);
    OK(snn_stream_reset(s));
    for (size_t t = 0; t < STEPS; t++) {
        OK(snn_stream_step_events(s, t == 2 ? NULL : at[t], t == 2 ? 0 : 9, out));
        ck_assert_mem_eq(out, dense + t * 64, r.out * sizeof(float));
    }
    free(memory);
    tear_down(&r);
}
END_TEST

/* A stream sees weights that somebody trained once it is told to. */
START_TEST(test_refresh)
{
    struct rig r;
    void *memory;
    snn_stream *s;
    float a[64], b[64];

    set_up(&r, 0);
    s = stream_of(&r, &memory);
    OK(snn_stream_step(s, r.x, a));
    for (size_t i = 0; i < r.net->n_parameters; i++)
        r.net->parameters[i] += 0.5f;
    OK(snn_stream_reset(s));
    OK(snn_stream_refresh(s));
    OK(snn_stream_step(s, r.x, b));
    ck_assert(memcmp(a, b, OUT * sizeof *a) != 0);
    free(memory);
    tear_down(&r);
}
END_TEST

/* ---- mistakes ---- */

START_TEST(test_too_little_memory)
{
    struct rig r;
    snn_stream *s;
    size_t size;
    char *memory;

    set_up(&r, _i);
    OK(snn_stream_size(r.net, &size));
    for (size_t n = 0; n < size; n += size < 16384 ? 64 : 1024) {
        memory = aligned_alloc(64, snn__max(n, 64));
        s = (snn_stream *)&r;
        FAILS(snn_stream_init(memory, n, r.net, &s), SNN_ERR_MEMORY, "too few");
        ck_assert_ptr_null(s);
        free(memory);
    }
    tear_down(&r);
}
END_TEST

START_TEST(test_mistakes)
{
    struct rig r;
    void *memory;
    snn_stream *s, *none = NULL;
    size_t size;
    float x[5] = { 0, NAN }, out[OUT], want[OUT];
    const uint32_t far = 5;

    set_up(&r, 0);
    FAILS(snn_stream_size(NULL, &size), SNN_ERR_ARGUMENT, "network");
    FAILS(snn_stream_size(r.net, NULL), SNN_ERR_ARGUMENT, "bytes");
    FAILS(snn_stream_init(NULL, 1, r.net, &none), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_stream_init(x, sizeof x, r.net, NULL), SNN_ERR_ARGUMENT, "out");
    s = stream_of(&r, &memory);
    FAILS(snn_stream_init((char *)memory + 4, 4096, r.net, &none), SNN_ERR_ARGUMENT, "aligned");
    OK(snn_stream_init(memory, SIZE_MAX, r.net, &s)); /* more than the room is: no pointer runs over */
    FAILS(snn_stream_init(memory, 4096, NULL, &none), SNN_ERR_ARGUMENT, "network");
    FAILS(snn_stream_step(NULL, x, out), SNN_ERR_ARGUMENT, "stream");
    FAILS(snn_stream_step(s, NULL, out), SNN_ERR_ARGUMENT, "in is NULL");
    FAILS(snn_stream_step_events(s, NULL, 1, out), SNN_ERR_ARGUMENT, "events");
    FAILS(snn_stream_reset(NULL), SNN_ERR_ARGUMENT, "stream");
    FAILS(snn_stream_refresh(NULL), SNN_ERR_ARGUMENT, "stream");
    FAILS(snn_stream_learn(s, x), SNN_ERR_STATE, "snn_trainer_stream");
    FAILS(snn_stream_learn(s, NULL), SNN_ERR_ARGUMENT, "error");
    FAILS(snn_stream_learn_label(NULL, 0, NULL), SNN_ERR_ARGUMENT, "stream");
    ck_assert_ptr_null(snn_stream_state(NULL, &size));
    ck_assert_ptr_null(snn_stream_state(s, NULL));
    OK(snn_stream_step(s, r.x, want)); /* mistakes leave the state alone */
    OK(snn_stream_step(s, r.x + 5, want));
    OK(snn_stream_reset(s));
    OK(snn_stream_step(s, r.x, out));
    FAILS(snn_stream_step(s, x, out), SNN_ERR_DIVERGED, "finite");
    FAILS(snn_stream_step_events(s, &far, 1, out), SNN_ERR_ARGUMENT, "5 of 5");
    OK(snn_stream_step(s, r.x + 5, out));
    ck_assert_mem_eq(out, want, sizeof out);
    free(memory);
    tear_down(&r);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("stream");
    TCase *t = tcase_create("stream");

    tcase_set_timeout(t, 60);
    tcase_add_loop_test(t, test_predicts, 0, NETS);
    tcase_add_loop_test(t, test_state_is_copied, 0, NETS);
    tcase_add_loop_test(t, test_huge_readings, 0, NETS);
    tcase_add_test(t, test_readings_that_add_up);
    tcase_add_test(t, test_states_that_do_not_fit);
    tcase_add_loop_test(t, test_events, 0, NETS);
    tcase_add_test(t, test_refresh);
    tcase_add_loop_test(t, test_too_little_memory, 0, NETS);
    tcase_add_test(t, test_mistakes);
    suite_add_tcase(s, t);
    return run_suite(s);
}
