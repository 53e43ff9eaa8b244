/* cut.c - a sample is cut into frames.
 *
 *   time     frame f of T has the events with floor((t - t_0) T / (t_1 - t_0 + 1)) = f, from the first event, at t_0,
 *            to the last, at t_1
 *   count    of n events, those from number floor(f n / T) on
 *   bins     those with floor((t - t_0) / dt) = f
 *   windows  the same, but sample w of a recording begins at t_0 + w stride */
#include "sample.h"

/* The first event at time t, after the begin, or later. */
static size_t first_at(const struct snn__sample *s, uint64_t t)
{
    size_t low = 0, high = s->events;

    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (s->event[middle].t < t)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t span_of(const struct snn__sample *s)
{
    return s->events > 0 ? (uint64_t)s->event[s->events - 1].t + 1 : 0;
}

void snn__sample_cut(const struct snn__sample *sample, const snn_event_frames *frames, size_t *at)
{
    const uint64_t steps = (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_STEPS);
    const uint64_t dt = (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_DT), span = span_of(sample);
    const bool time = snn__frames_is(frames, SNN_EVENT_FRAMES_CUT, "time");
    const bool count = snn__frames_is(frames, SNN_EVENT_FRAMES_CUT, "count");

    for (uint64_t f = 0; f <= steps; f++)
        at[f] = count  ? (size_t)(f * sample->events / steps)
                : time ? first_at(sample, (f * span + steps - 1) / steps)
                       : first_at(sample, f * dt);
}

size_t snn__sample_length(const struct snn__sample *sample, const snn_event_frames *frames)
{
    const uint64_t steps = (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_STEPS);
    const uint64_t dt = (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_DT);
    const uint64_t length = (span_of(sample) + dt - 1) / dt;

    if (!snn__frames_is(frames, SNN_EVENT_FRAMES_CUT, "bins") || !snn__frames_i64(frames, SNN_EVENT_FRAMES_LENGTHS))
        return (size_t)steps;
    return (size_t)(length < 1 ? 1 : length < steps ? length : steps);
}

/* ---- windows ---- */

static uint64_t stride_of(const snn_event_frames *frames, uint64_t length)
{
    const uint64_t stride = (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_STRIDE);

    return stride > 0 ? stride : length;
}

static uint64_t window_of(const snn_event_frames *frames)
{
    return (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_STEPS) *
           (uint64_t)snn__frames_i64(frames, SNN_EVENT_FRAMES_DT);
}

size_t snn__sample_windows(const struct snn__sample *sample, const snn_event_frames *frames)
{
    const uint64_t length = window_of(frames), span = span_of(sample);

    return span <= length ? 1 : (size_t)((span - length) / stride_of(frames, length)) + 1;
}

snn_status snn__sample_window(struct snn__sample *to, const struct snn__sample *recording,
                              const snn_event_frames *frames, size_t window)
{
    const uint64_t length = window_of(frames), begin = window * stride_of(frames, length);
    const size_t first = first_at(recording, begin), last = first_at(recording, begin + length);

    TRY(snn__sample_reserve(to, last - first));
    for (size_t i = first; i < last; i++) {
        to->event[i - first] = recording->event[i];
        to->event[i - first].t -= (uint32_t)begin;
    }
    to->events = last - first;
    to->first = recording->first;
    return SNN_OK;
}
