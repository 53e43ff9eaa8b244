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

snn_status snn__params_init(struct snn__params *p, snn_context *ctx, const char *owner,
                            const struct snn__param *common, size_t n_common, const struct snn__param *own,
                            size_t n_own)
{
    p->table[0] = common;
    p->table[1] = own;
    p->count[0] = n_common;
    p->count[1] = n_own;
    p->owner = owner;
    p->value = snn__alloc(ctx, n_common + n_own, sizeof *p->value);
    if (p->value == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n_common + n_own; i++)
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

ptrdiff_t snn__params_find_name(const struct snn__params *p, const char *name)
{
    for (size_t i = 0; i < snn__params_count(p); i++)
        if (strcmp(snn__params_row(p, i)->name, name) == 0)
            return (ptrdiff_t)i;
    return -1;
}

/* The kinds of objects, by the last key of their range (snn/param.h). */
static const char *kind_of(int32_t key)
{
    static const struct {
        int32_t last;
        const char *kind;
    } ranges[] = { { 99, "neurons" },     { 199, "layers" },   { 299, "optimizers" },
                   { 399, "data sets" }, { 999, "trainers" }, { 1099, "projections" } };

    for (size_t i = 0; key > 0 && i < sizeof ranges / sizeof *ranges; i++)
        if (key <= ranges[i].last)
            return ranges[i].kind;
    return NULL;
}

/* Says whose key it is, and what there is in its place. */
static snn_status fail_unknown(const struct snn__params *p, int32_t key)
{
    const char *kind = kind_of(key);
    char names[512] = "no parameters";
    size_t used = 0;

    for (size_t i = 0; i < snn__params_count(p) && used < sizeof names; i++)
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", i > 0 ? ", " : "",
                                 snn__params_row(p, i)->name);
    return snn__fail(SNN_ERR_ARGUMENT, "%s has no parameter with key %d%s%s; it has %s", p->owner, (int)key,
                     kind != NULL ? ", a key of " : "", kind != NULL ? kind : "", names);
}

/* Row of a key whose type must be `type`. */
static snn_status locate(const struct snn__params *p, int32_t key, snn_param_type type, size_t *index)
{
    static const char *const type_name[] = { "?", "a whole number", "a real number", "a text" };
    ptrdiff_t i = snn__params_find(p, key);
    const struct snn__param *row;

    if (i < 0)
        return fail_unknown(p, key);
    row = snn__params_row(p, (size_t)i);
    if (row->type != type)
        return snn__fail(SNN_ERR_TYPE, "%s: %s is %s, not %s", p->owner, row->name, type_name[row->type],
                         type_name[type]);
    *index = (size_t)i;
    return SNN_OK;
}

static snn_status check_bounds(const struct snn__params *p, const struct snn__param *row, double value)
{
    if (!(value >= row->min && value <= row->max))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s = %.9g is outside %.9g .. %.9g", p->owner, row->name, value,
                         row->min, row->max);
    return SNN_OK;
}

snn_status snn__params_set_i64(struct snn__params *p, int32_t key, int64_t value)
{
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_I64, &i));
    SNN__TRY(check_bounds(p, snn__params_row(p, i), (double)value));
    p->value[i].i = value;
    return SNN_OK;
}

snn_status snn__params_set_f64(struct snn__params *p, int32_t key, double value)
{
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_F64, &i));
    SNN__TRY(check_bounds(p, snn__params_row(p, i), value));
    p->value[i].f = value;
    return SNN_OK;
}

/* Whether `word` is one of "a|b|c". */
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

snn_status snn__params_set_str(struct snn__params *p, int32_t key, const char *value)
{
    const struct snn__param *row;
    size_t i = 0;

    SNN__TRY(locate(p, key, SNN_PARAM_STR, &i));
    row = snn__params_row(p, i);
    if (value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s is NULL", p->owner, row->name);
    if (row->choices != NULL && !is_choice(row->choices, value))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s = \"%.60s\" is not one of %s", p->owner, row->name, value,
                         row->choices);
    if (strlen(value) >= SNN__TEXT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: %s is longer than %d bytes", p->owner, row->name, SNN__TEXT_MAX - 1);
    memset(p->value[i].s, 0, SNN__TEXT_MAX);
    memcpy(p->value[i].s, value, strlen(value));
    return SNN_OK;
}

snn_status snn__params_set_text(struct snn__params *p, const char *name, const char *value)
{
    const struct snn__param *row;
    ptrdiff_t i;
    double f;

    if (name == NULL || value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: a parameter's name or value is NULL", p->owner);
    i = snn__params_find_name(p, name);
    if (i < 0)
        return snn__fail(SNN_ERR_ARGUMENT, "%s has no parameter \"%.60s\"", p->owner, name);
    row = snn__params_row(p, (size_t)i);
    if (row->type == SNN_PARAM_STR)
        return snn__params_set_str(p, row->key, value);
    if (row->type == SNN_PARAM_I64 && (strcmp(value, "true") == 0 || strcmp(value, "false") == 0))
        return snn__params_set_i64(p, row->key, value[0] == 't');
    if (!snn__parse_f64(value, &f))
        return snn__fail(SNN_ERR_TYPE, "%s: %s = \"%.60s\" is not a number", p->owner, row->name, value);
    if (row->type == SNN_PARAM_F64)
        return snn__params_set_f64(p, row->key, f);
    if (!(f >= -9e15 && f <= 9e15) || f != floor(f))
        return snn__fail(SNN_ERR_TYPE, "%s: %s = \"%.60s\" is not a whole number", p->owner, row->name, value);
    return snn__params_set_i64(p, row->key, (int64_t)f);
}

snn_status snn__params_get_i64(const struct snn__params *p, int32_t key, int64_t *value)
{
    size_t i = 0;

    if (value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: no room for the value", p->owner);
    SNN__TRY(locate(p, key, SNN_PARAM_I64, &i));
    *value = p->value[i].i;
    return SNN_OK;
}

snn_status snn__params_get_f64(const struct snn__params *p, int32_t key, double *value)
{
    size_t i = 0;

    if (value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: no room for the value", p->owner);
    SNN__TRY(locate(p, key, SNN_PARAM_F64, &i));
    *value = p->value[i].f;
    return SNN_OK;
}

snn_status snn__params_get_str(const struct snn__params *p, int32_t key, const char **value)
{
    size_t i = 0;

    if (value == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: no room for the value", p->owner);
    SNN__TRY(locate(p, key, SNN_PARAM_STR, &i));
    *value = p->value[i].s;
    return SNN_OK;
}

snn_status snn__params_info(const struct snn__params *p, size_t index, snn_param_info *info)
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
