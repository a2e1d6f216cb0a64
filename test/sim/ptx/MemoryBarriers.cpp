// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// mbarrier: barriers that are 64-bit objects in shared memory.
//
// The object holds its phase in the highest 24 bits, then 20 bits of the arrivals that a phase wants and 20 of those
// that are still to come. A cp.async.mbarrier.arrive arrives when somebody asks whether the phase is complete.
#include "test/sim/ptx/Access.h"
#include "test/sim/ptx/AsyncCopies.h"
#include <algorithm>

namespace adze::ptx {

namespace {
constexpr uint64_t countMask = (1 << 20) - 1;

/// Op::extra.
struct Use {
  enum What : uint8_t { init, inval, arrive, testWait, testParity, arriveCopies } what = init;
  Access access;
  Slot d = 0, value = 0; ///< the state or predicate; the count, state or parity
  bool drops = false, noComplete = false, noInc = false;
};

uint64_t &objectAt(const Region &region, const Offsets &offsets, int lane) {
  return *reinterpret_cast<uint64_t *>(region.at(offsets.at[lane], lane));
}

void arriveAt(uint64_t &object, uint32_t count, bool drops) {
  uint64_t pending = object & countMask, expected = object >> 20 & countMask, phase = object >> 40;
  pending -= std::min<uint64_t>(pending, count);
  expected -= drops ? std::min<uint64_t>(expected, count) : 0;
  if (pending == 0) {
    pending = expected;
    ++phase;
  }
  object = phase << 40 | expected << 20 | pending;
}

/// Arrivals that wait for copies, at this object.
void settleCopies(Block &block, uint64_t offset) {
  for (auto one = block.copyArrivals.begin(); one != block.copyArrivals.end();) {
    if (one->object != offset) {
      ++one;
      continue;
    }
    Warp &warp = *block.warps[one->warp];
    uint64_t number = one->number;
    landCopies(warp, [&](const PendingCopy &copy) { return copy.lane == one->lane && copy.number < number; });
    join(block.memoryBarriers[offset], viewOf(warp));
    beginSegment(warp);
    arriveAt(*reinterpret_cast<uint64_t *>(block.shared.data() + offset), 1, false);
    one = block.copyArrivals.erase(one);
  }
}

void useObject(Warp &w, const Op &op, Lanes lanes) {
  const Use &use = *static_cast<const Use *>(op.extra);
  Block &block = *w.block;
  Lanes result = 0;
  bool told = false;
  const uint32_t *counts = w.lanes<uint32_t>(use.value);
  const uint64_t *states = w.lanes<uint64_t>(use.value);
  if (w.undefined[use.value] & lanes)
    block.launch.fault(Fault::uninitialized, w, firstOf(w.undefined[use.value] & lanes),
                       [] { return std::string("its operand has no defined value"); });
  eachRegion(w, use.access, lanes, false, false, true, [&](const Region &region, const Offsets &offsets, Lanes here) {
    eachOf(here, [&](int i) {
      uint64_t &object = objectAt(region, offsets, i), offset = offsets.at[i];
      if (use.what != Use::init && !allWritten(region.written, offset, 8))
        return block.launch.fault(Fault::uninitialized, w, i,
                                  [] { return std::string("the mbarrier is not initialised"); });
      switch (use.what) {
      case Use::init:
        object = (counts[i] & countMask) << 20 | (counts[i] & countMask);
        setWritten(region.written, offset, 8, true);
        break;
      case Use::inval:
        setWritten(region.written, offset, 8, false);
        break;
      case Use::arrive:
        if (use.d)
          w.lanes<uint64_t>(use.d)[i] = object;
        join(block.memoryBarriers[offset], viewOf(w));
        told = true;
        arriveAt(object, use.value ? counts[i] : 1, use.drops);
        break;
      case Use::arriveCopies: {
        if (!use.noInc)
          object += 1;
        block.copyArrivals.push_back({offset, w.index, static_cast<uint8_t>(i), w.copyNumber});
        break;
      }
      case Use::testWait:
      case Use::testParity: {
        settleCopies(block, offset);
        uint64_t phase = object >> 40;
        bool complete = use.what == Use::testWait ? phase != states[i] >> 40 : (phase & 1) != (counts[i] & 1);
        result |= Lanes(complete) << i;
        if (complete)
          learn(w, block.memoryBarriers[offset]);
      }
      }
    });
  });
  if (told)
    beginSegment(w);
  if (use.what == Use::testWait || use.what == Use::testParity)
    w.predicate(use.d) = (w.predicate(use.d) & ~lanes) | result;
  if (use.d)
    w.define(use.d, lanes, 0);
}

void takeShared(Assembler &a, Use &use) {
  a.take("shared::cta") || a.take("shared");
  a.needType({Type::b64});
  use.access.space = Space::shared;
  use.access.bytes = 8;
}

void emitUse(Assembler &a, Use &use) {
  use.access.site = a.site(8, true);
  a.extra<Use>(a.emit(useObject, Op::own)) = use;
}

void mbarrier(Assembler &a) {
  Use use;
  std::string_view what = a.takeAny({"init", "inval", "arrive", "arrive_drop", "test_wait", "try_wait"});
  if (what.empty())
    a.fail("an operation that this machine does not know");
  use.noComplete = a.take("noComplete");
  bool parity = a.take("parity");
  a.takeAny({"release", "acquire", "relaxed"});
  a.takeAny({"cta"});
  takeShared(a, use);
  a.checkModifiers();
  size_t at = 0;
  if (what == "init" || what == "inval") {
    use.what = what == "init" ? Use::init : Use::inval;
    setPlace(a, use.access, a.operand(at++));
    use.value = what == "init" ? a.source(at++, Type::u32) : 0;
  } else if (what == "arrive" || what == "arrive_drop") {
    use.what = Use::arrive;
    use.drops = what == "arrive_drop";
    use.d = a.operand(0).text == "_" ? at++, 0 : a.target(at++, Type::b64);
    setPlace(a, use.access, a.operand(at++));
    use.value = a.count() > at ? a.source(at++, Type::u32) : 0;
  } else {
    use.what = parity ? Use::testParity : Use::testWait;
    use.d = a.predicateTarget(a.operand(at++).text);
    setPlace(a, use.access, a.operand(at++));
    use.value = a.source(at++, parity ? Type::u32 : Type::b64);
    if (what == "try_wait" && a.count() > at)
      a.source(at++, Type::u32);
  }
  a.check(at);
  emitUse(a, use);
}
} // namespace

void arriveWithCopies(Assembler &a) {
  Use use;
  use.what = Use::arriveCopies;
  if (!a.take("arrive"))
    a.fail("needs .arrive");
  use.noInc = a.take("noinc");
  takeShared(a, use);
  a.check(1);
  setPlace(a, use.access, a.operand(0));
  emitUse(a, use);
}

void addMemoryBarriers(Families &families) { families["mbarrier"] = mbarrier; }

} // namespace adze::ptx
