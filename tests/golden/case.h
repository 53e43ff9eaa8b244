/* A golden case: case.txt and the arrays beside it. */
#ifndef SNN_TESTS_CASE_H
#define SNN_TESTS_CASE_H

#include "npy.h"

#define CASE_ARRAYS_MAX 1024
#define CASE_LAYERS_MAX 256
#define CASE_WORDS_MAX 64

struct case_array {
    char name[96];
    struct npy want;
    float *got;   /* [want.length], what the library computed; NULL: not yet */
    bool used;    /* read as input, or compared */
};

/* One layer line: name, type, then words. */
struct case_layer {
    char *word[CASE_WORDS_MAX];
    size_t n;
};

struct golden_case {
    char dir[1024];
    char *text; /* case.txt, cut into words in place */
    char *key[CASE_WORDS_MAX], *value[CASE_WORDS_MAX];
    size_t n_keys;
    struct case_layer layer[CASE_LAYERS_MAX];
    size_t n_layers;
    struct case_layer lateral[CASE_LAYERS_MAX]; /* lines that begin with "lateral": name, then pairs */
    size_t n_laterals;
    struct case_array array[CASE_ARRAYS_MAX];
    size_t n_arrays;
};

/* Loads a folder; says on stderr what is wrong if it returns false. */
bool case_load(struct golden_case *c, const char *dir);
void case_free(struct golden_case *c);

/* Value of a key, or `otherwise`. */
const char *case_text(const struct golden_case *c, const char *key, const char *otherwise);
double case_number(const struct golden_case *c, const char *key, double otherwise);
/* Value of a layer's key, or NULL. */
const char *case_layer_text(const struct case_layer *layer, const char *key);
double case_layer_number(const struct case_layer *layer, const char *key, double otherwise);
/* Room for what the library computes, zeroed at first; NULL without memory. */
float *case_room(struct case_array *a);
/* An array by name, formatted; NULL if the case has none of it. */
struct case_array *case_array(struct golden_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
