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

int class_names_open(struct class_names *out, const struct run *run, snn_split split)
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
