// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// rcp, sqrt, rsqrt, sin, cos, ex2, lg2, tanh. Approximations are the exact function, rounded to the type.
#include "test/sim/ptx/FloatOps.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
struct Rcp {
  static double exact(double x) { return 1 / x; }
};
struct Sqrt {
  static double exact(double x) { return std::sqrt(x); }
};
struct Rsqrt {
  static double exact(double x) { return 1 / std::sqrt(x); }
};
struct Sin {
  static double exact(double x) { return std::sin(x); }
};
struct Cos {
  static double exact(double x) { return std::cos(x); }
};
struct Ex2 {
  static double exact(double x) { return std::exp2(x); }
};
struct Lg2 {
  static double exact(double x) { return std::log2(x); }
};
struct Tanh {
  static double exact(double x) { return std::tanh(x); }
};

template <class F, bool ftz> void single(Warp &w, const Op &o, Lanes lanes) {
  const float *a = w.lanes<float>(o.a);
  setLanes(w.lanes<float>(o.d), lanes,
           [=](int i) { return canonical(flushIf<ftz>(static_cast<float>(F::exact(flushIf<ftz>(a[i]))))); });
}
template <class F> void real(Warp &w, const Op &o, Lanes lanes) {
  const double *a = w.lanes<double>(o.a);
  setLanes(w.lanes<double>(o.d), lanes, [=](int i) { return F::exact(a[i]); });
}
/// rcp.approx.ftz.f64 and its like: the low word is not computed, subnormals are zeros.
template <class F> void roughReal(Warp &w, const Op &o, Lanes lanes) {
  const double *a = w.lanes<double>(o.a);
  auto flushed = [](double x) { return std::fabs(x) < 0x1p-1022 ? std::copysign(0.0, x) : x; };
  setLanes(w.lanes<double>(o.d), lanes, [=](int i) {
    double x = flushed(F::exact(flushed(a[i])));
    return bitsAs<double>(bitsAs<uint64_t>(x) & ~0xffffffffull);
  });
}
/// One or two values of 16 bits.
template <class F, class Format, class Word> void halves(Warp &w, const Op &o, Lanes lanes) {
  const Word *a = w.lanes<Word>(o.a);
  bool ftz = o.flags;
  auto one = [=](uint16_t x) {
    if (ftz)
      x = flushFormat<Format>(x);
    uint16_t y = Format::to(toOdd(F::exact(static_cast<double>(Format::from(x)))));
    return ftz ? flushFormat<Format>(y) : y;
  };
  setLanes(w.lanes<Word>(o.d), lanes, [=](int i) {
    uint32_t result = one(static_cast<uint16_t>(a[i]));
    if (sizeof(Word) == 4)
      result |= uint32_t(one(static_cast<uint16_t>(uint32_t(a[i]) >> 16))) << 16;
    return static_cast<Word>(result);
  });
}

template <class F> void approximation(Assembler &a) {
  std::string_view rounding = a.takeAny({"rz", "rm", "rp", "rn"});
  bool approx = a.take("approx");
  Type type = a.needType({Type::f32, Type::f64, Type::f16, Type::f16x2, Type::bf16, Type::bf16x2});
  if (!rounding.empty() && rounding != "rn")
    return roundedOp(a, type, rounding);
  if (approx == !rounding.empty())
    a.fail("needs a rounding mode or .approx");
  bool ftz = a.take("ftz");
  a.check(2);
  Handler run = nullptr;
  if (type == Type::f32)
    run = ftz ? single<F, true> : single<F, false>;
  else if (type == Type::f64)
    run = approx && ftz ? roughReal<F> : real<F>;
  else if (type == Type::f16)
    run = halves<F, Half, uint16_t>;
  else if (type == Type::f16x2)
    run = halves<F, Half, uint32_t>;
  else if (type == Type::bf16)
    run = halves<F, Bf16, uint16_t>;
  else
    run = halves<F, Bf16, uint32_t>;
  bool isRoot = a.in.opcode == "rcp" || a.in.opcode == "sqrt" || a.in.opcode == "rsqrt";
  bool isSmall = a.in.opcode == "ex2" || a.in.opcode == "tanh";
  if ((type == Type::f64 && !isRoot) || (bytesOf(type) < 8 && type != Type::f32 && !isSmall))
    a.fail(std::string("cannot be of type .") + nameOf(type));
  Slot x = a.source(1, type);
  a.emit(run, Op::plain, a.target(0, type), x).flags = ftz;
}
} // namespace

void addApproximations(Families &families) {
  families["rcp"] = approximation<Rcp>;
  families["sqrt"] = approximation<Sqrt>;
  families["rsqrt"] = approximation<Rsqrt>;
  families["sin"] = approximation<Sin>;
  families["cos"] = approximation<Cos>;
  families["ex2"] = approximation<Ex2>;
  families["lg2"] = approximation<Lg2>;
  families["tanh"] = approximation<Tanh>;
}

} // namespace adze::ptx
