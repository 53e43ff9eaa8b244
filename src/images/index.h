/* index.h - a file with the places of all images of some shards, so that their headers are read once. */
#ifndef SNN_IMAGES_INDEX_H
#define SNN_IMAGES_INDEX_H

#include "list.h"

/* Reads the items of a list whose places are set, from the folder of indices. *found is false if there is none for
 * shards as they are now. */
snn_status snn__index_read(struct snn__image_list *list, const char *folder, bool *found);
/* Writes them. */
snn_status snn__index_write(const struct snn__image_list *list, const char *folder);

#endif
