/* trainer/stream.c - training within the steps of a stream, between two time steps of a control loop. step t the
 * method perturbs it if it must, the network computes it; traces go on learn error at the output of step t -> the
 * method's own sweep of that step -> update The methods are those that learn within a step; their equations are in
 * their own files. */
#include "core/context.h"
#include "core/fpu.h"
#include "trainer/rule.h"
#include <math.h>

static snn_status check_idle(void *host)
{
    return snn__trainer_check_use(host, SNN__USE_NONE);
}

/* A method's own work before or after a step. */
static snn_status at_step(snn_trainer *tr, void (*what)(snn_trainer *trainer, size_t t), size_t t)
{
    SNN__TRY(snn__trainer_enter(tr, false));
    if (what != NULL)
        what(tr, t);
    return snn__trainer_leave(tr, SNN_OK);
}

static snn_status before(void *host, size_t t)
{
    return at_step(host, ((snn_trainer *)host)->rule->before, t);
}

static snn_status after(void *host, size_t t)
{
    return at_step(host, ((snn_trainer *)host)->rule->after, t);
}

/* The host's lesson for the last step: an error at the output, or a target or a label for the loss. */
struct lesson {
    const float *error, *target; /* [classes], or NULL */
    uint32_t label;
    double *loss; /* or NULL */
};

/* The host's error at the output. */
static snn_status take_error(snn_trainer *tr, const float *error)
{
    if (!tr->ctx->kernels->finite(error, tr->classes))
        return snn__fail(SNN_ERR_DIVERGED, "stream: the error holds a value that is not finite");
    if (snn__needs_loss(tr))
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "stream: %s with these settings learns from the loss of a label or a target, not from an "
                         "error",
                         tr->owner);
    snn__copy(tr->ctx, snn__pass_output_error(&tr->pass, 0), 1.0f, error, tr->classes);
    return SNN_OK;
}

static snn_status take_aim(snn_trainer *tr, const struct lesson *lesson)
{
    if (lesson->target != NULL && !tr->ctx->kernels->finite(lesson->target, tr->classes))
        return snn__fail(SNN_ERR_DIVERGED, "stream: the target holds a value that is not finite");
    if (lesson->target == NULL && lesson->label >= tr->classes)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: label %u; the network has %zu outputs", lesson->label,
                         tr->classes);
    tr->label[0] = lesson->label;
    tr->labels = tr->label;
    tr->label_frames = lesson->target == NULL;
    tr->label_pitch = 0;
    tr->target = lesson->target;
    tr->target_frames = lesson->target != NULL;
    tr->length = NULL;
    return snn__check_judging(tr);
}

/* The error of the loss. */
static snn_status take_loss(snn_trainer *tr, size_t t, const struct lesson *lesson)
{
    const struct snn__outcome of = { .layer = tr->pass.n - 1,
                                     .step = t,
                                     .out = snn__pass_output(&tr->pass, t),
                                     .weight = 1.0,
                                     .error = snn__pass_output_error(&tr->pass, 0),
                                     .sums = tr->sums };

    SNN__TRY(take_aim(tr, lesson));
    SNN__TRY(snn__judge(tr, &of, &tr->step_loss));
    if (!isfinite(tr->step_loss))
        return snn__fail(SNN_ERR_DIVERGED, "stream: the loss is not finite: no parameter was changed");
    if (lesson->loss != NULL)
        *lesson->loss = tr->step_loss;
    return SNN_OK;
}

/* A step can be learned from once; a lesson that is refused leaves it. */
static snn_status learn_step(snn_trainer *tr, size_t t, const struct lesson *lesson)
{
    snn_status rc;

    if (snn__pass_output(&tr->pass, t).data == NULL)
        return snn__fail(SNN_ERR_STATE, "stream: step %zu has no output yet", t);
    SNN__TRY(snn__network_check_latent(tr->net));
    SNN__TRY(lesson->error != NULL ? take_error(tr, lesson->error) : take_loss(tr, t, lesson));
    tr->stream.stepped = false;
    snn__undo_keep(tr);
    tr->has_gradient = false;
    rc = tr->rule->step(tr, t);
    if (rc == SNN_OK)
        rc = snn__finish(tr);
    if (rc == SNN_OK) {
        tr->run.batches++;
    } else {
        snn__discard_gradient(tr);
        snn__undo(tr);
    }
    snn__pass_refresh(&tr->pass);
    return rc;
}

static snn_status learn(snn_stream *stream, const struct lesson *lesson)
{
    if (stream->learner == NULL)
        return snn__fail(SNN_ERR_STATE,
                         "stream: it runs a network; a stream that learns comes from snn_trainer_stream()");
    if (!stream->stepped)
        return snn__fail(SNN_ERR_STATE, "stream: no step to learn from since the last call");
    SNN__TRY(snn__trainer_enter(stream->host, false));
    return snn__trainer_leave(stream->host, learn_step(stream->host, (size_t)stream->pass->head->steps - 1, lesson));
}

snn_status snn_stream_learn(snn_stream *stream, const float *error)
{
    SNN__COMPUTES;

    SNN__TRY(snn__stream_check_live(stream));
    if (error == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: error is NULL");
    return learn(stream, &(struct lesson){ .error = error });
}

snn_status snn_stream_learn_label(snn_stream *stream, uint32_t label, double *loss)
{
    SNN__COMPUTES;

    SNN__TRY(snn__stream_check_live(stream));
    return learn(stream, &(struct lesson){ .label = label, .loss = loss });
}

snn_status snn_stream_learn_target(snn_stream *stream, const float *target, double *loss)
{
    SNN__COMPUTES;

    SNN__TRY(snn__stream_check_live(stream));
    if (target == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: target is NULL");
    return learn(stream, &(struct lesson){ .target = target, .loss = loss });
}

static snn_status check(const snn_trainer *tr)
{
    SNN__TRY(snn__trainer_check_learns(tr));
    if (tr->shards.on)
        return snn__fail(
            SNN_ERR_UNSUPPORTED,
            "stream: learning from a stream is a matter of one rank, and of shards 1; set no communicator");
    if (!tr->prepared || tr->batch_max != 1 || tr->steps != 1)
        return snn__fail(SNN_ERR_STATE, "stream: the trainer must have 1 step, and be prepared for batches of 1");
    if (!snn__learns_in_steps(tr->pass.demand.route) || tr->pass.demand.keeps)
        return snn__fail(SNN_ERR_UNSUPPORTED, "stream: %s does not learn within a step; there are %s that do",
                         tr->owner, snn__names_text(snn__streaming_names).text);
    if (tr->projecting.projection != NULL || tr->loss.share > 0 || tr->mixing.alpha > 0 ||
        tr->pass.demand.input_error)
        return snn__fail(SNN_ERR_UNSUPPORTED,
                         "stream: learning goes with neither a projection, a teacher, mixup nor SNN_OBSERVE_INPUT");
    for (size_t l = 0; l < tr->net->n_layers; l++)
        if (tr->net->layer[l]->type->flags & SNN__LAYER_STATISTICS)
            return snn__fail(SNN_ERR_UNSUPPORTED,
                             "stream: layer %s: a batch of one sample has no statistics; train it before, or "
                             "use standardised weights",
                             tr->net->layer[l]->name);
    SNN__TRY(snn__network_check_latent(tr->net));
    return snn__stream_check(tr->net);
}

static const struct snn__learner learner = { check_idle, before, after };

snn_status snn_trainer_stream(snn_trainer *trainer, snn_stream **out)
{
    SNN__COMPUTES;

    if (out == NULL)
        return snn__fail(SNN_ERR_ARGUMENT, "stream: out is NULL");
    *out = NULL;
    SNN__TRY(snn__trainer_check_use(trainer, SNN__USE_NONE));
    SNN__TRY(check(trainer));
    trainer->stream = (struct snn_stream){ .learner = &learner, .host = trainer };
    trainer->target_frames = trainer->label_frames = 0; /* nothing remains of a batch */
    trainer->length = NULL;
    trainer->split.done = SNN__PART_NONE;
    snn__pass_begin(&trainer->pass, 1, true, false, trainer->run.batches);
    if (trainer->rule->begin)
        trainer->rule->begin(trainer);
    SNN__TRY(snn__stream_begin(&trainer->stream, &trainer->pass));
    *out = &trainer->stream;
    return SNN_OK;
}
