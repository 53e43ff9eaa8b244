/* frames.c - recordings of events and arrays in archives as data, by libsnn-events. */
#include "frames.h"

#include <snn/events.h>
#include <stdlib.h>
#include <string.h>

static snn_status set_text(void *object, const char *name, const char *value)
{
    return snn_event_frames_set_text(object, name, value);
}

static snn_status get_i64(const void *object, int32_t key, int64_t *value)
{
    return snn_event_frames_get_i64(object, key, value);
}

static snn_status get_f64(const void *object, int32_t key, double *value)
{
    return snn_event_frames_get_f64(object, key, value);
}

static snn_status get_str(const void *object, int32_t key, const char **value)
{
    return snn_event_frames_get_str(object, key, value);
}

static snn_status info(const void *object, size_t index, snn_param_info *info)
{
    return snn_event_frames_param_info(object, index, info);
}

const struct param_calls event_frames_params = { set_text, get_i64, get_f64, get_str, info };

snn_status frames_create(void **out, snn_context *context)
{
    snn_event_frames *frames = NULL;
    snn_status rc = snn_event_frames_create(&frames, context);

    *out = frames;
    return rc;
}

void frames_destroy(void *frames)
{
    snn_event_frames_destroy(frames);
}

const char *frames_format(size_t index)
{
    return index == 0 ? "npz" : snn_events_layout_name(index - 1);
}

bool frames_is_layout(const char *format)
{
    const char *name;

    for (size_t i = 0; (name = snn_events_layout_name(i)) != NULL; i++)
        if (strcmp(name, format) == 0)
            return true;
    return false;
}

snn_status frames_open_files(snn_dataset **out, snn_context *context, const snn_dataset_files *files)
{
    return strcmp(files->format, "npz") == 0 ? snn_events_arrays_open(out, context, files)
                                             : snn_dataset_open_files(out, context, files);
}

/* A sample has one frame for each time step; the model file remembers it. */
static int match_steps(struct run *run)
{
    const int64_t steps = config_whole(run->config, "trainer.steps", 6);
    const int64_t frames = config_whole(run->config, "frames.steps", steps);

    if (frames != steps)
        return fail(USAGE,
                    "frames.steps is %lld, trainer.steps is %lld: a recording has one frame for each step; give one "
                    "of them, the other follows",
                    (long long)frames, (long long)steps);
    return config_set(run->config, "frames.steps", json_integer(frames));
}

int frames_open(struct run *run, snn_dataset **out, snn_split split, const char *directory)
{
    const char *cache = config_text(run->config, "data.cache", NULL);
    char *folder = cache ? at_home(cache) : NULL;
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    void *frames;
    int status = cache && !folder ? FAILED : match_steps(run);
    snn_status rc;

    if (status != DONE) {
        free(folder);
        return status;
    }
    data.cache = folder;
    data.layout = config_text(run->config, "data.format", "");
    data.directory = directory;
    data.split = run_shares(run->config) ? 0 : split;
    data.limit = run_first_samples(run->config, split);
    rc = frames_create(&frames, run->context);
    if (rc != SNN_OK) {
        free(folder);
        return fail_call(rc, "frames");
    }
    status = run_apply(run->config, "frames", &event_frames_params, frames);
    if (status == DONE)
        status = run_record_of(run->config, "frames", &event_frames_params, frames);
    if (status == DONE) {
        rc = snn_events_dataset_open(out, run->context, &data, frames);
        status = rc == SNN_OK ? DONE : fail_call(rc, NULL);
    }
    frames_destroy(frames);
    free(folder);
    return status;
}

static int copy_names(const snn_events_list *list, char ***name, size_t *n)
{
    snn_events_list_info about = SNN_EVENTS_LIST_INFO_INIT;

    if (snn_events_list_get_info(list, &about) != SNN_OK)
        return fail_call(SNN_ERR_ARGUMENT, NULL);
    *name = calloc((size_t)about.classes + 1, sizeof **name);
    if (!*name)
        return fail(FAILED, "out of memory");
    for (*n = 0; *n < about.classes; ++*n) {
        const char *text = snn_events_list_class_name(list, *n);

        (*name)[*n] = text ? strdup(text) : NULL;
    }
    return DONE;
}

int frames_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n)
{
    snn_events_data data = SNN_EVENTS_DATA_INIT;
    snn_events_list *list;
    snn_status rc;
    int status;

    data.layout = config_text(run->config, "data.format", "");
    data.directory = directory;
    data.split = run_shares(run->config) ? 0 : split;
    rc = snn_events_list_open(&list, run->context, &data);
    status = rc == SNN_OK ? copy_names(list, name, n) : fail_call(rc, NULL);
    snn_events_list_destroy(list);
    return status;
}
