/* tar.c - headers of tar files: ustar, GNU's long names, the extended headers of POSIX (pax). */
#include "tar.h"
#include "../disk.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK 512u
#define FILL_MOST 1024u     /* blocks after the end that are looked at */
#define EXTENDED_MOST 8192u /* bytes of an extended header: a name, times, owners */

/* Fields of a header: where they begin, and how long they are. */
enum {
    NAME = 0,
    NAME_SIZE = 100,
    SIZE = 124,
    SIZE_SIZE = 12,
    SUM = 148,
    SUM_SIZE = 8,
    TYPE = 156,
    MAGIC = 257,
    PREFIX = 345,
    PREFIX_SIZE = 155
};

static snn_status damaged(const struct snn__tar *tar, uint64_t at, const char *what)
{
    return snn_component_fail(SNN_ERR_FORMAT, "%.300s: %s at byte %llu", tar->path, what, (unsigned long long)at);
}

/* ---- numbers ---- */

/* Octal digits, or with the highest bit set a number of base 256; false: neither. */
static bool number_of(const uint8_t *field, size_t length, uint64_t *out)
{
    size_t i = 0;

    *out = 0;
    if (field[0] & 0x80) {
        for (i = 1; i < length; i++)
            *out = *out << 8 | field[i];
        return (field[0] & 0x7f) == 0 && *out < (uint64_t)1 << 62;
    }
    while (i < length && field[i] == ' ')
        i++;
    for (; i < length && field[i] >= '0' && field[i] <= '7'; i++)
        *out = *out << 3 | (uint64_t)(field[i] - '0');
    return i == length || field[i] == ' ' || field[i] == '\0';
}

/* The sum of the bytes of a header, its own field counted as spaces. */
static bool sum_is_right(const uint8_t *header)
{
    uint64_t sum = 0, said;

    for (size_t i = 0; i < BLOCK; i++)
        sum += i >= SUM && i < SUM + SUM_SIZE ? ' ' : header[i];
    return number_of(header + SUM, SUM_SIZE, &said) && said == sum;
}

static bool is_zero(const uint8_t *header)
{
    for (size_t i = 0; i < BLOCK; i++)
        if (header[i] != 0)
            return false;
    return true;
}

/* ---- names ---- */

static size_t length_of(const uint8_t *text, size_t most)
{
    size_t n = 0;

    while (n < most && text[n] != 0)
        n++;
    return n;
}

static void take_name(struct snn__tar *tar, const uint8_t *header)
{
    const bool posix = memcmp(header + MAGIC, "ustar\0", 6) == 0;
    const int prefix = posix ? (int)length_of(header + PREFIX, PREFIX_SIZE) : 0;

    snprintf(tar->name, sizeof tar->name, "%.*s%s%.*s", prefix, (const char *)header + PREFIX, prefix > 0 ? "/" : "",
             (int)length_of(header + NAME, NAME_SIZE), (const char *)header + NAME);
}

/* What headers before a member say of it. */
struct extended {
    bool named, sized;
    uint64_t size;
};

static snn_status take_long_name(struct snn__tar *tar, struct extended *x, uint64_t at, uint64_t size)
{
    if (size >= sizeof tar->name || !snn__disk_read(tar->file, tar->name, (size_t)size, at))
        return damaged(tar, at, "a name that is too long, or cut off");
    tar->name[size] = '\0';
    x->named = true;
    return SNN_OK;
}

/* One record of a pax header, "LENGTH KEY=VALUE\n". */
static snn_status take_record(struct snn__tar *tar, struct extended *x, const char *key, const char *end)
{
    const size_t length = (size_t)(end - key);

    if (length > 5 && memcmp(key, "path=", 5) == 0) {
        if (length - 5 >= sizeof tar->name)
            return damaged(tar, tar->next, "a name that is too long");
        snprintf(tar->name, sizeof tar->name, "%.*s", (int)(length - 5), key + 5);
        x->named = true;
    } else if (length > 5 && memcmp(key, "size=", 5) == 0) {
        x->size = 0;
        for (const char *c = key + 5; c < end; c++) {
            if (*c < '0' || *c > '9' || x->size > (uint64_t)1 << 58)
                return damaged(tar, tar->next, "an extended header with no size");
            x->size = 10 * x->size + (uint64_t)(*c - '0');
        }
        x->sized = true;
    } else if (length > 11 && memcmp(key, "GNU.sparse.", 11) == 0) {
        return damaged(tar, tar->next, "a sparse member, which cannot be read in place,");
    }
    return SNN_OK;
}

static snn_status take_records(struct snn__tar *tar, struct extended *x, const char *text, size_t size)
{
    size_t at = 0;

    while (at < size) {
        size_t length = 0, digits = 0;

        while (at + digits < size && text[at + digits] >= '0' && text[at + digits] <= '9' && digits < 7)
            length = 10 * length + (size_t)(text[at + digits++] - '0');
        if (digits == 0 || length < digits + 3 || length > size - at || text[at + digits] != ' ' ||
            text[at + length - 1] != '\n')
            return damaged(tar, tar->next, "a damaged extended header");
        TRY(take_record(tar, x, text + at + digits + 1, text + at + length - 1));
        at += length;
    }
    return SNN_OK;
}

static snn_status take_extended(struct snn__tar *tar, struct extended *x, uint64_t at, uint64_t size)
{
    char text[EXTENDED_MOST];

    if (size > sizeof text || !snn__disk_read(tar->file, text, (size_t)size, at))
        return damaged(tar, at, "an extended header that is too long, or cut off");
    return take_records(tar, x, text, (size_t)size);
}

/* ---- members ---- */

/* Zeros fill the last record. Something after them is another archive, or a hole in this one. */
static snn_status check_end(const struct snn__tar *tar)
{
    const uint64_t left = (tar->size - tar->next) / BLOCK;
    uint8_t block[BLOCK];

    for (uint64_t i = 1; i < left && i < FILL_MOST; i++)
        if (!snn__disk_read(tar->file, block, BLOCK, tar->next + i * BLOCK) || !is_zero(block))
            return damaged(tar, tar->next + i * BLOCK,
                           "there is more after the mark of its end: a hole, or shards joined by cat, for which "
                           "there is tar -A;");
    return SNN_OK;
}

/* Reads the header at hand; *end: it is the mark of the end, a block of zeros. */
static snn_status read_header(struct snn__tar *tar, uint8_t header[BLOCK], uint64_t *size, bool *end)
{
    if (tar->next > tar->size || tar->size - tar->next < BLOCK ||
        !snn__disk_read(tar->file, header, BLOCK, tar->next))
        return damaged(tar, tar->size, "the shard is truncated: it has no mark of its end");
    *end = is_zero(header);
    if (*end)
        return check_end(tar);
    if (!sum_is_right(header) || !number_of(header + SIZE, SIZE_SIZE, size))
        return damaged(tar, tar->next, "no header of a member");
    return SNN_OK;
}

/* A member of `size` bytes at `at`; what follows begins with the next block. */
static snn_status pass(struct snn__tar *tar, uint64_t at, uint64_t size)
{
    if (at > tar->size || size > tar->size - at)
        return damaged(tar, tar->size, "the shard is truncated");
    tar->next = at + (size + BLOCK - 1) / BLOCK * BLOCK; /* up to BLOCK - 1 past the end, which is seen there */
    return SNN_OK;
}

static bool is_regular(char type)
{
    return type == '0' || type == '\0' || type == '7';
}

/* Takes a header; *found: it is that of a member. */
static snn_status take_header(struct snn__tar *tar, const uint8_t *header, uint64_t size, struct extended *x,
                              struct snn__tar_member *member, bool *found)
{
    const char type = (char)header[TYPE];
    const uint64_t at = tar->next + BLOCK;

    if (type == 'L' || type == 'x') {
        TRY(type == 'L' ? take_long_name(tar, x, at, size) : take_extended(tar, x, at, size));
        return pass(tar, at, size);
    }
    if (type == 'S')
        return damaged(tar, tar->next, "a sparse member, which cannot be read in place,");
    if (type == 'K' || type == 'g') /* of links, and of all members */
        return pass(tar, at, size);
    if (x->sized)
        size = x->size;
    if (!x->named)
        take_name(tar, header);
    *found = type != '5';
    member->regular = is_regular(type);
    member->at = at;
    member->size = size;
    return pass(tar, at, type == '1' || type == '2' || type == '5' ? 0 : size);
}

snn_status snn__tar_next(struct snn__tar *tar, struct snn__tar_member *member, bool *found)
{
    struct extended x = { 0 };
    uint8_t header[BLOCK];
    uint64_t size = 0;
    bool end = false;

    *found = false;
    member->head = tar->next;
    while (!*found) {
        TRY(read_header(tar, header, &size, &end));
        if (end)
            return SNN_OK;
        TRY(take_header(tar, header, size, &x, member, found));
        if (header[TYPE] != 'L' && header[TYPE] != 'x' && header[TYPE] != 'K' && !*found) {
            x = (struct extended){ 0 };
            member->head = tar->next;
        }
    }
    return SNN_OK;
}

/* ---- the file ---- */

static snn_status check_plain(const struct snn__tar *tar)
{
    static const struct {
        const char *magic, *unpack;
        size_t length;
    } kinds[] = {
        { "\x1f\x8b", "gzip -d", 2 },
        { "\x28\xb5\x2f\xfd", "zstd -d", 4 },
        { "\xfd"
          "7zXZ",
          "xz -d", 5 },
        { "BZh", "bzip2 -d", 3 },
    };
    char begin[8] = { 0 };

    (void)!pread(tar->file, begin, sizeof begin, 0);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (memcmp(begin, kinds[i].magic, kinds[i].length) == 0)
            return snn_component_fail(SNN_ERR_UNSUPPORTED,
                                      "%.300s is compressed; shards are read in place: unpack it once with %s",
                                      tar->path, kinds[i].unpack);
    return SNN_OK;
}

static snn_status look(struct snn__tar *tar)
{
    struct stat st;

    if (fstat(tar->file, &st) != 0 || !S_ISREG(st.st_mode))
        return snn_component_fail(SNN_ERR_IO, "%.300s is no regular file", tar->path);
    tar->size = (uint64_t)st.st_size;
    tar->second = (uint64_t)st.st_mtim.tv_sec;
    tar->nano = (uint64_t)st.st_mtim.tv_nsec;
    return check_plain(tar);
}

snn_status snn__tar_open(struct snn__tar *tar, const char *path)
{
    snn_status rc;

    snprintf(tar->path, sizeof tar->path, "%s", path);
    tar->name[0] = '\0';
    tar->next = 0;
    tar->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (tar->file < 0)
        return snn__fail_path(path, errno);
    rc = look(tar);
    if (rc != SNN_OK)
        close(tar->file);
    return rc;
}

void snn__tar_close(struct snn__tar *tar)
{
    close(tar->file);
}
