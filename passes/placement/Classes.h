// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which memory is best for what loops, branches and selects carry.
#pragma once
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "passes/common/Memory.h"
#include "llvm/ADT/IntEqClasses.h"
#include "llvm/ADT/MapVector.h"

namespace adze::placement {

/// True for ops whose regions may run more than once, as far as is known: all but scf.if.
bool repeats(mlir::Operation *op);

/// The carried values of @main in classes that lie in one memory each. A class goes where fewer copies are made,
/// counted by how deep in loops they are; to the host if that is no difference.
class Classes {
public:
  Classes(mlir::func::FuncOp main, const Memories &memories);

  /// Where `tensor` is to lie.
  kernel::Memory of(mlir::Value tensor) const;

private:
  /// In which memories a value is read by what cannot do with the other.
  struct Demand {
    bool host = false, device = false;
  };
  struct Cost {
    int64_t host = 0, device = 0; ///< of copies if the class lies there
  };

  void number(mlir::func::FuncOp main);
  void join();
  void findDemands(mlir::func::FuncOp main);
  void choose();

  const Memories &memories;
  llvm::MapVector<mlir::Value, unsigned> numbers; ///< of carried values
  llvm::IntEqClasses classes;
  llvm::DenseMap<mlir::Value, Demand> demands;
  llvm::SmallVector<kernel::Memory> chosen; ///< by class
};

} // namespace adze::placement
