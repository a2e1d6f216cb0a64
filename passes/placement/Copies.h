// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Copies between the memories, where a tensor is needed in the one in which it does not lie.
#pragma once
#include "passes/placement/Classes.h"

namespace adze::placement {

/// Inserts one kernel.copy for each tensor of @main that is needed in the other memory, for all who need it there:
/// to the device after its definition, to the host before its first use, so that the device is not waited for early;
/// in the branch where alone it is needed, but never in a loop that it does not come from. What shows a tensor under
/// another type is made anew from the copy.
class Copies {
public:
  Copies(const Classes &classes, const Memories &memories) : classes(classes), memories(memories) {}
  void insert(mlir::func::FuncOp main);

private:
  /// The operands of one tensor (under any of its types) that need it in the other memory.
  using Operands = llvm::SmallVector<mlir::OpOperand *>;

  llvm::MapVector<mlir::Value, Operands> findMisplaced(mlir::func::FuncOp main);
  void insertCopy(mlir::Value tensor, llvm::ArrayRef<mlir::OpOperand *> operands);
  /// What shows the copy as `value` shows the tensor.
  mlir::Value inOtherMemory(mlir::Value value);
  /// Erases what shows tensors that nobody reads any more there.
  void eraseUnused();

  const Classes &classes;
  const Memories &memories;
  llvm::DenseMap<mlir::Value, mlir::Value> others;
  llvm::DenseMap<mlir::Block *, mlir::Operation *> lastAtBegin; ///< of the copies at a block's begin
  llvm::SmallVector<mlir::Operation *> shown;
};

} // namespace adze::placement
