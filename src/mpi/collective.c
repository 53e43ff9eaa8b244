/* collective.c - what all ranks do together: sums, copies of one rank's data, waiting for each other. */
#include "ranks.h"
#include <sched.h>

/* Bytes of the piece at `done` of `all`. */
static size_t piece(size_t all, size_t done)
{
    return all - done < SNN_MPI_PIECE ? all - done : SNN_MPI_PIECE;
}

/* Waits for a request that `code` began. What waits inside MPI may keep a processor to itself, and other ranks from
 * it that would have to answer: MPICH takes milliseconds then. */
static snn_status await(struct snn_mpi *mpi, int code, MPI_Request *request, const char *call)
{
    struct handlers before;
    int over = 0;

    TRY(snn__mpi_done(mpi, code, call));
    snn__mpi_handlers(&before);
    while (code == MPI_SUCCESS && !over) {
        code = MPI_Test(request, &over, MPI_STATUS_IGNORE);
        if (!over)
            sched_yield();
    }
    snn__mpi_handlers_back(&before);
    return snn__mpi_done(mpi, code, call);
}

/* MPI's own way of waiting, and the fastest sum that it has, where every rank has a processor. */
static snn_status reduce(struct snn_mpi *mpi, float *data, int n)
{
    MPI_Request request = MPI_REQUEST_NULL;

    if (!mpi->crowded)
        return snn__mpi_done(mpi, MPI_Allreduce(MPI_IN_PLACE, data, n, MPI_FLOAT, MPI_SUM, mpi->comm),
                             "MPI_Allreduce");
    return await(mpi, MPI_Iallreduce(MPI_IN_PLACE, data, n, MPI_FLOAT, MPI_SUM, mpi->comm, &request), &request,
                 "MPI_Iallreduce");
}

snn_status snn__mpi_all_reduce(void *user, float *data, size_t n)
{
    struct snn_mpi *mpi = user;

    TRY(snn__mpi_ready(mpi));
    if (data == NULL && n > 0)
        return snn_component_fail(SNN_ERR_ARGUMENT, "the all-reduce over MPI: data is NULL");
    for (size_t done = 0; done < n;) {
        const size_t count = piece(n * sizeof *data, done * sizeof *data) / sizeof *data;

        TRY(reduce(mpi, data + done, (int)count));
        done += count;
    }
    return SNN_OK;
}

snn_status snn__mpi_broadcast(void *user, void *data, size_t bytes, uint32_t root)
{
    struct snn_mpi *mpi = user;

    TRY(snn__mpi_ready(mpi));
    if (data == NULL && bytes > 0)
        return snn_component_fail(SNN_ERR_ARGUMENT, "the broadcast over MPI: data is NULL");
    if (root >= mpi->table.size)
        return snn_component_fail(SNN_ERR_ARGUMENT, "the broadcast over MPI: there is no rank %u among %u",
                                  (unsigned)root, (unsigned)mpi->table.size);
    for (size_t done = 0; done < bytes;) {
        const size_t count = piece(bytes, done);

        MPI_Request request = MPI_REQUEST_NULL;

        TRY(await(mpi, MPI_Ibcast((char *)data + done, (int)count, MPI_BYTE, (int)root, mpi->comm, &request),
                  &request, "MPI_Ibcast"));
        done += count;
    }
    return SNN_OK;
}

snn_status snn__mpi_barrier(void *user)
{
    struct snn_mpi *mpi = user;

    MPI_Request request = MPI_REQUEST_NULL;

    TRY(snn__mpi_ready(mpi));
    return await(mpi, MPI_Ibarrier(mpi->comm, &request), &request, "MPI_Ibarrier");
}
