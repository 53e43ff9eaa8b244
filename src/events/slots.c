/* slots.c - samples that were read, in memory while there is room. */
#include "slots.h"
#include "ahead.h"

static void free_slot(struct snn__slots *slots, struct snn__slot *s)
{
    if (s == NULL)
        return;
    snn__sample_free(&s->sample);
    snn_component_free(slots->ctx, s->at);
    snn_component_free(slots->ctx, s->piece);
    snn_component_free(slots->ctx, s);
}

static snn_status fill_slot(struct snn__slots *slots, struct snn__slot *s)
{
    s->sample.ctx = slots->ctx;
    s->at = snn_component_alloc(slots->ctx, slots->steps + 1, sizeof *s->at);
    s->piece = snn_component_alloc(slots->ctx, slots->steps, sizeof *s->piece);
    if (s->at == NULL || s->piece == NULL)
        return SNN_ERR_MEMORY;
    TRY(slots->fill(slots->user, s));
    s->bytes = sizeof *s + (2 * slots->steps + 1) * sizeof *s->at + s->sample.room * sizeof *s->sample.event;
    return SNN_OK;
}

static snn_status make_slot(struct snn__slot **out, struct snn__slots *slots, size_t index, uint64_t seed)
{
    snn_status rc;

    *out = snn_component_alloc(slots->ctx, 1, sizeof **out);
    if (*out == NULL)
        return SNN_ERR_MEMORY;
    (*out)->index = index;
    (*out)->seed = seed;
    (*out)->users = 1;
    rc = fill_slot(slots, *out);
    if (rc != SNN_OK) {
        free_slot(slots, *out);
        *out = NULL;
    }
    return rc;
}

/* ---- the list ---- */

static void take_out(struct snn__slots *slots, struct snn__slot *s)
{
    *(s->before != NULL ? &s->before->after : &slots->latest) = s->after;
    *(s->after != NULL ? &s->after->before : &slots->oldest) = s->before;
    slots->slot[s->index] = NULL;
    slots->bytes -= s->bytes;
    slots->ahead -= s->ahead ? s->bytes : 0;
    s->listed = false;
}

static void put_first(struct snn__slots *slots, struct snn__slot *s)
{
    s->before = NULL;
    s->after = slots->latest;
    *(slots->latest != NULL ? &slots->latest->before : &slots->oldest) = s;
    slots->latest = s;
    slots->slot[s->index] = s;
    slots->bytes += s->bytes;
    slots->ahead += s->ahead ? s->bytes : 0;
    s->listed = true;
}

/* Samples that were used longest ago make room. */
static void make_room(struct snn__slots *slots)
{
    struct snn__slot *s = slots->oldest, *before;

    for (; s != NULL && slots->bytes > slots->memory; s = before) {
        before = s->before;
        if (s->users > 0)
            continue;
        take_out(slots, s);
        free_slot(slots, s);
    }
}

/* Lists a slot that was made, unless another thread was faster. */
static void list_slot(struct snn__slots *slots, struct snn__slot *s)
{
    struct snn__slot *other;

    pthread_mutex_lock(&slots->lock);
    other = slots->slot[s->index];
    if (other != NULL && other->users == 0) {
        take_out(slots, other);
        free_slot(slots, other);
        other = NULL;
    }
    if (other == NULL)
        put_first(slots, s);
    make_room(slots);
    pthread_mutex_unlock(&slots->lock);
}

snn_status snn__slots_borrow(struct snn__slots *slots, size_t index, uint64_t seed, struct snn__slot **out)
{
    struct snn__slot *s;

    if (snn__ahead_left_behind(slots->reader)) /* what is listed stays as it is */
        return make_slot(out, slots, index, seed);
    pthread_mutex_lock(&slots->lock);
    s = slots->slot[index];
    if (s != NULL && s->seed == seed) {
        s->users++;
        take_out(slots, s);
        s->ahead = false;
        put_first(slots, s);
        pthread_mutex_unlock(&slots->lock);
        *out = s;
        return SNN_OK;
    }
    pthread_mutex_unlock(&slots->lock);
    TRY(make_slot(out, slots, index, seed));
    list_slot(slots, *out);
    return SNN_OK;
}

void snn__slots_return(struct snn__slots *slots, struct snn__slot *s)
{
    bool ends;

    if (snn__ahead_left_behind(slots->reader)) {
        free_slot(slots, s);
        return;
    }
    pthread_mutex_lock(&slots->lock);
    s->users--;
    ends = !s->listed && s->users == 0;
    pthread_mutex_unlock(&slots->lock);
    if (ends)
        free_slot(slots, s);
}

static bool is_wanted(struct snn__slots *slots, size_t index, uint64_t seed)
{
    const struct snn__slot *s;
    bool is;

    pthread_mutex_lock(&slots->lock);
    s = slots->slot[index];
    is = (s == NULL || s->seed != seed) && slots->ahead < slots->memory / 4;
    pthread_mutex_unlock(&slots->lock);
    return is;
}

void snn__slots_fetch(struct snn__slots *slots, size_t index, uint64_t seed)
{
    struct snn__slot *s;

    if (!is_wanted(slots, index, seed) || make_slot(&s, slots, index, seed) != SNN_OK)
        return;
    s->ahead = true;
    list_slot(slots, s);
    snn__slots_return(slots, s);
}

/* ---- making ---- */

snn_status snn__slots_open(struct snn__slots *slots, size_t samples)
{
    slots->slot = snn_component_alloc(slots->ctx, samples, sizeof(struct snn__slot *));
    if (slots->slot == NULL)
        return SNN_ERR_MEMORY;
    if (pthread_mutex_init(&slots->lock, NULL) == 0) {
        slots->reader = snn__ahead_create(slots);
        return SNN_OK;
    }
    snn_component_free(slots->ctx, slots->slot);
    slots->slot = NULL;
    return snn_component_fail(SNN_ERR_MEMORY, "no memory for a lock");
}

void snn__slots_close(struct snn__slots *slots)
{
    const bool left_behind = snn__ahead_left_behind(slots->reader);

    snn__ahead_destroy(slots->reader);
    if (left_behind) /* the parent's memory goes with the process */
        return;
    while (slots->latest != NULL) {
        struct snn__slot *s = slots->latest;

        take_out(slots, s);
        free_slot(slots, s);
    }
    pthread_mutex_destroy(&slots->lock);
    snn_component_free(slots->ctx, slots->slot);
}
