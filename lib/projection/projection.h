/* projection/projection.h - inside of a projection: the lateral neurons of all layers, and the interface for
 * trainers. */
#ifndef SNN_PROJECTION_PROJECTION_H
#define SNN_PROJECTION_PROJECTION_H

#include "pass/pass.h"
#include "projection/hlop.h"
#include <snn/projection.h>
#include <stdatomic.h>

struct snn__beside {
    struct snn__lateral lateral;
    struct snn__window window;
    size_t outputs, weight; /* of the layer; number of its tensor */
    double lr;              /* negative: the common one */
};

struct snn_projection {
    snn_context *ctx;
    snn_network *net;
    struct snn__params params;
    struct snn__beside *beside; /* of all layers; inputs 0: can have none */
    uint64_t version;           /* changes with the rows */
    _Atomic unsigned users;     /* trainers that are at work with it */
};

/* The learning of a layer's lateral neurons, by the parameters. */
struct snn__hebb snn__projection_hebb(const snn_projection *projection, const struct snn__beside *b);

/* A trainer's work beside one layer. */
struct snn__task {
    struct snn__hebb hebb;
    bool by_rows; /* rows are projected, not the gradient */
    float *share; /* spiking, not by rows: delta' y of what was credited, [outputs,frozen] */
    bool shared;  /* it holds something */
};

/* A trainer's part of a projection. Several trainers may share the projection, that is its lateral neurons; the rest
 * is their own. */
struct snn__projecting {
    snn_projection *projection; /* NULL: none */
    struct snn__workspace work;
    struct snn__task *task;  /* [layers], of the plan */
    uint64_t version, every; /* that was planned for; learn on every k-th batch */
    bool both;               /* learn from spikes and traces */
    bool learns;             /* in this batch */
};

/* Reserves memory, after the pass is planned. The plan ends with snn__projection_release(). */
snn_status snn__projection_plan(struct snn__projecting *p, const struct snn__pass *pass, struct snn__arena *arena);
void snn__projection_release(struct snn__projecting *p);
/* SNN_ERR_STATE if rows were added or frozen since. */
snn_status snn__projection_check(const struct snn__projecting *p);
/* A training batch begins. */
void snn__projection_begin(struct snn__projecting *p, uint64_t batch);
/* True if there are frozen rows. */
bool snn__projection_binds(const snn_projection *projection);
/* The presynaptic factor of a layer's gradient in place of the given one: projected if it is by rows. Valid until the
 * next call. */
struct snn__signal snn__projection_factor(struct snn__projecting *p, const struct snn__unit *unit,
                                          const struct snn__io *io, struct snn__signal factor);
/* An error reached a layer with this presynaptic factor. Called after snn__projection_factor(). */
void snn__projection_credit(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                            const struct snn__io *io, struct snn__signal e, struct snn__signal factor);
/* Discards everything credited since the last update. */
void snn__projection_discard(struct snn__projecting *p);
/* Projects the gathered gradient: removes its part in the frozen subspace. */
void snn__projection_take(struct snn__projecting *p, const struct snn__pass *pass);

#endif
