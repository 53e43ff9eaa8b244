/* images.c - images on disk as data, by libsnn-images. */
#include "images.h"

#include <snn/images.h>
#include <stdlib.h>
#include <string.h>

static snn_status set_text(void *object, const char *name, const char *value)
{
    return snn_images_set_text(object, name, value);
}

static snn_status get_i64(const void *object, int32_t key, int64_t *value)
{
    return snn_images_get_i64(object, key, value);
}

static snn_status get_f64(const void *object, int32_t key, double *value)
{
    return snn_images_get_f64(object, key, value);
}

static snn_status get_str(const void *object, int32_t key, const char **value)
{
    return snn_images_get_str(object, key, value);
}

static snn_status info(const void *object, size_t index, snn_param_info *info)
{
    return snn_images_param_info(object, index, info);
}

const struct param_calls images_params = { set_text, get_i64, get_f64, get_str, info };

snn_status images_create(void **out, snn_context *context)
{
    snn_images *images = NULL;
    snn_status rc = snn_images_create(&images, context);

    *out = images;
    return rc;
}

void images_destroy(void *images)
{
    snn_images_destroy(images);
}

const char *images_format(size_t index)
{
    return snn_images_layout_name(index);
}

bool images_is_layout(const char *format)
{
    const char *name;

    for (size_t i = 0; (name = snn_images_layout_name(i)) != NULL; i++)
        if (strcmp(name, format) == 0)
            return true;
    return false;
}

/* What the configuration says of a split; `cache` is for the path of the cache, to be freed. */
static int describe(const struct run *run, snn_images_data *data, snn_split split, const char *directory,
                    char **cache)
{
    const char *folder = config_text(run->config, "data.cache", NULL);

    *cache = folder ? at_home(folder) : NULL;
    *data = (snn_images_data)SNN_IMAGES_DATA_INIT;
    data->layout = config_text(run->config, "data.format", "");
    data->directory = directory;
    data->split = run_shares(run->config) ? 0 : split;
    data->limit = run_first_samples(run->config, split);
    data->cache = *cache;
    return folder && !*cache ? FAILED : DONE;
}

int images_open(struct run *run, snn_dataset **out, snn_split split, const char *directory)
{
    snn_images_data data;
    char *cache;
    void *images = NULL;
    int status = describe(run, &data, split, directory, &cache);

    if (status == DONE && images_create(&images, run->context) != SNN_OK)
        status = fail_call(SNN_ERR_MEMORY, "images");
    if (status == DONE)
        status = run_apply(run->config, "images", &images_params, images);
    if (status == DONE)
        status = run_record_of(run->config, "images", &images_params, images);
    if (status == DONE) {
        snn_status rc = snn_images_dataset_open(out, run->context, &data, images);

        status = rc == SNN_OK ? DONE : fail_call(rc, NULL);
    }
    images_destroy(images);
    free(cache);
    return status;
}

static int copy_names(const snn_images_list *list, char ***name, size_t *n)
{
    snn_images_list_info about = SNN_IMAGES_LIST_INFO_INIT;

    if (snn_images_list_get_info(list, &about) != SNN_OK)
        return fail_call(SNN_ERR_ARGUMENT, NULL);
    *name = calloc((size_t)about.classes + 1, sizeof **name);
    if (!*name)
        return fail(FAILED, "out of memory");
    for (*n = 0; *n < about.classes; ++*n) {
        const char *text = snn_images_list_class_name(list, *n);

        (*name)[*n] = text ? strdup(text) : NULL;
    }
    return DONE;
}

int images_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n)
{
    snn_images_data data;
    snn_images_list *list = NULL;
    char *cache;
    int status = describe(run, &data, split, directory, &cache);

    if (status == DONE) {
        snn_status rc = snn_images_list_open(&list, run->context, &data);

        status = rc == SNN_OK ? copy_names(list, name, n) : fail_call(rc, NULL);
    }
    snn_images_list_destroy(list);
    free(cache);
    return status;
}

int images_normalisation(const char *name, double mean[3], double deviation[3])
{
    snn_status rc = snn_images_normalisation(name, mean, deviation);

    return rc == SNN_OK ? DONE : fail_call(rc, "data.normalise");
}
