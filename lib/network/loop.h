/* network/loop.h - a network whose firing rates approach an equilibrium: the description that its training methods
 * need. */
#ifndef SNN_NETWORK_LOOP_H
#define SNN_NETWORK_LOOP_H

#include "network/network.h"

struct snn__loop {
    size_t top;   /* the last population: its rates are read out, and fed back if there is feedback */
    size_t rate;  /* the rate layer that reads it */
    double decay; /* of all populations and of the mean */
};

/* Populations if and lif of one leak that reset by subtraction; a rate layer that reads the last one, and layers that
 * read that; no delayed connection but from the last population. Else SNN_ERR_UNSUPPORTED in the name of `method`. */
snn_status snn__network_loop(const snn_network *net, const char *method, struct snn__loop *loop);

#endif
