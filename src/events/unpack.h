/* unpack.h - packets that LZ4 or Zstandard compress, a frame each. */
#ifndef SNN_EVENTS_UNPACK_H
#define SNN_EVENTS_UNPACK_H

#include <snn/context.h>

/* Most bytes of a packet, compressed or not. */
#define SNN__UNPACK_MOST ((size_t)1 << 26)

/* Numbers of AEDAT 4. */
enum snn__packing { SNN__PLAIN = 0, SNN__LZ4 = 1, SNN__LZ4_HIGH = 2, SNN__ZSTD = 3, SNN__ZSTD_HIGH = 4 };

struct snn__unpacker {
    snn_context *ctx;
    void *lz4, *zstd; /* of their libraries */
    uint8_t *bytes;   /* of the last packet */
    size_t size, room;
};

/* SNN_ERR_UNSUPPORTED if this build has no library for the packing, SNN_ERR_FORMAT if there is no such packing. */
snn_status snn__unpack_check(uint32_t packing);

/* Unpacks a packet into u->bytes; SNN_ERR_FORMAT says what is wrong with it. Memory grows as bytes come out. */
snn_status snn__unpack(struct snn__unpacker *u, uint32_t packing, const uint8_t *packed, size_t size);

/* Appends bytes as they are. */
snn_status snn__unpack_append(struct snn__unpacker *u, const uint8_t *bytes, size_t size);

void snn__unpack_close(struct snn__unpacker *u);

#endif
