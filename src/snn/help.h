/* help.h - what the tool says of itself, as text for a terminal or as a manual page. */
#ifndef SNN_TOOL_HELP_H
#define SNN_TOOL_HELP_H

#include "command.h"

/* A list of commands, or all about one of them. */
int help_all(void);
int help_on(const struct command *command);

/* Parts of a page: a heading, paragraphs (a line each), and an item, explained from column `width` + 3 on. */
void help_heading(const char *words);
void help_text(const char *paragraphs);
void help_item(size_t width, const char *item, const char *text);

#endif
