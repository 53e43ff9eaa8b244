/* A program that uses libsnn-mpi where it is installed, without MPI of its own: one rank, or as many as mpirun
 * starts. */
#include <snn/mpi.h>
#include <stdio.h>

int main(void)
{
    const snn_communicator *ranks;
    snn_mpi *mpi = NULL;
    float one = 1.0f;
    snn_status rc = snn_mpi_init(&mpi);

    if (rc == SNN_OK) {
        ranks = snn_mpi_communicator(mpi);
        rc = ranks->all_reduce(ranks->user, &one, 1);
        printf("rank %u of %.0f over %s\n", (unsigned)ranks->rank, one, snn_mpi_library());
    }
    if (rc != SNN_OK)
        fprintf(stderr, "mpi: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_mpi_destroy(mpi);
    return rc == SNN_OK && one >= 1.0f ? 0 : 1;
}
