/* images.h - images on disk as data: with libsnn-images, or saying that a build lacks it. */
#ifndef SNN_TOOL_IMAGES_H
#define SNN_TOOL_IMAGES_H

#include "run.h"

/* Parameters of images: the section "images". Without the library there are none. */
extern const struct param_calls images_params;
snn_status images_create(void **out, snn_context *context);
void images_destroy(void *images);

/* Name number `index` of the layouts of images; NULL past the last. */
const char *images_format(size_t index);
/* True if a format is such a layout, whether the build reads it or not. */
bool images_is_layout(const char *format);

/* Opens a split of images as the section "images" of the configuration says, which then holds all of it. */
int images_open(struct run *run, snn_dataset **out, snn_split split, const char *directory);

/* The names of the classes of images, [n], NULL where a class has none; each and the array to be freed. */
int images_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n);

/* Published mean and deviation of three channels. */
int images_normalisation(const char *name, double mean[3], double deviation[3]);

#endif
