/* layer/window.h - windows of layers on maps [C,H,W] and on sequences [C,L], which are computed as maps of one row.
 */
#ifndef SNN_LAYER_WINDOW_H
#define SNN_LAYER_WINDOW_H

#include "blas/product.h"
#include "layer/layer.h"

/* The window of a layer along one axis, SNN__Y or SNN__X. */
struct snn__reach {
    size_t kernel, stride, pad, dilation; /* kernel 0: the whole map; stride 0: kernel */
};

/* Parameters of the rows, for layers whose windows may differ in rows and columns. */
#define SNN__KERNEL_ROWS(most) \
    SNN__PARAM_I64(SNN_LAYER_KERNEL_ROWS, "kernel_rows", 0, most, 0, "rows of the window; 0: kernel")
#define SNN__STRIDE_ROWS(most) \
    SNN__PARAM_I64(SNN_LAYER_STRIDE_ROWS, "stride_rows", 0, most, 0, "rows from window to window; 0: stride")
#define SNN__PAD_ROWS(most) \
    SNN__PARAM_I64(SNN_LAYER_PAD_ROWS, "pad_rows", -1, most, -1, "rows added at top and bottom; -1: pad")
#define SNN__DILATION_ROWS(most) \
    SNN__PARAM_I64(SNN_LAYER_DILATION_ROWS, "dilation_rows", 0, most, 0, "rows from tap to tap; 0: dilation")

/* A parameter of the layer, or of a type that has none such. */
size_t snn__layer_number_or(const snn_layer *layer, int32_t key, size_t otherwise);
struct snn__reach snn__layer_reach(const snn_layer *layer, int axis);

/* Rows of a map, 1 of a sequence; columns. */
size_t snn__layer_side(const snn_shape *shape, int axis);
/* A map, or a sequence if `like` is one; side: rows, columns. */
snn_shape snn__map_like(const snn_shape *like, size_t channels, const size_t side[2]);

/* Fails for a window of `reach` rows and columns that does not fit into the input. */
snn_status snn__layer_misfit(const snn_layer *layer, const size_t reach[2], size_t pad);

/* Fails for an input that has not the rank; SNN__MAPS: for one that is a vector. */
enum { SNN__MAPS };
snn_status snn__layer_takes(const snn_layer *layer, uint32_t rank);

#endif
