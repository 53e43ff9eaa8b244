#include "runs.h"
#include "fuzz.h"

#define OK(call) ((call) == SNN_OK ? (void)0 : fuzz_finding("%s: %s", #call, snn_last_error()))

static const struct {
    const char *network, *method, *optimizer;
    int lateral; /* layer that has lateral neurons; -1: none */
} kinds[FUZZ_RUNS] = {
    { "6-FC", "ottt", "sgd", 0 },
    { "5-FC", "opzo", "sgd", -1 },
    { "2C3-BN-FC", "bptt", "adamw", -1 },
};

void fuzz_run_make(struct fuzz_run *run, snn_context *context, size_t i)
{
    const size_t shape[3] = { 1, 3, 3 };

    *run = (struct fuzz_run){ NULL, NULL, NULL, NULL };
    OK(snn_network_build(&run->network, context, kinds[i].network, shape, 3, 3, NULL));
    OK(snn_optimizer_create(&run->optimizer, context, kinds[i].optimizer));
    if (i < 2)
        OK(snn_optimizer_set_f64(run->optimizer, SNN_OPTIMIZER_MOMENTUM, 0.9));
    OK(snn_trainer_create(&run->trainer, run->network, run->optimizer, kinds[i].method));
    OK(snn_trainer_set_i64(run->trainer, SNN_TRAINER_STEPS, 2));
    if (kinds[i].lateral >= 0) {
        OK(snn_projection_create(&run->projection, run->network));
        OK(snn_projection_grow(run->projection, snn_network_layer(run->network, 1), 2));
        OK(snn_projection_freeze(run->projection));
        OK(snn_trainer_set_projection(run->trainer, run->projection));
    }
    OK(snn_trainer_prepare(run->trainer, 2));
}

void fuzz_run_step(struct fuzz_run *run)
{
    const float x[18] = { 1, 0, 0.5f, 0, 2, 0, 1, 1, 0, 0, 1, 0, 1, 0, 3, 0, 1, 1 };
    const uint32_t labels[2] = { 0, 2 };
    snn_batch batch = SNN_BATCH_INIT;

    batch.samples = 2;
    batch.x = x;
    batch.labels = labels;
    /* Numbers of a file may be as large as they like. */
    FUZZ_ANSWERS(snn_trainer_step(run->trainer, &batch, NULL));
}

void fuzz_run_destroy(struct fuzz_run *run)
{
    snn_trainer_destroy(run->trainer);
    snn_projection_destroy(run->projection);
    snn_optimizer_destroy(run->optimizer);
    snn_network_destroy(run->network);
}
