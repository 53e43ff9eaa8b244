/* ranks_run.c - what ranks have to do with the objects of a run: the same settings and data everywhere, the cut of
 * batches, the processors of a machine that several share. */
#define _GNU_SOURCE /* sched_getaffinity() */
#include "ranks.h"

#include "ranks_agree.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SHARDS 8 /* unless there are more ranks */

int ranks_complete(json_t *config)
{
    const int64_t ranks = ranks_size(), shards = config_whole(config, "trainer.shards", 0);

    if (ranks == 1)
        return DONE;
    if (!config_get(config, "trainer.shards"))
        return config_set(config, "trainer.shards", json_integer(ranks > SHARDS ? ranks : SHARDS));
    return shards >= ranks ? DONE
                           : fail(USAGE,
                                  "%lld ranks train batches that are cut into as many shards or more, and these are "
                                  "of %lld: --shards %lld changes the bits of the run",
                                  (long long)ranks, (long long)shards, (long long)(ranks > SHARDS ? ranks : SHARDS));
}

struct text ranks_text(const json_t *config)
{
    const long long shards = (long long)config_whole(config, "trainer.shards", 1);
    struct text out = { "" };

    if (ranks_size() > 1)
        snprintf(out.s, sizeof out.s, ", %lld shards on %u ranks", shards, ranks_size());
    else if (shards > 1)
        snprintf(out.s, sizeof out.s, ", %lld shards", shards);
    return out;
}

/* ---- processors */

/* Ranks on this machine, as launchers say it; of several machines srun says "4(x2)". */
static uint32_t neighbours(void)
{
    static const char *const name[] = { "OMPI_COMM_WORLD_LOCAL_SIZE", "MPI_LOCALNRANKS", "MV2_COMM_WORLD_LOCAL_SIZE",
                                        "SLURM_STEP_TASKS_PER_NODE" };

    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        const char *text = getenv(name[i]);
        const unsigned long n = text ? strtoul(text, NULL, 10) : 0;

        if (n > 0 && n <= ranks_size())
            return (uint32_t)n;
    }
    return 1;
}

/* Whether the launcher has bound this process to some of the processors. */
static bool is_bound(void)
{
#ifdef CPU_COUNT
    cpu_set_t mask;

    return sched_getaffinity(0, sizeof mask, &mask) == 0 && CPU_COUNT(&mask) < sysconf(_SC_NPROCESSORS_ONLN);
#else
    return false;
#endif
}

uint32_t ranks_threads(void)
{
    const uint32_t ranks = ranks_size() > 1 && !is_bound() ? neighbours() : 1, all = ranks > 1 ? all_threads() : 0;

    return all > ranks ? all / ranks : all > 0;
}

/* ---- the same everywhere */

int ranks_open_data(const json_t *config, int (*open)(void *user), void *user)
{
    const bool turns = ranks_size() > 1 && config_get(config, "data.cache");
    int status = turns && !ranks_first() ? ranks_agree(DONE) : DONE;

    if (status == DONE)
        status = open(user);
    return turns && ranks_first() ? ranks_agree(status) : status;
}

/* A number that other samples have with other values. */
static uint64_t sum_of(const float *x, size_t n, uint64_t sum)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        sum = (sum ^ bits) * 0x100000001b3u;
    }
    return sum;
}

/* Of the first and the last sample. */
static json_t *sample_sum(const snn_dataset *data, const snn_dataset_info *info)
{
    const size_t size = info->shape[0] * info->shape[1] * info->shape[2];
    uint64_t sum = 0xcbf29ce484222325u;
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_status rc = SNN_OK;
    char text[20];

    sample.x = floats(size, 1);
    sample.target = info->targets > 0 ? floats(info->targets, 1) : NULL;
    for (size_t i = 0; i < 2 && sample.x && rc == SNN_OK; i++) {
        rc = snn_dataset_read(data, i * (info->count - 1), 0, &sample);
        sum = sum_of(sample.x, size, sum);
        sum = (sum ^ sample.label) * 0x100000001b3u;
    }
    free(sample.x);
    free(sample.target);
    snprintf(text, sizeof text, "%016llx", (unsigned long long)sum);
    return rc == SNN_OK ? json_string(text) : json_null();
}

static void add_data(json_t *facts, const char *name, const snn_dataset *data)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;

    if (!data || snn_dataset_get_info(data, &info) != SNN_OK || info.count == 0)
        return;
    json_object_set_new(facts, name,
                        json_pack("{s:I, s:[III], s:I, s:I, s:I, s:o}", "samples", (json_int_t)info.count, "shape",
                                  (json_int_t)info.shape[0], (json_int_t)info.shape[1], (json_int_t)info.shape[2],
                                  "classes", (json_int_t)info.classes, "frames", (json_int_t)info.frames, "targets",
                                  (json_int_t)info.targets, "values", sample_sum(data, &info)));
}

/* What was measured of the data: where that differs, so do the data, which are to be named first. */
static void move_measured(json_t *data, json_t *facts)
{
    static const char *const name[] = { "mean", "deviation" };

    for (size_t i = 0; i < sizeof name / sizeof *name; i++) {
        json_object_set(facts, name[i], json_object_get(data, name[i]));
        json_object_del(data, name[i]);
    }
}

/* All that has to be the same on all ranks. Data may lie in other folders. */
static json_t *facts_of(const struct run *run, const json_t *flags)
{
    snn_context_info ctx = SNN_CONTEXT_INFO_INIT;
    char *note = config_note(run->config);
    json_t *facts = json_pack("{s:s, s:O?, s:o}", "version", snn_version_string(), "flags", flags, "settings",
                              note ? json_loads(note, 0, NULL) : json_null());

    free(note);
    json_object_del(json_object_get(json_object_get(facts, "settings"), "data"), "dir");
    if (snn_context_get_info(run->context, &ctx) == SNN_OK)
        json_object_set_new(facts, "instruction set", json_string(ctx.isa));
    add_data(facts, "training set", run->train);
    add_data(facts, "validation", run->validation);
    add_data(facts, "test set", run->test);
    move_measured(json_object_get(json_object_get(facts, "settings"), "data"), facts);
    return facts;
}

/* The place of a difference, "settings.trainer.steps", and both values there; false if there is none. */
static bool differ(json_t *mine, json_t *first, char *path, size_t size, json_t **a, json_t **b)
{
    const size_t used = strlen(path);
    const char *key;
    json_t *value;

    *a = mine;
    *b = first;
    if (!json_is_object(mine) || !json_is_object(first))
        return !json_equal(mine, first);
    for (int turn = 0; turn < 2; turn++)
        json_object_foreach(turn == 0 ? mine : first, key, value)
        {
            snprintf(path + used, size - used, "%s%s", used ? "." : "", key);
            if (differ(json_object_get(mine, key), json_object_get(first, key), path, size, a, b))
                return true;
            path[used] = '\0';
        }
    return false;
}

static int compare(json_t *mine, json_t *first)
{
    char path[160] = "", *here, *there;
    json_t *a, *b;
    int status;

    if (!differ(mine, first, path, sizeof path, &a, &b))
        return DONE;
    here = a ? json_dumps(a, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
    there = b ? json_dumps(b, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(9)) : NULL;
    status =
        fail(FAILED,
             "%s: %.80s here, %.80s on rank 0; all ranks run the same program on the same data with the same flags",
             path, here ? here : "not set", there ? there : "not set");
    free(here);
    free(there);
    return status;
}

/* What the first rank has, to be released. NULL after a message. */
static json_t *shared(const json_t *facts)
{
    char *own = json_dumps(facts, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(17)), *text;
    uint64_t length = own ? strlen(own) : 0;
    json_t *out = NULL;

    if (ranks_share(&length, sizeof length) != DONE)
        length = 0;
    text = calloc(1, (size_t)length + 1);
    if (!text) /* the others wait */
        exit(fail(FAILED, "out of memory"));
    if (ranks_first() && own)
        memcpy(text, own, (size_t)length);
    if (ranks_share(text, (size_t)length) == DONE)
        out = json_loads(text, 0, NULL);
    free(own);
    free(text);
    return out;
}

static int compare_all(const struct run *run, const json_t *flags)
{
    json_t *facts = facts_of(run, flags), *first = shared(facts), *mine;
    int status;
    char *text = json_dumps(facts, JSON_COMPACT | JSON_REAL_PRECISION(17));

    mine = text ? json_loads(text, 0, NULL) : NULL; /* as the others have it */
    status = first ? compare(mine, first) : fail(FAILED, "the settings of rank 0 are not known");
    free(text);
    json_decref(mine);
    json_decref(first);
    json_decref(facts);
    return ranks_agree(status);
}

int ranks_join(struct run *run, const json_t *flags, int status)
{
    snn_status rc;

    status = ranks_agree(status);
    if (status != DONE || ranks_size() == 1)
        return status;
    status = compare_all(run, flags);
    if (status != DONE)
        return status;
    if (strcmp(config_text(run->config, "product_table", ""), "measure") == 0)
        warn("--product-table measure: each rank measures for itself, and the bits of the model depend on what it "
             "finds; a file of snn bench kernels --tune is the same for all");
    rc = snn_trainer_set_communicator(run->trainer, ranks_communicator());
    if (rc == SNN_OK && run->evaluator)
        rc = snn_trainer_set_communicator(run->evaluator, ranks_communicator());
    return ranks_agree(rc == SNN_OK ? DONE : fail_call(rc, NULL));
}

/* ---- files */

snn_status ranks_save(const snn_trainer *trainer, const char *path)
{
    snn_status rc = snn_trainer_save(trainer, ranks_first() ? path : NULL);

    return ranks_share(&rc, sizeof rc) == DONE ? rc : SNN_ERR_IO;
}

static int share_layer(snn_layer *layer)
{
    snn_tensor tensor = SNN_TENSOR_INIT;
    int status = DONE;

    for (size_t i = 0; status == DONE && snn_layer_tensor(layer, i, &tensor) == SNN_OK; i++)
        status = ranks_share(tensor.data, (size_t)tensor.bytes);
    return status;
}

int ranks_share_weights(struct run *run, int status)
{
    snn_layer *layer;

    status = ranks_agree(status);
    for (size_t i = 0; ranks_size() > 1 && status == DONE && (layer = snn_network_layer(run->network, i)); i++)
        status = share_layer(layer);
    return status;
}
