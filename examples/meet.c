/* meet.c - processes find one another: each calls those with a lower number, says who it is, and answers the others.
 */
#define _POSIX_C_SOURCE 200809L
#include "meet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE = 600 /* tenths of a second */ };

static int failed(const char *who, const char *why)
{
    fprintf(stderr, "meet: %s: %s\n", who, why);
    return -1;
}

/* What getaddrinfo() makes of "HOST:PORT", or NULL. */
static struct addrinfo *look_up(const char *address)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
    struct addrinfo *found = NULL;
    const char *colon = strrchr(address, ':');
    char host[256] = "";

    if (colon && colon - address < (int)sizeof host)
        memcpy(host, address, (size_t)(colon - address));
    return *host && getaddrinfo(host, colon + 1, &hints, &found) == 0 ? found : NULL;
}

static unsigned port_of(int fd)
{
    struct sockaddr_storage name = { 0 };
    socklen_t length = sizeof name;

    getsockname(fd, (struct sockaddr *)&name, &length);
    return ntohs(name.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&name)->sin6_port
                                            : ((struct sockaddr_in *)&name)->sin_port);
}

int meet_listen(const char *address, unsigned *port)
{
    struct addrinfo *a = look_up(address);
    const int yes = 1;
    int fd = a ? socket(a->ai_family, a->ai_socktype, 0) : -1;

    if (!a)
        return failed(address, "no HOST:PORT that is known");
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd >= 0 && (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, 128) != 0)) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(a);
    if (fd < 0)
        return failed(address, strerror(errno));
    if (port)
        *port = port_of(fd);
    return fd;
}

/* Messages leave at once, and a machine that vanishes is noticed in the end. */
static int settled(int fd)
{
    const int yes = 1;

    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &yes, sizeof yes);
    return fd;
}

/* Calls a process, which may not listen yet. Returns the connection, or -1. */
static int call(const char *address, unsigned self)
{
    const uint32_t name = htonl(self);
    struct addrinfo *a = look_up(address);
    int fd = -1;

    if (!a)
        return failed(address, "no HOST:PORT that is known");
    for (int i = 0; fd < 0 && i < PATIENCE; i++) {
        fd = socket(a->ai_family, a->ai_socktype, 0);
        if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) == 0)
            break;
        if (fd >= 0)
            close(fd);
        fd = -1;
        nanosleep(&(struct timespec){ 0, 100000000 }, NULL);
    }
    freeaddrinfo(a);
    if (fd < 0 || send(fd, &name, sizeof name, MSG_NOSIGNAL) != (ssize_t)sizeof name)
        return failed(address, "does not answer");
    return settled(fd);
}

/* Waits for a call. `from` receives the number of the process that called. Returns the connection, or -1. */
static int answer(int listener, unsigned *from)
{
    struct pollfd p = { listener, POLLIN, 0 };
    const int fd = poll(&p, 1, 100 * PATIENCE) == 1 ? accept(listener, NULL, NULL) : -1;
    uint32_t name = 0;

    if (fd < 0)
        return failed("a process with a higher number", "does not call");
    if (recv(fd, &name, sizeof name, MSG_WAITALL) != (ssize_t)sizeof name)
        name = htonl(UINT32_MAX);
    *from = ntohl(name);
    return settled(fd);
}

int meet(int listener, unsigned self, unsigned n, const char *const *address, int *socket)
{
    unsigned met = 0, from;
    int fd = 0;

    for (unsigned i = 0; i < n; i++)
        socket[i] = -1;
    for (; met < self && (fd = call(address[met], self)) >= 0; met++)
        socket[met] = fd;
    for (met++; fd >= 0 && met < n && (fd = answer(listener, &from)) >= 0; met++) {
        if (from <= self || from >= n || socket[from] >= 0) {
            close(fd);
            fd = failed("a caller", "its number is no other process's");
        } else
            socket[from] = fd;
    }
    close(listener);
    for (unsigned i = 0; fd < 0 && i < n; i++)
        if (socket[i] >= 0)
            close(socket[i]);
    return fd < 0 ? -1 : 0;
}
