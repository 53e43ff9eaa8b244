/* NIR files: the first byte chooses options, each line that follows makes a piece of a file. A graph that opens
 * becomes a network, which runs for a few steps beside it, and a graph and a file again.
 *
 *     g PATH                      a group
 *     t PATH WORD                 a text
 *     f PATH DIMS : NUMBERS       numbers, repeated until the array is full: f /node/nodes/a/weight 2,3 : 1 0.5
 *     e PATH A>B;B>C              edges
 *     l FROM TO                   a second name of a group
 *
 * Files are made with libhdf5, since what it makes of damaged bytes is not ours to mend: release 1.10.8 reads some
 * for ever (H5HG_read). */
#include "fuzz.h"
#include <hdf5.h>
#include <snn/nir.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY ((size_t)64 << 20)
#define ELEMENTS 4096
#define WORDS 64

/* ---- making a file ---- */

static void put(hid_t file, const char *path, hid_t type, hid_t memory, const hsize_t *dim, int rank,
                const void *data)
{
    const hid_t space = rank ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_SCALAR);
    const hid_t set = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    if (set >= 0) {
        H5Dwrite(set, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, data);
        H5Dclose(set);
    }
    H5Sclose(space);
}

static void put_texts(hid_t file, const char *path, const char *const *text, const hsize_t *dim, int rank)
{
    const hid_t type = H5Tcopy(H5T_C_S1);

    H5Tset_size(type, H5T_VARIABLE);
    put(file, path, type, type, dim, rank, text);
    H5Tclose(type);
}

static void put_numbers(hid_t file, const char *path, char *text)
{
    static double value[ELEMENTS];
    hsize_t dim[6] = { 0 }, n = 1, given = 0;
    char *end = text;
    int rank = 0;

    while (rank < 6 && *text != ':' && *text != '\0') {
        dim[rank] = strtoul(text, &end, 10) % (ELEMENTS + 1);
        n *= dim[rank];
        if (end == text || n > ELEMENTS)
            return;
        rank++;
        text = end + strspn(end, ", ");
    }
    if (*text != ':')
        return;
    for (text++; given < ELEMENTS; given++, text = end) {
        value[given] = strtod(text, &end);
        if (end == text)
            break;
    }
    for (hsize_t i = given; given > 0 && i < n; i++)
        value[i] = value[i % given];
    put(file, path, given % 2 ? H5T_IEEE_F64LE : H5T_IEEE_F32LE, H5T_NATIVE_DOUBLE, dim, rank, value);
}

static void put_edges(hid_t file, const char *path, char *text)
{
    const char *word[WORDS];
    hsize_t dim[2] = { 0, 2 };
    size_t n = 0;

    for (char *w = strtok(text, ">;"); w != NULL && n < WORDS; w = strtok(NULL, ">;"))
        word[n++] = w;
    dim[0] = n / 2;
    put_texts(file, path, word, dim, 2);
}

static void put_group(hid_t file, const char *path)
{
    const hid_t group = H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);

    if (group >= 0)
        H5Gclose(group);
}

static void put_line(hid_t file, char *line)
{
    char *path = strtok(line + (line[0] != '\0'), " "), *rest = path ? strtok(NULL, "") : NULL;

    if (path == NULL || path[0] != '/' || (rest == NULL && line[0] != 'g'))
        return;
    if (line[0] == 'g')
        put_group(file, path);
    else if (line[0] == 't')
        put_texts(file, path, (const char *const *)&rest, NULL, 0);
    else if (line[0] == 'f')
        put_numbers(file, path, rest);
    else if (line[0] == 'e')
        put_edges(file, path, rest);
    else if (line[0] == 'l')
        H5Lcreate_hard(file, path, file, rest, H5P_DEFAULT, H5P_DEFAULT);
}

static void make_file(const char *path, const uint8_t *data, size_t size)
{
    char *text = fuzz_text(data, size), *next;
    hid_t file;

    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    FUZZ_HOLDS(file >= 0);
    for (char *line = text; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        put_line(file, line);
    }
    FUZZ_HOLDS(H5Fclose(file) >= 0);
    free(text);
}

/* ---- using it ---- */

static snn_nir_options options_of(uint8_t how)
{
    static const char *const resets[] = { "file", "value", "zero", "subtract" };
    static const char *const decays[] = { "euler", "exponential", "exact" };
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;

    options.dt = how & 1 ? 1e-3 : 0;
    options.reset = resets[how >> 1 & 3];
    options.decay = decays[(how >> 3 & 3) % 3];
    options.current = how & 32 ? "previous" : "new";
    options.timing = how & 64 ? "late" : "same";
    options.fire = how & 128 ? "at" : "file";
    return options;
}

/* Names and numbers of all nodes and edges. */
static void look(const snn_nir *nir)
{
    snn_nir_info info = SNN_NIR_INFO_INIT;
    size_t from, to;
    int delayed;

    FUZZ_HOLDS(snn_nir_get_info(nir, &info) == SNN_OK && info.nodes > 0);
    for (uint32_t i = 0; i < info.nodes; i++) {
        snn_nir_node_info node = SNN_NIR_NODE_INFO_INIT;

        FUZZ_HOLDS(snn_nir_node(nir, i, &node) == SNN_OK && node.name != NULL && node.type != NULL && node.rank > 0);
    }
    for (uint32_t i = 0; i < info.edges; i++)
        FUZZ_HOLDS(snn_nir_edge(nir, i, &from, &to, &delayed) == SNN_OK && from < info.nodes && to < info.nodes);
    for (uint32_t i = 0; i < info.remarks; i++)
        FUZZ_HOLDS(snn_nir_remark(nir, i) != NULL);
}

static void run(snn_nir *nir, const snn_nir_options *options, snn_network *net)
{
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_nir_drift drift = SNN_NIR_DRIFT_INIT;
    size_t found, inputs;
    float *x;

    FUZZ_HOLDS(snn_network_get_info(net, &info) == SNN_OK);
    inputs = (size_t)info.in.dim[0] * info.in.dim[1] * info.in.dim[2];
    if (inputs > 4096 || info.parameters > 1 << 16)
        return;
    x = calloc(3 * inputs, sizeof *x);
    FUZZ_HOLDS(x != NULL);
    for (size_t t = 0; t < 3; t++)
        x[t * inputs + t % inputs] = 1.0f;
    FUZZ_ANSWERS(snn_nir_check(nir, options, net, x, 3, &drift, 1, &found));
    free(x);
}

static void write_again(snn_context *ctx, snn_network *net)
{
    snn_nir *graph = NULL, *again = NULL;

    if (snn_nir_export(&graph, net, 1e-3) != SNN_OK)
        return;
    if (snn_nir_save(graph, fuzz_path("b.nir"), 1) == SNN_OK)
        FUZZ_ANSWERS(snn_nir_open(&again, ctx, fuzz_path("b.nir")));
    snn_nir_destroy(again);
    snn_nir_destroy(graph);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    snn_context *ctx = fuzz_context(MEMORY, true);
    const snn_nir_options options = options_of(fuzz_byte(&data, &size));
    snn_network *net = NULL;
    snn_nir *nir = NULL;

    make_file(fuzz_path("a.nir"), data, size);
    if (snn_nir_open(&nir, ctx, fuzz_path("a.nir")) == SNN_OK) {
        look(nir);
        if (snn_nir_import(&net, nir, &options) == SNN_OK) {
            run(nir, &options, net);
            write_again(ctx, net);
        } else {
            FUZZ_HOLDS(net == NULL && snn_last_error()[0] != '\0');
        }
    } else {
        FUZZ_HOLDS(nir == NULL && snn_last_error()[0] != '\0');
    }
    snn_network_destroy(net);
    snn_nir_destroy(nir);
    fuzz_done();
    return 0;
}
