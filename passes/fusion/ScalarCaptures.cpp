// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Core.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
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

void adze::passScalarsAsIndices(const Group &group) {
  for (Operation *op : group) {
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
