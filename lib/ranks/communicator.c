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

/* Keeps the first failure. */
static snn_status note(struct snn__ranks_room *room, const char *function, snn_status rc)
{
    const char *reason = NULL;

    if (rc == SNN_OK)
        return SNN_OK;
    if (room->to.reason != NULL) {
        SNN__CALLS_HOST;
        reason = room->to.reason(room->to.user);
    }
    room->rc = rc;
    snprintf(room->why, sizeof room->why, "communicator: %s of rank %u returned %s%s%s", function, room->to.rank,
             snn_status_name(rc), reason != NULL ? ": " : "", reason != NULL ? reason : "");
    return snn__fail(rc, "%s", room->why);
}

snn_status snn__ranks_all_reduce(struct snn__ranks_room *room, float *data, size_t n)
{
    snn_status rc;

    if (room->rc != SNN_OK)
        return snn__fail(room->rc, "%s", room->why);
    if (room->to.all_reduce == NULL || n == 0)
        return SNN_OK;
    {
        SNN__CALLS_HOST;
        rc = room->to.all_reduce(room->to.user, data, n);
    }
    return note(room, "all_reduce", rc);
}
