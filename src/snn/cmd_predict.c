/* cmd_predict.c - snn predict: the classes or outputs that a model gives to samples, as a table or an array. */
#define _XOPEN_SOURCE 700 /* open_memstream() */
#include "class_names.h"
#include "command.h"
#include "grid.h"
#include "outputs.h"
#include "predictions.h"
#include "use.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct flag flags[] = {
    USE_FLAGS,
    { "outputs", NULL, NULL, "columns with all outputs, too; of regression they are there" },
    { "save", "FILE", NULL,
      "file for the table; FILE.npy: the outputs as an array of NumPy, [samples, outputs], or with targets for each "
      "step [samples, T, outputs]; default: the table on standard output" },
    { NULL, NULL, NULL, NULL },
};

struct prediction {
    struct args args;
    struct run run;
    struct predictor *predictor;
    struct class_names names;
    const char *path; /* NULL: standard output */
    bool array, outputs;
    FILE *file; /* what is written grows in memory, and replaces the file when all is there */
    char *text;
    size_t length;
};

/* ---- a table ---- */

/* Of the largest of n outputs: softmax. */
static double probability(const float *output, size_t n, uint32_t class)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += exp((double)output[i] - (double)output[class]);
    return 1 / sum;
}

static void print_heading(const struct prediction *p, const struct predictions *of)
{
    fprintf(p->file, "sample%s%s", of->steps > 1 ? ",step" : "", of->class ? ",class,name,probability" : "");
    for (size_t i = 0; i < of->outputs && p->outputs; i++)
        fprintf(p->file, ",output_%zu", i);
    fputc('\n', p->file);
}

static void print_row(const struct prediction *p, const struct predictions *of, size_t sample, size_t step)
{
    const float *output = of->output + (sample * of->steps + step) * of->outputs;
    const uint32_t class = of->class ? of->class[sample * of->steps + step] : 0;

    fprintf(p->file, "%zu", of->first + sample);
    if (of->steps > 1)
        fprintf(p->file, ",%zu", step);
    if (of->class) {
        fprintf(p->file, ",%u,", class);
        grid_cell(p->file, class_name(&p->names, class));
        fprintf(p->file, ",%.6g", probability(output, of->outputs, class));
    }
    for (size_t i = 0; i < of->outputs && p->outputs; i++)
        fprintf(p->file, ",%.9g", (double)output[i]);
    fputc('\n', p->file);
}

static int print_rows(void *user, const struct predictions *of)
{
    struct prediction *p = user;

    if (of->first == 0)
        print_heading(p, of);
    for (size_t i = 0; i < of->n; i++)
        for (size_t step = 0; step < of->length[i]; step++)
            print_row(p, of, i, step);
    if (!ferror(p->file))
        return DONE;
    return p->path ? fail(FAILED, "out of memory") : FAILED; /* of standard output the tool says so at its end */
}

/* ---- an array ---- */

#define NPY_BEGIN 10 /* bytes before the header's text */
#define NPY_ALIGN 64

/* Format 1.0: little-endian floats in C order. */
static void print_npy_header(const struct prediction *p, const struct predictions *of)
{
    char text[192], shape[96];
    size_t length;

    if (of->steps > 1)
        snprintf(shape, sizeof shape, "(%zu, %zu, %zu)", p->run.shape.count, of->steps, of->outputs);
    else
        snprintf(shape, sizeof shape, "(%zu, %zu)", p->run.shape.count, of->outputs);
    length = (size_t)snprintf(text, sizeof text, "{'descr': '<f4', 'fortran_order': False, 'shape': %s, }", shape);
    for (; (NPY_BEGIN + length + 1) % NPY_ALIGN != 0; length++)
        text[length] = ' ';
    text[length++] = '\n';
    fwrite("\x93NUMPY\x01\x00", 1, 8, p->file);
    fputc((int)(length & 255), p->file);
    fputc((int)(length >> 8), p->file);
    fwrite(text, 1, length, p->file);
}

static int print_array(void *user, const struct predictions *of)
{
    struct prediction *p = user;

    if (of->first == 0)
        print_npy_header(p, of);
    for (size_t i = 0; i < of->n * of->steps * of->outputs; i++) {
        uint32_t bits;

        memcpy(&bits, of->output + i, sizeof bits);
        for (int byte = 0; byte < 4; byte++)
            fputc((int)(bits >> 8 * byte & 255), p->file);
    }
    return ferror(p->file) ? fail(FAILED, "out of memory") : DONE;
}

/* ---- the command ---- */

static int open_all(struct prediction *p)
{
    struct output output = { "--save", p->path, false };
    int status = outputs_check(&output, 1);

    if (status == DONE)
        status = output_spares(&output, p->args.positional[0]);
    if (status == DONE)
        status = use_configure(&p->run, &p->args);
    if (status == DONE)
        status = run_context(&p->run);
    if (status == DONE)
        status = use_open_data(&p->run, &p->args);
    if (status == DONE && p->run.shape.targets == 0)
        status = class_names_open(&p->names, &p->run, use_split(&p->args));
    if (status == DONE)
        status = use_open_model(&p->run, &p->args);
    return status;
}

static int open_predictor(struct prediction *p)
{
    const size_t batch = (size_t)run_batch(&p->run, p->run.test);
    snn_status rc;

    p->predictor = predictor_open(&p->run, p->run.test, batch);
    if (!p->predictor)
        return FAILED;
    rc = snn_trainer_prepare(p->run.trainer, batch);
    p->outputs = p->run.shape.targets > 0 || args_has(&p->args, "outputs");
    p->file = p->path ? open_memstream(&p->text, &p->length) : stdout;
    if (!p->file)
        return fail(FAILED, "out of memory");
    return rc == SNN_OK ? DONE : fail_call(rc, NULL);
}

/* What was written in memory becomes the file. */
static int deliver(struct prediction *p)
{
    const bool whole = fclose(p->file) == 0;

    p->file = NULL;
    return whole ? output_replace(p->path, p->text, p->length) : fail(FAILED, "out of memory");
}

static int predict(struct prediction *p, int argc, char **argv)
{
    int status = args_parse(&p->args, flags, true, 1, argc, argv);
    size_t length;

    if (status != DONE)
        return status;
    if (p->args.count == 0)
        return fail(USAGE, "no model given: snn predict MODEL");
    p->path = args_text(&p->args, "save");
    length = p->path ? strlen(p->path) : 0;
    p->array = length > 4 && strcmp(p->path + length - 4, ".npy") == 0;
    status = open_all(p);
    if (status == DONE)
        status = open_predictor(p);
    if (status != DONE)
        return status;
    status = predictor_run(p->predictor, p->array ? print_array : print_rows, p);
    return status == DONE && p->path ? deliver(p) : status;
}

static int run(int argc, char **argv)
{
    struct prediction p = { .path = NULL };
    int status;

    status = predict(&p, argc, argv);
    if (p.path && p.file)
        fclose(p.file);
    free(p.text);
    predictor_close(p.predictor);
    class_names_close(&p.names);
    run_close(&p.run);
    args_free(&p.args);
    return status;
}

const struct command predict_command = {
    .name = "predict",
    .does = "classes or outputs that a model gives to samples, as CSV or .npy",
    .usage = "MODEL [FLAGS]",
    .about =
        "Runs a model on samples and writes a table in CSV, a line for each sample: sample, class, name of the class "
        "where the data set has names, and its probability, the softmax of the outputs; of regression the outputs, "
        "for each step where the targets are. Parameters of data and trainer may be overridden as in snn eval.",
    .flags = flags,
    .parameters = true,
    .run = run,
};
