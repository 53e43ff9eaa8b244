/* Every type of layer: <A x, y> = <x, A' y> for its forward and adjoint, its weight gradient against differences, and
 * the forward of pools against their definition. The layer is called as a pass calls it, behind a gain that makes it
 * want errors. */
#include "core/rng.h"
#include "trainer/builder.h"

enum { BATCH = 3 };

struct layer_case {
    size_t shape[3];
    const char *layer; /* named "x" */
    bool bends;        /* not affine: the adjoint belongs to the slope at x */
};

static const struct layer_case cases[] = {
    { { 7 }, "linear x out=5", false },
    { { 1 }, "linear x out=1", false },
    { { 70 }, "linear x out=33 bias=0", false },
    { { 7 }, "linear x out=5 standardise=1", false },
    { { 3, 6, 6 }, "conv2d x out=4", false },
    { { 3, 6, 6 }, "conv2d x out=4 pad=1", false },
    { { 3, 7, 5 }, "conv2d x out=4 pad=1 stride=2", false },
    { { 3, 7, 5 }, "conv2d x out=4 pad=2 stride=3 kernel=4 bias=0", false },
    { { 4, 9, 8 }, "conv2d x out=6 dilation=2 pad=2", false },
    { { 4, 9, 8 }, "conv2d x out=6 dilation=3 stride=2 pad=3 groups=2", false },
    { { 6, 5, 5 }, "conv2d x out=6 groups=6 pad=1", false },
    { { 6, 5, 5 }, "conv2d x out=3 groups=3 kernel=1", false },
    { { 4, 4, 4 }, "conv2d x out=5 kernel=1 stride=2", false },
    { { 4, 6, 6 }, "conv2d x out=4 pad=1 standardise=1", false },
    { { 4, 6, 6 }, "conv2d x out=4 pad=1 stride=2 groups=2 standardise=1", false },
    { { 2, 3, 3 }, "conv2d x out=3 kernel=3", false },
    { { 20, 6, 6 }, "conv2d x out=18 kernel=5 pad=2", false },
    { { 3, 5, 9 }, "conv2d x out=4 kernel=5 pad=2 kernel_rows=1 pad_rows=0", false },
    { { 3, 5, 9 }, "conv2d x out=4 kernel=3 pad=1 stride=3 kernel_rows=2 stride_rows=1 pad_rows=0", false },
    { { 4, 9, 7 }, "conv2d x out=4 kernel=2 dilation=1 dilation_rows=3 stride_rows=2 groups=2", false },
    { { 3, 9 }, "conv1d x out=4", false },
    { { 3, 9 }, "conv1d x out=4 kernel=4 stride=2 pad=2 bias=0", false },
    { { 4, 11 }, "conv1d x out=6 dilation=2 pad=1 groups=2 standardise=1", false },
    { { 20, 13 }, "conv1d x out=18 kernel=5 pad=2", false },
    { { 6, 5 }, "conv1d x out=6 groups=6 pad=1", false },
    { { 3, 5 }, "conv1d x out=4 pad=1 norm=spectral", false },
    { { 3, 4 }, "conv_transpose1d x out=4", false },
    { { 3, 4 }, "conv_transpose1d x out=5 stride=2 pad=1 out_pad=1", false },
    { { 3, 4, 5 }, "conv_transpose2d x out=4", false },
    { { 3, 4, 3 }, "conv_transpose2d x out=5 stride=2 pad=1 out_pad=1", false },
    { { 4, 3, 4 }, "conv_transpose2d x out=2 kernel=4 stride=3 pad=2 out_pad=2 bias=0", false },
    { { 5, 3, 3 }, "conv_transpose2d x out=3 kernel=1 stride=2", false },
    { { 6 }, "linear x out=5 norm=spectral range=100", false },
    { { 3, 4, 4 }, "conv2d x out=4 pad=1 norm=spectral", false },
    { { 3, 3, 3 }, "conv_transpose2d x out=4 stride=2 pad=1 out_pad=1 norm=spectral range=0.5", false },
    { { 6 }, "linear x out=5 norm=frobenius range=100", false },
    { { 3, 3, 3 }, "conv_transpose2d x out=4 stride=2 pad=1 out_pad=1 norm=frobenius range=100", false },
    { { 6 }, "batch_norm x", true },
    { { 4, 3, 5 }, "batch_norm x", true },
    { { 6 }, "elementwise x", false },
    { { 4, 3, 5 }, "elementwise x bias=0", false },
    { { 6 }, "layer_norm x", true },
    { { 4, 3, 5 }, "layer_norm x eps=0.1", true },
    { { 3, 6, 6 }, "avgpool x", false },
    { { 3, 7, 5 }, "avgpool x", false },
    { { 3, 7, 5 }, "avgpool x kernel=3 stride=2 pad=1", false },
    { { 3, 7, 5 }, "avgpool x kernel=3 stride=1", false },
    { { 3, 9, 9 }, "avgpool x kernel=2 stride=3", false },
    { { 3, 7, 5 }, "avgpool x kernel=0", false },
    { { 3, 6, 6 }, "sumpool x", false },
    { { 3, 7, 5 }, "sumpool x kernel=4 stride=2 pad=2", false },
    { { 3, 7, 5 }, "sumpool x kernel=0", false },
    { { 3, 6, 6 }, "maxpool x", false },
    { { 3, 7, 5 }, "maxpool x kernel=3 stride=2 pad=1", false },
    { { 3, 7, 5 }, "maxpool x kernel=0", false },
    { { 3, 7, 5 }, "maxpool x kernel_rows=3 stride=1 pad=1 pad_rows=0", false },
    { { 3, 7, 5 }, "avgpool x kernel_rows=1", false },
    { { 3, 7, 5 }, "sumpool x kernel=3 stride=2 kernel_rows=2 stride_rows=3 pad=1", false },
    { { 3, 8 }, "avgpool x", false },
    { { 3, 8 }, "avgpool x kernel=3 stride=2 pad=1", false },
    { { 3, 8 }, "sumpool x kernel=0", false },
    { { 3, 8 }, "maxpool x kernel=3 stride=1", false },
    { { 3, 8 }, "adaptive_avgpool x size=3", false },
    { { 3, 8 }, "upsample x factor=3", false },
    { { 3, 8 }, "flatten x", false },
    { { 3, 8 }, "batch_norm x", true },
    { { 3, 8 }, "layer_norm x eps=0.1", true },
    { { 3, 8 }, "elementwise x", false },
    { { 3, 8 }, "lif x smooth=1 per_neuron=1 input_scaled=1", true },
    { { 3, 7, 5 }, "adaptive_avgpool x size=3", false },
    { { 3, 7, 5 }, "adaptive_avgpool x size=1", false },
    { { 3, 4, 5 }, "adaptive_avgpool x size=7", false },
    { { 3, 4, 5 }, "upsample x factor=2", false },
    { { 3, 4, 5 }, "upsample x factor=3", false },
    { { 3, 4, 5 }, "flatten x", false },
    { { 3, 4, 5 }, "scale x value=-1.5", false },
    { { 9 }, "gain x value=0.7", false },
    { { 3, 4, 5 }, "dropout x rate=0.3", false },
    { { 3, 4, 5 }, "dropout x rate=0.3 mask=sample", false },
    { { 9 }, "add x <g", false },
    { { 9 }, "if x smooth=1", true },
    { { 9 }, "lif x smooth=1 input_scaled=1 decay=0.3", true },
    { { 3, 4, 5 }, "lif x smooth=1 per_neuron=1 input_scaled=1", true },
    { { 9 }, "lif x reset=none", false },
    { { 9 }, "cuba x smooth=1", true },
    { { 9 }, "alif x smooth=1 surrogate=arctan", true },
    { { 9 }, "plif x smooth=1 surrogate=fast_sigmoid alpha=1 input_scaled=1", true },
};

#define CASES (int)(sizeof cases / sizeof *cases)

struct rig {
    snn_context *ctx;
    snn_network *net;
    struct snn__pass pass;
    struct snn__unit *unit;
    struct snn__io io;
    size_t in, out; /* of the whole batch */
    float *x, *y, *e, *dx, *step;
};

static float *array(size_t n, unsigned seed)
{
    float *a = malloc(n * sizeof *a);

    random_fill(a, n, -1, 1, seed);
    return a;
}

static bool is_population(const char *layer)
{
    char type[32] = "";

    sscanf(layer, "%31s", type);
    return snn__neuron_model_named(type) != NULL;
}

static void open_rig(struct rig *r, const struct layer_case *c, const char *isa, float x_scale)
{
    struct snn__demand demand = { .route = SNN__ROUTE_SPACE };
    char layers[256];

    memset(r, 0, sizeof *r);
    /* a population's adjoint can be added only where the plan knows of a second reader */
    snprintf(layers, sizeof layers, "gain g value=1; %s%s", c->layer, is_population(c->layer) ? "; add z <x <g" : "");
    r->ctx = test_context(2, 11, isa);
    r->net = network_of(r->ctx, c->shape, layers);
    shake(r->net);
    OK(snn__pass_plan(&r->pass, r->net->ctx, r->net, BATCH + 1, 1, &demand));
    OK(snn__pass_commit(&r->pass));
    snn__pass_begin(&r->pass, BATCH, true, false, 3);
    r->unit = &r->pass.unit[1];
    ck_assert(r->unit->node.wants_adjoint);
    r->in = BATCH * r->unit->node.in_len;
    r->out = BATCH * r->unit->node.out_len;
    r->x = array(r->in, 1);
    r->step = array(r->in, 2);
    r->e = array(r->out, 3);
    r->y = array(r->out, 4);
    r->dx = array(r->in, 5);
    r->io = snn__unit_io(&r->pass, r->unit, 0);
    r->io.x[0] = (struct snn__signal){ r->x, x_scale };
}

static void close_rig(struct rig *r)
{
    snn__pass_free(&r->pass);
    snn_network_destroy(r->net);
    snn_context_destroy(r->ctx);
    free(r->x);
    free(r->y);
    free(r->e);
    free(r->dx);
    free(r->step);
}

static double dot(const float *a, const float *b, size_t n)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

/* <f(x), e> */
static double probe(struct rig *r, float *x)
{
    float *y = r->y;
    struct snn__io io = r->io;

    io.x[0].data = x;
    io.y.data = y;
    r->unit->layer->type->forward(&r->unit->node, &io);
    return io.y.scale * dot(io.y.data, r->e, r->out);
}

/* dx (+)= the adjoint of e times e_scale */
static void adjoint(struct rig *r, float e_scale, bool accumulate)
{
    const struct snn__layer_type *type = r->unit->layer->type;
    struct snn__signal e = { r->e, e_scale };
    float factor;

    if (type->factor == NULL || !type->factor(&r->unit->node, &factor))
        type->adjoint(&r->unit->node, &r->io, e, 0, r->dx, accumulate);
    else if (accumulate)
        snn__add_to(r->ctx, r->dx, factor * e_scale, r->e, r->in);
    else
        snn__copy(r->ctx, r->dx, factor * e_scale, r->e, r->in);
}

static float *moved(const struct rig *r, double h)
{
    float *x = malloc(r->in * sizeof *x);

    for (size_t i = 0; i < r->in; i++)
        x[i] = (float)(r->x[i] + h * r->step[i]);
    return x;
}

/* <f(x + h step) - f(x - h step), e> / 2h */
static double slope(struct rig *r, double h)
{
    float *up = moved(r, h), *down = moved(r, -h);
    double s = (probe(r, up) - probe(r, down)) / (2 * h);

    free(up);
    free(down);
    return s;
}

static bool is(const struct rig *r, const char *type)
{
    return strcmp(r->unit->layer->type->name, type) == 0;
}

/* What <J step, e> should be <step, dx> of, times the scale of x. A maximum is taken at the winners of x: linear in
 * steps that change none of them. */
static double expected(struct rig *r, const struct layer_case *c)
{
    double h = 0.02;

    if (c->bends)
        return (4 * slope(r, h) - slope(r, 2 * h)) / 3;
    return is(r, "maxpool") ? slope(r, 1e-4) : slope(r, 1);
}

START_TEST(test_adjoint)
{
    const struct layer_case *c = &cases[_i % CASES];
    const char *isa = _i / CASES ? "best" : "ref";
    struct rig r;
    float *base;
    double want, got, size, tolerance = c->bends || strstr(c->layer, "maxpool") ? 3e-3 : 2e-6;

    open_rig(&r, c, isa, 1.75f);
    want = expected(&r, c);
    probe(&r, r.x); /* winners and statistics of x itself */
    adjoint(&r, 0.5f, false);
    size = 1 + norm_of(r.e, r.out) * norm_of(r.step, r.in) / 4;
    got = dot(r.step, r.dx, r.in) * 1.75 / 0.5;
    ck_assert_msg(fabs(want - got) <= tolerance * size, "%s: <A x, y> = %.8g, <x, A' y> = %.8g", c->layer, want, got);
    /* added to what is there */
    base = array(r.in, 6);
    for (size_t i = 0; i < r.in; i++) {
        float once = r.dx[i];

        r.dx[i] = base[i];
        base[i] += once;
    }
    adjoint(&r, 0.5f, true);
    ck_assert_msg(distance(r.dx, base, r.in) < 1e-6, "%s: added: %g", c->layer, distance(r.dx, base, r.in));
    free(base);
    close_rig(&r);
}
END_TEST

/* ---- gradients of the trained tensors ---- */

static double probe_tensor(struct rig *r, struct snn__tensor *t, const float *start, const float *d, double h)
{
    double sum[2];

    for (int side = 0; side < 2; side++) {
        for (size_t i = 0; i < t->length; i++)
            t->data[i] = (float)(start[i] + (side ? -h : h) * d[i]);
        snn__pass_refresh(&r->pass);
        sum[side] = probe(r, r->x);
    }
    memcpy(t->data, start, t->length * sizeof *start);
    return (sum[0] - sum[1]) / (2 * h);
}

/* What one sweep leaves in the gradient: a credit, or for a leak the adjoint. */
static void sweep(struct rig *r, float e_scale)
{
    struct snn__signal e = { r->e, e_scale };

    if (r->unit->layer->type->credit != NULL)
        r->unit->layer->type->credit(&r->unit->node, &r->io, e, r->io.x[0]);
    else
        r->unit->layer->type->adjoint(&r->unit->node, &r->io, e, 0, r->dx, false);
}

START_TEST(test_gradient)
{
    const struct layer_case *c = &cases[_i];
    struct rig r;

    open_rig(&r, c, "best", 0.8f);
    for (size_t k = 0; k < r.unit->layer->n_tensors; k++) {
        struct snn__tensor *t = &r.unit->layer->tensor[k];
        float *start = malloc(t->length * sizeof *start), *d = array(t->length, 8);
        double want, got, size;

        memcpy(start, t->data, t->length * sizeof *start);
        if (t->trained) {
            want = (4 * probe_tensor(&r, t, start, d, 0.01) - probe_tensor(&r, t, start, d, 0.02)) / 3;
            snn__pass_refresh(&r.pass);
            for (int again = 0; again < 2; again++) { /* settling clears what was gathered */
                probe(&r, r.x);
                sweep(&r, 0.5f);
                sweep(&r, 1.5f); /* sweeps add up */
                r.unit->layer->type->settle(&r.unit->node);
                got = dot(r.unit->node.gradient[k], d, t->length) / 2;
                size = 1 + norm_of(r.unit->node.gradient[k], t->length) * norm_of(d, t->length);
                ck_assert_msg(fabs(want - got) <= 1e-3 * size, "%s: %s: difference %.8g, gradient %.8g", c->layer,
                              t->name, want, got);
            }
        }
        free(start);
        free(d);
    }
    close_rig(&r);
}
END_TEST

/* Nothing gathered: a gradient of zeros, whatever was there. */
START_TEST(test_nothing_gathered)
{
    struct rig r;

    open_rig(&r, &cases[_i], "best", 1);
    for (size_t i = 0; i < r.net->n_parameters; i++)
        r.pass.gradient[i] = 1;
    if (r.unit->layer->type->settle != NULL) {
        r.unit->layer->type->settle(&r.unit->node);
        for (size_t i = 1; i < r.net->n_parameters; i++) /* the gain in front has number 0 */
            ck_assert_float_eq(r.pass.gradient[i], 0);
    }
    close_rig(&r);
}
END_TEST

/* ---- pools and upsampling by their definition ---- */

struct edges {
    ptrdiff_t from, to;
};

/* The parameter of an axis: that of rows, where it is not `same`, or the one of both. */
static ptrdiff_t along(const snn_layer *layer, bool rows, int32_t of_rows, int32_t key, int64_t same)
{
    if (rows && snn__param_i64(&layer->params, of_rows) != same)
        key = of_rows;
    return (ptrdiff_t)snn__param_i64(&layer->params, key);
}

/* What cell i of an axis covers: of n places, by o cells. */
static struct edges edges_of(const snn_layer *layer, bool rows, size_t i, size_t n, size_t o)
{
    ptrdiff_t kernel, stride, from;

    if (strcmp(layer->type->name, "adaptive_avgpool") == 0)
        return (struct edges){ (ptrdiff_t)floor((double)i * (double)n / (double)o),
                               (ptrdiff_t)ceil((double)(i + 1) * (double)n / (double)o) };
    if (rows && layer->in.rank == 2)
        return (struct edges){ 0, 1 };
    kernel = along(layer, rows, SNN_LAYER_KERNEL_ROWS, SNN_LAYER_KERNEL, 0);
    stride = along(layer, rows, SNN_LAYER_STRIDE_ROWS, SNN_LAYER_STRIDE, 0);
    from = (ptrdiff_t)i * (stride ? stride : kernel) - along(layer, rows, SNN_LAYER_PAD_ROWS, SNN_LAYER_PAD, -1);
    return (struct edges){ from, kernel ? from + kernel : (ptrdiff_t)n };
}

/* Of a sequence, the only row. */
static size_t side(const snn_shape *s, int axis)
{
    return s->rank == 2 ? (axis == 0 ? 1 : s->dim[1]) : s->dim[1 + axis];
}

static double cell(const snn_layer *layer, const float *x, size_t channel, size_t i, size_t j)
{
    const char *type = layer->type->name;
    const size_t height = side(&layer->in, 0), width = side(&layer->in, 1);
    const struct edges row = edges_of(layer, true, i, height, side(&layer->out, 0)),
                       column = edges_of(layer, false, j, width, side(&layer->out, 1));
    const ptrdiff_t h = (ptrdiff_t)height, w = (ptrdiff_t)width;
    double sum = 0, most = -INFINITY, area = (double)((row.to - row.from) * (column.to - column.from));

    for (ptrdiff_t a = row.from; a < row.to; a++)
        for (ptrdiff_t b = column.from; b < column.to; b++)
            if (a >= 0 && a < h && b >= 0 && b < w) {
                double v = x[((ptrdiff_t)channel * h + a) * w + b];

                sum += v;
                most = fmax(most, v);
            }
    return strcmp(type, "maxpool") == 0 ? most : strcmp(type, "sumpool") == 0 ? sum : sum / area;
}

START_TEST(test_pools)
{
    const struct layer_case *c = &cases[_i];
    struct rig r;
    float *x, *y;
    const snn_layer *layer;

    if (strstr(c->layer, "pool") == NULL && strstr(c->layer, "upsample") == NULL)
        return;
    open_rig(&r, c, "best", 1);
    layer = r.unit->layer;
    x = array(r.in, 20);
    y = malloc(r.out * sizeof *y);
    snn__to_channels_last(layer->ctx, &layer->in, BATCH, x, r.x);
    probe(&r, r.x);
    snn__to_channels_first(layer->ctx, &layer->out, BATCH, r.y, y);
    for (size_t b = 0, n = 0; b < BATCH; b++)
        for (size_t channel = 0; channel < layer->out.dim[0]; channel++)
            for (size_t i = 0; i < side(&layer->out, 0); i++)
                for (size_t j = 0; j < side(&layer->out, 1); j++, n++) {
                    const float *sample = x + b * r.unit->node.in_len;
                    size_t factor = strstr(c->layer, "upsample") ? layer->out.dim[1] / layer->in.dim[1] : 0;
                    size_t line = channel * side(&layer->in, 0) + (factor ? i / factor : 0);
                    double want =
                        factor ? sample[line * side(&layer->in, 1) + j / factor] : cell(layer, sample, channel, i, j);

                    ck_assert_msg(fabs(y[n] - want) < 1e-5, "%s: sample %zu, channel %zu, cell %zu,%zu: %g, not %g",
                                  c->layer, b, channel, i, j, y[n], want);
                }
    free(x);
    free(y);
    close_rig(&r);
}
END_TEST

/* ---- add, with all its inputs, and what is absent ---- */

START_TEST(test_add)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net =
        network_of(ctx, (size_t[3]){ 6 },
                   "scale a value=2; scale b value=-3 <input; add s <input <a <b <a <s:1; linear o out=2");
    struct snn__pass pass = { .net = NULL };
    struct snn__demand demand = { .route = SNN__ROUTE_NONE };
    float x[6];

    random_fill(x, 6, -1, 1, 1);
    OK(snn__pass_plan(&pass, net->ctx, net, 1, 3, &demand));
    OK(snn__pass_commit(&pass));
    snn__pass_begin(&pass, 1, false, true, 0);
    memcpy(snn__pass_input(&pass, 0), x, sizeof x);
    for (size_t t = 0; t < 3; t++) {
        struct snn__signal s;

        snn__pass_forward(&pass, t);
        s = snn__unit_value(&pass, &pass.unit[2], t);
        for (size_t i = 0; i < 6; i++) /* 1 + 2 - 3 + 2 = 2, and the sum so far */
            ck_assert_float_eq_tol(s.scale * s.data[i], 2 * (float)(t + 1) * x[i], 1e-5f);
    }
    snn__pass_free(&pass);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* ---- attention, against its definition, and linear in each of its inputs ---- */

static const struct {
    size_t shape[3], heads;
} attentions[] = {
    { { 6, 3, 4 }, 2 }, { { 4, 1, 1 }, 1 }, { { 8, 2, 3 }, 8 }, { { 5, 7, 2 }, 1 }, { { 64, 3, 3 }, 2 }
};

#define ATTENTIONS (int)(sizeof attentions / sizeof *attentions)

static const float scales[3] = { 0.75f, 1.5f, -2.0f };

/* Element `at` of a sample's output: channel at % c of position at / c. */
static double attended(const struct rig *r, float *const x[3], size_t heads, size_t b, size_t at)
{
    size_t c = r->unit->layer->in.dim[0], d = c / heads, n = r->unit->node.in_len / c, head = at % c / d * d;
    double sum = 0;

    for (size_t m = 0; m < n; m++) {
        double score = 0;

        for (size_t i = 0; i < d; i++)
            score += (double)x[0][(b * n + at / c) * c + head + i] * x[1][(b * n + m) * c + head + i];
        sum += score * x[2][(b * n + m) * c + at % c];
    }
    return 0.5 * sum * scales[0] * scales[1] * scales[2];
}

static double probe_attention(struct rig *r, size_t input, const float *x)
{
    struct snn__io io = r->io;

    io.x[input].data = (float *)x;
    io.y.data = r->y;
    r->unit->layer->type->forward(&r->unit->node, &io);
    return io.y.scale * dot(r->y, r->e, r->out);
}

static void check_attention_input(struct rig *r, float *const x[3], size_t input)
{
    const struct snn__layer_type *type = r->unit->layer->type;
    struct snn__signal e = { r->e, 0.5f };
    float *up = malloc(r->in * sizeof *up), *base = array(r->in, 6);
    double want, got, size;

    for (size_t i = 0; i < r->in; i++)
        up[i] = x[input][i] + r->step[i];
    want = probe_attention(r, input, up) - probe_attention(r, input, x[input]);
    type->adjoint(&r->unit->node, &r->io, e, input, r->dx, false);
    got = dot(r->step, r->dx, r->in) * scales[input] / 0.5;
    size = 1 + 2 * norm_of(r->dx, r->in) * norm_of(r->step, r->in);
    ck_assert_msg(fabs(want - got) <= 5e-6 * size, "input %zu: <A x, y> = %.8g, <x, A' y> = %.8g", input, want, got);
    memcpy(up, base, r->in * sizeof *up);
    type->adjoint(&r->unit->node, &r->io, e, input, up, true);
    for (size_t i = 0; i < r->in; i++)
        base[i] += r->dx[i];
    ck_assert_msg(distance(up, base, r->in) < 1e-6, "input %zu, added: %g", input, distance(up, base, r->in));
    free(up);
    free(base);
}

START_TEST(test_attention)
{
    int number = _i % ATTENTIONS;
    char text[64];
    struct layer_case c = { { 0 }, text, true };
    struct rig r;
    float *x[3];

    snprintf(text, sizeof text, "attention x heads=%zu value=0.5 <g <g <g", attentions[number].heads);
    memcpy(c.shape, attentions[number].shape, sizeof c.shape);
    open_rig(&r, &c, _i / ATTENTIONS ? "best" : "ref", 1);
    for (size_t k = 0; k < 3; k++) {
        x[k] = array(r.in, 30 + (unsigned)k);
        for (size_t i = 0; i < r.in; i++) /* mostly spikes, some none */
            x[k][i] = x[k][i] < 0.1f ? 0.0f : i % 5 == 0 ? x[k][i] : 1.0f;
        r.io.x[k] = (struct snn__signal){ x[k], scales[k] };
    }
    r.io.y.data = r.y;
    r.unit->layer->type->forward(&r.unit->node, &r.io);
    ck_assert(norm_of(r.y, r.out) > 0);
    for (size_t i = 0; i < r.out; i++) {
        double want = attended(&r, x, attentions[number].heads, i / r.unit->node.in_len, i % r.unit->node.in_len);

        ck_assert_msg(fabs(r.io.y.scale * r.y[i] - want) <= 1e-5 * (1 + fabs(want)), "%s: entry %zu: %g, not %g",
                      text, i, r.io.y.scale * r.y[i], want);
    }
    for (size_t k = 0; k < 3; k++)
        check_attention_input(&r, x, k);
    for (size_t k = 0; k < 3; k++) { /* what is absent is zero */
        r.io.x[k].data = NULL;
        r.unit->layer->type->forward(&r.unit->node, &r.io);
        r.unit->layer->type->adjoint(&r.unit->node, &r.io, (struct snn__signal){ r.e, 1 }, (k + 1) % 3, r.dx, false);
        ck_assert(norm_of(r.y, r.out) == 0 && norm_of(r.dx, r.in) == 0);
        r.io.x[k].data = x[k];
    }
    for (size_t k = 0; k < 3; k++)
        free(x[k]);
    close_rig(&r);
}
END_TEST

/* About `rate` of the elements fall silent, the rest are divided by 1 - rate, another mask for another batch. */
START_TEST(test_dropout)
{
    struct layer_case c = { { 5000 }, "dropout x rate=0.3", false };
    struct rig r;
    float *first = malloc(BATCH * 5000 * sizeof *first);
    size_t silent = 0;

    open_rig(&r, &c, "best", 1);
    for (size_t i = 0; i < r.in; i++)
        r.x[i] = 1;
    probe(&r, r.x);
    for (size_t i = 0; i < r.out; i++) {
        silent += r.y[i] == 0;
        ck_assert(r.y[i] == 0 || r.y[i] == 1); /* spikes stay spikes, for products that read bits */
    }
    ck_assert_double_eq_tol(probe(&r, r.x), dot(r.y, r.e, r.out) / 0.7, 1e-4);
    ck_assert_double_eq_tol((double)silent / (double)r.out, 0.3, 0.02);
    memcpy(first, r.y, r.out * sizeof *first);
    probe(&r, r.x);
    ck_assert_mem_eq(first, r.y, r.out * sizeof *first); /* one mask for all steps */
    snn__pass_begin(&r.pass, BATCH, true, false, 4);
    probe(&r, r.x);
    ck_assert_mem_ne(first, r.y, r.out * sizeof *first);
    free(first);
    close_rig(&r);
}
END_TEST

/* Stochastic depth: one draw for each sample, the number of that place in the generator's stream. */
START_TEST(test_dropout_sample)
{
    struct layer_case c = { { 7 }, "dropout x rate=0.3 mask=sample", false };
    const struct snn__unit *unit;
    struct rig r;

    open_rig(&r, &c, "best", 1);
    unit = r.unit;
    for (size_t i = 0; i < r.in; i++)
        r.x[i] = 1;
    for (uint64_t stream = 0; stream < 50; stream++) {
        snn__pass_begin(&r.pass, BATCH, true, false, stream);
        probe(&r, r.x);
        for (size_t i = 0; i < r.out; i++) {
            const float draw = snn__random_uniform(unit->node.ctx->options.seed, SNN__RNG_DROPOUT,
                                                   stream * 4096 + unit->layer->index, i / 7);

            ck_assert(r.y[i] == (draw < 0.3f ? 0.0f : 1.0f));
        }
    }
    close_rig(&r);
}
END_TEST

/* ---- other weights on the way down */

static const struct layer_case aligned[] = {
    { { 9 }, "linear x out=7 back_weights=sign", false },
    { { 9 }, "linear x out=7 back_weights=random", false },
    { { 3, 6, 5 }, "conv2d x out=4 kernel=3 pad=1 back_weights=sign", false },
    { { 3, 7, 6 }, "conv2d x out=4 kernel=3 stride=2 back_weights=random", false },
    { { 4, 6, 5 }, "conv2d x out=6 kernel=3 groups=2 back_weights=random", false },
    { { 40, 9, 9 }, "conv2d x out=33 kernel=3 pad=1 back_weights=sign", false },
};

/* B[o][c][ky][kx] by its definition. */
static double weight_of_errors(snn_layer *layer, size_t i)
{
    const struct snn__tensor *w = &layer->tensor[0], *back = snn__layer_find_tensor(layer, "back");
    const double fan_in = (double)w->length / w->dim[0], fan_out = (double)w->dim[0] * w->dim[2] * w->dim[3];

    if (back != NULL)
        return back->data[i];
    return (w->data[i] >= 0 ? 1 : -1) * (w->rank == 2 ? 1 / sqrt(fan_in) : sqrt(2 / fan_out));
}

/* dx[b][h][w][c], linear layers as convolutions of one pixel; *size: the same of absolute values. */
static double plain_error(const struct rig *r, size_t b, size_t h, size_t w, size_t c, double *size)
{
    snn_layer *layer = r->unit->layer;
    const struct snn__tensor *t = &layer->tensor[0];
    const bool map = t->rank == 4;
    const size_t k = t->dim[2], stride = map ? (size_t)snn__param_i64(&layer->params, SNN_LAYER_STRIDE) : 1;
    const size_t pad = map ? (size_t)snn__param_i64(&layer->params, SNN_LAYER_PAD) : 0;
    const size_t group = layer->in.dim[0] / t->dim[1], outs = t->dim[0] / group;
    double sum = 0;

    *size = 0;
    for (size_t o = c / t->dim[1] * outs; o < (c / t->dim[1] + 1) * outs; o++)
        for (size_t y = 0; y < layer->out.dim[1]; y++)
            for (size_t x = 0; x < layer->out.dim[2]; x++) {
                const size_t ky = h + pad - y * stride, kx = w + pad - x * stride; /* wrap around below 0 */

                const double part =
                    ky < k && kx < k
                        ? weight_of_errors(layer, ((o * t->dim[1] + c % t->dim[1]) * k + ky) * k + kx) *
                              (double)r->e[((b * layer->out.dim[1] + y) * layer->out.dim[2] + x) * t->dim[0] + o]
                        : 0;

                sum += part;
                *size += fabs(part);
            }
    return sum;
}

START_TEST(test_aligned)
{
    const int n = (int)(sizeof aligned / sizeof *aligned);
    const snn_shape *in;
    double want, size;
    struct rig r;
    size_t i = 0;

    open_rig(&r, &aligned[_i % n], _i / n ? "best" : "ref", 1);
    in = &r.unit->layer->in;
    adjoint(&r, 0.5f, false);
    for (size_t b = 0; b < BATCH; b++)
        for (size_t h = 0; h < in->dim[1]; h++)
            for (size_t w = 0; w < in->dim[2]; w++)
                for (size_t c = 0; c < in->dim[0]; c++, i++) {
                    want = 0.5 * plain_error(&r, b, h, w, c, &size);
                    ck_assert_double_eq_tol(r.dx[i], want, 2e-6 * size + 1e-9);
                }
    close_rig(&r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer: adjoints");
    TCase *tc = tcase_create("layers");

    tcase_set_timeout(tc, 60);
    tcase_add_loop_test(tc, test_adjoint, 0, 2 * CASES);
    tcase_add_loop_test(tc, test_gradient, 0, CASES);
    tcase_add_loop_test(tc, test_nothing_gathered, 0, CASES);
    tcase_add_loop_test(tc, test_pools, 0, CASES);
    tcase_add_test(tc, test_add);
    tcase_add_loop_test(tc, test_attention, 0, 2 * ATTENTIONS);
    tcase_add_test(tc, test_dropout);
    tcase_add_test(tc, test_dropout_sample);
    tcase_add_loop_test(tc, test_aligned, 0, 2 * (int)(sizeof aligned / sizeof *aligned));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
