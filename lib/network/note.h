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

/* True if a text is well-formed UTF-8, as the header of a model file requires. */
bool snn__text_valid(const char *text);
/* The same without control characters, which would act on a terminal: as a name requires. */
bool snn__text_printable(const char *text);

#endif
