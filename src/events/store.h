/* store.h - samples that are held in memory from the begin on: those of files in which a recording is only reached by
 * decompressing what lies before it. */
#ifndef SNN_EVENTS_STORE_H
#define SNN_EVENTS_STORE_H

#include "sample.h"

struct snn__store {
    struct snn__sample *sample; /* [items], without a context where a file is read as it is needed; NULL: all are */
};

/* Reads the samples of archives, each archive once, from its begin to its end. snn__store_free() may follow a
 * failure, too. */
snn_status snn__store_fill(struct snn__store *store, const struct snn__event_list *list);
void snn__store_free(struct snn__store *store, const struct snn__event_list *list);

/* Sample number `index` of the list, from memory or from its file. */
snn_status snn__store_read(const struct snn__store *store, const struct snn__event_list *list, size_t index,
                           struct snn__sample *sample);

#endif
