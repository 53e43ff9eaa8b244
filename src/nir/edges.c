/* edges.c - the edges of one graph of a NIR file, which name nodes. */
#include "reading.h"

#include <stdio.h>
#include <string.h>

static struct name *named(struct scope *scope, const char *text)
{
    for (size_t i = 0; i < scope->names; i++)
        if (strcmp(scope->name[i].name, text) == 0)
            return &scope->name[i];
    return NULL;
}

/* The one node that no edge names, where edges name one node that is not there: a node that was renamed. */
static struct name *left_over(struct scope *scope, char (*text)[NIR_NAME], size_t n)
{
    const char *missing = NULL;
    struct name *found = NULL;
    size_t unused = 0;

    for (size_t i = 0; i < n; i++) {
        struct name *name = named(scope, text[i]);

        if (name != NULL)
            name->used = true;
        else if (missing != NULL && strcmp(missing, text[i]) != 0)
            return NULL;
        else
            missing = text[i];
    }
    for (size_t i = 0; i < scope->names; i++)
        if (!scope->name[i].used) {
            found = &scope->name[i];
            unused++;
        }
    return missing != NULL && unused == 1 ? found : NULL;
}

static bool twice(const snn_nir *nir, size_t from, size_t to)
{
    for (size_t i = 0; i < nir->edges; i++)
        if (nir->edge[i].from == from && nir->edge[i].to == to)
            return true;
    return false;
}

static snn_status add_edges(const struct reading *r, const char *where, struct scope *scope, char (*text)[NIR_NAME],
                            size_t n)
{
    struct name *renamed = left_over(scope, text, 2 * n);
    bool said = false;

    for (size_t i = 0; i < n; i++) {
        const struct name *end[2];

        for (size_t k = 0; k < 2; k++) {
            end[k] = named(scope, text[2 * i + k]);
            if (end[k] != NULL)
                continue;
            if (renamed == NULL)
                return snn_component_fail(SNN_ERR_FORMAT, "%s: %s: an edge names \"%s\", which is no node", r->path,
                                          where, text[2 * i + k]);
            end[k] = renamed;
            if (!said)
                snn__nir_say(r->nir,
                             "%s: edges say \"%.60s\", which is no node; taken for \"%.60s\", which no edge names",
                             where, text[2 * i + k], renamed->name);
            said = true;
        }
        if (twice(r->nir, end[0]->out, end[1]->in))
            snn__nir_say(r->nir, "%s: the edge from %.60s to %.60s is there twice; one was left out", where,
                         end[0]->name, end[1]->name);
        else
            TRY(snn__nir_add_edge(r->nir, end[0]->out, end[1]->in));
    }
    return SNN_OK;
}

snn_status snn__nir_edges(const struct reading *r, hid_t set, const char *where, struct scope *scope)
{
    size_t dim[NIR_RANK];
    char(*text)[NIR_NAME];
    uint32_t rank;
    snn_status rc;

    TRY(snn__nir_extent(r, set, where, dim, &rank));
    if (rank >= 1 && dim[0] == 0)
        return SNN_OK;
    if (rank != 2 || dim[1] != 2 || dim[0] > NIR_EDGES_MAX)
        return snn__nir_bad(r, where, "edges are pairs of names");
    text = snn_component_alloc(r->nir->context, 2 * dim[0], sizeof *text);
    if (text == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__nir_texts(r, set, where, 2 * dim[0], text);
    if (rc == SNN_OK)
        rc = add_edges(r, where, scope, text, dim[0]);
    snn_component_free(r->nir->context, text);
    return rc;
}
