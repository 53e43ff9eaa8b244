/* make_idx DIR TRAIN TEST - writes a small data set in IDX files: 12 x 12 pixels of noise, in which one quadrant is brighter; the
 * quadrant is the class. The noise is a function of the pixel's number, so the files are the same everywhere. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIDE = 12, CLASSES = 4 };

static uint32_t noise(uint32_t n)
{
    n = (n ^ (n >> 16)) * 0x7feb352du;
    n = (n ^ (n >> 15)) * 0x846ca68bu;
    return n ^ (n >> 16);
}

static void put_big_endian(FILE *file, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(value >> shift & 255), file);
}

static int write_split(const char *dir, const char *split, uint32_t count, uint32_t salt)
{
    char path[1024];
    FILE *images, *labels;

    snprintf(path, sizeof path, "%s/%s-images-idx3-ubyte", dir, split);
    images = fopen(path, "wb");
    snprintf(path, sizeof path, "%s/%s-labels-idx1-ubyte", dir, split);
    labels = fopen(path, "wb");
    if (!images || !labels) {
        perror(path);
        return 1;
    }
    put_big_endian(images, 0x803);
    put_big_endian(images, count);
    put_big_endian(images, SIDE);
    put_big_endian(images, SIDE);
    put_big_endian(labels, 0x801);
    put_big_endian(labels, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t class = noise(salt + i) % CLASSES;

        fputc((int)class, labels);
        for (uint32_t y = 0; y < SIDE; y++) {
            for (uint32_t x = 0; x < SIDE; x++) {
                uint32_t quadrant = 2 * (y >= SIDE / 2) + (x >= SIDE / 2);
                uint32_t grey = noise(salt * 31 + (i * SIDE + y) * SIDE + x) % 160;

                fputc((int)(grey + (quadrant == class ? 80 : 0)), images);
            }
        }
    }
    return fclose(images) | fclose(labels) ? 1 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: make_idx DIR TRAIN TEST\n");
        return 2;
    }
    return write_split(argv[1], "train", (uint32_t)atoi(argv[2]), 1) | write_split(argv[1], "t10k", (uint32_t)atoi(argv[3]), 77777);
}
