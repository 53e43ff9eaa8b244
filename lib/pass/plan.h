/* pass/plan.h - the stages of a plan: what the units are, how long their arrays live, what is allocated. */
#ifndef SNN_PASS_PLAN_H
#define SNN_PASS_PLAN_H

#include "pass/pass.h"

/* ---- units.c ---- */

/* Fills in what the units of a pass are; refuses what the demand does not train. */
snn_status snn__describe_units(struct snn__pass *pass);
/* Some producer that `unit` reads wants an error, and gets it from there. */
bool snn__producer_wants_error(const struct snn__pass *pass, const struct snn__unit *unit);
/* Weights read the network's input, and take its mean over the steps. */
bool snn__reads_input_mean(const struct snn__pass *pass);
/* Errors lie in one slot per step. */
bool snn__errors_apart(const struct snn__pass *pass);

/* ---- lives.c ---- */

struct snn__life {
    unsigned first, last;
    bool always;
    enum snn__state state; /* if not NONE, always: the next step of a stream needs it */
};

/* Life times of one unit's arrays. */
struct snn__lives {
    struct snn__life value, map, trace, error;
};

unsigned snn__forward_time(size_t i);
unsigned snn__backward_time(const struct snn__pass *pass, size_t i);
/* The unit whose array a unit's value is. NULL: the network's input. */
struct snn__unit *snn__value_root(const struct snn__pass *pass, struct snn__unit *unit);
/* The only reader of a unit, if the error at the unit is, up to a factor, the array of the error at that reader; or
 * NULL. */
struct snn__unit *snn__error_heir(const struct snn__pass *pass, const struct snn__unit *unit);
/* The life times of all units, [n]. */
void snn__measure_lives(struct snn__pass *pass, struct snn__lives *lives);
/* Which units write value and error over those of others; what is written over lives on in what it is written
 * over. */
void snn__mark_over(struct snn__pass *pass);
void snn__extend_lives(const struct snn__pass *pass, struct snn__lives *lives);
/* Streams: what the next step needs. */
void snn__mark_states(const struct snn__pass *pass, struct snn__lives *lives);
/* The arrays are there: those written over become the same. */
void snn__share_arrays(struct snn__pass *pass);

/* ---- forward.c, backward.c ---- */

/* Once its arrays are there: what the unit does at a step. */
void snn__choose_forward(const struct snn__pass *pass, struct snn__unit *unit);
void snn__choose_back(struct snn__unit *unit);

#endif
