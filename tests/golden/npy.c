#include "npy.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "(5, 3, 16)" */
static bool parse_shape(struct npy *a, const char *header)
{
    const char *p = strstr(header, "'shape':");

    p = p ? strchr(p, '(') : NULL;
    if (p == NULL)
        return false;
    a->rank = 0;
    a->length = 1;
    for (p++; *p != ')';) {
        char *end;
        unsigned long n = strtoul(p, &end, 10);

        if (end == p || n == 0 || n > (1u << 30) || a->rank == NPY_RANK_MAX || a->length > (1u << 30) / n)
            return false;
        a->dim[a->rank++] = n;
        a->length *= n;
        p = end + strspn(end, ", ");
    }
    return true;
}

static bool read_open(struct npy *a, FILE *f)
{
    unsigned char start[10];
    char header[65536];
    size_t size;

    if (fread(start, 1, sizeof start, f) != sizeof start || memcmp(start, "\x93NUMPY\x01\x00", 8) != 0)
        return false;
    size = start[8] | (size_t)start[9] << 8;
    if (fread(header, 1, size, f) != size)
        return false;
    header[size] = '\0';
    if (strstr(header, "'<f4'") == NULL || strstr(header, "'fortran_order': False") == NULL || !parse_shape(a, header))
        return false;
    a->data = malloc(a->length * sizeof *a->data);
    return a->data != NULL && fread(a->data, sizeof *a->data, a->length, f) == a->length && fgetc(f) == EOF;
}

bool npy_read(struct npy *array, const char *path)
{
    FILE *f = fopen(path, "rb");
    bool ok;

    memset(array, 0, sizeof *array);
    ok = f != NULL && read_open(array, f);
    if (f != NULL)
        fclose(f);
    if (!ok) {
        fprintf(stderr, "%s: %s\n", path, f ? "not a float32 .npy file as golden cases use" : "cannot be opened");
        free(array->data);
        array->data = NULL;
    }
    return ok;
}
