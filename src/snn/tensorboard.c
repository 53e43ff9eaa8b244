/* tensorboard.c - event files of TensorBoard. */
#include "tensorboard.h"
#include "tool.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define NAME "events.out.tfevents.snn" /* TensorBoard reads all files with tfevents in their names */
#define RECORD_MOST (64u << 20)

/* ---- records: length (8 bytes), checksum of it (4), data, checksum (4), all from the lowest byte on */

/* CRC-32C, turned and shifted as TFRecord has it. */
static uint32_t checksum(const uint8_t *data, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78u : 0);
    }
    crc = ~crc;
    return (crc >> 15 | crc << 17) + 0xa282ead8u;
}

static void put_bytes_of(FILE *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        fputc((int)(value >> 8 * i & 255), out);
}

static uint64_t bytes_at(const uint8_t *data, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)data[i] << 8 * i;
    return value;
}

static void put_record(FILE *file, const uint8_t *data, size_t length)
{
    uint8_t head[8];

    for (int i = 0; i < 8; i++)
        head[i] = (uint8_t)((uint64_t)length >> 8 * i);
    fwrite(head, 1, 8, file);
    put_bytes_of(file, checksum(head, 8), 4);
    fwrite(data, 1, length, file);
    put_bytes_of(file, checksum(data, length), 4);
}

/* The data of the next record, to be freed; NULL at the end, or where the file is cut off or damaged. */
static uint8_t *next_record(FILE *file, size_t *length)
{
    uint8_t head[12], *data;
    uint64_t n;

    if (fread(head, 1, 12, file) != 12 || bytes_at(head + 8, 4) != checksum(head, 8))
        return NULL;
    n = bytes_at(head, 8);
    data = n < RECORD_MOST ? malloc((size_t)n + 4) : NULL;
    if (data &&
        (fread(data, 1, (size_t)n + 4, file) != n + 4 || bytes_at(data + n, 4) != checksum(data, (size_t)n))) {
        free(data);
        return NULL;
    }
    *length = (size_t)n;
    return data;
}

/* ---- messages of protocol buffers: fields, each a number and a kind before its value */

enum { VARINT = 0, FIXED64 = 1, BYTES = 2, FIXED32 = 5 };

struct message {
    FILE *out;
    char *data;
    size_t length;
};

static void message_open(struct message *m)
{
    m->out = open_memstream(&m->data, &m->length);
    if (!m->out)
        exit(fail(FAILED, "out of memory"));
}

static void put_varint(FILE *out, uint64_t value)
{
    for (; value > 127; value >>= 7)
        fputc((int)(value & 127) | 128, out);
    fputc((int)value, out);
}

static void put_whole(struct message *m, unsigned field, uint64_t value)
{
    put_varint(m->out, field << 3 | VARINT);
    put_varint(m->out, value);
}

static void put_double(struct message *m, unsigned field, double value)
{
    uint64_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_varint(m->out, field << 3 | FIXED64);
    put_bytes_of(m->out, bits, 8);
}

static void put_float(struct message *m, unsigned field, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    put_varint(m->out, field << 3 | FIXED32);
    put_bytes_of(m->out, bits, 4);
}

static void put_bytes(struct message *m, unsigned field, const char *data, size_t length)
{
    put_varint(m->out, field << 3 | BYTES);
    put_varint(m->out, length);
    fwrite(data, 1, length, m->out);
}

static void put_text(struct message *m, unsigned field, const char *text)
{
    put_bytes(m, field, text, strlen(text));
}

/* Closes `inner`, which becomes a field. */
static void put_message(struct message *m, unsigned field, struct message *inner)
{
    if (fclose(inner->out) != 0)
        exit(fail(FAILED, "out of memory"));
    put_bytes(m, field, inner->data, inner->length);
    free(inner->data);
}

/* ---- Event { wall_time = 1, step = 2, file_version = 3, summary = 5 { value = 1 { tag = 1, simple_value = 2,
 *      tensor = 8, metadata = 9 } } } */

static void event_open(struct message *event, uint64_t step)
{
    struct timespec t;

    clock_gettime(CLOCK_REALTIME, &t);
    message_open(event);
    put_double(event, 1, (double)t.tv_sec + 1e-9 * (double)t.tv_nsec);
    if (step > 0)
        put_whole(event, 2, step);
}

static void write_event(struct tensorboard *board, struct message *event)
{
    struct message record;

    message_open(&record);
    if (fclose(event->out) != 0)
        exit(fail(FAILED, "out of memory"));
    put_record(record.out, (const uint8_t *)event->data, event->length);
    if (fclose(record.out) != 0)
        exit(fail(FAILED, "out of memory"));
    journal_add(&board->file, record.data, record.length);
    free(record.data);
    free(event->data);
}

static void put_scalar(struct message *summary, const char *tag, double x)
{
    struct message value;

    message_open(&value);
    put_text(&value, 1, tag);
    put_float(&value, 2, (float)x);
    put_message(summary, 1, &value);
}

/* Text of Markdown in which every line is indented: code. */
static void put_code(struct message *m, unsigned field, const char *text)
{
    struct message code;

    message_open(&code);
    fputs("    ", code.out);
    for (; *text; text++)
        fputs(*text == '\n' ? "\n    " : (char[]){ *text, '\0' }, code.out);
    put_message(m, field, &code);
}

/* A tensor of one string, TensorProto { dtype = 1, tensor_shape = 2 { dim = 2 { size = 1 } }, string_val = 8 }. */
static void put_string_tensor(struct message *m, unsigned field, const char *text)
{
    struct message tensor, shape, size;

    message_open(&tensor);
    message_open(&shape);
    message_open(&size);
    put_whole(&tensor, 1, 7); /* DT_STRING */
    put_whole(&size, 1, 1);
    put_message(&shape, 2, &size);
    put_message(&tensor, 2, &shape);
    put_code(&tensor, 8, text);
    put_message(m, field, &tensor);
}

/* SummaryMetadata { plugin_data = 1 { plugin_name = 1 } }: the plugin "text" shows it. */
static void put_note(struct message *summary, const char *tag, const char *text)
{
    struct message value, metadata, plugin;

    message_open(&value);
    message_open(&metadata);
    message_open(&plugin);
    put_text(&value, 1, tag);
    put_string_tensor(&value, 8, text);
    put_text(&plugin, 1, "text");
    put_message(&metadata, 1, &plugin);
    put_message(&value, 9, &metadata);
    put_message(summary, 1, &value);
}

/* "train_loss" is loss/train: TensorBoard draws together what begins alike. */
static void put_figure(struct message *summary, const char *name, double x)
{
    static const char *const kind[] = { "loss", "accuracy", "top5" };
    char tag[100];

    snprintf(tag, sizeof tag, "%s", name);
    for (size_t i = 0; i < sizeof kind / sizeof *kind; i++) {
        const char *of = strstr(name, kind[i]);

        if (of > name && strcmp(of, kind[i]) == 0)
            snprintf(tag, sizeof tag, "%s/%.*s", kind[i], (int)(of - name - 1), name);
    }
    put_scalar(summary, tag, x);
}

/* ---- the file */

int tensorboard_name(struct tensorboard *board, const char *folder)
{
    size_t length;
    uint8_t *first;
    struct stat st;
    FILE *old;

    if (!folder)
        return DONE;
    board->path = renamed(folder, "", "/" NAME);
    if (!board->path)
        return fail(FAILED, "out of memory");
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return fail(FAILED, "--tensorboard %s: %s", folder, strerror(errno));
    if (stat(board->path, &st) != 0 || st.st_size == 0)
        return DONE;
    if (open_to_read(&old, board->path) != DONE)
        return FAILED;
    first = next_record(old, &length);
    fclose(old);
    free(first);
    return first ? DONE : fail(FAILED, "%s: exists and is no event file; name another folder", board->path);
}

/* The step of an event; the head of the file and the settings have none. */
static uint64_t step_of(const uint8_t *event, size_t length)
{
    uint64_t step = 0;

    if (length < 11 || event[0] != (1 << 3 | FIXED64) || event[9] != (2 << 3 | VARINT))
        return 0;
    for (size_t i = 10; i < length && i < 20; i++) {
        step |= (uint64_t)(event[i] & 127) << 7 * (i - 10);
        if (event[i] < 128)
            break;
    }
    return step;
}

/* Where the records of the epochs to keep end. */
static long skip_kept(struct tensorboard *board, uint64_t keep)
{
    uint8_t *event;
    size_t length;
    long end = 0;

    while (keep > 0 && (event = next_record(board->file.file, &length)) != NULL) {
        const uint64_t step = step_of(event, length);

        free(event);
        if (step > keep)
            break;
        board->step = step;
        board->last = end;
        end = ftell(board->file.file);
    }
    return end;
}

static void begin(struct tensorboard *board, const json_t *settings)
{
    char *text = json_dumps(settings, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    struct message event, summary;

    event_open(&event, 0);
    put_text(&event, 3, "brain.Event:2");
    write_event(board, &event);
    event_open(&event, 0);
    message_open(&summary);
    put_note(&summary, "settings/text_summary", text ? text : "");
    free(text);
    put_message(&event, 5, &summary);
    write_event(board, &event);
}

int tensorboard_open(struct tensorboard *board, uint64_t keep, const json_t *settings)
{
    long end;

    if (!board->path)
        return DONE;
    if (journal_open(&board->file, board->path) != DONE)
        return FAILED;
    end = skip_kept(board, keep);
    journal_begin(&board->file, end);
    if (end == 0)
        begin(board, settings);
    return journal_began(&board->file);
}

void tensorboard_add(struct tensorboard *board, const struct history *h, const struct epoch_row *row)
{
    struct message event, summary;
    json_t *figures, *value;
    const char *name;
    char tag[120];

    if (!board->file.file)
        return;
    if (board->step == row->epoch)
        journal_cut(&board->file, board->last);
    board->last = journal_at(&board->file);
    board->step = row->epoch;
    event_open(&event, row->epoch);
    message_open(&summary);
    figures = history_event(h, row);
    json_object_foreach(figures, name, value) if (json_is_real(value))
        put_figure(&summary, name, json_real_value(value));
    json_object_foreach(json_object_get(figures, "rates"), name, value) if (json_is_real(value))
    {
        snprintf(tag, sizeof tag, "firing_rate_of_layers/%.80s", name);
        put_scalar(&summary, tag, json_real_value(value));
    }
    json_decref(figures);
    put_message(&event, 5, &summary);
    write_event(board, &event);
}

int tensorboard_close(struct tensorboard *board)
{
    int status = journal_close(&board->file);

    free(board->path);
    return status;
}
