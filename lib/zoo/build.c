/* The few kinds of layers that the ready-made networks and the notation consist of. */
#include "zoo/build.h"
#include "core/size.h"
#include "neuron/neuron.h"
#include <stdarg.h>
#include <stdio.h>

struct snn__label snn__label(const char *format, ...)
{
    struct snn__label label;
    va_list args;

    va_start(args, format);
    vsnprintf(label.text, sizeof label.text, format, args);
    va_end(args);
    return label;
}

snn_status snn__build_conv(struct snn__build *b, const char *name, size_t out, int64_t kernel, int64_t stride,
                           int64_t pad, snn_layer **layer)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, b->rank == 2 ? "conv1d" : "conv2d", name, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_OUT, (int64_t)out));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_KERNEL, kernel));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_STRIDE, stride));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_PAD, pad));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_STANDARDISE, b->standardise));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, "kaiming"));
    if (layer != NULL)
        *layer = l;
    return SNN_OK;
}

snn_status snn__build_stem(struct snn__build *b, bool large)
{
    const size_t width = snn__option(b, SNN__OPTION_WIDTH);
    snn_layer *l;

    SNN__TRY(snn__build_conv(b, "conv1", width, large ? 7 : 3, large ? 2 : 1, large ? 3 : 1, &l));
    return snn_layer_set_i64(l, SNN_LAYER_BIAS, 0);
}

snn_status snn__build_stem_pool(struct snn__build *b)
{
    return snn__build_pool(b, "avgpool", "pool1", 3, 2, 1);
}

snn_status snn__build_neuron(struct snn__build *b, const char *name)
{
    return snn_network_add_neuron(b->net, b->neuron, name, NULL);
}

bool snn__build_rates(const struct snn__build *b)
{
    return b->neuron->model->rates;
}

snn_status snn__build_norm(struct snn__build *b, const char *name)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "batch_norm", name, &l));
    return b->joint || snn__build_rates(b) ? snn_layer_set_str(l, SNN_LAYER_OVER, "all") : SNN_OK;
}

snn_status snn__build_plain(struct snn__build *b, const char *type, const char *name)
{
    return snn_network_add(b->net, type, name, NULL);
}

snn_status snn__build_pool(struct snn__build *b, const char *type, const char *name, int64_t kernel, int64_t stride,
                           int64_t pad)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, type, name, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_KERNEL, kernel));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_STRIDE, stride));
    return snn_layer_set_i64(l, SNN_LAYER_PAD, pad);
}

snn_status snn__build_scale(struct snn__build *b, const char *name, double value)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "scale", name, &l));
    return snn_layer_set_f64(l, SNN_LAYER_VALUE, value);
}

snn_status snn__build_dropout(struct snn__build *b, const char *name, double rate)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "dropout", name, &l));
    return snn_layer_set_f64(l, SNN_LAYER_RATE, rate);
}

snn_status snn__build_drop_path(struct snn__build *b, const char *name, double share, struct snn__label *last)
{
    const double rate = share * snn__param_f64(&b->options, SNN__OPTION_DROP_PATH);
    snn_layer *l;

    if (!(rate > 0.0))
        return SNN_OK;
    SNN__TRY(snn_network_add(b->net, "dropout", name, &l));
    SNN__TRY(snn_layer_set_f64(l, SNN_LAYER_RATE, rate));
    *last = snn__label("%s", name);
    return snn_layer_set_str(l, SNN_LAYER_MASK, "sample");
}

snn_status snn__build_linear(struct snn__build *b, const char *name, size_t out, const char *init, double std)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "linear", name, &l));
    SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_OUT, (int64_t)out));
    SNN__TRY(snn_layer_set_str(l, SNN_LAYER_INIT, init));
    return std > 0.0 ? snn_layer_set_f64(l, SNN_LAYER_INIT_STD, std) : SNN_OK;
}

snn_status snn__build_add(struct snn__build *b, const char *name, const char *first, const char *second)
{
    snn_layer *l;

    SNN__TRY(snn_network_add(b->net, "add", name, &l));
    SNN__TRY(snn_layer_connect(l, first, 0));
    return snn_layer_connect(l, second, 0);
}

snn_status snn__build_side(struct snn__build *b, unsigned number, const char *population, size_t rows, size_t columns)
{
    const size_t most = 4;
    const char *from = population;
    struct snn__label pool = snn__label("side_pool%u", number), flat = snn__label("side_flatten%u", number),
                      side = snn__label("side%u", number);

    if (rows > most || columns > most) {
        snn_layer *l;

        SNN__TRY(snn_network_add(b->net, "adaptive_avgpool", pool.text, &l));
        SNN__TRY(snn_layer_set_i64(l, SNN_LAYER_SIZE, (int64_t)snn__min(most, snn__min(rows, columns))));
        SNN__TRY(snn_layer_connect(l, from, 0));
        from = pool.text;
    }
    if (rows > 0) {
        SNN__TRY(snn__build_plain(b, "flatten", flat.text));
        SNN__TRY(snn_layer_connect(snn_network_layer_named(b->net, flat.text), from, 0));
        from = flat.text;
    }
    SNN__TRY(snn__build_linear(b, side.text, b->classes, "default", 0.0));
    return snn_layer_connect(snn_network_layer_named(b->net, side.text), from, 0);
}

snn_status snn__build_rate_readout(struct snn__build *b)
{
    if (!snn__build_rates(b))
        return snn__fail(SNN_ERR_ARGUMENT, "network %s: expected dsr_if or dsr_lif neurons", b->name);
    SNN__TRY(snn__build_norm(b, "fc_bn"));
    return snn__build_neuron(b, "fc_sn");
}
