// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The process's shared thread pools, by number of threads; see loader.h.
#define _GNU_SOURCE
#include "runtime/loader/loader.h"

#include "runtime/threads/pool.h"

#include <pthread.h>
#include <unistd.h>

typedef struct shared {
  adze_thread_pool *pool;
  pid_t process; ///< a forked child has no threads: it makes its own pool
} shared;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void take_lock(void) { pthread_mutex_lock(&lock); }

static void free_lock(void) { pthread_mutex_unlock(&lock); }

/// No fork falls between another thread's taking of the lock and its giving back, which the child would wait for.
static void guard_forks(void) { pthread_atfork(take_lock, free_lock, free_lock); }

const adze_pool *adze_shared_pool(int32_t threads) {
  static pthread_once_t guarded = PTHREAD_ONCE_INIT;
  static shared pools[ADZE_MAX_THREADS + 1];
  if (threads < 0 || threads > ADZE_MAX_THREADS)
    return NULL;
  if (threads == 0)
    threads = adze_cpu_count();
  pthread_once(&guarded, guard_forks);
  pthread_mutex_lock(&lock);
  shared *entry = &pools[threads];
  if (!entry->pool || entry->process != getpid()) {
    entry->pool = NULL; // the parent's stays in memory: models made before the fork may hold it
    if (adze_thread_pool_create(threads, NULL, &entry->pool, NULL) == ADZE_OK)
      entry->process = getpid();
  }
  const adze_pool *result = entry->pool ? adze_thread_pool_interface(entry->pool) : NULL;
  pthread_mutex_unlock(&lock);
  return result;
}
