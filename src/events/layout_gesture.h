/* layout_gesture.h - the label files of DVS128 Gesture, for the layout and its tests. */
#ifndef SNN_EVENTS_LAYOUT_GESTURE_H
#define SNN_EVENTS_LAYOUT_GESTURE_H

#include "list.h"

/* Adds the trials of the last file of the list, lines class,startTime_usec,endTime_usec. `where` is for messages. */
snn_status snn__gesture_trials(struct snn__event_list *list, const struct snn__names *lines, const char *where);

#endif
