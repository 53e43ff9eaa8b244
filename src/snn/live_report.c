/* live_report.c - what is printed of windows, and of a run. */
#include "live_report.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

int report_open(struct live_report *r)
{
    r->past = floats((size_t)r->over, r->classes);
    return r->past ? DONE : fail(FAILED, "out of memory");
}

void report_close(struct live_report *r)
{
    free(r->past);
}

void report_begin(struct live_report *r)
{
    r->voting = 0;
}

size_t report_vote(struct live_report *r, const float *out)
{
    const uint64_t over = (uint64_t)r->over, n = r->voting < over ? r->voting + 1 : over;
    double best = -INFINITY;
    size_t class = 0;

    memcpy(r->past + r->voting++ % over * r->classes, out, r->classes * sizeof *out);
    for (size_t k = 0; k < r->classes; k++) {
        double sum = 0;

        for (uint64_t i = 0; i < n; i++)
            sum += (double)r->past[i * r->classes + k];
        if (sum > best) {
            best = sum;
            class = k;
        }
    }
    return class;
}

/* ---- a window ---- */

static void print_json(const struct live_report *r, const struct live_line *line)
{
    const snn_event_window *w = line->window;
    json_t *object = json_pack("{s:s, s:I, s:I, s:I, s:I, s:f}", "event", "window", "index", (json_int_t)w->index,
                               "begin_us", (json_int_t)w->begin, "events", (json_int_t)w->events, "class",
                               (json_int_t)line->class, "latency_us", 1e-3 * (double)line->latency);

    if (r->outputs) {
        json_t *list = json_array();

        for (size_t k = 0; k < r->classes; k++)
            json_array_append_new(list, json_figure((double)line->out[k]));
        json_object_set_new(object, "outputs", list);
    }
    if (line->label >= 0)
        json_object_set_new(object, "label", json_integer(line->label));
    if (!isnan(line->loss))
        json_object_set_new(object, "loss", json_figure(line->loss));
    json_line(object, 9);
}

void report_line(const struct live_report *r, const struct live_line *line)
{
    const snn_event_window *w = line->window;

    if (r->quiet)
        return;
    if (r->json) {
        print_json(r, line);
        return;
    }
    printf("%14.6f s  %7" PRIu64 " events  class %zu", 1e-6 * (double)w->begin, w->events, line->class);
    if (line->label >= 0)
        printf(" (%" PRId64 ")", line->label);
    for (size_t k = 0; r->outputs && k < r->classes; k++)
        printf(" %g", (double)line->out[k]);
    if (!isnan(line->loss))
        printf("  loss %.4f", line->loss);
    printf("  %.3f ms\n", 1e-6 * (double)line->latency);
}

/* ---- a run ---- */

static void summary_json(const struct live_report *r, const struct live *l, const snn_event_windows_info *info,
                         FILE *out)
{
    json_t *object =
        json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:f, s:f, s:f, s:I, s:I, s:I, s:I, s:I}",
                  "event", "summary", "windows", (json_int_t)info->windows, "run", (json_int_t)r->windows, "dropped",
                  (json_int_t)info->dropped, "silent", (json_int_t)r->silent, "refused", (json_int_t)r->refused,
                  "learned", (json_int_t)r->learned, "events", (json_int_t)info->events, "late",
                  (json_int_t)info->late, "clock_steps", (json_int_t)(info->steps + l->stops), "latency_p50_us",
                  latency_below(&r->latency, 0.5), "latency_p99_us", latency_below(&r->latency, 0.99),
                  "latency_max_us", 1e-3 * (double)r->latency.most, "datagrams", (json_int_t)l->source.datagrams,
                  "datagrams_lost", (json_int_t)l->source.lost, "datagrams_cut", (json_int_t)l->source.cut,
                  "datagrams_damaged", (json_int_t)l->damaged, "peak_resident_bytes", (json_int_t)peak_resident());

    if (r->labelled > 0)
        json_object_set_new(object, "accuracy", json_real((double)r->right / (double)r->labelled));
    json_dumpf(object, out, JSON_COMPACT | JSON_REAL_PRECISION(9));
    fputc('\n', out);
    json_decref(object);
}

static void summary_text(const struct live_report *r, const struct live *l, const snn_event_windows_info *info,
                         FILE *out)
{
    fprintf(out, "windows    %s of %g ms: %s run, %s of them without events, %s dropped\n", grouped(info->windows).s,
            1e-3 * (double)l->length, grouped(r->windows).s, grouped(r->silent).s, grouped(info->dropped).s);
    fprintf(out, "events     %s, %s too late for their window, %s steps of the clock\n", grouped(info->events).s,
            grouped(info->late).s, grouped(info->steps + l->stops).s);
    if (l->source.socket)
        fprintf(out, "datagrams  %s, %s lost, %s cut off, %s damaged\n", grouped(l->source.datagrams).s,
                grouped(l->source.lost).s, grouped(l->source.cut).s, grouped(l->damaged).s);
    if (r->refused > 0)
        fprintf(out, "refused    %s steps whose potentials would not be finite\n", grouped(r->refused).s);
    if (r->learned > 0)
        fprintf(out, "learned    %s windows\n", grouped(r->learned).s);
    fprintf(out, "latency    p50 %.3f ms, p99 %.3f ms, max %.3f ms, from the end of a window to its output\n",
            1e-3 * latency_below(&r->latency, 0.5), 1e-3 * latency_below(&r->latency, 0.99),
            1e-6 * (double)r->latency.most);
    fprintf(out, "memory     %s resident at most\n", bytes(peak_resident()).s);
    if (r->labelled > 0)
        fprintf(out, "accuracy   %.2f%% of %s windows that have a label\n",
                100 * (double)r->right / (double)r->labelled, grouped(r->labelled).s);
}

void report_summary(const struct live_report *r, const struct live *l, FILE *out)
{
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;

    if (l->windows != NULL && snn_event_windows_get_info(l->windows, &info) != SNN_OK)
        return;
    (r->json ? summary_json : summary_text)(r, l, &info, out);
    fflush(out);
}
