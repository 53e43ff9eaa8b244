/** @file snn/export.h
 * Marks of the library's functions: visibility, and warnings of the compiler about a call.
 * Part of libsnn, MIT licence. */
#ifndef SNN_EXPORT_H
#define SNN_EXPORT_H

/** @def SNN_API
 * Begins the declaration of every function of the library. A program on Windows that links the static library defines
 * SNN_STATIC. The build of the library defines SNN_BUILDING. CMake's targets and pkg-config define both. */
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
 * Follows SNN_API in functions that return a status: compilers warn if a caller ignores it. */
/** @def SNN_DEPRECATED
 * Follows SNN_API in functions that a later release removes, with the replacement: SNN_DEPRECATED("use snn_x()").
 * Compilers warn about each call. */
#if defined(__GNUC__)
#define SNN_CHECKED __attribute__((warn_unused_result))
#define SNN_DEPRECATED(instead) __attribute__((deprecated(instead)))
#else
#define SNN_CHECKED
#define SNN_DEPRECATED(instead)
#endif

/** @def SNN_BEGIN_DECLS
 * Begins the declarations of a header; in C++ they are those of C functions. */
/** @def SNN_END_DECLS
 * Ends the declarations of a header. */
#if defined(__cplusplus)
#define SNN_BEGIN_DECLS extern "C" {
#define SNN_END_DECLS }
#else
#define SNN_BEGIN_DECLS
#define SNN_END_DECLS
#endif

/** @cond */
/* The list of an initialiser, SNN_..._INIT. */
/* clang-format off */
#define SNN_INIT_(...) { __VA_ARGS__ }
/* clang-format on */
/** @endcond */

#endif
