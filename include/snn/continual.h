/** @file snn/continual.h
 * Learning task after task: what a task's begin and end do, and how much is forgotten.
 * Part of libsnn, MIT licence. */
#ifndef SNN_CONTINUAL_H
#define SNN_CONTINUAL_H

#include <snn/trainer.h>

/** A sequence of K tasks for one trainer, with or without a projection, and the accuracies A[i][j] on task j after
 * task i (tasks count from 0). */
typedef struct snn_continual snn_continual;

/** Where a sequence is. */
typedef struct snn_continual_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_continual_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t tasks;       /**< K */
    uint64_t begun;       /**< tasks begun */
    uint64_t ended;       /**< tasks ended */
    double acc;           /**< mean over j of A[i][j] after the last ended task i; NaN while one of them is missing */
    double bwt;           /**< mean over j < i of A[i][j] - A[j][j]; NaN before the second task ended or while one is
                               missing */
} snn_continual_info;

/** Initialiser for a snn_continual_info that a call is to fill. */
#define SNN_CONTINUAL_INFO_INIT { sizeof(snn_continual_info), 0, 0, 0, 0, 0.0, 0.0 }

SNN_BEGIN_DECLS

/** Creates a sequence of `tasks` tasks. Borrows trainer and projection; destroy it first. `projection` NULL: nothing
 * keeps the trainer from forgetting. The projection is set on the trainer here, which must not be prepared yet.
 * @return SNN_ERR_ARGUMENT (NULL, tasks not in 1 to 65536), SNN_ERR_STATE (prepared already), SNN_ERR_MEMORY; *out is
 * NULL then */
SNN_API SNN_CHECKED snn_status snn_continual_create(snn_continual **out, snn_trainer *trainer,
                                                    snn_projection *projection, size_t tasks);

/** Frees a sequence; NULL is accepted. */
SNN_API void snn_continual_destroy(snn_continual *continual);

/** Gives every task a head of its own: a layer of type select, whose input number j is the head of task j. The head
 * of a task is selected when it begins and while it is evaluated. NULL: one head for all.
 * @return SNN_ERR_ARGUMENT (a layer of another network, or not of type select) */
SNN_API SNN_CHECKED snn_status snn_continual_set_heads(snn_continual *continual, snn_layer *select);

/** Begins the next task: starts the optimizer afresh (moments, schedule) and prepares the trainer for batches of at
 * most `batch`, with the lateral neurons that snn_projection_grow() added for it before.
 * @return SNN_ERR_STATE (the task before has not ended, or all were begun), as snn_trainer_prepare(); after a failure
 * the task has not begun */
SNN_API SNN_CHECKED snn_status snn_continual_begin(snn_continual *continual, size_t batch);

/** Ends the task: its rows are frozen, and later tasks keep out of what they span.
 * @return SNN_ERR_ARGUMENT, SNN_ERR_STATE (none has begun) */
SNN_API SNN_CHECKED snn_status snn_continual_end(snn_continual *continual);

/** Trains an epoch over remembered samples after a task has ended, without projection and without learning lateral
 * weights.
 * @return as snn_trainer_epoch(), and SNN_ERR_STATE (a task is under way, or none has ended) */
SNN_API SNN_CHECKED snn_status snn_continual_replay(snn_continual *continual, const snn_dataset *dataset,
                                                    snn_metrics *metrics);

/** Evaluates task number `task` on a data set after a task has ended, and enters the accuracy as A[ended - 1][task],
 * which of a set with targets is NaN.
 * @param metrics may be NULL
 * @return as snn_trainer_evaluate(), and SNN_ERR_STATE (a task is under way, or none has ended), SNN_ERR_ARGUMENT (no
 * such task) */
SNN_API SNN_CHECKED snn_status snn_continual_evaluate(snn_continual *continual, size_t task,
                                                      const snn_dataset *dataset, snn_metrics *metrics);

/** Enters A[after][task], measured elsewhere. @return SNN_ERR_ARGUMENT (no such task, accuracy not in [0, 1]) */
SNN_API SNN_CHECKED snn_status snn_continual_record(snn_continual *continual, size_t after, size_t task,
                                                    double accuracy);

/** A[after][task]; NaN if it was not measured or there is no such task. Real-time safe. */
SNN_API double snn_continual_accuracy(const snn_continual *continual, size_t after, size_t task);

/** Where the sequence is, with ACC and BWT. Real-time safe. @return SNN_ERR_ARGUMENT */
SNN_API SNN_CHECKED snn_status snn_continual_get_info(const snn_continual *continual, snn_continual_info *info);

SNN_END_DECLS

#endif
