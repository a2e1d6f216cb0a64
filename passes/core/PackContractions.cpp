// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Rewrite.h"
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

/// True for f32 x f32, or ui8 x i8 -> i32 of which `depth`, the contracted size, is known.
bool hasTiles(Value left, Value right, Type to, int64_t depth) {
  Type a = getElementTypeOrSelf(left), b = getElementTypeOrSelf(right);
  if (a.isF32())
    return b.isF32() && to.isF32();
  return a.isUnsignedInteger(8) && b.isInteger(8) && !b.isUnsignedInteger() && to.isInteger(32) &&
         !ShapedType::isDynamic(depth);
}

/// matmul(a, b) -> packed_matmul(a, pack(b)).
struct PackMatmul : OpRewritePattern<MatmulOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(MatmulOp op, PatternRewriter &rewriter) const override {
    auto left = cast<RankedTensorType>(op.getLhs().getType()), right = cast<RankedTensorType>(op.getRhs().getType());
    int64_t rank = right.getRank();
    if (!hasTiles(op.getLhs(), op.getRhs(), op.getTo(), left.getShape().back()))
      return rewriter.notifyMatchFailure(op, "no tile has these element types and an unknown depth");
    Value columns = sizeOf(rewriter, op.getLoc(), op.getRhs(), rank - 1);
    Value panels = PackOp::create(rewriter, op.getLoc(), op.getRhs());
    auto packed = PackedMatmulOp::create(rewriter, op.getLoc(), op.getResult().getType(), op.getLhs(), panels, columns);
    rewriter.replaceOp(op, packed);
    return success();
  }
};

/// conv(x, w) -> packed_conv(x, pack(w as a matrix)), for one group and a window of known size.
struct PackConv : OpRewritePattern<ConvOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto filter = cast<RankedTensorType>(op.getFilter().getType());
    if (op.getGroups() != 1)
      return rewriter.notifyMatchFailure(op, "more than one group");
    if (!filter.hasStaticShape() || filter.getNumElements() == 0)
      return rewriter.notifyMatchFailure(op, "filter of unknown size, or empty");
    int64_t channels = cast<RankedTensorType>(op.getInput().getType()).getShape().back();
    if (!hasTiles(op.getInput(), op.getFilter(), op.getTo(), channels))
      return rewriter.notifyMatchFailure(op, "no tile has these element types and unknown channels");
    Location loc = op.getLoc();
    Value matrix = asMatrix(rewriter, op, filter);
    Value columns = arith::ConstantIndexOp::create(rewriter, loc, filter.getShape().back());
    Value panels = PackOp::create(rewriter, loc, matrix);
    auto packed = PackedConvOp::create(rewriter, loc, op.getResult().getType(), op.getInput(), panels, columns,
                                       filter.getShape().drop_back(2), op.getStrides(), op.getDilations());
    rewriter.replaceOp(op, packed);
    return success();
  }

private:
  /// [window..., C, OC] as [rows, OC]; of integers each run of rows that is contiguous in the input is padded to a
  /// multiple of 4.
  static Value asMatrix(OpBuilder &b, ConvOp op, RankedTensorType filter) {
    Location loc = op.getLoc();
    auto index = [&](int64_t v) -> Value { return arith::ConstantIndexOp::create(b, loc, v); };
    int64_t columns = filter.getShape().back(), depth = filter.getNumElements() / columns, rank = filter.getRank();
    int64_t run = filter.getDimSize(rank - 2);
    if (rank > 2 && op.getDilations().back() == 1)
      run *= filter.getDimSize(rank - 3);
    Value v = op.getFilter();
    int64_t padded = (run + 3) / 4 * 4;
    if (!filter.getElementType().isF32() && padded != run) {
      Value sizes[] = {index(depth / run), index(run), index(columns)}, low[] = {index(0), index(0), index(0)};
      Value paddedSizes[] = {sizes[0], index(padded), sizes[2]};
      auto scalar = RankedTensorType::get({}, filter.getElementType());
      Value zero = ConstantOp::create(b, loc, scalar, DenseElementsAttr::get(scalar, b.getI8IntegerAttr(0)));
      v = ReshapeOp::create(b, loc, v, ValueRange(sizes));
      v = PadOp::create(b, loc, PadMode::constant, v, zero, ValueRange(low), ValueRange(paddedSizes));
      depth = depth / run * padded;
    }
    Value sizes[] = {index(depth), index(columns)};
    return ReshapeOp::create(b, loc, v, ValueRange(sizes));
  }
};

struct PackContractions : impl::PackContractionsBase<PackContractions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<PackMatmul, PackConv>(&getContext());
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
