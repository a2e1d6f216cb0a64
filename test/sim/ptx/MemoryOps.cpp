// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ld, ldu, st, prefetch.
#include "test/sim/ptx/Access.h"

namespace adze::ptx {

namespace {
template <class T> using Elements = T[8][32];

template <class T>
void fetch(const Region &region, const Offsets &offsets, Lanes lanes, unsigned count, Elements<T> &values) {
  if (offsets.pattern == Offsets::consecutive && count == 1) {
    std::memcpy(values[0], region.data + offsets.at[0], 32 * sizeof(T));
  } else if (offsets.pattern == Offsets::same) {
    for (unsigned e = 0; e < count; ++e) {
      T value;
      std::memcpy(&value, region.data + offsets.at[0] + e * sizeof(T), sizeof(T));
      ADZE_EACH_LANE values[e][i] = value;
    }
  } else {
    eachOf(lanes, [&](int i) {
      const uint8_t *from = region.at(offsets.at[i], i);
      for (unsigned e = 0; e < count; ++e)
        std::memcpy(&values[e][i], from + e * sizeof(T), sizeof(T));
    });
  }
}

/// Lanes whose element e has bytes that nobody has written.
void findUnwritten(const Region &region, const Offsets &offsets, Lanes lanes, unsigned bytes, unsigned count,
                   Lanes *unwritten) {
  for (unsigned e = 0; e < count; ++e)
    unwritten[e] = 0;
  if (region.full)
    return;
  if (offsets.pattern == Offsets::same)
    lanes = 1;
  if (offsets.pattern == Offsets::consecutive && allWrittenRange(region.written, offsets.at[0], 32ull * bytes * count))
    return;
  eachOf(lanes, [&](int i) {
    uint64_t bit = region.bit(offsets.at[i], i);
    for (unsigned e = 0; e < count; ++e)
      unwritten[e] |= Lanes(!allWritten(region.written, bit + e * bytes, bytes)) << i;
  });
  if (offsets.pattern == Offsets::same)
    for (unsigned e = 0; e < count; ++e)
      unwritten[e] = unwritten[e] ? allLanes : 0;
}

template <class T> void setRegister(Warp &warp, const Access &access, unsigned e, const T *values, Lanes lanes) {
  using S = std::make_signed_t<T>;
  Slot slot = access.registers[e];
  auto extend = [&](auto *d) {
    using R = std::remove_pointer_t<decltype(d)>;
    if (access.isSigned)
      setLanes(d, lanes, [=](int i) { return static_cast<R>(static_cast<S>(values[i])); });
    else
      setLanes(d, lanes, [=](int i) { return static_cast<R>(values[i]); });
  };
  if (access.registerBytes[e] == 2)
    extend(warp.lanes<uint16_t>(slot));
  else if (access.registerBytes[e] == 4)
    extend(warp.lanes<uint32_t>(slot));
  else
    extend(warp.lanes<uint64_t>(slot));
}

/// Bytes of a T that are defined or undefined together.
template <class T> constexpr unsigned trackedBytes = sizeof(T) < 4 ? sizeof(T) : 4;

template <class T> void load(Warp &warp, const Op &op, Lanes lanes) {
  const Access &access = *static_cast<const Access *>(op.extra);
  Elements<T> values;
  constexpr unsigned parts = sizeof(T) / trackedBytes<T>;
  Lanes unwritten[8 * parts];
  eachRegion(
      warp, access, lanes, true, false, access.strong, [&](const Region &region, const Offsets &offsets, Lanes here) {
        fetch<T>(region, offsets, here, access.count, values);
        findUnwritten(region, offsets, here, trackedBytes<T>, access.count * parts, unwritten);
        for (unsigned e = 0; e < access.count; ++e) {
          setRegister<T>(warp, access, e, values[e], here);
          if (parts == 2)
            warp.defineHalves(access.registers[e], here, {unwritten[e * parts], unwritten[e * parts + parts - 1]});
          else
            warp.define(access.registers[e], here, unwritten[e]);
        }
      });
}

template <class T> void gather(Warp &warp, const Access &access, unsigned e, T *values) {
  Slot slot = access.registers[e];
  if (access.registerBytes[e] == 2) {
    const uint16_t *a = warp.lanes<uint16_t>(slot);
    ADZE_EACH_LANE values[i] = static_cast<T>(a[i]);
  } else if (access.registerBytes[e] == 4) {
    const uint32_t *a = warp.lanes<uint32_t>(slot);
    ADZE_EACH_LANE values[i] = static_cast<T>(a[i]);
  } else {
    const uint64_t *a = warp.lanes<uint64_t>(slot);
    ADZE_EACH_LANE values[i] = static_cast<T>(a[i]);
  }
}

/// Lanes of one store that write different values to one address: nobody knows which will stay.
template <class T>
void findClashes(Warp &warp, const Offsets &offsets, Lanes lanes, unsigned count, const Elements<T> &values) {
  if (offsets.pattern == Offsets::consecutive)
    return;
  uint8_t table[64] = {};
  eachOf(lanes, [&](int i) {
    unsigned slot = static_cast<unsigned>(offsets.at[i] / (sizeof(T) * count) * 0x9E3779B1u >> 8) % 64;
    for (; table[slot]; slot = (slot + 1) % 64) {
      int other = table[slot] - 1;
      if (offsets.at[other] != offsets.at[i])
        continue;
      for (unsigned e = 0; e < count; ++e)
        if (values[e][other] != values[e][i])
          return warp.block->launch.fault(Fault::race, warp, i, [&] {
            return "stores another value to the same address as lane " + std::to_string(other) + " does";
          });
      return;
    }
    table[slot] = static_cast<uint8_t>(i + 1);
  });
}

void markStored(const Region &region, const Offsets &offsets, Lanes lanes, unsigned bytes, unsigned count,
                const Lanes *undefined) {
  bool isGlobal = region.space == Space::global;
  Lanes any = 0;
  for (unsigned e = 0; e < count; ++e)
    any |= undefined[e];
  if (offsets.pattern == Offsets::consecutive && (isGlobal || !any))
    return setWrittenRange(region.written, offsets.at[0], 32ull * bytes * count, true);
  eachOf(lanes, [&](int i) {
    uint64_t bit = region.bit(offsets.at[i], i);
    for (unsigned e = 0; e < count; ++e)
      setWritten(region.written, bit + e * bytes, bytes, isGlobal || !(undefined[e] >> i & 1));
  });
}

template <class T> void store(Warp &warp, const Op &op, Lanes lanes) {
  const Access &access = *static_cast<const Access *>(op.extra);
  Elements<T> values;
  constexpr unsigned parts = sizeof(T) / trackedBytes<T>;
  Lanes undefined[8 * parts];
  for (unsigned e = 0; e < access.count; ++e) {
    Slot slot = access.registers[e];
    gather<T>(warp, access, e, values[e]);
    undefined[e * parts] = warp.undefined[slot] & lanes;
    if (parts == 2) {
      Warp::Halves halves = warp.undefinedHalves(slot);
      undefined[e * parts] = halves.low & lanes, undefined[e * parts + parts - 1] = halves.high & lanes;
    }
  }
  eachRegion(warp, access, lanes, false, true, access.strong,
             [&](const Region &region, const Offsets &offsets, Lanes here) {
               if (region.tracked)
                 findClashes<T>(warp, offsets, here, access.count, values);
               for (unsigned e = 0; e < access.count * parts && region.space == Space::global; ++e)
                 if (undefined[e] & here)
                   warp.block->launch.fault(Fault::uninitialized, warp, firstOf(undefined[e] & here), [] {
                     return std::string("stores a value that is made of bytes nobody has written");
                   });
               if (!region.full)
                 markStored(region, offsets, here, trackedBytes<T>, access.count * parts, undefined);
               if (offsets.pattern == Offsets::consecutive && access.count == 1) {
                 std::memcpy(region.data + offsets.at[0], values[0], 32 * sizeof(T));
                 return;
               }
               eachOf(here, [&](int i) {
                 uint8_t *to = region.at(offsets.at[i], i);
                 for (unsigned e = 0; e < access.count; ++e)
                   std::memcpy(to + e * sizeof(T), &values[e][i], sizeof(T));
               });
             });
}

template <template <class> class F> Handler bySize(unsigned bytes) {
  return bytes == 1   ? F<uint8_t>::run
         : bytes == 2 ? F<uint16_t>::run
         : bytes == 4 ? F<uint32_t>::run
                      : F<uint64_t>::run;
}
template <class T> struct Load {
  static void run(Warp &warp, const Op &op, Lanes lanes) { load<T>(warp, op, lanes); }
};
template <class T> struct Store {
  static void run(Warp &warp, const Op &op, Lanes lanes) { store<T>(warp, op, lanes); }
};

/// Space, order, vector and type of a load or store, and its micro-op.
void access(Assembler &a, bool isStore) {
  Access access;
  takeOrder(a, access);
  access.isStore = isStore;
  if (!isStore)
    a.take("nc");
  access.space = takeSpace(a);
  std::string_view vector = a.takeAny({"v2", "v4", "v8"});
  access.count = vector.empty() ? 1 : static_cast<uint8_t>(vector[1] - '0');
  Type type = a.needType();
  if (!isInteger(type) && type != Type::f32 && type != Type::f64 && bytesOf(type) != 2)
    a.fail("a type that cannot be loaded or stored");
  a.check(2);
  access.bytes = static_cast<uint8_t>(bytesOf(type));
  access.isSigned = isSigned(type);
  if (access.total() > 32 || (access.total() > 16 && access.space != Space::global && access.space != Space::generic))
    a.fail("an access too wide");
  setPlace(a, access, a.operand(isStore ? 0 : 1));
  const Operand &value = a.operand(isStore ? 1 : 0);
  if ((value.kind == Operand::list ? value.elements.size() : 1) != access.count)
    a.fail("another number of registers than the vector has");
  for (unsigned e = 0; e < access.count; ++e) {
    const Operand &one = value.kind == Operand::list ? value.elements[e] : value;
    unsigned bytes = 0;
    access.registers[e] = isStore ? a.wideSource(one, type, bytes) : a.wideTarget(one, type, bytes);
    access.registerBytes[e] = static_cast<uint8_t>(bytes);
  }
  access.site = a.site(access.total(), isStore);
  Handler run = isStore ? bySize<Store>(access.bytes) : bySize<Load>(access.bytes);
  a.extra<Access>(a.emit(run, Op::own)) = access;
}

void prefetch(Assembler &a) {
  takeSpace(a);
  a.takeAny({"L1", "L2"});
  a.takeAny({"L2::evict_last", "L2::evict_normal"});
  a.check(1);
  a.place(a.operand(0), Space::generic);
}
} // namespace

void addMemoryOps(Families &families) {
  families["ld"] = families["ldu"] = [](Assembler &a) { access(a, false); };
  families["st"] = [](Assembler &a) { access(a, true); };
  families["prefetch"] = families["prefetchu"] = prefetch;
}

} // namespace adze::ptx
