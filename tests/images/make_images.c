/* make_images DIR N [SHARDS] - N JPEGs of 64 x 64 to 128 x 128 pixels in ten classes, in folders DIR/folders/train,
 * DIR/folders/val (a fiftieth of them), and the same ones in SHARDS tar files DIR/shards/train-*.tar and val-*.tar. A
 * hundred pictures are drawn and compressed; each file is one of them with a comment of its own, so that no two are
 * the same. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <jpeglib.h>

enum { CLASSES = 10, PICTURES = 100, SIDE = 128, TESTS = 50 };

struct picture {
    unsigned char *data;
    unsigned long size;
};

static void fail(const char *path)
{
    perror(path);
    exit(1);
}

/* ---- pictures ---- */

/* Waves whose direction is that of the class, over noise. */
static void draw(unsigned which, unsigned side, unsigned char *rgb)
{
    const double angle = 3.14159265358979 * (which % CLASSES) / CLASSES, dx = cos(angle), dy = sin(angle);
    uint32_t noise = which + 1;

    for (unsigned y = 0; y < side; y++)
        for (unsigned x = 0; x < side; x++)
            for (unsigned c = 0; c < 3; c++) {
                const double wave = sin(0.3 * (dx * x + dy * y) + c + which);

                noise = noise * 1664525u + 1013904223u;
                rgb[(y * side + x) * 3 + c] = (unsigned char)(127.5 + 80.0 * wave + (double)(noise >> 27));
            }
}

static struct picture compress(unsigned which)
{
    static unsigned char rgb[SIDE * SIDE * 3];
    const unsigned side = 64 + 8 * (which % 9);
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr errors;
    struct picture out = { NULL, 0 };
    JSAMPROW row;

    draw(which, side, rgb);
    c.err = jpeg_std_error(&errors);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out.data, &out.size);
    c.image_width = c.image_height = side;
    c.input_components = 3;
    c.in_color_space = JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, 90, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < side) {
        row = rgb + c.next_scanline * side * 3;
        (void)jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return out;
}

/* ---- files ---- */

static void put(FILE *file, const void *data, size_t size)
{
    if (fwrite(data, 1, size, file) != size)
        fail("writing");
}

/* The picture, with its number in a comment after the mark of the beginning. */
static void put_picture(FILE *file, const struct picture *p, unsigned long number)
{
    unsigned char comment[12] = { 0xff, 0xfe, 0, 10 };

    for (int i = 0; i < 8; i++)
        comment[4 + i] = (unsigned char)(number >> 8 * (i % 4));
    put(file, p->data, 2);
    put(file, comment, sizeof comment);
    put(file, p->data + 2, p->size - 2);
}

static void put_header(FILE *tar, const char *name, size_t size)
{
    char header[512] = { 0 };
    unsigned sum = 0;

    snprintf(header, 100, "%s", name);
    memcpy(header + 100, "0000644\0000001750\0000001750", 24);
    snprintf(header + 124, 12, "%011zo", size);
    memcpy(header + 136, "00000000000\0        0", 21);
    memcpy(header + 257, "ustar\00000", 8);
    for (size_t i = 0; i < sizeof header; i++)
        sum += (unsigned char)header[i];
    snprintf(header + 148, 8, "%06o", sum);
    put(tar, header, sizeof header);
}

static void put_padding(FILE *tar, size_t size)
{
    static const char zeros[512];

    put(tar, zeros, (512 - size % 512) % 512);
}

static void make_folder(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void make_folder(const char *format, ...)
{
    char path[4096];
    va_list args;

    va_start(args, format);
    vsnprintf(path, sizeof path, format, args);
    va_end(args);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        fail(path);
}

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "wb");

    if (file == NULL)
        fail(path);
    return file;
}

static void save_one(const char *folder, const char *split, const struct picture *p, unsigned long number)
{
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/folders/%s/class%u/%08lu.jpg", folder, split, (unsigned)(number % CLASSES),
             number);
    file = create(path);
    put_picture(file, p, number);
    if (fclose(file) != 0)
        fail(path);
}

static void append_one(FILE *tar, const struct picture *p, unsigned long number)
{
    char name[64], class[8];

    snprintf(name, sizeof name, "%08lu.jpg", number);
    put_header(tar, name, p->size + 12);
    put_picture(tar, p, number);
    put_padding(tar, p->size + 12);
    snprintf(name, sizeof name, "%08lu.cls", number);
    snprintf(class, sizeof class, "%u", (unsigned)(number % CLASSES));
    put_header(tar, name, strlen(class));
    put(tar, class, strlen(class));
    put_padding(tar, strlen(class));
}

/* Images first .. last - 1, in folders and in so many shards. */
static void make_split(const char *folder, const char *split, const struct picture *p, unsigned long first,
                       unsigned long last, unsigned long shards)
{
    static const char zeros[1024];
    char path[4096];

    make_folder("%s/folders/%s", folder, split);
    for (unsigned c = 0; c < CLASSES; c++)
        make_folder("%s/folders/%s/class%u", folder, split, c);
    for (unsigned long s = 0; s < shards; s++) {
        FILE *tar;

        snprintf(path, sizeof path, "%s/shards/%s-%06lu.tar", folder, split, s);
        tar = create(path);
        for (unsigned long i = first + s; i < last; i += shards) {
            save_one(folder, split, &p[i % PICTURES], i);
            append_one(tar, &p[i % PICTURES], i);
        }
        put(tar, zeros, sizeof zeros);
        if (fclose(tar) != 0)
            fail(path);
    }
}

int main(int argc, char **argv)
{
    const unsigned long n = argc > 2 ? strtoul(argv[2], NULL, 10) : 0, tests = n / TESTS > 0 ? n / TESTS : 1;
    const unsigned long shards = argc > 3 ? strtoul(argv[3], NULL, 10) : 10;
    struct picture picture[PICTURES];

    if (n < 2 || shards == 0) {
        fprintf(stderr, "usage: make_images DIR N [SHARDS]\n");
        return 2;
    }
    for (unsigned i = 0; i < PICTURES; i++)
        picture[i] = compress(i);
    make_folder("%s", argv[1]);
    make_folder("%s/folders", argv[1]);
    make_folder("%s/shards", argv[1]);
    make_split(argv[1], "train", picture, tests, n, shards);
    make_split(argv[1], "val", picture, 0, tests, 1);
    for (unsigned i = 0; i < PICTURES; i++)
        free(picture[i].data);
    printf("%lu images in %s\n", n, argv[1]);
    return 0;
}
