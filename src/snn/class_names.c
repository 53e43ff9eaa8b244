/* class_names.c - the names of the classes of a data set. */
#include "class_names.h"
#include "frames.h"
#include "images.h"

#include <stdlib.h>
#include <string.h>

/* Names of folders from anywhere give no orders to the terminal. */
static void make_printable(char *name)
{
    for (; name && *name; name++)
        if ((unsigned char)*name < ' ' || *name == 127)
            *name = '?';
}

/* Class i of the run is the one that the files number label_first + i, or with data.classes the i-th of these. */
static size_t number_in_files(const json_t *config, size_t class)
{
    const json_t *chosen = config_get(config, "data.classes");

    if (json_array_size(chosen) > 0)
        class = class < json_array_size(chosen) ? (size_t)json_number_value(json_array_get(chosen, class)) : SIZE_MAX;
    return class == SIZE_MAX ? class : class + (size_t)config_whole(config, "data.label_first", 0);
}

static int renumber(struct class_names *names, const json_t *config)
{
    char **name = calloc(names->n, sizeof *name);

    if (!name)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < names->n; i++) {
        const size_t at = number_in_files(config, i);

        name[i] = at < names->n && names->name[at] ? strdup(names->name[at]) : NULL;
        make_printable(name[i]);
    }
    class_names_close(&(struct class_names){ names->name, names->n });
    names->name = name;
    return DONE;
}

static int of_data(struct class_names *out, const struct run *run, snn_split split)
{
    const char *format = config_text(run->config, "data.format", "");
    const bool images = images_is_layout(format), named = images || frames_is_layout(format);
    char *path = named ? at_home(config_text(run->config, "data.dir", "")) : NULL;
    int status;

    memset(out, 0, sizeof *out);
    if (!path)
        return named ? FAILED : DONE;
    status = images ? images_class_names(run, split, path, &out->name, &out->n)
                    : frames_class_names(run, split, path, &out->name, &out->n);
    free(path);
    return status == DONE && out->n > 0 ? renumber(out, run->config) : status;
}

static int remembered(struct class_names *out, const json_t *names)
{
    *out = (struct class_names){ calloc(json_array_size(names) + 1, sizeof *out->name), json_array_size(names) };
    if (!out->name)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < out->n; i++) {
        const char *name = json_string_value(json_array_get(names, i));

        out->name[i] = name ? strdup(name) : NULL;
        make_printable(out->name[i]);
    }
    return DONE;
}

int class_names_open(struct class_names *out, const struct run *run, snn_split split)
{
    const json_t *names = config_get(run->config, "data.class_names");

    return names ? remembered(out, names) : of_data(out, run, split);
}

static int compare(const struct class_names *now, const json_t *names, const char *directory)
{
    for (size_t i = 0; i < now->n && i < json_array_size(names); i++) {
        const char *then = json_string_value(json_array_get(names, i));

        if (then && class_name(now, i)[0] && strcmp(then, class_name(now, i)) != 0)
            return fail(FAILED,
                        "%s: class %zu is \"%.100s\", and the model was trained with \"%.100s\" there: its labels "
                        "stand for other classes",
                        directory, i, class_name(now, i), then);
    }
    return DONE;
}

int class_names_check(struct run *run, snn_split split)
{
    const json_t *names = config_get(run->config, "data.class_names");
    struct class_names now;
    int status = of_data(&now, run, split);

    if (status == DONE && names)
        status = compare(&now, names, config_text(run->config, "data.dir", ""));
    else if (status == DONE && now.n > 0)
        status = config_set(run->config, "data.class_names", class_names_json(&now, now.n));
    class_names_close(&now);
    return status;
}

void class_names_close(struct class_names *names)
{
    for (size_t i = 0; i < names->n; i++)
        free(names->name[i]);
    free(names->name);
    memset(names, 0, sizeof *names);
}

const char *class_name(const struct class_names *names, size_t class)
{
    return class < names->n && names->name[class] ? names->name[class] : "";
}

int class_names_width(const struct class_names *names)
{
    size_t width = 0;

    for (size_t i = 0; i < names->n; i++)
        width = strlen(class_name(names, i)) > width ? strlen(class_name(names, i)) : width;
    return width < 40 ? (int)width : 40;
}

json_t *class_names_json(const struct class_names *names, size_t n)
{
    json_t *out = json_array();

    for (size_t i = 0; i < n; i++) {
        json_t *name = class_name(names, i)[0] ? json_string(class_name(names, i)) : NULL;

        json_array_append_new(out, name ? name : json_null()); /* a folder's name may be no UTF-8 */
    }
    return out;
}
