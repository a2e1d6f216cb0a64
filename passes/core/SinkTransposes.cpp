// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Rewrite.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_SINKTRANSPOSES
#include "passes/core/Passes.h.inc"

namespace {
SmallVector<int64_t> inverse(ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> out(permutation.size());
  for (auto [i, p] : llvm::enumerate(permutation))
    out[p] = i;
  return out;
}

/// `values[d]`, given for the dimensions of a transpose's result, for the dimensions of its input.
SmallVector<Value> beforeTranspose(ValueRange values, ArrayRef<int64_t> permutation) {
  SmallVector<Value> out(values.size());
  for (auto [i, p] : llvm::enumerate(permutation))
    out[p] = values[i];
  return out;
}

Value transposeOf(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> permutation) {
  return TransposeOp::create(b, loc, v, permutation);
}

/// transpose(transpose(x)) -> one transpose of x, or x.
struct ComposeTransposes : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto inner = op.getInput().getDefiningOp<TransposeOp>();
    if (!inner)
      return rewriter.notifyMatchFailure(op, "input is no transpose");
    SmallVector<int64_t> both;
    for (int64_t p : op.getPermutation())
      both.push_back(inner.getPermutation()[p]);
    Value x = inner.getInput();
    if (!llvm::is_sorted(both))
      x = transposeOf(rewriter, op.getLoc(), x, both);
    else if (x.getType() != op.getResult().getType())
      x = tensor::CastOp::create(rewriter, op.getLoc(), op.getResult().getType(), x);
    rewriter.replaceOp(op, x);
    return success();
  }
};

/// True if all sizes of a tensor but those of 1 stay in their order. The tensor may lack leading dimensions of 1.
bool keepsOrder(RankedTensorType type, ArrayRef<int64_t> permutation) {
  int64_t skip = int64_t(permutation.size()) - type.getRank();
  SmallVector<int64_t> moved;
  llvm::copy_if(permutation, std::back_inserter(moved),
                [&](int64_t p) { return p >= skip && type.getDimSize(p - skip) != 1; });
  return llvm::is_sorted(moved);
}
bool keepsOrder(TransposeOp op) {
  return keepsOrder(cast<RankedTensorType>(op.getInput().getType()), op.getPermutation());
}

/// A transpose that keeps the order of all sizes but those of 1 -> reshape.
struct TransposeToReshape : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    if (!keepsOrder(op))
      return rewriter.notifyMatchFailure(op, "the order of the elements changes");
    SmallVector<Value> sizes, own = sizesOf(rewriter, op.getLoc(), op.getInput());
    for (int64_t p : op.getPermutation())
      sizes.push_back(own[p]);
    rewriter.replaceOpWithNewOp<ReshapeOp>(op, op.getResult().getType(), op.getInput(), sizes);
    return success();
  }
};

/// The transpose of this permutation that makes `v`, or null.
TransposeOp sameTranspose(Value v, ArrayRef<int64_t> permutation) {
  auto t = v.getDefiningOp<TransposeOp>();
  return t && t.getPermutation() == permutation ? t : TransposeOp();
}

/// The first operand that is a transpose of the result's rank, and worth sinking: what is transposed at compile time is
/// not. One that becomes a reshape sinks only where no other operand would be transposed for it: else it would never
/// end, since operandBelow makes such ones.
TransposeOp transposedOperand(Operation *op) {
  int64_t rank = cast<RankedTensorType>(op->getResult(0).getType()).getRank();
  for (Value v : op->getOperands()) {
    auto t = v.getDefiningOp<TransposeOp>();
    if (!t || cast<RankedTensorType>(t.getResult().getType()).getRank() != rank ||
        t.getInput().getDefiningOp<ConstantOp>())
      continue;
    auto isFree = [&](Value other) {
      return sameTranspose(other, t.getPermutation()) || other.getDefiningOp<ConstantOp>() ||
             cast<RankedTensorType>(other.getType()).getRank() == 0;
    };
    if (!keepsOrder(t) || llvm::all_of(op->getOperands(), isFree))
      return t;
  }
  return {};
}

/// True if an operand can go below a transpose without costing one: it is such a transpose itself, a constant, or a
/// reshape there.
bool mayGoBelow(Value v, ArrayRef<int64_t> permutation) {
  return sameTranspose(v, permutation) || v.getDefiningOp<ConstantOp>() ||
         keepsOrder(cast<RankedTensorType>(v.getType()), inverse(permutation));
}

/// An operand that may go below a transpose, as it is there.
Value operandBelow(OpBuilder &b, Location loc, Value v, ArrayRef<int64_t> permutation) {
  if (auto t = sameTranspose(v, permutation))
    return t.getInput();
  auto type = cast<RankedTensorType>(v.getType());
  if (type.getRank() == 0)
    return v;
  int64_t rank = permutation.size(), skip = rank - type.getRank();
  if (skip > 0) {
    SmallVector<Value> sizes(skip, arith::ConstantIndexOp::create(b, loc, 1)), own = sizesOf(b, loc, v);
    sizes.append(own);
    v = ReshapeOp::create(b, loc, v, ValueRange(sizes));
  }
  return transposeOf(b, loc, v, inverse(permutation));
}

/// elementwise(transpose(x), ...) -> transpose(elementwise(x, ...)).
template <typename Op> struct SinkBelowElementwise : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;
  LogicalResult matchAndRewrite(Op op, PatternRewriter &rewriter) const override {
    TransposeOp transpose = transposedOperand(op);
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "no operand is a transpose of the result's rank");
    SmallVector<int64_t> permutation(transpose.getPermutation());
    if (!llvm::all_of(op->getOperands(), [&](Value v) { return mayGoBelow(v, permutation); }))
      return rewriter.notifyMatchFailure(op, "another operand would need a transpose");
    SmallVector<Value> operands;
    for (Value v : op->getOperands())
      operands.push_back(operandBelow(rewriter, op.getLoc(), v, permutation));
    Operation *below = rewriter.clone(*op);
    below->setOperands(operands);
    auto type = cast<RankedTensorType>(op->getResult(0).getType());
    SmallVector<int64_t> shape(type.getRank());
    for (auto [i, p] : llvm::enumerate(permutation))
      shape[p] = type.getDimSize(i);
    below->getResult(0).setType(RankedTensorType::get(shape, type.getElementType()));
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op->getResult(0).getType(), below->getResult(0), permutation);
    return success();
  }
};

/// concat(transpose(a), transpose(b), ...) -> transpose(concat(a, b, ...)).
struct SinkBelowConcat : OpRewritePattern<ConcatOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConcatOp op, PatternRewriter &rewriter) const override {
    TransposeOp transpose = transposedOperand(op);
    if (!transpose)
      return rewriter.notifyMatchFailure(op, "no input is a transpose");
    SmallVector<int64_t> permutation(transpose.getPermutation());
    if (!llvm::all_of(op.getInputs(),
                      [&](Value v) { return sameTranspose(v, permutation) || v.getDefiningOp<ConstantOp>(); }))
      return rewriter.notifyMatchFailure(op, "another input would need a transpose");
    SmallVector<Value> inputs;
    for (Value v : op.getInputs())
      inputs.push_back(operandBelow(rewriter, op.getLoc(), v, permutation));
    Value below = ConcatOp::create(rewriter, op.getLoc(), permutation[op.getAxis()], ValueRange(inputs));
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, permutation);
    return success();
  }
};

/// pad(transpose(x)) -> transpose(pad(x)).
struct SinkBelowPad : OpRewritePattern<PadOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(PadOp op, PatternRewriter &rewriter) const override {
    auto t = op.getInput().getDefiningOp<TransposeOp>();
    if (!t)
      return rewriter.notifyMatchFailure(op, "input is no transpose");
    Value below = PadOp::create(rewriter, op.getLoc(), op.getMode(), t.getInput(), op.getValue(),
                                beforeTranspose(op.getLow(), t.getPermutation()),
                                beforeTranspose(op.getSizes(), t.getPermutation()));
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, t.getPermutation());
    return success();
  }
};

/// slice(transpose(x)) -> transpose(slice(x)).
struct SinkBelowSlice : OpRewritePattern<SliceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SliceOp op, PatternRewriter &rewriter) const override {
    auto t = op.getInput().getDefiningOp<TransposeOp>();
    if (!t)
      return rewriter.notifyMatchFailure(op, "input is no transpose");
    ArrayRef<int64_t> p = t.getPermutation();
    Value below = SliceOp::create(rewriter, op.getLoc(), t.getInput(), beforeTranspose(op.getOffsets(), p),
                                  beforeTranspose(op.getSteps(), p), beforeTranspose(op.getSizes(), p));
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, p);
    return success();
  }
};

/// gather(transpose(x), 1-D indices) -> transpose(gather(x, indices)).
struct SinkBelowGather : OpRewritePattern<GatherOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GatherOp op, PatternRewriter &rewriter) const override {
    auto t = op.getInput().getDefiningOp<TransposeOp>();
    if (!t || cast<RankedTensorType>(op.getIndices().getType()).getRank() != 1)
      return rewriter.notifyMatchFailure(op, "input is no transpose, or the rank changes");
    Value below =
        GatherOp::create(rewriter, op.getLoc(), t.getInput(), op.getIndices(), t.getPermutation()[op.getAxis()]);
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, t.getPermutation());
    return success();
  }
};

/// reduce(transpose(x)) -> transpose(reduce(x)), or the reduction alone where the order of what is left does not
/// change.
struct SinkBelowReduce : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto t = op.getInput().getDefiningOp<TransposeOp>();
    if (!t)
      return rewriter.notifyMatchFailure(op, "input is no transpose");
    SmallVector<int64_t> axes, left, permutation(t.getPermutation());
    for (int64_t axis : op.getAxes())
      axes.push_back(permutation[axis]);
    llvm::sort(axes);
    Value below = ReduceOp::create(rewriter, op.getLoc(), op.getKind(), t.getInput(), axes, op.getKeepdims());
    if (op.getKeepdims())
      left = permutation;
    else
      for (auto [i, p] : llvm::enumerate(permutation))
        if (!llvm::is_contained(op.getAxes(), int64_t(i)))
          left.push_back(p - llvm::count_if(axes, [p = p](int64_t a) { return a < p; }));
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, left);
    return success();
  }
};

/// softmax(transpose(x)) -> transpose(softmax(x)).
struct SinkBelowSoftmax : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto t = op.getInput().getDefiningOp<TransposeOp>();
    auto type = cast<RankedTensorType>(op.getInput().getType());
    // A row that is contiguous now stays so.
    if (!t || int64_t(op.getAxis()) == type.getRank() - 1)
      return rewriter.notifyMatchFailure(op, "input is no transpose, or the rows are contiguous");
    Value below = SoftmaxOp::create(rewriter, op.getLoc(), t.getInput(), t.getPermutation()[op.getAxis()], op.getLog());
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), below, t.getPermutation());
    return success();
  }
};

/// softmax along another axis than the last -> between two transposes, so that rows are contiguous.
struct SoftmaxAlongLast : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    int64_t rank = cast<RankedTensorType>(op.getInput().getType()).getRank(), axis = op.getAxis();
    if (axis == rank - 1 || op.getInput().getDefiningOp<TransposeOp>())
      return rewriter.notifyMatchFailure(op, "along the last dimension");
    SmallVector<int64_t> permutation = llvm::to_vector(llvm::seq<int64_t>(0, rank));
    std::swap(permutation[axis], permutation.back());
    Value x = transposeOf(rewriter, op.getLoc(), op.getInput(), permutation);
    Value y = SoftmaxOp::create(rewriter, op.getLoc(), x, rank - 1, op.getLog());
    rewriter.replaceOpWithNewOp<TransposeOp>(op, op.getResult().getType(), y, permutation);
    return success();
  }
};

/// transpose(pad(x)), for a window that may leave out the padding -> pad(transpose(x)).
struct RaiseAbovePad : OpRewritePattern<TransposeOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(TransposeOp op, PatternRewriter &rewriter) const override {
    auto pad = op.getInput().getDefiningOp<PadOp>();
    bool isOfWindow = llvm::all_of(op->getUses(), [](OpOperand &use) {
      return isa<ConvOp, PoolOp>(use.getOwner()) && use.getOperandNumber() == 0;
    });
    if (!pad || !pad->hasOneUse() || !isOfWindow)
      return rewriter.notifyMatchFailure(op, "input is no padding of windows alone");
    SmallVector<Value> low, sizes;
    for (int64_t p : op.getPermutation()) {
      low.push_back(pad.getLow()[p]);
      sizes.push_back(pad.getSizes()[p]);
    }
    Value above = transposeOf(rewriter, op.getLoc(), pad.getInput(), op.getPermutation());
    rewriter.replaceOpWithNewOp<PadOp>(op, op.getResult().getType(), pad.getMode(), above, pad.getValue(), low, sizes);
    return success();
  }
};

struct SinkTransposes : impl::SinkTransposesBase<SinkTransposes> {
  void runOnOperation() override {
    // A transpose that could be a reshape may still meet its inverse; it becomes one after.
    if (failed(sink(/*reshapes=*/false)) || failed(sink(/*reshapes=*/true)) || failed(raise()))
      signalPassFailure();
  }

private:
  LogicalResult sink(bool reshapes) {
    RewritePatternSet patterns(&getContext());
    patterns.add<ComposeTransposes, SinkBelowElementwise<UnaryOp>, SinkBelowElementwise<BinaryOp>,
                 SinkBelowElementwise<CompareOp>, SinkBelowElementwise<SelectOp>, SinkBelowElementwise<CastOp>,
                 SinkBelowConcat, SinkBelowPad, SinkBelowSlice, SinkBelowGather, SinkBelowReduce, SinkBelowSoftmax,
                 SoftmaxAlongLast>(&getContext());
    if (reshapes)
      patterns.add<TransposeToReshape>(&getContext());
    return rewriteGreedily(getOperation(), std::move(patterns));
  }

  /// What met no inverse.
  LogicalResult raise() {
    RewritePatternSet patterns(&getContext());
    patterns.add<RaiseAbovePad>(&getContext());
    return rewriteGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace adze
