/* core/processors.c - processors: of the machine, of the affinity mask, of the quota of control groups.
 *
 * A container or a service is often given two processors of sixty-four by a quota: the mask shows all, and threads
 * beyond the quota only stop one another. Version 2 of the groups has "QUOTA PERIOD" or "max PERIOD" in cpu.max,
 * version 1 two files. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity() */
#endif
#include "core/processors.h"
#include "core/size.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TEXT_BYTES 4096
#define CPUS_MAX 8192 /* of Linux */

static bool read_text(const char *path, char text[TEXT_BYTES])
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = -1;

    if (fd >= 0) {
        n = read(fd, text, TEXT_BYTES - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n > 0;
}

static bool read_file(const char *folder, const char *name, char text[TEXT_BYTES])
{
    char path[TEXT_BYTES];
    const int n = snprintf(path, sizeof path, "%s/%s", folder, name);

    return n > 0 && (size_t)n < sizeof path && read_text(path, text);
}

/* -1, "max" and what is no number are no limit. */
static size_t worth(const char *quota, const char *period)
{
    const long long q = strtoll(quota, NULL, 10), p = strtoll(period, NULL, 10);

    if (q <= 0 || p <= 0 || (unsigned long long)(q / p) >= SIZE_MAX)
        return SIZE_MAX;
    return (size_t)(q / p) + (q % p > 0);
}

static size_t limit_2(const char *folder)
{
    char text[TEXT_BYTES];
    const char *period;

    if (!read_file(folder, "cpu.max", text))
        return SIZE_MAX;
    period = strchr(text, ' ');
    return period != NULL ? worth(text, period) : SIZE_MAX;
}

static size_t limit_1(const char *folder)
{
    char quota[TEXT_BYTES], period[TEXT_BYTES];

    if (!read_file(folder, "cpu.cfs_quota_us", quota) || !read_file(folder, "cpu.cfs_period_us", period))
        return SIZE_MAX;
    return worth(quota, period);
}

/* The least limit of a group and those around it. A group outside of what this process sees begins with "/..". */
static size_t least(const char *root, const char *group, size_t (*limit)(const char *folder))
{
    char folder[TEXT_BYTES];
    const size_t length = strlen(root);
    size_t found = SIZE_MAX;

    if (strncmp(group, "/..", 3) == 0)
        group = "";
    if (length + strlen(group) >= sizeof folder)
        return SIZE_MAX;
    strcpy(folder, root);
    strcpy(folder + length, group);
    for (;;) {
        char *slash = strrchr(folder + length, '/');

        found = snn__min(found, limit(folder));
        if (slash == NULL)
            return found;
        *slash = '\0';
    }
}

/* True if "cpu" is one of "cpu,cpuacct". */
static bool has_cpu(const char *names)
{
    for (; names != NULL; names = strchr(names, ',')) {
        names += *names == ',';
        if (strcspn(names, ",") == 3 && strncmp(names, "cpu", 3) == 0)
            return true;
    }
    return false;
}

/* A line is NUMBER:CONTROLLERS:GROUP; version 2 names no controllers. */
static size_t limit_of_line(char *line, const char *root)
{
    char *names = strchr(line, ':'), *group = names != NULL ? strchr(names + 1, ':') : NULL, folder[TEXT_BYTES];

    if (group == NULL)
        return SIZE_MAX;
    *group++ = '\0';
    names++;
    if (*names == '\0')
        return least(root, group, limit_2);
    if (!has_cpu(names) || (size_t)snprintf(folder, sizeof folder, "%s/cpu", root) >= sizeof folder)
        return SIZE_MAX;
    return least(folder, group, limit_1);
}

size_t snn__quota(const char *membership, const char *root)
{
    char text[TEXT_BYTES], *rest = NULL;
    size_t found = SIZE_MAX;

    if (!read_text(membership, text))
        return SIZE_MAX;
    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest))
        found = snn__min(found, limit_of_line(line, root));
    return found;
}

/* The affinity mask's, or those of the machine where there is no such mask. */
static size_t usable(void)
{
    long n;
#if defined(__linux__)
    union {
        cpu_set_t set;
        unsigned char room[CPUS_MAX / 8];
    } mask;

    memset(&mask, 0, sizeof mask);
    if (sched_getaffinity(0, sizeof mask, &mask.set) == 0)
        return (size_t)CPU_COUNT_S(sizeof mask, &mask.set);
#endif
    n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (size_t)n : 1;
}

size_t snn__processors(void)
{
    return snn__max(1, snn__min(usable(), snn__quota("/proc/self/cgroup", "/sys/fs/cgroup")));
}
