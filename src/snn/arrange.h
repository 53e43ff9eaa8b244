/* arrange.h - tasks out of data sets: pixels in another order or on a larger map, samples of some classes. */
#ifndef SNN_TOOL_ARRANGE_H
#define SNN_TOOL_ARRANGE_H

#include <snn/snn.h>
#include <stdbool.h>

#define PIXELS_MAX 16384 /* most of a sample */

/* Each makes a data set that reads from `base`, which it takes over if `owns`, also where it fails. Returns DONE or
 * FAILED. */

/* The pixels as task number `task` has them; task 0 is the base itself. */
int arrange_permuted(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, uint64_t seed,
                     size_t task);
/* On maps of at least its size: zeros around the rows and columns, one channel repeated. */
int arrange_fitted(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, const size_t shape[3]);
/* Samples of the classes first .. first + n - 1, the first `most` of each (0: all); the labels begin at 0 if `anew`.
 */
int arrange_classes(snn_dataset **out, snn_context *context, snn_dataset *base, bool owns, size_t first, size_t n,
                    size_t most, bool anew);

#endif
