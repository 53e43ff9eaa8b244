/* fault_at.c - preloaded (LD_PRELOAD): a process ends, or a call fails, at call number FAULT_AT, from 1, of those
 * that make or change a file: open() and fopen() for writing, mkdir(), write(), pwrite(), fflush(), ftruncate(),
 * fsync(), close(), fclose(), rename(), unlink(), remove(). Calls on what is no regular file are not counted.
 *
 * FAULT_ERROR: the errno that this call, and those like it from then on with FAULT_STAYS, fail with; without it, the
 * process kills itself before the call. FAULT_ONLY: names of the calls that count, as "fsync rename". FAULT_COUNT: a
 * file that receives the number of calls at the end. FAULT_LOG: a file that receives a line for each. */
#undef _FILE_OFFSET_BITS /* names are those of the symbols */
#define _GNU_SOURCE

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static unsigned long calls, fault_at;
static int error;
static bool stays;
static const char *only, *count_path;
static int log_file = -1;

/* The function whose place this one takes. */
#define NEXT(name) ((__typeof__(&(name)))(uintptr_t)next(#name))

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);

    if (!function)
        abort();
    return function;
}

/* The processes that this one starts run without faults. */
static const char *text_of(const char *name)
{
    const char *text = getenv(name), *copy = text && *text ? strdup(text) : NULL;

    unsetenv(name);
    return copy;
}

__attribute__((constructor)) static void begin(void)
{
    const char *at = text_of("FAULT_AT"), *number = text_of("FAULT_ERROR"), *path = text_of("FAULT_LOG");

    fault_at = at ? strtoul(at, NULL, 10) : 0;
    error = number ? atoi(number) : 0;
    stays = text_of("FAULT_STAYS") != NULL;
    only = text_of("FAULT_ONLY");
    count_path = text_of("FAULT_COUNT");
    if (path)
        log_file = NEXT(open)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

__attribute__((destructor)) static void end(void)
{
    char text[32];
    int file = count_path ? NEXT(open)(count_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : -1;

    if (file >= 0) {
        const int length = snprintf(text, sizeof text, "%lu\n", calls);

        (void)!NEXT(write)(file, text, (size_t)length);
        NEXT(close)(file);
    }
}

static void note(unsigned long number, const char *name, const char *what)
{
    char line[600];
    const int length = snprintf(line, sizeof line, "%lu %s %.500s\n", number, name, what);

    if (log_file >= 0)
        (void)!NEXT(write)(log_file, line, (size_t)length);
}

/* True if the call is to fail, with errno. */
static bool fails(const char *name, const char *what)
{
    unsigned long number;

    if (only && !strstr(only, name))
        return false;
    number = __atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED);
    note(number, name, what);
    if (fault_at == 0 || (stays ? number < fault_at : number != fault_at))
        return false;
    if (error == 0)
        kill(getpid(), SIGKILL);
    errno = error;
    return true;
}

static bool of_file(int fd, char *path, size_t size)
{
    struct stat st;
    char link[40];
    ssize_t length;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, size - 1);
    path[length > 0 ? length : 0] = '\0';
    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_nlink > 0 &&
           (fcntl(fd, F_GETFL) & O_ACCMODE) != O_RDONLY;
}

static bool fails_on(const char *name, int fd)
{
    const int before = errno;
    char path[500];
    bool bad = of_file(fd, path, sizeof path);

    errno = before;
    return bad && fails(name, path);
}

/* ---- names */

static bool is_file_name(const char *path)
{
    return strncmp(path, "/dev/", 5) != 0 && strncmp(path, "/proc/", 6) != 0;
}

static bool fails_to_open(const char *path, int flags)
{
    return (flags & O_ACCMODE) != O_RDONLY && (flags & O_TMPFILE) != O_TMPFILE && is_file_name(path) &&
           fails("open", path);
}

static mode_t mode_of(int flags, va_list list)
{
    return flags & (O_CREAT | O_TMPFILE) ? va_arg(list, mode_t) : 0;
}

#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...)                                  \
    {                                                                           \
        va_list list;                                                           \
        mode_t mode;                                                            \
        va_start(list, flags);                                                  \
        mode = mode_of(flags, list);                                            \
        va_end(list);                                                           \
        return fails_to_open(path, flags) ? -1 : NEXT(name)(path, flags, mode); \
    }
OPEN(open)
#ifdef __GLIBC__
OPEN(open64)
#endif

#define FOPEN(name)                                                                                               \
    FILE *name(const char *path, const char *mode)                                                                \
    {                                                                                                             \
        return strpbrk(mode, "wa+") && is_file_name(path) && fails("open", path) ? NULL : NEXT(name)(path, mode); \
    }
FOPEN(fopen)
#ifdef __GLIBC__
FOPEN(fopen64)
#endif

int mkdir(const char *path, mode_t mode)
{
    return fails("mkdir", path) ? -1 : NEXT(mkdir)(path, mode);
}

int rename(const char *from, const char *to)
{
    return fails("rename", to) ? -1 : NEXT(rename)(from, to);
}

int unlink(const char *path)
{
    return !stays && fails("unlink", path) ? -1 : NEXT(unlink)(path);
}

int remove(const char *path)
{
    return !stays && fails("remove", path) ? -1 : NEXT(remove)(path);
}

/* ---- descriptors */

ssize_t write(int fd, const void *from, size_t size)
{
    return fails_on("write", fd) ? -1 : NEXT(write)(fd, from, size);
}

#define PWRITE(name, offset)                                                 \
    ssize_t name(int fd, const void *from, size_t size, offset at)           \
    {                                                                        \
        return fails_on("pwrite", fd) ? -1 : NEXT(name)(fd, from, size, at); \
    }
PWRITE(pwrite, off_t)
#ifdef __GLIBC__
PWRITE(pwrite64, off64_t)
#endif

#define FTRUNCATE(name, offset)                                       \
    int name(int fd, offset size)                                     \
    {                                                                 \
        return fails_on("ftruncate", fd) ? -1 : NEXT(name)(fd, size); \
    }
FTRUNCATE(ftruncate, off_t)
#ifdef __GLIBC__
FTRUNCATE(ftruncate64, off64_t)
#endif

/* A process ends here, not the machine: nothing needs to reach the disk. */
int fsync(int fd)
{
    return fails_on("fsync", fd) ? -1 : 0;
}

/* A descriptor is closed, whatever close() says of it. */
int close(int fd)
{
    const bool bad = fails_on("close", fd);
    const int rc = NEXT(close)(fd);

    if (bad)
        errno = error;
    return bad ? -1 : rc;
}

/* ---- streams: the C library's own calls cannot be caught; past a limit on the size of files they fail */

static int limited(int (*call)(FILE *), FILE *file)
{
    struct rlimit limit, none;
    int rc;

    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &limit);
    none = limit;
    none.rlim_cur = 0;
    setrlimit(RLIMIT_FSIZE, &none);
    rc = call(file);
    setrlimit(RLIMIT_FSIZE, &limit);
    if (rc != 0)
        errno = error;
    return rc;
}

int fflush(FILE *file)
{
    return file && fails_on("fflush", fileno(file)) ? limited(NEXT(fflush), file) : NEXT(fflush)(file);
}

int fclose(FILE *file)
{
    return fails_on("fclose", fileno(file)) ? limited(NEXT(fclose), file) : NEXT(fclose)(file);
}
