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

/* Lists a slot that was made, unless another one of the sample is in use. */
static void list_slot(struct snn__slots *slots, struct snn__slot *s)
{
    struct snn__slot *other = slots->slot[s->index];

    if (other != NULL && other->users == 0) {
        take_out(slots, other);
        free_slot(slots, other);
        other = NULL;
    }
    if (other == NULL)
        put_first(slots, s);
    make_room(slots);
}

/* Makes the slot that the calling thread has said it would make, and lists it. */
static snn_status make_listed(struct snn__slot **out, struct snn__slots *slots, size_t index, uint64_t seed,
                              bool ahead)
{
    const snn_status rc = make_slot(out, slots, index, seed);

    pthread_mutex_lock(&slots->lock);
    slots->making[index] = false;
    if (rc == SNN_OK) {
        (*out)->ahead = ahead;
        list_slot(slots, *out);
    }
    pthread_cond_broadcast(&slots->made);
    pthread_mutex_unlock(&slots->lock);
    return rc;
}

snn_status snn__slots_borrow(struct snn__slots *slots, size_t index, uint64_t seed, struct snn__slot **out)
{
    struct snn__slot *s;

    if (snn__ahead_left_behind(slots->reader)) /* what is listed stays as it is */
        return make_slot(out, slots, index, seed);
    pthread_mutex_lock(&slots->lock);
    while (slots->making[index])
        pthread_cond_wait(&slots->made, &slots->lock);
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
    slots->making[index] = true;
    pthread_mutex_unlock(&slots->lock);
    return make_listed(out, slots, index, seed, false);
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

/* The caller is to make it. */
static bool is_wanted(struct snn__slots *slots, size_t index, uint64_t seed)
{
    const struct snn__slot *s;
    bool is;

    pthread_mutex_lock(&slots->lock);
    s = slots->slot[index];
    is = !slots->making[index] && (s == NULL || s->seed != seed) && slots->ahead < slots->memory / 4;
    slots->making[index] |= is;
    pthread_mutex_unlock(&slots->lock);
    return is;
}

void snn__slots_fetch(struct snn__slots *slots, size_t index, uint64_t seed)
{
    struct snn__slot *s;

    if (is_wanted(slots, index, seed) && make_listed(&s, slots, index, seed, true) == SNN_OK)
        snn__slots_return(slots, s);
}

/* ---- making ---- */

static snn_status make_locks(struct snn__slots *slots)
{
    if (pthread_mutex_init(&slots->lock, NULL) == 0) {
        if (pthread_cond_init(&slots->made, NULL) == 0)
            return SNN_OK;
        pthread_mutex_destroy(&slots->lock);
    }
    return snn_component_fail(SNN_ERR_MEMORY, "no memory for a lock");
}

static void free_lists(struct snn__slots *slots)
{
    snn_component_free(slots->ctx, slots->slot);
    snn_component_free(slots->ctx, slots->making);
    slots->slot = NULL;
    slots->making = NULL;
}

snn_status snn__slots_open(struct snn__slots *slots, size_t samples)
{
    snn_status rc;

    slots->slot = snn_component_alloc(slots->ctx, samples, sizeof(struct snn__slot *));
    slots->making = snn_component_alloc(slots->ctx, samples, sizeof *slots->making);
    rc = slots->slot != NULL && slots->making != NULL ? make_locks(slots) : SNN_ERR_MEMORY;
    if (rc != SNN_OK)
        free_lists(slots);
    return rc;
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
    pthread_cond_destroy(&slots->made);
    pthread_mutex_destroy(&slots->lock);
    free_lists(slots);
}
