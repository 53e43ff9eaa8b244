/* overhead.c - steps that C calls, for overhead.py to compare its own with: the same trainer, batch and stream. */
#include <snn/snn.h>
#include <time.h>

/* Functions for a program in another language; no header declares them. */
double bench_train(snn_trainer *trainer, const snn_batch *batch, unsigned count, int cpu_time);
double bench_stream(snn_stream *stream, const float *x, float *out, unsigned count, int cpu_time);

static double now(int cpu_time)
{
    struct timespec t;

    clock_gettime(cpu_time ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Seconds of one of `count` training steps; below 0 after a failure. */
double bench_train(snn_trainer *trainer, const snn_batch *batch, unsigned count, int cpu_time)
{
    snn_metrics metrics = SNN_METRICS_INIT;
    double begin = now(cpu_time);

    for (unsigned i = 0; i < count; i++)
        if (snn_trainer_step(trainer, batch, &metrics) != SNN_OK)
            return -1;
    return (now(cpu_time) - begin) / count;
}

/* Seconds of one of `count` steps of a stream; below 0 after a failure. */
double bench_stream(snn_stream *stream, const float *x, float *out, unsigned count, int cpu_time)
{
    double begin = now(cpu_time);

    for (unsigned i = 0; i < count; i++)
        if (snn_stream_step(stream, x, out) != SNN_OK)
            return -1;
    return (now(cpu_time) - begin) / count;
}
