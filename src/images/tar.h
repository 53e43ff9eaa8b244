/* tar.h - the members of a tar file, by their headers alone: what they hold is read in place. */
#ifndef SNN_IMAGES_TAR_H
#define SNN_IMAGES_TAR_H

#include "list.h"

struct snn__tar {
    char path[SNN__PATH_ROOM];
    char name[SNN__PATH_ROOM]; /* of the member at hand */
    int file;
    uint64_t next; /* header that is read next */
    uint64_t size, second, nano;
};

/* A member that is no folder. */
struct snn__tar_member {
    uint64_t head; /* its first header */
    uint64_t at, size;
    bool regular; /* a file; else a link, a device or something like it, which holds nothing */
};

/* Opens a tar file. What is compressed is refused, with what to do. */
snn_status snn__tar_open(struct snn__tar *tar, const char *path);
void snn__tar_close(struct snn__tar *tar);
/* The next member; *found is false at the end. SNN_ERR_FORMAT: damaged, truncated, or more follows the end. */
snn_status snn__tar_next(struct snn__tar *tar, struct snn__tar_member *member, bool *found);

#endif
