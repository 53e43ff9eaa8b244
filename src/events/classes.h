/* classes.h - data sets with a folder for each class. */
#ifndef SNN_EVENTS_CLASSES_H
#define SNN_EVENTS_CLASSES_H

#include "list.h"

struct snn__classes {
    const char *const *class; /* their folders, ended by NULL, in the order of labels; NULL: any, in order */
    const char *ending;       /* of the names of recordings; NULL: any */
    const char *root;         /* folder or archive that holds the classes, where there is one; NULL: any archive */
    bool splits;              /* there is a folder for each split */
    bool numbered;            /* samples are in the order of the names of their files; else the first of each class,
                                 the second of each class, .. */
};

/* Lists CLASS/NAME of a folder or of an archive, with any folders above. The split is that of a folder train or test
 * above the class; or of lists test.txt and train.txt, a path a line; or by share: the last tenth of each class, in
 * the order of names, is for tests; split 0 then has all. */
snn_status snn__classes_list(struct snn__event_list *list, const struct snn__classes *kind, const char *directory,
                             uint32_t split);

/* ---- gather.c: the files of such a data set */

struct snn__found {
    const char *path; /* in the folder or in the archive, whose name without ending comes first */
    uint32_t file;    /* of the list, if it is in an archive; SNN__NO_ARCHIVE: none */
    uint64_t index;   /* in the archive */
    uint32_t class, rank;
    bool chosen; /* it is of the split */
};

#define SNN__NO_ARCHIVE UINT32_MAX

struct snn__gathered {
    struct snn__event_list *list;
    const struct snn__classes *kind;
    char directory[SNN__PATH_ROOM];
    struct snn__names path;   /* of all files, sorted */
    struct snn__found *found; /* recordings, sorted by path */
    size_t count, room;
    unsigned depth; /* folders above each recording */
};

snn_status snn__gathered_find(struct snn__gathered *g, const char *directory);
void snn__gathered_free(struct snn__gathered *g);

/* The recording of a path; NULL: none. */
struct snn__found *snn__gathered_at(const struct snn__gathered *g, const char *path);

/* Number of folders in a path; folder number `index`, from 0, and its length; the name of the file. */
unsigned snn__path_depth(const char *path);
size_t snn__path_folder(const char *path, unsigned index, const char **folder);
const char *snn__path_name(const char *path);

#endif
