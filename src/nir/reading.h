/* reading.h - the use of libhdf5, which is not made for several threads at a time. */
#ifndef SNN_NIR_READING_H
#define SNN_NIR_READING_H

#include "graph.h"
#include <hdf5.h>

/* libhdf5 prints no errors of its own between these two, and no other thread of this component uses it. */
struct nir_quiet {
    H5E_auto2_t print;
    void *to;
};
struct nir_quiet snn__nir_begin(void);
void snn__nir_end(const struct nir_quiet *quiet);

/* SNN_ERR_IO with the system's reason. */
snn_status snn__nir_io(const char *path);

/* A file that is being read, and its place in messages. */
struct reading {
    snn_nir *nir;
    const char *path;
    double bytes; /* of the file */
};

/* Names of one graph, before nested graphs are taken apart: an edge to a nested graph ends at its Input, and one from
 * it begins at its Output. */
struct name {
    char name[NIR_NAME];
    size_t in, out;
    bool used;
};
struct scope {
    struct name *name;
    size_t names, room;
};

/* SNN_ERR_FORMAT with file and place. */
snn_status snn__nir_bad(const struct reading *r, const char *where, const char *what);
/* Shape of a data set; what it claims to hold has to be in the file. */
snn_status snn__nir_extent(const struct reading *r, hid_t set, const char *where, size_t dim[NIR_RANK],
                           uint32_t *rank);
/* `n` texts, one text, and the numbers of a field. */
snn_status snn__nir_texts(const struct reading *r, hid_t set, const char *where, size_t n, char (*out)[NIR_NAME]);
snn_status snn__nir_word(const struct reading *r, hid_t set, const char *where, char word[NIR_NAME]);
snn_status snn__nir_numbers(const struct reading *r, hid_t set, const char *where, struct nir_node *node,
                            const char *name, H5T_class_t class);
/* The edges of a graph, between the names of its scope. */
snn_status snn__nir_edges(const struct reading *r, hid_t set, const char *where, struct scope *scope);

#endif
