/* ranks.h - ranks over MPI. What the files of libsnn-mpi share. */
#ifndef SNN_MPI_RANKS_H
#define SNN_MPI_RANKS_H

#include <mpi.h>

#include "../component.h"
#include <snn/mpi.h>
#include <stdbool.h>
#include <sys/types.h>

/* Bytes that one call of MPI moves at most: its counts are of type int. */
#ifndef SNN_MPI_PIECE
#define SNN_MPI_PIECE ((size_t)1 << 30)
#endif

#define TAG_MOST 32767u /* every MPI takes that one */

/* Messages that are under way together. Requests and lengths have `room` entries; receives come first. */
struct exchange {
    struct exchange *next; /* in the list of all */
    bool busy;
    int n, n_receive, room;
    int over; /* so many of n are complete, in their order */
    MPI_Request *request;
    int *bytes;
};

struct snn_mpi {
    snn_communicator table;
    MPI_Comm comm;          /* a duplicate: ours alone */
    bool finalises;         /* MPI was initialised here */
    bool crowded;           /* there are more ranks on this machine than processors */
    pid_t process;          /* a child of fork() has the memory, and not the connections */
    struct exchange *first; /* all exchanges, used again and again */
    snn_status failed;      /* of the first failure of MPI: nothing is sent any more */
    char text[256];         /* its message */
};

/* Fails if MPI may not be called here and now: another thread or process, finalised, an earlier failure. */
snn_status snn__mpi_ready(struct snn_mpi *mpi);
/* The status of a return code of MPI, with its text in the message. */
snn_status snn__mpi_status(int code, const char *call);
/* The same of a call that a communicator's function made: after a failure nothing is sent any more. */
snn_status snn__mpi_done(struct snn_mpi *mpi, int code, const char *call);
/* Marks the communicator as failed with the present message. */
snn_status snn__mpi_failed(struct snn_mpi *mpi, snn_status status);

/* Calls that name no communicator hand their errors to MPI_COMM_WORLD (MPI 3.1, section 8.3) or MPI_COMM_SELF
 * (MPI 4.0, section 9.3), whose handlers end the process unless the program has set others. Between these two calls
 * errors are returned there, too. Open MPI does so for requests anyway. */
struct handlers {
    MPI_Errhandler world, self;
};
void snn__mpi_handlers(struct handlers *before);
void snn__mpi_handlers_back(struct handlers *before);

/* The functions of the table: snn/communicator.h. */
snn_status snn__mpi_all_reduce(void *user, float *data, size_t n);
snn_status snn__mpi_broadcast(void *user, void *data, size_t bytes, uint32_t root);
snn_status snn__mpi_barrier(void *user);
snn_status snn__mpi_start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                          size_t n_receive, void **exchange);
snn_status snn__mpi_finish(void *user, void *exchange, int wait, int *done);
const char *snn__mpi_reason(void *user);

/* Makes room for the first exchanges. */
snn_status snn__mpi_exchanges(struct snn_mpi *mpi);
/* Withdraws all receives that are under way, so that memory may be freed. */
void snn__mpi_withdraw(struct snn_mpi *mpi);
void snn__mpi_exchanges_free(struct snn_mpi *mpi);

#endif
