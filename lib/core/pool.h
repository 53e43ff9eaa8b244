/* core/pool.h - the threads of a context.
 *
 * Work is cut into a number of tasks that depends on the work alone, never on the number of threads; tasks do not
 * share results. So any number of threads gives the same bits. */
#ifndef SNN_CORE_POOL_H
#define SNN_CORE_POOL_H

#include "core/status.h"
#include <snn/context.h>
#include <stdbool.h>

struct snn__pool;

/* One task. `worker` is below the number of threads, and no two tasks with the same worker run at the same time
 * within one snn__pool_run(): it selects scratch memory. */
typedef void (*snn__task_fn)(void *arg, size_t task, size_t worker);

/* A pool of `threads` threads, or fewer but at least `least` where the system does not start more. In a child of
 * fork() it has no thread but the caller's, and destroying it frees memory only. */
snn_status snn__pool_create(struct snn__pool **out, snn_context *ctx, size_t threads, size_t least);
void snn__pool_destroy(struct snn__pool *pool, snn_context *ctx);

/* True if its workers live in this process: a child of fork() has none. Makes a system call, so it is called only
 * before workers are woken or ended, and in checks. */
bool snn__pool_has_workers(const struct snn__pool *pool);

/* Threads that it has, the caller's included. */
size_t snn__pool_threads(const struct snn__pool *pool);

/* Runs fn(arg, 0 .. tasks - 1, worker) and returns when all are done. If another host thread is using the pool, or
 * the call comes from inside a task, or pool is NULL, everything runs in the calling thread as worker 0. Allocates
 * nothing. */
void snn__pool_run(struct snn__pool *pool, snn__task_fn fn, void *arg, size_t tasks);

#endif
