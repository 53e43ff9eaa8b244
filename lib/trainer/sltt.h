/* trainer/sltt.h - the sampled steps of SLTT-K, which a conformance run may supply. */
#ifndef SNN_TRAINER_SLTT_H
#define SNN_TRAINER_SLTT_H

#include <stdbool.h>

#define SNN__SLTT_STEPS_MAX 4096

struct snn__sltt {
    bool sampled;  /* K > 0 */
    bool supplied; /* `chosen` is the host's: none are drawn */
    bool chosen[SNN__SLTT_STEPS_MAX];
};

#endif
