/* layer/clip.h - populations at rates (docs/methods/ide.md): y = clip(x / threshold, 0, 1). */
#ifndef SNN_LAYER_CLIP_H
#define SNN_LAYER_CLIP_H

#include "layer/layer.h"

/* mask: receives what the adjoint takes, [batch][n]: 1 where 0 <= x / threshold <= 1, else 0. */
void snn__clip(const struct snn__node *node, struct snn__io *io, float threshold, float *mask);
/* dx (+)= mask e / threshold */
void snn__clip_adjoint(const struct snn__node *node, const struct snn__io *io, float threshold, float *mask,
                       struct snn__signal e, float *dx, bool accumulate);

#endif
