// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mov with its packing and unpacking, cvta, isspacep, selp, slct.
#include "test/sim/ptx/Assembler.h"
#include "test/sim/ptx/Lanes.h"

namespace adze::ptx {

namespace {
struct Copy {
  template <class T> T operator()(T a) const { return a; }
};
template <class T> void move(Warp &w, const Op &o, Lanes lanes) { unaryLanes<T, T, Copy>(w, o, lanes); }

template <class W, class N> void pack(Warp &w, const Op &o, Lanes lanes) {
  const N *a = w.lanes<N>(o.a), *b = w.lanes<N>(o.b);
  setLanes(w.lanes<W>(o.d), lanes,
           [=](int i) { return static_cast<W>(static_cast<W>(a[i]) | static_cast<W>(b[i]) << (sizeof(N) * 8)); });
}
/// b64 of two b32.
void packWide(Warp &w, const Op &o, Lanes lanes) {
  Warp::Halves from = {w.undefined[o.a], w.undefined[o.b]};
  pack<uint64_t, uint32_t>(w, o, lanes);
  w.defineHalves(o.d, lanes, from);
}
/// b64 of four b16.
struct Four {
  Slot slots[4];
};
void packFour(Warp &w, const Op &o, Lanes lanes) {
  const Four &four = *static_cast<const Four *>(o.extra);
  Lanes from[4];
  const uint16_t *parts[4];
  for (int e = 0; e < 4; ++e) {
    parts[e] = w.lanes<uint16_t>(four.slots[e]);
    from[e] = w.undefined[four.slots[e]];
  }
  setLanes(w.lanes<uint64_t>(o.d), lanes, [=](int i) {
    return parts[0][i] | uint64_t(parts[1][i]) << 16 | uint64_t(parts[2][i]) << 32 | uint64_t(parts[3][i]) << 48;
  });
  w.defineHalves(o.d, lanes, {from[0] | from[1], from[2] | from[3]});
}
template <class W, class N> void unpack(Warp &w, const Op &o, Lanes lanes) {
  const W *a = w.lanes<W>(o.a);
  unsigned shift = o.flags;
  Lanes from = w.undefined[o.a];
  if (sizeof(W) == 8)
    from = shift < 32 ? w.undefinedHalves(o.a).low : w.undefinedHalves(o.a).high;
  setLanes(w.lanes<N>(o.d), lanes, [=](int i) { return static_cast<N>(a[i] >> shift); });
  w.define(o.d, lanes, from);
}

Handler moveOf(unsigned bytes) { return bytes == 2 ? move<uint16_t> : bytes == 4 ? move<uint32_t> : move<uint64_t>; }
Type untyped(unsigned bytes) {
  return bytes == 1 ? Type::b8 : bytes == 2 ? Type::b16 : bytes == 4 ? Type::b32 : Type::b64;
}

void packing(Assembler &a, Type type) {
  const auto &from = a.operand(1).elements;
  unsigned bytes = bytesOf(type), count = static_cast<unsigned>(from.size());
  if ((count != 2 && count != 4) || bytes / count < 2)
    a.fail("packs another number of elements");
  Type part = untyped(bytes / count);
  Four four{};
  for (unsigned e = 0; e < count; ++e)
    four.slots[e] = a.source(from[e], part);
  Slot d = a.target(0, type);
  if (count == 4)
    a.extra<Four>(a.emit(packFour, Op::own, d, 0)) = four;
  else if (bytes == 4)
    a.emit(pack<uint32_t, uint16_t>, Op::plain, d, four.slots[0], four.slots[1]);
  else
    a.emit(packWide, Op::own, d, four.slots[0], four.slots[1]);
}

void unpacking(Assembler &a, Type type) {
  const auto &to = a.operand(0).elements;
  unsigned bytes = bytesOf(type), count = static_cast<unsigned>(to.size());
  if ((count != 2 && count != 4) || bytes / count < 2)
    a.fail("unpacks another number of elements");
  Type part = untyped(bytes / count);
  Slot from = a.source(1, type);
  Handler run = bytes == 4   ? unpack<uint32_t, uint16_t>
                : count == 2 ? unpack<uint64_t, uint32_t>
                             : unpack<uint64_t, uint16_t>;
  bool overlaps = false; // a target that is the source must come last
  for (unsigned e = 0; e < count; ++e)
    overlaps = overlaps || (to[e].text != "_" && a.target(to[e], part) == from);
  if (overlaps)
    a.fail("unpacks a register into itself");
  for (unsigned e = 0; e < count; ++e)
    if (to[e].text != "_")
      a.emit(run, Op::own, a.target(to[e], part), from).flags = static_cast<uint8_t>(e * bytes / count * 8);
}

void movePredicate(Warp &w, const Op &o, Lanes lanes) {
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (w.predicate(o.a) & lanes);
}

void mov(Assembler &a) {
  Type type = a.needType();
  a.check(2);
  if (type == Type::pred) {
    bool negated;
    Slot from = a.predicate(a.operand(1), negated);
    if (negated)
      a.fail("a negated predicate is not allowed here");
    a.emit(movePredicate, Op::plain, a.predicateTarget(a.operand(0).text), from);
    return;
  }
  if (bytesOf(type) < 2 || bytesOf(type) > 8)
    a.fail(std::string("cannot be of type .") + nameOf(type));
  if (a.operand(1).kind == Operand::list)
    return packing(a, type);
  if (a.operand(0).kind == Operand::list)
    return unpacking(a, type);
  Slot from = a.source(1, type);
  a.emit(moveOf(bytesOf(type)), bytesOf(type) == 8 ? Op::halves : Op::plain, a.target(0, type), from);
}

// ---- addresses ----
uint64_t windowOf(Assembler &a, std::string_view &name) {
  name = a.takeAny({"shared", "shared::cta", "shared::cluster", "local", "global", "const", "param", "param::entry"});
  if (name.empty())
    a.fail("a space is missing");
  return name.substr(0, 6) == "shared"  ? sharedWindow
         : name == "local"              ? localWindow
         : name.substr(0, 5) == "param" ? paramWindow
                                        : 0;
}

void addWindow(Warp &w, const Op &o, Lanes lanes) {
  const uint64_t *a = w.lanes<uint64_t>(o.a);
  uint64_t window = o.immediate;
  setLanes(w.lanes<uint64_t>(o.d), lanes, [=](int i) { return a[i] + window; });
}

void cvta(Assembler &a) {
  bool to = a.take("to");
  std::string_view space;
  uint64_t window = windowOf(a, space);
  if (window == paramWindow && a.translatorIsCallee())
    window = localWindow;
  Type type = a.needType({Type::u64});
  a.check(2);
  Slot from = a.source(1, type);
  a.emit(addWindow, Op::plain, a.target(0, type), from).immediate = to ? 0 - window : window;
}

void isInWindow(Warp &w, const Op &o, Lanes lanes) {
  const uint64_t *a = w.lanes<uint64_t>(o.a);
  uint64_t window = o.immediate;
  Lanes in = lanesWhere([=](int i) { return window ? a[i] - window < windowBytes : a[i] < sharedWindow; });
  w.predicate(o.d) = (w.predicate(o.d) & ~lanes) | (in & lanes);
}

void isspacep(Assembler &a) {
  std::string_view space;
  uint64_t window = windowOf(a, space);
  a.check(2);
  Slot from = a.source(1, Type::u64);
  a.emit(isInWindow, Op::plain, a.predicateTarget(a.operand(0).text), from).immediate = window;
}

// ---- selections ----
template <class T> void select(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  Lanes p = w.predicate(o.c) ^ (o.flags ? allLanes : 0);
  auto chosen = [&](Lanes first, Lanes second) { return (p & first) | (~p & second) | w.undefined[o.c]; };
  Lanes from = chosen(w.undefined[o.a], w.undefined[o.b]);
  if (sizeof(T) == 8) {
    Warp::Halves first = w.undefinedHalves(o.a), second = w.undefinedHalves(o.b);
    setLanes(w.lanes<T>(o.d), lanes, [=](int i) { return p >> i & 1 ? a[i] : b[i]; });
    return w.defineHalves(o.d, lanes, {chosen(first.low, second.low), chosen(first.high, second.high)});
  }
  setLanes(w.lanes<T>(o.d), lanes, [=](int i) { return p >> i & 1 ? a[i] : b[i]; });
  w.define(o.d, lanes, from);
}

void selp(Assembler &a) {
  Type type = a.needType();
  a.check(4);
  unsigned bytes = bytesOf(type);
  bool negated;
  Slot x = a.source(1, type), y = a.source(2, type), p = a.predicate(a.operand(3), negated);
  Handler run = bytes == 2 ? select<uint16_t> : bytes == 4 ? select<uint32_t> : select<uint64_t>;
  a.emit(run, Op::own, a.target(0, type), x, y, p).flags = negated;
}

/// a where c is not negative.
template <class T, class C> void selectBySign(Warp &w, const Op &o, Lanes lanes) {
  const T *a = w.lanes<T>(o.a), *b = w.lanes<T>(o.b);
  const C *c = w.lanes<C>(o.c);
  setLanes(w.lanes<T>(o.d), lanes, [=](int i) { return c[i] >= C(0) ? a[i] : b[i]; });
}

void slct(Assembler &a) {
  a.take("ftz"); // a subnormal counts as zero: not negative, unless its sign says so; -0 >= 0 holds either way
  Type type = a.needType();
  Type chooser = a.needType({Type::s32, Type::f32});
  a.check(4);
  unsigned bytes = bytesOf(type);
  Slot x = a.source(1, type), y = a.source(2, type), z = a.source(3, chooser);
  bool single = chooser == Type::f32;
  Handler run = bytes == 2   ? (single ? selectBySign<uint16_t, float> : selectBySign<uint16_t, int32_t>)
                : bytes == 4 ? (single ? selectBySign<uint32_t, float> : selectBySign<uint32_t, int32_t>)
                             : (single ? selectBySign<uint64_t, float> : selectBySign<uint64_t, int32_t>);
  a.emit(run, Op::plain, a.target(0, type), x, y, z);
}
} // namespace

void addMoves(Families &families) {
  families["mov"] = mov;
  families["cvta"] = cvta;
  families["isspacep"] = isspacep;
  families["selp"] = selp;
  families["slct"] = slct;
}

} // namespace adze::ptx
