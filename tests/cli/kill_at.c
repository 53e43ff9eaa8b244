/* kill_at.c - preloaded (LD_PRELOAD): the process kills itself before the call whose number KILL_AT says, from 1, of
 * those that make a file last: fsync(), rename(), unlink(). Without it, their number goes to the file KILL_COUNT at
 * the end. */
#define _GNU_SOURCE

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static unsigned long calls, kill_at;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("KILL_AT");

    kill_at = at ? strtoul(at, NULL, 10) : 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("KILL_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;

    if (file) {
        fprintf(file, "%lu\n", calls);
        fclose(file);
    }
}

static void count(void)
{
    if (__atomic_add_fetch(&calls, 1, __ATOMIC_RELAXED) == kill_at)
        kill(getpid(), SIGKILL);
}

int fsync(int fd)
{
    count();
    return (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    count();
    return (int)syscall(SYS_renameat2, -100 /* AT_FDCWD */, from, -100, to, 0);
}

int unlink(const char *path)
{
    count();
    return (int)syscall(SYS_unlinkat, -100, path, 0);
}
