/* labels.c - labels over time. */
#include "labels.h"

#include "tool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LABEL_MOST 1000000
#define MARK "\xef\xbb\xbf" /* of UTF-8, which spreadsheets write first */

static int add(struct labels *labels, int64_t t, int64_t label)
{
    if ((labels->n & (labels->n + 1)) == 0) { /* room for 1, 3, 7, ... */
        void *more = realloc(labels->line, (2 * labels->n + 1) * sizeof *labels->line);

        if (!more)
            return fail(FAILED, "out of memory");
        labels->line = more;
    }
    labels->line[labels->n].t = t;
    labels->line[labels->n++].label = label < 0 ? -1 : label;
    return DONE;
}

static int read_line(struct labels *labels, const char *line, const char *path, size_t number)
{
    int64_t t, label;
    char rest;

    if (line[strspn(line, " \t\r\n")] == '\0' || line[0] == '#')
        return DONE;
    if (sscanf(line, "%" SCNd64 " , %" SCNd64 " %c", &t, &label, &rest) != 2 || label > LABEL_MOST)
        return labels->n == 0 && strchr("tT", line[0]) ? DONE : /* names of the columns */
                   fail(FAILED, "%s: line %zu is not t,label", path, number);
    if (labels->n > 0 && t < labels->line[labels->n - 1].t)
        return fail(FAILED, "%s: line %zu is of an earlier time than the one before it", path, number);
    return add(labels, t, label);
}

int labels_open(struct labels *labels, const char *path)
{
    char line[256];
    FILE *file;
    int status = open_to_read(&file, path);

    for (size_t number = 1; status == DONE && fgets(line, sizeof line, file); number++)
        status = read_line(labels, line + (number == 1 && strncmp(line, MARK, 3) == 0 ? 3 : 0), path, number);
    if (file)
        fclose(file);
    return status;
}

int64_t labels_at(const struct labels *labels, int64_t t)
{
    size_t low = 0, high = labels->n;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (labels->line[middle].t <= t)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? labels->line[low - 1].label : -1;
}

void labels_close(struct labels *labels)
{
    free(labels->line);
}
