/* frames.h - recordings of events and arrays in archives as data: with libsnn-events, or saying that a build lacks
 * it. */
#ifndef SNN_TOOL_FRAMES_H
#define SNN_TOOL_FRAMES_H

#include "params.h"
#include "run.h"

extern const struct param_calls event_frames_params;

/* Frames of which the parameters are asked for or set; SNN_ERR_UNSUPPORTED without the library. */
snn_status frames_create(void **out, snn_context *context);
void frames_destroy(void *frames);

/* True if a format of data is a layout of recordings, or none that libsnn reads in a build that knows no layouts. */
bool frames_is_layout(const char *format);
/* Name number `index` of the formats that libsnn-events adds to those of libsnn; NULL past the last. */
const char *frames_format(size_t index);

/* snn_dataset_open_files(), of .npz as well. */
snn_status frames_open_files(snn_dataset **out, snn_context *context, const snn_dataset_files *files);

/* Opens a split of recordings as the section "frames" of the configuration says, which then holds all of it. */
int frames_open(struct run *run, snn_dataset **out, snn_split split, const char *directory);

/* The names of the classes of recordings, [n], NULL where a class has none; each and the array to be freed. */
int frames_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n);

#endif
