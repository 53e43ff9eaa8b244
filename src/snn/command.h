/* command.h - the commands of snn as they describe themselves. Of this come --help, the manual pages, and the words
 * that shells complete. */
#ifndef SNN_TOOL_COMMAND_H
#define SNN_TOOL_COMMAND_H

#include "args.h"

/* What a command does where a launcher has started several processes. */
enum ranks_of {
    RANKS_NONE, /* refuses */
    RANKS_SAME, /* all do the same, and one prints it */
    RANKS_ALL   /* they work together */
};

struct command {
    const char *name;
    const char *does;  /* one line for the list of commands */
    const char *usage; /* what follows its name, a line for each form; NULL: this build lacks the command */
    const char *about; /* paragraphs, a line each */
    const char *words; /* what its first argument may be, "bash, zsh, fish"; NULL: a file */
    const struct flag *flags;
    const struct flag *(*all_flags)(void); /* in place of flags, where those of another command go with it */
    bool parameters;                       /* every parameter of the library is a flag, too */
    void (*lists)(void);                   /* prints, by help.h, what there is to choose from */
    enum ranks_of ranks;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
};

extern const struct command *const commands[]; /* NULL-ended */
extern const struct command train_command, eval_command, predict_command, info_command, convert_command,
    bench_command, recipe_command, continual_command, report_command, run_command, events_command, sweep_command,
    compare_command, help_command, completion_command;

/* The one of that name, or NULL. */
const struct command *command_named(const char *name);
const struct flag *command_flags(const struct command *command);

#endif
