/* Model files on the disk: wrong use, and nothing half-written, whatever fails. */
#if defined(__linux__)
#define _GNU_SOURCE /* a mount namespace of our own, for a full disk and a read-only one */
#include <sched.h>
#include <sys/mount.h>
#endif
#include "files.h"
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

START_TEST(test_arguments)
{
    const size_t shape[1] = { 3 };

    OK(snn_network_build(&net, ctx, "4-FC", shape, 1, 2, NULL));
    FAILS(snn_network_save(net, path), SNN_ERR_STATE, "snn_network_prepare");
    FAILS(snn_network_save(NULL, path), SNN_ERR_ARGUMENT, "network is NULL");
    FAILS(snn_network_save(net, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    snn_network_destroy(net);
    FAILS(snn_network_load(&net, NULL, path), SNN_ERR_ARGUMENT, "context is NULL");
    ck_assert_ptr_null(net);
    FAILS(snn_network_load(&net, ctx, NULL), SNN_ERR_ARGUMENT, "path is NULL");
    FAILS(snn_network_load(NULL, ctx, path), SNN_ERR_ARGUMENT, "out is NULL");
    FAILS(snn_network_load(&net, ctx, path), SNN_ERR_IO, "No such file");
    FAILS(snn_network_load(&net, ctx, dir), SNN_ERR_IO, "directory");
    FAILS(snn_network_load(&net, ctx, ""), SNN_ERR_IO, "");
    FAILS(snn_network_load(&net, ctx, "/dev/null"), SNN_ERR_IO, "it is a device, not a regular file");
    ck_assert_int_eq(mkfifo(path, 0666), 0); /* nobody writes */
    FAILS(snn_network_load(&net, ctx, path), SNN_ERR_IO, "it is a pipe, not a regular file");
}
END_TEST

START_TEST(test_not_finite)
{
    snn_tensor tensor = SNN_TENSOR_INIT;
    snn_network *copy = NULL;

    make_small();
    OK(snn_network_save(net, path));
    OK(snn_layer_tensor_named(snn_network_layer_named(net, "fc3"), "weight", &tensor));
    ((float *)tensor.data)[2] = NAN;
    FAILS(snn_network_save(net, path), SNN_ERR_DIVERGED, "\"fc3.weight\" is not finite at entry 2");
    OK(snn_network_load(&copy, ctx, path)); /* the file from before */
    snn_network_destroy(copy);
}
END_TEST

START_TEST(test_bad_places)
{
    char missing[128], longer[400];

    make_small();
    snprintf(missing, sizeof missing, "%s/none/a.snn", dir);
    FAILS(snn_network_save(net, missing), SNN_ERR_IO, "No such file");
    FAILS(snn_network_save(net, dir), SNN_ERR_IO, "directory");
    FAILS(snn_network_save(net, ""), SNN_ERR_IO, "empty");
    FAILS(snn_network_save(net, "/dev/full"), SNN_ERR_IO, "not a regular file");
    snprintf(longer, sizeof longer, "%s/%0300d", dir, 1);
    FAILS(snn_network_save(net, longer), SNN_ERR_IO, "name too long");
    ck_assert_uint_eq(files(), 0);
}
END_TEST

static bool touch_numbered(char name[128], unsigned number)
{
    snprintf(name, 128, "%s.%u.tmp", path, number);
    return write_file(name, "old", 3);
}

/* What processes that died left behind goes, however much it is. */
START_TEST(test_leftovers)
{
    char left[128];

    make_small();
    for (unsigned i = 0; i < 1500; i++)
        ck_assert(touch_numbered(left, i));
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(files(), 1);
}
END_TEST

/* What another process writes at the moment, or what is no such file, stays and is in nobody's way. */
START_TEST(test_in_the_way)
{
    char written[128], folder[128], pipe[128], dead[128];
    int fd;

    make_small();
    ck_assert(touch_numbered(written, 0));
    fd = open(written, O_RDWR | O_CLOEXEC);
    ck_assert(fd >= 0 && flock(fd, LOCK_EX) == 0);
    snprintf(folder, sizeof folder, "%s.1.tmp", path);
    snprintf(pipe, sizeof pipe, "%s.2.tmp", path);
    ck_assert(mkdir(folder, 0700) == 0 && mkfifo(pipe, 0600) == 0);
    ck_assert(touch_numbered(dead, 3) && touch_numbered(dead, 4));
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(files(), 4);
    ck_assert(unlink(written) == 0 && unlink(pipe) == 0 && rmdir(folder) == 0);
    close(fd);
}
END_TEST

/* Processes that write to one name, each of which removes what it takes for left behind. */
START_TEST(test_writers)
{
    enum { WRITERS = 3, TIMES = 300 };
    pid_t child[WRITERS];
    snn_network *copy = NULL;
    int failed = 0, status;

    make_small();
    OK(snn_network_save(net, path));
    for (int i = 0; i < WRITERS; i++) {
        child[i] = fork();
        for (int k = 0; child[i] == 0; k++)
            if (k == TIMES || snn_network_save(net, path) != SNN_OK)
                _exit(k < TIMES);
    }
    for (int k = 0; k < TIMES && failed == 0; k++) {
        failed = snn_network_load(&copy, ctx, path) != SNN_OK || !same_tensors(net, copy);
        snn_network_destroy(copy);
    }
    for (int i = 0; i < WRITERS; i++)
        failed += waitpid(child[i], &status, 0) != child[i] || status != 0;
    ck_assert_int_eq(failed, 0);
    ck_assert_uint_eq(files(), 1);
}
END_TEST

static unsigned mode_of(const char *name)
{
    struct stat st;

    ck_assert_int_eq(stat(name, &st), 0);
    return st.st_mode & 07777;
}

/* A new file has the mode that the umask leaves, one that is replaced keeps its own. */
START_TEST(test_mode)
{
    const unsigned modes[] = { 0600, 0664, 0444, 0640 };
    mode_t old = umask(027);

    make_small();
    OK(snn_network_save(net, path));
    ck_assert_uint_eq(mode_of(path), 0640);
    umask(077);
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        chmod(path, modes[i]);
        if (access(path, W_OK) == 0) {
            OK(snn_network_save(net, path));
            ck_assert_uint_eq(mode_of(path), modes[i]);
        }
    }
    umask(old);
}
END_TEST

#define NOBODY 65534

START_TEST(test_owner)
{
    struct stat st;

    if (getuid() != 0)
        return;
    make_small();
    OK(snn_network_save(net, path));
    ck_assert_int_eq(chown(path, NOBODY, NOBODY), 0);
    OK(snn_network_save(net, path));
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert(st.st_uid == NOBODY && st.st_gid == NOBODY);
}
END_TEST

/* The folder would allow the renaming; the file's own mode says no. */
START_TEST(test_protected)
{
    snn_status rc;

    make_small();
    OK(snn_network_save(net, path));
    chmod(path, 0444);
    if (getuid() == 0)
        ck_assert(chown(dir, NOBODY, NOBODY) == 0 && chown(path, NOBODY, NOBODY) == 0 && seteuid(NOBODY) == 0);
    rc = snn_network_save(net, path);
    if (getuid() == 0)
        ck_assert(seteuid(0) == 0);
    ck_assert_int_eq(rc, SNN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "Permission denied"));
    ck_assert_uint_eq(files(), 1);
}
END_TEST

static bool is_link(const char *name)
{
    struct stat st;

    return lstat(name, &st) == 0 && S_ISLNK(st.st_mode);
}

/* Links stay, and what they lead to is replaced, or made. */
START_TEST(test_links)
{
    char folder[128], first[128], second[128], real[160];
    snn_network *copy = NULL;

    make_small();
    snprintf(folder, sizeof folder, "%s/runs", dir);
    snprintf(real, sizeof real, "%s/runs/b.snn", dir);
    snprintf(first, sizeof first, "%s/latest", dir);
    snprintf(second, sizeof second, "%s/runs/best", dir);
    ck_assert(mkdir(folder, 0700) == 0 && symlink("runs/best", first) == 0 && symlink("b.snn", second) == 0);
    for (int i = 0; i < 2; i++) { /* led nowhere, then to a file */
        OK(snn_network_save(net, first));
        ck_assert(is_link(first) && is_link(second) && !is_link(real));
        OK(snn_network_load(&copy, ctx, real));
        snn_network_destroy(copy);
    }
    ck_assert_uint_eq(files(), 2);
    unlink(real);
    ck_assert(unlink(second) == 0 && symlink("../latest", second) == 0);
    FAILS(snn_network_save(net, first), SNN_ERR_IO, "symbolic links");
    ck_assert(unlink(first) == 0 && unlink(second) == 0 && rmdir(folder) == 0);
}
END_TEST

static bool signal_pending(void)
{
    sigset_t set;

    return sigpending(&set) == 0 && sigismember(&set, SIGXFSZ);
}

/* The write fails half-way: the older file stays, the temporary one goes, and the signal that comes with it ends
 * nobody. */
START_TEST(test_too_large)
{
    const struct rlimit small = { 512, RLIM_INFINITY };
    struct rlimit old;
    snn_network *copy = NULL;
    sigset_t mask;
    snn_status rc;

    make_small();
    OK(snn_network_save(net, path));
    signal(SIGXFSZ, SIG_DFL);
    getrlimit(RLIMIT_FSIZE, &old);
    setrlimit(RLIMIT_FSIZE, &small);
    rc = snn_network_save(net, path); /* no assertion before the limit is back: Check writes to files, too */
    setrlimit(RLIMIT_FSIZE, &old);
    ck_assert_int_eq(rc, SNN_ERR_IO);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "File too large"));
    ck_assert(!signal_pending() && pthread_sigmask(SIG_BLOCK, NULL, &mask) == 0 && !sigismember(&mask, SIGXFSZ));
    ck_assert_uint_eq(files(), 1);
    OK(snn_network_load(&copy, ctx, path));
    snn_network_destroy(copy);
}
END_TEST

#if defined(__linux__)
/* A tmpfs of four pages on the directory, in a mount namespace that ends with the test's process. */
static bool mount_small(void)
{
    if (getuid() != 0 || getenv("CK_FORK") != NULL || unshare(CLONE_NEWNS) != 0)
        return false;
    return mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("snn", dir, "tmpfs", 0, "size=16k") == 0;
}

START_TEST(test_disk_full)
{
    const size_t shape[1] = { 1000 };
    snn_network *large = NULL, *copy = NULL;

    if (!mount_small())
        return;
    make_small();
    OK(snn_network_save(net, path));
    OK(snn_network_build(&large, ctx, "1000-10", shape, 1, 10, NULL));
    OK(snn_network_prepare(large));
    FAILS(snn_network_save(large, path), SNN_ERR_IO, "No space left");
    snn_network_destroy(large);
    ck_assert_uint_eq(files(), 1);
    OK(snn_network_load(&copy, ctx, path));
    ck_assert(same_tensors(net, copy));
    snn_network_destroy(copy);
    umount(dir);
}
END_TEST

START_TEST(test_read_only)
{
    snn_network *copy = NULL;

    if (!mount_small())
        return;
    make_small();
    OK(snn_network_save(net, path));
    ck_assert_int_eq(mount("snn", dir, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16k"), 0);
    FAILS(snn_network_save(net, path), SNN_ERR_IO, "Read-only");
    OK(snn_network_load(&copy, ctx, path));
    snn_network_destroy(copy);
    umount(dir);
}
END_TEST
#endif

START_TEST(test_forbidden)
{
    snn_network *copy = NULL;

    if (getuid() == 0) /* everything is allowed */
        return;
    make_small();
    OK(snn_network_save(net, path));
    chmod(path, 0);
    FAILS(snn_network_load(&copy, ctx, path), SNN_ERR_IO, "Permission denied");
    chmod(dir, 0500);
    FAILS(snn_network_save(net, path), SNN_ERR_IO, "Permission denied");
    chmod(dir, 0700);
}
END_TEST

/* ---- memory */

static snn_status save_and_load(snn_context *small)
{
    const size_t shape[3] = { 1, 4, 4 };
    snn_network *made = NULL, *copy = NULL;
    snn_status rc = snn_network_build(&made, small, "ws:2C3-BN-AP2-3-FC", shape, 3, 2, NULL);

    if (rc == SNN_OK)
        rc = snn_network_prepare(made);
    if (rc == SNN_OK)
        rc = snn_network_set_note(made, "key", "text");
    if (rc == SNN_OK)
        rc = snn_network_save(made, path);
    if (rc == SNN_OK)
        rc = snn_network_load(&copy, small, path);
    if (rc != SNN_OK)
        ck_assert_ptr_null(copy);
    snn_network_destroy(copy);
    snn_network_destroy(made);
    return rc;
}

START_TEST(test_memory)
{
    for (size_t n = 1;; n++) {
        struct counting counting = { 0, 0, 0, 0 };
        snn_context_options options;
        snn_context *small = NULL;
        snn_status rc;

        counting_options(&counting, &options);
        options.threads = 1;
        OK(snn_context_create(&small, &options));
        counting.fail_at = counting.calls + n;
        rc = save_and_load(small);
        snn_context_destroy(small);
        ck_assert_uint_eq(counting.live, 0);
        ck_assert_uint_le(files(), 1);
        if (rc == SNN_OK)
            break;
        ck_assert_msg(rc == SNN_ERR_MEMORY, "allocation %zu: %s: %s", n, snn_status_name(rc), snn_last_error());
        ck_assert_uint_lt(n, 10000);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model_disk");
    TCase *tcase = tcase_create("file");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 240);
    tcase_add_test(tcase, test_arguments);
    tcase_add_test(tcase, test_not_finite);
    tcase_add_test(tcase, test_bad_places);
    tcase_add_test(tcase, test_leftovers);
    tcase_add_test(tcase, test_in_the_way);
    tcase_add_test(tcase, test_writers);
    tcase_add_test(tcase, test_mode);
    tcase_add_test(tcase, test_owner);
    tcase_add_test(tcase, test_protected);
    tcase_add_test(tcase, test_links);
    tcase_add_test(tcase, test_too_large);
#if defined(__linux__)
    tcase_add_test(tcase, test_disk_full);
    tcase_add_test(tcase, test_read_only);
#endif
    tcase_add_test(tcase, test_forbidden);
    tcase_add_test(tcase, test_memory);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
