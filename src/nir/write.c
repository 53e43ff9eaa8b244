/* write.c - a graph becomes a file in the layout of the reference implementation. */
#include "reading.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

#define GROWS_BY (1u << 16)       /* bytes of a file in memory */
#define NOWHERE "/dev/null/graph" /* its name: none that a file can have */

/* ---- the library ---- */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct nir_quiet snn__nir_begin(void)
{
    struct nir_quiet quiet;

    pthread_mutex_lock(&lock);
    H5Eget_auto2(H5E_DEFAULT, &quiet.print, &quiet.to);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return quiet;
}

void snn__nir_end(const struct nir_quiet *quiet)
{
    H5Eset_auto2(H5E_DEFAULT, quiet->print, quiet->to);
    pthread_mutex_unlock(&lock);
}

snn_status snn__nir_io(const char *path)
{
    return snn_component_fail(SNN_ERR_IO, "%s: %s", path, snn__errno_text(errno).text);
}

/* ---- data sets ---- */

static bool write_set(hid_t group, const char *name, hid_t type, hid_t memory, const hsize_t *dim, int rank,
                      int level, const void *data)
{
    const hid_t space = rank > 0 ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_SCALAR);
    const hid_t plist = H5Pcreate(H5P_DATASET_CREATE);
    bool empty = false, good;
    hid_t set;

    for (int i = 0; i < rank; i++)
        empty |= dim[i] == 0;
    if (level > 0 && rank > 0 && !empty) {
        H5Pset_chunk(plist, rank, dim);
        H5Pset_deflate(plist, (unsigned)level);
    }
    H5Pset_obj_track_times(plist, false); /* the same graph gives the same bytes */
    set = H5Dcreate2(group, name, type, space, H5P_DEFAULT, plist, H5P_DEFAULT);
    good = set >= 0 && (empty || H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    if (set >= 0)
        good = H5Dclose(set) >= 0 && good;
    H5Pclose(plist);
    H5Sclose(space);
    return good;
}

/* Variable-length UTF-8, as h5py writes it; `dim` NULL is a scalar. */
static bool write_texts(hid_t group, const char *name, const hsize_t *dim, int level, const char *const *text)
{
    const hid_t type = H5Tcopy(H5T_C_S1);
    bool good = H5Tset_size(type, H5T_VARIABLE) >= 0 && H5Tset_cset(type, H5T_CSET_UTF8) >= 0;

    good = good && write_set(group, name, type, type, dim, dim ? 2 : 0, level, text);
    H5Tclose(type);
    return good;
}

static bool write_text(hid_t group, const char *name, const char *text)
{
    return write_texts(group, name, NULL, 0, &text);
}

static bool write_field(hid_t group, const struct nir_field *field, int level)
{
    const hid_t type = field->whole ? H5T_STD_I64LE : field->wide ? H5T_IEEE_F64LE : H5T_IEEE_F32LE;
    hsize_t dim[NIR_RANK];

    if (field->value == NULL)
        return write_text(group, field->name, field->word);
    for (uint32_t i = 0; i < field->rank; i++)
        dim[i] = field->dim[i];
    return write_set(group, field->name, type, H5T_NATIVE_DOUBLE, dim, (int)field->rank, level, field->value);
}

/* ---- groups ---- */

/* A name without '/', which separates groups. */
static void group_name(const char *name, char out[NIR_NAME])
{
    snprintf(out, NIR_NAME, "%s", name);
    for (char *c = out; *c; c++)
        if (*c == '/')
            *c = '.';
}

static bool write_node(hid_t nodes, const struct nir_node *node, int level)
{
    char name[NIR_NAME];
    hid_t group;
    bool good;

    group_name(node->name, name);
    group = H5Gcreate2(nodes, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    good = group >= 0 && write_text(group, "type", snn__nir_type_name(node->type));
    for (const struct nir_field *field = node->field; good && field != NULL; field = field->next)
        good = write_field(group, field, level);
    if (group >= 0)
        H5Gclose(group);
    return good;
}

static bool write_edges(const snn_nir *nir, hid_t graph, int level)
{
    const hsize_t dim[2] = { nir->edges, 2 };
    char(*name)[NIR_NAME] = snn_component_alloc(nir->context, nir->nodes, sizeof *name);
    const char **text = snn_component_alloc(nir->context, 2 * nir->edges + 1, sizeof *text);
    bool good = name != NULL && text != NULL;

    for (size_t n = 0; good && n < nir->nodes; n++)
        group_name(nir->node[n].name, name[n]);
    for (size_t i = 0; good && i < nir->edges; i++) {
        text[2 * i] = name[nir->edge[i].from];
        text[2 * i + 1] = name[nir->edge[i].to];
    }
    good = good && write_texts(graph, "edges", dim, level, text);
    snn_component_free(nir->context, name);
    snn_component_free(nir->context, text);
    return good;
}

static bool write_metadata(const snn_nir *nir, hid_t graph)
{
    const hid_t group = H5Gcreate2(graph, "metadata", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    bool good = group >= 0;

    if (nir->dt > 0)
        good = good && write_set(group, "dt", H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, NULL, 0, 0, &nir->dt);
    if (nir->reset[0])
        good = good && write_text(group, "reset", nir->reset);
    if (nir->fire[0])
        good = good && write_text(group, "fire", nir->fire);
    if (group >= 0)
        H5Gclose(group);
    return good;
}

static bool write_graph(const snn_nir *nir, hid_t file, int level)
{
    const hid_t graph = H5Gcreate2(file, "node", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    const hid_t nodes = graph >= 0 ? H5Gcreate2(graph, "nodes", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT) : -1;
    bool good = nodes >= 0 && write_text(file, "version", "1.0.6") && write_text(graph, "type", "NIRGraph");

    good = good && write_edges(nir, graph, level) && write_metadata(nir, graph);
    for (size_t n = 0; good && n < nir->nodes; n++)
        good = write_node(nodes, &nir->node[n], level);
    if (nodes >= 0)
        H5Gclose(nodes);
    if (graph >= 0)
        H5Gclose(graph);
    return good;
}

/* The file as it would be on a disk, built in memory: a write that fails within a file on a disk leaves the HDF5
 * library with a file that it cannot close, and ends the process later. */
static void *build(const snn_nir *nir, int level, size_t *size)
{
    const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    const bool memory = access >= 0 && H5Pset_fapl_core(access, GROWS_BY, false) >= 0;
    const hid_t file = memory ? H5Fcreate(NOWHERE, H5F_ACC_TRUNC, H5P_DEFAULT, access) : -1;
    bool good = file >= 0 && write_graph(nir, file, level) && H5Fflush(file, H5F_SCOPE_LOCAL) >= 0;
    const ssize_t length = good ? H5Fget_file_image(file, NULL, 0) : -1;
    void *image = length > 0 ? snn_component_alloc(nir->context, (size_t)length, 1) : NULL;

    good = image != NULL && H5Fget_file_image(file, image, (size_t)length) == length;
    if (file >= 0)
        H5Fclose(file);
    if (access >= 0)
        H5Pclose(access);
    *size = good ? (size_t)length : 0;
    return image;
}

static snn_status save(const snn_nir *nir, const char *path, const void *image, size_t size)
{
    snn_component_file *file;
    snn_status rc = snn_component_file_create(&file, nir->context, path);

    if (rc == SNN_OK)
        rc = snn_component_file_write(file, image, size, 0);
    if (rc == SNN_OK)
        rc = snn_component_file_commit(file, NULL);
    snn_component_file_destroy(file);
    return rc;
}

snn_status snn_nir_save(const snn_nir *nir, const char *path, int level)
{
    struct nir_quiet quiet;
    snn_status rc;
    size_t size;
    void *image;

    if (nir == NULL || path == NULL || level < 0 || level > 9)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_save: an argument is NULL, or level %d is not 0 to 9",
                                  level);
    quiet = snn__nir_begin();
    image = build(nir, level, &size);
    snn__nir_end(&quiet);
    rc = size > 0 ? save(nir, path, image, size)
                  : snn_component_fail(SNN_ERR_MEMORY, "%s: the file could not be built in memory", path);
    snn_component_free(nir->context, image);
    return rc;
}
