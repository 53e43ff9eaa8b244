/** @file snn/sys/component.h
 * What the libraries beside libsnn share with it: memory of a context, messages of failures, sized structures.
 *
 * A component is a library of the same release that is built on the public interface, such as libsnn-events. Its
 * symbols, too, carry the release: see snn/sys/product.h.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_SYS_COMPONENT_H
#define SNN_SYS_COMPONENT_H

#include <snn/context.h>

/** @def SNN_PRINTF
 * Follows a declaration whose argument number `text` is a format of printf() for the arguments from `first`. */
#if defined(__GNUC__)
#define SNN_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define SNN_PRINTF(text, first)
#endif

SNN_BEGIN_DECLS

/** Returns zeroed memory of count * size bytes, aligned to 64, by the context's allocator; NULL with a message if
 * there is none. Borrowed from the context until snn_component_free(). */
SNN_API void *snn_component_alloc(snn_context *context, size_t count, size_t size);

/** Gives back what snn_component_alloc() returned; NULL is accepted. */
SNN_API void snn_component_free(snn_context *context, void *pointer);

/** Sets the message that snn_last_error() returns in this thread.
 * @param format as of printf(); numbers are written as in the C locale
 * @return `status` */
SNN_API SNN_CHECKED snn_status snn_component_fail(snn_status status, const char *format, ...) SNN_PRINTF(2, 3);

/** Reads the structure `given` of a caller of any release into `own`, which holds the defaults.
 * @param size of `own`
 * @param what names the structure in messages
 * @param initialiser names what to begin it with
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set), SNN_ERR_VERSION (an unknown field is set) */
SNN_API SNN_CHECKED snn_status snn_component_read_struct(void *own, size_t size, const void *given, const char *what,
                                                         const char *initialiser);

/** Fills the structure `given` of a caller of any release from `own`; other parameters as of
 * snn_component_read_struct().
 * @return SNN_ERR_ARGUMENT (NULL, struct_size is not set) */
SNN_API SNN_CHECKED snn_status snn_component_fill_struct(void *given, const void *own, size_t size, const char *what,
                                                         const char *initialiser);

SNN_END_DECLS

#endif
