/* journal.h - a file that grows by a record at a time and holds whole ones only: what a full disk does not take waits
 * for the next record, and for the end. */
#ifndef SNN_TOOL_JOURNAL_H
#define SNN_TOOL_JOURNAL_H

#include <stdbool.h>
#include <stdio.h>

struct journal {
    FILE *file;       /* for reading; NULL: not open */
    const char *path; /* borrowed */
    bool regular;     /* no pipe or device */
    bool tail;        /* bytes of an older file follow */
    long end;         /* bytes that are in the file; 0 of what is not regular */
    char *waiting;    /* records that are not there yet */
    size_t length;
    int error; /* errno of the last write; 0: it succeeded */
};

/* Opens or makes the file, to be read from its beginning. Returns DONE or FAILED. */
int journal_open(struct journal *j, const char *path);
/* Records follow at `at`. What an older file has there stays until the first record is written, or the end. */
void journal_begin(struct journal *j, long at);
/* DONE; or, if the records so far are not all there, gives them up, says why, and returns FAILED. */
int journal_began(struct journal *j);
/* Where the next record begins. */
long journal_at(const struct journal *j);
/* Goes back to where a record began; what follows is gone. */
void journal_cut(struct journal *j, long at);
/* Adds a record; warns if it has to wait. */
void journal_add(struct journal *j, const char *record, size_t length);
/* Returns FAILED, with a message, if a record is missing. */
int journal_close(struct journal *j);

#endif
