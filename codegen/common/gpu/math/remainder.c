// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The remainder of division, exact as C11's fmod: a fused product takes a multiple of y off x exactly while the
// multiple has no more bits than the type, so each round takes off nearly so many bits of the quotient.
#include "codegen/common/gpu/math/functions.h"

/// The exponent of x > 0, with the bias.
ADZE_INLINE int exponent_of(Real x) {
  int offset = x < power_of_two(1 - kBias) ? kMantissaBits + 1 : 0;
  return (int)(to_bits(x * power_of_two(offset)) >> kMantissaBits) - offset;
}

Real ADZE_MATH(remf)(Real x, Real y) {
  Real rest = magnitude(x), divisor = magnitude(y);
  if (!(rest < infinity() && divisor > 0))
    return not_a_number();
  while (rest >= divisor) {
    int far = exponent_of(rest) - exponent_of(divisor) - (kMantissaBits - 4);
    Real multiple = far > 0 ? scaled(divisor, far < 2 * kBias ? far : 2 * kBias) : divisor;
    rest = fused(-truncated(rest / multiple), multiple, rest);
    rest = rest < 0 ? rest + multiple : rest;
  }
  return with_sign(rest, x);
}
