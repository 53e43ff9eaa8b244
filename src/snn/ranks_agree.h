/* ranks_agree.h - what went wrong on which rank: between ranks.c, which makes and ends them, and ranks_agree.c. */
#ifndef SNN_TOOL_RANKS_AGREE_H
#define SNN_TOOL_RANKS_AGREE_H

#include <snn/communicator.h>
#include <stdbool.h>

/* NULL of a run of one process. */
const snn_communicator *ranks_communicator(void);

/* From now on messages of failures are kept. */
void agree_begin(const snn_communicator *together);
/* ranks_agree() for the last time; all messages that are left are printed. */
int agree_end(int status);
/* Whether a call between ranks has failed: others may have gone. */
bool agree_is_lost(void);
/* Prints what was kept, and tells whether there was anything. */
bool agree_last_words(void);

#endif
