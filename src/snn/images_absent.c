/* images_absent.c - what takes the place of images.c in a build without libsnn-images. */
#include "images.h"

#include <string.h>

const struct param_calls images_params;

snn_status images_create(void **out, snn_context *context)
{
    (void)context;
    *out = NULL;
    return SNN_ERR_UNSUPPORTED;
}

void images_destroy(void *images)
{
    (void)images;
}

const char *images_format(size_t index)
{
    (void)index;
    return NULL;
}

bool images_is_layout(const char *format)
{
    return strcmp(format, "images") == 0 || strcmp(format, "shards") == 0;
}

static int lacks(const char *what)
{
    return fail(FAILED, "%s: this build has no libsnn-images: configure it with -DSNN_IMAGES=AUTO and build again",
                what);
}

int images_open(struct run *run, snn_dataset **out, snn_split split, const char *directory)
{
    (void)out;
    (void)split;
    (void)directory;
    return lacks(config_text(run->config, "data.format", ""));
}

int images_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n)
{
    (void)run;
    (void)split;
    (void)directory;
    *name = NULL;
    *n = 0;
    return DONE;
}

int images_normalisation(const char *name, double mean[3], double deviation[3])
{
    (void)mean;
    (void)deviation;
    return lacks(name);
}
