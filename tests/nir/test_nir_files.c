/* NIR files of other frameworks, and what these frameworks make of them: traces, spikes, classes. */
#include "nir.h"
#include <zlib.h>

static snn_context *ctx;

static void setup(void)
{
    ctx = test_context(1, 1, "best");
}

static void teardown(void)
{
    snn_context_destroy(ctx);
}

static snn_nir *open_data(const char *name)
{
    char path[128];
    const char *full;
    snn_nir *nir;

    snprintf(path, sizeof path, "nir/%s", name);
    full = data_path(path);
    ck_assert(full != NULL);
    OK(snn_nir_open(&nir, ctx, full));
    return nir;
}

/* ---- one neuron ---- */

enum { TRACE = 1000 };

static void read_trace(const char *name, double (*row)[3])
{
    char path[128];
    FILE *f;

    snprintf(path, sizeof path, "nir/lif_%s.csv", name);
    f = fopen(data_path(path), "r");
    ck_assert(f != NULL);
    for (size_t t = 0; t < TRACE; t++)
        ck_assert_int_eq(fscanf(f, "%lf,%lf,%lf", &row[t][0], &row[t][1], &row[t][2]), 3);
    fclose(f);
}

struct trace_case {
    const char *file, *reset, *decay, *timing;
    size_t spike[4];
    double scale; /* potentials of the file are these, times this; 0: potentials of another kind */
};

static const struct trace_case traces[] = {
    { "norse", "file", "euler", "same", { 460, 510, 710, 760 }, 1 },
    { "norse", "zero", "euler", "same", { 460, 510, 710, 760 }, 1 },
    { "snntorch", "zero", "euler", "same", { 460, 510, 710, 760 }, 25 },
    { "nengo", "zero", "euler", "same", { 460, 510, 710, 760 }, 0 },
    { "spinnaker2", "zero", "euler", "same", { 460, 510, 710, 760 }, 0 },
    { "exact", "subtract", "exact", "same", { 460, 510, 710, 760 }, 0 },
    { "lava_cpu_float", "zero", "euler", "late", { 461, 511, 711, 761 }, 1 },
    { "spyx", "subtract", "euler", "late", { 461, 511, 711, 761 }, 0 },
    { "sinabs", "subtract", "exponential", "same", { 450, 500, 710, 760 }, 1 },
};

static snn_nir_options options_of(const struct trace_case *c)
{
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;

    options.dt = 1e-4;
    options.reset = c->reset;
    options.decay = c->decay;
    options.timing = c->timing;
    return options;
}

START_TEST(traces_of_frameworks)
{
    const struct trace_case *c = &traces[_i];
    const snn_nir_options options = options_of(c);
    static double row[TRACE][3], out[TRACE], u[TRACE];
    static float x[TRACE];
    snn_nir *nir = open_data("lif_norse.nir");
    snn_network *net;
    float *spikes;
    size_t found = 0;
    double worst = 0;

    read_trace("norse",
               row); /* the input; sinabs' file has it times dt / tau, which the weight of that graph has not */
    for (size_t t = 0; t < TRACE; t++)
        x[t] = (float)row[t][0];
    read_trace(c->file, row);
    OK(snn_nir_run(nir, &options, x, TRACE, out, "1", u));
    OK(snn_nir_import(&net, nir, &options));
    spikes = run_network(net, x, TRACE);
    for (size_t t = 0; t < TRACE; t++) {
        ck_assert_msg((spikes[t] != 0) == (out[t] != 0) && (row[t][2] != 0) == (out[t] != 0), "step %zu: %g %g %g", t,
                      (double)spikes[t], out[t], row[t][2]);
        if (spikes[t] != 0) {
            ck_assert_uint_eq(t, c->spike[found]);
            found++;
        }
        worst = fmax(worst, c->scale > 0 ? fabs(u[t] * c->scale - row[t][1]) : 0);
    }
    ck_assert_uint_eq(found, 4);
    ck_assert_msg(worst < 1e-6 * fmax(1, c->scale), "potentials of %s differ by %g", c->file, worst);
    free(spikes);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
}
END_TEST

/* The trace of Norse by the network itself: of its potential, which is reset after it was seen. */
START_TEST(trace_of_the_network)
{
    snn_nir *nir = open_data("lif_norse.nir");
    snn_nir_drift drift = SNN_NIR_DRIFT_INIT;
    static double row[TRACE][3];
    static float x[TRACE];
    snn_network *net;
    size_t found;

    read_trace("norse", row);
    for (size_t t = 0; t < TRACE; t++)
        x[t] = (float)row[t][0];
    OK(snn_nir_import(&net, nir, NULL));
    OK(snn_nir_check(nir, NULL, net, x, TRACE, &drift, 1, &found));
    ck_assert_uint_eq(found, 1);
    ck_assert_str_eq(drift.node, "1");
    ck_assert_uint_eq(drift.spikes, 4);
    ck_assert_uint_eq(drift.differ, 0);
    ck_assert_msg(drift.potential < 1e-7, "%g", drift.potential);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
}
END_TEST

/* ---- every file ---- */

static const struct file_case {
    const char *name;
    uint32_t nodes, edges;
    const char *remark;
} files[] = {
    { "lif_norse.nir", 4, 3, NULL },
    { "two_lif_neurons.nir", 6, 5, NULL },
    { "nir4s_lif.nir", 3, 2, NULL }, /* tau is 20 us */
    { "cnn_sinabs.nir", 15, 14, NULL },
    { "braille_v1.nir", 7, 7, NULL },
    { "braille_noDelay_bias_zero.nir", 7, 7, NULL },
    { "braille_noDelay_bias_zero_subgraph.nir", 7, 7, "edges say \"lif\"" },
};

/* Spikes of a network over random spikes. */
static float *spikes_of(snn_network *net, size_t steps, size_t *n)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    float *x, *out;
    size_t inputs;

    OK(snn_network_get_info(net, &info));
    inputs = elements(&info.in);
    x = malloc(steps * inputs * sizeof *x);
    random_fill(x, steps * inputs, 0, 1, 5);
    for (size_t i = 0; i < steps * inputs; i++)
        x[i] = x[i] < 0.2f;
    out = run_network(net, x, steps);
    *n = steps * elements(&info.out);
    free(x);
    return out;
}

static float *spikes_of_file(const char *path, const snn_nir_options *options, size_t *n)
{
    snn_network *net;
    snn_nir *nir;
    float *out;

    OK(snn_nir_open(&nir, ctx, path));
    OK(snn_nir_import(&net, nir, options));
    out = spikes_of(net, 50, n);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
    return out;
}

/* Written as it was read, and as the network that it became: plain and compressed. */
START_TEST(written_again)
{
    const struct file_case *c = &files[_i / 2];
    snn_nir *nir = open_data(c->name), *exported;
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    const char *path = scratch("again.nir");
    snn_nir_info info = SNN_NIR_INFO_INIT;
    float *spikes, *again;
    size_t n, m;
    double sum = 0;
    snn_network *net;

    options.reset = strncmp(c->name, "cnn", 3) == 0 ? "subtract" : "zero";
    options.dt = strncmp(c->name, "nir4s", 5) == 0 ? 1e-6 : 1e-4;
    OK(snn_nir_get_info(nir, &info));
    ck_assert_uint_eq(info.nodes, c->nodes);
    ck_assert_uint_eq(info.edges, c->edges);
    ck_assert(c->remark == NULL || has_remark(nir, c->remark));
    OK(snn_nir_import(&net, nir, &options));
    spikes = spikes_of(net, 50, &n);
    for (size_t i = 0; i < n; i++)
        sum += (double)spikes[i];
    OK(snn_nir_save(nir, path, _i % 2 ? 6 : 0));
    again = spikes_of_file(path, &options, &m);
    ck_assert(n == m && memcmp(spikes, again, n * sizeof *spikes) == 0);
    free(again);
    OK(snn_nir_export(&exported, net, options.dt));
    OK(snn_nir_save(exported, path, _i % 2 ? 6 : 0));
    again = spikes_of_file(path, NULL, &m);
    ck_assert(n == m && memcmp(spikes, again, n * sizeof *spikes) == 0);
    ck_assert_msg(sum > 0 || strstr(c->name, "lif") != NULL, "%s is silent", c->name);
    free(again);
    free(spikes);
    remove(path);
    snn_nir_destroy(exported);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
}
END_TEST

/* ---- Braille: nested equals flat ---- */

START_TEST(nested_equals_flat)
{
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    char flat[512], nested[512];
    float *a, *b;
    size_t n, m;

    snprintf(flat, sizeof flat, "%s", data_path("nir/braille_noDelay_bias_zero.nir"));
    snprintf(nested, sizeof nested, "%s", data_path("nir/braille_noDelay_bias_zero_subgraph.nir"));
    options.reset = _i % 2 ? "subtract" : "zero";
    options.current = _i / 2 ? "previous" : "new";
    a = spikes_of_file(flat, &options, &n);
    b = spikes_of_file(nested, &options, &m);
    ck_assert(n == m && memcmp(a, b, n * sizeof *a) == 0);
    free(a);
    free(b);
}
END_TEST

/* ---- N-MNIST ---- */

enum { SIDE = 34, INPUTS = 2 * SIDE * SIDE, STEPS = 340, CLASSES = 10 };

/* Reads the next member of a tar archive that is a file; returns its size, 0 at the end. */
static size_t next_member(gzFile f, char name[101], uint8_t *data, size_t room)
{
    uint8_t head[512];

    while (gzread(f, head, sizeof head) == (int)sizeof head && head[0] != 0) {
        const size_t size = strtoul((char *)head + 124, NULL, 8), padded = (size + 511) / 512 * 512;

        memcpy(name, head, 100);
        name[100] = '\0';
        ck_assert_uint_le(padded, room);
        ck_assert_int_eq(gzread(f, data, (unsigned)padded), (int)padded);
        if (head[156] == '0' && size > 0)
            return size;
    }
    return 0;
}

static const uint8_t *member_of(const char *member, size_t *size)
{
    static uint8_t data[1 << 16];
    static gzFile f; /* members of the table come in the archive's order, or are looked for from its begin */
    char name[101];

    for (int turn = 0; turn < 2; turn++) {
        if (f == NULL)
            f = gzopen(data_path("nmnist-small/nmnist-small.tar.gz"), "rb");
        ck_assert(f != NULL);
        while ((*size = next_member(f, name, data, sizeof data)) > 0)
            if (strlen(name) >= strlen(member) && strcmp(name + strlen(name) - strlen(member), member) == 0)
                return data;
        gzclose(f);
        f = NULL;
    }
    ck_abort_msg("no %s in the archive", member);
    return NULL;
}

static void frames_of(const uint8_t *events, size_t size, float *x)
{
    memset(x, 0, (size_t)STEPS * INPUTS * sizeof *x);
    for (size_t i = 0; i + 5 <= size; i += 5) {
        const uint8_t *e = events + i;
        const size_t t = ((size_t)(e[2] & 127) << 16 | (size_t)e[3] << 8 | e[4]) / 1000;

        if (t < STEPS)
            x[t * INPUTS + (size_t)(e[2] >> 7) * SIDE * SIDE + (size_t)e[1] * SIDE + e[0]] += 1;
    }
}

START_TEST(counts_of_sinabs)
{
    FILE *table = fopen(data_path("nir/cnn_sinabs_on_nmnist_test100.tsv"), "r");
    snn_nir *nir = open_data("cnn_sinabs.nir");
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    float *x = malloc((size_t)STEPS * INPUTS * sizeof *x);
    char member[100], line[512];
    snn_network *net;
    size_t right = 0, samples = 0, off = 0;
    int label, predicted, at;

    options.dt = 1e-3;
    options.reset = "subtract";
    options.fire = "at";
    OK(snn_nir_import(&net, nir, &options));
    ck_assert(table != NULL && fgets(line, sizeof line, table) != NULL);
    while (fgets(line, sizeof line, table) != NULL) {
        double count[CLASSES] = { 0 };
        const uint8_t *events;
        size_t size, best = 0;
        const char *rest;
        float *out;

        ck_assert_int_eq(sscanf(line, "%99s %d %d%n", member, &label, &predicted, &at), 3);
        rest = line + at;
        events = member_of(member, &size);
        frames_of(events, size, x);
        out = run_network(net, x, STEPS);
        for (size_t i = 0; i < (size_t)STEPS * CLASSES; i++)
            count[i % CLASSES] += (double)out[i];
        for (size_t k = 0; k < CLASSES; k++) {
            const double expected = strtod(rest, (char **)&rest);

            best = count[k] > count[best] ? k : best;
            off += count[k] != expected;
            ck_assert_msg(fabs(count[k] - expected) <= 3, "%s, output %zu: %g spikes, not %g", member, k, count[k],
                          expected);
        }
        right += best == (size_t)label;
        samples++;
        free(out);
    }
    printf("cnn_sinabs: %zu of %zu right, %zu of %zu counts differ\n", right, samples, off, samples * CLASSES);
    ck_assert_uint_eq(samples, 100);
    ck_assert_uint_eq(right, 99);
    fclose(table);
    free(x);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nir: files of other frameworks");
    TCase *tc = tcase_create("files");

    if (data_path("nir/lif_norse.nir") == NULL)
        return 77;
    tcase_set_timeout(tc, 300);
    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, traces_of_frameworks, 0, sizeof traces / sizeof *traces);
    tcase_add_test(tc, trace_of_the_network);
    tcase_add_loop_test(tc, written_again, 0, 2 * sizeof files / sizeof *files);
    tcase_add_loop_test(tc, nested_equals_flat, 0, 4);
    if (data_path("nmnist-small/nmnist-small.tar.gz") != NULL)
        tcase_add_test(tc, counts_of_sinabs);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
