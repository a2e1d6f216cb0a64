// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What exporters leave behind. Sizes are compared by the symbolic analysis before anything changes.
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "passes/common/Rewrite.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"
#include <cmath>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_SIMPLIFY
#include "passes/core/Passes.h.inc"

namespace {
/// The number in a constant of one element that changes no shape of rank `rank`: of floats or integers.
std::optional<double> numberIn(Value v, int64_t rank) {
  if (auto number = scalarConstant(v, rank))
    return number;
  auto constant = v.getDefiningOp<ConstantOp>();
  auto type = cast<RankedTensorType>(v.getType());
  auto elements = constant ? dyn_cast<DenseIntElementsAttr>(constant.getValue()) : DenseIntElementsAttr();
  if (!elements || type.getRank() > rank || type.getNumElements() != 1 || type.getElementType().isInteger(1))
    return std::nullopt;
  APInt value = *elements.getValues<APInt>().begin();
  return isUnsignedElement(type.getElementType()) ? double(value.getZExtValue()) : double(value.getSExtValue());
}

/// x + 0, x - 0, x * 1, x / 1, pow(x, 1) -> x. (-0 + 0 gives +0, and -0 here.)
struct DropNeutral : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    for (auto [x, y] : {std::pair(op.getLhs(), op.getRhs()), std::pair(op.getRhs(), op.getLhs())}) {
      bool commutes = op.getKind() == BinaryKind::add || op.getKind() == BinaryKind::mul;
      if (x.getType() != op.getResult().getType() || (x == op.getRhs() && !commutes))
        continue;
      auto number = numberIn(y, rankOf(x));
      if (!number || neutral(op.getKind()) != *number)
        continue;
      rewriter.replaceOp(op, x);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "no operand is neutral");
  }

private:
  static std::optional<double> neutral(BinaryKind kind) {
    switch (kind) {
    case BinaryKind::add:
    case BinaryKind::sub:
      return 0;
    case BinaryKind::mul:
    case BinaryKind::div:
    case BinaryKind::pow:
      return 1;
    default:
      return std::nullopt;
    }
  }
};

/// pow(x, c) of floats by products and roots.
struct ExpandPower : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    Value x = op.getLhs();
    auto exponent = op.getKind() == BinaryKind::pow ? scalarConstant(op.getRhs(), rankOf(x)) : std::nullopt;
    if (!exponent || x.getType() != op.getResult().getType())
      return rewriter.notifyMatchFailure(op, "no power of floats by one constant");
    Type element = getElementTypeOrSelf(x);
    auto unary = [&](UnaryKind kind) { rewriter.replaceOpWithNewOp<UnaryOp>(op, x.getType(), kind, x); };
    auto times = [&](Value y) { rewriter.replaceOpWithNewOp<BinaryOp>(op, x.getType(), BinaryKind::mul, x, y); };
    if (*exponent == 0.5)
      unary(UnaryKind::sqrt);
    else if (*exponent == -0.5)
      unary(UnaryKind::rsqrt);
    else if (*exponent == -1)
      unary(UnaryKind::reciprocal);
    else if (*exponent == 2)
      times(x);
    else if (*exponent == 3 && (element.isF32() || element.isF64())) // narrower floats would round twice
      times(BinaryOp::create(rewriter, op.getLoc(), x.getType(), BinaryKind::mul, x, x));
    else
      return rewriter.notifyMatchFailure(op, "the exponent has no cheaper form");
    return success();
  }
};

/// x / c -> x * (1 / c) where that is exact.
struct DivideByPowerOfTwo : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getResult().getType());
    auto divisor = op.getKind() == BinaryKind::div ? scalarConstant(op.getRhs(), type.getRank()) : std::nullopt;
    int power = 0;
    if (!divisor || std::fabs(std::frexp(*divisor, &power)) != 0.5 || std::abs(power) > 8)
      return rewriter.notifyMatchFailure(op, "no division by a small power of two");
    auto scalar = cast<RankedTensorType>(op.getRhs().getType());
    auto factor = DenseElementsAttr::get(scalar, rewriter.getFloatAttr(scalar.getElementType(), 1 / *divisor));
    Value constant = ConstantOp::create(rewriter, op.getLoc(), scalar, factor);
    rewriter.replaceOpWithNewOp<BinaryOp>(op, type, BinaryKind::mul, op.getLhs(), constant);
    return success();
  }
};

/// True if every value of one type is exactly one of the other.
bool holdsAll(Type wide, Type narrow) {
  auto to = dyn_cast<FloatType>(wide), from = dyn_cast<FloatType>(narrow);
  if (to && from)
    return to == from || ((from.isF16() || from.isBF16() || from.isF32()) && to.isF64()) ||
           ((from.isF16() || from.isBF16()) && to.isF32());
  auto wideInt = dyn_cast<IntegerType>(wide), narrowInt = dyn_cast<IntegerType>(narrow);
  if (!wideInt || !narrowInt || narrow.isInteger(1))
    return wide == narrow;
  return wideInt.getSignedness() == narrowInt.getSignedness() && wideInt.getWidth() >= narrowInt.getWidth() &&
         !wide.isInteger(1);
}

/// A cast to the own type goes; a cast of a cast that lost nothing is one cast of what that one took.
struct DropCast : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    Value x = op.getInput();
    if (x.getType() == op.getResult().getType()) {
      rewriter.replaceOp(op, x);
      return success();
    }
    auto inner = x.getDefiningOp<CastOp>();
    if (!inner || !holdsAll(inner.getTo(), getElementTypeOrSelf(inner.getInput())))
      return rewriter.notifyMatchFailure(op, "the input is no cast, or one that loses something");
    if (inner.getInput().getType() == op.getResult().getType())
      rewriter.replaceOp(op, inner.getInput());
    else
      rewriter.replaceOpWithNewOp<CastOp>(op, op.getResult().getType(), inner.getInput(), op.getTo(), op.getSaturate());
    return success();
  }
};

/// reshape(reshape(x)) -> reshape(x).
struct ComposeReshapes : OpRewritePattern<ReshapeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReshapeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<ReshapeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "the input is no reshape");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inner.getInput()); });
    return success();
  }
};

/// A gather of floats by one constant index -> a slice.
struct GatherOne : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    int64_t axis = op.getAxis(), size = type.getDimSize(axis);
    auto index = numberIn(op.getIndices(), /*rank=*/1);
    if (!index || !isa<FloatType>(type.getElementType()) || type.isDynamicDim(axis))
      return rewriter.notifyMatchFailure(op, "no floats by one constant index along a known size");
    int64_t at = int64_t(*index) < 0 ? int64_t(*index) + size : int64_t(*index);
    if (at < 0 || at >= size)
      return rewriter.notifyMatchFailure(op, "the index is out of range, which the run reports");
    Location loc = op.getLoc();
    auto number = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(rewriter, loc, v); };
    SmallVector<Value> sizes = sizesOf(rewriter, loc, op.getInput());
    SmallVector<Value> offsets(sizes.size(), number(0)), steps(sizes.size(), number(1));
    offsets[axis] = number(at);
    sizes[axis] = number(1);
    Value x = SliceOp::create(rewriter, loc, op.getInput(), offsets, steps, sizes);
    if (rankOf(op.getIndices()) == 0)
      sizes.erase(sizes.begin() + axis);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getResult().getType(), x, sizes);
    return success();
  }
};

/// True for an op that may move elements but gives its first operand, if that has the result's shape.
bool keepsPlaces(Operation *op, DimAnalysis &dims) {
  auto all = [&](OperandRange indices, int64_t value) {
    return llvm::all_of(indices, [&](Value v) { return dims.size(v).isConstant(value); });
  };
  if (auto pad = dyn_cast<PadOp>(op))
    return all(pad.getLow(), 0);
  if (auto slice = dyn_cast<SliceOp>(op))
    return all(slice.getOffsets(), 0) && all(slice.getSteps(), 1);
  return isa<ReshapeOp, BroadcastOp>(op);
}

/// Reshapes, broadcasts, padding and slices to the sizes that the input has go.
void dropSameShapes(FunctionOpInterface function) {
  DimAnalysis dims;
  SmallVector<Operation *> same;
  function.walk([&](Operation *op) {
    if (keepsPlaces(op, dims) && dims.sameShape(op->getOperand(0), op->getResult(0)))
      same.push_back(op);
  });
  for (Operation *op : same) {
    OpBuilder b(op);
    Value x = op->getOperand(0);
    if (x.getType() != op->getResult(0).getType())
      x = tensor::CastOp::create(b, op->getLoc(), op->getResult(0).getType(), x);
    op->replaceAllUsesWith(ValueRange(x));
    op->erase();
  }
}

struct Simplify : impl::SimplifyBase<Simplify> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<DropNeutral, ExpandPower, DivideByPowerOfTwo, DropCast, ComposeReshapes, GatherOne>(&getContext());
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      return signalPassFailure();
    getOperation().walk(dropSameShapes);
  }
};
} // namespace
} // namespace adze
