// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/SharedTile.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::LanePlaces;
using adze::gpu::SharedTile;

/// All banks together.
static constexpr int64_t kBankBytes = 128;

SharedTile::SharedTile(ThreadBlock &block, Type element, int64_t rows, int64_t columns, int64_t spread)
    : rows(rows), columns(columns), chunk(kChunkBytes / elementBytes(element)), perRow(columns / chunk),
      element(element), block(block), e(block.e), exchanged(std::min(perRow, kBankBytes / kChunkBytes)),
      spread(std::max<int64_t>(spread, 0)), inPairs(spread == kPairsOfRows), period(inPairs ? 16 : 8) {
  assert(llvm::isPowerOf2_64(columns) && llvm::isPowerOf2_64(rows) && perRow > 0);
}

Value SharedTile::place(Value row, int64_t moreRows, Value c, int64_t moreChunks) {
  Move move = split(moreRows, moreChunks);
  row = e.addi(row, e.index(move.rows));
  c = e.addi(c, e.index(move.chunks));
  int64_t rowsOfBanks = std::max<int64_t>(kBankBytes / kChunkBytes / perRow, 1), numbers = exchanged >> spread;
  if (numbers > 1) {
    Value seen = inPairs ? e.addi(e.remui(row, 2), e.muli(e.divui(row, 4), e.index(2))) : row;
    Value number = e.remui(e.divui(seen, rowsOfBanks), numbers);
    c = e.create<arith::XOrIOp>(c, e.muli(number, e.index(int64_t(1) << spread)));
  }
  Value place = e.addi(e.muli(row, e.index(columns)), e.muli(c, e.index(chunk)));
  return e.addi(place, e.index(move.elements));
}

LanePlaces::LanePlaces(SharedTile &tile, Emitter &e, Value row, Value chunk, int64_t chunkBits, Value behind)
    : tile(tile), e(e), row(row), chunk(chunk), behind(behind), chunkBits(chunkBits),
      last(&*std::prev(e.b.getInsertionPoint())) {}

Value LanePlaces::at(int64_t moreRows, int64_t moreChunks) {
  SharedTile::Move move = tile.split(moreRows, moreChunks);
  Value &place = known[{move.rows, move.chunks}];
  if (!place) {
    OpBuilder::InsertionGuard guard(e.b);
    e.b.setInsertionPointAfter(last);
    // A chunk whose number has other bits than the lane's is exchanged apart from it.
    bool isApart = move.chunks != 0 && (chunkBits & move.chunks) == 0;
    place = e.addi(tile.place(row, move.rows, chunk, isApart ? 0 : move.chunks), behind);
    if (isApart)
      place = e.create<arith::XOrIOp>(place, e.index(move.chunks * tile.chunk));
    last = &*std::prev(e.b.getInsertionPoint());
  }
  return e.addi(place, e.index(move.elements));
}
