/* sequence.c - a network that learns task after task. */
#include "sequence.h"
#include "args.h"

#include <stdlib.h>
#include <string.h>

#define REPLAY_EPOCHS 20
#define GROUP 8 /* most inputs of a select layer */

/* ---- a readout for each task */

/* The readers of a layer in a network's JSON: its "from", or the layer before it. */
static json_t *producer_of(const json_t *layers, size_t index)
{
    const json_t *from = json_object_get(json_array_get(layers, index), "from");

    if (from)
        return json_deep_copy(from);
    return json_pack("[O]", json_object_get(json_array_get(layers, index - 1), "name"));
}

static void add_select(json_t *layers, const char *name, const json_t *from)
{
    json_array_append_new(layers, json_pack("{s:s, s:s, s:O}", "name", name, "type", "select", "from", from));
}

/* Select layers take few inputs: where there are more heads, one takes the outputs of several. */
static void add_selects(json_t *layers, const json_t *heads)
{
    const size_t n = json_array_size(heads);
    json_t *groups = json_array();

    for (size_t first = 0; n > GROUP && first < n; first += GROUP) {
        json_t *group = json_array();
        char name[32];

        for (size_t i = first; i < n && i < first + GROUP; i++)
            json_array_append(group, json_array_get(heads, i));
        snprintf(name, sizeof name, "heads%zu", first / GROUP + 1);
        add_select(layers, name, group);
        json_array_append_new(groups, json_string(name));
        json_decref(group);
    }
    add_select(layers, "heads", n > GROUP ? groups : heads);
    json_decref(groups);
}

/* The network's JSON with `tasks` copies of its last layer, and what selects one of them. */
static json_t *with_heads(json_t *network, size_t tasks)
{
    json_t *layers = json_object_get(network, "layers"), *readout, *from, *heads = json_array();
    size_t last = json_array_size(layers) - 1;

    readout = json_deep_copy(json_array_get(layers, last));
    from = producer_of(layers, last);
    json_array_remove(layers, last);
    for (size_t i = 0; i < tasks; i++) {
        json_t *head = json_deep_copy(readout);
        char name[32];

        snprintf(name, sizeof name, "head%zu", i + 1);
        json_object_set_new(head, "name", json_string(name));
        json_object_set(head, "from", from);
        json_array_append_new(layers, head);
        json_array_append_new(heads, json_string(name));
    }
    add_selects(layers, heads);
    json_decref(heads);
    json_decref(from);
    json_decref(readout);
    return network;
}

/* Of all select layers, so that only the task counts, and not those before it. */
static snn_status select_head(const struct sequence *s, size_t task)
{
    const bool grouped = s->tasks > GROUP;
    snn_layer *top = snn_network_layer_named(s->run->network, "heads");
    snn_status rc =
        s->heads ? snn_layer_set_i64(top, SNN_LAYER_SELECTED, (int64_t)(grouped ? task / GROUP : task)) : SNN_OK;

    for (size_t g = 0; s->heads && grouped && g * GROUP < s->tasks && rc == SNN_OK; g++) {
        char name[32];

        snprintf(name, sizeof name, "heads%zu", g + 1);
        rc = snn_layer_set_i64(snn_network_layer_named(s->run->network, name), SNN_LAYER_SELECTED,
                               g == task / GROUP ? (int64_t)(task % GROUP) : 0);
    }
    return rc;
}

/* True if the readout is a linear layer after others. */
static bool has_readout(const json_t *network)
{
    const json_t *layers = json_object_get(network, "layers");
    size_t n = json_array_size(layers);
    const char *type = n > 1 ? json_string_value(json_object_get(json_array_get(layers, n - 1), "type")) : NULL;

    return type && strcmp(type, "linear") == 0;
}

static char *describe(const snn_network *network)
{
    size_t size = 0;
    snn_status rc = snn_network_describe(network, NULL, 0, &size);
    char *text = rc == SNN_OK ? malloc(size) : NULL;

    if (text && snn_network_describe(network, text, size, NULL) != SNN_OK) {
        free(text);
        text = NULL;
    }
    return text;
}

/* The run's network again, with heads. */
static int add_heads(struct sequence *s)
{
    char *text = describe(s->run->network);
    json_t *network = text ? json_loads(text, 0, NULL) : NULL;
    snn_status rc;

    free(text);
    if (!network)
        return fail(FAILED, "out of memory");
    if (s->tasks > GROUP * GROUP) {
        json_decref(network);
        return fail(USAGE, "--heads: %zu tasks; at most %d can have heads", s->tasks, GROUP * GROUP);
    }
    if (!has_readout(network)) {
        json_decref(network);
        return fail(FAILED, "--heads: the last of several layers has to be linear: it becomes the head of each task");
    }
    text = json_dumps(with_heads(network, s->tasks), JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(network);
    snn_network_destroy(s->run->network);
    rc = snn_network_parse(&s->run->network, s->run->context, text ? text : "");
    free(text);
    if (rc == SNN_OK)
        rc = snn_network_prepare(s->run->network);
    s->heads = true;
    return rc == SNN_OK ? DONE : fail_call(rc, "--heads");
}

/* ---- lateral neurons */

/* "70,70,70/50,50,50": what tasks 2, 3, ... add; the last list serves all further ones. */
static int read_more(struct sequence *s, const char *text)
{
    char list[RUN_LAYERS * 16];
    int status = DONE;

    for (size_t task = 1; status == DONE && task < s->tasks; task++) {
        size_t length = strcspn(text, "/");

        snprintf(list, sizeof list, "%.*s", (int)length, text);
        status = run_rows(s->run, "more", list, s->rows[task]);
        if (text[length] == '/')
            text += length + 1;
    }
    return status;
}

/* The next number of "0.1,0.01", of which the last one is repeated if `repeats`; false if there is none. */
static bool next_rate(const char **text, double *rate, bool repeats)
{
    char *end;

    *rate = strtod(*text, &end);
    if (end == *text || (*end && *end != ',') || !(*rate >= 0 && *rate < 1e9))
        return false;
    if (*end || !repeats)
        *text = end + (*end == ',');
    return true;
}

static int set_hebb_rates(const struct sequence *s, const char *text)
{
    for (size_t l = 0; l < s->layers; l++) {
        double lr;

        if (!run_may_project(s->run, l))
            continue;
        if (!*text)
            return fail(USAGE, "--hebb-lr: every linear and conv2d layer needs a number");
        if (!next_rate(&text, &lr, false) ||
            snn_projection_set_layer_lr(s->run->projection, snn_network_layer(s->run->network, l), lr) != SNN_OK)
            return fail(USAGE, "--hebb-lr: \"%s\" is no learning rate", text);
    }
    return DONE;
}

static int open_projection(struct sequence *s)
{
    const json_t *config = s->run->config;
    const char *rows = config_text(config, "continual.rows", NULL);
    const char *more = config_text(config, "continual.more", rows);
    const char *hebb = config_text(config, "continual.hebb_lr", NULL);
    bool about = more || hebb || json_object_get(config, "projection");
    int status;

    if (!rows)
        return about ? fail(USAGE, "--more, --hebb-lr and --projection.NAME go with --rows") : DONE;
    status = run_projection(s->run);
    if (status == DONE)
        status = run_rows(s->run, "rows", rows, s->rows[0]);
    if (status == DONE)
        status = read_more(s, more);
    return status == DONE && hebb ? set_hebb_rates(s, hebb) : status;
}

/* ---- learning rates */

static int read_rates(struct sequence *s)
{
    const char *text = config_text(s->run->config, "continual.lr", NULL);
    snn_status rc = SNN_OK;

    for (size_t i = 0; i < s->tasks && rc == SNN_OK; i++)
        if (!text)
            rc = snn_optimizer_get_f64(s->run->optimizer, SNN_OPTIMIZER_LR, &s->lr[i]);
        else if (!next_rate(&text, &s->lr[i], true))
            return fail(USAGE, "--task-lr: \"%s\" is no learning rate", text);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* The schedule begins anew with these. */
static snn_status set_schedule(const struct sequence *s, double lr, int64_t epochs, int64_t warmup)
{
    snn_status rc = snn_optimizer_set_f64(s->run->optimizer, SNN_OPTIMIZER_LR, lr);

    if (rc == SNN_OK)
        rc = snn_optimizer_set_i64(s->run->optimizer, SNN_OPTIMIZER_EPOCHS, epochs);
    return rc == SNN_OK ? snn_optimizer_set_i64(s->run->optimizer, SNN_OPTIMIZER_WARMUP, warmup) : rc;
}

/* ---- the sequence */

int sequence_open(struct sequence *s, struct run *run, size_t tasks)
{
    snn_status rc;
    int status;

    memset(s, 0, sizeof *s);
    s->run = run;
    s->tasks = tasks;
    status = run_network(run);
    if (status == DONE && config_whole(run->config, "continual.heads", 0))
        status = add_heads(s);
    if (status == DONE)
        status = run_layers(run, &s->layers);
    if (status == DONE)
        status = run_optimizer(run);
    if (status == DONE)
        status = run_trainer(run);
    if (status == DONE)
        status = open_projection(s);
    if (status == DONE)
        status = read_rates(s);
    if (status != DONE)
        return status;
    rc = snn_continual_create(&run->sequence, run->trainer, run->projection, tasks);
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

snn_status sequence_begin(struct sequence *s, size_t task, size_t batch)
{
    const json_t *config = s->run->config;
    snn_status rc = set_schedule(s, s->lr[task], config_whole(config, "optimizer.epochs", 1),
                                 config_whole(config, "optimizer.warmup", 0));

    if (rc == SNN_OK)
        rc = select_head(s, task);
    return rc == SNN_OK ? run_begin_task(s->run, s->rows[task], batch) : rc;
}

snn_status sequence_evaluate(struct sequence *s, size_t task, size_t of, const snn_dataset *data)
{
    snn_status rc = select_head(s, of), back;

    if (rc == SNN_OK)
        rc = snn_continual_evaluate(s->run->sequence, of, data, NULL);
    back = select_head(s, task); /* as a checkpoint has it */
    return rc == SNN_OK ? back : rc;
}

/* ---- replay */

uint64_t sequence_replays(const struct sequence *s, size_t task)
{
    if (task == 0 || config_whole(s->run->config, "continual.replay", 0) < 1)
        return 0;
    return (task + 1) * (uint64_t)config_whole(s->run->config, "continual.replay_epochs", REPLAY_EPOCHS);
}

size_t sequence_remembered(size_t task, uint64_t pass)
{
    return (size_t)(pass % (task + 1));
}

snn_status sequence_replay(struct sequence *s, size_t task, uint64_t pass, const snn_dataset *data)
{
    const json_t *lr = config_get(s->run->config, "continual.replay_lr");
    snn_status rc = set_schedule(s, lr ? json_number_value(lr) : s->lr[task] / 10, (int64_t)sequence_replays(s, task),
                                 0),
               back;

    if (rc == SNN_OK)
        rc = select_head(s, sequence_remembered(task, pass));
    if (rc == SNN_OK)
        rc = snn_continual_replay(s->run->sequence, data, NULL);
    back = select_head(s, task); /* as a checkpoint has it */
    return rc == SNN_OK ? back : rc;
}
