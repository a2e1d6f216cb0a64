// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Normalisations of rows written in parts. They are found from the root of a variance or mean square, softmax from a
// sum of powers.
#include "passes/common/Rewrite.h"
#include "passes/core/Expression.h"
#include "passes/core/Passes.h"
#include <cmath>

using namespace mlir;
using namespace adze::core;

namespace adze {
#define GEN_PASS_DEF_RECOGNIZENORMS
#include "passes/core/Passes.h.inc"

namespace {
bool sameButForCasts(Value a, Value b) { return withoutCasts(a) == withoutCasts(b); }

/// The reduction of this kind that keeps its dimensions and makes `v`, or null.
ReduceOp reductionOf(Value v, ReduceKind kind) {
  auto op = withoutCasts(v).getDefiningOp<ReduceOp>();
  return op && op.getKind() == kind && op.getKeepdims() ? op : ReduceOp();
}

/// True if `count` is the number of elements that `sum` joins: a constant, or a size of the input as a float.
bool isCount(Value count, ReduceOp sum, bool inverse) {
  auto type = cast<RankedTensorType>(sum.getInput().getType());
  double known = 1;
  bool isStatic = true;
  for (int64_t axis : sum.getAxes()) {
    isStatic &= !type.isDynamicDim(axis);
    known *= double(type.getDimSize(axis));
  }
  if (auto constant = scalarConstant(count, type.getRank()))
    return isStatic && known > 0 && std::fabs(inverse ? *constant * known - 1 : *constant / known - 1) < 1e-5;
  auto cast = count.getDefiningOp<CastOp>();
  auto elements = cast ? cast.getInput().getDefiningOp<tensor::FromElementsOp>() : tensor::FromElementsOp();
  if (inverse || !elements || elements.getElements().size() != 1)
    return false;
  DimAnalysis dims;
  DimExpr product = 1;
  for (int64_t axis : sum.getAxes())
    product = product * dims.dim(sum.getInput(), axis);
  return dims.size(elements.getElements()[0]) == product;
}

/// A mean over the last dimensions from `axis` on, which stay with size 1.
struct Mean {
  Value of;
  int64_t axis;
};

std::optional<Mean> meanOf(Value v) {
  v = withoutCasts(v);
  ReduceOp sum;
  if (auto quotient = binaryOf(v, BinaryKind::div)) {
    sum = reductionOf(quotient.getLhs(), ReduceKind::sum);
    if (!sum || !isCount(quotient.getRhs(), sum, /*inverse=*/false))
      return std::nullopt;
  } else if (auto product = binaryOf(v, BinaryKind::mul)) {
    bool left = bool(reductionOf(product.getLhs(), ReduceKind::sum));
    sum = reductionOf(left ? product.getLhs() : product.getRhs(), ReduceKind::sum);
    if (!sum || !isCount(left ? product.getRhs() : product.getLhs(), sum, /*inverse=*/true))
      return std::nullopt;
  } else if ((sum = reductionOf(v, ReduceKind::sum)); sum) {
    auto type = cast<RankedTensorType>(sum.getInput().getType()); // over one element
    if (!llvm::all_of(sum.getAxes(), [&](int64_t axis) { return type.getDimSize(axis) == 1; }))
      return std::nullopt;
  } else {
    return std::nullopt;
  }
  int64_t rank = rankOf(sum.getInput());
  ArrayRef<int64_t> axes = sum.getAxes();
  if (axes.empty() || axes.back() != rank - 1 || int64_t(axes.size()) != rank - axes.front())
    return std::nullopt;
  return Mean{sum.getInput(), axes.front()};
}

/// What a row is normalised by: the variance about `mean`, or the mean square where that is null.
struct Spread {
  Value x, mean;
  int64_t axis;
};

std::optional<Spread> spreadOf(Value v) {
  v = withoutCasts(v);
  if (auto squares = meanOf(v)) {
    Value distance = squareRootOf(squares->of);
    if (!distance)
      return std::nullopt;
    if (auto difference = binaryOf(withoutCasts(distance), BinaryKind::sub))
      if (auto mean = meanOf(difference.getRhs());
          mean && mean->axis == squares->axis && sameButForCasts(mean->of, difference.getLhs()))
        return Spread{difference.getLhs(), difference.getRhs(), mean->axis};
    return Spread{distance, {}, squares->axis};
  }
  // Mean of squares less the square of the mean.
  auto difference = binaryOf(v, BinaryKind::sub);
  auto squares = difference ? meanOf(difference.getLhs()) : std::nullopt;
  Value center = squares ? squareRootOf(difference.getRhs()) : Value(),
        x = center ? squareRootOf(squares->of) : Value();
  auto mean = x ? meanOf(center) : std::nullopt;
  if (!mean || mean->axis != squares->axis || !sameButForCasts(mean->of, x))
    return std::nullopt;
  return Spread{x, center, mean->axis};
}

/// 1 / sqrt(spread + epsilon) as the atom it is in an expression.
struct InverseRoot {
  Expression::Atom atom;
  Spread spread;
  double epsilon;
};

std::optional<InverseRoot> inverseRootOf(Value v) {
  auto power = binaryOf(v, BinaryKind::pow);
  auto exponent = power ? scalarConstant(power.getRhs(), rankOf(v)) : std::nullopt;
  Value root = inputOf(v, UnaryKind::sqrt), inverse = inputOf(v, UnaryKind::rsqrt);
  if (exponent == 0.5)
    root = power.getLhs();
  if (exponent == -0.5)
    inverse = power.getLhs();
  Value sum = root ? root : inverse;
  if (!sum)
    return std::nullopt;
  sum = withoutCasts(sum);
  double epsilon = 0;
  if (auto add = binaryOf(sum, BinaryKind::add)) {
    auto left = scalarConstant(add.getLhs(), rankOf(sum)), right = scalarConstant(add.getRhs(), rankOf(sum));
    if (left || right) {
      epsilon = left ? *left : *right;
      sum = left ? add.getRhs() : add.getLhs();
    }
  }
  auto spread = spreadOf(sum);
  if (!spread || !(epsilon >= 0))
    return std::nullopt;
  return InverseRoot{{v, /*reciprocal=*/bool(root)}, *spread, epsilon};
}

/// Writes a sum of products that holds a norm as an atom of its own: scale * norm + rest.
struct NormForm {
  std::optional<Expression::Atom> scale; ///< one atom at most
  double factor;
  Polynomial rest;
};

/// The polynomial of atoms x, 1/root and, for a variance, mean: factor * scale * (x - mean) / root + rest.
std::optional<NormForm> normForm(const Polynomial &whole, const Expression &expression, bool hasMean) {
  std::optional<Polynomial::Product> scale;
  NormForm form{};
  for (auto &[product, coefficient] : whole.terms)
    if (llvm::is_contained(product, 0u) && llvm::is_contained(product, 1u)) {
      if (scale)
        return std::nullopt;
      scale = product;
      form.factor = coefficient;
    }
  if (!scale)
    return std::nullopt;
  scale->erase(llvm::find(*scale, 0u));
  scale->erase(llvm::find(*scale, 1u));
  if (scale->size() > 1)
    return std::nullopt;
  Polynomial outer = Polynomial::number(form.factor);
  for (unsigned number : *scale) {
    outer = outer * Polynomial::atom(number);
    form.scale = expression.atoms()[number];
  }
  Polynomial center = Polynomial::atom(0);
  if (hasMean)
    center = center - Polynomial::atom(2);
  form.rest = whole - outer * center * Polynomial::atom(1);
  // Neither x nor the root nor the mean may be left.
  unsigned own = hasMean ? 3 : 2;
  for (auto &term : form.rest.terms)
    if (llvm::any_of(term.first, [&](unsigned number) { return number < own; }))
      return std::nullopt;
  return form;
}

/// (x - mean) / sqrt(variance + epsilon), and the same multiplied out with a scale and a bias, -> norm.
struct RecognizeNorm : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (!isa<FloatType>(getElementTypeOrSelf(op.getResult())))
      return rewriter.notifyMatchFailure(op, "no floats");
    for (Value part : partsOf(op))
      if (auto root = inverseRootOf(part)) {
        if (succeeded(rewrite(op, *root, rewriter)))
          return success();
        root->spread.x = withoutCasts(root->spread.x);
        if (succeeded(rewrite(op, *root, rewriter)))
          return success();
      }
    return rewriter.notifyMatchFailure(op, "is no norm");
  }

private:
  static LogicalResult rewrite(BinaryOp op, const InverseRoot &root, PatternRewriter &rewriter) {
    const Spread &spread = root.spread;
    auto type = cast<RankedTensorType>(op.getResult().getType());
    if (rankOf(spread.x) != type.getRank())
      return rewriter.notifyMatchFailure(op, "the ranks differ");
    SmallVector<Expression::Atom> atoms{{spread.x, false}, root.atom};
    if (spread.mean)
      atoms.push_back({spread.mean, false});
    Expression expression(type.getRank(), atoms);
    auto whole = expression.of(op);
    auto form = whole ? normForm(*whole, expression, bool(spread.mean)) : std::nullopt;
    if (!form)
      return rewriter.notifyMatchFailure(op, "is not made of x, mean and root as a norm is");
    bool plain = !form->scale && form->rest.terms.empty() && form->factor == 1;
    std::optional<Expression::Atom> bias;
    if (!plain && !readBias(*form, expression, bias))
      return rewriter.notifyMatchFailure(op, "more than a scale and a bias");
    Location loc = op.getLoc();
    Value x = asElement(rewriter, loc, spread.x, type.getElementType());
    Value y = NormOp::create(rewriter, loc, x, spread.axis, APFloat(root.epsilon), /*rms=*/!spread.mean);
    if (form->scale)
      y = BinaryOp::create(rewriter, loc, BinaryKind::mul, y,
                           asElement(rewriter, loc, form->scale->value, type.getElementType()));
    if (bias)
      y = BinaryOp::create(rewriter, loc, BinaryKind::add, y,
                           asElement(rewriter, loc, bias->value, type.getElementType()));
    if (y.getType() != type)
      y = tensor::CastOp::create(rewriter, loc, type, y);
    rewriter.replaceOp(op, y);
    return success();
  }

  /// A norm that is multiplied out has a factor of 1, a scale and a bias of one atom each at most.
  static bool readBias(const NormForm &form, const Expression &expression, std::optional<Expression::Atom> &bias) {
    if (form.factor != 1 || (form.scale && form.scale->reciprocal) || form.rest.terms.size() > 1)
      return false;
    if (form.rest.terms.empty())
      return true;
    auto &[product, coefficient] = *form.rest.terms.begin();
    if (coefficient != 1 || product.size() != 1 || expression.atoms()[product[0]].reciprocal)
      return false;
    bias = expression.atoms()[product[0]];
    return true;
  }

  static Value asElement(OpBuilder &b, Location loc, Value v, Type element) {
    return getElementTypeOrSelf(v) == element ? v : CastOp::create(b, loc, v, element, /*saturate=*/false).getResult();
  }
};

//===- softmax
//-----------------------------------------------------------------------------------------------------===//

/// exp(z) summed along one axis, which stays with size 1.
struct SumOfPowers {
  Value power, exponent;
  int64_t axis;
};

std::optional<SumOfPowers> sumOfPowers(Value v) {
  auto sum = reductionOf(v, ReduceKind::sum);
  Value power = sum ? withoutCasts(sum.getInput()) : Value();
  Value exponent = power ? inputOf(power, UnaryKind::exp) : Value();
  if (!exponent || sum.getAxes().size() != 1)
    return std::nullopt;
  return SumOfPowers{power, exponent, sum.getAxes()[0]};
}

/// exp(z) / sum(exp(z)) -> softmax(z).
struct RecognizeSoftmax : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::div && op.getKind() != BinaryKind::mul)
      return rewriter.notifyMatchFailure(op, "no quotient");
    for (Value part : partsOf(op)) {
      auto sum = sumOfPowers(part);
      if (!sum || sum->exponent.getType() != op.getResult().getType())
        continue;
      Expression::Atom atoms[] = {{sum->power, false}, {withoutCasts(part), true}};
      auto whole = Expression(rankOf(op), atoms).of(op);
      if (!whole || !whole->isNear(Polynomial::atom(0) * Polynomial::atom(1), 0))
        continue;
      rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getResult().getType(), sum->exponent, sum->axis, /*log=*/false);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no softmax");
  }
};

/// z - log(sum(exp(z))), where z may be x - max with the maximum moved elsewhere, -> softmax log.
struct RecognizeLogSoftmax : OpRewritePattern<BinaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(BinaryOp op, PatternRewriter &rewriter) const override {
    if (op.getKind() != BinaryKind::sub && op.getKind() != BinaryKind::add)
      return rewriter.notifyMatchFailure(op, "no difference");
    for (Value part : partsOf(op)) {
      Value argument = inputOf(part, UnaryKind::log);
      auto sum = argument ? sumOfPowers(argument) : std::nullopt;
      if (!sum || sum->exponent.getType() != op.getResult().getType())
        continue;
      Expression expression(rankOf(op), ValueRange(part));
      auto whole = expression.of(op), exponent = expression.of(sum->exponent);
      if (!whole || !exponent || !(*whole + Polynomial::atom(0)).isNear(*exponent, 0))
        continue;
      rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getResult().getType(), sum->exponent, sum->axis, /*log=*/true);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "is no logarithm of a softmax");
  }
};

/// log(softmax(x)) -> softmax log.
struct RecognizeLogOfSoftmax : OpRewritePattern<UnaryOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(UnaryOp op, PatternRewriter &rewriter) const override {
    auto softmax = op.getInput().getDefiningOp<SoftmaxOp>();
    if (op.getKind() != UnaryKind::log || !softmax || softmax.getLog() || !softmax->hasOneUse())
      return rewriter.notifyMatchFailure(op, "no logarithm of a softmax that is read here only");
    rewriter.replaceOpWithNewOp<SoftmaxOp>(op, op.getResult().getType(), softmax.getInput(), softmax.getAxis(),
                                           /*log=*/true);
    return success();
  }
};

/// softmax(x - max(x)) -> softmax(x), which takes the greatest element off itself.
struct DropMaximum : OpRewritePattern<SoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(SoftmaxOp op, PatternRewriter &rewriter) const override {
    auto difference = binaryOf(op.getInput(), BinaryKind::sub);
    auto greatest = difference ? reductionOf(difference.getRhs(), ReduceKind::max) : ReduceOp();
    if (!greatest || greatest.getAxes() != ArrayRef<int64_t>{int64_t(op.getAxis())})
      return rewriter.notifyMatchFailure(op, "not of a difference to a maximum along its axis");
    if (!sameButForCasts(greatest.getInput(), difference.getLhs()) ||
        difference.getLhs().getType() != op.getInput().getType())
      return rewriter.notifyMatchFailure(op, "the maximum is another tensor's");
    rewriter.modifyOpInPlace(op, [&] { op.getInputMutable().assign(difference.getLhs()); });
    return success();
  }
};

struct RecognizeNorms : impl::RecognizeNormsBase<RecognizeNorms> {
  void runOnOperation() override {
    RewritePatternSet patterns(&getContext());
    patterns.add<RecognizeNorm, RecognizeSoftmax, RecognizeLogSoftmax, RecognizeLogOfSoftmax, DropMaximum>(
        &getContext());
    if (failed(rewriteGreedily(getOperation(), std::move(patterns))))
      signalPassFailure();
  }
};
} // namespace
} // namespace adze
