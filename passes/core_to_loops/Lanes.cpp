// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which elements can be computed in vectors, and which trees may be run over flat indices.
#include "passes/core_to_loops/Emitter.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

static bool plainElement(Type element) {
  return element.isInteger(1) || (element.isInteger() && element.getIntOrFloatBitWidth() >= 8) ||
         (isa<FloatType>(element) && element.getIntOrFloatBitWidth() >= 16);
}

/// Operands of an elementwise op, each asked along the dimension that `dim` of the result is.
static bool elementwiseLanes(Emitter &e, Operation *op, int64_t dim) {
  Value result = op->getResult(0);
  int64_t rank = cast<RankedTensorType>(result.getType()).getRank();
  for (Value operand : op->getOperands()) {
    auto type = dyn_cast<RankedTensorType>(operand.getType());
    if (!type)
      continue;
    int64_t at = dim - (rank - type.getRank());
    if (at < 0)
      continue;
    DimExpr size = e.dims.dim(operand, at);
    if (size.isConstant(1))
      continue;
    if (size != e.dims.dim(result, dim) || !e.vectorizable(operand, at))
      return false;
  }
  if (auto binary = dyn_cast<BinaryOp>(op))
    if (binary.getKind() == BinaryKind::pow && !isa<FloatType>(getElementTypeOrSelf(result)))
      return false;
  return true;
}

bool Emitter::vectorizable(Value tensor, int64_t dim) {
  // Remembered: a tensor may be reached in very many ways.
  if (auto it = lanesByDim.find({tensor, dim}); it != lanesByDim.end())
    return it->second;
  return lanesByDim[{tensor, dim}] = hasLanes(tensor, dim);
}

bool Emitter::hasLanes(Value tensor, int64_t dim) {
  if (!plainElement(getElementTypeOrSelf(tensor)))
    return false;
  Operation *op = tensor.getDefiningOp();
  if (!op)
    return true;
  return llvm::TypeSwitch<Operation *, bool>(op)
      .Case<ConstantOp, IotaOp>([](auto) { return true; })
      .Case<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp, BroadcastOp>(
          [&](auto) { return elementwiseLanes(*this, op, dim); })
      .Case([&](TransposeOp op) { return vectorizable(op.getInput(), op.getPermutation()[dim]); })
      .Case([&](SliceOp op) { return dims.size(op.getSteps()[dim]).isConstant(1) && vectorizable(op.getInput(), dim); })
      .Case([&](PadOp op) {
        return dims.size(op.getLow()[dim]).isConstant(0) &&
               dims.dim(op.getInput(), dim) == dims.dim(op.getResult(), dim) && vectorizable(op.getInput(), dim);
      })
      .Case([&](ConcatOp op) {
        return int64_t(op.getAxis()) != dim &&
               llvm::all_of(op.getInputs(), [&](Value input) { return vectorizable(input, dim); });
      })
      .Case([&](ReshapeOp op) {
        SmallVector<DimExpr> from = dims.shape(op.getInput()).dims, to = dims.shape(op.getResult()).dims;
        for (int64_t i = to.size() - 1, j = from.size() - 1; i >= dim; --i, --j)
          if (j < 0 || to[i] != from[j])
            return false;
        return vectorizable(op.getInput(), dim + int64_t(from.size()) - int64_t(to.size()));
      })
      .Case([&](GatherOp op) {
        int64_t axis = op.getAxis(), rank = cast<RankedTensorType>(op.getIndices().getType()).getRank();
        if (dim >= axis && dim < axis + rank)
          return false;
        return vectorizable(op.getInput(), dim < axis ? dim : dim - rank + 1);
      })
      .Case([&](ReduceOp op) {
        int64_t in = dim;
        if (op.getKeepdims()) {
          if (llvm::is_contained(op.getAxes(), dim))
            return false;
        } else {
          for (int64_t axis : op.getAxes())
            in += axis <= in;
        }
        return vectorizable(op.getInput(), in);
      })
      .Case<PackOp>([](auto) { return false; })
      .Default([&](Operation *op) {
        // A nest's result is asked for only where its element has been bound.
        return isNest(op);
      });
}

/// What `fits` asks of one tensor.
static bool fitsAlone(Emitter::Form form, ArrayRef<DimExpr> sizes, ArrayRef<DimExpr> shape) {
  bool single = llvm::all_of(sizes, [](const DimExpr &d) { return d.isConstant(1); });
  if (single || sizes == shape)
    return true;
  if (form != Emitter::Form::Rows || sizes.size() > shape.size() || sizes.empty())
    return false;
  ArrayRef<DimExpr> head = sizes.drop_back();
  bool noRows = llvm::all_of(head, [](const DimExpr &d) { return d.isConstant(1); });
  bool allRows = sizes.size() == shape.size() && head == shape.drop_back();
  bool last = sizes.back() == shape.back() || sizes.back().isConstant(1);
  return last && (noRows || allRows);
}

bool Emitter::fits(Form form, Value tensor, ArrayRef<DimExpr> shape, Operation *anchor) {
  SmallVector<Value> open{tensor};
  llvm::SmallPtrSet<Value, 16> seen;
  while (!open.empty()) {
    Value v = open.pop_back_val();
    if (!isa<RankedTensorType>(v.getType()) || !seen.insert(v).second)
      continue;
    SmallVector<DimExpr> sizes = dims.shape(v).dims;
    Operation *op = v.getDefiningOp();
    bool isAnchor = op && op == anchor;
    if (isAnchor ? ArrayRef(sizes) != shape : !fitsAlone(form, sizes, shape))
      return false;
    if (isAnchor || !op || isa<ConstantOp>(op))
      continue;
    if (!isa<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp, BroadcastOp>(op))
      return false;
    open.append(op->operand_begin(), op->operand_end());
  }
  return true;
}
