/* prophesee.h - the header that Prophesee's formats share: lines of text that begin with '%'. */
#ifndef SNN_EVENTS_PROPHESEE_H
#define SNN_EVENTS_PROPHESEE_H

#include "reader.h"

enum snn__prophesee { SNN__PROPHESEE_NONE, SNN__EVT2, SNN__EVT3, SNN__DAT, SNN__PROPHESEE_OTHER };

/* The format of a file that begins so. */
enum snn__prophesee snn__prophesee_of(const uint8_t *head, size_t size);

/* Goes past the header, and notes the size of the sensor. */
snn_status snn__prophesee_header(snn_events *e);

#endif
