/* tensorboard.h - the epochs of a run as an event file of TensorBoard: records of TFRecord (length, its checksum,
 * data, their checksum), each a message Event of protocol buffers. One file for a run; one that goes on keeps its
 * epochs. */
#ifndef SNN_TOOL_TENSORBOARD_H
#define SNN_TOOL_TENSORBOARD_H

#include "history.h"

struct tensorboard {
    struct journal file;
    char *path;    /* NULL: none is wanted */
    uint64_t step; /* the last epoch that is in the file; 0: none */
    long last;     /* where its record begins */
};

/* The file in `folder`, which is made if need be; checks that an older one is of this kind. Neither without a folder.
 * Returns DONE or FAILED. */
int tensorboard_name(struct tensorboard *board, const char *folder);
/* Begins the file with the settings of the run. The epochs of an older one up to `keep` stay (0: none). */
int tensorboard_open(struct tensorboard *board, uint64_t keep, const json_t *settings);
/* Adds a row of the log, or writes the last one again, if it is of that epoch. */
void tensorboard_add(struct tensorboard *board, const struct history *h, const struct epoch_row *row);
/* Returns FAILED if anything could not be written. */
int tensorboard_close(struct tensorboard *board);

#endif
