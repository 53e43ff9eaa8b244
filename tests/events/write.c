/* write.c - recordings of cameras' formats. */
#include "write.h"
#include "writers.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- bytes ---- */

void put(struct bytes *b, const void *data, size_t size)
{
    if (b->room - b->size < size) {
        b->room = 2 * (b->size + size) + 4096;
        b->data = realloc(b->data, b->room);
        if (b->data == NULL)
            abort();
    }
    if (size > 0)
        memcpy(b->data + b->size, data, size);
    b->size += size;
}

void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

void put_le(struct bytes *b, uint64_t value, unsigned size)
{
    uint8_t byte[8];

    for (unsigned i = 0; i < size; i++)
        byte[i] = (uint8_t)(value >> 8 * i);
    put(b, byte, size);
}

void put_be(struct bytes *b, uint64_t value, unsigned size)
{
    uint8_t byte[8];

    for (unsigned i = 0; i < size; i++)
        byte[i] = (uint8_t)(value >> 8 * (size - 1 - i));
    put(b, byte, size);
}

void put_end(struct bytes *b, size_t count)
{
    for (; count > 0; count--, b->events++)
        if (b->end != NULL)
            b->end[b->events] = b->size;
}

void drop(struct bytes *b)
{
    free(b->data);
    *b = (struct bytes){ .end = b->end };
}

void make_events(snn_event *event, size_t n)
{
    uint64_t state = 88172645463325252u;
    int64_t t = 300;

    for (size_t i = 0; i < n; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        t += (int64_t)(state >> 8) % 41 % (n > 100000 ? 4 : 41);
        if (i == n / 2)
            t += 1100000;
        event[i] = (snn_event){ .t = t,
                                .x = (uint16_t)(state >> 20 & 0xffff) % 100,
                                .y = (uint16_t)(state >> 40 & 0xffff) % 100,
                                .p = (uint8_t)(state >> 60 & 1) };
        if (i % 16 > 11 && event[i - 1].x < 95) { /* a run of one row and time */
            event[i] = event[i - 1];
            event[i].x = (uint16_t)(event[i].x + 1 + (state & 3));
            t = event[i].t;
        }
    }
}

/* ---- N-MNIST ---- */

/* Every overflow record adds 2^13 us. */
static void write_nmnist(struct bytes *b, const snn_event *event, size_t n)
{
    int64_t base = 0;

    for (size_t i = 0; i < n; i++) {
        while (i >= n / 2 && event[i].t - base > 60000) {
            put(b, "\0\360\0\0\0", 5);
            base += 8192;
        }
        put_le(b, event[i].x, 1);
        put_le(b, event[i].y, 1);
        put_be(b, (uint64_t)event[i].p << 23 | (uint64_t)((event[i].t - base) & 0x7fffff), 3);
        put_end(b, 1);
    }
}

/* ---- AEDAT 2.0 ---- */

static void write_dvs128(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "#!AER-DAT2.0\r\n# This is a raw AE data file - do not edit\r\n# AEChip: a.b.DVS128\r\n");
    for (size_t i = 0; i < n; i++) {
        put_be(b, (uint64_t)(event[i].p | event[i].x << 1 | event[i].y << 8), 4);
        put_be(b, (uint64_t)event[i].t, 4);
        put_end(b, 1);
        if (i % 7 == 3) { /* the synchronisation input */
            put_be(b, 0x8000, 4);
            put_be(b, (uint64_t)event[i].t, 4);
        }
    }
}

static void write_davis(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "#!AER-DAT2.0\r\n# AEChip: eu.seebetter.ini.chips.davis.Davis346red\r\n"
                "#<preferences>\r\n#End Of ASCII Header\r\n");
    for (size_t i = 0; i < n; i++) {
        put_be(b, (uint64_t)event[i].p << 11 | (uint64_t)event[i].x << 12 | (uint64_t)event[i].y << 22, 4);
        put_be(b, (uint64_t)event[i].t, 4);
        put_end(b, 1);
        if (i % 5 == 1) { /* a sample of a frame, an external event */
            put_be(b, 0x80000123, 4);
            put_be(b, (uint64_t)event[i].t, 4);
            put_be(b, 0x00000400, 4);
            put_be(b, (uint64_t)event[i].t, 4);
        }
    }
}

/* ---- AEDAT 3.1 ---- */

static void put_packet(struct bytes *b, unsigned type, unsigned size, unsigned capacity, unsigned number)
{
    put_le(b, type, 2);
    put_le(b, 1, 2);
    put_le(b, size, 4);
    put_le(b, 4, 4);
    put_le(b, 0, 4);
    put_le(b, capacity, 4);
    put_le(b, number, 4);
    put_le(b, number, 4);
}

/* Packets of 10 polarity events, of which one is invalid, with room for 64, among packets of special events. */
static void write_aedat3(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "#!AER-DAT3.1\r\n#Format: RAW\r\n#Source 1: DVS128\r\n#!END-HEADER\r\n");
    for (size_t i = 0; i < n;) {
        const size_t count = n - i < 9 ? n - i : 9;

        put_packet(b, 0, 8, 3, 1);
        put_le(b, 0x15, 4);
        put_le(b, 5, 4);
        put_packet(b, 1, 8, 64, (unsigned)count + 1);
        put_le(b, 0xfffffffe, 4); /* not valid */
        put_le(b, 7, 4);
        for (size_t k = 0; k < count; k++, i++) {
            put_le(b, 1u | event[i].p << 1 | (uint32_t)event[i].y << 2 | (uint32_t)event[i].x << 17, 4);
            put_le(b, (uint64_t)event[i].t, 4);
            put_end(b, 1);
        }
    }
}

/* ---- Prophesee ---- */

static void write_evt2(struct bytes *b, const snn_event *event, size_t n)
{
    int64_t high = -1;

    put_text(b, "% Date 2020-09-14 09:03:25\n% evt 2.0\n% geometry 100x100\n");
    put_le(b, 0x10000000, 4); /* an event that has no time yet */
    for (size_t i = 0; i < n; i++) {
        if (event[i].t >> 6 != high) {
            high = event[i].t >> 6;
            put_le(b, 0x80000000u | (uint64_t)high, 4);
        }
        put_le(b,
               (uint64_t)event[i].p << 28 | (uint64_t)(event[i].t & 63) << 22 | (uint64_t)event[i].x << 11 |
                   event[i].y,
               4);
        put_end(b, 1);
        if (i % 6 == 2)
            put_le(b, 0xa0000001, 4); /* a trigger */
    }
}

/* Events of one row, time and polarity that follow each other go into vectors. */
static size_t run_of(const snn_event *event, size_t n)
{
    size_t count = 1;

    while (count < n && event[count].t == event[0].t && event[count].y == event[0].y &&
           event[count].p == event[0].p && event[count].x > event[count - 1].x && event[count].x < event[0].x + 20)
        count++;
    return count;
}

static void put_vector(struct bytes *b, const snn_event *event, size_t n)
{
    uint32_t bits = 0;

    for (size_t i = 0; i < n; i++)
        bits |= 1u << (event[i].x - event[0].x);
    put_le(b, 0x3000u | (unsigned)event[0].p << 11 | event[0].x, 2);
    put_le(b, 0x4000u | (bits & 0xfff), 2);
    for (size_t i = 0; i < n; i++)
        if (event[i].x - event[0].x < 12)
            put_end(b, 1);
    put_le(b, 0x5000u | bits >> 12, 2);
    for (size_t i = 0; i < n; i++)
        if (event[i].x - event[0].x >= 12)
            put_end(b, 1);
}

static void write_evt3(struct bytes *b, const snn_event *event, size_t n)
{
    int64_t high = -1, low = -1, y = -1;

    put_text(b, "% evt 3.0\n% format EVT3;height=100;width=100\n% end\n");
    put_le(b, 0x2001, 2); /* an event that has no time yet */
    for (size_t i = 0, count; i < n; i += count) {
        count = run_of(event + i, n - i);
        if (event[i].t >> 12 != high) {
            high = event[i].t >> 12;
            low = -1;
            put_le(b, 0x8000u | (uint64_t)(high & 0xfff), 2);
        }
        if ((event[i].t & 0xfff) != low) {
            low = event[i].t & 0xfff;
            put_le(b, 0x6000u | (uint64_t)low, 2);
        }
        if (event[i].y != y) {
            y = event[i].y;
            put_le(b, (uint64_t)y, 2);
        }
        if (count > 1)
            put_vector(b, event + i, count);
        else {
            put_le(b, 0x2000u | (unsigned)event[i].p << 11 | event[i].x, 2);
            put_end(b, 1);
        }
    }
}

static void write_dat(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "% Data file containing CD events.\n% Version 2\n% Height 100\n% Width 100\n");
    put(b, "\x0c\x08", 2);
    for (size_t i = 0; i < n; i++) {
        put_le(b, (uint64_t)event[i].t, 4);
        put_le(b, event[i].x | (uint64_t)event[i].y << 14 | (uint64_t)event[i].p << 28, 4);
        put_end(b, 1);
    }
}

/* ---- Event Stream ---- */

static void put_es_header(struct bytes *b, unsigned type)
{
    put_text(b, "Event Stream");
    put(b, "\2\0\0", 3);
    put_le(b, type, 1);
    put_le(b, 100, 2);
    put_le(b, 100, 2);
}

static void write_es_dvs(struct bytes *b, const snn_event *event, size_t n)
{
    int64_t t = 0;

    put_es_header(b, 1);
    put(b, "\xfe", 1); /* padding */
    for (size_t i = 0; i < n; i++) {
        for (; event[i].t - t >= 127; t += 127)
            put(b, "\xff", 1);
        put_le(b, (uint64_t)(event[i].t - t) << 1 | event[i].p, 1);
        put_le(b, event[i].x, 2);
        put_le(b, event[i].y, 2);
        put_end(b, 1);
        t = event[i].t;
    }
}

static void write_es_atis(struct bytes *b, const snn_event *event, size_t n)
{
    int64_t t = 0;

    put_es_header(b, 2);
    for (size_t i = 0; i < n; i++) {
        for (; event[i].t - t >= 3 * 63; t += 3 * 63)
            put(b, "\xff", 1);
        for (; event[i].t - t >= 63; t += 63)
            put(b, "\xfd", 1);
        put_le(b, (uint64_t)(event[i].t - t) << 2 | (uint64_t)event[i].p << 1, 1);
        put_le(b, event[i].x, 2);
        put_le(b, event[i].y, 2);
        put_end(b, 1);
        t = event[i].t;
        if (i % 4 == 0) { /* a threshold crossing */
            put_le(b, 3, 1);
            put_le(b, event[i].x, 2);
            put_le(b, event[i].y, 2);
        }
    }
}

/* ---- text ---- */

static void put_number(struct bytes *b, int64_t value, char after)
{
    char text[32];

    snprintf(text, sizeof text, "%lld%c", (long long)value, after);
    put_text(b, text);
}

static void write_csv(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "# a comment\nt,x,y,p\n");
    for (size_t i = 0; i < n; i++) {
        put_number(b, event[i].t, ',');
        put_number(b, event[i].x, ',');
        put_number(b, event[i].y, ',');
        put(b, &"01"[event[i].p], 1);
        put_end(b, 1);
        put_text(b, i % 9 == 4 ? "\r\n\n" : "\n");
    }
}

/* Columns in another order, a label, and one that is no event's. */
static void write_csv_label(struct bytes *b, const snn_event *event, size_t n)
{
    put_text(b, "label; on ;x;y;timestamp;p\n");
    for (size_t i = 0; i < n; i++) {
        put_number(b, (int64_t)i / 50, ';');
        put_text(b, "true;");
        put_number(b, event[i].x, ';');
        put_number(b, event[i].y, ';');
        put_number(b, event[i].t, ';');
        put_text(b, event[i].p ? "1" : "0");
        put_end(b, 1);
        put_text(b, "\n");
    }
}

/* ---- the list ---- */

static const struct writer writers[] = {
    { "nmnist", "nmnist", write_nmnist, true, false },
    { "aedat2-dvs128", "aedat2", write_dvs128, false, false },
    { "aedat2-davis346", "aedat2", write_davis, false, false },
    { "aedat3", "aedat3", write_aedat3, false, false },
    { "aedat4", "aedat4", write_aedat4, false, false },
#ifdef SNN_EVENTS_LZ4
    { "aedat4-lz4", "aedat4", write_aedat4_lz4, false, false },
#endif
#ifdef SNN_EVENTS_ZSTD
    { "aedat4-zstd", "aedat4", write_aedat4_zstd, false, false },
#endif
    { "evt2", "evt2", write_evt2, false, false },
    { "evt3", "evt3", write_evt3, false, false },
    { "dat", "dat", write_dat, false, false },
    { "es-dvs", "es", write_es_dvs, false, false },
    { "es-atis", "es", write_es_atis, false, false },
    { "csv", "csv", write_csv, false, false },
    { "csv-label", "csv", write_csv_label, false, false },
    { "npy-rows", "npy", write_npy_rows, false, false },
    { "npy-fields", "npy", write_npy_fields, false, false },
    { "npy-columns", "npy", write_npy_columns, false, true },
#ifdef SNN_EVENTS_ARCHIVE
    { "npz", "npz", write_npz, false, true },
#endif
#ifdef SNN_EVENTS_HDF5
    { "hdf5", "hdf5", write_hdf5, false, true },
#endif
};

const struct writer *writer_at(size_t index)
{
    return index < sizeof writers / sizeof *writers ? &writers[index] : NULL;
}
