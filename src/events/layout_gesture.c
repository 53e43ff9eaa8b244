/* layout_gesture.c - DVS128 Gesture (Amir et al. 2017): DIRECTORY/userNN_LIGHT.aedat, recordings of several trials,
 * of which userNN_LIGHT_labels.csv gives class and times; trials_to_train.txt and trials_to_test.txt name the
 * recordings of a split. */
#include "layout_gesture.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER "class,startTime_usec,endTime_usec"
#define ENDING ".aedat"

static const char *const gestures[] = { "hand_clapping",
                                        "right_hand_wave",
                                        "left_hand_wave",
                                        "right_arm_clockwise",
                                        "right_arm_counter_clockwise",
                                        "left_arm_clockwise",
                                        "left_arm_counter_clockwise",
                                        "arm_roll",
                                        "air_drums",
                                        "air_guitar",
                                        "other_gestures" };
#define GESTURES (sizeof gestures / sizeof *gestures)

/* ---- trials of a recording ---- */

/* A whole number before `stop`; goes past both. */
static bool read_number(const char **at, char stop, int64_t *value)
{
    char *end;

    errno = 0;
    *value = **at >= '0' && **at <= '9' ? strtoll(*at, &end, 10) : -1;
    if (*value < 0 || errno != 0 || *end != stop)
        return false;
    *at = stop != '\0' ? end + 1 : end;
    return true;
}

static bool read_trial(const char *line, int64_t *class, struct snn__event_item *item)
{
    return read_number(&line, ',', class) && read_number(&line, ',', &item->begin) &&
           read_number(&line, '\0', &item->end) && *class >= 1 && *class <= (int64_t)GESTURES &&
           item->begin < item->end;
}

snn_status snn__gesture_trials(struct snn__event_list *list, const struct snn__names *lines, const char *where)
{
    if (lines->count == 0 || strcmp(lines->name[0], HEADER) != 0)
        return snn_component_fail(SNN_ERR_FORMAT, "%.300s: its first line is not " HEADER, where);
    for (size_t i = 1; i < lines->count; i++) {
        struct snn__event_item item = { .file = (uint32_t)list->files - 1 };
        int64_t class;

        if (!read_trial(lines->name[i], &class, &item))
            return snn_component_fail(SNN_ERR_FORMAT,
                                      "%.300s: \"%.80s\" is no class from 1 to %zu, start and later end of a trial",
                                      where, lines->name[i], GESTURES);
        item.label = (uint32_t)(class - 1);
        TRY(snn__event_list_add(list, &item));
    }
    return SNN_OK;
}

/* ---- recordings of a split ---- */

/* Adds the trials of a recording. */
static snn_status add_recording(struct snn__event_list *list, const char *directory, const char *name)
{
    struct snn__names lines = { .ctx = list->ctx };
    const size_t length = strlen(name), stem = length > strlen(ENDING) ? length - strlen(ENDING) : 0;
    char labels[SNN__PATH_ROOM], path[SNN__PATH_ROOM];
    snn_status rc;

    if (strcmp(name + stem, ENDING) != 0 || length > 255)
        return snn_component_fail(
            SNN_ERR_FORMAT, "%.300s: \"%.100s\", which a list of trials names, is no NAME" ENDING, directory, name);
    snprintf(labels, sizeof labels, "%.*s_labels.csv", (int)stem, name);
    TRY(snn__path_join(path, directory, labels));
    TRY(snn__event_list_file(list, directory, name));
    rc = snn__text_read(&lines, path);
    if (rc == SNN_OK)
        rc = snn__gesture_trials(list, &lines, path);
    snn__names_free(&lines);
    return rc;
}

static snn_status list_gesture(struct snn__event_list *list, const char *directory, uint32_t split)
{
    struct snn__names recordings = { .ctx = list->ctx };
    char path[SNN__PATH_ROOM];
    snn_status rc;

    list->width = list->height = 128;
    TRY(snn__event_list_classes(list, gestures, GESTURES));
    TRY(snn__path_join(path, directory, split == SNN_SPLIT_TEST ? "trials_to_test.txt" : "trials_to_train.txt"));
    rc = snn__text_read(&recordings, path);
    for (size_t i = 0; rc == SNN_OK && i < recordings.count; i++)
        rc = add_recording(list, directory, recordings.name[i]);
    snn__names_free(&recordings);
    if (rc == SNN_OK && list->items == 0)
        rc = snn_component_fail(SNN_ERR_FORMAT, "%.300s names no trials", path);
    return rc;
}

const struct snn__event_layout snn__event_layout_gesture = {
    .name = "dvs-gesture",
    .text = "DVS128 Gesture: NAME.aedat, NAME_labels.csv, trials_to_train.txt, trials_to_test.txt",
    .list = list_gesture
};
