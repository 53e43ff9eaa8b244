/* Recordings that the tests of layouts write into the folder of a test. */
#ifndef SNN_TESTS_EVENTS_FOLDER_H
#define SNN_TESTS_EVENTS_FOLDER_H

#include "scratch.h"
#include "support.h"
#include "write.h"

/* Writes a recording of a writer's name, of n events. */
void save_recording(const char *name, const char *writer, size_t n);
/* Its bytes, to be dropped. */
struct bytes recording(const char *writer, size_t n);
/* True if this build writes, and reads, what the writer does; says so if not. */
bool has_writer(const char *writer);

#endif
