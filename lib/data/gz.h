/* data/gz.h - reads files, plain, gz or in an archive, as one stream of bytes. What a file is, its first bytes say,
 * not its name. */
#ifndef SNN_DATA_GZ_H
#define SNN_DATA_GZ_H

#include "core/status.h"
#include <snn/context.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct snn__gz;

/* Writes the next bytes, 1 to `size`, to `to` and their number to `got`; 0 at the end. */
typedef snn_status snn__gz_fill(void *user, void *to, size_t size, size_t *got);

/* Opens DIRECTORY/NAME or, if that is absent, DIRECTORY/NAME.gz. *out stays NULL, with SNN_OK, if both are absent. */
snn_status snn__gz_find(struct snn__gz **out, snn_context *ctx, const char *directory, const char *name);
/* Opens the file at `path`. */
snn_status snn__gz_open(struct snn__gz **out, snn_context *ctx, const char *path);
/* Opens a file in an archive of `size` bytes, read by `fill`; `path` names it in messages and is taken over, also on
 * failure. */
snn_status snn__gz_stream(struct snn__gz **out, snn_context *ctx, char *path, uint64_t size, snn__gz_fill *fill,
                          void *user);
void snn__gz_close(struct snn__gz *gz);

/* Path of the file, for messages. */
const char *snn__gz_path(const struct snn__gz *gz);
/* True if it is neither compressed nor in an archive: snn__gz_bound() is then its length. */
bool snn__gz_plain(const struct snn__gz *gz);
/* Bytes that were read so far. */
uint64_t snn__gz_position(const struct snn__gz *gz);
/* Another descriptor of a plain file, which the caller closes. SNN_ERR_IO */
snn_status snn__gz_share(const struct snn__gz *gz, int *file);
/* No more bytes than this come out of the file, whatever a header in it says. What expands beyond it is refused: a
 * file of some kilobytes may stand for gigabytes. */
uint64_t snn__gz_bound(const struct snn__gz *gz);

/* Reads up to `size` bytes; *got < size at the end of the file only.
 * SNN_ERR_IO, SNN_ERR_FORMAT (damaged, cut off or swollen gz stream), SNN_ERR_MEMORY */
snn_status snn__gz_read(struct snn__gz *gz, void *out, size_t size, size_t *got);
/* Reads `size` bytes, or fails with SNN_ERR_FORMAT; `what` is for the message. */
snn_status snn__gz_read_all(struct snn__gz *gz, void *out, size_t size, const char *what);
/* SNN_ERR_FORMAT if there is anything left. Ends the stream, so that its checksum has been compared. */
snn_status snn__gz_expect_end(struct snn__gz *gz);

#endif
