/* outputs.c - the files that a command writes. */
#define _GNU_SOURCE /* realpath(), O_TMPFILE */
#include "outputs.h"

#include "tool.h"

#include <errno.h>
#include <fcntl.h>
#include <snn/sys/component.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names */

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* "a/b/" and "c" of "a/b/c", put together. To be freed; NULL: out of memory. */
static char *joined(const char *folder, size_t length, const char *rest)
{
    char *out = malloc(length + strlen(rest) + 1);

    if (out) {
        memcpy(out, folder, length);
        strcpy(out + length, rest);
    }
    return out;
}

/* The folder of `path` without links, to be freed; NULL with errno. */
static char *real_folder(const char *path)
{
    char *folder = joined(path, (size_t)(base_of(path) - path), "."), *real;

    real = folder ? realpath(folder, NULL) : NULL;
    free(folder);
    return real;
}

static char *real_name(const char *path);

/* What a link to no file names; NULL if `path` is no link. */
static char *link_name(const char *path)
{
    char link[4096], *next, *real;
    const ssize_t length = readlink(path, link, sizeof link - 1);

    if (length <= 0)
        return NULL;
    link[length] = '\0';
    next = joined(path, link[0] == '/' ? 0 : (size_t)(base_of(path) - path), link);
    real = next ? real_name(next) : NULL;
    free(next);
    return real;
}

/* The whole name of a file that need not be there, be it through links; to be freed, NULL with errno. */
static char *real_name(const char *path)
{
    char *real = realpath(path, NULL), *folder;
    struct stat st;

    if (real || errno != ENOENT || !*base_of(path))
        return real;
    if (lstat(path, &st) == 0)
        return link_name(path);
    folder = real_folder(path);
    if (folder)
        real = renamed(folder, "", "/");
    free(folder);
    folder = real;
    if (folder)
        real = renamed(folder, "", base_of(path));
    free(folder);
    return real;
}

/* ---- before the work */

static int cannot(const struct output *o, const char *why)
{
    return fail(FAILED, "%s %s: %s", o->what, o->path, why);
}

/* A file without a name is the surest sign: it leaves nothing, even in a process that is killed. */
static bool takes_files(const char *folder)
{
#ifdef O_TMPFILE
    int fd = open(folder, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0) {
        close(fd);
        return true;
    }
    if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) /* file systems, kernels that have none */
        return false;
#endif
    return access(folder, W_OK | X_OK) == 0;
}

/* Of a file that is not there, and of a model, which is written beside the old one and renamed. */
static int check_folder(const struct output *o)
{
    char *real = real_name(o->path), *folder = real ? real_folder(real) : NULL;
    int status = folder && takes_files(folder) ? DONE : cannot(o, strerror(errno));

    free(folder);
    free(real);
    return status;
}

static int check_old(const struct output *o, mode_t mode)
{
    if (S_ISDIR(mode))
        return cannot(o, "is a directory");
    if (o->model && !S_ISREG(mode))
        return cannot(o, "is a device or pipe, not a regular file");
    if (access(o->path, W_OK) != 0)
        return cannot(o, strerror(errno));
    return o->model ? check_folder(o) : DONE;
}

static bool same_file(const char *one, const char *other)
{
    struct stat a, b;

    return stat(one, &a) == 0 && S_ISREG(a.st_mode) && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

int output_spares(const struct output *output, const char *read)
{
    return output->path && same_file(output->path, read)
               ? fail(FAILED, "%s %s would replace the file that is read: name another one", output->what, read)
               : DONE;
}

/* The same, of files that are not there yet. */
static bool same_name(const char *one, const char *other)
{
    char *a = real_name(one), *b = real_name(other);
    const bool same = a && b && strcmp(a, b) == 0 && access(a, F_OK) != 0;

    free(a);
    free(b);
    return same;
}

/* None may be an earlier one under another name. */
static int check_apart(const struct output *output, size_t i)
{
    const char *path = output[i].path;

    for (size_t k = 0; k < i; k++)
        if (output[k].path && (same_file(path, output[k].path) || same_name(path, output[k].path)))
            return fail(FAILED, "%s and %s are the same file, %s", output[k].what, output[i].what, path);
    return DONE;
}

int outputs_check(const struct output *output, size_t n)
{
    struct stat st;
    int status = DONE;

    for (size_t i = 0; i < n && status == DONE; i++) {
        if (!output[i].path)
            continue;
        if (stat(output[i].path, &st) == 0)
            status = check_old(&output[i], st.st_mode);
        else
            status = errno == ENOENT ? check_folder(&output[i]) : cannot(&output[i], strerror(errno));
        if (status == DONE)
            status = check_apart(output, i);
    }
    return status;
}

/* ---- texts, written as a whole */

/* Writes and closes; false with errno if not all arrived. */
static bool deliver(FILE *file, const char *text, size_t length)
{
    bool ok = fwrite(text, 1, length, file) == length;

    return fclose(file) == 0 && ok;
}

/* Of a device or pipe, and of a file whose folder takes no new ones. */
static int write_over(const char *path, const char *text, size_t length)
{
    FILE *file = fopen(path, "we");

    return file && deliver(file, text, length) ? DONE : fail(FAILED, "%s: %s", path, strerror(errno));
}

static snn_status replace(const char *path, const char *text, size_t length)
{
    snn_component_file *file = NULL;
    snn_context *context = NULL;
    snn_status rc = plain_context(&context);

    if (rc == SNN_OK)
        rc = snn_component_file_create(&file, context, path);
    if (rc == SNN_OK)
        rc = snn_component_file_write(file, text, length, 0);
    if (rc == SNN_OK)
        rc = snn_component_file_commit(file, NULL);
    snn_component_file_destroy(file);
    snn_context_destroy(context);
    return rc;
}

/* True if a file that is there cannot be replaced by another, and may be written to all the same. */
static bool stays(const char *path)
{
    char *real, *folder;
    struct stat st;
    bool shut;

    if (stat(path, &st) != 0)
        return false;
    if (!S_ISREG(st.st_mode))
        return true;
    real = realpath(path, NULL);
    folder = real ? real_folder(real) : NULL;
    shut = folder && access(folder, W_OK | X_OK) != 0 && errno == EACCES;
    free(folder);
    free(real);
    return shut;
}

int output_replace(const char *path, const char *text, size_t length)
{
    snn_status rc;

    if (stays(path))
        return write_over(path, text, length);
    rc = replace(path, text, length);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

bool output_remove(const char *path)
{
    const bool gone = unlink(path) == 0 || errno == ENOENT;

    if (!gone)
        warn("%s stays: %s", path, strerror(errno));
    return gone;
}

/* ---- checkpoints */

static const struct {
    const char *flag;
    bool file;
} remembered[] = {
    { "csv", true },     { "curves", true }, { "raster", true }, { "packed", true },      { "matrix", true },
    { "sample", false }, { "every", false }, { "keep", false },  { "tensorboard", true },
};
#define REMEMBERED (sizeof remembered / sizeof *remembered)

/* `path` as seen from `folder` if it lies in or below it, else in full. */
static char *seen_from(const char *folder, const char *path)
{
    char *real = real_name(path);
    size_t length = strlen(folder);

    if (real && strncmp(real, folder, length) == 0 && (real[length] == '/' || folder[length - 1] == '/'))
        memmove(real, real + length + (real[length] == '/'), strlen(real + length + (real[length] == '/')) + 1);
    return real;
}

json_t *outputs_note(const json_t *own, const char *path)
{
    char *folder = real_folder(path), *seen;
    json_t *note = folder ? json_object() : NULL;

    for (size_t i = 0; note && i < REMEMBERED; i++) {
        const char *value = json_string_value(json_object_get(own, remembered[i].flag));

        if (!value)
            continue;
        seen = remembered[i].file ? seen_from(folder, value) : strdup(value);
        if (!seen || json_object_set_new(note, remembered[i].flag, json_string(seen)) != 0) {
            json_decref(note);
            note = NULL;
        }
        free(seen);
    }
    free(folder);
    return note;
}

/* The file that checkpoint `path` names, in or below its folder; NULL if it lies elsewhere, be it through a link. */
static char *named_by(const char *path, const char *folder, const char *name)
{
    char *whole = joined(path, name[0] == '/' ? 0 : (size_t)(base_of(path) - path), name),
         *seen = whole ? seen_from(folder, whole) : NULL;

    if (!seen || seen[0] == '/') {
        free(whole);
        whole = NULL;
    }
    free(seen);
    return whole;
}

static int recall(json_t *own, const char *flag, const char *value, const char *folder, const char *path)
{
    char *whole = folder ? named_by(path, folder, value) : NULL;
    int bad;

    if (folder && !whole)
        return fail(USAGE, "%s: has --%s %s, which is not in its folder: give the flag again", path, flag, value);
    bad = json_object_set_new(own, flag, json_string(whole ? whole : value));
    free(whole);
    return bad ? fail(FAILED, "out of memory") : DONE;
}

int outputs_recall(json_t *own, const json_t *note, const char *path)
{
    char *folder = real_folder(path);
    int status = folder ? DONE : fail(FAILED, "%s: %s", path, strerror(errno));

    for (size_t i = 0; i < REMEMBERED && status == DONE; i++) {
        const char *flag = remembered[i].flag, *value = json_string_value(json_object_get(note, flag));

        if (value && !json_object_get(own, flag))
            status = recall(own, flag, value, remembered[i].file ? folder : NULL, path);
    }
    free(folder);
    return status;
}
