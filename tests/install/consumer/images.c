/* A program that uses libsnn-images where it is installed: bytes that are no image are refused, a folder without
 * images is, too. */
#include <snn/images.h>
#include <stdio.h>

int main(void)
{
    snn_images_data data = SNN_IMAGES_DATA_INIT;
    snn_context *context = NULL;
    snn_images *images = NULL;
    snn_dataset *set = NULL;
    static float x[3 * 224 * 224];
    snn_status rc, no_image = SNN_OK, no_folder = SNN_OK;

    data.layout = "images";
    data.directory = "/nowhere";
    rc = snn_context_create(&context, NULL);
    if (rc == SNN_OK)
        rc = snn_images_create(&images, context);
    if (rc == SNN_OK) {
        no_image = snn_images_decode(images, "GIF", 3, 0, 0, x);
        no_folder = snn_images_dataset_open(&set, context, &data, images);
    }
    if (rc != SNN_OK)
        fprintf(stderr, "images: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_images_destroy(images);
    snn_context_destroy(context);
    if (rc == SNN_OK && (no_image != SNN_ERR_FORMAT || no_folder != SNN_ERR_IO)) {
        fprintf(stderr, "images: %s, %s\n", snn_status_name(no_image), snn_status_name(no_folder));
        return 1;
    }
    return rc == SNN_OK ? 0 : 1;
}
