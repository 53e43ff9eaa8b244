/* snn - trains, evaluates and describes spiking networks from the command line. */
#include "help.h"
#include "params.h"
#include "ranks.h"
#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct command *const commands[] = {
    &train_command,   &eval_command,      &predict_command,    &info_command, &convert_command, &bench_command,
    &recipe_command,  &continual_command, &report_command,     &run_command,  &events_command,  &sweep_command,
    &compare_command, &help_command,      &completion_command, NULL,
};

const struct command *command_named(const char *name)
{
    for (const struct command *const *c = commands; *c; c++)
        if (strcmp((*c)->name, name) == 0)
            return *c;
    return NULL;
}

const struct flag *command_flags(const struct command *command)
{
    return command->all_flags ? command->all_flags() : command->flags;
}

static int version(void)
{
    printf("snn %s", SNN_VERSION_STRING);
    if (strcmp(snn_version_string(), SNN_VERSION_STRING) != 0)
        printf(" (library %s)", snn_version_string());
    printf("\nproducts: %s\ninstruction sets:", snn_version_products());
    for (size_t i = 0; snn_name(SNN_NAME_ISA, i) != NULL; i++)
        printf(" %s", snn_name(SNN_NAME_ISA, i));
    putchar('\n');
    return DONE;
}

static int unknown(const char *word)
{
    const char *words[sizeof commands / sizeof *commands], *guess;

    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        words[i] = commands[i] ? commands[i]->name : NULL;
    guess = nearest(word, words);
    return fail(USAGE, "unknown command \"%s\"%s%s%s", word, guess ? "; did you mean " : "", guess ? guess : "",
                guess ? "?" : "");
}

/* Where a launcher has started several processes. */
static int run_launched(const struct command *command, int argc, char **argv)
{
    uint32_t rank, size = ranks_launched(&rank);
    int status;

    if (size != 1 && command->ranks == RANKS_NONE)
        return fail(USAGE,
                    "runs in one process, and the launcher has started %s; train, continual, recipe and eval share "
                    "their work (srun --mpi=none starts processes that do not know of each other)",
                    size > 1 ? grouped(size).s : "some, without telling how many (PMIX_RANK)");
    status = command->ranks == RANKS_ALL ? ranks_open() : DONE;
    return ranks_close(status == DONE ? command->run(argc, argv) : status);
}

/* What all processes would print alike is printed once. */
static bool speaks(const struct command *command, int argc, char **argv)
{
    uint32_t rank;

    ranks_launched(&rank);
    return rank == 0 || (command && command->ranks == RANKS_ALL && !args_want_help(argc, argv)) ||
           (freopen("/dev/null", "w", stdout) && freopen("/dev/null", "w", stderr));
}

static int run(int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_named(argv[1]) : NULL;

    if (!speaks(command, argc - 1, argv + 1))
        return FAILED;
    if (argc < 2) {
        help_all();
        return USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return help_all();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    if (!command)
        return unknown(argv[1]);
    set_command(command->name);
    if (command->usage && args_help_topic(argc - 1, argv + 1))
        return param_help(args_help_topic(argc - 1, argv + 1));
    if (command->usage && args_want_help(argc - 1, argv + 1))
        return help_on(command);
    return run_launched(command, argc - 1, argv + 1);
}

/* Jansson leaves out what it has no memory for, here and there without a word. The tool goes no further without
 * memory; a file that was being replaced is the old one. */
static void *take(size_t size)
{
    void *block = malloc(size);

    if (!block && size)
        exit(fail(FAILED, "out of memory"));
    return block;
}

/* Where the caller has closed the standard input or an output, a file of the run must not take its number: what is
 * printed would go into it. Opened the wrong way round, they fail as closed ones do. */
static void occupy_closed(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

int main(int argc, char **argv)
{
    int status;

    occupy_closed();
    signal(SIGXFSZ, SIG_IGN); /* a limit on the size of files is a failure with a message */
    json_set_alloc_funcs(take, free);
    status = run(argc, argv);

    errno = 0;
    if (fflush(stdout) != 0 || ferror(stdout)) {
        if (!errno) /* an earlier write failed, and the C library forgot why: another one asks again */
            (void)!write(STDOUT_FILENO, "\n", 1);
        fprintf(stderr, "snn: standard output: could not be written%s%s\n", errno ? ": " : "",
                errno ? strerror(errno) : "");
        if (status == DONE)
            status = FAILED;
    }
    return status;
}
