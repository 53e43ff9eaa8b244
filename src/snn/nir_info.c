/* nir_info.c - snn info of a NIR file: nodes, shapes, edges, and what was repaired. */
#include "nir.h"

#include <snn/nir.h>

static struct text node_shape(const snn_nir_node_info *node)
{
    struct text out;
    int used = 0;

    for (uint32_t i = 0; i < node->rank && i < 4; i++)
        used += snprintf(out.s + used, sizeof out.s - (size_t)used, i ? "x%u" : "%u", node->dim[i]);
    return out;
}

static json_t *nodes_json(const snn_nir *nir, const snn_nir_info *info)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < info->nodes; i++) {
        snn_nir_node_info node = SNN_NIR_NODE_INFO_INIT;
        json_t *shape = json_array();

        if (snn_nir_node(nir, i, &node) != SNN_OK)
            node.rank = 0;
        for (uint32_t k = 0; k < node.rank && k < 4; k++)
            json_array_append_new(shape, json_integer((json_int_t)node.dim[k]));
        json_array_append_new(out, json_pack("{s:s, s:s, s:o, s:I}", "name", node.name, "type", node.type, "shape",
                                             shape, "numbers", (json_int_t)node.numbers));
    }
    return out;
}

static json_t *edges_json(const snn_nir *nir, const snn_nir_info *info)
{
    json_t *out = json_array();

    for (uint32_t i = 0; i < info->edges; i++) {
        size_t from = 0, to = 0;
        int delayed = 0;

        if (snn_nir_edge(nir, i, &from, &to, &delayed) == SNN_OK)
            json_array_append_new(out, json_pack("[I, I, b]", (json_int_t)from, (json_int_t)to, delayed));
    }
    return out;
}

static json_t *remarks_json(const snn_nir *nir)
{
    json_t *out = json_array();

    for (size_t i = 0; snn_nir_remark(nir, i) != NULL; i++)
        json_array_append_new(out, json_string(snn_nir_remark(nir, i)));
    return out;
}

static void print_json(const snn_nir *nir, const snn_nir_info *info, const char *path)
{
    json_line(json_pack("{s:s, s:s, s:s, s:o, s:s?, s:o, s:o, s:o}", "event", "info", "nir", path, "version",
                        info->version, "dt", info->dt > 0 ? json_real(info->dt) : json_null(), "reset", info->reset,
                        "nodes", nodes_json(nir, info), "edges", edges_json(nir, info), "remarks", remarks_json(nir)),
              17);
}

/* The nodes that a node reads; ~ before one whose value arrives a step later. */
static void print_sources(const snn_nir *nir, const snn_nir_info *info, size_t index)
{
    for (uint32_t i = 0; i < info->edges; i++) {
        snn_nir_node_info from = SNN_NIR_NODE_INFO_INIT;
        size_t source = 0, to = 0;
        int delayed = 0;

        if (snn_nir_edge(nir, i, &source, &to, &delayed) == SNN_OK && to == index &&
            snn_nir_node(nir, source, &from) == SNN_OK)
            printf(" %s%s", delayed ? "~" : "", from.name);
    }
    putchar('\n');
}

static void print_text(const snn_nir *nir, const snn_nir_info *info, const char *path)
{
    printf("%s: NIR %s, %u nodes, %u edges", path, info->version, info->nodes, info->edges);
    if (info->dt > 0)
        printf(", dt %g s", info->dt);
    if (info->reset != NULL)
        printf(", reset %s", info->reset);
    printf("\n\n%-24s %-10s %-12s %10s  reads (~ the step before)\n", "node", "type", "shape", "numbers");
    for (uint32_t i = 0; i < info->nodes; i++) {
        snn_nir_node_info node = SNN_NIR_NODE_INFO_INIT;

        if (snn_nir_node(nir, i, &node) != SNN_OK)
            continue;
        printf("%-24s %-10s %-12s %10s ", node.name, node.type, node_shape(&node).s, grouped(node.numbers).s);
        print_sources(nir, info, i);
    }
    for (size_t i = 0; snn_nir_remark(nir, i) != NULL; i++)
        printf("%s%s\n", i ? "" : "\n", snn_nir_remark(nir, i));
}

int nir_info(const char *path, bool json)
{
    snn_nir_info info = SNN_NIR_INFO_INIT;
    snn_context *context = NULL;
    snn_nir *nir = NULL;
    snn_status rc = snn_context_create(&context, NULL);
    int status = DONE;

    if (rc == SNN_OK)
        rc = snn_nir_open(&nir, context, path);
    if (rc == SNN_OK)
        rc = snn_nir_get_info(nir, &info);
    if (rc != SNN_OK)
        status = fail_call(rc, NULL);
    else if (json)
        print_json(nir, &info, path);
    else
        print_text(nir, &info, path);
    snn_nir_destroy(nir);
    snn_context_destroy(context);
    return status;
}
