/* permute.c - tasks out of one data set: each has its pixels in another order. */
#include "permute.h"

#include <string.h>

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

static snn_status read_permuted(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct permuted *p = user;
    float raw[PIXELS_MAX];
    snn_sample from = { .struct_size = sizeof from, .x = raw };
    snn_status rc = snn_dataset_read(p->base, index, frame, &from);

    sample->label = from.label;
    for (size_t i = 0; rc == SNN_OK && i < p->length; i++)
        sample->x[i] = raw[p->order[i]];
    return rc;
}

snn_status permute_open(snn_dataset **out, snn_context *context, const snn_dataset *base, struct permuted *user,
                        uint64_t seed, size_t task)
{
    snn_dataset_info info = SNN_DATASET_INFO_INIT;
    snn_dataset_source source;
    snn_status rc = snn_dataset_get_info(base, &info);

    *out = NULL;
    if (rc == SNN_OK)
        rc = snn_dataset_source_init(&source, sizeof source);
    if (rc != SNN_OK)
        return rc;
    user->base = base;
    user->length = info.shape[0] * (info.rank == 3 ? info.shape[1] * info.shape[2] : 1);
    permute(user->order, user->length, seed, task);
    source.rank = info.rank;
    memcpy(source.shape, info.shape, sizeof source.shape);
    source.count = (size_t)info.count;
    source.classes = info.classes;
    source.frames = 1;
    source.read = read_permuted;
    source.user = user;
    return snn_dataset_create(out, context, &source);
}
