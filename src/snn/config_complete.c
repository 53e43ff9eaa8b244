/* config_complete.c - a configuration over another one, and the settings that nobody gave. */
#include "config.h"
#include "frames.h"
#include "images.h"

#include <string.h>
#include <unistd.h>

/* optimizer.epochs was filled in from epochs; it goes on following it until somebody sets it. */
static void unpin_schedule(json_t *base, const json_t *over)
{
    int64_t length = config_whole(base, "optimizer.epochs", -1);

    if (json_object_get(over, "epochs") && !config_get(over, "optimizer.epochs") &&
        length == config_whole(base, "epochs", -2))
        json_object_del(json_object_get(base, "optimizer"), "epochs");
}

/* Mean and deviation were measured on the data; other data or another kind of normalisation needs others. Where the
 * base names no data, they were given. */
static void unpin_normalisation(json_t *base, const json_t *over)
{
    static const char *const cause[] = { "data.format",     "data.dir",     "data.normalise",
                                         "data.limit",      "data.classes", "data.share",
                                         "data.share_seed", "data.inputs",  "validation" };
    bool measured = config_get(base, "data.dir") && !config_get(over, "data.mean");

    for (size_t i = 0; i < sizeof cause / sizeof *cause; i++)
        if (measured && config_get(over, cause[i])) {
            json_object_del(json_object_get(base, "data"), "mean");
            json_object_del(json_object_get(base, "data"), "deviation");
        }
}

/* A recording has one frame for each step: who sets one of the two lets the other follow. */
static void unpin_frames(json_t *base, const json_t *over)
{
    bool frames = config_get(over, "frames.steps"), steps = config_get(over, "trainer.steps");

    if (frames && !steps)
        json_object_del(json_object_get(base, "trainer"), "steps");
    if (steps && !frames)
        json_object_del(json_object_get(base, "frames"), "steps");
}

void config_merge(json_t *base, const json_t *over)
{
    const char *key;
    json_t *value, *section;

    unpin_schedule(base, over);
    unpin_frames(base, over);
    unpin_normalisation(base, over);
    json_object_foreach((json_t *)over, key, value)
    {
        section = json_object_get(base, key);
        if (json_is_object(section) && json_is_object(value) && config_is_section(key))
            json_object_update(section, value);
        else
            json_object_set_new(base, key, json_deep_copy(value));
    }
}

/* Sets a default that nobody set. */
static void preset(json_t *config, const char *path, json_t *value)
{
    if (config_get(config, path))
        json_decref(value);
    else
        config_set(config, path, value);
}

int config_merge_file(json_t *base, const char *path)
{
    json_t *file = NULL;
    int status = config_load(&file, path);

    if (status == DONE)
        config_merge(base, file);
    json_decref(file);
    return status;
}

/* Defaults for spide, whose gradients carry the factor scale. */
static void preset_spide(json_t *config)
{
    const json_t *scale = config_get(config, "trainer.scale");

    preset(config, "trainer.steps", json_integer(30));
    preset(config, "trainer.loss", json_string("ce"));
    if (strcmp(config_text(config, "optimizer.name", ""), "sgd") == 0)
        preset(config, "optimizer.lr", json_real(0.05 / (scale ? json_number_value(scale) : 100.0)));
}

/* Frames of events are counts; poisson and latency take the values of pixels, from 0 to 1, as they are. */
static bool wants_plain(const json_t *config)
{
    const char *format = config_text(config, "data.format", "idx");

    return (frames_is_layout(format) && !images_is_layout(format)) ||
           strcmp(config_text(config, "trainer.encoder", "direct"), "direct") != 0;
}

/* Nobody reads all images to measure them. */
static const char *usual_normalisation(const json_t *config)
{
    const bool grey = strcmp(config_text(config, "images.colour", "rgb"), "grey") == 0;

    if (wants_plain(config))
        return "none";
    return !images_is_layout(config_text(config, "data.format", "idx")) ? "mean-std" : grey ? "none" : "imagenet";
}

bool config_series(const json_t *config)
{
    return config_whole(config, "data.series", 0) != 0 || config_get(config, "data.targets") ||
           config_get(config, "data.labels");
}

void config_complete(json_t *config)
{
    const json_t *frames = config_get(config, "frames.steps");

    if (config_get(config, "teacher")) {
        preset(config, "trainer.distil", json_real(0.7));
        preset(config, "trainer.distil_tau", json_real(4));
    }
    preset(config, "network", json_string("784-800-10"));
    preset(config, "epochs", json_integer(15));
    preset(config, "batch", json_integer(128));
    preset(config, "seed", json_integer(1));
    if (!config_get(config, "data.dir") && access(DEBIAN_FASHION_MNIST, R_OK) == 0) {
        preset(config, "data.format", json_string("idx"));
        preset(config, "data.dir", json_string(DEBIAN_FASHION_MNIST));
    }
    preset(config, "data.normalise", json_string(usual_normalisation(config)));
    preset(config, "trainer.method", json_string("ottt"));
    preset(config, "optimizer.name", json_string("sgd"));
    if (json_is_integer(frames))
        preset(config, "trainer.steps", json_integer(json_integer_value(frames)));
    if (strcmp(config_text(config, "trainer.method", ""), "spide") == 0)
        preset_spide(config);
    if (!config_series(config))
        preset(config, "trainer.steps", json_integer(6));
    preset(config, "trainer.loss", json_string(config_get(config, "data.targets") ? "mse" : "ce_mse"));
    preset(config, "trainer.loss_mix", json_real(0.05));
    if (strcmp(config_text(config, "optimizer.name", ""), "sgd") == 0) {
        preset(config, "optimizer.lr", json_real(0.1));
        preset(config, "optimizer.momentum", json_real(0.9));
    }
    preset(config, "optimizer.schedule", json_string("cosine"));
    preset(config, "optimizer.epochs", json_integer(config_whole(config, "epochs", 15)));
}
