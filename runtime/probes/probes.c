// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#define _POSIX_C_SOURCE 200809L // clock_gettime
#include "runtime/probes/probes.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/// Work a second of a function that does `rounds` rounds and answers the work in them.
static double rate(double (*work)(long rounds), long rounds, double seconds) {
  double start = now(), elapsed, done = 0;
  do {
    done += work(rounds);
    elapsed = now() - start;
  } while (elapsed < seconds);
  return done / elapsed;
}

// Keeps the compiler from folding what it could know of a vector or a number.
#if defined(__aarch64__)
#define OPAQUE_VECTOR(v) __asm__ volatile("" : "+w"(v))
#else
#define OPAQUE_VECTOR(v) __asm__ volatile("" : "+x"(v))
#endif
#define OPAQUE_NUMBER(n) __asm__ volatile("" : "+r"(n))

// Multiplies and adds on `sums` independent vectors, `rounds` times: flops done. A macro, since a function of one
// target cannot be inlined into one of another.
#define MULTIPLY_AND_ADD(name, bytes, sums)                                                                            \
  static double name(long rounds) {                                                                                    \
    typedef float vector __attribute__((vector_size(bytes)));                                                          \
    vector acc[sums] = {{0}}, x = {0.5f}, y = {0.25f};                                                                 \
    OPAQUE_VECTOR(x);                                                                                                  \
    OPAQUE_VECTOR(y);                                                                                                  \
    for (long r = 0; r < rounds; ++r) {                                                                                \
      _Pragma("GCC unroll 32") for (int i = 0; i < sums; ++i) acc[i] = x * y + acc[i];                                 \
      _Pragma("GCC unroll 32") for (int i = 0; i < sums; ++i) OPAQUE_VECTOR(acc[i]);                                   \
    }                                                                                                                  \
    return 2.0 * sums * (bytes / sizeof(float)) * (double)rounds;                                                      \
  }

enum { FMA_ROUNDS = 10000 };

#if defined(__x86_64__)
#undef OPAQUE_VECTOR
#define OPAQUE_VECTOR(v) __asm__ volatile("" : "+v"(v))
__attribute__((target("avx512f,fma"))) MULTIPLY_AND_ADD(peak512, 64, 24);
#undef OPAQUE_VECTOR
#define OPAQUE_VECTOR(v) __asm__ volatile("" : "+x"(v))
__attribute__((target("avx2,fma"))) MULTIPLY_AND_ADD(peak256, 32, 12);
#endif
MULTIPLY_AND_ADD(peak128, 16, 12)

double adze_probe_fma(double seconds) {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f"))
    return rate(peak512, FMA_ROUNDS, seconds);
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
    return rate(peak256, FMA_ROUNDS, seconds);
#endif
  return rate(peak128, FMA_ROUNDS, seconds);
}

enum { CHAIN = 32, CLOCK_ROUNDS = 10000 };

static double add_in_chain(long rounds) {
  uint64_t x = 1, y = 3;
  OPAQUE_NUMBER(y);
  for (long r = 0; r < rounds; ++r)
    _Pragma("GCC unroll 32") for (int i = 0; i < CHAIN; ++i) {
      x += y;
      OPAQUE_NUMBER(x);
    }
  return (double)CHAIN * (double)rounds;
}

double adze_probe_clock(double seconds) { return rate(add_in_chain, CLOCK_ROUNDS, seconds); }

double adze_probe_read(size_t bytes) {
  enum { LANES = 8, WORDS = 8 * LANES };
  typedef uint64_t vector __attribute__((vector_size(8 * LANES)));
  size_t blocks = bytes / (WORDS * sizeof(uint64_t));
  vector *data = aligned_alloc(64, blocks * WORDS * sizeof(uint64_t)), sums[WORDS / LANES] = {{0}};
  if (!data || blocks == 0) {
    free(data);
    return 0;
  }
  memset(data, 1, blocks * WORDS * sizeof(uint64_t));
  double start = now();
  for (size_t b = 0; b < blocks; ++b)
    for (int i = 0; i < WORDS / LANES; ++i)
      sums[i] ^= data[b * (WORDS / LANES) + i];
  double elapsed = now() - start;
  uint64_t all = 0;
  for (int i = 0; i < WORDS / LANES; ++i)
    all ^= sums[i][0];
  OPAQUE_NUMBER(all);
  free(data);
  return (double)(blocks * WORDS * sizeof(uint64_t)) / elapsed;
}
