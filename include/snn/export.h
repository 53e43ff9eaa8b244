/** @file snn/export.h
 * Visibility of the library's symbols.
 * Part of libsnn, MIT licence. */
#ifndef SNN_EXPORT_H
#define SNN_EXPORT_H

/** @def SNN_API
 * Stands in front of every function of the library. */
#if defined(__GNUC__) && __GNUC__ >= 4 && !defined(_WIN32)
#define SNN_API __attribute__((visibility("default")))
#else
#define SNN_API
#endif

/** @def SNN_BEGIN_DECLS
 * Opens the declarations of a header: as C functions in C++. */
/** @def SNN_END_DECLS
 * Closes them. */
#if defined(__cplusplus)
#define SNN_BEGIN_DECLS extern "C" {
#define SNN_END_DECLS }
#else
#define SNN_BEGIN_DECLS
#define SNN_END_DECLS
#endif

#endif
