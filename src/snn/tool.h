/* tool.h - what the commands of snn share: failing, numbers for people, numbers for machines.
 * The tool is a user of the public headers, nothing else. */
#ifndef SNN_TOOL_H
#define SNN_TOOL_H

#include <jansson.h>
#include <snn/snn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit statuses. Functions that can fail return one of these and have said why. */
enum { DONE = 0, FAILED = 1, USAGE = 2, INTERRUPTED = 130 };

/* Puts "train" after "snn: " in messages from now on. */
void set_command(const char *name);

/* Prints "snn: COMMAND: message" on stderr and returns `status`. */
int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a call into the library: "snn: COMMAND: SNN_ERR_SHAPE: [what: ]message"; returns FAILED. */
int fail_call(snn_status rc, const char *what);
/* Prints "snn: COMMAND: warning: message". */
void warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line as fail() prints it, and the one that follows wrong usage. */
void say_line(const char *format, ...) __attribute__((format(printf, 1, 2)));
void say_help(void);
/* From now on fail() gives its lines to `keep`, NULL: to standard error, and warn() prints only if `warns`. */
void keep_messages(void (*keep)(const char *line), bool warns);

/* A short text by value, so that several may stand in one printf(). */
struct text {
    char s[64];
};
struct text grouped(uint64_t n);                /* 636,010 */
struct text rate_text(double x);                /* 636,010, 41.3, 0.32: three digits or more */
struct text si(double x);                       /* 1.42 M */
struct text bytes(uint64_t n);                  /* 2.4 MiB */
struct text clock_time(double seconds);         /* 1:05, 2:01:05 */
struct text shape_text(const snn_shape *shape); /* 3x32x32 */
size_t shape_size(const snn_shape *shape);      /* 3072 */

/* Prints words of help from column `indent` on, folded into lines of at most 118 columns, and ends the line. */
void print_folded(size_t indent, const char *words);

/* The word of `words` (NULL-ended) that was probably meant by `word`; NULL if none is near. */
const char *nearest(const char *word, const char *const *words);

/* A number for JSON: null if it is not finite. */
json_t *json_figure(double x);
/* Prints one JSON value as one line on stdout and releases it. Figures need no more than 9 digits, a configuration
 * all 17. */
void json_line(json_t *value, size_t digits);

/* Most memory that this process ever had resident, in bytes. */
uint64_t peak_resident(void);
/* Seconds on a clock that only goes forward. */
double now(void);

/* Threads that the library takes for 0; 1 if this cannot be found out. */
uint32_t all_threads(void);

/* Room for n * each zeros, to be freed; NULL: out of memory, or more than can be addressed. */
float *floats(size_t n, size_t each);

/* Opens a regular file for reading: a pipe would wait for a writer, a device may have no end. Returns DONE or
 * FAILED. */
int open_to_read(FILE **out, const char *path);
/* A copy of `path`, with the home folder for a leading "~/", which a shell does not expand after "idx:" or "=". To be
 * freed. NULL if it is unknown, after a message. */
char *at_home(const char *path);

/* The path of this program; a folder of share/snn beside the program's own, in a build tree and where it is
 * installed. Return DONE or FAILED. */
int tool_path(char *out, size_t size);
int tool_share(const char *name, char *out, size_t size);

/* The dashes before the name of a flag. */
const char *flag_dashes(const char *name);

/* Text `base` without the ending `cut`, with `add` after it; to be freed. NULL: out of memory. */
char *renamed(const char *base, const char *cut, const char *add);

/* A context of one thread, for what computes nothing. */
snn_status plain_context(snn_context **out);

#endif
