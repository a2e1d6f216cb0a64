// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_PACKCONTRACTIONS
#include "passes/core/Passes.h.inc"

namespace {
Value sizeOf(OpBuilder &b, Location loc, Value tensor, int64_t dim) {
  return b.createOrFold<tensor::DimOp>(loc, tensor, dim);
}

/// matmul(a, b) -> packed_matmul(a, pack(b)), for f32.
struct PackMatmul : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    if (!getElementTypeOrSelf(op.getLhs()).isF32() || !getElementTypeOrSelf(op.getRhs()).isF32() || !op.getTo().isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    int64_t rank = cast<RankedTensorType>(op.getRhs().getType()).getRank();
    Value columns = sizeOf(rewriter, op.getLoc(), op.getRhs(), rank - 1);
    Value panels = PackOp::create(rewriter, op.getLoc(), op.getRhs());
    auto packed = PackedMatmulOp::create(rewriter, op.getLoc(), op.getResult().getType(), op.getLhs(), panels, columns);
    rewriter.replaceOp(op, packed);
    return success();
  }
};

/// conv(x, w) -> packed_conv(x, pack(w as a matrix)), for f32, one group and a window of known size.
struct PackConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto filter = cast<RankedTensorType>(op.getFilter().getType());
    if (!getElementTypeOrSelf(op.getInput()).isF32() || !filter.getElementType().isF32() || !op.getTo().isF32())
      return rewriter.notifyMatchFailure(op, "not f32");
    if (op.getGroups() != 1)
      return rewriter.notifyMatchFailure(op, "more than one group");
    if (!filter.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "filter of unknown size");
    Location loc = op.getLoc();
    ArrayRef<int64_t> shape = filter.getShape();
    int64_t columns = shape.back(), depth = columns ? filter.getNumElements() / columns : 0;
    auto index = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(rewriter, loc, v); };
    Value sizes[] = {index(depth), index(columns)};
    Value matrix = ReshapeOp::create(rewriter, loc, op.getFilter(), ValueRange(sizes));
    Value panels = PackOp::create(rewriter, loc, matrix);
    auto packed = PackedConvOp::create(rewriter, loc, op.getResult().getType(), op.getInput(), panels, sizes[1],
                                       shape.drop_back(2), op.getStrides(), op.getDilations());
    rewriter.replaceOp(op, packed);
    return success();
  }
};

struct PackContractions : impl::PackContractionsBase<PackContractions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PackMatmul, PackConv>(&getContext());
    if (failed(applyPatternsGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
