/* blas/slices.c - g = d^T read(x) on a matrix unit that multiplies bytes: numbers are cut into digits, see
 * kernel/slices.h.
 *
 * Outputs and what they read lie on one grid of positions: a tap is a distance on it, so that no matrix of patches is
 * made. The grid of a sample is wider and higher than the map by what the window reaches beyond it, once for both
 * sides: what lies beyond the end of a line is what lies before the next. With a stride, each remainder of source
 * coordinates has a grid of its own. Positions, a part of them at a time, are what is added up: the columns of d are
 * cut into digits once, those of x for a block of columns of d. */
#include "blas/blocks.h"
#include "blas/window.h"
#include "core/context.h"
#include "kernel/kernel.h"
#include <string.h>

#define SIDE SNN__MATRIX_SIDE
#define POSITIONS 2048u        /* of a part, and so of a unit */
#define WIDEST 16384u          /* of a line */
#define CACHED (1u << 20)      /* bytes of digits of d that stay in the second-level cache while all taps pass, */
#define LEAST 4u               /* and panels of them, at least */
#define HELD ((size_t)1 << 24) /* bytes of digits of d at a time */

/* One axis of the grid. */
struct axis {
    size_t length;
    ptrdiff_t least, most; /* distances of taps: least <= 0 <= most */
};

struct slices {
    const struct snn__kernels *k;
    const struct snn__outer *p;
    struct axis y, x;
    size_t lines, parts;                          /* of all samples; a part is some lines */
    size_t words;                                 /* of the largest part, */
    size_t reach;                                 /* and of what it reads */
    size_t panels, group;                         /* of columns of d: all, and those of a task */
    size_t groups, blocks, channel_tasks, copies; /* of columns, of channels; of g */
    size_t held;                                  /* parts at a time, */
    size_t cuts;                                  /* and tasks that cut the digits of d in one */
    size_t pitch;                                 /* of x as bytes */
    size_t first;                                 /* the first part of those */
    const float *zeros;
    uint8_t *digits;
    float *unit, *sums;
    char *scratch;
    size_t per_worker;
};

static ptrdiff_t floor_div(ptrdiff_t a, ptrdiff_t b)
{
    return a / b - (a % b < 0);
}

/* A tap of one axis: stride * distance + remainder from stride * the output's place. */
struct step {
    ptrdiff_t distance;
    size_t remainder;
};

static struct step step_of(const struct snn__window *w, int axis, size_t tap)
{
    const ptrdiff_t stride = (ptrdiff_t)w->stride[axis];
    const ptrdiff_t source = (ptrdiff_t)(tap * w->dilation[axis]) - (ptrdiff_t)w->pad[axis];
    const ptrdiff_t distance = floor_div(source, stride);

    return (struct step){ distance, (size_t)(source - distance * stride) };
}

static struct axis axis_of(const struct snn__window *w, int axis, size_t source, size_t out, size_t taps)
{
    const ptrdiff_t least = step_of(w, axis, 0).distance, most = step_of(w, axis, taps - 1).distance;
    struct axis a = { .least = least < 0 ? least : 0, .most = most > 0 ? most : 0 };

    a.length =
        snn__max(SNN__SUM(snn__ceil_div(source, w->stride[axis]), (size_t)-a.least), SNN__SUM(out, (size_t)a.most));
    return a;
}

static size_t panel_pitch(size_t bytes)
{
    return (snn__ceil_div(bytes, 64) | 1) * 64; /* rows of a tile lie in different sets of the cache */
}

static void cut_slices(struct slices *a, size_t m, size_t n, const struct snn__window *w)
{
    const size_t wanted = parts_wanted(m, n, snn__window_depth(w));

    a->y = axis_of(w, SNN__Y, w->h, w->oh, w->kh);
    a->x = axis_of(w, SNN__X, w->w, w->ow, w->kw);
    a->lines = SNN__PRODUCT(m / (w->oh * w->ow), a->y.length);
    a->parts = snn__ceil_div(a->lines, snn__max(1, POSITIONS / a->x.length));
    a->words = snn__ceil_div(snn__ceil_div(a->lines, a->parts) * a->x.length, 64);
    a->reach =
        a->words +
        snn__ceil_div((size_t)((a->y.most - a->y.least) * (ptrdiff_t)a->x.length + a->x.most - a->x.least), 64);
    a->pitch = panel_pitch(64 * a->reach);
    a->panels = snn__ceil_div(n, SIDE);
    a->group = snn__min(a->panels, snn__max(LEAST, CACHED / SNN__SLICE_PANEL(a->words)));
    a->groups = snn__ceil_div(a->panels, a->group);
    a->blocks = snn__ceil_div(w->c, SIDE);
    a->channel_tasks = snn__min(a->blocks, snn__ceil_div(wanted, a->groups));
    a->copies = snn__max(1, snn__min(a->parts, wanted / (a->groups * a->channel_tasks)));
    a->held = snn__min(a->parts, snn__max(a->copies, HELD / SNN__PRODUCT(a->panels, SNN__SLICE_PANEL(a->words))));
    a->cuts = snn__min(a->panels, snn__max(a->groups, snn__ceil_div(THREADS, a->held)));
}

/* ---- scratch memory ---- */

static size_t rows_size(const struct slices *a)
{
    return SNN__PRODUCT(64 * a->reach, sizeof(float *));
}

static size_t own_size(const struct slices *a)
{
    return SNN__SUM(rows_size(a), SNN__PRODUCT(SNN__SLICE_ROW_DIGITS, SIDE, a->pitch),
                    snn__round_up(a->words * sizeof(size_t), 64), SNN__SLICE_ROOM(a->group * SIDE));
}

static size_t zeros_size(size_t n, size_t c)
{
    return SNN__PRODUCT(aligned(snn__max(n, c)), sizeof(float));
}

static size_t digits_size(const struct slices *a)
{
    return SNN__PRODUCT(a->held, a->panels, SNN__SLICE_PANEL(a->words));
}

static size_t units_size(const struct slices *a)
{
    return SNN__PRODUCT(a->held, a->panels, SIDE * sizeof(float));
}

size_t snn__slices_scratch(const snn_context *ctx, size_t m, size_t n, const struct snn__window *w)
{
    struct slices a = { .k = ctx->kernels };

    cut_slices(&a, m, n, w);
    return SNN__SUM(zeros_size(n, w->c), digits_size(&a), units_size(&a),
                    SNN__PRODUCT(snn__threads(ctx), own_size(&a)),
                    a.copies > 1 ? SNN__PRODUCT(a.copies, n, snn__window_depth(w), sizeof(float)) : 0);
}

bool snn__slices_fit(const snn_context *ctx, const struct snn__window *w)
{
    return ctx->kernels->slices && snn__matrix_is_open(ctx) && !w->transposed &&
           axis_of(w, SNN__X, w->w, w->ow, w->kw).length <= WIDEST;
}

/* ---- positions ---- */

/* Where the numbers of position `at` and of those after it begin, `count` in all; zeros where there are none. The map
 * has h x w places, of which the first of each line lies at [y0 + stride[SNN__Y] * line][x0]. */
struct map {
    const float *from;
    size_t h, w, pitch, y0, x0, stride[2];
};

static void find_rows(const struct slices *a, const struct map *map, ptrdiff_t at, size_t count, const float **row)
{
    const ptrdiff_t width = (ptrdiff_t)a->x.length;
    ptrdiff_t line = floor_div(at, width);
    size_t column = (size_t)(at - line * width);

    for (size_t done = 0; done < count; line++, column = 0) {
        const size_t end = snn__min(a->x.length, column + count - done);
        const size_t l = line < 0 ? 0 : (size_t)line, y = map->y0 + l % a->y.length * map->stride[SNN__Y];
        const bool inside = line >= 0 && l < a->lines && y < map->h;
        const float *of_line = map->from + (inside ? (l / a->y.length * map->h + y) * map->w * map->pitch : 0);

        for (; column < end; column++, done++) {
            const size_t x = map->x0 + column * map->stride[SNN__X];

            row[done] = inside && x < map->w ? of_line + x * map->pitch : a->zeros;
        }
    }
}

static struct span lines_of(const struct slices *a, size_t index)
{
    return part(a->lines, a->parts, index);
}

static size_t words_of(const struct slices *a, struct span lines)
{
    return snn__ceil_div((lines.to - lines.from) * a->x.length, 64);
}

/* ---- the columns of d ---- */

static uint8_t *digits_of(const struct slices *a, size_t part, size_t panel, size_t words)
{
    return a->digits + (part - a->first) * a->panels * SNN__SLICE_PANEL(a->words) + panel * SNN__SLICE_PANEL(words);
}

static float *unit_of(const struct slices *a, size_t part, size_t panel)
{
    return a->unit + ((part - a->first) * a->panels + panel) * SIDE;
}

/* One part, some panels. */
static void cut_columns(void *arg, size_t task, size_t worker)
{
    const struct slices *a = arg;
    const struct snn__outer *p = a->p;
    const size_t index = a->first + task / a->cuts;
    const struct span lines = lines_of(a, index), panels = part(a->panels, a->cuts, task % a->cuts);
    const size_t words = words_of(a, lines), count = (lines.to - lines.from) * a->x.length;
    const float **row = (const float **)(void *)(a->scratch + worker * a->per_worker);
    const struct map d = { p->d, p->window.oh, p->window.ow, p->d_pitch, 0, 0, { 1, 1 } };

    find_rows(a, &d, (ptrdiff_t)(lines.from * a->x.length), count, row);
    for (size_t i = count; i < 64 * words; i++)
        row[i] = a->zeros;
    for (size_t panel = panels.from; panel < panels.to; panel++)
        a->k->slice_columns(digits_of(a, index, panel, words), unit_of(a, index, panel), row, words, panel * SIDE,
                            snn__min(SIDE, p->n - panel * SIDE));
}

/* ---- products ---- */

/* What a task has: its scratch memory, its columns and channels, and where its sums go. */
struct task {
    const float **row;
    uint8_t *bytes;
    size_t *at;
    void *room;
    struct span panels, blocks;
    float *g;
    size_t pitch;
};

static bool has_taps(const struct snn__window *w, int axis, size_t taps, size_t remainder)
{
    for (size_t tap = 0; tap < taps; tap++)
        if (step_of(w, axis, tap).remainder == remainder)
            return true;
    return false;
}

/* The taps of one remainder, with 32 channels of x as rows of bytes. */
static void add_taps(const struct slices *a, struct snn__slices *s, size_t remainder_y, size_t remainder_x)
{
    const struct snn__window *w = &a->p->window;
    const uint8_t *const first = s->a;
    float *const g = s->g;

    for (size_t tap = 0; tap < w->kh * w->kw; tap++) {
        const struct step y = step_of(w, SNN__Y, tap / w->kw), x = step_of(w, SNN__X, tap % w->kw);

        if (y.remainder != remainder_y || x.remainder != remainder_x)
            continue;
        s->a = first + (y.distance - a->y.least) * (ptrdiff_t)a->x.length + x.distance - a->x.least;
        s->g = g + tap * w->c;
        a->k->slices(s);
    }
}

/* One block of channels of one remainder. */
static void add_block(const struct slices *a, const struct task *t, size_t index, const struct map *x, size_t block,
                      bool accumulate)
{
    const struct snn__outer *p = a->p;
    const size_t words = words_of(a, lines_of(a, index)), n = t->panels.from * SIDE;
    float unit[SIDE];
    struct snn__slices s = { .rows = snn__min(SIDE, p->window.c - block * SIDE),
                             .cols = snn__min(p->n, t->panels.to * SIDE) - n,
                             .words = words,
                             .a = t->bytes,
                             .at = t->at,
                             .a_pitch = a->pitch,
                             .a_digit = SIDE * a->pitch,
                             .b = digits_of(a, index, t->panels.from, words),
                             .a_unit = unit,
                             .b_unit = unit_of(a, index, t->panels.from),
                             .alpha = p->alpha,
                             .g = t->g + n * t->pitch + block * SIDE,
                             .g_pitch = t->pitch,
                             .accumulate = accumulate,
                             .room = t->room };

    s.digits = a->k->slice_rows(t->bytes, a->pitch, unit, t->row, a->reach, block * SIDE, s.rows);
    add_taps(a, &s, x->y0, x->x0);
}

static void add_part(const struct slices *a, const struct task *t, size_t index, bool accumulate)
{
    const struct snn__window *w = &a->p->window;
    const ptrdiff_t line = (ptrdiff_t)lines_of(a, index).from + a->y.least;

    for (size_t i = 0; i < w->stride[SNN__Y] * w->stride[SNN__X]; i++) {
        const struct map x = { a->p->x,
                               w->h,
                               w->w,
                               w->pitch,
                               i / w->stride[SNN__X],
                               i % w->stride[SNN__X],
                               { w->stride[0], w->stride[1] } };

        if (!has_taps(w, SNN__Y, w->kh, x.y0) || !has_taps(w, SNN__X, w->kw, x.x0))
            continue;
        find_rows(a, &x, line * (ptrdiff_t)a->x.length + a->x.least, 64 * a->reach, t->row);
        for (size_t block = t->blocks.from; block < t->blocks.to; block++)
            add_block(a, t, index, &x, block, accumulate);
    }
}

static void slices_task(void *arg, size_t index, size_t worker)
{
    const struct slices *a = arg;
    const struct snn__outer *p = a->p;
    const size_t cells = a->groups * a->channel_tasks, copy = index / cells, cell = index % cells;
    const struct span parts = part(snn__min(a->held, a->parts - a->first), a->copies, copy);
    const size_t depth = snn__window_depth(&p->window);
    const bool accumulate = a->first > 0 || (a->copies == 1 && p->accumulate);
    char *own = a->scratch + worker * a->per_worker;
    struct task t = { .row = (const float **)(void *)own,
                      .bytes = (uint8_t *)own + rows_size(a),
                      .panels = part(a->panels, a->groups, cell / a->channel_tasks),
                      .blocks = part(a->blocks, a->channel_tasks, cell % a->channel_tasks),
                      .g = a->copies > 1 ? a->sums + copy * p->n * depth : p->g,
                      .pitch = a->copies > 1 ? depth : p->g_pitch };

    t.at = (size_t *)(void *)(t.bytes + SNN__SLICE_ROW_DIGITS * SIDE * a->pitch);
    t.room = (char *)t.at + snn__round_up(a->words * sizeof(size_t), 64);
    for (size_t i = 0; i < a->words; i++)
        t.at[i] = 64 * i;
    for (size_t i = parts.from; i < parts.to; i++)
        add_part(a, &t, a->first + i, accumulate || i > parts.from);
}

void snn__slices_outer(const snn_context *ctx, const struct snn__outer *p, void *scratch)
{
    const size_t c = p->window.c;
    struct slices a = { .k = ctx->kernels, .p = p, .zeros = scratch };

    cut_slices(&a, p->m, p->n, &p->window);
    memset(scratch, 0, zeros_size(p->n, c));
    a.digits = (uint8_t *)scratch + zeros_size(p->n, c);
    a.unit = (float *)(void *)(a.digits + digits_size(&a));
    a.scratch = (char *)a.unit + units_size(&a);
    a.per_worker = own_size(&a);
    a.sums = (float *)(void *)(a.scratch + snn__threads(ctx) * a.per_worker);
    for (; a.first < a.parts; a.first += a.held) {
        const size_t held = snn__min(a.held, a.parts - a.first);

        snn__parallel(ctx, cut_columns, &a, held * a.cuts);
        snn__parallel(ctx, slices_task, &a, a.copies * a.groups * a.channel_tasks);
    }
    if (a.copies > 1)
        snn__add_parts(ctx, p, a.sums, a.copies, snn__window_depth(&p->window));
}
