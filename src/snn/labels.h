/* labels.h - labels over time: a file of lines t,label, each of which holds from its time on. */
#ifndef SNN_TOOL_LABELS_H
#define SNN_TOOL_LABELS_H

#include <stddef.h>
#include <stdint.h>

struct labels {
    struct {
        int64_t t, label; /* microseconds by the clock of the events; -1: none from here on */
    } * line;
    size_t n;
};

/* Reads a file. Returns DONE or FAILED. */
int labels_open(struct labels *labels, const char *path);
/* The label at a time, -1: none. */
int64_t labels_at(const struct labels *labels, int64_t t);
void labels_close(struct labels *labels);

#endif
