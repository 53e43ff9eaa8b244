/* fuzz.c - findings, files in a folder of their own, pieces of an input. */
#include "fuzz.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

void fuzz_finding(const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fputc('\n', stderr);
    abort();
}

/* ---- files ---- */

static char folder[256];

static void remove_all(const char *path)
{
    char inner[1024];
    struct dirent *entry;
    DIR *d = opendir(path);

    while (d != NULL && (entry = readdir(d)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            snprintf(inner, sizeof inner, "%.500s/%s", path, entry->d_name);
            if (unlink(inner) != 0)
                remove_all(inner);
        }
    if (d != NULL)
        closedir(d);
    rmdir(path);
}

static void remove_folder(void)
{
    remove_all(folder);
}

const char *fuzz_folder(void)
{
    const char *root = getenv("TMPDIR");

    if (folder[0] == '\0') {
        snprintf(folder, sizeof folder, "%.200s/snn-fuzz-XXXXXX", root != NULL ? root : "/tmp");
        FUZZ_HOLDS(mkdtemp(folder) != NULL);
        atexit(remove_folder);
    }
    return folder;
}

const char *fuzz_path(const char *name)
{
    static char path[4][512];
    static unsigned next;
    char *out = path[next++ % 4];

    snprintf(out, sizeof *path, "%s/%.200s", fuzz_folder(), name);
    for (char *slash = out + strlen(folder) + 1; (slash = strchr(slash, '/')) != NULL; *slash++ = '/') {
        *slash = '\0';
        mkdir(out, 0777);
    }
    return out;
}

void fuzz_write(const char *name, const uint8_t *data, size_t size)
{
    FILE *f = fopen(fuzz_path(name), "wb");

    FUZZ_HOLDS(f != NULL);
    FUZZ_HOLDS(size == 0 || fwrite(data, 1, size, f) == size);
    fclose(f);
}

void fuzz_write_gz(const char *name, const uint8_t *data, size_t size)
{
    size_t room = compressBound(size) + 64;
    uint8_t *out = malloc(room);
    z_stream z = {
        .next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)room
    };

    FUZZ_HOLDS(out != NULL && deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    FUZZ_HOLDS(deflate(&z, Z_FINISH) == Z_STREAM_END);
    deflateEnd(&z);
    fuzz_write(name, out, z.total_out);
    free(out);
}

void fuzz_remove(const char *name)
{
    unlink(fuzz_path(name));
}

/* ---- pieces ---- */

uint8_t fuzz_byte(const uint8_t **data, size_t *size)
{
    if (*size == 0)
        return 0;
    --*size;
    return *(*data)++;
}

struct fuzz_piece fuzz_cut(const uint8_t **data, size_t *size)
{
    size_t high = fuzz_byte(data, size), length = high << 8 | fuzz_byte(data, size);
    struct fuzz_piece piece = { *data, length < *size ? length : *size };

    *data += piece.size;
    *size -= piece.size;
    return piece;
}

char *fuzz_text(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);

    FUZZ_HOLDS(text != NULL);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    return text;
}
