/* control_loop [SECONDS [PERIOD_US [learn|frozen]]] - a spiking controller that learns while it works
 *
 * A pole stands on a cart, in a gusty wind. A linear controller keeps it up, but lets it sway. Beside it, a spiking
 * network 64-256-128-4 pulls at the cart too, and learns at every step to take over what the linear controller still
 * has to do (feedback-error learning: the linear force is the network's error). Halfway the pole becomes twice as
 * long, and the network learns that as well; with "frozen" it takes no part, for comparison. One step of control is
 * PERIOD_US long (1000: 1 kHz; 0: as fast as it goes); the loop waits by looking at the clock, so that it makes no
 * system call from its first step to its last. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

enum { INPUTS = 64, MUSCLES = 4, WINDOWS = 8 };

static const double dt = 0.001;

/* ---- the plant: Barto, Sutton and Anderson's cart and pole, SI units */

struct plant {
    double x, v, angle, spin; /* of the cart; of the pole, 0: upright */
    double half;              /* half the pole's length */
    double wind;              /* force at its centre */
};

static void move(struct plant *p, double force)
{
    const double g = 9.8, pole = 0.1, total = 1.1;
    double s = sin(p->angle), c = cos(p->angle);
    double push = (force + p->wind + pole * p->half * p->spin * p->spin * s) / total;
    double turn = (g * s - c * push + p->wind * c / pole) / (p->half * (4.0 / 3.0 - pole * c * c / total));

    p->v += dt * (push - pole * p->half * turn * c / total);
    p->spin += dt * turn;
    p->x += dt * p->v;
    p->angle += dt * p->spin;
}

static double linear_controller(const struct plant *p)
{
    return 1.0 * p->x + 2.4 * p->v + 35.0 * p->angle + 8.0 * p->spin;
}

/* Each of the four numbers is looked at by 16 neurons, which prefer values all over its range. */
static void encode(const struct plant *p, float in[INPUTS])
{
    const double value[4] = { p->x / 2.0, p->v / 1.5, p->angle / 0.2, p->spin / 1.0 };

    for (int i = 0; i < INPUTS; i++) {
        double distance = (value[i / 16] - (i % 16 - 7.5) / 7.5) / 0.2;

        in[i] = (float)exp(-0.5 * distance * distance);
    }
}

/* ---- figures */

static double seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int smaller(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static void report(double *us, size_t n)
{
    qsort(us, n, sizeof *us, smaller);
    printf("step and learning: p50 %.1f us, p99 %.1f us, p99.9 %.1f us, max %.1f us\n", us[n / 2],
           us[n - 1 - n / 100], us[n - 1 - n / 1000], us[n - 1]);
}

int main(int argc, char **argv)
{
    const double run = argc > 1 ? atof(argv[1]) : 40;
    const double period = (argc > 2 ? atof(argv[2]) : 1000) * 1e-6;
    const int learns = argc <= 3 || strcmp(argv[3], "frozen") != 0;
    const size_t inputs = INPUTS, steps = run > 0 ? (size_t)(run / dt) : 0;
    struct plant plant = { 0, 0, 0.05, 0, 0.5, 0 };
    struct {
        double angle, linear, muscles;
    } window[WINDOWS] = { { 0, 0, 0 } };
    float in[INPUTS], out[MUSCLES] = { 0 }, error[MUSCLES];
    double pull = 0, *us = calloc(steps ? steps : 1, sizeof *us);
    uint64_t before;
    size_t t = 0;
    snn_status rc = SNN_OK;
    snn_context_options one;
    snn_context_info info = SNN_CONTEXT_INFO_INIT;
    snn_context *ctx = NULL;
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *tr = NULL;
    snn_stream *loop; /* belongs to the trainer */

    if (us == NULL || steps < 1000) {
        fprintf(stderr, "usage: control_loop [SECONDS [PERIOD_US [learn|frozen]]], at least 1 second\n");
        free(us);
        return 2;
    }
    TRY(snn_context_options_init(&one, sizeof one));
    one.threads = 1; /* a control loop hands no work to others */
    TRY(snn_context_create(&ctx, &one));
    TRY(snn_network_build(&net, ctx, "64-256-128-4", &inputs, 1, 0, NULL));
    TRY(snn_optimizer_create(&sgd, ctx, "sgd"));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 1e-3));
    TRY(snn_trainer_create(&tr, net, sgd, "ottt"));
    TRY(snn_trainer_set_i64(tr, SNN_TRAINER_STEPS, 1));
    TRY(snn_trainer_prepare(tr, 1)); /* takes all memory */
    TRY(snn_trainer_stream(tr, &loop));

    TRY(snn_context_get_info(ctx, &info));
    before = info.allocations;
    for (double next = seconds(); t < steps; t++, next += period) {
        const double begin = seconds(), linear = linear_controller(&plant);

        encode(&plant, in);
        rc = snn_stream_step(loop, in, out);
        if (rc != SNN_ERR_DIVERGED) /* a reading that cannot be: no step, the last command holds */
            TRY(rc);
        pull += 0.05 * (2.0 * (out[0] + out[1] - out[2] - out[3]) - pull); /* muscles are slow */
        for (int i = 0; i < MUSCLES; i++)
            error[i] = (float)(i < 2 ? -linear : linear);
        if (learns && rc == SNN_OK)
            TRY(snn_stream_learn(loop, error));
        us[t] = 1e6 * (seconds() - begin);

        if (t == steps / 2)
            plant.half *= 2;
        plant.wind = 0.1 * (sin(4.4 * (double)t * dt) + sin(6.9 * (double)t * dt));
        move(&plant, linear + (learns ? pull : 0));
        window[t * WINDOWS / steps].angle += fabs(plant.angle);
        window[t * WINDOWS / steps].linear += fabs(linear);
        window[t * WINDOWS / steps].muscles += fabs(pull);
        if (!(fabs(plant.angle) < 0.8 && fabs(plant.x) < 10))
            break;
        while (period > 0 && seconds() < next + period)
            ;
    }
    TRY(snn_context_get_info(ctx, &info));

    printf("%10s %18s %18s %18s\n", "second", "mean |angle|, deg", "linear force, N", "network force, N");
    for (size_t i = 0; i < WINDOWS && t == steps; i++)
        printf("%10.1f %18.3f %18.3f %18.3f%s\n", run * (double)(i + 1) / WINDOWS,
               window[i].angle * WINDOWS / (double)steps * 57.29578, window[i].linear * WINDOWS / (double)steps,
               window[i].muscles * WINDOWS / (double)steps,
               i == WINDOWS / 2 ? "   the pole has become twice as long" : "");
    printf("%zu of %zu steps, the pole %s; allocations in the loop: %llu\n", t, steps, t == steps ? "stands" : "fell",
           (unsigned long long)(info.allocations - before));
    report(us, t);

done:
    if (rc != SNN_OK)
        fprintf(stderr, "control_loop: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_trainer_destroy(tr); /* every destroy accepts NULL */
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_context_destroy(ctx);
    free(us);
    return rc == SNN_OK && t == steps ? 0 : 1;
}
