/* Random networks and settings: a method refuses one with a message, or trains it to the same bits on one thread and
 * on three, through a checkpoint, and its stream predicts what the trainer predicts. */
#include "trainer/random.h"
#include <snn/model.h>
#include <unistd.h>

enum { SEEDS = 60, BATCH = 4, STEPS = RANDOM_STEPS, OUT = RANDOM_OUT };

/* ---- what must hold ---- */

struct rig {
    snn_context *ctx;
    snn_network *net;
    snn_optimizer *adam;
    snn_trainer *tr;
};

/* The status of the preparation. */
static snn_status open_rig(struct rig *r, const size_t shape[3], const char *layers, const char *method,
                           const char *settings, uint32_t threads)
{
    memset(r, 0, sizeof *r);
    r->ctx = test_context(threads, 3, "best");
    OK(snn_network_create(&r->net, r->ctx, shape, rank_of(shape)));
    OK(add_layers(r->net, layers));
    OK(snn_optimizer_create(&r->adam, r->ctx, "adam"));
    SNN__TRY(snn_network_prepare(r->net));
    OK(snn_trainer_create(&r->tr, r->net, r->adam, method));
    OK(set_all(r->tr, settings));
    return snn_trainer_prepare(r->tr, BATCH);
}

static void close_rig(struct rig *r)
{
    snn_trainer_destroy(r->tr);
    snn_optimizer_destroy(r->adam);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
}

static void train(struct rig *r, snn_batch *batch, float out[BATCH * OUT])
{
    OK(snn_trainer_step(r->tr, batch, NULL));
    OK(snn_trainer_predict(r->tr, batch, out));
}

static void move_to(struct rig *from, struct rig *to)
{
    char path[64];

    snprintf(path, sizeof path, "/tmp/snn-random-%d.ckpt", (int)getpid());
    OK(snn_trainer_save(from->tr, path));
    OK(snn_trainer_load(to->tr, path));
    unlink(path);
}

/* Networks with a layer that has its output in the end have no stream. */
static void check_stream(struct rig *r, const float *x, size_t len, const float *want)
{
    const size_t absent = r->tr->pass.unit[r->tr->pass.n - 1].absent;
    snn_stream *s;
    size_t size;
    float out[OUT], all[OUT] = { 0 };
    void *memory;

    if (snn_stream_size(r->net, &size) != SNN_OK)
        return;
    memory = aligned_alloc(64, size);
    OK(snn_stream_init(memory, size, r->net, &s));
    for (size_t t = 0; t < STEPS; t++) {
        OK(snn_stream_step(s, x + t * BATCH * len, out));
        for (size_t c = 0; c < OUT && t >= absent; c++)
            all[c] = r->tr->readout == SNN__READOUT_last  ? out[c]
                     : r->tr->readout != SNN__READOUT_max ? all[c] + out[c]
                     : t == absent || out[c] > all[c]     ? out[c]
                                                          : all[c];
    }
    for (size_t c = 0; c < OUT; c++)
        ck_assert_float_eq_tol(all[c], want[c], 1e-4f * (1 + fabsf(want[c])));
    free(memory);
}

START_TEST(test_random)
{
    const char *method = random_methods[_i % (int)(sizeof random_methods / sizeof *random_methods)];
    unsigned state = 2654435761u * (unsigned)(_i + 1);
    char layers[1024] = "", settings[128];
    size_t shape[3], len;
    float x[STEPS * BATCH * 32], out[2][BATCH * OUT];
    const uint32_t labels[BATCH] = { 0, 2, 1, 2 };
    snn_batch batch = SNN_BATCH_INIT;
    struct rig one, three, later;

    draw_network(layers, &state, method, shape);
    draw_settings(settings, &state, method);
    if (open_rig(&one, shape, layers, method, settings, 1) != SNN_OK) {
        ck_assert_msg(snn_last_error()[0] != '\0', "%s, %s: refused without a word", method, layers);
        close_rig(&one);
        return;
    }
    OK(open_rig(&three, shape, layers, method, settings, 3));
    OK(open_rig(&later, shape, layers, method, settings, 2));
    len = length_of(shape);
    random_fill(x, STEPS * BATCH * len, -0.3f, 1.2f, (unsigned)_i);
    batch.x = x;
    batch.labels = labels;
    for (int step = 0; step < 3; step++) {
        batch.samples = step == 1 ? BATCH - 1 : BATCH;
        batch.frames = step == 0 ? 1 : STEPS;
        train(&one, &batch, out[0]);
        train(step < 2 ? &three : &later, &batch, out[1]);
        ck_assert_msg(memcmp(out[0], out[1], batch.samples * OUT * sizeof(float)) == 0, "%s, %s, %s: step %d differs",
                      method, settings, layers, step);
        if (step == 1)
            move_to(&three, &later);
    }
    if (strcmp(method, "dsr") != 0) /* which weighs the steps of its output */
        check_stream(&one, x, len, out[0]);
    close_rig(&one);
    close_rig(&three);
    close_rig(&later);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer: random networks");
    TCase *tc = tcase_create("random");

    tcase_add_loop_test(tc, test_random, 0, SEEDS * (int)(sizeof random_methods / sizeof *random_methods));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
