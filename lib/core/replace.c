/* core/replace.c - files that are replaced as a whole or not at all.
 *
 * A file is written as "PATH.N.tmp" beside the old one and renamed. Its writer holds a lock on it (flock). A
 * temporary file whose lock is free is a remnant of a process that died, and is removed. */
#include "core/alloc.h"
#include "core/status.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <snn/sys/component.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096u /* longest path, as Linux has it */
#define LINKS_MAX 40
#define TEMPORARIES 1000000u /* numbers that are tried */

struct snn_component_file {
    snn_context *context;
    const char *asked;     /* path in messages; follows the structure */
    char path[PATH_BYTES]; /* file that is replaced, after all symbolic links */
    char temporary[PATH_BYTES];
    struct stat old;
    bool exists;
    int fd; /* -1: closed */
};

static snn_status cannot(const char *path, int error)
{
    return snn__fail(SNN_ERR_IO, "cannot write \"%.300s\": %s", path, snn__reason(error).text);
}

/* Puts the file that a path leads to in place of the path; it need not exist. 0, or what errno said. */
static int follow_links(snn_component_file *r)
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
static snn_status find_target(snn_component_file *r, const char *path)
{
    int error;

    if (path[0] == '\0')
        return snn__fail(SNN_ERR_IO, "cannot write: the file name is empty");
    if (strlen(path) >= PATH_BYTES)
        return cannot(path, ENAMETOOLONG);
    r->exists = stat(path, &r->old) == 0;
    if (r->exists && !S_ISREG(r->old.st_mode))
        return snn__fail(SNN_ERR_IO, "cannot write \"%.300s\": it is a %s, not a regular file", path,
                         S_ISDIR(r->old.st_mode) ? "directory" : "device or pipe");
    if (r->exists && faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0) {
        if (errno != ENOENT) /* another process has removed it */
            return cannot(path, errno);
        r->exists = false;
    }
    strcpy(r->path, path);
    error = follow_links(r);
    return error == 0 ? SNN_OK : cannot(path, error);
}

/* Creates the temporary file and takes its lock; file systems without locks do without. */
static int create_locked(const snn_component_file *r)
{
    int fd = open(r->temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, r->exists ? 0600 : 0666);
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

static int name_temporary(snn_component_file *r, unsigned number)
{
    int n = snprintf(r->temporary, PATH_BYTES, "%s.%u.tmp", r->path, number);

    return n > 0 && (size_t)n < PATH_BYTES ? 0 : ENAMETOOLONG;
}

/* Opens the first temporary file that no other writer has, and removes those that dead ones left. 0, or errno. */
static int open_temporary(snn_component_file *r)
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

/* ---- bytes */

static int write_bytes(int fd, const char *from, size_t size, uint64_t at)
{
    while (size > 0) {
        const ssize_t n = pwrite(fd, from, size, (off_t)at);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        from += n;
        at += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

/* Writing past a limit of the process (RLIMIT_FSIZE) raises SIGXFSZ, which ends it. Held back, it is an error of the
 * write, EFBIG. */
static int write_held(int fd, const void *from, size_t size, uint64_t at)
{
    sigset_t only, before, pending;
    bool ours;
    int error, number;

    sigemptyset(&only);
    sigaddset(&only, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &only, &before);
    ours = sigpending(&pending) == 0 && !sigismember(&pending, SIGXFSZ);
    error = write_bytes(fd, from, size, at);
    if (ours && sigpending(&pending) == 0 && sigismember(&pending, SIGXFSZ))
        sigwait(&only, &number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/* ---- the name */

/* The new file gets owner, group and mode of the old one, as far as this process may give them; a group that it
 * may not give gets no rights. */
static void keep_rights(const snn_component_file *r)
{
    mode_t mode = r->old.st_mode & 0777;

    if (fchown(r->fd, r->old.st_uid, r->old.st_gid) != 0 && fchown(r->fd, (uid_t)-1, r->old.st_gid) != 0)
        mode &= ~(mode_t)S_IRWXG;
    fchmod(r->fd, mode);
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

/* ---- calls */

static snn_status open_file(snn_component_file *r)
{
    int error;

    SNN__TRY(find_target(r, r->asked));
    error = open_temporary(r);
    return error == 0 ? SNN_OK : cannot(r->asked, error);
}

snn_status snn_component_file_create(snn_component_file **out, snn_context *context, const char *path)
{
    snn_component_file *r;
    snn_status rc;

    if (out != NULL)
        *out = NULL;
    if (out == NULL || context == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "a file to write: an argument is NULL");
    r = snn__alloc(context, 1, sizeof *r + strlen(path) + 1); /* large for a stack */
    if (r == NULL)
        return SNN_ERR_MEMORY;
    r->context = context;
    r->asked = strcpy((char *)(r + 1), path);
    r->fd = -1;
    rc = open_file(r);
    if (rc == SNN_OK)
        *out = r;
    else
        snn__free(context, r);
    return rc;
}

snn_status snn_component_file_write(snn_component_file *file, const void *from, size_t size, uint64_t at)
{
    const int error = write_held(file->fd, from, size, at);

    return error == 0 ? SNN_OK : cannot(file->asked, error);
}

/* The file is on the disk before it is closed; the lock is kept until it has its name. */
snn_status snn_component_file_commit(snn_component_file *file, int *descriptor)
{
    if (file->exists)
        keep_rights(file);
    if (fsync(file->fd) != 0 || rename(file->temporary, file->path) != 0)
        return cannot(file->asked, errno);
    if (descriptor != NULL)
        *descriptor = file->fd;
    else
        close(file->fd);
    file->fd = -1;
    sync_directory(file->path);
    return SNN_OK;
}

void snn_component_file_destroy(snn_component_file *file)
{
    if (file == NULL)
        return;
    if (file->fd >= 0) {
        unlink(file->temporary);
        close(file->fd);
    }
    snn__free(file->context, file);
}
