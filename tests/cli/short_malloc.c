/* short_malloc.c - preloaded (LD_PRELOAD): malloc(), calloc() or realloc() fails once, at the request whose number
 * SHORT_AT says, from 1. Without it, their number goes to the file SHORT_COUNT at the end. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *block, size_t size);

static unsigned long requests, fail_at;

__attribute__((constructor)) static void begin(void)
{
    const char *at = getenv("SHORT_AT");

    fail_at = at ? strtoul(at, NULL, 10) : 0;
    requests = 0;
}

__attribute__((destructor)) static void end(void)
{
    const char *path = getenv("SHORT_COUNT");
    FILE *file = path ? fopen(path, "w") : NULL;

    if (file) {
        fprintf(file, "%lu\n", requests);
        fclose(file);
    }
}

static int fails(void)
{
    int is = __atomic_add_fetch(&requests, 1, __ATOMIC_RELAXED) == fail_at && fail_at;

    if (is)
        errno = ENOMEM;
    return is;
}

void *malloc(size_t size)
{
    return fails() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size)
{
    return fails() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *block, size_t size)
{
    return fails() ? NULL : __libc_realloc(block, size);
}
