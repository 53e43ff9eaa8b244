/** @file snn/mpi.h
 * Ranks over MPI: the communicator with which several processes train one network (library libsnn-mpi).
 *
 * Of the component libsnn-mpi, beside libsnn: pkg-config snn-mpi, CMake's snn::mpi. It is built for one MPI, Open MPI
 * or MPICH; snn_mpi_library() says which, and programs use the same one. docs/ranks.md describes training over ranks.
 *
 * A program that calls MPI itself includes mpi.h before this header, and hands over a communicator of its own:
 *
 *     MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &provided);
 *     snn_mpi_create(&mpi, MPI_COMM_WORLD);
 *     snn_trainer_set_communicator(trainer, snn_mpi_communicator(mpi));
 *
 * One that does not calls snn_mpi_init() in place of the first two.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_MPI_H
#define SNN_MPI_H

#include <snn/communicator.h>

/** Ranks over MPI. Where MPI was initialised with MPI_THREAD_FUNNELED, the thread that initialised it makes all
 * calls; with more, one thread at a time. No function is real-time safe. */
typedef struct snn_mpi snn_mpi;

SNN_BEGIN_DECLS

/** Makes ranks of all processes that mpirun has started, and initialises MPI unless the program has done so. Every
 * process calls it. The caller destroys the ranks, which finalises MPI if this call initialised it; MPI cannot be
 * initialised twice in a process. A call that fails leaves it as it is by then.
 * @param out receives the ranks; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (MPI was finalised, was initialised with MPI_THREAD_SINGLE, or
 * belongs to another thread; the launcher is that of another MPI, so that every process is alone), SNN_ERR_MEMORY,
 * SNN_ERR_IO (MPI fails: the message has its text) */
SNN_API SNN_CHECKED snn_status snn_mpi_init(snn_mpi **out);

/** Makes ranks of the processes of a communicator of MPI, for those that do not include mpi.h, such as bindings. C
 * programs call snn_mpi_create(). MPI is initialised. All processes of the communicator make the call; its duplicate
 * is used, so that messages of the program do not meet those of the library. The caller destroys the ranks before
 * finalising MPI.
 * @param out receives the ranks; NULL on failure
 * @param comm address of an MPI_Comm; NULL: MPI_COMM_WORLD
 * @param size of an MPI_Comm in bytes, which tells another MPI's from ours
 * @return SNN_ERR_ARGUMENT (NULL, not a communicator between processes of one group), SNN_ERR_STATE (MPI is not
 * initialised, or as snn_mpi_init()), SNN_ERR_VERSION (size is that of another MPI), SNN_ERR_MEMORY, SNN_ERR_IO (MPI
 * fails: the message has its text) */
SNN_API SNN_CHECKED snn_status snn_mpi_create_from(snn_mpi **out, const void *comm, size_t size);

/** Frees ranks, and finalises MPI if snn_mpi_init() initialised it; NULL is accepted. Every process calls it, and
 * waits for the others: a process that cannot go on alone calls snn_mpi_abort(). After a failure of MPI the processes
 * no longer wait for each other, and MPI is left as it is. */
SNN_API void snn_mpi_destroy(snn_mpi *mpi);

/** Returns the table for snn_trainer_set_communicator(). Borrowed until snn_mpi_destroy(); NULL if mpi is NULL. Its
 * functions return SNN_ERR_ARGUMENT (NULL, a rank or a tag that there is not), SNN_ERR_SHAPE (a message is longer or
 * shorter than the receiver expects), SNN_ERR_STATE (called from another thread, or after MPI was finalised),
 * SNN_ERR_MEMORY and SNN_ERR_IO (MPI fails: the message has its text). After a failure of MPI they return that status
 * from then on. */
SNN_API const snn_communicator *snn_mpi_communicator(const snn_mpi *mpi);

/** Ends all processes of the communicator at once, with that exit status: for one that fails alone, and would keep
 * the others waiting. mpi NULL: all processes of MPI_COMM_WORLD. It returns only where MPI is not initialised. */
SNN_API void snn_mpi_abort(const snn_mpi *mpi, int status);

/** Returns name and version of the MPI that the library is built for, in one line; static storage. */
SNN_API const char *snn_mpi_library(void);

SNN_END_DECLS

#if defined(MPI_VERSION)
/** Makes ranks of the processes of `comm`, where mpi.h was included before: as snn_mpi_create_from(). */
static inline snn_status snn_mpi_create(snn_mpi **out, MPI_Comm comm)
{
    return snn_mpi_create_from(out, &comm, sizeof comm);
}
#endif

#endif
