/* read.c - NIR files: the groups that libhdf5 finds in a file become nodes.
 *
 * Only hard links are followed, so that no other file is read, to a depth that ends loops of groups. */
#include "reading.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define DEPTH_MAX 16

/* ---- groups ---- */

/* Opens what a hard link leads to. */
static hid_t open_here(hid_t group, const char *name)
{
    H5L_info_t link;

    if (H5Lexists(group, name, H5P_DEFAULT) <= 0 || H5Lget_info(group, name, &link, H5P_DEFAULT) < 0 ||
        link.type != H5L_TYPE_HARD)
        return -1;
    return H5Oopen(group, name, H5P_DEFAULT);
}

static hid_t open_kind(hid_t group, const char *name, H5I_type_t kind)
{
    const hid_t id = open_here(group, name);

    if (id >= 0 && H5Iget_type(id) != kind) {
        H5Oclose(id);
        return -1;
    }
    return id;
}

/* Name of member `i`, in the order of names. */
static bool member(hid_t group, hsize_t i, char name[NIR_NAME])
{
    const ssize_t n = H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, NULL, 0, H5P_DEFAULT);

    return n > 0 && n < NIR_NAME &&
           H5Lget_name_by_idx(group, ".", H5_INDEX_NAME, H5_ITER_INC, i, name, NIR_NAME, H5P_DEFAULT) == n;
}

static hsize_t members(hid_t group)
{
    H5G_info_t info;

    return H5Gget_info(group, &info) >= 0 ? info.nlinks : 0;
}

static void joined(char out[2 * NIR_NAME], const char *prefix, const char *name)
{
    snprintf(out, 2 * NIR_NAME, "%s%s%s", prefix, prefix[0] ? "/" : "", name);
}

/* A word of the metadata, the first that is found; what cannot be read is left out. */
static void read_hint(const struct reading *r, hid_t metadata, const char *name, char hint[32])
{
    const hid_t set = hint[0] ? -1 : open_kind(metadata, name, H5I_DATASET);
    char word[NIR_NAME];

    if (set < 0)
        return;
    if (snn__nir_word(r, set, name, word) == SNN_OK && strlen(word) < 32)
        strcpy(hint, word);
    H5Dclose(set);
}

/* dt and other hints, wherever they stand; all else in metadata is for its writer. */
static void read_metadata(const struct reading *r, hid_t group)
{
    const hid_t metadata = open_kind(group, "metadata", H5I_GROUP);
    struct nir_node scratch = { .field = NULL };
    hid_t set;

    if (metadata < 0)
        return;
    if (r->nir->dt == 0 && (set = open_kind(metadata, "dt", H5I_DATASET)) >= 0) {
        const hid_t type = H5Dget_type(set);

        if (H5Tget_class(type) == H5T_FLOAT && snn__nir_numbers(r, set, "dt", &scratch, "dt", H5T_FLOAT) == SNN_OK &&
            scratch.field->length == 1 && scratch.field->value[0] > 0)
            r->nir->dt = scratch.field->value[0];
        snn__nir_free_fields(r->nir, &scratch);
        H5Tclose(type);
        H5Dclose(set);
    }
    read_hint(r, metadata, "reset", r->nir->reset);
    read_hint(r, metadata, "fire", r->nir->fire);
    H5Gclose(metadata);
}

/* A data set of a node: numbers, or a word as "same". */
static snn_status read_field(const struct reading *r, hid_t set, const char *where, size_t index, const char *name)
{
    const hid_t type = H5Dget_type(set);
    const H5T_class_t class = H5Tget_class(type);
    struct nir_node *node = &r->nir->node[index];
    char word[NIR_NAME];

    H5Tclose(type);
    if (class == H5T_INTEGER || class == H5T_FLOAT)
        return snn__nir_numbers(r, set, where, node, name, class);
    if (class != H5T_STRING)
        return snn__nir_bad(r, where, "neither numbers nor text");
    TRY(snn__nir_word(r, set, where, word));
    return snn__nir_add_word(r->nir, node, name, word);
}

static snn_status read_fields(const struct reading *r, hid_t group, const char *where, size_t index)
{
    const hsize_t n = members(group);
    snn_status rc = SNN_OK;

    for (hsize_t i = 0; i < n && rc == SNN_OK; i++) {
        char name[NIR_NAME], place[3 * NIR_NAME];
        hid_t set;

        if (!member(group, i, name) || strcmp(name, "type") == 0 ||
            strlen(name) >= sizeof(struct nir_field){ 0 }.name)
            continue;
        set = open_kind(group, name, H5I_DATASET);
        if (set < 0)
            continue; /* metadata, and what later versions may add */
        snprintf(place, sizeof place, "%s: %s", where, name);
        rc = read_field(r, set, place, index, name);
        H5Dclose(set);
    }
    return rc;
}

static snn_status read_graph(const struct reading *r, hid_t group, const char *prefix, int depth, struct name *ends);

/* A node, or a nested graph; `name` receives where edges to it end and edges from it begin. */
static snn_status read_node(const struct reading *r, hid_t group, const char *prefix, int depth, struct name *name)
{
    char where[2 * NIR_NAME], word[NIR_NAME];
    const hid_t set = open_kind(group, "type", H5I_DATASET);
    enum nir_type type;
    snn_status rc;

    joined(where, prefix, name->name);
    if (set < 0)
        return snn__nir_bad(r, where[0] ? where : "node", "no data set \"type\"");
    rc = snn__nir_word(r, set, where, word);
    H5Dclose(set);
    TRY(rc);
    read_metadata(r, group);
    if (strcmp(word, "NIRGraph") == 0)
        return read_graph(r, group, where, depth + 1, name);
    type = snn__nir_type_named(word);
    if (type == NIR_TYPE_COUNT)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "%s: node %s: type \"%s\" is not known", r->path, where, word);
    TRY(snn__nir_add_node(r->nir, where, type, &name->in));
    name->out = name->in;
    r->nir->node[name->in].nested = depth > 1;
    return read_fields(r, group, where, name->in);
}

static snn_status read_nodes(const struct reading *r, hid_t nodes, const char *prefix, int depth, struct scope *scope)
{
    const hsize_t n = members(nodes);
    snn_status rc = SNN_OK;

    if (n > NIR_NODES_MAX)
        return snn__nir_bad(r, prefix[0] ? prefix : "nodes", "too many nodes");
    for (hsize_t i = 0; i < n && rc == SNN_OK; i++) {
        void *grown = snn__nir_grow(r->nir, scope->name, scope->names, &scope->room, sizeof *scope->name);
        struct name *name;
        hid_t group;

        if (grown == NULL)
            return SNN_ERR_MEMORY;
        scope->name = grown;
        name = &scope->name[scope->names];
        memset(name, 0, sizeof *name);
        if (!member(nodes, i, name->name))
            return snn__nir_bad(r, prefix[0] ? prefix : "nodes", "a name that cannot be read");
        group = open_kind(nodes, name->name, H5I_GROUP);
        if (group < 0)
            return snn__nir_bad(r, name->name, "not a group, or not of this file");
        rc = read_node(r, group, prefix, depth, name);
        H5Gclose(group);
        scope->names++;
    }
    return rc;
}

/* ---- graphs ---- */

/* The one Input and the one Output among the names of a nested graph. */
static snn_status ends_of(const struct reading *r, const char *where, const struct scope *scope, struct name *ends)
{
    size_t inputs = 0, outputs = 0;

    for (size_t i = 0; i < scope->names; i++) {
        const struct name *name = &scope->name[i];
        const enum nir_type type = name->in == name->out ? r->nir->node[name->in].type : NIR_TYPE_COUNT;

        if (type == NIR_INPUT) {
            ends->in = name->in;
            inputs++;
        } else if (type == NIR_OUTPUT) {
            ends->out = name->in;
            outputs++;
        }
    }
    return inputs == 1 && outputs == 1 ? SNN_OK
                                       : snn__nir_bad(r, where, "a nested graph has one Input and one Output");
}

static snn_status read_graph(const struct reading *r, hid_t group, const char *prefix, int depth, struct name *ends)
{
    const hid_t nodes = open_kind(group, "nodes", H5I_GROUP), edges = open_kind(group, "edges", H5I_DATASET);
    const char *where = prefix[0] ? prefix : "graph";
    struct scope scope = { NULL, 0, 0 };
    snn_status rc = SNN_OK;

    if (depth > DEPTH_MAX)
        rc = snn__nir_bad(r, where, "graphs nested too deep, or in a loop");
    else if (nodes < 0 || edges < 0)
        rc = snn__nir_bad(r, where, "a graph has \"nodes\" and \"edges\"");
    if (rc == SNN_OK)
        rc = read_nodes(r, nodes, prefix, depth, &scope);
    if (rc == SNN_OK)
        rc = snn__nir_edges(r, edges, where, &scope);
    if (rc == SNN_OK && depth > 1)
        rc = ends_of(r, where, &scope, ends);
    if (nodes >= 0)
        H5Gclose(nodes);
    if (edges >= 0)
        H5Dclose(edges);
    snn_component_free(r->nir->context, scope.name);
    return rc;
}

static snn_status read_root(const struct reading *r, hid_t file)
{
    const hid_t version = open_kind(file, "version", H5I_DATASET), node = open_kind(file, "node", H5I_GROUP);
    struct name top = { "", 0, 0, false };
    char word[NIR_NAME] = "";
    snn_status rc = SNN_OK;

    if (node < 0)
        rc = snn__nir_bad(r, "/", "no group \"node\": not a NIR graph");
    if (rc == SNN_OK && version >= 0)
        rc = snn__nir_word(r, version, "version", word);
    snprintf(r->nir->version, sizeof r->nir->version, "%s", word);
    if (rc == SNN_OK)
        rc = read_node(r, node, "", 0, &top);
    if (version >= 0)
        H5Dclose(version);
    if (node >= 0)
        H5Gclose(node);
    return rc;
}

static snn_status read_file(struct reading *r)
{
    struct stat st;
    hid_t file;
    snn_status rc;

    if (stat(r->path, &st) != 0)
        return snn__nir_io(r->path);
    if (!S_ISREG(st.st_mode))
        return snn_component_fail(SNN_ERR_IO, "%s: it is not a regular file", r->path);
    r->bytes = (double)st.st_size;
    file = H5Fopen(r->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (file < 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%s: it is not an HDF5 file, or damaged", r->path);
    rc = read_root(r, file);
    H5Fclose(file);
    return rc;
}

snn_status snn__nir_read(snn_nir *nir, const char *path)
{
    struct reading r = { nir, path, 0 };
    struct nir_quiet quiet = snn__nir_begin();
    const snn_status rc = read_file(&r);

    snn__nir_end(&quiet);
    return rc;
}
