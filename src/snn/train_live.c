/* train_live.c - a run of snn train as it goes on, on a page for browsers of this machine. */
#include "report.h"
#include "serve.h"
#include "train.h"

#include <stdlib.h>

/* Where and with what the run computes. */
static json_t *start_of(const struct train *t)
{
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;

    if (snn_context_get_info(t->run.context, &ctx) != SNN_OK)
        return json_object();
    return json_pack("{s:i, s:s, s:I}", "threads", (int)ctx.threads, "isa", ctx.isa, "trainer_bytes",
                     (json_int_t)run_about(t->run.trainer).bytes);
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

/* The run as the page has it; the page of the model has more. */
static json_t *run_now(struct train *t)
{
    json_t *run = json_pack("{s:o, s:o, s:o, s:s}", "name", report_text(t->model), "log", log_of(&t->history),
                            "start", start_of(t), "missing",
                            "The network is in training. The report of its model will show it at work.");
    char *note = config_note(t->run.config);

    if (note)
        json_object_set_new(run, "config", json_loads(note, 0, NULL));
    free(note);
    if (t->evaluated)
        json_object_set_new(run, "figures", run_figures(run_judge(&t->run), t->run.network, &t->held));
    report_network(run, t->run.network);
    return run;
}

static json_t *page_now(struct train *t)
{
    json_t *runs = json_array(), *data;
    char says[96];

    snprintf(says, sizeof says, "in training: %llu of %lld epochs done",
             (unsigned long long)run_about(t->run.trainer).epochs,
             (long long)config_whole(t->run.config, "epochs", 0));
    json_array_append_new(runs, run_now(t));
    data = report_head(runs);
    json_object_set_new(data, "live", json_string(says));
    json_decref(runs);
    return data;
}

void train_live_show(struct train *t)
{
    json_t *data = t->server ? page_now(t) : NULL;
    size_t length;
    char *text = data ? report_data(data, &length) : NULL;

    if (text)
        server_show(t->server, text, length);
    json_decref(data);
}

int train_live_open(struct train *t)
{
    json_t *data;
    int64_t port;
    size_t length;
    char *page;
    int status = args_whole(&t->args, "live", 0, 65535, -1, &port);

    if (status != DONE || port < 0)
        return status;
    data = page_now(t);
    page = report_page(data, true, &length);
    json_decref(data);
    status = server_open(&t->server, (uint16_t)port, page, length);
    if (status != DONE)
        return status;
    if (t->json)
        json_line(json_pack("{s:s, s:i}", "event", "live", "port", (int)server_port(t->server)), 9);
    else if (!t->quiet)
        printf("live     http://127.0.0.1:%u/\n", server_port(t->server));
    fflush(stdout);
    return DONE;
}
