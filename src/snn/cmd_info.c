/* cmd_info.c - snn info: what is in a model file. */
#include "args.h"
#include "command.h"
#include "config.h"
#include "data_info.h"
#include "nir.h"
#include "run.h"
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct flag flags[] = {
    { "data", "FORMAT:DIR", "data", "what a data set holds, in place of a model" },
    { "json", NULL, NULL, "one JSON object on standard output" },
    { NULL, NULL, NULL, NULL },
};

static json_t *note(const snn_network *net, const char *key)
{
    const char *text = snn_network_note(net, key);

    return text ? json_loads(text, 0, NULL) : NULL;
}

static void print_json(const snn_network *net, const snn_network_info *info, const char *path, uint64_t size)
{
    json_t *run = note(net, CONFIG_NOTE), *rates = note(net, RATES_NOTE);

    json_line(json_pack("{s:s, s:s, s:I, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "event", "info", "model", path,
                        "file_bytes", (json_int_t)size, "parameters", (json_int_t)info->parameters, "parameter_bytes",
                        (json_int_t)info->parameter_bytes, "in", run_shape_json(&info->in), "out",
                        run_shape_json(&info->out), "layers", run_layers_json(net), "run", run ? run : json_null(),
                        "figures", rates ? rates : json_null()),
              17);
}

static void print_text(const snn_network *net, const snn_network_info *info, const char *path, uint64_t size)
{
    json_t *rates = note(net, RATES_NOTE), *run = note(net, CONFIG_NOTE);

    printf("%s: %s, %s -> %s, %s parameters, %s of tensors\n\n", path, bytes(size).s, shape_text(&info->in).s,
           shape_text(&info->out).s, grouped(info->parameters).s, bytes(info->parameter_bytes).s);
    table_layers(net, rates);
    if (rates) {
        const json_t *top5 = shape_size(&info->out) > 10 ? json_object_get(rates, "top5") : NULL;

        printf("\nevaluated on %s samples: accuracy %.2f%%, ",
               grouped((uint64_t)json_integer_value(json_object_get(rates, "samples"))).s,
               100 * json_number_value(json_object_get(rates, "accuracy")));
        if (json_is_number(top5))
            printf("top-5 %.2f%%, ", 100 * json_number_value(top5));
        printf("loss %.4f\n", json_number_value(json_object_get(rates, "loss")));
        printf("synaptic operations per sample: %s dense, %s MACs, %s ACs\n",
               si(json_number_value(json_object_get(rates, "synops_dense"))).s,
               si(json_number_value(json_object_get(rates, "synops_mac"))).s,
               si(json_number_value(json_object_get(rates, "synops_ac"))).s);
    }
    if (run) {
        char *text = json_dumps(run, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9));
        printf("\nrun\n%s\n", text ? text : "");
        free(text);
    }
    json_decref(rates);
    json_decref(run);
}

bool nir_is_name(const char *path)
{
    const size_t n = strlen(path);

    return n > 4 && strcmp(path + n - 4, ".nir") == 0;
}

static int info(const struct args *args)
{
    const char *path = args->positional[0];
    snn_context *context = NULL;
    snn_network *net = NULL;
    snn_network_info about = SNN_NETWORK_INFO_INIT;
    struct stat file;
    uint64_t size;
    snn_status rc = plain_context(&context);

    if (rc == SNN_OK)
        rc = snn_network_load(&net, context, path);
    if (rc == SNN_OK)
        rc = snn_network_get_info(net, &about);
    size = rc == SNN_OK && stat(path, &file) == 0 ? (uint64_t)file.st_size : 0;
    if (rc == SNN_OK && args_has(args, "json"))
        print_json(net, &about, path, size);
    else if (rc == SNN_OK)
        print_text(net, &about, path, size);
    else
        fail_call(rc, NULL);
    snn_network_destroy(net);
    snn_context_destroy(context);
    return rc == SNN_OK ? DONE : FAILED;
}

static int run_info(int argc, char **argv)
{
    struct args args;
    int status;

    status = args_parse(&args, flags, true, 1, argc, argv);
    if (status == DONE && args.count == 0 && json_object_get(args.config, "data"))
        status = data_info(&args);
    else if (status == DONE)
        status = args.count == 0 ? fail(USAGE, "no model given: snn info MODEL, or --data FORMAT:DIR")
                 : nir_is_name(args.positional[0]) ? nir_info(args.positional[0], args_has(&args, "json"))
                                                   : info(&args);
    args_free(&args);
    return status;
}

const struct command info_command = {
    .name = "info",
    .does = "layers, shapes, parameters and the run of a model",
    .usage = "MODEL [FLAGS]\nGRAPH.nir [FLAGS]\n--data FORMAT:DIR [FLAGS]",
    .about = "Layers with shapes, parameters and bytes; firing rates and accuracy of the evaluation at the end of "
             "training; and the configuration of the run, which 'snn train' takes as a file. Or what a data set "
             "holds: samples, shape, frames, classes with their numbers, mean and deviation; --data.NAME as in snn "
             "train.",
    .flags = flags,
    .run = run_info,
};
