/* names.h - lists of names, and what a folder, a text or an archive holds, as such a list. */
#ifndef SNN_EVENTS_NAMES_H
#define SNN_EVENTS_NAMES_H

#include "../component.h"
#include <stdbool.h>
#include <stddef.h>

/* Paths have fewer bytes. */
#define SNN__PATH_ROOM 4096u

struct snn__names {
    snn_context *ctx;
    char **name;
    size_t count, room;
};

/* Adds a copy of the first `length` bytes of a name. */
snn_status snn__names_add(struct snn__names *names, const char *name, size_t length);
void snn__names_free(struct snn__names *names);

/* In the order of bytes, whatever the locale. */
void snn__names_sort(struct snn__names *names);
/* Of sorted names: leaves one of each. */
void snn__names_unique(struct snn__names *names);
/* Place among sorted names; `count` if it is not there. */
size_t snn__names_find(const struct snn__names *names, const char *name, size_t length);

/* Writes directory/name to a path of SNN__PATH_ROOM bytes; directory alone if the name is "". */
snn_status snn__path_join(char *path, const char *directory, const char *name);

/* ---- tree.c */

/* Paths of the regular files below a folder, relative to it, at most `depth` folders down, sorted. Links are
 * followed. What begins with a dot or is named __MACOSX is left out. A folder without files stands there, too, with a
 * '/' at its end. */
snn_status snn__tree_read(struct snn__names *out, const char *directory, unsigned depth);

/* ---- text.c */

/* Bytes of the mark of UTF-8, which spreadsheets write first; 0: there is none. */
size_t snn__text_mark(const void *text, size_t size);
/* Lines of a text without the white space around them; empty lines are left out. `where` is for messages. */
snn_status snn__text_lines(struct snn__names *out, const char *text, size_t size, const char *where);
/* The same of a file. */
snn_status snn__text_read(struct snn__names *out, const char *path);

#endif
