/* best.c - the best epoch of a run by its validation. */
#include "best.h"

#include "ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- settings */

static int check_bounds(const json_t *config)
{
    const json_t *share = config_get(config, "validation");

    if (share && !(json_number_value(share) > 0 && json_number_value(share) < 1))
        return fail(USAGE, "--validation: %g is not between 0 and 1", json_number_value(share));
    if (config_whole(config, "patience", 0) < 0)
        return fail(USAGE, "--patience: %lld is below 0", (long long)config_whole(config, "patience", 0));
    if (config_whole(config, "test_every", 0) < 0)
        return fail(USAGE, "--test-every: %lld is below 0", (long long)config_whole(config, "test_every", 0));
    return DONE;
}

/* Chosen by the test set, a model would be worth less than its figures say. */
static int check_without(const json_t *config)
{
    static const char *const needs[][2] = { { "keep_best", "keep-best" },
                                            { "patience", "patience" },
                                            { "best_by", "best-by" } };

    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (config_get(config, needs[i][0]))
            return fail(USAGE, "--%s needs --validation X, a share of the training samples: the test set is no judge",
                        needs[i][1]);
    return DONE;
}

int best_open(struct best *b, const json_t *config, const char *model)
{
    const char *by = config_text(config, "best_by", "accuracy");

    memset(b, 0, sizeof *b);
    if (check_bounds(config) != DONE)
        return USAGE;
    if (!config_get(config, "validation"))
        return check_without(config);
    b->judges = true;
    b->by_loss = strcmp(by, "loss") == 0;
    b->keeps = config_whole(config, "keep_best", 0) != 0;
    b->patience = (uint64_t)config_whole(config, "patience", 0);
    if (!b->by_loss && strcmp(by, "accuracy") != 0)
        return fail(USAGE, "--best-by: \"%s\" is not one of accuracy, loss", by);
    if (b->keeps && !model)
        return fail(USAGE, "--keep-best needs --save MODEL");
    b->path = b->keeps ? renamed(model, "", ".best") : NULL;
    return b->path || !b->keeps ? DONE : fail(FAILED, "out of memory");
}

int best_fit(struct best *b, const json_t *config, const snn_dataset_info *samples)
{
    if (samples->targets == 0)
        return DONE;
    b->by_loss = true;
    return strcmp(config_text(config, "best_by", "loss"), "loss") == 0
               ? DONE
               : fail(USAGE, "--best-by: these samples have targets: loss alone judges them");
}

void best_close(struct best *b)
{
    free(b->path);
    memset(b, 0, sizeof *b);
}

void best_restart(struct best *b)
{
    b->epoch = b->judged = 0;
}

/* ---- epochs */

bool best_take(struct best *b, uint64_t epoch, const snn_metrics *validation)
{
    const double figure = b->by_loss ? validation->loss : validation->accuracy;
    const bool better =
        b->judges && isfinite(figure) && (b->epoch == 0 || (b->by_loss ? figure < b->figure : figure > b->figure));

    b->judged = epoch;
    if (better) {
        b->epoch = epoch;
        b->figure = figure;
    }
    return better;
}

bool best_exhausted(const struct best *b)
{
    return b->patience > 0 && b->judged >= b->epoch + b->patience;
}

const char *best_by(const struct best *b)
{
    return b->by_loss ? "loss" : "accuracy";
}

/* ---- checkpoints */

json_t *best_json(const struct best *b, bool here)
{
    return json_pack("{s:I, s:I, s:f, s:b}", "judged", (json_int_t)b->judged, "epoch", (json_int_t)b->epoch, "figure",
                     b->epoch > 0 ? b->figure : 0.0, "here", (int)here);
}

snn_status best_note(const struct best *b, snn_network *network, bool here)
{
    json_t *state = best_json(b, here);
    char *text = json_dumps(state, JSON_COMPACT | JSON_REAL_PRECISION(17));
    snn_status rc = text ? snn_network_set_note(network, BEST_NOTE, text) : SNN_ERR_MEMORY;

    json_decref(state);
    free(text);
    return rc;
}

/* True if the file holds the weights of that epoch. */
static bool file_holds(const struct best *b)
{
    static const char *const key[] = { BEST_NOTE };
    char *text = NULL;
    json_t *note;
    bool holds;

    if (access(b->path, R_OK) != 0 || run_notes_of(b->path, key, &text, 1) != DONE)
        return false;
    note = text ? json_loads(text, 0, NULL) : NULL;
    holds = (uint64_t)json_integer_value(json_object_get(note, "epoch")) == b->epoch;
    json_decref(note);
    free(text);
    return holds;
}

int best_recall(struct best *b, const json_t *state, snn_network *network, uint64_t epochs)
{
    b->judged = state ? (uint64_t)json_integer_value(json_object_get(state, "judged")) : epochs;
    b->epoch = (uint64_t)json_integer_value(json_object_get(state, "epoch"));
    b->figure = json_number_value(json_object_get(state, "figure"));
    if (!b->keeps || b->epoch == 0)
        return DONE;
    if (json_is_true(json_object_get(state, "here")))
        return best_keep(b, network);
    return !ranks_first() || file_holds(b)
               ? DONE
               : fail(FAILED, "%s: does not hold the weights of epoch %llu, the best before the checkpoint", b->path,
                      (unsigned long long)b->epoch);
}

/* ---- weights */

int best_keep(const struct best *b, snn_network *network)
{
    snn_status rc = best_note(b, network, true);

    if (rc == SNN_OK && ranks_first())
        rc = snn_network_save(network, b->path);
    return rc == SNN_OK ? DONE : fail_call(rc, b->path);
}

int best_bring_back(const struct best *b, struct run *run)
{
    return ranks_share_weights(run, ranks_first() ? run_take_weights(run, b->path) : DONE);
}

void best_discard(const struct best *b)
{
    if (b->keeps && ranks_first())
        unlink(b->path);
}
