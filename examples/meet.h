/* meet.h - processes on one or several machines find one another over TCP, each of them one connection to each other.
 */
#ifndef MEET_H
#define MEET_H

/* Listens at "HOST:PORT"; port 0 is any free one, which `port` receives (or NULL). Returns a socket, or -1. */
int meet_listen(const char *address, unsigned *port);

/* This is process `self` of n, which listens at `listener`; process i does at address[i]. Waits for those that have
 * not begun, a minute at most. socket[i] receives the connection to process i. Closes the listener. Returns 0, or -1
 * with the reason on stderr and everything closed. */
int meet(int listener, unsigned self, unsigned n, const char *const *address, int *socket);

#endif
