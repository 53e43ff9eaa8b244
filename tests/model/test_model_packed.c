/* Packed model files: one bit for a binary weight, and the same spikes. */
#include "layer/weights.h"
#include "trainer/builder.h"
#include <snn/model.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BATCH = 6, STEPS = 3 };

static char path[64], plain[64];

static void name_files(void)
{
    snprintf(path, sizeof path, "/tmp/snn_packed_%ld.snn", (long)getpid());
    snprintf(plain, sizeof plain, "/tmp/snn_plain_%ld.snn", (long)getpid());
}

static void remove_files(void)
{
    unlink(path);
    unlink(plain);
}

static double size_of(const char *file)
{
    struct stat st;

    ck_assert_int_eq(stat(file, &st), 0);
    return (double)st.st_size;
}

static const struct {
    size_t shape[3];
    const char *layers;
} nets[] = {
    { { 9 },
      "linear a out=13; batch_norm n0; lif n; linear b out=13 bias=0 binary=scaled; batch_norm n1; add s <n1 <n0; "
      "lif m; linear o out=3" },
    { { 9 },
      "linear a out=11 binary=sign; lif n; linear b out=7 binary=scaled back=full; lif m; linear o out=3 "
      "binary=scaled" },
    { { 2, 7, 7 },
      "conv2d a out=6 pad=1 binary=scaled groups=2; batch_norm n0 over=all; lif n; conv2d b out=5 pad=1 bias=0 "
      "binary=scaled; "
      "batch_norm n1 over=all; lif m; flatten f; linear o out=3" },
    { { 4, 3, 3 },
      "lif n; conv2d q out=4 kernel=1 bias=0 binary=scaled; batch_norm b0; lif qs; conv2d k out=4 kernel=1 "
      "binary=sign <n; lif ks; "
      "attention t heads=2 <qs <ks <n; lif m; flatten f; linear o out=3" },
    { { 9 }, "linear a out=13; lif n; linear o out=3" }, /* nothing to pack */
};

/* The weights that compute, of all layers, behind each other. */
static size_t effective_weights(const snn_trainer *tr, float *out)
{
    size_t n = 0;

    for (size_t l = 0; l < tr->pass.n; l++) {
        struct snn__unit *unit = &tr->pass.unit[l];

        if (!(unit->flags & SNN__LAYER_WEIGHTS))
            continue;
        memcpy(out + n, snn__weights_effective(&unit->node), unit->layer->tensor[0].length * sizeof *out);
        n += unit->layer->tensor[0].length;
    }
    return n;
}

/* What the tensors of a packed network say they are, in their words: the weights that compute. */
static size_t check_tensors(const snn_network *net, const float *effective)
{
    size_t n = 0, signs = 0;

    for (size_t l = 0; l < net->n_layers; l++) {
        snn_tensor t = SNN_TENSOR_INIT;

        if (!(snn__layer_flags(net->layer[l]) & SNN__LAYER_WEIGHTS))
            continue;
        OK(snn_layer_tensor(net->layer[l], 0, &t));
        ck_assert(t.element == SNN_ELEMENT_SIGN || t.element == SNN_ELEMENT_F32);
        ck_assert(t.element == SNN_ELEMENT_SIGN || (t.bytes == 4 * t.length && t.scale == NULL));
        ck_assert(t.element == SNN_ELEMENT_F32 || (t.bytes == (t.length + 31) / 32 * 4));
        signs += t.element == SNN_ELEMENT_SIGN;
        for (size_t i = 0; i < t.length && t.element == SNN_ELEMENT_SIGN; i++) {
            const float scale = t.scale[i / (t.length / t.dim[0])];

            ck_assert(effective[n + i] == (((const unsigned char *)t.data)[i / 8] >> i % 8 & 1 ? scale : -scale));
        }
        n += t.length;
    }
    return signs;
}

START_TEST(test_same_spikes)
{
    static float x[STEPS * BATCH * 98], w[2][4096];
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, nets[_i].shape, nets[_i].layers), *copy = NULL;
    snn_optimizer *sgd = sgd_of(ctx, 0.3);
    snn_trainer *tr = trainer_of(net, sgd, "sei", "steps=3", BATCH), *reader;
    uint32_t label[BATCH] = { 0, 1, 2, 0, 1, 2 };
    float out[2][BATCH * 3];
    snn_metrics m = SNN_METRICS_INIT;
    size_t n;

    random_fill(x, sizeof x / sizeof *x, -1, 3, 7);
    for (int i = 0; i < 5; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, STEPS, label, BATCH), &m));
    OK(snn_trainer_predict(tr, BATCH_OF(x, STEPS, NULL, BATCH), out[0]));
    n = effective_weights(tr, w[0]);
    OK(snn_network_save_packed(net, path));
    OK(snn_network_load(&copy, ctx, path));
    reader = evaluator_of(copy, "steps=3", BATCH);
    OK(snn_trainer_predict(reader, BATCH_OF(x, STEPS, NULL, BATCH), out[1]));
    ck_assert_uint_eq(effective_weights(reader, w[1]), n);
    ck_assert(memcmp(w[0], w[1], n * sizeof(float)) == 0);
    ck_assert(memcmp(out[0], out[1], sizeof out[0]) == 0 && norm_of(out[0], BATCH * 3) > 0);
    OK(snn_network_save_packed(copy, plain)); /* again: the same file */
    ck_assert(size_of(plain) == size_of(path));
    snn_trainer_destroy(reader);
    snn_trainer_destroy(tr);
    snn_network_destroy(copy);
    snn_network_destroy(net);
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}
END_TEST

/* In memory: the same outputs from bits, the same file, no training, and whatever was there before goes on
 * evaluating. */
START_TEST(test_in_memory)
{
    static float x[STEPS * BATCH * 98], w[4096];
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, nets[_i].shape, nets[_i].layers);
    snn_optimizer *sgd = sgd_of(ctx, 0.3);
    snn_trainer *tr = trainer_of(net, sgd, "sei", "steps=3", BATCH), *reader, *late = NULL;
    const bool binary = strstr(nets[_i].layers, "binary=") != NULL;
    const snn_status refused = binary ? SNN_ERR_STATE : SNN_OK;
    uint32_t label[BATCH] = { 0, 1, 2, 0, 1, 2 };
    float out[3][BATCH * 3];
    snn_network_info before = SNN_NETWORK_INFO_INIT, after = SNN_NETWORK_INFO_INIT;
    snn_metrics m = SNN_METRICS_INIT;

    random_fill(x, sizeof x / sizeof *x, -1, 3, 7);
    for (int i = 0; i < 3; i++)
        OK(snn_trainer_step(tr, BATCH_OF(x, STEPS, label, BATCH), &m));
    reader = evaluator_of(net, "steps=3", BATCH);
    OK(snn_trainer_predict(reader, BATCH_OF(x, STEPS, NULL, BATCH), out[0]));
    OK(snn_network_save_packed(net, path));
    OK(snn_network_get_info(net, &before));
    effective_weights(tr, w);
    ck_assert_uint_eq(check_tensors(net, w), 0);
    OK(snn_network_pack(net));
    OK(snn_network_pack(net));
    ck_assert((check_tensors(net, w) > 0) == binary);
    OK(snn_network_get_info(net, &after));
    ck_assert(after.parameters == before.parameters);
    ck_assert(binary ? after.parameter_bytes < before.parameter_bytes
                     : after.parameter_bytes == before.parameter_bytes);
    OK(snn_trainer_predict(reader, BATCH_OF(x, STEPS, NULL, BATCH), out[1])); /* prepared before */
    snn_trainer_destroy(reader);
    reader = evaluator_of(net, "steps=3", BATCH);
    OK(snn_trainer_predict(reader, BATCH_OF(x, STEPS, NULL, BATCH), out[2]));
    ck_assert(memcmp(out[0], out[1], sizeof out[0]) == 0 && memcmp(out[0], out[2], sizeof out[0]) == 0);
    ck_assert_int_eq(snn_trainer_step(tr, BATCH_OF(x, STEPS, label, BATCH), &m), refused);
    OK(snn_trainer_create(&late, net, sgd, "sei"));
    ck_assert_int_eq(snn_trainer_prepare(late, BATCH), refused);
    ck_assert_int_eq(snn_trainer_save(tr, plain), refused);
    if (binary) {
        FAILS(snn_trainer_load(tr, path), SNN_ERR_STATE, "the network is packed");
        OK(snn_network_save(net, plain));
        ck_assert(size_of(plain) == size_of(path));
    }
    snn_trainer_destroy(late);
    snn_trainer_destroy(reader);
    snn_trainer_destroy(tr);
    snn_network_destroy(net);
    snn_optimizer_destroy(sgd);
    snn_context_destroy(ctx);
}
END_TEST

/* At most a twentieth of the file at full precision. */
START_TEST(test_size)
{
    static const char *const names[] = { "binary-conv", "binary-resnet18" };
    const size_t shape[2][3] = { { 1, 28, 28 }, { 3, 32, 32 } };
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = NULL, *copy = NULL;
    snn_network_info full = SNN_NETWORK_INFO_INIT, packed = SNN_NETWORK_INFO_INIT;

    OK(snn_network_build(&net, ctx, names[_i], shape[_i], 3, 10, NULL));
    OK(snn_network_prepare(net));
    OK(snn_network_save(net, plain));
    OK(snn_network_save_packed(net, path));
    printf("%s: %.0f bytes, packed %.0f, 1/%.1f\n", names[_i], size_of(plain), size_of(path),
           size_of(plain) / size_of(path));
    ck_assert_msg(20 * size_of(path) <= size_of(plain), "%s: %g of %g bytes", names[_i], size_of(path),
                  size_of(plain));
    OK(snn_network_load(&copy, ctx, path));
    OK(snn_network_get_info(copy, &full));
    OK(snn_network_pack(copy));
    OK(snn_network_get_info(copy, &packed));
    printf("in memory: %.0f bytes, packed %.0f, 1/%.1f\n", (double)full.parameter_bytes,
           (double)packed.parameter_bytes, (double)full.parameter_bytes / (double)packed.parameter_bytes);
    ck_assert(20 * packed.parameter_bytes <= full.parameter_bytes);
    snn_network_destroy(copy);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

/* Every byte matters, and every end that comes too early. */
START_TEST(test_damage)
{
    snn_context *ctx = test_context(1, 5, "best");
    snn_network *net = network_of(ctx, nets[0].shape, nets[0].layers), *copy = NULL;
    static char bytes[1 << 16];
    size_t size;
    FILE *f;

    OK(snn_network_save_packed(net, path));
    f = fopen(path, "rb");
    ck_assert_ptr_nonnull(f);
    size = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t i = 8; i < size; i += 7) {
        bytes[i] ^= 4;
        ck_assert(write_file(path, bytes, size));
        ck_assert_int_ne(snn_network_load(&copy, ctx, path), SNN_OK);
        bytes[i] ^= 4;
    }
    for (size_t i = 0; i < size; i += 53) {
        ck_assert(write_file(path, bytes, i));
        ck_assert_int_ne(snn_network_load(&copy, ctx, path), SNN_OK);
    }
    net->layer[3]->tensor[0].data[5] = NAN;
    FAILS(snn_network_save_packed(net, path), SNN_ERR_DIVERGED, "b.weight\" is not finite at entry 5");
    FAILS(snn_network_pack(net), SNN_ERR_DIVERGED, "b.weight\" is not finite at entry 5");
    ck_assert_ptr_nonnull(net->layer[3]->tensor[0].data);
    FAILS(snn_network_pack(NULL), SNN_ERR_ARGUMENT, "network is NULL");
    FAILS(snn_network_save_packed(NULL, path), SNN_ERR_ARGUMENT, "network is NULL");
    snn_network_destroy(net);
    snn_context_destroy(ctx);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model: packed");
    TCase *tc = tcase_create("packed");

    tcase_set_timeout(tc, 60);
    tcase_add_checked_fixture(tc, name_files, remove_files);
    tcase_add_loop_test(tc, test_same_spikes, 0, (int)(sizeof nets / sizeof *nets));
    tcase_add_loop_test(tc, test_in_memory, 0, (int)(sizeof nets / sizeof *nets));
    tcase_add_loop_test(tc, test_size, 0, 2);
    tcase_add_test(tc, test_damage);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
