/* Tiles of a matrix unit, emulated: kernel/tiles.h in plain C. Included before what is written on it. */
#ifndef EMULATED_TILES_H
#define EMULATED_TILES_H

#include "core/size.h"
#include "naive.h"
#include "support.h"
#include <stdbool.h>
#include <string.h>

/* Memory for a kernel, with 64 bytes beyond it that it must leave alone. */
static void *taken(size_t bytes)
{
    void *p = aligned_alloc(64, snn__round_up(bytes + 64, 64));

    if (p == NULL)
        abort();
    memset(p, 0xff, bytes + 64);
    return p;
}

#define SNN_KERNEL_TILES_H

static _Thread_local struct {
    bool open;
    unsigned char tile[8][16][64];
} emulated;

static void tiles_begin(void)
{
    ck_assert(!emulated.open);
    emulated.open = true;
    memset(emulated.tile, 0xa5, sizeof emulated.tile);
}

static void tiles_end(void)
{
    ck_assert(emulated.open);
    emulated.open = false;
}

static void tile_load(int tile, const void *from, size_t pitch)
{
    HOLDS(emulated.open, "tiles are not ours");
    for (size_t i = 0; i < 16; i++)
        memcpy(emulated.tile[tile][i], (const char *)from + i * pitch, 64);
}

static void tile_store(int tile, void *to, size_t pitch)
{
    HOLDS(emulated.open, "tiles are not ours");
    for (size_t i = 0; i < 16; i++)
        memcpy((char *)to + i * pitch, emulated.tile[tile][i], 64);
}

/* Row i of x, and column i of w, whose four bytes in row k / 4 belong to k .. k + 3: as numbers that a compiler
 * multiplies in vectors. */
UNWATCHED static void numbers_of_tiles(int16_t rows[16][64], int16_t columns[16][64], int x, int w, bool x_signed,
                                       bool w_signed)
{
    for (size_t i = 0; i < 16; i++)
        for (size_t k = 0; k < 64; k++) {
            const unsigned char a = emulated.tile[x][i][k], b = emulated.tile[w][k / 4][4 * i + k % 4];

            rows[i][k] = (int16_t)(x_signed ? (int8_t)a : (int)a);
            columns[i][k] = (int16_t)(w_signed ? (int8_t)b : (int)b);
        }
}

/* As the manual has it. */
UNWATCHED static void multiply_tiles(int to, int x, int w, bool x_signed, bool w_signed)
{
    int16_t rows[16][64], columns[16][64];

    HOLDS(emulated.open, "tiles are not ours");
    numbers_of_tiles(rows, columns, x, w, x_signed, w_signed);
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 16; j++) {
            int32_t product = 0;
            uint32_t sum;

            for (size_t k = 0; k < 64; k++)
                product += rows[i][k] * columns[j][k];
            memcpy(&sum, emulated.tile[to][i] + 4 * j, 4);
            sum += (uint32_t)product;
            memcpy(emulated.tile[to][i] + 4 * j, &sum, 4);
        }
}

__attribute__((unused)) static void turn_block(void *to, size_t pitch, const void *from)
{
    for (size_t i = 0; i < 16; i++)
        for (size_t j = 0; j < 16; j++)
            memcpy((char *)to + j * pitch + 4 * i, (const char *)from + 64 * i + 4 * j, 4);
}

__attribute__((unused)) static void spread_word(uint8_t *to, uint64_t word)
{
    for (size_t i = 0; i < 64; i++)
        to[i] = word >> i & 1;
}

__attribute__((unused)) static void spread_planes(uint8_t *to, const uint64_t *word)
{
    for (size_t i = 0; i < 64; i++)
        to[i] = (word[0] >> i & 1) + 2 * (word[1] >> i & 1) + 4 * (word[2] >> i & 1);
}

__attribute__((unused)) static uint64_t plane_of(const void *n, unsigned p)
{
    uint64_t plane = 0;

    for (size_t i = 0; i < 16; i++)
        plane |= (uint64_t)(((const uint32_t *)n)[i] >> p & 1) << i;
    return plane;
}

#define TILE_ZERO(t) memset(emulated.tile[t], 0, sizeof emulated.tile[t])
#define TILE_LOAD(t, from, pitch) tile_load(t, from, pitch)
#define TILE_STORE(t, to, pitch) tile_store(t, to, pitch)
#define TILE_UNSIGNED(sum, x, w) multiply_tiles(sum, x, w, false, false)
#define TILE_SIGNED(sum, x, w) multiply_tiles(sum, x, w, false, true)
#define TILE_BOTH_SIGNED(sum, x, w) multiply_tiles(sum, x, w, true, true)

#endif
