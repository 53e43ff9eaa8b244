/* sockets.h - a communicator of connected sockets, for a program to copy together with sockets.c. All ranks have the
 * same byte order and trust their network: nothing is encrypted, nobody is asked who he is. */
#ifndef SOCKETS_H
#define SOCKETS_H

#include <snn/communicator.h>

/* Fills `c`: this is rank `rank` of `size`, and socket[r] leads to rank r; that of `rank` itself is not read. The
 * sockets then belong to the communicator, unless the call fails (SNN_ERR_MEMORY). */
snn_status sockets_create(snn_communicator *c, uint32_t rank, uint32_t size, const int *socket);

/* Closes the sockets. */
void sockets_destroy(snn_communicator *c);

#endif
