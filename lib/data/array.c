/* array.c - the numbers of an array, after its header, as samples, labels or targets. */
#include "data/array.h"
#include "core/context.h"
#include "core/size.h"
#include <math.h>
#include <string.h>

#define CHUNK 512
#define LABEL_MAX 1048575.0

/* Number in `from`; 16-bit floats as IEEE 754 has them. */
static double half(uint64_t bits)
{
    const double sign = bits & 0x8000 ? -1.0 : 1.0, fraction = (double)(bits & 0x3ff);
    const int exponent = (int)(bits >> 10 & 31);

    if (exponent == 31)
        return fraction > 0.0 ? (double)NAN : sign * (double)INFINITY;
    return exponent == 0 ? sign * ldexp(fraction, -24) : sign * ldexp(fraction + 1024.0, exponent - 25);
}

static double floating(uint64_t bits, size_t bytes)
{
    const uint32_t low = (uint32_t)bits;
    float single;
    double x;

    if (bytes == 2)
        return half(bits);
    memcpy(&single, &low, sizeof single);
    memcpy(&x, &bits, sizeof x);
    return bytes == 4 ? (double)single : x;
}

static double number(const struct snn__array *a, const uint8_t *from)
{
    const size_t unused = 64 - 8 * a->bytes;
    uint64_t bits = 0;

    for (size_t i = 0; i < a->bytes; i++)
        bits |= (uint64_t)from[a->big ? a->bytes - 1 - i : i] << 8 * i;
    if (a->kind == 'f')
        return floating(bits, a->bytes);
    return a->kind == 'i' && bits >> (8 * a->bytes - 1) != 0 ? -(double)(((~bits + 1) << unused) >> unused)
                                                             : (double)bits;
}

/* The next `n` numbers, at most CHUNK. */
static snn_status next(struct snn__gz *gz, const struct snn__array *a, double *out, size_t n)
{
    uint8_t bytes[CHUNK * 8];

    SNN__TRY(snn__gz_read_all(gz, bytes, n * a->bytes, "a block of numbers"));
    for (size_t i = 0; i < n; i++)
        out[i] = number(a, bytes + i * a->bytes);
    return SNN_OK;
}

/* ---- rows [n,...] ---- */

static void put(uint8_t *row, bool pixels, size_t index, double x)
{
    const float value = (float)x;

    if (pixels)
        row[index] = (uint8_t)x;
    else
        memcpy(row + index * sizeof value, &value, sizeof value);
}

static snn_status read_row(struct snn__gz *gz, const struct snn__array *a, bool pixels, uint8_t *row, size_t numbers)
{
    double x[CHUNK];

    if (pixels)
        return snn__gz_read_all(gz, row, numbers, "a sample");
    for (size_t i = 0; i < numbers; i += CHUNK) {
        const size_t n = snn__min(CHUNK, numbers - i);

        SNN__TRY(next(gz, a, x, n));
        for (size_t k = 0; k < n; k++)
            put(row, pixels, i + k, x[k]);
    }
    return SNN_OK;
}

static snn_status read_in_order(struct snn__rows *rows, struct snn__gz *gz, const struct snn__array *a, bool pixels,
                                size_t count)
{
    const size_t numbers = rows->bytes / (pixels ? 1 : sizeof(float));

    while (rows->count < count) {
        uint8_t *row;
        size_t n;

        SNN__TRY(snn__rows_grow(rows, &row, &n));
        SNN__TRY(read_row(gz, a, pixels, row, numbers));
        rows->count++;
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

/* The first index varies fastest: every sample is there before the first one is complete. */
static snn_status read_turned(struct snn__rows *rows, struct snn__gz *gz, const struct snn__array *a, bool pixels,
                              size_t count)
{
    const size_t all = a->dim[0] * (rows->bytes / (pixels ? 1 : sizeof(float)));
    double x[CHUNK];
    uint8_t *row;
    size_t n;

    for (; rows->count < count; rows->count += snn__min(n, count - rows->count))
        SNN__TRY(snn__rows_grow(rows, &row, &n));
    for (size_t i = 0; i < all; i += CHUNK) {
        n = snn__min(CHUNK, all - i);
        SNN__TRY(next(gz, a, x, n));
        for (size_t k = i; k < i + n; k++)
            if (k % a->dim[0] < count)
                put(snn__rows_at(rows, k % a->dim[0]), pixels, in_order(a, k / a->dim[0]), x[k - i]);
    }
    return snn__gz_expect_end(gz);
}

static snn_status read_rows(struct snn__rows *rows, struct snn__gz *gz, const struct snn__array *a, bool pixels,
                            size_t count)
{
    if (a->fortran && a->rank > 1)
        return read_turned(rows, gz, a, pixels, count);
    SNN__TRY(read_in_order(rows, gz, a, pixels, count));
    return count == a->dim[0] ? snn__gz_expect_end(gz) : SNN_OK;
}

/* A header may say anything: what cannot be in a file of this length is refused before memory is taken. */
static snn_status check_length(const struct snn__gz *gz, const struct snn__array *a)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1), bytes = SNN__PRODUCT(numbers, a->bytes);

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
    s->pixels = a->kind == 'u' && a->bytes == 1;
    s->most = snn__min(s->most, a->dim[0]);
    SNN__TRY(snn__samples_shape(s, snn__gz_path(gz), series ? a->dim[1] : 1, (uint32_t)rank, shape));
    SNN__TRY(check_length(gz, a));
    return read_rows(&s->x, gz, a, s->pixels, s->most);
}

/* ---- labels and targets ---- */

static snn_status add_label(struct snn__samples *s, struct snn__gz *gz, double label, double *lowest)
{
    if (!(label >= 0.0 && label <= LABEL_MAX))
        return snn__fail(SNN_ERR_FORMAT, "%.300s: label %g, not in 0 .. %g", snn__gz_path(gz), label, LABEL_MAX);
    s->classes = snn__max(s->classes, (size_t)label + 1);
    *lowest = label < *lowest ? label : *lowest;
    return s->label.count < s->x.count ? snn__samples_label(s, (uint32_t)label) : SNN_OK;
}

/* All labels are read, those of samples that are not as well: they give the number of classes. */
static snn_status read_labels(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a, size_t least)
{
    double x[CHUNK], lowest = LABEL_MAX;

    s->classes = least;
    for (size_t i = 0; i < a->dim[0]; i += CHUNK) {
        const size_t n = snn__min(CHUNK, a->dim[0] - i);

        SNN__TRY(next(gz, a, x, n));
        for (size_t k = 0; k < n; k++)
            SNN__TRY(add_label(s, gz, x[k], &lowest));
    }
    if (lowest > 0.0 && s->classes > least)
        snn__log(s->ctx, SNN_LOG_WARNING,
                 "%.300s: no label is below %g, so class 0 has no samples; label_first %g takes that away",
                 snn__gz_path(gz), lowest, lowest);
    return snn__gz_expect_end(gz);
}

static snn_status read_targets(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1);

    if (a->rank > 3)
        return snn__fail(SNN_ERR_FORMAT, "%.300s: an array of %zu dimensions; targets are [n,K] or [n,T,K]",
                         snn__gz_path(gz), a->rank);
    s->targets = a->rank > 1 ? a->dim[a->rank - 1] : 1;
    s->target_frames = a->rank > 2 ? a->dim[1] : 1;
    snn__rows_begin(&s->target, s->ctx, numbers * sizeof(float), s->x.count);
    return read_rows(&s->target, gz, a, false, s->x.count);
}

snn_status snn__array_aims(struct snn__samples *s, struct snn__gz *gz, const struct snn__array *a, size_t announced,
                           size_t least)
{
    const size_t numbers = snn__product_of(a->dim + 1, a->rank - 1);

    if (a->dim[0] != announced)
        return snn__fail(SNN_ERR_FORMAT, "%.300s has %zu labels or targets for %zu samples", snn__gz_path(gz),
                         a->dim[0], announced);
    SNN__TRY(check_length(gz, a));
    return a->kind != 'f' && numbers == 1 ? read_labels(s, gz, a, least) : read_targets(s, gz, a);
}
