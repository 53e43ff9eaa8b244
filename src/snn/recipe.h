/* recipe.h - the experiments of papers: files share/snn/recipes/NAME.json, configurations of a run under a head that
 * says what the run is.
 *
 *   { "recipe": { "paper": "OTTT", "arxiv": "2210.04195", "data": "CIFAR-10",
 *                 "shape": [3, 32, 32], "classes": 10, "samples": 50000, "accuracy": 93.52, "source": "..." },
 *     "network": "vgg11-ws", ... }
 *
 * shape and classes are those of a sample as the network gets it, samples is the size of the training set, or of
 * those of all tasks, accuracy is in per cent as published, where source says, or null. "after" names the recipe with
 * whose weights a second stage begins. A file with a section "continual" is run by snn continual. */
#ifndef SNN_TOOL_RECIPE_H
#define SNN_TOOL_RECIPE_H

#include "args.h"

struct recipe {
    char name[64], path[1024];
    json_t *head, *config; /* config as it stands in the file, head included */
};

/* The folder of the recipes: the one given, that of the environment's SNN_RECIPES, or the one beside the tool.
 * Returns DONE or FAILED. */
int recipe_folder(const char *given, char *out, size_t size);
/* Calls `each` with all recipes of a folder by name. Returns DONE, or FAILED if one is damaged, and says which. */
int recipe_all(const char *folder, void (*each)(const struct recipe *recipe, void *user), void *user);
/* Opens one by name; without it lists names that are near. Returns DONE, FAILED or USAGE. */
int recipe_open(struct recipe *out, const char *folder, const char *name);
void recipe_close(struct recipe *recipe);

/* Text and number of the head, checked when it was opened; "" and NaN where it has none. */
const char *recipe_text(const struct recipe *recipe, const char *key);
double recipe_number(const struct recipe *recipe, const char *key);

/* The data in `folder`, "cifar10:FOLDER", into `out`. Says which files are expected where they are not. Returns DONE
 * or FAILED. */
int recipe_data(const struct recipe *recipe, const char *folder, char *out, size_t size);
/* The files that the recipe's data consists of. */
const char *recipe_files(const struct recipe *recipe);

/* Trains some batches of `data`, "cifar10:FOLDER", or of random samples if NULL, and prints memory, speed and the
 * hours that the whole run will take. */
int recipe_try(const struct recipe *recipe, const char *data, const struct args *args);

#endif
