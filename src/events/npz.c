/* npz.c - NumPy's .npz with an array [N] for each column: t.npy, x.npy, y.npy and p.npy in a zip. Each is read
 * through an archive of its own, so that any number of events takes the same memory. An .npz with one array of events
 * is an archive with a recording. */
#include "members.h"
#include "table.h"
#include <string.h>

struct npz {
    struct snn__table table;
    struct snn__events_archive *archive[SNN__COLUMNS];
    struct snn__octets octets[SNN__COLUMNS];
};

/* Number of the column that the file in the archive is. */
static unsigned column_of(const char *name)
{
    const size_t length = strlen(name);

    return length > 4 && strcmp(name + length - 4, ".npy") == 0 ? snn__column_named(name, length - 4) : SNN__COLUMNS;
}

/* Goes to the file that is column number `column`; *found is false if there is none. */
static snn_status go_to(struct snn__events_archive *archive, unsigned column, bool *found)
{
    const char *name;

    for (*found = false; !*found;) {
        TRY(snn__archive_next(archive, &name));
        if (name == NULL)
            break;
        *found = column_of(name) == column;
    }
    return SNN_OK;
}

snn_status snn__npz_is(snn_events *e, bool *is)
{
    struct snn__events_archive *archive;
    unsigned seen = 0;
    const char *name = "";
    snn_status rc;

    TRY(snn__archive_open(&archive, e));
    while ((rc = snn__archive_next(archive, &name)) == SNN_OK && name != NULL)
        seen |= 1u << column_of(name);
    snn__archive_close(archive);
    *is = (seen & 15) == 15;
    return rc;
}

/* Files of a zip are known by how they are opened: snn_events_open() asks snn__npz_is(). */
static bool is_npz(const uint8_t *head, size_t size, const char *name)
{
    (void)head;
    (void)size;
    (void)name;
    return false;
}

static snn_status open_column(snn_events *e, struct npz *s, unsigned i)
{
    struct snn__npy array;
    bool found;

    TRY(snn__archive_open(&s->archive[i], e));
    TRY(go_to(s->archive[i], i, &found));
    if (!found)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s holds no array %c", snn__events_where(e), "txyp"[i]);
    snn__octets_open(&s->octets[i], snn__archive_fill, s->archive[i]);
    TRY(snn__npy_header(&array, &s->octets[i], e));
    if (array.load == NULL || array.rank != 1)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: array %c is no list of numbers", snn__events_where(e),
                                  "txyp"[i]);
    if (i > 0 && array.shape[0] != s->table.left)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: array %c has %llu numbers, t has %llu",
                                  snn__events_where(e), "txyp"[i], (unsigned long long)array.shape[0],
                                  (unsigned long long)s->table.left);
    s->table.left = array.shape[0];
    s->table.column[i] = (struct snn__column){ .in = &s->octets[i], .stride = array.row, .load = array.load };
    return SNN_OK;
}

static snn_status begin_npz(snn_events *e)
{
    struct npz *s = e->state;

    if (e->source.read != NULL)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "events: an .npz of columns is read from a file or from memory "
                                  "alone");
    for (unsigned i = 0; i < SNN__COLUMNS; i++)
        TRY(open_column(e, s, i));
    e->info.events = s->table.left;
    return SNN_OK;
}

static snn_status read_npz(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct npz *s = e->state;

    return snn__table_events(e, &s->table, out, most, got);
}

static void end_npz(snn_events *e)
{
    struct npz *s = e->state;

    for (unsigned i = 0; i < SNN__COLUMNS; i++) {
        snn__archive_close(s->archive[i]);
        snn_component_free(e->ctx, s->octets[i].buffer);
    }
}

#ifdef SNN_EVENTS_ARCHIVE
#define LACKS NULL
#else
#define LACKS "libarchive-dev"
#endif

const struct snn__events_format snn__events_npz = { .name = "npz",
                                                    .text = "NumPy's .npz of arrays t, x, y, p",
                                                    .lacks = LACKS,
                                                    .state = sizeof(struct npz),
                                                    .is = is_npz,
                                                    .begin = begin_npz,
                                                    .read = read_npz,
                                                    .end = end_npz };
