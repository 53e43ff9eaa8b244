/* mpi_train DATA_DIR [METHOD [EPOCHS [MODEL]]] - several processes train one network on images in IDX files
 *
 *     mpirun -n 4 mpi_train DATA_DIR
 *
 * DATA_DIR holds {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz, as MNIST and Fashion-MNIST are
 * published; every process reads it. METHOD is ottt (the default), sltt or bptt. With MODEL the trained network is
 * saved under that name: the same file, whatever the number of processes. */
#include <mpi.h> /* before snn/mpi.h, which then takes an MPI_Comm */

#include <snn/mpi.h>
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>

#define SHARDS 8 /* parts of a batch: at most so many processes; the result depends on it, not on them */

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
    int provided, rank = 0;
    double mean, deviation;
    snn_status rc;
    snn_dataset_info data = SNN_DATASET_INFO_INIT;
    snn_mpi *mpi = NULL;
    snn_context *ctx = NULL;
    snn_dataset *train = NULL, *test = NULL;
    snn_neuron *lif = NULL;
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;

    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    TRY(snn_mpi_create(&mpi, MPI_COMM_WORLD));

    TRY(snn_context_create(&ctx, NULL));
    TRY(snn_dataset_open(&train, ctx, "idx", dir, SNN_SPLIT_TRAIN));
    TRY(snn_dataset_open(&test, ctx, "idx", dir, SNN_SPLIT_TEST));
    TRY(snn_dataset_statistics(train, &mean, &deviation, 1));
    TRY(snn_dataset_normalise(train, &mean, &deviation, 1));
    TRY(snn_dataset_normalise(test, &mean, &deviation, 1));
    TRY(snn_dataset_get_info(train, &data));

    TRY(snn_neuron_create(&lif, ctx, "lif"));
    TRY(snn_network_create(&net, ctx, data.shape, data.rank));
    TRY(snn_network_add_dense(net, 800, lif));
    TRY(snn_network_add_dense(net, data.classes, NULL));

    TRY(snn_optimizer_create(&sgd, ctx, "sgd"));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.1));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_MOMENTUM, 0.9));
    TRY(snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, "cosine"));
    TRY(snn_optimizer_set_i64(sgd, SNN_OPTIMIZER_EPOCHS, epochs));
    TRY(snn_trainer_create(&tr, net, sgd, method));
    TRY(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 6));
    TRY(snn_trainer_set_i64(tr, SNN_TRAINER_SHARDS, SHARDS));
    TRY(snn_trainer_set_communicator(tr, snn_mpi_communicator(mpi)));
    TRY(snn_trainer_prepare(tr, 128)); /* of the batch of all processes together */

    for (int epoch = 1; epoch <= epochs; epoch++) {
        snn_metrics fit = SNN_METRICS_INIT, held = SNN_METRICS_INIT;
        TRY(snn_trainer_epoch(tr, train, &fit)); /* every process makes these calls */
        TRY(snn_trainer_evaluate(tr, test, &held));
        if (rank == 0)
            printf("%2d  loss %.4f  train %.2f%%  test %.2f%%  %.0f samples/s\n", epoch, fit.loss,
                   100.0 * fit.accuracy, 100.0 * held.accuracy, (double)fit.samples / fit.seconds);
    }
    if (argc > 4 && rank == 0) /* all have the same network */
        TRY(snn_network_save(net, argv[4]));

done:
    if (rc != SNN_OK) {
        fprintf(stderr, "mpi_train: rank %d: %s: %s\n", rank, snn_status_name(rc), snn_last_error());
        snn_mpi_abort(mpi, 1); /* the others may not have failed, and wait for this one */
    }
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_neuron_destroy(lif);
    snn_dataset_destroy(test);
    snn_dataset_destroy(train);
    snn_context_destroy(ctx);
    snn_mpi_destroy(mpi); /* before MPI ends */
    MPI_Finalize();
    return 0;
}
