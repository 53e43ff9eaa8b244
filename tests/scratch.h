/* A folder of its own for each test. */
#ifndef SNN_TESTS_SCRATCH_H
#define SNN_TESTS_SCRATCH_H

#include <stddef.h>

void make_folder(void);
void remove_folder(void);

/* Path of a name in it, of any of the last four calls; "": of the folder itself. */
const char *in_folder(const char *name);

/* Writes a file, and the folders that it is in. */
void save(const char *name, const void *data, size_t size);
void save_text(const char *name, const char *text);

#endif
