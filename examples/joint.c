/* joint [METHOD [EPOCHS [SECONDS]]] - a spiking network learns how an arm moves, and then what a load changes
 *
 * An arm of two joints follows a wandering reference by feedback alone. From this recorded motion a network 72-200-2
 * learns the inverse model in batches, 10 time steps a sample: positions, velocities and accelerations of the joints
 * in, their torques out; another motion tests it. Then the network drives the arm, one time step a millisecond, with
 * the feedback beside it, and the arm takes up a load. Methods that learn within a time step (ottt, sltt, opzo) go on
 * learning there, in a stream, from the torque that moved the arm, until the network carries the load, too. */
#include <math.h>
#include <snn/snn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

enum { JOINTS = 2, VALUES = 3 * JOINTS, CELLS = 12, INPUTS = VALUES * CELLS, HIDDEN = 200, STEPS = 10, BATCH = 50 };
enum { RECORDED = 6000, HELD = 2000 }; /* samples, one every STEPS milliseconds */

static const double dt = 0.001;
static const double unit[JOINTS] = { 3, 1 }; /* N m that an output of 1 stands for */

/* ---- the arm: two rods that hang from a ceiling; SI units, angles from the rod above, 0: straight down */

struct arm {
    double q[JOINTS], v[JOINTS], a[JOINTS];
    double load; /* mass at its end */
};

static const double mass[JOINTS] = { 1.2, 0.8 }, rod[JOINTS] = { 0.4, 0.3 }, gravity = 9.81;

/* The inertia m of the joints, and the torques that velocities and weight take. */
static void resist(const struct arm *p, double m[JOINTS][JOINTS], double torque[JOINTS])
{
    double c = cos(p->q[1]), s = sin(p->q[1]);
    double half = mass[1] / 2 + p->load, turn = half * rod[0] * rod[1];
    double upper = gravity * (mass[0] / 2 + mass[1] + p->load) * rod[0] * sin(p->q[0]);
    double lower = gravity * half * rod[1] * sin(p->q[0] + p->q[1]);

    m[1][1] = (mass[1] / 3 + p->load) * rod[1] * rod[1];
    m[0][1] = m[1][0] = m[1][1] + turn * c;
    m[0][0] = (mass[0] / 3 + mass[1] + p->load) * rod[0] * rod[0] + m[1][1] + 2 * turn * c;
    torque[0] = upper + lower - turn * s * (2 * p->v[0] + p->v[1]) * p->v[1];
    torque[1] = lower + turn * s * p->v[0] * p->v[0];
    for (int j = 0; j < JOINTS; j++) /* viscous and dry friction */
        torque[j] += 0.2 * p->v[j] + 0.15 * tanh(p->v[j] / 0.1);
}

static void move(struct arm *p, const double torque[JOINTS])
{
    double m[JOINTS][JOINTS], taken[JOINTS], left[JOINTS];

    resist(p, m, taken);
    for (int j = 0; j < JOINTS; j++)
        left[j] = torque[j] - taken[j];
    p->a[0] = (m[1][1] * left[0] - m[0][1] * left[1]) / (m[0][0] * m[1][1] - m[0][1] * m[0][1]);
    p->a[1] = (left[1] - m[0][1] * p->a[0]) / m[1][1];
    for (int j = 0; j < JOINTS; j++) {
        p->v[j] += dt * p->a[j];
        p->q[j] += dt * p->v[j];
    }
}

/* The arm's desired position: three sines of each joint; `way` chooses one of many such motions. */
static struct arm refer(double t, double way)
{
    struct arm to = { .load = 0 };

    for (int j = 0; j < JOINTS; j++)
        for (int i = 0; i < 3; i++) {
            double w = 1.1 + 1.3 * i + 0.37 * j + 0.11 * way, phase = w * t + way * (i + 1) + 2 * j;
            double size = (j ? 0.7 : 0.5) / (1 + 0.7 * i);

            to.q[j] += size * sin(phase);
            to.v[j] += size * w * cos(phase);
            to.a[j] -= size * w * w * sin(phase);
        }
    return to;
}

/* Torque that pulls the arm to where it should be. */
static void feed_back(const struct arm *p, const struct arm *to, double torque[JOINTS])
{
    static const double stiff[JOINTS] = { 60, 20 }, damped[JOINTS] = { 5, 1 };

    for (int j = 0; j < JOINTS; j++)
        torque[j] = stiff[j] * (to->q[j] - p->q[j]) + damped[j] * (to->v[j] - p->v[j]);
}

/* ---- what the network sees: each number is looked at by cells that prefer values all over its range */

static void encode(const struct arm *p, const double acceleration[JOINTS], float in[INPUTS])
{
    for (int j = 0; j < JOINTS; j++) {
        const double value[3] = { p->q[j] / 1.6, p->v[j] / 4, acceleration[j] / 16 };

        for (int i = 0; i < 3 * CELLS; i++) {
            double best = (i % CELLS - 0.5 * (CELLS - 1)) / (0.5 * (CELLS - 1));
            double far = (value[i / CELLS] - best) / 0.25;

            in[3 * CELLS * j + i] = (float)exp(-0.5 * far * far);
        }
    }
}

/* ---- recorded motion, as a data set of the host's own */

struct record {
    float x[RECORDED][INPUTS], torque[RECORDED][JOINTS];
};

/* One sample: position and velocity in the middle of STEPS milliseconds, and the means of acceleration and torque. */
static void record_one(struct record *r, size_t i, struct arm *p, double way)
{
    struct arm at = { .load = 0 };
    double sum[JOINTS] = { 0 };

    for (int k = 0; k < STEPS; k++) {
        struct arm to = refer(dt * (double)(STEPS * i + (size_t)k), way);
        double torque[JOINTS];

        feed_back(p, &to, torque);
        move(p, torque);
        for (int j = 0; j < JOINTS; j++) {
            at.q[j] += p->q[j] / STEPS;
            at.v[j] += p->v[j] / STEPS;
            at.a[j] += p->a[j] / STEPS;
            sum[j] += torque[j] / STEPS;
        }
    }
    encode(&at, at.a, r->x[i]);
    for (int j = 0; j < JOINTS; j++)
        r->torque[i][j] = (float)(sum[j] / unit[j]);
}

static void record_motion(struct record *r, size_t n, double way)
{
    struct arm p = refer(0, way);

    for (size_t i = 0; i < n; i++)
        record_one(r, i, &p, way);
}

static snn_status read_record(void *user, size_t index, size_t frame, snn_sample *sample)
{
    const struct record *r = user;

    (void)frame;
    memcpy(sample->x, r->x[index], sizeof r->x[index]);
    memcpy(sample->target, r->torque[index], sizeof r->torque[index]);
    return SNN_OK;
}

static snn_status open_record(snn_dataset **out, snn_context *ctx, struct record *r, size_t n)
{
    snn_dataset_source source;
    snn_status rc = snn_dataset_source_init(&source, sizeof source);

    source.rank = 1;
    source.shape[0] = INPUTS;
    source.count = n;
    source.targets = JOINTS;
    source.read = read_record;
    source.user = r;
    return rc == SNN_OK ? snn_dataset_create(out, ctx, &source) : rc;
}

/* ---- in batches */

static snn_status build(snn_network **net, snn_context *ctx, const char *method)
{
    const size_t shape = INPUTS;
    snn_layer *layer;
    snn_status rc;

    TRY(snn_network_create(net, ctx, &shape, 1));
    TRY(snn_network_add(*net, "linear", "hidden", &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_OUT, HIDDEN));
    if (strcmp(method, "dsr") == 0) {
        TRY(snn_network_add(*net, "dsr_if", "neurons", &layer));
        TRY(snn_layer_set_text(layer, "threshold", "1"));
    } else {
        TRY(snn_network_add(*net, "lif", "neurons", &layer));
    }
    TRY(snn_network_add(*net, "linear", "torques", &layer));
    TRY(snn_layer_set_i64(layer, SNN_LAYER_OUT, JOINTS));
done:
    return rc;
}

/* Adam, whose rate falls to 0 within `epochs`; 0: constant. */
static snn_status create_optimizer(snn_optimizer **adam, snn_context *ctx, double rate, int epochs)
{
    snn_status rc;

    TRY(snn_optimizer_create(adam, ctx, "adam"));
    TRY(snn_optimizer_set_f64(*adam, SNN_OPTIMIZER_LR, rate));
    if (epochs > 0) {
        TRY(snn_optimizer_set_str(*adam, SNN_OPTIMIZER_SCHEDULE, "cosine"));
        TRY(snn_optimizer_set_i64(*adam, SNN_OPTIMIZER_EPOCHS, epochs));
    }
done:
    return rc;
}

static snn_status report(snn_trainer *trainer, const snn_dataset *held, const char *when)
{
    snn_metrics m = SNN_METRICS_INIT;
    snn_status rc = snn_trainer_evaluate(trainer, held, &m);

    if (rc == SNN_OK)
        printf("batches  %-8s squared error %.4f  R2 %7.4f\n", when, m.squared_error, m.r2);
    return rc;
}

static snn_status learn_in_batches(snn_network *net, snn_context *ctx, const char *method, int epochs,
                                   const snn_dataset *recorded, const snn_dataset *held)
{
    snn_optimizer *adam = NULL;
    snn_trainer *trainer = NULL;
    snn_status rc;

    TRY(create_optimizer(&adam, ctx, 0.002, epochs));
    TRY(snn_trainer_create(&trainer, net, adam, method));
    TRY(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, STEPS));
    TRY(snn_trainer_set_str(trainer, SNN_TRAINER_LOSS, "half_square"));
    TRY(snn_trainer_prepare(trainer, BATCH));
    TRY(report(trainer, held, "before"));
    for (int e = 0; e < epochs; e++)
        TRY(snn_trainer_epoch(trainer, recorded, NULL));
    TRY(report(trainer, held, "after"));
done:
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(adam);
    return rc;
}

/* ---- in a stream, as the arm moves */

/* Errors of a phase: sums over its milliseconds. */
struct figures {
    double n, error[JOINTS], sum[JOINTS], square[JOINTS], astray;
};

static void add(struct figures *f, const double y[JOINTS], const double torque[JOINTS], const struct arm *p,
                const struct arm *to)
{
    f->n++;
    for (int j = 0; j < JOINTS; j++) {
        double a = torque[j] / unit[j];

        f->error[j] += (y[j] - a) * (y[j] - a);
        f->sum[j] += a;
        f->square[j] += a * a;
        f->astray += (to->q[j] - p->q[j]) * (to->q[j] - p->q[j]);
    }
}

static void print_figures(const struct figures *f, const char *when)
{
    double error = 0, r2 = 0;

    for (int j = 0; j < JOINTS; j++) {
        error += f->error[j] / f->n / JOINTS;
        r2 += (1 - f->error[j] / (f->square[j] - f->sum[j] * f->sum[j] / f->n)) / JOINTS;
    }
    printf("stream   %-8s squared error %.4f  R2 %7.4f  off by %.4f rad\n", when, error, r2,
           sqrt(f->astray / f->n / JOINTS));
}

/* The arm with its load, and the network that drives it. */
struct drive {
    snn_stream *stream;
    struct arm arm;
    double time;
    float last[STEPS][JOINTS]; /* outputs: their mean is what the network says, as in batches */
    size_t steps;
};

/* A millisecond: the network's torque and that of the feedback move the arm, and are what the network should say. */
static snn_status drive_on(struct drive *d, int learns, struct figures *f)
{
    struct arm to = refer(d->time, 4.2);
    double torque[JOINTS], y[JOINTS] = { 0 };
    float in[INPUTS], target[JOINTS];
    snn_status rc;

    encode(&d->arm, to.a, in);
    TRY(snn_stream_step(d->stream, in, d->last[d->steps++ % STEPS]));
    feed_back(&d->arm, &to, torque);
    for (int j = 0; j < JOINTS; j++) {
        for (int k = 0; k < STEPS; k++)
            y[j] += d->last[k][j] / STEPS;
        torque[j] += unit[j] * y[j];
        target[j] = (float)(torque[j] / unit[j]);
    }
    if (learns)
        TRY(snn_stream_learn_target(d->stream, target, NULL));
    add(f, y, torque, &d->arm, &to);
    move(&d->arm, torque);
    d->time += dt;
done:
    return rc;
}

static snn_status drive_for(struct drive *d, double seconds, int learns, const char *when)
{
    struct figures f = { 0 };
    snn_status rc = SNN_OK;

    for (double end = d->time + seconds; d->time < end && rc == SNN_OK;)
        rc = drive_on(d, learns, &f);
    if (rc == SNN_OK)
        print_figures(&f, when);
    return rc;
}

static snn_status learn_in_stream(snn_network *net, snn_context *ctx, const char *method, double seconds)
{
    struct drive d = { .arm = refer(0, 4.2) };
    snn_optimizer *adam = NULL;
    snn_trainer *trainer = NULL;
    snn_status rc;

    TRY(create_optimizer(&adam, ctx, 5e-6, 0));
    TRY(snn_trainer_create(&trainer, net, adam, method));
    TRY(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 1));
    TRY(snn_trainer_set_str(trainer, SNN_TRAINER_LOSS, "half_square"));
    TRY(snn_trainer_prepare(trainer, 1));
    TRY(snn_trainer_stream(trainer, &d.stream));
    TRY(drive_for(&d, 10, 0, "unloaded"));
    d.arm.load = 0.5;
    TRY(drive_for(&d, 10, 0, "loaded"));
    TRY(drive_for(&d, seconds, 1, "learning"));
    TRY(drive_for(&d, 10, 0, "learned"));
done:
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(adam);
    return rc;
}

static int learns_in_streams(const char *method)
{
    return strcmp(method, "ottt") == 0 || strcmp(method, "sltt") == 0 || strcmp(method, "opzo") == 0;
}

int main(int argc, char **argv)
{
    static struct record recorded, held; /* large */
    const char *method = argc > 1 ? argv[1] : "ottt";
    int epochs = argc > 2 ? atoi(argv[2]) : 20;
    double seconds = argc > 3 ? atof(argv[3]) : 120;
    snn_context_options options;
    snn_context *ctx = NULL;
    snn_dataset *train = NULL, *test = NULL;
    snn_network *net = NULL;
    snn_status rc;

    if (epochs < 1 || !(seconds >= 1)) {
        fputs("usage: joint [METHOD [EPOCHS [SECONDS]]], one of each at least\n", stderr);
        return EXIT_FAILURE;
    }
    record_motion(&recorded, RECORDED, 0.3);
    record_motion(&held, HELD, 2.1);
    TRY(snn_context_options_init(&options, sizeof options));
    options.threads = 1; /* a step of the stream is small */
    TRY(snn_context_create(&ctx, &options));
    TRY(open_record(&train, ctx, &recorded, RECORDED));
    TRY(open_record(&test, ctx, &held, HELD));
    TRY(build(&net, ctx, method));
    TRY(learn_in_batches(net, ctx, method, epochs, train, test));
    if (learns_in_streams(method))
        TRY(learn_in_stream(net, ctx, method, seconds));
    else
        printf("stream   %s needs all steps at once\n", method);
done:
    if (rc != SNN_OK)
        fprintf(stderr, "joint: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_network_destroy(net);
    snn_dataset_destroy(test);
    snn_dataset_destroy(train);
    snn_context_destroy(ctx);
    return rc == SNN_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
