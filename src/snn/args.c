/* args.c - flags. */
#include "args.h"

#include "config.h"
#include "help.h"
#include "number.h"
#include "params.h"
#include "progress.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

const struct flag common_flags[] = {
    { "plain", NULL, NULL, "progress in whole lines, as with TERM=dumb, or where it goes to a file" },
    { NULL, NULL, NULL, NULL },
};

static int help_at(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return i;
    return 0;
}

bool args_want_help(int argc, char **argv)
{
    return help_at(argc, argv) > 0;
}

const char *args_help_topic(int argc, char **argv)
{
    int at = help_at(argc, argv);

    return at > 0 && at + 1 < argc && argv[at + 1][0] != '-' ? argv[at + 1] : NULL;
}

static void print_flags(const struct flag *flags)
{
    char left[80], words[200], text[600];

    for (; flags->name; flags++) {
        bool some =
            flags->path && strcmp(flags->path, "network") != 0 && param_words(flags->path, words, sizeof words);

        snprintf(left, sizeof left, "%s%s%s%s", flag_dashes(flags->name), flags->name, flags->value ? " " : "",
                 flags->value ? flags->value : "");
        snprintf(text, sizeof text, "%s%s%s", some ? words : "", some ? "; " : "", flags->help);
        help_item(36, left, text);
    }
}

void args_help(const struct flag *flags)
{
    print_flags(flags);
    print_flags(common_flags);
}

static const struct flag *find(const struct flag *flags, const char *name)
{
    for (; flags->name; flags++)
        if (strcmp(flags->name, name) == 0)
            return flags;
    return NULL;
}

static int unknown(const struct flag *flags, bool parameters, const char *name)
{
    const char *words[128], *guess = parameters || strchr(name, '.') ? param_meant(name) : NULL;
    size_t n = 0;

    for (; flags->name && n < 127; flags++)
        words[n++] = flags->name;
    words[n] = NULL;
    if (!guess && !strchr(name, '.'))
        guess = nearest(name, words);
    return fail(USAGE, "unknown flag --%s%s%s%s", name, guess ? "; did you mean --" : "", guess ? guess : "",
                guess ? "?" : "");
}

static int store(struct args *args, const char *name, const char *path, const char *value)
{
    if (path)
        return config_set_text(args->config, path, name, value);
    if (json_object_set_new(args->own, name, json_string(value)) != 0)
        return fail(USAGE, "%s%s: the value is not UTF-8", flag_dashes(name), name);
    return DONE;
}

/* In "--save=~/x" no shell expands what it expands in "--save ~/x". */
static int store_at_home(struct args *args, const char *name, const char *path, const char *value)
{
    char *whole = at_home(value);
    int status = whole ? store(args, name, path, whole) : USAGE;

    free(whole);
    return status;
}

/* True of "--name" and of "-n", if there is such a flag. */
static bool is_flag(const struct flag *flags, const char *word)
{
    return word[0] == '-' && (word[1] == '-' || (word[1] && !word[2] && find(flags, word + 1)));
}

/* Reads "--name", "--name value", "--name=value" or "-n value" at argv[*i]. */
static int parse_flag(struct args *args, const struct flag *flags, bool parameters, int argc, char **argv, int *i)
{
    char name[96];
    const char *word = argv[*i] + (argv[*i][1] == '-' ? 2 : 1), *equals = strchr(word, '='), *value;
    size_t length = equals ? (size_t)(equals - word) : strlen(word);
    const struct flag *flag;
    const char *path;

    if (length >= sizeof name)
        return fail(USAGE, "unknown flag %s", argv[*i]);
    memcpy(name, word, length);
    name[length] = '\0';
    if (find(common_flags, name) && !equals) {
        progress_plain();
        return DONE;
    }
    flag = find(flags, name);
    if (!flag && !(parameters && strchr(name, '.') && config_kind(name) != KIND_NONE))
        return unknown(flags, parameters, name);
    path = flag ? flag->path : name;
    if (flag && !flag->value) {
        if (equals)
            return fail(USAGE, "%s%s takes no value", flag_dashes(name), name);
        return store(args, name, path, "1");
    }
    if (!equals && *i + 1 >= argc)
        return fail(USAGE, "%s%s needs a value%s%s", flag_dashes(name), name, flag ? ": " : "",
                    flag ? flag->value : "");
    value = equals ? equals + 1 : argv[++*i];
    return equals && value[0] == '~' ? store_at_home(args, name, path, value) : store(args, name, path, value);
}

int args_parse(struct args *args, const struct flag *flags, bool parameters, size_t most_positional, int argc,
               char **argv)
{
    bool only_words = false;

    memset(args, 0, sizeof *args);
    args->config = json_object();
    args->own = json_object();
    if (!args->config || !args->own)
        return fail(FAILED, "out of memory");
    for (int i = 1; i < argc; i++) {
        if (!only_words && strcmp(argv[i], "--") == 0) {
            only_words = true;
        } else if (!only_words && is_flag(flags, argv[i])) {
            int status = parse_flag(args, flags, parameters, argc, argv, &i);
            if (status != DONE)
                return status;
        } else if (!only_words && argv[i][0] == '-' && argv[i][1]) {
            return fail(USAGE, "unknown flag %s: flags begin with two dashes", argv[i]);
        } else if (args->count >= most_positional) {
            return fail(USAGE, "\"%s\" is an unexpected argument", argv[i]);
        } else {
            args->positional[args->count++] = argv[i];
        }
    }
    return DONE;
}

void args_free(struct args *args)
{
    json_decref(args->config);
    json_decref(args->own);
}

const char *args_text(const struct args *args, const char *name)
{
    return json_string_value(json_object_get(args->own, name));
}

bool args_has(const struct args *args, const char *name)
{
    return json_object_get(args->own, name) != NULL;
}

int args_whole(const struct args *args, const char *name, int64_t low, int64_t high, int64_t absent, int64_t *out)
{
    const char *text = args_text(args, name);

    *out = absent;
    return text ? number_whole(name, text, low, high, out) : DONE;
}

int args_real(const struct args *args, const char *name, double low, double high, double absent, double *out)
{
    const char *text = args_text(args, name);

    *out = absent;
    return text ? number_real(name, text, low, high, out) : DONE;
}

size_t args_list(const char *text, char word[][32], size_t most)
{
    size_t n = 0;

    while (*text && n < most) {
        size_t length = strcspn(text, ",");
        if (length > 0 && length < 32) {
            memcpy(word[n], text, length);
            word[n++][length] = '\0';
        }
        text += length + (text[length] == ',');
    }
    return n;
}
