/* send_events FILE FORMAT PORT [TIMES] - sends a recording to udp://127.0.0.1:PORT as docs/live.md has it: datagrams
 * of whole records of csv, evt3 or aedat4, about 1,000 bytes each, TIMES times over, and an empty one at the end. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define ABOUT 1000

static uint8_t file[1 << 22];

static size_t number_at(const uint8_t *b)
{
    return b[0] | (size_t)b[1] << 8 | (size_t)b[2] << 16 | (size_t)b[3] << 24;
}

/* Bytes of the header, which is a datagram of its own. */
static size_t header_of(const char *format, size_t size)
{
    size_t n = 0;

    if (strcmp(format, "aedat4") == 0)
        return 18 + number_at(file + 14);
    if (strcmp(format, "evt3") == 0)
        while (n < size && file[n] == '%')
            n += (size_t)((uint8_t *)memchr(file + n, '\n', size - n) - (file + n)) + 1;
    return n;
}

/* Bytes of the records that go into the datagram which begins at `at`; more than there are for what is no record, the
 * table at the end of AEDAT 4. */
static size_t records_of(const char *format, size_t at, size_t size)
{
    size_t n = 0;

    if (strcmp(format, "evt3") == 0)
        return size - at < ABOUT ? size - at : ABOUT;
    while (n < ABOUT && at + n < size)
        n += strcmp(format, "csv") == 0
                 ? (size_t)((uint8_t *)memchr(file + at + n, '\n', size - at - n) - (file + at + n)) + 1
                 : 8 + number_at(file + at + n + 4);
    return n;
}

static int send_all(int to, const char *format, size_t size)
{
    size_t n = header_of(format, size);

    for (size_t at = 0; at < size && n <= size - at; at += n, n = records_of(format, at, size))
        if (n > 0 && send(to, file + at, n, 0) != (ssize_t)n) {
            perror("send");
            return 1;
        }
    return 0;
}

int main(int argc, char **argv)
{
    const int to = socket(AF_INET, SOCK_DGRAM, 0), times = argc > 4 ? atoi(argv[4]) : 1;
    struct sockaddr_in at = { .sin_family = AF_INET };
    FILE *f = argc > 3 ? fopen(argv[1], "rb") : NULL;
    size_t size;
    int rc = 0;

    if (f == NULL) {
        fprintf(stderr, "usage: send_events FILE FORMAT PORT [TIMES]\n");
        return 2;
    }
    size = fread(file, 1, sizeof file, f);
    fclose(f);
    at.sin_port = htons((uint16_t)atoi(argv[3]));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(to, (struct sockaddr *)&at, sizeof at) != 0)
        rc = 1;
    for (int i = 0; i < times && rc == 0; i++)
        rc = send_all(to, argv[2], size);
    for (int i = 0; i < 20 && rc == 0 && send(to, "", 0, 0) == 0; i++) /* one of them arrives */
        nanosleep(&(struct timespec){ .tv_nsec = 20000000 }, NULL);
    close(to);
    return rc;
}
