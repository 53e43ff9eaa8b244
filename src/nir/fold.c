/* fold.c - biases of layers that have no output at the first step, since they only read the step before, go to a
 * matrix beside them. */
#include "import.h"

static size_t readers(const snn_nir *nir, size_t node, size_t *reader)
{
    size_t count = 0;

    for (size_t i = 0; i < nir->edges; i++)
        if (nir->edge[i].from == node) {
            *reader = nir->edge[i].to;
            count++;
        }
    return count;
}

static bool begins_late(const snn_nir *nir, size_t node)
{
    for (size_t i = 0; i < nir->edges; i++)
        if (nir->edge[i].to == node && !nir->edge[i].delayed)
            return false;
    return nir->node[node].type != NIR_INPUT;
}

static bool has_bias(const struct nir_node *node)
{
    const struct nir_field *bias = snn__nir_field(node, "bias");

    for (size_t i = 0; bias != NULL && bias->value != NULL && i < bias->length; i++)
        if (bias->value[i] != 0)
            return true;
    return false;
}

static bool is_matrix(const struct nir_node *node)
{
    return node->type == NIR_AFFINE || node->type == NIR_LINEAR;
}

void snn__nir_fold_biases(struct building *b)
{
    snn_nir *nir = b->nir;

    for (size_t n = 0; n < nir->nodes; n++)
        b->made[n].folded = nir->nodes;
    for (size_t n = 0; n < nir->nodes; n++) {
        size_t reader = 0, other = 0, beside = nir->nodes;

        if (!has_bias(&nir->node[n]) || !begins_late(nir, n))
            continue;
        if (is_matrix(&nir->node[n]) && readers(nir, n, &reader) == 1)
            for (size_t i = 0; i < nir->edges; i++)
                if (nir->edge[i].to == reader && nir->edge[i].from != n && is_matrix(&nir->node[nir->edge[i].from]) &&
                    !begins_late(nir, nir->edge[i].from) && readers(nir, nir->edge[i].from, &other) == 1 &&
                    b->made[nir->edge[i].from].folded == nir->nodes)
                    beside = nir->edge[i].from;
        if (beside < nir->nodes) {
            b->made[beside].folded = n;
            b->made[n].silent = true;
            snn__nir_say(nir, "%s: its bias is part of the bias of %s, which is there from the first step on",
                         nir->node[n].name, nir->node[beside].name);
        } else {
            snn__nir_say(nir, "%s: its bias begins at the second step", nir->node[n].name);
        }
    }
}
