/* structs.h - the public functions that take a sized structure, and what they are called with. */
#ifndef STRUCTS_H
#define STRUCTS_H

#include <snn/snn.h>

enum kind {
    TAKES,       /* reads the structure */
    TAKES_FILLS, /* reads it, and writes what it finds into it */
    FILLS,       /* fills it */
    INITIALISES, /* sets the defaults; the size is an argument */
    IS_GIVEN     /* a callback that receives it */
};

struct row {
    const char *function, *type;
    enum kind kind;
    size_t size;             /* of the structure, as this program was compiled */
    const char *initialiser; /* that a refusal has to name */
    void (*defaults)(void *s);
    void (*begin)(void *s); /* the defaults, and what the call needs */
    /* A figure tells apart what the call made of the structure; of IS_GIVEN it is the size that came. */
    snn_status (*call)(void *s, double *figure);
    snn_status (*initialise)(void *s, size_t size);
    size_t reserved; /* offset of a field that has to be 0; 0: there is none */
    size_t loose[2]; /* offsets of numbers that differ from call to call, as times */
};

const struct row *structs_rows(size_t *n);

/* Frees what the rows were called on. */
void structs_end(void);

#endif
