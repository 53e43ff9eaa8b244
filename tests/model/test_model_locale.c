/* A host that has set a locale whose decimal point is a comma, or takes two bytes: numbers in texts, messages and
 * files are those of the C locale, and the host's locale stays. The test makes such locales with localedef;
 * LC_NUMERIC is enough. */
#include "core/status.h"
#include "support.h"
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[] = "/tmp/snn_locale_XXXXXX";

static const struct {
    const char *name, *source, *point;
} locales[] = { { "comma", ",", "," }, { "arabic", "<U066B>", "\xd9\xab" } };

/* Whether the locales could be made. */
static bool make_locales(void)
{
    char command[512];

    if (mkdtemp(folder) == NULL || setenv("LOCPATH", folder, 1) != 0)
        return false;
    for (size_t i = 0; i < 2; i++) {
        snprintf(command, sizeof command,
                 "cd %s && printf 'LC_NUMERIC\\ndecimal_point \"%s\"\\nthousands_sep \"\"\\ngrouping -1\\nEND "
                 "LC_NUMERIC\\n'"
                 " > source && { localedef -c -i ./source -f UTF-8 ./%s > log 2>&1; test -e %s/LC_NUMERIC; }",
                 folder, locales[i].source, locales[i].name, locales[i].name);
        if (system(command) != 0)
            return false;
    }
    return true;
}

static void remove_locales(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0)
        fprintf(stderr, "%s stays\n", folder);
}

static void enter(int i)
{
    char text[16];

    ck_assert_ptr_nonnull(setlocale(LC_ALL, locales[i].name));
    snprintf(text, sizeof text, "%.1f", 0.5);
    ck_assert_int_eq(text[0], '0');
    ck_assert_msg(strncmp(text + 1, locales[i].point, strlen(locales[i].point)) == 0, "the locale prints %s", text);
}

START_TEST(test_texts)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_optimizer *sgd = NULL;
    double lr = 0;
    char text[16];

    enter(_i);
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_optimizer_set_text(sgd, "lr", "0.05"));
    OK(snn_optimizer_get_f64(sgd, SNN_OPTIMIZER_LR, &lr));
    ck_assert(lr == 0.05);
    FAILS(snn_optimizer_set_text(sgd, "lr", "0,05"), SNN_ERR_TYPE, "lr = \"0,05\" is not a number");
    FAILS(snn_optimizer_set_text(sgd, "lr",
                                 "0\xd9\xab"
                                 "05"),
          SNN_ERR_TYPE, "is not a number");
    FAILS(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, -0.5), SNN_ERR_ARGUMENT, "lr = -0.5 is outside");
    snprintf(text, sizeof text, "%.1f", 0.5); /* the host's numbers are as before */
    ck_assert_str_ne(text, "0.5");
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}
END_TEST

static snn_status no_sample(void *user, size_t index, size_t frame, snn_sample *sample)
{
    (void)user;
    (void)index;
    (void)frame;
    sample->label = 0;
    return SNN_OK;
}

/* Vectors cannot be cut out from: 0.0 is nothing, and 0.5 is refused whatever stands behind the point. */
START_TEST(test_data_set)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_dataset_source source;
    snn_dataset *set = NULL;

    enter(_i);
    OK(snn_dataset_source_init(&source, sizeof source));
    source.rank = 1;
    source.shape[0] = 4;
    source.count = source.classes = 2;
    source.read = no_sample;
    OK(snn_dataset_create(&set, ctx, &source));
    OK(snn_dataset_set_text(set, "cutout", "0.0"));
    FAILS(snn_dataset_set_text(set, "cutout", "0.5"), SNN_ERR_ARGUMENT, "cutout needs samples of shape");
    snn_dataset_destroy(set);
    snn_context_destroy(ctx);
}
END_TEST

static snn_network *network(snn_context *ctx)
{
    static const size_t shape[1] = { 4 };
    snn_network *net = NULL;
    snn_layer *layer = NULL;

    OK(snn_network_create(&net, ctx, shape, 1));
    OK(snn_network_add(net, "linear", "a", &layer));
    OK(snn_layer_set_i64(layer, SNN_LAYER_OUT, 6));
    OK(snn_network_add(net, "lif", "n", &layer));
    OK(snn_layer_set_text(layer, "decay", "0.3"));
    OK(snn_network_prepare(net));
    return net;
}

/* A description and a model file are the bytes that a host without a locale has. */
START_TEST(test_descriptions)
{
    snn_context *ctx = test_context(1, 1, "best");
    snn_network *net = network(ctx), *again = NULL;
    char plain[4096], text[4096], path[64];

    setlocale(LC_ALL, "C");
    OK(snn_network_describe(net, plain, sizeof plain, NULL));
    ck_assert_ptr_nonnull(strchr(plain, '.'));
    enter(_i);
    OK(snn_network_describe(net, text, sizeof text, NULL));
    ck_assert_str_eq(text, plain);
    OK(snn_network_parse(&again, ctx, text));
    snn_network_destroy(again);
    snprintf(path, sizeof path, "%s/m.snn", folder);
    OK(snn_network_save(net, path));
    OK(snn_network_load(&again, ctx, path));
    snn_network_destroy(again);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model: locale");
    TCase *tc = tcase_create("locale");
    int rc;

    if (!make_locales()) {
        remove_locales();
        fprintf(stderr, "no localedef here that makes locales (Debian: package locales): skipped\n");
        return 77;
    }
    tcase_add_loop_test(tc, test_texts, 0, 2);
    tcase_add_loop_test(tc, test_data_set, 0, 2);
    tcase_add_loop_test(tc, test_descriptions, 0, 2);
    suite_add_tcase(suite, tc);
    rc = run_suite(suite);
    remove_locales();
    return rc;
}
