/* report.h - what the page of snn report shows of a run, as JSON, and the page around it.
 *
 * A run is {"name", "log": {COLUMN: [a number for each epoch, or null]}, "config", "figures", "layers", "weights",
 * "samples", "tasks", "command"}; what is not known is absent, and "missing" says why samples are. */
#ifndef SNN_TOOL_REPORT_H
#define SNN_TOOL_REPORT_H

#include "args.h"
#include "outputs.h"
#include "run.h"

struct report {
    const json_t *over; /* settings of the command line: other data, threads */
    size_t samples;     /* samples of the test set that a network runs on; 0: none */
    json_t *runs;
};

/* Adds the runs of a file or folder to report->runs. Returns DONE or FAILED. */
int report_add(struct report *report, const char *path);

/* An output may replace a file, but no run: as outputs_check(), and FAILED if it is one of the runs that are named,
 * or the log of any. */
int report_check_output(const struct args *args, const struct output *output);

/* Adds an epoch, as --json has it, to the columns of a log that has so many. */
void report_log_row(json_t *log, const json_t *event, size_t row);
/* A log, by its first line. */
bool report_is_log(const char *path);
/* What a log holds, as CSV or as lines of JSON: columns of numbers by epoch, and the events. */
int report_log(json_t *run, const char *path);
/* What a model holds, and what it does on samples of its data. */
int report_model(json_t *run, const struct report *report, const char *path);
/* The network at work: confusion, rates of neurons, and a few samples step by step. */
int report_samples(json_t *run, struct run *of, size_t samples);
/* Layers, size, and weights of the first layer that has a matrix or kernels. */
void report_network(json_t *run, const snn_network *net);
/* So many samples of a set, at equal distances: a set may be in the order of its classes. */
struct report_spread {
    const snn_dataset *whole;
    size_t of, count;
};
size_t report_place(const struct report_spread *spread, size_t index);
/* A data set of them, which borrows `spread`. */
snn_status report_spread_open(snn_dataset **out, struct report_spread *spread, const struct run *run);
/* A sample as an image of at most REPORT_SIDE pixels a side, its frames summed. */
#define REPORT_SIDE 64
json_t *report_picture(const snn_dataset *set, const snn_dataset_info *shape, size_t index);

/* The command line that trains the same network again. To be freed; NULL where a flag cannot say it. */
char *report_command_line(const json_t *config);

/* All data of the page: version and constants beside the runs. */
json_t *report_head(json_t *runs);
/* The page with its data, to be freed; `live`: it asks the server for the data again. */
char *report_page(const json_t *data, bool live, size_t *length);
/* The text of JSON that may stand in a script element. */
char *report_data(const json_t *data, size_t *length);

/* A text in JSON, also of a name that is not UTF-8. */
json_t *report_text(const char *text);
/* Bytes in base64, as JSON. */
json_t *report_bytes(const uint8_t *data, size_t length);
/* Numbers as bytes, from low to high. */
json_t *report_levels(const float *x, size_t n, double low, double high);

#endif
