// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Waiting: the clock, spinning for a bounded time, and futexes.
#ifndef ADZE_RUNTIME_THREADS_WAIT_H
#define ADZE_RUNTIME_THREADS_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/// Nanoseconds of CLOCK_MONOTONIC.
int64_t adze_now_ns(void);

/// Sleeps while *word is `expected`; may return early.
void adze_futex_wait(_Atomic uint32_t *word, uint32_t expected);

/// Wakes one sleeper on `word`.
void adze_futex_wake(_Atomic uint32_t *word);

/// Tells the CPU that this is a spin loop.
static inline void adze_cpu_relax(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory"); // yield is a no-op on most cores
#endif
}

/// A spin of bounded length.
typedef struct adze_spin {
  int64_t length, deadline; ///< deadline 0: the clock has not been read yet
  uint32_t turns;
} adze_spin;

/// A spin of at most about `length` ns, counted from its first turns.
static inline adze_spin adze_spin_begin(int64_t length) {
  adze_spin spin = {length, 0, 0};
  return spin;
}

/// Passes a short time. False: the spin has lasted long enough.
static inline bool adze_spin_once(adze_spin *spin) {
  adze_cpu_relax();
  if (++spin->turns % 64 != 0)
    return true;
  int64_t now = adze_now_ns();
  if (spin->deadline == 0)
    spin->deadline = now + spin->length;
  return now < spin->deadline;
}

#endif // ADZE_RUNTIME_THREADS_WAIT_H
