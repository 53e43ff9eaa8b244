/* writers.h - writers of what is packed, arrays and containers. */
#ifndef SNN_TESTS_EVENTS_WRITERS_H
#define SNN_TESTS_EVENTS_WRITERS_H

#include "write.h"

void write_aedat4(struct bytes *b, const snn_event *event, size_t n);
void write_aedat4_lz4(struct bytes *b, const snn_event *event, size_t n);
void write_aedat4_zstd(struct bytes *b, const snn_event *event, size_t n);
void write_npy_rows(struct bytes *b, const snn_event *event, size_t n);
void write_npy_fields(struct bytes *b, const snn_event *event, size_t n);
void write_npy_columns(struct bytes *b, const snn_event *event, size_t n);
void write_npz(struct bytes *b, const snn_event *event, size_t n);
/* Two samples, of which the first holds the events, without y and p. */
void write_hdf5(struct bytes *b, const snn_event *event, size_t n);

#endif
