/* mpi.c - ranks over MPI: a duplicate of a communicator, and the table of functions over it. */
#include "ranks.h"
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- what has to be so before */

/* Fails unless MPI is initialised, and may be called from this thread. */
static snn_status usable(void)
{
    int yes = 0, level = MPI_THREAD_SINGLE, main = 0;

    if (MPI_Finalized(&yes) != MPI_SUCCESS || yes)
        return snn_component_fail(SNN_ERR_STATE,
                                  "MPI was finalised in this process, and cannot be initialised again");
    if (MPI_Initialized(&yes) != MPI_SUCCESS || !yes)
        return snn_component_fail(SNN_ERR_STATE, "MPI is not initialised: MPI_Init_thread() or snn_mpi_init() do it");
    TRY(snn__mpi_status(MPI_Query_thread(&level), "MPI_Query_thread"));
    if (level < MPI_THREAD_FUNNELED)
        return snn_component_fail(SNN_ERR_STATE, "MPI was initialised for a program of one thread, and libsnn has "
                                                 "several: MPI_Init_thread() with MPI_THREAD_FUNNELED");
    TRY(snn__mpi_status(MPI_Is_thread_main(&main), "MPI_Is_thread_main"));
    if (level < MPI_THREAD_SERIALIZED && !main)
        return snn_component_fail(SNN_ERR_STATE, "MPI was initialised by another thread: call from that one, or "
                                                 "initialise it with MPI_THREAD_SERIALIZED");
    return SNN_OK;
}

/* Fails if the launcher of another MPI has started several processes: each of them would be alone, and do all the
 * work. */
static snn_status launched(void)
{
    static const char *const counts[] = { "OMPI_COMM_WORLD_SIZE", "PMI_SIZE", "SLURM_STEP_NUM_TASKS" };
    const char *rank = getenv("PMIX_RANK");
    int size = 0;

    TRY(snn__mpi_status(MPI_Comm_size(MPI_COMM_WORLD, &size), "MPI_Comm_size"));
    for (size_t i = 0; i < sizeof counts / sizeof *counts && size == 1; i++) {
        const char *count = getenv(counts[i]);

        if (count != NULL && strtol(count, NULL, 10) > 1)
            return snn_component_fail(SNN_ERR_STATE,
                                      "%s processes were started (%s), but each is alone to this MPI "
                                      "(%s): start them by its own mpirun",
                                      count, counts[i], snn_mpi_library());
    }
    if (size == 1 && rank != NULL && strtol(rank, NULL, 10) > 0)
        return snn_component_fail(SNN_ERR_STATE,
                                  "this process is number %s (PMIX_RANK), but alone to this MPI (%s): start it by "
                                  "its own mpirun",
                                  rank, snn_mpi_library());
    return SNN_OK;
}

/* ---- the object */

/* Counts the ranks on this machine. */
static snn_status count_here(struct snn_mpi *mpi)
{
    MPI_Comm here = MPI_COMM_NULL;
    int size = 1, code;

    code = MPI_Comm_split_type(mpi->comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &here);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_size(here, &size);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_free(&here);
    mpi->crowded = size > sysconf(_SC_NPROCESSORS_ONLN);
    return snn__mpi_status(code, "MPI_Comm_split_type");
}

static snn_status fill(struct snn_mpi *mpi)
{
    int rank = 0, size = 0;

    TRY(snn__mpi_status(MPI_Comm_set_errhandler(mpi->comm, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler"));
    TRY(snn__mpi_status(MPI_Comm_rank(mpi->comm, &rank), "MPI_Comm_rank"));
    TRY(snn__mpi_status(MPI_Comm_size(mpi->comm, &size), "MPI_Comm_size"));
    TRY(count_here(mpi));
    mpi->process = getpid();
    TRY(snn_communicator_init(&mpi->table, sizeof mpi->table));
    mpi->table.rank = (uint32_t)rank;
    mpi->table.size = (uint32_t)size;
    mpi->table.user = mpi;
    mpi->table.all_reduce = snn__mpi_all_reduce;
    mpi->table.broadcast = snn__mpi_broadcast;
    mpi->table.barrier = snn__mpi_barrier;
    mpi->table.start = snn__mpi_start;
    mpi->table.finish = snn__mpi_finish;
    mpi->table.reason = snn__mpi_reason;
    return snn__mpi_exchanges(mpi);
}

/* Duplicates the communicator. Its errors have to come back as codes, and not end the process; what the program chose
 * for its own communicator is set again after that. */
static snn_status duplicate(MPI_Comm comm, MPI_Comm *out)
{
    MPI_Errhandler handler;
    int between = 0, code;

    TRY(snn__mpi_status(MPI_Comm_get_errhandler(comm, &handler), "MPI_Comm_get_errhandler"));
    code = MPI_Comm_set_errhandler(comm, MPI_ERRORS_RETURN);
    if (code == MPI_SUCCESS)
        code = MPI_Comm_test_inter(comm, &between);
    if (code == MPI_SUCCESS && !between)
        code = MPI_Comm_dup(comm, out);
    (void)MPI_Comm_set_errhandler(comm, handler);
    (void)MPI_Errhandler_free(&handler);
    if (between)
        return snn_component_fail(SNN_ERR_ARGUMENT, "ranks over MPI: the communicator is one between two groups");
    return snn__mpi_status(code, "MPI_Comm_dup");
}

static snn_status create(snn_mpi **out, MPI_Comm comm, bool finalises)
{
    struct snn_mpi *mpi;
    snn_status rc;

    TRY(usable());
    TRY(launched());
    if (comm == MPI_COMM_NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "ranks over MPI: the communicator is MPI_COMM_NULL");
    mpi = calloc(1, sizeof *mpi);
    if (mpi == NULL)
        return snn_component_fail(SNN_ERR_MEMORY, "no memory for ranks over MPI");
    mpi->comm = MPI_COMM_NULL;
    rc = duplicate(comm, &mpi->comm);
    if (rc == SNN_OK)
        rc = fill(mpi);
    if (rc != SNN_OK) {
        snn_mpi_destroy(mpi);
        return rc;
    }
    mpi->finalises = finalises;
    *out = mpi;
    return SNN_OK;
}

snn_status snn_mpi_init(snn_mpi **out)
{
    int initialized = 0, finalized = 0, level = 0;

    if (out == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_mpi_init(): out is NULL");
    *out = NULL;
    if (MPI_Initialized(&initialized) == MPI_SUCCESS && !initialized && MPI_Finalized(&finalized) == MPI_SUCCESS &&
        !finalized)
        TRY(snn__mpi_status(MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &level), "MPI_Init_thread"));
    return create(out, MPI_COMM_WORLD, !initialized);
}

snn_status snn_mpi_create_from(snn_mpi **out, const void *comm, size_t size)
{
    MPI_Comm own = MPI_COMM_WORLD;

    if (out == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "ranks over MPI: out is NULL");
    *out = NULL;
    if (size != sizeof own)
        return snn_component_fail(SNN_ERR_VERSION,
                                  "a communicator of %zu bytes is not one of the MPI of libsnn-mpi, "
                                  "%s, which has %zu: use the same MPI for both",
                                  size, snn_mpi_library(), sizeof own);
    if (comm != NULL)
        memcpy(&own, comm, sizeof own);
    return create(out, own, false);
}

void snn_mpi_destroy(snn_mpi *mpi)
{
    int finalized = 0;

    if (mpi == NULL)
        return;
    if (mpi->failed == SNN_OK && (mpi->process == 0 || mpi->process == getpid()) &&
        MPI_Finalized(&finalized) == MPI_SUCCESS && !finalized) {
        if (mpi->comm != MPI_COMM_NULL)
            (void)MPI_Comm_free(&mpi->comm);
        if (mpi->finalises)
            (void)MPI_Finalize();
    }
    snn__mpi_exchanges_free(mpi);
    free(mpi);
}

const snn_communicator *snn_mpi_communicator(const snn_mpi *mpi)
{
    return mpi != NULL ? &mpi->table : NULL;
}

void snn_mpi_abort(const snn_mpi *mpi, int status)
{
    int initialized = 0, finalized = 0;

    if (MPI_Initialized(&initialized) == MPI_SUCCESS && initialized && MPI_Finalized(&finalized) == MPI_SUCCESS &&
        !finalized)
        (void)MPI_Abort(mpi != NULL ? mpi->comm : MPI_COMM_WORLD, status);
}

const char *snn_mpi_library(void)
{
    static _Thread_local char text[MPI_MAX_LIBRARY_VERSION_STRING];
    int length = 0;

    if (MPI_Get_library_version(text, &length) != MPI_SUCCESS)
        return "an MPI that does not say its name";
    text[strcspn(text, ",\n")] = '\0';
    for (char *tab = strchr(text, '\t'); tab != NULL; tab = strchr(tab, '\t'))
        *tab = ' ';
    return text;
}
