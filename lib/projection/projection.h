/* projection/projection.h - inside of a projection: the lateral neurons of all layers, and what trainers ask of
 * them. */
#ifndef SNN_PROJECTION_PROJECTION_H
#define SNN_PROJECTION_PROJECTION_H

#include "network/pass.h"
#include "projection/hlop.h"
#include <snn/projection.h>

struct snn__beside {
    struct snn__lateral lateral;
    struct snn__window window;
    size_t outputs, weight; /* of the layer; number of its tensor */
    double lr;              /* negative: the common one */
    struct snn__hebb hebb;  /* as of the last plan */
    bool by_rows;           /* rows are projected, not the gradient */
    float *share;           /* spiking, not by rows: delta' y of what was credited, [outputs,frozen] */
    bool shared;            /* it holds something */
};

struct snn_projection {
    snn_context *ctx;
    snn_network *net;
    struct snn__params params;
    struct snn__beside *beside; /* of all layers; inputs 0: can have none */
    uint64_t version;           /* changes with the rows */
    bool both;
    uint64_t every;
    unsigned users; /* trainers that are at work with it */
};

/* What one trainer needs for it. */
struct snn__projecting {
    snn_projection *projection; /* NULL: none */
    struct snn__workspace work;
    uint64_t version; /* that was planned for */
    bool learns;      /* in this batch */
};

/* What the last plan left in a projection, or in none. */
struct snn__plan_of_projection {
    snn_projection *projection, before;
    struct snn__beside *beside;
};

/* Before a plan that may fail; and after it, which goes back to what was kept if it `failed`. */
snn_status snn__projection_keep(struct snn__plan_of_projection *kept, snn_projection *projection);
void snn__projection_kept(struct snn__plan_of_projection *kept, bool failed);
/* Asks for memory, once the pass is planned. */
snn_status snn__projection_plan(struct snn__projecting *p, const struct snn__pass *pass, struct snn__arena *arena);
/* SNN_ERR_STATE if rows came or were frozen since. */
snn_status snn__projection_check(const struct snn__projecting *p);
/* A training batch begins. */
void snn__projection_begin(struct snn__projecting *p, uint64_t batch);
/* Are there frozen rows? */
bool snn__projection_binds(const snn_projection *projection);
/* The presynaptic factor that a layer's gradient takes in place of this one: projected if it is by rows. Lives until
 * the next call. */
struct snn__signal snn__projection_factor(struct snn__projecting *p, const struct snn__unit *unit,
                                          const struct snn__io *io, struct snn__signal factor);
/* An error reached a layer with this presynaptic factor, and snn__projection_factor() was asked. */
void snn__projection_credit(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                            const struct snn__io *io, struct snn__signal e, struct snn__signal factor);
/* What was credited does not count. */
void snn__projection_discard(struct snn__projecting *p);
/* The gradient was gathered: takes out of it what must stay. */
void snn__projection_take(struct snn__projecting *p, const struct snn__pass *pass);

#endif
