/** @file snn/context.h
 * What all objects of a host share: memory, log, threads, seed, instruction set.
 *
 * What the headers promise, each word with one meaning:
 *
 * - Real-time safe: no allocation, no lock, no system call, no log, and work that is bounded by the shapes of network
 *   and arguments; also where the call fails. Functions that are say so; all others may do any of these.
 * - Allocates nothing: takes no memory, but may use the context's threads, lock and log.
 * - Threads: an object, and what it owns, belongs to one thread at a time. Different objects may be used by different
 *   threads at once, also those of one context. Functions that take an object as const may be called by several
 *   threads at once while none changes it; a trainer is changed by all that computes with it. A network that no one
 *   trains or changes may be run by many streams and evaluators at once; a data set may be read by many trainers.
 *   Functions without an object may be called by any thread.
 * - Owned: what is written through `**out` of a create, open, load, build or parse call is the caller's, who destroys
 *   it. Destroying NULL does nothing. On failure *out is NULL.
 * - Borrowed: what is handed out, or handed in, belongs to somebody else and outlives who uses it. A pointer that a
 *   function hands out is good until its object is destroyed, or changed as the function says. An object that borrows
 *   another one is destroyed first. All objects borrow their context.
 * - Copied: all other arguments; they may go when the call returns.
 *
 * Structures that begin with `struct_size` grow from release to release (docs/abi.md). Start from the initialiser,
 * SNN_..._INIT or snn_..._init(), and set fields after it. A function that takes one returns SNN_ERR_ARGUMENT if
 * struct_size is not set, and, where it reads the structure, SNN_ERR_VERSION if a field is that it does not know.
 *
 * Part of libsnn, MIT licence. */
#ifndef SNN_CONTEXT_H
#define SNN_CONTEXT_H

#include <snn/export.h>
#include <snn/status.h>
#include <stddef.h>
#include <stdint.h>

/** Allocator, log, thread pool, seed and instruction-set cap. Create one, destroy it last. */
typedef struct snn_context snn_context;

/** How urgent a log line is. */
typedef enum snn_log_level {
    SNN_LOG_DEBUG = 1,
    SNN_LOG_INFO = 2,
    SNN_LOG_WARNING = 3,
    SNN_LOG_FORCE32 = 0x7fffffff
} snn_log_level;

/** Options of snn_context_create(); fill with snn_context_options_init(), then change fields. */
typedef struct snn_context_options {
    uint32_t struct_size; /**< set by snn_context_options_init() */
    uint32_t threads;     /**< threads to compute with, the caller's included; 0: one per processor that it may use */
    uint64_t seed;        /**< seed of every random number that objects of this context draw */
    /** Returns `size` bytes aligned to `alignment` (a power of two), or NULL; NULL here: the C library.
     * May be called from one thread at a time per object. */
    void *(*allocate)(void *user, size_t size, size_t alignment);
    /** Gives back what `allocate` returned. Set both or none. */
    void (*release)(void *user, void *pointer, size_t size);
    void *allocator_user; /**< passed to both */
    /** Receives log lines, without newline; NULL: none are made. */
    void (*log)(void *user, snn_log_level level, const char *line);
    void *log_user; /**< passed to `log` */
    /** Highest instruction set to use, "avx2", or "best": whatever the machine has. Nothing above it is used, nor
     * anything of another family of machines: there it leaves plain C, "ref", which all have. Copied; not NULL. */
    const char *isa;
} snn_context_options;

/** What a context turned out to be. */
typedef struct snn_context_info {
    uint32_t struct_size;  /**< set by the caller to sizeof(snn_context_info) */
    uint32_t threads;      /**< threads that compute, the caller's included */
    uint64_t seed;         /**< as given */
    const char *isa;       /**< instruction set in use, one of SNN_NAME_ISA; amx becomes avx512 if the system refuses
                                a plan the matrix unit; static storage */
    uint64_t bytes;        /**< bytes that objects of this context hold now */
    uint64_t peak_bytes;   /**< most they ever held */
    uint64_t allocations;  /**< number of allocations made so far */
} snn_context_info;

/** Initialiser for a snn_context_info that snn_context_get_info() is to fill. */
#define SNN_CONTEXT_INFO_INIT { sizeof(snn_context_info), 0, 0, 0, 0, 0, 0 }

SNN_BEGIN_DECLS

/** Fills `options` with the defaults: all processors, seed 1, C allocator, no log, best instruction set.
 * @param size sizeof(snn_context_options) as the caller was compiled
 * @return SNN_ERR_ARGUMENT if options is NULL, size too small or above 65,535. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_context_options_init(snn_context_options *options, size_t size);

/** Creates a context; NULL options take every default. The caller destroys it, after everything made from it.
 * Starts the worker threads, which take no signals of the host's. On failure *out is NULL.
 * @return SNN_ERR_ARGUMENT (bad option), SNN_ERR_MEMORY, SNN_ERR_UNSUPPORTED (the system does not start as many
 * threads as were asked for; with threads = 0 the context has those that it starts) */
SNN_API SNN_CHECKED snn_status snn_context_create(snn_context **out, const snn_context_options *options);

/** Stops the threads and frees the context; NULL is accepted. In a child of fork(), where there are no threads, frees
 * memory only. */
SNN_API void snn_context_destroy(snn_context *context);

/** Tells threads, instruction set and memory in use.
 * @return SNN_ERR_ARGUMENT. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_context_get_info(const snn_context *context, snn_context_info *info);

SNN_END_DECLS

#endif
