/* table.h - tables for the terminal. */
#ifndef SNN_TOOL_TABLE_H
#define SNN_TOOL_TABLE_H

#include "tool.h"

/* Firing rates and synaptic operations of the layers that have any, from run_figures(); releases it. */
void table_costs(json_t *figures);
/* Layers with shapes, parameters, bytes and, if `figures` is not NULL, firing rates. */
void table_layers(const snn_network *net, const json_t *figures);

#endif
