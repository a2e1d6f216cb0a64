// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The threads of a block at work together: who they are, the memory they share, values joined over them.
#pragma once
#include "codegen/common/gpu/Facts.h"
#include "passes/core_to_loops/Emitter.h"

namespace adze::gpu {

class ThreadBlock {
public:
  using Value = mlir::Value;

  /// `threads` is a multiple of the warp size.
  ThreadBlock(Emitter &e, const Facts &facts, int64_t threads);

  Emitter &e;
  const int64_t threads, warpSize;
  Value number;     ///< of the block, an index
  Value thread;     ///< in the block
  Value warp, lane; ///< in the block; in the warp

  /// `count` elements of `element`'s storage type that all threads of the block see, aligned to 16 bytes.
  Value shared(mlir::Type element, int64_t count);
  /// `bytes` of the block's shared memory, by their place there, aligned to 16; and a buffer at a place in it, which is
  /// a multiple of 16.
  int64_t reserve(int64_t bytes);
  Value sharedAt(mlir::Type element, int64_t count, Value place);
  /// The most that has been in use at a time.
  int64_t sharedBytes() const { return std::max(bytes, most); }
  /// What has been asked for so far; shareFrom(mark) gives back all that came later, which no thread uses any more.
  int64_t sharedMark() const { return bytes; }
  void shareFrom(int64_t mark) {
    most = sharedBytes();
    bytes = mark;
  }
  /// Waits for all threads of the block, whose writes to shared memory are then seen. Not inside of what only some
  /// threads do.
  void barrier();

  /// `x` joined over the threads of a warp, and over those of the block: every one gets the result. Not inside of what
  /// only some of them do. `acc` is x's type, of 32 or 64 bits.
  Value joinWarp(core::ReduceKind kind, Value x, mlir::Type acc);
  Value joinBlock(core::ReduceKind kind, Value x, mlir::Type acc);

  using Values = Emitter::Values;
  /// What two threads hold together; which of them is asked first makes no difference.
  using JoinFn = llvm::function_ref<Values(const Values &, const Values &)>;
  /// `x`, of which each is of 32 or 64 bits or a vector of such, joined over the lanes whose numbers differ in `bits`:
  /// n - 1 are n neighbours (a power of two), the warp's size - n all n-th lanes.
  Values joinAcross(int64_t bits, Values x, JoinFn join);
  /// As joinWarp, over these lanes.
  Value joinAcross(int64_t bits, core::ReduceKind kind, Value x, mlir::Type acc);
  /// As joinBlock.
  Values joinBlock(Values x, JoinFn join);

  /// `x` joined over the lanes before, and over all of a warp; as joinWarp.
  std::pair<Value, Value> scanWarp(core::ReduceKind kind, Value x, mlir::Type acc);

private:
  /// `x` of the lane whose number differs in the bits of `mask`.
  Value fromLane(Value x, int64_t mask);

  int64_t bytes = 0, most = 0;
};

} // namespace adze::gpu
