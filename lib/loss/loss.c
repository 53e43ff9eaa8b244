/* loss/loss.c - what an output costs, and its derivative.
 *
 * A sample has outputs y[c] of C classes, or of C numbers that should be a[c]: the host's targets, a constant, or the
 * label q[c] = (1 - e) onehot + e / C. With r = y - a and p = softmax(y):
 *
 *   name          L                                        dL/dy[c]
 *   ce            - sum q log p                            p - q                          labels only
 *   mse           1/C sum r^2                              2 r / C
 *   half_square   1/2 sum r^2                              r
 *   mae           1/C sum |r|                              sign(r) / C
 *   huber         1/C sum h(r)                             min(max(r, -delta), delta) / C
 *                   h = r^2 / 2 if |r| <= delta, else delta (|r| - delta / 2)
 *   ce_mse        (1 - mix) ce + mix mse                   likewise                       labels only
 *
 * or what the host's own function says. With a teacher's logits p:
 *
 *   (1 - share) L + share tau^2 KL(softmax(p / tau) || softmax(y / tau))
 *   (1 - share) dL/dy + share tau (softmax(y / tau) - softmax(p / tau))
 *
 * The error at the output is weight / B times that. */
#include "loss/loss.h"
#include "core/context.h"
#include "core/fpu.h"
#include "core/status.h"
#include "kernel/layers.h"
#include <math.h>
#include <string.h>

struct snn__name snn__loss_names(size_t index)
{
    static const struct snn__name losses[] = { SNN__LOSSES(SNN__NAME_ROW) };

    return snn__name_in(losses, sizeof losses / sizeof *losses, index);
}

struct snn__name snn__readout_names(size_t index)
{
    static const struct snn__name readouts[] = { SNN__READOUTS(SNN__NAME_ROW) };

    return snn__name_in(readouts, sizeof readouts / sizeof *readouts, index);
}

enum snn__loss_kind snn__loss_named(const char *name)
{
    return (enum snn__loss_kind)snn__name_index(snn__loss_names, name);
}

struct work {
    const struct snn__layer_kernels *layers;
    const struct snn__loss *loss;
    const struct snn__judged *of;
};

/* One sample: y is factor out, d receives dL/dy. */
struct sample {
    const struct snn__loss *loss;
    const uint32_t *label; /* or NULL: */
    const uint32_t *other; /* of another sample, with the rest of the share; or NULL */
    double share;
    const float *target;
    size_t classes;
    const double *y;
    double *d;
};

/* ---- the named losses ---- */

/* The one-hot label, or the mixture of two. */
static double hot(const struct sample *s, size_t c)
{
    const double own = c == *s->label ? 1.0 : 0.0;

    return s->other == NULL ? own : s->share * own + (1.0 - s->share) * (c == *s->other ? 1.0 : 0.0);
}

/* q[c] */
static double labelled(const struct sample *s, size_t c)
{
    double e = s->loss->smoothing;

    return (1.0 - e) * hot(s, c) + e / (double)s->classes;
}

/* a[c] */
static double aim(const struct sample *s, size_t c)
{
    if (s->target != NULL)
        return s->target[c];
    return s->loss->constant ? s->loss->target : labelled(s, c);
}

/* share times the cross-entropy */
static double cross_entropy(const struct sample *s, double share)
{
    double largest = -INFINITY, sum = 0, l = 0, log_of_sum;

    for (size_t c = 0; c < s->classes; c++)
        if (s->y[c] > largest)
            largest = s->y[c];
    for (size_t c = 0; c < s->classes; c++)
        sum += s->d[c] = exp(s->y[c] - largest);
    log_of_sum = log(sum);
    for (size_t c = 0; c < s->classes; c++) {
        double q = labelled(s, c);

        l -= q * (s->y[c] - largest - log_of_sum);
        s->d[c] = share * (s->d[c] / sum - q);
    }
    return share * l;
}

/* The distance of one number, and its derivative. */
static double square(double r, double *slope)
{
    *slope = 2.0 * r;
    return r * r;
}

static double absolute(double r, double *slope)
{
    *slope = r > 0 ? 1.0 : r < 0 ? -1.0 : 0.0;
    return fabs(r);
}

static double huber(double r, double delta, double *slope)
{
    double size = fabs(r);

    *slope = size <= delta ? r : r > 0 ? delta : -delta;
    return size <= delta ? 0.5 * r * r : delta * (size - 0.5 * delta);
}

static double distance(const struct snn__loss *loss, double r, double *slope)
{
    switch (loss->kind) {
    case SNN__LOSS_mae:
        return absolute(r, slope);
    case SNN__LOSS_huber:
        return huber(r, loss->delta, slope);
    default:
        return square(r, slope);
    }
}

/* share times the distance from the aim, added to d */
static double distances(const struct sample *s, double share)
{
    double mean = s->loss->kind == SNN__LOSS_half_square ? 0.5 : 1.0 / (double)s->classes, l = 0, slope;

    for (size_t c = 0; c < s->classes; c++) {
        l += distance(s->loss, s->y[c] - aim(s, c), &slope) * mean;
        s->d[c] += share * slope * mean;
    }
    return share * l;
}

static double named(const struct sample *s)
{
    double mix = s->loss->mix;

    switch (s->loss->kind) {
    case SNN__LOSS_ce:
        return cross_entropy(s, 1.0);
    case SNN__LOSS_ce_mse:
        return cross_entropy(s, 1.0 - mix) + distances(s, mix);
    default:
        return distances(s, 1.0);
    }
}

bool snn__loss_takes_targets(const struct snn__loss *loss)
{
    return loss->host != NULL || (loss->kind != SNN__LOSS_ce && loss->kind != SNN__LOSS_ce_mse);
}

/* ---- a batch ---- */

static double *outputs_of(const struct snn__judged *of, size_t b)
{
    return of->room + b * of->classes;
}

static double *slopes_of(const struct snn__judged *of, size_t b)
{
    return of->room + (of->batch + b) * of->classes;
}

/* Steps of all samples for each step that this one has; 0: none. */
static double stretch(const struct snn__judged *of, size_t b)
{
    if (of->length == NULL)
        return 1.0;
    return of->length[b] > of->first ? (double)(of->steps - of->first) / (double)(of->length[b] - of->first) : 0.0;
}

/* Number of steps whose outputs count for a sample. */
static double share_of(const struct snn__judged *of, size_t b)
{
    if (of->readout == SNN__READOUT_last)
        return of->step + 1 == (of->length != NULL ? of->length[b] : of->steps) ? 1.0 : 0.0;
    if (of->step == of->steps)
        return stretch(of, b) > 0 ? 1.0 : 0.0;
    return of->length == NULL || of->step < of->length[b] ? stretch(of, b) : 0.0;
}

/* y = factor out */
static double factor_of(const struct snn__judged *of, size_t b)
{
    const bool mean = of->step == of->steps && snn__reads_mean(of->readout);

    return mean ? of->factor * stretch(of, b) : of->factor;
}

static void read_outputs(const struct work *k, size_t b)
{
    const struct snn__judged *of = k->of;
    double *d = slopes_of(of, b);

    k->layers->widen(outputs_of(of, b), factor_of(of, b), of->out + b * of->classes, of->classes);
    for (size_t c = 0; c < of->classes; c++)
        d[c] = 0;
}

/* Adds the teacher's share to a sample's loss and error. */
static void learn_from_teacher(const struct work *k, size_t b, double weight)
{
    const struct snn__judged *of = k->of;
    const double share = k->loss->share, tau = k->loss->tau;
    const struct snn__distil distil = { .classes = of->classes,
                                        .out = of->out + b * of->classes,
                                        .teacher = k->loss->teacher + b * of->classes,
                                        .factor = factor_of(of, b) / tau,
                                        .share = share,
                                        .tau = tau,
                                        .weight = weight,
                                        .error = of->error != NULL ? of->error + b * of->classes : NULL };

    of->sums[b] = (1.0 - share) * of->sums[b] + share * tau * tau * k->layers->distil(&distil);
}

/* From dL/dy to the error at the output. */
static void send_down(const struct work *k, size_t b)
{
    const struct snn__judged *of = k->of;
    double *d = slopes_of(of, b), share = share_of(of, b), weight = of->weight * share / (double)of->batch;

    for (size_t c = 0; c < of->classes && share <= 0; c++) /* whatever they are */
        d[c] = 0;
    if (of->error != NULL)
        k->layers->narrow(of->error + b * of->classes, share > 0 ? weight : 1.0, d, of->classes);
    if (k->loss->teacher != NULL)
        learn_from_teacher(k, b, weight);
    of->sums[b] = share > 0 ? share * of->sums[b] : 0.0;
}

static void one_sample(void *arg, size_t b)
{
    const struct work *k = arg;
    const struct snn__judged *of = k->of;

    read_outputs(k, b);
    of->sums[b] = named(&(struct sample){ .loss = k->loss,
                                          .label = of->label != NULL ? of->label + b : NULL,
                                          .other = of->partner != NULL ? of->label + of->partner[b] : NULL,
                                          .share = of->partner != NULL ? (double)of->share[b] : 1.0,
                                          .target = of->target != NULL ? of->target + b * of->classes : NULL,
                                          .classes = of->classes,
                                          .y = outputs_of(of, b),
                                          .d = slopes_of(of, b) });
    send_down(k, b);
}

/* ---- the host's own ---- */

static snn_status call_host(const struct snn__loss *loss, const struct snn__judged *of)
{
    SNN__CALLS_HOST;
    const snn_loss_call call = { .struct_size = sizeof call,
                                 .training = of->training,
                                 .layer = of->layer,
                                 .step = of->step,
                                 .steps = of->steps,
                                 .samples = of->batch,
                                 .outputs = of->classes,
                                 .output = outputs_of(of, 0),
                                 .labels = of->label,
                                 .targets = of->target,
                                 .lengths = of->length,
                                 .loss = of->sums,
                                 .error = of->error != NULL ? slopes_of(of, 0) : NULL };

    return loss->host(loss->user, &call);
}

/* So that the host need not ask. */
static snn_status check_question(const struct snn__judged *of)
{
    for (size_t i = 0; i < of->batch * of->classes; i++)
        if (!isfinite(of->room[i]))
            return snn__fail(SNN_ERR_DIVERGED,
                             "output %zu of sample %zu is not finite (step %zu): a smaller learning "
                             "rate may help",
                             i % of->classes, i / of->classes, of->step);
    return SNN_OK;
}

static snn_status check_answer(const struct snn__judged *of, size_t b)
{
    const double *d = slopes_of(of, b);
    bool finite = isfinite(of->sums[b]);

    for (size_t c = 0; c < of->classes; c++)
        finite &= isfinite(d[c]) != 0;
    if (finite || share_of(of, b) == 0)
        return SNN_OK;
    return snn__fail(SNN_ERR_DIVERGED, "the host's loss of sample %zu, or an error of it, is not finite (step %zu)",
                     b, of->step);
}

static snn_status ask_host(const struct work *k)
{
    const struct snn__judged *of = k->of;
    snn_status rc;

    for (size_t b = 0; b < of->batch; b++) {
        read_outputs(k, b);
        of->sums[b] = 0;
    }
    SNN__TRY(check_question(of));
    rc = call_host(k->loss, of);
    if (rc != SNN_OK)
        return snn__fail(rc, "the host's loss returned %s (step %zu)", snn_status_name(rc), of->step);
    for (size_t b = 0; b < of->batch; b++)
        SNN__TRY(check_answer(of, b));
    for (size_t b = 0; b < of->batch; b++)
        send_down(k, b);
    return SNN_OK;
}

snn_status snn__loss(const snn_context *ctx, const struct snn__loss *loss, const struct snn__judged *of, double *mean)
{
    struct work k = { snn__layers(ctx), loss, of };
    double sum = 0;

    if (loss->host != NULL)
        SNN__TRY(ask_host(&k));
    else if (of->batch * of->classes >= 1024)
        snn__each(ctx, one_sample, &k, of->batch);
    else
        for (size_t b = 0; b < of->batch; b++)
            one_sample(&k, b);
    for (size_t b = 0; b < of->batch; b++)
        sum += of->sums[b];
    *mean = of->weight * sum / (double)of->batch;
    return SNN_OK;
}
