/* Images of the format FORMAT in memory, behind three bytes that say how they become samples: what is decoded twice
 * is the same. */
#include "fuzz.h"
#include <snn/images.h>
#include <string.h>

#define MOST ((size_t)64 << 20) /* weights of the rows and columns of a long image */
#define PIXELS 65536u
#define SIDE_MOST 32

static snn_status decode(const snn_images *images, const uint8_t *data, size_t size, uint64_t seed, float *x)
{
    const snn_status rc = snn_images_decode(images, data, size, PIXELS, seed, x);

    FUZZ_ANSWERS(rc);
    return rc;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static float x[3 * SIDE_MOST * SIDE_MOST], again[3 * SIDE_MOST * SIDE_MOST];
    const uint8_t how = fuzz_byte(&data, &size), side = fuzz_byte(&data, &size), seed = fuzz_byte(&data, &size);
    snn_images *images;

    if ((strcmp(FORMAT, "png") == 0) != (size > 0 && data[0] == 0x89)) /* the other target's */
        return 0;
    FUZZ_HOLDS(snn_images_create(&images, fuzz_context(MOST, false)) == SNN_OK);
    FUZZ_HOLDS(snn_images_set_i64(images, SNN_IMAGES_SIZE, side % SIDE_MOST + 1) == SNN_OK);
    FUZZ_HOLDS(snn_images_set_i64(images, SNN_IMAGES_REDUCE, how & 1) == SNN_OK);
    FUZZ_HOLDS(snn_images_set_str(images, SNN_IMAGES_COLOUR, how & 2 ? "grey" : "rgb") == SNN_OK);
    FUZZ_HOLDS(snn_images_set_f64(images, SNN_IMAGES_HUE, how & 4 ? 0.5 : 0.0) == SNN_OK);
    FUZZ_HOLDS(snn_images_set_f64(images, SNN_IMAGES_CONTRAST, how & 8 ? 1.0 : 0.0) == SNN_OK);
    if (decode(images, data, size, seed, x) == SNN_OK) {
        const size_t n = (how & 2 ? 1u : 3u) * (side % SIDE_MOST + 1u) * (side % SIDE_MOST + 1u);

        for (size_t i = 0; i < n; i++)
            FUZZ_HOLDS(x[i] >= 0.0f && x[i] <= 1.0f);
        FUZZ_HOLDS(decode(images, data, size, seed, again) == SNN_OK && memcmp(x, again, n * sizeof *x) == 0);
    }
    snn_images_destroy(images);
    fuzz_done();
    return 0;
}
