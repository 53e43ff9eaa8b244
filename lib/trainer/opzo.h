/* trainer/opzo.h - what tests of opzo look at. */
#ifndef SNN_TRAINER_OPZO_H
#define SNN_TRAINER_OPZO_H

/* Names of the feedback matrices behind that of the population, in struct snn__memory: [outputs][neurons], the neurons of a map
 * channels last. The second is fed by the global readout. */
#define SNN__OPZO_MATRIX "feedback"
#define SNN__OPZO_SIDE_MATRIX "side_feedback"

#endif
