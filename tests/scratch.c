/* scratch.c - a folder of its own for each test. */
#define _XOPEN_SOURCE 700 /* nftw() */
#include "scratch.h"
#include "support.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char folder[1024];

void make_folder(void)
{
    const char *root = getenv("TMPDIR");

    snprintf(folder, sizeof folder, "%.900s/snn-tests-XXXXXX", root != NULL ? root : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void remove_folder(void)
{
    ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *in_folder(const char *name)
{
    static char path[4][8192];
    static unsigned turn;
    char *out = path[turn++ % 4];

    snprintf(out, sizeof *path, "%s%s%s", folder, *name != '\0' ? "/" : "", name);
    return out;
}

static void make_folders_of(char *path)
{
    for (char *slash = strchr(path + strlen(folder) + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert_msg(mkdir(path, 0777) == 0 || errno == EEXIST, "%s cannot be made", path);
        *slash = '/';
    }
}

void save(const char *name, const void *data, size_t size)
{
    char path[8192];

    snprintf(path, sizeof path, "%s", in_folder(name));
    make_folders_of(path);
    if (path[strlen(path) - 1] != '/')
        ck_assert_msg(write_file(path, data, size), "%s cannot be written", path);
}

void save_text(const char *name, const char *text)
{
    save(name, text, strlen(text));
}
