/* history.h - the figures of every epoch, in memory for the curves and as CSV for everybody else. */
#ifndef SNN_TOOL_HISTORY_H
#define SNN_TOOL_HISTORY_H

#include "journal.h"

#include <jansson.h>
#include <snn/network.h>
#include <stddef.h>
#include <stdint.h>

#define HISTORY_RATES 64 /* populations that have a column; of a network with more, the first */

/* One line of the CSV; figures that are not known are NaN and leave their cell empty. Of an epoch that diverged there
 * is its number, and an infinite loss. */
struct epoch_row {
    uint64_t epoch; /* from 1 */
    double train_loss, train_accuracy, test_loss, test_accuracy, learning_rate, firing_rate, seconds,
        samples_per_second;
    /* of methods that solve an equation */
    double equilibrium_gap, solver_iterations, solver_residual, solver_failures;
    double backward_rate; /* of methods with a second stage */
    double validation_loss, validation_accuracy;
    double task;                                   /* of snn continual, from 1 */
    double peak_bytes;                             /* most memory of the process so far */
    double train_top5, validation_top5, test_top5; /* of more than five classes */
    double rate[HISTORY_RATES];                    /* firing rate of each population in training: columns rate_NAME */
};

struct history {
    struct epoch_row *row;
    size_t count, room;
    struct journal file;
    long last;                                  /* offset of the last row in the file */
    const snn_layer *population[HISTORY_RATES]; /* borrowed */
    size_t populations;
};

/* The populations of a network that have a column, in out[HISTORY_RATES]; returns their number. */
size_t history_populations(const snn_network *net, const snn_layer **out);
/* An epoch of which nothing is known but its number; and one as an object of --json. */
struct epoch_row history_row(uint64_t epoch);
json_t *history_json(const struct epoch_row *row);
/* The same with "rates", {NAME: firing rate of the population}. */
json_t *history_event(const struct history *h, const struct epoch_row *row);

/* Checks that a log may have this name: an existing file must be a log, or empty. Returns DONE or FAILED. */
int history_check(const char *path);
/* Begins the file `path`, with rates of the populations of a network, if that is not NULL. The lines of an older log
 * up to epoch `keep` stay (0: none). Returns DONE or FAILED. */
int history_open(struct history *h, const char *path, uint64_t keep, const snn_network *net);
/* Adds a row, in memory and in the file. */
int history_add(struct history *h, const struct epoch_row *row);
/* Writes the last row again. */
int history_amend(struct history *h, const struct epoch_row *row);
/* Closes the file; returns FAILED if anything could not be written. */
int history_close(struct history *h);

#endif
