/* data_info.h - what a data set holds. */
#ifndef SNN_TOOL_DATA_INFO_H
#define SNN_TOOL_DATA_INFO_H

#include "args.h"

/* Prints the splits of the data that the flags name: number, shape, frames, classes or targets, mean and deviation.
 * Returns DONE, FAILED or USAGE. */
int data_info(const struct args *args);

#endif
