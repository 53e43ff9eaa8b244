/* bench_products [threads] [isa] - speed of the products, and of those with weights of one bit, next to cblas_sgemm
 * and to the machine's own limit: a loop of independent multiply-adds. Set OPENBLAS_NUM_THREADS to the same number of
 * threads. For a convolution, sgemm multiplies a matrix of patches that already exists. */
#include "blas/bits.h"
#include "core/context.h"
#include "core/size.h"
#include "naive.h"
#include "support.h"
#include <cblas.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define REPEATS 15
#define LOOKUP_ROWS 1024u /* that pass a table */

static const struct window_case shapes[] = {
    { "784-800, batch 128", 128, 800, { 1, 1, 784, 784, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "800-784, batch 128", 128, 784, { 1, 1, 800, 800, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "800-10, batch 128", 128, 10, { 1, 1, 800, 800, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "10-800, batch 128", 128, 800, { 1, 1, 10, 10, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "784-800, batch 1", 1, 800, { 1, 1, 784, 784, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "conv 1-32, 28x28, batch 128", 128, 32, { 28, 28, 1, 1, 28, 28, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 32-64, 14x14, batch 128",
      128,
      64,
      { 14, 14, 32, 32, 14, 14, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 64-64, 7x7, batch 128", 128, 64, { 7, 7, 64, 64, 7, 7, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 3-64, 32x32, batch 32", 32, 64, { 32, 32, 3, 3, 32, 32, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 64-128, 32x32, batch 8", 8, 128, { 32, 32, 64, 64, 32, 32, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 128-256, 16x16, batch 32",
      32,
      256,
      { 16, 16, 128, 128, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "conv 512-512, 4x4, batch 32", 32, 512, { 4, 4, 512, 512, 4, 4, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
    { "adjoint 256-128, 16x16, batch 32",
      32,
      128,
      { 16, 16, 256, 256, 16, 16, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, true } },
    { "adjoint stride 2, 16x16, batch 32",
      32,
      64,
      { 8, 8, 128, 128, 16, 16, 3, 3, { 2, 2 }, { 1, 1 }, { 1, 1 }, true } },
};

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

struct timing {
    double least, median; /* seconds */
};

static struct timing measure(void (*fn)(void *), void *arg)
{
    double seconds[REPEATS], start = now();
    size_t rounds = 1;

    fn(arg);
    for (start = now(), fn(arg); now() - start < 2e-3; rounds++)
        fn(arg);
    for (size_t i = 0; i < REPEATS; i++) {
        start = now();
        for (size_t j = 0; j < rounds; j++)
            fn(arg);
        seconds[i] = (now() - start) / (double)rounds;
    }
    qsort(seconds, REPEATS, sizeof *seconds, by_value);
    return (struct timing){ seconds[0], seconds[REPEATS / 2] };
}

/* ---- what is measured
 * --------------------------------------------------------------------------------------------- */

struct bench {
    const snn_context *ctx;
    size_t m, n, k;
    struct snn__product product;
    struct snn__outer outer;
    void *scratch;
    float *patches, *w, *panel_a, *panel_b, *tile;
};

static void run_product(void *arg)
{
    struct bench *b = arg;

    snn__product(b->ctx, &b->product, b->scratch);
}

static void run_outer(void *arg)
{
    struct bench *b = arg;

    snn__outer(b->ctx, &b->outer, b->scratch);
}

static void run_product_blas(void *arg)
{
    struct bench *b = arg;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)b->m, (int)b->n, (int)b->k, 1, b->patches, (int)b->k,
                b->w, (int)b->n, 0, b->product.y, (int)b->n);
}

static void run_outer_blas(void *arg)
{
    struct bench *b = arg;

    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)b->n, (int)b->k, (int)b->m, 1, b->outer.d, (int)b->n,
                b->patches, (int)b->k, 0, b->outer.g, (int)b->k);
}

/* Panels of 128 samples stay in the first-level cache: nothing but multiply-adds. */
static void run_peak(void *arg)
{
    struct bench *b = arg;

    for (int i = 0; i < 1000; i++)
        b->ctx->kernels->tile(128, b->panel_a, b->panel_b, b->tile, b->ctx->kernels->nr, false);
}

static double peak(const snn_context *ctx)
{
    const size_t mr = ctx->kernels->mr, nr = ctx->kernels->nr;
    struct bench b = {
        .ctx = ctx, .panel_a = numbers(128 * mr), .panel_b = numbers(128 * nr), .tile = numbers(mr * nr)
    };
    const double seconds = measure(run_peak, &b).least;

    free(b.panel_a);
    free(b.panel_b);
    free(b.tile);
    return 2e3 * 128 * (double)(mr * nr) / seconds;
}

static void bench_shape(const snn_context *ctx, const struct window_case *c, double limit)
{
    struct bench b = { .ctx = ctx, .m = c->batch * c->w.oh * c->w.ow, .n = c->n, .k = depth_of(&c->w) };
    const double flop = 2.0 * (double)b.m * (double)b.n * (double)b.k;
    float *x = numbers(source_size(c)), *d = numbers(b.m * b.n), *y = numbers(b.m * b.n), *g = numbers(b.n * b.k);
    float *packed = numbers(snn__packed_size(ctx, b.k, b.n));
    struct timing t[4];

    random_fill(x, source_size(c), -1, 1, 1);
    random_fill(d, b.m * b.n, -1, 1, 2);
    b.w = numbers(b.k * b.n);
    random_fill(b.w, b.k * b.n, -1, 1, 3);
    b.patches = numbers(b.m * b.k);
    random_fill(b.patches, b.m * b.k, -1, 1, 4);
    b.scratch = aligned_alloc(64, snn__round_up(snn__max(snn__product_scratch(ctx, b.m, b.n, &c->w, true),
                                                         snn__outer_scratch(ctx, b.m, b.n, &c->w)),
                                                64));
    snn__pack(ctx, packed, b.w, c->w.kh * c->w.kw, c->w.c, b.n, c->w.c * b.n, b.n, 1);
    b.product = (struct snn__product){
        .m = b.m, .n = b.n, .x = x, .window = c->w, .packed = packed, .alpha = 1, .y = y, .y_pitch = b.n
    };
    b.outer = (struct snn__outer){
        .m = b.m, .n = b.n, .d = d, .d_pitch = b.n, .x = x, .window = c->w, .alpha = 1, .g = g, .g_pitch = b.k
    };
    t[0] = measure(run_product, &b);
    t[1] = measure(run_product_blas, &b);
    t[2] = measure(run_outer, &b);
    t[3] = measure(run_outer_blas, &b);
    printf("%-36s %6zu %5zu %5zu ", c->name, b.m, b.k, b.n);
    for (size_t i = 0; i < 4; i++)
        printf(" %7.1f %5.1f %3.0f%%", flop / t[i].median * 1e-9, flop / t[i].least * 1e-9,
               100 * flop / t[i].least / limit);
    printf("\n");
    fflush(stdout);
    free(x);
    free(d);
    free(y);
    free(g);
    free(packed);
    free(b.w);
    free(b.patches);
    free(b.scratch);
}

/* ---- weights of one bit
 * ------------------------------------------------------------------------------------------ */

static const struct window_case bit_shapes[] = {
    { "1024 x 2304 x 256", 1024, 256, { 1, 1, 2304, 2304, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "4096 x 1152 x 128", 4096, 128, { 1, 1, 1152, 1152, 1, 1, 1, 1, { 1, 1 }, { 0, 0 }, { 1, 1 }, false } },
    { "conv 128-128, 14x14, batch 32",
      32,
      128,
      { 14, 14, 128, 128, 14, 14, 3, 3, { 1, 1 }, { 1, 1 }, { 1, 1 }, false } },
};

struct bits_bench {
    struct bench bench; /* for sgemm */
    struct snn__bits_product p;
    size_t words;
    uint64_t *map;  /* of x */
    uint64_t *rows; /* as if they were gathered from it */
    float *x, *y, *table, *sum, *unit;
    uint8_t *limbs;
    void *room;
};

static void run_bits(void *arg)
{
    struct bits_bench *b = arg;

    snn__bits_product(b->bench.ctx, &b->p, b->bench.scratch);
}

/* The counting alone, from packed rows, with one number for each count. */
static void run_tiles(void *arg)
{
    struct bits_bench *b = arg;
    const struct snn__kernels *k = b->bench.ctx->kernels;
    uint32_t count[SNN__BITS_MR * SNN__BITS_NR], set[SNN__BITS_MR];

    for (size_t m = 0; m < b->p.m; m += SNN__BITS_MR) {
        const uint64_t *x = k->bits_turn(b->words, b->rows + m * b->words, SNN__BITS_MR, b->room, set);

        for (size_t n = 0; n < b->p.n; n += SNN__BITS_NR) {
            k->bits_tile(b->words, x, SNN__BITS_MR, b->p.packed + n * b->words, count);
            for (size_t i = 0; i < SNN__BITS_MR; i++)
                for (size_t j = 0; j < SNN__BITS_NR; j++)
                    b->p.y[(m + i) * b->p.n + n + j] = (float)(int32_t)count[i * SNN__BITS_NR + j];
        }
    }
}

/* Tables and looking up alone: rows in columns of words, as the product keeps them. */
static void run_sums(void *arg)
{
    struct bits_bench *b = arg;
    const struct snn__kernels *k = b->bench.ctx->kernels;
    const size_t panel = b->bench.k * k->nr;

    for (size_t m = 0, rows; m < b->bench.m; m += rows) {
        rows = snn__min(LOOKUP_ROWS, b->bench.m - m);
        for (size_t n = 0; n < b->bench.n; n += SNN__LOOKUP_NR)
            for (size_t word = 0; word < b->words; word++) {
                const float *w = b->bench.product.packed + n / k->nr * panel + n % k->nr + word * 64 * k->nr;

                k->lookup_sums(b->table, w, panel, 64, SNN__LOOKUP_NR);
                k->lookup(b->sum, rows, b->table, SNN__LOOKUP_GROUPS, b->rows + m * b->words + word * (rows + 8),
                          word > 0);
            }
    }
}

/* Bytes of weights and the matrix unit alone, from packed rows. */
static void run_unit(void *arg)
{
    struct bits_bench *b = arg;
    const struct snn__kernels *k = b->bench.ctx->kernels;
    const size_t panel = b->bench.k * k->nr, limbs = SNN__MATRIX_LIMBS * b->words * SNN__MATRIX_WORD;

    for (size_t n = 0; n < b->bench.n; n += SNN__MATRIX_SIDE)
        k->limbs(b->limbs + n / SNN__MATRIX_SIDE * limbs, b->unit + n, b->bench.product.packed + n / k->nr * panel,
                 panel, SNN__MATRIX_SIDE, 1, b->bench.k);
    for (size_t n = 0; n < b->bench.n; n += SNN__MATRIX_COLS)
        for (size_t m = 0; m < b->bench.m; m += SNN__MATRIX_SIDE)
            k->matrix(&(struct snn__matrix){ .rows = SNN__MATRIX_SIDE,
                                             .cols = snn__min(SNN__MATRIX_COLS, b->bench.n - n),
                                             .words = b->words,
                                             .x = b->rows + m * b->words,
                                             .limbs = b->limbs + n / SNN__MATRIX_SIDE * limbs,
                                             .unit = b->unit + n,
                                             .alpha = 1,
                                             .y = b->y + m * b->bench.n + n,
                                             .y_pitch = b->bench.n,
                                             .room = b->room });
}

/* Spikes, weights, and a matrix of patches for sgemm. */
static void open_bits(struct bits_bench *b, const snn_context *ctx, const struct window_case *c)
{
    const size_t inputs = source_size(c);

    *b = (struct bits_bench){ .bench = {
                                  .ctx = ctx, .m = c->batch * c->w.oh * c->w.ow, .n = c->n, .k = depth_of(&c->w) } };
    b->x = numbers(inputs);
    random_fill(b->x, inputs, -1, 1, 1);
    for (size_t i = 0; i < inputs; i++)
        b->x[i] = b->x[i] > 0.6f;
    b->map = map_of(&c->w, b->x, c->batch);
    b->y = b->bench.product.y = numbers(b->bench.m * c->n);
    b->bench.w = numbers(b->bench.k * c->n);
    random_fill(b->bench.w, b->bench.k * c->n, -1, 1, 2);
    b->bench.patches = numbers(b->bench.m * b->bench.k);
    random_fill(b->bench.patches, b->bench.m * b->bench.k, -1, 1, 3);
}

/* Prints the product from floats, from a map, and what its kernels take, beside sgemm. */
static void close_bits(struct bits_bench *b, const struct window_case *c, struct timing product,
                       struct timing from_map, struct timing from_bits)
{
    const double sgemm = measure(run_product_blas, &b->bench).median;

    printf("%-36s %10.3f %10.3f %10.3f %10.3f %10.1f %10.1f %10.1f\n", c->name, 1e3 * product.median,
           1e3 * from_map.median, 1e3 * from_bits.median, 1e3 * sgemm, sgemm / product.median,
           sgemm / from_map.median, sgemm / from_bits.median);
    fflush(stdout);
    free(b->x);
    free(b->y);
    free(b->map);
    free(b->rows);
    free(b->bench.w);
    free(b->bench.patches);
    free(b->bench.scratch);
}

/* Spikes times weights of 32 bits, without or with a matrix unit. */
static void bench_spikes(const snn_context *ctx, const struct window_case *c, enum snn__way way)
{
    struct bits_bench b;
    struct timing product, from_map;
    float *packed;

    open_bits(&b, ctx, c);
    packed = numbers(snn__packed_size(ctx, b.bench.k, c->n));
    snn__pack(ctx, packed, b.bench.w, c->w.kh * c->w.kw, c->w.c, c->n, c->w.c * c->n, c->n, 1);
    b.bench.scratch = aligned_alloc(64, snn__round_up(snn__product_scratch(ctx, b.bench.m, c->n, &c->w, true), 64));
    b.bench.product = (struct snn__product){ .m = b.bench.m,
                                             .n = c->n,
                                             .x = b.x,
                                             .window = c->w,
                                             .packed = packed,
                                             .alpha = 1,
                                             .y = b.y,
                                             .y_pitch = c->n,
                                             .spikes = true,
                                             .way = way };
    b.words = b.bench.k / 64;
    b.rows = calloc((b.bench.m + 8) * b.words, sizeof *b.rows);
    for (size_t i = 0; i < b.bench.m * b.words; i++)
        ctx->kernels->bits(b.rows + i, b.x + i * 64 % (source_size(c) - 64), 64);
    b.table = aligned_alloc(64, SNN__LOOKUP_GROUPS * SNN__LOOKUP_SUMS * SNN__LOOKUP_NR * sizeof(float));
    b.sum = aligned_alloc(64, LOOKUP_ROWS * SNN__LOOKUP_NR * sizeof(float));
    b.limbs = aligned_alloc(64, SNN__MATRIX_LIMBS * b.words * SNN__MATRIX_WORD * (c->n / SNN__MATRIX_SIDE));
    b.unit = numbers(c->n);
    b.room = aligned_alloc(64, SNN__MATRIX_ROOM);
    product = measure(run_product, &b.bench);
    b.bench.product.map = b.map;
    from_map = measure(run_product, &b.bench);
    close_bits(&b, c, product, from_map, measure(way == SNN__WAY_MATRIX ? run_unit : run_sums, &b));
    free(packed);
    free(b.table);
    free(b.sum);
    free(b.limbs);
    free(b.unit);
    free(b.room);
}

static void bench_bits(const snn_context *ctx, const struct window_case *c)
{
    float *scale = numbers(c->n);
    struct timing product, from_map;
    struct bits_bench b;
    uint64_t *packed;

    open_bits(&b, ctx, c);
    packed = calloc(snn__bits_packed_size(&c->w, c->n), sizeof *packed);
    snn__bits_pack(&c->w, packed, b.bench.w, c->n);
    b.bench.scratch = aligned_alloc(64, snn__bits_scratch(ctx, c->batch, &c->w));
    b.words = snn__bits_packed_size(&c->w, SNN__BITS_NR) / SNN__BITS_NR;
    b.rows = calloc(b.bench.m * b.words, sizeof *b.rows);
    b.room = aligned_alloc(64, b.words * SNN__BITS_ROOM * sizeof(uint64_t));
    for (size_t i = 0; i < b.bench.m * b.words; i++)
        b.rows[i] = packed[i % (b.words * c->n)];
    b.p = (struct snn__bits_product){ .m = b.bench.m,
                                      .n = c->n,
                                      .x = b.x,
                                      .window = c->w,
                                      .packed = packed,
                                      .alpha = 1,
                                      .scale = scale,
                                      .y = b.y,
                                      .y_pitch = c->n };
    product = measure(run_bits, &b);
    b.p.map = b.map;
    from_map = measure(run_bits, &b);
    close_bits(&b, c, product, from_map, measure(run_tiles, &b));
    free(scale);
    free(packed);
    free(b.room);
}

/* ---- oneDNN
 * -------------------------------------------------------------------------------------------------------- */

#ifdef HAVE_DNNL
#include <dnnl.h>

struct dnnl_bench {
    size_t m, n, k;
    float *x, *w, *y;
    uint8_t *ones;
    int8_t *limb;
    int32_t *sum;
};

static void run_dnnl_sgemm(void *arg)
{
    struct dnnl_bench *b = arg;

    dnnl_sgemm('N', 'N', (dnnl_dim_t)b->m, (dnnl_dim_t)b->n, (dnnl_dim_t)b->k, 1, b->x, (dnnl_dim_t)b->k, b->w,
               (dnnl_dim_t)b->n, 0, b->y, (dnnl_dim_t)b->n);
}

/* Spikes times one limb of eight bits; weights of 24 bits have three. */
static void run_dnnl_limb(void *arg)
{
    struct dnnl_bench *b = arg;
    const int32_t offset = 0;

    dnnl_gemm_u8s8s32('N', 'N', 'F', (dnnl_dim_t)b->m, (dnnl_dim_t)b->n, (dnnl_dim_t)b->k, 1, b->ones,
                      (dnnl_dim_t)b->k, 0, b->limb, (dnnl_dim_t)b->n, 0, 0, b->sum, (dnnl_dim_t)b->n, &offset);
}

static void bench_dnnl(const struct window_case *c)
{
    struct dnnl_bench b = { c->batch * c->w.oh * c->w.ow, c->n, depth_of(&c->w), NULL, NULL, NULL, NULL, NULL, NULL };
    struct timing t[2];

    b.x = numbers(b.m * b.k);
    b.w = numbers(b.k * b.n);
    b.y = numbers(b.m * b.n);
    b.ones = calloc(b.m * b.k, 1);
    b.limb = calloc(b.k * b.n, 1);
    b.sum = calloc(b.m * b.n, sizeof *b.sum);
    random_fill(b.x, b.m * b.k, -1, 1, 1);
    random_fill(b.w, b.k * b.n, -1, 1, 2);
    for (size_t i = 0; i < b.m * b.k; i++)
        b.ones[i] = b.x[i] > 0.6f;
    for (size_t i = 0; i < b.k * b.n; i++)
        b.limb[i] = (int8_t)(127 * b.w[i]);
    t[0] = measure(run_dnnl_sgemm, &b);
    t[1] = measure(run_dnnl_limb, &b);
    printf("%-36s %10.3f %10.3f %10.3f\n", c->name, 1e3 * t[0].median, 1e3 * t[1].median, 3e3 * t[1].median);
    fflush(stdout);
    free(b.x);
    free(b.w);
    free(b.y);
    free(b.ones);
    free(b.limb);
    free(b.sum);
}
#endif

static void print_machine(void)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, "model name", 10) == 0) {
            printf("machine%s", strchr(line, ':') ? strchr(line, ':') : ":\n");
            break;
        }
    if (f != NULL)
        fclose(f);
}

int main(int argc, char **argv)
{
    const uint32_t threads = argc > 1 ? (uint32_t)atoi(argv[1]) : 1;
    snn_context_options options;
    snn_context *ctx;
    double limit;
    snn_status status = snn_context_options_init(&options, sizeof options);

    options.threads = threads;
    options.isa = argc > 2 ? argv[2] : "best";
    if (status != SNN_OK || snn_context_create(&ctx, &options) != SNN_OK) {
        fprintf(stderr, "bench_products: %s\n", snn_last_error());
        return 1;
    }
    snn__product_ask(ctx);
    limit = peak(ctx) * threads;
    print_machine();
    printf("%s, %u threads, peak %.1f GFLOP/s; GFLOP/s: median and best of %d, best / peak\n",
           snn__isa_name(ctx->kernels->isa), threads, limit * 1e-9, REPEATS);
    printf("%-36s %6s %5s %5s  %17s %17s %17s %17s\n", "", "m", "k", "n", "product", "sgemm", "outer", "sgemm");
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        bench_shape(ctx, &shapes[i], limit);
    printf("\nspikes (20 %%) x weights of one bit: ms, medians of %d; map: spikes as bits; bits: from gathered rows, "
           "one thread\n"
           "%-36s %10s %10s %10s %10s %10s %10s %10s\n",
           REPEATS, "", "product", "of a map", "bits", "sgemm", "ratio", "of a map", "of bits");
    for (size_t i = 0; i < sizeof bit_shapes / sizeof *bit_shapes; i++)
        bench_bits(ctx, &bit_shapes[i]);
    printf("\nspikes (20 %%) x weights of 32 bits, looked up: as above\n");
    for (size_t i = 0; i < sizeof bit_shapes / sizeof *bit_shapes; i++)
        bench_spikes(ctx, &bit_shapes[i], SNN__WAY_LOOKUP);
    if (ctx->kernels->matrix)
        printf("\nthe same on a matrix unit: as above\n");
    for (size_t i = 0; ctx->kernels->matrix && i < sizeof bit_shapes / sizeof *bit_shapes; i++)
        bench_spikes(ctx, &bit_shapes[i], SNN__WAY_MATRIX);
#ifdef HAVE_DNNL
    printf("\noneDNN (set OMP_NUM_THREADS), ms, medians of %d: matrices of the same sizes\n%-36s %10s %10s %10s\n",
           REPEATS, "", "sgemm", "u8s8s32", "3 limbs");
    for (size_t i = 0; i < sizeof bit_shapes / sizeof *bit_shapes; i++)
        bench_dnnl(&bit_shapes[i]);
#endif
    snn_context_destroy(ctx);
    return 0;
}
