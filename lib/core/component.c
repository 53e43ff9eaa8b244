/* core/component.c - what the libraries beside this one use of it. */
#include "core/alloc.h"
#include "core/param_calls.h"
#include "core/rng.h"
#include "core/structure.h"
#include <snn/sys/component.h>

void *snn_component_alloc(snn_context *context, size_t count, size_t size)
{
    return snn__alloc(context, count, size);
}

void snn_component_free(snn_context *context, void *pointer)
{
    snn__free(context, pointer);
}

snn_status snn_component_read_struct(void *own, size_t size, const void *given, const char *what,
                                     const char *initialiser)
{
    return snn__read_struct(own, size, given, what, initialiser);
}

snn_status snn_component_fill_struct(void *given, const void *own, size_t size, const char *what,
                                     const char *initialiser)
{
    const snn_status rc = snn__check_struct(given, what, initialiser);

    if (rc == SNN_OK)
        snn__fill(given, own, size);
    return rc;
}

uint32_t snn_component_random(uint64_t seed, uint64_t index)
{
    return snn__random_u32(seed, SNN__RNG_AUGMENT, 0, index);
}

/* ---- parameters ---- */

struct snn_component_params {
    snn_context *ctx;
    struct snn__param *table;
    struct snn__params params;
};

static const struct snn__param_kind kind = { .noun = "the object of these parameters" };

SNN__PARAM_CALLS(component_params, &kind)

static struct snn__param row_of(const snn_component_param *row)
{
    return (struct snn__param){ .key = row->key,
                                .name = row->name,
                                .type = (snn_param_type)row->type,
                                .min = row->min,
                                .max = row->max,
                                .number = row->number,
                                .choices = row->choices,
                                .text = row->text,
                                .help = row->help };
}

static snn_status fill(snn_component_params *p, const char *owner, const snn_component_param *table, size_t n)
{
    p->table = snn__alloc(p->ctx, n, sizeof *p->table);
    if (p->table == NULL)
        return SNN_ERR_MEMORY;
    for (size_t i = 0; i < n; i++)
        p->table[i] = row_of(&table[i]);
    p->params =
        (struct snn__params){ .kind = &kind, .object = p, .owner = owner, .table = { p->table }, .count = { n } };
    return snn__params_init(&p->params, p->ctx);
}

snn_status snn_component_params_create(snn_component_params **out, snn_context *context, const char *owner,
                                       const snn_component_param *table, size_t n)
{
    snn_component_params *p;
    snn_status rc;

    if (out == NULL || context == NULL || owner == NULL || table == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "parameters of a component: an argument is NULL");
    *out = NULL;
    p = snn__alloc(context, 1, sizeof *p);
    if (p == NULL)
        return SNN_ERR_MEMORY;
    p->ctx = context;
    rc = fill(p, owner, table, n);
    if (rc != SNN_OK)
        snn_component_params_destroy(p);
    else
        *out = p;
    return rc;
}

void snn_component_params_destroy(snn_component_params *params)
{
    if (params == NULL)
        return;
    snn__params_free(&params->params, params->ctx);
    snn__free(params->ctx, params->table);
    snn__free(params->ctx, params);
}
