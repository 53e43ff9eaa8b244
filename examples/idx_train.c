/* idx_train DATA_DIR [METHOD [EPOCHS [MODEL]]] - trains a two-layer spiking network on images in IDX files
 *
 * DATA_DIR holds {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz, as MNIST and Fashion-MNIST are
 * published. METHOD is ottt (the default), sltt or bptt. With MODEL the trained network is saved under that name. */
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

int main(int argc, char **argv)
{
    const char *dir = argc > 1 ? argv[1] : "/usr/share/datasets/fashion-mnist";
    const char *method = argc > 2 ? argv[2] : "ottt";
    const int epochs = argc > 3 ? atoi(argv[3]) : 5;
    double mean, deviation;
    snn_status rc;
    snn_dataset_info data = SNN_DATASET_INFO_INIT;
    snn_context *ctx = NULL;
    snn_dataset *train = NULL, *test = NULL;
    snn_neuron *lif = NULL; /* a prototype: layers copy it */
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;

    TRY(snn_context_create(&ctx, NULL)); /* NULL: every default */
    TRY(snn_dataset_open(&train, ctx, "idx", dir, SNN_SPLIT_TRAIN));
    TRY(snn_dataset_open(&test, ctx, "idx", dir, SNN_SPLIT_TEST));
    TRY(snn_dataset_statistics(train, &mean, &deviation, 1));
    TRY(snn_dataset_normalise(train, &mean, &deviation, 1));
    TRY(snn_dataset_normalise(test, &mean, &deviation, 1));
    TRY(snn_dataset_get_info(train, &data));

    TRY(snn_neuron_create(&lif, ctx, "lif"));
    TRY(snn_neuron_set_f64(lif, SNN_NEURON_TAU, 2.0));         /* in steps */
    TRY(snn_network_create(&net, ctx, data.shape, data.rank)); /* [1,H,W] */
    TRY(snn_network_add_dense(net, 800, lif));
    TRY(snn_network_add_dense(net, data.classes, NULL)); /* readout */

    TRY(snn_optimizer_create(&sgd, ctx, "sgd"));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.1));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_MOMENTUM, 0.9));
    TRY(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "cosine"));
    TRY(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_EPOCHS, epochs));
    TRY(snn_trainer_create(&tr, net, sgd, method));
    TRY(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 6)); /* T */
    TRY(snn_trainer_prepare(tr, 128));                  /* takes all memory, for batches of 128 */

    for (int epoch = 1; epoch <= epochs; epoch++) {
        snn_metrics fit = SNN_METRICS_INIT, held = SNN_METRICS_INIT;
        TRY(snn_trainer_epoch(tr, train, &fit));
        TRY(snn_trainer_evaluate(tr, test, &held));
        printf("%2d  loss %.4f  train %.2f%%  test %.2f%%  %.0f samples/s\n", epoch, fit.loss, 100.0 * fit.accuracy,
               100.0 * held.accuracy, (double)fit.samples / fit.seconds);
    }
    if (argc > 4)
        TRY(snn_network_save(net, argv[4]));

done:
    if (rc != SNN_OK)
        fprintf(stderr, "idx_train: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_trainer_destroy(tr); /* every destroy accepts NULL */
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_neuron_destroy(lif);
    snn_dataset_destroy(test);
    snn_dataset_destroy(train);
    snn_context_destroy(ctx);
    return rc == SNN_OK ? 0 : 1;
}
