/* pass/measure.c - how long the calls into one layer take here. */
#include "core/alloc.h"
#include "core/clock.h"
#include "core/fpu.h"
#include "core/size.h"
#include "kernel/layers.h"
#include "layer/layer.h"
#include "network/network.h"
#include "pass/plan.h"
#include <snn/sys/layer.h>

#define REPEATS 15
#define LEAST_SECONDS 5e-4

/* A layer of a pass of one step; arrays of its own take the place of what other layers give it. */
struct trial {
    snn_context *ctx;
    struct snn__pass pass;
    struct snn__unit *unit;
    struct snn__io io;
    float *y, *e, *dx;
};

typedef void call_fn(struct trial *t);

static void forward(struct trial *t)
{
    t->io.y.data = t->y;
    t->unit->layer->type->forward(&t->unit->node, &t->io);
}

static void adjoint(struct trial *t)
{
    t->unit->layer->type->adjoint(&t->unit->node, &t->io, (struct snn__signal){ t->e, 1.0f }, 0, t->dx, false);
}

static void gradient(struct trial *t)
{
    t->unit->layer->type->credit(&t->unit->node, &t->io, (struct snn__signal){ t->e, 1.0f }, t->io.x[0]);
}

static double smallest(struct trial *t, call_fn *call)
{
    double best = 0;

    call(t);
    for (size_t i = 0; i < REPEATS; i++) {
        const double start = snn__seconds();
        size_t rounds = 0;
        double passed;

        do {
            call(t);
            rounds++;
            passed = snn__seconds() - start;
        } while (passed < LEAST_SECONDS);
        best = i == 0 || passed / (double)rounds < best ? passed / (double)rounds : best;
    }
    return best;
}

static bool draw(struct trial *t, float **out, size_t n, uint64_t stream)
{
    *out = snn__alloc(t->ctx, n, sizeof **out);
    if (*out != NULL)
        snn__layers(t->ctx)->random_uniform(1, SNN__RNG_ENCODE, stream, *out, n, -1, 1);
    return *out != NULL;
}

static bool draw_input(struct trial *t, size_t i, size_t n, double density)
{
    if (!draw(t, &t->io.x[i].data, n, i))
        return false;
    if (snn__unit_binary(&t->pass, snn__unit_producer(&t->pass, t->unit, i)))
        for (size_t j = 0; j < n; j++)
            t->io.x[i].data[j] = t->io.x[i].data[j] < 2 * density - 1;
    return true;
}

static snn_status begin(struct trial *t, snn_network *net, size_t index, size_t samples, double density)
{
    const struct snn__demand demand = { .route = SNN__ROUTE_TIME, .keeps = true };
    bool drawn;

    SNN__TRY(snn__pass_plan(&t->pass, t->ctx, net, samples, 1, &demand));
    SNN__TRY(snn__pass_commit(&t->pass));
    snn__pass_begin(&t->pass, samples, true, false, 0);
    t->unit = &t->pass.unit[index];
    t->io = snn__unit_io(&t->pass, t->unit, 0);
    for (size_t i = 0; i < t->io.n_x; i++)
        t->io.x[i] = (struct snn__signal){ NULL, 1.0f };
    drawn = draw(t, &t->y, samples * t->unit->node.out_len, 0) &&
            draw(t, &t->e, samples * t->unit->node.out_len, 1) && draw(t, &t->dx, samples * t->unit->node.in_len, 2);
    for (size_t i = 0; i < t->io.n_x && drawn; i++)
        drawn = draw_input(t, i, samples * t->unit->node.in_len, density);
    return drawn ? SNN_OK : SNN_ERR_MEMORY;
}

static void end(struct trial *t)
{
    for (size_t i = 0; i < t->io.n_x; i++)
        snn__free(t->ctx, t->io.x[i].data);
    snn__free(t->ctx, t->y);
    snn__free(t->ctx, t->e);
    snn__free(t->ctx, t->dx);
    snn__pass_free(&t->pass);
}

/* Layers in place have no call of their own. */
static void time_calls(struct trial *t, double seconds[3])
{
    const struct snn__layer_type *type = t->unit->layer->type;

    if (t->unit->flags & SNN__LAYER_IN_PLACE)
        return;
    seconds[0] = smallest(t, forward);
    if (t->unit->node.wants_adjoint && type->adjoint != NULL)
        seconds[1] = smallest(t, adjoint);
    if (t->unit->trainable && type->credit != NULL)
        seconds[2] = smallest(t, gradient);
}

static snn_status check(const snn_network *net, size_t index, size_t samples, double density)
{
    if (net == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_layer_measure: the network is NULL");
    if (index >= net->n_layers || samples == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_layer_measure: layer %zu of %zu, samples %zu", index, net->n_layers,
                         samples);
    if (!(density >= 0 && density <= 1))
        return snn__fail(SNN_ERR_ARGUMENT, "snn_layer_measure: density %g is not in 0 .. 1", density);
    return SNN_OK;
}

snn_status snn_layer_measure(snn_network *network, size_t index, size_t samples, double density, double seconds[3])
{
    SNN__COMPUTES;
    struct trial t = { 0 };
    snn_status rc;

    if (seconds == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "snn_layer_measure: seconds is NULL");
    seconds[0] = seconds[1] = seconds[2] = 0;
    SNN__TRY(check(network, index, samples, density));
    SNN__TRY(snn_network_prepare(network));
    t.ctx = network->ctx;
    rc = begin(&t, network, index, samples, density);
    if (rc == SNN_OK)
        time_calls(&t, seconds);
    end(&t);
    return rc;
}
