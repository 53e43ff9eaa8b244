/* network/note.h - texts of the host that travel with a network. */
#ifndef SNN_NETWORK_NOTE_H
#define SNN_NETWORK_NOTE_H

#include <snn/network.h>
#include <stdbool.h>

/* One text under its key. A network owns a list of them. */
struct snn__note {
    char *key, *text;
    struct snn__note *next;
};

/* Frees all notes of a network. */
void snn__notes_free(snn_network *network);

/* Whether a text is well-formed UTF-8: what may stand in the header of a model file. */
bool snn__text_valid(const char *text);
/* The same without control characters, which would act on a terminal: what may be a name. */
bool snn__text_printable(const char *text);

#endif
