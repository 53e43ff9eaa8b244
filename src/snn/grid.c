/* grid.c - tables of texts. */
#include "grid.h"
#include "outputs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *cell(const json_t *row, size_t column)
{
    const char *text = json_string_value(json_array_get(row, column));

    return text ? text : "";
}

static int width_of(const json_t *rows, size_t column)
{
    size_t width = 0;

    for (size_t r = 0; r < json_array_size(rows); r++) {
        size_t n = strlen(cell(json_array_get(rows, r), column));
        width = n > width ? n : width;
    }
    return (int)width;
}

/* Text of a file from anywhere gives no orders to the terminal. */
static void print_padded(const char *text, int width)
{
    for (; *text; text++, width--)
        putchar((unsigned char)*text < ' ' || *text == 127 ? '?' : *text);
    printf("%*s", width > 0 ? width : 0, "");
}

void grid_print(const json_t *rows)
{
    size_t columns = json_array_size(json_array_get(rows, 0));

    for (size_t r = 0; r < json_array_size(rows); r++) {
        const json_t *row = json_array_get(rows, r);
        size_t used = columns;

        while (used > 1 && !*cell(row, used - 1)) /* no blanks at the end of a line */
            used--;
        for (size_t c = 0; c < used; c++)
            print_padded(cell(row, c), c + 1 < used ? width_of(rows, c) + 2 : 0);
        putchar('\n');
    }
}

json_t *grid_number(double x)
{
    return isfinite(x) ? json_sprintf("%.9g", x) : json_string("");
}

void grid_cell(FILE *file, const char *text)
{
    const bool quoted = strpbrk(text, ",\"\r\n") != NULL;

    fputs(quoted ? "\"" : "", file);
    for (; *text; text++)
        fprintf(file, *text == '"' ? "\"\"" : "%c", *text);
    fputs(quoted ? "\"" : "", file);
}

int grid_write(const json_t *rows, const char *path)
{
    size_t columns = json_array_size(json_array_get(rows, 0)), length;
    char *text = NULL;
    FILE *file = open_memstream(&text, &length);
    int status;

    if (!file)
        return fail(FAILED, "out of memory");
    for (size_t r = 0; r < json_array_size(rows); r++)
        for (size_t c = 0; c < columns; c++) {
            grid_cell(file, cell(json_array_get(rows, r), c));
            fputc(c + 1 < columns ? ',' : '\n', file);
        }
    status = fclose(file) == 0 ? output_replace(path, text, length) : fail(FAILED, "out of memory");
    free(text);
    return status;
}

struct text scalar_text(const json_t *value)
{
    struct text out;

    if (json_is_string(value)) {
        snprintf(out.s, sizeof out.s, "%s", json_string_value(value));
        return out;
    }
    if (json_is_integer(value)) {
        snprintf(out.s, sizeof out.s, "%lld", (long long)json_integer_value(value));
        return out;
    }
    for (int digits = 6; digits <= 17; digits++) {
        snprintf(out.s, sizeof out.s, "%.*g", digits, json_number_value(value));
        if (!(strtod(out.s, NULL) < json_number_value(value) || strtod(out.s, NULL) > json_number_value(value)))
            break;
    }
    return out;
}
