/* The conformance program over a folder: the input is case.txt, its arrays are made as its lines "shape" say, up to
 * some size. */
#include "fuzz.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARRAYS 256
#define ELEMENTS 4096

int golden_main(int argc, char **argv); /* run_golden.c */

/* An array of small numbers, or of none where the sizes are not sizes. */
static bool write_array(const char *name, char *sizes)
{
    static uint8_t bytes[128 + ELEMENTS * sizeof(float)];
    char shape[96] = "", path[96];
    size_t length = 1, used = 0;

    for (char *word = strtok(sizes, " "); word != NULL; word = strtok(NULL, " ")) {
        size_t n = strtoul(word, NULL, 10);

        if (n == 0 || n > ELEMENTS || length * n > ELEMENTS || used > 60)
            return false;
        length *= n;
        used += (size_t)snprintf(shape + used, sizeof shape - used, "%zu, ", n);
    }
    memset(bytes, ' ', 128);
    memcpy(bytes, "\x93NUMPY\x01\x00\x76\x00", 10);
    used =
        (size_t)snprintf((char *)bytes + 10, 117, "{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", shape);
    bytes[10 + used] = ' ';
    bytes[127] = '\n';
    for (size_t i = 0; i < length; i++) {
        float x = (float)(i * 7 % 5) / 4;

        memcpy(bytes + 128 + i * sizeof x, &x, sizeof x);
    }
    snprintf(path, sizeof path, "%.60s.npy", name);
    fuzz_write(path, bytes, 128 + length * sizeof(float));
    return true;
}

static size_t write_arrays(char *text, char name[ARRAYS][64])
{
    size_t n = 0;

    for (char *line = text, *next; line != NULL && n < ARRAYS; line = next) {
        char *space;

        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        if (strncmp(line, "shape ", 6) != 0 || (space = strchr(line + 6, ' ')) == NULL || space - line > 60 ||
            line[6] == '.')
            continue;
        *space++ = '\0';
        if (strchr(line + 6, '/') != NULL || !write_array(line + 6, space))
            continue;
        snprintf(name[n++], sizeof *name, "%.50s.npy", line + 6);
    }
    return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[ARRAYS][64], folder[512];
    char *text = fuzz_text(data, size), *arguments[] = { "run_golden", "-q", "-r", folder, NULL };
    size_t n = write_arrays(text, name);

    free(text);
    fuzz_write("case.txt", data, size);
    snprintf(folder, sizeof folder, "%s", fuzz_folder());
    (void)golden_main(4, arguments);
    while (n-- > 0)
        fuzz_remove(name[n]);
    return 0;
}
