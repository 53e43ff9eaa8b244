/* predictions.c - what a network makes of the samples of a data set. */
#include "predictions.h"
#include "progress.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct predictor {
    const snn_dataset *data;
    snn_trainer *trainer;
    snn_dataset_info info;
    size_t batch, outputs, size; /* samples; numbers of an output, of a frame */
    size_t run;                  /* steps that the network runs */
    bool mean;                   /* a prediction is a mean over the steps, not a sum */
    bool stepwise;               /* there is one for each step */
    const snn_layer *readout;
    snn_status failed;                /* to read the outputs of a step */
    float *x, *out, *step;            /* [frames,batch,size], [batch,outputs], [batch,run,outputs] */
    float *target;                    /* of one sample */
    uint32_t *length, *label, *class; /* [batch], [batch], [batch] or [batch,run] */
    size_t now;                       /* samples of this batch */
};

/* ---- outputs */

/* Keeps the outputs of a step. */
static void observe(void *user, snn_trainer *trainer, snn_phase phase, size_t step)
{
    struct predictor *p = user;

    if (phase != SNN_PHASE_FORWARD || p->failed != SNN_OK)
        return;
    p->failed = snn_trainer_read_signal(trainer, p->readout, SNN_SIGNAL_OUTPUT, p->out, p->batch * p->outputs);
    for (size_t b = 0; b < p->now && p->failed == SNN_OK; b++)
        memcpy(p->step + (b * p->run + step) * p->outputs, p->out + b * p->outputs, p->outputs * sizeof *p->out);
}

/* Steps that count of sample b. */
static size_t steps_of(const struct predictor *p, size_t b)
{
    return p->info.frames > 1 && p->length[b] < p->run ? p->length[b] : p->run;
}

static uint32_t largest(const float *output, size_t n)
{
    size_t best = 0;

    for (size_t i = 1; i < n; i++)
        if (output[i] > output[best])
            best = i;
    return (uint32_t)best;
}

/* Of a sample's first steps, or of what its outputs come to. */
static void name_classes(struct predictor *p, size_t b, size_t steps)
{
    const float *output = p->stepwise ? p->step + b * p->run * p->outputs : p->out + b * p->outputs;

    for (size_t t = 0; t < steps; t++)
        p->class[b * (p->stepwise ? p->run : 1) + t] = largest(output + t * p->outputs, p->outputs);
}

/* The sums become what the loss compares; steps after a sample's last one have no output. */
static void finish(struct predictor *p)
{
    for (size_t b = 0; b < p->now; b++) {
        const size_t steps = steps_of(p, b);

        name_classes(p, b, p->stepwise ? steps : 1);
        for (size_t i = 0; i < p->outputs && p->mean; i++)
            p->out[b * p->outputs + i] /= (float)steps;
        for (size_t i = steps * p->outputs; i < p->run * p->outputs && p->stepwise; i++)
            p->step[b * p->run * p->outputs + i] = NAN;
        p->length[b] = (uint32_t)(p->stepwise ? steps : 1);
    }
}

/* ---- samples */

static snn_status read_sample(struct predictor *p, size_t index, size_t b)
{
    snn_status rc = SNN_OK;

    p->length[b] = (uint32_t)p->info.frames;
    for (size_t frame = 0; frame < p->length[b] && rc == SNN_OK; frame++) {
        snn_sample sample = SNN_SAMPLE_INIT;

        sample.x = p->x + (frame * p->now + b) * p->size;
        sample.target = p->target;
        rc = snn_dataset_read(p->data, index, frame, &sample);
        if (frame == 0 && rc == SNN_OK) {
            p->length[b] = (uint32_t)sample.length;
            p->label[b] = sample.label;
        }
    }
    return rc;
}

static snn_status predict(struct predictor *p, size_t first)
{
    snn_batch batch = SNN_BATCH_INIT;
    snn_status rc = SNN_OK;

    p->now = p->info.count - first < p->batch ? p->info.count - first : p->batch;
    for (size_t b = 0; b < p->now && rc == SNN_OK; b++)
        rc = read_sample(p, first + b, b);
    batch.samples = p->now;
    batch.frames = p->info.frames;
    batch.x = p->x;
    batch.lengths = p->info.frames > 1 ? p->length : NULL;
    if (rc == SNN_OK)
        rc = snn_trainer_predict(p->trainer, &batch, p->out);
    return rc == SNN_OK ? p->failed : rc;
}

/* ---- the predictor */

static bool make_room(struct predictor *p)
{
    p->x = floats(p->info.frames * p->batch, p->size);
    p->out = floats(p->batch, p->outputs);
    p->step = p->stepwise ? floats(p->batch * p->run, p->outputs) : NULL;
    p->target = p->info.targets > 0 ? floats(1, p->info.targets) : NULL;
    p->length = calloc(p->batch, sizeof *p->length);
    p->label = calloc(p->batch, sizeof *p->label);
    p->class = calloc(p->batch * (p->stepwise ? p->run : 1), sizeof *p->class);
    return p->x && p->out && p->length && p->label && p->class && (p->step || !p->stepwise) &&
           (p->target || !p->info.targets);
}

static snn_status describe(struct predictor *p, const snn_network *network)
{
    snn_network_info net = SNN_NETWORK_INFO_INIT;
    const char *on = "";
    snn_status rc = snn_dataset_get_info(p->data, &p->info);

    if (rc == SNN_OK)
        rc = snn_network_get_info(network, &net);
    if (rc == SNN_OK)
        rc = snn_trainer_get_str(p->trainer, SNN_TRAINER_LOSS_ON, &on);
    p->outputs = (size_t)net.out.dim[0] * net.out.dim[1] * net.out.dim[2];
    p->size = p->info.shape[0] * p->info.shape[1] * p->info.shape[2];
    p->run = (size_t)run_about(p->trainer).steps;
    p->mean = strcmp(on, "step") == 0 || strcmp(on, "mean") == 0;
    p->stepwise = p->info.target_frames > 1;
    for (size_t i = 0; snn_network_layer(network, i); i++)
        p->readout = snn_network_layer(network, i);
    if (rc == SNN_OK && p->stepwise)
        rc = snn_trainer_observe(p->trainer, SNN_OBSERVE_SIGNALS, observe, p);
    return rc;
}

struct predictor *predictor_open(struct run *run, const snn_dataset *data, size_t batch)
{
    struct predictor *p = calloc(1, sizeof *p);
    snn_status rc;

    if (!p) {
        fail(FAILED, "out of memory");
        return NULL;
    }
    *p = (struct predictor){ .data = data, .trainer = run->trainer, .info = SNN_DATASET_INFO_INIT, .batch = batch };
    rc = describe(p, run->network);
    if (rc == SNN_OK && make_room(p))
        return p;
    rc == SNN_OK ? fail(FAILED, "out of memory") : fail_call(rc, NULL);
    predictor_close(p);
    return NULL;
}

int predictor_run(struct predictor *p, int (*each)(void *user, const struct predictions *of), void *user)
{
    int status = DONE;

    for (size_t first = 0; first < p->info.count && status == DONE; first += p->batch) {
        const snn_status rc = predict(p, first);

        if (rc != SNN_OK)
            return fail_call(rc, NULL);
        finish(p);
        status = each(user, &(struct predictions){ .first = first,
                                                   .n = p->now,
                                                   .steps = p->stepwise ? p->run : 1,
                                                   .outputs = p->outputs,
                                                   .output = p->stepwise ? p->step : p->out,
                                                   .length = p->length,
                                                   .class = p->info.targets > 0 ? NULL : p->class,
                                                   .label = p->info.targets > 0 || p->stepwise ? NULL : p->label });
        if (status == DONE && stop_wanted())
            status = fail(INTERRUPTED, "interrupted by %s", stop_reason());
    }
    return status;
}

void predictor_close(struct predictor *p)
{
    if (!p)
        return;
    free(p->x);
    free(p->out);
    free(p->step);
    free(p->target);
    free(p->length);
    free(p->label);
    free(p->class);
    free(p);
}
