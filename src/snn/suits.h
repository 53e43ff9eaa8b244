/* suits.h - which networks go with a training method. */
#ifndef SNN_TOOL_SUITS_H
#define SNN_TOOL_SUITS_H

#include <snn/status.h>

/* As fail_call(); where a method refused a network, the line goes on with the networks and flags that it takes. */
int fail_method(snn_status rc, const char *method);

#endif
