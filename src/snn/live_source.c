/* live_source.c - bytes of events from a pipe or from datagrams, and the wait for them. */
#define _DEFAULT_SOURCE /* SO_RXQ_OVFL */
#include "live.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define DATAGRAM ((size_t)1 << 16) /* larger than any */
#define SOCKET_ROOM ((int)1 << 22) /* bytes that the system is asked to keep for us */
#define UDP "udp://"
#define EVT3_HEADER "% evt 3.0\n% end\n"

int64_t live_now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- a socket ---- */

/* "127.0.0.1:7777", "[::1]:7777": the address in place of `text`, and the port. */
static const char *cut_port(char *text)
{
    char *colon = strrchr(text, ':');
    size_t length;

    if (colon == NULL || colon == text || colon[1] == '\0')
        return NULL;
    *colon = '\0';
    length = strlen(text);
    if (text[0] == '[' && text[length - 1] == ']') {
        memmove(text, text + 1, length - 2);
        text[length - 2] = '\0';
    }
    return colon + 1;
}

/* Says where datagrams are awaited: port 0 is any that is free. */
static void announce(int file)
{
    struct sockaddr_storage at;
    socklen_t size = sizeof at;
    char host[64], port[16];

    if (getsockname(file, (struct sockaddr *)&at, &size) == 0 &&
        getnameinfo((struct sockaddr *)&at, size, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0)
        fprintf(stderr,
                at.ss_family == AF_INET6 ? "snn: run: waiting at udp://[%s]:%s\n"
                                         : "snn: run: waiting at udp://%s:%s\n",
                host, port);
}

static int bind_to(struct live_source *s, const struct addrinfo *to, const char *where)
{
    const int room = SOCKET_ROOM, on = 1;
    int error = EADDRNOTAVAIL;

    for (; to != NULL && s->file < 0; to = to->ai_next) {
        s->file = socket(to->ai_family, SOCK_DGRAM, 0);
        if (s->file >= 0 && bind(s->file, to->ai_addr, to->ai_addrlen) == 0)
            break;
        error = errno;
        if (s->file >= 0)
            close(s->file);
        s->file = -1;
    }
    if (s->file < 0)
        return fail(FAILED, "%s: %s", where, strerror(error));
    announce(s->file);
    fcntl(s->file, F_SETFD, FD_CLOEXEC);
    (void)setsockopt(s->file, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
#ifdef SO_RXQ_OVFL
    (void)setsockopt(s->file, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
#else
    (void)on;
#endif
    return DONE;
}

static int open_socket(struct live_source *s, const char *where, const char *format)
{
    const struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_DGRAM, .ai_flags = AI_PASSIVE };
    struct addrinfo *found = NULL;
    char *address = strdup(where + strlen(UDP));
    const char *port = address ? cut_port(address) : NULL;
    int status = DONE, error;

    s->socket = true;
    s->format = format ? datagram_format_named(format) : DATAGRAM_FORMATS;
    s->datagram = malloc(DATAGRAM + sizeof EVT3_HEADER);
    s->header = malloc(DATAGRAM);
    if (!address || !s->datagram || !s->header)
        status = fail(FAILED, "out of memory");
    else if (!port)
        status = fail(USAGE, "%s is not udp://HOST:PORT, as in udp://127.0.0.1:7777", where);
    else if (port[strspn(port, "0123456789")] != '\0' || strtoul(port, NULL, 10) > 65535)
        status = fail(USAGE, "%s: the port is not a whole number from 0 to 65535", where);
    else if (s->format == DATAGRAM_FORMATS)
        status = fail(USAGE, "datagrams do not show what they are: give --format csv, evt3 or aedat4");
    if (status == DONE && (error = getaddrinfo(address, port, &hints, &found)) != 0)
        status = fail(FAILED, "%s: %s", where, gai_strerror(error));
    if (status == DONE)
        status = bind_to(s, found, where);
    if (found)
        freeaddrinfo(found);
    free(address);
    return status;
}

int live_source_open(struct live_source *s, const char *where, const char *format)
{
    s->file = -1;
    if (strncmp(where, UDP, strlen(UDP)) == 0)
        return open_socket(s, where, format);
    if (strcmp(where, "-") == 0)
        s->file = STDIN_FILENO;
    return DONE;
}

void live_source_close(struct live_source *s)
{
    if (s->socket && s->file >= 0)
        close(s->file);
    free(s->datagram);
    free(s->header);
}

/* ---- reading ---- */

/* Waits for bytes; false: the user wants to stop. */
static bool wait_for_bytes(struct live_source *s)
{
    struct pollfd at = { .fd = s->file, .events = POLLIN };

    while (!stop_wanted() && poll(&at, 1, s->idle(s->user)) <= 0)
        ;
    return !stop_wanted();
}

/* Of the messages beside a datagram: how many the system dropped so far. */
static void note_lost(struct live_source *s, struct msghdr *message)
{
#ifdef SO_RXQ_OVFL
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c != NULL; c = CMSG_NXTHDR(message, c))
        if (c->cmsg_level == SOL_SOCKET && c->cmsg_type == SO_RXQ_OVFL) {
            uint32_t lost;

            memcpy(&lost, CMSG_DATA(c), sizeof lost);
            s->lost += (uint32_t)(lost - (uint32_t)s->lost);
        }
#else
    (void)s, (void)message;
#endif
}

/* Receives a datagram; an empty one is the end of the stream. False: an error. */
static bool receive(struct live_source *s)
{
    union {
        struct cmsghdr header;
        char bytes[256];
    } beside;
    struct iovec bytes = { s->datagram, DATAGRAM };
    struct msghdr message = {
        .msg_iov = &bytes, .msg_iovlen = 1, .msg_control = beside.bytes, .msg_controllen = sizeof beside.bytes
    };
    const ssize_t n = recvmsg(s->file, &message, MSG_DONTWAIT);

    s->at = s->left = 0;
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR || errno == ECONNREFUSED;
    note_lost(s, &message);
    s->ended = n == 0;
    s->left = (size_t)n;
    s->datagrams += n > 0;
    return true;
}

/* Words that no header came before: they have no mark, and might look like another format. */
static void put_header(struct live_source *s)
{
    s->header_size = strlen(EVT3_HEADER);
    memcpy(s->header, EVT3_HEADER, s->header_size);
    memmove(s->datagram + s->header_size, s->datagram, s->left);
    memcpy(s->datagram, s->header, s->header_size);
    s->left += s->header_size;
}

/* Leaves of a datagram what is to be read: whole records, of a stream whose header is known. */
static void sift(struct live_source *s)
{
    const bool headed = s->header_size > 0 || s->format != DATAGRAM_AEDAT4;
    size_t whole;

    if (datagram_is_header(s->format, s->datagram, s->left)) {
        const bool first = s->header_size == 0;

        memcpy(s->header, s->datagram, s->left);
        s->header_size = s->left;
        s->left = first ? s->left : 0;
        return;
    }
    whole = headed ? datagram_whole(s->format, s->datagram, s->left) : 0;
    s->cut += whole < s->left;
    s->left = whole;
    if (s->format == DATAGRAM_EVT3 && s->header_size == 0)
        put_header(s);
}

static snn_status read_socket(struct live_source *s, void *to, size_t size, size_t *got)
{
    if (s->again) { /* the header first, as at the begin of the stream */
        s->again = false;
        memcpy(s->datagram, s->header, s->header_size);
        s->at = 0;
        s->left = s->header_size;
    }
    while (s->left == 0 && !s->ended) {
        if (!wait_for_bytes(s))
            break;
        if (!receive(s))
            return SNN_ERR_IO;
        if (s->left > 0)
            sift(s);
    }
    *got = s->left < size ? s->left : size;
    memcpy(to, s->datagram + s->at, *got);
    s->at += *got;
    s->left -= *got;
    return SNN_OK;
}

snn_status live_source_read(void *source, void *to, size_t size, size_t *got)
{
    struct live_source *s = source;
    ssize_t n;

    *got = 0;
    if (s->socket)
        return read_socket(s, to, size, got);
    do {
        if (!wait_for_bytes(s))
            return SNN_OK;
        n = read(s->file, to, size);
    } while (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR));
    *got = n > 0 ? (size_t)n : 0;
    return n < 0 ? SNN_ERR_IO : SNN_OK;
}

void live_source_restart(struct live_source *s)
{
    s->left = 0;
    s->again = true;
}

void live_source_forget(struct live_source *s)
{
    s->left = s->header_size = 0;
    s->again = false;
}
