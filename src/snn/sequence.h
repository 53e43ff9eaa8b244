/* sequence.h - a network that learns task after task: its heads, its lateral neurons, its learning rates. */
#ifndef SNN_TOOL_SEQUENCE_H
#define SNN_TOOL_SEQUENCE_H

#include "tasks.h"

struct sequence {
    struct run *run;
    size_t tasks, layers;
    bool heads;                         /* a readout for each task */
    size_t rows[TASKS_MAX][RUN_LAYERS]; /* lateral neurons that each task adds, by layer */
    double lr[TASKS_MAX];               /* learning rate of each task */
};

/* Makes network, optimizer, trainer and the sequence of the run, of which the shape of the samples is known. The
 * trainer is prepared by sequence_begin(). Returns DONE, FAILED or USAGE. */
int sequence_open(struct sequence *sequence, struct run *run, size_t tasks);
/* Begins task number `task`, with its lateral neurons and its learning rate. */
snn_status sequence_begin(struct sequence *sequence, size_t task, size_t batch);

/* Evaluates task number `of` after task number `task`. */
snn_status sequence_evaluate(struct sequence *sequence, size_t task, size_t of, const snn_dataset *data);

/* Passes of replay after task number `task`: each epoch over the memory of one task after the other. 0: none. */
uint64_t sequence_replays(const struct sequence *sequence, size_t task);
/* Trains pass number `pass` over `data`, the memory of task number sequence_remembered(task, pass). */
size_t sequence_remembered(size_t task, uint64_t pass);
snn_status sequence_replay(struct sequence *sequence, size_t task, uint64_t pass, const snn_dataset *data);

#endif
