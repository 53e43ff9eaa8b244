/* unpack.c - packets that LZ4 or Zstandard compress. */
#include "unpack.h"
#include "reader.h"
#include <string.h>
#ifdef SNN_EVENTS_LZ4
#include <lz4frame.h>
#endif
#ifdef SNN_EVENTS_ZSTD
#include <zstd.h>
#endif

/* Decompresses from `packed` to `out`; both sizes receive what was used. *more is false at the end of a frame.
 * Returns NULL, or what is wrong. */
typedef const char *step_fn(struct snn__unpacker *u, const uint8_t *packed, size_t *size, uint8_t *out, size_t *room,
                            bool *more);

#ifdef SNN_EVENTS_LZ4
static const char *step_lz4(struct snn__unpacker *u, const uint8_t *packed, size_t *size, uint8_t *out, size_t *room,
                            bool *more)
{
    LZ4F_dctx *d = u->lz4;
    size_t rc;

    if (d == NULL) {
        rc = LZ4F_createDecompressionContext(&d, LZ4F_VERSION);
        if (LZ4F_isError(rc))
            return LZ4F_getErrorName(rc);
        u->lz4 = d;
    }
    rc = LZ4F_decompress(d, out, room, packed, size, NULL);
    *more = rc != 0;
    if (!LZ4F_isError(rc))
        return NULL;
    LZ4F_resetDecompressionContext(d);
    return LZ4F_getErrorName(rc);
}
#endif

#ifdef SNN_EVENTS_ZSTD
static const char *step_zstd(struct snn__unpacker *u, const uint8_t *packed, size_t *size, uint8_t *out, size_t *room,
                             bool *more)
{
    ZSTD_inBuffer in = { packed, *size, 0 };
    ZSTD_outBuffer to = { out, *room, 0 };
    size_t rc;

    if (u->zstd == NULL) {
        u->zstd = ZSTD_createDCtx();
        if (u->zstd == NULL)
            return "out of memory";
        ZSTD_DCtx_setParameter(u->zstd, ZSTD_d_windowLogMax, 26);
    }
    rc = ZSTD_decompressStream(u->zstd, &to, &in);
    *size = in.pos;
    *room = to.pos;
    *more = rc != 0;
    if (!ZSTD_isError(rc))
        return NULL;
    ZSTD_DCtx_reset(u->zstd, ZSTD_reset_session_only);
    return ZSTD_getErrorName(rc);
}
#endif

/* NULL: this build has no library for it. */
static step_fn *step_of(uint32_t packing)
{
#ifdef SNN_EVENTS_LZ4
    if (packing == SNN__LZ4 || packing == SNN__LZ4_HIGH)
        return step_lz4;
#endif
#ifdef SNN_EVENTS_ZSTD
    if (packing == SNN__ZSTD || packing == SNN__ZSTD_HIGH)
        return step_zstd;
#endif
    (void)packing;
    return NULL;
}

snn_status snn__unpack_check(uint32_t packing)
{
    if (packing > SNN__ZSTD_HIGH)
        return snn_component_fail(SNN_ERR_FORMAT, "compression %u is none of AEDAT 4", packing);
    if (packing == SNN__PLAIN || step_of(packing) != NULL)
        return SNN_OK;
    return snn_component_fail(SNN_ERR_UNSUPPORTED, "this build of libsnn-events was made without %s (Debian: %s)",
                              packing < SNN__ZSTD ? "LZ4" : "Zstandard",
                              packing < SNN__ZSTD ? "liblz4-dev" : "libzstd-dev");
}

/* Room for more bytes: what is there, doubled. */
static snn_status grow(struct snn__unpacker *u)
{
    const size_t room = u->room > 0 ? 2 * u->room : (size_t)1 << 16;
    uint8_t *bytes;

    if (room > SNN__UNPACK_MOST)
        return snn_component_fail(SNN_ERR_FORMAT, "a packet holds more than %zu MiB", SNN__UNPACK_MOST >> 20);
    bytes = snn__wider(u->ctx, u->bytes, u->size, room, 1);
    if (bytes == NULL)
        return SNN_ERR_MEMORY;
    u->bytes = bytes;
    u->room = room;
    return SNN_OK;
}

snn_status snn__unpack_append(struct snn__unpacker *u, const uint8_t *bytes, size_t size)
{
    while (u->room - u->size < size)
        TRY(grow(u));
    if (size > 0)
        memcpy(u->bytes + u->size, bytes, size);
    u->size += size;
    return SNN_OK;
}

snn_status snn__unpack(struct snn__unpacker *u, uint32_t packing, const uint8_t *packed, size_t size)
{
    bool more = true;

    u->size = 0;
    if (packing == SNN__PLAIN)
        return snn__unpack_append(u, packed, size);
    while (more) {
        size_t used = size, made;
        const char *wrong;

        if (u->size == u->room)
            TRY(grow(u));
        made = u->room - u->size;
        wrong = step_of(packing)(u, packed, &used, u->bytes + u->size, &made, &more);
        if (wrong != NULL)
            return snn_component_fail(SNN_ERR_FORMAT, "a packet cannot be decompressed: %s", wrong);
        if (more && used == 0 && made == 0)
            return snn_component_fail(SNN_ERR_FORMAT, "a packet cannot be decompressed: it has no end");
        packed += used;
        size -= used;
        u->size += made;
    }
    return SNN_OK;
}

void snn__unpack_close(struct snn__unpacker *u)
{
#ifdef SNN_EVENTS_LZ4
    LZ4F_freeDecompressionContext(u->lz4);
#endif
#ifdef SNN_EVENTS_ZSTD
    ZSTD_freeDCtx(u->zstd);
#endif
    snn_component_free(u->ctx, u->bytes);
}
