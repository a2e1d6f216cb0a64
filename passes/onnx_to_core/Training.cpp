// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One step of an optimiser for any number of tensors: Adagrad, Adam, Momentum.
#include "passes/onnx_to_core/OpTable.h"
#include "passes/onnx_to_core/Sizes.h"

using namespace mlir;
using namespace adze;
using namespace adze::core;

namespace {
/// The inputs R, T, then `parts` lists of tensors of equal length: values, gradients, and states.
struct OptimizerInputs {
  Value rate, count;
  SmallVector<SmallVector<Value>> lists;
};
} // namespace

static std::optional<OptimizerInputs> optimizerInputs(CoreBuilder &b, unsigned parts) {
  unsigned positions = b.node.getNumPositions();
  if (positions < 2 + parts || (positions - 2) % parts) {
    b.error() << "has " << positions << " inputs, expected 2 and " << parts << " for each tensor";
    return std::nullopt;
  }
  OptimizerInputs in{asScalar(b, b.in(0)), asScalar(b, b.in(1)), {}};
  unsigned n = (positions - 2) / parts;
  in.lists.resize(parts);
  for (unsigned p = 0; p < parts; ++p)
    for (unsigned i = 0; i < n; ++i) {
      in.lists[p].push_back(b.in(2 + p * n + i));
      if (!in.lists[p].back())
        return std::nullopt;
    }
  return in.rate && in.count ? std::optional(in) : std::nullopt;
}

/// gradient + norm_coefficient * x.
static Value regularised(CoreBuilder &b, Value x, Value gradient) {
  double norm = b.floatAttr("norm_coefficient", 0);
  return norm == 0 ? gradient : b.add(b.mul(b.like(x, norm), x), gradient);
}

static LogicalResult doneWith(CoreBuilder &b, ArrayRef<SmallVector<Value>> lists) {
  SmallVector<Value> all;
  for (auto &list : lists)
    all.append(list);
  return b.done(all);
}

static LogicalResult lowerAdagrad(CoreBuilder &b) {
  auto in = optimizerInputs(b, 3);
  if (!in)
    return failure();
  SmallVector<SmallVector<Value>> out(2);
  for (auto [x, g, h] : llvm::zip(in->lists[0], in->lists[1], in->lists[2])) {
    Type element = b.element(x);
    Value decay = b.mul(b.cast(in->count, element), b.scalar(element, b.floatAttr("decay_factor", 0)));
    Value rate = b.div(b.cast(in->rate, element), b.add(decay, b.scalar(element, 1)));
    Value gradient = regularised(b, x, g), sum = b.add(h, b.mul(gradient, gradient));
    Value adapted = b.add(b.unary(UnaryKind::sqrt, sum), b.scalar(element, b.floatAttr("epsilon", 1e-6f)));
    out[0].push_back(b.sub(x, b.div(b.mul(rate, gradient), adapted)));
    out[1].push_back(sum);
  }
  return doneWith(b, out);
}

static LogicalResult lowerAdam(CoreBuilder &b) {
  auto in = optimizerInputs(b, 4);
  if (!in)
    return failure();
  double alpha = b.floatAttr("alpha", 0.9f), beta = b.floatAttr("beta", 0.999f);
  SmallVector<SmallVector<Value>> out(3);
  for (auto [x, g, v, h] : llvm::zip(in->lists[0], in->lists[1], in->lists[2], in->lists[3])) {
    Type element = b.element(x), f64 = b.b.getF64Type();
    auto f = [&](double value) { return b.scalar(element, value); };
    Value gradient = regularised(b, x, g);
    Value first = b.add(b.mul(f(alpha), v), b.mul(f(1 - alpha), gradient));
    Value second = b.add(b.mul(f(beta), h), b.mul(f(1 - beta), b.mul(gradient, gradient)));
    // The averages begin at zero; after step 0 the rate makes up for it.
    Value t = b.cast(in->count, f64), one = b.scalar(f64, 1);
    auto power = [&](double base) { return b.sub(one, b.binary(BinaryKind::pow, b.scalar(f64, base), t)); };
    Value correction = b.div(b.unary(UnaryKind::sqrt, power(beta)), power(alpha));
    correction = b.select(b.compare(ComparePredicate::gt, t, b.scalar(f64, 0)), correction, one);
    Value rate = b.cast(b.mul(b.cast(in->rate, f64), correction), element);
    Value adapted = b.add(b.unary(UnaryKind::sqrt, second), f(b.floatAttr("epsilon", 1e-6f)));
    Value fresh = b.sub(x, b.mul(rate, b.div(first, adapted)));
    out[0].push_back(b.mul(f(1 - b.floatAttr("norm_coefficient_post", 0)), fresh));
    out[1].push_back(first);
    out[2].push_back(second);
  }
  return doneWith(b, out);
}

static LogicalResult lowerMomentum(CoreBuilder &b) {
  auto in = optimizerInputs(b, 3);
  std::string mode = b.stringAttr("mode", "standard");
  if (!in)
    return failure();
  if (mode != "standard" && mode != "nesterov")
    return b.error() << "mode is '" << mode << "', expected standard or nesterov";
  SmallVector<SmallVector<Value>> out(2);
  for (auto [x, g, v] : llvm::zip(in->lists[0], in->lists[1], in->lists[2])) {
    Type element = b.element(x);
    Value rate = b.cast(in->rate, element), alpha = b.scalar(element, b.floatAttr("alpha", 0));
    Value later = b.compare(ComparePredicate::gt, in->count, b.like(in->count, 0));
    Value beta = b.select(later, b.scalar(element, b.floatAttr("beta", 0)), b.scalar(element, 1));
    Value gradient = regularised(b, x, g), fresh = b.add(b.mul(alpha, v), b.mul(beta, gradient));
    Value move = mode == "standard" ? fresh : b.add(gradient, b.mul(alpha, fresh));
    out[0].push_back(b.sub(x, b.mul(rate, move)));
    out[1].push_back(fresh);
  }
  return doneWith(b, out);
}

void adze::addTrainingOps(OpTable &table) {
  table.onOp("ai.onnx.preview.training", "Adagrad", 1, lowerAdagrad);
  table.onOp("ai.onnx.preview.training", "Adam", 1, lowerAdam);
  table.onOp("ai.onnx.preview.training", "Momentum", 1, lowerMomentum);
}
