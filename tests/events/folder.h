/* A folder of its own for each test, and recordings that the tests of layouts write into it. */
#ifndef SNN_TESTS_EVENTS_FOLDER_H
#define SNN_TESTS_EVENTS_FOLDER_H

#include "support.h"
#include "write.h"

void make_folder(void);
void remove_folder(void);

/* Path of a name in it, of any of the last four calls; "": of the folder itself. */
const char *in_folder(const char *name);

/* Writes a file, and the folders that it is in. */
void save(const char *name, const void *data, size_t size);
void save_text(const char *name, const char *text);
/* Writes a recording of a writer's name, of n events. */
void save_recording(const char *name, const char *writer, size_t n);
/* Its bytes, to be dropped. */
struct bytes recording(const char *writer, size_t n);
/* True if this build writes, and reads, what the writer does; says so if not. */
bool has_writer(const char *writer);

#endif
