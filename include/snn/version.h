/** @file snn/version.h
 * Version of the headers and of the library at run time.
 * Part of libsnn, MIT licence. */
#ifndef SNN_VERSION_H
#define SNN_VERSION_H

#include <snn/export.h>
#include <stdint.h>

#define SNN_VERSION_MAJOR 0          /**< changes with the binary interface */
#define SNN_VERSION_MINOR 1          /**< until 1.0, changes with the binary interface, too */
#define SNN_VERSION_PATCH 0          /**< changes with every other release */
#define SNN_VERSION_STRING "0.1.0"   /**< the three, of the headers that a program is compiled with */

SNN_BEGIN_DECLS

/** Version of the library in use, as major * 10000 + minor * 100 + patch. Real-time safe. */
SNN_API uint32_t snn_version(void);

/** The same as a string, "major.minor.patch"; static storage. Real-time safe. */
SNN_API const char *snn_version_string(void);

/** Whose matrix products the library was built with: "builtin", its own, or "cblas"; static storage. Real-time
 * safe. */
SNN_API const char *snn_version_products(void);

SNN_END_DECLS

#endif
