/* trainer/shards_report.c - what every shard tells all ranks after a batch, or a step: whether it failed, its loss
 * and its counters; and what ranks compare when a call begins.
 *
 * Every rank adds the reports of all shards in their order, so that all have the same figures. */
#include "core/context.h"
#include "trainer/rule.h"
#include <stdio.h>
#include <string.h>

/* The counters of the layers follow it, [layers], and then what a fit has of every output. */
struct report {
    int32_t status;
    uint32_t unread, learned, stop;
    uint64_t samples, neuron_steps, couple_steps, predictions;
    double loss, correct, top;
    struct snn__solves solver;
};

size_t snn__report_bytes(const snn_trainer *tr)
{
    return sizeof(struct report) + tr->net->n_layers * sizeof(struct snn__counts) +
           tr->classes * sizeof(struct snn__fit_of);
}

static struct report *own_report(const struct snn__shards *s, size_t number)
{
    return (struct report *)(void *)(s->report + number * s->bytes);
}

static const struct report *report_of(const struct snn__shards *s, size_t shard)
{
    return (const struct report *)(const void *)(s->reports + shard * s->bytes);
}

static struct snn__counts *counts_of(const struct report *r)
{
    return (struct snn__counts *)(void *)((char *)(uintptr_t)r + sizeof *r);
}

static struct snn__fit_of *fit_of(const struct report *r, size_t layers)
{
    return (struct snn__fit_of *)(void *)(counts_of(r) + layers);
}

/* ---- the reports of this rank ---- */

void snn__report_nothing(struct snn__shards *s, size_t number)
{
    memset(own_report(s, number), 0, s->bytes);
    own_report(s, number)->stop = s->stop;
}

void snn__report_failure(snn_trainer *tr, size_t number, snn_status rc, bool unread)
{
    struct report *r = own_report(&tr->shards, number);

    r->status = rc;
    r->unread = unread;
    snprintf(tr->shards.text, sizeof tr->shards.text, "%s", snn_last_error());
}

bool snn__report_failed(const struct snn__shards *s)
{
    for (size_t k = 0; k < s->ranks.own; k++)
        if (own_report(s, k)->status != SNN_OK)
            return true;
    return false;
}

void snn__report_learned(struct snn__shards *s, size_t number)
{
    own_report(s, number)->learned = 1;
}

void snn__report_result(struct snn__shards *s, size_t number, const snn_trainer *of, const struct snn__result *result)
{
    struct report *r = own_report(s, number);
    const struct snn__pass *pass = &of->pass;

    r->samples = pass->batch;
    r->neuron_steps = pass->neuron_steps;
    r->couple_steps = pass->couple_steps;
    r->predictions = of->fit.n;
    r->loss = result->loss;
    r->correct = result->correct;
    r->top = result->top;
    r->solver = of->solver;
    for (size_t l = 0; l < pass->n; l++)
        counts_of(r)[l] = pass->unit[l].counts;
    memcpy(fit_of(r, pass->n), of->fit.of, of->classes * sizeof *of->fit.of);
}

/* ---- all reports ---- */

uint32_t snn__shard_rank(const struct snn__shards *s, size_t shard)
{
    const struct snn__ranks *r = &s->ranks;
    uint32_t rank = 0;

    while (snn__ranks_first(r->shards, r->size, rank + 1) <= shard)
        rank++;
    return rank;
}

snn_status snn__shards_gather(struct snn__shards *s, size_t bytes)
{
    const snn_status rc = snn__ranks_gather(&s->ranks, s->report, bytes, s->reports);

    s->lost |= rc != SNN_OK;
    return rc;
}

snn_status snn__shards_pass_on(snn_trainer *tr, size_t shard, snn_status rc)
{
    struct snn__shards *s = &tr->shards;
    const size_t bytes = sizeof s->text;

    if (s->ranks.size == 1)
        return snn__fail(rc, "%s", s->text);
    for (size_t k = 0; k < s->ranks.own; k++)
        memcpy(s->report + k * bytes, s->text, bytes);
    SNN__TRY(snn__shards_gather(s, bytes));
    return snn__fail(rc, "rank %u: %.480s", snn__shard_rank(s, shard), s->reports + shard * bytes);
}

snn_status snn__reports_exchange(snn_trainer *tr, bool *learned)
{
    struct snn__shards *s = &tr->shards;

    SNN__TRY(snn__shards_gather(s, s->bytes));
    *learned = s->stopped = false;
    for (size_t i = 0; i < s->n; i++) {
        const struct report *r = report_of(s, i);

        *learned |= r->learned != 0;
        s->stopped |= r->stop != 0;
    }
    for (size_t i = 0; i < s->n; i++)
        if (report_of(s, i)->status != SNN_OK) {
            tr->unread = report_of(s, i)->unread != 0;
            return snn__shards_pass_on(tr, i, report_of(s, i)->status);
        }
    return SNN_OK;
}

static void add_report(snn_trainer *tr, const struct report *r)
{
    const size_t layers = tr->pass.n;
    const struct snn__fit fit = { r->predictions, fit_of(r, layers) };

    tr->pass.neuron_steps += r->neuron_steps;
    tr->pass.couple_steps += r->couple_steps;
    for (size_t l = 0; l < layers; l++) {
        const struct snn__counts *from = &counts_of(r)[l];
        struct snn__counts *to = &tr->pass.unit[l].counts;

        to->spikes += from->spikes;
        to->couple_spikes += from->couple_spikes;
        to->macs += from->macs;
        to->acs += from->acs;
        to->dense += from->dense;
    }
    tr->solver.solves += r->solver.solves;
    tr->solver.iterations += r->solver.iterations;
    tr->solver.failures += r->solver.failures;
    tr->solver.gap += r->solver.gap;
    if (!(r->solver.residual <= tr->solver.residual))
        tr->solver.residual = r->solver.residual;
    snn__fit_merge(&tr->fit, &fit, tr->classes);
}

void snn__reports_add(snn_trainer *tr, size_t n, struct snn__result *result)
{
    const struct snn__shards *s = &tr->shards;

    *result = (struct snn__result){ 0 };
    for (size_t i = 0; i < s->n; i++) {
        const struct report *r = report_of(s, i);

        if (r->samples == 0)
            continue;
        add_report(tr, r);
        result->loss += r->loss * (double)r->samples / (double)n;
        result->correct += r->correct;
        result->top += r->top;
    }
}
