/* trainer/teacher.c - distillation: logits of another network, or of the host, as targets of the loss
 * (lib/loss/loss.c). L = (1 - mu) loss(q, y) + mu tau^2 KL( softmax(p / tau) || softmax(q / tau) ) p: the mean over
 * its steps of the teacher's outputs in evaluation, of the same samples as are trained: the random numbers of a
 * sample depend on the data set, the epoch and the sample alone, so the teacher reads it again. */
#include "core/context.h"
#include "core/fpu.h"
#include "trainer/rule.h"

snn_status snn_trainer_set_teacher(snn_trainer *trainer, snn_trainer *teacher)
{
    char want[48], got[48];

    if (trainer == NULL)
        return snn__no_trainer();
    SNN__TRY(snn__trainer_check_learns(trainer));
    if (teacher == trainer)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: cannot be its own teacher", trainer->owner);
    if (teacher != NULL && teacher->ctx != trainer->ctx)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: the teacher belongs to another context, whose random numbers differ",
                         trainer->owner);
    if (teacher != NULL && !snn__shape_equal(&teacher->net->in, &trainer->net->in))
        return snn__fail(SNN_ERR_SHAPE, "%s: the network takes samples %s, the teacher %s", trainer->owner,
                         snn__shape_text(&trainer->net->in, want), snn__shape_text(&teacher->net->in, got));
    if (teacher != NULL &&
        !snn__shape_equal(&snn__network_last(teacher->net)->out, &snn__network_last(trainer->net)->out))
        return snn__fail(SNN_ERR_SHAPE, "%s: the network has outputs %s, the teacher %s", trainer->owner,
                         snn__shape_text(&snn__network_last(trainer->net)->out, want),
                         snn__shape_text(&snn__network_last(teacher->net)->out, got));
    trainer->teacher = teacher;
    return SNN_OK;
}

snn_status snn_trainer_set_logits(snn_trainer *trainer, const float *logits, size_t n)
{
    SNN__COMPUTES;

    if (trainer == NULL || logits == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "%s is NULL", trainer == NULL ? "trainer" : "teacher's logits");
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    SNN__TRY(snn__trainer_check_learns(trainer));
    if (!trainer->prepared || trainer->loss.share <= 0)
        return snn__fail(SNN_ERR_STATE, "%s: logits are for a trainer with distil > 0, after snn_trainer_prepare()",
                         trainer->owner);
    if (n == 0 || n > trainer->batch_max)
        return snn__fail(SNN_ERR_ARGUMENT, "%s: logits of %zu samples; 1 to %zu were prepared for", trainer->owner, n,
                         trainer->batch_max);
    if (!trainer->ctx->kernels->finite(logits, n * trainer->classes))
        return snn__fail(SNN_ERR_ARGUMENT, "%s: a logit of the teacher is not finite", trainer->owner);
    snn__copy(trainer->ctx, trainer->logits, 1.0f, logits, n * trainer->classes);
    trainer->n_logits = n;
    return SNN_OK;
}

/* The host's logits are for this batch only: its update clears them, and so does a batch of another size. */
static snn_status take_logits(snn_trainer *tr, const struct snn__batch *batch)
{
    size_t n = tr->n_logits;

    if (n == batch->whole)
        return SNN_OK;
    tr->n_logits = 0;
    return snn__fail(SNN_ERR_ARGUMENT, "%s: logits of %zu samples for a batch of %zu", tr->owner, n, batch->whole);
}

static snn_status check_teacher(const snn_trainer *tr, const struct snn__batch *batch)
{
    const snn_trainer *teacher = tr->teacher;

    if (teacher == NULL)
        return snn__fail(SNN_ERR_STATE, "%s: distil is %g, but there is neither a teacher nor its logits", tr->owner,
                         (double)tr->loss.share);
    if (!teacher->prepared || teacher->shards.most < batch->n)
        return snn__fail(SNN_ERR_STATE, "%s: the teacher is not prepared for batches of %zu samples", tr->owner,
                         batch->n);
    if (batch->frames != 1 && batch->frames != teacher->steps)
        return snn__fail(SNN_ERR_SHAPE, "%s: samples of %zu frames do not fit the %zu steps of the teacher",
                         tr->owner, batch->frames, teacher->steps);
    return SNN_OK;
}

snn_status snn__ask_teacher(snn_trainer *tr, const struct snn__batch *batch)
{
    struct snn__batch question = *batch;
    struct snn__result result;
    snn_trainer *teacher = tr->teacher;
    snn_status rc;

    if (batch->dataset == NULL && tr->n_logits > 0)
        return take_logits(tr, batch);
    SNN__TRY(check_teacher(tr, batch));
    tr->n_logits = 0; /* the teacher's take their place */
    question.label = NULL;
    question.target = NULL;
    question.target_frames = 0;
    SNN__TRY(snn__trainer_enter(teacher, true));
    rc = snn__trainer_leave(teacher, snn__run_part(teacher, &question, &result));
    tr->unread = teacher->unread;
    if (rc != SNN_OK)
        return rc;
    for (size_t b = 0; b < batch->n; b++)
        tr->ctx->kernels->scale(tr->logits + (batch->from + b) * tr->classes, snn__outcome_factor(teacher, b),
                                teacher->out_sum + b * tr->classes, tr->classes);
    return SNN_OK;
}
