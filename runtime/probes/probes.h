// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Rates of the core that the calling thread runs on.
#ifndef ADZE_RUNTIME_PROBES_PROBES_H
#define ADZE_RUNTIME_PROBES_PROBES_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// f32 operations a second, multiplications and additions counted apart, in the widest vectors that the CPU has;
/// measured for about `seconds`, at least once.
double adze_probe_fma(double seconds);

/// Clock cycles a second: a chain of additions, one a cycle, for about `seconds`.
double adze_probe_clock(double seconds);

/// Bytes a second read once from `bytes` of memory, which should be more than the caches hold. 0: no such memory.
double adze_probe_read(size_t bytes);

#ifdef __cplusplus
}
#endif
#endif // ADZE_RUNTIME_PROBES_PROBES_H
