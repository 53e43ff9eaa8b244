/** @file snn/name.h
 * The words that calls of the library take: which there are, and what each stands for.
 * Part of libsnn, MIT licence. */
#ifndef SNN_NAME_H
#define SNN_NAME_H

#include <snn/export.h>
#include <stddef.h>

/** Lists of names: a kind for every call that chooses by name, and for the parameters whose words are methods of
 * their own. The words of all other parameters are in snn_param_info, `choices`. */
typedef enum snn_name_kind {
    SNN_NAME_NEURON = 1,     /**< "lif": models of neurons, snn_neuron_create() */
    SNN_NAME_LAYER = 2,      /**< "conv2d", "lif": types of layers, populations of neurons among them,
                                  snn_network_add() */
    SNN_NAME_NETWORK = 3,    /**< "vgg11-ws": whole networks, snn_network_build(), which takes notations as well */
    SNN_NAME_OPTIMIZER = 4,  /**< "adam": snn_optimizer_create() */
    SNN_NAME_METHOD = 5,     /**< "ottt": training methods, snn_trainer_create() */
    SNN_NAME_FORMAT = 6,     /**< "idx": data formats, snn_dataset_open() */
    SNN_NAME_ISA = 7,        /**< "avx2": instruction sets that the library was built with, from the plainest. The
                                  machine may have fewer: snn_context_get_info() tells which is in use */
    SNN_NAME_LOSS = 8,       /**< "ce": SNN_TRAINER_LOSS */
    SNN_NAME_ENCODER = 9,    /**< "poisson": SNN_TRAINER_ENCODER */
    SNN_NAME_SURROGATE = 10, /**< "sigmoid": SNN_NEURON_SURROGATE */
    SNN_NAME_SCHEDULE = 11,  /**< "cosine": SNN_OPTIMIZER_SCHEDULE */
    SNN_NAME_KIND_FORCE32 = 0x7fffffff
} snn_name_kind;

SNN_BEGIN_DECLS

/** Name number `index`, from 0, of a kind; NULL past the last, and for a kind that this library does not know. Later
 * versions may have more names, in any order. Static storage. Real-time safe. */
SNN_API const char *snn_name(snn_name_kind kind, size_t index);

/** What that name stands for, in one line; NULL where snn_name() returns NULL. Static storage. Real-time
 * safe. */
SNN_API const char *snn_name_text(snn_name_kind kind, size_t index);

SNN_END_DECLS

#endif
