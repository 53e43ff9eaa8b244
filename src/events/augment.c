/* augment.c - random changes of events: window, flip, shift, polarity; then events left out, times moved. Places are
 * those of the part of the sensor that is used. What leaves it counts where events are counted, but is not seen.
 *
 * Every random number is a function of (seed of the sample, number of the draw). */
#include "augment.h"

enum draw { DRAW_SIDE, DRAW_LEFT, DRAW_TOP, DRAW_FLIP, DRAW_RIGHT, DRAW_DOWN, DRAW_POLARITY, DRAWS = 16 };

#define OF_EVENT 2 /* draws of each: left out, moved in time */
#define OUTSIDE INT16_MAX

/* The part of the sensor that is used, the window in it that takes its place, and what happens to that. */
struct change {
    int64_t left, top, width, height;
    int64_t window_left, window_top, window_width, window_height;
    int64_t right, down; /* by how much it shifts */
    bool flips, swaps;
};

/* Uniform in [0, 1). */
static double uniform(uint64_t seed, uint64_t draw)
{
    return snn_component_random(seed, draw) * 0x1p-32;
}

/* Uniform in 0 .. n - 1. */
static int64_t below(uint64_t seed, uint64_t draw, int64_t n)
{
    return (int64_t)(uniform(seed, draw) * (double)n);
}

static struct change draw_change(const snn_event_frames *f, uint64_t seed)
{
    const double least = snn__frames_f64(f, SNN_EVENT_FRAMES_ZOOM);
    const int64_t shift = snn__frames_i64(f, SNN_EVENT_FRAMES_SHIFT);
    const double side = least + (1.0 - least) * uniform(seed, DRAW_SIDE);
    struct change c = { .left = (int64_t)f->left,
                        .top = (int64_t)f->top,
                        .width = (int64_t)f->used_width,
                        .height = (int64_t)f->used_height };

    c.window_width = (int64_t)((double)c.width * side);
    c.window_height = (int64_t)((double)c.height * side);
    c.window_width = least < 1.0 && c.window_width > 0 ? c.window_width : c.width;
    c.window_height = least < 1.0 && c.window_height > 0 ? c.window_height : c.height;
    c.window_left = below(seed, DRAW_LEFT, c.width - c.window_width + 1);
    c.window_top = below(seed, DRAW_TOP, c.height - c.window_height + 1);
    c.right = below(seed, DRAW_RIGHT, 2 * shift + 1) - shift;
    c.down = f->height > 1 ? below(seed, DRAW_DOWN, 2 * shift + 1) - shift : 0;
    c.flips = snn__frames_i64(f, SNN_EVENT_FRAMES_FLIP) != 0 && uniform(seed, DRAW_FLIP) < 0.5;
    c.swaps = uniform(seed, DRAW_POLARITY) < snn__frames_f64(f, SNN_EVENT_FRAMES_SWAP);
    return c;
}

/* Place of a line of the window in the part of `side` lines; false: it is not there. */
static bool move(int64_t *line, int64_t window, int64_t window_side, int64_t side, int64_t shift, bool flips)
{
    if (*line < window || *line >= window + window_side)
        return false;
    *line = (*line - window) * side / window_side;
    *line = (flips ? side - 1 - *line : *line) + shift;
    return *line >= 0 && *line < side;
}

static void change_place(struct snn__packed *e, const struct change *c)
{
    int64_t x = e->x - c->left, y = (e->yp >> 1) - c->top;
    const unsigned p = (e->yp & 1u) ^ c->swaps;

    if (move(&x, c->window_left, c->window_width, c->width, c->right, c->flips) &&
        move(&y, c->window_top, c->window_height, c->height, c->down, false)) {
        e->x = (uint16_t)(x + c->left);
        e->yp = (uint16_t)(2 * (y + c->top) + p);
    } else {
        e->yp = (uint16_t)(2 * OUTSIDE + p);
    }
}

/* Leaves out events with a probability, moves the others in time by up to `most`, not before the begin. */
static void change_times(struct snn__sample *s, double drop, int64_t most, uint64_t seed)
{
    size_t kept = 0;

    for (size_t i = 0; i < s->events; i++) {
        const uint64_t draw = DRAWS + OF_EVENT * (uint64_t)i;
        struct snn__packed e = s->event[i];
        int64_t t;

        if (drop > 0.0 && uniform(seed, draw) < drop)
            continue;
        t = (int64_t)e.t + (most > 0 ? below(seed, draw + 1, 2 * most + 1) - most : 0);
        e.t = (uint32_t)(t < 0 ? 0 : t > (int64_t)UINT32_MAX ? (int64_t)UINT32_MAX : t);
        s->event[kept++] = e;
    }
    s->events = kept;
}

snn_status snn__augment(struct snn__sample *sample, const snn_event_frames *frames, uint64_t seed)
{
    const double drop = snn__frames_f64(frames, SNN_EVENT_FRAMES_DROP);
    const int64_t jitter = snn__frames_i64(frames, SNN_EVENT_FRAMES_JITTER);
    struct change c;

    if (seed == 0)
        return SNN_OK;
    c = draw_change(frames, seed);
    for (size_t i = 0; i < sample->events; i++)
        change_place(&sample->event[i], &c);
    if (drop > 0.0 || jitter > 0)
        change_times(sample, drop, jitter, seed);
    return snn__sample_sort(sample);
}

/* Piece f is chosen with probability (to choose) / (pieces left). */
void snn__augment_choose(uint64_t seed, size_t n, size_t some, size_t *piece)
{
    size_t chosen = 0;

    for (size_t f = 0; f < n && chosen < some; f++)
        if (uniform(seed, UINT64_MAX - f) * (double)(n - f) < (double)(some - chosen))
            piece[chosen++] = f;
}
