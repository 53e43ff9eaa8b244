/* matrix.c - the accuracies on every task after every task. */
#include "plot.h"
#include "svg.h"

#include <math.h>

/* Darker is better: from pale at 50 % to strong at 100 %. */
static void draw_cell(struct svg *s, const struct run *run, size_t i, size_t j, double side)
{
    double a = snn_continual_accuracy(run->sequence, i, j), x = 90 + side * (double)j, y = 100 + side * (double)i;

    if (isnan(a))
        return;
    fprintf(s->file,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"%s\" fill-opacity=\"%.2f\"/>\n", x, y,
            side - 2, side - 2, STRONG, fmax(0.05, 2 * a - 1));
    svg_text(s, x + side / 2 - 1, y + side / 2 + 4, 12, a > 0.8 ? "#ffffff" : INK, "middle", false, "%.1f", 100 * a);
}

int plot_matrix(const char *path, const struct run *run, size_t tasks, const snn_continual_info *info)
{
    double side = 44, n = (double)tasks;
    struct svg s;

    if (svg_open(&s, path, fmax(420, 110 + side * n), 130 + side * n, "accuracy on every task after every task") !=
        DONE)
        return FAILED;
    svg_text(&s, 20, 34, 17, INK, "start", true, "%.60s \u00b7 %s", run_name(run->config), run_method(run->config).s);
    svg_text(&s, 20, 56, 13, MUTED, "start", false, "%s: ACC %.2f %%, BWT %.2f %%",
             run->projection ? "hlop" : "no projection", 100 * info->acc, 100 * info->bwt);
    for (size_t i = 0; i < tasks; i++) {
        svg_text(&s, 82, 100 + side * (double)i + side / 2 + 4, 12, MUTED, "end", false, "after %zu", i + 1);
        svg_text(&s, 90 + side * (double)i + side / 2, 92, 12, MUTED, "middle", false, "task %zu", i + 1);
        for (size_t j = 0; j <= i; j++)
            draw_cell(&s, run, i, j, side);
    }
    return svg_close(&s);
}
