/* Random networks and settings, for tests of trainers. */
#ifndef SNN_TESTS_TRAINER_RANDOM_H
#define SNN_TESTS_TRAINER_RANDOM_H

#include "trainer/builder.h"

enum { RANDOM_STEPS = 5, RANDOM_OUT = 3, RANDOM_LEN = 32 };

static const char *const random_methods[] = { "bptt", "sltt", "ottt", "opzo", "sei", "eprop", "dsr", "ide", "spide" };

/* ---- what is drawn ---- */

/* A small generator of its own: a failing seed fails everywhere. */
static inline unsigned draw(unsigned *state, unsigned n)
{
    *state = *state * 1664525u + 1013904223u;
    return (*state >> 8) % n;
}

/* One of the words between bars. */
static inline void add_word(char *text, unsigned *state, const char *words)
{
    size_t n = 1, length;

    for (const char *c = words; *c != '\0'; c++)
        n += *c == '|';
    for (unsigned skip = draw(state, (unsigned)n); skip > 0; skip--)
        words = strchr(words, '|') + 1;
    length = strcspn(words, "|");
    strncat(text, words, length);
}

static inline void add_population(char *text, unsigned *state, const char *method, const char *name)
{
    const bool loop = strstr(method, "ide") != NULL, rates = strcmp(method, "dsr") == 0;
    const char *models = loop ? "lif" : rates ? "dsr_if|dsr_lif" : "if|lif|alif|lif|cuba|plif";

    strcat(text, "; ");
    add_word(text, state, strcmp(method, "eprop") == 0 ? "if|lif|alif" : models);
    strcat(strcat(text, " "), name);
    add_word(text, state, " threshold=1| threshold=0.3| threshold=0.6");
    if (loop)
        strcat(text, " decay=0.9");
    else if (!rates)
        add_word(text, state,
                 "|| refractory=1| refractory=4| surrogate=arctan| fire_at=0.7| floor=-0.2 initial=0.3| "
                 "initial=-0.5| initial=0.2 initial_per_neuron=1");
}

static inline void add_norm(char *text, unsigned *state, const char *name)
{
    char words[160];

    snprintf(words, sizeof words, "||||; layer_norm %s|; batch_norm %s|; dropout %s rate=0.3|; scale %s value=0.7",
             name, name, name, name);
    add_word(text, state, words);
}

static inline void add_feedback(char *text, unsigned *state)
{
    strcat(text, "; linear w out=7 bias=0 ");
    add_word(text, state, "<n:1|<n:2|<n:4");
    strcat(text, "; add s <a <w");
}

/* Vectors of 6 or maps of 2x4x4; one population or two; delays of feedback and forward, a leaky readout. */
static inline void draw_network(char *text, unsigned *state, const char *method, size_t shape[3])
{
    const bool map = draw(state, 3) == 0, feedback = !map && draw(state, 3) == 0,
               loop = strstr(method, "ide") != NULL;

    memcpy(shape, map ? (size_t[]){ 2, 4, 4 } : (size_t[]){ 6, 0, 0 }, 3 * sizeof *shape);
    strcpy(text, map ? "conv2d a out=3 pad=1" : "linear a out=7");
    add_word(text, state, "|| bias=0| standardise=1| binary=scaled");
    if (feedback)
        add_feedback(text, state);
    else
        add_norm(text, state, "an");
    add_population(text, state, method, "n");
    if (!feedback && draw(state, 2) == 0) {
        strcat(text, map ? "; avgpool p kernel=2; conv2d b out=4" : "; linear b out=5 ");
        if (!map)
            add_word(text, state, "||||<n:1|<n:3");
        add_norm(text, state, "bn");
        add_population(text, state, method, "m");
    }
    if (loop)
        strcat(text, "; rate r decay=0.9");
    strcat(text, map ? "; flatten f; linear o out=3" : "; linear o out=3");
    if (!loop)
        add_word(text, state, "||; lif q reset=none decay=0.6");
}

static inline void draw_settings(char *text, unsigned *state, const char *method)
{
    static const char *const words[][2] = {
        { "bptt", "| detach_reset=1" },
        { "sltt", "| sampled_steps=2" },
        { "ottt", " variant=A| variant=O" },
        { "opzo", "| feedback=dfa| feedback=kp| feedback=zo| feedback=bp| online=1" },
        { "sei", "| temporal=1" },
        { "eprop", "| feedback=random" },
        { "ide", "| solver=broyden| solver=iteration" },
        { "spide", "| backward_steps=7" },
    };

    const bool keeps = strcmp(method, "bptt") == 0 || strcmp(method, "sei") == 0;

    snprintf(text, 64, "steps=%d", RANDOM_STEPS);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i][0], method) == 0)
            add_word(text, state, words[i][1]);
    add_word(text, state, keeps ? "|| loss_on=mean| loss_on=last| loss_on=max| loss_on=sum" : "||| loss_on=last");
}

#endif
