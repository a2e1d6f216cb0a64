// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/RegionUtils.h"
#include "passes/fusion/Outline.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace adze;

static bool isNumber(Type type) { return type.isIntOrFloat() && type.getIntOrFloatBitWidth() <= 64; }

/// The bits of a number as an index.
static Value toIndex(OpBuilder &b, Location loc, Value v) {
  if (isa<FloatType>(v.getType()))
    v = arith::BitcastOp::create(b, loc, b.getIntegerType(v.getType().getIntOrFloatBitWidth()), v);
  if (v.getType().isInteger(1))
    return arith::IndexCastUIOp::create(b, loc, b.getIndexType(), v);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), v);
}

/// A number of type `type` from its bits.
static Value fromIndex(OpBuilder &b, Location loc, Value bits, Type type) {
  Value v = arith::IndexCastOp::create(b, loc, b.getIntegerType(type.getIntOrFloatBitWidth()), bits);
  return isa<FloatType>(type) ? arith::BitcastOp::create(b, loc, type, v).getResult() : v;
}

/// Sizes that a body asks of tensors from outside are asked for before it.
static void hoistSizes(Operation *op) {
  SmallVector<tensor::DimOp> sizes;
  op->walk([&](tensor::DimOp dim) {
    Operation *source = dim.getSource().getDefiningOp();
    bool isInside = source ? op->isAncestor(source) : op->isAncestor(dim.getSource().getParentBlock()->getParentOp());
    if (!isInside && dim.getConstantIndex())
      sizes.push_back(dim);
  });
  for (tensor::DimOp dim : sizes) {
    OpBuilder b(op);
    dim.replaceAllUsesWith(
        tensor::DimOp::create(b, dim.getLoc(), dim.getSource(), *dim.getConstantIndex()).getResult());
    dim.erase();
  }
}

void adze::passScalarsAsIndices(const Group &group) {
  for (Operation *op : group) {
    hoistSizes(op);
    llvm::SetVector<Value> used;
    getUsedValuesDefinedAbove(op->getRegions(), used);
    for (Value v : used) {
      if (!isNumber(v.getType()) || isa_and_nonnull<arith::ConstantOp>(v.getDefiningOp()))
        continue;
      OpBuilder outside(op);
      Value bits = toIndex(outside, op->getLoc(), v);
      for (Region &region : op->getRegions()) {
        OpBuilder inside = OpBuilder::atBlockBegin(&region.front());
        replaceAllUsesInRegionWith(v, fromIndex(inside, op->getLoc(), bits, v.getType()), region);
      }
    }
  }
}
