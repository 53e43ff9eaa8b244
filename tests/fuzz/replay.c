/* replay.c - main() of a fuzz target where there is no libFuzzer: runs it over the files and folders that are
 * named. */
#include "fuzz.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t ran;

static void run_file(const char *path, size_t size)
{
    FILE *f = fopen(path, "rb");
    uint8_t *data = malloc(size + 1); /* as large as the input, so that a sanitizer sees what reads past it */

    FUZZ_HOLDS(f != NULL && data != NULL && fread(data, 1, size, f) == size);
    fclose(f);
    data = realloc(data, size > 0 ? size : 1);
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    ran++;
}

static void run(const char *path)
{
    char inner[4096];
    struct dirent *entry;
    struct stat st;
    DIR *d;

    FUZZ_HOLDS(stat(path, &st) == 0);
    if (!S_ISDIR(st.st_mode)) {
        run_file(path, (size_t)st.st_size);
        return;
    }
    d = opendir(path);
    while (d != NULL && (entry = readdir(d)) != NULL)
        if (entry->d_name[0] != '.') {
            snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
            run(inner);
        }
    closedir(d);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        run(argv[i]);
    printf("%zu inputs\n", ran);
    return ran > 0 ? 0 : 1;
}
