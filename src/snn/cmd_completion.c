/* cmd_completion.c - snn completion: scripts for shells, and the words that these offer, from the tables that --help
 * prints. */
#include "command.h"
#include "params.h"
#include "recipe.h"
#include "tool.h"

#include <string.h>

/* ---- words */

/* The word that is being completed: what stays of it, and how the rest begins. */
struct begun {
    char before[400];
    const char *rest;
};

static void offer(const struct begun *b, const char *dashes, const char *word, const char *after, const char *text)
{
    char whole[200];

    snprintf(whole, sizeof whole, "%s%s%s", dashes, word, after);
    if (strncmp(whole, b->rest, strlen(b->rest)) == 0)
        printf("%s%s\t%s\n", b->before, whole, text);
}

/* Of "a, b, c". */
static void offer_list(const struct begun *b, const char *list, const char *after)
{
    char word[100];

    for (size_t n; *list; list += n + strspn(list + n, ", ")) {
        n = strcspn(list, ",");
        snprintf(word, sizeof word, "%.*s", (int)n, list);
        offer(b, "", word, after, "");
    }
}

static void offer_commands(const struct begun *b)
{
    for (const struct command *const *c = commands; *c; c++)
        if ((*c)->usage)
            offer(b, "", (*c)->name, "", (*c)->does);
}

static void offer_flags(const struct begun *b, const struct command *command)
{
    char name[100];
    const struct param *p;

    for (const struct flag *f = command_flags(command); f->name; f++)
        offer(b, flag_dashes(f->name), f->name, "", f->help);
    for (const struct flag *f = common_flags; f->name; f++)
        offer(b, "--", f->name, "", f->help);
    offer(b, "--", "help", "", "what the command does");
    for (size_t s = 0; command->parameters && !strchr(b->rest, '.') && param_sections[s]; s++)
        if (param_owners(param_sections[s]) > 0)
            offer(b, "--", param_sections[s], ".", "its parameters");
    for (size_t i = 0; command->parameters && strchr(b->rest, '.') && (p = param_row(i)) != NULL; i++) {
        snprintf(name, sizeof name, "%s.%s", p->section, p->info.name);
        offer(b, "--", name, "", p->info.help);
    }
}

static const struct flag *flag_named(const struct command *command, const char *name)
{
    for (const struct flag *f = command_flags(command); f->name; f++)
        if (strcmp(f->name, name) == 0)
            return f;
    return NULL;
}

/* True if a value follows the argument. */
static bool takes_value(const struct command *command, const char *argument)
{
    const struct flag *flag;

    if (argument[0] != '-')
        return false;
    flag = flag_named(command, argument + strspn(argument, "-"));
    return flag ? flag->value != NULL : strchr(argument, '.') && !strchr(argument, '=');
}

/* The words that a flag takes, of a list the last one; nothing where it takes a file or a number. */
static void offer_values(struct begun *b, const struct command *command, const char *name)
{
    const struct flag *flag = flag_named(command, name);
    const char *path = flag ? flag->path : name, *comma = strrchr(b->rest, ',');
    size_t used = strlen(b->before);
    char words[1200];

    if (!path || !param_words(path, words, sizeof words))
        return;
    if (comma) {
        snprintf(b->before + used, sizeof b->before - used, "%.*s", (int)(comma + 1 - b->rest), b->rest);
        b->rest = comma + 1;
    }
    offer_list(b, words, strcmp(path, "data") == 0 ? ":" : "");
}

static void offer_recipe(const struct recipe *recipe, void *user)
{
    offer(user, "", recipe->name, "", recipe_text(recipe, "paper"));
}

/* What param_help() knows. */
static void offer_topics(const struct begun *b)
{
    offer(b, "", "all", "", "every parameter");
    offer(b, "", "network", "", "networks with a name");
    for (const char *const *section = param_sections; *section; section++) {
        offer(b, "", *section, "", "a section of parameters");
        for (unsigned i = 0; param_owners(*section) > 1 && param_owner(*section, i); i++)
            offer(b, "", param_owner(*section, i), "", *section);
    }
}

static void offer_first(struct begun *b, const struct command *command)
{
    char folder[1000];

    if (command->words)
        offer_list(b, command->words, "");
    if (command == &help_command)
        offer_commands(b);
    if (command == &recipe_command && recipe_folder(NULL, folder, sizeof folder) == DONE)
        recipe_all(folder, offer_recipe, b);
}

/* argv: the command and its arguments, the last one unfinished. */
static void offer_argument(const struct command *command, int argc, char **argv)
{
    char *last = argv[argc - 1];
    struct begun b = { "", last };
    const char *equals = strncmp(last, "--", 2) == 0 ? strchr(last, '=') : NULL;
    char name[100];
    int words = 0;

    for (int i = 1; i + 1 < argc; i++)
        if (takes_value(command, argv[i]))
            i++;
        else
            words += argv[i][0] != '-';
    if (equals) {
        snprintf(b.before, sizeof b.before, "%.*s", (int)(equals + 1 - last), last);
        b.rest = equals + 1;
        snprintf(name, sizeof name, "%.*s", (int)(equals - last - 2), last + 2);
        offer_values(&b, command, name);
    } else if ((argc > 2 && strcmp(argv[argc - 2], "--help") == 0) || (command == &help_command && words == 1)) {
        offer_topics(&b);
    } else if (argc > 2 && takes_value(command, argv[argc - 2])) {
        offer_values(&b, command, argv[argc - 2] + strspn(argv[argc - 2], "-"));
    } else if (last[0] == '-') {
        offer_flags(&b, command);
    } else if (words == 0) {
        offer_first(&b, command);
    }
}

static int words(int argc, char **argv)
{
    const struct command *command = argc > 1 ? command_named(argv[0]) : NULL;

    if (argc == 1) {
        struct begun b = { "", argv[0] };

        offer_commands(&b);
        offer(&b, "--", "help", "", "a list of the commands");
        offer(&b, "--", "version", "", "version and contents of the library");
    } else if (command && command->usage) {
        offer_argument(command, argc, argv);
    }
    return DONE;
}

/* ---- scripts, each a question to the tool: nothing offered stands for a file */

static const char bash[] =
    "# bash completion of snn\n"
    "_snn()\n"
    "{\n"
    "    local line=${COMP_LINE:0:COMP_POINT} word=${COMP_WORDS[COMP_CWORD]} typed offered\n"
    "    read -ra typed <<<\"$line\"\n"
    "    [[ $line == *[[:space:]] ]] && typed+=('')\n"
    "    mapfile -t offered < <(\"${typed[0]/#\\~/$HOME}\" completion words -- \"${typed[@]:1}\" 2>/dev/null | cut "
    "-f1)\n"
    "    [[ $word == [:=] ]] && word=\n"
    "    COMPREPLY=(\"${offered[@]#\"${typed[-1]%\"$word\"}\"}\") # bash ends words at : and =\n"
    "    [[ ${#COMPREPLY[@]} -eq 1 && $COMPREPLY == *[.:] ]] && compopt -o nospace\n"
    "}\n"
    "complete -o default -F _snn snn\n";

static const char zsh[] =
    "#compdef snn\n"
    "compdef _snn snn\n"
    "_snn()\n"
    "{\n"
    "    local -a offered names shown parts part_names\n"
    "    local line name\n"
    "    offered=(\"${(@f)$(\"${(Q)words[1]}\" completion words -- \"${(@)words[2,CURRENT-1]}\" \"$PREFIX\" "
    "2>/dev/null)}\")\n"
    "    for line in $offered; do\n"
    "        name=${line%%$'\\t'*}\n"
    "        if [[ $name == *[.:] ]]; then\n"
    "            parts+=(\"$name\")\n"
    "        else\n"
    "            names+=(\"$name\")\n"
    "            shown+=(\"${(r:24:)name}  ${line#*$'\\t'}\")\n"
    "        fi\n"
    "    done\n"
    "    if (( $#names + $#parts == 0 )); then\n"
    "        compset -P '*[:=]'\n"
    "        _files\n"
    "        return\n"
    "    fi\n"
    "    (( $#names )) && compadd -l -d shown -a names\n"
    "    (( $#parts )) && compadd -S '' -a parts\n"
    "}\n"
    "[[ $funcstack[1] == _snn ]] && _snn\n"
    "true\n";

static const char fish[] =
    "# fish completion of snn\n"
    "function __snn_words\n"
    "    set -l typed (commandline -opc)\n"
    "    set -l word (commandline -ct)\n"
    "    set -l offered ($typed[1] completion words -- $typed[2..-1] \"$word\" 2>/dev/null)\n"
    "    if set -q offered[1]\n"
    "        printf '%s\\n' $offered\n"
    "    else\n"
    "        set -l lead (string match -r '^.*[:=]' -- \"$word\")\n"
    "        for file in (__fish_complete_path (string replace -r '^.*[:=]' '' -- \"$word\"))\n"
    "            echo \"$lead$file\"\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c snn -f -a '(__snn_words)'\n";

static const struct {
    const char *shell, *script;
} scripts[] = { { "bash", bash }, { "zsh", zsh }, { "fish", fish } };

static const struct flag flags[] = { { NULL, NULL, NULL, NULL } };

static int run(int argc, char **argv)
{
    const bool asked = argc > 3 && strcmp(argv[1], "words") == 0 && strcmp(argv[2], "--") == 0;
    struct args args;
    int status;

    if (asked)
        return words(argc - 3, argv + 3);
    status = args_parse(&args, flags, false, 1, argc, argv);
    for (size_t i = 0; status == DONE && args.count == 1 && i < sizeof scripts / sizeof *scripts; i++)
        if (strcmp(scripts[i].shell, args.positional[0]) == 0) {
            fputs(scripts[i].script, stdout);
            args_free(&args);
            return DONE;
        }
    args_free(&args);
    return status == DONE ? fail(USAGE, "of which shell? snn completion bash, zsh or fish") : status;
}

const struct command completion_command = {
    .name = "completion",
    .does = "commands, flags and their words for bash, zsh or fish",
    .usage = "bash|zsh|fish\nwords -- [ARGUMENT...]",
    .about =
        "Prints a script with which a shell completes what follows snn: 'source <(snn completion bash)' in "
        "~/.bashrc, 'source <(snn completion zsh)' after compinit in ~/.zshrc, 'snn completion fish | source' in "
        "config.fish. Packages install it.\n"
        "The script asks 'snn completion words -- ARGUMENT...' for what the last argument may become: a line for "
        "each word, with its meaning after a tab; nothing where it is a file or a number.",
    .words = "bash, zsh, fish",
    .flags = flags,
    .ranks = RANKS_SAME,
    .run = run,
};
