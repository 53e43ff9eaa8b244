/* seeds.c - writes the binary inputs that fuzzing begins with: seeds FOLDER (tests/fuzz/corpus); --check reads
 * those of model files and checkpoints. The texts there are written by hand. */
#include "fuzz.h"
#include "runs.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char path[1024];

static const char *in(const char *folder, const char *target, const char *name)
{
    snprintf(path, sizeof path, "%.400s/%s", folder, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%.400s/%s/%s", folder, target, name);
    return path;
}

static void put(const char *folder, const char *target, const char *name, const void *data, size_t size)
{
    FILE *f = fopen(in(folder, target, name), "wb");

    FUZZ_HOLDS(f != NULL && fwrite(data, 1, size, f) == size && fclose(f) == 0);
}

/* ---- model files and checkpoints ---- */

static const char *const networks[][2] = {
    { "dense", "{\"format\":1,\"input\":[4],\"layers\":[{\"type\":\"linear\",\"out\":3},{\"type\":\"lif\",\"tau\":3},"
               "{\"type\":\"linear\",\"out\":2,\"bias\":false}]}" },
    { "map",
      "{\"format\":1,\"input\":[2,6,6],\"layers\":[{\"type\":\"conv2d\",\"out\":3,\"kernel\":3,\"pad\":1,"
      "\"standardise\":true},"
      "{\"type\":\"batch_norm\"},{\"type\":\"plif\",\"name\":\"a\"},{\"type\":\"avgpool\",\"kernel\":2},{\"type\":"
      "\"dropout\"},"
      "{\"type\":\"conv2d\",\"name\":\"c\",\"out\":3,\"kernel\":3,\"pad\":1},{\"type\":\"alif\",\"name\":\"b\"},"
      "{\"type\":\"upsample\"},{\"type\":\"add\",\"from\":[{\"layer\":\"b\",\"delay\":1},\"c\"]},{\"type\":\"gain\"},"
      "{\"type\":\"adaptive_avgpool\",\"size\":1},{\"type\":\"flatten\"},{\"type\":\"linear\",\"out\":2}]}" },
};

static void models(const char *folder, snn_context *ctx)
{
    snn_network *net;

    for (size_t i = 0; i < 2; i++) {
        net = NULL;
        FUZZ_HOLDS(snn_network_parse(&net, ctx, networks[i][1]) == SNN_OK ||
                   (fprintf(stderr, "%s\n", snn_last_error()), 0));
        FUZZ_HOLDS(snn_network_set_note(net, "run", "{\"epochs\":2}") == SNN_OK &&
                   snn_network_prepare(net) == SNN_OK);
        FUZZ_HOLDS(snn_network_save(net, in(folder, "model", networks[i][0])) == SNN_OK);
        put(folder, "network", networks[i][0], networks[i][1], strlen(networks[i][1]));
        snn_network_destroy(net);
    }
    FUZZ_HOLDS(snn_network_parse(
                   &net, ctx,
                   "{\"format\":1,\"input\":[8],\"layers\":[{\"type\":\"linear\",\"out\":4,\"binary\":\"scaled\"},"
                   "{\"type\":\"if\"},{\"type\":\"linear\",\"out\":2}]}") == SNN_OK);
    FUZZ_HOLDS(snn_network_prepare(net) == SNN_OK);
    FUZZ_HOLDS(snn_network_save_packed(net, in(folder, "model", "packed")) == SNN_OK);
    snn_network_destroy(net);
}

static void checkpoints(const char *folder, snn_context *ctx)
{
    for (size_t i = 0; i < FUZZ_RUNS; i++) {
        struct fuzz_run run;
        char name[] = "run0";

        name[3] = (char)('0' + i);
        fuzz_run_make(&run, ctx, i);
        fuzz_run_step(&run);
        FUZZ_HOLDS(snn_trainer_save(run.trainer, in(folder, "checkpoint", name)) == SNN_OK);
        fuzz_run_destroy(&run);
    }
}

/* ---- data ---- */

static void data(const char *folder)
{
    static uint8_t b[3 + 3 * 3074];
    static const uint8_t idx[] = { 0, 0, 28, 0, 0, 8, 3, 0,  0,  0,   3, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2,
                                   3, 4, 5,  6, 7, 8, 9, 10, 11, 255, 0, 0, 8, 1, 0, 0, 0, 3, 0, 9, 12 };
    uint8_t copy[sizeof idx];

    put(folder, "idx", "plain", idx, sizeof idx);
    memcpy(copy, idx, sizeof idx);
    copy[0] = 3;
    put(folder, "idx", "compressed", copy, sizeof copy);
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = 0;
    b[0] = 3;
    b[1] = 0x0c;
    b[2] = 0x01;
    b[3] = 7;
    put(folder, "cifar", "ten", b, 3 + 2 * 3073);
    b[0] = 7;
    b[2] = 0x02;
    b[3] = 1;
    b[4] = 99;
    put(folder, "cifar", "hundred", b, 3 + 3074);
}

static void arrays(const char *folder)
{
    char b[128 + 24] = "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
    size_t used = 10 + strlen(b + 10);

    memset(b + used, ' ', 127 - used);
    memcpy(b, "\x93NUMPY\x01\x00\x76\x00", 10);
    b[127] = '\n';
    put(folder, "npy", "array", b, sizeof b);
}

/* A seed that is refused reaches no parser behind the first: after a change of format they have to be written
 * anew. */
static int check(const char *folder, snn_context *ctx)
{
    static const char *const model[] = { "dense", "map", "packed" };
    snn_status rc = SNN_OK;

    for (size_t i = 0; i < 3 && rc == SNN_OK; i++) {
        snn_network *net = NULL;

        rc = snn_network_load(&net, ctx, in(folder, "model", model[i]));
        snn_network_destroy(net);
    }
    for (size_t i = 0; i < FUZZ_RUNS && rc == SNN_OK; i++) {
        struct fuzz_run run;
        char name[] = "run0";

        name[3] = (char)('0' + i);
        fuzz_run_make(&run, ctx, i);
        rc = snn_trainer_load(run.trainer, in(folder, "checkpoint", name));
        fuzz_run_destroy(&run);
    }
    if (rc != SNN_OK)
        fprintf(stderr, "%s\nwrite the seeds anew: fuzz_seeds tests/fuzz/corpus\n", snn_last_error());
    snn_context_destroy(ctx);
    return rc == SNN_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    snn_context *ctx = fuzz_context(SIZE_MAX / 2, false);

    if (argc == 3 && strcmp(argv[1], "--check") == 0)
        return check(argv[2], ctx);
    if (argc != 2) {
        fprintf(stderr, "usage: seeds [--check] FOLDER\n");
        return 2;
    }
    models(argv[1], ctx);
    checkpoints(argv[1], ctx);
    data(argv[1]);
    arrays(argv[1]);
    snn_context_destroy(ctx);
    return 0;
}
