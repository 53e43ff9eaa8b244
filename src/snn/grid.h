/* grid.h - tables of texts: rows of as many cells, a JSON array of arrays of strings, the first row the headings. */
#ifndef SNN_TOOL_GRID_H
#define SNN_TOOL_GRID_H

#include "tool.h"

/* Columns as wide as their widest cell. */
void grid_print(const json_t *rows);
/* Makes it the content of a file, as RFC 4180 has it. Returns DONE or FAILED. */
int grid_write(const json_t *rows, const char *path);
/* A cell of such a file, in quotes where it has to be. */
void grid_cell(FILE *file, const char *text);

/* A number for machines: empty where it is not finite. */
json_t *grid_number(double x);

/* Text of a string or a number, with as few digits as give the same number. */
struct text scalar_text(const json_t *value);

#endif
