/* table.c - tables for the terminal. */
#include "table.h"

#include <stdio.h>
#include <string.h>

static double figure(const json_t *object, const char *name)
{
    return json_number_value(json_object_get(object, name));
}

static const char *word(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text ? text : "";
}

static void row(const char *name, const char *type, const char *rate, const json_t *costs)
{
    printf("%-18s %-12s %8s %10s %10s %10s\n", name, type, rate, si(figure(costs, "synops_dense")).s,
           si(figure(costs, "synops_mac")).s, si(figure(costs, "synops_ac")).s);
}

void table_costs(json_t *figures)
{
    size_t i;
    json_t *layer;
    char rate[32];

    printf("%-18s %-12s %8s %10s %10s %10s\n", "layer", "type", "firing", "dense", "MACs", "ACs");
    json_array_foreach(json_object_get(figures, "layers"), i, layer)
    {
        bool spiking = json_is_true(json_object_get(layer, "spiking"));
        if (!spiking && figure(layer, "synops_dense") <= 0)
            continue;
        snprintf(rate, sizeof rate, "%.2f%%", 100 * figure(layer, "firing_rate"));
        if (spiking)
            printf("%-18s %-12s %8s\n", word(layer, "name"), word(layer, "type"), rate);
        else
            row(word(layer, "name"), word(layer, "type"), "", layer);
    }
    snprintf(rate, sizeof rate, "%.2f%%", 100 * figure(figures, "firing_rate"));
    row("per sample", "", rate, figures);
    json_decref(figures);
}

/* Figures of the layer called `name`, or NULL. */
static const json_t *named(const json_t *figures, const char *name)
{
    size_t i;
    json_t *layer;

    json_array_foreach(json_object_get(figures, "layers"), i,
                       layer) if (strcmp(word(layer, "name"), name) == 0) return layer;
    return NULL;
}

static void source(const char *from, int delay)
{
    printf("%s", from);
    if (delay > 0)
        printf(" (%d step%s ago)", delay, delay > 1 ? "s" : "");
}

static void sources(const snn_layer *layer, const snn_layer_info *info, const char *previous)
{
    for (uint32_t i = 0; i < info->inputs; i++) {
        const char *from;
        int delay;
        if (snn_layer_input(layer, i, &from, &delay) != SNN_OK)
            return;
        if (info->inputs > 1 || delay || strcmp(from, previous) != 0) {
            printf("%s", i ? " + " : "  <- ");
            source(from, delay);
        }
    }
}

void table_layers(const snn_network *net, const json_t *figures)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    char previous[64] = "input", rate[32];

    printf("%3s  %-18s %-12s %12s %12s %12s %10s %8s\n", "", "layer", "type", "in", "out", "parameters", "bytes",
           figures ? "firing" : "");
    for (size_t i = 0; snn_network_layer(net, i); i++) {
        snn_layer *layer = snn_network_layer(net, i);
        snn_tensor tensor = SNN_TENSOR_INIT;
        uint64_t size = 0;
        const json_t *f;

        if (snn_layer_get_info(layer, &info) != SNN_OK)
            continue;
        for (uint32_t k = 0; k < info.tensors && snn_layer_tensor(layer, k, &tensor) == SNN_OK; k++)
            size += tensor.bytes;
        f = named(figures, info.name);
        rate[0] = '\0';
        if (f && info.spiking)
            snprintf(rate, sizeof rate, "%.2f%%", 100 * figure(f, "firing_rate"));
        printf("%3zu  %-18s %-12s %12s %12s %12s %10s %8s", i, info.name, info.type, shape_text(&info.in).s,
               shape_text(&info.out).s, info.parameters ? grouped(info.parameters).s : "", size ? bytes(size).s : "",
               rate);
        sources(layer, &info, previous);
        putchar('\n');
        snprintf(previous, sizeof previous, "%s", info.name);
    }
}
