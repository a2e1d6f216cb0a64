// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The operands of a product on their way through shared memory: tiles of both for one step of the depth, in a ring of
// slots. A tile is held as its operand runs in memory: in rows along the depth, or along the rows or columns. What lies
// in buffers is copied there asynchronously where the machine can, in chunks of 16 bytes or in pieces of them, and
// padding of a convolution as zeros; all else is computed in registers and stored.
#pragma once
#include "codegen/common/gpu/Schedule.h"
#include "codegen/common/gpu/SharedTile.h"
#include "codegen/common/gpu/Walk.h"

namespace adze::gpu {

class Staging {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// How tiles are held.
  struct Form {
    /// SharedTile's `spread` of tiles whose rows run along the depth, and of the others.
    int64_t alongDepth = 0, acrossDepth = 0;
    /// Each `columnPeriod` rows of a right tile that run along the depth have every `columnStep`-th column first, then
    /// those behind them, and so on.
    int64_t columnStep = 1, columnPeriod = 1;
  };
  /// Of the tile whose first row and column these are; `slots` steps of the depth are there at a time.
  Staging(ThreadBlock &block, Product &product, const TileShape &shape, int64_t slots, bool asyncCopy,
          const Form &form);

  /// Finds what does not change along the depth.
  void enter(Value firstRow, Value firstColumn);

  SharedTile left, right;
  /// What they are: rows x depth and columns x depth, or depth x rows and depth x columns.
  bool leftAlongDepth() const { return sides[0].alongDepth; }
  bool rightAlongDepth() const { return sides[1].alongDepth; }

  /// Where the operands are at depth 0, and one step on.
  Values start();
  Values next(mlir::ValueRange state);
  /// The buffers of a slot.
  struct Slot {
    Value left, right;
  };
  Slot slot(int64_t number) { return slotAt(e.index(memory + number * slotBytes())); }
  /// Begins to fill all slots but the last, and moves `state` behind them.
  void fill(Values &state);

  /// One step of the depth within the loop: the slot that it uses, and the next step's.
  struct Step {
    Slot here, next;
    /// Begins to bring what comes `slots` - 1 steps later; behind a barrier that all readers of the last step have
    /// passed.
    void begin() { chunks = staging.begin(state, k, written); }
    /// Writes what has been computed of it, before a barrier that its readers wait at.
    void finish() { staging.finish(chunks, written); }

    Staging &staging;
    Slot written;
    mlir::ValueRange state;
    Value k;
    Values chunks{};
  };
  /// Loops over the depth. `body` gives the next of the `carried` values; what comes out is the last of them.
  Values loop(mlir::ValueRange carried, mlir::ValueRange state,
              llvm::function_ref<Values(Step &, mlir::ValueRange)> body);
  /// Waits until the groups but for the `pending` youngest are there, for all threads.
  void wait(int64_t pending);
  /// True if some operand could not be emitted; an error has been reported.
  bool failed() const { return failedAny; }

private:
  struct Side {
    bool isLeft, alongDepth;
    SharedTile *tile;
    mlir::Type type;
    core::DimExpr outers;           ///< rows or columns of the operand
    std::optional<Walk> walk{};     ///< of asynchronous copies
    std::optional<Walk> elements{}; ///< of an image that lies in memory, but in no chunks
    int64_t piece = 0;              ///< elements of a copy; a chunk has several where they are not contiguous
    int64_t passes = 0, rowsOfPass = 0;
    Value first{};                       ///< row or column of the tile
    Value row{}, chunk{};                ///< this thread's, in the tile
    Values places{};                     ///< of its chunks, in slot 0
    Values bases{};                      ///< of the walk, for its chunks
    Values apart{};                      ///< what is added to them
    llvm::SmallVector<Values> windows{}; ///< what is known of theirs (WindowPadding)
    Values insides{};                    ///< which pieces across the depth are; none: all are
  };

  void enter(Side &side, Value first);
  void enterWalk(Side &side, Walk &walk);
  /// The row or column that row `row` of a tile along the depth has.
  Value outerOf(Side &side, Value row);
  /// Rows or columns of a tile.
  int64_t outersOf(const Side &side) const { return side.isLeft ? shape.rows : shape.columns; }
  void copy(Side &side, mlir::ValueRange state, Value k, const Slot &slot);
  int64_t slotBytes() const { return left.bytes() + right.bytes(); }
  Slot slotAt(Value place);
  /// What is carried for a slot: its place, as i32; and the next one's.
  Value ring(int64_t number);
  Value nextOf(Value carried);
  /// Begins to bring the tiles at `k`, which may be beyond the depth: then zeros. Asynchronous copies are one group.
  /// What comes out is given to `finish`.
  Values begin(mlir::ValueRange state, Value k, const Slot &slot);
  void finish(mlir::ValueRange chunks, const Slot &slot);
  Values read(Side &side, Value k);
  Value readChunk(Side &side, int64_t pass, Value k);
  Value gatherChunk(Side &side, int64_t pass, Value k);
  /// True if piece `piece` of chunk number `pass` of a tile at `k` is inside of the depth.
  Value insideDepth(Side &side, int64_t pass, int64_t piece, Value k);
  int64_t pieces(const Side &side) const { return side.tile->chunk / side.piece; }
  /// Walks that are carried: one for each piece where they may be at other places of a window.
  int64_t walks(const Side &side) const { return side.walk && !side.walk->isUniform() ? pieces(side) : 1; }
  Value atMost(Value x, const core::DimExpr &size, int64_t width);
  size_t stateSize(Side &side);
  bool depthDivides() const;

  ThreadBlock &block;
  Emitter &e;
  Product &product;
  TileShape shape;
  int64_t slots, memory;
  Form form;
  Side sides[2];
  Value depth;
  bool failedAny = false;
};

} // namespace adze::gpu
