/* layer/window.c - windows along the axes of maps and sequences. */
#include "layer/window.h"
#include <stdio.h>

size_t snn__layer_number_or(const snn_layer *layer, int32_t key, size_t otherwise)
{
    return snn__params_find(&layer->params, key) < 0 ? otherwise : (size_t)snn__param_i64(&layer->params, key);
}

/* A number of the rows, where the layer has one that differs from that of the columns. */
static size_t rows_or(const snn_layer *layer, int32_t key, int64_t same, size_t columns)
{
    if (snn__params_find(&layer->params, key) < 0 || snn__param_i64(&layer->params, key) == same)
        return columns;
    return (size_t)snn__param_i64(&layer->params, key);
}

struct snn__reach snn__layer_reach(const snn_layer *layer, int axis)
{
    struct snn__reach r = { snn__layer_number_or(layer, SNN_LAYER_KERNEL, 1),
                            snn__layer_number_or(layer, SNN_LAYER_STRIDE, 1),
                            snn__layer_number_or(layer, SNN_LAYER_PAD, 0),
                            snn__layer_number_or(layer, SNN_LAYER_DILATION, 1) };

    if (axis == SNN__X)
        return r;
    if (layer->in.rank == 2)
        return (struct snn__reach){ 1, 1, 0, 1 };
    return (struct snn__reach){ rows_or(layer, SNN_LAYER_KERNEL_ROWS, 0, r.kernel),
                                rows_or(layer, SNN_LAYER_STRIDE_ROWS, 0, r.stride),
                                rows_or(layer, SNN_LAYER_PAD_ROWS, -1, r.pad),
                                rows_or(layer, SNN_LAYER_DILATION_ROWS, 0, r.dilation) };
}

size_t snn__layer_side(const snn_shape *shape, int axis)
{
    if (shape->rank == 2)
        return axis == SNN__Y ? 1 : shape->dim[1];
    return shape->dim[1 + axis];
}

snn_shape snn__map_like(const snn_shape *like, size_t channels, const size_t side[2])
{
    const uint32_t c = snn__side(channels), rows = snn__side(side[SNN__Y]), columns = snn__side(side[SNN__X]);

    return like->rank == 2 ? (snn_shape){ 2, { c, columns, 1 } } : (snn_shape){ 3, { c, rows, columns } };
}

snn_status snn__layer_takes(const snn_layer *layer, uint32_t rank)
{
    static const char *const what[] = { "maps [C,H,W] and sequences [C,L]", "vectors [N]", "sequences [C,L]",
                                        "maps [C,H,W]" };
    char text[48];

    if (layer->in.rank == rank || (rank == SNN__MAPS && layer->in.rank > 1))
        return SNN_OK;
    return snn__fail(SNN_ERR_SHAPE, "layer %s: %s takes %s, got %s%s", layer->name, layer->type->name, what[rank],
                     snn__shape_text(&layer->in, text), rank == 1 ? "; put a flatten before it" : "");
}

snn_status snn__layer_misfit(const snn_layer *layer, const size_t reach[2], size_t pad)
{
    char text[48], rows[24] = "";

    if (layer->in.rank == 3)
        snprintf(rows, sizeof rows, "%zux", reach[SNN__Y]);
    return snn__fail(SNN_ERR_SHAPE, "layer %s: a window of %s%zu does not fit into %s with padding %zu", layer->name,
                     rows, reach[SNN__X], snn__shape_text(&layer->in, text), pad);
}
