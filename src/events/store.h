/* store.h - samples that are read once, when a data set is opened: into memory those of files in which a recording is
 * only reached by decompressing what lies before it; into a cache on disk, if one is named, all of them. */
#ifndef SNN_EVENTS_STORE_H
#define SNN_EVENTS_STORE_H

#include "cache.h"
#include "sample.h"

struct snn__store {
    struct snn__sample *sample; /* [items], without a context where a file is read as it is needed; NULL: all are */
    struct snn__cache cache;
};

/* `cache` is a folder, or NULL. snn__store_free() may follow a failure, too. */
snn_status snn__store_fill(struct snn__store *store, const struct snn__event_list *list, const char *cache);
void snn__store_free(struct snn__store *store, const struct snn__event_list *list);

/* Sample number `index` of the list if it is in memory, else NULL. */
const struct snn__sample *snn__store_find(const struct snn__store *store, size_t index);
/* Sample number `index` of the list: from the cache, from memory or from its file. */
snn_status snn__store_read(const struct snn__store *store, const struct snn__event_list *list, size_t index,
                           struct snn__sample *sample);

/* Keeps item number `item`; the sample is the caller's. */
typedef snn_status snn__keep_fn(void *user, size_t item, const struct snn__sample *sample);

/* Reads the samples of a list in the order of their places, each file once; of archives alone, unless `all`. */
snn_status snn__store_walk(const struct snn__event_list *list, bool all, snn__keep_fn *keep, void *user);

#endif
