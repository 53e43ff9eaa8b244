/* octets.c - bytes of a recording, through one buffer. */
#include "octets.h"
#include <snn/sys/component.h>
#include <string.h>

void snn__octets_open(struct snn__octets *in, snn_status (*fill)(void *user, void *to, size_t size, size_t *got),
                      void *user)
{
    *in = (struct snn__octets){ .fill = fill, .user = user, .buffer = in->buffer };
}

void snn__octets_open_memory(struct snn__octets *in, const void *data, size_t size)
{
    *in = (struct snn__octets){ .at = data, .left = size, .buffer = in->buffer, .ended = true };
}

/* Moves what is at hand to the begin of the buffer, and fills up once what follows it. */
static snn_status fill_up(struct snn__octets *in, snn_context *ctx)
{
    size_t got = 0;
    snn_status rc;

    if (in->buffer == NULL && (in->buffer = snn_component_alloc(ctx, SNN__OCTETS_ROOM, 1)) == NULL)
        return SNN_ERR_MEMORY;
    if (in->left > 0)
        memmove(in->buffer, in->at, in->left);
    in->at = in->buffer;
    rc = in->fill(in->user, in->buffer + in->left, SNN__OCTETS_ROOM - in->left, &got);
    if (rc == SNN_OK && got > SNN__OCTETS_ROOM - in->left)
        return snn_component_fail(SNN_ERR_ARGUMENT,
                                  "events: the host's read() reports more bytes than there is room");
    if (rc == SNN_OK) {
        in->left += got;
        in->ended = got == 0;
    }
    return rc;
}

snn_status snn__octets_need(struct snn__octets *in, snn_context *ctx, size_t size)
{
    snn_status rc = SNN_OK;

    while (rc == SNN_OK && in->left < size && !in->ended)
        rc = fill_up(in, ctx);
    return rc;
}

snn_status snn__octets_skip(struct snn__octets *in, snn_context *ctx, uint64_t size, uint64_t *left)
{
    for (*left = size; *left > 0;) {
        const size_t step = *left < SNN__OCTETS_ROOM ? (size_t)*left : SNN__OCTETS_ROOM;
        const snn_status rc = snn__octets_need(in, ctx, step);
        const size_t here = in->left < step ? in->left : step;

        if (rc != SNN_OK)
            return rc;
        if (here == 0)
            break;
        snn__octets_take(in, here);
        *left -= here;
    }
    return SNN_OK;
}
