/* Files on the disk: whole replacement, exact reads, byte order. */
#include "model/file.h"
#include "core/alloc.h"
#include "core/file.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#define CHUNK 1024u /* floats turned at a time on big-endian hosts */

/* ---- byte order */

static bool little_endian(void)
{
    const uint16_t one = 1;
    unsigned char first;

    memcpy(&first, &one, 1);
    return first == 1;
}

static void swap_bytes(unsigned char *x, size_t n)
{
    for (size_t i = 0; i < n; i++, x += 4) {
        unsigned char a = x[0], b = x[1];

        x[0] = x[3];
        x[1] = x[2];
        x[2] = b;
        x[3] = a;
    }
}

void snn__floats_from_file(float *x, size_t n)
{
    if (!little_endian())
        swap_bytes((unsigned char *)x, n);
}

/* Takes bytes as they are to be written; false ends it. */
typedef bool (*sink_fn)(void *arg, const void *bytes, size_t size);

static bool emit(const struct snn__piece *piece, sink_fn sink, void *arg)
{
    unsigned char chunk[4 * CHUNK];

    if (!piece->floats || little_endian())
        return sink(arg, piece->data, piece->size);
    for (size_t done = 0; done < piece->size;) {
        size_t n = piece->size - done < sizeof chunk ? piece->size - done : sizeof chunk;

        memcpy(chunk, (const char *)piece->data + done, n);
        swap_bytes(chunk, n / 4);
        if (!sink(arg, chunk, n))
            return false;
        done += n;
    }
    return true;
}

static bool add_crc(void *arg, const void *bytes, size_t size)
{
    uint32_t *crc = arg;

    *crc = (uint32_t)crc32_z(*crc, bytes, size);
    return true;
}

uint32_t snn__pieces_crc(uint32_t crc, const struct snn__piece *pieces, size_t n)
{
    for (size_t i = 0; i < n; i++)
        emit(&pieces[i], add_crc, &crc);
    return crc;
}

/* ---- writing
 *
 * A file is written as "PATH.N.tmp" beside the old one and renamed. Its writer holds a lock on it (flock). A
 * temporary file whose lock is free is a remnant of a process that died, and is removed. */

#define PATH_BYTES 4096u /* longest path, as Linux has it */
#define LINKS_MAX 40
#define TEMPORARIES 1000000u /* numbers that are tried */

struct replacement {
    char path[PATH_BYTES]; /* file that is replaced, after all symbolic links */
    char temporary[PATH_BYTES];
    struct stat old;
    bool exists;
    int fd;
};

static snn_status fail_io(const char *what, const char *path, int error)
{
    return snn__fail(SNN_ERR_IO, "%s \"%.300s\": %s", what, path, snn__reason(error).text);
}

/* Puts the file that a path leads to in place of the path; it need not exist. 0, or what errno said. */
static int follow_links(struct replacement *r)
{
    char *target = r->temporary;

    for (int i = 0; i < LINKS_MAX; i++) {
        ssize_t n = readlink(r->path, target, PATH_BYTES - 1);
        const char *slash = strrchr(r->path, '/');
        size_t folder = 0;

        if (n < 0) /* EINVAL: no link */
            return errno == EINVAL || errno == ENOENT ? 0 : errno;
        if (target[0] != '/' && slash != NULL)
            folder = (size_t)(slash + 1 - r->path);
        if (folder + (size_t)n >= PATH_BYTES - 1)
            return ENAMETOOLONG;
        memcpy(r->path + folder, target, (size_t)n);
        r->path[folder + (size_t)n] = '\0';
    }
    return ELOOP;
}

/* Renaming onto a device or a directory would replace it, or fail after the data are written. Renaming onto a file
 * without write permission would circumvent its protection. So only regular files that may be written are
 * replaced. */
static snn_status find_target(struct replacement *r, const char *path)
{
    int error;

    if (path[0] == '\0')
        return snn__fail(SNN_ERR_IO, "cannot write: the file name is empty");
    if (strlen(path) >= PATH_BYTES)
        return fail_io("cannot write", path, ENAMETOOLONG);
    r->exists = stat(path, &r->old) == 0;
    if (r->exists && !S_ISREG(r->old.st_mode))
        return snn__fail(SNN_ERR_IO, "cannot write \"%.300s\": it is a %s, not a regular file", path,
                         S_ISDIR(r->old.st_mode) ? "directory" : "device or pipe");
    if (r->exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return fail_io("cannot write", path, errno);
    strcpy(r->path, path);
    error = follow_links(r);
    return error == 0 ? SNN_OK : fail_io("cannot write", path, error);
}

/* Creates the temporary file and takes its lock; file systems without locks do without. */
static int create_locked(const struct replacement *r)
{
    int fd = open(r->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, r->exists ? 0600 : 0666);
    struct stat st;

    if (fd < 0)
        return -1;
    if ((flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) || fstat(fd, &st) != 0 || st.st_nlink == 0) {
        close(fd); /* another process took it for a remnant */
        errno = EEXIST;
        return -1;
    }
    return fd;
}

/* Removes a temporary file that nobody writes any more. */
static bool remove_stale(const char *name)
{
    int fd = open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat st, named;
    bool gone;

    if (fd < 0)
        return false;
    gone = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
           lstat(name, &named) == 0 && st.st_ino == named.st_ino && st.st_dev == named.st_dev && unlink(name) == 0;
    close(fd);
    return gone;
}

static int name_temporary(struct replacement *r, unsigned number)
{
    int n = snprintf(r->temporary, PATH_BYTES, "%s.%u.tmp", r->path, number);

    return n > 0 && (size_t)n < PATH_BYTES ? 0 : ENAMETOOLONG;
}

/* Opens the first temporary file that no other writer has, and removes those that dead ones left. 0, or errno. */
static int open_temporary(struct replacement *r)
{
    unsigned number = 0, stale;
    int error;

    for (;;) {
        error = number < TEMPORARIES ? name_temporary(r, number) : EEXIST;
        if (error != 0)
            return error;
        r->fd = create_locked(r);
        if (r->fd >= 0)
            break;
        if (errno != EEXIST)
            return errno;
        if (!remove_stale(r->temporary))
            number++;
    }
    for (stale = number + 1; name_temporary(r, stale) == 0 && remove_stale(r->temporary); stale++)
        ;
    return name_temporary(r, number);
}

static bool write_bytes(void *arg, const void *bytes, size_t size)
{
    const struct replacement *r = arg;
    const char *at = bytes;

    while (size > 0) {
        ssize_t n = write(r->fd, at, size);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

/* The new file gets owner, group and mode of the old one, as far as this process may give them; a group that it
 * may not give gets no rights. */
static void keep_rights(const struct replacement *r)
{
    mode_t mode = r->old.st_mode & 0777;

    if (fchown(r->fd, r->old.st_uid, r->old.st_gid) != 0 && fchown(r->fd, (uid_t)-1, r->old.st_gid) != 0)
        mode &= ~(mode_t)S_IRWXG;
    fchmod(r->fd, mode);
}

/* 0, or what errno said. The file is closed either way. */
static int write_pieces(struct replacement *r, const struct snn__piece *pieces, size_t n)
{
    bool ok = true;
    int error = 0;

    errno = 0;
    for (size_t i = 0; ok && i < n; i++)
        ok = emit(&pieces[i], write_bytes, r);
    if (ok && r->exists)
        keep_rights(r);
    if (!ok || fsync(r->fd) != 0 || rename(r->temporary, r->path) != 0)
        error = errno != 0 ? errno : EIO;
    close(r->fd); /* on the disk already; the lock is kept until the file has its name */
    return error;
}

/* Writing past a limit of the process (RLIMIT_FSIZE) raises SIGXFSZ, which ends it. Held back, it is an error of the
 * write, EFBIG. */
static int write_held(struct replacement *r, const struct snn__piece *pieces, size_t n)
{
    sigset_t only, before, pending;
    bool ours;
    int error, number;

    sigemptyset(&only);
    sigaddset(&only, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &only, &before);
    ours = sigpending(&pending) == 0 && !sigismember(&pending, SIGXFSZ);
    error = write_pieces(r, pieces, n);
    if (ours && sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ))
        sigwait(&only, &number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* Makes the new name survive a power failure. The rename has happened and either file is whole, so that a file system
 * which cannot do this is no reason to fail. */
static void sync_directory(char *path)
{
    char *slash = strrchr(path, '/');
    int fd;

    if (slash != NULL)
        slash[slash == path] = '\0';
    fd = open(slash != NULL ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) {
        fsync(fd);
        close(fd);
    }
}

static snn_status replace(struct replacement *r, const char *path, const struct snn__piece *pieces, size_t n)
{
    int error;

    SNN__TRY(find_target(r, path));
    error = open_temporary(r);
    if (error != 0)
        return fail_io("cannot write", path, error);
    error = write_held(r, pieces, n);
    if (error != 0) {
        unlink(r->temporary);
        return fail_io("cannot write", path, error);
    }
    sync_directory(r->path);
    return SNN_OK;
}

snn_status snn__file_replace(snn_context *ctx, const char *path, const struct snn__piece *pieces, size_t n)
{
    struct replacement *r = snn__alloc(ctx, 1, sizeof *r); /* large for a stack */
    snn_status rc = r != NULL ? replace(r, path, pieces, n) : SNN_ERR_MEMORY;

    snn__free(ctx, r);
    return rc;
}

/* ---- reading */

snn_status snn__input_open(struct snn__input *in, const char *path)
{
    FILE *stream;

    *in = (struct snn__input){ NULL, path, 0 };
    SNN__TRY(snn__file_open(&stream, &in->size, path));
    in->stream = stream;
    return SNN_OK;
}

snn_status snn__input_read(struct snn__input *in, void *out, size_t size)
{
    errno = 0;
    if (size == 0 || fread(out, 1, size, in->stream) == size)
        return SNN_OK;
    if (ferror((FILE *)in->stream))
        return fail_io("cannot read", in->path, errno != 0 ? errno : EIO);
    return snn__fail(SNN_ERR_FORMAT, "model file \"%.300s\" ends early", in->path);
}

void snn__input_close(struct snn__input *in)
{
    if (in->stream != NULL)
        fclose(in->stream);
    in->stream = NULL;
}
