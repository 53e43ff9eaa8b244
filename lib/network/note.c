/* Texts of the host that travel with a network, in the order in which they were first set. */
#include "network/note.h"
#include "core/alloc.h"
#include "core/number.h"
#include "core/status.h"
#include "network/network.h"
#include <snn/model.h>
#include <string.h>

#define KEY_MAX 255u
#define TEXT_MAX (1u << 20)

/* Length of the well-formed UTF-8 sequence at `s`, 0 if there is none: no overlong forms, surrogates, or codes past
 * U+10FFFF. */
static size_t sequence(const unsigned char *s)
{
    size_t length = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;

    for (size_t i = 1; i < length; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
        (s[0] == 0xf4 && s[1] > 0x8f))
        return 0;
    return length;
}

bool snn__text_valid(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    while (*s != '\0') {
        size_t length = sequence(s);

        if (length == 0)
            return false;
        s += length;
    }
    return true;
}

bool snn__text_printable(const char *text)
{
    const unsigned char *s = (const unsigned char *)text;

    for (size_t i = 0; s[i] != '\0'; i++)
        if (snn__control(s + i) > 0)
            return false;
    return snn__text_valid(text);
}

/* The link that holds the note of this key, or the one at the end of the list. */
static struct snn__note **find(struct snn__note **link, const char *key)
{
    while (*link != NULL && strcmp((*link)->key, key) != 0)
        link = &(*link)->next;
    return link;
}

static void free_note(snn_context *ctx, struct snn__note *note)
{
    if (note != NULL) {
        snn__free(ctx, note->key);
        snn__free(ctx, note->text);
        snn__free(ctx, note);
    }
}

static struct snn__note *make_note(snn_context *ctx, const char *key, const char *text)
{
    struct snn__note *note = snn__alloc(ctx, 1, sizeof *note);

    if (note == NULL)
        return NULL;
    note->key = snn__strdup(ctx, key);
    note->text = note->key != NULL ? snn__strdup(ctx, text) : NULL;
    if (note->text == NULL) {
        free_note(ctx, note);
        return NULL;
    }
    return note;
}

static snn_status check(const snn_network *network, const char *key, const char *text)
{
    if (network == NULL || key == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "note: %s is NULL", network == NULL ? "network" : "key");
    if (key[0] == '\0' || strlen(key) > KEY_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "note: a key has 1 to %u bytes, this one has %zu", KEY_MAX, strlen(key));
    if (strncmp(key, "snn", 3) == 0)
        return snn__fail(SNN_ERR_ARGUMENT, "note \"%s\": keys that begin with \"snn\" are the library's own", key);
    if (text != NULL && strlen(text) > TEXT_MAX)
        return snn__fail(SNN_ERR_ARGUMENT, "note \"%s\": %zu bytes are more than %u", key, strlen(text), TEXT_MAX);
    if (!snn__text_valid(key) || (text != NULL && !snn__text_valid(text)))
        return snn__fail(SNN_ERR_ARGUMENT, "note \"%s\": key and text have to be UTF-8", key);
    return SNN_OK;
}

snn_status snn_network_set_note(snn_network *network, const char *key, const char *text)
{
    struct snn__note **link, *note = NULL, *old;

    SNN__TRY(check(network, key, text));
    link = find(&network->notes, key);
    old = *link;
    if (text != NULL) {
        note = make_note(network->ctx, key, text);
        if (note == NULL)
            return SNN_ERR_MEMORY;
        note->next = old != NULL ? old->next : NULL;
        *link = note;
    } else if (old != NULL) {
        *link = old->next;
    }
    free_note(network->ctx, old);
    return SNN_OK;
}

const char *snn_network_note(const snn_network *network, const char *key)
{
    const struct snn__note *note = network != NULL && key != NULL ? network->notes : NULL;

    while (note != NULL && strcmp(note->key, key) != 0)
        note = note->next;
    return note != NULL ? note->text : NULL;
}

void snn__notes_free(snn_network *network)
{
    while (network->notes != NULL) {
        struct snn__note *next = network->notes->next;

        free_note(network->ctx, network->notes);
        network->notes = next;
    }
}
