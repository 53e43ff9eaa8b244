/* pass/plan.h - the stages of a plan: description of the units, life times of their arrays, allocation. */
#ifndef SNN_PASS_PLAN_H
#define SNN_PASS_PLAN_H

#include "pass/pass.h"

/* ---- units.c ---- */

/* Describes the units of a pass; refuses layers that the demand does not train. */
snn_status snn__describe_units(struct snn__pass *pass);
/* True if some producer needs an error, and `unit` sends it one. */
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
/* Marks units that write value or error over another array. They extend that array's life. */
void snn__mark_over(struct snn__pass *pass);
void snn__extend_lives(const struct snn__pass *pass, struct snn__lives *lives);
/* Streams: what the next step needs. */
void snn__mark_states(const struct snn__pass *pass, struct snn__lives *lives);
/* After allocation: arrays written over another one become the same array. */
void snn__share_arrays(struct snn__pass *pass);

/* ---- delay.c ---- */

/* Arrays for readers with delay. */
snn_status snn__delay_plan(struct snn__pass *pass, struct snn__unit *unit);
/* A sequence begins. */
void snn__delay_begin(const struct snn__pass *pass, struct snn__unit *unit);
/* Step t begins: keeps values and traces of step t - 1. */
void snn__delay_keep(struct snn__pass *pass, size_t t);

/* ---- forward.c, backward.c ---- */

/* After allocation: chooses the forward and back functions of a unit. */
void snn__choose_forward(const struct snn__pass *pass, struct snn__unit *unit);
void snn__choose_back(struct snn__unit *unit);

#endif
