/* tree.c - the files below a folder. */
#include "names.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH 8u

struct walk {
    struct snn__names *out;
    char path[SNN__PATH_ROOM];
    size_t root; /* bytes before the part of the path that is kept */
    unsigned depth, level;
    struct {
        dev_t device;
        ino_t inode;
    } above[DEPTH + 1]; /* the folder that is read, and those that it is in */
};

static snn_status fail_path(const struct walk *w)
{
    const int error = errno;

    return snn_component_fail(SNN_ERR_IO, "%.300s: %s%s", w->path, snn__errno_text(error).text,
                              error == ELOOP ? "; remove the link that leads to itself" : "");
}

/* A folder that it is in is found again through a link. */
static bool leads_back(const struct walk *w, const struct stat *st)
{
    for (unsigned i = 0; i < w->level; i++)
        if (w->above[i].device == st->st_dev && w->above[i].inode == st->st_ino)
            return true;
    return false;
}

static snn_status read_folder(struct walk *w, const struct stat *st);

/* A file or a folder, whose path is at hand. */
static snn_status visit(struct walk *w)
{
    struct stat st;

    if (stat(w->path, &st) != 0)
        return fail_path(w);
    if (S_ISREG(st.st_mode))
        return snn__names_add(w->out, w->path + w->root, strlen(w->path + w->root));
    if (!S_ISDIR(st.st_mode) || w->level > w->depth)
        return SNN_OK;
    if (leads_back(w, &st))
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s leads back to a folder that it is in; remove the link",
                                  w->path);
    return read_folder(w, &st);
}

static bool is_left_out(const char *name)
{
    return name[0] == '.' || strcmp(name, "__MACOSX") == 0;
}

static snn_status read_entries(struct walk *w, DIR *folder)
{
    const size_t length = strlen(w->path);
    const struct dirent *entry;
    snn_status rc = SNN_OK;

    for (errno = 0; rc == SNN_OK && (entry = readdir(folder)) != NULL; errno = 0) {
        if (is_left_out(entry->d_name))
            continue;
        if (length + 2 + strlen(entry->d_name) >= sizeof w->path)
            return snn_component_fail(SNN_ERR_IO, "%.300s/%.100s: the path has more than %u bytes", w->path,
                                      entry->d_name, SNN__PATH_ROOM - 1);
        snprintf(w->path + length, sizeof w->path - length, "/%s", entry->d_name);
        rc = visit(w);
        w->path[length] = '\0';
    }
    return rc == SNN_OK && errno != 0 ? fail_path(w) : rc;
}

static snn_status add_empty(struct walk *w)
{
    const size_t length = strlen(w->path);

    if (length < w->root)
        return SNN_OK;
    w->path[length] = '/';
    TRY(snn__names_add(w->out, w->path + w->root, length + 1 - w->root));
    w->path[length] = '\0';
    return SNN_OK;
}

static snn_status read_folder(struct walk *w, const struct stat *st)
{
    const size_t before = w->out->count;
    DIR *folder = opendir(w->path);
    snn_status rc;

    if (folder == NULL)
        return fail_path(w);
    w->above[w->level].device = st->st_dev;
    w->above[w->level].inode = st->st_ino;
    w->level++;
    rc = read_entries(w, folder);
    w->level--;
    closedir(folder);
    return rc == SNN_OK && w->out->count == before ? add_empty(w) : rc;
}

snn_status snn__tree_read(struct snn__names *out, const char *directory, unsigned depth)
{
    struct walk w = { .out = out, .depth = depth < DEPTH ? depth : DEPTH };
    struct stat st;

    w.root = strlen(directory) + 1;
    if (w.root >= sizeof w.path)
        return snn_component_fail(SNN_ERR_ARGUMENT, "%.100s...: the path has more than %u bytes", directory,
                                  SNN__PATH_ROOM - 1);
    memcpy(w.path, directory, w.root);
    if (stat(directory, &st) != 0)
        return fail_path(&w);
    TRY(read_folder(&w, &st));
    snn__names_sort(out);
    return SNN_OK;
}
