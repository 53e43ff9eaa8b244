/* order.c - a graph is settled: nested graphs leave their ends, missing ends are added, loops are cut, and every node
 * comes after those that it reads.
 *
 * A loop is cut behind a node with a state, since the step before is what it has to give: behind a Delay if there is
 * one, else behind neurons. A loop without a state has no meaning in steps. */
#include "graph.h"

#include <stdio.h>
#include <string.h>

/* ---- ends ---- */

static void remove_edges_of(snn_nir *nir, size_t node)
{
    size_t kept = 0;

    for (size_t i = 0; i < nir->edges; i++)
        if (nir->edge[i].from != node && nir->edge[i].to != node)
            nir->edge[kept++] = nir->edge[i];
    nir->edges = kept;
}

/* Whoever wrote to it writes to its readers. */
static snn_status bypass(snn_nir *nir, size_t node)
{
    const size_t edges = nir->edges;

    for (size_t i = 0; i < edges; i++)
        for (size_t k = 0; k < edges; k++)
            if (nir->edge[i].to == node && nir->edge[k].from == node && nir->edge[i].from != node &&
                nir->edge[k].to != node)
                TRY(snn__nir_add_edge(nir, nir->edge[i].from, nir->edge[k].to));
    remove_edges_of(nir, node);
    return SNN_OK;
}

static void remove_node(snn_nir *nir, size_t node)
{
    snn__nir_free_fields(nir, &nir->node[node]);
    memmove(nir->node + node, nir->node + node + 1, (nir->nodes - node - 1) * sizeof *nir->node);
    nir->nodes--;
    for (size_t i = 0; i < nir->edges; i++) {
        nir->edge[i].from -= nir->edge[i].from > node;
        nir->edge[i].to -= nir->edge[i].to > node;
    }
}

static snn_status leave_nested_ends(snn_nir *nir)
{
    for (size_t n = 0; n < nir->nodes;) {
        const struct nir_node *node = &nir->node[n];

        if (!node->nested || (node->type != NIR_INPUT && node->type != NIR_OUTPUT)) {
            n++;
            continue;
        }
        TRY(bypass(nir, n));
        remove_node(nir, n);
    }
    return SNN_OK;
}

static size_t count_edges(const snn_nir *nir, size_t node, bool into)
{
    size_t count = 0;

    for (size_t i = 0; i < nir->edges; i++)
        count += (into ? nir->edge[i].to : nir->edge[i].from) == node;
    return count;
}

/* Adds an end of a type that the graph lacks to the one node that nothing leads to or from. */
static snn_status add_end(snn_nir *nir, enum nir_type type)
{
    const bool input = type == NIR_INPUT;
    size_t open = 0, node = 0, end;

    for (size_t n = 0; n < nir->nodes; n++)
        if (count_edges(nir, n, input) == 0) {
            node = n;
            open++;
        }
    if (open != 1)
        return snn_component_fail(SNN_ERR_FORMAT, "the graph has no %s, and %zu nodes that it could be added to",
                                  snn__nir_type_name(type), open);
    TRY(snn__nir_add_node(nir, input ? "input" : "output", type, &end));
    snn__nir_say(nir, "%s: the file has no %s; one was added", nir->node[node].name, snn__nir_type_name(type));
    return snn__nir_add_edge(nir, input ? end : node, input ? node : end);
}

static snn_status check_ends(snn_nir *nir, enum nir_type type)
{
    size_t found = 0;

    for (size_t n = 0; n < nir->nodes; n++)
        found += nir->node[n].type == type;
    if (found > 1)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "%zu nodes of type %s; networks have one", found,
                                  snn__nir_type_name(type));
    return found == 1 ? SNN_OK : add_end(nir, type);
}

/* ---- order ---- */

struct ordering {
    snn_nir *nir;
    size_t *waits; /* sources of a node that are not placed */
    size_t *order;
    size_t placed;
    bool *done, *mark;
};

static void place(struct ordering *o, size_t node)
{
    o->done[node] = true;
    o->order[o->placed++] = node;
    for (size_t i = 0; i < o->nir->edges; i++)
        if (o->nir->edge[i].from == node && !o->nir->edge[i].delayed)
            o->waits[o->nir->edge[i].to]--;
}

/* Marks all nodes that lead to `node` within a step. */
static void mark_before(struct ordering *o, size_t node)
{
    bool news = true;

    memset(o->mark, 0, o->nir->nodes * sizeof *o->mark);
    for (size_t i = 0; i < o->nir->edges; i++)
        if (o->nir->edge[i].to == node && !o->nir->edge[i].delayed)
            o->mark[o->nir->edge[i].from] = true;
    while (news) {
        news = false;
        for (size_t i = 0; i < o->nir->edges; i++) {
            const struct nir_edge *e = &o->nir->edge[i];

            if (!e->delayed && o->mark[e->to] && !o->mark[e->from])
                news = o->mark[e->from] = true;
        }
    }
}

/* How well a loop through the node is cut there. */
static int fitness(const struct ordering *o, size_t node)
{
    int fit = 0;

    if (o->done[node] || !snn__nir_has_state(o->nir->node[node].type))
        return 0;
    for (size_t i = 0; i < o->nir->edges; i++)
        if (o->nir->edge[i].to == node && o->done[o->nir->edge[i].from])
            fit = 1;
    return 1 + fit + (o->nir->node[node].type == NIR_DELAY ? 2 : 0);
}

/* Cuts the loops through a node; false if there are none. All readers of a Delay read the step before: what it waits
 * is one step less. */
static bool cut_behind(struct ordering *o, size_t node)
{
    bool cut = false;

    mark_before(o, node);
    for (size_t i = 0; o->mark[node] && i < o->nir->edges; i++) {
        struct nir_edge *e = &o->nir->edge[i];

        if (e->from == node && !e->delayed && (o->mark[e->to] || o->nir->node[node].type == NIR_DELAY)) {
            e->delayed = cut = true;
            o->waits[e->to]--;
        }
    }
    return cut;
}

static snn_status cut_loop(struct ordering *o)
{
    for (int fit = 4; fit > 0; fit--)
        for (size_t n = 0; n < o->nir->nodes; n++)
            if (fitness(o, n) == fit && cut_behind(o, n))
                return SNN_OK;
    for (size_t n = 0; n < o->nir->nodes; n++)
        if (!o->done[n])
            return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %s: a loop without a neuron or a Delay",
                                      o->nir->node[n].name);
    return SNN_OK;
}

static snn_status find_order(struct ordering *o)
{
    for (size_t i = 0; i < o->nir->edges; i++)
        o->waits[o->nir->edge[i].to]++;
    while (o->placed < o->nir->nodes) {
        const size_t before = o->placed;

        for (size_t n = 0; n < o->nir->nodes; n++)
            if (!o->done[n] && o->waits[n] == 0)
                place(o, n);
        if (o->placed == before)
            TRY(cut_loop(o));
    }
    return SNN_OK;
}

static snn_status reorder(struct ordering *o)
{
    snn_nir *nir = o->nir;
    struct nir_node *sorted = snn_component_alloc(nir->context, nir->node_room, sizeof *sorted);

    if (sorted == NULL)
        return SNN_ERR_MEMORY;
    for (size_t n = 0; n < nir->nodes; n++) {
        sorted[n] = nir->node[o->order[n]];
        o->waits[o->order[n]] = n; /* the new number of a node */
    }
    snn_component_free(nir->context, nir->node);
    nir->node = sorted;
    for (size_t i = 0; i < nir->edges; i++) {
        nir->edge[i].from = o->waits[nir->edge[i].from];
        nir->edge[i].to = o->waits[nir->edge[i].to];
    }
    return SNN_OK;
}

static snn_status sort(snn_nir *nir)
{
    struct ordering o = { .nir = nir };
    snn_status rc = SNN_ERR_MEMORY;

    o.waits = snn_component_alloc(nir->context, nir->nodes, sizeof *o.waits);
    o.order = snn_component_alloc(nir->context, nir->nodes, sizeof *o.order);
    o.done = snn_component_alloc(nir->context, 2 * nir->nodes, sizeof *o.done);
    if (o.waits != NULL && o.order != NULL && o.done != NULL) {
        o.mark = o.done + nir->nodes;
        rc = find_order(&o);
    }
    if (rc == SNN_OK)
        rc = reorder(&o);
    snn_component_free(nir->context, o.waits);
    snn_component_free(nir->context, o.order);
    snn_component_free(nir->context, o.done);
    return rc;
}

/* A node that reads nothing, or an end in the middle, is a graph that was taken apart. */
static snn_status check_nodes(const snn_nir *nir)
{
    for (size_t n = 0; n < nir->nodes; n++) {
        const struct nir_node *node = &nir->node[n];
        const size_t in = count_edges(nir, n, true), out = count_edges(nir, n, false);

        if ((node->type == NIR_INPUT) != (in == 0) || (node->type == NIR_OUTPUT && out > 0))
            return snn_component_fail(SNN_ERR_FORMAT, "node %s: %s", node->name,
                                      in == 0                   ? "no edge leads to it"
                                      : node->type == NIR_INPUT ? "an edge leads to the Input"
                                                                : "an edge leads from the Output");
    }
    return SNN_OK;
}

snn_status snn__nir_settle(snn_nir *nir)
{
    TRY(leave_nested_ends(nir));
    TRY(check_ends(nir, NIR_INPUT));
    TRY(check_ends(nir, NIR_OUTPUT));
    TRY(check_nodes(nir));
    return sort(nir);
}
