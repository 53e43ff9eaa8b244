/** @file snn/stream.h
 * One time step at a time, in a control loop: running a network. Training it while it runs: snn_trainer_stream() in
 * snn/trainer.h.
 * Part of libsnn, MIT licence. */
#ifndef SNN_STREAM_H
#define SNN_STREAM_H

#include <snn/network.h>

/** A network at work on one sample that has no end. Each step takes the input of one time step and gives the output
 * of that step; the neurons keep their state from step to step. */
typedef struct snn_stream snn_stream;

SNN_BEGIN_DECLS

/** Bytes of memory that a stream of a network takes (the network is prepared here if it was not). Allocates and
 * frees.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_UNSUPPORTED (a layer needs to know the number of steps: the message names
 * it), SNN_ERR_SHAPE, SNN_ERR_MEMORY; *bytes is 0 then */
SNN_API SNN_CHECKED snn_status snn_stream_size(snn_network *network, size_t *bytes);

/** Makes a stream in the caller's memory, and takes the weights of the network as they are now. Allocates nothing
 * elsewhere. There is nothing to destroy: the stream ends with its memory, which must not be moved; the network must
 * outlive it.
 * @param memory aligned to 64 bytes
 * @param size at least what snn_stream_size() said
 * @return SNN_ERR_ARGUMENT (NULL, alignment), SNN_ERR_MEMORY (too small), and as snn_stream_size(); *out is NULL
 * then */
SNN_API SNN_CHECKED snn_status snn_stream_init(void *memory, size_t size, snn_network *network, snn_stream **out);

/** One time step. Real-time safe.
 *
 * A step that is refused was not made: the next one goes on from the state before it, which is finite, and `out` is
 * left alone. So a control loop may keep its last command and go on.
 * @param in one sample of the network's input, [C,H,W] or [N]
 * @param out receives the output of this step, one sample of the last layer; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_DIVERGED (the input is not finite; or a potential, a trace or an output
 * would not be, as after a reading of 3e38), SNN_ERR_STATE (its trainer ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_step(snn_stream *stream, const float *in, float *out);

/** One time step with a list of events: input `at[i]`, an index into [C,H,W], grows by 1 for each of them; all others
 * are 0. Real-time safe.
 * @param at [n], in any order, may be NULL if n is 0
 * @return SNN_ERR_ARGUMENT (NULL, an index out of range), SNN_ERR_DIVERGED, SNN_ERR_STATE: as snn_stream_step() */
SNN_API SNN_CHECKED snn_status snn_stream_step_events(snn_stream *stream, const uint32_t *at, size_t n, float *out);

/** Back to the state before the first step. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (its trainer ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_reset(snn_stream *stream);

/** Takes the weights of the network anew, after somebody trained it. Cost: one pass over all weights. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (its trainer ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_refresh(snn_stream *stream);

/** All that the next step depends on, besides weights: membrane potentials, traces, the number of steps, and a head
 * that says which streams it fits. Without pointers: a copy of these bytes is a checkpoint, which
 * snn_stream_set_state() takes. Real-time safe.
 * @param bytes receives how many there are
 * @return borrowed from the stream, changed by its next step; NULL if an argument is NULL or its trainer ended it */
SNN_API const void *snn_stream_state(const snn_stream *stream, size_t *bytes);

/** Goes on from a state: that of this stream, or of another one of the same network or of one built alike (layers,
 * shapes and connections), on the same kind of machine. Between a stream that runs and one that learns, or two that
 * learn by different methods, membrane potentials and the number of steps are taken; what learning adds, traces,
 * begins at zero. Real-time safe.
 * @param state what snn_stream_state() gave, aligned or not
 * @param bytes and how many
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_FORMAT (no state, not a whole one, or a number in it is not finite),
 * SNN_ERR_SHAPE (of another network), SNN_ERR_STATE (its trainer ended it); the state stays as it was then */
SNN_API SNN_CHECKED snn_status snn_stream_set_state(snn_stream *stream, const void *state, size_t bytes);

SNN_END_DECLS

#endif
