// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Operators that compute each element from the elements at the same place of their inputs.
#include "passes/onnx_to_core/OpTable.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// An operator that is one function of one element.
template <UnaryKind kind> static LogicalResult lowerUnary(CoreBuilder &b) { return b.done(b.unary(kind, b.in(0))); }

/// An operator that is one function of two elements.
template <BinaryKind kind> static LogicalResult lowerBinary(CoreBuilder &b) {
  return b.done(b.binary(kind, b.in(0), b.in(1)));
}

template <ComparePredicate predicate> static LogicalResult lowerCompare(CoreBuilder &b) {
  return b.done(b.compare(predicate, b.in(0), b.in(1)));
}

/// Max, Min, Sum: any number of inputs joined by one function.
template <BinaryKind kind> static LogicalResult lowerVariadic(CoreBuilder &b) {
  Value all = b.in(0);
  for (unsigned i = 1; i < b.node.getNumPositions(); ++i)
    all = b.binary(kind, all, b.in(i));
  return b.done(all);
}

void adze::addElementwiseOps(OpTable &table) {
  table.onOp("Abs", 1, lowerUnary<UnaryKind::abs>);
  table.onOp("Relu", 1, lowerUnary<UnaryKind::relu>);
  table.onOp("Add", 7, lowerBinary<BinaryKind::add>);
  table.onOp("Sub", 7, lowerBinary<BinaryKind::sub>);
  table.onOp("Mul", 7, lowerBinary<BinaryKind::mul>);
  table.onOp("Div", 7, lowerBinary<BinaryKind::div>);
  table.onOp("Equal", 7, lowerCompare<ComparePredicate::eq>);
  table.onOp("Max", 6, lowerVariadic<BinaryKind::max>);
}
