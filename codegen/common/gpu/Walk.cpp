// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "codegen/common/gpu/Walk.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;
using adze::gpu::Walk;

bool Walk::isPossible(Operation *op, DimAnalysis &dims, bool isLeft, int64_t chunk) {
  Value tensor = op->getOperand(isLeft ? 0 : 1);
  auto last = dims.shape(tensor).dims.back().constant();
  if (!isa<BlockArgument>(tensor) || !last || *last % chunk != 0)
    return false;
  SmallVector<DimExpr> filter = dims.shape(op->getOperand(1)).dims;
  auto isStatic = [](const DimExpr &d) { return d.constant().has_value(); };
  return !isa<ConvOp>(op) || !isLeft || llvm::all_of(ArrayRef(filter).drop_back(), isStatic);
}

Walk::Walk(Product &product, bool isLeft, int64_t step) : product(product), e(product.e), isLeft(isLeft), step(step) {
  buffer = e.buffers.lookup(product.op->getOperand(isLeft ? 0 : 1));
  if (!product.conv || !isLeft)
    return;
  for (const DimExpr &d : ArrayRef(product.rightSizes).drop_back())
    window.push_back(*d.constant());
  uniform = window.back() % step == 0;
}

Value Walk::depthStride() { return isLeft ? e.index(1) : e.size(product.columns); }

Value Walk::rowStride() { return product.conv ? Value() : e.size(product.depth); }

Value Walk::base(Value outer) {
  if (product.conv) {
    if (!isLeft)
      return outer;
    Coords out = e.delinearize(outer, ArrayRef(product.result).drop_back()), at{out[0]};
    for (auto [i, stride] : llvm::enumerate(product.conv.getStrides()))
      at.push_back({e.muli(out[i + 1].base, e.index(stride))});
    at.push_back({e.index(0)});
    return e.linear(at, product.leftSizes);
  }
  ArrayRef<DimExpr> sizes = isLeft ? product.leftSizes : product.rightSizes;
  if (isLeft && product.foldsBatch)
    return e.muli(outer, e.size(product.depth));
  Coords at = product.batchOf(sizes);
  if (isLeft)
    at.append({Coord{outer}, Coord{e.index(0)}});
  else
    at.append({Coord{e.index(0)}, Coord{outer}});
  return e.linear(at, sizes);
}

/// Elements of the input between neighbours in the window along one of its dimensions.
Value Walk::windowStride(size_t digit) {
  DimExpr stride = e.stride(product.leftSizes, digit + 1);
  if (digit + 1 < window.size())
    stride = stride * DimExpr(product.conv.getDilations()[digit]);
  return e.size(stride);
}

Walk::Values Walk::start(Value k) {
  if (window.empty())
    return {e.muli(k, depthStride())};
  Values state;
  for (Coord c : e.delinearize(k, ArrayRef(product.rightSizes).drop_back()))
    state.push_back(c.base);
  return state;
}

Walk::Values Walk::next(ValueRange state) {
  if (window.empty())
    return {e.addi(state[0], e.muli(e.index(step), depthStride()))};
  // A sum of two numbers of several digits, the last first. Beyond the window the first one goes on.
  Values out(state);
  int64_t left = step;
  Value carry;
  for (size_t i = window.size(); i-- > 0;) {
    int64_t digit = i == 0 ? left : left % window[i];
    left /= window[i];
    Value sum = digit ? e.addi(out[i], e.index(digit)) : out[i];
    if (carry)
      sum = e.addi(sum, e.select(carry, e.index(1), e.index(0)));
    if (i > 0) {
      carry = e.cmpi(arith::CmpIPredicate::uge, sum, e.index(window[i]));
      sum = e.select(carry, e.subi(sum, e.index(window[i])), sum);
    }
    out[i] = sum;
  }
  return out;
}

Value Walk::offset(ValueRange state) {
  if (window.empty())
    return state[0];
  Value sum;
  for (size_t i = 0; i < window.size(); ++i) {
    Value part = e.muli(state[i], windowStride(i));
    sum = sum ? e.addi(sum, part) : part;
  }
  return sum;
}
