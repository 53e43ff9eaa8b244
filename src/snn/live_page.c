/* live_page.c - a run that goes on, on a page for browsers of this machine. */
#include "live_page.h"

#include "report.h"

#include <stdlib.h>

/* Where and with what the run computes. */
static json_t *start_of(const struct run *run)
{
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;

    if (snn_context_get_info(run->context, &ctx) != SNN_OK)
        return json_object();
    return json_pack("{s:i, s:s, s:I}", "threads", (int)ctx.threads, "isa", ctx.isa, "trainer_bytes",
                     (json_int_t)run_about(run->trainer).bytes);
}

static json_t *log_of(const struct history *h)
{
    json_t *log = json_object();

    for (size_t i = 0; i < h->count; i++) {
        json_t *event = history_event(h, &h->row[i]);

        report_log_row(log, event, i);
        json_decref(event);
    }
    return log;
}

json_t *live_page_run(const struct run *run, const struct history *h, const char *name)
{
    json_t *out =
        json_pack("{s:o, s:o, s:o, s:s}", "name", report_text(name), "log", log_of(h), "start", start_of(run),
                  "missing", "The network is in training. The report of its model will show it at work.");
    char *note = config_note(run->config);

    if (note)
        json_object_set_new(out, "config", json_loads(note, 0, NULL));
    free(note);
    report_network(out, run->network);
    return out;
}

#define PAUSE 100 /* times as long as showing took */

static double begun, next;

bool live_page_due(const struct server *server)
{
    begun = now();
    return server && begun >= next;
}

static json_t *data_of(json_t *run, const char *says)
{
    json_t *runs = json_pack("[o]", run), *data = report_head(runs);

    json_object_set_new(data, "live", json_string(says));
    json_decref(runs);
    return data;
}

void live_page_show(struct server *server, json_t *run, const char *says)
{
    json_t *data = data_of(run, says);
    size_t length;
    char *text = report_data(data, &length);

    if (text)
        server_show(server, text, length);
    json_decref(data);
    next = begun + (PAUSE + 1) * (now() - begun);
}

int live_page_open(struct server **out, const struct args *args, json_t *run)
{
    json_t *data = data_of(run, "in training");
    int64_t port;
    size_t length;
    char *page = NULL;
    int status = args_whole(args, "live", 0, 65535, -1, &port);

    *out = NULL;
    if (status == DONE && port >= 0)
        page = report_page(data, true, &length);
    if (page)
        status = server_open(out, (uint16_t)port, page, length);
    json_decref(data);
    if (!*out)
        return status;
    if (args_has(args, "json"))
        json_line(json_pack("{s:s, s:i}", "event", "live", "port", (int)server_port(*out)), 9);
    else if (!args_has(args, "quiet"))
        printf("live     http://127.0.0.1:%u/\n", server_port(*out));
    fflush(stdout);
    return status;
}
