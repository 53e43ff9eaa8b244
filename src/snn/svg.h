/* svg.h - drawings as SVG text, and axes to draw into. Text stays text: small files, any font, selectable. */
#ifndef SNN_TOOL_SVG_H
#define SNN_TOOL_SVG_H

#include <stdbool.h>
#include <stdio.h>

#define INK "#1f2933"    /* titles */
#define MUTED "#616e7c"  /* labels */
#define GRID "#e4e7eb"   /* lines under the data */
#define PALE "#9fb3c8"   /* data that is context */
#define MIDDLE "#7c5cad" /* data beside it */
#define STRONG "#0b69a3" /* data that matters */
#define ALARM "#c2410c"  /* message of a failure */

struct svg {
    FILE *file; /* in memory until svg_close() */
    const char *path;
    char *text;
    size_t length;
};

/* Drawings are SVG alone: DONE, also for NULL, or USAGE for a name that promises something else. */
int svg_check_name(const char *path);

/* Returns DONE or FAILED. svg_close() writes the file, whole or not at all. */
int svg_open(struct svg *s, const char *path, double width, double height, const char *title);
int svg_close(struct svg *s);

/* anchor: "start", "middle", "end"; the text is escaped. */
void svg_text(struct svg *s, double x, double y, double size, const char *colour, const char *anchor, bool bold,
              const char *format, ...) __attribute__((format(printf, 8, 9)));
void svg_line(struct svg *s, double x0, double y0, double x1, double y1, const char *colour, double width);

/* A rectangle of the page (from its upper left corner) with a linear scale on both sides. */
struct axes {
    double x, y, width, height;
    double left, right, low, high; /* values at the borders */
};
double axes_x(const struct axes *a, double value);
double axes_y(const struct axes *a, double value);
/* Widens low and high to round numbers and draws the horizontal grid with its labels. */
void axes_draw_y(struct svg *s, struct axes *a, const char *unit);
/* Draws the lower border with labels at whole numbers, and its title. */
void axes_draw_x(struct svg *s, const struct axes *a, const char *title);
/* A step of 1, 2 or 5 times a power of ten that cuts `range` into about `parts`. */
double round_step(double range, int parts);

#endif
