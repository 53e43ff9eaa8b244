/* ranks/communicator.c - the table of the host: its defaults, its checks, its calls. */
#include "core/fpu.h"
#include "core/structure.h"
#include "ranks/room.h"
#include <stdio.h>

static const snn_communicator defaults = { .struct_size = sizeof defaults, .size = 1 };

snn_status snn_communicator_init(snn_communicator *communicator, size_t size)
{
    return snn__init_struct(communicator, size, &defaults, sizeof defaults, "communicator");
}

snn_status snn__communicator_read(snn_communicator *own, const snn_communicator *given)
{
    *own = defaults;
    SNN__TRY(snn__read_struct(own, sizeof *own, given, "communicator", "snn_communicator_init()"));
    SNN__TRY(snn__check_reserved(own->reserved, "communicator"));
    if (own->rank >= own->size)
        return snn__fail(SNN_ERR_ARGUMENT, "communicator: rank %u of %u; ranks are 0 .. size - 1", own->rank,
                         own->size);
    if (own->all_reduce == NULL || own->broadcast == NULL || own->barrier == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "communicator: all_reduce, broadcast and barrier must be set");
    if ((own->start == NULL) != (own->finish == NULL))
        return snn__fail(SNN_ERR_ARGUMENT, "communicator: set both start and finish, or neither");
    return SNN_OK;
}

/* ---- calls ---- */

snn_status snn__link_status(const struct snn__link *link)
{
    return link->rc == SNN_OK ? SNN_OK : snn__fail(link->rc, "%s", link->why);
}

/* Keeps the first failure. */
static snn_status note(struct snn__link *link, const char *function, snn_status rc)
{
    const char *reason = NULL;

    if (rc == SNN_OK || link->rc != SNN_OK)
        return snn__link_status(link);
    if (link->to.reason != NULL) {
        SNN__CALLS_HOST;
        reason = link->to.reason(link->to.user);
    }
    link->rc = rc;
    snprintf(link->why, sizeof link->why, "communicator: %s of rank %u returned %s%s%.200s", function, link->to.rank,
             rc < 0 ? snn_status_name(rc) : "a number that is no status", reason != NULL ? ": " : "",
             reason != NULL ? reason : "");
    return snn__link_status(link);
}

snn_status snn__link_all_reduce(struct snn__link *link, float *data, size_t n)
{
    snn_status rc;

    SNN__TRY(snn__link_status(link));
    {
        SNN__CALLS_HOST;
        rc = link->to.all_reduce(link->to.user, data, n);
    }
    return note(link, "all_reduce", rc);
}

snn_status snn__link_broadcast(struct snn__link *link, void *data, size_t bytes, uint32_t root)
{
    snn_status rc;

    SNN__TRY(snn__link_status(link));
    {
        SNN__CALLS_HOST;
        rc = link->to.broadcast(link->to.user, data, bytes, root);
    }
    return note(link, "broadcast", rc);
}

snn_status snn__link_start(struct snn__link *link, const snn_message *send, size_t n_send, const snn_message *receive,
                           size_t n_receive, void **exchange)
{
    snn_status rc;

    SNN__TRY(snn__link_status(link));
    {
        SNN__CALLS_HOST;
        rc = link->to.start(link->to.user, send, n_send, receive, n_receive, exchange);
    }
    return note(link, "start", rc);
}

snn_status snn__link_finish(struct snn__link *link, void *exchange, bool wait, bool *over)
{
    int done = 0;
    snn_status rc;

    {
        SNN__CALLS_HOST;
        rc = link->to.finish(link->to.user, exchange, wait, &done);
    }
    *over = rc != SNN_OK || done;
    if (rc == SNN_OK && wait && !done) {
        *over = true; /* there is nothing left to wait with */
        rc = SNN_ERR_STATE;
    }
    return note(link, "finish", rc);
}
