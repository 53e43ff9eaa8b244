/* bench_kernels.c - snn bench kernels: how long every way to a product of spikes and weights takes, and which one
 * layers go. */
#include "bench.h"
#include "tool.h"

#include <string.h>

/* Two matrices, a linear layer, and convolutions of VGG-11, of stride 2, of 5x5 and of one pixel. */
static const char *const shapes[] = { "1024x2304-256",    "4096x1152-128",   "128x784-800",
                                      "8x64x32-128c3",    "32x128x16-256c3", "32x512x4-512c3",
                                      "32x64x16-128c3s2", "32x64x15-64c5",   "32x128x8-256c1" };

static bool read_matrix(const char *text, snn_product_shape *s)
{
    int used = 0;

    return sscanf(text, "%ux%u-%u%n", &s->samples, &s->channels, &s->outputs, &used) == 3 && !text[used];
}

/* A window of 3 with padding 1, of 5 with 2: maps keep their size, but for the stride. */
static bool read_map(const char *text, snn_product_shape *s)
{
    int used = 0, more = 0;

    if (sscanf(text, "%ux%ux%u-%uc%u%n", &s->samples, &s->channels, &s->side, &s->outputs, &s->kernel, &used) != 5)
        return false;
    if (text[used] == 's' && sscanf(text + used, "s%u%n", &s->stride, &more) != 1)
        return false;
    s->pad = s->kernel / 2;
    return !text[used + more];
}

int bench_read_product(const char *text, snn_product_shape *s)
{
    *s = (snn_product_shape)SNN_PRODUCT_SHAPE_INIT;
    if (!strchr(text, '-') || text[0] == '-' || (!read_matrix(text, s) && !read_map(text, s)))
        return fail(
            USAGE,
            "--product: \"%s\" is neither SAMPLESxINPUTS-OUTPUTS nor SAMPLESxCHANNELSxSIDE-OUTPUTScKERNEL[sSTRIDE]",
            text);
    return DONE;
}

const char *bench_product(const struct bench_kernels *b, size_t i)
{
    if (b->n_products > 0)
        return i < b->n_products ? b->product[i] : NULL;
    return i < sizeof shapes / sizeof *shapes ? shapes[i] : NULL;
}

/* Windows of other forms than --product can say are left out. */
static void add_layer(struct bench_kernels *b, const snn_layer *layer, const snn_layer_info *l, size_t samples)
{
    int64_t kernel = 1, stride = 1, pad = 0, groups = 1, dilation = 1;
    char *text = b->product[b->n_products];

    if (strcmp(l->type, "linear") == 0 && l->in.rank == 1)
        snprintf(text, sizeof b->product[0], "%zux%u-%u", samples, l->in.dim[0], l->out.dim[0]);
    else if (strcmp(l->type, "conv2d") == 0 && snn_layer_get_i64(layer, SNN_LAYER_KERNEL, &kernel) == SNN_OK &&
             snn_layer_get_i64(layer, SNN_LAYER_STRIDE, &stride) == SNN_OK &&
             snn_layer_get_i64(layer, SNN_LAYER_PAD, &pad) == SNN_OK &&
             snn_layer_get_i64(layer, SNN_LAYER_GROUPS, &groups) == SNN_OK &&
             snn_layer_get_i64(layer, SNN_LAYER_DILATION, &dilation) == SNN_OK && pad == kernel / 2 && groups == 1 &&
             dilation == 1 && l->in.dim[1] == l->in.dim[2])
        snprintf(text, sizeof b->product[0], "%zux%ux%u-%uc%llds%lld", samples, l->in.dim[0], l->in.dim[1],
                 l->out.dim[0], (long long)kernel, (long long)stride);
    else
        return;
    b->n_products++;
}

int bench_products_of(struct bench_kernels *b, const snn_network *network, size_t samples)
{
    const snn_layer *layer;

    for (size_t i = 0; b->n_products < BENCH_MOST_PRODUCTS && (layer = snn_network_layer(network, i)); i++) {
        snn_layer_info l = SNN_LAYER_INFO_INIT;
        snn_status rc = snn_layer_get_info(layer, &l);

        if (rc != SNN_OK)
            return fail_call(rc, NULL);
        add_layer(b, layer, &l, samples);
    }
    return b->n_products > 0 ? DONE : fail(FAILED, "the network has no layers that --product can describe");
}

struct line {
    const char *text;
    double ms[BENCH_MOST_WAYS]; /* 0: not for this shape */
    const char *picked;
    double density;
};

static void print(const struct bench_kernels *b, const struct line *l)
{
    if (b->json) {
        json_t *ms = json_object();

        for (size_t i = 0; snn_product_way(i); i++)
            json_object_set_new(ms, snn_product_way(i), l->ms[i] > 0 ? json_real(l->ms[i]) : json_null());
        json_line(json_pack("{s:s, s:s, s:f, s:o, s:s}", "event", "kernels", "product", l->text, "density",
                            l->density, "ms", ms, "picked", l->picked),
                  6);
    } else {
        printf("%-18s %6.0f%%", l->text, 100 * l->density);
        for (size_t i = 0; snn_product_way(i); i++)
            if (l->ms[i] > 0)
                printf(" %9.3f", l->ms[i]);
            else
                printf(" %9s", "-");
        printf("   %s\n", l->picked);
    }
    fflush(stdout);
}

static int measure(const struct bench_kernels *b, const char *text, const snn_product_shape *shape)
{
    struct line l = { .text = text, .density = shape->density };
    snn_status rc = snn_product_pick(b->context, "spikes", shape, &l.picked);

    for (size_t i = 0; rc == SNN_OK && snn_product_way(i); i++) {
        double seconds;

        rc = snn_product_measure(b->context, "spikes", shape, snn_product_way(i), &seconds);
        l.ms[i] = 1e3 * seconds;
        if (rc == SNN_ERR_UNSUPPORTED)
            rc = SNN_OK;
    }
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    print(b, &l);
    return DONE;
}

static int measure_shape(const struct bench_kernels *b, const char *text)
{
    snn_product_shape shape;
    int status = bench_read_product(text, &shape);

    for (size_t i = 0; status == DONE && i < b->n_densities; i++) {
        shape.density = b->density[i];
        status = measure(b, text, &shape);
    }
    return status;
}

static int print_head(const struct bench_kernels *b)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_status rc = snn_context_get_info(b->context, &info);

    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    if (b->json)
        return DONE;
    printf("machine  %s, %s, threads %u\nproducts of spikes and weights, ms, medians of 7; bits: weights of one "
           "bit\n\n%-18s %7s",
           b->machine, info.isa, info.threads, "product", "spikes");
    for (size_t i = 0; snn_product_way(i); i++)
        printf(" %9s", snn_product_way(i));
    printf("   picked\n");
    return DONE;
}

int bench_kernels(const struct bench_kernels *b)
{
    int status = print_head(b);

    for (size_t i = 0; status == DONE && bench_product(b, i); i++)
        status = measure_shape(b, bench_product(b, i));
    return status;
}
