// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Some neighbouring rows of a matrix on their way to a tile in shared memory: zeros where the tile is larger. What lies
// in a buffer in chunks of 16 bytes is copied there asynchronously where the machine can; all else is computed in
// registers and stored.
#pragma once
#include "codegen/common/gpu/SharedTile.h"

namespace adze::gpu {

class RowTiles {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// Of `tensor`, [..., rows, columns], in the matrix at these coordinates (the last two are not looked at); `columns`
  /// are known. A row of the tile has no more chunks than the block has threads.
  RowTiles(ThreadBlock &block, Value tensor, llvm::ArrayRef<Coord> matrix, const SharedTile &tile, bool asyncCopy);

  /// True if it is copied asynchronously: then the caller makes groups and waits for them.
  bool isCopied() const { return copied; }
  /// What is carried: where the rows from `firstRow` on are, and those a tile further. Nothing if they are not copied.
  Values start(Value firstRow);
  Values next(mlir::ValueRange state);
  /// Begins to bring the rows from `firstRow` on to `memory`; those behind the last one are zero. What comes out is
  /// given to `finish`.
  Values begin(mlir::ValueRange state, Value firstRow, Value memory);
  void finish(mlir::ValueRange chunks, Value memory);
  /// True if some element could not be emitted; an error has been reported.
  bool failed() const { return failedAny; }

private:
  Value readChunk(Value row);
  Value chunkInside();
  /// Only for threads that have a part of the tile.
  void whenInTile(llvm::function_ref<void()> body);

  Emitter &e;
  Value tensor;
  Coords matrix;
  SharedTile tile;
  core::DimExpr rows;
  int64_t columns;
  bool copied = false, failedAny = false;
  int64_t passes, rowsOfPass;
  Value row, chunk, limit; ///< of this thread, in the tile; of its rows
  Values places;           ///< of its chunks, in the tile
  Value buffer, base, stride;
};

} // namespace adze::gpu
