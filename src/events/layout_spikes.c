/* layout_spikes.c - the Spiking Heidelberg Digits and Spiking Speech Commands (Cramer et al. 2022): a file of HDF5
 * for each split, of which every sample is a recording of 700 units. */
#include "list.h"
#include "reader.h"
#include <stdio.h>
#include <sys/stat.h>

#define CHANNELS 700
#define COMMANDS 35

static const char *const digits[] = { "zero",  "one",   "two",   "three",  "four", "five", "six",
                                      "seven", "eight", "nine",  "null",   "eins", "zwei", "drei",
                                      "vier",  "fünf",  "sechs", "sieben", "acht", "neun" };

/* The path of the file that is there: plain or compressed. */
static snn_status find_file(char *path, const char *directory, const char *plain)
{
    char packed[32];
    struct stat st;

    snprintf(packed, sizeof packed, "%s.gz", plain);
    TRY(snn__path_join(path, directory, plain));
    if (stat(path, &st) == 0)
        return SNN_OK;
    TRY(snn__path_join(path, directory, packed));
    if (stat(path, &st) == 0)
        return SNN_OK;
    return snn_component_fail(SNN_ERR_IO, "%.300s holds neither %s nor %s", directory, plain, packed);
}

static snn_status add_samples(struct snn__event_list *list, const int64_t *label, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (label[i] < 0 || (uint64_t)label[i] >= list->classes)
            return snn_component_fail(SNN_ERR_FORMAT, "%.300s: sample %zu has the label %lld; there are %zu classes",
                                      list->file[0], i, (long long)label[i], list->classes);
        TRY(snn__event_list_whole(list, i, (uint32_t)label[i]));
    }
    return SNN_OK;
}

/* Adds the samples of the one file. */
static snn_status list_samples(struct snn__event_list *list, const char *directory, const char *name)
{
    snn_events_source source = SNN_EVENTS_SOURCE_INIT;
    snn_events *events = NULL;
    int64_t *label = NULL;
    char path[SNN__PATH_ROOM];
    size_t count;
    snn_status rc;

    list->width = CHANNELS;
    list->height = 1;
    TRY(find_file(path, directory, name));
    TRY(snn__event_list_file(list, path, NULL));
    source.path = path;
    rc = snn_events_open(&events, list->ctx, &source);
    if (rc == SNN_OK)
        rc = snn__hdf5_labels(events, &label, &count);
    if (rc == SNN_OK)
        rc = add_samples(list, label, count);
    snn_component_free(list->ctx, label);
    snn_events_destroy(events);
    return rc;
}

static snn_status list_shd(struct snn__event_list *list, const char *directory, uint32_t split)
{
    TRY(snn__event_list_classes(list, digits, sizeof digits / sizeof *digits));
    return list_samples(list, directory, split == SNN_SPLIT_TEST ? "shd_test.h5" : "shd_train.h5");
}

static snn_status list_ssc(struct snn__event_list *list, const char *directory, uint32_t split)
{
    list->classes = COMMANDS;
    return list_samples(list, directory, split == SNN_SPLIT_TEST ? "ssc_test.h5" : "ssc_train.h5");
}

static snn_status list_ssc_valid(struct snn__event_list *list, const char *directory, uint32_t split)
{
    list->classes = COMMANDS;
    return list_samples(list, directory, split == SNN_SPLIT_TEST ? "ssc_valid.h5" : "ssc_train.h5");
}

const struct snn__event_layout snn__event_layout_shd = {
    .name = "shd", .text = "Spiking Heidelberg Digits: shd_train.h5, shd_test.h5", .list = list_shd
};

const struct snn__event_layout snn__event_layout_ssc = { .name = "ssc",
                                                         .text = "Spiking Speech Commands: ssc_train.h5, ssc_test.h5",
                                                         .list = list_ssc };

const struct snn__event_layout snn__event_layout_ssc_valid = {
    .name = "ssc-valid",
    .text = "Spiking Speech Commands, tested on its part for validation: ssc_train.h5, ssc_valid.h5",
    .list = list_ssc_valid
};
