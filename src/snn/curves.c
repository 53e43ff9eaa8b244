/* curves.c - accuracy and loss over the epochs. */
#include "plot.h"

#include "svg.h"

#include <math.h>
#include <string.h>

#define WIDTH 960
#define HEIGHT 400

/* A column of the history: its offset in struct epoch_row, and how it is shown. */
struct curve {
    size_t offset;
    const char *name, *colour;
    double thickness;
};

#define CURVES 3

struct panel {
    const char *title, *unit;
    double scale;
    int digits;
    struct curve curve[CURVES]; /* training, validation, test */
};

#define OFFSET(member) offsetof(struct epoch_row, member)
static const struct panel panels[] = {
    { "Accuracy",
      " %",
      100,
      2,
      { { OFFSET(train_accuracy), "train", PALE, 2 },
        { OFFSET(validation_accuracy), "validation", MIDDLE, 2 },
        { OFFSET(test_accuracy), "test", STRONG, 2.5 } } },
    { "Loss",
      "",
      1,
      3,
      { { OFFSET(train_loss), "train", PALE, 2 },
        { OFFSET(validation_loss), "validation", MIDDLE, 2 },
        { OFFSET(test_loss), "test", STRONG, 2.5 } } },
};

static double value(const struct history *h, size_t row, const struct panel *p, int curve)
{
    double x;

    memcpy(&x, (const char *)&h->row[row] + p->curve[curve].offset, sizeof x);
    return x * p->scale;
}

/* Where a curve ends, NaN without one: an epoch in between may have no test. */
static double last(const struct history *h, const struct panel *p, int curve)
{
    for (size_t i = h->count; i > 0; i--)
        if (isfinite(value(h, i - 1, p, curve)))
            return value(h, i - 1, p, curve);
    return NAN;
}

static void range(const struct history *h, const struct panel *p, struct axes *a)
{
    a->low = INFINITY;
    a->high = -INFINITY;
    for (size_t i = 0; i < h->count; i++)
        for (int c = 0; c < CURVES; c++)
            if (isfinite(value(h, i, p, c))) {
                a->low = fmin(a->low, value(h, i, p, c));
                a->high = fmax(a->high, value(h, i, p, c));
            }
    if (!isfinite(a->low))
        a->low = a->high = 0;
    if (a->high - a->low < 1e-9 + 1e-6 * fabs(a->high)) {
        a->low -= 0.02 * p->scale;
        a->high += 0.02 * p->scale;
    }
    a->left = h->count ? (double)h->row[0].epoch : 1;
    a->right = h->count ? (double)h->row[h->count - 1].epoch : 1;
    if (a->right - a->left < 1) {
        a->left -= 0.5;
        a->right += 0.5;
    }
}

static void draw_curve(struct svg *s, const struct axes *a, const struct history *h, const struct panel *p, int c)
{
    const struct curve *curve = &p->curve[c];
    bool pen = false;

    if (isnan(last(h, p, c)))
        return;
    fprintf(s->file,
            "<path fill=\"none\" stroke=\"%s\" stroke-width=\"%g\" stroke-linejoin=\"round\" "
            "stroke-linecap=\"round\" d=\"",
            curve->colour, curve->thickness);
    for (size_t i = 0; i < h->count; i++) {
        double y = value(h, i, p, c);
        if (isfinite(y))
            fprintf(s->file, "%c%.1f %.1f", pen ? 'L' : 'M', axes_x(a, (double)h->row[i].epoch), axes_y(a, y));
        pen = isfinite(y) || (pen && isnan(y)); /* an epoch without a test is no gap */
    }
    fputs("\"/>\n", s->file);
    for (size_t i = 0; i < h->count && h->count <= 40; i++)
        if (isfinite(value(h, i, p, c)))
            fprintf(s->file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%g\" fill=\"%s\"/>\n",
                    axes_x(a, (double)h->row[i].epoch), axes_y(a, value(h, i, p, c)),
                    curve->thickness > 2 ? 3.2 : 2.6, curve->colour);
}

/* Moves labels from top to bottom apart, as far up as down. */
static void keep_apart(double *y, const int *order, int n, double apart)
{
    double moved = 0;

    for (int i = 1; i < n; i++) {
        const double least = y[order[i - 1]] + apart, by = y[order[i]] < least ? least - y[order[i]] : 0;

        y[order[i]] += by;
        moved += by;
    }
    for (int i = 0; i < n; i++)
        y[order[i]] -= moved / n;
}

/* Names the curves at their ends, kept apart where they meet. */
static void label_curves(struct svg *s, const struct axes *a, const struct history *h, const struct panel *p)
{
    double y[CURVES];
    int order[CURVES], n = 0;

    for (int c = 0; c < CURVES; c++) {
        int at = n;

        if (isnan(last(h, p, c)))
            continue;
        y[c] = axes_y(a, last(h, p, c));
        for (; at > 0 && y[order[at - 1]] > y[c]; at--)
            order[at] = order[at - 1];
        order[at] = c;
        n++;
    }
    keep_apart(y, order, n, 34);
    for (int i = 0; i < n; i++) {
        const int c = order[i];
        const char *colour = c > 0 ? p->curve[c].colour : "#7b8ba0";

        svg_text(s, a->x + a->width + 12, y[c] - 2, 13, colour, "start", true, "%s", p->curve[c].name);
        svg_text(s, a->x + a->width + 12, y[c] + 13, 12, colour, "start", false, "%.*f%s", p->digits, last(h, p, c),
                 p->unit);
    }
}

static void draw_title(struct svg *s, const struct history *h, const json_t *config)
{
    double best = -1;
    uint64_t when = 0;

    for (size_t i = 0; i < h->count; i++)
        if (h->row[i].test_accuracy > best) {
            best = h->row[i].test_accuracy;
            when = h->row[i].epoch;
        }
    svg_text(s, 32, 38, 19, INK, "start", true, "%.60s \u00b7 %s", run_name(config), run_method(config).s);
    if (when)
        svg_text(s, 32, 60, 13, MUTED, "start", false,
                 "%s, learning rate %g, batches of %lld, seed %lld \u00b7 best test "
                 "accuracy %.2f %% after epoch %llu",
                 config_text(config, "optimizer.name", "?"), json_number_value(config_get(config, "optimizer.lr")),
                 (long long)config_whole(config, "batch", 0), (long long)config_whole(config, "seed", 0), 100 * best,
                 (unsigned long long)when);
}

int plot_curves(const char *path, const struct history *history, const json_t *config)
{
    struct svg s;

    if (svg_open(&s, path, WIDTH, HEIGHT, "Training curves") != DONE)
        return FAILED;
    draw_title(&s, history, config);
    for (size_t i = 0; i < sizeof panels / sizeof *panels; i++) {
        struct axes a = { .x = 76 + 470.0 * (double)i, .y = 124, .width = 318, .height = 216 };
        range(history, &panels[i], &a);
        svg_text(&s, a.x - 44, 102, 14, INK, "start", true, "%s", panels[i].title);
        axes_draw_y(&s, &a, panels[i].unit);
        axes_draw_x(&s, &a, "epoch");
        for (int c = 0; c < CURVES; c++)
            draw_curve(&s, &a, history, &panels[i], c);
        label_curves(&s, &a, history, &panels[i]);
    }
    return svg_close(&s);
}
