/* help.c - what the tool says of itself, and snn help. */
#include "help.h"

#include "params.h"
#include "tool.h"

#include <ctype.h>
#include <string.h>

static bool roff;  /* a manual page, in place of text */
static bool blank; /* the last line of the text is empty */

/* Text of `length` bytes in which a hyphen is one, and nothing is a request of roff. */
static void print_roff(const char *text, size_t length)
{
    if (*text == '.' || *text == '\'')
        fputs("\\&", stdout);
    for (; length > 0; text++, length--)
        if (*text == '\\')
            fputs("\\e", stdout);
        else if (*text == '-')
            fputs("\\-", stdout);
        else
            putchar(*text);
}

void help_heading(const char *words)
{
    printf(roff ? ".SH " : blank ? "" : "\n");
    for (const char *c = words; *c; c++)
        putchar(roff ? toupper((unsigned char)*c) : *c);
    printf(roff ? "\n" : ":\n");
}

void help_text(const char *paragraphs)
{
    char line[1200];

    for (size_t n; *paragraphs; paragraphs += n + (paragraphs[n] == '\n')) {
        n = strcspn(paragraphs, "\n");
        if (roff) {
            printf(".PP\n");
            print_roff(paragraphs, n);
            putchar('\n');
        } else {
            snprintf(line, sizeof line, "%.*s", (int)n, paragraphs);
            print_folded(0, line);
            putchar('\n');
        }
    }
    blank = true;
}

void help_item(size_t width, const char *item, const char *text)
{
    if (roff) {
        printf(".TP\n.B ");
        print_roff(item, strlen(item));
        putchar('\n');
        print_roff(text, strlen(text));
        putchar('\n');
    } else {
        printf("  %-*s ", (int)width, item);
        print_folded(width + 3, text);
    }
    blank = false;
}

static void print_title(const char *name, const char *does)
{
    printf(".TH ");
    for (const char *c = name; *c; c++)
        printf(*c == '-' ? "\\-" : "%c", toupper((unsigned char)*c));
    printf(" 1 \"\" \"snn %s\" \"snn\"\n.SH NAME\n", snn_version_string());
    print_roff(name, strlen(name));
    printf(" \\- ");
    print_roff(does, strlen(does));
    putchar('\n');
}

/* The forms of a command, a line each. */
static void print_usage(const char *name, const char *usage)
{
    const char *lead = roff ? ".SH SYNOPSIS\n.nf\n" : "usage: ";

    for (size_t n; *usage; usage += n + (usage[n] == '\n')) {
        n = strcspn(usage, "\n");
        printf("%ssnn %s%s", lead, name, *name && n ? " " : "");
        if (roff)
            print_roff(usage, n);
        else
            printf("%.*s", (int)n, usage);
        putchar('\n');
        lead = roff ? "" : "       ";
    }
    printf(roff ? ".fi\n" : "\n");
}

static void print_others(const char *but)
{
    const char *comma = "";

    printf(".SH SEE ALSO\n");
    if (*but) {
        printf(".BR snn (1)");
        comma = ",\n";
    }
    for (const struct command *const *c = commands; *c; c++)
        if ((*c)->usage && strcmp((*c)->name, but) != 0) {
            printf("%s.BR snn\\-%s (1)", comma, (*c)->name);
            comma = ",\n";
        }
    putchar('\n');
}

/* The topics of param_help(): sections whose parameters have one owner, then those of kinds. */
static void print_topics(void)
{
    char text[400] = "Every parameter is a flag, too, and a key of CONFIG.json: --optimizer.nesterov 1. 'snn train "
                     "--help TOPIC' lists them, where TOPIC is all, network";
    size_t used = strlen(text);

    for (const char *const *section = param_sections; *section; section++)
        if (param_owners(*section) == 1 && used < sizeof text)
            used += (size_t)snprintf(text + used, sizeof text - used, ", %s", *section);
    if (used < sizeof text)
        snprintf(text + used, sizeof text - used, ", one of these sections, or one of its kinds:");
    help_heading("parameters");
    help_text(text);
    for (const char *const *section = param_sections; *section; section++) {
        char kinds[400] = "";

        used = 0;
        for (unsigned i = 0; param_owners(*section) > 1 && param_owner(*section, i) && used < sizeof kinds; i++)
            used += (size_t)snprintf(kinds + used, sizeof kinds - used, "%s%s", i > 0 ? " " : "",
                                     param_owner(*section, i));
        if (used > 0)
            help_item(10, *section, kinds);
    }
}

int help_on(const struct command *command)
{
    char name[40];

    snprintf(name, sizeof name, "snn-%s", command->name);
    if (roff)
        print_title(name, command->does);
    print_usage(command->name, command->usage);
    printf(roff ? ".SH DESCRIPTION\n" : "");
    help_text(command->about);
    printf(roff ? ".SH OPTIONS\n" : "");
    args_help(command_flags(command));
    if (command->lists)
        command->lists();
    if (command->parameters)
        print_topics();
    if (roff)
        print_others(command->name);
    return DONE;
}

int help_all(void)
{
    static const char statuses[] =
        "0 success, 1 failure, 2 wrong usage, 130 interrupted by a signal (train: with a checkpoint)";

    if (roff)
        print_title("snn", "trains, evaluates and describes spiking neural networks");
    else
        printf("snn %s - spiking neural networks\n\n", snn_version_string());
    print_usage("", "COMMAND [ARGUMENTS]");
    printf(roff ? ".SH COMMANDS\n" : "");
    for (const struct command *const *c = commands; *c; c++)
        help_item(10, (*c)->name, (*c)->does);
    printf(roff ? ".SH OPTIONS\n" : "\n");
    help_item(18, "COMMAND --help", "arguments of a command, with all defaults");
    help_item(18, "--version", "version and contents of the library");
    help_heading("exit status");
    if (roff) {
        help_text(statuses);
        print_others("");
    } else {
        print_folded(0, statuses);
    }
    return DONE;
}

/* ---- snn help */

static const struct flag flags[] = {
    { "man", NULL, NULL, "as a manual page, for man(1)" },
    { NULL, NULL, NULL, NULL },
};

static int help(const struct args *args)
{
    const char *name = args->positional[0];
    const struct command *command = name ? command_named(name) : NULL;

    roff = args_has(args, "man");
    if (!name)
        return help_all();
    if (!command)
        return fail(USAGE, "no command \"%s\"; snn help lists all", name);
    if (args->count > 1)
        return param_help(args->positional[1]);
    return command->usage ? help_on(command) : command->run(0, NULL);
}

static int run(int argc, char **argv)
{
    struct args args;
    int status = args_parse(&args, flags, false, 2, argc, argv);

    if (status == DONE)
        status = help(&args);
    args_free(&args);
    return status;
}

const struct command help_command = {
    .name = "help",
    .does = "what a command does, as snn COMMAND --help",
    .usage = "[COMMAND [TOPIC]] [FLAGS]",
    .about = "Prints what there is to know of a command, or of a topic of its parameters, as snn COMMAND --help "
             "TOPIC does; without a command, lists all.",
    .flags = flags,
    .ranks = RANKS_SAME,
    .run = run,
};
