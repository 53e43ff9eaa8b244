/* npy.c - NumPy's .npy: "\x93NUMPY", two bytes of version, the length of the header (16 bits, from version 2 on 32),
 * and the header, a dictionary of Python: 'descr', the type of the elements; 'fortran_order'; 'shape'. Events are
 *
 *   [N] structures with the fields t, x, y and p, in any order, of any types of numbers, or
 *   [N,4] numbers: columns t, x, y, p
 *
 * Times that are no whole numbers are rounded; p is 1 where it is above 0. */
#include "table.h"
#include "tap.h"
#include <snn/sys/npy.h>
#include <string.h>

struct npy {
    struct snn__table table;
    struct snn__tap tap[SNN__COLUMNS]; /* one for each column that has a place of its own */
    struct snn__octets octets[SNN__COLUMNS];
};

/* ---- the header ---- */

/* Which of the fields are columns of events, and how their numbers are loaded; false: a column is of no numbers. */
static bool columns(const snn_npy *header, struct snn__npy *array)
{
    for (size_t i = 0; i < header->fields; i++) {
        const snn_npy_field *f = &header->field[i];
        const unsigned column = snn__column_named(f->name.at, f->name.length);
        size_t bytes;

        if (column == SNN__COLUMNS) /* padding, or what is no event's */
            continue;
        array->field[column] = snn__load_of(f->type.at, f->type.length, &bytes);
        array->offset[column] = f->offset;
        if (array->field[column] == NULL)
            return false;
    }
    return true;
}

/* What `text` says of an array of one or two dimensions. */
static bool understand(const char *text, struct snn__npy *array)
{
    snn_npy header;
    size_t bytes;

    if (!snn_npy_parse(text, &header) || header.rank > 2)
        return false;
    array->fortran = header.fortran != 0;
    array->rank = (unsigned)header.rank;
    memcpy(array->shape, header.shape, sizeof array->shape);
    array->row = header.bytes;
    if (header.fields > 0)
        return columns(&header, array);
    array->load = snn__load_of(header.type.at, header.type.length, &bytes);
    return array->load != NULL;
}

snn_status snn__npy_header(struct snn__npy *array, struct snn__octets *in, snn_events *e)
{
    size_t begin, length;
    char *text;
    bool good;

    *array = (struct snn__npy){ 0 };
    TRY(snn__octets_need(in, e->ctx, 12));
    if (in->left < 12 || memcmp(in->at, "\x93NUMPY", 6) != 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s is no array of NumPy", snn__events_where(e));
    begin = in->at[6] == 1 ? 10 : 12;
    length = in->at[6] == 1 ? snn__le16(in->at + 8) : snn__le32(in->at + 8);
    if (in->at[6] > 3 || length > SNN__OCTETS_ROOM - begin)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: an array of version %u, a header of %zu bytes",
                                  snn__events_where(e), in->at[6], length);
    TRY(snn__octets_need(in, e->ctx, begin + length));
    if (in->left < begin + length)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s ends within its header", snn__events_where(e));
    text = snn_component_alloc(e->ctx, length + 1, 1);
    if (text == NULL)
        return SNN_ERR_MEMORY;
    memcpy(text, in->at + begin, length);
    good = understand(text, array);
    snn_component_free(e->ctx, text);
    array->header = begin + length;
    snn__octets_take(in, begin + length);
    return good ? SNN_OK
                : snn_component_fail(SNN_ERR_FORMAT,
                                     "%.300s: the header is none of an array of numbers, or of "
                                     "structures of numbers",
                                     snn__events_where(e));
}

/* ---- a recording ---- */

static bool is_npy(const uint8_t *head, size_t size, const char *name)
{
    (void)name;
    return size >= 6 && memcmp(head, "\x93NUMPY", 6) == 0;
}

static void set_column(struct snn__column *column, struct snn__octets *in, size_t offset, size_t stride,
                       snn__load_fn *load)
{
    *column = (struct snn__column){ .in = in, .offset = offset, .stride = stride, .load = load };
}

/* Columns one after the other: each is read from its own place in the source. */
static snn_status open_columns(snn_events *e, struct npy *s, const struct snn__npy *array)
{
    if (e->source.read != NULL || e->archive != NULL)
        return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                  "%.300s holds column after column (fortran_order), which is read "
                                  "from a file or from memory alone",
                                  snn__events_where(e));
    for (unsigned i = 0; i < SNN__COLUMNS; i++) {
        TRY(snn__tap_open(&s->tap[i], &e->source));
        TRY(snn__tap_seek(&s->tap[i], array->header + i * array->row * array->shape[0]));
        snn__octets_open(&s->octets[i], snn__tap_fill, &s->tap[i]);
        set_column(&s->table.column[i], &s->octets[i], 0, array->row, array->load);
    }
    return SNN_OK;
}

static snn_status fail_shape(const snn_events *e)
{
    return snn_component_fail(SNN_ERR_FORMAT,
                              "%.300s holds neither [N,4] numbers (t, x, y, p) nor [N] structures with "
                              "the fields t, x, y and p",
                              snn__events_where(e));
}

static snn_status begin_npy(snn_events *e)
{
    struct npy *s = e->state;
    struct snn__npy array;

    TRY(snn__npy_header(&array, &e->in, e));
    if (array.load == NULL ? array.rank != 1 : array.rank != 2 || array.shape[1] != SNN__COLUMNS)
        return fail_shape(e);
    for (unsigned i = 0; i < SNN__COLUMNS; i++) {
        if (array.load == NULL && array.field[i] == NULL)
            return fail_shape(e);
        if (array.load == NULL)
            set_column(&s->table.column[i], &e->in, array.offset[i], array.row, array.field[i]);
        else
            set_column(&s->table.column[i], &e->in, i * array.row, SNN__COLUMNS * array.row, array.load);
    }
    s->table.left = e->info.events = array.shape[0];
    return array.load != NULL && array.fortran ? open_columns(e, s, &array) : SNN_OK;
}

static snn_status read_npy(snn_events *e, snn_event *out, size_t most, size_t *got)
{
    struct npy *s = e->state;

    return snn__table_events(e, &s->table, out, most, got);
}

static void end_npy(snn_events *e)
{
    struct npy *s = e->state;

    for (unsigned i = 0; i < SNN__COLUMNS; i++) {
        snn__tap_close(&s->tap[i]);
        snn_component_free(e->ctx, s->octets[i].buffer);
    }
}

const struct snn__events_format snn__events_npy = { .name = "npy",
                                                    .text = "NumPy's .npy of (t, x, y, p)",
                                                    .state = sizeof(struct npy),
                                                    .is = is_npy,
                                                    .begin = begin_npy,
                                                    .read = read_npy,
                                                    .end = end_npy };
