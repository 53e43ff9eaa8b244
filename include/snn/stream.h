/** @file snn/stream.h
 * Streams: running a network one time step at a time, as in a control loop. snn_trainer_stream() in snn/trainer.h
 * trains a network while it runs.
 * Part of libsnn, MIT licence. */
#ifndef SNN_STREAM_H
#define SNN_STREAM_H

#include <snn/network.h>

/** A network that processes one unending sample. Each step takes the input of one time step and returns the output of
 * that step. The neurons keep their state from step to step. */
typedef struct snn_stream snn_stream;

SNN_BEGIN_DECLS

/** Computes the memory that a stream of a network needs. Prepares the network if it is not prepared. Allocates and
 * frees.
 * @param bytes receives the size; 0 on failure
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_UNSUPPORTED (a layer must know the number of steps: the message names it),
 * SNN_ERR_SHAPE, SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_stream_size(snn_network *network, size_t *bytes);

/** Creates a stream in the caller's memory, with the present weights of the network. Allocates no other memory. The
 * stream ends with its memory, so nobody destroys it. The memory must not be moved, and the network must outlive the
 * stream.
 * @param memory aligned to 64 bytes
 * @param size bytes of `memory`, at least as many as snn_stream_size() gives
 * @param out receives the stream; NULL on failure
 * @return SNN_ERR_ARGUMENT (NULL, alignment), SNN_ERR_MEMORY (size too small), and as snn_stream_size() */
SNN_API SNN_CHECKED snn_status snn_stream_init(void *memory, size_t size, snn_network *network, snn_stream **out);

/** Runs one time step. Real-time safe.
 *
 * A step that fails changes nothing: the state stays finite and as it was before the step, and `out` is not written.
 * A control loop may hold its last command and continue with the next step.
 * @param in one sample of the network's input, [C,H,W] or [N]
 * @param out receives the output of this step, one sample of the last layer; may be NULL
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_DIVERGED (the input is not finite, or a potential, a trace or an output
 * would not be finite, as after an input of 3e38), SNN_ERR_STATE (the stream's trainer has ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_step(snn_stream *stream, const float *in, float *out);

/** Runs one time step with a list of events as its input: each event adds 1 to one input, and all others are 0.
 * Real-time safe.
 * @param at [n], indices of the events into [C,H,W] or [N], in any order, also repeated; may be NULL if n is 0
 * @param n number of events
 * @param out as in snn_stream_step()
 * @return as snn_stream_step(); SNN_ERR_ARGUMENT (an index out of range) */
SNN_API SNN_CHECKED snn_status snn_stream_step_events(snn_stream *stream, const uint32_t *at, size_t n, float *out);

/** Resets the stream to the state before its first step. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (the stream's trainer has ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_reset(snn_stream *stream);

/** Takes over the present weights of the network, after training changed them. One pass over all weights. Real-time
 * safe.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (the stream's trainer has ended it) */
SNN_API SNN_CHECKED snn_status snn_stream_refresh(snn_stream *stream);

/** Returns the state of the stream: membrane potentials, traces, the number of steps, and a header that identifies
 * the network. Together with the weights it determines the next step. It holds no pointers: a copy of its bytes is a
 * checkpoint, which snn_stream_set_state() restores. Real-time safe.
 * @param bytes receives the size of the state
 * @return borrowed from the stream, valid until its next step; NULL if an argument is NULL or the stream's
 * trainer has ended it */
SNN_API const void *snn_stream_state(const snn_stream *stream, size_t *bytes);

/** Restores a state of this stream, or of another stream on the same kind of machine whose network has the same
 * layers, shapes and connections. If only one of the two streams learns, or they learn by different methods, the
 * membrane potentials and the number of steps are restored, and traces begin at zero. Real-time safe.
 * @param state bytes of snn_stream_state(), in any alignment
 * @param bytes their number
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_FORMAT (not a state, incomplete, or a number in it is not finite),
 * SNN_ERR_SHAPE (the state of another network), SNN_ERR_STATE (the stream's trainer has ended it); the stream is
 * unchanged after a failure */
SNN_API SNN_CHECKED snn_status snn_stream_set_state(snn_stream *stream, const void *state, size_t bytes);

SNN_END_DECLS

#endif
