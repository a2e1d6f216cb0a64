// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A pool of threads for short fork-and-joins: workers spin for a while after work, then sleep; no CPU is used when
// idle.
#ifndef ADZE_RUNTIME_THREADS_POOL_H
#define ADZE_RUNTIME_THREADS_POOL_H

#include "runtime/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { ADZE_MAX_THREADS = 1024 };

typedef struct adze_thread_pool adze_thread_pool;

/// CPUs in the process's affinity mask, at least 1 and at most ADZE_MAX_THREADS.
int32_t adze_cpu_count(void);

/// Starts a pool of `threads` workers: the calling thread of each job is worker 0, the others are own threads. 0 is one
/// for each CPU. `affinity` (or NULL) holds the CPU of each worker; its first value is not used.
adze_status adze_thread_pool_create(int32_t threads, const int32_t *affinity, adze_thread_pool **pool,
                                    adze_error *error);

/// Ends the threads and frees the pool. No job may be under way. NULL is allowed. In a forked child, where the threads
/// do not exist, only the memory is freed.
void adze_thread_pool_destroy(adze_thread_pool *pool);

/// The pool as abi.h describes pools. Calls that find it busy, from another thread or from inside a job, run all their
/// pieces on the calling thread. A caller also takes the pieces that no worker has begun when it is done with its own,
/// so a worker that is late or does not exist (after fork) never stops it. Lives as long as the pool.
const adze_pool *adze_thread_pool_interface(const adze_thread_pool *pool);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_THREADS_POOL_H
