/* model/describe.h - the architecture of a network as JSON values. */
#ifndef SNN_MODEL_DESCRIBE_H
#define SNN_MODEL_DESCRIBE_H

#include "model/json.h"
#include <snn/network.h>

#define SNN__NETWORK_FORMAT 1 /* of the JSON */

/* The architecture; the caller gives it back with json_decref(). */
snn_status snn__network_to_json(json_t **out, const snn_network *network);

/* A network, not prepared, from its architecture. */
snn_status snn__network_from_json(snn_network **out, snn_context *ctx, const json_t *json);

/* SNN_ERR_STATE, saying in what, if two architectures differ; `here` and `there` are what to call them. */
snn_status snn__network_json_equal(const json_t *a, const json_t *b, const char *here, const char *there);

#endif
