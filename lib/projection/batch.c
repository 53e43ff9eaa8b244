/* projection/batch.c - the part of projections in a training batch. */
#include "core/alloc.h"
#include "core/size.h"
#include "projection/projection.h"

/* Samples that one Hebbian update may see at once. */
static size_t samples(const struct snn__pass *pass)
{
    return SNN__PRODUCT(pass->batch_max, pass->slots > 1 && !snn__pass_means(pass) ? pass->slots : 1);
}

/* Projecting the rows of all steps of a batch takes fewer multiplications than projecting the gradient. Not so for
 * binary weights, whose gradient comes through the sign. */
static bool by_rows(const struct snn__pass *pass, const struct snn__beside *b, const struct snn__tensor *weight)
{
    size_t times = snn__pass_means(pass) || snn__pass_equilibrium(pass) ? 1 : pass->steps;

    return b->lateral.frozen > 0 && !weight->latent && snn__is_matrix(&b->window) &&
           SNN__PRODUCT(pass->batch_max, times) < b->outputs;
}

static snn_status plan_layer(struct snn__projecting *p, const struct snn__pass *pass, size_t l,
                             struct snn__arena *arena)
{
    const struct snn__beside *b = &p->projection->beside[l];
    struct snn__task *task = &p->task[l];

    if (b->lateral.rows == 0)
        return SNN_OK;
    task->hebb = snn__projection_hebb(p->projection, b);
    task->by_rows = by_rows(pass, b, &pass->net->layer[l]->tensor[b->weight]);
    snn__workspace_fit(&p->work, &b->lateral, &b->window,
                       SNN__PRODUCT(samples(pass), b->window.oh, b->window.ow, p->both ? 2 : 1), b->outputs,
                       task->by_rows);
    if (task->hebb.steps == 0 || b->lateral.frozen == 0 || task->by_rows)
        return SNN_OK;
    return snn__arena_keep(arena, &task->share, SNN__PRODUCT(b->outputs, b->lateral.frozen), sizeof(float));
}

snn_status snn__projection_plan(struct snn__projecting *p, const struct snn__pass *pass, struct snn__arena *arena)
{
    snn_projection *projection = p->projection;

    p->work = (struct snn__workspace){ .ctx = pass->ctx };
    p->both = snn__param_is(&projection->params, SNN_PROJECTION_SOURCE, "both");
    p->every = (uint64_t)snn__param_i64(&projection->params, SNN_PROJECTION_EVERY);
    p->version = projection->version;
    p->task = snn__alloc(pass->ctx, pass->n, sizeof *p->task);
    if (p->task == NULL)
        return SNN_ERR_MEMORY;
    for (size_t l = 0; l < pass->n; l++)
        SNN__TRY(plan_layer(p, pass, l, arena));
    return snn__workspace_plan(&p->work, arena);
}

void snn__projection_release(struct snn__projecting *p)
{
    if (p->task != NULL)
        snn__free(p->work.ctx, p->task);
    p->task = NULL;
}

snn_status snn__projection_check(const struct snn__projecting *p)
{
    if (p->projection != NULL && p->projection->version != p->version)
        return snn__fail(
            SNN_ERR_STATE,
            "projection: rows were added or frozen since snn_trainer_prepare(): prepare the trainer again");
    return SNN_OK;
}

void snn__projection_begin(struct snn__projecting *p, uint64_t batch)
{
    p->learns = p->projection != NULL && batch % p->every == 0;
}

bool snn__projection_binds(const snn_projection *projection)
{
    for (size_t l = 0; projection != NULL && l < projection->net->n_layers; l++)
        if (projection->beside[l].lateral.frozen > 0)
            return true;
    return false;
}

static struct snn__rows rows_of(const struct snn__beside *b, struct snn__signal x, size_t samples_now)
{
    return (struct snn__rows){ x.data, b->window, samples_now * b->window.oh * b->window.ow, x.scale };
}

static struct snn__beside *beside(const struct snn__projecting *p, const struct snn__unit *unit)
{
    return &p->projection->beside[unit->layer->index];
}

static struct snn__task *task_of(const struct snn__projecting *p, const struct snn__unit *unit)
{
    return &p->task[unit->layer->index];
}

/* If all steps are kept, one update at the last step takes them together; a constant input is stored once. */
static void learn_all(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                      const struct snn__io *io)
{
    struct snn__beside *b = beside(p, unit);
    size_t first = unit->begins, steps = io->constant || io->x_constant ? 1 : pass->steps - first;
    struct snn__rows rows;

    if (!io->constant && !io->last)
        return;
    rows = rows_of(b, steps == 1 ? io->x[0] : snn__unit_input(pass, unit, 0, first), steps * io->batch);
    snn__lateral_learn(&b->lateral, &task_of(p, unit)->hebb, &rows, 1, NULL, &p->work);
}

static void learn(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                  const struct snn__io *io, struct snn__signal factor)
{
    struct snn__beside *b = beside(p, unit);
    const struct snn__task *task = task_of(p, unit);
    bool at_once = snn__pass_means(pass) || snn__pass_equilibrium(pass);
    struct snn__rows sets[2] = { rows_of(b, factor, io->batch) };
    size_t n = 1, times = io->constant && !at_once ? pass->steps : 1;

    if (pass->demand.keeps && !snn__pass_means(pass)) {
        learn_all(p, pass, unit, io);
        return;
    }
    if (p->both && !at_once && factor.data != io->x[0].data) { /* a trace, after the spikes */
        sets[n++] = sets[0];
        sets[0] = rows_of(b, io->x[0], io->batch);
    }
    for (size_t i = 0; i < times; i++) /* a constant input counts at every step */
        snn__lateral_learn(&b->lateral, &task->hebb, sets, n, task->by_rows && n == 1 ? p->work.orth : NULL,
                           &p->work);
}

struct snn__signal snn__projection_factor(struct snn__projecting *p, const struct snn__unit *unit,
                                          const struct snn__io *io, struct snn__signal factor)
{
    const struct snn__beside *b = beside(p, unit);
    const struct snn__task *task = task_of(p, unit);
    struct snn__rows rows = rows_of(b, factor, io->batch);

    if (!task->by_rows)
        return factor;
    snn__lateral_project(&b->lateral, &task->hebb, &rows, p->work.orth, &p->work);
    return (struct snn__signal){ p->work.orth, 1.0f };
}

void snn__projection_credit(struct snn__projecting *p, const struct snn__pass *pass, const struct snn__unit *unit,
                            const struct snn__io *io, struct snn__signal e, struct snn__signal factor)
{
    const struct snn__beside *b = beside(p, unit);
    struct snn__task *task = task_of(p, unit);

    if (b->lateral.rows == 0)
        return;
    if (task->share != NULL) {
        struct snn__rows rows = rows_of(b, factor, io->batch);

        snn__lateral_share(&b->lateral, &task->hebb, &rows, e.data, e.scale, b->outputs, task->share, task->shared,
                           &p->work);
        task->shared = true;
    }
    if (p->learns)
        learn(p, pass, unit, io, factor);
}

void snn__projection_discard(struct snn__projecting *p)
{
    for (size_t l = 0; p->task != NULL && l < p->projection->net->n_layers; l++)
        p->task[l].shared = false;
}

/* Tensors of one dimension belong to a constant input, which every subspace contains. */
static void hold_vectors(const struct snn__pass *pass, const snn_layer *layer)
{
    for (size_t i = 0; i < layer->n_tensors; i++)
        if (layer->tensor[i].trained && layer->tensor[i].rank < 2)
            pass->ctx->kernels->fill(pass->gradient + layer->tensor[i].offset, 0.0f, layer->tensor[i].length);
}

void snn__projection_take(struct snn__projecting *p, const struct snn__pass *pass)
{
    bool binds = snn__projection_binds(p->projection);

    for (size_t l = 0; binds && l < pass->n; l++) {
        const struct snn__beside *b = &p->projection->beside[l];
        struct snn__task *task = &p->task[l];
        const snn_layer *layer = pass->net->layer[l];

        hold_vectors(pass, layer);
        if (b->lateral.frozen > 0 && !task->by_rows && (task->share == NULL || task->shared))
            snn__lateral_take(&b->lateral, task->share, pass->gradient + layer->tensor[b->weight].offset, b->outputs,
                              &p->work);
        task->shared = false;
    }
}
