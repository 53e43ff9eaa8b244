/* core/param.c - set, get, print and describe parameters from their tables. */
#include "core/param.h"
#include "core/alloc.h"
#include "core/number.h"
#include "core/structure.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_default(const struct snn__param *row, union snn__value *v)
{
    memset(v, 0, sizeof *v);
    if (row->type == SNN_PARAM_I64)
        v->i = (int64_t)row->number;
    else if (row->type == SNN_PARAM_F64)
        v->f = row->number;
    else if (row->text != NULL)
        snprintf(v->s, sizeof v->s, "%s", row->text);
}

snn_status snn__params_init(struct snn__params *p, snn_context *ctx)
{
    const size_t n = snn__params_count(p);

    p->value = snn__alloc(ctx, n, sizeof *p->value);
    if (p->value == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        set_default(snn__params_row(p, i), &p->value[i]);
    return SNN_OK;
}

void snn__params_free(struct snn__params *p, snn_context *ctx)
{
    snn__free(ctx, p->value);
    p->value = NULL;
}

const struct snn__param *snn__params_row(const struct snn__params *p, size_t index)
{
    return index < p->count[0] ? &p->table[0][index] : &p->table[1][index - p->count[0]];
}

ptrdiff_t snn__params_find(const struct snn__params *p, int32_t key)
{
    for (size_t i = 0; i < snn__params_count(p); i++)
        if (snn__params_row(p, i)->key == key)
            return (ptrdiff_t)i;
    return -1;
}

/* The kinds of objects, by the last key of their range (snn/param.h). */
static const char *kind_of(int32_t key)
{
    static const struct {
        int32_t last;
        const char *kind;
    } ranges[] = { { 99, "neurons" },   { 199, "layers" },       { 299, "optimizers" },       { 399, "data sets" },
                   { 999, "trainers" }, { 1099, "projections" }, { 1199, "frames of events" } };

    for (size_t i = 0; key > 0 && i < sizeof ranges / sizeof *ranges; i++)
        if (key <= ranges[i].last)
            return ranges[i].kind;
    return NULL;
}

/* Says what there is in place of `what`, which is not. */
static snn_status fail_unknown(const struct snn__params *p, const char *what)
{
    char names[512] = "none";
    size_t used = 0;

    for (size_t i = 0; i < snn__params_count(p) && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 snn__params_row(p, i)->name);
    return snn__fail(SNN_ERR_ARGUMENT, "%s has no parameter %s; it has %s", p->owner, what, names);
}

snn_status snn__params_named(const struct snn__params *p, const char *name, const struct snn__param **row)
{
    char what[72];

    for (size_t i = 0; i < snn__params_count(p); i++)
        if (strcmp(snn__params_row(p, i)->name, name) == 0) {
            *row = snn__params_row(p, i);
            return SNN_OK;
        }
    snprintf(what, sizeof what, "\"%.60s\"", name);
    return fail_unknown(p, what);
}

/* Number of the row of a key whose type must be `type`. */
static snn_status locate(const struct snn__params *p, int32_t key, snn_param_type type, size_t *index)
{
    static const char *const type_name[] = { "?", "a whole number", "a real number", "a text" };
    const ptrdiff_t i = snn__params_find(p, key);
    const struct snn__param *row;
    char what[64];

    if (i < 0) {
        const char *kind = kind_of(key);

        snprintf(what, sizeof what, "with key %d%s%s", (int)key, kind != NULL ? ", a key of " : "",
                 kind != NULL ? kind : "");
        return fail_unknown(p, what);
    }
    row = snn__params_row(p, (size_t)i);
    if (row->type != type)
        return snn__fail(SNN_ERR_TYPE, "%s: %s is %s, not %s", p->owner, row->name, type_name[row->type],
                         type_name[type]);
    *index = (size_t)i;
    return SNN_OK;
}

static snn_status fail_null(const struct snn__params *p, const char *name)
{
    return snn__fail(SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", p->owner, name);
}

/* ---- setting ---- */

static snn_status check_open(const struct snn__params *p, const struct snn__param *row)
{
    if (p->fixed != NULL && *p->fixed && !row->live)
        return snn__fail(SNN_ERR_STATE, "%s: %s is fixed since %s", p->owner, row->name, p->kind->since);
    return SNN_OK;
}

static snn_status check_bounds(const struct snn__params *p, const struct snn__param *row, double value)
{
    if (!(value >= row->min && value <= row->max))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s = %.9g is outside %.9g .. %.9g", p->owner, row->name, value,
                         row->min, row->max);
    return SNN_OK;
}

/* Keeps a value that its table allows, if the object takes it. */
static snn_status put(struct snn__params *p, size_t index, union snn__value value)
{
    const struct snn__param *row = snn__params_row(p, index);

    if (p->kind->check != NULL)
        SNN__TRY(p->kind->check(p->object, row, &value));
    if (row->view != NULL) {
        value.f = row->view->kept(value.f);
        index = (size_t)snn__params_find(p, row->view->of);
    }
    p->value[index] = value;
    if (p->kind->changed != NULL)
        p->kind->changed(p->object);
    return SNN_OK;
}

snn_status snn__params_set_i64(struct snn__params *p, int32_t key, int64_t value)
{
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_I64, &i));
    SNN__TRY(check_open(p, snn__params_row(p, i)));
    SNN__TRY(check_bounds(p, snn__params_row(p, i), (double)value));
    return put(p, i, (union snn__value){ .i = value });
}

snn_status snn__params_set_f64(struct snn__params *p, int32_t key, double value)
{
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_F64, &i));
    SNN__TRY(check_open(p, snn__params_row(p, i)));
    SNN__TRY(check_bounds(p, snn__params_row(p, i), value));
    return put(p, i, (union snn__value){ .f = value });
}

/* True if `word` is one of "a|b|c". */
static bool is_choice(const char *choices, const char *word)
{
    size_t n = strlen(word);

    while (*choices) {
        size_t m = strcspn(choices, "|");

        if (m == n && strncmp(choices, word, n) == 0)
            return true;
        choices += m + (choices[m] == '|');
    }
    return false;
}

static snn_status check_text(const struct snn__params *p, const struct snn__param *row, const char *value)
{
    if (row->choices != NULL && !is_choice(row->choices, value))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s = \"%.60s\" is not one of %s", p->owner, row->name, value,
                         row->choices);
    if (strlen(value) >= SNN__TEXT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s is longer than %d bytes", p->owner, row->name, SNN__TEXT_MAX - 1);
    return SNN_OK;
}

snn_status snn__params_set_str(struct snn__params *p, int32_t key, const char *value)
{
    union snn__value text = { .s = "" };
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_STR, &i));
    SNN__TRY(check_open(p, snn__params_row(p, i)));
    if (value == NULL)
        return fail_null(p, snn__params_row(p, i)->name);
    SNN__TRY(check_text(p, snn__params_row(p, i), value));
    memcpy(text.s, value, strlen(value));
    return put(p, i, text);
}

static snn_status set_whole_text(struct snn__params *p, const struct snn__param *row, const char *value)
{
    double f;

    if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
        return snn__params_set_i64(p, row->key, value[0] == 't');
    if (!snn__parse_f64(value, &f))
        return snn__fail(SNN_ERR_TYPE, "%s: %s = \"%.60s\" is not a number", p->owner, row->name, value);
    if (!(f >= -9e15 && f <= 9e15) || f != floor(f))
        return snn__fail(SNN_ERR_TYPE, "%s: %s = \"%.60s\" is not a whole number", p->owner, row->name, value);
    return snn__params_set_i64(p, row->key, (int64_t)f);
}

snn_status snn__params_set_text(struct snn__params *p, const char *name, const char *value)
{
    const struct snn__param *row = NULL;
    double f;

    if (name == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the name of a parameter is NULL", p->owner);
    SNN__TRY(snn__params_named(p, name, &row));
    SNN__TRY(check_open(p, row));
    if (value == NULL)
        return fail_null(p, name);
    if (row->type == SNN_PARAM_STR)
        return snn__params_set_str(p, row->key, value);
    if (row->type == SNN_PARAM_I64)
        return set_whole_text(p, row, value);
    if (!snn__parse_f64(value, &f))
        return snn__fail(SNN_ERR_TYPE, "%s: %s = \"%.60s\" is not a number", p->owner, row->name, value);
    return snn__params_set_f64(p, row->key, f);
}

/* ---- getting ---- */

static snn_status locate_for(const struct snn__params *p, int32_t key, snn_param_type type, const void *value,
                             size_t *index)
{
    SNN__TRY(locate(p, key, type, index));
    return value != NULL ? SNN_OK : fail_null(p, snn__params_row(p, *index)->name);
}

snn_status snn__params_get_i64(const struct snn__params *p, int32_t key, int64_t *value)
{
    size_t i = 0;

    SNN__TRY(locate_for(p, key, SNN_PARAM_I64, value, &i));
    *value = p->value[i].i;
    return SNN_OK;
}

snn_status snn__params_get_f64(const struct snn__params *p, int32_t key, double *value)
{
    const struct snn__param_view *view;
    size_t i = 0;

    SNN__TRY(locate_for(p, key, SNN_PARAM_F64, value, &i));
    view = snn__params_row(p, i)->view;
    *value = view != NULL ? view->seen(snn__param_f64(p, view->of)) : p->value[i].f;
    return SNN_OK;
}

snn_status snn__params_get_str(const struct snn__params *p, int32_t key, const char **value)
{
    size_t i = 0;

    SNN__TRY(locate_for(p, key, SNN_PARAM_STR, value, &i));
    *value = p->value[i].s;
    return SNN_OK;
}

snn_status snn__params_param_info(const struct snn__params *p, size_t index, snn_param_info *info)
{
    snn_param_info i = SNN_PARAM_INFO_INIT;
    const struct snn__param *row;

    SNN__TRY(snn__check_struct(info, "parameter info", "SNN_PARAM_INFO_INIT"));
    if (index >= snn__params_count(p))
        return snn__fail(SNN_ERR_ARGUMENT, "%s has %zu parameters, no number %zu", p->owner, snn__params_count(p),
                         index);
    row = snn__params_row(p, index);
    i.key = row->key;
    i.type = row->type;
    i.name = row->name;
    i.help = row->help;
    i.choices = row->choices;
    i.min = row->min;
    i.max = row->max;
    i.number = row->number;
    i.text = row->text;
    snn__fill(info, &i, sizeof i);
    return SNN_OK;
}

bool snn__params_is_default(const struct snn__params *p, size_t index)
{
    const struct snn__param *row = snn__params_row(p, index);
    const union snn__value *v = &p->value[index];

    if (row->type == SNN_PARAM_I64)
        return v->i == (int64_t)row->number;
    if (row->type == SNN_PARAM_F64)
        return v->f == row->number;
    return strcmp(v->s, row->text ? row->text : "") == 0;
}

int64_t snn__param_i64(const struct snn__params *p, int32_t key)
{
    return p->value[snn__params_find(p, key)].i;
}

double snn__param_f64(const struct snn__params *p, int32_t key)
{
    return p->value[snn__params_find(p, key)].f;
}

const char *snn__param_str(const struct snn__params *p, int32_t key)
{
    return p->value[snn__params_find(p, key)].s;
}

bool snn__param_is(const struct snn__params *p, int32_t key, const char *text)
{
    return strcmp(snn__param_str(p, key), text) == 0;
}
