// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Exporters flatten rows around each product: [B, S, C] -> [B * S, C] -> matmul -> [B, S, C]. What comes after is
// computed on the flat rows too, so that it joins the product's kernel and the reshapes meet and cancel.
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_SINKRESHAPES
#include "passes/core/Passes.h.inc"

namespace {
/// Goes through a function once, in order, so that a reshape sinks as far as it can.
class Sinker {
public:
  void run(FunctionOpInterface function) {
    SmallVector<Operation *> ops;
    function.walk([&](Operation *op) { ops.push_back(op); });
    for (Operation *op : ops)
      if (Value below = sink(op)) {
        op->getResult(0).replaceAllUsesWith(below);
        replaced.push_back(op);
      }
    // Only now: the analysis knows values by their addresses.
    for (Operation *op : llvm::reverse(replaced))
      op->erase();
  }

private:
  /// The op on flat rows, reshaped as its result was; null if it stays.
  Value sink(Operation *op) {
    if (isa<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp>(op))
      return sinkElementwise(op);
    if (auto norm = dyn_cast<NormOp>(op); norm && int64_t(norm.getAxis()) == rankOf(norm.getInput()) - 1)
      return sinkRows(op);
    if (auto softmax = dyn_cast<SoftmaxOp>(op); softmax && int64_t(softmax.getAxis()) == rankOf(softmax.getInput()) - 1)
      return sinkRows(op);
    if (auto matmul = dyn_cast<MatmulOp>(op); matmul && rankOf(matmul.getRhs()) == 2)
      return sinkMatmul(matmul);
    return {};
  }

  /// The reshape that makes `v` of flatter rows of the same length, or null.
  ReshapeOp unflattened(Value v) {
    auto op = v.getDefiningOp<ReshapeOp>();
    if (!op || rankOf(op.getInput()) < 2 || rankOf(op.getInput()) >= rankOf(v))
      return {};
    return dims.shape(op.getInput()).dims.back() == dims.shape(v).dims.back() ? op : ReshapeOp();
  }

  Value sinkElementwise(Operation *op) {
    for (Value operand : op->getOperands())
      if (ReshapeOp reshape = unflattened(operand))
        if (Value below = sinkElementwise(op, reshape))
          return below;
    return {};
  }

  Value sinkElementwise(Operation *op, ReshapeOp reshape) {
    auto from = dims.shape(reshape.getInput()).dims, to = dims.shape(reshape.getResult()).dims;
    if (dims.shape(op->getResult(0)).dims != to ||
        !llvm::all_of(op->getOperands(), [&](Value v) { return canFlatten(v, to); }))
      return {};
    OpBuilder b(op);
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(flattened(b, v, reshape, from, to));
    return clone(b, op, operands, cast<RankedTensorType>(reshape.getInput().getType()).getShape(), reshape.getSizes());
  }

  bool isAlongRow(ArrayRef<DimExpr> sizes) {
    return sizes.empty() || llvm::all_of(sizes.drop_back(), [](const DimExpr &d) { return d.isConstant(1); });
  }

  bool canFlatten(Value v, ArrayRef<DimExpr> to) {
    auto sizes = dims.shape(v).dims;
    return isAlongRow(sizes) || ArrayRef(sizes) == to;
  }

  /// An operand as the op on flat rows takes it.
  Value flattened(OpBuilder &b, Value v, ReshapeOp like, ArrayRef<DimExpr> from, ArrayRef<DimExpr> to) {
    auto sizes = dims.shape(v).dims;
    Location loc = v.getLoc();
    if (ArrayRef(sizes) == to) {
      if (auto reshape = v.getDefiningOp<ReshapeOp>(); reshape && ArrayRef(dims.shape(reshape.getInput()).dims) == from)
        return reshape.getInput();
      return ReshapeOp::create(b, loc, v, ValueRange(sizesOf(b, loc, like.getInput())));
    }
    if (sizes.size() <= 1)
      return v;
    return ReshapeOp::create(b, loc, v, ValueRange(sizesOf(b, loc, v).back()));
  }

  /// `op` on `operands`, with a result of `shape`, reshaped to `sizes`.
  Value clone(OpBuilder &b, Operation *op, ValueRange operands, ArrayRef<int64_t> shape, ValueRange sizes) {
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    Operation *below = b.clone(*op);
    below->setOperands(operands);
    below->getResult(0).setType(RankedTensorType::get(shape, type.getElementType()));
    return ReshapeOp::create(b, op->getLoc(), type, below->getResult(0), sizes);
  }

  /// A function of rows along the last dimension.
  Value sinkRows(Operation *op) {
    ReshapeOp reshape = unflattened(op->getOperand(0));
    if (!reshape)
      return {};
    OpBuilder b(op);
    auto type = cast<RankedTensorType>(reshape.getInput().getType());
    Value out = clone(b, op, reshape.getInput(), type.getShape(), reshape.getSizes());
    Operation *below = out.getDefiningOp<ReshapeOp>().getInput().getDefiningOp();
    below->setAttr("axis", b.getI64IntegerAttr(type.getRank() - 1));
    return out;
  }

  Value sinkMatmul(MatmulOp op) {
    ReshapeOp reshape = unflattened(op.getLhs());
    if (!reshape)
      return {};
    OpBuilder b(op);
    Value x = MatmulOp::create(b, op.getLoc(), reshape.getInput(), op.getRhs(), op.getTo());
    SmallVector<Value> sizes(reshape.getSizes());
    sizes.back() = b.createOrFold<tensor::DimOp>(op.getLoc(), op.getRhs(), 1);
    return ReshapeOp::create(b, op.getLoc(), op.getResult().getType(), x, sizes);
  }

  DimAnalysis dims;
  SmallVector<Operation *> replaced;
};

struct SinkReshapes : impl::SinkReshapesBase<SinkReshapes> {
  void runOnOperation() override {
    getOperation().walk([](FunctionOpInterface function) { Sinker().run(function); });
  }
};
} // namespace
} // namespace adze
