/* layout_folders.c - the data sets with a folder for each class: N-MNIST and N-Caltech101 (Orchard et al. 2015),
 * CIFAR10-DVS (Li et al. 2017), and a user's own. */
#include "classes.h"

#define LAYOUT(id, name_, text_) \
    const struct snn__event_layout snn__event_layout_##id = { .name = name_, .text = text_, .list = list_##id };

/* As MNIST is ordered: numbers count across the classes. */
static snn_status list_nmnist(struct snn__event_list *list, const char *directory, uint32_t split)
{
    static const char *const digits[] = { "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", NULL };
    static const struct snn__classes kind = { .class = digits, .ending = ".bin", .splits = true, .numbered = true };

    list->width = list->height = 34;
    list->format = "nmnist";
    return snn__classes_list(list, &kind, directory, split);
}

LAYOUT(nmnist, "nmnist", "N-MNIST: {Train,Test}/CLASS/NUMBER.bin, or archives of it")

/* The folder of annotations beside it has the same names. */
static snn_status list_n_caltech101(struct snn__event_list *list, const char *directory, uint32_t split)
{
    static const struct snn__classes kind = { .ending = ".bin", .root = "Caltech101" };

    list->width = 240;
    list->height = 180;
    list->format = "nmnist";
    return snn__classes_list(list, &kind, directory, split);
}

LAYOUT(n_caltech101, "n-caltech101", "N-Caltech101: Caltech101/CLASS/NAME.bin, or Caltech101.zip")

static snn_status list_cifar10_dvs(struct snn__event_list *list, const char *directory, uint32_t split)
{
    static const char *const things[] = { "airplane", "automobile", "bird", "cat",   "deer", "dog",
                                          "frog",     "horse",      "ship", "truck", NULL };
    static const struct snn__classes kind = { .class = things, .ending = ".aedat" };

    list->width = list->height = 128;
    return snn__classes_list(list, &kind, directory, split);
}

LAYOUT(cifar10_dvs, "cifar10-dvs", "CIFAR10-DVS: CLASS/NAME.aedat")

static snn_status list_folders(struct snn__event_list *list, const char *directory, uint32_t split)
{
    static const struct snn__classes kind = { .ending = NULL };

    return snn__classes_list(list, &kind, directory, split);
}

LAYOUT(folders, "folders", "recordings of any format: CLASS/NAME, or {train,test}/CLASS/NAME")
