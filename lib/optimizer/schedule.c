/* schedule.c - the learning rate of an update: a schedule over epochs times a linear warm-up over updates.
 *
 *   constant    lr
 *   step        lr gamma^floor(epoch / step_epochs)
 *   multi_step  lr gamma^(milestones at or before this epoch)
 *   cosine      lr_min + (lr - lr_min) / 2 (1 + cos(pi epoch / epochs)), lr_min from epoch `epochs` on
 *   warm-up     times min(1, (update + 1) / warmup) */
#include "optimizer/type.h"
#include <math.h>

#define PI 3.14159265358979323846

/* Reads one whole number off *text; false if there is none, or it is larger than any epoch. */
static bool read_epoch(const char **text, uint64_t *epoch)
{
    const char *s = *text;
    uint64_t value = 0;

    while (*s == ' ')
        s++;
    if (*s < '0' || *s > '9')
        return false;
    for (; *s >= '0' && *s <= '9'; s++) {
        if (value > UINT64_C(1000000000000))
            return false;
        value = 10 * value + (uint64_t)(*s - '0');
    }
    while (*s == ' ')
        s++;
    *text = s;
    *epoch = value;
    return true;
}

bool snn__schedule_milestones_valid(const char *text)
{
    uint64_t epoch;

    if (*text == '\0')
        return true;
    while (read_epoch(&text, &epoch)) {
        if (*text == '\0')
            return true;
        if (*text++ != ',')
            return false;
    }
    return false;
}

/* Milestones at or before `epoch`. The text is short and is parsed each time, so there is no second copy. */
static unsigned milestones_passed(const char *text, uint64_t epoch)
{
    uint64_t milestone;
    unsigned passed = 0;

    while (read_epoch(&text, &milestone)) {
        passed += milestone <= epoch;
        if (*text == ',')
            text++;
    }
    return passed;
}

static double cosine(const struct snn__params *p, double lr, uint64_t epoch)
{
    const double lr_min = snn__param_f64(p, SNN_OPTIMIZER_LR_MIN);
    const double epochs = (double)snn__param_i64(p, SNN_OPTIMIZER_EPOCHS);

    if ((double)epoch >= epochs)
        return lr_min;
    return lr_min + 0.5 * (lr - lr_min) * (1.0 + cos(PI * (double)epoch / epochs));
}

static double scheduled(const struct snn__params *p, uint64_t epoch)
{
    const double lr = snn__param_f64(p, SNN_OPTIMIZER_LR);
    const double gamma = snn__param_f64(p, SNN_OPTIMIZER_GAMMA);

    if (snn__param_is(p, SNN_OPTIMIZER_SCHEDULE, "cosine"))
        return cosine(p, lr, epoch);
    if (snn__param_is(p, SNN_OPTIMIZER_SCHEDULE, "step"))
        return lr * pow(gamma, (double)(epoch / (uint64_t)snn__param_i64(p, SNN_OPTIMIZER_STEP_EPOCHS)));
    if (snn__param_is(p, SNN_OPTIMIZER_SCHEDULE, "multi_step"))
        return lr * pow(gamma, milestones_passed(snn__param_str(p, SNN_OPTIMIZER_MILESTONES), epoch));
    return lr;
}

double snn__schedule_rate(const struct snn__params *params, uint64_t epoch, uint64_t update)
{
    const uint64_t warmup = (uint64_t)snn__param_i64(params, SNN_OPTIMIZER_WARMUP);
    const double lr = scheduled(params, epoch);

    return update < warmup ? lr * ((double)update + 1.0) / (double)warmup : lr;
}
