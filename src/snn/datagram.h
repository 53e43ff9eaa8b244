/* datagram.h - datagrams as a stream of events: each holds whole records, so that one that is lost costs its own
 * events alone. docs/live.md defines them. */
#ifndef SNN_TOOL_DATAGRAM_H
#define SNN_TOOL_DATAGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum datagram_format { DATAGRAM_CSV, DATAGRAM_EVT3, DATAGRAM_AEDAT4, DATAGRAM_FORMATS };

/* By the name of the format of events; DATAGRAM_FORMATS: none that comes in datagrams. */
enum datagram_format datagram_format_named(const char *name);

/* True if it holds the header of a recording. */
bool datagram_is_header(enum datagram_format format, const uint8_t *bytes, size_t size);

/* Bytes of the whole records at its begin. */
size_t datagram_whole(enum datagram_format format, const uint8_t *bytes, size_t size);

#endif
