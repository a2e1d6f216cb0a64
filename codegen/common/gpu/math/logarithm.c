// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// log, log1p, log2 and log10.
#include "codegen/common/gpu/math/logarithm.h"
#include "codegen/common/gpu/math/functions.h"

/// The logarithm of what has none, or an infinite one.
ADZE_INLINE Real log_at_edge(Real x) { return x == 0 ? -infinity() : x > 0 ? x : not_a_number(); }
ADZE_INLINE int is_inside(Real x) { return x > 0 && x < infinity(); }

ADZE_INLINE Pair log_of(Real x) { return log_of_power(as_power((Pair){x, 0})); }

Real ADZE_MATH(log)(Real x) {
  if (!is_inside(x))
    return log_at_edge(x);
  Pair log = log_of(x);
  return log.high + log.low;
}

Real ADZE_MATH(log2)(Real x) {
  if (!is_inside(x))
    return log_at_edge(x);
  Pair log = product(log_of(x), (Pair){kLog2EHi, kLog2ELo});
  return log.high + log.low;
}

Real ADZE_MATH(log10)(Real x) {
  if (!is_inside(x))
    return log_at_edge(x);
  Pair log = product(log_of(x), (Pair){kLog10EHi, kLog10ELo});
  return log.high + log.low;
}

Real ADZE_MATH(log1p)(Real x) {
  if (magnitude(x) < ADZE_EITHER(0x1p-25f, 0x1p-54))
    return x;
  Pair sum = sum_exact(1, x);
  if (!is_inside(sum.high))
    return log_at_edge(sum.high);
  Pair log = log_of_power(as_power(sum));
  return log.high + log.low;
}
