/* frames_absent.c - what takes the place of frames.c, cmd_events.c and cmd_run.c in a build without libsnn-events. */
#include "command.h"
#include "frames.h"

#include <snn/snn.h>
#include <string.h>

const struct param_calls event_frames_params;

snn_status frames_create(void **out, snn_context *context)
{
    (void)context;
    *out = NULL;
    return SNN_ERR_UNSUPPORTED;
}

void frames_destroy(void *frames)
{
    (void)frames;
}

const char *frames_format(size_t index)
{
    (void)index;
    return NULL;
}

bool frames_is_layout(const char *format)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_FORMAT, i)) != NULL; i++)
        if (strcmp(name, format) == 0)
            return false;
    return true;
}

snn_status frames_open_files(snn_dataset **out, snn_context *context, const snn_dataset_files *files)
{
    return snn_dataset_open_files(out, context, files);
}

int frames_open(struct run *run, snn_dataset **out, snn_split split, const char *directory)
{
    (void)out;
    (void)split;
    (void)directory;
    return fail(
        FAILED,
        "\"%s\" is no format of libsnn; data sets of recordings and .npz are read by libsnn-events, which this "
        "build lacks (SNN_EVENTS)",
        config_text(run->config, "data.format", ""));
}

int frames_class_names(const struct run *run, snn_split split, const char *directory, char ***name, size_t *n)
{
    (void)run;
    (void)split;
    (void)directory;
    *name = NULL;
    *n = 0;
    return DONE;
}

static int lacks(void)
{
    return fail(FAILED, "this build has no libsnn-events: configure it with -DSNN_EVENTS=AUTO and build again");
}

static int run(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return lacks();
}

const struct command events_command = { .name = "events", .does = "not in this build", .run = run };
const struct command run_command = { .name = "run", .does = "not in this build", .run = run };
