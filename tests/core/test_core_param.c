/* The calls that set and read parameters: the same answers from all kinds of objects. */
#include "objects.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* The calls of a kind of objects. */
struct calls {
    snn_status (*set_i64)(void *object, int32_t key, int64_t value);
    snn_status (*set_f64)(void *object, int32_t key, double value);
    snn_status (*set_str)(void *object, int32_t key, const char *value);
    snn_status (*set_text)(void *object, const char *name, const char *value);
    snn_status (*get_i64)(const void *object, int32_t key, int64_t *value);
    snn_status (*get_f64)(const void *object, int32_t key, double *value);
    snn_status (*get_str)(const void *object, int32_t key, const char **value);
    info_fn param_info;
};

#define CALL(noun, call, handle, what, value)                            \
    static snn_status noun##_##call(handle *object, what which, value v) \
    {                                                                    \
        return snn_##noun##_##call(object, which, v);                    \
    }
#define CALLS(noun)                                                                                             \
    CALL(noun, set_i64, void, int32_t, int64_t)                                                                 \
    CALL(noun, set_f64, void, int32_t, double)                                                                  \
    CALL(noun, set_str, void, int32_t, const char *)                                                            \
    CALL(noun, set_text, void, const char *, const char *)                                                      \
    CALL(noun, get_i64, const void, int32_t, int64_t *)                                                         \
    CALL(noun, get_f64, const void, int32_t, double *)                                                          \
    CALL(noun, get_str, const void, int32_t, const char **)                                                     \
    static const struct calls noun##_calls = { noun##_set_i64, noun##_set_f64, noun##_set_str, noun##_set_text, \
                                               noun##_get_i64, noun##_get_f64, noun##_get_str, noun##_info };
CALLS(neuron)
CALLS(layer)
CALLS(optimizer)
CALLS(dataset)
CALLS(trainer)
CALLS(projection)

/* A parameter of each type: the values are allowed, and not the defaults. */
struct sample {
    const struct calls *calls;
    const char *noun, *owner;
    int32_t whole, real, word; /* keys; word 0: it has none */
    const char *whole_name, *real_name, *word_name, *word_value;
    const char *since; /* what fixes them, if anything does */
};

static const struct sample samples[] = {
    { &neuron_calls, "neuron", "neuron lif", SNN_NEURON_PER_NEURON, SNN_NEURON_THRESHOLD, SNN_NEURON_RESET,
      "per_neuron", "threshold", "reset", "zero", NULL },
    { &layer_calls, "layer", "layer a", SNN_LAYER_STANDARDISE, SNN_LAYER_INIT_STD, SNN_LAYER_INIT, "standardise",
      "init_std", "init", "normal", "the network was prepared" },
    { &layer_calls, "layer", "layer b", SNN_NEURON_SMOOTH, SNN_NEURON_TAU, SNN_NEURON_RESET, "smooth", "tau", "reset",
      "zero", "the network was prepared" },
    { &optimizer_calls, "optimizer", "optimizer sgd", SNN_OPTIMIZER_NESTEROV, SNN_OPTIMIZER_GAMMA,
      SNN_OPTIMIZER_SCHEDULE, "nesterov", "gamma", "schedule", "cosine", NULL },
    { &dataset_calls, "data set", "data set", SNN_DATASET_FLIP, SNN_DATASET_CUTOUT, 0, "flip", "cutout", NULL, NULL,
      NULL },
    { &trainer_calls, "trainer", "trainer dsr", SNN_TRAINER_STEPS, SNN_TRAINER_LOSS_MIX, SNN_TRAINER_LOSS, "steps",
      "loss_mix", "loss", "mse", "snn_trainer_prepare()" },
    { &projection_calls, "projection", "projection", SNN_PROJECTION_EVERY, SNN_PROJECTION_CLAMP,
      SNN_PROJECTION_SOURCE, "every", "clamp", "source", "both", NULL },
};
#define SAMPLES ((int)(sizeof samples / sizeof *samples))

/* One object for each sample, and what they need. */
struct world {
    snn_network *net;
    snn_neuron *neuron;
    snn_optimizer *optimizer;
    snn_dataset *dataset;
    snn_trainer *trainer;
    snn_projection *projection;
    snn_network *spare; /* not prepared */
    snn_layer *linear, *population;
};

static void open_world(struct world *w)
{
    const size_t shape[1] = { 2 };

    w->net = net;
    OK(snn_neuron_create(&w->neuron, ctx, "lif"));
    OK(snn_optimizer_create(&w->optimizer, ctx, "sgd"));
    w->dataset = make_dataset();
    OK(snn_trainer_create(&w->trainer, net, w->optimizer, "dsr"));
    OK(snn_projection_create(&w->projection, net));
    OK(snn_network_create(&w->spare, ctx, shape, 1));
    OK(snn_network_add(w->spare, "linear", "a", &w->linear));
    OK(snn_layer_set_i64(w->linear, SNN_LAYER_OUT, 2));
    OK(snn_network_add(w->spare, "lif", "b", &w->population));
}

static void close_world(struct world *w)
{
    snn_trainer_destroy(w->trainer);
    snn_projection_destroy(w->projection);
    snn_optimizer_destroy(w->optimizer);
    snn_dataset_destroy(w->dataset);
    snn_neuron_destroy(w->neuron);
    snn_network_destroy(w->spare);
}

static void *object_of(const struct world *w, int sample)
{
    void *const object[] = {
        w->neuron, w->linear, w->population, w->optimizer, w->dataset, w->trainer, w->projection
    };

    return object[sample];
}

/* A call must give this code, and this message. */
#define GIVES(call, code, ...)                                                                                  \
    do {                                                                                                        \
        snn_status rc_ = (call);                                                                                \
        char expected_[400];                                                                                    \
        snprintf(expected_, sizeof expected_, __VA_ARGS__);                                                     \
        ck_assert_msg(rc_ == (code) && strncmp(snn_last_error(), expected_, strlen(expected_)) == 0,            \
                      "%s gave %s: %s, and not: %s", #call, snn_status_name(rc_), snn_last_error(), expected_); \
    } while (0)

static void check_null(const struct calls *c, const char *noun)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;
    const char *s;
    int64_t i;
    double f;

    GIVES(c->set_i64(NULL, 1, 1), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->set_f64(NULL, 1, 1), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->set_str(NULL, 1, "a"), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->set_text(NULL, "a", "a"), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->get_i64(NULL, 1, &i), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->get_f64(NULL, 1, &f), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->get_str(NULL, 1, &s), SNN_ERR_ARGUMENT, "%s is NULL", noun);
    GIVES(c->param_info(NULL, 0, &info), SNN_ERR_ARGUMENT, "%s is NULL", noun);
}

/* Keys and names that no object has: the message goes on with those that it has. */
static void check_unknown(const struct sample *s, void *o)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;
    const struct calls *c = s->calls;
    char there[100];
    const char *word;
    int64_t i;
    double f;

    OK(c->param_info(o, 0, &info));
    snprintf(there, sizeof there, "%s has no parameter with key 4000; it has %s, ", s->owner, info.name);
    GIVES(c->set_i64(o, 4000, 1), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->set_f64(o, 4000, 1), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->set_str(o, 4000, NULL), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->get_i64(o, 4000, &i), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->get_f64(o, 4000, &f), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->get_str(o, 4000, &word), SNN_ERR_ARGUMENT, "%s", there);
    GIVES(c->set_text(o, "wrong", "1"), SNN_ERR_ARGUMENT, "%s has no parameter \"wrong\"; it has %s, ", s->owner,
          info.name);
    GIVES(c->param_info(o, 1000, &info), SNN_ERR_ARGUMENT, "%s has ", s->owner);
    GIVES(c->param_info(o, 0, NULL), SNN_ERR_ARGUMENT, "parameter info");
}

static void check_types(const struct sample *s, void *o)
{
    const struct calls *c = s->calls;
    const char *word;
    int64_t i;
    double f;

    GIVES(c->set_f64(o, s->whole, 1), SNN_ERR_TYPE, "%s: %s is a whole number, not a real number", s->owner,
          s->whole_name);
    GIVES(c->set_str(o, s->whole, "1"), SNN_ERR_TYPE, "%s: %s is a whole number, not a text", s->owner,
          s->whole_name);
    GIVES(c->set_i64(o, s->real, 1), SNN_ERR_TYPE, "%s: %s is a real number, not a whole number", s->owner,
          s->real_name);
    GIVES(c->get_f64(o, s->whole, &f), SNN_ERR_TYPE, "%s: %s is a whole number", s->owner, s->whole_name);
    GIVES(c->get_str(o, s->real, &word), SNN_ERR_TYPE, "%s: %s is a real number", s->owner, s->real_name);
    GIVES(c->set_text(o, s->whole_name, "one"), SNN_ERR_TYPE, "%s: %s = \"one\" is not a number", s->owner,
          s->whole_name);
    GIVES(c->set_text(o, s->whole_name, "0.5"), SNN_ERR_TYPE, "%s: %s = \"0.5\" is not a whole number", s->owner,
          s->whole_name);
    GIVES(c->set_text(o, s->real_name, "0,5"), SNN_ERR_TYPE, "%s: %s = \"0,5\" is not a number", s->owner,
          s->real_name);
    if (s->word == 0)
        return;
    GIVES(c->set_i64(o, s->word, 1), SNN_ERR_TYPE, "%s: %s is a text, not a whole number", s->owner, s->word_name);
    GIVES(c->get_i64(o, s->word, &i), SNN_ERR_TYPE, "%s: %s is a text", s->owner, s->word_name);
}

static void check_values(const struct sample *s, void *o)
{
    const struct calls *c = s->calls;

    GIVES(c->set_i64(o, s->whole, -1), SNN_ERR_ARGUMENT, "%s: %s = -1 is outside ", s->owner, s->whole_name);
    GIVES(c->set_i64(o, s->whole, INT64_MAX), SNN_ERR_ARGUMENT, "%s: %s = ", s->owner, s->whole_name);
    GIVES(c->set_text(o, s->whole_name, "-1"), SNN_ERR_ARGUMENT, "%s: %s = -1 is outside ", s->owner, s->whole_name);
    GIVES(c->set_f64(o, s->real, NAN), SNN_ERR_ARGUMENT, "%s: %s = nan is outside ", s->owner, s->real_name);
    GIVES(c->set_f64(o, s->real, INFINITY), SNN_ERR_ARGUMENT, "%s: %s = inf is outside ", s->owner, s->real_name);
    GIVES(c->set_text(o, s->real_name, "-1e30"), SNN_ERR_ARGUMENT, "%s: %s = -1e+30 is outside ", s->owner,
          s->real_name);
    GIVES(c->set_text(o, NULL, "1"), SNN_ERR_ARGUMENT, "%s: the name of a parameter is NULL", s->owner);
    GIVES(c->set_text(o, s->real_name, NULL), SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", s->owner,
          s->real_name);
    GIVES(c->get_i64(o, s->whole, NULL), SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", s->owner, s->whole_name);
    GIVES(c->get_f64(o, s->real, NULL), SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", s->owner, s->real_name);
    if (s->word == 0)
        return;
    GIVES(c->get_str(o, s->word, NULL), SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", s->owner, s->word_name);
    GIVES(c->set_str(o, s->word, NULL), SNN_ERR_ARGUMENT, "%s: the value of %s is NULL", s->owner, s->word_name);
    GIVES(c->set_str(o, s->word, "x"), SNN_ERR_ARGUMENT, "%s: %s = \"x\" is not one of ", s->owner, s->word_name);
    GIVES(c->set_text(o, s->word_name, "x"), SNN_ERR_ARGUMENT, "%s: %s = \"x\" is not one of ", s->owner,
          s->word_name);
}

/* What all parameters are, in one text. */
static void read_all(const struct calls *c, const void *o, char *out, size_t size)
{
    snn_param_info info = SNN_PARAM_INFO_INIT;
    size_t used = 0;

    for (size_t k = 0; c->param_info(o, k, &info) == SNN_OK; k++) {
        const char *s = NULL;
        int64_t i = 0;
        double f = 0;

        OK(info.type == SNN_PARAM_I64   ? c->get_i64(o, info.key, &i)
           : info.type == SNN_PARAM_F64 ? c->get_f64(o, info.key, &f)
                                        : c->get_str(o, info.key, &s));
        used += (size_t)snprintf(out + used, size - used, "%s %lld %.17g %s\n", info.name, (long long)i, f,
                                 s != NULL ? s : "");
        ck_assert_uint_lt(used, size);
    }
}

static void check_good(const struct sample *s, void *o)
{
    const struct calls *c = s->calls;
    const char *word = NULL;
    int64_t i = 0;
    double f = 0;

    OK(c->set_i64(o, s->whole, 1));
    OK(c->set_f64(o, s->real, 1.0));
    OK(c->get_i64(o, s->whole, &i));
    OK(c->get_f64(o, s->real, &f));
    ck_assert(i == 1 && f == 1.0);
    OK(c->set_text(o, s->real_name, "0x1p0"));
    OK(c->set_text(o, s->whole_name, "true"));
    OK(c->get_f64(o, s->real, &f));
    ck_assert(f == 1.0);
    if (s->word == 0)
        return;
    OK(c->set_str(o, s->word, s->word_value));
    OK(c->get_str(o, s->word, &word));
    ck_assert_str_eq(word, s->word_value);
    OK(c->set_text(o, s->word_name, s->word_value));
}

START_TEST(calls_answer_alike)
{
    const struct sample *s = &samples[_i];
    char before[4000], after[4000];
    struct world w;
    void *o;

    open_world(&w);
    o = object_of(&w, _i);
    read_all(s->calls, o, before, sizeof before);
    check_null(s->calls, s->noun);
    check_unknown(s, o);
    check_types(s, o);
    check_values(s, o);
    read_all(s->calls, o, after, sizeof after);
    ck_assert_str_eq(before, after);
    check_good(s, o);
    read_all(s->calls, o, after, sizeof after);
    ck_assert_str_ne(before, after);
    close_world(&w);
}
END_TEST

/* What is fixed says since when, can be read, and stays; where nothing fixes them they can be set at any time. */
START_TEST(fixed_parameters_answer_alike)
{
    const struct sample *s = &samples[_i];
    const struct calls *c = s->calls;
    char before[4000], after[4000];
    struct world w;
    void *o;

    open_world(&w);
    o = object_of(&w, _i);
    OK(snn_network_prepare(w.spare));
    OK(snn_trainer_set_projection(w.trainer, w.projection));
    OK(snn_trainer_prepare(w.trainer, 1));
    if (s->since == NULL) {
        check_good(s, o);
        close_world(&w);
        return;
    }
    read_all(c, o, before, sizeof before);
    GIVES(c->set_i64(o, s->whole, 1), SNN_ERR_STATE, "%s: %s is fixed since %s", s->owner, s->whole_name, s->since);
    GIVES(c->set_f64(o, s->real, 1), SNN_ERR_STATE, "%s: %s is fixed since %s", s->owner, s->real_name, s->since);
    GIVES(c->set_str(o, s->word, NULL), SNN_ERR_STATE, "%s: %s is fixed since %s", s->owner, s->word_name, s->since);
    GIVES(c->set_text(o, s->whole_name, "one"), SNN_ERR_STATE, "%s: %s is fixed since %s", s->owner, s->whole_name,
          s->since);
    check_unknown(s, o);
    read_all(c, o, after, sizeof after);
    ck_assert_str_eq(before, after);
    close_world(&w);
}
END_TEST

/* tau is another way to say decay. */
START_TEST(a_view_is_set_and_read_through)
{
    snn_neuron *neuron;
    double f;

    OK(snn_neuron_create(&neuron, ctx, "lif"));
    OK(snn_neuron_set_text(neuron, "tau", "4"));
    OK(snn_neuron_get_f64(neuron, SNN_NEURON_DECAY, &f));
    ck_assert(f == 0.75);
    OK(snn_neuron_set_f64(neuron, SNN_NEURON_DECAY, 1.0));
    OK(snn_neuron_get_f64(neuron, SNN_NEURON_TAU, &f));
    ck_assert(f == INFINITY);
    GIVES(snn_neuron_set_f64(neuron, SNN_NEURON_TAU, 0.5), SNN_ERR_ARGUMENT,
          "neuron lif: tau = 0.5 is outside 1 .. 1e+30");
    OK(snn_neuron_get_f64(neuron, SNN_NEURON_DECAY, &f));
    ck_assert(f == 1.0);
    snn_neuron_destroy(neuron);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("core: calls of parameters");
    TCase *calls = tcase_create("calls");

    tcase_add_checked_fixture(calls, setup, teardown);
    tcase_add_loop_test(calls, calls_answer_alike, 0, SAMPLES);
    tcase_add_loop_test(calls, fixed_parameters_answer_alike, 0, SAMPLES);
    tcase_add_test(calls, a_view_is_set_and_read_through);
    suite_add_tcase(suite, calls);
    return run_suite(suite);
}
