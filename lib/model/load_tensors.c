/* model/load_tensors.c - tensors of a file for another network, by name. */
#include "core/context.h"
#include "core/fpu.h"
#include "core/structure.h"
#include "model/model.h"
#include "network/network.h"
#include <snn/model.h>
#include <stdio.h>
#include <string.h>

/* A walk over the tensors of the network: it counts, or copies. */
struct loading {
    struct snn__safetensors *file;
    const snn_network *network;
    const char *names; /* "a=b,c=d", or NULL */
    bool strict, copy;
    snn_load_report report;
};

/* ---- names ---- */

/* One pair of the list: layer `from` of the file is layer `to` of the network. */
struct pair {
    char from[SNN__NAME_MAX], to[SNN__NAME_MAX];
};

static snn_status bad_names(const char *names)
{
    return snn__fail(SNN_ERR_ARGUMENT, "names \"%.100s\": expected layers of the file and of the network, a=b,c=d",
                     names);
}

/* Copies the `n` bytes of a name. False if it is too long. */
static bool take_name(char to[SNN__NAME_MAX], const char *from, size_t n)
{
    if (n >= SNN__NAME_MAX)
        return false;
    memcpy(to, from, n);
    to[n] = '\0';
    return true;
}

/* Reads the pair at *at, and leaves *at after it. False at the end; a list was checked before it is read again. */
static bool next_pair(const char **at, struct pair *pair, bool *good)
{
    size_t left, right;

    if (*at == NULL || **at == '\0')
        return false;
    left = strcspn(*at, "=,");
    right = (*at)[left] == '=' ? strcspn(*at + left + 1, "=,") : 0;
    *good = (*at)[left] == '=' && left > 0 && (*at)[left + 1 + right] != '=' && take_name(pair->from, *at, left) &&
            take_name(pair->to, *at + left + 1, right);
    if (*good)
        *at += left + 1 + right + ((*at)[left + 1 + right] == ',');
    return *good;
}

/* The file has a tensor of this layer. */
static bool file_has_layer(const struct snn__safetensors *file, const char *layer)
{
    const size_t n = strlen(layer);

    for (size_t i = 0; i < file->n; i++)
        if (strncmp(file->entry[i].name, layer, n) == 0 && file->entry[i].name[n] == '.' &&
            !snn__model_is_of_run(file->entry[i].name))
            return true;
    return false;
}

static snn_status check_names(const struct loading *l)
{
    const char *at = l->names;
    struct pair pair;
    bool good = true;

    while (next_pair(&at, &pair, &good)) {
        if (!file_has_layer(l->file, pair.from))
            return snn__fail(SNN_ERR_ARGUMENT, "names: \"%.150s\" has no tensors of a layer \"%s\"", l->file->path,
                             pair.from);
        if (pair.to[0] != '\0' && snn_network_layer_named(l->network, pair.to) == NULL)
            return snn__fail(SNN_ERR_ARGUMENT, "names: the network has no layer \"%s\"", pair.to);
    }
    return good ? SNN_OK : bad_names(l->names);
}

/* The layer of the file that a layer of the network takes its tensors from; false if there is none. */
static bool layer_in_file(const char *names, const char *layer, char from[SNN__NAME_MAX])
{
    bool renamed = false, good;
    const char *at = names;
    struct pair pair;

    while (next_pair(&at, &pair, &good)) {
        if (strcmp(pair.to, layer) == 0)
            return take_name(from, pair.from, strlen(pair.from));
        renamed |= strcmp(pair.from, layer) == 0;
    }
    return !renamed && take_name(from, layer, strlen(layer));
}

/* ---- tensors ---- */

/* A tensor that fits counts as loaded. Where it does not, the message says why. */
static snn_status take(struct loading *l, const char *name, const snn_tensor *tensor)
{
    const float *data;
    bool packed;

    SNN__TRY(snn__model_unpack(l->file, name, tensor, l->copy, &packed));
    if (!packed) {
        SNN__TRY(snn__safetensors_take(l->file, name, tensor->rank, tensor->dim, &data));
        if (l->copy)
            memcpy(tensor->data, data, (size_t)tensor->length * sizeof *data);
    }
    l->report.loaded++;
    return SNN_OK;
}

static snn_status left_out(struct loading *l, const char *name)
{
    l->report.missing++;
    return snn__fail(SNN_ERR_FORMAT, "model file \"%.200s\": no layer of it is for tensor \"%.100s\"", l->file->path,
                     name);
}

/* Takes one tensor of the network, where the file has it. */
static snn_status load_one(void *arg, const char *name, const snn_tensor *tensor)
{
    const char *dot = strchr(name, '.');
    char layer[SNN__NAME_MAX], from[SNN__NAME_MAX], wanted[SNN__ENTRY_NAME_MAX];
    struct loading *l = arg;
    snn_status rc;

    take_name(layer, name, (size_t)(dot - name));
    if (!layer_in_file(l->names, layer, from)) {
        rc = left_out(l, name);
    } else {
        snprintf(wanted, sizeof wanted, "%s%s", from, dot);
        rc = take(l, wanted, tensor);
        l->report.mismatched += rc == SNN_ERR_SHAPE;
        l->report.missing += rc != SNN_OK && rc != SNN_ERR_SHAPE;
    }
    if (rc == SNN_OK || l->strict)
        return rc;
    if (!l->copy)
        snn__log(l->file->ctx, SNN_LOG_WARNING, "%s keeps its values: %s", name, snn_last_error());
    return SNN_OK;
}

static snn_status count_unused(struct loading *l)
{
    for (size_t i = 0; i < l->file->n; i++)
        l->report.unused += !l->file->entry[i].used && !snn__model_is_of_run(l->file->entry[i].name);
    return l->strict ? snn__model_all_taken(l->file, true) : SNN_OK;
}

/* All is checked before anything is copied. */
static snn_status load(struct loading *l)
{
    snn_load_report checked;

    SNN__TRY(check_names(l));
    SNN__TRY(snn__model_each(l->network, load_one, l));
    SNN__TRY(count_unused(l));
    checked = l->report;
    l->copy = true;
    SNN__TRY(snn__model_each(l->network, load_one, l));
    l->report = checked;
    return SNN_OK;
}

static snn_status check_network(const snn_network *network, const char *path)
{
    if (network == NULL || path == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_network_load_tensors: %s is NULL",
                         network == NULL ? "network" : "path");
    if (!network->prepared)
        return snn__fail(SNN_ERR_STATE, "the network has no tensors to load into: call snn_network_prepare() first");
    if (atomic_load(&network->users) > 0)
        return snn__fail(SNN_ERR_STATE, "tensors cannot be loaded in a callback of a trainer that uses the network");
    return snn__network_check_latent(network);
}

snn_status snn_network_load_tensors(snn_network *network, const char *path, const snn_load_options *options,
                                    snn_load_report *report)
{
    SNN__COMPUTES;
    snn_load_options own = SNN_LOAD_OPTIONS_INIT;
    struct snn__safetensors file;
    struct loading l = { .file = &file, .network = network, .report = SNN_LOAD_REPORT_INIT };
    snn_status rc;

    SNN__TRY(check_network(network, path));
    if (options != NULL)
        SNN__TRY(snn__read_struct(&own, sizeof own, options, "load options", "SNN_LOAD_OPTIONS_INIT"));
    if (report != NULL)
        SNN__TRY(snn__check_struct(report, "load report", "SNN_LOAD_REPORT_INIT"));
    l.names = own.names;
    l.strict = own.strict != 0;
    rc = snn__safetensors_read(&file, network->ctx, path, true);
    if (rc == SNN_OK)
        rc = load(&l);
    snn__safetensors_free(&file);
    if (rc == SNN_OK && report != NULL)
        snn__fill(report, &l.report, sizeof l.report);
    return rc;
}
