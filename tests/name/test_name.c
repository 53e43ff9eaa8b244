/* The lists of names: every name does what its kind says, is there once, has a text, and is in the documentation. */
#include "support.h"
#include "trainer/rule.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST SNN_NAME_NEURON
#define LAST SNN_NAME_SCHEDULE

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

static size_t times(snn_name_kind kind, const char *name)
{
    size_t n = 0;

    for (size_t i = 0; snn_name(kind, i) != NULL; i++)
        n += strcmp(snn_name(kind, i), name) == 0;
    return n;
}

START_TEST(lists)
{
    const snn_name_kind kind = (snn_name_kind)_i;
    const size_t n = count_names(kind);

    ck_assert_uint_ge(n, 1);
    for (size_t i = 0; i < n; i++) {
        ck_assert_uint_eq(times(kind, snn_name(kind, i)), 1);
        ck_assert_uint_eq(strspn(snn_name(kind, i), "abcdefghijklmnopqrstuvwxyz0123456789_-"),
                          strlen(snn_name(kind, i)));
        ck_assert_ptr_nonnull(snn_name_text(kind, i));
        ck_assert_uint_gt(strlen(snn_name_text(kind, i)), 5);
        ck_assert_ptr_null(strchr(snn_name_text(kind, i), '\n'));
    }
    ck_assert_ptr_null(snn_name(kind, n));
    ck_assert_ptr_null(snn_name_text(kind, n));
    ck_assert_ptr_null(snn_name(kind, SIZE_MAX));
}
END_TEST

START_TEST(no_such_kind)
{
    const int none[] = { 0, -1, LAST + 1, 1000, SNN_NAME_KIND_FORCE32 };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        ck_assert_ptr_null(snn_name((snn_name_kind)none[i], 0));
        ck_assert_ptr_null(snn_name_text((snn_name_kind)none[i], 0));
    }
}
END_TEST

/* ---- what the names are for */

static snn_status isa(const char *name)
{
    snn_context_options options;
    snn_context *made;
    snn_status rc;

    OK(snn_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.isa = name;
    rc = snn_context_create(&made, &options);
    snn_context_destroy(made);
    return rc;
}

static snn_status neuron(const char *name)
{
    snn_neuron_info info = SNN_NEURON_INFO_INIT;
    snn_neuron *made;
    snn_status rc = snn_neuron_create(&made, ctx, name);

    if (rc == SNN_OK) {
        OK(snn_neuron_get_info(made, &info));
        ck_assert_str_eq(info.name, name);
        ck_assert_ptr_eq(info.context, ctx);
        ck_assert_uint_eq(info.spiking, 1);
        if (snn_neuron_set_text(made, "reset", "none") == SNN_OK) {
            OK(snn_neuron_get_info(made, &info));
            ck_assert_uint_eq(info.spiking, 0);
        }
    }
    snn_neuron_destroy(made);
    return rc;
}

static snn_network *empty(void)
{
    const size_t shape[1] = { 4 };
    snn_network *net;

    OK(snn_network_create(&net, ctx, shape, 1));
    return net;
}

/* The layer says that it is of this type. */
static snn_status layer(const char *name)
{
    snn_layer_info info = SNN_LAYER_INFO_INIT;
    snn_network *net = empty();
    snn_layer *made;
    snn_status rc = snn_network_add(net, name, NULL, &made);

    if (rc == SNN_OK) {
        OK(snn_layer_get_info(made, &info));
        ck_assert_str_eq(info.type, name);
    }
    snn_network_destroy(net);
    return rc;
}

static snn_status network(const char *name)
{
    const size_t shape[3] = { 3, 64, 64 };
    snn_network *net;
    snn_status rc = snn_network_build(&net, ctx, name, shape, 3, 10, NULL);

    snn_network_destroy(net);
    return rc;
}

static snn_status optimizer(const char *name)
{
    snn_optimizer_info info = SNN_OPTIMIZER_INFO_INIT;
    snn_optimizer *made;
    snn_status rc = snn_optimizer_create(&made, ctx, name);

    if (rc == SNN_OK) {
        OK(snn_optimizer_get_info(made, &info));
        ck_assert_str_eq(info.name, name);
        ck_assert_ptr_eq(info.context, ctx);
    }
    snn_optimizer_destroy(made);
    return rc;
}

static snn_network *small(void)
{
    snn_network *net = empty();

    OK(snn_network_add_dense(net, 3, NULL));
    return net;
}

static snn_status method(const char *name)
{
    snn_network *net = small();
    snn_optimizer *sgd;
    snn_trainer *tr;
    snn_status rc;

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    rc = snn_trainer_create(&tr, net, sgd, name);
    snn_trainer_destroy(tr);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    return rc;
}

/* A format that there is looks for its files. */
static snn_status format(const char *name)
{
    snn_dataset *made;
    snn_status rc = snn_dataset_open(&made, ctx, name, "/nonexistent", SNN_SPLIT_TRAIN);

    return rc == SNN_ERR_IO ? SNN_OK : rc;
}

static snn_status trainer_word(int32_t key, const char *word)
{
    snn_network *net = small();
    snn_trainer *tr;
    snn_status rc;

    OK(snn_evaluator_create(&tr, net));
    rc = snn_trainer_set_str(tr, key, word);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    return rc;
}

static snn_status loss(const char *name)
{
    return trainer_word(SNN_TRAINER_LOSS, name);
}

static snn_status encoder(const char *name)
{
    return trainer_word(SNN_TRAINER_ENCODER, name);
}

static snn_status surrogate(const char *name)
{
    snn_neuron *lif;
    snn_status rc;

    OK(snn_neuron_create(&lif, ctx, "lif"));
    rc = snn_neuron_set_str(lif, SNN_NEURON_SURROGATE, name);
    snn_neuron_destroy(lif);
    return rc;
}

static snn_status schedule(const char *name)
{
    snn_optimizer *sgd;
    snn_status rc;

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    rc = snn_optimizer_set_str(sgd, SNN_OPTIMIZER_SCHEDULE, name);
    snn_optimizer_destroy(sgd);
    return rc;
}

static const struct {
    snn_name_kind kind;
    snn_status (*use)(const char *name);
} uses[] = {
    { SNN_NAME_NEURON, neuron },     { SNN_NAME_LAYER, layer },
    { SNN_NAME_NETWORK, network },   { SNN_NAME_OPTIMIZER, optimizer },
    { SNN_NAME_METHOD, method },     { SNN_NAME_FORMAT, format },
    { SNN_NAME_ISA, isa },           { SNN_NAME_LOSS, loss },
    { SNN_NAME_ENCODER, encoder },   { SNN_NAME_SURROGATE, surrogate },
    { SNN_NAME_SCHEDULE, schedule },
};

#define USES ((int)(sizeof uses / sizeof *uses))

/* Every name is taken where names of its kind are; one that is not listed is refused, and the message has them. */
START_TEST(names_are_true)
{
    const snn_name_kind kind = uses[_i].kind;

    for (size_t i = 0; snn_name(kind, i) != NULL; i++)
        OK(uses[_i].use(snn_name(kind, i)));
    ck_assert_int_eq(uses[_i].use("perceptron"), SNN_ERR_ARGUMENT);
    ck_assert_ptr_nonnull(strstr(snn_last_error(), "\"perceptron\""));
    for (size_t i = 0; snn_name(kind, i) != NULL; i++)
        ck_assert_msg(strstr(snn_last_error(), snn_name(kind, i)) != NULL, "\"%s\" lacks %s", snn_last_error(),
                      snn_name(kind, i));
}
END_TEST

/* Populations are layers. */
START_TEST(neurons_are_layers)
{
    for (size_t i = 0; snn_name(SNN_NAME_NEURON, i) != NULL; i++) {
        ck_assert_uint_eq(times(SNN_NAME_LAYER, snn_name(SNN_NAME_NEURON, i)), 1);
    }
}
END_TEST

/* The plainest is everywhere, and what is in use was built. */
START_TEST(instruction_sets)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;

    OK(snn_context_get_info(ctx, &info));
    ck_assert_str_eq(snn_name(SNN_NAME_ISA, 0), "ref");
    ck_assert_uint_eq(times(SNN_NAME_ISA, info.isa), 1);
}
END_TEST

/* ---- what is said about names */

static bool has_word(const char *text, const char *word)
{
    const size_t n = strlen(word);

    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        const char before = at == text ? ' ' : at[-1], after = at[n];

        if (!isalnum((unsigned char)before) && strchr("_-:", before) == NULL && !isalnum((unsigned char)after) &&
            after != '_' && after != '-')
            return true;
    }
    return false;
}

/* A method that refuses a network names networks, and the text of a network names methods: they go together. */
START_TEST(methods_take_the_networks_that_they_name)
{
    const char *name = snn_name(SNN_NAME_NETWORK, (size_t)_i), *text = snn_name_text(SNN_NAME_NETWORK, (size_t)_i);
    const size_t shape[3] = { 3, 32, 32 };
    snn_optimizer *sgd;
    snn_param_info option = SNN_PARAM_INFO_INIT;
    snn_network *net;
    size_t named = 0;
    char narrow[64];

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    snprintf(narrow, sizeof narrow, "%s%s", name,
             snn_network_option(name, 0, &option) == SNN_OK && strcmp(option.name, "width") == 0 ? ":width=8" : "");
    OK(snn_network_build(&net, ctx, narrow, shape, 3, 10, NULL));
    for (size_t i = 0; snn_name(SNN_NAME_METHOD, i) != NULL; i++) {
        const struct snn__rule *rule = snn__rule_named(snn_name(SNN_NAME_METHOD, i));
        snn_trainer *tr;

        if (!has_word(text, rule->name) && (rule->networks == NULL || !has_word(rule->networks, name)))
            continue;
        OK(snn_trainer_create(&tr, net, sgd, rule->name));
        if (rule->check != NULL)
            OK(rule->check(tr)); /* as prepare does, without its memory */
        snn_trainer_destroy(tr);
        named++;
    }
    ck_assert_msg(named > 0, "no method names %s", name);
    snn_network_destroy(net);
    snn_optimizer_destroy(sgd);
}
END_TEST

START_TEST(a_refusal_names_networks)
{
    snn_optimizer *sgd;
    snn_network *net = small();
    snn_trainer *tr;

    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_trainer_create(&tr, net, sgd, "ide"));
    FAILS(snn_trainer_prepare(tr, 2), SNN_ERR_UNSUPPORTED, ". Networks for ide: ide-400, ");
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_optimizer_destroy(sgd);
}
END_TEST

static const struct {
    snn_name_kind kind;
    const char *page;
} pages[] = {
    { SNN_NAME_NEURON, "include/snn/neuron.h" }, { SNN_NAME_NEURON, "docs/neurons.md" },
    { SNN_NAME_LAYER, "include/snn/layer.h" },   { SNN_NAME_LAYER, "docs/network.md" },
    { SNN_NAME_NETWORK, "docs/zoo.md" },         { SNN_NAME_OPTIMIZER, "include/snn/optimizer.h" },
    { SNN_NAME_OPTIMIZER, "docs/trainers.md" },  { SNN_NAME_METHOD, "docs/trainers.md" },
    { SNN_NAME_FORMAT, "docs/data.md" },         { SNN_NAME_FORMAT, "include/snn/dataset.h" },
    { SNN_NAME_ISA, "docs/context.md" },         { SNN_NAME_LOSS, "include/snn/trainer.h" },
    { SNN_NAME_LOSS, "docs/trainers.md" },       { SNN_NAME_ENCODER, "include/snn/trainer.h" },
    { SNN_NAME_ENCODER, "docs/trainers.md" },    { SNN_NAME_SURROGATE, "include/snn/neuron.h" },
    { SNN_NAME_SURROGATE, "docs/neurons.md" },   { SNN_NAME_SCHEDULE, "include/snn/optimizer.h" },
    { SNN_NAME_SCHEDULE, "docs/trainers.md" },
};

static char *read_page(const char *page)
{
    static char text[1 << 18];
    const char *source = getenv("SNN_SOURCE");
    char path[4096];
    FILE *file;

    if (source == NULL)
        return NULL;
    snprintf(path, sizeof path, "%s/%s", source, page);
    file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

/* Whoever adds a name tells of it where the others are told of. */
START_TEST(names_are_documented)
{
    const char *text = read_page(pages[_i].page);

    for (size_t i = 0; text != NULL && snn_name(pages[_i].kind, i) != NULL; i++)
        ck_assert_msg(has_word(text, snn_name(pages[_i].kind, i)), "%s does not tell of %s", pages[_i].page,
                      snn_name(pages[_i].kind, i));
}
END_TEST

/* Programs hold names as they hold numbers: one that was recorded stays, and a new one is recorded. Instruction sets
 * are those of a build. */
static void print_names(void)
{
    for (int kind = FIRST; kind <= LAST; kind++)
        for (size_t i = 0; kind != SNN_NAME_ISA && snn_name((snn_name_kind)kind, i) != NULL; i++)
            printf("%d %s\n", kind, snn_name((snn_name_kind)kind, i));
}

START_TEST(recorded_names_stay)
{
    const char *record = read_page("tests/name/names.txt");
    char line[80], name[64];
    int kind, used;
    size_t recorded = 0, listed = 0;

    if (record == NULL)
        return;
    for (const char *at = record; sscanf(at, "%d %63s%n", &kind, name, &used) == 2; at += used, recorded++)
        ck_assert_msg(times((snn_name_kind)kind, name) == 1, "kind %d has lost the name %s", kind, name);
    for (kind = FIRST; kind <= LAST; kind++)
        for (size_t i = 0; kind != SNN_NAME_ISA && snn_name((snn_name_kind)kind, i) != NULL; i++, listed++) {
            snprintf(line, sizeof line, "%d %s\n", kind, snn_name((snn_name_kind)kind, i));
            ck_assert_msg(strstr(record, line) != NULL, "not recorded: %s", line);
        }
    ck_assert_uint_eq(recorded, listed);
}
END_TEST

int main(int argc, char **argv)
{
    Suite *suite = suite_create("name");
    TCase *tcase = tcase_create("names");

    if (argc > 1 && strcmp(argv[1], "--record") == 0) {
        print_names();
        return 0;
    }
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, lists, FIRST, LAST + 1);
    tcase_add_test(tcase, no_such_kind);
    tcase_add_loop_test(tcase, names_are_true, 0, USES);
    tcase_add_test(tcase, neurons_are_layers);
    tcase_add_test(tcase, instruction_sets);
    tcase_add_loop_test(tcase, methods_take_the_networks_that_they_name, 0, (int)count_names(SNN_NAME_NETWORK));
    tcase_add_test(tcase, a_refusal_names_networks);
    tcase_add_loop_test(tcase, names_are_documented, 0, (int)(sizeof pages / sizeof *pages));
    tcase_add_test(tcase, recorded_names_stay);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
