/** @file snn/export.h
 * What stands in front of the library's functions: visibility, and what compilers are to say about a call.
 * Part of libsnn, MIT licence. */
#ifndef SNN_EXPORT_H
#define SNN_EXPORT_H

/** @def SNN_API
 * Stands in front of every function of the library, first. A program on Windows that links the static library defines
 * SNN_STATIC; the build of the library defines SNN_BUILDING. CMake's targets and pkg-config see to both. */
#if defined(_WIN32)
#if defined(SNN_STATIC)
#define SNN_API
#elif defined(SNN_BUILDING)
#define SNN_API __declspec(dllexport)
#else
#define SNN_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define SNN_API __attribute__((visibility("default")))
#else
#define SNN_API
#endif

/** @def SNN_CHECKED
 * Follows SNN_API where a function returns a status: compilers warn where a caller does not look at it. */
/** @def SNN_DEPRECATED
 * Follows SNN_API where a function will go, with what to use instead: SNN_DEPRECATED("use snn_x()"). Compilers warn
 * where it is called. */
#if defined(__GNUC__)
#define SNN_CHECKED __attribute__((warn_unused_result))
#define SNN_DEPRECATED(instead) __attribute__((deprecated(instead)))
#else
#define SNN_CHECKED
#define SNN_DEPRECATED(instead)
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
