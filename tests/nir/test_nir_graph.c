/* Graphs made here: every type of node as a network beside the graph in double precision; repairs; files that are
 * damaged or hostile. */
#include "nir.h"
#include <hdf5.h>

static snn_context *ctx;
static uint64_t own; /* bytes of the context itself */
static hid_t file;   /* of the graph that is being made */

static void setup(void)
{
    ctx = test_context(1, 1, "best");
    own = test_context_bytes(ctx);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
}

/* Every graph gives back its memory, one that failed as well. */
static void teardown(void)
{
    ck_assert_uint_eq(test_context_bytes(ctx), own);
    snn_context_destroy(ctx);
}

/* ---- making files ---- */

static void texts(const char *path, const char *const *text, const hsize_t *dim, int rank)
{
    const hid_t type = H5Tcopy(H5T_C_S1), space = rank ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_SCALAR);
    hid_t set;

    H5Tset_size(type, H5T_VARIABLE);
    set = H5Dcreate2(file, path, type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, text) >= 0);
    H5Dclose(set);
    H5Sclose(space);
    H5Tclose(type);
}

static void group(const char *path, const char *type)
{
    char place[256];

    H5Gclose(H5Gcreate2(file, path, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    snprintf(place, sizeof place, "%s/type", path);
    if (type != NULL)
        texts(place, &type, NULL, 0);
}

/* Numbers of "name=dim,dim:first,step": first + step * sin(i), or "dim:first/second/..", or a scalar without
 * dimensions. */
static void numbers(const char *node, const char *text)
{
    hsize_t dim[5] = { 0 }, n = 1;
    char name[32], place[256];
    double first, step = 0, *value;
    int rank = 0;
    hid_t space, set;

    ck_assert_int_eq(sscanf(text, "%31[^=]", name), 1);
    text += strlen(name) + 1;
    for (; *text != ':'; rank++) {
        dim[rank] = strtoul(text, (char **)&text, 10);
        n *= dim[rank];
        text += *text == ',';
    }
    first = strtod(text + 1, (char **)&text);
    step = *text == ',' ? strtod(text + 1, NULL) : 0;
    value = calloc(n, sizeof *value);
    for (hsize_t i = 0; i < n; i++)
        value[i] = first + step * sin((double)(3 * i + 1));
    for (hsize_t i = 1; i < n && *text == '/'; i++)
        value[i] = strtod(text + 1, (char **)&text);
    space = rank ? H5Screate_simple(rank, dim, NULL) : H5Screate(H5S_SCALAR);
    snprintf(place, sizeof place, "%s/%s", node, name);
    set = H5Dcreate2(file, place, H5T_IEEE_F64LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert_msg(set >= 0 && H5Dwrite(set, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, value) >= 0, "%s",
                  place);
    H5Dclose(set);
    H5Sclose(space);
    free(value);
}

/* Edges "a>b;b>c". */
static void edges(const char *graph, const char *text)
{
    static char name[64][32];
    const char *list[64];
    hsize_t dim[2] = { 0, 2 };
    char place[256];

    for (; *text; dim[0]++) {
        ck_assert_int_eq(sscanf(text, "%31[^>]>%31[^;]", name[2 * dim[0]], name[2 * dim[0] + 1]), 2);
        text += strcspn(text, ";");
        text += *text == ';';
    }
    for (size_t i = 0; i < 64; i++)
        list[i] = name[i];
    snprintf(place, sizeof place, "%s/edges", graph);
    texts(place, list, dim, 2);
}

/* Nodes "name Type field=.. field=..| ...": in a graph at `path`. */
static void nodes(const char *path, const char *text)
{
    char place[128], word[128], name[32], type[32];
    int used;

    snprintf(place, sizeof place, "%s/nodes", path);
    group(place, NULL);
    while (sscanf(text, " %31s %31s%n", name, type, &used) == 2) {
        snprintf(place, sizeof place, "%s/nodes/%s", path, name);
        group(place, type);
        text += used;
        while (*text && *text != '|') {
            ck_assert_int_eq(sscanf(text, " %127[^ |]%n", word, &used), 1);
            if (strchr(word, ':') != NULL)
                numbers(place, word);
            else {
                const char *value = strchr(word, '=') + 1;
                char field[256];

                snprintf(field, sizeof field, "%s/%.*s", place, (int)(value - word - 1), word);
                texts(field, &value, NULL, 0);
            }
            text += used;
            text += strspn(text, " ");
        }
        text += *text == '|';
    }
}

static const char *begin(void)
{
    const char *path = scratch("made.nir"), *version = "test";

    file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ck_assert(file >= 0);
    texts("/version", &version, NULL, 0);
    return path;
}

static const char *made(const char *all_nodes, const char *all_edges)
{
    const char *path = begin();

    group("/node", "NIRGraph");
    nodes("/node", all_nodes);
    edges("/node", all_edges);
    H5Fclose(file);
    return path;
}

/* ---- every node ---- */

#define ENDS(in, out) "in Input shape=1:" in "|out Output shape=1:" out "|"
#define LIF "tau=4:0.002,0.0005 r=4:3,0.5 v_leak=4:0.1,0.05 v_threshold=4:0.4,0.1"

static const struct graph_case {
    const char *nodes, *edges;
    const char *refused; /* part of the message; NULL: it becomes a network */
} graphs[] = {
    { ENDS("3", "4") "a Affine weight=4,3:0.1,1 bias=4:0.05,0.1|n LIF " LIF, "in>a;a>n;n>out", NULL },
    { ENDS("3", "4") "a Linear weight=4,3:0.3,1|n LIF tau=1:0.002 r=1:2 v_leak=1:0 v_threshold=1:0.3",
      "a>n;n>out;in>a", NULL },
    { ENDS("4", "4") "s Scale scale=4:0.5,0.4|n IF r=4:1 v_threshold=4:0.7", "in>s;s>n;n>out", NULL },
    { ENDS("4", "4") "n LI tau=4:0.003,0.001 r=4:1 v_leak=4:0", "in>n;n>out", NULL },
    { ENDS("4", "4") "n I r=4:0.3", "in>n;n>out", NULL },
    { ENDS("4", "4") "a Linear weight=4,4:0.4,1|n CubaLIF tau_syn=4:0.002 tau_mem=4:0.004 r=4:3 v_leak=4:0 "
                     "v_threshold=4:0.5 w_in=4:2",
      "in>a;a>n;n>out", NULL },
    { ENDS("4", "4") "n CubaLIF tau_syn=4:0.002,0.001 tau_mem=4:0.004,0.001 r=4:3,0.5 v_leak=4:0.1,0.05 "
                     "v_threshold=4:0.5,0.1",
      "in>n;n>out", NULL },
    { ENDS("4", "4") "n CubaLI tau_syn=4:0.002 tau_mem=4:0.004 r=4:3 v_leak=4:0", "in>n;n>out", NULL },
    { ENDS("4", "4") "t Threshold threshold=4:0.5,0.2", "in>t;t>out", NULL },
    { ENDS("4", "4") "d Delay delay=4:0.003|n LIF " LIF, "in>d;d>n;n>out", NULL },
    { ENDS("4", "4") "n LIF " LIF "|d Delay delay=4:0.002|w Linear weight=4,4:0,0.7", "in>n;n>d;d>w;w>n;n>out",
      NULL },
    { ENDS("4", "4") "n LIF " LIF "|w Affine weight=4,4:0,0.9 bias=4:0.1,0.1|a Affine weight=4,4:0.1,1 bias=4:0",
      "in>a;a>n;n>w;w>n;n>out", NULL },
    { "in Input shape=3:4,0|out Output shape=1:16|c Conv2d weight=4,2,3,3:0.02,0.3 bias=4:0.05 stride=:1 "
      "padding=same "
      "dilation=:1 groups=:2|f Flatten start_dim=:0 end_dim=:-1|n IF r=1:1 v_threshold=1:0.2|p SumPool2d "
      "kernel_size=2:2 stride=2:2 padding=2:0",
      "in>c;c>n;n>p;p>f;f>out", NULL },
    { "in Input shape=3:4,0|out Output shape=1:16|c Conv2d weight=4,4,3,5:0.02,0.3 bias=4:0.05 stride=2:1 "
      "padding=same "
      "dilation=2:1 groups=:1|f Flatten start_dim=:1 end_dim=:-1|n IF r=1:1 v_threshold=1:0.2|p AvgPool2d "
      "kernel_size=2:2 stride=2:2 padding=2:0",
      "in>c;c>n;n>p;p>f;f>out", NULL },
    { "in Input shape=2:4,0|out Output shape=1:12|c Conv1d weight=3,4,3:0.02,0.6 bias=3:0.05 stride=:1 padding=:1 "
      "dilation=:1 groups=:1|f Flatten start_dim=:0 end_dim=:-1|n IF r=1:1 v_threshold=1:0.3",
      "in>c;c>n;n>f;f>out", NULL },
    { "in Input shape=2:4,0|out Output shape=1:6|c Conv1d weight=3,4,3:0.02,0.6 bias=3:0.05 stride=:1 padding=:0 "
      "dilation=:1 groups=:1|f Flatten start_dim=:0 end_dim=:-1",
      "in>c;c>f;f>out", NULL },
    { "in Input shape=2:6,0|out Output shape=1:18|c Conv1d weight=6,2,4:0.02,0.6 bias=6:0.05 stride=:2 padding=:3 "
      "dilation=:2 groups=:3|f Flatten start_dim=:0 end_dim=:-1|n IF r=1:1 v_threshold=1:0.3",
      "in>c;c>n;n>f;f>out", NULL },
    { "in Input shape=3:4,0|out Output shape=1:8|c Conv2d weight=4,4,3,2:0.02,0.3 bias=4:0.05 stride=2:1/2 "
      "padding=2:0/1 dilation=2:1/3 groups=:1|f Flatten start_dim=:0|n IF r=1:1 v_threshold=1:0.2|p SumPool2d "
      "kernel_size=2:2/1 stride=2:1/1 padding=2:0/0",
      "in>c;c>n;n>p;p>f;f>out", NULL },
    { "in Input shape=3:4,0|out Output shape=3:4,0|c Conv2d weight=4,4,3,3:0.02,0.3 bias=4:0.05 stride=2:1 "
      "padding=same dilation=2:1 groups=:1|n IF r=1:1 v_threshold=1:0.2",
      "in>c;c>n;n>out", NULL },
    { "in Input shape=2:4,0|out Output shape=2:4,0|c Conv1d weight=4,4,3:0.02,0.6 bias=4:0.05 stride=:1 padding=:1 "
      "dilation=:1 groups=:1|n IF r=1:1 v_threshold=1:0.3",
      "in>c;c>n;n>out", NULL },
    { "in Input shape=3:4,0|out Output shape=1:8|c Conv2d weight=4,4,3,3:1 bias=4:0 stride=2:1.5,0.5943 padding=2:1 "
      "dilation=2:1 groups=:1|f Flatten start_dim=:0",
      "in>c;c>f;f>out", "node c: its stride" },
    { ENDS("4", "4") "n LIF tau=4:0.0001 r=4:1 v_leak=4:0 v_threshold=4:1", "in>n;n>out", "node n: decays of -9" },
    { ENDS("4", "4") "n IF r=4:1 v_threshold=4:0", "in>n;n>out", "node n: a threshold of 0" },
    { ENDS("4", "4") "d Delay delay=4:0.003,0.001", "in>d;d>out", "node d: connections of one layer with delays" },
    { ENDS("4", "4") "a Linear weight=4,4:1|b Linear weight=4,4:1", "in>a;a>b;b>a;b>out", "a loop without a neuron" },
    { ENDS("4", "4") "a Linear weight=4,3:1", "in>a;a>out", "node a: its weight is for another number of inputs" },
    { ENDS("4", "4") "n Izhikevich a=4:1", "in>n;n>out", "type \"Izhikevich\" is not known" },
    { ENDS("4", "4") "n IF r=4:1 v_threshold=4:1", "in>n;m>out;k>out", "an edge names \"m\"" },
    { ENDS("4", "4") "n IF r=4:1 v_threshold=4:1|m IF r=4:1 v_threshold=4:1", "in>n;n>out;m>out",
      "no edge leads to it" },
};

/* Both forms of a graph give the same, step for step. */
static void compare(snn_nir *nir, const snn_nir_options *options)
{
    enum { STEPS = 60 };
    snn_nir_drift drift[8];
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    snn_network *net;
    size_t found, inputs, outputs;
    double *out;
    float *x, *got;

    OK(snn_nir_import(&net, nir, options));
    OK(snn_network_get_info(net, &info));
    inputs = elements(&info.in);
    outputs = elements(&info.out);
    x = malloc(STEPS * inputs * sizeof *x);
    out = malloc(STEPS * outputs * sizeof *out);
    random_fill(x, STEPS * inputs, 0, 1, 3);
    for (size_t i = 0; i < 8; i++)
        drift[i] = (snn_nir_drift)SNN_NIR_DRIFT_INIT;
    OK(snn_nir_check(nir, options, net, x, STEPS, drift, 8, &found));
    for (size_t i = 0; i < found; i++)
        ck_assert_msg(
            drift[i].potential < 1e-5 * fmax(1, drift[i].largest) && drift[i].differ == 0 && drift[i].largest > 0,
            "%s: %g of %g, %d differ", drift[i].node, drift[i].potential, drift[i].largest, (int)drift[i].differ);
    OK(snn_nir_run(nir, options, x, STEPS, out, NULL, NULL));
    got = run_network(net, x, STEPS);
    for (size_t i = 0; i < STEPS * outputs; i++)
        ck_assert_msg(fabs((double)got[i] - out[i]) < 1e-5 * fmax(1, fabs(out[i])),
                      "output %zu of step %zu: %g, not %g", i % outputs, i / outputs, (double)got[i], out[i]);
    free(got);
    free(out);
    free(x);
    snn_network_destroy(net);
}

static const char *const words[][3] = {
    { "value", "new", "same" },    { "subtract", "new", "same" },  { "zero", "previous", "same" },
    { "subtract", "new", "late" }, { "zero", "previous", "late" },
};

START_TEST(nodes_as_layers)
{
    const struct graph_case *c = &graphs[_i];
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    snn_network *net = NULL;
    snn_nir *nir = NULL;
    const char *path = made(c->nodes, c->edges);
    snn_status rc = snn_nir_open(&nir, ctx, path);

    options.dt = 1e-3;
    if (c->refused != NULL) {
        if (rc == SNN_OK)
            rc = snn_nir_import(&net, nir, &options);
        ck_assert_msg(rc != SNN_OK && strstr(snn_last_error(), c->refused) != NULL, "%s", snn_last_error());
        ck_assert(net == NULL);
    } else {
        ck_assert_msg(rc == SNN_OK, "%s", snn_last_error());
        for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
            const bool late = strcmp(words[i][2], "late") == 0;

            options.reset = words[i][0];
            options.current = words[i][1];
            options.timing = words[i][2];
            options.decay = i % 2 ? "exponential" : "euler";
            if (late && (_i == 0 || _i == 6 || _i == 8 || _i == 9 || _i == 10 || _i == 11) && i == 3)
                continue; /* decays that differ, or none: late subtraction has no layer */
            compare(nir, &options);
        }
    }
    snn_nir_destroy(nir);
    remove(path);
}
END_TEST

/* ---- repairs ---- */

START_TEST(repairs)
{
    const char *path = begin();
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    snn_nir_info info = SNN_NIR_INFO_INIT;
    snn_nir *nir;

    group("/node", "NIRGraph");
    nodes("/node", "in Input shape=1:4|out Output shape=1:4|g NIRGraph");
    edges("/node", "g>out;in>g;in>g");
    nodes("/node/nodes/g", "input Input shape=1:4|lif LIF " LIF "|output Output shape=1:4|g NIRGraph");
    edges("/node/nodes/g", "input>lif;lif>w;w>lif;lif>output");
    nodes("/node/nodes/g/nodes/g", "x Input shape=1:4|w Linear weight=4,4:0,0.5|y Output shape=1:4");
    edges("/node/nodes/g/nodes/g", "x>w;w>y");
    H5Fclose(file);
    OK(snn_nir_open(&nir, ctx, path));
    OK(snn_nir_get_info(nir, &info));
    ck_assert_uint_eq(info.nodes, 4);
    ck_assert_str_eq(info.version, "test");
    ck_assert(has_remark(nir, "the edge from in to g is there twice"));
    ck_assert(has_remark(nir, "edges say \"w\", which is no node; taken for \"g\""));
    options.dt = 1e-3;
    compare(nir, &options);
    snn_nir_destroy(nir);
    remove(path);
}
END_TEST

/* The top of a file may be a single node, and metadata are hints. */
START_TEST(single_node)
{
    const char *path = begin();
    const char *reset = "zero";
    snn_nir_info info = SNN_NIR_INFO_INIT;
    snn_nir *nir;

    group("/node", "LIF");
    numbers("/node", "tau=4:0.002");
    numbers("/node", "r=4:2");
    numbers("/node", "v_leak=4:0");
    numbers("/node", "v_threshold=4:0.5");
    group("/node/metadata", NULL);
    numbers("/node/metadata", "dt=:0.0005");
    texts("/node/metadata/reset", &reset, NULL, 0);
    H5Fclose(file);
    OK(snn_nir_open(&nir, ctx, path));
    OK(snn_nir_get_info(nir, &info));
    ck_assert_uint_eq(info.nodes, 3);
    ck_assert(info.dt == 0.0005 && strcmp(info.reset, "zero") == 0);
    compare(nir, NULL);
    snn_nir_destroy(nir);
    remove(path);
}
END_TEST

/* ---- hostile files ---- */

static void loop_of_groups(void)
{
    group("/node", "NIRGraph");
    nodes("/node", "in Input shape=1:4|out Output shape=1:4");
    edges("/node", "in>a;a>out");
    H5Lcreate_hard(file, "/node", file, "/node/nodes/a", H5P_DEFAULT, H5P_DEFAULT);
}

static void huge_extent(void)
{
    const hsize_t dim[2] = { 1 << 20, 1 << 20 };
    const hid_t space = H5Screate_simple(2, dim, NULL);

    group("/node", "NIRGraph");
    nodes("/node", ENDS("4", "4") "a Linear");
    edges("/node", "in>a;a>out");
    H5Dclose(H5Dcreate2(file, "/node/nodes/a/weight", H5T_IEEE_F32LE, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    H5Sclose(space);
}

static void data_elsewhere(void)
{
    const hsize_t dim[2] = { 4, 4 };
    const hid_t space = H5Screate_simple(2, dim, NULL), plist = H5Pcreate(H5P_DATASET_CREATE);

    group("/node", "NIRGraph");
    nodes("/node", ENDS("4", "4") "a Linear");
    edges("/node", "in>a;a>out");
    H5Pset_external(plist, "/etc/passwd", 0, 64);
    H5Dclose(H5Dcreate2(file, "/node/nodes/a/weight", H5T_IEEE_F32LE, space, H5P_DEFAULT, plist, H5P_DEFAULT));
    H5Pclose(plist);
    H5Sclose(space);
}

static void another_file(void)
{
    group("/node", "NIRGraph");
    nodes("/node", ENDS("4", "4"));
    edges("/node", "in>a;a>out");
    H5Lcreate_external("other.h5", "/node", file, "/node/nodes/a", H5P_DEFAULT, H5P_DEFAULT);
}

static void no_finite_number(void)
{
    group("/node", "NIRGraph");
    nodes("/node", ENDS("1", "1") "s Scale scale=1:1e308,1e309");
    edges("/node", "in>s;s>out");
}

static void no_node(void)
{
    group("/knot", "NIRGraph");
}

static const struct hostile_case {
    void (*make)(void);
    snn_status status;
    const char *message;
} hostiles[] = {
    { loop_of_groups, SNN_ERR_FORMAT, "nested too deep" },
    { huge_extent, SNN_ERR_FORMAT, "more elements than the file has bytes for" },
    { data_elsewhere, SNN_ERR_UNSUPPORTED, "data in other files" },
    { another_file, SNN_ERR_FORMAT, "not of this file" },
    { no_finite_number, SNN_ERR_FORMAT, "not finite" },
    { no_node, SNN_ERR_FORMAT, "no group \"node\"" },
};

START_TEST(hostile)
{
    const char *path = begin();
    snn_nir *nir;

    hostiles[_i].make();
    H5Fclose(file);
    FAILS(snn_nir_open(&nir, ctx, path), hostiles[_i].status, hostiles[_i].message);
    ck_assert(nir == NULL);
    remove(path);
}
END_TEST

/* ---- networks that begin here ---- */

static const struct network_case {
    const char *json;
    const char *refused;
} networks[] = {
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"linear\",\"out\":6},{\"type\":\"lif\",\"tau\":3},"
      "{\"type\":\"linear\",\"out\":4,\"bias\":false},{\"type\":\"lif\",\"decay\":0.8,\"input_scaled\":true,"
      "\"reset\":"
      "\"none\"}]}",
      NULL },
    { "{\"format\":1,\"input\":[2,6,6],\"layers\":[{\"type\":\"conv2d\",\"out\":3,\"kernel\":3,\"pad\":1,\"bias\":"
      "false},"
      "{\"type\":\"cuba\",\"reset\":\"zero\",\"threshold\":0.1},{\"type\":\"avgpool\",\"kernel\":0},{\"type\":"
      "\"flatten\"},"
      "{\"type\":\"gain\",\"value\":2},{\"type\":\"dropout\"},{\"type\":\"plif\",\"reset\":\"zero\",\"threshold\":0."
      "1}]}",
      NULL },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"linear\",\"name\":\"a\",\"out\":6},{\"type\":\"linear\","
      "\"name\":\"r\",\"bias\":false,\"out\":6,\"from\":[{\"layer\":\"n\",\"delay\":1}]},{\"type\":\"add\",\"from\":["
      "\"a\","
      "\"r\"]},{\"type\":\"lif\",\"name\":\"n\",\"threshold\":0.3},{\"type\":\"linear\",\"out\":3}]}",
      NULL },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"linear\",\"name\":\"a\",\"out\":6},{\"type\":\"linear\","
      "\"name\":\"r\",\"bias\":false,\"out\":6,\"from\":[{\"layer\":\"n\",\"delay\":3}]},{\"type\":\"add\",\"from\":["
      "\"a\",\"r\"]},{\"type\":\"lif\",\"name\":\"n\",\"threshold\":0.3},{\"type\":\"linear\",\"out\":4,\"bias\":"
      "false,\"from\":[{\"layer\":\"n\",\"delay\":2}]},{\"type\":\"lif\",\"name\":\"m\",\"threshold\":0.1}]}",
      NULL },
    { "{\"format\":1,\"input\":[2,4,4],\"layers\":[{\"type\":\"conv2d\",\"out\":3,\"bias\":false},{\"type\":"
      "\"batch_norm\"},{\"type\":\"lif\",\"threshold\":0.3},{\"type\":\"flatten\"},{\"type\":\"linear\",\"out\":4},"
      "{\"type\":\"batch_norm\"}]}",
      NULL },
    { "{\"format\":1,\"input\":[4,11],\"layers\":[{\"type\":\"conv1d\",\"out\":6,\"kernel\":4,\"stride\":2,\"pad\":3,"
      "\"dilation\":2,\"groups\":2},{\"type\":\"batch_norm\"},{\"type\":\"lif\",\"threshold\":0.3},{\"type\":"
      "\"flatten\"},"
      "{\"type\":\"linear\",\"out\":4}]}",
      NULL },
    { "{\"format\":1,\"input\":[2,9,8],\"layers\":[{\"type\":\"conv2d\",\"out\":6,\"kernel\":4,\"stride\":2,\"pad\":"
      "0,"
      "\"kernel_rows\":2,\"stride_rows\":1,\"pad_rows\":1,\"dilation_rows\":2},{\"type\":\"lif\",\"threshold\":0.3},{"
      "\"type\":"
      "\"avgpool\",\"kernel\":3,\"kernel_rows\":2,\"pad\":1,\"pad_rows\":0,\"stride_rows\":1},{\"type\":\"flatten\"},"
      "{\"type\":"
      "\"linear\",\"out\":4}]}",
      NULL },
    { "{\"format\":1,\"input\":[3,12],\"layers\":[{\"type\":\"avgpool\",\"kernel\":3,\"stride\":2,\"pad\":1},"
      "{\"type\":\"lif\",\"threshold\":0.3},{\"type\":\"sumpool\"},{\"type\":\"avgpool\",\"kernel\":0},"
      "{\"type\":\"flatten\"}]}",
      NULL },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"batch_norm\"}]}", "unless it is all that reads" },
    { "{\"format\":1,\"input\":[2,6,6],\"layers\":[{\"type\":\"conv2d\",\"out\":3},{\"type\":\"maxpool\"}]}",
      "layer maxpool1: NIR has no node for maxpool" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"linear\",\"out\":3,\"standardise\":true}]}",
      "whose weights are derived" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"lif\",\"refractory\":2}]}", "with refractory steps" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"lif\",\"initial\":0.2}]}", "with an initial state" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"cuba\",\"initial_current\":0.2}]}",
      "with an initial state" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"lif\",\"initial_per_neuron\":true}]}",
      "with an initial state" },
    { "{\"format\":1,\"input\":[5],\"layers\":[{\"type\":\"lif\"},{\"type\":\"lif\",\"reset\":\"zero\"}]}",
      "whose reset is another" },
};

/* Running values as of a network that has learned. */
static void set_norms(snn_network *net)
{
    static const char *const names[] = { "weight", "bias", "mean", "var" };

    for (size_t l = 0; snn_network_layer(net, l) != NULL; l++) {
        snn_layer *layer = snn_network_layer(net, l);
        snn_layer_info info = SNN_LAYER_INFO_INIT;

        OK(snn_layer_get_info(layer, &info));
        for (size_t i = 0; strcmp(info.type, "batch_norm") == 0 && i < 4; i++) {
            snn_tensor t = SNN_TENSOR_INIT;

            OK(snn_layer_tensor_named(layer, names[i], &t));
            random_fill(t.data, t.length, 0.3f, 1.5f, (unsigned)(l + i));
        }
    }
}

START_TEST(networks_as_graphs)
{
    enum { STEPS = 40 };
    const struct network_case *c = &networks[_i];
    snn_network_info info = SNN_NETWORK_INFO_INIT;
    const char *path = scratch("network.nir");
    snn_network *net, *again;
    snn_nir *nir = NULL;
    float *x, *a, *b;
    size_t inputs;

    OK(snn_network_parse(&net, ctx, c->json));
    FAILS(snn_nir_export(&nir, net, 1e-3), SNN_ERR_STATE, "not prepared");
    OK(snn_network_prepare(net));
    if (c->refused != NULL) {
        FAILS(snn_nir_export(&nir, net, 1e-3), SNN_ERR_UNSUPPORTED, c->refused);
        snn_network_destroy(net);
        return;
    }
    set_norms(net);
    OK(snn_nir_export(&nir, net, 1e-3));
    OK(snn_nir_save(nir, path, 4));
    snn_nir_destroy(nir);
    OK(snn_nir_open(&nir, ctx, path));
    OK(snn_nir_import(&again, nir, NULL));
    OK(snn_network_get_info(net, &info));
    inputs = elements(&info.in);
    x = malloc(STEPS * inputs * sizeof *x);
    random_fill(x, STEPS * inputs, 0, 2, 9);
    a = run_network(net, x, STEPS);
    b = run_network(again, x, STEPS);
    for (size_t i = 0; i < STEPS * elements(&info.out); i++)
        ck_assert_msg(fabsf(a[i] - b[i]) <= 2e-5f * fmaxf(1, fabsf(a[i])), "%zu: %g, not %g", i, (double)b[i],
                      (double)a[i]);
    free(a);
    free(b);
    free(x);
    remove(path);
    snn_nir_destroy(nir);
    snn_network_destroy(again);
    snn_network_destroy(net);
}
END_TEST

/* An imported network learns. */
START_TEST(learns)
{
    static const char *const methods[] = { "bptt", "sltt", "ottt", "opzo" };
    const char *path = made(ENDS("5", "3") "a Affine weight=6,5:0,0.5 bias=6:0|n LIF tau=1:0.002 r=1:2 v_leak=1:0 "
                                           "v_threshold=1:0.5|b Affine weight=3,6:0,0.5 bias=3:0",
                            "in>a;a>n;n>b;b>out");
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    snn_metrics first = SNN_METRICS_INIT, last = SNN_METRICS_INIT;
    const uint32_t label[4] = { 0, 1, 2, 1 };
    snn_optimizer *sgd;
    snn_trainer *trainer;
    snn_network *net;
    snn_nir *nir;
    float x[20];

    options.dt = 1e-3;
    random_fill(x, 20, 0, 2, 4);
    OK(snn_nir_open(&nir, ctx, path));
    OK(snn_nir_import(&net, nir, &options));
    OK(snn_optimizer_create(&sgd, ctx, "sgd"));
    OK(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.2));
    OK(snn_trainer_create(&trainer, net, sgd, methods[_i]));
    OK(snn_trainer_prepare(trainer, 4));
    OK(snn_trainer_step(trainer, BATCH_OF(x, 1, label, 4), &first));
    for (size_t i = 0; i < 100; i++)
        OK(snn_trainer_step(trainer, BATCH_OF(x, 1, label, 4), &last));
    ck_assert_msg(last.loss < 0.7 * first.loss, "%g, then %g", first.loss, last.loss);
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_nir_destroy(nir);
    remove(path);
}
END_TEST

START_TEST(arguments)
{
    snn_nir_options options = SNN_NIR_OPTIONS_INIT;
    snn_nir_node_info node = SNN_NIR_NODE_INFO_INIT;
    const char *path = made(ENDS("4", "4") "n IF r=4:1 v_threshold=4:1", "in>n;n>out");
    snn_nir_drift drift = SNN_NIR_DRIFT_INIT;
    snn_network *net;
    float x[4] = { 0 };
    double out[4];
    snn_nir *nir;
    size_t found;

    FAILS(snn_nir_open(NULL, ctx, path), SNN_ERR_ARGUMENT, "NULL");
    FAILS(snn_nir_open(&nir, ctx, "nowhere.nir"), SNN_ERR_IO, "nowhere.nir");
    FAILS(snn_nir_open(&nir, ctx, "/dev/null"), SNN_ERR_IO, "not a regular file");
    OK(snn_nir_open(&nir, ctx, path));
    FAILS(snn_nir_node(nir, 3, &node), SNN_ERR_ARGUMENT, "node 3 of 3");
    node.struct_size = 0;
    FAILS(snn_nir_node(nir, 0, &node), SNN_ERR_ARGUMENT, "SNN_NIR_NODE_INFO_INIT");
    options.decay = "quadratic";
    FAILS(snn_nir_import(&net, nir, &options), SNN_ERR_ARGUMENT, "euler|exponential|exact");
    options.struct_size = 0;
    FAILS(snn_nir_import(&net, nir, &options), SNN_ERR_ARGUMENT, "SNN_NIR_OPTIONS_INIT");
    FAILS(snn_nir_run(nir, NULL, x, 1, out, "m", NULL), SNN_ERR_ARGUMENT, "no neurons \"m\"");
    x[1] = NAN;
    FAILS(snn_nir_run(nir, NULL, x, 1, out, NULL, NULL), SNN_ERR_DIVERGED, "step 0: value 1 of the input");
    FAILS(snn_nir_save(nir, path, 10), SNN_ERR_ARGUMENT, "level 10");
    FAILS(snn_nir_save(nir, "/nowhere/a.nir", 0), SNN_ERR_IO, "/nowhere/a.nir");
    OK(snn_network_build(&net, ctx, "4-4-4", (size_t[]){ 4 }, 1, 4, NULL));
    FAILS(snn_nir_check(nir, NULL, net, x, 1, &drift, 1, &found), SNN_ERR_STATE, "not imported");
    snn_nir_destroy(nir);
    FAILS(snn_nir_export(&nir, net, 0), SNN_ERR_ARGUMENT, "dt");
    ck_assert(nir == NULL);
    snn_network_destroy(net);
    remove(path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("nir: graphs");
    TCase *tc = tcase_create("graphs");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, nodes_as_layers, 0, sizeof graphs / sizeof *graphs);
    tcase_add_test(tc, repairs);
    tcase_add_test(tc, single_node);
    tcase_add_loop_test(tc, hostile, 0, sizeof hostiles / sizeof *hostiles);
    tcase_add_loop_test(tc, networks_as_graphs, 0, sizeof networks / sizeof *networks);
    tcase_add_loop_test(tc, learns, 0, 4);
    tcase_add_test(tc, arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
