// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Matrix products: MatMul, Gemm and the integer forms.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Quantize.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

/// numpy's matmul: operands of rank 1 are a row and a column, and their dimension is not in the result.
static Value numpyMatmul(CoreBuilder &b, Value x, Value y, Type to = {}) {
  if (!x || !y)
    return {};
  if (b.rank(x) == 0 || b.rank(y) == 0) {
    b.error() << "operands have ranks " << b.rank(x) << " and " << b.rank(y) << ", expected 1 or more";
    return {};
  }
  bool row = b.rank(x) == 1, column = b.rank(y) == 1;
  x = row ? b.unsqueeze(x, {0}) : x;
  y = column ? b.unsqueeze(y, {1}) : y;
  Value out = b.matmul(x, y, to);
  if (!out || (!row && !column))
    return out;
  SmallVector<int64_t> drop;
  if (row)
    drop.push_back(b.rank(out) - 2);
  if (column)
    drop.push_back(b.rank(out) - 1);
  return b.squeeze(out, drop);
}

static LogicalResult lowerMatMul(CoreBuilder &b) { return b.done(numpyMatmul(b, b.in(0), b.in(1))); }

/// alpha * A' * B' + beta * C.
static LogicalResult lowerGemm(CoreBuilder &b) {
  Value x = b.in(0), y = b.in(1);
  if (!x || !y)
    return failure();
  if (b.rank(x) != 2 || b.rank(y) != 2)
    return b.error() << "operands have ranks " << b.rank(x) << " and " << b.rank(y) << ", expected 2";
  if (b.intAttr("transA", 0))
    x = b.transpose(x, {1, 0});
  if (b.intAttr("transB", 0))
    y = b.transpose(y, {1, 0});
  Value out = numpyMatmul(b, x, y);
  if (double alpha = b.floatAttr("alpha", 1); alpha != 1)
    out = b.mul(out, b.like(out, alpha));
  double beta = b.floatAttr("beta", 1);
  if (!out || !b.has(2) || beta == 0)
    return b.done(out);
  Value c = b.in(2);
  if (!c)
    return failure();
  if (b.rank(c) > 2)
    return b.error() << "C has rank " << b.rank(c) << ", expected 2 or less";
  if (beta != 1)
    c = b.mul(c, b.like(c, beta));
  return b.done(b.add(out, c));
}

static LogicalResult lowerMatMulInteger(CoreBuilder &b) {
  // The zero point of A is one number or one for each row, that of B one number or one for each column.
  Value x = withoutZeroPoint(b, b.in(0), b.has(2) ? b.in(2) : Value(), /*axisFromEnd=*/2);
  Value y = withoutZeroPoint(b, b.in(1), b.has(3) ? b.in(3) : Value(), /*axisFromEnd=*/1);
  return b.done(numpyMatmul(b, x, y));
}

static LogicalResult lowerQLinearMatMul(CoreBuilder &b) {
  Value x = withoutZeroPoint(b, b.in(0), b.in(2), /*axisFromEnd=*/2);
  Value y = withoutZeroPoint(b, b.in(3), b.in(5), /*axisFromEnd=*/1);
  Value xScale = b.in(1), yScale = b.in(4), scale = b.in(6), zero = b.in(7);
  if (!x || !y || !xScale || !yScale || !scale || !zero)
    return failure();
  xScale = perRowOrColumn(b, xScale, /*axisFromEnd=*/2);
  yScale = perRowOrColumn(b, yScale, /*axisFromEnd=*/1);
  return b.done(requantize(b, numpyMatmul(b, x, y), b.mul(xScale, yScale), perRowOrColumn(b, scale, 2),
                           perRowOrColumn(b, zero, 2)));
}

void adze::addContractionOps(OpTable &table) {
  table.onOp("MatMul", 1, lowerMatMul);
  table.onOp("Gemm", 1, lowerGemm);
  table.onOp("MatMulInteger", 10, lowerMatMulInteger);
  table.onOp("QLinearMatMul", 10, lowerQLinearMatMul);
}
