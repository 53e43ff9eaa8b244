/* serve.h - a page and its data for browsers of this machine, from a thread of its own: GET / and GET /data on
 * 127.0.0.1, and nothing else. Nobody who asks, however slowly, holds up the thread that computes. */
#ifndef SNN_TOOL_SERVE_H
#define SNN_TOOL_SERVE_H

#include <stddef.h>
#include <stdint.h>

struct server;

/* Listens on a port of 127.0.0.1; 0: any that is free. The server frees `page`, also when it fails. Returns DONE or
 * FAILED. */
int server_open(struct server **out, uint16_t port, char *page, size_t length);
uint16_t server_port(const struct server *server);
/* From now on these are the data; the server frees them. */
void server_show(struct server *server, char *data, size_t length);
/* Answers nobody any more. NULL is accepted. */
void server_close(struct server *server);

#endif
