/* nir.h - the tool and NIR graphs: with libsnn-nir, or saying that it lacks it. */
#ifndef SNN_TOOL_NIR_H
#define SNN_TOOL_NIR_H

#include "args.h"
#include "tool.h"

/* Prints what a NIR file holds. Returns DONE or FAILED. */
int nir_info(const char *path, bool json);
/* True if a path ends like the name of a NIR file. */
bool nir_is_name(const char *path);

#endif
