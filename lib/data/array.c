/* array.c - the numbers of an array, after its header, as samples, labels or targets. */
#include "data/array.h"
#include "core/alloc.h"
#include "core/context.h"
#include "core/size.h"
#include <string.h>

#define CHUNK 512
#define LABEL_MAX 1048575.0

/* The next `n` numbers, at most CHUNK. */
static snn_status next(struct snn__gz *gz, const struct snn__numbers *type, double *out, size_t n)
{
    uint8_t bytes[CHUNK * 8];

    SNN__TRY(snn__gz_read_all(gz, bytes, n * type->bytes, "a block of numbers"));
    for (size_t i = 0; i < n; i++)
        out[i] = snn__number(type, bytes + i * type->bytes);
    return SNN_OK;
}

/* ---- rows [n,...] ---- */

/* What of numbers of a type is kept in memory: pixels stay bytes, others become floats. */
static const struct snn__numbers *in_memory(const struct snn__numbers *type)
{
    return type->pixels ? &snn__pixels : &snn__floats;
}

static void put(uint8_t *row, bool pixels, size_t index, double x)
{
    const float value = (float)x;

    if (pixels)
        row[index] = (uint8_t)x;
    else
        memcpy(row + index * sizeof value, &value, sizeof value);
}

static snn_status read_row(struct snn__gz *gz, const struct snn__numbers *type, uint8_t *row, size_t numbers)
{
    double x[CHUNK];

    if (type->pixels)
        return snn__gz_read_all(gz, row, numbers, "a sample");
    for (size_t i = 0; i < numbers; i += CHUNK) {
        const size_t n = snn__min(CHUNK, numbers - i);

        SNN__TRY(next(gz, type, x, n));
        for (size_t k = 0; k < n; k++)
            put(row, false, i + k, x[k]);
    }
    return SNN_OK;
}

static snn_status read_in_order(struct snn__extents *e, struct snn__gz *gz, const struct snn__numbers *type,
                                size_t count)
{
    snn__extents_memory(e, in_memory(type));
    while (e->count < count) {
        uint8_t *row;
        size_t n;

        SNN__TRY(snn__rows_grow(&e->rows, &row, &n));
        SNN__TRY(read_row(gz, type, row, e->numbers));
        e->rows.count++;
        e->count++;
    }
    return SNN_OK;
}

/* Index in a sample in C's order of its number `k` in Fortran's. */
static size_t in_order(const struct snn__array *a, size_t k)
{
    size_t index = 0;

    for (size_t d = 1; d < a->rank; d++) {
        size_t stride = 1;

        for (size_t e = d + 1; e < a->rank; e++)
            stride *= a->dim[e];
        index += k % a->dim[d] * stride;
        k /= a->dim[d];
    }
    return index;
}

/* The first index varies fastest: every sample is there before the first one is complete, so that all of them come
 * into memory. */
static snn_status read_turned(struct snn__extents *e, struct snn__gz *gz, const struct snn__array *a, size_t count)
{
    const size_t all = a->dim[0] * e->numbers;
    struct snn__rows *rows = &e->rows;
    double x[CHUNK];
    uint8_t *row;
    size_t n;

    snn__extents_memory(e, in_memory(&a->type));
    for (; rows->count < count; rows->count += snn__min(n, count - rows->count))
        SNN__TRY(snn__rows_grow(rows, &row, &n));
    e->count = count;
    for (size_t i = 0; i < all; i += CHUNK) {
        n = snn__min(CHUNK, all - i);
        SNN__TRY(next(gz, &a->type, x, n));
        for (size_t k = i; k < i + n; k++)
            if (k % a->dim[0] < count)
                put(snn__rows_at(rows, k % a->dim[0]), a->type.pixels, in_order(a, k / a->dim[0]), x[k - i]);
    }
    return snn__gz_expect_end(gz);
}

/* The samples stay in a file whose length is that of its header. */
static snn_status leave(struct snn__extents *e, const struct snn__gz *gz, const struct snn__array *a, size_t count)
{
    const uint64_t at = snn__gz_position(gz), there = snn__gz_bound(gz) - at;
    const size_t stride = e->numbers * a->type.bytes;

    if (there / stride < count)
        return snn__fail(SNN_ERR_FORMAT, "%.300s is truncated: %zu samples of %zu bytes end after byte %llu",
                         snn__gz_path(gz), count, stride, (unsigned long long)snn__gz_bound(gz));
    if (count == a->dim[0] && there > (uint64_t)count * stride)
        return snn__fail(SNN_ERR_FORMAT, "%.300s continues after the %llu bytes that its header declares",
                         snn__gz_path(gz), (unsigned long long)(at + (uint64_t)count * stride));
    return snn__extents_leave(e, gz, &a->type, at, stride, count);
}

static snn_status take_rows(struct snn__extents *e, struct snn__gz *gz, const struct snn__array *a, size_t count)
{
    if (a->fortran && a->rank > 1)
        return read_turned(e, gz, a, count);
    if (snn__gz_plain(gz))
        return leave(e, gz, a, count);
    SNN__TRY(read_in_order(e, gz, &a->type, count));
    return count == a->dim[0] ? snn__gz_expect_end(gz) : SNN_OK;
}

/* A header may say anything: what cannot be in a file of this length is refused before memory is taken. */
static snn_status check_length(const struct snn__gz *gz, const struct snn__array *a)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1), bytes = SNN__PRODUCT(numbers, a->type.bytes);

    if (a->dim[0] == 0)
        return snn__fail(SNN_ERR_FORMAT, "%.300s holds no samples", snn__gz_path(gz));
    if (bytes == 0 || a->dim[0] > snn__gz_bound(gz) / bytes)
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s is truncated, or its header is wrong: it declares %zu items of %zu bytes, which a "
                         "file of this length cannot hold",
                         snn__gz_path(gz), a->dim[0], bytes);
    return SNN_OK;
}

/* ---- samples ---- */

snn_status snn__array_samples(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a,
                              const snn_dataset_files *files)
{
    const bool series = files->series != 0;
    const size_t first = series ? 2 : 1, rest = a->rank - snn__min(first, a->rank);
    const size_t rank = files->rank != 0 ? files->rank : rest > 1 ? 3 : 1;
    struct snn__array of = *a;
    size_t shape[3] = { 1, 1, 1 };

    if (rank > 3)
        return snn__fail(SNN_ERR_ARGUMENT, "data set files: rank %zu; samples are [N], [C,L] or [C,H,W]", rank);
    if (a->rank < first || rest > 3)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: an array of %zu dimensions; samples %s", snn__gz_path(gz), a->rank,
                         series ? "of series are [n,T,N], [n,T,H,W] or [n,T,C,H,W]"
                                : "are [n,N], [n,H,W] or [n,C,H,W] or, of series, have another dimension for time");
    if (rest > rank)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: an array of %zu dimensions, more than samples of rank %zu have",
                         snn__gz_path(gz), a->rank, rank);
    for (size_t i = 0; i < rest; i++)
        shape[rank - rest + i] = a->dim[first + i];
    of.type.pixels = a->type.kind == 'u' && a->type.bytes == 1;
    s->most = snn__min(s->most, a->dim[0]);
    SNN__TRY(
        snn__samples_shape(s, snn__gz_path(gz), in_memory(&of.type), series ? a->dim[1] : 1, (uint32_t)rank, shape));
    SNN__TRY(check_length(gz, a));
    return take_rows(&s->x, gz, &of, s->most);
}

/* ---- labels and targets ---- */

static snn_status check_label(struct snn__samples *s, const struct snn__gz *gz, double label)
{
    if (!(label >= 0.0 && label <= LABEL_MAX))
        return snn__fail(SNN_ERR_FORMAT, "%.300s: label %g, not in 0 .. %g", snn__gz_path(gz), label, LABEL_MAX);
    s->classes = snn__max(s->classes, (size_t)label + 1);
    return SNN_OK;
}

static snn_status add_label(struct snn__samples *s, const struct snn__gz *gz, double label, double *lowest)
{
    SNN__TRY(check_label(s, gz, label));
    *lowest = label < *lowest ? label : *lowest;
    return s->label.count < s->x.count ? snn__samples_label(s, &(uint32_t){ (uint32_t)label }) : SNN_OK;
}

/* All labels are read, those of samples that are not as well: they give the number of classes. */
static snn_status read_labels(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a, size_t least)
{
    double x[CHUNK], lowest = LABEL_MAX;

    s->classes = least;
    for (size_t i = 0; i < a->dim[0]; i += CHUNK) {
        const size_t n = snn__min(CHUNK, a->dim[0] - i);

        SNN__TRY(next(gz, &a->type, x, n));
        for (size_t k = 0; k < n; k++)
            SNN__TRY(add_label(s, gz, x[k], &lowest));
    }
    if (lowest > 0.0 && s->classes > least)
        snn__log(s->ctx, SNN_LOG_WARNING,
                 "%.300s: no label is below %g, so class 0 has no samples; label_first %g takes that away",
                 snn__gz_path(gz), lowest, lowest);
    return snn__gz_expect_end(gz);
}

/* The labels of steps of one sample. */
static snn_status add_step_labels(struct snn__samples *s, const struct snn__gz *gz, const float *row, size_t steps,
                                  uint32_t *label)
{
    for (size_t t = 0; t < steps; t++) {
        SNN__TRY(check_label(s, gz, (double)row[t]));
        label[t] = (uint32_t)row[t];
    }
    return s->label.count < s->x.count ? snn__samples_label(s, label) : SNN_OK;
}

/* The labels [n,T] of steps come as numbers [n,T] do, in the order of either language; all are read, as above. */
static snn_status read_step_labels(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a,
                                   size_t least)
{
    const size_t steps = a->dim[1];
    float *row = snn__alloc(s->ctx, steps, sizeof *row);
    uint32_t *label = snn__alloc(s->ctx, steps, sizeof *label);
    struct snn__extents rows = { .ctx = s->ctx };
    snn_status rc = row != NULL && label != NULL ? SNN_OK : SNN_ERR_MEMORY;

    s->classes = least;
    s->target_frames = steps;
    snn__extents_begin(&rows, s->ctx, &snn__floats, steps, a->dim[0]);
    if (rc == SNN_OK)
        rc = take_rows(&rows, gz, a, a->dim[0]);
    for (size_t i = 0; i < a->dim[0] && rc == SNN_OK; i++) {
        rc = snn__extents_read(&rows, i, 0, steps, row);
        if (rc == SNN_OK)
            rc = add_step_labels(s, gz, row, steps, label);
    }
    snn__extents_free(&rows);
    snn__free(s->ctx, row);
    snn__free(s->ctx, label);
    return rc;
}

static snn_status check_step_labels(const struct snn__samples *s, const struct snn__gz *gz,
                                    const struct snn__array *a)
{
    if (a->type.kind == 'f' || a->rank != 2 || (s->frames > 1 && a->dim[1] != s->frames))
        return snn__fail(SNN_ERR_FORMAT,
                         "%.300s: labels of steps are whole numbers [n,T], T as many as a series has frames",
                         snn__gz_path(gz));
    return SNN_OK;
}

static snn_status read_targets(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1);

    if (a->rank > 3)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: an array of %zu dimensions; targets are [n,K] or [n,T,K]",
                         snn__gz_path(gz), a->rank);
    s->targets = a->rank > 1 ? a->dim[a->rank - 1] : 1;
    s->target_frames = a->rank > 2 ? a->dim[1] : 1;
    snn__extents_begin(&s->target, s->ctx, &snn__floats, numbers, s->x.count);
    return take_rows(&s->target, gz, a, s->x.count);
}

snn_status snn__array_aims(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a,
                           const snn_dataset_files *files, size_t announced, size_t least)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1);

    if (a->dim[0] != announced)
        return snn__fail(SNN_ERR_FORMAT, "%.300s has %zu labels or targets for %zu samples", snn__gz_path(gz),
                         a->dim[0], announced);
    SNN__TRY(check_length(gz, a));
    if (files->label_steps != 0) {
        SNN__TRY(check_step_labels(s, gz, a));
        return read_step_labels(s, gz, a, least);
    }
    return a->type.kind != 'f' && numbers == 1 ? read_labels(s, gz, a, least) : read_targets(s, gz, a);
}
