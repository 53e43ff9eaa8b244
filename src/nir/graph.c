/* graph.c - graphs in memory: building them, asking them. */
#include "graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    bool state;
} types[] = {
#define X(name, text, state) { text, state },
    NIR_TYPES(X)
#undef X
};

const char *snn__nir_type_name(enum nir_type type)
{
    return types[type].name;
}

enum nir_type snn__nir_type_named(const char *name)
{
    int type = 0;

    while (type < NIR_TYPE_COUNT && strcmp(types[type].name, name) != 0)
        type++;
    return (enum nir_type)type;
}

bool snn__nir_has_state(enum nir_type type)
{
    return types[type].state;
}

bool snn__nir_is_neuron(enum nir_type type)
{
    return type >= NIR_THRESHOLD;
}

bool snn__nir_spikes(enum nir_type type)
{
    return type == NIR_THRESHOLD || type == NIR_IF || type == NIR_LIF || type == NIR_CUBALIF;
}

bool snn__nir_has_synapse(enum nir_type type)
{
    return type == NIR_CUBALI || type == NIR_CUBALIF;
}

/* ---- building ---- */

snn_nir *snn__nir_create(snn_context *context)
{
    snn_nir *nir = snn_component_alloc(context, 1, sizeof *nir);

    if (nir != NULL)
        nir->context = context;
    return nir;
}

void snn_nir_destroy(snn_nir *nir)
{
    if (nir == NULL)
        return;
    for (size_t n = 0; n < nir->nodes; n++)
        snn__nir_free_fields(nir, &nir->node[n]);
    snn_component_free(nir->context, nir->node);
    snn_component_free(nir->context, nir->edge);
    snn_component_free(nir->context, nir->remark);
    snn_component_free(nir->context, nir);
}

void *snn__nir_grow(snn_nir *nir, void *array, size_t used, size_t *room, size_t each)
{
    const size_t more = *room ? 2 * *room : 8;
    void *grown;

    if (used < *room)
        return array;
    grown = snn__wider(nir->context, array, used, more, each);
    if (grown != NULL)
        *room = more;
    return grown;
}

snn_status snn__nir_add_node(snn_nir *nir, const char *name, enum nir_type type, size_t *index)
{
    struct nir_node *node;

    if (nir->nodes >= NIR_NODES_MAX)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "more than %u nodes", NIR_NODES_MAX);
    if (strlen(name) >= NIR_NAME)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "node %.40s...: a name of more than %d bytes", name,
                                  NIR_NAME - 1);
    node = snn__nir_grow(nir, nir->node, nir->nodes, &nir->node_room, sizeof *node);
    if (node == NULL)
        return SNN_ERR_MEMORY;
    nir->node = node;
    node += nir->nodes;
    memset(node, 0, sizeof *node);
    strcpy(node->name, name);
    node->type = type;
    *index = nir->nodes++;
    return SNN_OK;
}

snn_status snn__nir_add_edge(snn_nir *nir, size_t from, size_t to)
{
    struct nir_edge *edge;

    if (nir->edges >= NIR_EDGES_MAX)
        return snn_component_fail(SNN_ERR_UNSUPPORTED, "more than %u edges", NIR_EDGES_MAX);
    edge = snn__nir_grow(nir, nir->edge, nir->edges, &nir->edge_room, sizeof *edge);
    if (edge == NULL)
        return SNN_ERR_MEMORY;
    nir->edge = edge;
    nir->edge[nir->edges++] = (struct nir_edge){ from, to, false };
    return SNN_OK;
}

/* After the fields that are there. */
static struct nir_field *new_field(snn_nir *nir, struct nir_node *node, const char *name)
{
    struct nir_field *field = snn_component_alloc(nir->context, 1, sizeof *field), **last = &node->field;

    if (field == NULL)
        return NULL;
    while (*last != NULL)
        last = &(*last)->next;
    *last = field;
    snprintf(field->name, sizeof field->name, "%s", name);
    return field;
}

void snn__nir_free_fields(snn_nir *nir, struct nir_node *node)
{
    while (node->field != NULL) {
        struct nir_field *first = node->field;

        node->field = first->next;
        snn_component_free(nir->context, first->value);
        snn_component_free(nir->context, first);
    }
}

snn_status snn__nir_add_field(snn_nir *nir, struct nir_node *node, const char *name, const size_t *dim, uint32_t rank,
                              struct nir_field **out)
{
    struct nir_field *field = new_field(nir, node, name);

    if (field == NULL)
        return SNN_ERR_MEMORY;
    field->rank = rank;
    field->length = 1;
    for (uint32_t i = 0; i < rank; i++)
        field->length *= field->dim[i] = dim[i];
    field->value = snn_component_alloc(nir->context, field->length ? field->length : 1, sizeof *field->value);
    *out = field;
    return field->value ? SNN_OK : SNN_ERR_MEMORY;
}

snn_status snn__nir_add_word(snn_nir *nir, struct nir_node *node, const char *name, const char *word)
{
    struct nir_field *field = new_field(nir, node, name);

    if (field == NULL)
        return SNN_ERR_MEMORY;
    snprintf(field->word, sizeof field->word, "%s", word);
    return SNN_OK;
}

void snn__nir_say(snn_nir *nir, const char *format, ...)
{
    void *grown = snn__nir_grow(nir, nir->remark, nir->remarks, &nir->remark_room, sizeof *nir->remark);
    va_list list;

    if (grown == NULL)
        return;
    nir->remark = grown;
    va_start(list, format);
    vsnprintf(nir->remark[nir->remarks++], sizeof *nir->remark, format, list);
    va_end(list);
}

/* ---- asking ---- */

const struct nir_field *snn__nir_field(const struct nir_node *node, const char *name)
{
    for (const struct nir_field *field = node->field; field != NULL; field = field->next)
        if (strcmp(field->name, name) == 0)
            return field;
    return NULL;
}

double snn__nir_number(const struct nir_node *node, const char *name, size_t i, double absent)
{
    const struct nir_field *field = snn__nir_field(node, name);

    if (field == NULL || field->value == NULL || field->length == 0)
        return absent;
    return field->value[field->length == 1 ? 0 : i < field->length ? i : field->length - 1];
}

bool snn__nir_uniform(const struct nir_node *node, const char *name)
{
    const struct nir_field *field = snn__nir_field(node, name);

    for (size_t i = 1; field != NULL && field->value != NULL && i < field->length; i++)
        if (field->value[i] != field->value[0])
            return false;
    return true;
}

size_t snn__nir_length(const struct nir_shape *shape)
{
    size_t n = 1;

    for (uint32_t i = 0; i < shape->rank; i++)
        n *= shape->dim[i];
    return n;
}

struct nir_text snn__nir_shape_text(const struct nir_shape *shape)
{
    struct nir_text text = { "[" };
    int used = 1;

    for (uint32_t i = 0; i < shape->rank; i++)
        used += snprintf(text.s + used, sizeof text.s - (size_t)used, i ? ",%zu" : "%zu", shape->dim[i]);
    snprintf(text.s + used, sizeof text.s - (size_t)used, "]");
    return text;
}

static snn_status null_argument(const char *call)
{
    return snn_component_fail(SNN_ERR_ARGUMENT, "%s: an argument is NULL", call);
}

snn_status snn_nir_get_info(const snn_nir *nir, snn_nir_info *info)
{
    snn_nir_info own = SNN_NIR_INFO_INIT;

    if (nir == NULL)
        return null_argument("snn_nir_get_info");
    own.nodes = (uint32_t)nir->nodes;
    own.edges = (uint32_t)nir->edges;
    own.remarks = (uint32_t)nir->remarks;
    own.dt = nir->dt;
    own.reset = nir->reset[0] ? nir->reset : NULL;
    own.version = nir->version;
    return snn_component_fill_struct(info, &own, sizeof own, "snn_nir_info", "SNN_NIR_INFO_INIT");
}

snn_status snn_nir_node(const snn_nir *nir, size_t index, snn_nir_node_info *info)
{
    snn_nir_node_info own = SNN_NIR_NODE_INFO_INIT;
    const struct nir_node *node;

    if (nir == NULL)
        return null_argument("snn_nir_node");
    if (index >= nir->nodes)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_node: node %zu of %zu", index, nir->nodes);
    node = &nir->node[index];
    own.rank = node->out.rank;
    for (uint32_t i = 0; i < 4; i++)
        own.dim[i] = i < node->out.rank ? (uint32_t)node->out.dim[i] : 1;
    for (const struct nir_field *field = node->field; field != NULL; field = field->next)
        own.numbers += field->length;
    own.name = node->name;
    own.type = snn__nir_type_name(node->type);
    own.layer = node->layer[0] ? node->layer : NULL;
    return snn_component_fill_struct(info, &own, sizeof own, "snn_nir_node_info", "SNN_NIR_NODE_INFO_INIT");
}

snn_status snn_nir_edge(const snn_nir *nir, size_t index, size_t *from, size_t *to, int *delayed)
{
    if (nir == NULL || from == NULL || to == NULL || delayed == NULL)
        return null_argument("snn_nir_edge");
    if (index >= nir->edges)
        return snn_component_fail(SNN_ERR_ARGUMENT, "snn_nir_edge: edge %zu of %zu", index, nir->edges);
    *from = nir->edge[index].from;
    *to = nir->edge[index].to;
    *delayed = nir->edge[index].delayed;
    return SNN_OK;
}

const char *snn_nir_remark(const snn_nir *nir, size_t index)
{
    return nir != NULL && index < nir->remarks ? nir->remark[index] : NULL;
}

snn_status snn_nir_open(snn_nir **out, snn_context *context, const char *path)
{
    snn_nir *nir;
    snn_status rc;

    if (out != NULL)
        *out = NULL;
    if (out == NULL || context == NULL || path == NULL)
        return null_argument("snn_nir_open");
    nir = snn__nir_create(context);
    if (nir == NULL)
        return SNN_ERR_MEMORY;
    rc = snn__nir_read(nir, path);
    if (rc == SNN_OK)
        rc = snn__nir_settle(nir);
    if (rc == SNN_OK)
        rc = snn__nir_infer(nir);
    if (rc != SNN_OK) {
        snn_nir_destroy(nir);
        return rc;
    }
    nir->lasting = nir->remarks;
    *out = nir;
    return SNN_OK;
}
