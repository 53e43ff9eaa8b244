/** @file snn/name.h
 * The names that calls of the library take: lists of them, and the meaning of each.
 * Part of libsnn, MIT licence. */
#ifndef SNN_NAME_H
#define SNN_NAME_H

#include <snn/export.h>
#include <stddef.h>

/** Kinds of names: one for every call that chooses by name, and one for each parameter whose values are methods. The
 * values of all other text parameters are in snn_param_info, `choices`. */
typedef enum snn_name_kind {
    SNN_NAME_NEURON = 1,     /**< "lif": models of neurons, snn_neuron_create() */
    SNN_NAME_LAYER = 2,      /**< "conv2d", "lif": types of layers, with those of neuron populations,
                                  snn_network_add() */
    SNN_NAME_NETWORK = 3,    /**< "vgg11-ws": ready-made networks, snn_network_build(), which also takes notations */
    SNN_NAME_OPTIMIZER = 4,  /**< "adam": snn_optimizer_create() */
    SNN_NAME_METHOD = 5,     /**< "ottt": training methods, snn_trainer_create() */
    SNN_NAME_FORMAT = 6,     /**< "idx": data formats, snn_dataset_open() */
    SNN_NAME_ISA = 7,        /**< "avx2": instruction sets that the library was built with, from the lowest. The
                                  machine may have fewer: snn_context_get_info() gives the one in use */
    SNN_NAME_LOSS = 8,       /**< "ce": SNN_TRAINER_LOSS */
    SNN_NAME_ENCODER = 9,    /**< "poisson": SNN_TRAINER_ENCODER */
    SNN_NAME_SURROGATE = 10, /**< "sigmoid": SNN_NEURON_SURROGATE */
    SNN_NAME_SCHEDULE = 11,  /**< "cosine": SNN_OPTIMIZER_SCHEDULE */
    SNN_NAME_KIND_FORCE32 = 0x7fffffff
} snn_name_kind;

SNN_BEGIN_DECLS

/** Returns name number `index`, from 0, of a kind; NULL past the last, and for an unknown kind. Later versions may
 * add names, in any order. Static storage. Real-time safe. */
SNN_API const char *snn_name(snn_name_kind kind, size_t index);

/** Returns the meaning of that name, in one line; NULL where snn_name() returns NULL. Static storage. Real-time
 * safe. */
SNN_API const char *snn_name_text(snn_name_kind kind, size_t index);

SNN_END_DECLS

#endif
