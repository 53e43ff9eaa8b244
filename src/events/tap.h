/* tap.h - a source that is open: bytes from a place on. A source may be open several times, but that of the host. */
#ifndef SNN_EVENTS_TAP_H
#define SNN_EVENTS_TAP_H

#include <snn/events.h>
#include <stdbool.h>

struct snn__tap {
    const snn_events_source *source;
    int file;  /* of a path; -1: none */
    size_t at; /* of memory */
};

/* Opens the source at its first byte. */
snn_status snn__tap_open(struct snn__tap *tap, const snn_events_source *source);
void snn__tap_close(struct snn__tap *tap);

/* True if it can be read from another place on, and opened again. */
static inline bool snn__tap_seeks(const struct snn__tap *tap)
{
    return tap->source->read == NULL;
}

snn_status snn__tap_size(const struct snn__tap *tap, uint64_t *size);
snn_status snn__tap_seek(struct snn__tap *tap, uint64_t at);

/* Bytes as struct snn__octets has them filled; the user is the tap. */
snn_status snn__tap_fill(void *tap, void *to, size_t size, size_t *got);

#endif
