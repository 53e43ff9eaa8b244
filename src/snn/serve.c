/* serve.c - a page and its data for browsers of this machine.
 *
 * One thread polls the listening socket and a few connections, each with one request and one answer, and gives up a
 * connection that takes too long. A web page from elsewhere can make a browser ask here under a name of its own
 * (DNS rebinding): a request is answered if its Host is this machine's own address alone. */
#include "serve.h"

#include "tool.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#define CLIENTS 16
#define REQUEST 8192 /* most bytes of a request */
#define PATIENCE 10  /* seconds of a connection */

/* A text that several answers may be sending. */
struct content {
    char *text;
    size_t length;
    unsigned users; /* answers, and the server while it is the newest; under the lock */
};

struct client {
    int fd; /* -1: free */
    double began;
    char head[REQUEST]; /* the request, then the head of the answer */
    size_t got, length; /* of the request; of the answer's head, 0 while the request is read */
    size_t sent;        /* of head and body */
    struct content *body;
};

struct server {
    int fd, wake[2]; /* closing wake[1] ends the thread */
    uint16_t port;
    pthread_t thread;
    pthread_mutex_t lock;
    struct content page, *data;
    struct client client[CLIENTS];
};

/* ---- contents ---- */

static struct content *hold(struct server *s, struct content *c)
{
    pthread_mutex_lock(&s->lock);
    c->users++;
    pthread_mutex_unlock(&s->lock);
    return c;
}

static void release(struct server *s, struct content *c)
{
    bool last;

    if (!c)
        return;
    pthread_mutex_lock(&s->lock);
    last = --c->users == 0;
    pthread_mutex_unlock(&s->lock);
    if (last) {
        free(c->text);
        free(c);
    }
}

static struct content *newest(struct server *s)
{
    struct content *c;

    pthread_mutex_lock(&s->lock);
    c = s->data;
    if (c)
        c->users++;
    pthread_mutex_unlock(&s->lock);
    return c;
}

void server_show(struct server *s, char *data, size_t length)
{
    struct content *c = calloc(1, sizeof *c), *before;

    if (!c || !data) {
        free(c);
        free(data);
        return;
    }
    *c = (struct content){ data, length, 1 };
    pthread_mutex_lock(&s->lock);
    before = s->data;
    s->data = c;
    pthread_mutex_unlock(&s->lock);
    release(s, before);
}

/* ---- answers ---- */

static void answer(struct client *c, const char *status, const char *type, struct content *body, bool head)
{
    c->body = body;
    c->sent = 0;
    c->length = (size_t)snprintf(c->head, sizeof c->head,
                                 "HTTP/1.1 %s\r\nContent-Type: %s; charset=utf-8\r\nContent-Length: %zu\r\n"
                                 "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                                 "Content-Security-Policy: frame-ancestors 'none'\r\n"
                                 "Cross-Origin-Resource-Policy: same-origin\r\nConnection: close\r\n\r\n",
                                 status, type, body ? body->length : 0);
    if (head && body)
        c->body = NULL;
}

/* The value of a header, in lower case up to its end; NULL if there is none. */
static bool host_is(const char *request, const char *host)
{
    const char *line = strstr(request, "\r\n");
    size_t length = strlen(host);

    for (; line; line = strstr(line + 2, "\r\n"))
        if (strncasecmp(line + 2, "Host:", 5) == 0) {
            const char *value = line + 7 + strspn(line + 7, " \t");

            return strncasecmp(value, host, length) == 0 && value[length + strspn(value + length, " \t")] == '\r';
        }
    return false;
}

static bool is_for_us(const struct server *s, const char *request)
{
    static const char *const names[] = { "127.0.0.1", "localhost" };
    char host[64];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(host, sizeof host, "%s:%u", names[i], s->port);
        if (host_is(request, host) || (s->port == 80 && host_is(request, names[i])))
            return true;
    }
    return false;
}

static bool asks_for(const char *target, const char *path)
{
    const size_t n = strlen(path);

    return strncmp(target, path, n) == 0 && (target[n] == ' ' || target[n] == '?');
}

static void take_request(struct server *s, struct client *c)
{
    const bool head = strncmp(c->head, "HEAD ", 5) == 0, get = strncmp(c->head, "GET ", 4) == 0;
    const char *target = c->head + (head ? 5 : 4);

    if (!is_for_us(s, c->head))
        answer(c, "403 Forbidden", "text/plain", NULL, false);
    else if (!get && !head)
        answer(c, "405 Method Not Allowed", "text/plain", NULL, false);
    else if (asks_for(target, "/"))
        answer(c, "200 OK", "text/html", hold(s, &s->page), head);
    else if (asks_for(target, "/data"))
        answer(c, "200 OK", "application/json", newest(s), head);
    else
        answer(c, "404 Not Found", "text/plain", NULL, false);
}

/* ---- connections ---- */

static void close_client(struct server *s, struct client *c)
{
    close(c->fd);
    c->fd = -1;
    release(s, c->body);
    c->body = NULL;
}

static void accept_client(struct server *s)
{
    const int fd = accept(s->fd, NULL, NULL);

    if (fd < 0)
        return;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    for (size_t i = 0; i < CLIENTS; i++)
        if (s->client[i].fd < 0) {
            s->client[i].fd = fd;
            s->client[i].began = now();
            s->client[i].got = s->client[i].length = s->client[i].sent = 0;
            return;
        }
    close(fd);
}

/* False when the connection is over. */
static bool read_some(struct server *s, struct client *c)
{
    const ssize_t n = recv(c->fd, c->head + c->got, sizeof c->head - 1 - c->got, 0);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    c->got += (size_t)n;
    c->head[c->got] = '\0';
    if (strstr(c->head, "\r\n\r\n"))
        take_request(s, c);
    else if (c->got == sizeof c->head - 1)
        answer(c, "431 Request Header Fields Too Large", "text/plain", NULL, false);
    return true;
}

static bool write_some(struct client *c)
{
    const bool in_head = c->sent < c->length;
    const char *from = in_head ? c->head + c->sent : c->body ? c->body->text + (c->sent - c->length) : NULL;
    const size_t left = in_head ? c->length - c->sent : c->body ? c->body->length - (c->sent - c->length) : 0;
    ssize_t n;

    if (left == 0)
        return false;
    n = send(c->fd, from, left, MSG_NOSIGNAL);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->sent += (size_t)n;
    return true;
}

static void serve_client(struct server *s, struct client *c, short ready)
{
    bool open = now() - c->began < PATIENCE && !(ready & POLLNVAL);

    if (open && ready && c->length == 0)
        open = read_some(s, c);
    else if (open && ready)
        open = write_some(c);
    if (!open)
        close_client(s, c);
}

static void *serve(void *argument)
{
    struct server *s = argument;
    struct pollfd at[CLIENTS + 2];

    for (;;) {
        size_t busy = 0;

        for (size_t i = 0; i < CLIENTS; i++) {
            at[i] = (struct pollfd){ s->client[i].fd, s->client[i].length ? POLLOUT : POLLIN, 0 };
            busy += s->client[i].fd >= 0;
        }
        at[CLIENTS] = (struct pollfd){ busy < CLIENTS ? s->fd : -1, POLLIN, 0 };
        at[CLIENTS + 1] = (struct pollfd){ s->wake[0], POLLIN, 0 };
        if (poll(at, CLIENTS + 2, busy ? 1000 : -1) < 0 && errno != EINTR)
            break;
        if (at[CLIENTS + 1].revents)
            break;
        for (size_t i = 0; i < CLIENTS; i++)
            if (s->client[i].fd >= 0)
                serve_client(s, &s->client[i], at[i].revents);
        if (at[CLIENTS].revents)
            accept_client(s);
    }
    return NULL;
}

/* ---- the server ---- */

static int listen_on(struct server *s, uint16_t port)
{
    struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
    socklen_t size = sizeof address;
    const int one = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    s->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (s->fd < 0)
        return fail(FAILED, "--live: %s", strerror(errno));
    fcntl(s->fd, F_SETFD, FD_CLOEXEC);
    fcntl(s->fd, F_SETFL, O_NONBLOCK);
    setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(s->fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(s->fd, CLIENTS) != 0 ||
        getsockname(s->fd, (struct sockaddr *)&address, &size) != 0)
        return fail(FAILED, "--live: port %u of 127.0.0.1: %s%s", port, strerror(errno),
                    errno == EADDRINUSE ? "; --live 0 takes a free one" : "");
    s->port = ntohs(address.sin_port);
    return DONE;
}

/* Signals are for the thread that computes. */
static int start(struct server *s)
{
    sigset_t all, before;
    int error;

    if (pipe(s->wake) != 0)
        return fail(FAILED, "--live: %s", strerror(errno));
    fcntl(s->wake[0], F_SETFD, FD_CLOEXEC);
    fcntl(s->wake[1], F_SETFD, FD_CLOEXEC);
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    error = pthread_create(&s->thread, NULL, serve, s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        return DONE;
    close(s->wake[0]);
    close(s->wake[1]);
    return fail(FAILED, "--live: %s", strerror(error));
}

int server_open(struct server **out, uint16_t port, char *page, size_t length)
{
    struct server *s = calloc(1, sizeof *s);
    int status = s && page ? DONE : fail(FAILED, "out of memory");

    *out = NULL;
    if (status != DONE) {
        free(s);
        free(page);
        return status;
    }
    s->page = (struct content){ page, length, 1 };
    pthread_mutex_init(&s->lock, NULL);
    for (size_t i = 0; i < CLIENTS; i++)
        s->client[i].fd = -1;
    status = listen_on(s, port);
    if (status == DONE)
        status = start(s);
    if (status == DONE) {
        *out = s;
        return DONE;
    }
    if (s->fd >= 0)
        close(s->fd);
    pthread_mutex_destroy(&s->lock);
    free(s->page.text);
    free(s);
    return status;
}

uint16_t server_port(const struct server *s)
{
    return s->port;
}

void server_close(struct server *s)
{
    if (!s)
        return;
    close(s->wake[1]);
    pthread_join(s->thread, NULL);
    for (size_t i = 0; i < CLIENTS; i++)
        if (s->client[i].fd >= 0)
            close_client(s, &s->client[i]);
    close(s->wake[0]);
    close(s->fd);
    release(s, s->data);
    pthread_mutex_destroy(&s->lock);
    free(s->page.text);
    free(s);
}
