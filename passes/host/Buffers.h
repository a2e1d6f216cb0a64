// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the host program's tensors are in memory: which value is whose memory, where it is written, how long it lives,
// and which buffers can be planned together.
#pragma once
#include "dialects/core/Core.h"
#include "dialects/kernel/Kernel.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "passes/common/Memory.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>

namespace adze::host {

/// True for ops that compute scalars from scalars (and sizes of tensors) without side effects.
bool isScalarOp(mlir::Operation *op);
/// True for results that get memory of their own: of launches, of kernel.append and tensor.from_elements, of copies but
/// for those of constants to the device and those that are delivered.
bool ownsMemory(mlir::Value value);
/// The result of a copy to the host's memory that @main does nothing with but return it: the runtime copies it from the
/// device's memory to where the caller wants it. It has no memory of the program's.
bool isDelivered(mlir::Value value);
/// Whether `copy` brings an input to the device's memory, or finds that it is there.
bool takesInput(kernel::CopyOp copy);
/// Whether the host's part of the program reads an input's data.
bool isReadByHost(mlir::BlockArgument input);
/// The operand of the op that makes `value` in whose memory that may be written, if a loop carries it on there; null:
/// none.
mlir::Value changedInPlace(mlir::Value value);
/// The constant that `value` is among the device's weights; null if it is no copy of one.
core::ConstantOp deviceWeight(mlir::Value value);
/// The tensor whose size `dim` is that of `tensor`: past casts that know less, and copies.
mlir::Value sizedLike(mlir::Value tensor, unsigned dim);
/// Checks that result_dims is there and of the right form.
mlir::LogicalResult verifyResultDims(kernel::LaunchOp launch);

/// Where a value is written if not in a plan.
struct Destination {
  enum Kind { Output, Slot, InPlace } kind;
  int32_t number;    ///< of the output; of the slot
  mlir::Value shape; ///< of an output: the returned value, whose sizes are the output's
  int32_t spare = 0; ///< of what is changed in place: the other slot of the loop's pair
};

/// Buffers whose sizes are known at one point of a block: they are one plan.
struct Segment {
  unsigned begin = 0; ///< position in the block of the first op after that point
  llvm::SmallVector<mlir::Value> buffers;
  llvm::SmallVector<int32_t> first, last;
};

/// The two slots that a loop uses in turn for one tensor that it carries: `current` holds it, `next` is being written.
/// What is changed in place stays in `current`.
struct LoopSlots {
  int32_t current, next;
};

class Buffers {
public:
  /// Analyses @main.
  explicit Buffers(mlir::func::FuncOp main);

  /// Plans of a block, in order.
  llvm::SmallVector<Segment> segments(mlir::Block &block);
  /// Where `value` is written outside plans.
  std::optional<Destination> destination(mlir::Value value) const;
  /// The slots of carried value `number` of a loop; made at the first question.
  LoopSlots loopSlots(mlir::Operation *loop, unsigned number);
  /// The position in `block` from which on a scalar (or all sizes of a tensor) can be computed: 0 is its begin.
  unsigned readyAt(mlir::Value scalar, mlir::Block &block);
  unsigned sizesReadyAt(mlir::Value tensor, mlir::Block &block);

private:
  void chooseOutputs(mlir::func::FuncOp main);
  void chooseSlots(mlir::Operation *loop, mlir::Operation *yield);
  /// Values with memory that `value` may show.
  void roots(mlir::Value tensor, llvm::SmallSetVector<mlir::Value, 8> &out);
  void findLives(mlir::Block &block, llvm::MutableArrayRef<Segment> segments);
  unsigned position(mlir::Operation *op);
  unsigned sizeReadyAt(mlir::Value tensor, unsigned dim, mlir::Block &block);
  /// The scalar that must be ready for size `dim` of `tensor` to be known; null: it is known from a position on.
  std::pair<mlir::Value, unsigned> sizeReady(mlir::Value tensor, unsigned dim, mlir::Block &block);

  llvm::DenseMap<mlir::Value, Destination> destinations;
  llvm::DenseMap<std::pair<mlir::Operation *, unsigned>, LoopSlots> slots;
  llvm::DenseMap<mlir::Operation *, unsigned> positions;
  llvm::DenseMap<std::pair<mlir::Value, mlir::Block *>, unsigned> ready;
  int32_t numSlots = 0;
};

} // namespace adze::host
