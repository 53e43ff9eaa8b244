/* members.h - recordings in archives and compressed files, read in place, member by member (libarchive). */
#ifndef SNN_EVENTS_MEMBERS_H
#define SNN_EVENTS_MEMBERS_H

#include "reader.h"

/* True if a file that begins so is an archive or compressed. */
bool snn__archive_is(const uint8_t *head, size_t size);

/* Opens the source of the reader as an archive, before its first member; bytes that the host's function has given so
 * far are those at hand in e->in. SNN_ERR_UNSUPPORTED without libarchive. */
snn_status snn__archive_open(struct snn__events_archive **out, snn_events *e);
void snn__archive_close(struct snn__events_archive *archive);

/* Goes to the next file in the archive; *name is NULL past the last, and borrowed until the next call. */
snn_status snn__archive_next(struct snn__events_archive *archive, const char **name);

/* Bytes of that file, as struct snn__octets has them filled; the user is the archive. */
snn_status snn__archive_fill(void *archive, void *to, size_t size, size_t *got);

/* npz.c: true if the archive holds a file for each column of events. */
snn_status snn__npz_is(snn_events *e, bool *is);

#endif
