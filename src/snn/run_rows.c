/* run_rows.c - lateral neurons of the layers of a run, and its tasks. */
#include "args.h"
#include "number.h"
#include "run.h"

int run_layers(const struct run *run, size_t *layers)
{
    *layers = 0;
    while (snn_network_layer(run->network, *layers) != NULL)
        ++*layers;
    return *layers <= RUN_LAYERS ? DONE : fail(FAILED, "a network of %zu layers; at most %d", *layers, RUN_LAYERS);
}

/* The heads of tasks, and what selects one of them, end the network. */
static bool is_head(const struct run *run, size_t l)
{
    const snn_layer *head = snn_network_layer_named(run->network, "head1");
    snn_layer_info info = SNN_LAYER_INFO_INIT;

    return head && snn_network_layer_named(run->network, "heads") && snn_layer_get_info(head, &info) == SNN_OK &&
           l >= info.index;
}

bool run_may_project(const struct run *run, size_t l)
{
    snn_projection_info info = SNN_PROJECTION_INFO_INIT;

    return !is_head(run, l) &&
           snn_projection_get_info(run->projection, snn_network_layer(run->network, l), &info) == SNN_OK &&
           info.inputs > 0;
}

int run_rows(const struct run *run, const char *flag, const char *text, size_t *out)
{
    char word[RUN_LAYERS][32];
    size_t n = args_list(text, word, RUN_LAYERS), used = 0;

    for (size_t l = 0; l < RUN_LAYERS; l++) {
        int64_t rows;

        out[l] = 0;
        if (!run_may_project(run, l))
            continue;
        if (used == n)
            return fail(USAGE, "--%s: %zu numbers; every linear and conv2d layer needs one", flag, n);
        if (number_whole(flag, word[used], 0, UINT32_MAX, &rows) != DONE)
            return USAGE;
        out[l] = (size_t)rows;
        used++;
    }
    return used == n ? DONE : fail(USAGE, "--%s: %zu numbers for %zu layers", flag, n, used);
}

snn_status run_begin_task(const struct run *run, const size_t *rows, size_t batch)
{
    snn_status rc = SNN_OK;

    for (size_t l = 0; l < RUN_LAYERS && run->projection && rc == SNN_OK; l++)
        if (rows[l] > 0)
            rc = snn_projection_grow(run->projection, snn_network_layer(run->network, l), rows[l]);
    return rc == SNN_OK ? snn_continual_begin(run->sequence, batch) : rc;
}
