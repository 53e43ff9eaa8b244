/* run_hlop.c - the cases of hlop: lateral neurons alone, gradients of one layer, and two tasks one after the
 * other. */
#include "blas/window.h"
#include "core/context.h"
#include "run.h"
#include "trainer/rule.h"
#include <stdlib.h>
#include <string.h>

/* ---- arrays ---- */

static void take(struct run *r, const char *name, const float *x, size_t n)
{
    float *got = case_room(case_array(r->c, "%s", name), n);

    if (got != NULL)
        memcpy(got, x, n * sizeof *x);
}

/* H and D of a layer into ROLE.NAME.h and ROLE.NAME.d. */
static void take_lateral(struct run *r, const char *role, const char *name, const struct snn__lateral *l)
{
    char full[96];

    snprintf(full, sizeof full, "%s%s.%s.h", r->prefix, role, name);
    take(r, full, l->h, l->rows * l->n);
    snprintf(full, sizeof full, "%s%s.%s.d", r->prefix, role, name);
    take(r, full, l->d, l->rows * l->n);
}

static struct snn__lateral *lateral_of(const struct run *r, size_t l)
{
    return &r->projection->beside[l].lateral;
}

/* New rows of a layer, from the array ROLE.NAME.h; none if there is no such array. */
static bool grow(struct run *r, const snn_layer *layer, const char *role, const char *name)
{
    struct case_array *a = case_array(r->c, "%s.%s.h", role, name);
    snn_projection_info info = SNN_PROJECTION_INFO_INIT;
    const float *rows;

    if (a == NULL)
        return true;
    if (a->want.rank != 2 || a->want.length == 0) {
        fprintf(stderr, "%s: %s has no rows of lateral weights\n", r->c->dir, a->name);
        return false;
    }
    MUST(snn_projection_grow(r->projection, layer, a->want.dim[0]));
    MUST(snn_projection_get_info(r->projection, layer, &info));
    rows = case_given(r->c, a->want.dim[0] * info.inputs, a->name);
    if (rows == NULL)
        return false;
    memcpy(snn_projection_weights(r->projection, layer) + (info.rows - a->want.dim[0]) * info.inputs, rows,
           a->want.length * sizeof *rows);
    return true;
}

static bool set_up(struct run *r)
{
    MUST(snn_projection_create(&r->projection, r->net));
    MUST(snn_projection_set_f64(r->projection, SNN_PROJECTION_LR, case_number(r->c, "hebb_lr", 0.01)));
    MUST(snn_projection_set_f64(r->projection, SNN_PROJECTION_MOMENTUM, case_number(r->c, "hebb_momentum", 0.9)));
    MUST(snn_projection_set_f64(r->projection, SNN_PROJECTION_CLAMP, case_number(r->c, "hebb_clamp", 10)));
    MUST(snn_projection_set_i64(r->projection, SNN_PROJECTION_ITERATIONS, case_whole(r->c, "hebb_iterations", 5)));
    MUST(snn_projection_set_str(r->projection, SNN_PROJECTION_SOURCE, case_text(r->c, "hebb_source", "trace")));
    MUST(snn_projection_set_i64(r->projection, SNN_PROJECTION_SPIKES, case_whole(r->c, "spiking_steps", 0)));
    MUST(snn_projection_set_f64(r->projection, SNN_PROJECTION_SCALE, case_number(r->c, "spiking_scale", 20)));
    return true;
}

/* ---- one layer ---- */

/* A network of one layer, and a trainer of one step for `rows` samples. */
static bool build_one(struct run *r, const size_t *shape, size_t rank, size_t rows)
{
    snn_layer *layer;
    struct case_layer *line = &r->c->layer[0];

    if (r->c->n_layers == 0) {
        fprintf(stderr, "%s: no line for the layer\n", r->c->dir);
        return false;
    }
    MUST(snn_network_create(&r->net, r->ctx, shape, rank));
    if (strcmp(line->word[1], "lateral") == 0) {
        MUST(snn_network_add(r->net, "linear", line->word[0], &layer));
        MUST(snn_layer_set_i64(layer, SNN_LAYER_BIAS, 0));
    } else if (!run_add_layer(r, line, &layer)) {
        return false;
    }
    if (rank == 3)
        MUST(snn_network_add(r->net, "flatten", NULL, &layer));
    MUST(snn_network_prepare(r->net));
    MUST(snn_optimizer_create(&r->optimizer, r->ctx, "sgd"));
    MUST(snn_trainer_create(&r->trainer, r->net, r->optimizer, "sltt"));
    MUST(snn_trainer_set_i64(r->trainer, SNN_TRAINER_STEPS, 1));
    r->batch = rows;
    return set_up(r) && run_fits(r, rows);
}

/* Whether the layer has lateral neurons; says on stderr if not. */
static bool has_laterals(const struct run *r)
{
    if (lateral_of(r, 0)->rows == 0)
        fprintf(stderr, "%s: no lateral neurons of layer %s\n", r->c->dir, r->net->layer[0]->name);
    return lateral_of(r, 0)->rows > 0;
}

static bool prepare(struct run *r, snn_projection *projection)
{
    snn_trainer *fresh = NULL;

    if (!has_laterals(r))
        return false;
    MUST(snn_trainer_create(&fresh, r->net, r->optimizer, "sltt"));
    snn_trainer_destroy(r->trainer);
    r->trainer = fresh;
    MUST(snn_trainer_set_i64(r->trainer, SNN_TRAINER_STEPS, 1));
    MUST(snn_trainer_set_projection(r->trainer, projection));
    MUST(snn_trainer_prepare(r->trainer, r->batch));
    return true;
}

/* Brings x and the error at the layer's output through the sweeps of a training step: credit and learning. */
static void sweep(struct run *r, const float *x, const float *delta)
{
    struct snn__pass *pass = &r->trainer->pass;
    const struct snn__sweep down = snn__sweep(pass->demand.factor);
    size_t n = r->batch * pass->unit[pass->n - 1].value_len;

    snn__projection_begin(&r->trainer->projecting, 0);
    snn__pass_begin(pass, r->batch, true, false, 0);
    snn__to_channels_last(r->ctx, &r->net->in, r->batch, x, snn__pass_input(pass, 0));
    snn__pass_forward(pass, 0);
    for (size_t i = 0; i < n; i++)
        snn__pass_output_error(pass, 0)[i] = delta ? delta[i] : 0.0f;
    (void)snn__pass_back_step(pass, 0, &down);
    snn__pass_settle(pass, true);
}

static void project(struct run *r)
{
    snn__projection_take(&r->trainer->projecting, &r->trainer->pass);
}

static void take_gradient(struct run *r, const char *name, size_t tensor)
{
    struct snn__tensor *t = &r->net->layer[0]->tensor[tensor];

    if (tensor < r->net->layer[0]->n_tensors)
        take(r, name, r->trainer->pass.gradient + t->offset, t->length);
}

/* ---- lateral neurons alone ---- */

/* Updates on one batch: one after the other, or all at once. */
static void learn_batch(struct run *r, const float *x)
{
    struct case_array *hist = case_array(r->c, "hist.lat.h");
    struct snn__lateral *l = lateral_of(r, 0);
    struct snn__hebb *hebb = &r->trainer->projecting.task[0].hebb;
    size_t iterations = hebb->iterations;
    bool record = hist != NULL && hist->got == NULL && case_room(hist, iterations * l->rows * l->n) != NULL;

    if (!record && !r->apart) {
        sweep(r, x, NULL);
        return;
    }
    hebb->iterations = 1;
    for (size_t i = 0; i < iterations; i++) {
        sweep(r, x, NULL);
        if (record)
            memcpy(hist->got + i * l->rows * l->n, l->h, l->rows * l->n * sizeof *l->h);
    }
    hebb->iterations = iterations;
}

/* y and x - H'y of the test rows with all rows, and orth(x) with the frozen ones. */
static void respond(struct run *r, const float *xt, size_t m)
{
    struct snn__lateral *l = lateral_of(r, 0), all = *l;
    struct snn__rows rows = snn__rows_of_matrix(xt, m, l->n, l->n);
    const struct snn__hebb *hebb = &r->trainer->projecting.task[0].hebb;
    struct snn__workspace *w = &r->trainer->projecting.work;

    snn__lateral_respond(l, hebb, &rows, l->rows, r->buffer, w);
    take(r, "y.all", r->buffer, rows.m * l->rows);
    all.frozen = all.rows;
    snn__lateral_project(&all, hebb, &rows, r->buffer, w);
    for (size_t i = 0; i < m * l->n; i++)
        r->buffer[i] = xt[i] - r->buffer[i];
    take(r, "xhat.all", r->buffer, m * l->n);
}

static bool run_lateral(struct run *r)
{
    const size_t *first = case_shape(r->c, 3, "x.task1"), *second = case_shape(r->c, 3, "x.task2"),
                 *test = case_shape(r->c, 2, "xt");
    const float *x1, *x2, *xt;
    size_t n, rows;

    if (first == NULL || second == NULL || test == NULL)
        return false;
    n = first[2];
    rows = first[1];
    x1 = case_given(r->c, first[0] * rows * n, "x.task1");
    x2 = case_given(r->c, second[0] * rows * n, "x.task2");
    xt = case_given(r->c, test[0] * n, "xt");
    if (x1 == NULL || x2 == NULL || xt == NULL || test[0] > rows || !build_one(r, &n, 1, rows) ||
        !grow(r, r->net->layer[0], "b0", "lat") || !prepare(r, r->projection))
        return false;
    for (size_t i = 0; i < first[0]; i++) {
        learn_batch(r, x1 + i * rows * n);
        take_lateral(r, i == 0 ? "b1" : i == 2 ? "b3" : "", "lat", lateral_of(r, 0));
    }
    MUST(snn_projection_freeze(r->projection));
    if (!grow(r, r->net->layer[0], "bnew", "lat") || !prepare(r, r->projection))
        return false;
    for (size_t i = 0; i < second[0]; i++) {
        learn_batch(r, x2 + i * rows * n);
        take_lateral(r, i == 0 ? "c1" : "c2", "lat", lateral_of(r, 0));
    }
    if (lateral_of(r, 0)->rows * test[0] > RUN_BUFFER)
        return false;
    respond(r, xt, test[0]);
    MUST(snn_projection_apply(r->projection, r->net->layer[0], xt, test[0], r->buffer));
    take(r, "orth.old", r->buffer, test[0] * n);
    return true;
}

/* ---- gradients of one layer ---- */

/* The rows of a convolution, projected. */
static bool take_patches(struct run *r, const float *x)
{
    const struct snn__beside *b = &r->projection->beside[0];
    size_t m = r->batch * b->window.oh * b->window.ow, n = b->lateral.n;
    float *last = r->buffer, *row = r->buffer + r->batch * r->trainer->pass.input_len, *out = row + n;

    if ((size_t)(out - r->buffer) + m * n > RUN_BUFFER) {
        fprintf(stderr, "%s: more patches than the program has room for\n", r->c->dir);
        return false;
    }
    snn__to_channels_last(r->ctx, &r->net->in, r->batch, x, last);
    for (size_t i = 0; i < m; i++) {
        struct snn__position at = snn__window_locate(&b->window, last, i);

        for (size_t k = 0; k < n; k += snn__window_run(&b->window))
            snn__window_row(&b->window, &at, k, snn__window_run(&b->window), row + k);
        for (size_t k = 0; k < n; k++)
            out[i * n + k % b->lateral.inputs * b->lateral.taps + k / b->lateral.inputs] = row[k];
    }
    MUST(snn_projection_apply(r->projection, r->net->layer[0], out, m, out));
    take(r, "orth.patches", out, m * n);
    return true;
}

static bool run_conv(struct run *r)
{
    const size_t *shape = case_shape(r->c, 4, "x.task1");
    const float *x1, *x2, *delta;

    if (shape == NULL || !build_one(r, shape + 1, 3, r->batch))
        return false;
    x1 = case_given(r->c, r->batch * snn__shape_length(&r->net->in), "x.task1");
    x2 = case_given(r->c, r->batch * snn__shape_length(&r->net->in), "x.task2");
    delta = case_given(r->c, r->batch * snn__shape_length(&r->net->layer[0]->out), "delta");
    if (x1 == NULL || x2 == NULL || delta == NULL || !grow(r, r->net->layer[0], "b0", "conv") ||
        !prepare(r, r->projection))
        return false;
    sweep(r, x1, NULL);
    take_lateral(r, "b1", "conv", lateral_of(r, 0));
    if (!prepare(r, NULL))
        return false;
    sweep(r, x2, delta);
    take_gradient(r, "g.plain", 0);
    MUST(snn_projection_freeze(r->projection));
    if (!grow(r, r->net->layer[0], "bnew", "conv") || !prepare(r, r->projection) || !take_patches(r, x2))
        return false;
    sweep(r, x2, delta);
    project(r);
    take_gradient(r, "g.conv.weight", 0);
    take_lateral(r, "c1", "conv", lateral_of(r, 0));
    return true;
}

/* All steps are samples of one step: their gradients add up alike. A frozen network holds its biases, which is why
 * the gradient of the bias is looked at before. */
static bool run_linear(struct run *r)
{
    const size_t *shape = case_shape(r->c, 3, "input"), rows = r->steps * r->batch;
    double decay = case_number(r->c, "decay", 0);
    const float *x, *delta;
    float *tr;
    size_t n, step;

    if (shape == NULL)
        return false;
    n = shape[2];
    step = r->batch * n;
    x = case_given(r->c, rows * n, "input");
    tr = case_room(case_array(r->c, "tr.in"), rows * n);
    if (x == NULL || tr == NULL || !build_one(r, &n, 1, rows) || !grow(r, r->net->layer[0], "b0", "fc"))
        return false;
    delta = case_given(r->c, rows * snn__shape_length(&r->net->layer[0]->out), "delta");
    if (delta == NULL)
        return false;
    for (size_t i = 0; i < rows * n; i++)
        tr[i] = (i < step ? 0.0f : (float)decay * tr[i - step]) + x[i];
    MUST(snn_projection_freeze(r->projection));
    if (!prepare(r, r->projection))
        return false;
    sweep(r, tr, delta);
    take_gradient(r, "g.plain", 0);
    take_gradient(r, "g.fc.bias", 1);
    project(r);
    take_gradient(r, "g.fc.weight", 0);
    MUST(snn_projection_apply(r->projection, r->net->layer[0], tr, rows, r->buffer));
    take(r, "orth.in", r->buffer, rows * n);
    return true;
}

/* ---- two tasks ---- */

static const char *layer_name(const struct run *r, size_t l)
{
    return r->net->layer[l]->name;
}

/* The presynaptic factor of every layer's gradient, projected. */
void hlop_gather_step(struct run *r, size_t step)
{
    struct snn__pass *pass = &r->trainer->pass;

    for (size_t l = 0; l < pass->n; l++) {
        size_t n = r->batch * pass->unit[l].node.in_len;
        float *got = case_room(case_array(r->c, "%sorth.%s", r->prefix, layer_name(r, l)), r->steps * n);
        struct snn__signal x;

        if (got == NULL || lateral_of(r, l)->n != pass->unit[l].node.in_len)
            continue;
        x = snn__unit_input_trace(pass, &pass->unit[l], 0, step);
        if (x.data == NULL)
            x = snn__unit_input(pass, &pass->unit[l], 0, step);
        for (size_t i = 0; i < n; i++)
            r->buffer[i] = x.scale * x.data[i];
        if (snn_projection_apply(r->projection, r->net->layer[l], r->buffer, r->batch, r->buffer) == SNN_OK)
            memcpy(got + step * n, r->buffer, n * sizeof *got);
    }
}

static bool grow_all(struct run *r, const char *role)
{
    for (size_t l = 0; l < r->net->n_layers; l++)
        if (!grow(r, r->net->layer[l], role, layer_name(r, l)))
            return false;
    return true;
}

static bool set_rates(struct run *r)
{
    for (size_t i = 0; i < r->c->n_laterals; i++) {
        const struct case_layer *line = &r->c->lateral[i];

        for (size_t l = 0; l < r->net->n_layers; l++)
            if (strcmp(line->word[0], layer_name(r, l)) == 0)
                MUST(snn_projection_set_layer_lr(r->projection, r->net->layer[l],
                                                 case_layer_number(line, "hebb_lr", 0)));
    }
    return true;
}

/* A fresh trainer: no velocity is carried from task to task. */
static bool begin_task(struct run *r, int task)
{
    snn_layer *heads = snn_network_layer_named(r->net, "heads");

    snn_trainer_destroy(r->trainer);
    r->trainer = NULL;
    MUST(snn_trainer_create(&r->trainer, r->net, r->optimizer, "ottt"));
    MUST(snn_trainer_set_i64(r->trainer, SNN_TRAINER_STEPS, (int64_t)r->steps));
    if (task > 0)
        MUST(snn_projection_freeze(r->projection));
    if (task > 0 && heads != NULL)
        MUST(snn_layer_set_i64(heads, SNN_LAYER_SELECTED, task));
    if (!grow_all(r, task ? "bnew" : "b0"))
        return false;
    MUST(snn_trainer_set_projection(r->trainer, r->projection));
    MUST(snn_trainer_observe(r->trainer, SNN_OBSERVE_SIGNALS | (r->apart ? SNN_OBSERVE_GRADIENTS : 0), run_observe,
                             r));
    MUST(snn_trainer_prepare(r->trainer, r->batch));
    r->prefix = task ? "n" : "";
    return true;
}

static bool train_task(struct run *r, int task, const float *input, const float *label)
{
    float *losses = case_room(case_array(r->c, "%sloss_iter", r->prefix), r->iterations);
    size_t n = r->batch * snn__shape_length(&r->net->in);
    int iterations = (int)r->iterations;
    uint32_t labels[RUN_BATCH_MAX];

    for (r->iteration = 1; r->iteration <= iterations; r->iteration++) {
        size_t at = (size_t)(task * iterations + r->iteration - 1);
        snn_metrics m = SNN_METRICS_INIT;
        snn_batch batch = SNN_BATCH_INIT;
        char role[16];

        if (!case_labels(r->c, label + at * r->batch, r->batch, r->trainer->classes, labels))
            return false;
        batch.samples = r->batch;
        batch.x = input + at * n;
        batch.labels = labels;
        MUST(snn_trainer_step(r->trainer, &batch, &m));
        run_gather_tensors(r, r->iteration);
        snprintf(role, sizeof role, "b%d", r->iteration);
        for (size_t l = 0; l < r->net->n_layers; l++)
            take_lateral(r, role, layer_name(r, l), lateral_of(r, l));
        if (losses != NULL)
            losses[r->iteration - 1] = (float)m.loss;
    }
    return true;
}

/* In the order of the key `layers`; a layer for every head, of which one is passed on. */
static bool build_tasks(struct run *r, const size_t *shape)
{
    char order[1024];
    snn_layer *layer;

    MUST(snn_network_create(&r->net, r->ctx, shape, 1));
    snprintf(order, sizeof order, "%s", case_text(r->c, "layers", ""));
    for (char *name = strtok(order, " "); name != NULL; name = strtok(NULL, " ")) {
        const struct case_layer *line = run_line(r, name);

        if (line == NULL)
            fprintf(stderr, "%s: no line for layer %s\n", r->c->dir, name);
        if (line == NULL || !run_add_layer(r, line, &layer))
            return false;
        for (size_t i = 2; i + 1 < line->n; i++)
            if (strcmp(line->word[i], "from") == 0)
                MUST(snn_layer_connect(layer, line->word[i + 1], 0));
    }
    if (case_number(r->c, "shared_head", 1) == 0) {
        MUST(snn_network_add(r->net, "select", "heads", &layer));
        MUST(snn_layer_connect(layer, "head", 0));
        MUST(snn_layer_connect(layer, "head2", 0));
    }
    MUST(snn_network_prepare(r->net));
    return run_fits(r, r->batch) && run_load_tensors(r);
}

static bool run_tasks(struct run *r)
{
    const size_t *shape = case_shape(r->c, 4, "input"); /* [task][iteration][sample][number] */
    const float *input, *label;

    if (shape == NULL || (r->iterations = shape[1]) > RUN_ITERATIONS_MAX)
        return false;
    input = case_given(r->c, 2 * r->iterations * r->batch * shape[3], "input");
    label = case_given(r->c, 2 * r->iterations * r->batch, "label");
    if (input == NULL || label == NULL || !build_tasks(r, shape + 3))
        return false;
    MUST(snn_optimizer_create(&r->optimizer, r->ctx, "sgd"));
    MUST(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_LR, case_number(r->c, "lr", 0)));
    MUST(snn_optimizer_set_f64(r->optimizer, SNN_OPTIMIZER_MOMENTUM, case_number(r->c, "momentum", 0)));
    if (!set_up(r) || !set_rates(r))
        return false;
    for (int task = 0; task < 2; task++)
        if (!begin_task(r, task) || !train_task(r, task, input, label))
            return false;
    return true;
}

bool hlop_run(struct run *r)
{
    const char *variant = case_text(r->c, "variant", "");

    return strcmp(variant, "lateral") == 0      ? run_lateral(r)
           : strcmp(variant, "conv") == 0       ? run_conv(r)
           : strcmp(variant, "projection") == 0 ? run_linear(r)
                                                : run_tasks(r);
}
