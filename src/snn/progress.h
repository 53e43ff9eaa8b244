/* progress.h - how far a run is: a bar on a terminal, a plain line now and then elsewhere; and the wish to stop. */
#ifndef SNN_TOOL_PROGRESS_H
#define SNN_TOOL_PROGRESS_H

#include <snn/trainer.h>
#include <stdbool.h>

struct progress {
    bool quiet;
    uint64_t epochs; /* of the whole run; 0: only an evaluation */
    /* private */
    bool terminal, drawn, utf8;
    double last, began;  /* moments of the last drawing and of the call's first batch */
    uint64_t first;      /* samples that were done then */
    uint64_t seen_epoch; /* to notice a new call */
    uint32_t seen_training;
    double seen_seconds;
};

/* From now on progress is whole lines, on a terminal, too. */
void progress_plain(void);
/* Looks at stderr, where all of it goes. */
void progress_init(struct progress *p, bool quiet, uint64_t epochs);
/* The callback for snn_trainer_on_progress(); user is the struct progress. */
int progress_show(void *user, const snn_progress *now);
/* Wipes the bar, before anything else is printed. */
void progress_clear(struct progress *p);

/* From now on the first SIGINT, SIGTERM, SIGHUP or SIGUSR1 asks to stop, the second one kills; SIGPIPE (nobody reads
 * the output any more) and SIGXCPU ask as well. A SIGHUP that was ignored stays so. */
void stop_on_signals(void);
/* What the first signal prints at once, copied; NULL: nothing. */
void stop_says(const char *line);
bool stop_wanted(void);
const char *stop_reason(void); /* "SIGTERM", "another rank" if none came here */

#endif
