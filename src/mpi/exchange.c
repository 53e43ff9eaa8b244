/* exchange.c - messages between ranks, as many at a time as there are. Their memory is used again and again: once the
 * largest exchange has been made, and the most at a time, nothing is allocated. */
#include "ranks.h"
#include <limits.h>
#include <sched.h>
#include <stdlib.h>

#define EXCHANGES 4     /* at a time, to begin with */
#define PEERS_MOST 1024 /* messages of one, to begin with */
#define WITHDRAW_TRIES 100000

/* ---- memory */

static bool widen(struct exchange *e, size_t room)
{
    free(e->request);
    free(e->bytes);
    e->request = malloc(room * sizeof *e->request);
    e->bytes = malloc(room * sizeof *e->bytes);
    e->room = e->request != NULL && e->bytes != NULL ? (int)room : 0;
    return e->room > 0;
}

static struct exchange *add(struct snn_mpi *mpi)
{
    struct exchange *e = calloc(1, sizeof *e);

    if (e != NULL) {
        e->next = mpi->first;
        mpi->first = e;
    }
    return e;
}

static struct exchange *idle(struct snn_mpi *mpi)
{
    struct exchange *e = mpi->first;

    while (e != NULL && e->busy)
        e = e->next;
    return e != NULL ? e : add(mpi);
}

/* An exchange with room for `requests`; NULL with a message. */
static struct exchange *take(struct snn_mpi *mpi, size_t requests)
{
    struct exchange *e = requests < INT_MAX / sizeof(MPI_Request) ? idle(mpi) : NULL;

    if (e == NULL || ((size_t)e->room < requests && !widen(e, requests))) {
        (void)!snn_component_fail(SNN_ERR_MEMORY, "no memory for %zu messages over MPI", requests);
        return NULL;
    }
    e->n = e->n_receive = e->over = 0;
    return e;
}

snn_status snn__mpi_exchanges(struct snn_mpi *mpi)
{
    const size_t ranks = mpi->table.size < PEERS_MOST ? mpi->table.size : PEERS_MOST;

    for (int i = 0; i < EXCHANGES; i++) {
        struct exchange *e = add(mpi);

        if (e == NULL || !widen(e, 4 * ranks))
            return snn_component_fail(SNN_ERR_MEMORY, "no memory for messages over MPI");
    }
    return SNN_OK;
}

void snn__mpi_exchanges_free(struct snn_mpi *mpi)
{
    while (mpi->first != NULL) {
        struct exchange *e = mpi->first;

        mpi->first = e->next;
        free(e->request);
        free(e->bytes);
        free(e);
    }
}

/* Withdraws a receive. One that has begun to arrive goes on, but not for ever: its sender may be gone. */
static void withdraw(MPI_Request *request)
{
    int over = *request == MPI_REQUEST_NULL || MPI_Cancel(request) != MPI_SUCCESS;

    for (int i = 0; i < WITHDRAW_TRIES && !over; i++) {
        if (MPI_Test(request, &over, MPI_STATUS_IGNORE) != MPI_SUCCESS)
            break;
        sched_yield();
    }
}

void snn__mpi_withdraw(struct snn_mpi *mpi)
{
    struct handlers before;

    snn__mpi_handlers(&before);
    for (struct exchange *e = mpi->first; e != NULL; e = e->next)
        for (int i = e->over; i < e->n_receive && e->busy; i++)
            withdraw(&e->request[i]);
    snn__mpi_handlers_back(&before);
}

/* ---- messages */

/* Calls of MPI that one message takes; an empty one is sent, too. */
static size_t pieces(const snn_message *message)
{
    return message->bytes > 0 ? (message->bytes - 1) / SNN_MPI_PIECE + 1 : 1;
}

/* Adds the calls that messages take to `requests`. */
static snn_status check(const struct snn_mpi *mpi, const snn_message *message, size_t n, size_t *requests)
{
    if (n > 0 && message == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "messages over MPI are NULL");
    for (size_t i = 0; i < n; i++) {
        if (message[i].rank >= mpi->table.size)
            return snn_component_fail(SNN_ERR_ARGUMENT, "a message over MPI: there is no rank %u among %u",
                                      (unsigned)message[i].rank, (unsigned)mpi->table.size);
        if (message[i].tag > TAG_MOST)
            return snn_component_fail(SNN_ERR_ARGUMENT, "a message over MPI: its tag is %u, the greatest is %u",
                                      (unsigned)message[i].tag, TAG_MOST);
        if (message[i].data == NULL && message[i].bytes > 0)
            return snn_component_fail(SNN_ERR_ARGUMENT, "a message over MPI: data is NULL");
        *requests += pieces(&message[i]);
    }
    return SNN_OK;
}

/* Begins to send or to receive a message. Its pieces have one tag: MPI keeps their order. */
static snn_status post(struct snn_mpi *mpi, struct exchange *e, const snn_message *m, bool receives)
{
    size_t done = 0;

    do {
        const size_t left = m->bytes - done;
        const int count = (int)(left < SNN_MPI_PIECE ? left : SNN_MPI_PIECE);
        char *data = (char *)m->data + done;
        MPI_Request *request = &e->request[e->n];

        *request = MPI_REQUEST_NULL;
        if (receives)
            TRY(snn__mpi_done(mpi, MPI_Irecv(data, count, MPI_BYTE, (int)m->rank, (int)m->tag, mpi->comm, request),
                              "MPI_Irecv"));
        else
            TRY(snn__mpi_done(mpi, MPI_Isend(data, count, MPI_BYTE, (int)m->rank, (int)m->tag, mpi->comm, request),
                              "MPI_Isend"));
        e->bytes[e->n++] = count;
        e->n_receive += receives;
        done += (size_t)count;
    } while (done < m->bytes);
    return SNN_OK;
}

snn_status snn__mpi_start(void *user, const snn_message *send, size_t n_send, const snn_message *receive,
                          size_t n_receive, void **exchange)
{
    struct snn_mpi *mpi = user;
    struct exchange *e;
    size_t requests = 0;

    *exchange = NULL;
    TRY(snn__mpi_ready(mpi));
    TRY(check(mpi, send, n_send, &requests));
    TRY(check(mpi, receive, n_receive, &requests));
    e = take(mpi, requests);
    if (e == NULL)
        return SNN_ERR_MEMORY;
    e->busy = true; /* after a failure it stays so: what was begun is not used again */
    for (size_t i = 0; i < n_receive; i++)
        TRY(post(mpi, e, &receive[i], true));
    for (size_t i = 0; i < n_send; i++)
        TRY(post(mpi, e, &send[i], false));
    *exchange = e;
    return SNN_OK;
}

/* Request number `over` is complete. What came is as long as it was to be. */
static snn_status complete(struct snn_mpi *mpi, const struct exchange *e, MPI_Status *status)
{
    int count = 0;

    if (e->over >= e->n_receive)
        return SNN_OK;
    TRY(snn__mpi_done(mpi, MPI_Get_count(status, MPI_BYTE, &count), "MPI_Get_count"));
    if (count != e->bytes[e->over])
        return snn__mpi_failed(mpi, snn_component_fail(SNN_ERR_SHAPE, "rank %d sent %d bytes, expected were %d",
                                                       status->MPI_SOURCE, count, e->bytes[e->over]));
    return SNN_OK;
}

/* Tests the requests that are left, in their order; each test lets all messages go on. */
static snn_status test(struct snn_mpi *mpi, struct exchange *e, int wait)
{
    MPI_Status status;

    while (e->over < e->n) {
        int over = 0;

        TRY(snn__mpi_done(mpi, MPI_Test(&e->request[e->over], &over, &status), "MPI_Test"));
        if (over) {
            TRY(complete(mpi, e, &status));
            e->over++;
        } else if (wait) {
            sched_yield(); /* to ranks and threads that share the processor */
        } else {
            break;
        }
    }
    return SNN_OK;
}

snn_status snn__mpi_finish(void *user, void *exchange, int wait, int *done)
{
    struct snn_mpi *mpi = user;
    struct exchange *e = exchange;
    struct handlers before;
    snn_status rc;

    *done = 0;
    TRY(snn__mpi_ready(mpi));
    if (e == NULL)
        return snn_component_fail(SNN_ERR_ARGUMENT, "messages over MPI: the exchange is NULL");
    snn__mpi_handlers(&before);
    rc = test(mpi, e, wait);
    snn__mpi_handlers_back(&before);
    if (rc == SNN_OK && e->over == e->n) {
        e->busy = false;
        *done = 1;
    }
    return rc;
}

const char *snn__mpi_reason(void *user)
{
    (void)user;
    return snn_last_error(); /* of this thread, which made the call */
}
