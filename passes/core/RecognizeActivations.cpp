// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Activations written in parts. Each is a polynomial of x and one other function of x.
#include "passes/common/Rewrite.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"
#include <cmath>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_RECOGNIZEACTIVATIONS
#include "passes/core/Passes.h.inc"

namespace {
/// x and f(x) as atoms 0 and 1.
Polynomial atomX() { return Polynomial::atom(0); }
Polynomial atomF() { return Polynomial::atom(1); }
Polynomial number(double value) { return Polynomial::number(value); }

/// One activation as a polynomial `whole` of x and of f(x), where f is of `kind` and takes the polynomial `argument` of
/// x.
struct Form {
  UnaryKind result, kind;
  Polynomial argument, whole;
};

ArrayRef<Form> forms() {
  static const Form all[] = {
      {UnaryKind::gelu, UnaryKind::erf, number(std::sqrt(0.5)) * atomX(),
       number(0.5) * atomX() + number(0.5) * atomX() * atomF()},
      {UnaryKind::gelu_tanh, UnaryKind::tanh,
       number(std::sqrt(2 / M_PI)) * atomX() + number(std::sqrt(2 / M_PI) * 0.044715) * atomX() * atomX() * atomX(),
       number(0.5) * atomX() + number(0.5) * atomX() * atomF()},
      {UnaryKind::silu, UnaryKind::sigmoid, atomX(), atomX() * atomF()},
  };
  return all;
}

/// A value of the root's type that gives `argument` the form asked for, and the root too together with f(x).
Value findX(BinaryOp root, Value f, Value argument, const Polynomial &argumentForm, const Polynomial &whole) {
  Type type = root.getResult().getType();
  int64_t rank = rankOf(root);
  double tolerance = constantTolerance(getElementTypeOrSelf(type));
  for (Value x : partsOf(argument)) {
    if (x.getType() != type)
      continue;
    auto ofArgument = Expression(rank, x).of(argument);
    if (!ofArgument || !ofArgument->isNear(argumentForm, tolerance))
      continue;
    Value atoms[] = {x, f};
    auto ofRoot = Expression(rank, ValueRange(atoms)).of(root);
    if (ofRoot && ofRoot->isNear(whole, tolerance))
      return x;
  }
  return {};
}

/// GELU by erf and by tanh, SiLU.
struct Recognize : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    constexpr BinaryKind last[] = {BinaryKind::mul, BinaryKind::add, BinaryKind::div};
    if (!llvm::is_contained(last, op.getKind()) || !isa<FloatType>(getElementTypeOrSelf(op.getResult())))
      return rewriter.notifyMatchFailure(op, "ends no activation");
    for (Value f : partsOf(op)) {
      auto function = f.getDefiningOp<UnaryOp>();
      for (const Form &form : forms())
        if (function && function.getKind() == form.kind)
          if (Value x = findX(op, f, function.getInput(), form.argument, form.whole)) {
            rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getResult().getType(), form.result, x);
            return success();
          }
    }
    return rewriter.notifyMatchFailure(op, "is no activation that is known");
  }
};

/// What lies between two constants: clamp(input, low, high).
struct Clamp {
  Value input;
  double low, high;
};

/// min(max(x, low), high) in either order, one of the bounds perhaps a relu.
std::optional<Clamp> clampOf(Value v) {
  int64_t rank = rankOf(v);
  Clamp clamp{v, -INFINITY, INFINITY};
  for (int i = 0; i < 2; ++i) {
    Value in = clamp.input;
    auto op = in.getDefiningOp<BinaryOp>();
    if (Value input = inputOf(in, UnaryKind::relu)) {
      clamp.low = std::max(clamp.low, 0.0);
      clamp.input = input;
      continue;
    }
    if (!op || (op.getKind() != BinaryKind::min && op.getKind() != BinaryKind::max))
      return std::nullopt;
    auto left = scalarConstant(op.getLhs(), rank), right = scalarConstant(op.getRhs(), rank);
    if (left.has_value() == right.has_value())
      return std::nullopt;
    double bound = left ? *left : *right;
    if (op.getKind() == BinaryKind::min)
      clamp.high = std::min(clamp.high, bound);
    else
      clamp.low = std::max(clamp.low, bound);
    clamp.input = left ? op.getRhs() : op.getLhs();
  }
  return clamp;
}

/// x * clamp(x / 6 + 1/2, 0, 1), with the factor inside or outside.
struct RecognizeHardSwish : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    constexpr BinaryKind last[] = {BinaryKind::mul, BinaryKind::div};
    if (!llvm::is_contained(last, op.getKind()) || !isa<FloatType>(getElementTypeOrSelf(op.getResult())))
      return rewriter.notifyMatchFailure(op, "ends no activation");
    for (Value f : partsOf(op)) {
      auto clamp = clampOf(f);
      if (!clamp || clamp->low != 0 || !(clamp->high > 0) || std::isinf(clamp->high))
        continue;
      double scale = 1 / clamp->high;
      Polynomial argument = number(1 / (6 * scale)) * atomX() + number(0.5 / scale);
      if (Value x = findX(op, f, clamp->input, argument, number(scale) * atomX() * atomF())) {
        rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getResult().getType(), UnaryKind::hard_swish, x);
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "is no hard swish");
  }
};

/// -x, without a negation where `x` is one.
Value negated(OpBuilder &b, Location loc, Value x) {
  for (Value part : partsOf(x)) {
    auto form = part.getType() == x.getType() ? Expression(rankOf(x), part).of(x) : std::nullopt;
    if (form && form->isNear(Polynomial() - atomX(), 0))
      return part;
  }
  return UnaryOp::create(b, loc, UnaryKind::neg, x);
}

/// The x of a divisor 1 + exp(x), or null.
Value exponentOf(Value divisor) {
  for (Value e : partsOf(divisor))
    if (Value x = inputOf(e, UnaryKind::exp)) {
      auto form = Expression(rankOf(divisor), e).of(divisor);
      if (form && form->isNear(number(1) + atomX(), 0))
        return x;
    }
  return {};
}

/// 1 / (1 + exp(-x)) -> sigmoid(x), and y / (1 + exp(-x)) -> y * sigmoid(x).
struct RecognizeSigmoid : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::div || !isa<FloatType>(getElementTypeOrSelf(op.getResult())))
      return rewriter.notifyMatchFailure(op, "no division");
    Value x = exponentOf(op.getRhs());
    if (!x || x.getType() != op.getRhs().getType())
      return rewriter.notifyMatchFailure(op, "the divisor is not 1 + exp(x)");
    Value sigmoid =
        UnaryOp::create(rewriter, op.getLoc(), UnaryKind::sigmoid, negated(rewriter, op.getLoc(), x)).getResult();
    if (scalarConstant(op.getLhs(), rankOf(x)) == 1.0 && sigmoid.getType() == op.getResult().getType())
      rewriter.replaceOp(op, sigmoid);
    else
      rewriter.replaceOpWithNewOp<BinaryOp>(op, op.getResult().getType(), BinaryKind::mul, op.getLhs(), sigmoid);
    return success();
  }
};

/// reciprocal(1 + exp(-x)) -> sigmoid(x).
struct RecognizeReciprocalSigmoid : OpRewritePattern<UnaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != UnaryKind::reciprocal)
      return rewriter.notifyMatchFailure(op, "no reciprocal");
    Value x = exponentOf(op.getInput());
    if (!x || x.getType() != op.getResult().getType())
      return rewriter.notifyMatchFailure(op, "not of 1 + exp(x)");
    rewriter.replaceOpWithNewOp<UnaryOp>(op, op.getResult().getType(), UnaryKind::sigmoid,
                                         negated(rewriter, op.getLoc(), x));
    return success();
  }
};

struct RecognizeActivations : impl::RecognizeActivationsBase<RecognizeActivations> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<Recognize, RecognizeHardSwish, RecognizeSigmoid, RecognizeReciprocalSigmoid>(&getContext());
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
