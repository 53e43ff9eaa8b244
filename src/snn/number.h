/* number.h - the numbers of flags: one way to read them, one message. */
#ifndef SNN_TOOL_NUMBER_H
#define SNN_TOOL_NUMBER_H

#include <stdint.h>

/* Reads the text of flag `name`, a number from `low` to `high` and nothing else: INT64_MIN and INT64_MAX, or
 * -INFINITY and INFINITY, are no bounds. Returns DONE, or USAGE after a message; *out is then as it was. */
int number_whole(const char *name, const char *text, int64_t low, int64_t high, int64_t *out);
int number_real(const char *name, const char *text, double low, double high, double *out);

#endif
