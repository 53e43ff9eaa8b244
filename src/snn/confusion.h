/* confusion.h - which classes a network takes for which, and what follows for each of them. */
#ifndef SNN_TOOL_CONFUSION_H
#define SNN_TOOL_CONFUSION_H

#include "class_names.h"
#include "predictions.h"

struct confusion {
    size_t classes;
    uint64_t *count; /* [label][class of the prediction] */
    struct class_names names;
};

/* Predicts all samples of the run's test set once more, which has labels; `split` is of the names. Returns DONE,
 * FAILED or INTERRUPTED. */
int confusion_measure(struct confusion *c, struct run *run, snn_split split, size_t batch);
void confusion_close(struct confusion *c);

/* The matrix, or where it is wider than a terminal its largest entries off the diagonal. */
void confusion_print(const struct confusion *c);
json_t *confusion_json(const struct confusion *c);
/* Samples, precision, recall and F1 of each class, and their means over the classes that have samples. */
void confusion_print_classes(const struct confusion *c);
json_t *confusion_classes_json(const struct confusion *c);

#endif
