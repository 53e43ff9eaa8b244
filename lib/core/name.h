/* core/name.h - words that users choose from. A list is one table beside what it names; snn_name() shows them all. */
#ifndef SNN_CORE_NAME_H
#define SNN_CORE_NAME_H

#include "core/status.h"
#include <stddef.h>

struct snn__name {
    const char *name; /* NULL: past the last */
    const char *text; /* meaning, in one line */
};

/* Entry number `index` of a list, from 0. */
typedef struct snn__name snn__names(size_t index);

/* "a, b, c". */
struct snn__name_list {
    char text[512];
};
struct snn__name_list snn__names_text(snn__names *list);

/* Place of a name in a list; the length of the list if it is not there. */
size_t snn__name_index(snn__names *list, const char *name);

/* Fails for a word that is not in a list: unknown WHAT "word"; there are a, b, c. */
snn_status snn__unknown(const char *what, const char *word, snn__names *list);

/* Choices of a text parameter are macros LIST(X) of X(name, text), of which come both the words that the parameter
 * takes, "a|b|c", and the rows of a list. */
#define SNN__CHOICE(name, text) "|" #name
#define SNN__CHOICES(LIST) (&(LIST(SNN__CHOICE))[1])
#define SNN__NAME_ROW(name, text) { #name, text },

static inline struct snn__name snn__name_in(const struct snn__name *rows, size_t n, size_t index)
{
    return index < n ? rows[index] : (struct snn__name){ NULL, NULL };
}

/* The entry of an object that is named by its fields; NULL: past the last. */
#define SNN__NAME_OF(object) \
    ((object) ? (struct snn__name){ (object)->name, (object)->text } : (struct snn__name){ NULL, NULL })

#endif
