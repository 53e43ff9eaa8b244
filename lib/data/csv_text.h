/* data/csv_text.h - the lines of a CSV file as fields. */
#ifndef SNN_DATA_CSV_TEXT_H
#define SNN_DATA_CSV_TEXT_H

#include "data/gz.h"

struct snn__csv {
    snn_context *ctx;
    struct snn__gz *gz;
    uint8_t buffer[4096];
    size_t at, filled;
    size_t line; /* number of the last line that was read, from 1 */
    char *text;  /* of its fields, each ended by NUL */
    size_t used, room;
    size_t *field; /* where in `text` each begins */
    size_t fields, field_room;
};

/* Reads the next record: fields between commas, in double quotes or not ("" in quotes stands for one), and lines that
 * end with LF or CR LF. Lines of nothing are passed over. *more is false, and there are no fields, at the end.
 * SNN_ERR_FORMAT with the number of the line: a quote that does not end, or ends within a field; more than 4,096
 * fields, or 1 MiB, in a line; a NUL */
snn_status snn__csv_next(struct snn__csv *csv, bool *more);
const char *snn__csv_field(const struct snn__csv *csv, size_t i);
/* SNN_ERR_FORMAT "PATH, line N: ..." */
snn_status snn__csv_fail(const struct snn__csv *csv, const char *format, ...) SNN__PRINTF(2, 3);
void snn__csv_free(struct snn__csv *csv);

#endif
