/* params.c - the library's parameter tables. A table belongs to an object, so a small one of each kind is made, asked
 * and thrown away; a method that the library gains shows up here by itself. */
#include "params.h"

#include "config.h"
#include "frames.h"
#include "images.h"
#include "tool.h"

#include <snn/snn.h>
#include <stdio.h>
#include <string.h>

#define MOST 256
#define MOST_OWNERS 32

const char *const param_sections[] = { "data",       "neuron", "trainer", "optimizer",
                                       "projection", "frames", "images",  NULL };

#define SECTIONS (sizeof param_sections / sizeof *param_sections - 1)

static struct param table[MOST];
static size_t rows;
static const char *owner[SECTIONS][MOST_OWNERS]; /* names, by section */
static unsigned owners[SECTIONS];                /* as param_sections */

static unsigned section_number(const char *section)
{
    unsigned i = 0;

    while (param_sections[i] && strcmp(param_sections[i], section) != 0)
        i++;
    return i;
}

static bool same_default(const snn_param_info *a, const snn_param_info *b)
{
    if (a->type != SNN_PARAM_STR)
        return !(a->number < b->number || a->number > b->number);
    return strcmp(a->text ? a->text : "", b->text ? b->text : "") == 0;
}

static void add(unsigned section_index, const char *owner_name, const snn_param_info *info)
{
    const char *section = param_sections[section_index];
    struct param *p = table;
    size_t used;

    while (p < table + rows && (p->section != section || strcmp(p->info.name, info->name) != 0))
        p++;
    if (p == table + MOST)
        return;
    if (p == table + rows) {
        rows++;
        p->section = section;
        p->info = *info;
    }
    used = strlen(p->owners);
    snprintf(p->owners + used, sizeof p->owners - used, "%s%s", used ? ", " : "", owner_name);
    p->has |= 1u << owners[section_index];
    p->count++;
    p->varies = p->varies || !same_default(&p->info, info);
}

#define PARAM_CALL(noun, call, handle, what, value)                   \
    static snn_status noun##_##call(handle *object, what at, value v) \
    {                                                                 \
        return snn_##noun##_##call(object, at, v);                    \
    }
#define PARAM_CALLS(noun)                                                                                       \
    PARAM_CALL(noun, set_text, void, const char *, const char *)                                                \
    PARAM_CALL(noun, get_i64, const void, int32_t, int64_t *)                                                   \
    PARAM_CALL(noun, get_f64, const void, int32_t, double *)                                                    \
    PARAM_CALL(noun, get_str, const void, int32_t, const char **)                                               \
    PARAM_CALL(noun, param_info, const void, size_t, snn_param_info *)                                          \
    const struct param_calls noun##_params = { noun##_set_text, noun##_get_i64, noun##_get_f64, noun##_get_str, \
                                               noun##_param_info };

PARAM_CALLS(dataset)
PARAM_CALLS(neuron)
PARAM_CALLS(trainer)
PARAM_CALLS(optimizer)
PARAM_CALLS(projection)

/* Adds the whole table of an object. */
static void add_all(unsigned section, const char *name, const struct param_calls *calls, const void *object)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;

    for (size_t i = 0; calls->info(object, i, &info) == SNN_OK; i++)
        add(section, name, &info);
    if (owners[section] + 1 < MOST_OWNERS)
        owner[section][owners[section]++] = name;
}

static snn_status no_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user, (void)index, (void)frame;
    *sample->x = 0;
    sample->label = 0;
    return SNN_OK;
}

static void gather_data(snn_context *ctx)
{
    snn_dataset_source source;
    snn_dataset *dataset;

    if (snn_dataset_source_init(&source, sizeof source) != SNN_OK)
        return;
    source.rank = 1;
    source.shape[0] = source.shape[1] = source.shape[2] = 1;
    source.count = source.frames = 1;
    source.classes = 2;
    source.read = no_sample;
    if (snn_dataset_create(&dataset, ctx, &source) != SNN_OK)
        return;
    add_all(0, "data", &dataset_params, dataset);
    snn_dataset_destroy(dataset);
}

static void gather_neurons(snn_context *ctx)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_NEURON, i)) != NULL; i++) {
        snn_neuron *neuron;
        if (snn_neuron_create(&neuron, ctx, name) != SNN_OK)
            continue;
        add_all(1, name, &neuron_params, neuron);
        snn_neuron_destroy(neuron);
    }
}

static void gather_trainers(snn_context *ctx, snn_network *net)
{
    snn_optimizer *sgd;
    const char *name;

    if (snn_optimizer_create(&sgd, ctx, "sgd") != SNN_OK)
        return;
    for (size_t i = 0; (name = snn_name(SNN_NAME_METHOD, i)) != NULL; i++) {
        snn_trainer *trainer;
        if (snn_trainer_create(&trainer, net, sgd, name) != SNN_OK)
            continue;
        add_all(2, name, &trainer_params, trainer);
        snn_trainer_destroy(trainer);
    }
    snn_optimizer_destroy(sgd);
}

static void gather_projection(snn_network *net)
{
    snn_projection *projection;

    if (snn_projection_create(&projection, net) != SNN_OK)
        return;
    add_all(4, "hlop", &projection_params, projection);
    snn_projection_destroy(projection);
}

/* Owners of parameters that need a network. */
static void gather_on_network(snn_context *ctx)
{
    const size_t two[1] = { 2 };
    snn_neuron *neuron = NULL;
    snn_network *net = NULL;

    if (snn_neuron_create(&neuron, ctx, "lif") == SNN_OK && snn_network_create(&net, ctx, two, 1) == SNN_OK &&
        snn_network_add_dense(net, 2, neuron) == SNN_OK && snn_network_add_dense(net, 2, NULL) == SNN_OK) {
        gather_trainers(ctx, net);
        gather_projection(net);
    }
    snn_network_destroy(net);
    snn_neuron_destroy(neuron);
}

static void gather_optimizers(snn_context *ctx)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_OPTIMIZER, i)) != NULL; i++) {
        snn_optimizer *optimizer;
        if (snn_optimizer_create(&optimizer, ctx, name) != SNN_OK)
            continue;
        add_all(3, name, &optimizer_params, optimizer);
        snn_optimizer_destroy(optimizer);
    }
}

/* Without libsnn-events there are none. */
static void gather_frames(snn_context *ctx)
{
    void *frames;

    if (frames_create(&frames, ctx) != SNN_OK)
        return;
    add_all(5, "events", &event_frames_params, frames);
    frames_destroy(frames);
}

/* Without libsnn-images there are none. */
static void gather_images(snn_context *ctx)
{
    void *images;

    if (images_create(&images, ctx) != SNN_OK)
        return;
    add_all(6, "images", &images_params, images);
    images_destroy(images);
}

static void gather(void)
{
    static bool done;
    snn_context *ctx;

    if (done)
        return;
    done = true;
    if (plain_context(&ctx) != SNN_OK)
        return;
    gather_data(ctx);
    gather_neurons(ctx);
    gather_on_network(ctx);
    gather_optimizers(ctx);
    gather_frames(ctx);
    gather_images(ctx);
    snn_context_destroy(ctx);
}

const struct param *param_find(const char *section, const char *key, size_t length)
{
    gather();
    for (const struct param *p = table; p < table + rows; p++)
        if (strcmp(p->section, section) == 0 && strlen(p->info.name) == length &&
            strncmp(p->info.name, key, length) == 0)
            return p;
    return NULL;
}

const struct param *param_row(size_t i)
{
    gather();
    return i < rows ? table + i : NULL;
}

/* Whether a flag that somebody tried, "skip-unreadable", is a parameter without its section. */
static bool is_key(const char *name, const char *key)
{
    while (*name && (*name == *key || (*name == '-' && *key == '_')))
        name++, key++;
    return *name == *key;
}

const char *param_meant(const char *path)
{
    static char guess[96];
    const char *words[MOST + 1], *dot = strchr(path, '.'), *found;
    size_t n = 0;

    gather();
    for (const struct param *p = table; !dot && p < table + rows; p++)
        if (is_key(path, p->info.name)) {
            snprintf(guess, sizeof guess, "%s.%s", p->section, p->info.name);
            return guess;
        }
    for (const struct param *p = table; dot && p < table + rows; p++)
        if (strlen(p->section) == (size_t)(dot - path) && strncmp(p->section, path, (size_t)(dot - path)) == 0)
            words[n++] = p->info.name;
    words[n] = NULL;
    found = n ? nearest(dot + 1, words) : NULL;
    if (!found)
        return NULL;
    snprintf(guess, sizeof guess, "%.*s.%s", (int)(dot - path), path, found);
    return guess;
}

unsigned param_owners(const char *section)
{
    unsigned i = section_number(section);

    gather();
    return param_sections[i] ? owners[i] : 0;
}

const char *param_owner(const char *section, unsigned i)
{
    return i < param_owners(section) ? owner[section_number(section)][i] : NULL;
}

/* Places of which the library lists the words. */
static const struct {
    const char *path;
    snn_name_kind kind;
} named[] = { { "data", SNN_NAME_FORMAT },
              { "neuron.type", SNN_NAME_NEURON },
              { "trainer.method", SNN_NAME_METHOD },
              { "optimizer.name", SNN_NAME_OPTIMIZER },
              { "isa", SNN_NAME_ISA },
              { "network", SNN_NAME_NETWORK } };
#define NAMED (sizeof named / sizeof *named)

static bool list_names(snn_name_kind kind, char *out, size_t size)
{
    const char *name;
    size_t used = 0;

    for (size_t i = 0; (name = snn_name(kind, i)) != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", i > 0 ? ", " : "", name);
    for (size_t i = 0; kind == SNN_NAME_FORMAT && (name = frames_format(i)) != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, ", %s", name);
    for (size_t i = 0; kind == SNN_NAME_FORMAT && (name = images_format(i)) != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, ", %s", name);
    return true;
}

static bool list_choices(const char *choices, char *out, size_t size)
{
    size_t used = 0;

    for (; choices && *choices && used + 3 < size; choices++) {
        out[used++] = *choices == '|' ? ',' : *choices;
        if (*choices == '|')
            out[used++] = ' ';
    }
    out[used] = '\0';
    return used > 0;
}

bool param_words(const char *path, char *out, size_t size)
{
    const char *dot = strchr(path, '.');
    const struct param *p = NULL;
    char section[16];

    for (size_t i = 0; i < NAMED; i++)
        if (strcmp(named[i].path, path) == 0)
            return list_names(named[i].kind, out, size);
    if (dot && (size_t)(dot - path) < sizeof section) {
        snprintf(section, sizeof section, "%.*s", (int)(dot - path), path);
        p = param_find(section, dot + 1, strlen(dot + 1));
    }
    return list_choices(p ? p->info.choices : NULL, out, size);
}

static void help_bounds(char *out, size_t size, const snn_param_info *i)
{
    bool floor = i->min > -1e6, ceiling = i->max < 1e6;

    if (i->type == SNN_PARAM_STR)
        snprintf(out, size, "%s%s", i->choices ? i->choices : "", i->choices ? "; " : "");
    else if (i->type == SNN_PARAM_I64 && floor && i->min > -0.5 && i->min < 0.5 && i->max > 0.5 && i->max < 1.5)
        snprintf(out, size, "0 or 1; ");
    else if (floor && ceiling)
        snprintf(out, size, "%g .. %g; ", i->min, i->max);
    else if (floor)
        snprintf(out, size, "from %g; ", i->min);
    else
        out[0] = '\0';
}

/* The tool's own default goes before the library's. */
static void help_default(char *out, size_t size, const struct param *p, const json_t *defaults)
{
    char path[96];
    const json_t *own;

    snprintf(path, sizeof path, "%s.%s", p->section, p->info.name);
    own = config_get(defaults, path);
    if (strcmp(path, "optimizer.epochs") == 0)
        snprintf(out, size, "default: the epochs of the run");
    else if (strcmp(path, "frames.steps") == 0)
        snprintf(out, size, "default: the time steps, which follow it in turn");
    else if (json_is_string(own))
        snprintf(out, size, "default \"%s\"", json_string_value(own));
    else if (own)
        snprintf(out, size, "default %g%s", json_number_value(own), p->varies ? " for sgd, else the rule's own" : "");
    else if (p->varies)
        snprintf(out, size, "default depends on the type");
    else if (p->info.type == SNN_PARAM_STR)
        snprintf(out, size, "default \"%s\"", p->info.text ? p->info.text : "");
    else
        snprintf(out, size, "default %g", p->info.number);
}

static void help_row(const struct param *p, const json_t *defaults)
{
    static const char *const kind[] = { "?", "WHOLE", "REAL", "WORD" };
    bool some = p->count < param_owners(p->section);
    char left[80], bounds[200], preset[120], range[700];

    snprintf(left, sizeof left, "--%s.%s %s", p->section, p->info.name, kind[p->info.type & 3]);
    help_bounds(bounds, sizeof bounds, &p->info);
    help_default(preset, sizeof preset, p, defaults);
    snprintf(range, sizeof range, "[%s%s%s%s]", bounds, preset, some ? "; " : "", some ? p->owners : "");
    printf("  %-36s ", left);
    print_folded(39, p->info.help ? p->info.help : "");
    printf("%39s", "");
    print_folded(39, range);
}

/* True if `topic` is section number `s` or "everything": all of its owners are meant. Else only the owner of that
 * name is. */
static uint32_t meant(const char *topic, unsigned s)
{
    if (strcmp(topic, "all") == 0 || strcmp(topic, param_sections[s]) == 0)
        return UINT32_MAX;
    for (unsigned i = 0; i < owners[s]; i++)
        if (strcmp(topic, owner[s][i]) == 0)
            return 1u << i;
    return 0;
}

/* Prints the options of a ready-made network. */
static void help_options(const char *network)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;
    char text[300];

    for (size_t i = 0; snn_network_option(network, i, &info) == SNN_OK; i++) {
        snprintf(text, sizeof text, "%s=%g  %s; %g .. %g", info.name, info.number, info.help, info.min, info.max);
        printf("%25s", "");
        print_folded(25, text);
    }
}

/* Prints the meaning of a name, or all names of a section; false if the topic is neither. */
static bool help_names(const char *topic)
{
    bool found = false;
    const char *name;

    for (size_t k = 0; k < NAMED; k++) {
        size_t length = strcspn(named[k].path, ".");
        bool whole = strlen(topic) == length && strncmp(topic, named[k].path, length) == 0;

        for (size_t i = 0; (name = snn_name(named[k].kind, i)) != NULL; i++)
            if (whole || strcmp(topic, name) == 0) {
                printf("  %-20s %s\n", name, snn_name_text(named[k].kind, i));
                if (named[k].kind == SNN_NAME_NETWORK)
                    help_options(name);
                found = true;
            }
    }
    return found;
}

int param_help(const char *topic)
{
    json_t *defaults = json_object();
    bool found = help_names(topic);

    gather();
    config_complete(defaults);
    for (unsigned s = 0; param_sections[s]; s++) {
        uint32_t of = meant(topic, s);

        if (of)
            printf("%s%s\n", found ? "\n" : "", param_sections[s]);
        found = found || of;
        for (const struct param *p = table; p < table + rows; p++)
            if (strcmp(p->section, param_sections[s]) == 0 && p->has & of)
                help_row(p, defaults);
    }
    json_decref(defaults);
    return found ? DONE : fail(USAGE, "no help on \"%s\"", topic);
}
