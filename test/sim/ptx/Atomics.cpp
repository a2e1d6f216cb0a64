// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// atom and red.
#include "test/sim/ptx/Access.h"
#include "test/sim/ptx/Numbers.h"

namespace adze::ptx {

namespace {
struct Update {
  Access access;
  Slot d = 0, b = 0, c = 0; ///< d 0: red
};

struct AtomAdd {
  template <class T> static T apply(T old, T b, T) {
    if constexpr (std::is_floating_point_v<T>)
      return canonical(old + b);
    else
      return static_cast<T>(old + b);
  }
};
struct AtomExch {
  template <class T> static T apply(T, T b, T) { return b; }
};
struct AtomCas {
  template <class T> static T apply(T old, T b, T c) { return old == b ? c : old; }
};
struct AtomMin {
  template <class T> static T apply(T old, T b, T) { return b < old ? b : old; }
};
struct AtomMax {
  template <class T> static T apply(T old, T b, T) { return b > old ? b : old; }
};
struct AtomInc {
  template <class T> static T apply(T old, T b, T) { return old >= b ? T(0) : static_cast<T>(old + 1); }
};
struct AtomDec {
  template <class T> static T apply(T old, T b, T) { return old == 0 || old > b ? b : static_cast<T>(old - 1); }
};
struct AtomAnd {
  template <class T> static T apply(T old, T b, T) { return static_cast<T>(old & b); }
};
struct AtomOr {
  template <class T> static T apply(T old, T b, T) { return static_cast<T>(old | b); }
};
struct AtomXor {
  template <class T> static T apply(T old, T b, T) { return static_cast<T>(old ^ b); }
};
template <class Format> struct AtomAddHalf {
  static uint16_t apply(uint16_t old, uint16_t b, uint16_t) { return Format::to(Format::from(old) + Format::from(b)); }
};
template <class Format> struct AtomAddPair {
  static uint32_t apply(uint32_t old, uint32_t b, uint32_t) {
    uint32_t low = AtomAddHalf<Format>::apply(static_cast<uint16_t>(old), static_cast<uint16_t>(b), 0);
    return low | uint32_t(AtomAddHalf<Format>::apply(old >> 16, b >> 16, 0)) << 16;
  }
};

template <class T, class F> void update(Warp &w, const Op &op, Lanes lanes) {
  const Update &what = *static_cast<const Update *>(op.extra);
  constexpr bool replaces = std::is_same_v<F, AtomExch>;
  Lanes bad = (w.undefined[what.b] | w.undefined[what.c]) & lanes;
  if (bad)
    w.block->launch.fault(Fault::uninitialized, w, firstOf(bad),
                          [] { return std::string("its operand is made of bytes nobody has written"); });
  const T *b = w.lanes<T>(what.b), *c = w.lanes<T>(what.c);
  T results[32] = {};
  Lanes unwritten = 0;
  eachRegion(w, what.access, lanes, what.d != 0, true, true,
             [&](const Region &region, const Offsets &offsets, Lanes here) {
               eachOf(here, [&](int i) {
                 uint8_t *at = region.at(offsets.at[i], i);
                 uint64_t bit = region.bit(offsets.at[i], i);
                 T old;
                 std::memcpy(&old, at, sizeof(T));
                 if (!region.full && !allWritten(region.written, bit, sizeof(T))) {
                   unwritten |= 1u << i;
                   if (!replaces)
                     w.block->launch.fault(Fault::uninitialized, w, i,
                                           [] { return std::string("changes bytes that nobody has written"); });
                   setWritten(region.written, bit, sizeof(T), true);
                 }
                 T value = F::apply(old, b[i], c[i]);
                 std::memcpy(at, &value, sizeof(T));
                 results[i] = old;
               });
             });
  if (!what.d)
    return;
  setLanes(w.lanes<T>(what.d), lanes, [&](int i) { return results[i]; });
  w.define(what.d, lanes, unwritten);
}

template <class F> Handler integers(Type type) {
  switch (type) {
  case Type::u32:
  case Type::b32:
    return update<uint32_t, F>;
  case Type::s32:
    return update<int32_t, F>;
  case Type::u64:
  case Type::b64:
    return update<uint64_t, F>;
  case Type::s64:
    return update<int64_t, F>;
  default:
    return nullptr;
  }
}

Handler adder(Type type) {
  switch (type) {
  case Type::f32:
    return update<float, AtomAdd>;
  case Type::f64:
    return update<double, AtomAdd>;
  case Type::f16:
    return update<uint16_t, AtomAddHalf<Half>>;
  case Type::bf16:
    return update<uint16_t, AtomAddHalf<Bf16>>;
  case Type::f16x2:
    return update<uint32_t, AtomAddPair<Half>>;
  case Type::bf16x2:
    return update<uint32_t, AtomAddPair<Bf16>>;
  case Type::s32:
    return update<uint32_t, AtomAdd>;
  case Type::s64:
    return update<uint64_t, AtomAdd>;
  default:
    return integers<AtomAdd>(type);
  }
}

template <class F> Handler ofBits(Type type) {
  if (type == Type::b16)
    return update<uint16_t, F>;
  return type == Type::b32 ? update<uint32_t, F> : type == Type::b64 ? update<uint64_t, F> : nullptr;
}
template <class F> Handler counter(Type type) { return type == Type::u32 ? update<uint32_t, F> : nullptr; }

void atomic(Assembler &a) {
  struct Row {
    const char *name;
    Handler (*handler)(Type);
  };
  static const Row rows[] = {{"add", adder},
                             {"exch", ofBits<AtomExch>},
                             {"cas", ofBits<AtomCas>},
                             {"min", integers<AtomMin>},
                             {"max", integers<AtomMax>},
                             {"inc", counter<AtomInc>},
                             {"dec", counter<AtomDec>},
                             {"and", ofBits<AtomAnd>},
                             {"or", ofBits<AtomOr>},
                             {"xor", ofBits<AtomXor>}};
  Update what;
  std::string_view order = a.takeAny({"relaxed", "acquire", "release", "acq_rel"});
  what.access.releases = order == "release" || order == "acq_rel";
  what.access.acquires = order == "acquire" || order == "acq_rel";
  what.access.strong = what.access.isStore = true;
  a.takeAny({"cta", "cluster", "gpu", "sys"});
  what.access.space = takeSpace(a);
  a.take("noftz");
  Handler run = nullptr;
  bool isRed = a.in.opcode == "red";
  const Row *row = nullptr;
  for (const Row &one : rows)
    if (!row && a.take(one.name))
      row = &one;
  Type type = a.needType();
  if (row)
    run = row->handler(type);
  if (!run)
    a.fail("an operation that is not known, or not of this type");
  bool isCas = std::string_view(row->name) == "cas";
  size_t first = isRed ? 0 : 1;
  a.check(first + 2 + isCas);
  what.access.bytes = static_cast<uint8_t>(bytesOf(type));
  setPlace(a, what.access, a.operand(first));
  if (what.access.space == Space::local || what.access.space == Space::param || what.access.space == Space::constant)
    a.fail("atomics are of global or shared memory");
  what.b = a.source(first + 1, type);
  what.c = isCas ? a.source(first + 2, type) : 0;
  if (!isRed)
    what.d = a.target(0, type);
  what.access.site = a.site(what.access.bytes, true);
  a.extra<Update>(a.emit(run, Op::own)) = what;
}
} // namespace

void addAtomics(Families &families) { families["atom"] = families["red"] = atomic; }

} // namespace adze::ptx
