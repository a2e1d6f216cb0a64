// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pool's protocol. Each worker has a ticket: odd while a piece is posted for it, made even by whoever claims the
// piece (the worker, or the caller once it has finished its own). The caller returns when no claimed piece is
// unfinished, so `fn` and `arg` are only read while they are valid. Sleepers announce themselves, look again, then wait
// on the word. A worker that finishes long after the caller shares its CPU with another process; it is left alone for
// a while, and the caller does its pieces, rather than wait for the scheduler at every job.
#define _GNU_SOURCE
#include "runtime/threads/pool.h"

#include "runtime/error.h"
#include "runtime/threads/wait.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

enum {
  kWorkerSpinNs = 200 * 1000,  ///< how long a worker waits awake for more work
  kCallerSpinNs = 1000 * 1000, ///< how long a caller waits awake for the last worker
  kLateNs = 300 * 1000,        ///< a worker is late by this much more than the caller's own pieces took
  kRestFactor = 8, ///< a late worker is left alone for so many times what it was waited for, at most kRestNs
  kRestNs = 50 * 1000 * 1000
};

typedef struct worker {
  _Alignas(64) _Atomic uint32_t ticket;
  _Atomic uint32_t asleep;
  _Atomic bool finished; ///< its piece of the job under way
  bool posted;           ///< the caller's: it has been asked to do a piece of the job under way
  int64_t rests_until;   ///< the caller's: when it is asked again, in ns
  int32_t index;
  pthread_t thread;
  adze_thread_pool *pool;
} worker;

struct adze_thread_pool {
  adze_pool interface;
  pid_t process;
  _Atomic bool stop;
  _Alignas(64) _Atomic bool busy;
  void (*fn)(void *arg, int32_t worker);
  void *arg;
  _Alignas(64) _Atomic uint32_t pending; ///< posted pieces that are not finished
  _Atomic uint32_t caller_asleep;
  worker workers[]; ///< threads - 1; workers[i] is worker i + 1
};

/// Waits until a piece is posted; answers the ticket.
static uint32_t wait_for_ticket(worker *self) {
  adze_spin spin = adze_spin_begin(kWorkerSpinNs);
  for (;;) {
    uint32_t ticket = atomic_load_explicit(&self->ticket, memory_order_acquire);
    if (ticket & 1)
      return ticket;
    if (adze_spin_once(&spin))
      continue;
    atomic_store(&self->asleep, 1);
    ticket = atomic_load(&self->ticket);
    if (!(ticket & 1))
      adze_futex_wait(&self->ticket, ticket);
    atomic_store_explicit(&self->asleep, 0, memory_order_relaxed);
    spin = adze_spin_begin(kWorkerSpinNs);
  }
}

/// Takes the piece of `ticket`; false: somebody else has it.
static bool claim(worker *w, uint32_t ticket) {
  return atomic_compare_exchange_strong(&w->ticket, &ticket, ticket + 1);
}

static void *worker_main(void *arg) {
  worker *self = arg;
  adze_thread_pool *pool = self->pool;
  for (;;) {
    uint32_t ticket = wait_for_ticket(self);
    if (atomic_load(&pool->stop))
      return NULL;
    if (!claim(self, ticket))
      continue;
    pool->fn(pool->arg, self->index);
    atomic_store_explicit(&self->finished, true, memory_order_release);
    if (atomic_fetch_sub(&pool->pending, 1) == 1 && atomic_load(&pool->caller_asleep))
      adze_futex_wake(&pool->pending);
  }
}

static void post(worker *w) {
  atomic_fetch_add(&w->ticket, 1);
  if (atomic_load(&w->asleep))
    adze_futex_wake(&w->ticket);
}

/// Waits until no piece is unfinished, asleep in the end. `until` 0: without end; else false when that time is over.
static bool wait_for_workers(adze_thread_pool *pool, int64_t until) {
  adze_spin spin = adze_spin_begin(kCallerSpinNs);
  for (;;) {
    uint32_t pending = atomic_load_explicit(&pool->pending, memory_order_acquire);
    if (pending == 0)
      return true;
    bool awake = adze_spin_once(&spin);
    if (until && spin.turns % 64 == 0 && adze_now_ns() >= until)
      return false;
    if (awake)
      continue;
    atomic_store(&pool->caller_asleep, 1);
    pending = atomic_load(&pool->pending);
    if (pending != 0)
      adze_futex_wait(&pool->pending, pending);
    atomic_store(&pool->caller_asleep, 0);
  }
}

/// Waits until no piece is unfinished, and has those rest who finish late. The job and the caller's own pieces of it
/// took from `begin` to now.
static void join(adze_thread_pool *pool, int32_t workers, int64_t begin) {
  if (atomic_load_explicit(&pool->pending, memory_order_acquire) == 0)
    return;
  int64_t waiting = adze_now_ns();
  if (wait_for_workers(pool, waiting + (waiting - begin) + kLateNs))
    return;
  for (int32_t w = 1; w < workers; ++w) { // who is not posted is not late either: `finished` is as it was
    worker *late = &pool->workers[w - 1];
    late->posted = late->posted && !atomic_load_explicit(&late->finished, memory_order_acquire);
  }
  wait_for_workers(pool, 0);
  int64_t end = adze_now_ns(), rest = (end - waiting) * kRestFactor;
  for (int32_t w = 1; w < workers; ++w)
    if (pool->workers[w - 1].posted)
      pool->workers[w - 1].rests_until = end + (rest < kRestNs ? rest : kRestNs);
}

static void parallel_for(void *self, int32_t workers, void (*fn)(void *arg, int32_t worker), void *arg) {
  adze_thread_pool *pool = self;
  if (workers > pool->interface.threads)
    workers = pool->interface.threads;
  if (workers <= 1 || atomic_exchange_explicit(&pool->busy, true, memory_order_acquire)) {
    for (int32_t w = 0; w < workers; ++w)
      fn(arg, w);
    return;
  }
  pool->fn = fn;
  pool->arg = arg;
  int64_t begin = adze_now_ns();
  atomic_store(&pool->pending, (uint32_t)workers - 1);
  for (int32_t w = 1; w < workers; ++w) {
    worker *helper = &pool->workers[w - 1];
    helper->posted = begin >= helper->rests_until;
    if (!helper->posted)
      continue;
    atomic_store_explicit(&helper->finished, false, memory_order_relaxed);
    post(helper);
  }
  fn(arg, 0);
  for (int32_t w = workers - 1; w > 0; --w) {
    worker *helper = &pool->workers[w - 1];
    uint32_t ticket = atomic_load_explicit(&helper->ticket, memory_order_relaxed);
    bool taken = helper->posted && (ticket & 1) && claim(helper, ticket);
    if (taken || !helper->posted) {
      helper->posted = false;
      fn(arg, w);
      atomic_fetch_sub(&pool->pending, 1);
    }
  }
  join(pool, workers, begin);
  atomic_store_explicit(&pool->busy, false, memory_order_release);
}

int32_t adze_cpu_count(void) {
  int32_t count = 0;
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu)
      count += CPU_ISSET(cpu, &set) != 0;
  else
    count = (int32_t)sysconf(_SC_NPROCESSORS_ONLN); // more CPUs than the set has room for
  if (count < 1)
    return 1;
  return count > ADZE_MAX_THREADS ? ADZE_MAX_THREADS : count;
}

/// All signals but those of a thread's own faults, which would end the process without the program's handlers.
static void signals_of_others(sigset_t *set) {
  static const int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
  sigfillset(set);
  for (size_t i = 0; i < sizeof kFaults / sizeof *kFaults; ++i)
    sigdelset(set, kFaults[i]);
}

/// Starts one thread, with other signals blocked: they are the calling program's affair.
static adze_status start(worker *w, const int32_t *cpu, adze_error *error) {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  int failed = 0;
  if (cpu) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (*cpu >= 0 && *cpu < CPU_SETSIZE)
      CPU_SET(*cpu, &set);
    failed = pthread_attr_setaffinity_np(&attributes, sizeof set, &set);
  }
  if (!failed) {
    sigset_t blocked, before;
    signals_of_others(&blocked);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    failed = pthread_create(&w->thread, &attributes, worker_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
  }
  pthread_attr_destroy(&attributes);
  if (!failed)
    return ADZE_OK;
  if (cpu)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "worker %d: cannot run on CPU %d", (int)w->index, (int)*cpu);
  return adze_fail(error, ADZE_OUT_OF_MEMORY, "worker %d: cannot start a thread (error %d)", (int)w->index, failed);
}

/// Ends the threads of the workers [1, count).
static void stop(adze_thread_pool *pool, int32_t count) {
  if (pool->process != getpid())
    return;
  atomic_store(&pool->stop, true);
  for (int32_t w = 1; w < count; ++w)
    post(&pool->workers[w - 1]);
  for (int32_t w = 1; w < count; ++w)
    pthread_join(pool->workers[w - 1].thread, NULL);
}

adze_status adze_thread_pool_create(int32_t threads, const int32_t *affinity, adze_thread_pool **result,
                                    adze_error *error) {
  *result = NULL;
  if (threads < 0 || threads > ADZE_MAX_THREADS)
    return adze_fail(error, ADZE_INVALID_ARGUMENT, "found %d threads, expected 0 to %d", (int)threads,
                     (int)ADZE_MAX_THREADS);
  if (threads == 0)
    threads = adze_cpu_count();
  size_t bytes = sizeof(adze_thread_pool) + (size_t)(threads - 1) * sizeof(worker);
  adze_thread_pool *pool = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
  if (!pool)
    return adze_fail(error, ADZE_OUT_OF_MEMORY, "no memory for a pool of %d threads", (int)threads);
  pool->interface = (adze_pool){pool, threads, parallel_for};
  pool->process = getpid();
  atomic_init(&pool->stop, false);
  atomic_init(&pool->busy, false);
  atomic_init(&pool->pending, 0);
  atomic_init(&pool->caller_asleep, 0);
  for (int32_t w = 1; w < threads; ++w) {
    worker *next = &pool->workers[w - 1];
    atomic_init(&next->ticket, 0);
    atomic_init(&next->asleep, 0);
    atomic_init(&next->finished, true);
    next->posted = false;
    next->rests_until = 0;
    next->index = w;
    next->pool = pool;
    adze_status status = start(next, affinity ? &affinity[w] : NULL, error);
    if (status != ADZE_OK) {
      stop(pool, w);
      free(pool);
      return status;
    }
  }
  *result = pool;
  return ADZE_OK;
}

void adze_thread_pool_destroy(adze_thread_pool *pool) {
  if (!pool)
    return;
  stop(pool, pool->interface.threads);
  free(pool);
}

const adze_pool *adze_thread_pool_interface(const adze_thread_pool *pool) { return &pool->interface; }
