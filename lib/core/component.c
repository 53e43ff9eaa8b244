/* core/component.c - what the libraries beside this one use of it. */
#include "core/alloc.h"
#include "core/structure.h"
#include <snn/sys/component.h>

void *snn_component_alloc(snn_context *context, size_t count, size_t size)
{
    return snn__alloc(context, count, size);
}

void snn_component_free(snn_context *context, void *pointer)
{
    snn__free(context, pointer);
}

snn_status snn_component_read_struct(void *own, size_t size, const void *given, const char *what,
                                     const char *initialiser)
{
    return snn__read_struct(own, size, given, what, initialiser);
}

snn_status snn_component_fill_struct(void *given, const void *own, size_t size, const char *what,
                                     const char *initialiser)
{
    const snn_status rc = snn__check_struct(given, what, initialiser);

    if (rc == SNN_OK)
        snn__fill(given, own, size);
    return rc;
}
