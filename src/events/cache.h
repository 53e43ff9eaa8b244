/* cache.h - the samples of a list in one file, from which any of them is read at once.
 *
 *   header   8 bytes of a mark, the key, the number of samples, the sum of the table: u64 each
 *   table    of each sample: where its events begin, how many there are, the time of the first, their sum
 *   events   eight bytes each, as in struct snn__packed
 *
 * Numbers are those of the machine. The key is a sum of what the samples depend on: paths, sizes and times of the
 * files, and which part of them a sample is. */
#ifndef SNN_EVENTS_CACHE_H
#define SNN_EVENTS_CACHE_H

#include "names.h"
#include "sample.h"

struct snn__cache_entry {
    uint64_t at, events;
    int64_t first;
    uint64_t sum;
};

struct snn__cache {
    int file;
    char path[SNN__PATH_ROOM];
    struct snn__cache_entry *entry; /* [items]; NULL: there is no cache */
};

/* Opens the file of this list in a folder, which is made if it is not there; a file that is missing or damaged is
 * written anew: under another name first, so that other processes see all of it or nothing. SNN_ERR_IO. */
snn_status snn__cache_open(struct snn__cache *cache, const struct snn__event_list *list, const char *folder);
void snn__cache_close(struct snn__cache *cache, snn_context *ctx);

/* Reads a sample. *found is false where the file is damaged; it then goes, so that the next run writes it anew. */
snn_status snn__cache_read(const struct snn__cache *cache, size_t index, struct snn__sample *sample, bool *found);

#endif
