/** @file snn/continual.h
 * Continual learning: a sequence of tasks, and how much of the earlier ones is forgotten.
 * Part of libsnn, MIT licence. */
#ifndef SNN_CONTINUAL_H
#define SNN_CONTINUAL_H

#include <snn/trainer.h>

/** A sequence of K tasks for one trainer, with or without a projection. Keeps the accuracies A[i][j] on task j after
 * task i; tasks count from 0. */
typedef struct snn_continual snn_continual;

/** The position of a sequence, and its figures. */
typedef struct snn_continual_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_continual_info) */
    uint32_t reserved;    /**< 0 */
    uint64_t tasks;       /**< K */
    uint64_t begun;       /**< tasks begun */
    uint64_t ended;       /**< tasks ended */
    double acc;           /**< mean over j of A[i][j] after the last ended task i; NaN while one of them is missing */
    double bwt;           /**< backward transfer, mean over j < i of A[i][j] - A[j][j]; NaN before the second task has
                               ended or while one of them is missing */
} snn_continual_info;

/** Initialiser of snn_continual_info, for snn_continual_get_info() to fill. */
#define SNN_CONTINUAL_INFO_INIT SNN_INIT_(sizeof(snn_continual_info), 0, 0, 0, 0, 0.0, 0.0)

SNN_BEGIN_DECLS

/** Creates a sequence of `tasks` tasks, and sets the projection on the trainer. Borrows both: destroy the sequence
 * first.
 * @param out receives the sequence; NULL on failure
 * @param trainer not prepared yet
 * @param projection NULL: the trainer learns without protection from forgetting
 * @param tasks K, 1 to 65536
 * @return SNN_ERR_ARGUMENT (NULL, tasks out of range), SNN_ERR_STATE (the trainer is prepared), SNN_ERR_MEMORY */
SNN_API SNN_CHECKED snn_status snn_continual_create(snn_continual **out, snn_trainer *trainer,
                                                    snn_projection *projection, size_t tasks);

/** Frees a sequence; NULL is accepted. */
SNN_API void snn_continual_destroy(snn_continual *continual);

/** Gives every task its own head (readout) through a layer of type select, whose input j is the head of task j. A
 * task's head is selected when the task begins, and while the task is evaluated. NULL: one head for all tasks.
 * @return SNN_ERR_ARGUMENT (a layer of another network, or not of type select) */
SNN_API SNN_CHECKED snn_status snn_continual_set_heads(snn_continual *continual, snn_layer *select);

/** Begins the next task. Resets the optimizer's moments and schedule, and prepares the trainer for batches of at most
 * `batch` samples. Lateral neurons for the task are added before this call, by snn_projection_grow().
 * @return SNN_ERR_STATE (the previous task has not ended, or all tasks have begun), or as snn_trainer_prepare(). The
 * task has not begun after a failure */
SNN_API SNN_CHECKED snn_status snn_continual_begin(snn_continual *continual, size_t batch);

/** Ends the task. Freezes the rows of its lateral neurons: gradients of later tasks are orthogonal to these rows.
 * Resets the optimizer's moments and schedule, for a replay.
 * @return SNN_ERR_ARGUMENT (NULL), SNN_ERR_STATE (no task is under way) */
SNN_API SNN_CHECKED snn_status snn_continual_end(snn_continual *continual);

/** Trains one epoch over remembered samples after a task has ended. Gradients are not projected, and lateral weights
 * do not learn. With heads, it trains the one that is selected: that of the last task, unless the host selects
 * another before the call.
 * @param metrics may be NULL
 * @return as snn_trainer_epoch(), and SNN_ERR_STATE (a task is under way, or none has ended) */
SNN_API SNN_CHECKED snn_status snn_continual_replay(snn_continual *continual, const snn_dataset *dataset,
                                                    snn_metrics *metrics);

/** Evaluates task number `task` on a data set after a task has ended, and records the accuracy as A[ended - 1][task].
 * The accuracy on a data set with targets is NaN.
 * @param metrics may be NULL
 * @return as snn_trainer_evaluate(), and SNN_ERR_STATE (a task is under way, or none has ended), SNN_ERR_ARGUMENT (no
 * such task) */
SNN_API SNN_CHECKED snn_status snn_continual_evaluate(snn_continual *continual, size_t task,
                                                      const snn_dataset *dataset, snn_metrics *metrics);

/** Records A[after][task], measured elsewhere.
 * @return SNN_ERR_ARGUMENT (NULL, no such task, accuracy not in [0, 1]) */
SNN_API SNN_CHECKED snn_status snn_continual_record(snn_continual *continual, size_t after, size_t task,
                                                    double accuracy);

/** Returns A[after][task], or NaN if it was not measured or there is no such task. Real-time safe. */
SNN_API double snn_continual_accuracy(const snn_continual *continual, size_t after, size_t task);

/** Describes the position of the sequence, with mean accuracy and backward transfer. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_continual_get_info(const snn_continual *continual, snn_continual_info *info);

SNN_END_DECLS

#endif
