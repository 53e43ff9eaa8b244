/* A program of someone who has libsnn installed: builds a network and trains it by one batch. */
#include <snn/snn.h>
#include <stdio.h>
#include <string.h>

#if defined(EXPECT_STATIC) && EXPECT_STATIC != (defined(SNN_STATIC) ? 1 : 0)
#error "the target of the static library, and it alone, defines SNN_STATIC"
#endif

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

int main(void)
{
    static const float x[4][2] = { { 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 1 } };
    static const uint32_t label[4] = { 0, 1, 1, 0 };
    const size_t shape[1] = { 2 };
    snn_metrics metrics = SNN_METRICS_INIT;
    snn_batch batch = SNN_BATCH_INIT;
    snn_status rc;
    snn_context *ctx = NULL;
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *trainer = NULL;

    TRY(snn_context_create(&ctx, NULL));
    TRY(snn_network_build(&net, ctx, "2-8-2", shape, 1, 2, NULL));
    TRY(snn_optimizer_create(&sgd, ctx, "sgd"));
    TRY(snn_trainer_create(&trainer, net, sgd, "ottt"));
    TRY(snn_trainer_prepare(trainer, 4));
    batch.samples = 4;
    batch.x = x[0];
    batch.labels = label;
    TRY(snn_trainer_step(trainer, &batch, &metrics));
    printf("libsnn %s: %d samples, loss %.4f\n", snn_version_string(), (int)metrics.samples, metrics.loss);

done:
    if (rc != SNN_OK)
        fprintf(stderr, "consumer: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    return rc == SNN_OK && strcmp(snn_version_string(), SNN_VERSION_STRING) == 0 ? 0 : 1;
}
