// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Fragments of one operand of a matrix unit, loaded from a tile in shared memory: by kernel.load_fragment where the
// machine has it and the fragment's form allows, else element by element where the table says they lie.
#pragma once
#include "codegen/common/gpu/Facts.h"
#include "codegen/common/gpu/SharedTile.h"

namespace adze::gpu {

/// A result of a fragment's map, row or column, for this lane and a constant element.
mlir::Value placeOfLane(Emitter &e, mlir::AffineExpr expr, mlir::Value lane, mlir::Value element);
inline mlir::Value placeOfLane(ThreadBlock &block, mlir::AffineExpr expr, int64_t element) {
  return placeOfLane(block.e, expr, block.lane, block.e.index(element));
}

class Fragments {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// `count` fragments, neighbours down the tile, or `across` it, from row `firstRow` or column `firstColumn` on, which
  /// is a value of the warp (null: 0) and a multiple of `firstMultiple`. All positions are `slice` elements further, a
  /// value of the warp (null: 0) that the exchange of chunks does not see.
  Fragments(ThreadBlock &block, const Facts &facts, const Fragment &fragment, int64_t rows, int64_t columns,
            SharedTile &tile, int64_t count, bool across, Value first, int64_t firstMultiple, Value slice = {});

  /// True if fragments of 8-bit elements, whose columns lie across the tile's rows, are loaded two at a time: of 16
  /// columns one gets those of even, the other those of odd number. The tile's spread is SharedTile::kPairsOfRows then.
  static bool comeInPairs(const Facts &facts, const Fragment &fragment);

  /// Those of the tile that lies in `memory`, moved by so many rows and columns of the tile.
  Values load(Value memory, int64_t moreRows, int64_t moreColumns);
  /// Writes one to the tile.
  void store(Value elements, Value memory, int64_t moreRows, int64_t moreColumns);

private:
  bool findInstructions();
  void findPairs();
  Values loadPairs(Value memory, int64_t moreRows, int64_t moreColumns);
  Values loadMatrices(Value memory, int64_t moreRows, int64_t moreColumns);
  Value loadElements(Value memory, int64_t moreRows, int64_t moreColumns);
  Value elementPosition(int64_t element, int64_t moreRows, int64_t moreColumns);
  /// Where this lane's place is: at a row and a chunk that it knows, and constants.
  Value position(Value row, int64_t moreRows, Value chunk, int64_t moreChunks);

  ThreadBlock &block;
  Emitter &e;
  Fragment fragment;
  int64_t rows, columns; ///< of one
  SharedTile &tile;
  int64_t count;
  bool across;
  Value behind;             ///< the warp's part of the position that the exchange of chunks does not see
  Value warpRow, warpChunk; ///< the part that it sees
  bool transposed = false, pairs = false;
  llvm::SmallVector<Origin> matrices; ///< none: element by element
  std::optional<LanePlaces> places;   ///< of the address that this lane gives for them, or for pairs
  int64_t together = 1;               ///< fragments of one instruction
  /// The instructions of one fragment, where it takes several: how far they are from the first.
  llvm::SmallVector<Origin> instructions{{0, 0}};
};

/// `terms` fragments of `type` whose sum is nearly `fragment`, the greatest first: each is what the ones before it
/// leave, rounded.
llvm::SmallVector<mlir::Value> splitFragment(Emitter &e, mlir::Value fragment, mlir::Type type, int64_t terms);

} // namespace adze::gpu
