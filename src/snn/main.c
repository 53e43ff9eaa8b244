/* snn - trains, evaluates and describes spiking networks from the command line. */
#include "args.h"
#include "params.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} commands[] = {
    { "train", cmd_train, "train a network on a data set, write model, log and drawings" },
    { "eval", cmd_eval, "accuracy, loss, firing rates and synaptic operations of a model" },
    { "info", cmd_info, "layers, shapes, parameters and the run of a model" },
    { "convert", cmd_convert, "translate a NIR graph to a model, or a model to a NIR graph" },
    { "bench", cmd_bench, "measure the speed of training on this machine" },
    { "recipe", cmd_recipe, "train a network with the settings of a paper" },
    { "continual", cmd_continual, "train task after task, with or without a projection" },
    { "run", cmd_run, "run a model on events as they come: a recording, a pipe, a socket" },
    { "events", cmd_events, "format, sensor, number and times of recorded events" },
};
#define COMMANDS (sizeof commands / sizeof *commands)

static int help(void)
{
    printf("snn %s - spiking neural networks\n\nusage: snn COMMAND [ARGUMENTS]\n\n", snn_version_string());
    for (size_t i = 0; i < COMMANDS; i++)
        printf("  %-9s %s\n", commands[i].name, commands[i].help);
    printf(
        "\n  snn COMMAND --help   arguments of a command, with all defaults\n"
        "  snn --version        version and contents of the library\n\n"
        "exit status: 0 success, 1 failure, 2 wrong usage, 130 interrupted by a signal (train: with a checkpoint)\n");
    return DONE;
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
    const char *words[COMMANDS + 1] = { NULL }, *guess;

    for (size_t i = 0; i < COMMANDS; i++)
        words[i] = commands[i].name;
    guess = nearest(word, words);
    return fail(USAGE, "unknown command \"%s\"%s%s%s", word, guess ? "; did you mean " : "", guess ? guess : "",
                guess ? "?" : "");
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        help();
        return USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
        return help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return version();
    for (size_t i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, argv[1]) == 0) {
            const char *topic = args_help_topic(argc - 1, argv + 1);

            set_command(commands[i].name);
            return topic ? param_help(topic) : commands[i].run(argc - 1, argv + 1);
        }
    return unknown(argv[1]);
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

int main(int argc, char **argv)
{
    int status;

    json_set_alloc_funcs(take, free);
    status = run(argc, argv);

    if (fflush(stdout) != 0 || ferror(stdout)) {
        fprintf(stderr, "snn: standard output: could not be written\n");
        if (status == DONE)
            status = FAILED;
    }
    return status;
}
