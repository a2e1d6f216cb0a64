// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Walk.h"
#include "passes/core_to_loops/Nests.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Product;

bool Product::isProduct(Operation *op) {
  auto conv = dyn_cast<ConvOp>(op);
  return isa<MatmulOp>(op) || (conv && conv.getGroups() == 1);
}

Product::Product(Emitter &e, Operation *op)
    : e(e), op(op), matmul(dyn_cast<MatmulOp>(op)), conv(dyn_cast<ConvOp>(op)), padding(Walk::paddingOf(op)),
      result(e.dims.shape(op->getResult(0)).dims), leftSizes(e.dims.shape(op->getOperand(0)).dims),
      rightSizes(e.dims.shape(op->getOperand(1)).dims) {
  leftType = rightType = accumulator = valueType(accumulatorOf(matmul ? matmul.getTo() : conv.getTo()));
  columns = result.back();
  if (conv) {
    rows = product(ArrayRef(result).drop_back());
    depth = product(ArrayRef(rightSizes).drop_back());
    return;
  }
  depth = leftSizes.back();
  foldsBatch = foldsRows(matmul, e.dims);
  rows = foldsBatch ? product(ArrayRef(result).drop_back()) : result[result.size() - 2];
  batches = foldsBatch ? DimExpr(1) : product(ArrayRef(result).drop_back(2));
}

bool Product::foldsRows(MatmulOp op, DimAnalysis &dims) {
  SmallVector<DimExpr> left = dims.shape(op.getLhs()).dims, right = dims.shape(op.getRhs()).dims;
  return left.size() >= right.size() &&
         llvm::all_of(ArrayRef(right).drop_back(2), [](const DimExpr &d) { return d.isConstant(1); }) &&
         Walk::hasEqualRows(op, dims);
}

static bool divides(int64_t lanes, const DimExpr &size) {
  auto known = size.constant();
  return known && *known % lanes == 0;
}

bool Product::isImage(bool isLeft) { return conv && isLeft && Walk::isPossible(op, e.dims, isLeft, 1); }

bool Product::runsAlongDepth(bool isLeft) { return Walk::runsAlongDepth(op, e.dims, isLeft); }

bool Product::isInLanes(bool isLeft, int64_t lanes) {
  ArrayRef<DimExpr> sizes = isLeft ? leftSizes : rightSizes;
  // Of a convolution's image: of one place of the window.
  size_t dim = sizes.size() - (runsAlongDepth(isLeft) == isLeft ? 1 : 2);
  return divides(lanes, sizes[dim]) && e.vectorizable(op->getOperand(isLeft ? 0 : 1), dim);
}

int64_t Product::copyBytes(bool isLeft) {
  Type element = getElementTypeOrSelf(op->getOperand(isLeft ? 0 : 1));
  return storageType(element) == (isLeft ? leftType : rightType) ? Walk::copyBytes(op, e.dims, isLeft) : 0;
}

bool Product::isDepthSmall() const {
  constexpr int64_t kSmall = int64_t(1) << 30;
  return depth.constant().value_or(kSmall) < kSmall;
}

Value Product::alongDepth(int64_t value) {
  return isDepthSmall() ? e.create<arith::ConstantIntOp>(value, 32) : e.index(value);
}

void Product::enterBatch(Value number) {
  if (matmul && !foldsBatch)
    batch = e.delinearize(number, ArrayRef(result).drop_back(2));
}

Value Product::element(Value tensor, Type as, ArrayRef<Coord> at) {
  Value v = e.element(tensor, at);
  Type from = getElementTypeOrSelf(tensor);
  return v && from != as ? e.convert(v, from, as, false) : v;
}

Coords Product::batchOf(ArrayRef<DimExpr> sizes) {
  Coords at;
  size_t skip = result.size() - sizes.size();
  for (size_t i = 0; i + 2 < sizes.size(); ++i)
    at.push_back(foldsBatch ? Coord{e.index(0)} : e.broadcastCoord(sizes[i], result[skip + i], batch[skip + i]));
  return at;
}

/// Place in the window, and channel, of an element of the depth.
Coords Product::window(Coord k) {
  Coords at = e.delinearize(k.base, ArrayRef(rightSizes).drop_back());
  at.back().lane = k.lane;
  return at;
}

bool Product::isPadded(size_t dim) {
  return padding &&
         !(e.dims.size(padding.getLow()[dim]).isConstant(0) && e.dims.dim(padding.getInput(), dim) == leftSizes[dim]);
}

Value Product::left(Coord row, Coord k) {
  Coords at;
  if (conv) {
    Coords out = e.delinearize(row.base, ArrayRef(result).drop_back()), in = window(k);
    at.push_back(out[0]);
    for (size_t i = 0; i + 1 < in.size(); ++i)
      at.push_back({e.addi(e.muli(out[i + 1].base, e.index(conv.getStrides()[i])),
                           e.muli(in[i].base, e.index(conv.getDilations()[i])))});
    at.push_back(in.back());
    return element(conv.getInput(), leftType, at);
  }
  if (Value buffer = foldsBatch ? e.buffers.lookup(matmul.getLhs()) : Value()) {
    Type from = getElementTypeOrSelf(matmul.getLhs());
    Value v = e.load(buffer, from, {row, k}, {rows, depth}); // no division of the row
    return from != leftType ? e.convert(v, from, leftType, false) : v;
  }
  if (foldsBatch) {
    at = e.delinearize(row.base, ArrayRef(leftSizes).drop_back());
    at.back().lane = row.lane;
  } else {
    at = batchOf(leftSizes);
    at.push_back(row);
  }
  at.push_back(k);
  return element(matmul.getLhs(), leftType, at);
}

Value Product::right(Coord k, Coord column) {
  Coords at;
  if (conv) {
    at = window(k);
    at.push_back(column);
    return element(conv.getFilter(), rightType, at);
  }
  at = batchOf(rightSizes);
  at.append({k, column});
  return element(matmul.getRhs(), rightType, at);
}

Coords Product::resultAt(Value row, Coord column) {
  Coords at = batch;
  if (conv || foldsBatch)
    at = e.delinearize(row, ArrayRef(result).drop_back());
  else
    at.push_back({row});
  at.push_back(column);
  return at;
}

Value Product::finish(Value sum) { return e.convert(sum, accumulator, getElementTypeOrSelf(op->getResult(0)), false); }
