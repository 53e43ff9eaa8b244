/* journal.c - a file that grows by a record at a time. */
#include "journal.h"

#include "tool.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int journal_open(struct journal *j, const char *path)
{
    struct stat st;
    const bool there = stat(path, &st) == 0;

    *j = (struct journal){ .path = path, .regular = !there || S_ISREG(st.st_mode) };
    j->file = fopen(path, !there ? "w+e" : j->regular ? "r+e" : "we");
    return j->file ? DONE : fail(FAILED, "%s: %s", path, strerror(errno));
}

/* Bytes that the file took. */
static size_t put(struct journal *j)
{
    const int fd = fileno(j->file);
    size_t done = 0;

    j->error = 0;
    while (done < j->length && !j->error) {
        const char *from = j->waiting + done;
        const size_t size = j->length - done;
        const ssize_t n = j->regular ? pwrite(fd, from, size, (off_t)(j->end + (long)done)) : write(fd, from, size);

        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            j->error = n == 0 ? EIO : errno;
    }
    return done;
}

static void cut_tail(struct journal *j)
{
    j->tail = ftruncate(fileno(j->file), (off_t)j->end) != 0;
    if (j->tail && !j->error)
        j->error = errno;
}

/* Part of a record is worse than none. */
static void take_all_or_none(struct journal *j)
{
    size_t done = put(j);

    if (j->error && j->regular) {
        if (done > 0 || !j->tail)
            cut_tail(j);
        return;
    }
    j->length -= done;
    memmove(j->waiting, j->waiting + done, j->length);
    if (!j->regular)
        return;
    j->end += (long)done;
    if (j->tail)
        cut_tail(j);
}

void journal_begin(struct journal *j, long at)
{
    j->end = at;
    j->tail = j->regular;
}

int journal_began(struct journal *j)
{
    const int error = j->error;

    if (!error)
        return DONE;
    j->tail = false;
    j->length = 0;
    j->error = 0;
    return fail(FAILED, "%s: %s", j->path, strerror(error));
}

long journal_at(const struct journal *j)
{
    return j->end + (long)j->length;
}

void journal_cut(struct journal *j, long at)
{
    if (!j->regular)
        return;
    if (at >= j->end) {
        j->length = (size_t)(at - j->end);
        return;
    }
    j->length = 0;
    j->end = at;
    j->tail = true;
}

void journal_add(struct journal *j, const char *record, size_t length)
{
    char *more = realloc(j->waiting, j->length + length);

    if (!more)
        exit(fail(FAILED, "out of memory"));
    j->waiting = more;
    memcpy(more + j->length, record, length);
    j->length += length;
    take_all_or_none(j);
    if (j->error)
        warn("%s: %s; what is missing is tried again", j->path, strerror(j->error));
}

int journal_close(struct journal *j)
{
    int status = DONE;

    if (!j->file)
        return DONE;
    if (j->length > 0)
        take_all_or_none(j);
    else if (j->tail)
        cut_tail(j);
    if (fclose(j->file) != 0 && !j->error)
        j->error = errno;
    if (j->error)
        status = fail(FAILED, "%s: could not be written completely: %s", j->path, strerror(j->error));
    free(j->waiting);
    memset(j, 0, sizeof *j);
    return status;
}
