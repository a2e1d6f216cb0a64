// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "dialects/core/Windows.h"
#include "passes/common/Rewrite.h"
#include "passes/core/ConstEval.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FILLCHANNELS
#include "passes/core/Passes.h.inc"

namespace {
/// How many times the work may become.
constexpr int64_t kMost = 3;

/// conv(x, w) -> conv(x with more channels of zeros, w likewise), where few channels of x are no whole chunk.
struct FillChannels : OpRewritePattern<ConvOp> {
  FillChannels(MLIRContext *context, int64_t chunkBytes) : OpRewritePattern(context), chunkBytes(chunkBytes) {}
  int64_t chunkBytes;

  LogicalResult matchAndRewrite(ConvOp op, PatternRewriter &rewriter) const override {
    auto filter = cast<RankedTensorType>(op.getFilter().getType());
    auto type = dyn_cast<FloatType>(filter.getElementType());
    if (op.getGroups() != 1 || !type || getElementTypeOrSelf(op.getInput()) != type)
      return rewriter.notifyMatchFailure(op, "several groups, or no floats of one type");
    if (!op.getFilter().getDefiningOp<ConstantOp>() || !filter.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "the filter is no constant");
    int64_t dim = filter.getRank() - 2, channels = filter.getDimSize(dim), chunk = chunkBytes * 8 / type.getWidth();
    if (channels == 0 || channels >= chunk || channels * kMost < chunk)
      return rewriter.notifyMatchFailure(op, "whole chunks of channels, or too few for them");
    if (llvm::all_of(filter.getShape().drop_back(2), [](int64_t size) { return size == 1; }))
      return rewriter.notifyMatchFailure(op, "no window: each image element is read once");
    Value image = fill(rewriter, op.getLoc(), op.getInput(), filter.getRank() - 1, chunk);
    // Folding would leave what becomes more than twice as large.
    Value more = padded(rewriter, op.getLoc(), op.getFilter(), dim, chunk);
    if (auto folded = evaluateConstant(more.getDefiningOp()); succeeded(folded))
      more = ConstantOp::create(rewriter, op.getLoc(), more.getType(), *folded);
    rewriter.modifyOpInPlace(op, [&] {
      op.getInputMutable().assign(image);
      op.getFilterMutable().assign(more);
    });
    return success();
  }

private:
  /// `v` with zeros up to size `size` of dimension `dim`.
  static Value padded(OpBuilder &b, Location loc, Value v, int64_t dim, int64_t size) {
    SmallVector<Value> low, sizes;
    for (int64_t i = 0, rank = cast<RankedTensorType>(v.getType()).getRank(); i < rank; ++i) {
      low.push_back(arith::ConstantIndexOp::create(b, loc, 0));
      sizes.push_back(i == dim ? Value(arith::ConstantIndexOp::create(b, loc, size))
                               : b.createOrFold<tensor::DimOp>(loc, v, i));
    }
    auto scalar = RankedTensorType::get({}, getElementTypeOrSelf(v));
    Attribute zero = b.getFloatAttr(scalar.getElementType(), 0);
    Value value = ConstantOp::create(b, loc, scalar, DenseElementsAttr::get(scalar, zero));
    return PadOp::create(b, loc, PadMode::constant, v, value, ValueRange(low), ValueRange(sizes));
  }

  /// The same of an image, where it comes from: what its window leaves out stays next to it, and a transpose writes the
  /// zeros with the rest.
  static Value fill(OpBuilder &b, Location loc, Value v, int64_t dim, int64_t size) {
    if (auto pad = v.getDefiningOp<PadOp>(); pad && pad->hasOneUse() && isNeutralPadding(pad, *pad->user_begin())) {
      SmallVector<Value> sizes(pad.getSizes());
      sizes[dim] = arith::ConstantIndexOp::create(b, loc, size);
      return PadOp::create(b, pad.getLoc(), pad.getMode(), fill(b, loc, pad.getInput(), dim, size), pad.getValue(),
                           pad.getLow(), ValueRange(sizes));
    }
    if (auto transpose = v.getDefiningOp<TransposeOp>(); transpose && transpose->hasOneUse())
      return TransposeOp::create(b, transpose.getLoc(),
                                 padded(b, loc, transpose.getInput(), transpose.getPermutation()[dim], size),
                                 transpose.getPermutation());
    return padded(b, loc, v, dim, size);
  }
};

struct FillChannelsPass : impl::FillChannelsBase<FillChannelsPass> {
  using FillChannelsBase::FillChannelsBase;

  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<FillChannels>(&getContext(), int64_t(chunkBytes));
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
