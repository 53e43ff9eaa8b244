/* camera [SECONDS [SPEED]] - a network that learns from an event camera while it watches
 *
 * A bar moves across a sensor of 16 x 16 pixels, in one of four directions, and pixels flicker. The camera's thread
 * gives its events, a packet for every millisecond, to snn_event_windows; the control loop takes windows of 10 ms,
 * runs a network 512-64-4 for one step on each, and learns from the direction, which is the tag of the events. SPEED
 * 1 is the camera's own time, where a loop that is too slow loses the oldest windows; 0 (the default) as fast as the
 * loop takes them, where none is lost. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <snn/events.h>
#include <snn/snn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define TRY(call)                    \
    do {                             \
        if ((rc = (call)) != SNN_OK) \
            goto done;               \
    } while (0)

enum { SIDE = 16, BAR = 4, PACKET = 64, SWEEP_US = 32000, DIRECTIONS = 4 };

static int64_t nanoseconds(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void rest(int64_t ns)
{
    if (ns > 0)
        nanosleep(&(struct timespec){ ns / 1000000000, ns % 1000000000 }, NULL);
}

/* ---- the camera ---- */

struct camera {
    snn_event_windows *windows;
    int64_t until;  /* microseconds */
    double speed;   /* 0: as fast as windows are taken */
    uint64_t state; /* of random numbers */
    atomic_bool stopped, ended;
};

static unsigned draw(struct camera *c, unsigned n)
{
    c->state = c->state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(c->state >> 33) % n;
}

/* Position i along the way of a sweep and j across it. */
static snn_event pixel(int direction, int i, int j, unsigned p, int64_t t)
{
    const int along = direction & 1 ? SIDE - 1 - i : i;

    return (snn_event){ .t = t,
                        .x = (uint16_t)(direction & 2 ? j : along),
                        .y = (uint16_t)(direction & 2 ? along : j),
                        .p = (uint8_t)p };
}

/* What the camera sees within a millisecond: the bar's front grows brighter, what it leaves grows darker. */
static size_t see(struct camera *c, int direction, int64_t t, snn_event packet[PACKET])
{
    const int64_t in_sweep = t % SWEEP_US, each = SWEEP_US / SIDE;
    const int front = (int)(in_sweep / each), back = front - BAR;
    size_t n = 0;

    for (int j = 0; in_sweep % each == 0 && j < SIDE; j++) {
        if (draw(c, 10) > 0)
            packet[n++] = pixel(direction, front, j, 1, t);
        if (back >= 0 && draw(c, 10) > 0)
            packet[n++] = pixel(direction, back, j, 0, t);
    }
    if (draw(c, 2))
        packet[n++] = pixel(0, (int)draw(c, SIDE), (int)draw(c, SIDE), draw(c, 2), t);
    return n;
}

static snn_status give(struct camera *c, const snn_event *packet, size_t n, int64_t t)
{
    snn_status rc;
    size_t done = 0, taken;

    do {
        rc = snn_event_windows_push(c->windows, packet + done, n - done, nanoseconds(), &taken);
        done += taken;
        if (rc == SNN_OK && done < n)
            rest(20000); /* windows that are kept: the loop has to take one */
    } while (rc == SNN_OK && done < n && !c->stopped);
    while (rc == SNN_OK && (rc = snn_event_windows_advance(c->windows, t, nanoseconds())) == SNN_ERR_STATE) {
        rest(20000);
        rc = c->stopped ? rc : SNN_OK;
    }
    return rc;
}

/* What a driver would call for every packet of events. */
static void *watch(void *user)
{
    struct camera *c = user;
    const int64_t began = nanoseconds();
    snn_event packet[PACKET];
    snn_status rc = SNN_OK;
    int direction = 0;

    for (int64_t t = 0; t < c->until && rc == SNN_OK && !c->stopped; t += 1000) {
        if (t % SWEEP_US == 0)
            direction = (int)draw(c, DIRECTIONS);
        rc = snn_event_windows_set_tag(c->windows, direction);
        if (rc == SNN_OK)
            rc = give(c, packet, see(c, direction, t, packet), t);
        if (c->speed > 0)
            rest(began + (int64_t)(1e3 * (double)t / c->speed) - nanoseconds());
    }
    c->ended = true;
    return NULL;
}

/* ---- the network ---- */

static snn_status make_network(snn_context *ctx, const size_t *shape, snn_network **net)
{
    snn_neuron *lif = NULL;
    snn_status rc;

    TRY(snn_neuron_create(&lif, ctx, "lif"));
    TRY(snn_neuron_set_f64(lif, SNN_NEURON_TAU, 2.0));
    TRY(snn_network_build(net, ctx, "512-64-4", shape, 3, DIRECTIONS, lif));
done:
    snn_neuron_destroy(lif);
    return rc;
}

/* ---- the control loop ---- */

struct score {
    unsigned windows, right, second;
    double worst; /* milliseconds from the end of a window to its output */
};

static void tell(struct score *s)
{
    printf("%6u s  %3u windows, %5.1f%% right, output within %.3f ms\n", ++s->second, s->windows,
           100.0 * s->right / s->windows, s->worst);
    *s = (struct score){ .second = s->second };
}

static snn_status look(snn_stream *loop, const snn_event_window *window, struct score *s)
{
    float out[DIRECTIONS];
    int64_t class = 0;
    double late;
    snn_status rc = snn_stream_step(loop, window->frame, out);

    if (rc != SNN_OK)
        return rc;
    late = 1e-6 * (double)(nanoseconds() - window->stamp);
    s->worst = late > s->worst ? late : s->worst;
    for (int k = 1; k < DIRECTIONS; k++)
        class = out[k] > out[class] ? k : class;
    s->windows++;
    s->right += class == window->tag;
    if (s->windows == 100)
        tell(s);
    return snn_stream_learn_label(loop, (uint32_t)window->tag, NULL);
}

static snn_status control(struct camera *c, snn_stream *loop)
{
    snn_event_window window = SNN_EVENT_WINDOW_INIT;
    struct score score = { 0 };
    uint32_t found = 1;
    snn_status rc = SNN_OK;

    for (bool last = false; rc == SNN_OK && (found || !last);) {
        last = c->ended;
        rc = snn_event_windows_take(c->windows, &window, &found);
        if (rc == SNN_OK && found)
            rc = look(loop, &window, &score);
        else
            rest(100000); /* a real loop would do something else, or wait for its period */
    }
    return rc;
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? atof(argv[1]) : 20;
    struct camera camera = { .until = (int64_t)(1e6 * seconds), .speed = argc > 2 ? atof(argv[2]) : 0 };
    snn_event_windows_options options = SNN_EVENT_WINDOWS_OPTIONS_INIT;
    snn_event_windows_info info = SNN_EVENT_WINDOWS_INFO_INIT;
    snn_context_options machine;
    snn_context *ctx = NULL;
    snn_event_frames *frames = NULL;
    snn_network *net = NULL;
    snn_optimizer *sgd = NULL;
    snn_trainer *trainer = NULL;
    snn_stream *loop = NULL;
    size_t shape[3];
    uint32_t rank;
    pthread_t thread;
    snn_status rc;

    TRY(snn_context_options_init(&machine, sizeof machine));
    machine.threads = 1; /* no work is handed to others */
    TRY(snn_context_create(&ctx, &machine));
    TRY(snn_event_frames_create(&frames, ctx));
    TRY(snn_event_frames_prepare(frames, SIDE, SIDE));
    TRY(snn_event_frames_shape(frames, shape, &rank));
    options.frames = frames;
    options.keep = camera.speed <= 0;
    TRY(snn_event_windows_create(&camera.windows, ctx, &options));
    TRY(make_network(ctx, shape, &net));
    TRY(snn_optimizer_create(&sgd, ctx, "sgd"));
    TRY(snn_optimizer_set_f64(sgd, SNN_OPTIMIZER_LR, 0.02));
    TRY(snn_trainer_create(&trainer, net, sgd, "ottt"));
    TRY(snn_trainer_set_i64(trainer, SNN_TRAINER_STEPS, 1));
    TRY(snn_trainer_prepare(trainer, 1)); /* takes all memory */
    TRY(snn_trainer_stream(trainer, &loop));
    if (pthread_create(&thread, NULL, watch, &camera) != 0) {
        fprintf(stderr, "camera: no thread\n");
        goto done;
    }
    rc = control(&camera, loop);
    camera.stopped = true;
    pthread_join(thread, NULL);
    TRY(rc);
    TRY(snn_event_windows_get_info(camera.windows, &info));
    printf("%llu events in %llu windows, %llu dropped\n", (unsigned long long)info.events,
           (unsigned long long)info.windows, (unsigned long long)info.dropped);
done:
    if (rc != SNN_OK)
        fprintf(stderr, "camera: %s: %s\n", snn_status_name(rc), snn_last_error());
    snn_trainer_destroy(trainer);
    snn_optimizer_destroy(sgd);
    snn_network_destroy(net);
    snn_event_windows_destroy(camera.windows);
    snn_event_frames_destroy(frames);
    snn_context_destroy(ctx);
    return rc == SNN_OK ? 0 : 1;
}
