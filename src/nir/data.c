/* data.c - data sets of a NIR file: numbers and texts.
 *
 * A file may come from anywhere. Data lie in the file itself, plain or compressed by deflate; no array is larger than
 * what the file's bytes can stand for. */
#include "reading.h"

#include <stdio.h>
#include <string.h>

#define EXPANSION 1100.0 /* most that deflate makes of a byte */
#define WORD_MAX 4096

snn_status snn__nir_bad(const struct reading *r, const char *where, const char *what)
{
    return snn_component_fail(SNN_ERR_FORMAT, "%s: %s: %s", r->path, where, what);
}

/* ---- data sets ---- */

/* No filter but those of libhdf5 itself, which loads no code; no data in other files. */
static bool stored_here(hid_t set, bool *compressed)
{
    const hid_t plist = H5Dget_create_plist(set);
    bool good = plist >= 0 && H5Pget_layout(plist) != H5D_VIRTUAL && H5Pget_external_count(plist) == 0;
    const int filters = good ? H5Pget_nfilters(plist) : 0;

    *compressed = filters > 0;
    for (int i = 0; good && i < filters; i++) {
        unsigned flags, config;
        size_t values = 0;
        const H5Z_filter_t filter = H5Pget_filter2(plist, (unsigned)i, &flags, &values, NULL, 0, NULL, &config);

        good = filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32;
    }
    if (plist >= 0)
        H5Pclose(plist);
    return good && filters >= 0;
}

snn_status snn__nir_extent(const struct reading *r, hid_t set, const char *where, size_t dim[NIR_RANK],
                           uint32_t *rank)
{
    const hid_t space = H5Dget_space(set);
    const int axes = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    const bool simple = axes >= 0 && H5Sget_simple_extent_type(space) != H5S_NULL;
    hsize_t size[NIR_RANK] = { 0 };
    bool compressed = false;
    double all = 1;

    if (simple && axes <= NIR_RANK)
        H5Sget_simple_extent_dims(space, size, NULL);
    if (space >= 0)
        H5Sclose(space);
    if (!simple)
        return snn__nir_bad(r, where, "its shape cannot be read");
    if (axes > NIR_RANK)
        return snn__nir_bad(r, where, "more dimensions than a node has");
    if (!stored_here(set, &compressed))
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "%s: %s: data in other files, or a filter other than gzip",
                                  r->path, where);
    for (int i = 0; i < axes; i++) {
        all *= (double)size[i];
        dim[i] = (size_t)size[i];
    }
    if (all > r->bytes * (compressed ? EXPANSION : 1.0))
        return snn__nir_bad(r, where, "more elements than the file has bytes for");
    *rank = (uint32_t)axes;
    return SNN_OK;
}

/* Text of one element, at most `size` bytes with the NUL. */
static bool text_of(const char *from, size_t most, char *to, size_t size)
{
    const size_t n = from != NULL ? strnlen(from, most) : size;

    if (n >= size)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

snn_status snn__nir_texts(const struct reading *r, hid_t set, const char *where, size_t n, char (*out)[NIR_NAME])
{
    const hid_t type = H5Dget_type(set), space = H5Dget_space(set);
    const bool variable = H5Tis_variable_str(type) > 0;
    const size_t each = variable ? sizeof(char *) : H5Tget_size(type);
    const hid_t memory = H5Tcopy(H5T_C_S1);
    char *texts = NULL;
    bool good = H5Tget_class(type) == H5T_STRING && each > 0 && each <= WORD_MAX;

    good = good && H5Tset_cset(memory, H5Tget_cset(type)) >= 0;
    good = good && H5Tset_size(memory, variable ? H5T_VARIABLE : each) >= 0;
    if (good)
        texts = snn_component_alloc(r->nir->context, n ? n : 1, each);
    good = good && texts != NULL && H5Dread(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, texts) >= 0;
    for (size_t i = 0; good && i < n; i++) {
        const char *text = texts + i * each;

        if (variable)
            memcpy(&text, texts + i * each, sizeof text);
        good = text_of(text, variable ? WORD_MAX : each, out[i], NIR_NAME);
    }
    if (texts != NULL && variable)
        H5Dvlen_reclaim(memory, space, H5P_DEFAULT, texts);
    snn_component_free(r->nir->context, texts);
    H5Tclose(memory);
    H5Tclose(type);
    H5Sclose(space);
    return good ? SNN_OK : snn__nir_bad(r, where, "its text cannot be read");
}

snn_status snn__nir_word(const struct reading *r, hid_t set, const char *where, char word[NIR_NAME])
{
    size_t dim[NIR_RANK], n = 1;
    uint32_t rank;

    TRY(snn__nir_extent(r, set, where, dim, &rank));
    for (uint32_t i = 0; i < rank; i++)
        n *= dim[i];
    return n == 1 ? snn__nir_texts(r, set, where, 1, (char(*)[NIR_NAME])word)
                  : snn__nir_bad(r, where, "one text was expected");
}

snn_status snn__nir_numbers(const struct reading *r, hid_t set, const char *where, struct nir_node *node,
                            const char *name, H5T_class_t class)
{
    struct nir_field *field;
    size_t dim[NIR_RANK];
    uint32_t rank;
    hid_t type;

    TRY(snn__nir_extent(r, set, where, dim, &rank));
    TRY(snn__nir_add_field(r->nir, node, name, dim, rank, &field));
    type = H5Dget_type(set);
    field->whole = class == H5T_INTEGER;
    field->wide = H5Tget_size(type) > sizeof(float);
    H5Tclose(type);
    if (field->length > 0 && H5Dread(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, field->value) < 0)
        return snn__nir_bad(r, where, "its numbers cannot be read");
    for (size_t i = 0; i < field->length; i++)
        if (!(field->value[i] - field->value[i] == 0))
            return snn__nir_bad(r, where, "a number that is not finite");
    return SNN_OK;
}
