/* live_page.h - a run that goes on, on the page of snn report for browsers of this machine (--live). */
#ifndef SNN_TOOL_LIVE_PAGE_H
#define SNN_TOOL_LIVE_PAGE_H

#include "args.h"
#include "history.h"
#include "run.h"
#include "serve.h"

/* What the page shows of a run: settings, epochs so far, network. */
json_t *live_page_run(const struct run *run, const struct history *h, const char *name);
/* Serves the page, if --live says so; *out is NULL else. Releases `run`. Returns DONE, FAILED or USAGE. */
int live_page_open(struct server **out, const struct args *args, json_t *run);
/* False without a server, and where epochs follow so fast that showing each would take more than a hundredth of the
 * time. */
bool live_page_due(const struct server *server);
/* What is known now, if it is due; `says` how far the run is. Releases `run`. */
void live_page_show(struct server *server, json_t *run, const char *says);

#endif
