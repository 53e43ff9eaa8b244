/* table.c - numbers of any type as events, a block of rows at a time: column after column, so that the loops know
 * their types. */
#include "table.h"
#include <math.h>
#include <string.h>

#define BLOCK ((size_t)256)

unsigned snn__column_named(const char *name, size_t length)
{
    static const struct {
        const char *name;
        unsigned column;
    } names[] = { { "t", SNN__T },     { "ts", SNN__T },         { "time", SNN__T },    { "timestamp", SNN__T },
                  { "times", SNN__T }, { "timestamps", SNN__T }, { "x", SNN__X },       { "y", SNN__Y },
                  { "p", SNN__P },     { "pol", SNN__P },        { "polarity", SNN__P } };

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strlen(names[i].name) == length && strncmp(names[i].name, name, length) == 0)
            return names[i].column;
    return SNN__COLUMNS;
}

/* ---- numbers ---- */

#define LOAD(type)                                                                     \
    static bool load_##type(const uint8_t *from, size_t stride, int64_t *to, size_t n) \
    {                                                                                  \
        for (size_t i = 0; i < n; i++, from += stride) {                               \
            type v;                                                                    \
                                                                                       \
            memcpy(&v, from, sizeof v);                                                \
            to[i] = (int64_t)v;                                                        \
        }                                                                              \
        return true;                                                                   \
    }

LOAD(int8_t)
LOAD(uint8_t)
LOAD(int16_t)
LOAD(uint16_t)
LOAD(int32_t)
LOAD(uint32_t)
LOAD(int64_t)

static bool load_uint64_t(const uint8_t *from, size_t stride, int64_t *to, size_t n)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++, from += stride) {
        uint64_t v;

        memcpy(&v, from, sizeof v);
        to[i] = (int64_t)v;
        all |= v;
    }
    return all <= INT64_MAX;
}

static bool round_to(double v, int64_t *to)
{
    if (!(v >= -0x1p62 && v <= 0x1p62))
        return false;
    *to = (int64_t)rint(v);
    return true;
}

#define LOAD_REAL(type)                                                                \
    static bool load_##type(const uint8_t *from, size_t stride, int64_t *to, size_t n) \
    {                                                                                  \
        bool good = true;                                                              \
                                                                                       \
        for (size_t i = 0; i < n; i++, from += stride) {                               \
            type v;                                                                    \
                                                                                       \
            memcpy(&v, from, sizeof v);                                                \
            good &= round_to((double)v, to + i);                                       \
        }                                                                              \
        return good;                                                                   \
    }

LOAD_REAL(float)
LOAD_REAL(double)

/* The bytes of each number in the other order. */
#define LOAD_SWAPPED(type)                                                                     \
    static bool load_swapped_##type(const uint8_t *from, size_t stride, int64_t *to, size_t n) \
    {                                                                                          \
        bool good = true;                                                                      \
                                                                                               \
        for (size_t i = 0; i < n; i++, from += stride) {                                       \
            uint8_t swapped[sizeof(type)];                                                     \
                                                                                               \
            for (size_t k = 0; k < sizeof swapped; k++)                                        \
                swapped[k] = from[sizeof swapped - 1 - k];                                     \
            good &= load_##type(swapped, sizeof swapped, to + i, 1);                           \
        }                                                                                      \
        return good;                                                                           \
    }

LOAD_SWAPPED(int16_t)
LOAD_SWAPPED(uint16_t)
LOAD_SWAPPED(int32_t)
LOAD_SWAPPED(uint32_t)
LOAD_SWAPPED(int64_t)
LOAD_SWAPPED(uint64_t)
LOAD_SWAPPED(float)
LOAD_SWAPPED(double)

static bool is_little(void)
{
    const uint16_t one = 1;
    uint8_t first;

    memcpy(&first, &one, 1);
    return first == 1;
}

snn__load_fn *snn__load_of(const char *type, size_t length, size_t *bytes)
{
    static const struct {
        const char *name;
        size_t bytes;
        snn__load_fn *load, *swapped;
    } types[] = {
        { "b1", 1, load_uint8_t, load_uint8_t },           { "i1", 1, load_int8_t, load_int8_t },
        { "u1", 1, load_uint8_t, load_uint8_t },           { "i2", 2, load_int16_t, load_swapped_int16_t },
        { "u2", 2, load_uint16_t, load_swapped_uint16_t }, { "i4", 4, load_int32_t, load_swapped_int32_t },
        { "u4", 4, load_uint32_t, load_swapped_uint32_t }, { "i8", 8, load_int64_t, load_swapped_int64_t },
        { "u8", 8, load_uint64_t, load_swapped_uint64_t }, { "f4", 4, load_float, load_swapped_float },
        { "f8", 8, load_double, load_swapped_double },
    };
    const bool swapped = length > 0 && *type == (is_little() ? '>' : '<');

    for (size_t i = 0; length == 3 && i < sizeof types / sizeof *types; i++)
        if (strncmp(type + 1, types[i].name, 2) == 0) {
            *bytes = types[i].bytes;
            return swapped ? types[i].swapped : types[i].load;
        }
    return NULL;
}

/* ---- rows ---- */

/* Brings up to `rows` rows to hand; returns how many are. */
static snn_status rows_at_hand(snn_events *e, struct snn__table *table, size_t rows, size_t *there)
{
    *there = rows;
    for (int i = 0; i < SNN__COLUMNS; i++) {
        const struct snn__column *c = &table->column[i];

        TRY(snn__octets_need(c->in, e->ctx, rows * c->stride));
        if (c->in->left / c->stride < *there)
            *there = c->in->left / c->stride;
    }
    return SNN_OK;
}

static void take_rows(struct snn__table *table, size_t rows)
{
    for (int i = 0; i < SNN__COLUMNS; i++)
        if (i == 0 || table->column[i].in != table->column[0].in)
            snn__octets_take(table->column[i].in, rows * table->column[i].stride);
}

/* Numbers that are no pixel, in any row. */
static bool fits(int64_t (*value)[BLOCK], size_t n)
{
    uint64_t all = 0;

    for (size_t i = 0; i < n; i++)
        all |= (uint64_t)value[SNN__X][i] | (uint64_t)value[SNN__Y][i];
    return all <= UINT16_MAX;
}

static snn_status load_rows(snn_events *e, struct snn__table *table, snn_event *out, size_t n)
{
    int64_t value[SNN__COLUMNS][BLOCK];
    bool good = true;

    for (int i = 0; i < SNN__COLUMNS; i++) {
        const struct snn__column *c = &table->column[i];

        good &= c->load(c->in->at + c->offset, c->stride, value[i], n);
    }
    if (!good || !fits(value, n))
        return snn_component_fail(SNN_ERR_FORMAT,
                                  "%.300s: a column, a row or a time among events %llu to %llu is no number that an "
                                  "event can have",
                                  snn__events_where(e), (unsigned long long)e->read,
                                  (unsigned long long)(e->read + n - 1));
    for (size_t i = 0; i < n; i++)
        out[i] = (snn_event){ .t = value[SNN__T][i],
                              .x = (uint16_t)value[SNN__X][i],
                              .y = (uint16_t)value[SNN__Y][i],
                              .p = value[SNN__P][i] > 0 };
    return SNN_OK;
}

snn_status snn__table_events(snn_events *e, struct snn__table *table, snn_event *out, size_t most, size_t *got)
{
    size_t rows = most < BLOCK ? most : BLOCK, there;

    rows = table->left < rows ? (size_t)table->left : rows;
    *got = 0;
    if (rows == 0)
        return SNN_OK;
    TRY(rows_at_hand(e, table, rows, &there));
    if (there == 0)
        return snn__events_short(e, table->left);
    TRY(load_rows(e, table, out, there));
    take_rows(table, there);
    table->left -= there;
    *got = there;
    return SNN_OK;
}
