/* trainer/feedback.h - matrices that bring an error from the output straight to a population:
 *
 *   g = M^T e      M [outputs][neurons], the neurons of a map channels last; e [B][outputs], g [B][neurons]
 *
 * They are arrays that a method carries from batch to batch (struct snn__memory). */
#ifndef SNN_TRAINER_FEEDBACK_H
#define SNN_TRAINER_FEEDBACK_H

#include "trainer/trainer.h"

/* Memory for products with the matrices. */
struct snn__feedback {
    float *packed;
    void *scratch;
};

/* Describes the matrix of layer l; `side`: it is the second one. First values are 0, or if `random` uniform as the
 * weights of `readout`. */
void snn__feedback_describe(const snn_trainer *trainer, const snn_layer *layer, bool side, const snn_layer *readout,
                            bool random, struct snn__memory *matrix);
/* Reserves memory, after the pass is planned. */
snn_status snn__feedback_plan(struct snn__feedback *f, const snn_trainer *trainer, struct snn__arena *arena);
/* M <- keep M + share sum_b o z^T;  o [B][outputs], z [B][neurons] */
void snn__feedback_turn(const struct snn__feedback *f, const snn_trainer *trainer, const struct snn__memory *matrix,
                        float keep, float share, const float *o, struct snn__signal z);
/* g (+)= M^T e, the error at the output of the unit */
void snn__feedback_apply(const struct snn__feedback *f, const snn_trainer *trainer, const struct snn__memory *matrix,
                         struct snn__unit *unit, const float *e);

#endif
