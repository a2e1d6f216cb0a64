// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// setp and set.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Lanes.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
/// `unordered`: holds if an operand is a NaN.
struct Eq {
  template <class T> bool operator()(T a, T b) const { return a == b; }
};
struct Ne { // of numbers
  template <class T> bool operator()(T a, T b) const { return (a < b) | (a > b); }
};
struct Lt {
  template <class T> bool operator()(T a, T b) const { return a < b; }
};
struct Le {
  template <class T> bool operator()(T a, T b) const { return a <= b; }
};
struct Gt {
  template <class T> bool operator()(T a, T b) const { return a > b; }
};
struct Ge {
  template <class T> bool operator()(T a, T b) const { return a >= b; }
};
struct Num {
  template <class T> bool operator()(T a, T b) const { return (a == a) & (b == b); }
};
struct Nan {
  template <class T> bool operator()(T a, T b) const { return (a != a) | (b != b); }
};
template <class F> struct OrNan {
  template <class T> bool operator()(T a, T b) const { return F()(a, b) | (a != a) | (b != b); }
};

/// Op::extra of the whole comparison. second: q of p|q, 0: none.
struct Comparison {
  Lanes (*compare)(Warp &, const Op &) = nullptr;
  Lanes (*compareHigh)(Warp &, const Op &) = nullptr; ///< of pairs
  char combine = 0;                                   ///< & | ^ with c, 0: none
  bool negated = false;                               ///< c
  Slot second = 0;
  uint8_t setBytes = 0; ///< of set: the result's bytes
  uint64_t setTrue = 0;
};

template <class T, class F> Lanes compareLanes(Warp &w, const Op &o) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  return lanesWhere([=](int i) { return F()(a[i], b[i]); });
}
template <class F> Lanes compareFlushed(Warp &w, const Op &o) {
  const float *a = w.lanes<float>(o.a), *b = w.lanes<float>(o.b);
  return lanesWhere([=](int i) { return F()(flush(a[i]), flush(b[i])); });
}
/// Halves of 32-bit words, or 16-bit ones; a subnormal of 16 bits is flushed if flags says so.
template <class Format, class Word, int shift, class F> Lanes compareHalves(Warp &w, const Op &o) {
  const Word *a = w.lanes<Word>(o.a), *b = w.lanes<Word>(o.b);
  bool ftz = o.flags;
  auto value = [=](Word word) {
    uint16_t bits = static_cast<uint16_t>(word >> shift);
    return Format::from(ftz ? flushFormat<Format>(bits) : bits);
  };
  return lanesWhere([=](int i) { return F()(value(a[i]), value(b[i])); });
}

Lanes combined(Warp &w, const Op &o, const Comparison &how, Lanes result, bool inverse) {
  if (inverse)
    result = ~result;
  Lanes c = how.combine ? w.predicate(o.c) ^ (how.negated ? allLanes : 0) : 0;
  return how.combine == '&' ? result & c : how.combine == '|' ? result | c : how.combine == '^' ? result ^ c : result;
}

void setPredicate(Warp &w, const Op &o, Lanes lanes) {
  const Comparison &how = *static_cast<const Comparison *>(o.extra);
  Lanes first = how.compare(w, o), from = w.undefined[o.a] | w.undefined[o.b] | (how.combine ? w.undefined[o.c] : 0);
  Lanes second = how.compareHigh ? combined(w, o, how, how.compareHigh(w, o), false) : combined(w, o, how, first, true);
  first = combined(w, o, how, first, false);
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (first & lanes);
  w.define(o.d, lanes, from);
  if (!how.second)
    return;
  w.predicate(how.second) = (w.predicate(how.second) & ~lanes) | (second & lanes);
  w.define(how.second, lanes, from);
}

/// setp without boolean operation and second predicate.
template <class T, class F> void setPredicateFast(Warp &w, const Op &o, Lanes lanes) {
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (compareLanes<T, F>(w, o) & lanes);
}

void setValue(Warp &w, const Op &o, Lanes lanes) {
  const Comparison &how = *static_cast<const Comparison *>(o.extra);
  Lanes from = w.undefined[o.a] | w.undefined[o.b] | (how.combine ? w.undefined[o.c] : 0);
  Lanes low = combined(w, o, how, how.compare(w, o), false);
  Lanes high = how.compareHigh ? combined(w, o, how, how.compareHigh(w, o), false) : 0;
  uint64_t yes = how.setTrue;
  if (how.setBytes == 2) {
    setLanes(w.lanes<uint16_t>(o.d), lanes, [=](int i) { return static_cast<uint16_t>(low >> i & 1 ? yes : 0); });
  } else {
    bool pair = how.compareHigh != nullptr;
    setLanes(w.lanes<uint32_t>(o.d), lanes, [=](int i) {
      if (!pair)
        return static_cast<uint32_t>(low >> i & 1 ? yes : 0);
      return static_cast<uint32_t>((low >> i & 1 ? yes : 0) | (high >> i & 1 ? yes << 16 : 0));
    });
  }
  w.define(o.d, lanes, from);
}

struct Pick {
  Lanes (*compare)(Warp &, const Op &) = nullptr;
  Lanes (*high)(Warp &, const Op &) = nullptr;
  Handler fast = nullptr;
};

template <class F> Pick pickFloat(Type type, bool ftz) {
  if (type == Type::f32)
    return ftz ? Pick{compareFlushed<F>, nullptr, nullptr}
               : Pick{compareLanes<float, F>, nullptr, setPredicateFast<float, F>};
  if (type == Type::f64)
    return {compareLanes<double, F>, nullptr, setPredicateFast<double, F>};
  if (type == Type::f16)
    return {compareHalves<Half, uint16_t, 0, F>, nullptr, nullptr};
  if (type == Type::bf16)
    return {compareHalves<Bf16, uint16_t, 0, F>, nullptr, nullptr};
  if (type == Type::f16x2)
    return {compareHalves<Half, uint32_t, 0, F>, compareHalves<Half, uint32_t, 16, F>, nullptr};
  return {compareHalves<Bf16, uint32_t, 0, F>, compareHalves<Bf16, uint32_t, 16, F>, nullptr};
}

template <class F> Pick pickInteger(Type type, bool asUnsigned) {
  bool sign = isSigned(type) && !asUnsigned;
  if (bytesOf(type) == 2)
    return sign ? Pick{compareLanes<int16_t, F>, nullptr, setPredicateFast<int16_t, F>}
                : Pick{compareLanes<uint16_t, F>, nullptr, setPredicateFast<uint16_t, F>};
  if (bytesOf(type) == 4)
    return sign ? Pick{compareLanes<int32_t, F>, nullptr, setPredicateFast<int32_t, F>}
                : Pick{compareLanes<uint32_t, F>, nullptr, setPredicateFast<uint32_t, F>};
  return sign ? Pick{compareLanes<int64_t, F>, nullptr, setPredicateFast<int64_t, F>}
              : Pick{compareLanes<uint64_t, F>, nullptr, setPredicateFast<uint64_t, F>};
}

struct Row {
  std::string_view name;
  Pick (*ofFloat)(Type, bool);
  Pick (*ofInteger)(Type, bool);
  bool asUnsigned;
};
const Row rows[] = {{"eq", pickFloat<Eq>, pickInteger<Eq>, false}, {"ne", pickFloat<Ne>, pickInteger<Ne>, false},
                    {"lt", pickFloat<Lt>, pickInteger<Lt>, false}, {"le", pickFloat<Le>, pickInteger<Le>, false},
                    {"gt", pickFloat<Gt>, pickInteger<Gt>, false}, {"ge", pickFloat<Ge>, pickInteger<Ge>, false},
                    {"lo", nullptr, pickInteger<Lt>, true},        {"ls", nullptr, pickInteger<Le>, true},
                    {"hi", nullptr, pickInteger<Gt>, true},        {"hs", nullptr, pickInteger<Ge>, true},
                    {"equ", pickFloat<OrNan<Eq>>, nullptr, false}, {"neu", pickFloat<OrNan<Ne>>, nullptr, false},
                    {"ltu", pickFloat<OrNan<Lt>>, nullptr, false}, {"leu", pickFloat<OrNan<Le>>, nullptr, false},
                    {"gtu", pickFloat<OrNan<Gt>>, nullptr, false}, {"geu", pickFloat<OrNan<Ge>>, nullptr, false},
                    {"num", pickFloat<Num>, nullptr, false},       {"nan", pickFloat<Nan>, nullptr, false}};

void compare(Assembler &a, bool isSet) {
  const Row *row = nullptr;
  for (const Row &one : rows)
    if (!row && a.take(one.name))
      row = &one;
  if (!row)
    a.fail("a comparison is missing");
  Comparison how;
  std::string_view combine = a.takeAny({"and", "or", "xor"});
  how.combine = combine.empty() ? 0 : combine == "and" ? '&' : combine == "or" ? '|' : '^';
  bool ftz = a.take("ftz");
  Type result = isSet ? a.needType({Type::u32, Type::s32, Type::f32, Type::f16, Type::bf16, Type::u16, Type::s16,
                                    Type::f16x2, Type::bf16x2})
                      : Type::pred;
  Type type = a.needType();
  auto pick = isFloat(type) ? row->ofFloat : row->ofInteger;
  bool isWide = type == Type::pred || bytesOf(type) < 2 || (!isFloat(type) && !isInteger(type));
  if (!pick || isWide)
    a.fail(std::string("does not compare .") + nameOf(type));
  Pick found = pick(type, isFloat(type) ? ftz : row->asUnsigned);
  how.compare = found.compare;
  how.compareHigh = found.high;
  a.check(how.combine ? 4 : 3);
  Slot x = a.source(1, type), y = a.source(2, type), c = how.combine ? a.predicate(a.operand(3), how.negated) : 0;
  if (isSet) {
    how.setBytes = static_cast<uint8_t>(bytesOf(result));
    how.setTrue = result == Type::f32                              ? 0x3f800000
                  : result == Type::f16 || result == Type::f16x2   ? 0x3c00
                  : result == Type::bf16 || result == Type::bf16x2 ? 0x3f80
                  : bytesOf(result) == 2 || how.compareHigh        ? 0xffff
                                                                   : 0xffffffff;
    Op &op = a.emit(setValue, Op::own, a.target(0, result), x, y, c);
    op.flags = ftz;
    a.extra<Comparison>(op) = how;
    return;
  }
  const Operand &target = a.operand(0);
  Slot d = a.predicateTarget(target.text);
  how.second = target.second.empty() ? 0 : a.predicateTarget(target.second);
  if (found.fast && !how.combine && !how.second) {
    a.emit(found.fast, Op::plain, d, x, y);
    return;
  }
  Op &op = a.emit(setPredicate, Op::own, d, x, y, c);
  op.flags = ftz;
  a.extra<Comparison>(op) = how;
}
} // namespace

void addComparisons(Families &families) {
  families["setp"] = [](Assembler &a) { compare(a, false); };
  families["set"] = [](Assembler &a) { compare(a, true); };
}

} // namespace adze::ptx
