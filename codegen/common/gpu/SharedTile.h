// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How a matrix lies in a block's shared memory: row by row, in chunks of 16 bytes. Chunks are exchanged within
// their row by XOR with a number of the row, so that lanes which read or write the same chunk of neighbouring rows meet
// different banks.
#pragma once
#include "codegen/common/gpu/ThreadBlock.h"

namespace adze::gpu {

constexpr int64_t kChunkBytes = 16;

class SharedTile {
public:
  using Value = mlir::Value;

  /// The `spread` with which nothing is exchanged.
  static constexpr int64_t kTogether = 3;
  /// The one for loads of two rows of each four: 0, 1, 4, 5, ... or 2, 3, 6, 7, ...
  static constexpr int64_t kPairsOfRows = -1;

  /// The sizes are powers of two. Neighbouring rows are apart by 2^spread chunks.
  SharedTile(ThreadBlock &block, mlir::Type element, int64_t rows, int64_t columns, int64_t spread = 0);

  int64_t rows, columns;
  int64_t chunk;  ///< elements of one
  int64_t perRow; ///< chunks
  mlir::Type element;

  int64_t bytes() const { return rows * perRow * kChunkBytes; }
  /// The buffer of one that lies at this place in shared memory.
  Value at(Value place) { return block.sharedAt(element, rows * columns, place); }
  /// Where chunk `c` + moreChunks of row `row` + moreRows lies. What is constant should be in moreRows and
  /// moreChunks: the parts of them that the exchange does not see become a constant of the address.
  Value place(Value row, int64_t moreRows, Value c, int64_t moreChunks);
  /// The part of a move by constants that the exchange sees, and the elements that the rest moves by.
  struct Move {
    int64_t rows, chunks, elements;
  };
  Move split(int64_t moreRows, int64_t moreChunks) const {
    int64_t lowRows = moreRows % period, lowChunks = moreChunks % exchanged;
    return {lowRows, lowChunks, (moreRows - lowRows) * columns + (moreChunks - lowChunks) * chunk};
  }
  /// True if `n` chunks within a row (rows) may be added to a place behind the exchange.
  bool exchangesWithinChunks(int64_t n) const { return n % exchanged == 0; }
  bool exchangesWithinRows(int64_t n) const { return n % period == 0; }

private:
  ThreadBlock &block;
  Emitter &e;
  int64_t exchanged; ///< chunks among which one is exchanged
  int64_t spread;
  bool inPairs;   ///< kPairsOfRows
  int64_t period; ///< rows, after which the exchange is the same
};

/// Places of one lane in a tile. What is not constant of them is computed where the object is made, whatever loop asks.
class LanePlaces {
public:
  using Value = mlir::Value;

  /// The lane is at this row and chunk; `chunkBits`: bits that the chunk's number has in any lane (-1: not known).
  /// `behind` is added behind the exchange: a multiple of the chunks among which one is exchanged.
  LanePlaces(SharedTile &tile, Emitter &e, Value row, Value chunk, int64_t chunkBits, Value behind);

  /// The lane's place, moved so.
  Value at(int64_t moreRows, int64_t moreChunks);

private:
  SharedTile &tile;
  Emitter &e;
  Value row, chunk, behind;
  int64_t chunkBits;
  mlir::Operation *last;                                    ///< behind which more is computed
  llvm::DenseMap<std::pair<int64_t, int64_t>, Value> known; ///< by the part of a move that the exchange sees
};

} // namespace adze::gpu
