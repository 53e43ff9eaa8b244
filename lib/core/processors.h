/* core/processors.h - how many processors this process may use. */
#ifndef SNN_CORE_PROCESSORS_H
#define SNN_CORE_PROCESSORS_H

#include <stddef.h>

/* Those that the calling thread's affinity mask has, or as many as the quota of its control groups is worth if that
 * is less; at least 1. */
size_t snn__processors(void);

/* The number of processors that a quota allows, rounded up; SIZE_MAX if there is none. `membership` is a file like
 * /proc/self/cgroup, `root` the folder of the control groups. The quotas of parent groups also apply. */
size_t snn__quota(const char *membership, const char *root);

#endif
