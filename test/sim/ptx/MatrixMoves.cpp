// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// ldmatrix, stmatrix, movmatrix: matrices of 8 rows of 8 elements of 16 bits, spread over a warp. Lane l has two
// elements of row l / 4, or, transposed, of column l / 4.
#include "test/sim/ptx/MatrixMoves.h"
#include "test/sim/ptx/Access.h"

namespace adze::ptx {

namespace {
/// Op::extra. Row r of matrix q is at the address of lane 8 q + r.
struct Move {
  Access access; ///< of a row, by the lanes that give addresses
  int count = 1;
  bool transposed = false;
  Slot registers[4] = {};
};

/// Which lane, and which half of its register, has element (row, column).
struct Holder {
  int lane, half;
};
Holder holderOf(int row, int column, bool transposed) {
  if (transposed)
    std::swap(row, column);
  return {row * 4 + column / 2, column % 2};
}

Lanes addressLanes(int count) { return count == 4 ? allLanes : (1u << 8 * count) - 1; }

void countConflicts(Warp &w, const Move &move, const Offsets &offsets) {
  SiteCounts &site = w.block->launch.sites[move.access.site];
  for (int q = 0; q < move.count; ++q) {
    unsigned passes = bankPasses(offsets.at, 0xffu << 8 * q, 4);
    site.conflicts += passes ? passes - 1 : 0;
  }
  ++site.shared;
}

/// f(row's bytes, row's offset, lane of the address, matrix, row)
template <class F> void eachRow(Warp &w, const Move &move, bool isStore, F f) {
  uint64_t at[32];
  Lanes lanes = addressLanes(move.count);
  addressesOf(w, move.access, lanes, at);
  Region region;
  Offsets offsets;
  while (lanes) {
    Lanes here = resolve(w, move.access, at, lanes, region);
    if (region.space != Space::shared)
      w.block->launch.end(Fault::out_of_bounds, w, firstOf(here),
                          [] { return std::string("is of shared memory only"); });
    setOffsets(w, region, at, here, 16, offsets);
    if (offsets.pattern == Offsets::same)
      offsets.pattern = Offsets::scattered;
    if (w.block->copiesInFlight)
      checkInFlight(w, region, offsets, here, 16);
    if (here == addressLanes(move.count))
      countConflicts(w, move, offsets);
    noteAccess(w, region, offsets, here, 16, isStore, false);
    eachOf(here, [&](int i) { f(region, offsets.at[i], i / 8, i % 8); });
    lanes &= ~here;
  }
}

void loadMatrices(Warp &w, const Op &op, Lanes) {
  const Move &move = *static_cast<const Move *>(op.extra);
  uint32_t results[4][32] = {};
  Lanes undefined[4] = {};
  eachRow(w, move, false, [&](const Region &region, uint64_t offset, int q, int row) {
    for (int column = 0; column < 8; ++column) {
      uint16_t element;
      std::memcpy(&element, region.data + offset + column * 2, 2);
      Holder holder = holderOf(row, column, move.transposed);
      results[q][holder.lane] |= uint32_t(element) << 16 * holder.half;
      if (!allWritten(region.written, offset + column * 2, 2))
        undefined[q] |= 1u << holder.lane;
    }
  });
  for (int q = 0; q < move.count; ++q) {
    std::memcpy(w.lanes<uint32_t>(move.registers[q]), results[q], sizeof(results[q]));
    w.define(move.registers[q], allLanes, undefined[q]);
  }
}

void storeMatrices(Warp &w, const Op &op, Lanes) {
  const Move &move = *static_cast<const Move *>(op.extra);
  eachRow(w, move, true, [&](const Region &region, uint64_t offset, int q, int row) {
    for (int column = 0; column < 8; ++column) {
      Holder holder = holderOf(row, column, move.transposed);
      Slot slot = move.registers[q];
      uint16_t element = static_cast<uint16_t>(w.lanes<uint32_t>(slot)[holder.lane] >> 16 * holder.half);
      std::memcpy(region.data + offset + column * 2, &element, 2);
      setWritten(region.written, offset + column * 2, 2, !(w.undefined[slot] >> holder.lane & 1));
    }
  });
}

void transpose(Warp &w, const Op &op, Lanes) {
  uint32_t values[32], results[32] = {};
  std::memcpy(values, w.lanes<uint32_t>(op.a), sizeof(values));
  Lanes from = w.undefined[op.a], undefined = 0;
  for (int row = 0; row < 8; ++row)
    for (int column = 0; column < 8; ++column) {
      Holder source = holderOf(row, column, false), target = holderOf(row, column, true);
      results[target.lane] |= (values[source.lane] >> 16 * source.half & 0xffff) << 16 * target.half;
      undefined |= (from >> source.lane & 1) << target.lane;
    }
  std::memcpy(w.lanes<uint32_t>(op.d), results, sizeof(results));
  w.define(op.d, allLanes, undefined);
}

void takeAligned(Assembler &a) {
  if (!a.take("sync") || !a.take("aligned") || !a.take("m8n8"))
    a.fail("needs .sync.aligned.m8n8");
}

void matrices(Assembler &a, bool isStore) {
  takeAligned(a);
  Move move;
  std::string_view count = a.takeAny({"x1", "x2", "x4"});
  if (count.empty())
    a.fail("needs .x1, .x2 or .x4");
  move.count = count[1] - '0';
  move.transposed = a.take("trans");
  move.access.space = takeSpace(a);
  a.needType({Type::b16});
  a.check(2);
  move.access.bytes = 16;
  move.access.isStore = isStore;
  setPlace(a, move.access, a.operand(isStore ? 0 : 1));
  if (move.access.space != Space::shared && move.access.space != Space::generic)
    a.fail("is of shared memory only");
  const Operand &list = a.operand(isStore ? 1 : 0);
  bool single = list.kind != Operand::list && move.count == 1;
  if (!single && static_cast<int>(list.elements.size()) != move.count)
    a.fail("another number of registers than matrices");
  for (int q = 0; q < move.count; ++q) {
    const Operand &one = single ? list : list.elements[q];
    move.registers[q] = isStore ? a.source(one, Type::b32) : a.target(one, Type::b32);
  }
  move.access.site = a.site(16, isStore);
  Op &op = a.emit(isStore ? storeMatrices : loadMatrices, Op::sync);
  op.aligned = true;
  a.extra<Move>(op) = move;
}

void movmatrix(Assembler &a) {
  takeAligned(a);
  if (!a.take("trans"))
    a.fail("needs .trans");
  a.needType({Type::b16});
  a.check(2);
  Slot from = a.source(1, Type::b32);
  a.emit(transpose, Op::sync, a.target(0, Type::b32), from).aligned = true;
}
} // namespace

void addMatrixMoves(Families &families) {
  families["ldmatrix"] = [](Assembler &a) { matrices(a, false); };
  families["stmatrix"] = [](Assembler &a) { matrices(a, true); };
  families["movmatrix"] = movmatrix;
}

} // namespace adze::ptx
