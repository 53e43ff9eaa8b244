/* cmd_convert.c - snn convert: NIR graphs to models and back, and what a translation changes. */
#include "command.h"
#include "frames.h"
#include "images.h"
#include "nir.h"
#include "number.h"

#include <math.h>
#include <snn/nir.h>
#include <stdlib.h>
#include <string.h>

static const struct flag flags[] = {
    { "dt", "S", NULL, "seconds of a step; default: as the file says, else 1e-4" },
    { "reset", "WORD", NULL, "value (to v_reset), zero, subtract; default file: as its metadata say, else value" },
    { "decay", "WORD", NULL, "euler (1 - dt/tau, default), exponential (exp(-dt/tau)), exact (the gain as well)" },
    { "current", "WORD", NULL, "synaptic current of the same step (new, default) or of the one before (previous)" },
    { "timing", "WORD", NULL, "spike and reset in the same step (default) or one step late" },
    { "integrate", "WORD", NULL, "IF and I: u += r x (step, default) or u += dt r x (time)" },
    { "fire", "WORD", NULL, "above the threshold or at it; default file: as its metadata say, else above" },
    { "uncompressed", NULL, NULL, "arrays of a NIR file are not compressed" },
    { "check", "DATA", NULL,
      "run both forms on FORMAT:DIR, or on random:P (1 with probability P); print their drift" },
    { "steps", "T", NULL, "check: time steps of a sample, and frames of a recording; default 100" },
    { "series", NULL, NULL, "check: the first dimension of a sample of idx, npy or npz is time" },
    { "samples", "N", NULL, "check: samples of the test set, or random ones; default 10" },
    { "json", NULL, NULL, "one JSON object per line on standard output" },
    { NULL, NULL, NULL, NULL },
};

struct converting {
    struct args args;
    snn_context *context;
    snn_nir *nir;
    snn_network *network;
    snn_nir_options options;
    int64_t steps, samples;
};

/* ---- options ---- */

static int read_options(struct converting *c)
{
    const char *data = args_text(&c->args, "check");
    int status = args_whole(&c->args, "steps", 1, 1 << 20, 100, &c->steps);

    c->options = (snn_nir_options)SNN_NIR_OPTIONS_INIT;
    if (status == DONE)
        status = args_real(&c->args, "dt", 1e-15, 1e15, 0, &c->options.dt);
    if (status != DONE)
        return status;
    if (data && (strchr(data, ':') == NULL || strcspn(data, ":") > 30))
        return fail(USAGE, "--check: \"%s\" is neither FORMAT:DIR nor random:P", data);
    c->options.reset = args_text(&c->args, "reset");
    c->options.decay = args_text(&c->args, "decay");
    c->options.current = args_text(&c->args, "current");
    c->options.timing = args_text(&c->args, "timing");
    c->options.integrate = args_text(&c->args, "integrate");
    c->options.fire = args_text(&c->args, "fire");
    return status == DONE ? args_whole(&c->args, "samples", 1, 1 << 20, 10, &c->samples) : status;
}

/* ---- samples to check with ---- */

struct samples {
    snn_dataset *dataset; /* NULL: random numbers */
    snn_dataset_info info;
    double probability;
    uint64_t state;
    size_t inputs;
};

static double draw(struct samples *s)
{
    s->state = s->state * 6364136223846793005u + 1442695040888963407u;
    return (double)(s->state >> 11) * 0x1p-53;
}

/* A frame of a recording for each step, with numbers of events. */
static int open_recordings(const struct converting *c, const char *format, const char *folder, struct samples *s)
{
    struct run run = { .context = c->context };
    int status;

    run.config = json_pack("{s:{s:s}, s:{s:I}, s:{s:s}}", "data", "format", format, "trainer", "steps",
                           (json_int_t)c->steps, "frames", "value", "counts");
    status = frames_open(&run, &s->dataset, SNN_SPLIT_TEST, folder);
    json_decref(run.config);
    return status;
}

/* Of the size and the channels that the network takes. */
static int open_images(const struct converting *c, const char *format, const char *folder, const snn_shape *in,
                       struct samples *s)
{
    struct run run = { .context = c->context };
    int status;

    if (in->rank != 3 || (in->dim[0] != 1 && in->dim[0] != 3) || in->dim[1] != in->dim[2])
        return fail(FAILED, "check: images are samples of [1,S,S] or [3,S,S], and the network takes %s",
                    shape_text(in).s);
    run.config = json_pack("{s:{s:s}, s:{s:I, s:s}}", "data", "format", format, "images", "size",
                           (json_int_t)in->dim[2], "colour", in->dim[0] == 1 ? "grey" : "rgb");
    status = images_open(&run, &s->dataset, SNN_SPLIT_TEST, folder);
    json_decref(run.config);
    return status;
}

static snn_status open_files(const struct converting *c, const char *format, const char *path, struct samples *s)
{
    snn_dataset_files files;
    snn_status rc = snn_dataset_files_init(&files, sizeof files);

    files.split = SNN_SPLIT_TEST;
    files.format = format;
    files.path = path;
    files.series = args_has(&c->args, "series");
    return rc == SNN_OK ? frames_open_files(&s->dataset, c->context, &files) : rc;
}

static int open_samples(const struct converting *c, const char *what, const snn_shape *in, struct samples *s)
{
    char format[32];
    const char *colon = strchr(what, ':');
    char *folder;
    snn_status rc = SNN_OK;
    int status = DONE;

    snprintf(format, sizeof format, "%.*s", (int)(colon - what), what);
    if (strcmp(format, "random") == 0)
        return number_real("check random", colon + 1, 0, 1, &s->probability);
    folder = at_home(colon + 1);
    if (folder == NULL)
        return FAILED;
    if (frames_is_layout(format))
        status = open_recordings(c, format, folder, s);
    else if (images_is_layout(format))
        status = open_images(c, format, folder, in, s);
    else
        rc = open_files(c, format, folder, s);
    free(folder);
    if (status != DONE)
        return status;
    if (rc == SNN_OK)
        rc = snn_dataset_get_info(s->dataset, &s->info);
    return rc == SNN_OK ? DONE : fail_call(rc, "data");
}

/* All steps of a sample; an image is the same at each. */
static snn_status read_sample(struct samples *s, size_t index, size_t steps, float *x)
{
    snn_sample sample = SNN_SAMPLE_INIT;

    for (size_t i = 0; s->dataset == NULL && i < steps * s->inputs; i++)
        x[i] = draw(s) < s->probability;
    for (size_t t = 0; s->dataset != NULL && t < steps; t++) {
        const size_t frames = (size_t)s->info.frames;
        snn_status rc;

        sample.x = x + t * s->inputs;
        sample.length = frames;
        rc = snn_dataset_read(s->dataset, index, t < frames ? t : frames - 1, &sample);
        if (rc != SNN_OK)
            return rc;
    }
    return SNN_OK;
}

/* ---- drift ---- */

static void print_drift(const struct converting *c, const snn_nir_drift *drift, size_t n, size_t samples)
{
    const bool json = args_has(&c->args, "json");

    if (!json)
        printf("\ndrift over %zu samples of %lld steps\n%-24s %-24s %12s %12s %12s %10s\n", samples,
               (long long)c->steps, "node", "layer", "potential", "largest", "spikes", "differ");
    for (size_t i = 0; i < n; i++) {
        const snn_nir_drift *d = &drift[i];

        if (json)
            json_line(json_pack("{s:s, s:s, s:s, s:f, s:f, s:I, s:I}", "event", "drift", "node", d->node, "layer",
                                d->layer, "potential", d->potential, "largest", d->largest, "spikes",
                                (json_int_t)d->spikes, "differ", (json_int_t)d->differ),
                      9);
        else
            printf("%-24s %-24s %12.3g %12.4g %12s %10s\n", d->node, d->layer, d->potential, d->largest,
                   grouped(d->spikes).s, grouped(d->differ).s);
    }
}

static int compare(struct converting *c, struct samples *s, snn_nir_drift *drift, size_t n)
{
    const size_t most = s->dataset ? (size_t)s->info.count : SIZE_MAX;
    const size_t samples = (size_t)c->samples < most ? (size_t)c->samples : most;
    float *x = floats((size_t)c->steps, s->inputs);
    snn_status rc = SNN_OK;
    size_t found = 0;

    if (x == NULL)
        return fail(FAILED, "out of memory");
    for (size_t i = 0; i < samples && rc == SNN_OK; i++) {
        rc = read_sample(s, i, (size_t)c->steps, x);
        if (rc == SNN_OK)
            rc = snn_nir_check(c->nir, &c->options, c->network, x, (size_t)c->steps, drift, n, &found);
    }
    free(x);
    if (rc != SNN_OK)
        return fail_call(rc, "check");
    print_drift(c, drift, found < n ? found : n, samples);
    return DONE;
}

static int check(struct converting *c)
{
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    snn_nir_info nir = SNN_NIR_INFO_INIT;
    struct samples s = { NULL, SNN_DATASET_INFO_INIT, 0, 1, 0 };
    snn_nir_drift *drift = NULL;
    int status = DONE;

    if (snn_network_get_info(c->network, &net) != SNN_OK || snn_nir_get_info(c->nir, &nir) != SNN_OK)
        return fail(FAILED, "the graph cannot be described");
    s.inputs = (size_t)net.in.dim[0] * net.in.dim[1] * net.in.dim[2];
    status = open_samples(c, args_text(&c->args, "check"), &net.in, &s);
    if (status == DONE && s.dataset && s.info.shape[0] * s.info.shape[1] * s.info.shape[2] != s.inputs)
        status =
            fail(FAILED, "check: samples of %zu numbers, and a network of %zu inputs%s",
                 s.info.shape[0] * s.info.shape[1] * s.info.shape[2], s.inputs,
                 args_has(&c->args, "series") ? "" : "; of a time series, --series says that its steps are frames");
    if (status == DONE)
        drift = calloc(nir.nodes, sizeof *drift);
    for (uint32_t i = 0; drift && i < nir.nodes; i++)
        drift[i] = (snn_nir_drift)SNN_NIR_DRIFT_INIT;
    if (status == DONE)
        status = drift ? compare(c, &s, drift, nir.nodes) : fail(FAILED, "out of memory");
    free(drift);
    snn_dataset_destroy(s.dataset);
    return status;
}

/* ---- both ways ---- */

static void print_remarks(const struct converting *c)
{
    for (size_t i = 0; snn_nir_remark(c->nir, i) != NULL; i++)
        if (args_has(&c->args, "json"))
            json_line(json_pack("{s:s, s:s}", "event", "remark", "text", snn_nir_remark(c->nir, i)), 9);
        else
            printf("%s\n", snn_nir_remark(c->nir, i));
}

static int to_model(struct converting *c, const char *from, const char *to)
{
    snn_status rc = snn_nir_open(&c->nir, c->context, from);

    if (rc == SNN_OK)
        rc = snn_nir_import(&c->network, c->nir, &c->options);
    if (rc == SNN_OK)
        rc = snn_network_save(c->network, to);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    print_remarks(c);
    return args_has(&c->args, "check") ? check(c) : DONE;
}

/* dt that a graph had before it became this network; 1e-4 without one. */
static double step_of(const snn_network *network)
{
    const char *text = snn_network_note(network, "nir");
    json_t *note = text ? json_loads(text, 0, NULL) : NULL;
    const double dt = json_number_value(json_object_get(note, "dt"));

    json_decref(note);
    return isfinite(dt) && dt > 0 ? dt : 1e-4;
}

static int to_graph(struct converting *c, const char *from, const char *to)
{
    snn_network *translated = NULL;
    snn_status rc = snn_network_load(&c->network, c->context, from);

    if (rc == SNN_OK)
        rc = snn_nir_export(&c->nir, c->network, c->options.dt > 0 ? c->options.dt : step_of(c->network));
    if (rc == SNN_OK)
        rc = snn_nir_save(c->nir, to, args_has(&c->args, "uncompressed") ? 0 : 6);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    print_remarks(c);
    if (!args_has(&c->args, "check"))
        return DONE;
    rc = snn_nir_import(&translated, c->nir, &c->options); /* of the file as others will read it */
    if (rc != SNN_OK)
        return fail_call(rc, "check");
    snn_network_destroy(c->network);
    c->network = translated;
    return check(c);
}

static int convert(struct converting *c, int argc, char **argv)
{
    const char *from, *to;
    int status = args_parse(&c->args, flags, false, 2, argc, argv);
    snn_status rc;

    if (status != DONE)
        return status;
    if (c->args.count < 2)
        return fail(USAGE, "two files are needed: snn convert A.nir B.snn, or snn convert A.snn B.nir");
    from = c->args.positional[0];
    to = c->args.positional[1];
    if (nir_is_name(from) == nir_is_name(to))
        return fail(USAGE, "one of %s and %s has to be a NIR file, whose name ends in .nir", from, to);
    status = read_options(c);
    if (status != DONE)
        return status;
    rc = snn_context_create(&c->context, NULL);
    if (rc != SNN_OK)
        return fail_call(rc, NULL);
    return nir_is_name(from) ? to_model(c, from, to) : to_graph(c, from, to);
}

static int run_convert(int argc, char **argv)
{
    struct converting c;
    int status;

    memset(&c, 0, sizeof c);
    status = convert(&c, argc, argv);
    snn_network_destroy(c.network);
    snn_nir_destroy(c.nir);
    snn_context_destroy(c.context);
    args_free(&c.args);
    return status;
}

const struct command convert_command = {
    .name = "convert",
    .does = "translate a NIR graph to a model, or a model to a NIR graph",
    .usage = "A.nir B.snn [FLAGS]\nA.snn B.nir [FLAGS]",
    .about = "Translates a NIR graph to a model, or a model to a NIR graph. Prints what was repaired and what the "
             "options lose. --check runs the graph in double precision beside the network, and prints for every "
             "population the largest difference of a potential and the spikes that differ.",
    .flags = flags,
    .run = run_convert,
};
