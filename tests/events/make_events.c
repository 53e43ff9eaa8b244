/* make_events FOLDER COUNT [WRITER] - writes a recording of COUNT events in every format, FOLDER/WRITER: to time
 * their readers with snn events --speed. make_events --corpus FOLDER - writes what fuzzing begins with,
 * FOLDER/events_FORMAT/WRITER and archives. */
#include "write.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int save(const char *path, const struct bytes *file)
{
    FILE *f = fopen(path, "wb");

    if (f != NULL && fwrite(file->data, 1, file->size, f) == file->size && fclose(f) == 0)
        return 0;
    perror(path);
    return 1;
}

static int write_all(const char *folder, const snn_event *event, size_t n, const char *name)
{
    int rc = 0;

    for (size_t i = 0; writer_at(i) != NULL && rc == 0; i++) {
        const struct writer *w = writer_at(i);
        struct bytes file = { 0 };
        char path[4096];

        if (name != NULL && strcmp(name, w->name) != 0)
            continue;
        w->write(&file, event, n);
        snprintf(path, sizeof path, "%.3000s/%s", folder, w->name);
        rc = save(path, &file);
        drop(&file);
    }
    return rc;
}

/* ---- what fuzzing begins with: a byte of settings, then the file */

static int save_seed(const char *folder, const char *target, const char *name, const struct bytes *file)
{
    struct bytes seed = { 0 };
    char path[4096];
    int rc;

    snprintf(path, sizeof path, "%.3000s/%s", folder, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%.3000s/%s/%s", folder, target, name);
    put(&seed, "\4", 1);
    put(&seed, file->data, file->size);
    rc = save(path, &seed);
    drop(&seed);
    return rc;
}

static int write_corpus(const char *folder)
{
    struct bytes file = { 0 }, tar = { 0 }, gz = { 0 };
    snn_event event[24];
    char target[64];
    int rc = 0;

    make_events(event, 24);
    for (int i = 12; i < 24; i++) /* without the second that takes Event Stream many bytes */
        event[i].t -= 1100000;
    for (size_t i = 0; writer_at(i) != NULL && rc == 0; i++) {
        const struct writer *w = writer_at(i);

        w->write(&file, event, 24);
        snprintf(target, sizeof target, "events_%s", w->format);
        if (!w->whole || strcmp(w->format, "npy") == 0)
            rc = save_seed(folder, target, w->name, &file);
        else if (strcmp(w->format, "npz") == 0)
            rc = save_seed(folder, "events", w->name, &file) | save_seed(folder, target, w->name, &file);
        if (strcmp(w->name, "dat") == 0 || strcmp(w->name, "evt3") == 0)
            put_tar(&tar, w->name, &file);
        drop(&file);
    }
    put_tar_end(&tar);
    put_gz(&gz, &tar);
    rc |= save_seed(folder, "events", "tar", &tar) | save_seed(folder, "events", "gz", &gz);
    drop(&tar);
    drop(&gz);
    return rc;
}

int main(int argc, char **argv)
{
    const size_t n = argc > 2 ? (size_t)strtoull(argv[2], NULL, 10) : 0;
    snn_event *event;
    int rc;

    if (argc == 3 && strcmp(argv[1], "--corpus") == 0)
        return write_corpus(argv[2]);
    event = n > 0 ? malloc(n * sizeof *event) : NULL;
    if (event == NULL) {
        fprintf(stderr, "usage: make_events FOLDER COUNT [WRITER] | --corpus FOLDER\n");
        return 2;
    }
    make_events(event, n);
    rc = write_all(argv[1], event, n, argc > 3 ? argv[3] : NULL);
    free(event);
    return rc;
}
