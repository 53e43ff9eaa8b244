/* octets.h - bytes of a recording, in order, from a file, from memory, from the host or from a member of an archive.
 */
#ifndef SNN_EVENTS_OCTETS_H
#define SNN_EVENTS_OCTETS_H

#include <snn/context.h>
#include <stdbool.h>

/* Bytes that can be looked at together. */
#define SNN__OCTETS_ROOM ((size_t)1 << 18)

struct snn__octets {
    /* Writes 1 to `size` bytes, 0 at the end. NULL: all bytes are at hand. */
    snn_status (*fill)(void *user, void *to, size_t size, size_t *got);
    void *user;
    const uint8_t *at; /* bytes at hand */
    size_t left;
    uint8_t *buffer; /* SNN__OCTETS_ROOM bytes; NULL: not needed so far */
    bool ended;      /* what is at hand is all there is */
};

/* Bytes are those of `fill`. A buffer that is there is kept. */
void snn__octets_open(struct snn__octets *in, snn_status (*fill)(void *user, void *to, size_t size, size_t *got),
                      void *user);
void snn__octets_open_memory(struct snn__octets *in, const void *data, size_t size);

/* Brings `size` bytes to hand, at most SNN__OCTETS_ROOM: in->left is less only at the end of the input. */
snn_status snn__octets_need(struct snn__octets *in, snn_context *ctx, size_t size);

/* Goes past bytes at hand. */
static inline void snn__octets_take(struct snn__octets *in, size_t size)
{
    in->at += size;
    in->left -= size;
}

/* Goes past `size` bytes, of which *left are not there. */
snn_status snn__octets_skip(struct snn__octets *in, snn_context *ctx, uint64_t size, uint64_t *left);

#endif
