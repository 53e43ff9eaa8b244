/* arrange.c - tasks out of data sets. */
#include "arrange.h"
#include "tool.h"

#include <stdlib.h>
#include <string.h>

#define NOTHING UINT32_MAX /* a pixel that the base does not have: 0 */

/* How the samples of the base appear. */
struct arranged {
    snn_dataset *base;
    bool owns;
    snn_dataset_info info; /* of the base */
    uint32_t *pixel;       /* [pixels]: a place in the base's sample, or NOTHING; NULL: as they are */
    size_t pixels;
    uint32_t *sample;     /* number in the base; NULL: as they are */
    uint32_t label_first; /* becomes 0 */
};

static size_t pixels_of(uint32_t rank, const size_t *shape)
{
    return shape[0] * (rank > 1 ? shape[1] : 1) * (rank == 3 ? shape[2] : 1);
}

static snn_status read_arranged(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct arranged *a = user;
    float raw[PIXELS_MAX], *x = sample->x;
    snn_status rc;

    if (a->sample)
        index = a->sample[index];
    if (a->pixel)
        sample->x = raw;
    rc = snn_dataset_read(a->base, index, frame, sample);
    sample->x = x;
    sample->label -= a->label_first;
    for (size_t i = 0; rc == SNN_OK && a->pixel && i < a->pixels; i++)
        x[i] = a->pixel[i] == NOTHING ? 0 : raw[a->pixel[i]];
    return rc;
}

static void close_arranged(void *user)
{
    struct arranged *a = user;

    if (a->owns)
        snn_dataset_destroy(a->base);
    free(a->pixel);
    free(a->sample);
    free(a);
}

/* One that shows the base as it is; NULL after a message. */
static struct arranged *begin(snn_dataset *base, bool owns)
{
    struct arranged *a = calloc(1, sizeof *a);
    snn_status rc;

    if (!a) {
        if (owns)
            snn_dataset_destroy(base);
        fail(FAILED, "out of memory");
        return NULL;
    }
    a->base = base;
    a->owns = owns;
    a->info = (snn_dataset_info)SNN_DATASET_INFO_INIT;
    rc = snn_dataset_get_info(base, &a->info);
    if (rc == SNN_OK && a->info.target_frames > 1) {
        fail(FAILED, "samples with a label for each step make no tasks");
        close_arranged(a);
        return NULL;
    }
    if (rc == SNN_OK && pixels_of(a->info.rank, a->info.shape) <= PIXELS_MAX)
        return a;
    if (rc != SNN_OK)
        fail_call(rc, NULL);
    else
        fail(FAILED, "samples of %zu numbers; those of at most %d make tasks", pixels_of(a->info.rank, a->info.shape),
             PIXELS_MAX);
    close_arranged(a);
    return NULL;
}

/* Room for n numbers; closes what was arranged, after a message, if there is none. */
static uint32_t *numbers(struct arranged *a, size_t n)
{
    uint32_t *out = malloc((n + 1) * sizeof *out);

    if (!out) {
        fail(FAILED, "out of memory");
        close_arranged(a);
    }
    return out;
}

static int finish(snn_dataset **out, snn_context *context, struct arranged *a, const size_t shape[3], size_t count,
                  size_t classes)
{
    snn_dataset_source source;
    snn_status rc = snn_dataset_source_init(&source, sizeof source);

    if (rc == SNN_OK) {
        source.rank = a->info.rank;
        memcpy(source.shape, shape, sizeof source.shape);
        source.count = count;
        source.classes = classes;
        source.frames = (size_t)a->info.frames;
        source.read = read_arranged;
        source.close = close_arranged;
        source.user = a;
        rc = snn_dataset_create(out, context, &source);
    }
    if (rc == SNN_OK)
        return DONE;
    close_arranged(a);
    return fail_call(rc, NULL);
}

/* ---- pixels in another order */

/* A small generator of its own (splitmix64): the same permutations on every machine. */
static uint64_t draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void permute(uint32_t *order, size_t n, uint64_t seed, size_t task)
{
    uint64_t state = seed * 1000003u + task;

    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n - 1; task > 0 && i > 0; i--) {
        size_t j = (size_t)(draw(&state) % (i + 1));
        uint32_t kept = order[i];

        order[i] = order[j];
        order[j] = kept;
    }
}

int arrange_permuted(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, uint64_t seed,
                     size_t task)
{
    struct arranged *a = begin(base, owns);

    *out = NULL;
    if (!a)
        return FAILED;
    a->pixels = pixels_of(a->info.rank, a->info.shape);
    a->pixel = numbers(a, a->pixels);
    if (!a->pixel)
        return FAILED;
    permute(a->pixel, a->pixels, seed, task);
    return finish(out, context, a, a->info.shape, (size_t)a->info.count, a->info.classes);
}

/* ---- larger maps */

/* The place in the base that [c,y,x] of the larger map shows. */
static uint32_t place(const snn_dataset_info *base, const size_t shape[3], size_t c, size_t y, size_t x)
{
    const size_t *of = base->shape, top = (shape[1] - of[1]) / 2, left = (shape[2] - of[2]) / 2;

    if (y < top || y - top >= of[1] || x < left || x - left >= of[2])
        return NOTHING;
    return (uint32_t)(((of[0] == 1 ? 0 : c) * of[1] + y - top) * of[2] + x - left);
}

int arrange_fitted(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, const size_t shape[3])
{
    struct arranged *a = begin(base, owns);

    *out = NULL;
    if (!a)
        return FAILED;
    a->pixels = pixels_of(3, shape);
    a->pixel = numbers(a, a->pixels);
    if (!a->pixel)
        return FAILED;
    for (size_t i = 0; i < a->pixels; i++)
        a->pixel[i] = place(&a->info, shape, i / (shape[1] * shape[2]), i / shape[2] % shape[1], i % shape[2]);
    return finish(out, context, a, shape, (size_t)a->info.count, a->info.classes);
}

/* ---- samples of some classes */

/* Numbers of the samples to show into a->sample, at most `most` of each class. */
static snn_status pick(struct arranged *a, size_t first, size_t n, size_t most, size_t *count)
{
    float x[PIXELS_MAX];
    size_t *left = calloc(n, sizeof *left);
    snn_status rc = left ? SNN_OK : SNN_ERR_MEMORY;

    *count = 0;
    for (size_t i = 0; i < n && rc == SNN_OK; i++)
        left[i] = most ? most : SIZE_MAX;
    for (size_t i = 0; i < a->info.count && rc == SNN_OK; i++) {
        snn_sample sample = { .struct_size = sizeof sample, .x = x };

        rc = snn_dataset_read(a->base, i, 0, &sample);
        if (rc == SNN_OK && sample.label >= first && sample.label - first < n && left[sample.label - first] > 0) {
            left[sample.label - first]--;
            a->sample[(*count)++] = (uint32_t)i;
        }
    }
    free(left);
    return rc;
}

int arrange_classes(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, size_t first, size_t n,
                    size_t most, bool anew)
{
    struct arranged *a = begin(base, owns);
    size_t count;
    snn_status rc;

    *out = NULL;
    if (!a)
        return FAILED;
    a->sample = numbers(a, (size_t)a->info.count);
    if (!a->sample)
        return FAILED;
    a->label_first = anew ? (uint32_t)first : 0;
    rc = pick(a, first, n, most, &count);
    if (rc == SNN_OK && count > 0)
        return finish(out, context, a, a->info.shape, count, anew ? n : a->info.classes);
    close_arranged(a);
    return rc == SNN_OK ? fail(FAILED, "no sample has one of the labels %zu to %zu", first, first + n - 1)
                        : fail_call(rc, NULL);
}
