// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "passes/common/Rewrite.h"
#include "passes/core/Passes.h"

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_SPLITREDUCTIONS
#include "passes/core/Passes.h.inc"

/// Elements of a result that are few; elements that are too many to be joined by the workers of those; the least of a
/// part; the least number of parts, which is more than few.
static constexpr int64_t kFew = 16, kMany = 32768, kPart = 256, kParts = 32;

/// The product of the sizes along `axes`; nothing if one is not known.
static std::optional<int64_t> countOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  int64_t count = 1;
  for (int64_t axis : axes)
    if (ShapedType::isDynamic(shape[axis]) || llvm::MulOverflow(count, shape[axis], count))
      return std::nullopt;
  return count;
}

/// True for what a kernel of the reduction would compute on the way.
static bool isFused(Operation *op) {
  return isa_and_nonnull<UnaryOp, BinaryOp, CompareOp, SelectOp, CastOp, BitcastOp, BroadcastOp, TransposeOp>(op);
}

namespace {
/// reduce(x, axes) -> reduce(reduce(x, the last axes), the first axes), or of an only axis that is cut in two.
struct SplitReduce : OpRewritePattern<ReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(ReduceOp op, PatternRewriter &rewriter) const override {
    auto type = cast<RankedTensorType>(op.getInput().getType());
    SmallVector<int64_t> axes, kept;
    for (int64_t d = 0; d < type.getRank(); ++d)
      if (!llvm::is_contained(op.getAxes(), d))
        kept.push_back(d);
      else if (type.getDimSize(d) != 1)
        axes.push_back(d);
    auto results = countOf(type.getShape(), kept), all = countOf(type.getShape(), axes);
    if (!results || *results > kFew || *results == 0)
      return rewriter.notifyMatchFailure(op, "the result has more than few elements, or none, or it is not known");
    if (all && *all < kMany)
      return rewriter.notifyMatchFailure(op, "few elements are joined");
    bool isOfParts = op.getInput().getDefiningOp<ReduceOp>() != nullptr;
    if (auto last = isOfParts ? std::nullopt : partOf(type.getShape(), axes)) {
      split(op, op.getInput(), *last, /*keepdims=*/true, rewriter);
      return success();
    }
    auto parts = axes.size() == 1 ? partsOf(type.getDimSize(axes[0])) : std::nullopt;
    if (!parts || isFused(op.getInput().getDefiningOp()) || !type.hasStaticShape())
      return rewriter.notifyMatchFailure(op, "no part of the elements is of a good size");
    cut(op, axes[0], *parts, rewriter);
    return success();
  }

private:
  /// The last axes that are long enough for a part, if the others make enough parts.
  static std::optional<ArrayRef<int64_t>> partOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
    for (size_t first = axes.size(); first-- > 1;) {
      auto part = countOf(shape, axes.drop_front(first)), parts = countOf(shape, axes.take_front(first));
      if (part.value_or(kPart) >= kPart)
        return parts.value_or(kParts) >= kParts ? std::optional(axes.drop_front(first)) : std::nullopt;
    }
    return std::nullopt;
  }

  /// The most parts of equal size that an axis can be cut into, up to 256.
  static std::optional<int64_t> partsOf(int64_t size) {
    for (int64_t parts = 256; parts >= kParts; parts /= 2)
      if (!ShapedType::isDynamic(size) && size % parts == 0 && size / parts >= kPart)
        return parts;
    return std::nullopt;
  }

  /// The elements of `input` along `last`, then those of the parts along the op's axes. Parts of floats of less than 32
  /// bits are f32, as within one reduction.
  static void split(ReduceOp op, Value input, ArrayRef<int64_t> last, bool keepdims, PatternRewriter &rewriter) {
    Location loc = op.getLoc();
    Type element = getElementTypeOrSelf(input);
    bool widens = isa<FloatType>(element) && element.getIntOrFloatBitWidth() < 32;
    if (widens)
      input = CastOp::create(rewriter, loc, input, rewriter.getF32Type(), /*saturate=*/false);
    Value part = ReduceOp::create(rewriter, loc, op.getKind(), input, last, keepdims);
    Value all = ReduceOp::create(rewriter, loc, op.getKind(), part, op.getAxes(), op.getKeepdims());
    if (widens)
      all = CastOp::create(rewriter, loc, all, element, /*saturate=*/false);
    rewriter.replaceOp(op, all);
  }

  /// [..., size, ...] -> [..., parts, size / parts, ...] -> [..., parts, ...]
  static void cut(ReduceOp op, int64_t axis, int64_t parts, PatternRewriter &rewriter) {
    SmallVector<int64_t> shape(cast<RankedTensorType>(op.getInput().getType()).getShape());
    shape[axis] /= parts;
    shape.insert(shape.begin() + axis, parts);
    SmallVector<Value> sizes;
    for (int64_t size : shape)
      sizes.push_back(arith::ConstantIndexOp::create(rewriter, op.getLoc(), size));
    Value input = ReshapeOp::create(rewriter, op.getLoc(), op.getInput(), ValueRange(sizes));
    split(op, input, {axis + 1}, /*keepdims=*/false, rewriter);
  }
};

struct SplitReductions : impl::SplitReductionsBase<SplitReductions> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<SplitReduce>(&getContext());
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
