/* tiny_idx DIR [FIRST] - writes a small data set in the IDX format: 8 x 8 pixels, 4 classes, a bright quarter each,
 * under noise. Labels begin with FIRST, or 0; the test set has only those below 10. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define SIDE 8
#define CLASSES 4

static uint32_t state = 12345;

static unsigned noise(void)
{
    state = state * 1664525u + 1013904223u;
    return state >> 24;
}

static void word(FILE *file, uint32_t value)
{
    for (int shift = 24; shift >= 0; shift -= 8)
        fputc((int)(value >> shift & 255), file);
}

static FILE *begin(const char *directory, const char *name, uint32_t magic, uint32_t count)
{
    char path[1024];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (!file) {
        perror(path);
        return NULL;
    }
    word(file, magic);
    word(file, count);
    return file;
}

static void image(FILE *file, unsigned label)
{
    for (unsigned y = 0; y < SIDE; y++)
        for (unsigned x = 0; x < SIDE; x++) {
            unsigned quarter = 2 * (y >= SIDE / 2) + (x >= SIDE / 2);
            fputc((int)(noise() / 2 + (quarter == label ? noise() / 2 : 0)), file);
        }
}

static int split(const char *directory, const char *images, const char *labels, uint32_t count, unsigned first,
                 unsigned classes)
{
    FILE *x = begin(directory, images, 0x803, count), *y = begin(directory, labels, 0x801, count);

    if (!x || !y)
        return 1;
    word(x, SIDE);
    word(x, SIDE);
    for (uint32_t i = 0; i < count; i++) {
        unsigned label = noise() % classes;
        image(x, label);
        fputc((int)(first + label), y);
    }
    return fclose(x) != 0 || fclose(y) != 0;
}

int main(int argc, char **argv)
{
    unsigned first = argc > 2 ? (unsigned)atoi(argv[2]) : 0, below = first + CLASSES < 10 ? CLASSES : 10 - first;

    if (argc < 2 || first >= 10) {
        fprintf(stderr, "usage: tiny_idx DIR [FIRST]\n");
        return 2;
    }
    return split(argv[1], "train-images-idx3-ubyte", "train-labels-idx1-ubyte", 2000, first, CLASSES) ||
           split(argv[1], "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", 400, first, below);
}
