/* Shards of images: what is listed lies within the shard, is the same from the index, and is read or refused. */
#include "fuzz.h"
#include <snn/images.h>
#include <string.h>

#define MOST ((size_t)16 << 20)
#define SAMPLES 3u

static void compare(snn_context *ctx, const snn_images_data *data, snn_images_list *list,
                    const snn_images_list_info *info, size_t size)
{
    snn_images_list_info known = SNN_IMAGES_LIST_INFO_INIT;
    snn_images_list *again;

    FUZZ_HOLDS(snn_images_list_open(&again, ctx, data) == SNN_OK);
    FUZZ_HOLDS(snn_images_list_get_info(again, &known) == SNN_OK && known.images == info->images);
    for (uint64_t i = 0; i < info->images; i++) {
        snn_images_item item = SNN_IMAGES_ITEM_INIT, other = SNN_IMAGES_ITEM_INIT;

        FUZZ_HOLDS(snn_images_list_get_item(list, i, &item) == SNN_OK);
        FUZZ_HOLDS(snn_images_list_get_item(again, i, &other) == SNN_OK);
        FUZZ_HOLDS(item.offset <= size && item.size <= size - item.offset && item.label < info->classes);
        FUZZ_HOLDS(item.offset == other.offset && item.size == other.size && item.label == other.label);
    }
    snn_images_list_destroy(again);
}

static void read_samples(snn_context *ctx, const snn_images_data *data, const snn_images_list_info *info)
{
    static float x[3 * 16];
    snn_sample sample = SNN_SAMPLE_INIT;
    snn_images *images;
    snn_dataset *set;

    sample.x = x;
    FUZZ_HOLDS(snn_images_create(&images, ctx) == SNN_OK);
    FUZZ_HOLDS(snn_images_set_i64(images, SNN_IMAGES_SIZE, 4) == SNN_OK);
    FUZZ_HOLDS(snn_images_dataset_open(&set, ctx, data, images) == SNN_OK);
    for (size_t i = 0; i < info->images && i < SAMPLES; i++)
        FUZZ_ANSWERS(snn_dataset_read(set, i, 0, &sample));
    snn_dataset_destroy(set);
    snn_images_destroy(images);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snn_context *ctx = fuzz_context(MOST, false);
    snn_images_list_info info = SNN_IMAGES_LIST_INFO_INIT;
    snn_images_data set = SNN_IMAGES_DATA_INIT;
    char folder[4096], cache[4096];
    snn_images_list *list = NULL;
    snn_status rc;

    fuzz_write("shards/0.tar", data, size);
    strcpy(folder, fuzz_path("shards"));
    strcpy(cache, fuzz_path("cache"));
    set.layout = "shards";
    set.directory = folder;
    set.split = 0;
    set.pixels = 4096;
    set.cache = cache;
    FUZZ_ANSWERS(rc = snn_images_list_open(&list, ctx, &set));
    if (rc == SNN_OK) {
        FUZZ_HOLDS(snn_images_list_get_info(list, &info) == SNN_OK && info.images > 0);
        compare(ctx, &set, list, &info, size);
        read_samples(ctx, &set, &info);
    }
    snn_images_list_destroy(list);
    fuzz_remove("shards/0.tar");
    fuzz_done();
    return 0;
}
