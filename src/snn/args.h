/* args.h - flags of a command: some change the configuration of the run, the others are the command's own. */
#ifndef SNN_TOOL_ARGS_H
#define SNN_TOOL_ARGS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct flag {
    const char *name;  /* without the dashes: two, or one before a single letter */
    const char *value; /* name of its value in the help; NULL: a switch, which stands for 1 */
    const char *path;  /* its place in the configuration, "trainer.steps"; NULL: read it with args_text() */
    const char *help;
};

struct args {
    json_t *config;              /* configuration given by flags */
    json_t *own;                 /* the command's own flags: name -> text */
    const char *positional[256]; /* borrowed from argv */
    size_t count;
};

/* Flags of every command, which args_parse() obeys. NULL-ended. */
extern const struct flag common_flags[];

/* Reads argv[1] ...; every parameter of the library is a flag as well (--trainer.steps) if `parameters`.
 * Returns DONE or USAGE. */
int args_parse(struct args *args, const struct flag *flags, bool parameters, size_t most_positional, int argc,
               char **argv);
void args_free(struct args *args);

/* Text of a flag of the command's own, or NULL; whether it was given. */
const char *args_text(const struct args *args, const char *name);
bool args_has(const struct args *args, const char *name);
/* Whole number of a flag, `absent` if not given. Returns DONE or USAGE. */
int args_whole(const struct args *args, const char *name, int64_t low, int64_t high, int64_t absent, int64_t *out);
/* The same of a number. */
int args_real(const struct args *args, const char *name, double low, double high, double absent, double *out);
/* Words of a flag such as "1,2,4", at most `most`, copied into `word`; returns their number. */
size_t args_list(const char *text, char word[][32], size_t most);

/* True if -h or --help is among the arguments, before "--". */
bool args_want_help(int argc, char **argv);
/* The word that follows it, NULL without one: a topic for param_help(). */
const char *args_help_topic(int argc, char **argv);
/* Prints the flags of a command, and those of every command. */
void args_help(const struct flag *flags);

#endif
