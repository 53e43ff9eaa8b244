/* archive.c - recordings in archives and compressed files. */
#include "members.h"
#include <string.h>

bool snn__archive_is(const uint8_t *head, size_t size)
{
    static const struct {
        size_t at;
        const char *mark;
    } marks[] = { { 0, "PK\3\4" },
                  { 0, "PK\5\6" },
                  { 0, "\x1f\x8b" },
                  { 0, "BZh" },
                  { 0, "\xfd"
                       "7zXZ" },
                  { 0, "\x28\xb5\x2f\xfd" },
                  { 0, "\x04\x22\x4d\x18" },
                  { 257, "ustar" } };

    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        const size_t length = strlen(marks[i].mark);

        if (size >= marks[i].at + length && memcmp(head + marks[i].at, marks[i].mark, length) == 0)
            return true;
    }
    return false;
}

#ifdef SNN_EVENTS_ARCHIVE
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <stdio.h>

struct snn__events_archive {
    snn_events *e;
    struct archive *a;
    struct snn__tap tap;
    uint8_t *block;    /* SNN__OCTETS_ROOM bytes of the source */
    size_t given;      /* bytes of it that e->in had at hand */
    la_int64_t at;     /* bytes before the next block */
    snn_status failed; /* of the source */
    bool cut;          /* it is truncated */
    char name[1024];
};

/* ---- what libarchive reads from ---- */

static la_ssize_t read_block(struct archive *a, void *user, const void **block)
{
    struct snn__events_archive *self = user;
    size_t got = self->given;

    *block = self->block;
    self->given = 0;
    if (got == 0)
        self->failed = snn__tap_fill(&self->tap, self->block, SNN__OCTETS_ROOM, &got);
    self->at += (la_int64_t)got;
    if (self->failed == SNN_OK)
        return (la_ssize_t)got;
    archive_set_error(a, EIO, "the source cannot be read");
    return ARCHIVE_FATAL;
}

static la_int64_t seek_block(struct archive *a, void *user, la_int64_t offset, int whence)
{
    struct snn__events_archive *self = user;
    uint64_t size = 0;
    la_int64_t to;

    self->failed = snn__tap_size(&self->tap, &size);
    to = offset + (whence == SEEK_END ? (la_int64_t)size : whence == SEEK_CUR ? self->at : 0);
    if (self->failed == SNN_OK && to >= 0)
        self->failed = snn__tap_seek(&self->tap, (uint64_t)to);
    if (self->failed == SNN_OK && to >= 0)
        return self->at = to;
    archive_set_error(a, EINVAL, "the source has no such place");
    return ARCHIVE_FATAL;
}

/* ---- opening ---- */

/* tar, zip, and one compressed file; what needs programs or is not in use for data is left out. */
static void choose_formats(struct archive *a)
{
    archive_read_support_format_tar(a);
    archive_read_support_format_zip(a);
    archive_read_support_format_raw(a);
    archive_read_support_filter_gzip(a);
    archive_read_support_filter_bzip2(a);
    archive_read_support_filter_xz(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_lz4(a);
}

static snn_status fail_archive(struct snn__events_archive *self)
{
    const char *text = archive_error_string(self->a);

    if (self->failed != SNN_OK)
        return self->failed;
    if (text != NULL && strstr(text, "runcated") != NULL) {
        self->cut = true;
        return snn__events_warn(self->e, "%.120s is truncated: %.80s", snn__events_where(self->e), text);
    }
    return snn_component_fail(SNN_ERR_FORMAT, "%.300s: %.200s", snn__events_where(self->e),
                              text != NULL ? text : "the archive is damaged");
}

static snn_status open_archive(struct snn__events_archive *self)
{
    struct snn__octets *in = &self->e->in;

    TRY(snn__tap_open(&self->tap, &self->e->source));
    self->block = snn_component_alloc(self->e->ctx, SNN__OCTETS_ROOM, 1);
    if (self->block == NULL)
        return SNN_ERR_MEMORY;
    self->a = archive_read_new();
    if (self->a == NULL)
        return snn_component_fail(SNN_ERR_MEMORY, "out of memory");
    choose_formats(self->a);
    archive_read_set_read_callback(self->a, read_block);
    if (archive_read_set_callback_data(self->a, self) != ARCHIVE_OK) /* archive_read_open1() does not look */
        return snn_component_fail(SNN_ERR_MEMORY, "out of memory");
    if (snn__tap_seeks(&self->tap))
        archive_read_set_seek_callback(self->a, seek_block);
    else {
        self->given = in->left;
        if (in->left > 0)
            memcpy(self->block, in->at, in->left);
    }
    return archive_read_open1(self->a) >= ARCHIVE_WARN ? SNN_OK : fail_archive(self);
}

snn_status snn__archive_open(struct snn__events_archive **out, snn_events *e)
{
    struct snn__events_archive *self = snn_component_alloc(e->ctx, 1, sizeof *self);
    snn_status rc;

    *out = NULL;
    if (self == NULL)
        return SNN_ERR_MEMORY;
    self->e = e;
    rc = open_archive(self);
    if (rc != SNN_OK)
        snn__archive_close(self);
    else
        *out = self;
    return rc;
}

void snn__archive_close(struct snn__events_archive *self)
{
    if (self == NULL)
        return;
    if (self->a != NULL)
        archive_read_free(self->a);
    snn__tap_close(&self->tap);
    snn_component_free(self->e->ctx, self->block);
    snn_component_free(self->e->ctx, self);
}

/* ---- members ---- */

/* The name of what one compressed file holds: its own, without the last ending and the folders. */
static void name_after_path(struct snn__events_archive *self)
{
    const char *path = self->e->source.path, *slash = path != NULL ? strrchr(path, '/') : NULL;
    char *dot;

    snprintf(self->name, sizeof self->name, "%s", slash != NULL ? slash + 1 : path != NULL ? path : "");
    dot = strrchr(self->name, '.');
    if (dot != NULL)
        *dot = '\0';
}

snn_status snn__archive_next(struct snn__events_archive *self, const char **name)
{
    struct archive_entry *entry;

    *name = NULL;
    while (!self->cut) {
        const int rc = archive_read_next_header(self->a, &entry);
        const char *path;

        if (rc == ARCHIVE_EOF)
            break;
        if (rc == ARCHIVE_RETRY)
            continue;
        if (rc < ARCHIVE_WARN) {
            TRY(fail_archive(self));
            continue;
        }
        path = archive_entry_pathname(entry);
        if (archive_entry_filetype(entry) != AE_IFREG)
            continue;
        snprintf(self->name, sizeof self->name, "%s", path != NULL ? path : "");
        if (archive_format(self->a) == ARCHIVE_FORMAT_RAW)
            name_after_path(self);
        *name = self->name;
        break;
    }
    return SNN_OK;
}

snn_status snn__archive_fill(void *user, void *to, size_t size, size_t *got)
{
    struct snn__events_archive *self = user;
    la_ssize_t n;

    *got = 0;
    if (self->cut)
        return SNN_OK;
    do
        n = archive_read_data(self->a, to, size);
    while (n == ARCHIVE_RETRY);
    if (n < 0)
        return fail_archive(self);
    *got = (size_t)n;
    return SNN_OK;
}
#else
snn_status snn__archive_open(struct snn__events_archive **out, snn_events *e)
{
    *out = NULL;
    return snn_component_fail(SNN_ERR_UNSUPPORTED,
                              "%.300s is an archive or compressed; this build of libsnn-events was "
                              "made without libarchive (Debian: libarchive-dev)",
                              snn__events_where(e));
}

void snn__archive_close(struct snn__events_archive *archive)
{
    (void)archive;
}

snn_status snn__archive_next(struct snn__events_archive *archive, const char **name)
{
    (void)archive;
    *name = NULL;
    return SNN_OK;
}

snn_status snn__archive_fill(void *archive, void *to, size_t size, size_t *got)
{
    (void)archive;
    (void)to;
    (void)size;
    *got = 0;
    return SNN_OK;
}
#endif
