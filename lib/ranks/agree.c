/* ranks/agree.c - ranks that were prepared differently notice it, in place of waiting for what never comes. */
#include "ranks/room.h"
#include <stdio.h>
#include <string.h>

/* What has to be the same on all ranks. */
struct shape {
    uint64_t shards, length, gradient, bucket, send, any_order, messages;
};

static struct shape shape_of(const struct snn__ranks *r)
{
    return (struct shape){ r->wish.shards,         r->wish.length,    r->wish.gradient,        r->wish.bucket,
                           (uint64_t)r->wish.send, r->wish.any_order, r->link.to.start != NULL };
}

static snn_status tell(const struct snn__ranks *r, const struct shape *first, const float *seen)
{
    if (seen[0] > 0)
        return snn__fail(SNN_ERR_STATE, "%.0f of %u ranks could not be prepared; see their messages", (double)seen[0],
                         r->size);
    if (seen[1] > 0)
        return snn__fail(SNN_ERR_STATE,
                         "ranks differ: rank 0 has %llu shards, %llu numbers to sum, and its options; this one, rank "
                         "%u, has %zu and %zu; %.0f of %u are not as rank 0: give all ranks the same network and "
                         "parameters",
                         (unsigned long long)first->shards, (unsigned long long)first->length, r->rank, r->shards,
                         r->wish.length, (double)seen[1], r->size);
    return SNN_OK;
}

/* seen <- how many ranks failed, and how many are not as rank 0. */
static snn_status compare(struct snn__ranks *r, bool failed, struct shape *first, float seen[2])
{
    const struct shape own = shape_of(r);

    *first = own;
    SNN__TRY(snn__link_broadcast(&r->link, first, sizeof *first, 0));
    seen[0] = failed;
    seen[1] = memcmp(first, &own, sizeof own) != 0;
    return snn__link_all_reduce(&r->link, seen, 2);
}

snn_status snn__ranks_agree(struct snn__ranks *r, snn_status rc)
{
    struct shape first;
    char why[512];
    float seen[2];

    if (r->size <= 1)
        return rc;
    snprintf(why, sizeof why, "%s", snn_last_error());
    if (rc == SNN_OK) {
        SNN__TRY(compare(r, false, &first, seen));
        return tell(r, &first, seen);
    }
    (void)compare(r, true, &first, seen);
    return snn__fail(rc, "%s", why);
}
