/* kernel/tiles.h - all that kernel/amx.inc needs of a machine with a matrix unit (AMX-INT8): eight tiles of 16 rows
 * of 64 bytes, and spikes that become bytes. Tests take emulations in its place. The number of a tile is a constant,
 * written out. */
#ifndef SNN_KERNEL_TILES_H
#define SNN_KERNEL_TILES_H

/* clang wrote these names without their second underscore up to version 14. */
#if defined(__x86_64__) && (defined(__AMX_INT8__) || defined(__AMXINT8__)) && defined(__AVX512BW__)
#include "core/compiler.h"
#include <immintrin.h>
#include <stdint.h>

#define SNN__TILES

/* All tiles are whole. Until tiles_end(), the thread's tiles are ours. */
SNN__INLINE void tiles_begin(void)
{
    static const struct {
        uint8_t palette, start_row, reserved[14];
        uint16_t bytes[16]; /* of a row of each tile */
        uint8_t rows[16];
    } all = { 1, 0, { 0 }, { 64, 64, 64, 64, 64, 64, 64, 64 }, { 16, 16, 16, 16, 16, 16, 16, 16 } };

    _tile_loadconfig(&all);
}

SNN__INLINE void tiles_end(void)
{
    _tile_release();
}

#define TILE_ZERO(tile) _tile_zero(tile)
/* The compiler need not know that this reads memory: what was written before has to be there. */
#define TILE_LOAD(tile, from, pitch)         \
    do {                                     \
        __asm__ volatile("" : : : "memory"); \
        _tile_loadd(tile, from, pitch);      \
    } while (0)
#define TILE_STORE(tile, to, pitch) _tile_stored(tile, to, pitch)
/* sum[16][16] += x[16][64] times w[16][16][4]: bytes of row i of x with those of column j of w, sums of 32 bits.
 * Those of x are unsigned, those of w unsigned or signed, or both are signed. */
#define TILE_UNSIGNED(sum, x, w) _tile_dpbuud(sum, x, w)
#define TILE_SIGNED(sum, x, w) _tile_dpbusd(sum, x, w)
#define TILE_BOTH_SIGNED(sum, x, w) _tile_dpbssd(sum, x, w)

/* 64 bits become bytes that are 0 or 1. */
SNN__INLINE void spread_word(uint8_t *to, uint64_t word)
{
    _mm512_storeu_si512(to, _mm512_maskz_mov_epi8((__mmask64)word, _mm512_set1_epi8(1)));
}

/* 64 numbers of three bits, a word of each, become bytes. */
SNN__INLINE void spread_planes(uint8_t *to, const uint64_t *word)
{
    __m512i n = _mm512_maskz_mov_epi8((__mmask64)word[0], _mm512_set1_epi8(1));

    n = _mm512_mask_add_epi8(n, (__mmask64)word[1], n, _mm512_set1_epi8(2));
    n = _mm512_mask_add_epi8(n, (__mmask64)word[2], n, _mm512_set1_epi8(4));
    _mm512_storeu_si512(to, n);
}

/* Bit p of 16 whole numbers. */
SNN__INLINE uint64_t plane_of(const void *n, unsigned p)
{
    return _mm512_test_epi32_mask(_mm512_loadu_si512(n), _mm512_set1_epi32(1 << p));
}

/* to[j][i] = from[i][j] of 16 x 16 numbers of 32 bits; `pitch` bytes from row to row of `to`. */
SNN__INLINE void turn_block(void *to, size_t pitch, const void *from)
{
    __m512i a[16], b[16];

    for (size_t i = 0; i < 16; i++)
        a[i] = _mm512_loadu_si512((const char *)from + 64 * i);
    for (size_t i = 0; i < 16; i += 2) {
        b[i] = _mm512_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm512_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (size_t i = 0; i < 16; i += 4)
        for (size_t j = 0; j < 2; j++) {
            a[i + 2 * j] = _mm512_unpacklo_epi64(b[i + j], b[i + j + 2]);
            a[i + 2 * j + 1] = _mm512_unpackhi_epi64(b[i + j], b[i + j + 2]);
        }
    for (size_t i = 0; i < 16; i += 8) /* now a[4 i + j] has columns j, 4 + j, 8 + j, 12 + j of four rows */
        for (size_t j = 0; j < 4; j++) {
            b[i + j] = _mm512_shuffle_i32x4(a[i + j], a[i + j + 4], 0x88);
            b[i + j + 4] = _mm512_shuffle_i32x4(a[i + j], a[i + j + 4], 0xdd);
        }
    for (size_t j = 0; j < 4; j++)
        for (size_t half = 0; half < 2; half++) {
            char *row = (char *)to + (j + 4 * half) * pitch;

            _mm512_storeu_si512(row, _mm512_shuffle_i32x4(b[j + 4 * half], b[j + 4 * half + 8], 0x88));
            _mm512_storeu_si512(row + 8 * pitch, _mm512_shuffle_i32x4(b[j + 4 * half], b[j + 4 * half + 8], 0xdd));
        }
}
#endif

#endif
