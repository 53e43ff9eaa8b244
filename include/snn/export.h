/* snn/export.h - visibility of the library's symbols.
 * Part of libsnn, MIT licence. */
#ifndef SNN_EXPORT_H
#define SNN_EXPORT_H

#if defined(_WIN32)
#define SNN_API
#elif defined(__GNUC__) && __GNUC__ >= 4
#define SNN_API __attribute__((visibility("default")))
#else
#define SNN_API
#endif

#if defined(__cplusplus)
#define SNN_BEGIN_DECLS extern "C" {
#define SNN_END_DECLS }
#else
#define SNN_BEGIN_DECLS
#define SNN_END_DECLS
#endif

#endif
