/* projection/hlop.c - Hebbian learning based orthogonal projection (arXiv 2402.11984), docs/methods/hlop.md.
 *
 *   activity    y = H x,  spiking: y = round(clamp(y, -S, S) / S T_l) / T_l S
 *   learning    dH = clamp(1/R sum_r y_r (x_r - H' y_r)'),  D = m D + (1 - m) dH,  H += lr D    (rows not frozen)
 *   projection  orth(x) = x - H_old' y_old
 *
 * Few rows are projected themselves; else delta' orth(X) = delta'X - (delta'Y) H_old: the gradient loses its share of
 * the subspace, which without spikes is a function of the gradient itself, delta'Y = (delta'X) H_old'.
 *
 * sum_r y_r (x_r - H' y_r)' = Y'X - (Y'Y) H takes two products with the rows instead of three, and reads the patches
 * of a convolution through its window; the residual is formed for matrices of fewer rows than lateral neurons
 * alone. */
#include "projection/hlop.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"

struct snn__rows snn__rows_of_matrix(const float *x, size_t m, size_t n, size_t pitch)
{
    return (struct snn__rows){ x, snn__window_of_rows(n, pitch), m, 1.0f };
}

/* ---- memory ---- */

static void fit(size_t *room, size_t wanted)
{
    *room = snn__max(*room, wanted);
}

void snn__workspace_fit(struct snn__workspace *w, const struct snn__lateral *lateral,
                        const struct snn__window *window, size_t m, size_t outputs, bool by_rows)
{
    const struct snn__window matrix = snn__window_of_rows(lateral->rows, lateral->rows);
    const struct snn__window wide = snn__window_of_rows(lateral->n, lateral->n);
    const struct snn__window frozen = snn__window_of_rows(lateral->frozen, lateral->frozen);
    const size_t fresh = lateral->rows - lateral->frozen, most = snn__max(m, outputs);

    fit(&w->room_y, SNN__PRODUCT(m, lateral->rows));
    fit(&w->room_gram, SNN__PRODUCT(lateral->rows, lateral->rows));
    fit(&w->room_rows, SNN__PRODUCT(lateral->rows, lateral->n));
    fit(&w->room_packed, snn__packed_size(w->ctx, lateral->n, lateral->rows));
    fit(&w->room_packed_back, snn__packed_size(w->ctx, lateral->rows, lateral->n));
    fit(&w->room_packed_new, snn__packed_size(w->ctx, fresh, lateral->n));
    if (snn__is_matrix(window)) {
        fit(&w->room_rest, SNN__PRODUCT(snn__min(m, lateral->rows), lateral->n));
        fit(&w->room_scratch, snn__outer_scratch(w->ctx, snn__min(m, lateral->rows), fresh, &wide));
    }
    if (by_rows)
        fit(&w->room_orth, SNN__PRODUCT(m, lateral->n));
    fit(&w->room_share, SNN__PRODUCT(outputs, lateral->rows));
    fit(&w->room_scratch, snn__product_scratch(w->ctx, m, lateral->rows, window, false));
    fit(&w->room_scratch, snn__product_scratch(w->ctx, most, lateral->rows, &wide, false));
    fit(&w->room_scratch, snn__product_scratch(w->ctx, snn__max(most, lateral->rows), lateral->n, &matrix, false));
    /* fewer columns may be summed in more parts, which need more memory: each product by its own sizes */
    fit(&w->room_scratch, snn__outer_scratch(w->ctx, m, fresh, window));
    fit(&w->room_scratch, snn__outer_scratch(w->ctx, m, fresh, &matrix));
    fit(&w->room_scratch, snn__outer_scratch(w->ctx, m, outputs, &frozen));
}

snn_status snn__workspace_plan(struct snn__workspace *w, struct snn__arena *arena)
{
    struct {
        void *pointer;
        size_t count;
    } want[] = { { &w->y, w->room_y },
                 { &w->gram, w->room_gram },
                 { &w->shared, w->room_rows },
                 { &w->outer, w->room_rows },
                 { &w->packed, w->room_packed },
                 { &w->packed_back, w->room_packed_back },
                 { &w->packed_new, w->room_packed_new },
                 { &w->other, w->room_rest },
                 { &w->rest, w->room_rest },
                 { &w->orth, w->room_orth },
                 { &w->share, w->room_share } };

    for (size_t i = 0; i < sizeof want / sizeof *want; i++)
        SNN__TRY(snn__arena_keep(arena, want[i].pointer, want[i].count, sizeof(float)));
    return snn__arena_keep(arena, &w->scratch, w->room_scratch, 1);
}

/* ---- products with H ---- */

/* H' as weights of rows that are seen through a window, or that are plain: `count` lateral neurons from number
 * `first`. */
static void pack_forward(const struct snn__lateral *l, size_t first, size_t count, bool plain,
                         struct snn__workspace *w)
{
    size_t taps = plain ? 1 : l->taps, inputs = plain ? l->n : l->inputs;

    snn__pack(w->ctx, w->packed, l->h + first * l->n, taps, inputs, count, 1, taps, l->n);
}

/* H as weights of activities. */
static void pack_back(const struct snn__lateral *l, size_t first, size_t count, float *packed,
                      struct snn__workspace *w)
{
    snn__pack(w->ctx, packed, l->h + first * l->n, 1, count, l->n, 1, l->n, 1);
}

/* y = alpha a H' for plain rows or through a window, y [m, count of pitch] */
static void times_turned(const struct snn__rows *rows, size_t count, float *y, size_t pitch, struct snn__workspace *w)
{
    struct snn__product p = { .m = rows->m,
                              .n = count,
                              .x = rows->x,
                              .window = rows->window,
                              .packed = w->packed,
                              .alpha = rows->scale,
                              .y = y,
                              .y_pitch = pitch };

    snn__product(w->ctx, &p, w->scratch);
}

/* out (+)= alpha a H, a [m, count of pitch] */
static void times_h(const struct snn__lateral *l, const float *packed, const float *a, size_t m, size_t count,
                    size_t pitch, float alpha, float *out, bool accumulate, struct snn__workspace *w)
{
    struct snn__rows rows = snn__rows_of_matrix(a, m, count, pitch);
    struct snn__product p = { .m = m,
                              .n = l->n,
                              .x = a,
                              .window = rows.window,
                              .packed = packed,
                              .alpha = alpha,
                              .y = out,
                              .y_pitch = l->n,
                              .accumulate = accumulate };

    snn__product(w->ctx, &p, w->scratch);
}

/* g (+)= d' x, d [m, n of d_pitch] */
static void outer(const struct snn__rows *rows, const float *d, size_t n, size_t d_pitch, float scale, float *g,
                  size_t g_pitch, bool accumulate, struct snn__workspace *w)
{
    struct snn__outer o = { .m = rows->m,
                            .n = n,
                            .d = d,
                            .d_pitch = d_pitch,
                            .x = rows->x,
                            .window = rows->window,
                            .alpha = scale * rows->scale,
                            .g = g,
                            .g_pitch = g_pitch,
                            .accumulate = accumulate };

    snn__outer(w->ctx, &o, w->scratch);
}

/* ---- activity ---- */

static void respond(const struct snn__hebb *hebb, const struct snn__rows *rows, size_t count, float *y, size_t pitch,
                    struct snn__workspace *w)
{
    struct snn__signed_spikes k = { y, hebb->scale, (float)hebb->steps, count, pitch };

    times_turned(rows, count, y, pitch, w);
    if (hebb->steps > 0)
        snn__ranges(w->ctx, rows->m, snn__layers(w->ctx)->signed_spikes, &k);
}

static bool is_plain(const struct snn__rows *rows)
{
    return rows->window.kh * rows->window.kw == 1;
}

void snn__lateral_respond(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                          const struct snn__rows *rows, size_t count, float *y, struct snn__workspace *w)
{
    pack_forward(lateral, 0, count, is_plain(rows), w);
    respond(hebb, rows, count, y, count, w);
}

/* ---- learning ---- */

/* X - Y_old H_old */
static void begin_residual(const struct snn__lateral *l, const struct snn__rows *sets, size_t n_sets, size_t m,
                           struct snn__workspace *w)
{
    float *to = w->other;

    for (size_t i = 0; i < n_sets; i++)
        for (size_t r = 0; r < sets[i].m; r++, to += l->n)
            snn__copy(w->ctx, to, sets[i].scale, sets[i].x + r * sets[i].window.pitch, l->n);
    if (l->frozen > 0)
        times_h(l, w->packed_back, w->y, m, l->frozen, l->rows, -1.0f, w->other, true, w);
}

/* Y' (X - Y H); other: X - Y_old H_old */
static void outer_of_residual(const struct snn__lateral *l, const float *other, size_t m, struct snn__workspace *w)
{
    size_t fresh = l->rows - l->frozen;
    struct snn__rows rest = snn__rows_of_matrix(w->rest, m, l->n, l->n);

    snn__copy(w->ctx, w->rest, 1.0f, other, m * l->n);
    times_h(l, w->packed_new, w->y + l->frozen, m, fresh, l->rows, -1.0f, w->rest, true, w);
    outer(&rest, w->y + l->frozen, fresh, l->rows, 1.0f, w->outer, l->n, false, w);
}

/* Y'X and (Y'Y) H */
static void outer_and_shared(const struct snn__lateral *l, const struct snn__rows *sets, size_t n_sets,
                             struct snn__workspace *w)
{
    size_t fresh = l->rows - l->frozen, m = 0;
    struct snn__rows activity;

    for (size_t i = 0; i < n_sets; m += sets[i++].m)
        outer(&sets[i], w->y + m * l->rows + l->frozen, fresh, l->rows, 1.0f, w->outer, l->n, i > 0, w);
    activity = snn__rows_of_matrix(w->y, m, l->rows, l->rows);
    outer(&activity, w->y + l->frozen, fresh, l->rows, 1.0f, w->gram, l->rows, false, w);
    times_h(l, w->packed_new, w->gram + l->frozen, fresh, fresh, l->rows, 1.0f, w->shared, false, w);
    if (l->frozen > 0)
        times_h(l, w->packed_back, w->gram, fresh, l->frozen, l->rows, 1.0f, w->shared, true, w);
}

/* Activity of `count` lateral neurons from number `first`, into their columns of y [all rows of activity, M]. */
static void respond_all(const struct snn__lateral *l, const struct snn__hebb *hebb, const struct snn__rows *sets,
                        size_t n_sets, size_t first, size_t count, struct snn__workspace *w)
{
    float *y = w->y + first;

    pack_forward(l, first, count, is_plain(sets), w);
    for (size_t i = 0; i < n_sets; y += sets[i++].m * l->rows)
        respond(hebb, &sets[i], count, y, l->rows, w);
}

static void learn_once(struct snn__lateral *l, const struct snn__hebb *hebb, const struct snn__rows *sets,
                       size_t n_sets, size_t m, const float *other, struct snn__workspace *w)
{
    size_t fresh = l->rows - l->frozen;
    const size_t done = l->frozen * l->n;
    struct snn__hebbian k = { .rows = fresh,
                              .n = l->n,
                              .taps = is_plain(sets) ? 1 : l->taps,
                              .outer = w->outer,
                              .shared = other != NULL ? NULL : w->shared,
                              .h = l->h + done,
                              .d = l->d + done,
                              .rate = hebb->rate,
                              .momentum = hebb->momentum,
                              .clamp = hebb->clamp,
                              .share = (float)(1.0 / (double)m) };

    respond_all(l, hebb, sets, n_sets, l->frozen, fresh, w);
    pack_back(l, l->frozen, fresh, w->packed_new, w);
    if (other != NULL)
        outer_of_residual(l, other, m, w);
    else
        outer_and_shared(l, sets, n_sets, w);
    snn__each(w->ctx, snn__layers(w->ctx)->hebbian, &k, snn__ceil_div(fresh, SNN__LATERAL_ROWS));
}

void snn__lateral_learn(struct snn__lateral *lateral, const struct snn__hebb *hebb, const struct snn__rows *sets,
                        size_t n_sets, const float *orth, struct snn__workspace *w)
{
    bool residual = true; /* takes fewer multiplications for few plain rows */
    const float *other = NULL;
    size_t m = 0;

    if (lateral->rows == lateral->frozen || hebb->iterations == 0)
        return;
    for (size_t i = 0; i < n_sets; m += sets[i++].m)
        residual &= snn__is_matrix(&sets[i].window);
    residual &= m < lateral->rows;
    if (residual)
        other = orth != NULL ? orth : w->other;
    if (lateral->frozen > 0 && (other == NULL || other == w->other)) {
        respond_all(lateral, hebb, sets, n_sets, 0, lateral->frozen, w);
        pack_back(lateral, 0, lateral->frozen, w->packed_back, w);
    }
    if (other != NULL && other == w->other)
        begin_residual(lateral, sets, n_sets, m, w);
    for (size_t i = 0; i < hebb->iterations; i++)
        learn_once(lateral, hebb, sets, n_sets, m, other, w);
}

/* ---- projection ---- */

void snn__lateral_project(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                          const struct snn__rows *rows, float *out, struct snn__workspace *w)
{
    if (lateral->frozen > 0)
        snn__lateral_respond(lateral, hebb, rows, lateral->frozen, w->y, w);
    for (size_t r = 0; r < rows->m && out != rows->x; r++)
        snn__copy(w->ctx, out + r * lateral->n, rows->scale, rows->x + r * rows->window.pitch, lateral->n);
    if (lateral->frozen == 0)
        return;
    pack_back(lateral, 0, lateral->frozen, w->packed_back, w);
    times_h(lateral, w->packed_back, w->y, rows->m, lateral->frozen, lateral->frozen, -1.0f, out, true, w);
}

void snn__lateral_share(const struct snn__lateral *lateral, const struct snn__hebb *hebb,
                        const struct snn__rows *rows, const float *delta, float scale, size_t outputs, float *share,
                        bool accumulate, struct snn__workspace *w)
{
    struct snn__rows activity = snn__rows_of_matrix(w->y, rows->m, lateral->frozen, lateral->frozen);

    snn__lateral_respond(lateral, hebb, rows, lateral->frozen, w->y, w);
    outer(&activity, delta, outputs, outputs, scale, share, lateral->frozen, accumulate, w);
}

void snn__lateral_take(const struct snn__lateral *lateral, const float *share, float *gradient, size_t outputs,
                       struct snn__workspace *w)
{
    struct snn__rows rows = snn__rows_of_matrix(gradient, outputs, lateral->n, lateral->n);

    if (lateral->frozen == 0)
        return;
    if (share == NULL) {
        pack_forward(lateral, 0, lateral->frozen, true, w);
        times_turned(&rows, lateral->frozen, w->share, lateral->frozen, w);
        share = w->share;
    }
    pack_back(lateral, 0, lateral->frozen, w->packed_back, w);
    times_h(lateral, w->packed_back, share, outputs, lateral->frozen, lateral->frozen, -1.0f, gradient, true, w);
}

/* ---- new rows ---- */

void snn__lateral_draw(const snn_context *ctx, struct snn__lateral *lateral, size_t from, uint64_t stream)
{
    const struct snn__layer_kernels *k = snn__layers(ctx);
    const size_t rows = lateral->rows - from, n = lateral->n;
    float *h = lateral->h + from * n;

    k->random_normal(ctx->options.seed, SNN__RNG_LATERAL, stream, h, rows * n, 1.0f);
    k->orthonormal_rows(h, rows, n);
}
