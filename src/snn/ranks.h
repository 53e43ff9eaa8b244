/* ranks.h - the processes of one run, which a launcher started (mpirun, srun). They train together, over libsnn-mpi,
 * which is loaded then. Rank 0 prints and writes; what goes wrong on any rank is said once, and ends all. In a run of
 * one process nothing of this does anything. */
#ifndef SNN_TOOL_RANKS_H
#define SNN_TOOL_RANKS_H

#include "run.h"

#include <snn/communicator.h>

/* Processes that a launcher started for this run, by its environment, and the number of this one; 1 and 0 without.
 * Returns 0 where the launcher does not tell how many they are. */
uint32_t ranks_launched(uint32_t *rank);

/* Makes ranks of them; all call it. From now on messages of failures are kept for ranks_agree(), and ranks but the
 * first print nothing. Returns DONE or FAILED. */
int ranks_open(void);
/* All call it when they are done. Returns the status that ends all of them. */
int ranks_close(int status);

uint32_t ranks_size(void);
/* Whether this process prints and writes files. */
bool ranks_first(void);

/* All ranks call it, before one goes on to what all do together. If one has failed, its message is printed, with its
 * number where others have another or none, and all receive its status. */
int ranks_agree(int status);
/* Copies what the first rank has to all others; all call it. */
int ranks_share(void *data, size_t bytes);

/* ---- ranks_run.c: of the objects of a run */

/* The cut of batches that nobody set: into 8 shards, or as many as there are ranks. */
int ranks_complete(json_t *config);
/* Threads of each rank, if nobody says how many: its share of the machine. 0: as many as the library takes. */
uint32_t ranks_threads(void);
/* Opens the data by `open`. Where a cache of recordings is wanted, the first rank writes it before the others look.
 */
int ranks_open_data(const json_t *config, int (*open)(void *user), void *user);
/* All ranks have opened their objects, with `status`: compares versions, settings, instruction sets and data of all
 * ranks with those of the first, `flags` as well. The trainers of the run, which are not prepared, then work over
 * ranks. */
int ranks_join(struct run *run, const json_t *flags, int status);
/* The first rank writes a checkpoint, to which all give what they have; all know whether it could. */
snn_status ranks_save(const snn_trainer *trainer, const char *path);
/* The first rank has changed the weights. */
int ranks_share_weights(struct run *run, int status);
/* "8 shards on 4 ranks", with a comma before it; "" where batches are whole. */
struct text ranks_text(const json_t *config);

#endif
