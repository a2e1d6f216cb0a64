// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The generated code of the ops, in a file of its own: it is slow to compile.
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

#define GET_OP_CLASSES
#include "dialects/core/CoreOps.cpp.inc"

void adze::core::CoreDialect::addOps() {
  addOperations<
#define GET_OP_LIST
#include "dialects/core/CoreOps.cpp.inc"
      >();
}
