/* error.c - errors of MPI become statuses. */
#include "ranks.h"
#include <stdio.h>
#include <unistd.h>

static snn_status status_of(int class)
{
    switch (class) {
    case MPI_ERR_NO_MEM:
        return SNN_ERR_MEMORY;
    case MPI_ERR_TRUNCATE:
        return SNN_ERR_SHAPE;
    default:
        return SNN_ERR_IO;
    }
}

snn_status snn__mpi_status(int code, const char *call)
{
    char text[MPI_MAX_ERROR_STRING] = "";
    int class = MPI_ERR_OTHER, length = 0;

    if (code == MPI_SUCCESS)
        return SNN_OK;
    if (MPI_Error_class(code, &class) != MPI_SUCCESS || MPI_Error_string(code, text, &length) != MPI_SUCCESS)
        return snn_component_fail(SNN_ERR_IO, "%s fails with the unknown error %d of MPI", call, code);
    for (char *end = strchr(text, '\n'); end != NULL; end = strchr(end, '\n')) /* MPICH's text has several lines */
        *end = ' ';
    return snn_component_fail(status_of(class), "%s fails: %s", call, text);
}

snn_status snn__mpi_failed(struct snn_mpi *mpi, snn_status status)
{
    if (status != SNN_OK && mpi->failed == SNN_OK) {
        mpi->failed = status;
        snprintf(mpi->text, sizeof mpi->text, "%s", snn_last_error());
        snn__mpi_withdraw(mpi);
    }
    return status;
}

snn_status snn__mpi_done(struct snn_mpi *mpi, int code, const char *call)
{
    return snn__mpi_failed(mpi, snn__mpi_status(code, call));
}

snn_status snn__mpi_ready(struct snn_mpi *mpi)
{
    int finalized = 0, level = MPI_THREAD_SINGLE, main = 0;

    if (mpi->process != getpid())
        return snn_component_fail(SNN_ERR_STATE, "MPI: a child of fork() cannot use the ranks of its parent");
    if (MPI_Finalized(&finalized) != MPI_SUCCESS || finalized)
        return snn_component_fail(SNN_ERR_STATE, "MPI was finalised: destroy the ranks before");
    if (MPI_Query_thread(&level) != MPI_SUCCESS || MPI_Is_thread_main(&main) != MPI_SUCCESS ||
        (level < MPI_THREAD_SERIALIZED && !main))
        return snn_component_fail(SNN_ERR_STATE, "MPI was initialised by another thread: call from that one, or "
                                                 "initialise it with MPI_THREAD_SERIALIZED");
    if (mpi->failed != SNN_OK)
        return snn_component_fail(mpi->failed, "the ranks failed before: %s", mpi->text);
    return SNN_OK;
}

static MPI_Errhandler returning(MPI_Comm comm)
{
    MPI_Errhandler before = MPI_ERRHANDLER_NULL;

    (void)MPI_Comm_get_errhandler(comm, &before);
    (void)MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    return before;
}

static void back(MPI_Comm comm, MPI_Errhandler *before)
{
    if (*before == MPI_ERRHANDLER_NULL)
        return;
    (void)MPI_Comm_set_errhandler(comm, *before);
    (void)MPI_Errhandler_free(before);
}

void snn__mpi_handlers(struct handlers *before)
{
    before->world = returning(MPI_COMM_WORLD);
    before->self = returning(MPI_COMM_SELF);
}

void snn__mpi_handlers_back(struct handlers *before)
{
    back(MPI_COMM_WORLD, &before->world);
    back(MPI_COMM_SELF, &before->self);
}
