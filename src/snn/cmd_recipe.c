/* cmd_recipe.c - snn recipe: lists, shows, tries and runs the experiments of papers. */
#include "command.h"
#include "progress.h"
#include "recipe.h"
#include "tool.h"
#include "train.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct request {
    const char *name, *data, *recipes;
    bool show, try, json;
    char **rest; /* arguments of the command that runs it */
    int count;
};

static const struct flag own_flags[] = {
    { "data", "DIR", NULL, "folder of the data set; its files have the names under which they are published" },
    { "show", NULL, NULL, "print the recipe, a configuration that snn train CONFIG.json reads" },
    { "try", NULL, NULL,
      "train a few batches instead, of DIR, or else of random samples: bytes of memory, samples per second, and the "
      "hours that the whole run will take on this machine" },
    { "recipes", "DIR", NULL,
      "folder of the recipes; default: the environment's SNN_RECIPES, or share/snn/recipes beside bin/" },
    { "json", NULL, NULL, "one JSON object per line on standard output, for machines" },
    { NULL, NULL, NULL, NULL },
};

/* ---- the list */

static void print_row(const char *name, const char *paper, const char *data, const char *published,
                      const char *network)
{
    printf("%-30s %-5s %-15s %9s  %s\n", name, paper, data, published, network);
}

static void print_json(const struct recipe *recipe, void *user)
{
    json_t *row = json_deep_copy(recipe->head);

    (void)user;
    json_object_set_new(row, "name", json_string(recipe->name));
    json_object_set_new(row, "network", json_string(run_name(recipe->config)));
    json_line(row, 9);
}

static void print_text(const struct recipe *recipe, void *user)
{
    double accuracy = recipe_number(recipe, "accuracy");
    char published[16] = "";
    bool *headed = user;

    if (!isnan(accuracy))
        snprintf(published, sizeof published, "%.2f%%", accuracy);
    if (!*headed)
        print_row("recipe", "paper", "data", "published", "network");
    *headed = true;
    print_row(recipe->name, recipe_text(recipe, "paper"), recipe_text(recipe, "data"), published,
              run_name(recipe->config));
}

/* ---- one of them */

static int show(const struct recipe *recipe)
{
    char block[4096];
    FILE *file;
    size_t n;

    if (open_to_read(&file, recipe->path) != DONE)
        return FAILED;
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        fwrite(block, 1, n, stdout);
    fclose(file);
    return DONE;
}

static int try(const struct recipe *recipe, const struct request *r)
{
    struct args args;
    char data[4200];
    const char *name;
    json_t *value;
    int status = args_parse(&args, train_flags, true, 0, r->count, r->rest);

    if (status == DONE)
        json_object_foreach(args.own, name, value) if (strcmp(name, "json") != 0 && status == DONE) status =
            fail(USAGE, "--%s does not go with --try", name);
    if (status == DONE && r->data)
        status = recipe_data(recipe, r->data, data, sizeof data);
    if (status == DONE)
        status = recipe_try(recipe, r->data ? data : NULL, &args);
    args_free(&args);
    return status;
}

/* A second stage would begin at random without a word. */
static int check_start(const struct recipe *recipe, const struct request *r)
{
    const char *after = recipe_text(recipe, "after");

    for (int i = 1; i < r->count; i++)
        if (strcmp(r->rest[i], "--start") == 0 || strncmp(r->rest[i], "--start=", 8) == 0)
            return DONE;
    return !*after ? DONE
                   : fail(USAGE, "%s begins with the weights of %s: run that first, and add --start MODEL",
                          recipe->name, after);
}

/* The command's own arguments: the recipe, its data, and what the user adds. */
static int run(const struct recipe *recipe, const struct request *r)
{
    char data[4200], *argv[64] = { r->rest[0], (char *)recipe->path, (char *)"--data", data };
    int status;

    if (!r->data)
        return fail(USAGE, "%s needs --data DIR, a folder with the files of the data set %s: %s", recipe->name,
                    recipe_text(recipe, "data"), recipe_files(recipe));
    status = check_start(recipe, r);
    if (status == DONE)
        status = recipe_data(recipe, r->data, data, sizeof data);
    if (status != DONE)
        return status;
    if (r->count + 3 > 64)
        return fail(USAGE, "too many arguments");
    memcpy(argv + 4, r->rest + 1, (size_t)(r->count - 1) * sizeof *argv);
    return (json_object_get(recipe->config, "continual") ? &continual_command : &train_command)
        ->run(r->count + 3, argv);
}

/* ---- arguments: what is not this command's own goes on to the one that trains */

/* The value of "--name VALUE" or "--name=VALUE" at argv[*i], or NULL if another argument is there. */
static const char *value_of(const char *name, int argc, char **argv, int *i)
{
    const size_t length = strlen(name);

    if (strncmp(argv[*i], name, length) != 0)
        return NULL;
    if (argv[*i][length] == '=')
        return argv[*i] + length + 1;
    return argv[*i][length] == '\0' && *i + 1 < argc ? argv[++*i] : NULL;
}

static void read_arguments(struct request *r, int argc, char **argv)
{
    r->rest[r->count++] = argv[0];
    for (int i = 1; i < argc; i++) {
        const char *value;

        if (strcmp(argv[i], "--show") == 0)
            r->show = true;
        else if (strcmp(argv[i], "--try") == 0)
            r->try = true;
        else if ((value = value_of("--recipes", argc, argv, &i)) != NULL)
            r->recipes = value;
        else if ((value = value_of("--data", argc, argv, &i)) != NULL)
            r->data = value;
        else if (strcmp(argv[i], "--plain") == 0)
            progress_plain();
        else if (i == 1 && argv[i][0] != '-')
            r->name = argv[i];
        else
            r->rest[r->count++] = argv[i];
        r->json = r->json || strcmp(argv[i], "--json") == 0;
    }
}

static int recipe(const struct request *r)
{
    struct recipe recipe;
    char folder[1000];
    int status = recipe_folder(r->recipes, folder, sizeof folder);

    if (status != DONE)
        return status;
    if (!r->name && (r->show || r->try || r->data || r->count > 1 + r->json))
        return fail(USAGE, "which recipe? its name comes first, as in snn recipe ide-fashion-mnist --try");
    if (!r->name)
        return recipe_all(folder, r->json ? print_json : print_text, &(bool){ false });
    status = recipe_open(&recipe, folder, r->name);
    if (status == DONE)
        status = r->show ? show(&recipe) : r->try ? try(&recipe, r) : run(&recipe, r);
    recipe_close(&recipe);
    return status;
}

static int run_recipe(int argc, char **argv)
{
    struct request r = { .rest = calloc((size_t)argc + 1, sizeof *r.rest) };
    int status;

    if (!r.rest)
        return fail(FAILED, "out of memory");
    read_arguments(&r, argc, argv);
    status = recipe(&r);
    free(r.rest);
    return status;
}

const struct command recipe_command = {
    .name = "recipe",
    .does = "train a network with the settings of a paper",
    .usage = "[NAME --data DIR [FLAGS] | NAME --try [--data DIR] [FLAGS] | NAME --show]",
    .about = "Trains a network as the authors of a paper did, on their data in the folder DIR; without a name, lists "
             "what there is. FLAGS are those of snn train (snn train --help), or of snn continual for a sequence of "
             "tasks, and go before the recipe's settings.",
    .flags = own_flags,
    .ranks = RANKS_ALL,
    .run = run_recipe,
};
