/* events_set.h - what data sets of recordings hold. */
#ifndef SNN_TOOL_EVENTS_SET_H
#define SNN_TOOL_EVENTS_SET_H

#include <snn/events.h>
#include <stdbool.h>

/* Describes the data set of a layout, one JSON object for each split and class if `json`. Returns DONE or FAILED. */
int describe_set(snn_context *context, const char *layout, const char *directory, bool json);

#endif
