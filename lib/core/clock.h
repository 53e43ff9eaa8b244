/* core/clock.h - time that passes. */
#ifndef SNN_CORE_CLOCK_H
#define SNN_CORE_CLOCK_H

/* Of a clock that is never set back. */
double snn__seconds(void);

#endif
