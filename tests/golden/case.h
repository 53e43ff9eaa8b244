/* A golden case: case.txt and the arrays beside it. */
#ifndef SNN_TESTS_CASE_H
#define SNN_TESTS_CASE_H

#include "npy.h"
#include <stdint.h>

#define CASE_ARRAYS_MAX 1024
#define CASE_LAYERS_MAX 256
#define CASE_WORDS_MAX 64

struct case_array {
    char name[96];
    struct npy want;
    float *got; /* [want.length], what the library computed; NULL: not yet */
    bool used;  /* read as input, or compared */
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
/* A whole number; INT64_MIN, which nothing takes, if it is none of at most a billion. */
int64_t case_whole(const struct golden_case *c, const char *key, int64_t otherwise);
/* The same between 1 and `most`; 0, said on stderr, if it is not. */
size_t case_count(const struct golden_case *c, const char *key, int64_t otherwise, size_t most);
/* Value of a layer's key, or NULL. */
const char *case_layer_text(const struct case_layer *layer, const char *key);
double case_layer_number(const struct case_layer *layer, const char *key, double otherwise);
/* Room for the n numbers that the library computes, zeroed at first; NULL if the case has no such array of n
 * numbers. */
float *case_room(struct case_array *a, size_t n);
/* What was put there before; NULL if there is nothing of that length. */
const float *case_got(const struct case_array *a, size_t n);
/* An array by name, formatted; NULL if the case has none of it. */
struct case_array *case_array(struct golden_case *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Numbers that the case gives, and marks them as used; NULL, said on stderr, unless it has n of them. n = 0: any
 * number. */
float *case_given(struct golden_case *c, size_t n, const char *name);
/* The shape of such an array; NULL, said on stderr, unless it has this rank. */
const size_t *case_shape(struct golden_case *c, size_t rank, const char *name);
/* Class numbers from numbers; false, said on stderr, unless all are whole and below `classes`. */
bool case_labels(struct golden_case *c, const float *x, size_t n, size_t classes, uint32_t *labels);

#endif
