/* structs [--table | --list | --older] - every public function that takes a sized structure, called with every size
 * of it, shorter and longer ones, and bytes behind it that nobody may touch. docs/abi.md says what has to come back.
 *
 * --table prints the answers, --list the functions and the structures they take, for structs.sh to compare with the
 * headers. Compiled against older headers, --older calls with the sizes that a program of that time has. */
#include "structs.h"
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST 65535u
#define TAIL 64u /* longest tail of a later version that is tried */
#define CANARY 0xa5

static unsigned char room[MOST + 2 * TAIL], before[sizeof room];
static unsigned char *const place = room + TAIL;
static int failures;

/* What a call gave: its status, a figure of what it made of the input, and whether the message was the right one. */
struct answer {
    snn_status rc;
    double figure;
};

static bool is_legal(size_t size)
{
    return size >= 8 && size % sizeof(void *) == 0 && size <= MOST;
}

static void wrong(const struct row *row, size_t size, const char *what)
{
    if (failures++ < 20)
        printf("%s, struct_size %zu of %zu: %s: %s\n", row->function, size, row->size, what, snn_last_error());
}

/* The row's structure with its defaults and what it needs, `size` bytes of it between canaries; a longer one ends in
 * `tail`. */
static void lay(const struct row *row, size_t size, const unsigned char *tail)
{
    unsigned char full[MOST] = { 0 };
    const uint32_t held = (uint32_t)size;
    const size_t known = size < row->size ? size : row->size;

    memset(room, CANARY, sizeof room);
    row->begin(full);
    memcpy(full, &held, sizeof held);
    memcpy(place, full, known < sizeof held ? sizeof held : known);
    if (size > row->size && size <= row->size + TAIL)
        memcpy(place + row->size, tail, size - row->size);
    memcpy(before, room, sizeof room);
}

static struct answer call(const struct row *row, void *given)
{
    struct answer a = { SNN_OK, 0 };

    a.rc = row->call(given, &a.figure);
    return a;
}

static bool untouched(size_t from, size_t to)
{
    return memcmp(room + from, before + from, to - from) == 0;
}

static bool names_the_initialiser(const struct row *row)
{
    return strstr(snn_last_error(), row->initialiser) != NULL;
}

/* A size that no structure has: refused, with the way out, and nothing happened. */
static void check_refused(const struct row *row, size_t size, struct answer a)
{
    if (a.rc != SNN_ERR_ARGUMENT || !names_the_initialiser(row))
        wrong(row, size, "is not refused with the initialiser's name");
    if (!untouched(0, sizeof room))
        wrong(row, size, "is refused, but written to");
}

/* What the same call answers to a whole structure whose missing fields have their defaults. */
static struct answer with_defaults(const struct row *row, size_t size)
{
    unsigned char whole[MOST] = { 0 }, full[MOST] = { 0 };
    const uint32_t held = (uint32_t)row->size;

    row->defaults(whole);
    row->begin(full);
    memcpy(whole, full, size < row->size ? size : row->size);
    memcpy(whole, &held, sizeof held);
    return call(row, whole);
}

static void check_taken(const struct row *row, size_t size, bool tail_is_set, struct answer a)
{
    struct answer expected = with_defaults(row, size);

    if (tail_is_set)
        expected = (struct answer){ SNN_ERR_VERSION, 0 };
    if (a.rc != expected.rc || a.figure != expected.figure)
        wrong(row, size, "is not answered like a whole structure with defaults");
    if (row->kind == TAKES ? !untouched(0, sizeof room) : !untouched(0, TAIL) || !untouched(TAIL + size, sizeof room))
        wrong(row, size, "was written to");
}

static bool is_loose(const struct row *row, size_t at)
{
    for (size_t i = 0; i < sizeof row->loose / sizeof *row->loose; i++)
        if (row->loose[i] != 0 && at >= row->loose[i] && at < row->loose[i] + 8)
            return true;
    return false;
}

static void check_filled(const struct row *row, size_t size, struct answer a)
{
    unsigned char full[MOST] = { 0 };
    const uint32_t filled = (uint32_t)(size < row->size ? size : row->size);
    uint32_t held;

    memcpy(&held, place, sizeof held);
    if (a.rc != SNN_OK)
        wrong(row, size, "fails");
    if (held != filled)
        wrong(row, size, "struct_size does not say what was filled");
    if (!untouched(0, TAIL) || !untouched(TAIL + filled, sizeof room))
        wrong(row, size, "bytes beyond were written");
    row->begin(full);
    if (call(row, full).rc != SNN_OK)
        wrong(row, row->size, "fails");
    for (size_t i = sizeof held; i < filled; i++)
        if (place[i] != full[i] && !is_loose(row, i)) {
            wrong(row, size, "differs from a whole structure");
            break;
        }
}

static void check_size(const struct row *row, size_t size, const unsigned char *tail, bool tail_is_set,
                       snn_status *rc)
{
    struct answer a;

    lay(row, size, tail);
    a = call(row, place);
    *rc = a.rc;
    if (!is_legal(size))
        check_refused(row, size, a);
    else if (row->kind == FILLS)
        check_filled(row, size, a);
    else
        check_taken(row, size, tail_is_set, a);
}

/* ---- functions that initialise: the size is an argument ---- */

static void check_initialised(const struct row *row, size_t size, snn_status *rc)
{
    unsigned char full[MOST] = { 0 };
    uint32_t held;
    size_t unknown = 0;

    memset(room, CANARY, sizeof room);
    memcpy(before, room, sizeof room);
    *rc = row->initialise(place, size);
    if (!is_legal(size)) {
        if (*rc != SNN_ERR_ARGUMENT || !untouched(0, sizeof room))
            wrong(row, size, "is not refused untouched");
        return;
    }
    row->initialise(full, row->size);
    memcpy(&held, place, sizeof held);
    for (size_t i = row->size; i < size; i++)
        unknown += place[i];
    if (*rc != SNN_OK || held != size || unknown != 0 ||
        memcmp(place + 4, full + 4, (size < row->size ? size : row->size) - 4) != 0)
        wrong(row, size, "does not set the defaults");
    if (!untouched(0, TAIL) || !untouched(TAIL + size, sizeof room))
        wrong(row, size, "bytes beyond were written");
}

/* ---- all sizes of a row ---- */

enum column { SHORTER, CUT, WHOLE, LONGER, LONGER_SET, NO_SIZE, COLUMNS };

static const char *const column_names[COLUMNS] = { "shorter",         "cuts a field",      "its own",
                                                   "longer, 0 there", "longer, set there", "no size" };

/* Answers that a column has seen, by their number. */
struct answers {
    unsigned ok, argument, version, other;
};

static void count(struct answers *a, snn_status rc)
{
    a->ok += rc == SNN_OK;
    a->argument += rc == SNN_ERR_ARGUMENT;
    a->version += rc == SNN_ERR_VERSION;
    a->other += rc != SNN_OK && rc != SNN_ERR_ARGUMENT && rc != SNN_ERR_VERSION;
}

static void try_size(const struct row *row, size_t size, const unsigned char *tail, bool tail_is_set,
                     struct answers *column)
{
    snn_status rc;

    if (row->kind == INITIALISES)
        check_initialised(row, size, &rc);
    else
        check_size(row, size, tail, tail_is_set, &rc);
    count(column, rc);
}

static void try_shorter(const struct row *row, struct answers *column)
{
    static const unsigned char none[TAIL];

    for (size_t size = 0; size < row->size; size++)
        try_size(row, size, none, false, &column[size < 8 ? NO_SIZE : is_legal(size) ? SHORTER : CUT]);
    try_size(row, row->size, none, false, &column[WHOLE]);
}

/* A later version may give a reserved field a meaning, which this one does not know. */
static void try_reserved(const struct row *row)
{
    lay(row, row->size, NULL);
    place[row->reserved] = 1;
    if (call(row, place).rc != SNN_ERR_VERSION)
        wrong(row, row->size, "takes a reserved field that is set");
}

static void try_longer(const struct row *row, struct answers *column)
{
    static const size_t never[] = { MOST + 1, UINT32_MAX };
    unsigned char tail[TAIL] = { 0 };

    for (size_t more = 1; more <= TAIL; more++)
        try_size(row, row->size + more, tail, false, &column[is_legal(row->size + more) ? LONGER : CUT]);
    for (size_t i = 0; i < TAIL; i++) {
        tail[i] = 1;
        try_size(row, row->size + TAIL, tail, row->kind != FILLS, &column[LONGER_SET]);
        tail[i] = 0;
    }
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        try_size(row, never[i], tail, false, &column[NO_SIZE]);
}

/* A structure that a callback receives is the library's, and says how large that is. */
static void try_callback(const struct row *row, struct answers *column)
{
    struct answer a = call(row, NULL);

    count(&column[WHOLE], a.rc);
    if (a.rc != SNN_OK || a.figure != (double)row->size)
        wrong(row, row->size, "does not come with the library's size");
}

static void print_answers(const struct answers *a)
{
    const struct {
        unsigned n;
        const char *name;
    } kinds[] = { { a->ok, "OK" }, { a->argument, "ARGUMENT" }, { a->version, "VERSION" }, { a->other, "other" } };
    const char *between = "";

    for (size_t i = 0; i < 4; i++)
        if (kinds[i].n > 0) {
            printf("%s%u %s", between, kinds[i].n, kinds[i].name);
            between = ", ";
        }
    printf("%s | ", between[0] ? "" : "-");
}

static void print_row(const struct row *row, const struct answers *column)
{
    printf("| `%s` | `%s` | %zu | ", row->function, row->type, row->size);
    for (int c = 0; c < COLUMNS; c++)
        print_answers(&column[c]);
    puts("");
}

static void print_head(void)
{
    printf("| function | structure | size | ");
    for (int c = 0; c < COLUMNS; c++)
        printf("%s | ", column_names[c]);
    printf("\n| --- | --- | --- |");
    for (int c = 0; c < COLUMNS; c++)
        printf(" --- |");
    puts("");
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    size_t n;
    const struct row *rows = structs_rows(&n);

    if (strcmp(what, "--table") == 0)
        print_head();
    for (size_t i = 0; i < n; i++) {
        struct answers column[COLUMNS] = { { 0 } };

        if (strcmp(what, "--list") == 0) {
            printf("%s %s\n", rows[i].function, rows[i].type);
            continue;
        }
        if (rows[i].kind == IS_GIVEN) {
            if (strcmp(what, "--older") != 0)
                try_callback(&rows[i], column);
        } else {
            try_shorter(&rows[i], column);
            if (rows[i].reserved > 0)
                try_reserved(&rows[i]);
            if (strcmp(what, "--older") != 0)
                try_longer(&rows[i], column);
        }
        if (strcmp(what, "--table") == 0)
            print_row(&rows[i], column);
    }
    structs_end();
    if (failures > 0)
        printf("%d answers are wrong\n", failures);
    else if (what[0] == '\0' || strcmp(what, "--older") == 0)
        printf("%zu functions answer as docs/abi.md says\n", n);
    return failures > 0;
}
