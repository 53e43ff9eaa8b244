/* The one kind of .npy file that golden cases use: version 1.0, little-endian float32, C order. */
#ifndef SNN_TESTS_NPY_H
#define SNN_TESTS_NPY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define NPY_RANK_MAX 6

struct npy {
    size_t rank, dim[NPY_RANK_MAX], length;
    float *data; /* free() */
};

/* Opens a regular file, NULL for any other: a pipe would keep us waiting. */
FILE *npy_open(const char *path);

/* Most numbers of an array. */
#define NPY_LENGTH_MAX ((size_t)1 << 24)

/* Reads a file; says on stderr what is wrong if it returns false. */
bool npy_read(struct npy *array, const char *path);

#endif
