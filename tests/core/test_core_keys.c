/* Keys of parameters, over the tables of all kinds of objects. */
#include "neuron/neuron.h"
#include "objects.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- an object of every table ---- */

typedef void (*visit_fn)(void *user, const char *kind, const void *object, info_fn info);

static void visit_neurons(visit_fn visit, void *user)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_NEURON, i)) != NULL; i++) {
        snn_neuron *neuron;

        OK(snn_neuron_create(&neuron, ctx, name));
        visit(user, "neurons", neuron, neuron_info);
        snn_neuron_destroy(neuron);
    }
}

static void visit_layers(visit_fn visit, void *user)
{
    const size_t shape[1] = { 2 };
    snn_network *layers;
    const char *type;

    OK(snn_network_create(&layers, ctx, shape, 1));
    for (size_t i = 0; (type = snn_name(SNN_NAME_LAYER, i)) != NULL; i++) {
        snn_layer *layer;

        OK(snn_network_add(layers, type, NULL, &layer));
        visit(user, snn__neuron_model_named(type) != NULL ? "populations" : "layers", layer, layer_info);
    }
    snn_network_destroy(layers);
}

static void visit_optimizers(visit_fn visit, void *user)
{
    const char *name;

    for (size_t i = 0; (name = snn_name(SNN_NAME_OPTIMIZER, i)) != NULL; i++) {
        snn_optimizer *optimizer;

        OK(snn_optimizer_create(&optimizer, ctx, name));
        visit(user, "optimizers", optimizer, optimizer_info);
        snn_optimizer_destroy(optimizer);
    }
}

static void visit_trainers(visit_fn visit, void *user)
{
    const char *name;
    snn_optimizer *sgd;

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    for (size_t i = 0; (name = snn_name(SNN_NAME_METHOD, i)) != NULL; i++) {
        snn_trainer *trainer;

        OK(snn_trainer_create(&trainer, net, sgd, name));
        visit(user, "trainers", trainer, trainer_info);
        snn_trainer_destroy(trainer);
    }
    snn_optimizer_destroy(sgd);
}

static void visit_all(visit_fn visit, void *user)
{
    snn_dataset *dataset = make_dataset();
    snn_projection *projection;

    visit_neurons(visit, user);
    visit_layers(visit, user);
    visit_optimizers(visit, user);
    visit_trainers(visit, user);
    visit(user, "data sets", dataset, dataset_info);
    snn_dataset_destroy(dataset);
    OK(snn_projection_create(&projection, net));
    visit(user, "projections", projection, projection_info);
    snn_projection_destroy(projection);
}

/* ---- keys ---- */

struct meanings {
    struct meaning {
        const char *kind;
        snn_param_info info;
    } meaning[256];
    size_t n, objects;
};

static void check_meaning(struct meanings *m, const char *kind, const snn_param_info *info)
{
    struct meaning *seen = m->meaning;

    if (strcmp(kind, "populations") == 0) /* layers that have the parameters of their neurons, too */
        kind = info->key <= 99 ? "neurons" : "layers";
    while (seen < m->meaning + m->n && seen->info.key != info->key)
        seen++;
    if (seen == m->meaning + m->n) {
        ck_assert_uint_lt(m->n, sizeof m->meaning / sizeof *m->meaning);
        m->meaning[m->n++] = (struct meaning){ kind, *info };
        return;
    }
    ck_assert_msg(strcmp(seen->kind, kind) == 0 && strcmp(seen->info.name, info->name) == 0 &&
                      seen->info.type == info->type,
                  "key %d is %s of %s, and %s of %s", info->key, seen->info.name, seen->kind, info->name, kind);
}

static void gather(void *user, const char *kind, const void *object, info_fn info)
{
    struct meanings *m = user;
    snn_param_info row = SNN_PARAM_INFO_INIT, before = SNN_PARAM_INFO_INIT;

    for (size_t i = 0; info(object, i, &row) == SNN_OK; i++) {
        check_meaning(m, kind, &row);
        for (size_t k = 0; k < i; k++) {
            OK(info(object, k, &before));
            ck_assert_msg(before.key != row.key && strcmp(before.name, row.name) != 0, "%s: %s is there twice", kind,
                          row.name);
        }
    }
    m->objects++;
}

START_TEST(a_key_has_one_meaning)
{
    struct meanings m = { .n = 0 };

    visit_all(gather, &m);
    ck_assert_uint_gt(m.objects, 40);
    ck_assert_uint_gt(m.n, 100);
}
END_TEST

/* The ranges that snn/param.h gives. */
START_TEST(keys_are_in_the_range_of_their_kind)
{
    static const struct {
        const char *kind;
        int32_t first, last;
    } range[] = { { "neurons", 1, 99 },      { "layers", 101, 199 },   { "optimizers", 201, 299 },
                  { "data sets", 301, 399 }, { "trainers", 401, 999 }, { "projections", 1001, 1099 } };
    struct meanings m = { .n = 0 };

    visit_all(gather, &m);
    for (size_t i = 0; i < m.n; i++)
        for (size_t k = 0; k < sizeof range / sizeof *range; k++)
            if (strcmp(range[k].kind, m.meaning[i].kind) == 0)
                ck_assert_msg(m.meaning[i].info.key >= range[k].first && m.meaning[i].info.key <= range[k].last,
                              "key %d, %s, is none of %s", m.meaning[i].info.key, m.meaning[i].info.name,
                              range[k].kind);
}
END_TEST

/* Whether a constant is called as the parameter: SNN_NEURON_SURROGATE_ALPHA and alpha. */
static bool named_after(const char *constant, const char *name)
{
    const size_t n = strlen(constant), m = strlen(name);

    for (size_t i = 0; i < m && m < n; i++)
        if (tolower((unsigned char)constant[n - m + i]) != name[i])
            return false;
    return m < n && constant[n - m - 1] == '_';
}

/* Compares the keys of a header with the parameters that there are; their number. */
static size_t check_header(const struct meanings *m, const char *header)
{
    char path[4096], line[512], constant[64];
    bool keys = false;
    size_t n = 0;
    FILE *f;
    int key;

    snprintf(path, sizeof path, "%s/include/snn/%s.h", getenv("SNN_SOURCE"), header);
    f = fopen(path, "r");
    ck_assert_msg(f != NULL, "%s cannot be read", path);
    while (fgets(line, sizeof line, f) != NULL) {
        const struct meaning *seen = m->meaning;

        keys = strncmp(line, "typedef enum", 12) == 0 ? strstr(line, "_key {") != NULL : keys && line[0] != '}';
        if (!keys || sscanf(line, " %63[A-Z0-9_] = %i,", constant, &key) != 2 || key == 0x7fffffff)
            continue;
        while (seen < m->meaning + m->n && seen->info.key != key)
            seen++;
        ck_assert_msg(seen < m->meaning + m->n, "%s is no parameter's key", constant);
        ck_assert_msg(named_after(constant, seen->info.name), "%s is the key of %s", constant, seen->info.name);
        n++;
    }
    fclose(f);
    return n;
}

START_TEST(keys_are_those_of_the_headers)
{
    static const char *const header[] = { "neuron", "layer", "optimizer", "dataset", "trainer", "projection" };
    struct meanings m = { .n = 0 };
    size_t n = 0;

    if (getenv("SNN_SOURCE") == NULL) {
        fprintf(stderr, "skipped: SNN_SOURCE does not name the source tree\n");
        return;
    }
    visit_all(gather, &m);
    for (size_t i = 0; i < sizeof header / sizeof *header; i++)
        n += check_header(&m, header[i]);
    ck_assert_uint_eq(n, m.n);
}
END_TEST

/* The first parameter of each kind, handed to an object of every other kind. */
START_TEST(a_key_of_another_kind_is_refused)
{
    static const struct {
        const char *kind;
        int32_t key;
    } first[] = { { "neurons", SNN_NEURON_THRESHOLD }, { "layers", SNN_LAYER_OUT },
                  { "optimizers", SNN_OPTIMIZER_LR },  { "data sets", SNN_DATASET_LIMIT },
                  { "trainers", SNN_TRAINER_STEPS },   { "projections", SNN_PROJECTION_LR } };
    snn_neuron *neuron;
    snn_optimizer *sgd;
    snn_trainer *trainer;
    char expected[64];

    OK(snn_neuron_create(&neuron, ctx, "lif"));
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&trainer, net, sgd, "dsr"));
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        snprintf(expected, sizeof expected, "key %d, a key of %s; it has ", first[i].key, first[i].kind);
        if (strcmp(first[i].kind, "neurons") != 0)
            FAILS(snn_neuron_set_f64(neuron, first[i].key, 2.0), SNN_ERR_ARGUMENT, expected);
        if (strcmp(first[i].kind, "trainers") != 0)
            FAILS(snn_trainer_set_i64(trainer, first[i].key, 2), SNN_ERR_ARGUMENT, expected);
    }
    FAILS(snn_trainer_set_f64(trainer, SNN_NEURON_FIRE_AT, 2.0), SNN_ERR_ARGUMENT, "it has steps, loss, ");
    FAILS(snn_trainer_set_f64(trainer, SNN_PROJECTION_LR, 2.0), SNN_ERR_ARGUMENT, "a key of projections");
    FAILS(snn_neuron_set_f64(neuron, 0, 2.0), SNN_ERR_ARGUMENT, "key 0; it has decay, tau, ");
    FAILS(snn_neuron_set_f64(neuron, -1, 2.0), SNN_ERR_ARGUMENT, "key -1; it has");
    FAILS(snn_neuron_set_f64(neuron, 2000, 2.0), SNN_ERR_ARGUMENT, "key 2000; it has");
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_neuron_destroy(neuron);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: keys of parameters");
    TCase *keys = tcase_create("keys");

    tcase_add_checked_fixture(keys, setup, teardown);
    tcase_add_test(keys, a_key_has_one_meaning);
    tcase_add_test(keys, keys_are_in_the_range_of_their_kind);
    tcase_add_test(keys, keys_are_those_of_the_headers);
    tcase_add_test(keys, a_key_of_another_kind_is_refused);
    suite_add_tcase(suite, keys);
    return run_suite(suite);
}
