/* trainer/fit.c - how well predictions y fit targets a, over N samples (N samples and steps, with targets for each
 * step) of C outputs.
 *
 *   squared_error = 1/(N C) sum (y - a)^2
 *   smape         = 200/(N C) sum |y - a| / (|y| + |a|), in which two zeros count 0
 *   r2            = mean over c of 1 - sum (y - a)^2 / sum (a - mean a)^2,  c: the outputs whose targets differ
 *
 * A prediction is what all outputs come to (readout.c) for a target of the sample, the output of the step for one of
 * its own. Sums are
 * taken in the order of the samples, one after the other: the same for any number of threads. */
#include "core/context.h"
#include "trainer/trainer.h"
#include <math.h>
#include <string.h>

/* The mean and the spread of the targets grow with each of them (Welford), so that a large mean costs no digits. */
static void add(struct snn__fit_of *fit, uint64_t n, double y, double a)
{
    double before = a - fit->mean, size = fabs(y) + fabs(a);

    fit->square += (y - a) * (y - a);
    fit->relative += size > 0 ? fabs(y - a) / size : 0;
    fit->mean += before / (double)n;
    fit->spread += before * (a - fit->mean);
}

void snn__fit_add(snn_trainer *tr, size_t t)
{
    bool all = t == tr->steps;
    struct snn__signal out = all ? (struct snn__signal){ tr->out_sum, 1.0f } : snn__pass_output(&tr->pass, t);
    const float *target = snn__target(tr, t);
    size_t n = tr->classes;

    for (size_t b = 0; b < tr->pass.batch; b++) {
        double factor = all ? snn__outcome_factor(tr, b) : out.scale;

        if (all ? factor == 0 : !snn__has_step(tr, t, b))
            continue;
        tr->fit.n++;
        for (size_t c = 0; c < n; c++)
            add(&tr->fit.of[c], tr->fit.n, factor * out.data[b * n + c], target[b * n + c]);
    }
}

void snn__fit_copy(struct snn__fit *to, const struct snn__fit *from, size_t classes)
{
    to->n = from->n;
    memcpy(to->of, from->of, classes * sizeof *to->of);
}

/* Chan's formula for the spread of two sets together. */
void snn__fit_merge(struct snn__fit *to, const struct snn__fit *from, size_t classes)
{
    const double a = (double)to->n, b = (double)from->n, n = a + b;

    for (size_t c = 0; c < classes && from->n > 0; c++) {
        struct snn__fit_of *f = &to->of[c];
        const struct snn__fit_of *g = &from->of[c];
        const double apart = g->mean - f->mean;

        f->square += g->square;
        f->relative += g->relative;
        f->mean += apart * b / n;
        f->spread += g->spread + apart * apart * a * b / n;
    }
    to->n += from->n;
}

void snn__fit_clear(struct snn__fit *fit, size_t classes)
{
    fit->n = 0;
    for (size_t c = 0; c < classes; c++)
        fit->of[c] = (struct snn__fit_of){ 0, 0, 0, 0 };
}

double snn__fit_square(const struct snn__fit *fit, size_t classes)
{
    double sum = 0;

    for (size_t c = 0; c < classes; c++)
        sum += fit->of[c].square;
    return fit->n > 0 ? sum / ((double)fit->n * (double)classes) : NAN;
}

double snn__fit_smape(const struct snn__fit *fit, size_t classes)
{
    double sum = 0;

    for (size_t c = 0; c < classes; c++)
        sum += fit->of[c].relative;
    return fit->n > 0 ? 200 * sum / ((double)fit->n * (double)classes) : NAN;
}

double snn__fit_r2(const struct snn__fit *fit, size_t classes)
{
    double sum = 0, outputs = 0;

    for (size_t c = 0; c < classes; c++)
        if (fit->n > 0 && fit->of[c].spread > 0) {
            sum += 1.0 - fit->of[c].square / fit->of[c].spread;
            outputs++;
        }
    return outputs > 0 ? sum / outputs : NAN;
}
