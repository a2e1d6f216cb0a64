// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One floating-point environment for all kernels (round to nearest, denormals kept, no traps), whatever the calling
// program has set: results depend neither on it nor on which thread runs a kernel.
#ifndef ADZE_RUNTIME_FP_ENV_H
#define ADZE_RUNTIME_FP_ENV_H

#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

/// Sets the environment and answers the one before it.
static inline uint64_t adze_fp_enter(void) {
#if defined(__x86_64__)
  enum { kDefault = 0x1f80, kFlags = 0x3f };
  unsigned before = _mm_getcsr();
  if ((before & ~(unsigned)kFlags) != kDefault)
    _mm_setcsr(kDefault);
  return before;
#elif defined(__aarch64__)
  uint64_t before;
  __asm__ volatile("mrs %0, fpcr" : "=r"(before));
  if (before != 0)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
  return before;
#else
  return 0;
#endif
}

/// Restores what adze_fp_enter answered.
static inline void adze_fp_leave(uint64_t before) {
#if defined(__x86_64__)
  if (_mm_getcsr() != (unsigned)before)
    _mm_setcsr((unsigned)before);
#elif defined(__aarch64__)
  if (before != 0)
    __asm__ volatile("msr fpcr, %0" : : "r"(before));
#else
  (void)before;
#endif
}

#endif // ADZE_RUNTIME_FP_ENV_H
