// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// cp.async and its groups. A copy lands at the last moment the program allows: when its thread waits for it.
#include "test/sim/ptx/AsyncCopies.h"
#include "test/sim/ptx/Access.h"
#include <algorithm>
#include <utility>

namespace adze::ptx {

namespace {
struct Copy {
  Access to, from;
  Slot fromBytes = 0; ///< 0: all
  Slot ignored = 0;   ///< predicate: nothing is read, zeros are written
  bool ignoredNegated = false;
};

void markInFlight(Block &block, uint64_t first, unsigned bytes, bool inFlight) {
  setWrittenRange(block.inFlight.data(), first, bytes, inFlight);
  block.copiesInFlight += inFlight ? 1 : ~0ull;
}

/// Checks and records what lanes that copy `bytes` bytes read.
void readSource(Warp &w, const Access &from, Lanes lanes, unsigned bytes) {
  Access part = from;
  part.bytes = static_cast<uint8_t>(bytes);
  if ((bytes & (bytes - 1)) == 0)
    return eachRegion(w, part, lanes, true, false, false, [](const Region &, const Offsets &, Lanes) {});
  for (part.bytes = 1; bytes; ++part.offset, --bytes) // an odd number of bytes: one by one
    eachRegion(w, part, lanes, true, false, false, [](const Region &, const Offsets &, Lanes) {});
}

void beginCopies(Warp &w, const Op &op, Lanes lanes) {
  const Copy &copy = *static_cast<const Copy *>(op.extra);
  Block &block = *w.block;
  uint32_t wanted[32];
  Lanes ignored = copy.ignored ? w.predicate(copy.ignored) ^ (copy.ignoredNegated ? allLanes : 0) : 0;
  Lanes bad = (w.undefined[copy.fromBytes] | w.undefined[copy.ignored]) & lanes;
  if (bad)
    block.launch.fault(Fault::uninitialized, w, firstOf(bad),
                       [] { return std::string("its size has no defined value"); });
  const uint32_t *sizes = copy.fromBytes ? w.lanes<uint32_t>(copy.fromBytes) : nullptr;
  for (int i = 0; i < 32; ++i)
    wanted[i] = ignored >> i & 1 ? 0 : sizes ? std::min<uint32_t>(sizes[i], copy.to.bytes) : copy.to.bytes;
  for (Lanes rest = lanes; rest;) {
    uint32_t bytes = wanted[firstOf(rest)];
    Lanes same = 0;
    eachOf(rest, [&](int i) { same |= Lanes(wanted[i] == bytes) << i; });
    if (bytes)
      readSource(w, copy.from, same, bytes);
    rest &= ~same;
  }
  uint64_t from[32];
  addressesOf(w, copy.from, 0, from);
  eachRegion(w, copy.to, lanes, false, true, false, [&](const Region &region, const Offsets &offsets, Lanes here) {
    if (region.space != Space::shared)
      block.launch.end(Fault::out_of_bounds, w, firstOf(here),
                       [] { return std::string("copies to shared memory only"); });
    eachOf(here, [&](int i) {
      PendingCopy pending;
      pending.from = from[i];
      pending.to = static_cast<uint32_t>(offsets.at[i]);
      pending.bytes = copy.to.bytes;
      pending.fromBytes = static_cast<uint8_t>(wanted[i]);
      pending.lane = static_cast<uint8_t>(i);
      pending.pc = w.pc;
      pending.number = w.copyNumber++;
      w.copies.push_back(pending);
      markInFlight(block, pending.to, pending.bytes, true);
    });
  });
}

void land(Warp &w, const PendingCopy &copy) {
  Block &block = *w.block;
  Allocation *source = copy.fromBytes ? block.launch.memory.find(copy.from) : nullptr;
  uint8_t *to = block.shared.data() + copy.to;
  std::memset(to, 0, copy.bytes);
  setWrittenRange(block.sharedWritten.data(), copy.to, copy.bytes, true);
  if (source) {
    uint64_t offset = copy.from - source->base;
    std::memcpy(to, source->data + offset, copy.fromBytes);
    for (unsigned i = 0; i < copy.fromBytes && !source->full; ++i)
      if (!allWritten(source->written, offset + i, 1))
        setWritten(block.sharedWritten.data(), copy.to + i, 1, false);
  }
  markInFlight(block, copy.to, copy.bytes, false);
  Region region;
  region.space = Space::shared;
  region.size = block.sharedBytes();
  Offsets offsets;
  offsets.at[copy.lane] = copy.to;
  uint32_t waiting = std::exchange(w.pc, copy.pc);
  noteAccess(w, region, offsets, 1u << copy.lane, copy.bytes, true, false);
  w.pc = waiting;
}

void commit(Warp &w, const Op &, Lanes lanes) {
  for (PendingCopy &copy : w.copies)
    if (copy.group < 0 && (lanes >> copy.lane & 1))
      copy.group = w.copyGroups[copy.lane];
  eachOf(lanes, [&](int i) { ++w.copyGroups[i]; });
}

/// immediate: how many groups may stay; ~0: not even what is not committed.
void wait(Warp &w, const Op &op, Lanes lanes) {
  bool all = op.immediate == ~0ull;
  landCopies(w, [&](const PendingCopy &copy) {
    if (!(lanes >> copy.lane & 1))
      return false;
    return all || (copy.group >= 0 && copy.group < w.copyGroups[copy.lane] - static_cast<int64_t>(op.immediate));
  });
}

void copyAsync(Assembler &a) {
  Copy copy;
  bool cg = a.takeAny({"ca", "cg"}) == "cg";
  if (!a.take("shared") && !a.take("shared::cta"))
    a.fail("copies to .shared only");
  if (!a.take("global"))
    a.fail("copies from .global only");
  a.takeAny({"L2::64B", "L2::128B", "L2::256B"});
  a.checkModifiers();
  const Operand &size = a.operand(2);
  uint64_t bytes = size.kind == Operand::literal ? size.value.bits : 0;
  if ((bytes != 4 && bytes != 8 && bytes != 16) || (cg && bytes != 16) || a.count() > 4)
    a.fail("copies 4, 8 or 16 bytes, .cg 16");
  copy.to.space = Space::shared;
  copy.from.space = Space::global;
  copy.to.bytes = copy.from.bytes = static_cast<uint8_t>(bytes);
  copy.to.isStore = true;
  setPlace(a, copy.to, a.operand(0));
  setPlace(a, copy.from, a.operand(1));
  if (a.count() == 4 && a.isPredicate(a.operand(3)))
    copy.ignored = a.predicate(a.operand(3), copy.ignoredNegated);
  else if (a.count() == 4)
    copy.fromBytes = a.source(3, Type::u32);
  copy.from.site = a.site(copy.from.bytes, false);
  copy.to.site = a.site(copy.to.bytes, true);
  a.extra<Copy>(a.emit(beginCopies, Op::own)) = copy;
}

void copies(Assembler &a) {
  if (!a.take("async"))
    a.fail("an instruction that this machine does not know");
  if (a.take("mbarrier"))
    return arriveWithCopies(a);
  if (a.take("commit_group")) {
    a.check(0);
    a.emit(commit, Op::own);
  } else if (a.take("wait_all")) {
    a.check(0);
    a.emit(wait, Op::own).immediate = ~0ull;
  } else if (a.take("wait_group")) {
    a.check(1);
    if (a.operand(0).kind != Operand::literal)
      a.fail("needs a constant");
    a.emit(wait, Op::own).immediate = a.operand(0).value.bits & 0xffff;
  } else {
    copyAsync(a);
  }
}
} // namespace

void landCopies(Warp &w, const std::function<bool(const PendingCopy &)> &which) {
  for (const PendingCopy &copy : w.copies)
    if (which(copy))
      land(w, copy);
  w.copies.erase(std::remove_if(w.copies.begin(), w.copies.end(), which), w.copies.end());
}

void addAsyncCopies(Families &families) {
  families["cp"] = copies;
  addMemoryBarriers(families);
}

} // namespace adze::ptx
