/* recipe.c - the files of snn recipe. */
#include "recipe.h"
#include "config.h"
#include "tool.h"

#include <dirent.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST 256 /* recipes of a folder */

/* What every head holds, and what it is. */
static const struct {
    const char *key;
    json_type type;
} held[] = { { "paper", JSON_STRING }, { "arxiv", JSON_STRING },    { "data", JSON_STRING },
             { "shape", JSON_ARRAY },  { "classes", JSON_INTEGER }, { "samples", JSON_INTEGER },
             { "source", JSON_STRING } };

/* ---- one file */

static int check_head(const struct recipe *recipe)
{
    for (size_t i = 0; i < sizeof held / sizeof *held; i++)
        if (!recipe->head || json_typeof(recipe->head) != JSON_OBJECT ||
            !json_object_get(recipe->head, held[i].key) ||
            json_typeof(json_object_get(recipe->head, held[i].key)) != held[i].type)
            return fail(FAILED, "%s: \"recipe.%s\" is missing or of the wrong kind", recipe->path, held[i].key);
    return DONE;
}

/* The head is checked here, the settings by the command that runs them: a list needs none of what they name. */
static int load(struct recipe *out)
{
    json_error_t error;
    FILE *file;
    int status = open_to_read(&file, out->path);

    if (status != DONE)
        return status;
    out->config = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
    fclose(file);
    if (!out->config)
        return fail(FAILED, "%s: line %d, column %d: %s", out->path, error.line, error.column, error.text);
    out->head = json_incref(json_object_get(out->config, "recipe"));
    return check_head(out);
}

void recipe_close(struct recipe *recipe)
{
    json_decref(recipe->head);
    json_decref(recipe->config);
    memset(recipe, 0, sizeof *recipe);
}

const char *recipe_text(const struct recipe *recipe, const char *key)
{
    const char *text = json_string_value(json_object_get(recipe->head, key));

    return text ? text : "";
}

double recipe_number(const struct recipe *recipe, const char *key)
{
    const json_t *number = json_object_get(recipe->head, key);

    return json_is_number(number) ? json_number_value(number) : NAN;
}

/* ---- the folder */

int recipe_folder(const char *given, char *out, size_t size)
{
    const char *set = getenv("SNN_RECIPES");

    if (!given && set && *set)
        given = set;
    if (!given)
        return tool_share("recipes", out, size);
    snprintf(out, size, "%s", given);
    return DONE;
}

static int is_recipe(const struct dirent *entry)
{
    size_t length = strlen(entry->d_name);

    return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names without ".json", in order; each to be freed. */
static int names_in(const char *folder, char **name, size_t *n)
{
    struct dirent **entry;
    int found = scandir(folder, &entry, is_recipe, NULL);

    *n = 0;
    if (found < 0)
        return fail(FAILED, "%s: no such folder of recipes; --recipes or the environment's SNN_RECIPES names another",
                    folder);
    for (int i = 0; i < found; i++) {
        if (*n < MOST && (name[*n] = renamed(entry[i]->d_name, ".json", "")) != NULL)
            ++*n;
        free(entry[i]);
    }
    free(entry);
    qsort(name, *n, sizeof *name, by_name);
    return DONE;
}

static int open_named(struct recipe *out, const char *folder, const char *name)
{
    memset(out, 0, sizeof *out);
    snprintf(out->name, sizeof out->name, "%s", name);
    snprintf(out->path, sizeof out->path, "%s/%s.json", folder, name);
    return load(out);
}

int recipe_all(const char *folder, void (*each)(const struct recipe *recipe, void *user), void *user)
{
    char *name[MOST];
    size_t n;
    int status = names_in(folder, name, &n);

    for (size_t i = 0; i < n; i++) {
        struct recipe recipe;

        if (open_named(&recipe, folder, name[i]) == DONE)
            each(&recipe, user);
        else
            status = FAILED;
        recipe_close(&recipe);
        free(name[i]);
    }
    return status;
}

/* The names that begin as `wanted` does up to its first dash, or contain it, or are near. */
static int unknown(const char *wanted, char **name, size_t n)
{
    const char *words[MOST + 1], *guess;
    char list[400] = "";
    size_t stem = strcspn(wanted, "-"), used = 0;

    for (size_t i = 0; i < n; i++) {
        words[i] = name[i];
        if ((strncmp(name[i], wanted, stem) == 0 || strstr(name[i], wanted)) && used + 80 < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", name[i]);
    }
    words[n] = NULL;
    guess = nearest(wanted, words);
    if (guess)
        return fail(USAGE, "no recipe \"%s\"; did you mean %s?", wanted, guess);
    return fail(USAGE, "no recipe \"%s\"%s%s; snn recipe lists all", wanted, used ? "; near: " : "", list);
}

int recipe_open(struct recipe *out, const char *folder, const char *name)
{
    char *all[MOST];
    bool found = false;
    size_t n;
    int status = names_in(folder, all, &n);

    memset(out, 0, sizeof *out);
    for (size_t i = 0; i < n; i++)
        found = found || strcmp(all[i], name) == 0;
    if (status == DONE)
        status = found ? open_named(out, folder, name) : unknown(name, all, n);
    for (size_t i = 0; i < n; i++)
        free(all[i]);
    return status;
}

/* ---- its data */

#define IDX_FILES                                                                                                \
    "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte, each as " \
    "it is or .gz"

/* The data sets of the recipes, as they are published: the first of their files, NULL where an archive of any name
 * may hold it, and all. */
static const struct {
    const char *name, *first, *files;
} published[] = {
    { "MNIST", "train-images-idx3-ubyte", IDX_FILES },
    { "Fashion-MNIST", "train-images-idx3-ubyte", IDX_FILES },
    { "CIFAR-10", "data_batch_1.bin", "data_batch_1.bin .. data_batch_5.bin, test_batch.bin: the binary version" },
    { "CIFAR-100", "train.bin", "train.bin, test.bin: the binary version" },
    { "ImageNet", "train", "train/CLASS/NAME.JPEG and val/CLASS/NAME.JPEG, a folder for each of the 1,000 classes" },
    { "N-MNIST", NULL, "Train/LABEL/NUMBER.bin and Test/LABEL/NUMBER.bin, or archives of them" },
    { "DVS128 Gesture", "trials_to_train.txt",
      "NAME.aedat, NAME_labels.csv, trials_to_train.txt and trials_to_test.txt" },
    { "CIFAR10-DVS", "airplane", "CLASS/NAME.aedat, a folder for each of the ten classes" },
    { "five sets", "notmnist",
      "folders cifar10, mnist, svhn, fashion-mnist and notmnist: CIFAR-10 in its binary version, the others as idx "
      "files, into which SVHN ([n,3,32,32]) and notMNIST ([n,28,28]) have to be converted" },
};

static size_t find_data(const struct recipe *recipe)
{
    size_t i = 0;

    while (i < sizeof published / sizeof *published && strcmp(published[i].name, recipe_text(recipe, "data")) != 0)
        i++;
    return i;
}

const char *recipe_files(const struct recipe *recipe)
{
    size_t i = find_data(recipe);

    return i < sizeof published / sizeof *published ? published[i].files : "the files of its authors";
}

static bool holds(const char *folder, const char *name)
{
    static const char *const ending[] = { "", ".gz", ".zip" };
    char path[4096];

    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        snprintf(path, sizeof path, "%s/%s%s", folder, name, ending[i]);
        if (access(path, R_OK) == 0)
            return true;
    }
    return false;
}

/* A folder, or an archive, in which the first file is where it has to be. */
static bool is_there(const char *path, size_t data)
{
    const bool known = data < sizeof published / sizeof *published && published[data].first;

    return access(path, R_OK) == 0 && (!known || holds(path, published[data].first));
}

int recipe_data(const struct recipe *recipe, const char *folder, char *out, size_t size)
{
    const char *format = config_text(recipe->config, "data.format", "");
    size_t length = strlen(format);
    char *path;
    bool there;

    if (strncmp(folder, format, length) == 0 && folder[length] == ':')
        folder += length + 1;
    path = at_home(folder);
    if (!path)
        return FAILED;
    there = is_there(path, find_data(recipe));
    free(path);
    snprintf(out, size, "%s:%s", format, folder);
    return there ? DONE
                 : fail(FAILED, "%s: holds no %s, which is published as %s", folder, recipe_text(recipe, "data"),
                        recipe_files(recipe));
}
