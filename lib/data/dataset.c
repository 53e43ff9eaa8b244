/* dataset.c - the public face of data sets: making, describing, setting. What the trainer reads is in frame.c. */
#include "core/alloc.h"
#include "core/context.h"
#include "core/param_calls.h"
#include "core/size.h"
#include "core/structure.h"
#include "data/data.h"
#include "data/samples.h"
#include "data/set.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define X(name) extern const struct snn__data_format snn__data_##name;
#include "data/list.h"

static const struct snn__data_format *const formats[] = {
#define X(name) &snn__data_##name,
#include "data/list.h"
    NULL,
};

#define N_FORMATS (sizeof formats / sizeof *formats - 1)
#define COUNT_MAX 0xffffffffu /* samples are numbered in 32 bits where they are shuffled */
#define PAD_MAX 4096

static const struct snn__param params[] = {
    SNN__PARAM_I64(SNN_DATASET_LIMIT, "limit", 0, COUNT_MAX, 0, "use the first N samples; 0: all"),
    SNN__PARAM_I64(SNN_DATASET_CROP_PAD, "crop_pad", 0, PAD_MAX, 0,
                   "training: pad by N zeros, then crop a window of the old size at random; 0: off"),
    SNN__PARAM_I64(SNN_DATASET_FLIP, "flip", 0, 1, 0, "training: 1: mirror left-right with probability 1/2"),
    SNN__PARAM_F64(SNN_DATASET_CUTOUT, "cutout", 0.0, 1.0, 0.0,
                   "training: probability of filling a random rectangle with a random grey value; 0: off"),
    SNN__PARAM_I64(SNN_DATASET_LABEL_FIRST, "label_first", 0, COUNT_MAX, 0,
                   "lowest label of the files, which becomes class 0; EMNIST's letters: 1"),
};

/* Crop and the like move pixels about, which vectors do not have. */
static bool augments(const struct snn__param *row, const union snn__value *value)
{
    return ((row->key == SNN_DATASET_CROP_PAD || row->key == SNN_DATASET_FLIP) && value->i != 0) ||
           (row->key == SNN_DATASET_CUTOUT && value->f != 0.0);
}

static snn_status check_value(const void *object, const struct snn__param *row, const union snn__value *value)
{
    const snn_dataset *d = object;

    if (augments(row, value) && d->source.rank != 3)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: %s needs samples of shape [C,H,W], not [%zu]", row->name,
                         d->source.shape[0]);
    if (row->key == SNN_DATASET_LABEL_FIRST && value->i > 0 && (uint64_t)value->i >= d->source.classes)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: label_first = %lld leaves none of %zu classes",
                         (long long)value->i, d->source.classes);
    return SNN_OK;
}

static const struct snn__param_kind kind = { .noun = "data set", .check = check_value };

SNN__PARAM_CALLS(dataset, &kind)

static snn_status fail_null(const char *what)
{
    return snn__fail(SNN_ERR_ARGUMENT, "data set: %s is NULL", what);
}

/* ---- making ---- */

static const snn_dataset_source defaults = { .struct_size = sizeof defaults, .frames = 1, .target_frames = 1 };

snn_status snn_dataset_source_init(snn_dataset_source *source, size_t size)
{
    return snn__init_struct(source, size, &defaults, sizeof defaults, "data set source");
}

/* Labels or targets. */
static snn_status check_aims(const snn_dataset_source *s)
{
    if (s->classes == 0 && s->targets == 0)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "data set source: classes and targets are 0; samples have labels or targets");
    if (s->classes > 0 && s->targets > 0)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "data set source: %zu classes and %zu targets; samples have labels or targets, not both",
                         s->classes, s->targets);
    if (s->classes > COUNT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "data set source: classes is %zu, not in 1 .. %u", s->classes, COUNT_MAX);
    if (s->targets > SNN__SAMPLE_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "data set source: targets is %zu, not in 1 .. %zu", s->targets,
                         SNN__SAMPLE_MAX);
    if (s->target_frames != 1 &&
        (s->target_frames == 0 || s->target_frames > COUNT_MAX || (s->frames > 1 && s->target_frames != s->frames)))
        return snn__fail(SNN_ERR_ARGUMENT,
                         "data set source: target_frames is %zu; 1 or, with a label or target for each step, as many "
                         "as steps",
                         s->target_frames);
    return SNN_OK;
}

static snn_status check_counts(const snn_dataset_source *s)
{
    if (s->read == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "data set source: read is NULL");
    if (s->count == 0 || s->count > COUNT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "data set source: count is %zu, not in 1 .. %u", s->count, COUNT_MAX);
    if (s->frames == 0 || s->frames > COUNT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "data set source: frames is %zu, not in 1 .. %u", s->frames, COUNT_MAX);
    return check_aims(s);
}

/* Multiplies the shape out; sides that the rank does not use become 1. */
static snn_status check_shape(snn_dataset_source *s, size_t *length)
{
    if (s->rank < 1 || s->rank > 3)
        return snn__fail(SNN_ERR_SHAPE, "data set source: rank %u; samples are [N], [C,L] or [C,H,W]", s->rank);
    for (size_t i = s->rank; i < 3; i++)
        s->shape[i] = 1;
    if (!snn__sample_length(s->shape, s->rank, length))
        return snn__fail(SNN_ERR_SHAPE, "data set source: shape [%zu,%zu,%zu]; a sample has 1 to %zu elements",
                         s->shape[0], s->shape[1], s->shape[2], SNN__SAMPLE_MAX);
    return SNN_OK;
}

/* Memory of a data set whose source is already set. */
static snn_status fill(snn_dataset *d)
{
    d->channels = d->source.shape[0];
    d->params = (struct snn__params){ .kind = &kind,
                                      .object = d,
                                      .owner = kind.noun,
                                      .table = { params },
                                      .count = { sizeof params / sizeof *params } };
    SNN__TRY(snn__params_init(&d->params, d->ctx));
    d->norm = snn__alloc(d->ctx, d->channels, 2 * sizeof *d->norm);
    return d->norm != NULL ? SNN_OK : SNN_ERR_MEMORY;
}

snn_status snn_dataset_create(snn_dataset **out, snn_context *context, const snn_dataset_source *source)
{
    snn_dataset_source s = defaults;
    snn_dataset *d;
    size_t length = 0;

    if (out == NULL)
        return fail_null("out");
    *out = NULL;
    if (context == NULL)
        return fail_null("the context");
    SNN__TRY(snn__read_struct(&s, sizeof s, source, "data set source", "snn_dataset_source_init()"));
    SNN__TRY(check_counts(&s));
    SNN__TRY(check_shape(&s, &length));
    d = snn__alloc(context, 1, sizeof *d);
    if (d == NULL)
        return SNN_ERR_MEMORY;
    d->ctx = context;
    atomic_init(&d->owners, 1);
    d->source = s;
    d->length = length;
    if (fill(d) != SNN_OK) {
        d->source.close = NULL; /* still the caller's */
        snn_dataset_destroy(d);
        return SNN_ERR_MEMORY;
    }
    *out = d;
    return SNN_OK;
}

snn_dataset *snn__dataset_share(snn_dataset *dataset)
{
    atomic_fetch_add(&dataset->owners, 1);
    return dataset;
}

void snn_dataset_destroy(snn_dataset *dataset)
{
    if (dataset == NULL || atomic_fetch_sub(&dataset->owners, 1) > 1)
        return;
    if (dataset->source.close != NULL)
        dataset->source.close(dataset->source.user);
    snn__params_free(&dataset->params, dataset->ctx);
    snn__free(dataset->ctx, dataset->norm);
    snn__free(dataset->ctx, dataset);
}

struct snn__name snn__format_names(size_t index)
{
    return SNN__NAME_OF(index < N_FORMATS ? formats[index] : NULL);
}

static const snn_dataset_files no_files = { .struct_size = sizeof no_files, .split = SNN_SPLIT_TRAIN };

snn_status snn_dataset_files_init(snn_dataset_files *files, size_t size)
{
    return snn__init_struct(files, size, &no_files, sizeof no_files, "data set files");
}

/* Sets the source even where reading fails; its close() frees what is there. */
static snn_status read_samples(snn_dataset_source *source, const struct snn__data_format *format, snn_context *ctx,
                               const snn_dataset_files *files, const snn_npy_members *members)
{
    struct snn__samples *s = snn__alloc(ctx, 1, sizeof *s);
    snn_status rc;

    if (s == NULL)
        return SNN_ERR_MEMORY;
    s->ctx = ctx;
    s->most = files->limit > 0 ? files->limit : SIZE_MAX;
    s->members = members;
    rc = format->read(s, files);
    snn__samples_source(s, source);
    return rc;
}

static snn_status open_source(snn_dataset_source *source, const struct snn__data_format *format, snn_context *ctx,
                              const snn_dataset_files *files, const snn_npy_members *members)
{
    SNN__TRY(snn_dataset_source_init(source, sizeof *source));
    return format->read != NULL ? read_samples(source, format, ctx, files, members)
                                : format->open(source, ctx, files);
}

/* With the reader of `format`; NULL: of files->format. */
static snn_status open_files(snn_dataset **out, snn_context *context, const snn_dataset_files *files,
                             const struct snn__data_format *format, const snn_npy_members *members)
{
    snn_dataset_files own = no_files;
    snn_dataset_source source;
    snn_status rc;

    if (out == NULL)
        return fail_null("out");
    *out = NULL;
    SNN__TRY(snn__read_struct(&own, sizeof own, files, "data set files", "snn_dataset_files_init()"));
    if (context == NULL || own.format == NULL || own.path == NULL)
        return fail_null(context == NULL ? "the context" : own.format == NULL ? "the format" : "the directory");
    if (own.split != SNN_SPLIT_TRAIN && own.split != SNN_SPLIT_TEST)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: split %d is neither train (1) nor test (2)", (int)own.split);
    if (format == NULL)
        format = formats[snn__name_index(snn__format_names, own.format)];
    if (format == NULL)
        return snn__unknown("data format", own.format, snn__format_names);
    rc = open_source(&source, format, context, &own, members);
    if (rc == SNN_OK)
        rc = snn_dataset_create(out, context, &source);
    if (rc == SNN_OK)
        (*out)->explains = true;
    else if (source.close != NULL)
        source.close(source.user);
    return rc;
}

snn_status snn_dataset_open(snn_dataset **out, snn_context *context, const char *format, const char *directory,
                            snn_split split)
{
    SNN__COMPUTES;

    return snn_dataset_open_first(out, context, format, directory, split, 0);
}

snn_status snn_dataset_open_first(snn_dataset **out, snn_context *context, const char *format, const char *directory,
                                  snn_split split, size_t limit)
{
    SNN__COMPUTES;
    const snn_dataset_files files = {
        .struct_size = sizeof files, .split = split, .format = format, .path = directory, .limit = limit
    };

    return snn_dataset_open_files(out, context, &files);
}

snn_status snn_dataset_open_files(snn_dataset **out, snn_context *context, const snn_dataset_files *files)
{
    SNN__COMPUTES;

    return open_files(out, context, files, NULL, NULL);
}

snn_status snn_npy_dataset_open(snn_dataset **out, snn_context *context, const snn_dataset_files *files,
                                const snn_npy_members *members)
{
    SNN__COMPUTES;

    if (members == NULL)
        return fail_null("members");
    return open_files(out, context, files, &snn__data_npy, members);
}

/* ---- describing and setting ---- */

size_t snn__dataset_count(const snn_dataset *dataset)
{
    const size_t limit = (size_t)snn__param_i64(&dataset->params, SNN_DATASET_LIMIT);

    return limit == 0 ? dataset->source.count : snn__min(limit, dataset->source.count);
}

size_t snn__dataset_classes(const snn_dataset *dataset)
{
    return dataset->source.classes - (size_t)snn__param_i64(&dataset->params, SNN_DATASET_LABEL_FIRST);
}

size_t snn__dataset_sample_classes(const snn_dataset *d)
{
    return d->source.classes > 0 && d->source.target_frames == 1 ? snn__dataset_classes(d) : 0;
}

snn_status snn_dataset_get_info(const snn_dataset *dataset, snn_dataset_info *info)
{
    snn_dataset_info i = SNN_DATASET_INFO_INIT;

    if (dataset == NULL)
        return fail_null("the data set");
    SNN__TRY(snn__check_struct(info, "data set info", "SNN_DATASET_INFO_INIT"));
    i.rank = dataset->source.rank;
    memcpy(i.shape, dataset->source.shape, sizeof i.shape);
    i.count = snn__dataset_count(dataset);
    i.classes = snn__dataset_classes(dataset);
    i.frames = dataset->source.frames;
    i.targets = dataset->source.targets;
    i.target_frames = dataset->source.target_frames;
    i.context = dataset->ctx;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

snn_status snn_dataset_normalise(snn_dataset *dataset, const double *mean, const double *deviation, size_t n)
{
    SNN__COMPUTES;

    if (dataset == NULL || (n > 0 && (mean == NULL || deviation == NULL)))
        return fail_null(dataset == NULL ? "the handle" : mean == NULL ? "mean" : "deviation");
    if (n > 1 && n != dataset->channels)
        return snn__fail(SNN_ERR_ARGUMENT, "data set: %zu means for %zu channels; give 1, or one for each", n,
                         dataset->channels);
    for (size_t i = 0; i < n; i++)
        if (!isfinite((float)mean[i]) || !isfinite((float)deviation[i]) || !((float)deviation[i] > 0.0f))
            return snn__fail(SNN_ERR_ARGUMENT,
                             "data set: mean %g and deviation %g of channel %zu: both must be "
                             "finite and the deviation positive",
                             mean[i], deviation[i], i);
    for (size_t i = 0; i < n; i++) {
        dataset->norm[i] = (float)mean[i];
        dataset->norm[dataset->channels + i] = (float)deviation[i];
    }
    dataset->n_norm = n;
    return SNN_OK;
}
