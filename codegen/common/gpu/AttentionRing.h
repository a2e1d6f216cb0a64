// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The keys and values of attention on their way through shared memory: those of one step in a slot, of which there are
// some in a ring.
#pragma once
#include "codegen/common/gpu/AttentionBlock.h"
#include "codegen/common/gpu/RowTiles.h"

namespace adze::gpu {

class AttentionRing {
public:
  using Value = mlir::Value;
  using Values = llvm::SmallVector<Value>;

  /// Of the queries' tile, which lies in front, and of `slots` steps, 2 or more, at a time.
  AttentionRing(AttentionBlock &attention, const SharedTile &queries, const SharedTile &keys, const SharedTile &values,
                int64_t slots, bool asyncCopy);

  /// The buffers of a step.
  struct Slot {
    Value keys, values;
    Value valuesPlace; ///< where the values are in shared memory
  };
  /// Where the queries are, after `fill`: zeros where the tile is larger.
  Value queries;
  /// Brings the queries and the first steps, for all threads.
  void fill();
  /// Loops over the keys. `body` takes a step from its first key on, and gives the next of the `carried` values; what
  /// comes out is the last of them. Nothing is under way then, and no thread reads a slot.
  Values loop(mlir::ValueRange carried,
              llvm::function_ref<Values(Value firstKey, const Slot &slot, mlir::ValueRange carried)> body);
  /// True if some operand could not be emitted; an error has been reported.
  bool failed() const { return queryRows.failed() || keyRows.failed() || valueRows.failed(); }

private:
  struct Chunks {
    Values keys, values;
  };
  int64_t slotBytes() const { return keyTile.bytes() + valueTile.bytes(); }
  Slot slotAt(Value place);
  /// What is carried for a slot: its place, as i32; and the next one's.
  Value placeOf(int64_t number);
  Value nextOf(Value place);
  /// Begins to bring the keys and values from `first` on; asynchronous copies are one group.
  Chunks begin(mlir::ValueRange state, Value first, const Slot &slot);
  void finish(const Chunks &chunks, const Slot &slot);
  Values next(mlir::ValueRange state);
  /// Waits until the groups but for the `pending` youngest are there, for all threads.
  void wait(int64_t pending);

  AttentionBlock &attention;
  ThreadBlock &block;
  Emitter &e;
  SharedTile queryTile, keyTile, valueTile;
  int64_t slots, memory = 0;
  RowTiles queryRows, keyRows, valueRows;
  bool copies;
  Values state; ///< behind the steps that `fill` began to bring
};

} // namespace adze::gpu
