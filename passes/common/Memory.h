// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which values of the host program share memory, and whose memory each tensor lies in from stage placed on.
#pragma once
#include "dialects/kernel/Kernel.h"
#include "mlir/IR/BuiltinOps.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringSet.h"
#include <optional>
#include <string>

namespace adze {

/// The value whose memory `value` shows under another type, for the ops that only do that (core.reshape, casts);
/// nothing else.
mlir::Value aliasedBy(mlir::Value value);
/// `value` past all that only shows another's memory.
mlir::Value shownBy(mlir::Value value);
/// The values that a loop, a branch or a select may give as `value`, its result or its block's argument; none for all
/// other values.
void carriedTo(mlir::Value value, llvm::SmallVectorImpl<mlir::Value> &out);
/// As what `operand`, given to a loop, a branch or a select or yielded there, is carried on; null for all other
/// operands. Of a loop's result and the block argument that becomes it, the block argument.
mlir::Value receiver(mlir::OpOperand &operand);
/// The argument of the body of `loop` (scf.for, scf.while) that is what it carries as number `number`; null where that
/// is more than one, or none.
mlir::Value carriedInBody(mlir::Operation *loop, unsigned number);
/// The block argument that becomes result `value` of a loop; null for all other values.
mlir::Value becomesResult(mlir::Value value);
/// True for tensors that can lie in a device's memory: not handles such as strings, which are the host's.
bool isPlaceable(mlir::Type type);

/// Whose memory is what in a module whose tensors are placed: launches give their kernel's, kernel.copy what it says,
/// kernel.append that of its first operand, loops, branches and selects that of what they carry, all else the host's.
class Memories {
public:
  explicit Memories(mlir::ModuleOp module);

  /// Whether the device runs any kernel.
  bool hasDevice() const { return !deviceKernels.empty(); }
  /// Whose memory a launch of this kernel reads and writes.
  kernel::Memory ofKernel(llvm::StringRef name) const;
  kernel::Memory of(mlir::Value tensor);
  /// That of `value` from itself alone: none for what loops, branches and selects carry, and for what shows another's.
  std::optional<kernel::Memory> madeIn(mlir::Value value) const;
  /// Whose memory `operand`, a tensor, must lie in by what its owner does; none where its owner takes it from anywhere
  /// (tensor.dim, what shows its memory), moves it (kernel.copy) or carries it on.
  std::optional<kernel::Memory> demanded(mlir::OpOperand &operand) const;
  /// Says which operand of `op` lies in the wrong memory; empty: none.
  std::string misplaced(mlir::Operation *op);

private:
  llvm::StringSet<> deviceKernels;
  llvm::DenseMap<mlir::Value, kernel::Memory> known;
};

} // namespace adze
