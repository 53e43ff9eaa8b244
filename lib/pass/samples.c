/* pass/samples.c - views of a pass: some of its samples, for one thread. */
#include "pass/samples.h"
#include "core/size.h"
#include "layer/layer.h"
#include <string.h>

#define CACHED 262144u /* bytes of the arrays of the samples of a view */
#define MOST 8u        /* samples: so that a batch has views for many threads */
#define ARRAYS 5u      /* of a unit, in a sweep: error and its producer's, potential, sum, gate */

/* Scratch memory of a layer that runs in a view. */
static size_t scratch_of(struct snn__samples *s, const struct snn__unit *unit)
{
    struct snn__node node = unit->node;

    node.ctx = &s->ctx;
    node.batch_max = s->most;
    return unit->layer->type->scratch ? snn__round_up(unit->layer->type->scratch(&node), 64) : 0;
}

snn_status snn__samples_plan(struct snn__samples *s, const struct snn__pass *pass, struct snn__arena *arena)
{
    const size_t threads = snn__threads(pass->ctx);

    snn__context_alone(&s->ctx, pass->ctx);
    s->errors = s->bytes = 0;
    for (size_t l = 0; l < pass->n; l++)
        s->errors += pass->unit[l].wants_error ? snn__round_up(pass->unit[l].value_len, 16) : 0;
    s->most = snn__max(1, snn__min(MOST, CACHED / sizeof(float) / ARRAYS / snn__max(1, s->errors)));
    for (size_t l = 0; l < pass->n; l++)
        s->bytes = snn__max(s->bytes, scratch_of(s, &pass->unit[l]));
    SNN__TRY(snn__arena_keep(arena, &s->view, threads, sizeof *s->view));
    SNN__TRY(snn__arena_keep(arena, &s->unit, SNN__PRODUCT(threads, pass->n), sizeof *s->unit));
    SNN__TRY(snn__arena_keep(arena, &s->error, SNN__PRODUCT(threads, s->most, s->errors), sizeof(float)));
    return snn__arena_keep(arena, &s->scratch, SNN__PRODUCT(threads, s->bytes), 1);
}

/* The view of a thread: nothing in it is another one's, but for what lies apart by samples. */
static void open_view(struct snn__samples *s, const struct snn__pass *pass, size_t worker)
{
    struct snn__pass *view = &s->view[worker];
    float *error = s->error + worker * s->most * s->errors;

    *view = *pass;
    view->ctx = &s->ctx;
    view->unit = s->unit + worker * pass->n;
    view->couple_steps = 0;
    memcpy(view->unit, pass->unit, pass->n * sizeof *pass->unit);
    for (size_t l = 0; l < pass->n; l++) {
        struct snn__unit *unit = &view->unit[l];

        unit->node.ctx = &s->ctx;
        unit->node.batch_max = s->most;
        unit->scratch[1] = s->scratch + worker * s->bytes;
        unit->counts.couple_spikes = 0;
        if (unit->error == NULL)
            continue;
        unit->error = error;
        error += s->most * snn__round_up(unit->value_len, 16);
    }
}

/* What it counted. */
static void close_view(struct snn__samples *s, struct snn__pass *pass, size_t worker)
{
    pass->couple_steps += s->view[worker].couple_steps;
    for (size_t l = 0; l < pass->n; l++)
        pass->unit[l].counts.couple_spikes += s->view[worker].unit[l].counts.couple_spikes;
}

struct sweeping {
    struct snn__samples *samples;
    size_t batch;
    void (*sweep)(void *arg, struct snn__pass *view);
    void *arg;
};

static void sweep_some(void *arg, size_t task, size_t worker)
{
    struct sweeping *k = arg;
    struct snn__pass *view = &k->samples->view[worker];

    view->sample = task * k->samples->most;
    view->batch = snn__min(k->samples->most, k->batch - view->sample);
    k->sweep(k->arg, view);
}

void snn__samples_run(struct snn__samples *s, struct snn__pass *pass,
                      void (*sweep)(void *arg, struct snn__pass *view), void *arg)
{
    struct sweeping k = { s, pass->batch, sweep, arg };

    for (size_t i = 0; i < snn__threads(pass->ctx); i++)
        open_view(s, pass, i);
    snn__parallel(pass->ctx, sweep_some, &k, snn__ceil_div(pass->batch, s->most));
    for (size_t i = 0; i < snn__threads(pass->ctx); i++)
        close_view(s, pass, i);
}
