/* svg.c - drawings. */
#include "svg.h"

#include "outputs.h"
#include "tool.h"

#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void escaped(FILE *file, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", file);
            break;
        case '<':
            fputs("&lt;", file);
            break;
        case '>':
            fputs("&gt;", file);
            break;
        default:
            fputc(*text, file);
        }
}

int svg_check_name(const char *path)
{
    const char *dot = path ? strrchr(path, '.') : NULL;

    if (!path || (dot && strcasecmp(dot, ".svg") == 0))
        return DONE;
    return fail(
        USAGE,
        "%s: drawings are SVG; give it a name that ends in .svg (rsvg-convert and browsers make PNG or PDF of it)",
        path);
}

int svg_open(struct svg *s, const char *path, double width, double height, const char *title)
{
    *s = (struct svg){ .path = path };
    s->file = open_memstream(&s->text, &s->length);
    if (!s->file)
        return fail(FAILED, "out of memory");
    fprintf(s->file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%g\" height=\"%g\" viewBox=\"0 0 %g %g\" "
            "font-family=\"Inter, 'Helvetica Neue', Helvetica, Arial, 'DejaVu Sans', sans-serif\">\n<title>",
            width, height, width, height);
    escaped(s->file, title);
    fprintf(s->file, "</title>\n<rect width=\"%g\" height=\"%g\" fill=\"#ffffff\"/>\n", width, height);
    return DONE;
}

int svg_close(struct svg *s)
{
    int status = DONE;

    fputs("</svg>\n", s->file);
    if (ferror(s->file))
        status = FAILED;
    if (fclose(s->file) != 0 || status != DONE)
        status = fail(FAILED, "out of memory");
    if (status == DONE)
        status = output_replace(s->path, s->text, s->length);
    free(s->text);
    return status;
}

void svg_text(struct svg *s, double x, double y, double size, const char *colour, const char *anchor, bool bold,
              const char *format, ...)
{
    char text[256];
    va_list list;

    va_start(list, format);
    vsnprintf(text, sizeof text, format, list);
    va_end(list);
    fprintf(s->file, "<text x=\"%.1f\" y=\"%.1f\" font-size=\"%g\" fill=\"%s\" text-anchor=\"%s\"%s>", x, y, size,
            colour, anchor, bold ? " font-weight=\"600\"" : "");
    escaped(s->file, text);
    fputs("</text>\n", s->file);
}

void svg_line(struct svg *s, double x0, double y0, double x1, double y1, const char *colour, double width)
{
    fprintf(s->file, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"%g\"/>\n",
            x0, y0, x1, y1, colour, width);
}

double axes_x(const struct axes *a, double value)
{
    return a->x + a->width * (value - a->left) / (a->right - a->left);
}

double axes_y(const struct axes *a, double value)
{
    return a->y + a->height * (a->high - value) / (a->high - a->low);
}

double round_step(double range, int parts)
{
    double raw = range / parts, power, mantissa;

    if (!(raw > 0) || !isfinite(raw))
        return 1;
    power = pow(10, floor(log10(raw)));
    mantissa = raw / power;
    return power * (mantissa < 1.5 ? 1 : mantissa < 3.5 ? 2 : mantissa < 7.5 ? 5 : 10);
}

void axes_draw_y(struct svg *s, struct axes *a, const char *unit)
{
    double step = round_step(a->high - a->low, 5);
    int digits = step >= 1 ? 0 : (int)ceil(-log10(step) - 1e-9);

    a->low = step * floor(a->low / step + 1e-6);
    a->high = step * ceil(a->high / step - 1e-6);
    if (!(a->high > a->low))
        a->high = a->low + step;
    for (int i = 0; a->low + i * step <= a->high + step / 2 && i < 20; i++) {
        double value = a->low + i * step, y = axes_y(a, value);
        svg_line(s, a->x, y, a->x + a->width, y, i ? GRID : MUTED, i ? 1 : 1.2);
        svg_text(s, a->x - 8, y + 4, 12, MUTED, "end", false, "%.*f%s", digits,
                 fabs(value) < step / 1e6 ? 0.0 : value, unit);
    }
}

void axes_draw_x(struct svg *s, const struct axes *a, const char *title)
{
    double step = fmax(1, round_step(a->right - a->left, 7)), base = a->y + a->height;

    for (double value = step * ceil(fmax(a->left, 1) / step); value <= a->right + 1e-9; value += step) {
        double x = axes_x(a, value);
        svg_line(s, x, base, x, base + 5, MUTED, 1.2);
        svg_text(s, x, base + 19, 12, MUTED, "middle", false, "%.0f", value);
    }
    svg_text(s, a->x + a->width / 2, base + 38, 12, MUTED, "middle", false, "%s", title);
}
