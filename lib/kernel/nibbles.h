/* kernel/nibbles.h - bits that are set in spikes and weights, four at a time, for tables of x86-64: a register looks
 * up 32 bytes at once in 16. Four spikes are a byte that looks up in a table, four weights of each of two outputs
 * choose the table:
 *
 *   table[w][x] = |x and w % 16| + 16 |x and w / 16|
 *
 * Three of these are added before the two outputs must part (12 < 16), three words before bytes are too short, 1020
 * before 16 bits are. */
#ifndef SNN_KERNEL_NIBBLES_H
#define SNN_KERNEL_NIBBLES_H

#include "core/compiler.h"
#include "kernel/bits.h"
#include <immintrin.h>
#include <string.h>

#define NIBBLES 16 /* of a word */
#define SHORT 3    /* words that bytes count, */
#define LONG 1020  /* that 16 bits count */
#define FEW 8      /* rows that are faster counted one word after the other */

#define ONES(x) (((x) & 1) + ((x) >> 1 & 1) + ((x) >> 2 & 1) + ((x) >> 3 & 1))
#define BOTH(w, x) (ONES((w) & (x)) + 16 * ONES((w) >> 4 & (x)))
#define FOUR(w, x) BOTH(w, x), BOTH(w, x + 1), BOTH(w, x + 2), BOTH(w, x + 3)
#define LINE_OF(w) FOUR(w, 0), FOUR(w, 4), FOUR(w, 8), FOUR(w, 12)
#define LINES4(w) LINE_OF(w), LINE_OF(w + 1), LINE_OF(w + 2), LINE_OF(w + 3)
#define LINES16(w) LINES4(w), LINES4(w + 4), LINES4(w + 8), LINES4(w + 12)
#define LINES64(w) LINES16(w), LINES16(w + 16), LINES16(w + 32), LINES16(w + 48)

static const _Alignas(64) uint8_t ones_of_both[256 * 16] = { LINES64(0), LINES64(64), LINES64(128), LINES64(192) };

#undef ONES
#undef BOTH
#undef FOUR
#undef LINE_OF
#undef LINES4
#undef LINES16
#undef LINES64

/* ---- the rows
 * ---------------------------------------------------------------------------------------------------- */

/* One word of 16 rows, of which `some` are there, as to[nibble][BITS_MR]: each stage pairs the bytes of what lies
 * half of the registers apart. */
SNN__INLINE void turn_word(uint8_t *to, const uint64_t *x, size_t words, size_t some)
{
    const __m128i low = _mm_set1_epi8(15);
    __m128i a[16], b[8];

    for (size_t i = 0; i < 16; i++)
        a[i] = i < some ? _mm_loadl_epi64((const __m128i *)(const void *)(x + i * words)) : _mm_setzero_si128();
    for (size_t i = 0; i < 8; i++)
        b[i] = _mm_unpacklo_epi8(a[i], a[i + 8]);
    for (size_t stage = 0; stage < 3; stage++) {
        for (size_t i = 0; i < 4; i++) {
            a[2 * i] = _mm_unpacklo_epi8(b[i], b[i + 4]);
            a[2 * i + 1] = _mm_unpackhi_epi8(b[i], b[i + 4]);
        }
        memcpy(b, a, sizeof b);
    }
    for (size_t i = 0; i < 8; i++, to += 2 * SNN__BITS_MR) {
        _mm_storeu_si128((__m128i *)(void *)to, _mm_and_si128(b[i], low));
        _mm_storeu_si128((__m128i *)(void *)(to + SNN__BITS_MR), _mm_and_si128(_mm_srli_epi16(b[i], 4), low));
    }
}

/* bits_turn of kernel.h: room[word][nibble][BITS_MR] bytes */
static inline const uint64_t *turn_nibbles(size_t words, const uint64_t *x, size_t rows, uint64_t *room)
{
    uint8_t *to = (uint8_t *)(void *)room;

    if (rows <= FEW)
        return x;
    for (size_t k = 0; k < words; k++, to += NIBBLES * SNN__BITS_MR)
        for (size_t i = 0; i < rows; i += 16)
            if (i + 16 <= rows)
                turn_word(to + i, x + i * words + k, words, 16);
            else
                turn_word(to + i, x + i * words + k, words, rows - i);
    return room;
}

/* ---- the columns
 * ------------------------------------------------------------------------------------------------- */

/* place[p][nibble]: where the table of outputs p and p + 4 begins. */
SNN__INLINE void places(uint16_t place[SNN__BITS_NR / 2][SHORT * NIBBLES], const uint64_t *w, size_t words)
{
    const __m256i low = _mm256_set1_epi8(15);

    for (size_t k = 0; k < words; k++, w += SNN__BITS_NR) {
        const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)w);
        const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(w + 4));
        const __m256i even =
            _mm256_or_si256(_mm256_and_si256(a, low), _mm256_slli_epi16(_mm256_and_si256(b, low), 4));
        const __m256i odd =
            _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(a, 4), low), _mm256_andnot_si256(low, b));
        const __m256i p02 = _mm256_unpacklo_epi8(even, odd), p13 = _mm256_unpackhi_epi8(even, odd);
        const __m128i p[4] = { _mm256_castsi256_si128(p02), _mm256_castsi256_si128(p13),
                               _mm256_extracti128_si256(p02, 1), _mm256_extracti128_si256(p13, 1) };

        for (size_t i = 0; i < 4; i++)
            _mm256_storeu_si256((__m256i *)(void *)(place[i] + k * NIBBLES),
                                _mm256_slli_epi16(_mm256_cvtepu8_epi16(p[i]), 4));
    }
}

/* ---- the tile
 * ---------------------------------------------------------------------------------------------------- */

/* count[half][v] += what n <= 3 nibbles of rows v find in the tables of a pair of outputs; n and `vectors` are
 * constants. */
SNN__INLINE void count_nibbles(size_t n, size_t vectors, const uint8_t *x, const uint16_t *place, __m256i count[2][2])
{
    const __m256i low = _mm256_set1_epi8(15);
    __m256i sum[2];

    for (size_t k = 0; k < n; k++) {
        const void *line = ones_of_both + place[k];
        const __m256i table = _mm256_broadcastsi128_si256(_mm_load_si128((const __m128i *)line));

        for (size_t v = 0; v < vectors; v++) {
            const void *rows = x + k * SNN__BITS_MR + 32 * v;
            const __m256i found = _mm256_shuffle_epi8(table, _mm256_loadu_si256((const __m256i *)rows));

            sum[v] = k == 0 ? found : _mm256_add_epi8(sum[v], found);
        }
    }
    for (size_t v = 0; v < vectors; v++) {
        count[0][v] = _mm256_add_epi8(count[0][v], _mm256_and_si256(sum[v], low));
        count[1][v] = _mm256_add_epi8(count[1][v], _mm256_and_si256(_mm256_srli_epi16(sum[v], 4), low));
    }
}

/* Sums of 16 bits, [column][BITS_MR]: of each 32 rows 0 .. 7 and 16 .. 23, then 8 .. 15 and 24 .. 31. */
SNN__INLINE void add_bytes(uint16_t *sum, __m256i count)
{
    __m256i *to = (__m256i *)(void *)sum;

    _mm256_store_si256(to,
                       _mm256_add_epi16(_mm256_load_si256(to), _mm256_unpacklo_epi8(count, _mm256_setzero_si256())));
    _mm256_store_si256(
        to + 1, _mm256_add_epi16(_mm256_load_si256(to + 1), _mm256_unpackhi_epi8(count, _mm256_setzero_si256())));
}

/* `words` <= SHORT of all columns. */
SNN__INLINE void count_short(size_t words, size_t vectors, const uint8_t *x, const uint64_t *w, uint16_t *sum)
{
    uint16_t place[SNN__BITS_NR / 2][SHORT * NIBBLES];

    places(place, w, words);
    for (size_t p = 0; p < SNN__BITS_NR / 2; p++) {
        const __m256i zero = _mm256_setzero_si256();
        __m256i count[2][2] = { { zero, zero }, { zero, zero } };
        size_t k = 0;

        for (; k + 3 <= words * NIBBLES; k += 3)
            count_nibbles(3, vectors, x + k * SNN__BITS_MR, place[p] + k, count);
        for (; k < words * NIBBLES; k++)
            count_nibbles(1, vectors, x + k * SNN__BITS_MR, place[p] + k, count);
        for (size_t half = 0; half < 2; half++)
            for (size_t v = 0; v < vectors; v++)
                add_bytes(sum + (p + 4 * half) * SNN__BITS_MR + 32 * v, count[half][v]);
    }
}

/* count[row][column] = or += 16 rows of sums: the first of two registers has 8 of them in its lower half and 8 in its
 * upper. */
SNN__INLINE void turn_sums(uint32_t *count, const uint16_t *sum, size_t rows, bool accumulate)
{
    __m256i a[8], b[8];

    for (size_t i = 0; i < 8; i++)
        a[i] = _mm256_load_si256((const __m256i *)(const void *)(sum + i * SNN__BITS_MR));
    for (size_t stage = 0; stage < 3; stage++) {
        for (size_t i = 0; i < 4; i++) {
            b[2 * i] = _mm256_unpacklo_epi16(a[i], a[i + 4]);
            b[2 * i + 1] = _mm256_unpackhi_epi16(a[i], a[i + 4]);
        }
        memcpy(a, b, sizeof a);
    }
    for (size_t half = 0; half < 2; half++)
        for (size_t i = 0; i < 8 && 16 * half + i < rows; i++) {
            __m256i *to = (__m256i *)(void *)(count + (16 * half + i) * SNN__BITS_NR);
            const __m128i line = half ? _mm256_extracti128_si256(a[i], 1) : _mm256_castsi256_si128(a[i]);
            const __m256i wide = _mm256_cvtepu16_epi32(line);

            _mm256_storeu_si256(to, accumulate ? _mm256_add_epi32(wide, _mm256_loadu_si256(to)) : wide);
        }
}

/* LONG words or less. */
SNN__INLINE void count_long(size_t words, size_t vectors, const uint8_t *x, size_t rows, const uint64_t *w,
                            uint32_t *count, bool accumulate)
{
    _Alignas(32) uint16_t sum[SNN__BITS_NR * SNN__BITS_MR];

    memset(sum, 0, sizeof sum);
    for (size_t k = 0; k < words; k += SHORT)
        if (k + SHORT <= words)
            count_short(SHORT, vectors, x + k * NIBBLES * SNN__BITS_MR, w + k * SNN__BITS_NR, sum);
        else
            count_short(words - k, vectors, x + k * NIBBLES * SNN__BITS_MR, w + k * SNN__BITS_NR, sum);
    for (size_t m = 0; m < rows; m += m % 32 == 0 ? 8 : 24)
        turn_sums(count + m * SNN__BITS_NR, sum + m / 32 * 32 + m % 32 * 2, rows - m, accumulate);
}

/* bits_tile of kernel.h */
static inline void count_nibbles_of(size_t words, const uint64_t *x, size_t rows, const uint64_t *w, uint32_t *count)
{
    const uint8_t *turned = (const uint8_t *)(const void *)x;

    if (rows <= FEW)
        count_words(words, x, rows, w, count);
    else
        for (size_t k = 0; k < words; k += LONG) {
            const size_t some = words - k < LONG ? words - k : LONG;

            if (rows <= 32)
                count_long(some, 1, turned + k * NIBBLES * SNN__BITS_MR, rows, w + k * SNN__BITS_NR, count, k > 0);
            else
                count_long(some, 2, turned + k * NIBBLES * SNN__BITS_MR, rows, w + k * SNN__BITS_NR, count, k > 0);
        }
}

#endif
