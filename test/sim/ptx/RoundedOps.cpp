// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Arithmetic of f32, pairs of f32 and f64 rounded to zero, down or up. This file is compiled for changing rounding
// modes.
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Numbers.h"
#include <cfenv>
#pragma STDC FENV_ACCESS ON

namespace adze::ptx {

namespace {
enum RoundedKind : uint8_t { roundedAdd, roundedSub, roundedMul, roundedDiv, roundedFma, roundedSqrt, roundedRcp };

/// Op::extra.
struct Rounded {
  int mode = FE_TONEAREST;
  RoundedKind kind = roundedAdd;
  bool ftz = false, sat = false;
};

class RoundingScope {
public:
  explicit RoundingScope(int mode) { std::fesetround(mode); }
  ~RoundingScope() { std::fesetround(FE_TONEAREST); }
};

template <class T> T compute(RoundedKind kind, volatile T a, volatile T b, volatile T c) {
  volatile T result;
  switch (kind) {
  case roundedAdd:
    result = a + b;
    break;
  case roundedSub:
    result = a - b;
    break;
  case roundedMul:
    result = a * b;
    break;
  case roundedDiv:
    result = a / b;
    break;
  case roundedFma:
    result = std::fma(T(a), T(b), T(c));
    break;
  case roundedSqrt:
    result = std::sqrt(T(a));
    break;
  case roundedRcp:
    result = T(1) / a;
    break;
  }
  return result;
}

float flushTo(float x) { return flush(x); }
double flushTo(double x) { return x; }

/// Each lane's register has `parts` of T.
template <class T, int parts = 1> void run(Warp &w, const Op &o, Lanes lanes) {
  const Rounded &how = *static_cast<const Rounded *>(o.extra);
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b), *c = w.lanes<T>(o.c);
  T *d = w.lanes<T>(o.d);
  RoundingScope scope(how.mode);
  eachOf(lanes, [&](int lane) {
    for (int i = lane * parts; i < (lane + 1) * parts; ++i) {
      T x = a[i], y = b[i], z = c[i];
      if (how.ftz)
        x = flushTo(x), y = flushTo(y), z = flushTo(z);
      T result = canonical(compute<T>(how.kind, x, y, z));
      if (how.ftz)
        result = flushTo(result);
      d[i] = how.sat ? saturate(result) : result;
    }
  });
}
} // namespace

void roundedOp(Assembler &a, Type type, std::string_view rounding, Type narrow) {
  struct Row {
    const char *opcode;
    unsigned sources;
    RoundedKind kind;
  };
  static const Row rows[] = {{"add", 2, roundedAdd},   {"sub", 2, roundedSub}, {"mul", 2, roundedMul},
                             {"div", 2, roundedDiv},   {"fma", 3, roundedFma}, {"mad", 3, roundedFma},
                             {"sqrt", 1, roundedSqrt}, {"rcp", 1, roundedRcp}};
  Rounded how;
  how.mode = rounding == "rz" ? FE_TOWARDZERO : rounding == "rm" ? FE_DOWNWARD : FE_UPWARD;
  how.ftz = type != Type::f64 && a.take("ftz");
  how.sat = type == Type::f32 && a.take("sat");
  for (const Row &row : rows) {
    if (a.in.opcode != row.opcode)
      continue;
    how.kind = row.kind;
    a.check(1 + row.sources);
    Slot slots[3] = {};
    for (unsigned i = 0; i < row.sources; ++i)
      slots[i] = floatSource(a, i + 1, row.sources, type, narrow);
    Slot d = a.target(0, type);
    Handler handler = type == Type::f32 ? run<float> : type == Type::f32x2 ? run<float, 2> : run<double>;
    a.extra<Rounded>(a.emit(handler, type == Type::f32x2 ? Op::halves : Op::plain, d, slots[0], slots[1], slots[2])) =
        how;
    return;
  }
  a.fail("has no rounding mode");
}

} // namespace adze::ptx
