/* Checkpoints: one that a trainer takes up can be trained on and saved. */
#include "fuzz.h"
#include "runs.h"
#include <stdlib.h>

#define PROPORTION 256
#define FREE ((size_t)4 << 20)

static struct fuzz_run run[FUZZ_RUNS];

static void make(void)
{
    snn_context *ctx = fuzz_context(SIZE_MAX / 2, false);

    for (size_t i = 0; i < FUZZ_RUNS && run[i].trainer == NULL; i++)
        fuzz_run_make(&run[i], ctx, i);
}

static void destroy(void)
{
    for (size_t i = 0; i < FUZZ_RUNS; i++)
        fuzz_run_destroy(&run[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (run[0].trainer == NULL) {
        make();
        atexit(destroy);
    }
    fuzz_context(FREE + PROPORTION * size, false);
    fuzz_write("a.snn", data, size);
    for (size_t i = 0; i < FUZZ_RUNS; i++)
        if (snn_trainer_load(run[i].trainer, fuzz_path("a.snn")) == SNN_OK) {
            FUZZ_HOLDS(snn_trainer_save(run[i].trainer, fuzz_path("b.snn")) == SNN_OK);
            FUZZ_HOLDS(snn_trainer_load(run[i].trainer, fuzz_path("b.snn")) == SNN_OK);
            fuzz_run_step(&run[i]);
        }
    fuzz_done();
    return 0;
}
