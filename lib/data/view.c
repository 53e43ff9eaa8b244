/* view.c - a data set that is a part of another one: some classes, a share of each, the first samples. */
#include "core/alloc.h"
#include "core/fpu.h"
#include "core/rng.h"
#include "core/size.h"
#include "core/structure.h"
#include "data/set.h"
#include <stdlib.h>
#include <string.h>

#define NO_CLASS UINT32_MAX
#define CLASSES_MAX ((size_t)1 << 20) /* a table for each is made */

struct view {
    snn_dataset *parent; /* one reference of it */
    size_t count, classes;
    uint32_t *index; /* of the parent's samples */
    uint32_t *label; /* of ours; NULL where samples have targets */
};

/* A sample that may become one of the view. */
struct candidate {
    uint64_t key; /* at random: the lowest keys of a class are its share */
    uint32_t index, label, own;
};

static const snn_view_options defaults = { .struct_size = sizeof defaults, .part = SNN_VIEW_ALL, .share = 1.0 };

snn_status snn_view_options_init(snn_view_options *options, size_t size)
{
    return snn__init_struct(options, size, &defaults, sizeof defaults, "view options");
}

/* ---- what is asked for ---- */

static snn_status check(const snn_dataset *d, const snn_view_options *o)
{
    const size_t classes = snn__dataset_sample_classes(d);

    if (o->part > SNN_VIEW_REST)
        return snn__fail(SNN_ERR_ARGUMENT, "view: part is %d, none of all (0), share (1), rest (2)", (int)o->part);
    if (!(o->share >= 0.0 && o->share <= 1.0))
        return snn__fail(SNN_ERR_ARGUMENT, "view: share is %g, not in 0 .. 1", o->share);
    if (o->n_classes > 0 && (o->classes == NULL || classes == 0))
        return snn__fail(SNN_ERR_ARGUMENT, "view: %s",
                         classes == 0 ? "the samples have targets, or labels of their steps, not classes"
                                      : "classes is NULL");
    if (classes > CLASSES_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "view: %zu classes; at most %zu can be told apart", classes, CLASSES_MAX);
    for (size_t i = 0; i < o->n_classes; i++) {
        if (o->classes[i] >= classes)
            return snn__fail(SNN_ERR_ARGUMENT, "view: class %u; there are %zu", o->classes[i], classes);
        for (size_t k = 0; k < i; k++)
            if (o->classes[k] == o->classes[i])
                return snn__fail(SNN_ERR_ARGUMENT, "view: class %u is named twice", o->classes[i]);
    }
    return SNN_OK;
}

/* own[label]: the class in the view of a class of the parent, NO_CLASS for none. */
static void map_classes(const snn_view_options *o, uint32_t *own, size_t classes)
{
    for (size_t i = 0; i < classes; i++)
        own[i] = o->n_classes > 0 ? NO_CLASS : (uint32_t)i;
    for (size_t i = 0; i < o->n_classes; i++)
        own[o->classes[i]] = (uint32_t)i;
}

/* ---- which samples ---- */

static int by_key(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    if (x->label != y->label)
        return x->label < y->label ? -1 : 1;
    if (x->key != y->key)
        return x->key < y->key ? -1 : 1;
    return (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct candidate *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

/* The samples of the classes in use, and their number. The key depends on the seed, the class and how many of that
 * class come before, not on which other classes are in use. */
static snn_status collect(const snn_dataset *d, const snn_view_options *o, const uint32_t *own, uint32_t *before,
                          struct candidate *c, size_t *n)
{
    *n = 0;
    for (size_t i = 0; i < snn__dataset_count(d); i++) {
        uint32_t label = 0, word[4];

        if (snn__dataset_sample_classes(d) > 0)
            SNN__TRY(snn_dataset_label(d, i, &label));
        snn__random4(o->seed, SNN__RNG_SHARE, label, before[label]++, word);
        if (own[label] != NO_CLASS)
            c[(*n)++] = (struct candidate){ (uint64_t)word[0] << 32 | word[1], (uint32_t)i, label, own[label] };
    }
    return SNN_OK;
}

/* Keeps the share of every class, or the rest: round(share m) of m, and m - that; *most: samples of the largest one.
 */
static size_t take_share(const snn_view_options *o, struct candidate *c, size_t n, size_t *most)
{
    size_t kept = 0, end;

    *most = 0;
    qsort(c, n, sizeof *c, by_key);
    for (size_t begin = 0; begin < n; begin = end) {
        size_t cut;

        for (end = begin; end < n && c[end].label == c[begin].label;)
            end++;
        *most = snn__max(*most, end - begin);
        cut = begin + (size_t)(o->share * (double)(end - begin) + 0.5);
        for (size_t i = o->part == SNN_VIEW_SHARE ? begin : cut; i < (o->part == SNN_VIEW_SHARE ? cut : end); i++)
            c[kept++] = c[i];
    }
    qsort(c, kept, sizeof *c, by_index);
    return kept;
}

static snn_status keep(snn_context *ctx, struct view *v, const struct candidate *c, size_t n)
{
    v->count = n;
    v->index = snn__alloc(ctx, n, sizeof *v->index);
    v->label = snn__alloc(ctx, n, sizeof *v->label);
    if (v->index == NULL || v->label == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++) {
        v->index[i] = c[i].index;
        v->label[i] = c[i].own;
    }
    return SNN_OK;
}

static snn_status none_left(const snn_view_options *o, size_t count, size_t most)
{
    if (most == 0)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "view: none of %zu samples is left: none is of the classes that were named", count);
    if (o->part == SNN_VIEW_REST)
        return snn__fail(SNN_ERR_ARGUMENT,
                         "view: none of %zu samples is left: a share of %g takes them all; take less", count,
                         o->share);
    if (most == 1)
        return snn__fail(
            SNN_ERR_ARGUMENT,
            "view: none of %zu samples is left: a share of %g takes none of a class of 1; give more samples", count,
            o->share);
    return snn__fail(SNN_ERR_ARGUMENT,
                     "view: none of %zu samples is left: a share of %g is less than half a sample of each class; "
                     "%.2g is 1 of the %zu of the largest",
                     count, o->share, 1.0 / (double)most, most);
}

static snn_status choose(struct view *v, const snn_view_options *o)
{
    const snn_dataset *d = v->parent;
    const size_t own_classes = snn__dataset_sample_classes(d), classes = own_classes > 0 ? own_classes : 1;
    struct candidate *c = snn__alloc(d->ctx, snn__dataset_count(d), sizeof *c);
    uint32_t *own = snn__alloc(d->ctx, classes, 2 * sizeof *own);
    snn_status rc = c != NULL && own != NULL ? SNN_OK : SNN_ERR_MEMORY;
    size_t n = 0, most = 0;

    v->classes = o->n_classes > 0 ? o->n_classes : classes;
    if (rc == SNN_OK) {
        map_classes(o, own, classes);
        rc = collect(d, o, own, own + classes, c, &n);
    }
    if (rc == SNN_OK && o->part != SNN_VIEW_ALL)
        n = take_share(o, c, n, &most);
    if (o->limit > 0)
        n = snn__min(n, o->limit);
    if (rc == SNN_OK && n == 0)
        rc = none_left(o, snn__dataset_count(d), most);
    if (rc == SNN_OK)
        rc = keep(d->ctx, v, c, n);
    snn__free(d->ctx, own);
    snn__free(d->ctx, c);
    return rc;
}

/* ---- a source ---- */

static snn_status read_view(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct view *v = user;

    SNN__TRY(snn__dataset_raw(v->parent, v->index[index], frame, sample));
    if (snn__dataset_sample_classes(v->parent) > 0)
        sample->label = v->label[index];
    return SNN_OK;
}

static snn_status label_of(void *user, size_t index, uint32_t *label)
{
    const struct view *v = user;

    *label = v->label[index];
    return SNN_OK;
}

static void tell_ahead(void *user, size_t index, uint64_t seed)
{
    const struct view *v = user;

    v->parent->source.ahead(v->parent->source.user, v->index[index], seed);
}

static void close_view(void *user)
{
    struct view *v = user;
    snn_context *ctx = v->parent->ctx;

    snn__free(ctx, v->index);
    snn__free(ctx, v->label);
    snn_dataset_destroy(v->parent);
    snn__free(ctx, v);
}

static void set_source(struct view *v, snn_dataset_source *source)
{
    *source = v->parent->source;
    source->count = v->count;
    source->classes = snn__dataset_sample_classes(v->parent) > 0 ? v->classes : snn__dataset_classes(v->parent);
    source->read = read_view;
    source->label = snn__dataset_sample_classes(v->parent) > 0 ? label_of : NULL;
    source->ahead = v->parent->source.ahead != NULL ? tell_ahead : NULL;
    source->close = close_view;
    source->user = v;
}

snn_status snn_dataset_view(snn_dataset **out, snn_dataset *dataset, const snn_view_options *options)
{
    SNN__COMPUTES;
    snn_view_options o = defaults;
    snn_dataset_source source;
    struct view *v;
    snn_status rc;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "view: out is NULL");
    *out = NULL;
    if (dataset == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "view: the data set is NULL");
    SNN__TRY(snn__read_struct(&o, sizeof o, options, "view options", "snn_view_options_init()"));
    SNN__TRY(check(dataset, &o));
    v = snn__alloc(dataset->ctx, 1, sizeof *v);
    if (v == NULL)
        return SNN_ERR_MEMORY;
    v->parent = snn__dataset_share(dataset);
    rc = choose(v, &o);
    set_source(v, &source);
    if (rc == SNN_OK)
        rc = snn_dataset_create(out, dataset->ctx, &source);
    if (rc != SNN_OK) {
        close_view(v);
        return rc;
    }
    (*out)->explains = true;
    return SNN_OK;
}
