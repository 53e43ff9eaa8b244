/* slots.c - samples that were read, in memory while there is room. */
#include "slots.h"
#include "ahead.h"

static void free_slot(struct snn__slots *slots, struct snn__slot *s)
{
    if (s == NULL)
        return;
    if (s->content != NULL)
        slots->empty(slots->user, s->content);
    snn_component_free(slots->ctx, s);
}

static struct snn__slot *new_slot(struct snn__slots *slots, size_t index, uint64_t seed, bool ahead)
{
    struct snn__slot *s = snn_component_alloc(slots->ctx, 1, sizeof *s);

    if (s == NULL)
        return NULL;
    s->index = index;
    s->seed = seed;
    s->users = 1;
    s->ahead = ahead;
    s->bytes = sizeof *s;
    return s;
}

/* ---- the list; the lock is held ---- */

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

/* The sample if it is in memory, once nobody reads it any more, for one more user; NULL: it is not. */
static struct snn__slot *use(struct snn__slots *slots, size_t index, uint64_t seed)
{
    struct snn__slot *s = slots->slot[index];

    while (s != NULL && s->seed == seed && s->filling) {
        pthread_cond_wait(&slots->filled, &slots->lock);
        s = slots->slot[index];
    }
    if (s == NULL || s->seed != seed)
        return NULL;
    s->users++;
    take_out(slots, s);
    s->ahead = false;
    put_first(slots, s);
    return s;
}

/* Whether the place of a sample is free, or can be made so. */
static bool has_place(const struct snn__slots *slots, size_t index)
{
    const struct snn__slot *s = slots->slot[index];

    return s == NULL || (!s->filling && s->users == 0);
}

/* The sample is going to be read into this slot. Where its place is taken, by another augmentation of it, the slot
 * stays out of the list. */
static void claim(struct snn__slots *slots, struct snn__slot *s)
{
    struct snn__slot *other = slots->slot[s->index];

    if (!has_place(slots, s->index))
        return;
    if (other != NULL) {
        take_out(slots, other);
        free_slot(slots, other);
    }
    s->filling = true;
    slots->slot[s->index] = s;
}

/* ---- reading ---- */

static void end_claim(struct snn__slots *slots, struct snn__slot *s, bool good)
{
    pthread_mutex_lock(&slots->lock);
    s->filling = false;
    slots->slot[s->index] = NULL;
    if (good) {
        put_first(slots, s);
        make_room(slots);
    }
    pthread_cond_broadcast(&slots->filled);
    pthread_mutex_unlock(&slots->lock);
}

/* Reads the sample into its slot, which is freed on failure. */
static snn_status fill(struct snn__slots *slots, struct snn__slot *s)
{
    const snn_status rc = slots->fill(slots->user, s);

    if (s->filling)
        end_claim(slots, s, rc == SNN_OK);
    if (rc != SNN_OK)
        free_slot(slots, s);
    return rc;
}

snn_status snn__slots_borrow(struct snn__slots *slots, size_t index, uint64_t seed, struct snn__slot **out)
{
    const bool left_behind = snn__ahead_left_behind(slots->reader); /* what is listed stays as it is */
    struct snn__slot *own = new_slot(slots, index, seed, false), *there = NULL;
    snn_status rc;

    if (own == NULL)
        return SNN_ERR_MEMORY;
    if (!left_behind) {
        pthread_mutex_lock(&slots->lock);
        there = use(slots, index, seed);
        if (there == NULL)
            claim(slots, own);
        pthread_mutex_unlock(&slots->lock);
    }
    if (there != NULL) {
        free_slot(slots, own);
        *out = there;
        return SNN_OK;
    }
    rc = fill(slots, own);
    *out = rc == SNN_OK ? own : NULL;
    return rc;
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

void snn__slots_fetch(struct snn__slots *slots, size_t index, uint64_t seed)
{
    struct snn__slot *s = new_slot(slots, index, seed, true);
    const struct snn__slot *there;
    bool wanted;

    if (s == NULL)
        return;
    pthread_mutex_lock(&slots->lock);
    there = slots->slot[index];
    wanted = (there == NULL || there->seed != seed) && has_place(slots, index) && slots->ahead < slots->ahead_most;
    if (wanted)
        claim(slots, s);
    pthread_mutex_unlock(&slots->lock);
    if (!wanted)
        free_slot(slots, s);
    else if (fill(slots, s) == SNN_OK)
        snn__slots_return(slots, s);
}

/* ---- making ---- */

static bool make_lock(struct snn__slots *slots)
{
    if (pthread_mutex_init(&slots->lock, NULL) != 0)
        return false;
    if (pthread_cond_init(&slots->filled, NULL) == 0)
        return true;
    pthread_mutex_destroy(&slots->lock);
    return false;
}

snn_status snn__slots_open(struct snn__slots *slots, size_t samples)
{
    slots->slot = snn_component_alloc(slots->ctx, samples, sizeof(struct snn__slot *));
    if (slots->slot == NULL)
        return SNN_ERR_MEMORY;
    if (make_lock(slots))
        return SNN_OK;
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
    pthread_cond_destroy(&slots->filled);
    pthread_mutex_destroy(&slots->lock);
    snn_component_free(slots->ctx, slots->slot);
}
