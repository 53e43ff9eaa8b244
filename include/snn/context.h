/** @file snn/context.h
 * The resources that all objects of a host share: memory, log, threads, seed, instruction set.
 *
 * The promises of all headers, each word with one meaning:
 *
 * - Real-time safe: the function allocates nothing, takes no lock, makes no system call and writes no log line. Its
 *   work is bounded by the shapes of the network and of the arguments. This also holds where it fails. A function
 *   that is real-time safe says so; any other one may do all of these.
 * - Allocates nothing: the function takes no memory, but may use the context's threads, lock and log.
 * - Threads: an object, with all that it owns, belongs to one thread at a time. Different objects may be used by
 *   different threads at once, even if they share a context. Functions that take an object as const may be called by
 *   several threads at once while no thread changes the object. Every call that computes with a trainer changes it.
 *   A network that nobody trains or changes may be run by many streams and evaluators at once. A data set may be
 *   read by many trainers. Functions without an object may be called by any thread.
 * - Owned: the object that a create, open, load, build or parse call writes to `*out` belongs to the caller, who
 *   destroys it. Destroying NULL does nothing. On failure *out is NULL.
 * - Borrowed: a pointer that a function returns, or an object that it keeps, still belongs to its owner and must
 *   outlive its user. A returned pointer is valid until its object is destroyed, or changed as the function says. An
 *   object that borrows another one is destroyed first. All objects borrow their context.
 * - Copied: all other arguments. They may be freed when the call returns.
 *
 * Structures that begin with `struct_size` grow from release to release (docs/abi.md). Begin with the initialiser,
 * SNN_..._INIT or snn_..._init(), then set fields. A function that takes such a structure returns SNN_ERR_ARGUMENT if
 * struct_size is not set. A function that reads one returns SNN_ERR_VERSION if a field that it does not know is set.
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

/** Urgency of a log line. */
typedef enum snn_log_level {
    SNN_LOG_DEBUG = 1,
    SNN_LOG_INFO = 2,
    SNN_LOG_WARNING = 3,
    SNN_LOG_FORCE32 = 0x7fffffff
} snn_log_level;

/** Options of snn_context_create(); fill with snn_context_options_init(), then change fields. */
typedef struct snn_context_options {
    uint32_t struct_size; /**< set by snn_context_options_init() */
    uint32_t threads;     /**< threads to compute with, the caller's included; 0: one per available processor */
    uint64_t seed;        /**< seed of every random number that objects of this context draw */
    /** Returns `size` bytes aligned to `alignment` (a power of two), or NULL if there are none. A NULL pointer here
     * selects the C library's allocator. Called by several threads at once if the host uses several objects at
     * once. */
    void *(*allocate)(void *user, size_t size, size_t alignment);
    /** Frees `pointer`, which `allocate` returned for `size` bytes. Set both functions or neither. */
    void (*release)(void *user, void *pointer, size_t size);
    void *allocator_user; /**< passed to `allocate` and `release` */
    /** Receives each log line, without a newline. NULL: no log. */
    void (*log)(void *user, snn_log_level level, const char *line);
    void *log_user; /**< passed to `log` */
    /** Highest instruction set to use, such as "avx2"; "best" takes the highest that the machine has. The name of
     * another family of machines leaves plain C, "ref", which every machine has. Copied; not NULL. */
    const char *isa;
    /** File that says which algorithm a product of some size takes, as snn bench kernels --tune writes it for this
     * processor and instruction set; or "measure", so that preparing a network or a trainer times them. NULL: the
     * built-in choice alone. Read once; the text is not kept. */
    const char *product_table;
} snn_context_options;

/** Threads, instruction set and memory of a context. */
typedef struct snn_context_info {
    uint32_t struct_size; /**< set by the caller to sizeof(snn_context_info) */
    uint32_t threads;     /**< threads that compute, the caller's included */
    uint64_t seed;        /**< as given */
    const char *isa;      /**< instruction set in use, one of SNN_NAME_ISA; amx becomes avx512 if the system denies
                               the matrix unit when a network is planned; static storage */
    uint64_t bytes;       /**< bytes that objects of this context hold now */
    uint64_t peak_bytes;  /**< largest value of `bytes` so far */
    uint64_t allocations; /**< number of allocations so far */
} snn_context_info;

/** Initialiser of snn_context_info, for snn_context_get_info() to fill. */
#define SNN_CONTEXT_INFO_INIT SNN_INIT_(sizeof(snn_context_info), 0, 0, 0, 0, 0, 0)

SNN_BEGIN_DECLS

/** Fills `options` with the defaults: all processors, seed 1, C allocator, no log, best instruction set.
 * @param size sizeof(snn_context_options) as the caller was compiled
 * @return SNN_ERR_ARGUMENT if options is NULL, size too small or above 65,535. Real-time safe. */
SNN_API SNN_CHECKED snn_status snn_context_options_init(snn_context_options *options, size_t size);

/** Creates a context. Starts its worker threads, which leave all signals to the host's. The caller destroys it,
 * after every object made from it.
 * @param out receives the context; NULL on failure
 * @param options NULL takes every default
 * @return SNN_ERR_ARGUMENT (an option out of range), SNN_ERR_MEMORY, SNN_ERR_UNSUPPORTED (the system refuses to start
 * as many threads as requested, with threads = 0 the context keeps those that start; or the product table is of
 * another processor or instruction set), SNN_ERR_IO, SNN_ERR_FORMAT (the product table) */
SNN_API SNN_CHECKED snn_status snn_context_create(snn_context **out, const snn_context_options *options);

/** Stops the threads and frees the context; NULL is accepted. A child of fork() has no worker threads: there it only
 * frees memory. */
SNN_API void snn_context_destroy(snn_context *context);

/** Describes the context: threads, instruction set, memory in use. Real-time safe.
 * @return SNN_ERR_ARGUMENT (NULL) */
SNN_API SNN_CHECKED snn_status snn_context_get_info(const snn_context *context, snn_context_info *info);

SNN_END_DECLS

#endif
