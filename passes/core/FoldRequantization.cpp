// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What leads from numbers to 8-bit integers is computed in steps of their scale, so that dequantisation, the arithmetic
// after it and quantisation need no division and no way through integers. The constants are rounded once more: a result
// that lies within 2^-22 (relative) of the middle between two steps may become the other one.
#include "passes/common/Rewrite.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"
#include <cmath>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_FOLDREQUANTIZATION
#include "passes/core/Passes.h.inc"

namespace {
bool isConstant(Value v) { return v.getDefiningOp<ConstantOp>() != nullptr; }

/// `op` if it converts f32 to 8-bit integers, cutting off at their ends; else null.
CastOp asQuantisation(Operation *op) {
  auto cast = dyn_cast_if_present<CastOp>(op);
  bool is = cast && cast.getSaturate() && getElementTypeOrSelf(cast.getInput()).isF32() &&
            getElementTypeOrSelf(cast.getResult()).isInteger(8);
  return is ? cast : CastOp();
}

/// True if `v` only becomes 8-bit integers, a zero point added or not.
bool isQuantised(Value v) {
  if (!v.hasOneUse())
    return false;
  Operation *user = *v.user_begin();
  if (binaryOf(user->getResult(0), BinaryKind::add) && user->getResult(0).hasOneUse())
    user = *user->getResult(0).user_begin();
  return asQuantisation(user) != nullptr;
}

/// Expressions that a constant divisor can go into: each of their terms has a constant factor that takes it.
class Division {
public:
  Division(OpBuilder &b, Value divisor) : b(b), divisor(divisor) {}

  static bool isPossible(Value v, int depth = 16) {
    if (isConstant(v))
      return true;
    Operation *op = v.getDefiningOp();
    if (!op || !v.hasOneUse() || depth == 0)
      return false;
    if (auto unary = dyn_cast<UnaryOp>(op))
      return unary.getKind() == UnaryKind::relu && isPossible(unary.getInput(), depth - 1);
    auto binary = dyn_cast<BinaryOp>(op);
    if (!binary)
      return false;
    switch (binary.getKind()) {
    case BinaryKind::mul:
      return isConstant(binary.getLhs()) || isConstant(binary.getRhs());
    case BinaryKind::div:
      return isConstant(binary.getRhs());
    case BinaryKind::add:
    case BinaryKind::sub:
    case BinaryKind::min:
    case BinaryKind::max:
      return isPossible(binary.getLhs(), depth - 1) && isPossible(binary.getRhs(), depth - 1);
    default:
      return false;
    }
  }

  /// `v` over the divisor; isPossible(v).
  Value of(Value v) {
    if (isConstant(v))
      return BinaryOp::create(b, v.getLoc(), BinaryKind::div, v, divisor);
    Operation *op = v.getDefiningOp();
    if (auto unary = dyn_cast<UnaryOp>(op))
      return UnaryOp::create(b, op->getLoc(), unary.getKind(), of(unary.getInput()));
    auto binary = cast<BinaryOp>(op);
    Value lhs = binary.getLhs(), rhs = binary.getRhs();
    auto make = [&](BinaryKind kind, Value x, Value y) -> Value {
      return BinaryOp::create(b, op->getLoc(), kind, x, y);
    };
    switch (binary.getKind()) {
    case BinaryKind::mul:
      return isConstant(rhs) ? make(BinaryKind::mul, lhs, of(rhs)) : make(BinaryKind::mul, of(lhs), rhs);
    case BinaryKind::div: { // x / c / d = x * (1 / c / d)
      Value inverse = UnaryOp::create(b, op->getLoc(), UnaryKind::reciprocal, rhs);
      return make(BinaryKind::mul, lhs, make(BinaryKind::div, inverse, divisor));
    }
    default: {
      Value x = of(lhs), y = of(rhs);
      return make(binary.getKind(), x, y);
    }
    }
  }

private:
  OpBuilder &b;
  Value divisor;
};

/// round((x * c + ...) / d) -> round(x * (c / d) + ...)
struct DivideFactors : OpRewritePattern<UnaryOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    auto division = op.getKind() == UnaryKind::round ? binaryOf(op.getInput(), BinaryKind::div) : BinaryOp();
    if (!division || !isQuantised(op.getResult()))
      return rewriter.notifyMatchFailure(op, "no quantisation to 8 bits");
    auto step = scalarConstant(division.getRhs(), rankOf(division.getLhs()));
    if (!step || !(*step > 0) || !std::isnormal(float(*step)) || !std::isnormal(float(1 / *step)))
      return rewriter.notifyMatchFailure(op, "the scale is not one positive constant");
    if (!division->hasOneUse() || isConstant(division.getLhs()) || !Division::isPossible(division.getLhs()))
      return rewriter.notifyMatchFailure(op, "a term has no constant factor, or another user");
    Value inSteps = Division(rewriter, division.getRhs()).of(division.getLhs());
    if (inSteps.getType() != division.getType())
      return rewriter.notifyMatchFailure(op, "the types know different sizes");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(inSteps); });
    return success();
  }
};

/// Whole numbers made 8-bit integers and back -> the whole numbers, between the smallest and largest of the integers.
/// The zero point goes too where it is added before and subtracted after. NaN gives the lower bound, as the cast does.
struct ClampWholeNumbers : OpRewritePattern<CastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(CastOp op, PatternRewriter &rewriter) const override {
    CastOp quantisation = asQuantisation(op.getInput().getDefiningOp());
    if (!quantisation || !op.getTo().isF32() || !quantisation->hasOneUse())
      return rewriter.notifyMatchFailure(op, "not the only reader of quantised numbers");
    Value whole = quantisation.getInput();
    double low = isUnsignedElement(getElementTypeOrSelf(op.getInput())) ? 0 : -128, zero = 0;
    if (auto sum = binaryOf(whole, BinaryKind::add)) {
      auto added = scalarConstant(sum.getRhs(), rankOf(sum.getLhs()));
      if (!added || *added != std::rint(*added))
        return rewriter.notifyMatchFailure(op, "the zero point is not one constant");
      zero = *added;
      whole = sum.getLhs();
    }
    if (!inputOf(whole, UnaryKind::round) || whole.getType() != op.getType())
      return rewriter.notifyMatchFailure(op, "not of whole numbers");
    Operation *replaced = op;
    if (auto difference = onlySubtraction(op); difference && zero != 0) {
      if (scalarConstant(difference.getRhs(), rankOf(whole)) != zero || difference.getType() != op.getType())
        return rewriter.notifyMatchFailure(op, "another zero point");
      replaced = difference;
    } else if (zero != 0) {
      return rewriter.notifyMatchFailure(op, "the zero point is not subtracted");
    }
    rewriter.setInsertionPoint(replaced);
    auto bounded = [&](ComparePredicate better, Value v, double bound) -> Value {
      Location loc = op.getLoc();
      auto scalar = RankedTensorType::get({}, rewriter.getF32Type());
      Value constant = ConstantOp::create(rewriter, loc, scalar, DenseElementsAttr::get(scalar, float(bound)));
      return SelectOp::create(rewriter, loc, CompareOp::create(rewriter, loc, better, v, constant), v, constant);
    };
    Value clamped = bounded(ComparePredicate::gt, whole, low - zero);
    clamped = bounded(ComparePredicate::lt, clamped, low + 255 - zero);
    rewriter.replaceOp(replaced, clamped);
    return success();
  }

private:
  /// The subtraction that is the only user of `op`'s result, as its left side.
  static BinaryOp onlySubtraction(CastOp op) {
    if (!op->hasOneUse())
      return {};
    auto difference = binaryOf(op->getUsers().begin()->getResult(0), BinaryKind::sub);
    return difference && difference.getLhs() == op.getResult() ? difference : BinaryOp();
  }
};

struct FoldRequantization : impl::FoldRequantizationBase<FoldRequantization> {
  using Base::Base;

  void runOnOperation() override {
    // A clamp hides that what it takes was quantised.
    if (failed(apply<DivideFactors>()) || failed(apply<ClampWholeNumbers>()))
      signalPassFailure();
  }

private:
  template <typename Pattern> LogicalResult apply() {
    RewritePatternSet patterns(&getContext());
    patterns.add<Pattern>(&getContext());
    return rewriteGreedily(getOperation(), std::move(patterns));
  }
};
} // namespace
} // namespace adze
