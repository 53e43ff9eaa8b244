#include "npy.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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

        if (end == p || n == 0 || a->rank == NPY_RANK_MAX || n > NPY_LENGTH_MAX / a->length)
            return false;
        a->dim[a->rank++] = n;
        a->length *= n;
        p = end + strspn(end, ", ");
    }
    return true;
}

FILE *npy_open(const char *path)
{
    struct stat s;

    return stat(path, &s) == 0 && S_ISREG(s.st_mode) ? fopen(path, "rb") : NULL;
}

/* Memory is taken for what the file has, whatever its header says. */
static bool holds(FILE *f, const struct npy *a)
{
    struct stat s;

    return fstat(fileno(f), &s) == 0 && s.st_size == (off_t)(ftell(f) + (long)(a->length * sizeof *a->data));
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
    if (strstr(header, "'<f4'") == NULL || strstr(header, "'fortran_order': False") == NULL ||
        !parse_shape(a, header) || !holds(f, a))
        return false;
    a->data = malloc(a->length * sizeof *a->data);
    return a->data != NULL && fread(a->data, sizeof *a->data, a->length, f) == a->length;
}

bool npy_read(struct npy *array, const char *path)
{
    FILE *f = npy_open(path);
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
