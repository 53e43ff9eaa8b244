#include "support.h"
#include "core/fpu.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void *counting_allocate(void *user, size_t size, size_t alignment)
{
    struct counting *c = user;
    void *p;

    c->calls++;
    if (c->fail_at && c->calls == c->fail_at)
        return NULL;
    p = aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
    if (p) {
        c->live++;
        c->live_bytes += size;
    }
    return p;
}

static void counting_release(void *user, void *pointer, size_t size)
{
    struct counting *c = user;

    c->live--;
    c->live_bytes -= size;
    free(pointer);
}

void counting_options(struct counting *c, snn_context_options *options)
{
    OK(snn_context_options_init(options, sizeof *options));
    options->allocate = counting_allocate;
    options->release = counting_release;
    options->allocator_user = c;
}

snn_trainer_info about(const snn_trainer *trainer)
{
    snn_trainer_info info = SNN_TRAINER_INFO_INIT;

    OK(snn_trainer_get_info(trainer, &info));
    return info;
}

size_t count_names(snn_name_kind kind)
{
    size_t n = 0;

    while (snn_name(kind, n) != NULL)
        n++;
    return n;
}

snn_context *test_context(uint32_t threads, uint64_t seed, const char *isa)
{
    snn_context_options o;
    snn_context *ctx = NULL;

    OK(snn_context_options_init(&o, sizeof o));
    o.threads = threads;
    o.seed = seed;
    o.isa = isa;
    OK(snn_context_create(&ctx, &o));
    return ctx;
}

uint64_t test_context_bytes(const snn_context *ctx)
{
    snn_context_info info = SNN_CONTEXT_INFO_INIT;

    OK(snn_context_get_info(ctx, &info));
    return info.bytes;
}

void random_fill(float *out, size_t n, float lo, float hi, unsigned seed)
{
    unsigned long long state = 0x9e3779b97f4a7c15ull * (seed + 1u);

    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005ull + 1442695040888963407ull;
        out[i] = lo + (hi - lo) * (float)(state >> 40) / 16777216.0f;
    }
}

const char *data_path(const char *name)
{
    static char path[4096];
    const char *root = getenv("SNN_DATA");
    struct stat st;

    if (root != NULL)
        snprintf(path, sizeof path, "%s/%s", root, name);
    if (root == NULL || stat(path, &st) != 0) {
        fprintf(stderr, "skipped: data set %s is absent (set SNN_DATA to the directory that holds it)\n", name);
        return NULL;
    }
    return path;
}

bool write_file(const char *path, const void *bytes, size_t size)
{
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fwrite(bytes, 1, size, f) == size;

    if (f != NULL && fclose(f) != 0)
        ok = false;
    return ok;
}

snn_status read_labelled(const snn_dataset *dataset, size_t index, size_t frame, float *x, uint32_t *label)
{
    snn_sample sample = { .struct_size = sizeof sample, .x = x };
    snn_status rc = snn_dataset_read(dataset, index, frame, &sample);

    *label = sample.label;
    return rc;
}

size_t count_denormals(const float *x, size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < n; i++) {
        uint32_t bits;

        memcpy(&bits, &x[i], sizeof bits);
        found += (bits & 0x7f800000u) == 0 && (bits & 0x7fffffu) != 0;
    }
    return found;
}

void as_the_library(void (*fn)(void *arg), void *arg)
{
    SNN__COMPUTES;

    fn(arg);
}
