/* blas/cblas.c - matrix products on a vendor's BLAS, in place of builtin.c: patches are gathered a block of rows at a
 * time, then multiplied. The BLAS runs its own threads; their number is left alone. */
#include "blas/window.h"
#include "core/context.h"
#include "core/size.h"
#include "kernel/kernel.h"
#include <cblas.h>
#include <snn/version.h>
#include <string.h>

#define BLOCK 512u /* rows that are gathered at once */

const char *snn_version_products(void)
{
    return "cblas";
}

size_t snn__packed_size(const snn_context *ctx, size_t k, size_t n)
{
    (void)ctx;
    return SNN__PRODUCT(k, n);
}

/* packed[k][n] */
void snn__pack(const snn_context *ctx, float *packed, const float *w, size_t taps, size_t inner, size_t n,
               size_t tap_stride, size_t inner_stride, size_t n_stride)
{
    (void)ctx;
    for (size_t t = 0; t < taps; t++)
        for (size_t i = 0; i < inner; i++)
            for (size_t j = 0; j < n; j++)
                *packed++ = w[t * tap_stride + i * inner_stride + j * n_stride];
}

/* turned[tap][n][inner] */
void snn__pack_turned(const snn_context *ctx, float *turned, const float *packed, size_t taps, size_t inner, size_t n)
{
    snn__pack(ctx, turned, packed, taps, n, inner, inner * n, 1, n);
}

size_t snn__limbs_size(const snn_context *ctx, size_t n, const struct snn__window *w)
{
    (void)ctx;
    (void)n;
    (void)w;
    return 0;
}

void snn__limbs(const snn_context *ctx, void *limbs, const float *packed, size_t n, const struct snn__window *w)
{
    (void)ctx;
    (void)limbs;
    (void)packed;
    (void)n;
    (void)w;
}

bool snn__product_wants_digits(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    (void)ctx;
    (void)m;
    (void)n;
    (void)w;
    return false;
}

size_t snn__digits_size(const snn_context *ctx, size_t n, const struct snn__window *w)
{
    (void)ctx;
    (void)n;
    (void)w;
    return 0;
}

void snn__digits(const snn_context *ctx, void *digits, const float *packed, size_t n, const struct snn__window *w,
                 void *scratch)
{
    (void)ctx;
    (void)digits;
    (void)packed;
    (void)n;
    (void)w;
    (void)scratch;
}

bool snn__product_by_digits(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    (void)ctx;
    (void)p;
    (void)scratch;
    return false;
}

size_t snn__digits_cut_scratch(const snn_context *ctx, const struct snn__window *w)
{
    (void)ctx;
    (void)w;
    return 0;
}

static size_t patches_room(size_t m, size_t k)
{
    return SNN__PRODUCT(snn__min(m, BLOCK), k, sizeof(float));
}

void snn__product_ask(const snn_context *ctx)
{
    (void)ctx;
}

/* The patches. */
size_t snn__product_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w, bool spikes)
{
    (void)ctx;
    (void)n;
    (void)spikes;
    return patches_room(m, snn__window_depth(w));
}

size_t snn__outer_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    (void)ctx;
    (void)n;
    return patches_room(m, snn__window_depth(w));
}

struct gather {
    const struct snn__window *w;
    const float *x;
    float *patches;
    size_t from, rows, depth;
};

#define GATHER_TASKS 8u

static void gather_task(void *arg, size_t task)
{
    const struct gather *a = arg;

    for (size_t i = snn__part(a->rows, GATHER_TASKS, task); i < snn__part(a->rows, GATHER_TASKS, task + 1); i++) {
        const struct snn__position at = snn__window_locate(a->w, a->x, a->from + i);

        snn__window_row(a->w, &at, 0, a->depth, a->patches + i * a->depth);
    }
}

/* Rows from .. from + rows - 1 as a matrix with *pitch floats a row. */
static const float *patches_of(const snn_context *ctx, const struct snn__window *w, const float *x, size_t from,
                               size_t rows, float *scratch, size_t *pitch)
{
    struct gather a = { w, x, scratch, from, rows, snn__window_depth(w) };

    if (snn__is_matrix(w)) {
        *pitch = w->pitch;
        return x + from * w->pitch;
    }
    *pitch = a.depth;
    snn__each(ctx, gather_task, &a, GATHER_TASKS);
    return scratch;
}

/* The initial value that sgemm adds to: y (+ bias), or the bias alone. */
static void begin_rows(const snn_context *ctx, const struct snn__product *p, size_t from, size_t rows)
{
    for (size_t i = from; p->bias && i < from + rows; i++) {
        float *y = p->y + i * p->y_pitch;

        if (p->accumulate)
            ctx->kernels->axpy(y, 1, p->bias, p->n);
        else
            memcpy(y, p->bias, p->n * sizeof *y);
    }
}

bool snn__product_takes(const snn_context *ctx, const struct snn__product *p, enum snn__way way)
{
    (void)ctx;
    (void)p;
    return way == SNN__WAY_DENSE;
}

bool snn__product_reads_map(const struct snn__window *w)
{
    (void)w;
    return false;
}

enum snn__way snn__product_way(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    (void)ctx;
    (void)p;
    (void)scratch;
    return SNN__WAY_DENSE;
}

void snn__product(const snn_context *ctx, const struct snn__product *p, void *scratch)
{
    const size_t depth = snn__window_depth(&p->window);

    if (p->n == 0 || depth == 0)
        return;
    for (size_t from = 0; from < p->m; from += BLOCK) {
        const size_t rows = snn__min(BLOCK, p->m - from);
        size_t pitch;
        const float *x = patches_of(ctx, &p->window, p->x, from, rows, scratch, &pitch);

        begin_rows(ctx, p, from, rows);
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)rows, (int)p->n, (int)depth, p->alpha, x,
                    (int)pitch, p->packed, (int)p->n, p->accumulate || p->bias ? 1 : 0, p->y + from * p->y_pitch,
                    (int)p->y_pitch);
    }
}

bool snn__outer_takes(const snn_context *ctx, const struct snn__outer *p, enum snn__way way)
{
    (void)ctx;
    (void)p;
    return way == SNN__WAY_DENSE;
}

enum snn__way snn__outer_way(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    (void)ctx;
    (void)p;
    (void)scratch;
    return SNN__WAY_DENSE;
}

void snn__outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    const size_t depth = snn__window_depth(&p->window);

    if (p->n == 0 || depth == 0)
        return;
    for (size_t from = 0; from < p->m; from += BLOCK) {
        const size_t rows = snn__min(BLOCK, p->m - from);
        size_t pitch;
        const float *x = patches_of(ctx, &p->window, p->x, from, rows, scratch, &pitch);

        cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)p->n, (int)depth, (int)rows, p->alpha,
                    p->d + from * p->d_pitch, (int)p->d_pitch, x, (int)pitch, p->accumulate || from > 0 ? 1 : 0, p->g,
                    (int)p->g_pitch);
    }
}
