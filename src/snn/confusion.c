/* confusion.c - which classes a network takes for which. */
#include "confusion.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 118
#define LISTED 20 /* entries of a matrix that is too wide */

/* ---- counting */

static int count(void *user, const struct predictions *of)
{
    struct confusion *c = user;

    for (size_t i = 0; i < of->n; i++)
        c->count[of->label[i] * c->classes + of->class[i]]++;
    return DONE;
}

int confusion_measure(struct confusion *c, struct run *run, snn_split split, size_t batch)
{
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    struct predictor *p = predictor_open(run, run->test, batch);
    int status = p ? class_names_open(&c->names, run, split) : FAILED;

    if (status == DONE && snn_network_get_info(run->network, &net) == SNN_OK)
        c->classes = run->shape.classes > net.out.dim[0] ? run->shape.classes : net.out.dim[0];
    c->count = calloc(c->classes * c->classes, sizeof *c->count);
    if (status == DONE && !c->count)
        status = fail(FAILED, "out of memory");
    if (status == DONE)
        status = predictor_run(p, count, c);
    predictor_close(p);
    return status;
}

void confusion_close(struct confusion *c)
{
    free(c->count);
    class_names_close(&c->names);
    memset(c, 0, sizeof *c);
}

static uint64_t at(const struct confusion *c, size_t label, size_t class)
{
    return c->count[label * c->classes + class];
}

/* Samples of a label, and predictions of a class. */
static uint64_t labelled(const struct confusion *c, size_t label)
{
    uint64_t n = 0;

    for (size_t k = 0; k < c->classes; k++)
        n += at(c, label, k);
    return n;
}

static uint64_t predicted(const struct confusion *c, size_t class)
{
    uint64_t n = 0;

    for (size_t k = 0; k < c->classes; k++)
        n += at(c, k, class);
    return n;
}

/* ---- the matrix */

static int digits(uint64_t n)
{
    return snprintf(NULL, 0, "%llu", (unsigned long long)n);
}

/* Columns of a number of the matrix. */
static int width(const struct confusion *c)
{
    uint64_t most = c->classes - 1;

    for (size_t i = 0; i < c->classes * c->classes; i++)
        most = c->count[i] > most ? c->count[i] : most;
    return digits(most) + 1;
}

static void print_matrix(const struct confusion *c, int columns)
{
    const int number = digits(c->classes - 1), name = class_names_width(&c->names);

    printf("\nlabel, and samples by the class of the prediction\n%*s", number + name + (name > 0), "");
    for (size_t k = 0; k < c->classes; k++)
        printf("%*zu", columns, k);
    putchar('\n');
    for (size_t i = 0; i < c->classes; i++) {
        printf("%*zu%s%-*.*s", number, i, name > 0 ? " " : "", name, name, class_name(&c->names, i));
        for (size_t k = 0; k < c->classes; k++)
            printf("%*llu", columns, (unsigned long long)at(c, i, k));
        putchar('\n');
    }
}

/* The next largest entry off the diagonal after number `i` of count `below`; false if there is none. */
static bool next_largest(const struct confusion *c, size_t *i, uint64_t *below)
{
    uint64_t most = 0;
    size_t where = 0;

    for (size_t k = 0; k < c->classes * c->classes; k++)
        if (k / c->classes != k % c->classes && c->count[k] > most &&
            (c->count[k] < *below || (c->count[k] == *below && k > *i))) {
            most = c->count[k];
            where = k;
        }
    *i = where;
    *below = most;
    return most > 0;
}

static void print_largest(const struct confusion *c)
{
    const int name = class_names_width(&c->names) + 1, number = digits(c->classes - 1);
    uint64_t n = UINT64_MAX;
    size_t i = 0;

    printf("\n%s classes: the largest confusions\n%8s %8s  label, taken for\n", grouped(c->classes).s, "samples",
           "share");
    for (size_t row = 0; row < LISTED && next_largest(c, &i, &n); row++) {
        const size_t label = i / c->classes, class = i % c->classes;

        printf("%8s %7.2f%%  %*zu %-*s> %*zu %s\n", grouped(n).s, 100 * (double)n / (double)labelled(c, label),
               number, label, name, class_name(&c->names, label), number, class, class_name(&c->names, class));
    }
}

void confusion_print(const struct confusion *c)
{
    const int columns = width(c), before = digits(c->classes - 1) + class_names_width(&c->names) + 1;

    if (c->classes < COLUMNS && before + (int)c->classes * columns <= COLUMNS)
        print_matrix(c, columns);
    else
        print_largest(c);
}

json_t *confusion_json(const struct confusion *c)
{
    json_t *rows = json_array();

    for (size_t i = 0; i < c->classes; i++) {
        json_t *row = json_array();

        for (size_t k = 0; k < c->classes; k++)
            json_array_append_new(row, json_integer((json_int_t)at(c, i, k)));
        json_array_append_new(rows, row);
    }
    return rows;
}

/* ---- its classes */

/* Figures of a class; NaN where they are not defined. */
struct score {
    uint64_t samples;
    double precision, recall, f1;
};

static struct score score_of(const struct confusion *c, size_t class)
{
    const uint64_t samples = labelled(c, class), given = predicted(c, class);
    const double right = (double)at(c, class, class);

    return (struct score){ samples, given > 0 ? right / (double)given : NAN,
                           samples > 0 ? right / (double)samples : NAN,
                           samples + given > 0 ? 2 * right / (double)(samples + given) : NAN };
}

/* Means over the classes with samples; a class that was never given has precision 0. */
static struct score mean_of(const struct confusion *c)
{
    struct score mean = { 0 };
    size_t n = 0;

    for (size_t i = 0; i < c->classes; i++) {
        const struct score s = score_of(c, i);

        if (s.samples == 0)
            continue;
        mean.samples += s.samples;
        mean.precision += isnan(s.precision) ? 0 : s.precision;
        mean.recall += s.recall;
        mean.f1 += s.f1;
        n++;
    }
    mean.precision /= (double)n;
    mean.recall /= (double)n;
    mean.f1 /= (double)n;
    return mean;
}

static void print_share(double share)
{
    if (isnan(share))
        printf(" %9s", "-");
    else
        printf(" %8.2f%%", 100 * share);
}

static void print_score(const struct score *s, const char *name)
{
    printf(" %9s", grouped(s->samples).s);
    print_share(s->precision);
    print_share(s->recall);
    print_share(s->f1);
    printf("%s%s\n", name[0] ? "  " : "", name);
}

void confusion_print_classes(const struct confusion *c)
{
    const struct score mean = mean_of(c);

    printf("\nclass %9s %9s %9s %9s%s\n", "samples", "precision", "recall", "F1", c->names.n > 0 ? "  name" : "");
    for (size_t i = 0; i < c->classes; i++) {
        const struct score s = score_of(c, i);

        printf("%5zu", i);
        print_score(&s, class_name(&c->names, i));
    }
    printf(" mean");
    print_score(&mean, "");
}

static json_t *score_json(const struct score *s)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "samples", (json_int_t)s->samples, "precision",
                     json_figure(s->precision), "recall", json_figure(s->recall), "f1", json_figure(s->f1));
}

json_t *confusion_classes_json(const struct confusion *c)
{
    const struct score mean = mean_of(c);
    json_t *rows = json_array();

    for (size_t i = 0; i < c->classes; i++) {
        const struct score s = score_of(c, i);

        json_array_append_new(rows, score_json(&s));
    }
    return json_pack("{s:o, s:o}", "class", rows, "mean", score_json(&mean));
}
