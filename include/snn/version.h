/** @file snn/version.h
 * Versions of the headers and of the library in use.
 * Part of libsnn, MIT licence. */
#ifndef SNN_VERSION_H
#define SNN_VERSION_H

#include <snn/export.h>
#include <stdint.h>

#define SNN_VERSION_MAJOR 0        /**< changes with the binary interface */
#define SNN_VERSION_MINOR 1        /**< before 1.0, also changes with the binary interface */
#define SNN_VERSION_PATCH 0        /**< changes with every other release */
#define SNN_VERSION_STRING "0.1.0" /**< "major.minor.patch" of these headers */

SNN_BEGIN_DECLS

/** Returns the version of the library in use, major * 10000 + minor * 100 + patch. Real-time safe. */
SNN_API uint32_t snn_version(void);

/** Returns the version of the library in use as "major.minor.patch"; static storage. Real-time safe. */
SNN_API const char *snn_version_string(void);

/** Returns the source of the library's matrix products: "builtin", its own, or "cblas"; static storage. Real-time
 * safe. */
SNN_API const char *snn_version_products(void);

SNN_END_DECLS

#endif
