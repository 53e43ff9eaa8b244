/* kernel/winograd.h - the transforms of Winograd's F(4x4, 3x3) and F(2x2, 5x5), which share their points: polynomials at 0, 1, -1, 2, -2
 * and infinity. Included by the files of the kernel table; every function works on `n` channels that lie side by side, and arrays of
 * 36 points have `pitch` floats from point to point. `taps` is 3 or 5, a tile has `side` = 4 or 2 outputs in a row.
 *
 *   map      V = B' d B     d 6x6, of which the outputs are made
 *   weights  U = G g G'     g the taps
 *   output   y = A' M A     M the sum over channels of U V, point by point
 *
 * and for the gradient of g, of which U is a linear function: E = A e A' of the errors of a tile, g = G' (sum of E V) G. */
#ifndef SNN_KERNEL_WINOGRAD_H
#define SNN_KERNEL_WINOGRAD_H

#include "core/compiler.h"
#include "core/size.h"
#include <stdbool.h>
#include <stddef.h>

#define LANES 64u /* channels at once: 36 points of them stay in the first-level cache */

/* No iteration reads what another one writes. */
#if defined(__clang__)
#define APART _Pragma("clang loop vectorize(assume_safety)")
#else
#define APART _Pragma("GCC ivdep")
#endif

/* to[k] = (B' d)[k], to and d arrays of 6 */
SNN__INLINE void map_line(float *const *to, const float *const *d, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4], *const t5 = to[5];
    const float *const d0 = d[0], *const d1 = d[1], *const d2 = d[2], *const d3 = d[3], *const d4 = d[4], *const d5 = d[5];

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = d4[i] - 4 * d2[i], b = d3[i] - 4 * d1[i], c = d4[i] - d2[i], e = 2 * (d3[i] - d1[i]);

        t0[i] = 4 * d0[i] - 5 * d2[i] + d4[i];
        t1[i] = a + b;
        t2[i] = a - b;
        t3[i] = c + e;
        t4[i] = c - e;
        t5[i] = 4 * d1[i] - 5 * d3[i] + d5[i];
    }
}

/* to[k] = (A e)[k], to an array of 6, e of 4 or of 2 */
SNN__INLINE void error_line4(float *const *to, const float *const *e, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4], *const t5 = to[5];
    const float *const e0 = e[0], *const e1 = e[1], *const e2 = e[2], *const e3 = e[3];

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = e0[i] + e2[i], b = e1[i] + e3[i], c = e0[i] + 4 * e2[i], d = 2 * e1[i] + 8 * e3[i];

        t0[i] = e0[i];
        t1[i] = a + b;
        t2[i] = a - b;
        t3[i] = c + d;
        t4[i] = c - d;
        t5[i] = e3[i];
    }
}

SNN__INLINE void error_line2(float *const *to, const float *const *e, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4], *const t5 = to[5];
    const float *const e0 = e[0], *const e1 = e[1];

    APART
    for (size_t i = 0; i < n; i++) {
        t0[i] = e0[i];
        t1[i] = e0[i] + e1[i];
        t2[i] = e0[i] - e1[i];
        t3[i] = e0[i] + 2 * e1[i];
        t4[i] = e0[i] - 2 * e1[i];
        t5[i] = e1[i];
    }
}

/* to[k] = (A' m)[k], to an array of 4 or of 2, m of 6 */
SNN__INLINE void output_line4(float *const *to, const float *const *m, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3];
    const float *const m0 = m[0], *const m1 = m[1], *const m2 = m[2], *const m3 = m[3], *const m4 = m[4], *const m5 = m[5];

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = m1[i] + m2[i], b = m1[i] - m2[i], c = m3[i] + m4[i], d = m3[i] - m4[i];

        t0[i] = m0[i] + a + c;
        t1[i] = b + 2 * d;
        t2[i] = a + 4 * c;
        t3[i] = b + 8 * d + m5[i];
    }
}

SNN__INLINE void output_line2(float *const *to, const float *const *m, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1];
    const float *const m0 = m[0], *const m1 = m[1], *const m2 = m[2], *const m3 = m[3], *const m4 = m[4], *const m5 = m[5];

    APART
    for (size_t i = 0; i < n; i++) {
        t0[i] = m0[i] + (m1[i] + m2[i]) + (m3[i] + m4[i]);
        t1[i] = (m1[i] - m2[i]) + 2 * (m3[i] - m4[i]) + m5[i];
    }
}

/* to[k] = (G g)[k], to an array of 6, g of 3 or of 5 */
SNN__INLINE void weight_line3(float *const *to, const float *const *g, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4], *const t5 = to[5];
    const float *const g0 = g[0], *const g1 = g[1], *const g2 = g[2];
    const float sixth = 1.0f / 6, part = 1.0f / 24;

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = -sixth * (g0[i] + g2[i]), b = sixth * g1[i], c = part * (g0[i] + 4 * g2[i]), d = 2 * part * g1[i];

        t0[i] = 0.25f * g0[i];
        t1[i] = a - b;
        t2[i] = a + b;
        t3[i] = c + d;
        t4[i] = c - d;
        t5[i] = g2[i];
    }
}

SNN__INLINE void weight_line5(float *const *to, const float *const *g, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4], *const t5 = to[5];
    const float *const g0 = g[0], *const g1 = g[1], *const g2 = g[2], *const g3 = g[3], *const g4 = g[4];
    const float sixth = 1.0f / 6, part = 1.0f / 24;

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = -sixth * (g0[i] + g2[i] + g4[i]), b = sixth * (g1[i] + g3[i]);
        const float c = part * (g0[i] + 4 * g2[i] + 16 * g4[i]), d = 2 * part * (g1[i] + 4 * g3[i]);

        t0[i] = 0.25f * g0[i];
        t1[i] = a - b;
        t2[i] = a + b;
        t3[i] = c + d;
        t4[i] = c - d;
        t5[i] = g4[i];
    }
}

/* to[k] = (G' u)[k], to an array of 3 or of 5, u of 6 */
SNN__INLINE void gradient_line3(float *const *to, const float *const *u, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2];
    const float *const u0 = u[0], *const u1 = u[1], *const u2 = u[2], *const u3 = u[3], *const u4 = u[4], *const u5 = u[5];
    const float sixth = 1.0f / 6, part = 1.0f / 24;

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = sixth * (u1[i] + u2[i]), b = sixth * (u2[i] - u1[i]), c = part * (u3[i] + u4[i]), d = u3[i] - u4[i];

        t0[i] = 0.25f * u0[i] - a + c;
        t1[i] = b + 2 * part * d;
        t2[i] = 4 * c - a + u5[i];
    }
}

SNN__INLINE void gradient_line5(float *const *to, const float *const *u, size_t n)
{
    float *const t0 = to[0], *const t1 = to[1], *const t2 = to[2], *const t3 = to[3], *const t4 = to[4];
    const float *const u0 = u[0], *const u1 = u[1], *const u2 = u[2], *const u3 = u[3], *const u4 = u[4], *const u5 = u[5];
    const float sixth = 1.0f / 6, part = 1.0f / 24;

    APART
    for (size_t i = 0; i < n; i++) {
        const float a = sixth * (u1[i] + u2[i]), b = sixth * (u2[i] - u1[i]);
        const float c = part * (u3[i] + u4[i]), d = 2 * part * (u3[i] - u4[i]);

        t0[i] = 0.25f * u0[i] - a + c;
        t1[i] = b + d;
        t2[i] = 4 * c - a;
        t3[i] = b + 4 * d;
        t4[i] = 16 * c - a + u5[i];
    }
}

/* Both directions of a transform from rows x rows to `size` x `size` numbers: first along the columns of `in`, into a local array,
 * then along its rows. */
#define BOTH_WAYS(line, rows, size, in, to)                                  \
    do {                                                                     \
        float half[(size) * (rows)][LANES];                                  \
                                                                             \
        for (size_t j_ = 0; j_ < (rows); j_++) {                             \
            const float *from_[6];                                           \
            float *into_[6];                                                 \
                                                                             \
            for (size_t i_ = 0; i_ < (rows); i_++)                           \
                from_[i_] = (in)[i_ * (rows) + j_];                          \
            for (size_t i_ = 0; i_ < (size); i_++)                           \
                into_[i_] = half[i_ * (rows) + j_];                          \
            line(into_, from_, some);                                        \
        }                                                                    \
        for (size_t i_ = 0; i_ < (size); i_++) {                             \
            const float *from_[6];                                           \
                                                                             \
            for (size_t j_ = 0; j_ < (rows); j_++)                           \
                from_[j_] = half[i_ * (rows) + j_];                          \
            line((to) + i_ * (size), from_, some);                           \
        }                                                                    \
    } while (0)

/* out[36] = B' d B of in[6 * 6] */
static void points_of_map(float *out, size_t pitch, const float *const *in, size_t n)
{
    for (size_t done = 0; done < n; done += LANES) {
        const size_t some = snn__min(n - done, LANES);
        const float *from[36];
        float *to[36];

        for (size_t i = 0; i < 36; i++) {
            from[i] = in[i] + done;
            to[i] = out + i * pitch + done;
        }
        BOTH_WAYS(map_line, 6, 6, from, to);
    }
}

/* out[36] = A e A' of in[side * side] */
static void points_of_error(float *out, size_t pitch, const float *const *in, size_t side, size_t n)
{
    for (size_t done = 0; done < n; done += LANES) {
        const size_t some = snn__min(n - done, LANES);
        const float *from[16];
        float *to[36];

        for (size_t i = 0; i < side * side; i++)
            from[i] = in[i] + done;
        for (size_t i = 0; i < 36; i++)
            to[i] = out + i * pitch + done;
        if (side == 4)
            BOTH_WAYS(error_line4, 4, 6, from, to);
        else
            BOTH_WAYS(error_line2, 2, 6, from, to);
    }
}

/* out[36] = G g G' of the taps w[taps * taps], or of those taps turned by half a circle */
static void points_of_weights(float *out, size_t pitch, const float *w, size_t w_pitch, size_t taps, bool turned, size_t n)
{
    for (size_t done = 0; done < n; done += LANES) {
        const size_t some = snn__min(n - done, LANES), all = taps * taps;
        const float *from[25];
        float *to[36];

        for (size_t i = 0; i < all; i++)
            from[i] = w + (turned ? all - 1 - i : i) * w_pitch + done;
        for (size_t i = 0; i < 36; i++)
            to[i] = out + i * pitch + done;
        if (taps == 3)
            BOTH_WAYS(weight_line3, 3, 6, from, to);
        else
            BOTH_WAYS(weight_line5, 5, 6, from, to);
    }
}

/* to = alpha y + bias (+ to) */
SNN__INLINE void put(float *to, const float *y, float alpha, const float *bias, bool accumulate, size_t n)
{
    APART
    for (size_t i = 0; i < n; i++)
        to[i] = alpha * y[i] + (bias ? bias[i] : 0) + (accumulate ? to[i] : 0);
}

/* y[side * side] = alpha A' M A + bias (+ y) of the points m; y NULL: outside of the map */
static void map_of_points(float *const *y, size_t side, float alpha, const float *bias, bool accumulate, const float *m,
                          size_t pitch, size_t n)
{
    for (size_t done = 0; done < n; done += LANES) {
        const size_t some = snn__min(n - done, LANES);
        float whole[16][LANES], *to[16];
        const float *from[36];

        for (size_t i = 0; i < 36; i++)
            from[i] = m + i * pitch + done;
        for (size_t i = 0; i < side * side; i++)
            to[i] = whole[i];
        if (side == 4)
            BOTH_WAYS(output_line4, 6, 4, from, to);
        else
            BOTH_WAYS(output_line2, 6, 2, from, to);
        for (size_t i = 0; i < side * side; i++) {
            if (y[i] == NULL)
                continue;
            if (bias != NULL && accumulate)
                put(y[i] + done, whole[i], alpha, bias + done, true, some);
            else if (bias != NULL)
                put(y[i] + done, whole[i], alpha, bias + done, false, some);
            else if (accumulate)
                put(y[i] + done, whole[i], alpha, NULL, true, some);
            else
                put(y[i] + done, whole[i], alpha, NULL, false, some);
        }
    }
}

/* taps g[taps * taps] = alpha G' u G (+ g) of the points u */
static void weights_of_points(float *g, size_t g_pitch, size_t taps, float alpha, bool accumulate, const float *u, size_t pitch,
                              size_t n)
{
    for (size_t done = 0; done < n; done += LANES) {
        const size_t some = snn__min(n - done, LANES);
        float whole[25][LANES], *to[25];
        const float *from[36];

        for (size_t i = 0; i < 36; i++)
            from[i] = u + i * pitch + done;
        for (size_t i = 0; i < taps * taps; i++)
            to[i] = whole[i];
        if (taps == 3)
            BOTH_WAYS(gradient_line3, 6, 3, from, to);
        else
            BOTH_WAYS(gradient_line5, 6, 5, from, to);
        for (size_t i = 0; i < taps * taps; i++)
            if (accumulate)
                put(g + i * g_pitch + done, whole[i], alpha, NULL, true, some);
            else
                put(g + i * g_pitch + done, whole[i], alpha, NULL, false, some);
    }
}

#undef BOTH_WAYS
#undef APART
#undef LANES
#endif
